"""Quality marks: what may be seen in the readings of a day that a reviewer should look at.

A mark never judges, excludes or deletes by itself; `docs/quality.md` tells what a reviewer can do with it. Each rule is
a house rule after a proposal (domain 8: "detection idea"); no statute read names one, so its thresholds are engineering
settings that an operator may change, and every mark says by which it was made. A changed rule gets a new number.

Series are laid on slots of five minutes (`core.grid`): no permitted interval is shorter. A point's *neighbours* are the
other points of its building; their series is the lower median of those that have a value.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from enum import IntEnum
from itertools import pairwise
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from heatstream.core.calendar import DAY_MIN, MINUTE_US, SECOND_US, Windows, day_start_us
from heatstream.core.grid import lay
from heatstream.core.units import Centi, Count, Exact, Mask, Micros

SLOT_MIN: Final = 5
SLOTS: Final = DAY_MIN // SLOT_MIN
WHOLE_DAY: Final = Windows(0, DAY_MIN)
_NONE: Final = np.int16(np.iinfo(np.int16).max)

Places = NDArray[np.intp]


class Kind(IntEnum):
    """What a mark says of its readings. Its name in lower case is stored."""

    FROZEN = 1
    """One value for hours."""
    JUMP = 2
    """Neighbouring readings far apart."""
    OPENED_WINDOW = 3
    """A fast drop and a recovery that the building does not share."""
    HEATER = 4
    """A rise while the supply or the neighbours fall, or a day's swing that the building does not share."""
    SUN = 5
    """A rise around noon at a south room that the building does not share."""
    DRIFT = 6
    """The difference from the building has grown over days."""
    CLONED = 7
    """The same series as another point's, at a lag."""
    CLOCK_AHEAD = 8
    """Observed later than received."""
    EQUAL_TIMES = 9
    """A burst of values with one time."""


class Rule(IntEnum):
    """By which rule a mark was made. Stored; never renumbered: another rule or another sum is another number."""

    FROZEN_RUN = 1
    NEIGHBOURING_JUMP = 2
    WINDOW_DROP = 3
    HEATER_RISE = 4
    DAILY_AMPLITUDE = 5
    SUN_RISE = 6
    DRIFT_OF_DAYS = 7
    CLONED_RUN = 8
    CLOCK_LEAD = 9
    BURST = 10

    @property
    def kind(self) -> Kind:
        return _KINDS[self]


