"""Judge household-days: from the rooms' statistics and the day's rules to 合格, 不达标, 无法判定 or 未监测."""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatstream.core.combine import evidence_together
from heatstream.core.evidence import MEANS, Evidence, evidence_of_rooms
from heatstream.core.groups import Groups
from heatstream.core.standard import DayRules, Rooms, Statistic, tier_of
from heatstream.core.statistic import DayStatistics
from heatstream.core.units import Centi, Count, Exact, Mask, Small


class Outcome(IntEnum):
    """Stored; never renumbered."""

    COMPLIANT = 1
    """合格"""
    FAILING = 2
    """不达标"""
    UNDETERMINED = 3
    """无法判定"""
    UNMONITORED = 4
    """未监测"""


class Reason(IntEnum):
    """Why a household-day is undetermined, or why a failing one has no tier. Stored; never renumbered."""

    NONE = 0
    COVERAGE = 1
    """Too few slots to find 合格, and no failure shown."""
    CONFLICT = 2
    """An instant with two values waits for an officer; it blocks 合格."""
    MEAN_UNDECIDED = 3
    """Too few slots for a mean, and the bounds of the gaps do not decide it."""
    STOPPED = 4
    """报停: the household has stopped its heat on that day."""
    OUTSIDE_SEASON = 5
    CONDITIONS = 6
    """The standard has conditions that nobody examined."""
    NO_TIERS = 7
    """Failing; nobody could read the pack's tiers, or none holds this temperature."""
    REFERRED = 8
    """Failing; two tiers claim this temperature, and the choice is to refer it to the authority."""
    NO_AREA = 9
    """Rooms weighted by area, and a room's area is not registered."""


class Change(IntEnum):
    """Why a household-day was judged, again or at all. Stored; never renumbered."""

    CLOSED = 1
    """The day was closed."""
    LATE_READINGS = 2
    CONFLICT_DECIDED = 3
    REGISTRY = 4
    POLICY = 5
    QUALITY_REVIEWED = 6
    """A reviewer excluded readings, or took them in again."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Arrays (households,), and those named `room_` (rooms,), in the order of the rows judged."""

    outcome: Small
    """Outcome."""
    reason: Small
    """Reason."""
    valued: Mask
    """A temperature decided: `value_centi` and `margin_centi` stand."""
    value_centi: Centi
    """The deciding value as measured, floored [0.01 °C]."""
    limit_centi: Centi
    """The standard the household was judged by."""
    margin_centi: Centi
    """Value, moved by the guard band, minus the standard, floored [0.01 K]."""
    decided_by: Count
    """Row of the room that decided, where `one_room` is true; not looked at elsewhere."""
    one_room: Mask
    """One room decided, not the rooms together."""
    tiered: Mask
    """`tier` stands."""
    tier: Small
    """Place in the rules' tiers, from 0; with rooms judged each for itself: the one with the highest ratio."""
    tier_at_least: Mask
    """The tier is a lower bound: coverage was partial or a conflict is open, and more readings could only lower it."""
    slots_valid: Count
    """Of the room with the least coverage."""
    slots_expected: Count
    """Of the same room."""
    conflicts: Count
    """Over all rooms."""
    below_min: Count
    """Most minutes below the standard of any room, 00:00-24:00; then 昼 and 夜."""
    day_below_min: Count
    night_below_min: Count
    day_valued: Mask
    """`day_min_centi` stands."""
    day_min_centi: Centi
    """Lowest slot of any room in 昼."""
    night_valued: Mask
    night_min_centi: Centi
    """Lowest slot of any room in 夜."""
    room_outcome: Small
    """(rooms,) Outcome of each room by itself."""
    room_tiered: Mask
    room_tier: Small


