"""Whom a station without heat leaves without it: its households of a day, by the registry, without those 报停."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.dated import holds_on
from heatstream.store.read.stopped import stopped_on
from heatstream.store.tables import building, household


class Affected(NamedTuple):
    """A household that should have had heat."""

    household_id: int
    household: str
    """户号"""
    residential: bool
    building: str
    address: str
    heat_station_id: int


class Counted(NamedTuple):
    """Households of some stations on a day."""

    residential: int
    others: int
    """Other users of heat."""
    stopped: int
    """报停, or supplied nothing by contract; counted in neither."""


def _of_stations(station_ids: Sequence[int], day: dt.date, *columns: ColumnElement[Any]) -> Select[Any]:
    ids = bindparam(None, list(station_ids), ARRAY(Integer))
    return (
        select(*columns)
        .select_from(household.join(building, building.c.id == household.c.building_id))
        .where(building.c.heat_station_id == func.any(ids), holds_on(household, day))
    )


async def count(conn: AsyncConnection, station_ids: Sequence[int], day: dt.date) -> Counted:
    """Count the households of stations on a day."""
    stopped, home = stopped_on(day), household.c.kind == "residential"
    figures = (
        func.count().filter(home & ~stopped),
        func.count().filter(~home & ~stopped),
        func.count().filter(stopped),
    )
    return Counted(*(await conn.execute(_of_stations(station_ids, day, *figures))).one())


async def households(conn: AsyncConnection, station_ids: Sequence[int], day: dt.date) -> list[Affected]:
    """List the households of stations on a day that should have had heat, by 户号."""
    columns = (
        household.c.id,
        household.c.code,
        household.c.kind == "residential",
        building.c.code,
        household.c.address,
        building.c.heat_station_id,
    )
    query = _of_stations(station_ids, day, *columns).where(~stopped_on(day)).order_by(household.c.code)
    return [Affected(*row) for row in await conn.execute(query)]
