"""Cumulated counters of heat and volume: what was taken between readings, and what may not be taken for it.

Between neighbouring readings of one installation the difference is counted. Where it falls, or rises by more than the
meter can give, the readings around say what it was: `docs/supervision.md`, "Meters", has the table. Nothing is dropped:
over any readings of a meter, what is counted is the last less the first, plus `counted - shown` of every mark.

House rules, no law. A verdict depends on `NEAR` readings on each side alone, so that a day can be made anew from its
own readings and a few around it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from statistics import median_low
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from heatstream.core.calendar import MINUTE_US
from heatstream.core.units import Count, Exact, Mask, Micros

ALGORITHM: Final = 1
"""Frozen: stored with every mark. Another rule is another number."""

NEAR: Final = 24
"""So many readings on each side are looked at, and an odd one must come back within as many."""
HOUR_US: Final = 60 * MINUTE_US
_NINE_TENTHS: Final = (9, 10)
_MEGAJOULE_WH: Final = (2500, 9)


class Kind(IntEnum):
    """What a mark says of a meter. Its name in lower case is stored."""

    RESET = 1
    """It fell to near 0 and counts on from there."""
    SWAP = 2
    """It fell, and counts on as another meter would."""
    ROLLOVER = 3
    """It went over the end of its digits."""
    FALL = 4
    """It fell, and came back."""
    JUMP = 5
    """It rose by more than the meter can give."""
    GAP = 6
    """No reading."""
    STUCK = 7
    """All its values stood."""
    POWER_MISMATCH = 8
    """Its power is not its flow × ΔT."""


class Mark(NamedTuple):
    """Something about one meter's readings that a person should know."""

    meter: int
    """Row of the meter."""
    kind: Kind
    begins_us: int
    """The last reading before it [µs since 1970-01-01T00:00Z]."""
    ends_us: int
    """The first reading after it [µs since 1970-01-01T00:00Z]."""
    evidence: dict[str, Any]
    """What was seen, and what it was held against, under names that end in their unit."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a counter counts. A rate is so much an hour."""

    name: str
    least_rate: int
    """A meter can give this much, whatever it told."""
    most_rate: int
    """No meter gives more."""
    most_step: int
    """The coarsest last digit."""
    turns: tuple[int, ...]
    """Where displays end and begin anew, rising."""


def _heat_turns() -> tuple[int, ...]:
    """Displays in Wh, kWh and MWh end at powers of ten of Wh, those in GJ at powers of ten of GJ, in whole Wh."""
    thousand_gj = 1_000_000 * _MEGAJOULE_WH[0]
    joules = (round(thousand_gj * 10**k / _MEGAJOULE_WH[1]) for k in range(7))
    return tuple(sorted({*(10**k for k in range(6, 16)), *joules}))


HEAT: Final = Quantity("energy_wh", 1_000, 2_000_000_000, 1_000_000, _heat_turns())
VOLUME: Final = Quantity("volume_l", 100, 50_000_000, 10_000, tuple(10**k for k in range(6, 14)))


@dataclass(frozen=True, slots=True)
class Series:
    """Readings of a counter, sorted by meter and instant; only those in which it was told."""

    meter: Count
    """(readings,) int32, row of the meter, never falling."""
    at_us: Micros
    """(readings,) int64 [µs since 1970-01-01T00:00Z], rising within a meter."""
    value: Exact
    """(readings,) int64, 0 or more."""
    rate: Exact
    """(readings,) int64, what the meter told to give at the instant, an hour."""
    rate_known: Mask
    """(readings,) bool."""
    bound: Exact
    """(readings,) int64, another counter that rises at least as much, e.g. volume × the most heat of a litre."""
    bound_known: Mask
    """(readings,) bool."""
    gap_min: Count
    """(readings,) int32, longer without a reading is a gap of this meter [min]."""

    def __post_init__(self) -> None:
        same = self.meter[1:] == self.meter[:-1]
        if np.any(self.meter[1:] < self.meter[:-1]) or np.any(same & (self.at_us[1:] <= self.at_us[:-1])):
            raise ValueError("readings are not sorted by meter and instant, or an instant stands twice")


@dataclass(frozen=True, slots=True)
class Spans:
    """Times between the readings that count, by meter and instant; the end of one is the begin of the meter's next."""

    meter: Count
    """(spans,) int32."""
    begins_us: Micros
    """(spans,) int64 [µs since 1970-01-01T00:00Z]."""
    ends_us: Micros
    """(spans,) int64 [µs since 1970-01-01T00:00Z]."""
    counted: Exact
    """(spans,) int64, 0 or more."""
    whole: Mask
    """(spans,) bool: the counter tells what was taken; false after a swap or a jump, where nothing is counted."""

    def share(self, from_us: int, to_us: int) -> Exact:
        """Cut from each span what belongs to [from, to): pro rata by time, in whole units, and conserved.

        Up to an instant t of a span, `counted × (t - begins) // (ends - begins)` has been taken, exactly; a share is
        the difference of two such numbers. So neighbouring shares add up to the whole, and what one rounds down the
        next one has.

        Returns
        -------
        (spans,) int64
        """
        share = np.where((self.begins_us >= from_us) & (self.ends_us <= to_us), self.counted, 0)
        for row in np.flatnonzero(self._cut(from_us) | self._cut(to_us)).tolist():
            share[row] = self._taken(row, to_us) - self._taken(row, from_us)
        return share

    def _cut(self, at_us: int) -> Mask:
        return (self.begins_us < at_us) & (at_us < self.ends_us)

    def _taken(self, row: int, at_us: int) -> int:
        begins, ends = int(self.begins_us[row]), int(self.ends_us[row])
        at = min(max(at_us, begins), ends)
        return int(self.counted[row]) * (at - begins) // (ends - begins)

    def within_us(self, from_us: int, to_us: int) -> Exact:
        """Measure the part of each span in [from, to): (spans,) int64 [µs]."""
        within: Exact = np.maximum(np.minimum(self.ends_us, to_us) - np.maximum(self.begins_us, from_us), 0)
        return within


