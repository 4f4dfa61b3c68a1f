"""RFC 3339 instants to whole microseconds: many at a time where they share a spelling, one by one where they do not.

A fraction finer than a microsecond is cut off. A leap second (`:60`) is refused: no gateway clock keeps one, and it has
no place of its own on a scale without leap seconds.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heatstream.ingest.columns import ABSENT_US, Codes, Fault, Ints, Mask, SmallInts

Bytes = NDArray[np.uint8]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SECOND_US: Final = 1_000_000
LATEST_US: Final = 253_402_300_799_999_999
"""The end of the year 9999, the last that has a spelling."""
_BASE: Final = "dddd-dd-ddTdd:dd:dd"
_LAYOUTS: Final = {
    len(layout): layout
    for layout in (_BASE + "Z", _BASE + "+dd:dd", _BASE + ".dddZ", _BASE + ".ddd+dd:dd", _BASE + ".dddddd+dd:dd")
}
_WORTH_VECTORISING: Final = 32
_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):([0-5]\d))",
    re.ASCII,
)
_WITHOUT_ZONE: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?", re.ASCII)
_FIRST_DAY_OF_MONTH: Final[Ints] = (
    np.arange("0000-01", "10000-02", dtype="datetime64[M]").astype("datetime64[D]").astype(np.int64)
)
_LAST_HOUR: Final = 23
_LAST_SIXTIETH: Final = 59


class TimeUnreadableError(ValueError):
    """The text is no instant; `fault` says whether only its zone is missing."""

    def __init__(self, fault: Fault, seen: object, expected: str = "an RFC 3339 instant with its zone") -> None:
        super().__init__(f"saw {seen!r:.80}, expected {expected}")
        self.fault = fault


def micros(instant: datetime) -> int:
    """Give whole microseconds since 1970 of an instant that knows its zone."""
    return (instant - _EPOCH) // _MICROSECOND


def read_instant(text: object) -> int:
    """Read one instant [µs]; raise TimeUnreadableError with the fault and what was seen."""
    if not isinstance(text, str):
        raise TimeUnreadableError(Fault.TIME_UNREADABLE, text)
    match = _RFC3339.fullmatch(text)
    if match is None:
        without_zone = _WITHOUT_ZONE.fullmatch(text)
        raise TimeUnreadableError(Fault.NO_TIME_ZONE if without_zone else Fault.TIME_UNREADABLE, text)
    return _from_parts(text, match)


def _from_parts(text: str, match: re.Match[str]) -> int:
    day, clock, fraction, sign, hours, minutes = match.groups()
    try:
        local = datetime.fromisoformat(f"{day}T{clock}+00:00")
    except ValueError as error:
        raise TimeUnreadableError(Fault.TIME_UNREADABLE, text, f"an instant of the calendar ({error})") from None
    offset_min = int(sign + "1") * (int(hours) * 60 + int(minutes)) if sign else 0
    if abs(offset_min) > _LAST_HOUR * 60 + _LAST_SIXTIETH:
        raise TimeUnreadableError(Fault.TIME_UNREADABLE, text, "an offset below 24 hours")
    return micros(local) + int((fraction or "0").ljust(6, "0")[:6]) - offset_min * 60 * _SECOND_US


def parse_instants(texts: Sequence[str]) -> tuple[Ints, Codes, dict[int, str]]:
    """Read many instants.

    Returns
    -------
    at_us : (n,) int64 [µs], ABSENT_US where it could not be read
    fault : (n,) uint8, `Fault`
    detail : place -> what was seen and expected, one entry for every fault
    """
    at_us = np.full(len(texts), ABSENT_US, dtype=np.int64)
    rest = _parse_by_layout(texts, at_us)
    fault = np.zeros(len(texts), dtype=np.uint8)
    detail: dict[int, str] = {}
    for place in rest:
        try:
            at_us[place] = read_instant(texts[place])
        except TimeUnreadableError as error:
            fault[place] = error.fault
            detail[place] = str(error)
    return at_us, fault, detail


def _parse_by_layout(texts: Sequence[str], at_us: Ints) -> list[int]:
    """Fill in what is spelled in a known layout; give the places that are left for the slow way."""
    lengths = set(map(len, texts))
    if len(texts) < _WORTH_VECTORISING or lengths.isdisjoint(_LAYOUTS):
        return list(range(len(texts)))
    if len(lengths) == 1:
        return _parse_alike(texts, np.arange(len(texts)), at_us)
    length_of = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    rest: list[int] = np.flatnonzero(~np.isin(length_of, list(_LAYOUTS))).tolist()
    for length in lengths & _LAYOUTS.keys():
        places = np.flatnonzero(length_of == length)
        rest += _parse_alike([texts[place] for place in places.tolist()], places, at_us)
    return rest


def _parse_alike(texts: Sequence[str], places: Ints, at_us: Ints) -> list[int]:
    layout = _LAYOUTS[len(texts[0])]
    spelled = "".join(texts)
    if not spelled.isascii():
        return [*places.tolist()]
    columns = np.frombuffer(spelled.encode("ascii"), dtype=np.uint8).reshape(-1, len(layout)).T.copy()
    readable = _fits(columns, layout)
    parsed_us = _instants_of(columns, layout, readable)
    at_us[places[readable]] = parsed_us[readable]
    return [*places[~readable].tolist()]


def _fits(columns: Bytes, layout: str) -> Mask:
    fits = np.ones(columns.shape[1], dtype=np.bool_)
    for column, mark in zip(columns, layout, strict=True):
        if mark == "d":
            fits &= (column - np.uint8(48)) < 10  # noqa: PLR2004 below "0" wraps to above 9: one comparison for both ends
        elif mark == "+":
            fits &= (column == ord("+")) | (column == ord("-"))
        else:
            fits &= column == ord(mark)
    return fits


def _two(columns: Bytes, start: int) -> Bytes:
    tens, ones = columns[start] & np.uint8(15), columns[start + 1] & np.uint8(15)
    return np.asarray(tens * np.uint8(10) + ones, dtype=np.uint8)


def _instants_of(columns: Bytes, layout: str, readable: Mask) -> Ints:
    """Compute the instants; clear `readable` where the calendar or the clock has no such instant."""
    month, day, hour, minute, second = (_two(columns, start) for start in (5, 8, 11, 14, 17))
    readable &= (hour <= _LAST_HOUR) & (minute <= _LAST_SIXTIETH) & (second <= _LAST_SIXTIETH) & (day >= 1)
    seconds = hour * np.int32(3_600) + minute * np.int32(60) + second
    if layout.endswith("+dd:dd"):
        seconds -= _offset_s(columns[-6:], readable)
    days = _days_since_epoch(_two(columns, 0) * np.int32(100) + _two(columns, 2), month, day, readable)
    return (days * 86_400 + seconds) * _SECOND_US + _fraction_us(columns[len(_BASE) + 1 :], layout)


def _days_since_epoch(year: SmallInts, month: Bytes, day: Bytes, readable: Mask) -> Ints:
    readable &= (year >= 1) & (month >= 1) & (month <= 12)  # noqa: PLR2004 the months of a year
    month_index = np.where(readable, year * np.int32(12) + month - np.int32(1), 0)
    first_day = _FIRST_DAY_OF_MONTH[month_index]
    readable &= day <= _FIRST_DAY_OF_MONTH[month_index + 1] - first_day
    return first_day + day - 1


def _offset_s(columns: Bytes, readable: Mask) -> SmallInts:
    hours, minutes = _two(columns, 1), _two(columns, 4)
    readable &= (hours <= _LAST_HOUR) & (minutes <= _LAST_SIXTIETH)
    east = np.where(columns[0] == ord("-"), np.int32(-1), np.int32(1))
    return east * (hours * np.int32(3_600) + minutes * np.int32(60))


def _fraction_us(columns: Bytes, layout: str) -> SmallInts:
    digits = layout.partition(".")[2].partition("+")[0].count("d")
    worth = 10 ** np.arange(5, 5 - digits, -1, dtype=np.int32)
    return np.asarray(worth @ (columns[:digits] & np.uint8(15)), dtype=np.int32)
