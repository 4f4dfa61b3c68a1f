"""运行曲线: which supply temperature a filed weather curve expects at an outdoor temperature.

A curve is points of outdoor and supply temperature, as filed; between two points it is straight, and beyond the first
and the last it stays where they are: what nobody filed is not extrapolated.

A plant follows the weather of the moment or that of the day, and a heavy building wants the second. So the supply that
is expected at an instant is the lower of what the curve gives for the outdoor temperature then and for the mean of the
24 h up to then; nobody is held against a cold hour that the day has not felt yet. The higher of the two says from where
on it is warm enough again: a mild noon does not mend a cold week.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heatstream.core.calendar import DAY_MIN
from heatstream.core.units import Count, Mask

NO_CURVE: Final = -1
"""Stands where a station has no curve."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One filed curve."""

    outdoor_centi: Count
    """(points,) int32 [0.01 °C], rising."""
    supply_centi: Count
    """(points,) int32 [0.01 °C]."""

    def __post_init__(self) -> None:
        outdoor = self.outdoor_centi
        if not outdoor.size or outdoor.shape != self.supply_centi.shape:
            raise ValueError(f"a curve of {outdoor.size} outdoor and {self.supply_centi.size} supply temperatures")
        if np.any(outdoor[1:] <= outdoor[:-1]):
            raise ValueError(f"outdoor temperatures {outdoor.tolist()}: expected rising ones, each once")

    def supply_at(self, outdoor_centi: Count) -> Count:
        """Interpolate between the filed points.

        Parameters
        ----------
        outdoor_centi : any shape, int32 [0.01 °C]

        Returns
        -------
        the same shape, int32 [0.01 °C]: floored between two points, clamped to the ends beyond them
        """
        if self.outdoor_centi.size == 1:
            return np.full(np.shape(outdoor_centi), self.supply_centi[0], np.int32)
        xs, ys = self.outdoor_centi.astype(np.int64), self.supply_centi.astype(np.int64)
        x = np.clip(np.asarray(outdoor_centi, np.int64), xs[0], xs[-1])
        right = np.clip(np.searchsorted(xs, x, side="left"), 1, xs.size - 1)
        x0, y0 = xs[right - 1], ys[right - 1]
        between: NDArray[np.int64] = y0 + (x - x0) * (ys[right] - y0) // (xs[right] - x0)
        return between.astype(np.int32)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the curves expect of stations."""

    supply_centi: Count
    """(stations, slots) int32: the lower of the two [0.01 °C]; not looked at where `has_curve` is false."""
    highest_centi: Count
    """The same of the higher."""
    has_curve: Mask
    """(stations, slots) bool: a curve holds, and the outdoor temperature is known."""

    def deviation_centi(self, supply_centi: Count) -> Count:
        """Subtract what is expected: (stations, slots) int32 [0.01 K], 0 without a curve; below 0 = too low."""
        return np.where(self.has_curve, supply_centi - self.supply_centi, 0).astype(np.int32)


def expected_supply(
    curves: Sequence[Curve], curve: NDArray[np.integer], outdoor_centi: Count, outdoor_known: Mask, slot_min: int
) -> Expected:
    """Find the supply temperature that each station's curve expects in each slot.

    Parameters
    ----------
    curves : those there are
    curve : (stations, slots) or (stations, 1), place in `curves` that holds; NO_CURVE = none
    outdoor_centi : (stations, slots) or (1, slots), int32 [0.01 °C]
    outdoor_known : the same shape, bool
    slot_min : length of a slot [min]

    Returns
    -------
    Expected
    """
    slots = outdoor_centi.shape[1]
    shape = (curve.shape[0], slots)
    known, at = np.broadcast_to(outdoor_known, shape), np.broadcast_to(outdoor_centi, shape)
    of_day = np.broadcast_to(_day_mean(outdoor_centi, outdoor_known, slot_min), shape)
    which = np.broadcast_to(curve, shape)
    lower, higher = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    for place, each in enumerate(curves):
        mine = which == place
        of_instant, of_its_day = each.supply_at(at[mine]), each.supply_at(of_day[mine])
        lower[mine], higher[mine] = np.minimum(of_instant, of_its_day), np.maximum(of_instant, of_its_day)
    return Expected(lower, higher, known & (which != NO_CURVE))


def _day_mean(outdoor_centi: Count, known: Mask, slot_min: int) -> Count:
    """Average what is known of the 24 h up to and with each slot, floored; 0 where nothing is."""
    width = max(DAY_MIN // slot_min, 1)
    total = _trailing_sum(np.where(known, outdoor_centi, 0).astype(np.int64), width)
    count = _trailing_sum(known.astype(np.int64), width)
    mean: NDArray[np.int64] = total // np.maximum(count, 1)
    return mean.astype(np.int32)


def _trailing_sum(values: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    summed = np.cumsum(values, axis=1)
    trailing = summed.copy()
    trailing[:, width:] -= summed[:, :-width]
    return trailing
