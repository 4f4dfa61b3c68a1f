"""Whom a station or a source supplies on a day, by building; 报停 homes stand beside: they have no heat anyway."""

import datetime as dt
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.dated import holds_on
from heatstream.store.read.stopped import stopped_on
from heatstream.store.tables import building, heat_station, household


class Building(NamedTuple):
    """A building, and how many of its homes are touched."""

    code: str
    name: str
    address: str | None
    residential: int
    """居民, without 报停."""
    other: int
    """非居民, without 报停."""
    stopped: int
    """报停, or not supplied by contract: not among the others."""


class Home(NamedTuple):
    """A home that is touched."""

    id: int
    code: str
    kind: str
    building: str


async def by_building(
    conn: AsyncConnection, on: dt.date, *, heat_station_id: int | None, heat_source_id: int | None
) -> list[Building]:
    """Count the homes by building, in the order of its code; of the station, else of every station of the source."""
    stopped, residential = stopped_on(on), household.c.kind == "residential"
    query = _supplied(on, heat_station_id, heat_source_id).with_only_columns(
        building.c.code,
        building.c.name,
        building.c.address,
        func.count().filter(residential, ~stopped),
        func.count().filter(~residential, ~stopped),
        func.count().filter(stopped),
    )
    rows = await conn.execute(query.group_by(building.c.id).order_by(building.c.code))
    return [Building(*row) for row in rows]


async def homes(
    conn: AsyncConnection, on: dt.date, *, heat_station_id: int | None, heat_source_id: int | None
) -> list[Home]:
    """List the homes in the order of 户号, without 报停."""
    columns = (household.c.id, household.c.code, household.c.kind, building.c.code)
    query = _supplied(on, heat_station_id, heat_source_id).with_only_columns(*columns).where(~stopped_on(on))
    return [Home(*row) for row in await conn.execute(query.order_by(household.c.code))]


def _supplied(on: dt.date, heat_station_id: int | None, heat_source_id: int | None) -> Select[tuple[int]]:
    housing = household.join(building).join(heat_station)
    there = [holds_on(household, on), holds_on(building, on)]
    return select(household.c.id).select_from(housing).where(_of(heat_station_id, heat_source_id), *there)


def _of(heat_station_id: int | None, heat_source_id: int | None) -> ColumnElement[bool]:
    if heat_station_id is not None:
        return heat_station.c.id == heat_station_id
    return heat_station.c.heat_source_id == heat_source_id
