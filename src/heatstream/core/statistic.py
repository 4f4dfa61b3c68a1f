"""`day_statistic`: what a point's day was like, law-free, in whole numbers.

Only the limit, the windows and the part of the day that counts come from outside; they are stamped on the result.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from heatstream.core.calendar import DAY_MIN
from heatstream.core.grid import Grid
from heatstream.core.units import Centi, Count, Exact, Mask

ALGORITHM = 1
"""Frozen: stored with every statistic. A change of any number below is a new one."""
ALGORITHM_NAME = "slot-lowest/1 day-statistic/1"

Short = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class DayStatistics:
    """Arrays of equal length, one element a point-day. Without prefix: 00:00-24:00; `day_` 昼; `night_` 夜.

    A minimum is not looked at where the window has no valid slot; `hourly_` fields where `hours` is 0; `full_hourly_`
    where `full_hours` is 0.
    """

    slot_min: Short
    limit_centi: Centi
    """What the slots were held against; a slot exactly at it is not below."""
    readings: Count
    conflicts: Count
    slots_expected: Short
    slots_valid: Short
    min_centi: Centi
    sum_centi: Count
    below_min: Short
    day_slots_expected: Short
    day_slots_valid: Short
    day_min_centi: Centi
    day_sum_centi: Count
    day_below_min: Short
    night_slots_expected: Short
    night_slots_valid: Short
    night_min_centi: Centi
    night_sum_centi: Count
    night_below_min: Short
    longest_below_min: Short
    """Longest time below in one piece within 00:00-24:00; a gap ends a piece."""
    below_at_start_min: Short
    """Time below from the first counted slot on."""
    below_at_end_min: Short
    """Time below up to the last counted slot."""
    hours: Short
    """Hours with a valid slot."""
    full_hours: Short
    """Hours with every slot valid."""
    hourly_weight: Short
    """Common multiple the two exact fields below are multiplied by."""
    hourly_lowest_weighted: Exact
    """Lowest hourly mean [0.01 °C x hourly_weight]."""
    hourly_total_weighted: Exact
    """Sum of the hourly means [0.01 °C x hourly_weight]."""
    full_hourly_lowest_weighted: Exact
    """Lowest mean of a full hour [0.01 °C x hourly_weight]."""
    percentile_centi: Centi
    """The percentile that was asked for, of the valid slots of 00:00-24:00; not looked at without one. Not stored."""
    percentile_most_centi: Centi
    """What that percentile of all its slots cannot exceed, whatever the gaps hold; not looked at where the valid slots
    do not reach its rank (`ranks`). Not stored."""

    def __len__(self) -> int:
        return len(self.slot_min)

    @property
    def hourly_lowest_centi(self) -> Centi:
        """Lowest hourly mean, floored: below a whole limit exactly when the mean is."""
        return (self.hourly_lowest_weighted // self.hourly_weight).astype(np.int16)

    @property
    def hourly_mean_centi(self) -> Centi:
        """Mean of the hourly means, floored."""
        hours = np.maximum(self.hours, 1)
        return (self.hourly_total_weighted // (self.hourly_weight * hours.astype(np.int64))).astype(np.int16)

    @property
    def mean_centi(self) -> Centi:
        """Mean of the slots, floored; not looked at where `slots_valid` is 0."""
        return (self.sum_centi // np.maximum(self.slots_valid, 1)).astype(np.int16)

    def take(self, rows: NDArray[np.intp]) -> Self:
        """Pick rows, in that order."""
        return type(self)(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def joined(parts: list[DayStatistics]) -> DayStatistics:
    """Put statistics of several grids (other slot lengths, other dates) one after the other."""
    return DayStatistics(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(DayStatistics)}
    )


def day_statistics(
    grid: Grid, *, limit_centi: Centi | int, counted_min: tuple[int, int] | None = None, percent: int = 0
) -> DayStatistics:
    """Compute the statistics of every row of a grid.

    Parameters
    ----------
    grid : (points, slots)
    limit_centi : (points,) int16 or one whole number [0.01 °C]; below means lower than it
    counted_min : [from, to) minutes after midnight that count (`DayRules.counted_min`, the part in the season);
        None = all of it
    percent : which percentile is wanted, 1 to 99; 0 = none

    Returns
    -------
    DayStatistics, (points,)

    Raises
    ------
    ValueError
        A bound of `counted_min` divides an hour.
    """
    parts = _Parts.of(grid, counted_min)
    limit = np.broadcast_to(np.asarray(limit_centi, np.int16), grid.readings.shape)
    columns = _empty(len(limit))
    _complete_rows(grid, parts, columns)
    for rows in _chunks(_with_gaps(grid.valid)):
        _gappy_rows(grid, parts, columns, rows)
    for rows in _chunks(_below_somewhere(columns, limit)):
        _minutes_below(grid, parts, limit, columns, rows)
    for prefix, hours in parts.windows.items():
        columns[f"{prefix}slots_expected"][:] = (hours.stop - hours.start) * parts.per_hour
    if percent:
        for rows in _chunks(np.arange(len(limit))):
            _percentiles(grid, parts, percent, columns, rows)
    columns["slot_min"][:], columns["limit_centi"][:], columns["hourly_weight"][:] = grid.slot_min, limit, parts.weight
    return DayStatistics(readings=grid.readings, conflicts=grid.conflicts, **columns)


# A chunk's working set stays in a core's cache.
CHUNK_ROWS = 2048
# Turned in smaller blocks: source and target then share the cache, twice as fast.
BLOCK_ROWS = 512
# Stands where a slot is not valid; never lower than a reading.
_NONE = np.int16(np.iinfo(np.int16).max)
_FROM_GRID = ("readings", "conflicts")
_WIDE = ("hourly_lowest_weighted", "hourly_total_weighted", "full_hourly_lowest_weighted")
Columns = dict[str, NDArray[Any]]


def _empty(points: int) -> Columns:
    types: dict[str, type[np.signedinteger[Any]]] = {
        field.name: np.int16 for field in fields(DayStatistics) if field.name not in _FROM_GRID
    }
    types |= dict.fromkeys(("sum_centi", "day_sum_centi", "night_sum_centi"), np.int32) | dict.fromkeys(_WIDE, np.int64)
    return {name: np.zeros(points, kind) for name, kind in types.items()}


@dataclass(frozen=True, slots=True)
class _Parts:
    """The row cut into whole hours: every window begins and ends on one."""

    per_hour: int
    hours: int
    windows: dict[str, slice]
    """Prefix of the columns -> its hours."""
    weight: int
    """Common multiple of 1 .. per_hour, so that an hour's mean stays whole."""
    factors: Exact
    """(per_hour + 1,) what an hour's sum is multiplied by, by its valid slots; none for an hour without."""

    @classmethod
    def of(cls, grid: Grid, counted_min: tuple[int, int] | None) -> Self:
        begin, end = counted_min or (0, grid.windows.night_to_min)
        if begin % 60 or end % 60:
            raise ValueError(f"counted from minute {begin} to {end}: expected whole hours")
        bounds = {
            "": (0, DAY_MIN),
            "day_": (grid.windows.day_from_min, grid.windows.day_to_min),
            "night_": (grid.windows.day_to_min, grid.windows.night_to_min),
        }
        per_hour = 60 // grid.slot_min
        weight = math.lcm(*range(1, per_hour + 1))
        return cls(
            per_hour,
            grid.temp_centi.shape[1] // per_hour,
            {prefix: _hours(max(begin, first), min(end, last)) for prefix, (first, last) in bounds.items()},
            weight,
            np.array([0, *(weight // slots for slots in range(1, per_hour + 1))], np.int64),
        )

    def by_hour(self, down: NDArray[Any]) -> NDArray[Any]:
        """Cut (slots, rows) to (hours, slots of an hour, rows)."""
        return down.reshape(self.hours, self.per_hour, down.shape[1])

    def slots(self, hours: slice) -> slice:
        return slice(hours.start * self.per_hour, hours.stop * self.per_hour)


def _hours(begin_min: int, end_min: int) -> slice:
    begin = begin_min // 60
    return slice(begin, max(begin, end_min // 60))


def _chunks(rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    for first in range(0, rows.size, CHUNK_ROWS):
        yield rows[first : first + CHUNK_ROWS]


def _down(array: NDArray[Any], scratch: NDArray[Any] | None = None) -> NDArray[Any]:
    """Turn (rows, slots) to (slots, rows): a reduction over slots then runs along memory."""
    whole = np.empty(array.shape[::-1], array.dtype) if scratch is None else scratch
    for first in range(0, len(array), BLOCK_ROWS):
        block = array[first : first + BLOCK_ROWS].T
        whole[:, first : first + block.shape[1]] = block
    return whole[:, : len(array)]


def _with_gaps(valid: Mask) -> NDArray[np.intp]:
    """Find the rows with a gap: `argmin` stops at a row's first, and is seven times as fast as `all`."""
    return np.flatnonzero((valid.argmin(axis=1) > 0) | ~valid[:, 0])


def _complete_rows(grid: Grid, parts: _Parts, columns: Columns) -> None:
    """Write every row as if it had no gap; those with gaps are written again."""
    scratch = np.empty((grid.temp_centi.shape[1], CHUNK_ROWS), np.int16)
    for first in range(0, len(grid.readings), CHUNK_ROWS):
        rows = slice(first, first + CHUNK_ROWS)
        temp = _down(grid.temp_centi[rows], scratch)
        _complete_chunk(parts.by_hour(temp), parts, {name: column[rows] for name, column in columns.items()})


def _complete_chunk(temp: Centi, parts: _Parts, part: Columns) -> None:
    sums, lowest = _added(temp), temp.min(axis=1)
    for prefix, window in parts.windows.items():
        part[f"{prefix}slots_valid"][:] = (window.stop - window.start) * parts.per_hour
        sums[window].sum(axis=0, out=part[f"{prefix}sum_centi"])
        part[f"{prefix}min_centi"][:] = _lowest(lowest[window])
    whole = sums[parts.windows[""]]
    part["hours"][:] = part["full_hours"][:] = len(whole)
    np.multiply(part["sum_centi"], parts.factors[-1], out=part["hourly_total_weighted"])
    np.multiply(_lowest(whole), parts.factors[-1], out=part["hourly_lowest_weighted"])
    part["full_hourly_lowest_weighted"][:] = part["hourly_lowest_weighted"]


def _gappy_rows(grid: Grid, parts: _Parts, columns: Columns, rows: NDArray[np.intp]) -> None:
    valid = parts.by_hour(_down(grid.valid[rows]))
    temp = parts.by_hour(_down(grid.temp_centi[rows]))
    sums, counts = _added(temp * valid), valid.sum(axis=1, dtype=np.int16)
    lowest = np.where(valid, temp, _NONE).min(axis=1)
    for prefix, window in parts.windows.items():
        slots = counts[window].sum(axis=0)
        columns[f"{prefix}slots_valid"][rows] = slots
        columns[f"{prefix}sum_centi"][rows] = sums[window].sum(axis=0)
        columns[f"{prefix}min_centi"][rows] = np.where(slots > 0, _lowest(lowest[window]), 0)
    _gappy_hours(sums[parts.windows[""]], counts[parts.windows[""]], parts, columns, rows)


def _gappy_hours(sums: Count, counts: Short, parts: _Parts, columns: Columns, rows: NDArray[np.intp]) -> None:
    means = sums * parts.factors[counts]
    full = counts == parts.per_hour
    columns["hours"][rows] = np.count_nonzero(counts, axis=0)
    columns["full_hours"][rows] = np.count_nonzero(full, axis=0)
    columns["hourly_total_weighted"][rows] = means.sum(axis=0)
    columns["hourly_lowest_weighted"][rows] = _lowest_of(means, counts > 0)
    columns["full_hourly_lowest_weighted"][rows] = _lowest_of(means, full)


def _added(temp: Centi) -> Count:
    """Add an hour's slots; `sum` over a middle axis takes twice as long."""
    total = temp[:, 0].astype(np.int32)
    for slot in range(1, temp.shape[1]):
        total += temp[:, slot]
    return total


def _lowest(values: NDArray[Any]) -> NDArray[Any]:
    """Find the lowest value down the first axis; 0, never looked at, where there is none."""
    return values.min(axis=0) if len(values) else np.zeros(values.shape[1:], values.dtype)


def _lowest_of(values: NDArray[Any], counts: Mask) -> NDArray[Any]:
    """Find the lowest value that counts; 0, never looked at, where none does."""
    most = np.iinfo(values.dtype).max
    return np.where(counts.any(axis=0), _lowest(np.where(counts, values, most)), 0)


def _below_somewhere(columns: Columns, limit: Centi) -> NDArray[np.intp]:
    """Find the few rows with a minute below; the others' minutes and runs are 0."""
    cold = (columns["slots_valid"] > 0) & (columns["min_centi"] < limit)
    return np.flatnonzero(cold | ((columns["night_slots_valid"] > 0) & (columns["night_min_centi"] < limit)))


def _minutes_below(grid: Grid, parts: _Parts, limit: Centi, columns: Columns, rows: NDArray[np.intp]) -> None:
    below = _down(grid.valid[rows] & (grid.temp_centi[rows] < limit[rows, None]))
    slot_min = np.int16(grid.slot_min)
    for prefix, window in parts.windows.items():
        columns[f"{prefix}below_min"][rows] = below[parts.slots(window)].sum(axis=0, dtype=np.int16) * slot_min
    longest, start, end = _runs(below[parts.slots(parts.windows[""])])
    columns["longest_below_min"][rows] = longest * slot_min
    columns["below_at_start_min"][rows] = start * slot_min
    columns["below_at_end_min"][rows] = end * slot_min


def ranks(slots: NDArray[Any], percent: int) -> NDArray[np.intp]:
    """Count how many slots, from the lowest, make up so many per cent of them; at least one.

    Source: nearest rank: the smallest value with at least so many per cent of the values at or below it.
    """
    rank: NDArray[np.intp] = np.maximum(-(-slots.astype(np.intp) * percent // 100), 1)
    return rank


def _percentiles(grid: Grid, parts: _Parts, percent: int, columns: Columns, rows: NDArray[np.intp]) -> None:
    window = parts.slots(parts.windows[""])
    if window.start == window.stop:
        return
    slots = np.sort(np.where(grid.valid[rows, window], grid.temp_centi[rows, window], _NONE), axis=1)
    for name, of in (("percentile_centi", "slots_valid"), ("percentile_most_centi", "slots_expected")):
        place = ranks(columns[of][rows], percent) - 1
        columns[name][rows] = np.take_along_axis(slots, place[:, None], axis=1)[:, 0]


def _runs(below: Mask) -> tuple[Short, Short, Short]:
    """Measure runs down the slots [slots]: the longest, the one at the start, the one at the end."""
    run = np.zeros(below.shape[1], np.int16)
    longest, start = run.copy(), run.copy()
    unbroken = np.ones(below.shape[1], np.bool_)
    for slot in below:
        run += 1
        run *= slot
        np.maximum(longest, run, out=longest)
        unbroken &= slot
        start += unbroken
    return longest, start, run
