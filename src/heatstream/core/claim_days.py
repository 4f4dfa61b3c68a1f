"""Which days of a claim fail, and with what share: by days, by one test for the period, or by months.

docs/claims.md, sections 2 to 4.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from heatstream.core.claim_facts import ClaimFacts
from heatstream.core.claim_rules import ClaimRules, Kind, MonthRules, Tiering
from heatstream.core.continuity import failed_in_a_row
from heatstream.core.finding import Outcome
from heatstream.core.low_share import LowShares, series_shares
from heatstream.core.month import months
from heatstream.core.period import NEVER, Period, first_days, period, some_day
from heatstream.core.standard import FeeScope
from heatstream.core.tests_of_day import DayEvidence, Proofs
from heatstream.core.units import Exact, Mask


@dataclass(frozen=True, slots=True)
class ClaimDays:
    """Matrices (claims, days), and the period they belong to."""

    period: Period
    within: Mask
    """Days that count, but for those left out and counted apart."""
    failing: Mask
    """Days that fail; not looked at where `within` is false."""
    low: LowShares
    """(claims, days) or (claims, 1); not looked at where `failing` is false."""
    unknown: Mask
    """Days that may hide a failure."""
    doubtful: Mask
    """Days that leave EVIDENCE undetermined while none fails."""
    tier_at_least: Mask
    """Failing days with a tier that is a lower bound."""


def claim_days(facts: ClaimFacts, rules: ClaimRules, evidence: DayEvidence) -> ClaimDays:
    """Say which days count, fail, and give what share, as the rules count: days or months."""
    if rules.month is not None:
        return _by_months(facts, rules, rules.month, evidence)
    found = period(facts, rules, evidence)
    within = found.days(len(rules.days))
    if rules.continuity is not None:
        within &= failed_in_a_row(facts, rules, rules.continuity, evidence, found)[:, None]
    if rules.tiering is Tiering.DAILY_SERIES:
        return _day_by_day(facts, rules, evidence, found, within)
    return _by_one_proof(rules, evidence, found, within)


def _day_by_day(facts: ClaimFacts, rules: ClaimRules, evidence: DayEvidence, found: Period, within: Mask) -> ClaimDays:
    failing = evidence.outcome == Outcome.FAILING
    by_series = evidence.kind == Kind.FIXED_POINT_SERIES
    return ClaimDays(
        period=found,
        within=within,
        failing=failing,
        low=_daily_shares(facts, rules, evidence),
        unknown=evidence.outcome == 0,
        doubtful=np.zeros_like(failing),
        tier_at_least=failing & by_series & facts.series.tier_at_least,
    )


def _daily_shares(facts: ClaimFacts, rules: ClaimRules, evidence: DayEvidence) -> LowShares:
    """Give each day the share of what decides it."""
    series, decided = series_shares(facts, rules), evidence.proofs.take(evidence.deciding)
    if not len(decided):
        return series
    cells = (decided.claim, decided.day)
    known, num = series.known.copy(), series.num.copy()
    known[cells], num[cells] = decided.known, decided.num
    if rules.scope is FeeScope.FAILING_ROOMS_AREA:
        series.whole[cells] = decided.whole
    return LowShares(known, num, series.whole)


def _by_one_proof(rules: ClaimRules, evidence: DayEvidence, found: Period, within: Mask) -> ClaimDays:
    """Let the first or the lowest failing proof of the period stand for every day of it."""
    proofs = evidence.proofs.take(evidence.proofs.failing)
    proofs = proofs.take(proofs.day <= found.end[proofs.claim])
    moment = proofs.moment if rules.tiering is Tiering.FIRST_TEST else np.zeros_like(proofs.moment)
    proofs = proofs.take(np.lexsort((_lowest_first(proofs), moment, proofs.claim)))
    claim, row = np.unique(proofs.claim, return_index=True)
    stands = np.zeros(len(within), np.bool_)
    stands[claim] = True
    low = LowShares(stands.copy()[:, None], np.zeros((len(within), 1), np.int64), np.ones((len(within), 1), np.int64))
    low.known[claim, 0], low.num[claim, 0], low.whole[claim, 0] = (
        column[row] for column in (proofs.known, proofs.num, proofs.whole)
    )
    failing = np.broadcast_to(stands[:, None], within.shape)
    no = np.zeros_like(within)
    return ClaimDays(
        period=found,
        within=within,
        failing=failing,
        low=low,
        unknown=no,
        doubtful=~failing & (evidence.outcome == Outcome.FAILING),
        tier_at_least=no,
    )


def _lowest_first(proofs: Proofs) -> Exact:
    """Number proofs by their shares, so that the lowest temperature comes first: the highest share.

    A share that cannot be said goes before all.
    """
    shares = [
        Fraction(num, whole) if known else Fraction(-1)
        for known, num, whole in zip(proofs.known.tolist(), proofs.num.tolist(), proofs.whole.tolist(), strict=True)
    ]
    places = {share: place for place, share in enumerate(sorted(set(shares), key=lambda share: (share >= 0, -share)))}
    return np.array([places[share] for share in shares], np.int64)


def _by_months(facts: ClaimFacts, rules: ClaimRules, law: MonthRules, evidence: DayEvidence) -> ClaimDays:
    found = months(facts, rules, law, evidence)
    judged = found.on_days(found.judged)
    undetermined = found.on_days(found.judged & ~found.determined)
    shares = found.shares
    return ClaimDays(
        period=_judged_months(facts, rules, judged),
        within=judged,
        failing=found.on_days(found.failing),
        low=LowShares(shares.known[:, found.of_day], shares.num[:, found.of_day], shares.whole),
        unknown=undetermined,
        doubtful=undetermined,
        tier_at_least=np.zeros_like(judged),
    )


def _judged_months(facts: ClaimFacts, rules: ClaimRules, judged: Mask) -> Period:
    """Reach from the first judged month to the end of the last, or to the season's end where that is closed."""
    begin, begun = first_days(judged), some_day(judged)
    last = len(rules.days) - 1
    end = np.where(begun, last - np.argmax(judged[:, ::-1], axis=1), last)
    through = facts.through_day.astype(np.int64) - rules.season.first_day
    closed = (begun & (end <= through)) | (through >= last)
    return Period(begun, begin, closed, np.where(closed, end, NEVER), closed, begin, end)