_KINDS: Final = {
    Rule.FROZEN_RUN: Kind.FROZEN,
    Rule.NEIGHBOURING_JUMP: Kind.JUMP,
    Rule.WINDOW_DROP: Kind.OPENED_WINDOW,
    Rule.HEATER_RISE: Kind.HEATER,
    Rule.DAILY_AMPLITUDE: Kind.HEATER,
    Rule.SUN_RISE: Kind.SUN,
    Rule.DRIFT_OF_DAYS: Kind.DRIFT,
    Rule.CLONED_RUN: Kind.CLONED,
    Rule.CLOCK_LEAD: Kind.CLOCK_AHEAD,
    Rule.BURST: Kind.EQUAL_TIMES,
}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a rule marks. Whole numbers; `docs/quality.md` lists them, `[evaluate.quality]` changes them."""

    frozen_min: int = 360
    """One value for so long is frozen [min]."""
    jump_centi: int = 500
    """Neighbouring readings so far apart are a jump [0.01 K]."""
    jump_within_min: int = 60
    """Readings further apart in time are no neighbours [min]."""
    window_drop_centi: int = 150
    """A window's drop is more than this [0.01 K]."""
    window_within_min: int = 20
    """It takes so long at most; points measured less often are not looked at [min]."""
    window_recovery_min: int = 120
    """Half of it has come back within this time [min]."""
    flat_centi: int = 50
    """Neighbours that moved no more are flat [0.01 K]."""
    least_neighbours: int = 3
    """Fewer other points with a value compare nothing."""
    heater_rise_centi: int = 150
    """A heater's rise is as much or more [0.01 K]."""
    heater_within_min: int = 60
    """Over this time [min]."""
    heater_neighbours_fall_centi: int = 10
    """The neighbours fell as much or more meanwhile [0.01 K]."""
    heater_supply_fall_centi: int = 200
    """Or the station's supply temperature did [0.01 K]."""
    amplitude_centi: int = 600
    """A day's swing as large or larger [0.01 K]."""
    amplitude_beyond_centi: int = 300
    """And larger than the neighbours' by as much [0.01 K]."""
    sun_rise_centi: int = 150
    """A rise around noon as large or larger [0.01 K]."""
    sun_from_min: int = 660
    """Noon begins [minutes after local midnight]; the two hours before are the morning."""
    sun_to_min: int = 960
    """Noon ends [minutes after local midnight]; in the three hours after half of the rise is gone."""
    drift_centi: int = 150
    """The difference from the neighbours has moved by as much [0.01 K]."""
    drift_days: int = 14
    """Over so many days, today's included."""
    clone_readings: int = 36
    """So many readings in a row are equal."""
    clone_distinct: int = 6
    """And hold so many different values."""
    ahead_s: int = 60
    """Observed later than received by more than this [s]."""
    burst_readings: int = 3
    """So many values of one point."""
    burst_within_s: int = 60
    """Within this time [s]."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            least = _LEAST.get(name, 1)
            if value < least:
                raise ValueError(f"{name}: seen {value}, expected {least} or more")
        if not self.sun_from_min < self.sun_to_min <= DAY_MIN:
            raise ValueError(f"sun_to_min: seen {self.sun_to_min}, expected more than sun_from_min, at most {DAY_MIN}")

    @classmethod
    def of(cls, changed: dict[str, int]) -> Self:
        """Change some of them.

        Raises
        ------
        ValueError
            A name is unknown, or a value is too low.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(changed.keys() - known):
            raise ValueError(f"seen {', '.join(unknown)}, expected some of {', '.join(sorted(known))}")
        return cls(**changed)


_LEAST: Final = {"burst_readings": 2, "heater_within_min": SLOT_MIN, "window_within_min": SLOT_MIN}
"""What is counted over slots needs one, and one reading is no burst."""


@dataclass(frozen=True, slots=True)
class BuildingsDay:
    """One local day of some buildings' points, and of the days before their daily means."""

    day: int
    """Local day [days since 1970-01-01]."""
    building: Count
    """(points,) int32, place of the building, never falling."""
    interval_min: Count
    """(points,) int32, nominal sampling interval [min]."""
    south: Mask
    """(points,) bool, the room is registered as facing south."""
    point: Count
    """(readings,) int32, row of the point; never falls, and within a point the instants never do."""
    observed_us: Micros
    """(readings,) int64 [µs since 1970-01-01T00:00Z], within the day."""
    received_us: Micros
    """(readings,) int64 [µs since 1970-01-01T00:00Z]."""
    temp_centi: Centi
    """(readings,) int16 [0.01 °C]."""
    second: Mask
    """(readings,) bool, a second value of an instant that has one."""
    mean_centi: Centi
    """(points, days) int16 [0.01 °C], daily means, the last is the day's own."""
    mean_known: Mask
    """(points, days) bool."""
    supply_centi: Centi
    """(buildings, SLOTS) int16 [0.01 °C], supply temperature of the building's heat station."""
    supply_known: Mask
    """(buildings, SLOTS) bool."""

    def __len__(self) -> int:
        return len(self.building)


class Mark(NamedTuple):
    """What one rule saw at one point."""

    point: int
    """Row of the point."""
    rule: Rule
    begins_us: int
    """The first reading it is about [µs since 1970-01-01T00:00Z]."""
    ends_us: int
    """The last reading it is about [µs since 1970-01-01T00:00Z]."""
    seen: dict[str, int]
    """What was seen, under names that end in their unit; `other_point` is a row of the points."""
    thresholds: dict[str, int]
    """What it was held against."""


