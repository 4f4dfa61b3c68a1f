"""The evidence of each day: which kind stands, what it says, and which tests and presumptions stand with it.

docs/claims.md, section 2.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from heatstream.core.calendar import DAY_US, day_start_us, local_days
from heatstream.core.claim_facts import ClaimFacts
from heatstream.core.claim_rules import ClaimRules, Kind, SameDay
from heatstream.core.finding import Outcome
from heatstream.core.low_share import judged_tests, presumed_shares
from heatstream.core.units import Count, Exact, Mask, Micros, Small

Rows = NDArray[np.intp]
# 24:00 of a day is its own moment, before 00:00 of the next.
MOMENTS_OF_DAY = DAY_US + 1


@dataclass(frozen=True, slots=True)
class Proofs:
    """Tests and presumptions, one a row, arrays of one length."""

    claim: Count
    day: Count
    at_us: Micros
    """Instant: a presumption of 不达标 at 24:00 of its day, one of 合格 at 00:00."""
    moment: Exact
    """Instants numbered so that they rise by day first, then within it."""
    rank: Small
    """Place of its kind in the precedence."""
    failing: Mask
    measured: Mask
    """A test, not a presumption."""
    value_halves: Exact
    """Moved by the guard band [halves of 0.01 °C]; not looked at of presumptions."""
    known: Mask
    """The share can be said; it and `num`, `whole` (`low_share`) are not looked at where `failing` is false."""
    num: Exact
    whole: Exact

    def __len__(self) -> int:
        return len(self.claim)

    def take(self, rows: Rows | Mask) -> Self:
        return type(self)(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass(frozen=True, slots=True)
class DayEvidence:
    """Matrices (claims, days), and the proofs that stand."""

    kind: Small
    """Kind that stands; 0 = none."""
    outcome: Small
    """COMPLIANT or FAILING; 0 = unknown."""
    series_first: Mask
    """The series is accepted, and no kind before it stands."""
    proofs: Proofs
    """Those that stand, by claim and moment, of one moment the lowest temperature first."""
    deciding: Rows
    """Rows of `proofs` that decide their day."""


def evidence_of_days(facts: ClaimFacts, rules: ClaimRules) -> DayEvidence:
    """Find for every day from the request on the first kind of evidence with a decided value."""
    accepted = Kind.FIXED_POINT_SERIES in rules.precedence
    series_place = _ranks(rules)[Kind.FIXED_POINT_SERIES]
    rank = _ranks_by_series(facts, rules)
    offered = _offered(facts, rules)
    np.minimum.at(rank, (offered.claim, offered.day), offered.rank)
    proofs = offered.take(offered.rank == rank[offered.claim, offered.day])
    proofs = proofs.take(np.lexsort((proofs.value_halves, proofs.moment, proofs.claim)))
    deciding = _deciding(proofs, rules.same_day)
    outcome = np.where((rank == series_place) & accepted, facts.series.outcome, np.int8(0))
    decided = proofs.take(deciding)
    outcome[decided.claim, decided.day] = np.where(decided.failing, Outcome.FAILING, Outcome.COMPLIANT)
    return DayEvidence(
        kind=np.array([*rules.precedence, 0], np.int8).take(rank),
        outcome=outcome,
        series_first=(rank >= series_place) & accepted,
        proofs=proofs,
        deciding=deciding,
    )


def request_days(facts: ClaimFacts, rules: ClaimRules) -> Count:
    """Find the day of each request, counted from the season's first; it may lie outside."""
    return local_days(facts.request_us) - np.int32(rules.season.first_day)


def _ranks_by_series(facts: ClaimFacts, rules: ClaimRules) -> Small:
    """Rank each day as the series alone decides it: by the series' place, or after all."""
    none, outcome = np.int8(len(rules.precedence)), facts.series.outcome
    if Kind.FIXED_POINT_SERIES not in rules.precedence:
        return np.full(outcome.shape, none)
    days = np.arange(len(rules.days), dtype=np.int32)
    decided = (outcome == Outcome.COMPLIANT) | (outcome == Outcome.FAILING)
    decided &= days >= request_days(facts, rules)[:, None]
    return np.where(decided, _ranks(rules)[Kind.FIXED_POINT_SERIES], none)


def _offered(facts: ClaimFacts, rules: ClaimRules) -> Proofs:
    """Join tests and presumptions of accepted kinds, from the day of the request to the season's end."""
    tests, presumed = _tests(facts, rules), _presumptions(facts, rules)
    joined = Proofs(
        **{
            field.name: np.concatenate([getattr(tests, field.name), getattr(presumed, field.name)])
            for field in fields(Proofs)
        }
    )
    first = request_days(facts, rules)[joined.claim]
    accepted = joined.rank < len(rules.precedence)
    return joined.take(accepted & (joined.day >= first) & (joined.day >= 0) & (joined.day < len(rules.days)))


def _tests(facts: ClaimFacts, rules: ClaimRules) -> Proofs:
    tests, judged = facts.tests, judged_tests(facts, rules)
    day = local_days(tests.at_us) - np.int32(rules.season.first_day)
    within = (tests.at_us >= rules.season.start_us) & (tests.at_us < rules.season.end_us)
    return Proofs(
        claim=tests.claim,
        day=day,
        at_us=tests.at_us,
        moment=day * np.int64(MOMENTS_OF_DAY) + (tests.at_us - _midnights(day, rules)),
        rank=_ranks(rules)[tests.kind],
        failing=judged.failing,
        measured=np.ones(len(day), np.bool_),
        value_halves=judged.moved_halves,
        known=judged.shares.known,
        num=judged.shares.num,
        whole=judged.shares.whole,
    ).take(within)


def _presumptions(facts: ClaimFacts, rules: ClaimRules) -> Proofs:
    presumed, shares = facts.presumptions, presumed_shares(facts, rules)
    day = presumed.local_day - np.int32(rules.season.first_day)
    since_midnight = np.where(presumed.failing, DAY_US, 0)
    return Proofs(
        claim=presumed.claim,
        day=day,
        at_us=_midnights(day, rules) + since_midnight,
        moment=day * np.int64(MOMENTS_OF_DAY) + since_midnight,
        rank=np.full(len(day), _ranks(rules)[Kind.PRESUMPTION], np.int8),
        failing=presumed.failing,
        measured=np.zeros(len(day), np.bool_),
        value_halves=np.zeros(len(day), np.int64),
        known=shares.known,
        num=shares.num,
        whole=shares.whole,
    )


def _midnights(day: Count, rules: ClaimRules) -> Micros:
    return day_start_us(rules.season.first_day) + day.astype(np.int64) * DAY_US


def _ranks(rules: ClaimRules) -> Small:
    """Give each Kind its place in the precedence; a kind that is not accepted comes after all."""
    ranks = np.full(max(Kind) + 1, len(rules.precedence), np.int8)
    ranks[list(rules.precedence)] = np.arange(len(rules.precedence))
    return ranks


def _deciding(proofs: Proofs, same_day: SameDay) -> Rows:
    """Find the row of each claim and day that stands for it."""
    value, at = proofs.value_halves, proofs.at_us
    keys = (value, -at) if same_day is SameDay.LAST else (at, value)
    order = np.lexsort((*keys, proofs.day, proofs.claim))
    claim, day = proofs.claim[order], proofs.day[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (claim[1:] != claim[:-1]) | (day[1:] != day[:-1])
    return order[first]
