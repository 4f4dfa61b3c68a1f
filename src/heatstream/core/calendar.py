"""Local days, day and night, and the heating season, at a fixed UTC+08:00.

China keeps one offset without summer time, so a day is always 24 hours and no zone table is asked.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

import numpy as np

from heatstream.core.units import Days, Micros

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
DAY_MIN = 24 * 60
DAY_S = 24 * 3600
DAY_US = DAY_S * SECOND_US
OFFSET_US = 8 * 3600 * SECOND_US
EPOCH = date(1970, 1, 1)


def day_of(local: date) -> int:
    """Number a local date: whole days since 1970-01-01."""
    return (local - EPOCH).days


def date_of(day: int) -> date:
    """Name the date of a numbered local day."""
    return EPOCH + timedelta(days=int(day))


def day_start_us(day: int) -> int:
    """Find the instant of local midnight [µs since 1970-01-01T00:00Z]."""
    return int(day) * DAY_US - OFFSET_US


def local_days(observed_us: Micros) -> Days:
    """Find the local day of each instant; midnight belongs to the day it begins.

    Parameters
    ----------
    observed_us : any shape, int64 [µs since 1970-01-01T00:00Z]

    Returns
    -------
    the same shape, int32 [days since 1970-01-01, local]
    """
    return ((np.asarray(observed_us, np.int64) + OFFSET_US) // DAY_US).astype(np.int32)


@dataclass(frozen=True, slots=True)
class Windows:
    """昼 and 夜 of one date: 昼 is [from, to), 夜 is [to, the next date's from), labelled by the date it begins on.

    Whole hours, so that every permitted slot divides them. No statute read defines them: local configuration.
    """

    day_from_min: int
    """昼 begins [minutes after local midnight]."""
    day_to_min: int
    """昼 ends and 夜 begins [minutes after local midnight]."""

    def __post_init__(self) -> None:
        whole = self.day_from_min % 60 == 0 and self.day_to_min % 60 == 0
        if not (whole and 0 <= self.day_from_min < self.day_to_min <= DAY_MIN):
            raise ValueError(
                f"昼 from minute {self.day_from_min} to {self.day_to_min}: "
                "expected whole hours, the begin before the end, within 0 to 1440"
            )

    @property
    def night_to_min(self) -> int:
        """End of 夜 [minutes after the local midnight its date begins with]."""
        return DAY_MIN + self.day_from_min


@dataclass(frozen=True, slots=True)
class Season:
    """One heating season, [start, end) as instants."""

    start_us: int
    end_us: int

    def __post_init__(self) -> None:
        if self.start_us >= self.end_us:
            raise ValueError(f"season from {self.start_us} to {self.end_us} µs: expected the start before the end")

    @property
    def seconds(self) -> int:
        """Length of the season [s]."""
        return (self.end_us - self.start_us) // SECOND_US

    @property
    def first_day(self) -> int:
        """First local day it touches."""
        return (self.start_us + OFFSET_US) // DAY_US

    @property
    def last_day(self) -> int:
        """Last local day it touches; an end at 24:00 is the end of its own date."""
        return (self.end_us + OFFSET_US - 1) // DAY_US

    @property
    def dates(self) -> int:
        """How many local dates it touches: 122 from 11-14T12:00 to 03-15T12:00, which is 121 x 24 h."""
        return self.last_day - self.first_day + 1

    @property
    def statutory_days(self) -> int:
        """Days of the season as statutes count them: 24 hours each, a rest counts as a day."""
        return -(-self.seconds // DAY_S)

    def touches(self, day: int) -> bool:
        """Say whether any part of a local day is in the season."""
        return self.first_day <= day <= self.last_day

    def seconds_of(self, day: int) -> int:
        """Measure the part of a local day that is in the season [s]."""
        start = day_start_us(day)
        return max(0, min(self.end_us, start + DAY_US) - max(self.start_us, start)) // SECOND_US

    def parts_us(self) -> tuple[Micros, Micros]:
        """Cut the season at every local midnight: (dates,) begins and ends [µs since 1970-01-01T00:00Z]."""
        midnights = day_start_us(self.first_day) + np.arange(self.dates + 1, dtype=np.int64) * DAY_US
        return np.maximum(midnights[:-1], self.start_us), np.minimum(midnights[1:], self.end_us)

    def part_of(self, day: int, until_min: int = 2 * DAY_MIN) -> tuple[int, int]:
        """Cut the season to [from, to) minutes after a day's midnight, at most `until_min`: the part that counts."""
        start = day_start_us(day)
        begin = max(0, -(-(self.start_us - start) // MINUTE_US))
        end = min(until_min, (self.end_us - start) // MINUTE_US)
        return (begin, end) if begin < end else (0, 0)


@dataclass(frozen=True, slots=True)
class AnnualSeason:
    """A season as a statute gives it: month, day and minute of its start and of its end in the next year."""

    start: tuple[int, int, int]
    """(month, day, minutes after midnight)."""
    end: tuple[int, int, int]
    """The same for the end; 1440 is 24:00."""

    def of(self, day: int) -> Season | None:
        """Find the season that touches a local day, or None."""
        year = date_of(day).year
        for starting in (year - 1, year):
            season = self.starting(starting)
            if season.touches(day):
                return season
        return None

    def starting(self, year: int) -> Season:
        """Build the season that starts in a calendar year."""
        ends = year if self.end[:2] > self.start[:2] else year + 1
        return Season(_instant(year, self.start), _instant(ends, self.end))

    @classmethod
    def whole_dates(cls, start: tuple[int, int], end: tuple[int, int]) -> Self:
        """Read two dates, both inside: from 00:00 of the first to 24:00 of the last."""
        return cls((*start, 0), (*end, DAY_MIN))


def _instant(year: int, point: tuple[int, int, int]) -> int:
    month, day, minute = point
    return day_start_us(day_of(date(year, month, day))) + minute * MINUTE_US
