"""From shares and outages to fen: docs/claims.md, sections 4 and 5."""

from dataclasses import dataclass
from math import gcd
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from heatstream.core.calendar import SECOND_US
from heatstream.core.claim_facts import ClaimFacts
from heatstream.core.claim_rules import BothOnOneDay, ClaimRules
from heatstream.core.low_share import LowShares, common_den, most_ratio, over
from heatstream.core.period import some_day
from heatstream.core.refund import INT64_SAFE, Shares, fen_of_seasons
from heatstream.core.standard import RefundRules, RoundedAt
from heatstream.core.units import Exact, Fen, Mask

# int64, or Python's whole numbers where products would leave it.
Whole = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Due:
    """What each day gives back: exact shares of the season's fee, the day's cap applied."""

    num: Whole
    """(claims, days)."""
    den: Whole
    """(claims, days), or (claims, 1) where it is one for all days of a claim."""
    fee_fen: Fen
    """(claims,) what they are shares of [fen]."""

    def fen(self, refund: RefundRules, *, without: Mask | None = None) -> Fen:
        """Add up each claim's days, but for those marked: rounded once, then capped.

        Returns
        -------
        (claims,) int64 [fen]
        """
        num, den = self.num if without is None else np.where(without, 0, self.num), self.den
        if den.shape[1] == 1 and refund.rounded_at is RoundedAt.TOTAL:
            num = num.sum(axis=1, keepdims=True)
        claims, days = num.shape
        claim = np.repeat(np.arange(claims, dtype=np.int32), days)
        shares = Shares(np.ones(num.size, np.bool_), num.ravel(), np.broadcast_to(den, num.shape).ravel())
        return fen_of_seasons(shares, self.fee_fen, claim, households=claims, refund=refund).astype(np.int64)


def due(facts: ClaimFacts, rules: ClaimRules, *, counted: Mask, low: LowShares, outage_us: Exact) -> Due:
    """Join low temperature and outage of each day.

    Parameters
    ----------
    counted : (claims, days) days whose low temperature gives something back
    low : (claims, days) or (claims, 1)
    outage_us : (claims, days) [µs]
    """
    units, fees = _Units.of(rules, outage_us), _Fees.of(facts, outage_us)
    exact = _wide_enough(rules, units, fees, low)
    whole = low.whole * fees.both.astype(exact)
    num = np.where(counted & low.known, low.num, 0) * (units.lasts * fees.low.astype(exact))
    cap = over(rules.refund.day_cap, units.common)
    if rules.outage is not None and outage_us.any():
        ratio = over(rules.outage.ratio, units.common) * fees.outage.astype(exact) * low.whole
        out = outage_us // units.unit_us * ratio
        num = np.maximum(num, out) if rules.both is BothOnOneDay.MAX else num + out
        num = np.minimum(num, cap * units.lasts * whole)
    elif most_ratio(rules) > cap:
        num = np.minimum(num, cap * units.lasts * whole)
    return Due(num, whole * units.den, fees.fee_fen)


@dataclass(frozen=True, slots=True)
class _Units:
    """What the nums and dens of one season are counted in."""

    common: int
    unit_us: int
    """Largest time that divides every length there is, so that numbers stay small [µs]."""
    lasts: Exact
    """(days,) length of each day in the season [units]."""
    den: int

    @classmethod
    def of(cls, rules: ClaimRules, outage_us: Exact) -> Self:
        begins_us, ends_us = rules.season.parts_us()
        denominator_us, lengths = rules.refund.denominator_s * SECOND_US, ends_us - begins_us
        unit_us = gcd(denominator_us, *lengths.tolist(), int(np.gcd.reduce(outage_us, axis=None)))
        common = common_den(rules)
        return cls(common, unit_us, lengths // unit_us, common * (denominator_us // unit_us))


@dataclass(frozen=True, slots=True)
class _Fees:
    """Weights (claims, 1), or (1, 1), of low temperature and outage: 1 but where they are shares of unlike fees."""

    low: Exact
    outage: Exact
    both: Exact
    fee_fen: Fen
    """(claims,) what the joined shares are of: the larger."""

    @classmethod
    def of(cls, facts: ClaimFacts, outage_us: Exact) -> Self:
        low = np.where(facts.fee_registered, facts.fee_fen, 0)
        outage = np.where(facts.fee_registered, facts.outage_fee_fen, 0)
        unlike = (low != outage) & some_day(outage_us > 0)
        if not unlike.any():
            one = np.ones((1, 1), np.int64)
            return cls(one, one, one, low)
        larger = np.where(unlike, np.maximum(low, outage), low)
        low, outage, both = (np.where(unlike, fee, 1)[:, None] for fee in (low, outage, larger))
        return cls(low, outage, both, larger)


def _wide_enough(rules: ClaimRules, units: _Units, fees: _Fees, low: LowShares) -> type[Any]:
    """Choose int64 where every number of `due` and their sum over the season stays far inside it."""
    ratio = max(units.common, most_ratio(rules), over(rules.refund.day_cap, units.common))
    ratio += over(rules.outage.ratio, units.common) if rules.outage else 0
    whole = int(low.whole.max(initial=1)) * int(fees.both.max(initial=1))
    most = whole * max(ratio * int(units.lasts.sum()), units.den)
    return np.int64 if most < INT64_SAFE else object
