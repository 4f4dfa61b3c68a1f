"""The facts of many claims of one season under one `ClaimRules`, as arrays (docs/claims.md, section 1).

Rows that a claim may have any number of lie flat, with the claim's place beside them; what every day of the season has
is a matrix (claims, days), its first column the season's first local day. A `day` is a place in the season, from 0; a
name that ends in `_day` is a local day since 1970-01-01.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from heatstream.core.claim_rules import ClaimRules
from heatstream.core.standard import FeeScope
from heatstream.core.units import Count, Days, Exact, Fen, Mask, Micros, Small


@dataclass(frozen=True, slots=True)
class RoomTests:
    """Tested rooms, one a row, sorted by test; only FAILING_ROOMS_AREA looks at them."""

    test: Count
    """Row of the room's test, never falling."""
    value_halves: Exact
    """As measured [halves of 0.01 °C]."""
    area: Count
    """[0.01 m²]; 0 = not registered."""

    @classmethod
    def none(cls) -> Self:
        return cls(_no_counts(), np.zeros(0, np.int64), _no_counts())


@dataclass(frozen=True, slots=True)
class Tests:
    """Valid tests, one a row, sorted by claim; in any order within one."""

    claim: Count
    """Place of the claim, never falling."""
    at_us: Micros
    """Instant of the stable reading [µs since 1970-01-01T00:00Z]."""
    kind: Small
    """Kind; THIRD_PARTY, AUTHORITY_VISIT or COMPANY_VISIT."""
    value_halves: Exact
    """The lowest tested room's temperature, or the joint value of several measurements, as measured [halves of
    0.01 °C, `standard.halves`]."""
    rooms: RoomTests

    @classmethod
    def none(cls) -> Self:
        return cls(_no_counts(), np.zeros(0, np.int64), np.zeros(0, np.int8), np.zeros(0, np.int64), RoomTests.none())


@dataclass(frozen=True, slots=True)
class Presumptions:
    """Presumptions that an officer recorded, one a row, sorted by claim; at most one a claim and day."""

    claim: Count
    local_day: Days
    """Its local day [days since 1970-01-01]."""
    failing: Mask
    """True 不达标 is presumed, false 合格."""
    tier: Small
    """Place in the claim's tiers of the presumed band; not looked at where `failing` is false."""

    @classmethod
    def none(cls) -> Self:
        return cls(_no_counts(), _no_counts(), np.zeros(0, np.bool_), np.zeros(0, np.int8))


@dataclass(frozen=True, slots=True)
class Outages:
    """停供, one a row, sorted by claim; they may lie over one another."""

    claim: Count
    start_us: Micros
    end_us: Micros
    """Not looked at where `running` is true."""
    running: Mask
    """It has no end yet: it lasts to the end of the newest closed day."""
    cause: Small
    """Cause."""

    @classmethod
    def none(cls) -> Self:
        return cls(
            _no_counts(), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.bool_), np.zeros(0, np.int8)
        )


@dataclass(frozen=True, slots=True)
class FailingRooms:
    """Rooms that the series finds failing, one a row, by claim and day; only FAILING_ROOMS_AREA looks at them."""

    claim: Count
    day: Count
    tiered: Mask
    """`tier` stands."""
    tier: Small
    """Place in that day's tiers."""
    area: Count
    """[0.01 m²]; 0 = not registered."""

    @classmethod
    def none(cls) -> Self:
        return cls(_no_counts(), _no_counts(), np.zeros(0, np.bool_), np.zeros(0, np.int8), _no_counts())


