"""The rules of one day as plain whole numbers: what `rules.policy` hands to `core.finding` and `core.refund`.

Numbers of the enumerations are stored and are never renumbered.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from heatstream.core.calendar import Windows
from heatstream.core.units import Centi, Exact, Mask


class Statistic(IntEnum):
    """How a day's series becomes one value (A1)."""

    MIN = 1
    """The lowest slot."""
    TIME_WEIGHTED_MEAN = 2
    """The mean over the slots, each of the same length."""
    MEAN_OF_HOURLY = 3
    """The mean of the hours' means."""
    MIN_OF_HOURLY = 4
    """The lowest of the hours' means."""
    SUSTAINED_BELOW = 5
    """Below the standard without a break for so many minutes; its temperature is the day's lowest slot."""
    PERCENTILE = 6
    """The slot at or below which so many per cent of the valid slots lie, by the nearest rank."""


class Rooms(IntEnum):
    """How a household's rooms become one (A3); always the rooms' daily values, never their series."""

    MIN_ROOM = 1
    """The coldest room stands for the dwelling."""
    MEAN = 2
    """The mean of the rooms' values."""
    AREA_WEIGHTED = 3
    """The mean weighted by the rooms' areas."""
    EACH = 4
    """Each room has its own tier; one failing room fails the dwelling."""


class Overlap(IntEnum):
    """What stands where two tiers claim one temperature (A5)."""

    HIGHEST_RATIO = 1
    LOWEST_RATIO = 2
    REFER_TO_AUTHORITY = 3


class FeeScope(IntEnum):
    """What part of the fee a tier's share is taken of."""

    WHOLE_DWELLING = 1
    FAILING_ROOMS_AREA = 2


class ContractStandard(IntEnum):
    """Whose temperature a household with one in its contract is judged by."""

    LAW = 1
    """The pack's, whatever the contract says."""
    CONTRACT = 2
    """The contract's."""
    HIGHER = 3
    """The higher of the two."""


class Rounding(IntEnum):
    """How fen are made whole (A7)."""

    HALF_UP = 1
    HALF_EVEN = 2
    FLOOR = 3


class RoundedAt(IntEnum):
    """Where the one rounding stands (A7)."""

    DAY = 1
    TOTAL = 2


@dataclass(frozen=True, slots=True)
class Ratio:
    """A share as two whole numbers; never a float."""

    num: int
    den: int = 1


@dataclass(frozen=True, slots=True)
class Tier:
    """One band of temperatures and its share of the fee; see `halves` for its unit."""

    least: int | None
    """Lowest temperature inside [halves of 0.01 °C]; None = no lower end."""
    most: int
    """Highest temperature inside [halves of 0.01 °C]."""
    ratio: Ratio
    """Share of the counted fee."""

    def holds(self, value_halves: int) -> bool:
        """Say whether one temperature is inside [halves of 0.01 °C]."""
        return value_halves <= self.most and (self.least is None or value_halves >= self.least)


@dataclass(frozen=True, slots=True)
class RefundRules:
    """How a share of the fee becomes 测算额."""

    denominator_s: int
    """Length of the season the fee is divided by [s]."""
    scope: FeeScope
    rounding: Rounding
    rounded_at: RoundedAt
    day_cap: Ratio
    """Most that one day may give back, as a share of that day's fee."""
    season_cap: Ratio
    """Most that a season may give back, as a share of its fee."""


@dataclass(frozen=True, slots=True)
class OutdoorVariant:
    """Another standard for buildings that are not renovated, in some weather (Beijing's model contract)."""

    least_centi: int | None
    """It holds from this outdoor daily mean, included [0.01 °C]; None = no lower end."""
    most_centi: int | None
    """Up to this outdoor daily mean, included [0.01 °C]; None = no upper end."""
    standard_centi: int
    """The temperature promised there [0.01 °C]."""

    def holds(self, outdoor_centi: int | None) -> bool:
        """Say whether it may hold in that weather; None = not known."""
        if outdoor_centi is None:
            return True
        warm_enough = self.least_centi is None or outdoor_centi >= self.least_centi
        return warm_enough and (self.most_centi is None or outdoor_centi <= self.most_centi)


@dataclass(frozen=True, slots=True)
class DayRules:
    """The law and the choices of one local day."""

    day: int
    """Local day [days since 1970-01-01]."""
    pack_id: str
    """The pack in force on that day."""
    standard_centi: int
    """The temperature the law promises [0.01 °C]; exactly it complies."""
    contract_standard: ContractStandard
    windows: Windows
    counted_min: tuple[int, int]
    """The part of the day that is in the season, [from, to) minutes after midnight; (0, 0) = outside the season."""
    season_s: int
    """Seconds of the statutory day that are in the season."""
    statistic: Statistic
    sustained_min: int
    """Shortest time below that fails a day [min]; 0 unless the statistic is SUSTAINED_BELOW."""
    percent: int
    """Which percentile; 0 unless the statistic is PERCENTILE."""
    rooms: Rooms
    guard_centi: int
    """Added to a value before it is compared [0.01 K]: above 0 favours the company, below 0 the user."""
    completeness_e4: int
    """Least share of the expected slots that is needed to find 合格 [0.0001]."""
    gap_bounds_centi: tuple[int, int] | None
    """Lowest and highest temperature a missing slot may have had; None = a mean without coverage never decides."""
    conditions_open: bool
    """The standard has conditions nobody examined; the choice is that they leave a failing day undetermined."""
    tiers: tuple[Tier, ...]
    """Bands below the standard, in the pack's order; empty = nobody could read them."""
    by_deviation: bool
    """The law's tiers count from the standard, so a contract's standard moves them along."""
    overlap: Overlap | None
    """None = the tiers do not overlap."""
    refund: RefundRules | None
    """None = this policy computes no amount; `rules.policy` says why."""
    outdoor_variants: tuple[OutdoorVariant, ...] = ()
    """Standards that take the place of `standard_centi` by the weather, the first that holds. Where nobody says whether
    the building is renovated, or the day has no official outdoor mean, and the standards that may hold do not agree on
    the household-day, it stays undetermined (CONDITIONS)."""

    @property
    def in_season(self) -> bool:
        """Say whether any part of the day counts."""
        return self.counted_min != (0, 0)


