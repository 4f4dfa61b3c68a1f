"""Everything that one day of some households is judged by, as it stands in the store."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Integer, Row, bindparam, case, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.accepted import evidence_from, evidence_to, stands_on
from heatstream.store.copy import Rows, copy_out_all
from heatstream.store.marks import DAY
from heatstream.store.tables import (
    building,
    conflict_decision,
    contract,
    day_statistic,
    finding,
    finding_current,
    household,
    outdoor_day,
    point,
    reading,
    reading_conflict,
    room,
    stop_period,
)

NEVER = -1
"""Stands where a contract names no standard or no fee."""
ROOM_KINDS = ("bedroom", "living_room", "kitchen", "bathroom", "other")
NO_ROOM = -1


class Household(NamedTuple):
    """A household as it is registered on a day."""

    id: int
    resident: bool
    stopped: bool
    """报停, or its contract supplies nothing (实供)."""
    standard_centi: int
    """合同约定室温 [0.01 °C]; NEVER = the law's."""
    fee_due_fen: int
    """应缴热费 of the season [fen]; NEVER = not registered."""
    fee_paid_fen: int
    """实缴热费 [fen]; NEVER = not registered."""
    base_fee_fen: int
    """基本热费 [fen]; NEVER = not registered."""
    metered: bool
    """按热计量收费."""
    renovated: bool | None
    """节能改造 of its building; None = nobody says."""
    billed_area: int
    """收费面积 [0.01 m²]; 0 = not registered."""


class Point(NamedTuple):
    """An accepted installation that stands on a day."""

    id: int
    household_id: int
    device: str
    interval_min: int
    evidence_from: dt.datetime
    evidence_to: dt.datetime
    room_kind: int
    """Place in ROOM_KINDS; NO_ROOM = not registered."""
    area: int
    """[0.01 m²]; 0 = not registered."""


class Stored(NamedTuple):
    """A statistic that stands."""

    point_id: int
    household_id: int
    readings: int


def _ids(values: Sequence[int]) -> BindParameter[Sequence[int]]:
    return bindparam(None, list(values), ARRAY(Integer))


async def households(conn: AsyncConnection, day: dt.date, ids: Sequence[int]) -> list[Household]:
    """Read households with their contract of the day, by id."""
    agreed = (
        select(
            contract.c.supplied,
            contract.c.standard_centi,
            contract.c.fee_due_fen,
            contract.c.fee_paid_fen,
            contract.c.base_fee_fen,
            contract.c.metered,
            contract.c.billed_area_centi_m2,
        )
        .where(contract.c.household_id == household.c.id, _holds(contract.c.valid_from, contract.c.valid_to, day))
        .order_by(contract.c.valid_from.desc(), contract.c.id.desc())
        .limit(1)
        .lateral("agreed")
    )
    stop = select(stop_period.c.id).where(
        stop_period.c.household_id == household.c.id, _holds(stop_period.c.valid_from, stop_period.c.valid_to, day)
    )
    query = (
        select(
            household.c.id,
            household.c.kind == "residential",
            stop.exists() | ~func.coalesce(agreed.c.supplied, True),
            func.coalesce(agreed.c.standard_centi, NEVER),
            func.coalesce(agreed.c.fee_due_fen, NEVER),
            func.coalesce(agreed.c.fee_paid_fen, NEVER),
            func.coalesce(agreed.c.base_fee_fen, NEVER),
            func.coalesce(agreed.c.metered, False),
            building.c.renovated,
            func.coalesce(agreed.c.billed_area_centi_m2, 0),
        )
        .select_from(
            household.join(building, household.c.building_id == building.c.id).outerjoin(
                agreed, agreed.c.supplied.is_not(None)
            )
        )
        .where(household.c.id == func.any(_ids(ids)))
        .order_by(household.c.id)
    )
    return [Household(*row) for row in await conn.execute(query)]


def _holds(first: ColumnElement[dt.date], last: ColumnElement[dt.date | None], day: dt.date) -> ColumnElement[bool]:
    return (first <= day) & (last.is_(None) | (last >= day))


