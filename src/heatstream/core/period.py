"""From when to when a claim's days count: begin, end, time to mend (docs/claims.md, section 3)."""

from dataclasses import dataclass, replace

import numpy as np

from heatstream.core.calendar import DAY_US, SECOND_US, day_start_us, local_days
from heatstream.core.claim_facts import ClaimFacts
from heatstream.core.claim_rules import Begin, ClaimRules, Ends, Grace, GraceExceeded, Kind
from heatstream.core.finding import Outcome
from heatstream.core.tests_of_day import MOMENTS_OF_DAY, DayEvidence, Proofs, request_days
from heatstream.core.units import Count, Exact, Mask

HOUR_US = 3600 * SECOND_US
NEVER = np.int64(1) << 60
"""A moment, or a day, that does not come."""


@dataclass(frozen=True, slots=True)
class Period:
    """Arrays (claims,); days are places in the season, from 0."""

    begun: Mask
    begin: Exact
    """The day the begin names; it may lie before the season."""
    ended: Mask
    end: Exact
    """The day that ends the period; NEVER where it has not ended."""
    closed: Mask
    first: Exact
    """First and last day that count, but for those left out; none where `first` is after `last`."""
    last: Exact

    def days(self, dates: int) -> Mask:
        """Lay the days that count out, (claims, dates)."""
        day = np.arange(dates, dtype=np.int16)
        first = np.clip(self.first, 0, dates).astype(np.int16)
        last = np.clip(self.last, -1, dates - 1).astype(np.int16)
        within: Mask = (day >= first[:, None]) & (day <= last[:, None])
        return within


def period(facts: ClaimFacts, rules: ClaimRules, evidence: DayEvidence) -> Period:
    """Find begin and end of each claim's period, and whether its cause was mended in time."""
    begin = _begin(facts, rules, evidence)
    ends_early = _end(facts, rules, evidence, begin)
    final = len(rules.days) - 1
    through = facts.through_day.astype(np.int64) - rules.season.first_day
    early = ends_early <= final
    ended = early | (through >= final)
    last_early = ends_early if rules.end_inclusive else ends_early - 1
    found = Period(
        begun=begin < NEVER,
        begin=begin,
        ended=ended,
        end=np.where(early, ends_early, np.where(ended, final, NEVER)),
        closed=ended,
        first=begin if rules.begin_inclusive else begin + 1,
        last=np.where(early, last_early, np.minimum(through, final)),
    )
    return found if rules.grace is None else _after_grace(found, facts, rules, rules.grace, evidence)


def earliest(claim: Count, values: Exact, claims: int) -> Exact:
    """Find the least value of each claim; NEVER where it has none."""
    least = np.full(claims, NEVER)
    np.minimum.at(least, claim, values)
    return least


def some_day(mask: Mask) -> Mask:
    """Say which claims have a day that is marked."""
    some: Mask = np.logical_or.reduce(mask, axis=1)
    return some


def first_days(mask: Mask) -> Exact:
    """Find the first day of each claim that is marked; NEVER where none is."""
    return np.where(some_day(mask), mask.argmax(axis=1), NEVER)


def _first_failing_proof(evidence: DayEvidence, claims: int) -> Exact:
    failing = evidence.proofs.take(evidence.proofs.failing)
    return earliest(failing.claim, failing.moment, claims)


def _first_failing(evidence: DayEvidence) -> Exact:
    """Find the moment of the first failing evidence: a proof that stands, or a day by its series."""
    by_series = first_days((evidence.kind == Kind.FIXED_POINT_SERIES) & (evidence.outcome == Outcome.FAILING))
    failed = by_series < NEVER
    moment = np.where(failed, np.where(failed, by_series, 0) * MOMENTS_OF_DAY, NEVER)
    return np.minimum(moment, _first_failing_proof(evidence, len(moment)))


def _begin(facts: ClaimFacts, rules: ClaimRules, evidence: DayEvidence) -> Exact:
    match rules.begin:
        case Begin.TEST_DAY:
            moment = _first_failing_proof(evidence, len(facts))
            return np.where(moment < NEVER, moment // MOMENTS_OF_DAY, NEVER)
        case Begin.FIRST_FAILING_DAY:
            return first_days(evidence.outcome == Outcome.FAILING)
        case Begin.REQUEST_DAY | Begin.REQUEST_INSTANT:
            return request_days(facts, rules).astype(np.int64)


def _end(facts: ClaimFacts, rules: ClaimRules, evidence: DayEvidence, begin: Exact) -> Exact:
    """Find the day on which a test or the series ends the period; NEVER where neither does."""
    by_test = by_series = np.full(len(facts), NEVER)
    if rules.ends is not Ends.FIXED_POINT:
        by_test = _retest(evidence)
    if rules.ends is not Ends.RETEST and Kind.FIXED_POINT_SERIES in rules.precedence:
        by_series = _compliant_after(facts, begin)
    return np.minimum(by_test, by_series)


def _retest(evidence: DayEvidence) -> Exact:
    failed = _first_failing(evidence)
    passing = _passing_tests(evidence.proofs)
    moments, first = passing.moment, failed[passing.claim]
    after = (moments > first) | (first == NEVER)
    return earliest(passing.claim[after], passing.day[after].astype(np.int64), len(failed))


def _passing_tests(proofs: Proofs) -> Proofs:
    return proofs.take(~proofs.failing & proofs.measured)


def _compliant_after(facts: ClaimFacts, begin: Exact) -> Exact:
    outcome = facts.series.outcome
    named = np.clip(begin, -1, outcome.shape[1]).astype(np.int16)
    days = np.arange(outcome.shape[1], dtype=np.int16)
    return first_days((outcome == Outcome.COMPLIANT) & (days > named[:, None]))


def _after_grace(found: Period, facts: ClaimFacts, rules: ClaimRules, grace: Grace, evidence: DayEvidence) -> Period:
    until_us = facts.request_us + grace.hours * HOUR_US
    mended = _mended(rules, evidence, until_us)
    first = found.first
    if grace.exceeded is GraceExceeded.FORGIVEN:
        first = np.maximum(first, local_days(until_us).astype(np.int64) - rules.season.first_day)
    in_time = mended < NEVER
    return replace(
        found,
        ended=found.ended | in_time,
        end=np.minimum(found.end, mended),
        closed=found.closed | in_time,
        first=np.where(in_time, NEVER, first),
    )


def _mended(rules: ClaimRules, evidence: DayEvidence, until_us: Exact) -> Exact:
    """Find the day of a passing evidence after the first failing one and not after `until_us`; NEVER where none is."""
    failed = _first_failing(evidence)
    passing = _passing_tests(evidence.proofs)
    in_time = (passing.at_us <= until_us[passing.claim]) & (passing.moment > failed[passing.claim])
    by_test = earliest(passing.claim[in_time], passing.day[in_time].astype(np.int64), len(failed))
    day = np.arange(len(rules.days), dtype=np.int64)
    midnights = day_start_us(rules.season.first_day) + day * DAY_US
    others = compliant_by_others(evidence) & (day > (failed // MOMENTS_OF_DAY)[:, None])
    return np.minimum(by_test, first_days(others & (midnights <= until_us[:, None])))


def compliant_by_others(evidence: DayEvidence) -> Mask:
    """Mark the days that are 合格 by the series or by presumption."""
    by_others = (evidence.kind == Kind.FIXED_POINT_SERIES) | (evidence.kind == Kind.PRESUMPTION)
    compliant: Mask = by_others & (evidence.outcome == Outcome.COMPLIANT)
    return compliant
