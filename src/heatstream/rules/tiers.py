"""A pack's bands of temperature as whole intervals."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from heatstream.core.standard import Ratio, Tier
from heatstream.errors import BadInput
from heatstream.rules.pack import Band, Pack

# Above every temperature an int16 of hundredths can hold [halves of 0.01 °C].
NO_UPPER_END = 2 * (1 << 15)


def centi(celsius: Decimal) -> int:
    """Turn degrees with at most two decimals into hundredths."""
    return int(celsius * 100)


def ratio(share: Decimal) -> Ratio:
    """Turn a decimal share into two whole numbers."""
    exact = Fraction(share)
    return Ratio(exact.numerator, exact.denominator)


def tiers_of(pack: Pack) -> tuple[Tier, ...]:
    """Write the bands as closed intervals of halves of a hundredth, in the pack's order; none if nobody read them."""
    if pack.tiers is None or pack.standard is None:
        return ()
    if pack.tiers.basis == "absolute":
        return tuple(_absolute(band) for band in pack.tiers.bands)
    return tuple(_deviating(band, centi(pack.standard.min_c)) for band in pack.tiers.bands)


def _absolute(band: Band) -> Tier:
    least = None if band.lo is None else 2 * centi(band.lo) + (not band.li)
    most = NO_UPPER_END if band.hi is None else 2 * centi(band.hi) - (not band.hi_i)
    return Tier(least, most, ratio(band.ratio))


def _deviating(band: Band, standard_centi: int) -> Tier:
    """Turn a band of d = standard − T into one of T: its ends change sides."""
    least = None if band.hi is None else 2 * (standard_centi - centi(band.hi)) + (not band.hi_i)
    most = NO_UPPER_END if band.lo is None else 2 * (standard_centi - centi(band.lo)) - (not band.li)
    return Tier(least, most, ratio(band.ratio))


def _warmest_first(tiers: tuple[Tier, ...]) -> list[Tier]:
    return sorted(tiers, key=lambda tier: (tier.most, tier.least is not None and tier.least), reverse=True)


def tiers_overlap(tiers: tuple[Tier, ...]) -> bool:
    """Say whether two bands claim one temperature."""
    return any(warm.least is None or warm.least <= cold.most for warm, cold in pairwise(_warmest_first(tiers)))


def refuse_reversed(pack: Pack) -> None:
    """Refuse bands that give less for a colder home, or hold no temperature: a slip of the pen.

    Raises
    ------
    BadInput
        Naming the pack and the bands.
    """
    tiers = _warmest_first(tiers_of(pack))
    for tier in tiers:
        if tier.least is not None and tier.least > tier.most:
            raise BadInput(
                f"pack {pack.id}: tiers: the band of ratio {tier.ratio.num}/{tier.ratio.den} holds no temperature"
            )
    for warm, cold in pairwise(tiers):
        if cold.ratio.num * warm.ratio.den < warm.ratio.num * cold.ratio.den:
            raise BadInput(f"pack {pack.id}: tiers: a colder band gives less than a warmer one")