def judge(
    statistics: DayStatistics,
    household: Count,
    *,
    households: int,
    rules: DayRules,
    area: Count | None = None,
    stopped: Mask | None = None,
    least_limit_centi: Centi | None = None,
) -> Findings:
    """Judge one day of many households.

    Parameters
    ----------
    statistics : (rooms,), one row a point, and a point stands for its room; computed with
        `counted_min=rules.counted_min` and, as `limit_centi`, the household's standard (`standard.standards`)
    household : (rooms,) int32, 0 <= household < households, never falling; a household without a row is 未监测
    households : how many findings
    rules : of the day
    area : (rooms,) int32 [0.01 m²], 0 = not registered; needed by AREA_WEIGHTED and by FAILING_ROOMS_AREA
    stopped : (households,) bool, 报停 on that day
    least_limit_centi : (households,) int16 [0.01 °C], the lowest standard that may hold, where the limit of the
        statistics is the highest (`standard.law_standards`); a failure that the standards between them do not agree on
        stays undetermined (CONDITIONS). None = the limit holds

    Returns
    -------
    Findings

    Raises
    ------
    ValueError
        `household` falls or is out of range; the rooms of a household were held against unlike limits.

    Source: 不得低于 (Civil Code 1259: exactly the standard complies). Coverage is needed to find 合格, not to prove
    failure; a conflict blocks 合格; losing a reading never turns 无法判定 into 合格.
    """
    _refuse_rows(statistics, household, households)
    groups = Groups.of(household, households)
    if np.any(statistics.limit_centi != statistics.limit_centi[groups.starts][groups.group]):
        raise ValueError("rooms of one household were held against unlike limits")
    least = statistics.limit_centi if least_limit_centi is None else least_limit_centi[household]
    by_room = _seasonal(
        _decide_between(evidence_of_rooms(statistics, rules), statistics.limit_centi, least, rules), rules
    )
    if rules.rooms in (Rooms.MIN_ROOM, Rooms.EACH):
        row = _worst_rows(by_room, groups)
        whole = _worst_room(by_room, row, groups, rules)
    else:
        row = groups.starts
        whole = _seasonal(_together(statistics, least, groups, rules, area), rules)
    one_room = rules.rooms in (Rooms.MIN_ROOM, Rooms.EACH)
    whole = _stopped(whole, groups, stopped)
    return Findings(
        **_household_columns(whole, statistics.limit_centi[groups.starts], groups, rules),
        **_statistic_columns(statistics, groups),
        decided_by=groups.spread(row.astype(np.int32)),
        one_room=groups.spread(whole.valued & one_room),
        room_outcome=by_room.outcome,
        room_tiered=by_room.tiered,
        room_tier=by_room.tier,
    )


def _refuse_rows(statistics: DayStatistics, household: Count, households: int) -> None:
    if len(statistics) != len(household):
        raise ValueError(f"{len(statistics)} statistics of {len(household)} rooms: expected as many")
    if np.any(household[1:] < household[:-1]):
        raise ValueError("rooms are not sorted by household")
    if household.size and not 0 <= household[0] <= household[-1] < households:
        raise ValueError(f"households {household[0]} to {household[-1]}: expected 0 to {households - 1}")


@dataclass(frozen=True, slots=True)
class _Decided:
    """Arrays of one length, a room or a household each."""

    outcome: Small
    reason: Small
    value: Exact
    """[halves of 0.01 °C], moved by the guard band."""
    valued: Mask
    partial: Mask
    """Failing, and more readings could only lower the value."""
    tiered: Mask
    tier: Small


def _decide(evidence: Evidence, limit_centi: Centi, rules: DayRules) -> _Decided:
    """Decide each room or household by itself."""
    limit = 2 * limit_centi.astype(np.int64)
    counted = evidence.valued & evidence.sufficient
    failing, value = _failing(evidence, counted, limit, rules)
    kept = evidence.least_known & (evidence.least >= limit) & ~failing
    compliant = ~failing & ~evidence.conflict & (counted | kept)
    value = np.where(compliant & ~counted, evidence.least, value)
    shift = limit - 2 * rules.standard_centi if rules.by_deviation else 0
    tier, found, referred = tier_of(value - shift, rules.tiers, rules.overlap)
    failing, conditional = failing & (not rules.conditions_open), failing & rules.conditions_open
    return _Decided(
        outcome=np.select([failing, compliant], [Outcome.FAILING, Outcome.COMPLIANT], Outcome.UNDETERMINED).astype(
            np.int8
        ),
        reason=np.select(
            [
                conditional,
                failing & referred,
                failing & ~found,
                failing | compliant,
                evidence.conflict & evidence.sufficient,
            ],
            [Reason.CONDITIONS, Reason.REFERRED, Reason.NO_TIERS, Reason.NONE, Reason.CONFLICT],
            Reason.MEAN_UNDECIDED if rules.statistic in MEANS else Reason.COVERAGE,
        ).astype(np.int8),
        value=value,
        valued=evidence.valued,
        partial=failing & (~evidence.sufficient | evidence.conflict),
        tiered=failing & found,
        tier=tier,
    )


