"""Everything that is stored of one household and period, as evidence holds it."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Table, Text, and_, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.evidence import ids
from heatstream.store.read.rows import AnyRow, Rows, at_most_one, every
from heatstream.store.tables import (
    building,
    claim,
    claim_event,
    claim_file,
    company,
    conflict_decision,
    contract,
    day_dirty,
    day_statistic,
    finding,
    finding_current,
    frozen_evidence,
    household,
    outdoor_day,
    point,
    policy,
    quality_mark,
    quality_review,
    reading,
    reading_conflict,
    room,
    ruling,
    run,
    stop_period,
)

LONGEST = dt.timedelta(days=400)
"""No period of a finding is longer: it bounds the partitions that are looked at."""
LEAST_HOMES = 5
"""Of fewer neighbours even an aggregate would tell of single homes."""


class Days(NamedTuple):
    """A range of local days, both ends inside."""

    first: dt.date
    last: dt.date

    def hold(self, day: ColumnElement[dt.date]) -> ColumnElement[bool]:
        return day.between(self.first, self.last)

    def touch(self, first: ColumnElement[dt.date], last: ColumnElement[dt.date]) -> ColumnElement[bool]:
        return (first <= self.last) & (last >= self.first)


class Span(NamedTuple):
    """Instants from `start` to `end`, the end not included."""

    start: dt.datetime
    end: dt.datetime

    def hold(self, instant: ColumnElement[dt.datetime]) -> ColumnElement[bool]:
        return (instant >= self.start) & (instant < self.end)


# --- the registry -----------------------------------------------------------------------------------------------------


async def home(conn: AsyncConnection, code: str) -> AnyRow | None:
    """Read a household and its building, by 户号."""
    query = select(
        household.c.id,
        household.c.building_id,
        household.c.code,
        household.c.kind,
        household.c.floor,
        household.c.valid_from,
        household.c.valid_to,
        building.c.code.label("building"),
        building.c.floors,
        building.c.built_year,
        building.c.renovated,
        building.c.open_ground_floor,
    )
    return await at_most_one(conn, query.join_from(household, building).where(household.c.code == code))


async def _of(conn: AsyncConnection, table: Table, household_id: int) -> Rows:
    return await every(conn, select(table).where(table.c.household_id == household_id).order_by(table.c.code))


async def rooms(conn: AsyncConnection, household_id: int) -> Rows:
    return await _of(conn, room, household_id)


async def stop_periods(conn: AsyncConnection, household_id: int) -> Rows:
    return await _of(conn, stop_period, household_id)


async def points(conn: AsyncConnection, household_id: int) -> Rows:
    """Read the installations, each with its room's code, by device and begin."""
    query = select(point, room.c.code.label("room")).select_from(point.outerjoin(room, point.c.room_id == room.c.id))
    mine = query.where(point.c.household_id == household_id)
    return await every(conn, mine.order_by(point.c.device, point.c.valid_from))


async def contracts(conn: AsyncConnection, household_id: int) -> Rows:
    """Read the contracts, each with its company's code, by begin and in the order they were registered."""
    query = select(contract, company.c.code.label("company")).join_from(contract, company)
    mine = query.where(contract.c.household_id == household_id)
    return await every(conn, mine.order_by(contract.c.valid_from, contract.c.id))


async def companies(conn: AsyncConnection, household_id: int) -> Rows:
    """Read the companies that the household has or had a contract with."""
    mine = select(contract.c.company_id).where(contract.c.household_id == household_id)
    return await every(conn, select(company).where(company.c.id.in_(mine)).order_by(company.c.code))


# --- what was measured ------------------------------------------------------------------------------------------------


async def night_end_min(conn: AsyncConnection, household_id: int, day: dt.date) -> int:
    """Find when the 夜 of a day ends [minutes after its 24:00], as its statistics have it; 0 without any."""
    query = select(func.coalesce(func.max(day_statistic.c.day_from_min), 0)).where(
        day_statistic.c.household_id == household_id, day_statistic.c.day == day
    )
    return int(await conn.scalar(query) or 0)


async def readings(conn: AsyncConnection, point_ids: Sequence[int], span: Span) -> Rows:
    """Read what is stored of these points, by point and instant."""
    query = select(
        reading.c.point_id,
        reading.c.observed_at,
        reading.c.temp_centi,
        reading.c.received_at,
        reading.c.gateway_at,
        reading.c.flags,
        reading.c.batch_id,
    ).where(reading.c.point_id == func.any(ids(point_ids)), span.hold(reading.c.observed_at))
    return await every(conn, query.order_by(reading.c.point_id, reading.c.observed_at))


async def frozen(conn: AsyncConnection, household_id: int, days: Days) -> list[bytes]:
    """Read what was frozen of these days and of the day before, whose 夜 reaches into the first."""
    there = frozen_evidence.c
    query = select(there.content).where(
        there.household_id == household_id,
        there.day.between(days.first - dt.timedelta(days=1), days.last),
        there.content.is_not(None),
    )
    return [content for content in await conn.scalars(query.order_by(there.day)) if content is not None]


async def other_values(conn: AsyncConnection, point_ids: Sequence[int], span: Span) -> Rows:
    """Read the second and later values of instants, by point and instant, in the order they came."""
    there = reading_conflict.c
    query = select(reading_conflict).where(there.point_id == func.any(ids(point_ids)), span.hold(there.observed_at))
    return await every(conn, query.order_by(there.point_id, there.observed_at, there.batch_id, there.temp_centi))


async def decisions(conn: AsyncConnection, point_ids: Sequence[int], span: Span) -> Rows:
    """Read what officers decided of them, the last decision last."""
    there = conflict_decision.c
    query = select(conflict_decision).where(there.point_id == func.any(ids(point_ids)), span.hold(there.observed_at))
    return await every(conn, query.order_by(there.id))


