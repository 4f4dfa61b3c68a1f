"""Heat that a meter did not tell, by degree days: Q_G = Q_R × DD18_G / DD18_R (CJJ/T 223-2014 5.3).

G is the time that the meter does not tell, R the time it is compared with: ten days or more after its repair; else the
same days of the year before; else other meters of the building. An estimate stands beside what was measured and is
never added to it.

The standard is known here through a summary (domain 5.1); how a part of a day weighs, and which days are taken, are
house rules and told with every estimate.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from heatstream.core.calendar import DAY_MIN

ALGORITHM: Final = 1
"""Frozen: told with every estimate."""
BASE_CENTI: Final = 1800
"""DD18 [0.01 °C]."""
LEAST_DAYS: Final = 10
"""Days of a reference."""
WITHIN_DAYS: Final = 60
"""A reference is looked for within so many days."""


class Day(NamedTuple):
    """What is known of a meter's day."""

    day: int
    """Local day [days since 1970-01-01]."""
    energy_wh: int | None
    uncounted_min: int
    outdoor_centi: int | None
    """Mean outdoor temperature [0.01 °C]."""

    @property
    def whole(self) -> bool:
        """Say whether it can be compared with."""
        return self.energy_wh is not None and self.uncounted_min == 0 and self.outdoor_centi is not None

    @property
    def degrees_centi(self) -> int:
        """Degrees below 18 °C [0.01 K]; a warmer day has none."""
        return 0 if self.outdoor_centi is None else max(BASE_CENTI - self.outdoor_centi, 0)


class Estimate(NamedTuple):
    """What degree days say."""

    wh: int
    """Rounded once, to the nearest, a half to the even [Wh]."""
    degrees_centi_min: int
    """Of the time that is not told: degree × time [0.01 K · min]."""
    reference_wh: int
    reference_degrees_centi_min: int
    reference_days: list[int]


def reference(days: Sequence[Day], first: int) -> list[Day] | None:
    """Take the first LEAST_DAYS whole days from `first` on, within WITHIN_DAYS; None = there are not as many.

    Parameters
    ----------
    days : of one meter, rising
    first : local day [days since 1970-01-01]
    """
    whole = [day for day in days if first <= day.day < first + WITHIN_DAYS and day.whole]
    return whole[:LEAST_DAYS] if len(whole) >= LEAST_DAYS else None


def estimated(missing: Day, compared: Sequence[Day]) -> Estimate | None:
    """Estimate the heat of the time of a day that its counter does not tell.

    Parameters
    ----------
    missing : its day; `uncounted_min` of it are estimated
    compared : whole days of the same meter

    Returns
    -------
    None where the outdoor temperature is not known, or no day compared was below 18 °C.

    Source: CJJ/T 223-2014 5.3; a part of a day has its part of the day's degrees.
    """
    degrees = sum(day.degrees_centi for day in compared) * DAY_MIN
    if missing.outdoor_centi is None or not degrees:
        return None
    energy_wh = sum(day.energy_wh or 0 for day in compared)
    lost = missing.degrees_centi * missing.uncounted_min
    return Estimate(round(Fraction(energy_wh * lost, degrees)), lost, energy_wh, degrees, [day.day for day in compared])


def mean_of_others(missing_min: int, energies_wh: Sequence[int]) -> int | None:
    """Take the mean of the building's other meters for the missing part of the day [Wh]; None = there are none.

    Source: CJJ/T 223-2014 5.3, where neither the days after the repair nor those of the year before are known.
    """
    if not energies_wh:
        return None
    return round(Fraction(sum(energies_wh) * missing_min, len(energies_wh) * DAY_MIN))
