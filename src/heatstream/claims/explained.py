"""A finding told to a person: what counted, what was excluded and by whom, and what would have altered it.

The household-day is read again up to the batch that its run read, and judged anew; where that does not give what was
found, because readings were deleted or the registry has changed, no nearest change is told.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims.law import restored
from heatstream.core.calendar import DAY_US, MINUTE_US, day_of, day_start_us
from heatstream.core.finding import Outcome, Reason
from heatstream.core.grid import Grid
from heatstream.core.marks import Kind
from heatstream.core.standard import DayRules, Statistic
from heatstream.core.units import Mask
from heatstream.errors import HeatstreamError
from heatstream.evidence.series import PointDays, Series, grids, micros, point_days, rows_of, series
from heatstream.rules.explain import Excluded, Found, LeftOut, Room, explain
from heatstream.rules.nearest import HomeDay, Nearest, nearest, said
from heatstream.rules.policy import Policy
from heatstream.rules.sentences import Line
from heatstream.store import household_days, policies
from heatstream.store.household_days import NO_ROOM, ROOM_KINDS
from heatstream.store.marks import DAY
from heatstream.store.quality import Exclusion
from heatstream.store.read.rows import AnyRow
from heatstream.store.timescale import LOCAL

EVIDENCE: Final = 1
"""Grade of a finding that is evidence."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A finding's sentences, and the nearest change that they tell."""

    lines: list[Line]
    change: Nearest | None
    """None = the finding cannot be made anew from what is stored now."""


@dataclass(frozen=True, slots=True)
class _Again:
    """A household-day as it is stored now, up to the batch that its run read."""

    rules: DayRules
    home: HomeDay
    left_out: dict[str, LeftOut]
    """By device."""
    excluded: list[Excluded]


async def of_finding(
    conn: AsyncConnection, finding: AnyRow, rooms: Sequence[AnyRow], *, with_amounts: bool = True
) -> Explained:
    """Explain a finding as `read.findings` gives it, with its rooms as `read.statistics.of_household` does.

    Parameters
    ----------
    with_amounts : whoever asks may know the amounts of a home
    """
    canonical = await policies.canonical(conn, finding.policy_id)
    policy = _restored(canonical)
    again = await _again(conn, policy, finding) if policy and finding.period_kind == DAY else None
    change = await asyncio.to_thread(_nearest, again, finding, policy) if again and policy else None
    told = [_room(room, again) for room in rooms]
    excluded = again.excluded if again else []
    found = _found(finding)
    lines = explain(found, told, canonical, excluded=excluded, change=change, with_amounts=with_amounts)
    return Explained([*lines, _made_by(finding)], change)


def _restored(canonical: str) -> Policy | None:
    """Make the policy again; None where this release cannot read what an earlier one kept."""
    try:
        return restored(canonical)
    except (HeatstreamError, ValueError):
        return None


def _nearest(again: _Again, finding: AnyRow, policy: Policy) -> Nearest | None:
    """Find the nearest change, where the day judged anew is the finding."""
    now = said(again.home, again.rules)
    if (now.outcome, now.value_centi) != (finding.outcome, finding.value_centi):
        return None
    if again.home.grids and now.slots_valid != finding.slots_valid:
        return None
    made = policy.law_on(again.rules.day).choices.made().keys() - policy.law_on(again.rules.day).pack.settles.keys()
    return nearest(again.home, again.rules, made)


# --- the day, read again ----------------------------------------------------------------------------------------------


async def _again(conn: AsyncConnection, policy: Policy, finding: AnyRow) -> _Again:
    day = day_of(finding.period_from)
    rules = policy.day_rules(day)
    ids, night_to_min = [finding.household_id], rules.windows.night_to_min
    measured = await point_days(conn, finding.period_from, ids, night_to_min, finding.through_batch)
    [household] = await household_days.households(conn, finding.period_from, ids)
    found = series(measured, day_start_us(day))
    counting = _counting(measured, policy.law_on(day).rooms())
    home = HomeDay(
        grids=tuple(grid for place, grid in _one_row_each(found, measured, rules) if place in counting),
        areas=tuple(each.area for place, each in enumerate(measured.points) if place in counting),
        limit_centi=rules.standard_centi if finding.limit_centi is None else finding.limit_centi,
        stopped=household.stopped,
    )
    return _Again(rules, home, _left_out(found, measured, rules), _excluded(found, measured))


def _counting(measured: PointDays, kinds: Sequence[str] | None) -> set[int]:
    """Find the points whose room the standard holds for; one without a registered room counts."""
    wanted = {NO_ROOM, *(ROOM_KINDS.index(kind) for kind in kinds or ROOM_KINDS)}
    return {place for place, each in enumerate(measured.points) if each.room_kind in wanted}


