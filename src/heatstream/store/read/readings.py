"""Stored values: of points, and the outdoor temperature that meters give."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, exists, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.read.rows import Rows, every
from heatstream.store.tables import conflict_decision, household, meter_reading, point, reading, reading_conflict

# As an interval: the text '+08:00' would mean eight hours west.
EAST = dt.timedelta(hours=8)


@dataclass(frozen=True)
class Period:
    """From `start` to `end`, the end not included."""

    start: dt.datetime
    end: dt.datetime


_SAME_INSTANT = and_(
    reading_conflict.c.point_id == reading.c.point_id, reading_conflict.c.observed_at == reading.c.observed_at
)
_OTHER_VALUES = (
    select(func.array_agg(reading_conflict.c.temp_centi)).where(_SAME_INSTANT).correlate(reading).scalar_subquery()
)
_DECIDED = exists().where(
    conflict_decision.c.point_id == reading.c.point_id, conflict_decision.c.observed_at == reading.c.observed_at
)


async def points_of(conn: AsyncConnection, *, device: str | None, household_code: str | None) -> list[int]:
    """Ids of the installations of a device or a household."""
    query = select(point.c.id).join_from(point, household, point.c.household_id == household.c.id)
    if device is not None:
        query = query.where(point.c.device == device)
    if household_code is not None:
        query = query.where(household.c.code == household_code)
    return list(await conn.scalars(query.order_by(point.c.id)))


def _of_points(point_ids: Sequence[int], period: Period) -> Select[Any]:
    return (
        select(
            reading.c.point_id,
            point.c.device.label("point"),
            reading.c.observed_at,
            reading.c.received_at,
            reading.c.gateway_at,
            reading.c.temp_centi,
            reading.c.flags,
            reading.c.batch_id,
            _OTHER_VALUES.label("other_centi"),
            _DECIDED.label("decided"),
        )
        .join_from(reading, point, reading.c.point_id == point.c.id)
        .where(
            reading.c.point_id.in_(point_ids),
            reading.c.observed_at >= period.start,
            reading.c.observed_at < period.end,
        )
    )


async def listed(
    conn: AsyncConnection,
    point_ids: Sequence[int],
    period: Period,
    *,
    after: tuple[int, dt.datetime] | None = None,
    limit: int,
) -> Rows:
    """Readings by point, then by instant; with the other values that the same instant was given."""
    query = _of_points(point_ids, period)
    if after is not None:
        query = query.where(tuple_(reading.c.point_id, reading.c.observed_at) > tuple_(*after))
    return await every(conn, query.order_by(reading.c.point_id, reading.c.observed_at).limit(limit))


async def curve(conn: AsyncConnection, point_ids: Sequence[int], period: Period) -> Rows:
    """Instants and temperatures alone, for a drawing."""
    query = (
        select(reading.c.point_id, reading.c.observed_at, reading.c.temp_centi)
        .where(
            reading.c.point_id.in_(point_ids),
            reading.c.observed_at >= period.start,
            reading.c.observed_at < period.end,
        )
        .order_by(reading.c.point_id, reading.c.observed_at)
    )
    return await every(conn, query)


async def newest(conn: AsyncConnection, point_ids: Sequence[int]) -> dt.datetime | None:
    """The newest instant measured by these points."""
    found: dt.datetime | None = await conn.scalar(
        select(func.max(reading.c.observed_at)).where(reading.c.point_id.in_(point_ids))
    )
    return found


async def outdoor_by_day(conn: AsyncConnection, period: Period) -> Rows:
    """Mean outdoor temperature of each local day, over all meters that give one [0.01 °C]."""
    day = func.date(func.timezone(literal(EAST), meter_reading.c.observed_at)).label("day")
    query = (
        select(day, func.round(func.avg(meter_reading.c.outdoor_centi)).label("outdoor_centi"))
        .where(
            meter_reading.c.outdoor_centi.is_not(None),
            meter_reading.c.observed_at >= period.start,
            meter_reading.c.observed_at < period.end,
        )
        .group_by(day)
        .order_by(day)
    )
    return await every(conn, query)
