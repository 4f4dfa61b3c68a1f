"""Everything that one day of some buildings is marked by, as it stands in the store."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BindParameter, Integer, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.accepted import stands_on
from heatstream.store.copy import Rows, copy_out_all
from heatstream.store.tables import (
    building,
    day_statistic,
    household,
    meter,
    meter_reading,
    point,
    quality_pass,
    reading,
    reading_conflict,
    room,
)


class Point(NamedTuple):
    """An accepted installation that stands on a day."""

    id: int
    device: str
    building_id: int
    heat_station_id: int
    interval_min: int
    south: bool
    """Its room is registered as facing south."""


def _ids(values: Sequence[int]) -> BindParameter[Sequence[int]]:
    return bindparam(None, list(values), ARRAY(Integer))


async def stale_days(conn: AsyncConnection, first: dt.date, last: dt.date) -> list[dt.date]:
    """List the days with statistics that no pass has looked at yet, oldest first."""
    newest = (
        select(day_statistic.c.day, func.max(day_statistic.c.through_batch).label("through_batch"))
        .where(day_statistic.c.day.between(first, last))
        .group_by(day_statistic.c.day)
        .subquery("newest")
    )
    query = (
        select(newest.c.day)
        .outerjoin(quality_pass, quality_pass.c.day == newest.c.day)
        .where(func.coalesce(quality_pass.c.through_batch, -1) < newest.c.through_batch)
        .order_by(newest.c.day)
    )
    return list(await conn.scalars(query))


async def stale_buildings(conn: AsyncConnection, day: dt.date) -> tuple[list[int], int]:
    """List the buildings with statistics of a day that no pass has looked at yet; and the newest statistic's batch."""
    looked = select(quality_pass.c.through_batch).where(quality_pass.c.day == day).scalar_subquery()
    query = (
        select(household.c.building_id, func.max(day_statistic.c.through_batch))
        .join(household, household.c.id == day_statistic.c.household_id)
        .where(day_statistic.c.day == day, day_statistic.c.through_batch > func.coalesce(looked, -1))
        .group_by(household.c.building_id)
        .order_by(household.c.building_id)
    )
    rows = (await conn.execute(query)).all()
    return [row[0] for row in rows], max((row[1] for row in rows), default=0)


async def points(conn: AsyncConnection, day: dt.date, building_ids: Sequence[int]) -> list[Point]:
    """Read the accepted installations of buildings, by building."""
    query = (
        select(
            point.c.id,
            point.c.device,
            building.c.id,
            building.c.heat_station_id,
            point.c.interval_min,
            func.coalesce(room.c.orientation == "south", False),
        )
        .select_from(
            point.join(household, household.c.id == point.c.household_id)
            .join(building, building.c.id == household.c.building_id)
            .outerjoin(room, room.c.id == point.c.room_id)
        )
        .where(building.c.id == func.any(_ids(building_ids)), stands_on(day))
        .order_by(building.c.id, point.c.id)
    )
    return [Point(*row) for row in await conn.execute(query)]


async def readings(conn: AsyncConnection, point_ids: Sequence[int], start: dt.datetime, end: dt.datetime) -> Rows:
    """Read what points measured in [start, end), in no order: point_id, observed_at, received_at, temp_centi."""
    query = select(reading.c.point_id, reading.c.observed_at, reading.c.received_at, reading.c.temp_centi).where(
        reading.c.point_id == func.any(_ids(point_ids)), reading.c.observed_at >= start, reading.c.observed_at < end
    )
    return await copy_out_all(conn, query)


async def second_values(conn: AsyncConnection, point_ids: Sequence[int], start: dt.datetime, end: dt.datetime) -> Rows:
    """Read the second values of their instants, in the same form."""
    other = reading_conflict
    query = select(other.c.point_id, other.c.observed_at, other.c.received_at, other.c.temp_centi).where(
        other.c.point_id == func.any(_ids(point_ids)), other.c.observed_at >= start, other.c.observed_at < end
    )
    return await copy_out_all(conn, query)


async def daily_sums(conn: AsyncConnection, point_ids: Sequence[int], first: dt.date, last: dt.date) -> Rows:
    """Read what daily means are made of: point_id, day, sum_centi, slots_valid, of days with a valid slot."""
    query = select(
        day_statistic.c.point_id, day_statistic.c.day, day_statistic.c.sum_centi, day_statistic.c.slots_valid
    ).where(
        day_statistic.c.point_id == func.any(_ids(point_ids)),
        day_statistic.c.day.between(first, last),
        day_statistic.c.slots_valid > 0,
    )
    return await copy_out_all(conn, query)


async def supplies(conn: AsyncConnection, station_ids: Sequence[int], start: dt.datetime, end: dt.datetime) -> Rows:
    """Read the supply temperatures of heat stations in [start, end), in no order.

    Returns
    -------
    structured rows: heat_station_id, observed_at, supply_centi
    """
    query = (
        select(
            func.coalesce(meter.c.heat_station_id, 0).label("heat_station_id"),
            meter_reading.c.observed_at,
            func.coalesce(meter_reading.c.supply_centi, 0).label("supply_centi"),
        )
        .join(meter, meter.c.id == meter_reading.c.meter_id)
        .where(
            meter.c.heat_station_id == func.any(_ids(station_ids)),
            meter_reading.c.supply_centi.is_not(None),
            meter_reading.c.observed_at >= start,
            meter_reading.c.observed_at < end,
        )
    )
    return await copy_out_all(conn, query)
