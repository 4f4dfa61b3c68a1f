"""Months judged on the mean of their tests (docs/claims.md, section 4; Jilin City: 当月内三次所测结果平均值)."""

from dataclasses import dataclass

import numpy as np

from heatstream.core.calendar import Season, date_of
from heatstream.core.claim_facts import ClaimFacts
from heatstream.core.claim_rules import ClaimRules, MonthBasis, MonthRules
from heatstream.core.low_share import LowShares, numerators
from heatstream.core.standard import halves, tier_of
from heatstream.core.tests_of_day import DayEvidence
from heatstream.core.units import Count, Exact, Mask

MONTH_DAYS = 30


@dataclass(frozen=True, slots=True)
class Months:
    """Matrices (claims, months), the season's months in order."""

    of_day: Count
    """(days,) the month of each day of the season."""
    tests: Count
    """How many tests stand in it; a month with one is judged."""
    determined: Mask
    """Judged, with as many tests as the law asks."""
    failing: Mask
    shares: LowShares
    """Not looked at where `failing` is false."""

    def on_days(self, months: Mask) -> Mask:
        """Spread what months have over their days, (claims, days)."""
        return months[:, self.of_day]

    @property
    def judged(self) -> Mask:
        return self.tests > 0


def months_of_days(season: Season, basis: MonthBasis) -> Count:
    """Number the month of each of the season's days, from 0; a month of the season is 30 days from its first."""
    if basis is MonthBasis.SEASON:
        return np.arange(season.dates, dtype=np.int32) // MONTH_DAYS
    dates = [date_of(day) for day in range(season.first_day, season.last_day + 1)]
    numbers = np.array([date.year * 12 + date.month for date in dates], np.int32)
    of_day: Count = numbers - numbers[0]
    return of_day


def months(facts: ClaimFacts, rules: ClaimRules, law: MonthRules, evidence: DayEvidence) -> Months:
    """Judge each month with a test on the mean of the tests that stand in it.

    Raises
    ------
    ValueError
        A test is the joint value of several measurements: their mean is not among the facts any more.
    """
    of_day = months_of_days(rules.season, law.basis)
    tests = evidence.proofs.take(evidence.proofs.measured)
    if np.any(tests.value_halves % 2):
        raise ValueError("a month's mean of joint values: expected single tests, whole hundredths of °C")
    shape = (len(facts), int(of_day[-1]) + 1)
    total, count = np.zeros(shape, np.int64), np.zeros(shape, np.int32)
    cells = (tests.claim, of_day[tests.day])
    np.add.at(total, cells, tests.value_halves // 2)
    np.add.at(count, cells, 1)
    failing, shares = _judged(halves(total, np.maximum(count, 1).astype(np.int64)), facts, rules)
    determined = (count > 0) & (count >= law.tests)
    return Months(of_day, count, determined, determined & failing, shares)


def _judged(mean_halves: Exact, facts: ClaimFacts, rules: ClaimRules) -> tuple[Mask, LowShares]:
    limit = 2 * facts.standard_centi.astype(np.int64)[:, None]
    shift = limit - 2 * rules.standard_centi if rules.by_deviation else 0
    tier, found, _ = tier_of(mean_halves - shift, rules.tiers, rules.overlap)
    shares = LowShares(found, numerators(rules)[tier], np.ones((len(facts), 1), np.int64))
    return mean_halves < limit, shares