def _decide_between(evidence: Evidence, limit_centi: Centi, least_centi: Centi, rules: DayRules) -> _Decided:
    """Decide by the highest standard that may hold; leave open what the lowest would decide otherwise.

    What keeps the highest keeps them all. Time below was counted against the highest alone, so it shows no failure
    of the others.
    """
    decided = _decide(evidence, limit_centi, rules)
    if np.array_equal(limit_centi, least_centi):
        return decided
    other = _decide(evidence, least_centi, rules)
    agreed = (other.outcome == Outcome.FAILING) & (other.tiered == decided.tiered) & (other.tier == decided.tier)
    agreed &= rules.statistic is not Statistic.SUSTAINED_BELOW
    doubtful = (decided.outcome == Outcome.FAILING) & (least_centi < limit_centi) & ~agreed
    return _undetermined(decided, doubtful, Reason.CONDITIONS)


def _failing(evidence: Evidence, counted: Mask, limit: Exact, rules: DayRules) -> tuple[Mask, Exact]:
    """Say where a failure is shown, and the value that shows it."""
    if rules.statistic is Statistic.SUSTAINED_BELOW:
        return evidence.sustained, evidence.value
    measured = counted & (evidence.value < limit)
    shown = evidence.most_known & (evidence.most < limit)
    return measured | shown, np.where(shown & ~measured, evidence.most, evidence.value)


def _worst_rows(by_room: _Decided, groups: Groups) -> NDArray[np.intp]:
    """Find the room that decides: the coldest failing one, else the coldest; rooms without a value come last."""
    far = np.int64(1 << 40)
    failing = by_room.outcome == Outcome.FAILING
    return groups.row_of_least(np.where(by_room.valued, by_room.value, far) - np.where(failing, 2 * far, 0))


def _worst_room(by_room: _Decided, row: NDArray[np.intp], groups: Groups, rules: DayRules) -> _Decided:
    if groups.alone:
        return by_room
    outcome = _worst_outcome(by_room.outcome, groups)
    failing, undetermined = outcome == Outcome.FAILING, outcome == Outcome.UNDETERMINED
    same = by_room.outcome == outcome[groups.group]
    every = groups.most(np.where(same, by_room.reason, 0))
    untiered = groups.any((by_room.outcome == Outcome.FAILING) & ~by_room.tiered)
    by_each = rules.rooms is Rooms.EACH
    return _Decided(
        outcome=outcome,
        reason=np.where(undetermined | (failing & by_each), every, by_room.reason[row]),
        value=by_room.value[row],
        valued=by_room.valued[row],
        partial=failing & groups.any(by_room.partial | (by_room.outcome == Outcome.UNDETERMINED)),
        tiered=by_room.tiered[row] & ~(untiered & by_each),
        tier=by_room.tier[row],
    )


def _worst_outcome(outcome: Small, groups: Groups) -> Small:
    """One failing room fails the household; else one undetermined room leaves it undetermined."""
    # 合格 1 < 无法判定 3 < 不达标 2; the exchange of 2 and 3 undoes itself.
    rank = np.array([0, 1, 3, 2], np.int8)
    worst: Small = rank[groups.most(rank[outcome])]
    return worst