def marks_of(given: BuildingsDay, thresholds: Thresholds) -> list[Mark]:
    """Make every mark of one day.

    Parameters
    ----------
    given : arrays of the day; `observed_us` within it, sorted by point and instant
    thresholds : of the rules

    Returns
    -------
    marks by rule, point and begin

    Raises
    ------
    ValueError
        The readings are not sorted or lie outside the day.

    Source: domain 8, detection ideas (proposals); none is law.
    """
    first = given.point[~given.second]
    day = _Day(given, thresholds, _Series.of(given, first))
    return [mark for rule in RULES for mark in rule(day)]


# --- what the rules look at -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Series:
    """(points, SLOTS) each."""

    temp: Centi
    valid: Mask
    held: Centi
    """The last value, for as long as the point's interval."""
    held_valid: Mask
    others: Centi
    """Lower median of the building's other points."""
    other_points: Count
    """How many of them have a value."""

    @classmethod
    def of(cls, given: BuildingsDay, point: Count) -> Self:
        once = ~given.second
        grid = lay(
            point,
            given.observed_us[once],
            given.temp_centi[once],
            points=len(given),
            day=given.day,
            slot_min=SLOT_MIN,
            windows=WHOLE_DAY,
        )
        held, held_valid = _held(grid.temp_centi, grid.valid, given.interval_min)
        others, count = others_of(held, held_valid, given.building)
        return cls(grid.temp_centi, grid.valid, held, held_valid, others, count)


@dataclass(frozen=True, slots=True)
class _Day:
    """What a rule is given."""

    given: BuildingsDay
    thresholds: Thresholds
    series: _Series

    def compared(self, back: int) -> tuple[Mask, Exact]:
        """Say where the neighbours have a value now and `back` slots ago, and how they moved [0.01 K]."""
        enough = self.series.other_points >= self.thresholds.least_neighbours
        return _both(enough, back), _moved(self.series.others, back)

    def mark(self, point: int, rule: Rule, slots: tuple[int, int], seen: dict[str, int], *held_against: str) -> Mark:
        """Make a mark of the readings in [first, last] slot."""
        begin = day_start_us(self.given.day) + slots[0] * SLOT_MIN * MINUTE_US
        end = day_start_us(self.given.day) + (slots[1] + 1) * SLOT_MIN * MINUTE_US
        first, after = np.searchsorted(self.given.point, [point, point + 1])
        observed = self.given.observed_us[first:after]
        inside = observed[(observed >= begin) & (observed < end)]
        return self.of_instants(point, rule, (int(inside[0]), int(inside[-1])), seen, *held_against)

    def of_instants(
        self, point: int, rule: Rule, instants: tuple[int, int], seen: dict[str, int], *held_against: str
    ) -> Mark:
        against = {name: int(getattr(self.thresholds, name)) for name in held_against}
        return Mark(point, rule, *instants, seen, against)


