"""Failing in a row after the request (docs/claims.md, section 3; Luoyang 29: 室温连续四十八小时以上不达标)."""

import numpy as np

from heatstream.core.calendar import MINUTE_US
from heatstream.core.claim_facts import ClaimFacts, Series
from heatstream.core.claim_rules import ClaimRules, Continuity, ContinuityBy, Kind
from heatstream.core.period import HOUR_US, Period, compliant_by_others
from heatstream.core.tests_of_day import MOMENTS_OF_DAY, DayEvidence, Proofs, request_days
from heatstream.core.units import Exact, Mask


def failed_in_a_row(
    facts: ClaimFacts, rules: ClaimRules, asked: Continuity, evidence: DayEvidence, period: Period
) -> Mask:
    """Say which households failed so long without a break as the rules ask, (claims,)."""
    shown = np.zeros(len(facts), np.bool_)
    if asked.by is not ContinuityBy.TESTS and Kind.FIXED_POINT_SERIES in rules.precedence:
        shown |= longest_below_us(facts, rules, asked, period) >= asked.hours * HOUR_US
    if asked.by is not ContinuityBy.SERIES:
        shown |= _failed_between_tests(facts, asked, evidence, period)
    return shown


def longest_below_us(facts: ClaimFacts, rules: ClaimRules, asked: Continuity, period: Period) -> Exact:
    """Measure the longest time below that the series shows after the request and to the end, (claims,) [µs].

    A piece goes on over midnight where both days are below there, and through a day that is below from 00:00 to 24:00
    or recovers in it for less than `break_after_min`.
    """
    begins_us, ends_us = rules.season.parts_us()
    asked_day = request_days(facts, rules)
    longest = carried = np.zeros(len(facts), np.int64)
    for day in range(len(rules.days)):
        after_us = np.maximum(facts.request_us, begins_us[day])
        looked_at = (day >= asked_day) & (day <= period.end)
        whole, start, end, inside = _pieces(facts.series, day, ends_us[day] - begins_us[day], asked)
        start = np.maximum(begins_us[day] + start - after_us, 0)
        rest = ends_us[day] - after_us
        inside = np.where(day == asked_day, 0, inside)
        longest = np.where(looked_at, np.maximum.reduce([longest, carried + start, inside]), longest)
        carried = np.where(looked_at, np.where(whole, carried + rest, np.minimum(end, rest)), 0)
        longest = np.maximum(longest, carried)
    return longest


def _pieces(series: Series, day: int, length_us: int, asked: Continuity) -> tuple[Mask, Exact, Exact, Exact]:
    """Tell of a day whether it is below from its start to its end, and its first, last and longest piece [µs]."""
    minutes = (series.below_at_start_min, series.below_at_end_min, series.longest_below_min)
    start, end, inside = (column[:, day].astype(np.int64) * MINUTE_US for column in minutes)
    short_break = (start > 0) & (end > 0) & (length_us - start - end < asked.break_after_min * MINUTE_US)
    return (start >= length_us) | (series.complete[:, day] & short_break), start, end, inside


def _failed_between_tests(facts: ClaimFacts, asked: Continuity, evidence: DayEvidence, period: Period) -> Mask:
    """Find two failing proofs so far apart without any passing evidence between them."""
    failing = _after_request(evidence.proofs.take(evidence.proofs.failing), facts, period)
    first, last = _between_passes(failing, evidence)
    ids, place = np.unique(first, return_inverse=True)
    earliest = np.full(len(ids), np.iinfo(np.int64).max)
    np.minimum.at(earliest, place, failing.at_us)
    found = np.minimum(np.searchsorted(ids, last), max(len(ids) - 1, 0))
    far = np.zeros(len(facts), np.bool_)
    if len(ids):
        apart = (ids[found] == last) & (failing.at_us - earliest[found] >= asked.hours * HOUR_US)
        far[failing.claim[apart]] = True
    return far


def _after_request(proofs: Proofs, facts: ClaimFacts, period: Period) -> Proofs:
    later = proofs.at_us > facts.request_us[proofs.claim]
    return proofs.take(later & (proofs.day <= period.end[proofs.claim]))


def _between_passes(failing: Proofs, evidence: DayEvidence) -> tuple[Exact, Exact]:
    """Number the stretch between passes in which each failing proof is the first, and that in which it is the last.

    They differ only where it stands at the very moment of a pass.
    """
    claims, days = np.nonzero(compliant_by_others(evidence))
    tests = evidence.proofs.take(~evidence.proofs.failing & evidence.proofs.measured)
    moments = np.concatenate([tests.moment, days * MOMENTS_OF_DAY, failing.moment])
    _, rank = np.unique(moments, return_inverse=True)
    claim = np.concatenate([tests.claim, claims, failing.claim]).astype(np.int64)
    key = claim * (len(rank) + 1) + rank
    passes, fails = np.sort(key[: len(key) - len(failing)]), key[len(key) - len(failing) :]
    apart = failing.claim * np.int64(len(passes) + 1)
    return apart + np.searchsorted(passes, fails, "right"), apart + np.searchsorted(passes, fails, "left")