def spans_of(series: Series, quantity: Quantity, jump_times: int) -> tuple[Spans, list[Mark]]:
    """Count what was taken between readings.

    Parameters
    ----------
    series : (readings,) arrays of several meters
    quantity : HEAT or VOLUME
    jump_times : a meter can give so many times the most that it told near by

    Returns
    -------
    Spans
        (spans,); one less than its readings a meter, but for those that were odd and are passed over.
    marks
        By meter and instant; evidence `shown` is the difference of the display and `counted` what counts for it.

    Raises
    ------
    ValueError
        The readings are not sorted.

    Source: house rule `counter-spans/1`; no statute read says how a display is differenced.
    """
    first = np.flatnonzero(series.meter[1:] == series.meter[:-1])
    counted, end = np.diff(series.value)[first], first + 1
    whole, kept = np.ones(len(first), np.bool_), np.ones(len(first), np.bool_)
    marks = []
    for verdict in _verdicts(series, quantity, jump_times, first[_odd(series, quantity, jump_times)[first]]):
        place = int(np.searchsorted(first, verdict.begin))
        kept[place + 1 : place + verdict.end - verdict.begin] = False
        end[place], counted[place], whole[place] = verdict.end, verdict.counted, verdict.whole
        marks.append(verdict.mark(series, quantity))
    first, end = first[kept], end[kept]
    return Spans(series.meter[first], series.at_us[first], series.at_us[end], counted[kept], whole[kept]), marks


# --- what stands out --------------------------------------------------------------------------------------------------


def _odd(series: Series, quantity: Quantity, jump_times: int) -> Mask:
    """Find the readings after which a difference must be looked at: (readings,), false for each meter's last.

    Where power was told, the rest rises by no more than `_Around.likely`, which is never lower than this limit.
    """
    rows = len(series.value)
    odd = np.zeros(rows, np.bool_)
    if rows < 2:  # noqa: PLR2004  (a difference has two ends)
        return odd
    same = series.meter[1:] == series.meter[:-1]
    difference, hours = np.diff(series.value).astype(np.float64), np.diff(series.at_us) / HOUR_US
    told = np.where(series.rate_known, series.rate, -1)
    most = np.maximum(told[1:], told[:-1]).astype(np.float64)
    untold = same & (most < 0)
    most[untold] = _neighbouring_rate(difference, hours, same)[untold]
    able = jump_times * np.maximum(most, quantity.least_rate) * hours
    odd[:-1] = same & ((difference < 0) | (difference > able))
    return odd


def _neighbouring_rate(difference: NDArray[np.float64], hours: NDArray[np.float64], same: Mask) -> NDArray[np.float64]:
    """Give the larger rate of the difference before and of that after."""
    rate = np.where(same, difference / np.where(same, hours, 1), 0)
    edged = np.concatenate([[0.0], rate, [0.0]])
    larger: NDArray[np.float64] = np.maximum(edged[:-2], edged[2:])
    return larger


# --- what it is -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What a difference is found to be."""

    begin: int
    """The reading before it."""
    end: int
    """The reading after it."""
    kind: Kind
    counted: int
    able: int
    """What the meter can give in that time."""

    @property
    def whole(self) -> bool:
        return self.kind in {Kind.RESET, Kind.ROLLOVER} or self.end > self.begin + 1

    def mark(self, series: Series, quantity: Quantity) -> Mark:
        values = series.value[self.begin : self.end + 1].tolist()
        shown = values[-1] - values[0]
        seen = {"counter": quantity.name, "before": values[0], "after": values[-1], "shown": shown}
        evidence = {**seen, "counted": self.counted, "able": self.able, "odd": values[1:-1]}
        at = series.at_us
        meter = int(series.meter[self.begin])
        return Mark(meter, self.kind, int(at[self.begin]), int(at[self.end]), evidence)


def _verdicts(series: Series, quantity: Quantity, jump_times: int, odd: NDArray[np.intp]) -> Iterator[_Verdict]:
    """Judge the differences that stand out, in their order; readings that are passed over are not judged again."""
    after = -1
    for begin in odd.tolist():
        if begin >= after:
            verdict = _judged(_Around(series, quantity, jump_times, begin))
            if verdict:
                after = verdict.end
                yield verdict