def standards(rules: DayRules, contract_centi: Centi, agreed: Mask, law_centi: Centi | None = None) -> Centi:
    """Give the temperature each household is judged by.

    Parameters
    ----------
    rules : of the day
    contract_centi : (households,) int16 [0.01 °C], the contract's temperature, not looked at where `agreed` is false
    agreed : (households,) bool, the contract names one
    law_centi : (households,) int16 [0.01 °C], what the law promises each (`law_standards`); None = the same to all

    Returns
    -------
    (households,) int16 [0.01 °C]
    """
    law = np.full(contract_centi.shape, rules.standard_centi, np.int16) if law_centi is None else law_centi
    match rules.contract_standard:
        case ContractStandard.LAW:
            return law
        case ContractStandard.CONTRACT:
            return np.where(agreed, contract_centi, law)
        case ContractStandard.HIGHER:
            return np.where(agreed, np.maximum(contract_centi, law), law)


def law_standards(rules: DayRules, renovated: Mask, surveyed: Mask, outdoor_centi: int | None) -> tuple[Centi, Centi]:
    """Give the lowest and the highest temperature that the law may promise each household in that day's weather.

    Parameters
    ----------
    rules : of the day
    renovated : (households,) bool, the building is renovated; not looked at where `surveyed` is false
    surveyed : (households,) bool, somebody said whether it is
    outdoor_centi : official outdoor mean of the day [0.01 °C]; None = not known

    Returns
    -------
    two of (households,) int16 [0.01 °C]; equal where it is known

    Source: Beijing's model contract, of buildings that are not renovated: 16 °C where the mean is from -9 to below -7.
    """
    held = [each.standard_centi for each in rules.outdoor_variants if each.holds(outdoor_centi)]
    may_hold = held if outdoor_centi is None else held[:1]
    if outdoor_centi is None or not held:
        may_hold = [*may_hold, rules.standard_centi]
    least, most = (
        np.where(renovated & surveyed, rules.standard_centi, limit) for limit in (min(may_hold), max(may_hold))
    )
    least = np.where(surveyed, least, np.minimum(least, rules.standard_centi))
    most = np.where(surveyed, most, np.maximum(most, rules.standard_centi))
    return least.astype(np.int16), most.astype(np.int16)


def halves(numerator: Exact, denominator: Exact | int) -> Exact:
    """Turn exact temperatures into halves of a hundredth: even = exactly a hundredth, odd = strictly between two.

    So every comparison with a whole hundredth, inclusive or not, stays exact after the division.

    Parameters
    ----------
    numerator : any shape, int64 [0.01 °C x denominator]
    denominator : the same shape or one, above 0

    Returns
    -------
    the same shape, int64 [halves of 0.01 °C]
    """
    if isinstance(denominator, int) and denominator == 1:
        return 2 * numerator
    whole, rest = np.divmod(numerator, denominator)
    return 2 * whole + (rest > 0)


def tier_of(
    value_halves: Exact, tiers: tuple[Tier, ...], overlap: Overlap | None
) -> tuple[NDArray[np.int8], Mask, Mask]:
    """Find the tier of each temperature.

    Parameters
    ----------
    value_halves : any shape, int64 [halves of 0.01 °C], moved by the guard band already
    tiers : in the pack's order
    overlap : what stands where two claim one temperature; None where none do

    Returns
    -------
    tier : int8, place in `tiers` from 0; not looked at where `found` is false
    found : bool, one tier holds
    referred : bool, several claim it and the choice is to refer it to the authority

    Source: Civil Code art. 1259 (以上 / 以下 include the number); overlaps: Binzhou 42, Heze 44 at 16.0 and 14.0.
    """
    tier = np.zeros(value_halves.shape, np.int8)
    claims = np.zeros(value_halves.shape, np.int8)
    for place in _weakest_first(tiers, overlap):
        inside = _inside(value_halves, tiers[place])
        claims += inside
        tier[inside] = place
    referred = (claims > 1) & (overlap is Overlap.REFER_TO_AUTHORITY)
    return tier, (claims > 0) & ~referred, referred


def _inside(value_halves: Exact, tier: Tier) -> Mask:
    below = value_halves <= tier.most
    return below if tier.least is None else below & (value_halves >= tier.least)


def _weakest_first(tiers: tuple[Tier, ...], overlap: Overlap | None) -> list[int]:
    """Order the tiers so that the one that must stand is written last."""
    sign = -1 if overlap is Overlap.LOWEST_RATIO else 1
    return sorted(range(len(tiers)), key=lambda place: sign * tiers[place].ratio.num / tiers[place].ratio.den)
