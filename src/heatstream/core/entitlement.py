"""应退热费 of many claims at once: docs/claims.md, sections 2 to 6, as arrays.

The literal twin says the same for one claim. What is not among the facts is not known.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from heatstream.core.amount import Due, due
from heatstream.core.claim_days import ClaimDays, claim_days
from heatstream.core.claim_facts import CONDITION_MET, CONDITION_NOT_MET, ClaimFacts, refuse_facts
from heatstream.core.claim_rules import ClaimRules
from heatstream.core.outage import outage_us
from heatstream.core.period import NEVER, some_day
from heatstream.core.refund import Shares
from heatstream.core.right import Counted, anothers, conditions
from heatstream.core.tests_of_day import evidence_of_days
from heatstream.core.units import Count, Days, Exact, Fen, Mask, Small

ALGORITHM_NAME = "entitlement/1"
"""Frozen: a change of any number below is a new one."""


class Right(IntEnum):
    """Whether there is an entitlement. Stored; never renumbered."""

    ENTITLED = 1
    """Every condition is met: `fen` is owed."""
    NOT_ENTITLED = 2
    """A condition is not met: nothing is owed."""
    UNDETERMINED = 3
    """None is denied and something is open: no entitlement stands."""


@dataclass(frozen=True, slots=True)
class Entitled:
    """Arrays (claims,) and matrices (claims, days); a day is a place in the season, from 0."""

    right: Small
    """Right."""
    open: Count
    """Bits of claim_rules.Open: conditions that are undetermined."""
    denied: Count
    """Bits of claim_rules.Open: conditions that are not met."""
    fen: Fen
    """What counted days and outages amount to, whatever the right says [fen]; owed where `right` is ENTITLED alone."""
    fen_if_alleged_proved: Fen
    """The same as if all that is alleged were proved (A23) [fen]."""
    at_least: Mask
    """`fen` is a lower bound: a day is unknown, counted apart, of a tier that is one, or of a share nobody can say."""
    begun: Mask
    """`begin_day` stands."""
    begin_day: Days
    """First local day of the period, inside or not by `start_inclusive`, whether it is left out or not."""
    ended: Mask
    """`end_day` stands: something has ended the period."""
    end_day: Days
    """Local day that ends the period, counted or not by `end_inclusive`."""
    closed: Mask
    """The period is closed."""
    counted: Mask
    """(claims, days) days of low temperature that count; days counted apart are not among them."""
    apart: Mask
    """(claims, days) days that would give something back and wait for their conditions."""
    shares: Shares
    """(claims, days) exact shares of the season's fee, the day's cap applied, outages included; `known` false where the
    share of a counted failing day cannot be said."""
    kind: Small
    """(claims, days) claim_rules.Kind that decides the day; 0 = none."""
    outcome: Small
    """(claims, days) finding.Outcome that stands: COMPLIANT or FAILING; 0 = unknown."""
    outage_us: Fen
    """(claims, days) time of each day that counts as outage [µs]."""

    def owed_fen(self) -> Fen:
        """Give 应退热费: `fen` where it is owed, else 0; it is stored as null where `right` is UNDETERMINED."""
        return np.where(self.right == Right.ENTITLED, self.fen, 0)


def entitle(facts: ClaimFacts, rules: ClaimRules) -> Entitled:
    """Compute the entitlement of each claim.

    Parameters
    ----------
    facts : of claims that share season and rules
    rules : `rules.days` holds one DayRules a column of the matrices

    Returns
    -------
    Entitled

    Raises
    ------
    ValueError
        Arrays of unlike lengths; rows not sorted by claim; two presumptions of one claim and day; a tier that is not
        there; FAILING_ROOMS_AREA by the month.
    """
    refuse_facts(facts, rules)
    evidence = evidence_of_days(facts, rules)
    days = claim_days(facts, rules, evidence)
    lasted_us = np.where(_gives_nothing(facts, rules), 0, outage_us(facts, rules))
    counted = _counted(facts, rules, days, lasted_us > 0)
    failing = counted.counted & days.failing
    amount = due(facts, rules, counted=failing, low=days.low, outage_us=lasted_us)
    open_, denied = conditions(facts, rules, evidence, days, counted)
    fen = amount.fen(rules.refund)
    return Entitled(
        right=_right(open_, denied),
        open=open_,
        denied=denied,
        fen=fen,
        fen_if_alleged_proved=_without_alleged(facts, rules, amount, fen),
        at_least=_at_least(days, counted),
        begun=days.period.begun,
        begin_day=_local(days.period.begin, rules),
        ended=days.period.ended,
        end_day=_local(days.period.end, rules),
        closed=days.period.closed,
        counted=counted.counted,
        apart=counted.apart,
        shares=Shares(~failing | days.low.known, amount.num, np.broadcast_to(amount.den, amount.num.shape)),
        kind=evidence.kind,
        outcome=evidence.outcome,
        outage_us=lasted_us,
    )


def _gives_nothing(facts: ClaimFacts, rules: ClaimRules) -> Mask:
    """Mark the days that are left out whatever gives back on them, (claims, days)."""
    left_out = facts.excluded_proved | facts.stopped
    left_out[:, : rules.exclude_first_days] = True
    left_out[:, left_out.shape[1] - rules.exclude_last_days :] = True
    return left_out


def _counted(facts: ClaimFacts, rules: ClaimRules, days: ClaimDays, outage: Mask) -> Counted:
    """Leave out what gives nothing, and set apart what waits for its conditions."""
    # Of another's cause what was cold owes nothing; where an outage counts, the right goes on for that alone.
    for_outages_alone = anothers(facts, rules) & some_day(outage)
    within = days.within & ~_gives_nothing(facts, rules) & ~for_outages_alone[:, None]
    if not rules.has_conditions:
        return Counted(within, np.zeros_like(within), outage)
    within &= facts.condition != CONDITION_NOT_MET
    gives = days.failing & (~days.low.known | (days.low.num > 0))
    apart = within & gives & (facts.condition != CONDITION_MET)
    return Counted(within & ~apart, apart, outage)


def _right(open_: Count, denied: Count) -> Small:
    undenied = np.where(open_ != 0, np.int8(Right.UNDETERMINED), np.int8(Right.ENTITLED))
    return np.where(denied != 0, np.int8(Right.NOT_ENTITLED), undenied)


def _without_alleged(facts: ClaimFacts, rules: ClaimRules, amount: Due, fen: Fen) -> Fen:
    if not facts.excluded_alleged.any():
        return fen
    return amount.fen(rules.refund, without=facts.excluded_alleged)


def _at_least(days: ClaimDays, counted: Counted) -> Mask:
    hidden = days.unknown | days.tier_at_least | (days.failing & ~days.low.known)
    return some_day((counted.counted & hidden) | counted.apart)


def _local(day: Exact, rules: ClaimRules) -> Days:
    return np.where(day < NEVER, day + rules.season.first_day, 0).astype(np.int32)
