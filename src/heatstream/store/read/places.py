"""Where a household is: the filters that every listing shares, and the names of its place."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, Table, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.errors import BadInput
from heatstream.store import tables
from heatstream.store.tables import (
    building,
    community,
    company,
    district,
    heat_station,
    household,
    point,
    stop_period,
)


class UnknownCode(BadInput):
    """A filter names a code that the registry does not hold."""


@dataclass(frozen=True)
class Place:
    """A part of the city; None = not narrowed by it.

    Attributes
    ----------
    company : the company of the heat station that the household's building hangs on
    """

    city: str | None = None
    district: str | None = None
    community: str | None = None
    company: str | None = None
    heat_station: str | None = None
    building: str | None = None
    household: str | None = None

    def named(self) -> list[tuple[Table, str]]:
        """List the tables and codes it is narrowed by."""
        pairs = ((field.name, getattr(self, field.name)) for field in fields(self))
        return [(tables.metadata.tables[name], code) for name, code in pairs if code is not None]


EVERYWHERE = Place()

HOMES: FromClause = (
    household.join(building, household.c.building_id == building.c.id)
    .join(community, building.c.community_id == community.c.id)
    .join(district, community.c.district_id == district.c.id)
    .join(heat_station, building.c.heat_station_id == heat_station.c.id)
    .join(company, heat_station.c.company_id == company.c.id)
)

ADDRESS: tuple[ColumnElement[Any], ...] = (
    household.c.code.label("household"),
    household.c.address,
    building.c.code.label("building"),
    building.c.name.label("building_name"),
    community.c.code.label("community"),
    community.c.name.label("community_name"),
    district.c.code.label("district"),
    district.c.name.label("district_name"),
    heat_station.c.code.label("heat_station"),
    heat_station.c.name.label("heat_station_name"),
    company.c.code.label("company"),
    company.c.name.label("company_name"),
)


async def check(conn: AsyncConnection, place: Place) -> None:
    """Refuse a code nobody registered: an empty answer would look like good news."""
    for table, code in place.named():
        if await conn.scalar(select(table.c.id).where(table.c.code == code)) is None:
            raise UnknownCode(
                f"{table.name}: seen {code!r}, expected a code of the registry",
                zh=f"代码为“{code}”，应为登记中的代码（{table.name}.csv）",
            )


def within(place: Place) -> list[ColumnElement[bool]]:
    """Conditions on `HOMES`; the city needs none, for one database is one city."""
    return [table.c.code == code for table, code in place.named() if table is not tables.city]


def stopped_now() -> ColumnElement[bool]:
    """Say of a household whether it has stopped its heat 报停 today."""
    today = func.date(func.timezone(literal(dt.timedelta(hours=8)), func.now()))
    ends = stop_period.c.valid_to.is_(None) | (stop_period.c.valid_to >= today)
    stops = select(1).where(stop_period.c.household_id == household.c.id, stop_period.c.valid_from <= today, ends)
    return stops.correlate(household).exists()


async def monitored(conn: AsyncConnection, place: Place) -> list[int] | None:
    """Ids of the households of a place that ever had a point; None where it is the whole city.

    As constants they let the planner look up each, day by day; a join under a LIMIT it takes for a walk through all.
    """
    conditions = within(place)
    if not conditions:
        return None
    query = select(point.c.household_id).select_from(HOMES.join(point, point.c.household_id == household.c.id))
    return list(await conn.scalars(query.where(*conditions).distinct()))


async def not_residents(conn: AsyncConnection) -> list[int]:
    """Ids of the users of heat who are no residents and ever had a point: few, so they are told apart by their ids."""
    placed = point.join(household, point.c.household_id == household.c.id)
    query = select(household.c.id).select_from(placed).where(household.c.kind != "residential").distinct()
    return list(await conn.scalars(query))


def among(column: ColumnElement[int], ids: Sequence[int] | None) -> list[ColumnElement[bool]]:
    """Narrow a column that holds a household's id to those of `monitored`."""
    return [] if ids is None else [column == func.any(bindparam(None, list(ids), ARRAY(Integer)))]


async def named(conn: AsyncConnection, level: str) -> dict[str, str]:
    """Name what a filter can narrow by: the names of a table of the registry, by code."""
    table = tables.metadata.tables[level]
    query = select(table.c.code, table.c.name).distinct().order_by(table.c.code)
    return {row.code: row.name for row in await conn.execute(query)}
