"""Whom stations supply on a day, by building, and what these users owe for the season; 报停 stands beside."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, select
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
