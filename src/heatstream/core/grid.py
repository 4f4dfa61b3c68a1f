"""Lay readings on a day's grid of slots.

A row is one point's day: 00:00 to 24:00, and on to the end of 夜 at the next 昼's beginning. Several readings in a slot:
the lowest stands, so that sampling more often never hides a cold moment.
"""

from dataclasses import dataclass

from heatstream.core.calendar import Windows
from heatstream.core.units import Centi, Count, Mask, Micros

SLOT_MINUTES = (5, 10, 15, 20, 30, 60)


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
    raise NotImplementedError
