"""`day_statistic`: what a point's day was like, law-free, in whole numbers.

Only the limit, the windows and the part of the day that counts come from outside; they are stamped on the result.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from heatstream.core.grid import Grid
from heatstream.core.units import Centi, Count, Exact

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
    grid: Grid, *, limit_centi: Centi | int, counted_min: tuple[int, int] | None = None
) -> DayStatistics:
    """Compute the statistics of every row of a grid.

    Parameters
    ----------
    grid : (points, slots)
    limit_centi : (points,) int16 or one whole number [0.01 °C]; below means lower than it
    counted_min : [from, to) minutes after midnight that count (`DayRules.counted_min`, the part in the season); None = all

    Returns
    -------
    DayStatistics, (points,)

    Raises
    ------
    ValueError
        A bound of `counted_min` divides a slot.
    """
    raise NotImplementedError