async def outdoor_centi(conn: AsyncConnection, day: dt.date) -> int | None:
    """Read the official outdoor mean of a day [0.01 °C]; None = nobody recorded it."""
    found: int | None = await conn.scalar(select(outdoor_day.c.mean_centi).where(outdoor_day.c.day == day))
    return found


async def points(conn: AsyncConnection, day: dt.date, ids: Sequence[int]) -> list[Point]:
    """Read the accepted installations of households, by household and device."""
    kinds = {kind: place for place, kind in enumerate(ROOM_KINDS)}
    query = (
        select(
            point.c.id,
            point.c.household_id,
            point.c.device,
            point.c.interval_min,
            evidence_from(),
            evidence_to(),
            case(kinds, value=room.c.kind, else_=NO_ROOM),
            func.coalesce(room.c.area_centi_m2, 0),
        )
        .select_from(point.outerjoin(room, point.c.room_id == room.c.id))
        .where(point.c.household_id == func.any(_ids(ids)), stands_on(day))
        .order_by(point.c.household_id, point.c.device, point.c.valid_from)
    )
    return [Point(*row) for row in await conn.execute(query)]


async def readings(
    conn: AsyncConnection, point_ids: Sequence[int], start: dt.datetime, end: dt.datetime, through_batch: int
) -> Rows:
    """Read what points measured in [start, end), in no order: sorting is cheaper in NumPy than in the database.

    Returns
    -------
    structured rows: point_id, observed_at [µs since 1970-01-01T00:00Z], temp_centi
    """
    query = select(reading.c.point_id, reading.c.observed_at, reading.c.temp_centi).where(
        reading.c.point_id == func.any(_ids(point_ids)),
        reading.c.observed_at >= start,
        reading.c.observed_at < end,
        reading.c.batch_id <= through_batch,
    )
    return await copy_out_all(conn, query)


async def conflicts(
    conn: AsyncConnection, point_ids: Sequence[int], start: dt.datetime, end: dt.datetime, through_batch: int
) -> Sequence[Row[int, dt.datetime, bool, int | None]]:
    """Read the instants with two values: point, instant, whether an officer decided, and the value that counts.

    No value = neither counts. The last decision stands.
    """
    decided = (
        select(conflict_decision.c.id, conflict_decision.c.temp_centi)
        .where(
            conflict_decision.c.point_id == reading_conflict.c.point_id,
            conflict_decision.c.observed_at == reading_conflict.c.observed_at,
            conflict_decision.c.batch_id <= through_batch,
        )
        .order_by(conflict_decision.c.id.desc())
        .limit(1)
        .lateral("decided")
    )
    query = (
        select(
            reading_conflict.c.point_id,
            reading_conflict.c.observed_at,
            decided.c.id.is_not(None),
            decided.c.temp_centi,
        )
        .distinct()
        .select_from(reading_conflict.outerjoin(decided, decided.c.id.is_not(None)))
        .where(
            reading_conflict.c.point_id == func.any(_ids(point_ids)),
            reading_conflict.c.observed_at >= start,
            reading_conflict.c.observed_at < end,
            reading_conflict.c.batch_id <= through_batch,
        )
        .order_by(reading_conflict.c.point_id, reading_conflict.c.observed_at)
    )
    return (await conn.execute(query)).all()


async def stored_statistics(conn: AsyncConnection, day: dt.date, ids: Sequence[int]) -> list[Stored]:
    """Tell how many readings each stored statistic of these households was made from."""
    query = select(day_statistic.c.point_id, day_statistic.c.household_id, day_statistic.c.readings).where(
        day_statistic.c.day == day, day_statistic.c.household_id == func.any(_ids(ids))
    )
    return [Stored(*row) for row in await conn.execute(query)]


async def current_findings(
    conn: AsyncConnection, day: dt.date, ids: Sequence[int]
) -> Sequence[Row[*tuple[object, ...]]]:
    """Read the findings that stand on this day."""
    query = (
        select(finding)
        .join(
            finding_current,
            (finding.c.id == finding_current.c.finding_id) & (finding.c.period_from == finding_current.c.period_from),
        )
        .where(
            finding_current.c.period_kind == DAY,
            finding_current.c.period_from == day,
            finding.c.period_from == day,
            finding_current.c.household_id == func.any(_ids(ids)),
        )
    )
    return (await conn.execute(query)).all()