def _one_row_each(found: Series, measured: PointDays, rules: DayRules) -> list[tuple[int, Grid]]:
    """Lay each point by itself, in the order of the points."""
    slot_min = np.array([each.interval_min for each in measured.points], np.int32)
    rows = [
        (int(place), _row(grid, row))
        for places, grid in grids(found, slot_min, rules.day, rules.windows)
        for row, place in enumerate(places)
    ]
    return sorted(rows, key=lambda each: each[0])


def _row(grid: Grid, row: int) -> Grid:
    one = slice(row, row + 1)
    return replace(
        grid,
        temp_centi=grid.temp_centi[one],
        valid=grid.valid[one],
        readings=grid.readings[one],
        conflicts=grid.conflicts[one],
    )


def _left_out(found: Series, measured: PointDays, rules: DayRules) -> dict[str, LeftOut]:
    """Count what counts for nothing, by point: all that is stored less what is evidence, and so on."""
    start_us = day_start_us(rules.day)
    begin, end = (start_us + minute * MINUTE_US for minute in rules.counted_min)
    today = found.observed_us < start_us + DAY_US
    outside = today & ~found.set_aside & ((found.observed_us < begin) | (found.observed_us >= end))
    stored, evidence = _stored(measured, start_us), _evidence(measured, start_us)
    kept = Counter(found.row[today].tolist())
    reviewed, unseasonal = (Counter(found.row[mask].tolist()) for mask in (today & found.set_aside, outside))
    return {
        each.device: LeftOut(
            reviewed=reviewed[place],
            neither=evidence[place] - kept[place],
            no_evidence=stored[place] - evidence[place],
            outside_season=unseasonal[place],
        )
        for place, each in enumerate(measured.points)
    }


def _stored(measured: PointDays, start_us: int, within: Mask | None = None) -> Counter[int]:
    """Count the stored readings of the statutory day, by place of their point."""
    ids = np.array([each.id for each in measured.points], np.int64)
    row = rows_of(ids, measured.readings["point_id"].astype(np.int64))
    wanted = (row >= 0) & (measured.readings["observed_at"] < start_us + DAY_US)
    return Counter(row[wanted if within is None else wanted & within].tolist())


def _evidence(measured: PointDays, start_us: int) -> Counter[int]:
    """Count those measured since the acceptance and within the installation."""
    inside = np.zeros(len(measured.readings), np.bool_)
    at = measured.readings["observed_at"]
    for each in measured.points:
        mine = measured.readings["point_id"] == each.id
        inside |= mine & (at >= micros(each.evidence_from)) & (at < micros(each.evidence_to))
    return _stored(measured, start_us, inside)


def _excluded(found: Series, measured: PointDays) -> list[Excluded]:
    place = {each.id: at for at, each in enumerate(measured.points)}
    return [_told(found, measured, each, place[each.point_id]) for each in measured.exclusions]


def _told(found: Series, measured: PointDays, each: Exclusion, row: int) -> Excluded:
    inside = (found.observed_us >= micros(each.begins)) & (found.observed_us <= micros(each.ends))
    readings = (found.row == row) & inside
    return Excluded(
        device=measured.points[row].device,
        kind=Kind[each.kind.upper()],
        begins=each.begins.astimezone(LOCAL),
        ends=each.ends.astimezone(LOCAL),
        readings=int(readings.sum()),
        mark_id=each.mark_id,
        officer=each.officer,
        reason=each.reason,
    )


# --- rows as the explanation wants them -------------------------------------------------------------------------------


def _found(finding: AnyRow) -> Found:
    return Found(
        day=finding.period_from,
        outcome=Outcome(finding.outcome),
        reason=Reason(finding.reason),
        statistic=Statistic(finding.statistic),
        value_centi=finding.value_centi,
        limit_centi=finding.limit_centi,
        margin_centi=finding.margin_centi,
        slots_valid=finding.slots_valid,
        slots_expected=finding.slots_expected,
        tier=finding.tier,
        tier_at_least=finding.tier_at_least,
        computed_fen=finding.computed_fen,
        entitlement_fen=finding.entitlement_fen,
        ruled_fen=finding.ruled_fen,
        evidence=finding.grade == EVIDENCE,
    )


def _room(room: AnyRow, again: _Again | None) -> Room:
    return Room(
        device=room.point,
        kind=room.room_kind,
        readings=room.readings,
        conflicts=room.conflicts,
        slots_valid=room.slots_valid,
        slots_expected=room.slots_expected,
        min_centi=room.min_centi,
        below_min=room.below_min,
        longest_below_min=room.longest_below_min,
        left_out=again.left_out.get(room.point) if again else None,
    )


def _made_by(finding: AnyRow) -> Line:
    law, batch, code = finding.policy_hash.hex()[:16], finding.through_batch, finding.code_version
    return Line(
        f"规则与选择 {law}，数据截至批次 {batch}，程序版本 {code}",
        f"Policy {law}, data through batch {batch}, code {code}",
    )
