"""Lay readings on a day's grid of slots.

A row is one point's day: 00:00 to 24:00, and on to the end of 夜 where the next 昼 begins. Several readings in a slot:
the lowest stands, so that sampling more often never hides a cold moment.
"""

from dataclasses import dataclass

import numpy as np

from heatstream.core.calendar import DAY_MIN, MINUTE_US, Windows, day_start_us
from heatstream.core.units import Centi, Count, Exact, Mask, Micros

SLOT_MINUTES = (5, 10, 15, 20, 30, 60)
# So many rows stay in a core's cache while they are laid.
CHUNK_ROWS = 4096


@dataclass(frozen=True, slots=True)
class Grid:
    """Point-days of one date on slots of one length."""

    day: int
    """Local day [days since 1970-01-01]."""
    slot_min: int
    """Length of a slot [min]."""
    windows: Windows
    temp_centi: Centi
    """(points, slots) int16 [0.01 °C]: lowest counting reading of the slot; not looked at where `valid` is false."""
    valid: Mask
    """(points, slots) bool: a reading that counts stands there."""
    readings: Count
    """(points,) int32: readings between 00:00 and 24:00, excluded ones too."""
    conflicts: Count
    """(points,) int32: excluded instants between 00:00 and 24:00."""


def slots_of(slot_min: int, windows: Windows) -> int:
    """Count a row's slots: the statutory day's and those of the night's rest after midnight."""
    return windows.night_to_min // slot_min


def lay(
    point: Count,
    observed_us: Micros,
    temp_centi: Centi,
    *,
    points: int,
    day: int,
    slot_min: int,
    windows: Windows,
    excluded: Mask | None = None,
) -> Grid:
    """Lay readings, sorted by point and instant, on (points, slots).

    Parameters
    ----------
    point : (readings,) int32, row of each reading, 0 <= point < points, never falling
    observed_us : (readings,) int64 [µs since 1970-01-01T00:00Z], within local midnight of `day` to the end of its 夜
    temp_centi : (readings,) int16 [0.01 °C]
    points : rows of the grid; a row without readings stays empty
    day : local day [days since 1970-01-01]
    slot_min : 5, 10, 15, 20, 30 or 60 [min]
    windows : 昼 and 夜
    excluded : (readings,) bool, instants with two values and no decision: counted, never laid

    Returns
    -------
    Grid

    Raises
    ------
    ValueError
        The readings are not sorted, lie outside the day, or name no row; the slot is none of the permitted.

    Source: `slot-lowest/1`, house rule; no statute read defines a continuous series (question A1).
    """
    _refuse_shapes(point, observed_us, temp_centi, excluded)
    if slot_min not in SLOT_MINUTES:
        raise ValueError(f"slot of {slot_min} min: expected one of {SLOT_MINUTES}")
    _refuse_rows(point, points)
    slots = slots_of(slot_min, windows)
    grid = Grid(
        day,
        slot_min,
        windows,
        np.zeros((points, slots), np.int16),
        np.zeros((points, slots), np.bool_),
        np.zeros(points, np.int32),
        np.zeros(points, np.int32),
    )
    starts = np.arange(0, points, CHUNK_ROWS)
    bounds = np.append(np.searchsorted(point, starts), point.size)
    for row, begin, end in zip(starts, bounds[:-1], bounds[1:], strict=True):
        part = slice(begin, end)
        held = None if excluded is None else excluded[part]
        _lay_rows(grid, int(row), _cells(grid, point[part], observed_us[part], int(row)), temp_centi[part], held)
    return grid


def _refuse_shapes(point: Count, observed_us: Micros, temp_centi: Centi, excluded: Mask | None) -> None:
    sizes = {len(point), len(observed_us), len(temp_centi)} | (set() if excluded is None else {len(excluded)})
    if len(sizes) != 1:
        raise ValueError(f"arrays of {sorted(sizes)} readings: expected one length")


def _refuse_rows(point: Count, points: int) -> None:
    if np.any(point[1:] < point[:-1]):
        raise ValueError("readings are not sorted by point")
    if point.size and not 0 <= point[0] <= point[-1] < points:
        raise ValueError(f"rows {point[0]} to {point[-1]}: expected 0 to {points - 1}")


def _lay_rows(grid: Grid, row: int, cell: Exact, temp_centi: Centi, excluded: Mask | None) -> None:
    rows = slice(row, row + CHUNK_ROWS)
    once = _rising(cell)
    grid.readings[rows] = _within_day(grid, rows, cell)
    if excluded is not None and excluded.any():
        grid.conflicts[rows] = _within_day(grid, rows, cell[excluded])
        cell, temp_centi = cell[~excluded], temp_centi[~excluded]
    if not once:
        cell, temp_centi = _lowest(cell, temp_centi)
    grid.temp_centi[rows].reshape(-1)[cell] = temp_centi
    grid.valid[rows].reshape(-1)[cell] = True


def _cells(grid: Grid, point: Count, observed_us: Micros, row: int) -> Exact:
    """Number the cell of each reading, from the chunk's first row."""
    slots = grid.temp_centi.shape[1]
    slot = (observed_us - day_start_us(grid.day)) // (grid.slot_min * MINUTE_US)
    if slot.size and not (slot.min() >= 0 and slot.max() < slots):
        raise ValueError(f"slots {slot.min()} to {slot.max()} of day {grid.day}: expected 0 to {slots - 1}")
    cell: Exact = (point - np.int64(row)) * slots + slot
    return cell


def _rising(cell: Exact) -> bool:
    """Say whether no cell has two readings; refuse readings that are not sorted."""
    later, earlier = cell[1:], cell[:-1]
    if bool(np.all(later > earlier)):
        return True
    if np.any(later < earlier):
        raise ValueError("readings are not sorted by point and instant")
    return False


def _within_day(grid: Grid, rows: slice, cell: Exact) -> Count:
    """Count the readings of each of the chunk's rows before 24:00."""
    first = np.arange(len(grid.readings[rows]), dtype=np.int64) * grid.temp_centi.shape[1]
    ends = np.searchsorted(cell, np.stack([first, first + DAY_MIN // grid.slot_min]))
    within: Count = (ends[1] - ends[0]).astype(np.int32)
    return within


def _lowest(cell: Exact, temp_centi: Centi) -> tuple[Exact, Centi]:
    """Leave the lowest reading of each cell; cells never fall."""
    if not cell.size:
        return cell, temp_centi
    first = np.flatnonzero(np.append(True, cell[1:] != cell[:-1]))
    return cell[first], np.minimum.reduceat(temp_centi, first)
