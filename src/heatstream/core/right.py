"""The conditions of the right: which are open, which are not met (docs/claims.md, section 6)."""

from dataclasses import dataclass

import numpy as np

from heatstream.core.calendar import local_days
from heatstream.core.claim_days import ClaimDays
from heatstream.core.claim_facts import ClaimFacts
from heatstream.core.claim_rules import Cause, ClaimRules, FixedPointOpens, Liability, Open, Opened, Unpaid
from heatstream.core.finding import Outcome
from heatstream.core.outage import obliges
from heatstream.core.period import some_day
from heatstream.core.tests_of_day import DayEvidence
from heatstream.core.units import Count, Mask

Pair = tuple[Mask, Mask]
"""Where a condition is undetermined, and where it is not met."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Days of low temperature, matrices (claims, days)."""

    counted: Mask
    apart: Mask
    """They would give something back, and wait for their conditions."""
    outage: Mask
    """Days on which an outage counts."""


def conditions(
    facts: ClaimFacts, rules: ClaimRules, evidence: DayEvidence, days: ClaimDays, counted: Counted
) -> tuple[Count, Count]:
    """Say what is open and what is denied, (claims,) bits of `Open` each."""
    closed = days.period.closed
    waiting = _waiting(facts, evidence, counted)
    no = np.zeros(len(facts), np.bool_)
    pairs: dict[Open, Pair] = {
        Open.ENTITLING_LAW: (np.full(len(facts), not rules.entitling), no),
        Open.OPENING: _opening(facts, rules, evidence, days),
        Open.EVIDENCE: _evidence(days, counted, waiting),
        Open.CAUSE: _cause(facts, rules, days, counted),
        Open.CONDITIONS: (some_day(counted.apart), no),
        Open.FEE: _fee(facts, rules.unpaid),
        Open.RESIDENT: (~facts.residential, no),
        Open.PERIOD: (~closed, no),
        Open.CONFLICT: (waiting, no),
    }
    return _bits(pairs, 0), _bits(pairs, 1)


def _bits(pairs: dict[Open, Pair], place: int) -> Count:
    bits: Count = np.bitwise_or.reduce(
        [np.where(pair[place], np.int32(bit), np.int32(0)) for bit, pair in pairs.items()]
    )
    return bits


def _waiting(facts: ClaimFacts, evidence: DayEvidence, counted: Counted) -> Mask:
    """Say where a day that counts, or is counted apart, waits for an officer's decision on two values."""
    conflict = facts.series.conflict & evidence.series_first
    return some_day(conflict & (counted.counted | counted.apart))


def _opening(facts: ClaimFacts, rules: ClaimRules, evidence: DayEvidence, days: ClaimDays) -> Pair:
    by_point = facts.opened == Opened.FIXED_POINT
    match rules.fixed_point_opens:
        case FixedPointOpens.YES:
            return np.zeros_like(by_point), np.zeros_like(by_point)
        case FixedPointOpens.NO | FixedPointOpens.ONLY_AS_EVIDENCE:
            return np.zeros_like(by_point), by_point
        case FixedPointOpens.AFTER_HANDLING:
            fails, closed = _fails_after_handling(facts, rules, evidence, days), days.period.closed
            denied = by_point & facts.handled & closed & ~fails
            return by_point & ~denied & ~(facts.handled & fails), denied


def _fails_after_handling(facts: ClaimFacts, rules: ClaimRules, evidence: DayEvidence, days: ClaimDays) -> Mask:
    """Say where a day later than the handling's, not after the end, fails by its own evidence."""
    day = np.arange(len(rules.days))
    handled = local_days(facts.handled_us).astype(np.int64) - rules.season.first_day
    later = (day > handled[:, None]) & (day <= days.period.end[:, None])
    return facts.handled & some_day(later & (evidence.outcome == Outcome.FAILING))


def _evidence(days: ClaimDays, counted: Counted, waiting: Mask) -> Pair:
    failing = counted.counted & days.failing
    fails, unsaid = some_day(failing), some_day(failing & ~days.low.known)
    doubtful = some_day((counted.counted | counted.apart) & days.doubtful) & ~fails
    met = (fails | some_day(counted.outage)) & ~unsaid & ~doubtful
    pending = fails | some_day(counted.apart) | waiting | doubtful
    denied = ~met & days.period.closed & ~pending
    return ~met & ~denied, denied


def anothers(facts: ClaimFacts, rules: ClaimRules) -> Mask:
    """Say where a cause is recorded that does not oblige."""
    met = obliges(facts.cause, rules.liability, source_pays_through_company=rules.source_pays_through_company)
    other: Mask = ~met & (facts.cause != Cause.UNKNOWN)
    return other


def _cause(facts: ClaimFacts, rules: ClaimRules, days: ClaimDays, counted: Counted) -> Pair:
    """Ask for the cause of what was cold; an outage was asked for its own."""
    cold = some_day((counted.counted | counted.apart) & days.failing)
    asked = cold | ~some_day(counted.outage)
    unknown = (facts.cause == Cause.UNKNOWN) & (rules.liability is not Liability.NONE)
    return asked & unknown, asked & anothers(facts, rules)


def _fee(facts: ClaimFacts, unpaid: Unpaid) -> Pair:
    owing = facts.fee_registered & ~facts.paid
    held = ~facts.fee_registered | (owing & (unpaid is Unpaid.HOLD))
    return held, owing & (unpaid is Unpaid.DENY)
