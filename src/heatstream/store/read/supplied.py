"""Whom stations supply on a day, by building, and what these users owe for the season; 报停 stands beside."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Date, Integer, and_, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.dated import holds_on
from heatstream.store.read.stopped import stopped_on
from heatstream.store.tables import building, community, contract, district, heat_station, household


class Building(NamedTuple):
    """A building, and how many users of heat it has."""

    code: str
    name: str
    address: str | None
    district_id: int
    district: str
    heat_station: str
    residential: int
    """居民, without 报停."""
    other: int
    """非居民, without 报停."""
    stopped: int
    """报停, or supplied nothing by contract; counted in neither."""


class Fees(NamedTuple):
    """What users owe for the season, together."""

    users: int
    """Without 报停."""
    without_fee: int
    """Of them: no 应缴热费 is registered."""
    due_fen: int
    """应缴热费 of the others [fen]."""


async def station_ids(conn: AsyncConnection, heat_station_id: int | None, heat_source_id: int | None) -> list[int]:
    """Give a station itself, else every station of a source."""
    if heat_station_id is not None:
        return [heat_station_id]
    of = select(heat_station.c.id).where(heat_station.c.heat_source_id == heat_source_id)
    return list(await conn.scalars(of.order_by(heat_station.c.code)))


async def stations_of(conn: AsyncConnection, heat_source_ids: Collection[int]) -> dict[int, list[int]]:
    """Give the stations of many sources."""
    query = select(heat_station.c.heat_source_id, heat_station.c.id)
    query = query.where(heat_station.c.heat_source_id.in_(heat_source_ids)).order_by(heat_station.c.code)
    found: dict[int, list[int]] = {each: [] for each in heat_source_ids}
    for source, station in await conn.execute(query):
        found[source].append(station)
    return found


async def residential(conn: AsyncConnection, asked: Collection[tuple[int, dt.date]]) -> dict[tuple[int, dt.date], int]:
    """Count 居民 without 报停 of stations, each on a day of its own; a station without any is left out."""
    if not asked:
        return {}
    stations, days = zip(*asked, strict=True)
    columns = (column("station", Integer), column("day", Date))
    of = func.unnest(bindparam(None, stations, ARRAY(Integer)), bindparam(None, days, ARRAY(Date)))
    pairs = of.table_valued(*columns, name="asked").render_derived()
    housing = pairs.join(building, building.c.heat_station_id == pairs.c.station).join(
        household, household.c.building_id == building.c.id
    )
    day = pairs.c.day
    query = (
        select(pairs.c.station, day, func.count())
        .select_from(housing)
        .where(household.c.kind == "residential", holds_on(household, day), holds_on(building, day), ~stopped_on(day))
        .group_by(pairs.c.station, day)
    )
    return {(station, on): count for station, on, count in await conn.execute(query)}


async def by_building(conn: AsyncConnection, stations: Sequence[int], day: dt.date) -> list[Building]:
    """Count the users of stations by building, in the order of its code."""
    stopped, residential = stopped_on(day), household.c.kind == "residential"
    housing = (
        household.join(building)
        .join(community, community.c.id == building.c.community_id)
        .join(district, district.c.id == community.c.district_id)
        .join(heat_station, heat_station.c.id == building.c.heat_station_id)
    )
    query = (
        select(
            building.c.code,
            building.c.name,
            building.c.address,
            district.c.id,
            district.c.code,
            heat_station.c.code,
            func.count().filter(residential, ~stopped),
            func.count().filter(~residential, ~stopped),
            func.count().filter(stopped),
        )
        .select_from(housing)
        .where(_supplied_by(stations, day))
        .group_by(building.c.id, district.c.id, heat_station.c.id)
        .order_by(building.c.code)
    )
    return [Building(*row) for row in await conn.execute(query)]


async def fees(conn: AsyncConnection, stations: Sequence[int], day: dt.date, *, residential_alone: bool) -> Fees:
    """Add up 应缴热费 of the users of stations, each by the contract that holds on the day."""
    newest = (
        select(contract.c.fee_due_fen)
        .where(contract.c.household_id == household.c.id, holds_on(contract, day))
        .order_by(contract.c.valid_from.desc(), contract.c.id.desc())
        .limit(1)
    )
    due = newest.correlate(household).scalar_subquery().label("due")
    users = select(due).select_from(household.join(building)).where(_supplied_by(stations, day), ~stopped_on(day))
    if residential_alone:
        users = users.where(household.c.kind == "residential")
    owed = users.subquery()
    row = select(func.count(), func.count().filter(owed.c.due.is_(None)), func.coalesce(func.sum(owed.c.due), 0))
    count, without, total = (await conn.execute(row.select_from(owed))).one()
    return Fees(count, without, int(total))


def _supplied_by(stations: Sequence[int], day: dt.date) -> ColumnElement[bool]:
    return and_(building.c.heat_station_id.in_(stations), holds_on(household, day), holds_on(building, day))