def _judged(around: "_Around") -> _Verdict | None:
    """Tell what the difference after one reading is; None = the meter can give it."""
    begin, values = around.begin, around.values
    before, after = values(begin), values(begin + 1)
    shown, likely = after - before, around.likely(begin + 1)
    if 0 <= shown <= likely:
        return None
    back = around.back()
    if back:
        kind = Kind.JUMP if shown > 0 else Kind.FALL
        return _Verdict(begin, back, kind, values(back) - before, around.likely(back))
    able = around.able(begin + 1, likely)
    if shown > 0:
        return None if shown <= able else _Verdict(begin, begin + 1, Kind.JUMP, 0, able)
    turned = around.over_the_turn(likely)
    if turned is not None:
        return _Verdict(begin, begin + 1, Kind.ROLLOVER, turned, likely)
    since_zero = around.likely(begin + 1, times=1)
    if after <= since_zero:
        return _Verdict(begin, begin + 1, Kind.RESET, after, since_zero)
    return _Verdict(begin, begin + 1, Kind.SWAP, 0, since_zero)


class _Around:
    """A reading and those near it, of one meter."""

    def __init__(self, series: Series, quantity: Quantity, jump_times: int, begin: int) -> None:
        self.begin, self._series, self._quantity, self._jump_times = begin, series, quantity, jump_times
        first, end = np.searchsorted(series.meter, [series.meter[begin], series.meter[begin] + 1])
        self._first, self._end = max(int(first), begin - NEAR), min(int(end), begin + 2 + NEAR)
        part = slice(self._first, self._end)
        self._value: list[int] = series.value[part].tolist()
        self._at: list[int] = series.at_us[part].tolist()
        self._rates: list[int] = series.rate[part][series.rate_known[part]].tolist()

    def values(self, reading: int) -> int:
        return self._value[reading - self._first]

    def _instant(self, reading: int) -> int:
        return self._at[reading - self._first]

    def likely(self, end: int, times: int | None = None) -> int:
        """Say what the meter can give from here to a reading: `jump_times` the most it told near by, and a digit.

        A coarse counter stands until its last digit turns, so time runs from when it last changed. For a counter that
        is said to have begun anew `times` is 1: another meter's low number is not to be taken for heat.
        """
        steps = list(self._steps(end))
        rate = max(self._rate(steps), self._quantity.least_rate)
        digit = min((step for step, _ in steps if step > 0), default=self._quantity.most_step)
        most = (times or self._jump_times) * rate * (self._instant(end) - self._standing_since()) // HOUR_US
        return most + min(digit, self._quantity.most_step)

    def able(self, end: int, likely: int) -> int:
        """Say what it can give at most: more than is likely where nobody knows what it gave.

        That is over a gap, and after a counter stood for all the readings near by: a display that was stuck shows what
        was given meanwhile when it comes loose.
        """
        begin, series = self.begin, self._series
        since = self._standing_since()
        stood = begin - self._first >= NEAR and since == self._at[0]
        if not stood and self._instant(end) - self._instant(begin) <= int(series.gap_min[begin]) * MINUTE_US:
            return likely
        bound = int(series.bound[end]) - int(series.bound[begin])
        if series.bound_known[begin] and series.bound_known[end] and bound >= 0:
            return max(likely, bound + self._quantity.most_step)
        return self._quantity.most_rate * (self._instant(end) - since) // HOUR_US + self._quantity.most_step

    def back(self) -> int | None:
        """Find the reading at which the counter is back where it could be; the readings before it were odd."""
        before, odd = self.values(self.begin), self.values(self.begin + 1)
        for reading in range(self.begin + 2, min(self.begin + 2 + NEAR, self._end)):
            value = self.values(reading)
            fell_back = odd < before or value < odd
            if fell_back and 0 <= value - before <= self.likely(reading):
                return reading
        return None

    def over_the_turn(self, likely: int) -> int | None:
        """Tell what was taken if the display began anew at the end of its digits; None = it was not near one."""
        before, after = self.values(self.begin), self.values(self.begin + 1)
        nine, ten = _NINE_TENTHS
        for turn in self._quantity.turns:
            taken = turn - before + after
            if before < turn and before * ten >= turn * nine and taken <= likely:
                return taken
        return None

    def _steps(self, end: int) -> Iterator[tuple[int, int]]:
        """Give the differences beside the one that is looked at, with their lengths [µs]."""
        begin, last = self.begin - self._first, end - self._first
        for place in range(len(self._value) - 1):
            if place < begin or place >= last:
                yield self._value[place + 1] - self._value[place], self._at[place + 1] - self._at[place]

    def _rate(self, steps: list[tuple[int, int]]) -> int:
        """Give the most that was told near by; where nothing was, the median of what was counted there."""
        if self._rates:
            return max(self._rates)
        return median_low([max(step, 0) * HOUR_US // length_us for step, length_us in steps] or [0])

    def _standing_since(self) -> int:
        place = self.begin - self._first
        while place and self._value[place - 1] == self._value[place]:
            place -= 1
        return self._at[place]