def _together(
    statistics: DayStatistics, least_centi: Centi, groups: Groups, rules: DayRules, area: Count | None
) -> _Decided:
    if rules.statistic is Statistic.SUSTAINED_BELOW:
        raise ValueError("SUSTAINED_BELOW has no mean over rooms; expected MIN_ROOM or EACH")
    weight = np.ones(len(statistics), np.int64)
    if rules.rooms is Rooms.AREA_WEIGHTED:
        weight = np.zeros_like(weight) if area is None else area.astype(np.int64)
    limits = statistics.limit_centi[groups.starts], least_centi[groups.starts]
    whole = _decide_between(evidence_together(statistics, weight, groups, rules), *limits, rules)
    unweighed = ~groups.all(weight > 0)
    return replace(whole, reason=np.where(unweighed, np.int8(Reason.NO_AREA), whole.reason))


def _seasonal(decided: _Decided, rules: DayRules) -> _Decided:
    """Outside the season nothing is promised, so nothing is decided and no value stands."""
    if rules.in_season:
        return decided
    return _undetermined(replace(decided, valued=np.zeros_like(decided.valued)), np.True_, Reason.OUTSIDE_SEASON)


def _stopped(whole: _Decided, groups: Groups, stopped: Mask | None) -> _Decided:
    """Leave undetermined who has stopped the heat; the season goes before it."""
    if stopped is None:
        return whole
    still = stopped[groups.household] & (whole.reason != Reason.OUTSIDE_SEASON)
    return _undetermined(whole, still, Reason.STOPPED)


def _undetermined(decided: _Decided, where: Mask | np.bool_, reason: Reason) -> _Decided:
    return replace(
        decided,
        outcome=np.where(where, np.int8(Outcome.UNDETERMINED), decided.outcome),
        reason=np.where(where, np.int8(reason), decided.reason),
        partial=decided.partial & ~where,
        tiered=decided.tiered & ~where,
    )


def _household_columns(whole: _Decided, limit_centi: Centi, groups: Groups, rules: DayRules) -> dict[str, NDArray[Any]]:
    moved = whole.value // 2
    return {
        "outcome": groups.spread(whole.outcome, Outcome.UNMONITORED),
        "reason": groups.spread(whole.reason),
        "valued": groups.spread(whole.valued),
        "value_centi": groups.spread((moved - rules.guard_centi).astype(np.int16)),
        "limit_centi": groups.spread(limit_centi, rules.standard_centi),
        "margin_centi": groups.spread((moved - limit_centi).astype(np.int16)),
        "tiered": groups.spread(whole.tiered),
        "tier": groups.spread(whole.tier),
        "tier_at_least": groups.spread(whole.partial & whole.tiered),
    }


def _statistic_columns(statistics: DayStatistics, groups: Groups) -> dict[str, NDArray[Any]]:
    valid, expected = statistics.slots_valid.astype(np.int64), statistics.slots_expected.astype(np.int64)
    barest = groups.row_of_least(valid * 1_000_000 // np.maximum(expected, 1))
    columns = {
        "slots_valid": groups.spread(statistics.slots_valid[barest].astype(np.int32)),
        "slots_expected": groups.spread(statistics.slots_expected[barest].astype(np.int32)),
        "conflicts": groups.spread(groups.sum(statistics.conflicts)),
    }
    for prefix in ("", "day_", "night_"):
        minutes = getattr(statistics, f"{prefix}below_min").astype(np.int32)
        columns[f"{prefix}below_min"] = groups.spread(groups.most(minutes))
    for prefix in ("day_", "night_"):
        columns |= _lowest_of_rooms(statistics, groups, prefix)
    return columns


def _lowest_of_rooms(statistics: DayStatistics, groups: Groups, prefix: str) -> dict[str, NDArray[Any]]:
    valid = getattr(statistics, f"{prefix}slots_valid") > 0
    lowest = groups.least(np.where(valid, getattr(statistics, f"{prefix}min_centi"), np.iinfo(np.int16).max))
    valued = groups.any(valid)
    return {
        f"{prefix}valued": groups.spread(valued),
        f"{prefix}min_centi": groups.spread(np.where(valued, lowest, np.int16(0))),
    }