def _held(temp: Centi, valid: Mask, interval_min: Count) -> tuple[Centi, Mask]:
    """Hold every value until the point's next is due."""
    held, known = temp.copy(), valid.copy()
    longest = int(interval_min.max(initial=SLOT_MIN))
    for back in range(1, longest // SLOT_MIN):
        fill = ~known[:, back:] & valid[:, :-back] & (interval_min > back * SLOT_MIN)[:, None]
        held[:, back:][fill] = temp[:, :-back][fill]
        known[:, back:] |= fill
    return held, known


def others_of(values: Centi, known: Mask, building: Count) -> tuple[Centi, Count]:
    """Take the lower median of each building's other points, column by column.

    Parameters
    ----------
    values : (points, columns) int16
    known : (points, columns) bool
    building : (points,) int32, never falling

    Returns
    -------
    median : (points, columns) int16; not looked at where `count` is 0
    count : (points, columns) int32, other points with a value
    """
    median, count = np.zeros_like(values), np.zeros(values.shape, np.int32)
    changes = (np.flatnonzero(building[1:] != building[:-1]) + 1).tolist()
    for begin, end in pairwise([0, *changes, len(building)] if len(building) else []):
        rows = slice(begin, end)
        median[rows], count[rows] = _others_of_one(values[rows], known[rows])
    return median, count


def _others_of_one(values: Centi, known: Mask) -> tuple[Centi, Count]:
    """Leave each point out of its building's median in turn: what stands at the middle moves by one at most."""
    total = known.sum(axis=0, dtype=np.int32)
    rising = np.sort(np.where(known, values, _NONE), axis=0)
    count: Count = total - known
    middle = np.maximum(count - 1, 0) // 2
    at = np.take_along_axis(rising, middle, axis=0)
    above = np.take_along_axis(rising, np.minimum(middle + 1, len(values) - 1), axis=0)
    return np.where(known & (values <= at), above, at), count


def _both(mask: Mask, back: int) -> Mask:
    """Say where something holds now and `back` slots ago; it does not in the first slots."""
    both = np.zeros_like(mask)
    both[:, back:] = mask[:, back:] & mask[:, :-back]
    return both


def _moved(values: Centi, back: int) -> Exact:
    """Subtract the value `back` slots ago; 0 in the first slots [0.01 K]."""
    moved = np.zeros(values.shape, np.int64)
    moved[:, back:] = values[:, back:].astype(np.int64) - values[:, :-back]
    return moved


def _runs(mask: Mask) -> Iterator[tuple[int, int, int]]:
    """Give (row, first, last) of each run of true along the last axis."""
    edged = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    edged[:, 1:-1] = mask
    step = np.diff(edged, axis=1)
    row, first = np.nonzero(step == 1)
    last = np.nonzero(step == -1)[1] - 1
    yield from zip(row.tolist(), first.tolist(), last.tolist(), strict=True)


def _chains(linked: Mask) -> Iterator[tuple[int, int]]:
    """Give (first, last) element of each chain, where `linked[i]` ties element i to i + 1."""
    for _, first, last in _runs(linked[None, :]):
        yield first, last + 1


# --- a point by itself ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Stored:
    """Readings without the second values of an instant."""

    point: Count
    observed_us: Micros
    temp_centi: Exact
    same: Mask
    """(readings - 1,) the next reading is of the same point."""

    @classmethod
    def of(cls, given: BuildingsDay) -> Self:
        once = ~given.second
        point = given.point[once]
        return cls(point, given.observed_us[once], given.temp_centi[once].astype(np.int64), point[1:] == point[:-1])

    def span(self, first: int, last: int) -> tuple[int, int]:
        return int(self.observed_us[first]), int(self.observed_us[last])


def frozen(day: _Day) -> Iterator[Mark]:
    """Mark runs of one value [0.01 °C] that last `frozen_min` or longer, within the day (`FROZEN_RUN`, proposal)."""
    stored = _Stored.of(day.given)
    for first, last in _chains(stored.same & (np.diff(stored.temp_centi) == 0)):
        begin, end = stored.span(first, last)
        minutes = (end - begin) // MINUTE_US
        if minutes >= day.thresholds.frozen_min:
            seen = {"temp_centi": int(stored.temp_centi[first]), "lasted_min": minutes, "readings": last - first + 1}
            yield day.of_instants(int(stored.point[first]), Rule.FROZEN_RUN, (begin, end), seen, "frozen_min")


def jumps(day: _Day) -> Iterator[Mark]:
    """Mark neighbouring readings `jump_centi` or more apart; jumps one after the other are one mark.

    `NEIGHBOURING_JUMP`; a proposal (value scaled ×10 or ×100, a broken sensor).
    """
    stored, against = _Stored.of(day.given), day.thresholds
    step = np.abs(np.diff(stored.temp_centi))
    near = np.diff(stored.observed_us) <= against.jump_within_min * MINUTE_US
    for first, last in _chains(stored.same & near & (step >= against.jump_centi)):
        seen = {"jump_centi": int(step[first:last].max()), "jumps": last - first}
        point = int(stored.point[first])
        yield day.of_instants(
            point, Rule.NEIGHBOURING_JUMP, stored.span(first, last), seen, "jump_centi", "jump_within_min"
        )


def clock_ahead(day: _Day) -> Iterator[Mark]:
    """Mark runs of readings observed more than `ahead_s` after they were received.

    `CLOCK_LEAD`; a proposal (device clock ahead of the server). The border flags each such reading
    (`quality.Quality.DEVICE_AHEAD`) and refuses those too far ahead; the mark gathers what it let pass.
    """
    given = day.given
    lead = (given.observed_us - given.received_us) // SECOND_US
    ahead = lead > day.thresholds.ahead_s
    same = given.point[1:] == given.point[:-1]
    tied = same & ahead[1:] & ahead[:-1]
    firsts, lasts = ahead.copy(), ahead.copy()
    firsts[1:] &= ~tied
    lasts[:-1] &= ~tied
    for first, last in zip(np.flatnonzero(firsts).tolist(), np.flatnonzero(lasts).tolist(), strict=True):
        seen = {"most_ahead_s": int(lead[first : last + 1].max()), "readings": last - first + 1}
        span = int(given.observed_us[first]), int(given.observed_us[last])
        yield day.of_instants(int(given.point[first]), Rule.CLOCK_LEAD, span, seen, "ahead_s")


def bursts(day: _Day) -> Iterator[Mark]:
    """Mark `burst_readings` or more values of one point within `burst_within_s`, second values of an instant included.

    `BURST`; a proposal (a backlog uploaded with one time). Whole messages of one time are refused at the border.
    """
    given, against = day.given, day.thresholds
    reach = against.burst_readings - 1
    if len(given.point) <= reach:
        return
    tight = given.observed_us[reach:] - given.observed_us[:-reach] <= against.burst_within_s * SECOND_US
    for first, last in _burst_spans(tight & (given.point[reach:] == given.point[:-reach]), reach):
        span = int(given.observed_us[first]), int(given.observed_us[last])
        seen = {"readings": last - first + 1, "lasted_s": (span[1] - span[0]) // SECOND_US}
        yield day.of_instants(int(given.point[first]), Rule.BURST, span, seen, "burst_readings", "burst_within_s")


def _burst_spans(tight: Mask, reach: int) -> Iterator[tuple[int, int]]:
    """Join bursts that share readings."""
    for _, first, last in _runs(tight[None, :]):
        yield first, last + reach


# --- a point beside its building --------------------------------------------------------------------------------------


def opened_windows(day: _Day) -> Iterator[Mark]:
    """Mark a drop of more than `window_drop_centi` within `window_within_min`, half of it back within
    `window_recovery_min`, while the neighbours moved `flat_centi` at most.

    `WINDOW_DROP`; a proposal. Points measured less often than `window_within_min` are not looked at.
    """  # noqa: D205
    against, series = day.thresholds, day.series
    reach = against.window_within_min // SLOT_MIN
    before = np.full(series.temp.shape, np.iinfo(np.int16).min, np.int16)
    for back in range(1, reach + 1):
        earlier = np.where(series.held_valid[:, :-back], series.held[:, :-back], before[:, back:])
        before[:, back:] = np.maximum(before[:, back:], earlier)
    enough, moved = day.compared(reach)
    often = (day.given.interval_min <= against.window_within_min)[:, None]
    drop = before.astype(np.int64) - series.temp
    fell = series.valid & often & enough & (np.abs(moved) <= against.flat_centi) & (drop > against.window_drop_centi)
    ended: dict[int, int] = {}
    for row, first, last in _runs(_bridged(fell, day.given.interval_min)):
        if first <= ended.get(row, -1):
            continue
        found = _recovery(day, row, int(before[row, first]), first, last)
        if found is not None:
            slot, seen = found
            ended[row] = slot
            seen |= {"neighbours_moved_centi": int(moved[row, first]), "others": int(series.other_points[row, first])}
            yield day.mark(row, Rule.WINDOW_DROP, (first, slot), seen, *_WINDOW)


_WINDOW: Final = ("window_drop_centi", "window_within_min", "window_recovery_min", "flat_centi", "least_neighbours")


def _bridged(mask: Mask, interval_min: Count) -> Mask:
    """Close the empty slots between two readings of one run."""
    return _held(mask.astype(np.int16), mask, interval_min)[1]


def _recovery(day: _Day, row: int, before: int, first: int, last: int) -> tuple[int, dict[str, int]] | None:
    """Find the slot where half of a drop has come back, in time; None where none has."""
    limit = min(SLOTS, last + 1 + day.thresholds.window_recovery_min // SLOT_MIN)
    temp = np.where(day.series.valid[row, first:limit], day.series.temp[row, first:limit], _NONE).astype(np.int64)
    lowest = int(temp.argmin())
    drop = before - int(temp[lowest])
    back = (temp != _NONE) & (2 * (temp - temp[lowest]) >= drop)
    back[: lowest + 1] = False
    if not back.any():
        return None
    slot = first + int(back.argmax())
    return slot, {"drop_centi": drop, "recovered_after_min": (slot - first) * SLOT_MIN}


def heaters(day: _Day) -> Iterator[Mark]:
    """Mark a rise of `heater_rise_centi` or more over `heater_within_min` while the neighbours or the supply fall.

    `HEATER_RISE`; a proposal (an extra heater, air conditioning, a user who warms the sensor).
    """
    against, series, given = day.thresholds, day.series, day.given
    back = against.heater_within_min // SLOT_MIN
    enough, others_moved = day.compared(back)
    own = _moved(series.held, back)
    supply = _moved(given.supply_centi, back)[given.building]
    supply_falls = _both(given.supply_known, back)[given.building] & (supply <= -against.heater_supply_fall_centi)
    others_fall = enough & (others_moved <= -against.heater_neighbours_fall_centi)
    rises = _both(series.held_valid, back) & (own >= against.heater_rise_centi) & (others_fall | supply_falls)
    for row, first, last in _runs(rises):
        peak = first + int(own[row, first : last + 1].argmax())
        seen = {"rise_centi": int(own[row, peak])}
        if others_fall[row, peak]:
            seen["neighbours_moved_centi"] = int(others_moved[row, peak])
        if supply_falls[row, peak]:
            seen["supply_moved_centi"] = int(supply[row, peak])
        yield day.mark(row, Rule.HEATER_RISE, (first - back, last), seen, *_HEATER)


_HEATER: Final = (
    "heater_rise_centi",
    "heater_within_min",
    "heater_neighbours_fall_centi",
    "heater_supply_fall_centi",
    "least_neighbours",
)


def amplitudes(day: _Day) -> Iterator[Mark]:
    """Mark a day's swing of `amplitude_centi` or more that is `amplitude_beyond_centi` larger than the neighbours'.

    `DAILY_AMPLITUDE`; a proposal (a sensor near a radiator, on an outer wall).
    """
    against, series = day.thresholds, day.series
    enough = series.other_points >= against.least_neighbours
    own, others = _swing(series.temp, series.valid), _swing(series.others, enough)
    wide = (own >= against.amplitude_centi) & (own - others >= against.amplitude_beyond_centi)
    for row in np.flatnonzero(wide & enough.any(axis=1)).tolist():
        seen = {"amplitude_centi": int(own[row]), "neighbours_amplitude_centi": int(others[row])}
        names = ("amplitude_centi", "amplitude_beyond_centi", "least_neighbours")
        yield day.mark(row, Rule.DAILY_AMPLITUDE, (0, SLOTS - 1), seen, *names)


def _swing(values: Centi, known: Mask) -> Exact:
    """Subtract the lowest from the highest; 0 without a value [0.01 K]."""
    most, least = _most(values, known), _least(values, known)
    return np.where(known.any(axis=1), most - least, 0)


def _most(values: Centi, known: Mask) -> Exact:
    lowest = np.iinfo(np.int16).min
    most: Exact = np.where(known, values, lowest).max(axis=1, initial=lowest).astype(np.int64)
    return most


def _least(values: Centi, known: Mask) -> Exact:
    least: Exact = np.where(known, values, _NONE).min(axis=1, initial=int(_NONE)).astype(np.int64)
    return least


def sun(day: _Day) -> Iterator[Mark]:
    """Mark a south room that rises `sun_rise_centi` or more around noon and loses half of it after, while the
    neighbours rise `flat_centi` at most.

    `SUN_RISE`; a proposal. Whether the afternoon was clear is not known here: that the building does not share the rise
    stands for it.
    """  # noqa: D205
    against, series = day.thresholds, day.series
    noon = slice(against.sun_from_min // SLOT_MIN, against.sun_to_min // SLOT_MIN)
    morning, evening = slice(max(0, noon.start - 24), noon.start), slice(noon.stop, noon.stop + 36)
    enough = series.other_points >= against.least_neighbours
    rise = _rise(series.held, series.held_valid, morning, noon)
    others = _rise(series.others, enough, morning, noon)
    peak = _most(series.held[:, noon], series.held_valid[:, noon])
    gone = 2 * (peak - _least(series.held[:, evening], series.held_valid[:, evening])) >= rise
    known = enough[:, morning].any(axis=1) & enough[:, noon].any(axis=1)
    sunny = day.given.south & known & gone & (rise >= against.sun_rise_centi) & (others <= against.flat_centi)
    for row in np.flatnonzero(sunny).tolist():
        warm = np.flatnonzero(
            series.valid[row, noon] & (2 * (peak[row] - series.temp[row, noon].astype(np.int64)) <= rise[row])
        )
        span = noon.start + int(warm[0]), noon.start + int(warm[-1])
        seen = {"rise_centi": int(rise[row]), "neighbours_rise_centi": int(others[row])}
        yield day.mark(row, Rule.SUN_RISE, span, seen, *_SUN)


_SUN: Final = ("sun_rise_centi", "sun_from_min", "sun_to_min", "flat_centi", "least_neighbours")


def _rise(values: Centi, known: Mask, early: slice, late: slice) -> Exact:
    """Subtract the highest of the early slots from the highest of the late; 0 where one has no value [0.01 K]."""
    both = known[:, early].any(axis=1) & known[:, late].any(axis=1)
    return np.where(both, _most(values[:, late], known[:, late]) - _most(values[:, early], known[:, early]), 0)


def drifts(day: _Day) -> Iterator[Mark]:
    """Mark a point whose difference from its building's daily means moved by `drift_centi` or more over `drift_days`.

    `DRIFT_OF_DAYS`; a proposal (the bias of installed collectors). The lower median of the last three days' differences
    less that of the first three; at least half of the days must be known.
    """
    given, against = day.given, day.thresholds
    others, count = others_of(given.mean_centi, given.mean_known, given.building)
    known = given.mean_known & (count >= against.least_neighbours)
    apart = given.mean_centi.astype(np.int64) - others
    measured = known[:, -1:].any(axis=1) & day.series.valid.any(axis=1)
    looked = measured & (2 * known.sum(axis=1) >= against.drift_days)
    for row in np.flatnonzero(looked).tolist():
        each = apart[row, known[row]]
        if len(each) < 2 * _ENDS:
            continue
        moved = int(np.sort(each[-_ENDS:])[1] - np.sort(each[:_ENDS])[1])
        if abs(moved) >= against.drift_centi:
            seen = {"moved_centi": moved, "apart_centi": int(each[-1]), "days": len(each)}
            names = ("drift_centi", "drift_days", "least_neighbours")
            yield day.mark(row, Rule.DRIFT_OF_DAYS, (0, SLOTS - 1), seen, *names)


_ENDS: Final = 3


# --- a point beside every other ---------------------------------------------------------------------------------------


def clones(day: _Day) -> Iterator[Mark]:
    """Mark points with `clone_readings` or more readings in a row equal to another point's at one lag.

    `CLONED_RUN`; a proposal. The run must hold `clone_distinct` values or more: two flat series are no clone. Lags
    differ by a minute at most along the run.
    """
    stored, length = _Stored.of(day.given), day.thresholds.clone_readings
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for one, other in _equal_windows(stored, length, day.thresholds.clone_distinct):
        key = int(stored.point[one]), int(stored.point[other])
        found[key] = min(found.get(key, (one, other)), (one, other))
    for (point, other_point), (one, other) in sorted(found.items()):
        readings = _equal_from(stored, one, other)
        lag_us = int(stored.observed_us[other] - stored.observed_us[one])
        for row, mine, lag in ((point, one, lag_us), (other_point, other, -lag_us)):
            theirs = other_point if row == point else point
            seen = {"readings": readings, "lag_s": lag // SECOND_US, "other_point": theirs}
            span = stored.span(mine, mine + readings - 1)
            yield day.of_instants(row, Rule.CLONED_RUN, span, seen, "clone_readings", "clone_distinct")


def _equal_windows(stored: _Stored, length: int, distinct: int) -> Iterator[tuple[int, int]]:
    """Give the first reading of equal windows of two points, the earlier of the two first."""
    starts, prints = _fingerprints(stored, length, distinct)
    order = np.lexsort((starts, prints))
    starts, prints = starts[order], prints[order]
    if not len(starts):
        return
    new = np.append(True, prints[1:] != prints[:-1])
    model = starts[np.flatnonzero(new)[np.cumsum(new) - 1]]
    other = stored.point[model] != stored.point[starts]
    for one, two in zip(model[other].tolist(), starts[other].tolist(), strict=True):
        window = stored.temp_centi[one : one + length]
        if len(np.unique(window)) >= distinct and _equal_from(stored, one, two) >= length:
            yield one, two


def _fingerprints(stored: _Stored, length: int, distinct: int) -> tuple[Places, NDArray[np.uint64]]:
    """Hash the windows of `length` readings of one point that change often enough, modulo 2^64."""
    rows = len(stored.point)
    if rows < length:
        return np.zeros(0, np.intp), np.zeros(0, np.uint64)
    changes = np.append(0, np.cumsum(np.diff(stored.temp_centi) != 0))
    lively = changes[length - 1 :] - changes[: rows - length + 1] >= distinct - 1
    whole = np.flatnonzero(lively & (stored.point[length - 1 :] == stored.point[: rows - length + 1]))
    prints = np.zeros(len(whole), np.uint64)
    values = stored.temp_centi.astype(np.uint64)
    for place in range(length):
        prints = prints * _ODD + values[whole + place]
    return whole, prints


_ODD: Final = np.uint64(6364136223846793005)


def _equal_from(stored: _Stored, one: int, other: int) -> int:
    """Count how many readings from here on are equal, at one lag."""
    most = min(_rest(stored, one), _rest(stored, other))
    a, b = slice(one, one + most), slice(other, other + most)
    lag = stored.observed_us[b] - stored.observed_us[a]
    equal = (stored.temp_centi[a] == stored.temp_centi[b]) & (np.abs(lag - lag[:1]) <= MINUTE_US)
    return most if equal.all() else int(equal.argmin())


def _rest(stored: _Stored, place: int) -> int:
    """Count the readings of a point from one of them on."""
    return int(np.searchsorted(stored.point, stored.point[place], side="right")) - place


RULES: Final[tuple[Callable[[_Day], Iterator[Mark]], ...]] = (
    frozen,
    jumps,
    opened_windows,
    heaters,
    amplitudes,
    sun,
    drifts,
    clones,
    clock_ahead,
    bursts,
)
"""In the order of their numbers."""