@dataclass(frozen=True, slots=True)
class Series:
    """What the fixed points found of each day, matrices (claims, days); the conditions of the standard taken as met."""

    outcome: Small
    """finding.Outcome; 0 = no finding. A day that is not closed has none."""
    tiered: Mask
    """`tier` stands."""
    tier: Small
    """Place in that day's tiers, `ClaimRules.days`."""
    tier_at_least: Mask
    """The tier is a lower bound."""
    conflict: Mask
    """An instant has two values and no decision."""
    complete: Mask
    """Every slot of the day that is in the season has a reading that counts."""
    below_at_start_min: Count
    """Time below the standard from the day's first counted slot on, in one piece [min]."""
    below_at_end_min: Count
    """Time below up to the day's last counted slot, in one piece [min]."""
    longest_below_min: Count
    """Longest time below in one piece [min]."""
    failing_rooms: FailingRooms

    @classmethod
    def none(cls, claims: int, days: int) -> Self:
        """Nothing was measured by fixed points."""
        shape = (claims, days)
        return cls(
            outcome=np.zeros(shape, np.int8),
            tiered=np.zeros(shape, np.bool_),
            tier=np.zeros(shape, np.int8),
            tier_at_least=np.zeros(shape, np.bool_),
            conflict=np.zeros(shape, np.bool_),
            complete=np.zeros(shape, np.bool_),
            below_at_start_min=np.zeros(shape, np.int32),
            below_at_end_min=np.zeros(shape, np.int32),
            longest_below_min=np.zeros(shape, np.int32),
            failing_rooms=FailingRooms.none(),
        )


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """Arrays (claims,) and matrices (claims, days)."""

    request_us: Micros
    """Instant of the request [µs since 1970-01-01T00:00Z]."""
    opened: Small
    """Opened: by which way."""
    handled: Mask
    """The company said that it has mended the cause."""
    handled_us: Micros
    """When; not looked at where `handled` is false."""
    through_day: Days
    """Newest closed local day; the day before the season, or earlier, where none is closed."""
    cause: Small
    """Cause; UNKNOWN where nobody has recorded one."""
    residential: Mask
    fee_registered: Mask
    """`fee_fen`, `outage_fee_fen` and `paid` stand."""
    fee_fen: Fen
    """The season's fee that a share is taken of: due or paid, net of the base fee, as the rules say [fen]."""
    outage_fee_fen: Fen
    """What an outage's share is taken of [fen]: `fee_fen`, but for metered households where
    `OutageRules.metered_base_fee`."""
    paid: Mask
    """The whole fee due is paid."""
    standard_centi: Count
    """The standard of each household for tests [0.01 °C], `standard.standards`."""
    billed_area: Count
    """计费面积 [0.01 m²], 0 = not registered; only FAILING_ROOMS_AREA looks at it."""
    tests: Tests
    presumptions: Presumptions
    outages: Outages
    series: Series
    condition: Small
    """The standard's conditions on each day: 0 unknown, 1 met, 2 not met; only looked at where the rules have any."""
    excluded_proved: Mask
    """An exclusion of that day is proved."""
    excluded_alleged: Mask
    """One is alleged, neither proved nor rejected."""
    stopped: Mask
    """报停"""

    def __len__(self) -> int:
        return len(self.request_us)


CONDITION_MET, CONDITION_NOT_MET = 1, 2


def _no_counts() -> Count:
    return np.zeros(0, np.int32)


def refuse_facts(facts: ClaimFacts, rules: ClaimRules) -> None:
    """Refuse facts that do not belong together; `entitlement.entitle` tells what is raised."""
    _refuse_shapes(facts, rules)
    for name in ("tests", "presumptions", "outages"):
        _refuse_claims(getattr(facts, name).claim, name, len(facts))
    _refuse_presumptions(facts.presumptions, rules)
    if np.any(~facts.outages.running & (facts.outages.start_us >= facts.outages.end_us)):
        raise ValueError("an outage ends before it starts, or at once")
    if np.any(facts.fee_fen < 0) or np.any(facts.outage_fee_fen < 0):
        raise ValueError("a fee below 0 fen: expected 0 or more")
    if rules.month is not None and rules.scope is FeeScope.FAILING_ROOMS_AREA:
        raise ValueError(f"pack {rules.pack_id} judges months, but weighs rooms: a month's mean has no failing room")


def _refuse_shapes(facts: ClaimFacts, rules: ClaimRules) -> None:
    if len(rules.days) != rules.season.dates:
        raise ValueError(f"rules of {len(rules.days)} days in a season of {rules.season.dates}")
    expected = (len(facts), len(rules.days))
    matrices = (facts.condition, facts.excluded_proved, facts.excluded_alleged, facts.stopped, facts.series.outcome)
    if seen := {matrix.shape for matrix in matrices} - {expected}:
        raise ValueError(f"matrices of {sorted(seen)}: expected {expected}, claims by days of the season")


def _refuse_claims(claim: Count, name: str, claims: int) -> None:
    if np.any(claim[1:] < claim[:-1]):
        raise ValueError(f"{name} are not sorted by claim")
    if claim.size and not 0 <= claim[0] <= claim[-1] < claims:
        raise ValueError(f"{name} of claims {claim[0]} to {claim[-1]}: expected 0 to {claims - 1}")


def _refuse_presumptions(presumed: Presumptions, rules: ClaimRules) -> None:
    if len(np.unique(np.stack([presumed.claim, presumed.local_day]), axis=1).T) != len(presumed.claim):
        raise ValueError("two presumptions of one claim and day: expected one")
    tier = presumed.tier[presumed.failing]
    if tier.size and not 0 <= tier.min() <= tier.max() < len(rules.tiers):
        raise ValueError(f"a presumption of tier {tier.min()} to {tier.max()}: expected 0 to {len(rules.tiers) - 1}")
