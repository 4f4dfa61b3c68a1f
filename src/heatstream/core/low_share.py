"""What low temperature gives back: shares of the fee of days, tests and presumptions (docs/claims.md, section 4).

A share is num / (common x whole): `common` is one number of the rules, `whole` the billed area where the failing rooms'
area is weighed, else 1.
"""

from dataclasses import dataclass
from math import lcm

import numpy as np

from heatstream.core.claim_facts import ClaimFacts
from heatstream.core.claim_rules import ClaimRules
from heatstream.core.groups import Groups
from heatstream.core.standard import FeeScope, Ratio, Tier, tier_of
from heatstream.core.units import Count, Exact, Mask, Small


@dataclass(frozen=True, slots=True)
class LowShares:
    """Arrays of one shape."""

    known: Mask
    """False = the share cannot be said."""
    num: Exact
    whole: Exact


@dataclass(frozen=True, slots=True)
class JudgedTests:
    """Arrays (tests,)."""

    moved_halves: Exact
    """The temperature, moved by the guard band [halves of 0.01 °C]."""
    failing: Mask
    shares: LowShares
    """Not looked at where `failing` is false."""


def common_den(rules: ClaimRules) -> int:
    """Find one denominator for every ratio that the rules know."""
    dens = [tier.ratio.den for tier in _every_tier(rules)]
    return lcm(*dens, rules.refund.day_cap.den, rules.outage.ratio.den if rules.outage else 1)


def _every_tier(rules: ClaimRules) -> list[Tier]:
    return [tier for tiers in {rules.tiers, *(day.tiers for day in rules.days)} for tier in tiers]


def most_ratio(rules: ClaimRules) -> int:
    """Find the highest ratio of any tier, over `common_den`."""
    common = common_den(rules)
    return max((over(tier.ratio, common) for tier in _every_tier(rules)), default=0)


def over(ratio: Ratio, den: int) -> int:
    """Write a ratio over a multiple of its denominator."""
    return ratio.num * (den // ratio.den)


def _numerators(tiers: tuple[Tier, ...], common: int) -> Exact:
    return np.array([over(tier.ratio, common) for tier in tiers] or [0], np.int64)


def numerators(rules: ClaimRules) -> Exact:
    """Write the ratios of the claim's tiers over `common_den`."""
    return _numerators(rules.tiers, common_den(rules))


def judged_tests(facts: ClaimFacts, rules: ClaimRules) -> JudgedTests:
    """Judge tests by the claim's pack against the household's standard."""
    tests = facts.tests
    limit = 2 * facts.standard_centi[tests.claim].astype(np.int64)
    moved = tests.value_halves + 2 * rules.guard_centi
    tier, found = _tier(moved, limit, rules)
    if rules.scope is FeeScope.WHOLE_DWELLING:
        num = numerators(rules)[tier]
        shares = LowShares(found, num, np.ones(len(num), np.int64))
    else:
        shares = _of_tested_rooms(facts, rules, limit)
    return JudgedTests(moved, moved < limit, shares)


def _tier(moved: Exact, limit: Exact, rules: ClaimRules) -> tuple[Small, Mask]:
    shift = limit - 2 * rules.standard_centi if rules.by_deviation else 0
    tier, found, _ = tier_of(moved - shift, rules.tiers, rules.overlap)
    return tier, found


def _of_tested_rooms(facts: ClaimFacts, rules: ClaimRules, limit: Exact) -> LowShares:
    """Give each room its own tier."""
    rooms = facts.tests.rooms
    moved, room_limit = rooms.value_halves + 2 * rules.guard_centi, limit[rooms.test]
    tier, found = _tier(moved, room_limit, rules)
    ratio = numerators(rules)[tier]
    failing = _FailingRooms(rooms.test, rooms.area, ratio, moved < room_limit, found)
    return _weighed(failing, facts.billed_area[facts.tests.claim])


@dataclass(frozen=True, slots=True)
class _FailingRooms:
    """Arrays (rooms,), sorted by the row they belong to: a test, or a day of a claim."""

    row: Count
    area: Count
    ratio: Exact
    failing: Mask
    tiered: Mask


def _weighed(rooms: _FailingRooms, billed: Count) -> LowShares:
    """Weigh the failing rooms of each row by their area over the billed area.

    Source: Beijing contract, 退费额 = 日热费单价 × 卧室、起居室建筑面积 × 天数 × 比例.
    """
    groups = Groups.of(rooms.row, len(billed))
    ratio = np.where(rooms.failing & rooms.tiered, rooms.ratio, 0)
    paid_area = np.where(ratio > 0, rooms.area, 0).astype(np.int64)
    said = ~rooms.failing | (rooms.tiered & ((ratio == 0) | (rooms.area > 0)))
    # Rooms measured larger than the bill cannot give back more than the bill.
    whole = np.maximum(billed.astype(np.int64), groups.spread(groups.sum(paid_area)))
    num = groups.spread(groups.sum(ratio * paid_area))
    return LowShares(groups.spread(groups.all(said)) & (billed > 0), num, np.maximum(whole, 1))


def presumed_shares(facts: ClaimFacts, rules: ClaimRules) -> LowShares:
    """Give presumptions the share of their band, whole dwelling."""
    claim, failing, tier = facts.presumptions.claim, facts.presumptions.failing, facts.presumptions.tier
    whole = np.ones(len(claim), np.int64)
    if rules.scope is FeeScope.FAILING_ROOMS_AREA:
        whole = np.maximum(facts.billed_area[claim].astype(np.int64), 1)
    num = numerators(rules)[np.where(failing, tier, 0)]
    return LowShares(np.ones(len(claim), np.bool_), num * whole, whole)


def series_shares(facts: ClaimFacts, rules: ClaimRules) -> LowShares:
    """Give every day of the series the share of its tier, by the pack of that day; matrices (claims, days).

    Not looked at where the series does not fail. `whole` has one column where the whole dwelling is counted.
    """
    series, common = facts.series, common_den(rules)
    if rules.scope is FeeScope.WHOLE_DWELLING:
        num = _by_day(rules, series.tier, None, common)
        return LowShares(series.tiered, num, np.ones((len(facts), 1), np.int64))
    return _of_failing_rooms(facts, rules, common)


def _by_day(rules: ClaimRules, tier: Small, day: Count | None, common: int) -> Exact:
    """Look ratios up: of matrices by their columns, of rows by `day`."""
    first = rules.days[0].tiers
    if all(each.tiers == first for each in rules.days):
        return _numerators(first, common).take(tier, mode="clip")
    by_day = [_numerators(each.tiers, common) for each in rules.days]
    table = np.zeros((len(by_day), max(map(len, by_day))), np.int64)
    for place, numerators in enumerate(by_day):
        table[place, : len(numerators)] = numerators
    return table[np.arange(len(by_day)) if day is None else day, tier]


def _of_failing_rooms(facts: ClaimFacts, rules: ClaimRules, common: int) -> LowShares:
    rooms, (claims, days) = facts.series.failing_rooms, facts.series.outcome.shape
    ratio = _by_day(rules, rooms.tier, rooms.day, common)
    cell = (rooms.claim.astype(np.int64) * days + rooms.day).astype(np.int32)
    failing = _FailingRooms(cell, rooms.area, ratio, np.ones(len(cell), np.bool_), rooms.tiered)
    shares = _weighed(failing, np.repeat(facts.billed_area, days))
    shape = (claims, days)
    return LowShares(shares.known.reshape(shape), shares.num.reshape(shape), shares.whole.reshape(shape))