async def marks(conn: AsyncConnection, point_ids: Sequence[int], span: Span) -> Rows:
    """Read the quality marks that touch the span; `seen` is what the rule saw, as JSON text."""
    there = quality_mark.c
    query = select(quality_mark, cast(there.evidence, Text).label("seen")).where(
        there.point_id == func.any(ids(point_ids)), there.begins < span.end, there.ends >= span.start
    )
    return await every(conn, query.order_by(there.point_id, there.begins, there.kind, there.id))


async def reviews(conn: AsyncConnection, mark_ids: Sequence[int]) -> Rows:
    """Read the reviews of these marks, the last one last."""
    there = quality_review.c
    return await every(conn, select(quality_review).where(there.mark_id.in_(mark_ids)).order_by(there.id))


async def statistics(conn: AsyncConnection, household_id: int, days: Days) -> Rows:
    """Read the statistics of the household's points, by day and point."""
    there = day_statistic.c
    query = select(day_statistic).where(there.household_id == household_id, days.hold(there.day))
    return await every(conn, query.order_by(there.day, there.point_id))


# --- what was judged --------------------------------------------------------------------------------------------------


async def findings(conn: AsyncConnection, household_id: int, days: Days) -> Rows:
    """Read every finding of a period that touches the days, with its policy and run, and whether it stands."""
    stands = and_(
        finding_current.c.household_id == finding.c.household_id,
        finding_current.c.period_kind == finding.c.period_kind,
        finding_current.c.period_from == finding.c.period_from,
        finding_current.c.finding_id == finding.c.id,
    )
    query = (
        select(
            finding,
            policy.c.hash.label("policy"),
            run.c.code_version,
            run.c.through_batch,
            run.c.started_at,
            finding_current.c.finding_id.is_not(None).label("current"),
        )
        .join_from(finding, policy, policy.c.id == finding.c.policy_id)
        .join(run, run.c.id == finding.c.run_id)
        .outerjoin(finding_current, stands)
        .where(
            finding.c.household_id == household_id,
            finding.c.period_from >= days.first - LONGEST,
            days.touch(finding.c.period_from, finding.c.period_to),
        )
    )
    return await every(conn, query.order_by(finding.c.period_from, finding.c.period_kind, finding.c.id))


async def waiting(conn: AsyncConnection, household_id: int, days: Days) -> list[dt.date]:
    """List the days that wait to be judged again."""
    query = select(day_dirty.c.day).where(day_dirty.c.household_id == household_id, days.hold(day_dirty.c.day))
    return list(await conn.scalars(query.order_by(day_dirty.c.day)))


async def policies(conn: AsyncConnection, hashes: Sequence[bytes]) -> Rows:
    """Read policies by their hash."""
    return await every(conn, select(policy).where(policy.c.hash.in_(hashes)).order_by(policy.c.hash))


# --- claims -----------------------------------------------------------------------------------------------------------


async def claims(conn: AsyncConnection, household_id: int, days: Days) -> Rows:
    """Read the claims whose season touches the days, each with its policy's hash."""
    query = select(claim, policy.c.hash.label("policy")).join_from(claim, policy)
    mine = query.where(claim.c.household_id == household_id, days.touch(claim.c.season_from, claim.c.season_to))
    return await every(conn, mine.order_by(claim.c.code))


async def events(conn: AsyncConnection, claim_id: int) -> Rows:
    """Read a claim's events; `told` is the body as JSON text."""
    query = select(claim_event, cast(claim_event.c.body, Text).label("told"))
    return await every(conn, query.where(claim_event.c.claim_id == claim_id).order_by(claim_event.c.number))


async def rulings(conn: AsyncConnection, claim_id: int) -> Rows:
    return await every(conn, select(ruling).where(ruling.c.claim_id == claim_id).order_by(ruling.c.id))


async def files(conn: AsyncConnection, claim_id: int) -> Rows:
    """List a claim's files without their content."""
    there = claim_file.c
    query = select(there.kind, there.name, there.media_type, there.sha256, func.length(there.content).label("bytes"))
    return await every(conn, query.where(there.claim_id == claim_id).order_by(there.sha256))


# --- what stood around it ---------------------------------------------------------------------------------------------


async def neighbours(conn: AsyncConnection, building_id: int, but: int, days: Days) -> Rows:
    """Aggregate, day by day, the lowest temperature of the building's other monitored homes."""
    others = select(household.c.id).where(household.c.building_id == building_id, household.c.id != but)
    lowest = func.min(day_statistic.c.min_centi).label("lowest")
    each: Select[Any] = (
        select(day_statistic.c.day, lowest)
        .where(day_statistic.c.household_id.in_(others), days.hold(day_statistic.c.day))
        .group_by(day_statistic.c.day, day_statistic.c.household_id)
        .having(lowest.is_not(None))
    )
    home_day = each.subquery().c
    homes = func.count()
    query = select(
        home_day.day,
        homes.label("homes"),
        func.min(home_day.lowest).label("min_centi"),
        func.percentile_disc(0.5).within_group(home_day.lowest).label("median_centi"),
        func.max(home_day.lowest).label("max_centi"),
    )
    return await every(conn, query.group_by(home_day.day).having(homes >= LEAST_HOMES).order_by(home_day.day))


async def outdoor(conn: AsyncConnection, days: Days) -> Rows:
    """Read the official outdoor means."""
    query = select(outdoor_day).where(days.hold(outdoor_day.c.day))
    return await every(conn, query.order_by(outdoor_day.c.day))
