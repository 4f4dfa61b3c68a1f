"""Buildings as registered, and the homes in them; homes found by what a caller says of them."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.dated import holds_on
from heatstream.store.evidence import ids
from heatstream.store.read.places import ADDRESS, HOMES
from heatstream.store.read.rows import AnyRow, Rows, at_most_one, every
from heatstream.store.tables import (
    building,
    community,
    company,
    day_statistic,
    district,
    heat_station,
    household,
    point,
    reading,
)

_PLACED = (
    building.join(community, building.c.community_id == community.c.id)
    .join(district, community.c.district_id == district.c.id)
    .join(heat_station, building.c.heat_station_id == heat_station.c.id)
    .join(company, heat_station.c.company_id == company.c.id)
)
_COLUMNS = (
    building.c.id,
    building.c.code,
    building.c.name,
    building.c.address,
    building.c.floors,
    building.c.stairs,
    building.c.built_year,
    building.c.renovated,
    building.c.open_ground_floor,
    community.c.name.label("community"),
    community.c.street_office,
    district.c.name.label("district"),
    heat_station.c.code.label("station"),
    heat_station.c.name.label("station_name"),
    company.c.code.label("company"),
    company.c.name.label("company_name"),
)
_DOOR = (household.c.stair, household.c.floor, household.c.door, household.c.code)


def _buildings() -> Select[Any]:
    return select(*_COLUMNS).select_from(_PLACED)


async def by_code(conn: AsyncConnection, code: str) -> AnyRow | None:
    """One building with its place."""
    return await at_most_one(conn, _buildings().where(building.c.code == code))


async def listed(conn: AsyncConnection) -> Rows:
    """Every building, by code."""
    return await every(conn, _buildings().order_by(building.c.code))


async def homes(conn: AsyncConnection, building_id: int, day: dt.date) -> Rows:
    """Users of heat registered in a building on a day, by stair, floor and door."""
    query = select(household.c.id, household.c.code, household.c.kind, household.c.address, *_DOOR[:3])
    mine = query.where(household.c.building_id == building_id, holds_on(household, day))
    return await every(conn, mine.order_by(*_DOOR))


async def newest(conn: AsyncConnection, building_id: int) -> dt.datetime | None:
    """The newest instant measured in a building."""
    homes = select(household.c.id).where(household.c.building_id == building_id)
    points = list(await conn.scalars(select(point.c.id).where(point.c.household_id.in_(homes))))
    # Written as a limit, because max() would look at every partition.
    newest_first = select(reading.c.observed_at).where(reading.c.point_id == func.any(ids(points)))
    found: dt.datetime | None = await conn.scalar(newest_first.order_by(reading.c.observed_at.desc()).limit(1))
    return found


async def limits(conn: AsyncConnection, household_ids: Sequence[int], day: dt.date) -> dict[int, int]:
    """Standards [0.01 °C] that the statistics of a day were held against, by household; without one it has none."""
    there = day_statistic.c
    query = select(there.household_id, func.max(there.limit_centi)).where(
        there.household_id == func.any(ids(household_ids)), there.day == day
    )
    return dict(map(tuple, await conn.execute(query.group_by(there.household_id))))


async def searched(conn: AsyncConnection, text: str, limit: int, *, by_address: bool) -> Rows:
    """Users of heat whose 户号 begins so, or whose address has it in it if that is asked; the very 户号 first."""
    by_code: ColumnElement[bool] = household.c.code.istartswith(text, autoescape=True)
    in_address = household.c.address.icontains(text, autoescape=True) if by_address else false()
    query = select(*ADDRESS).select_from(HOMES).where(or_(by_code, in_address))
    return await every(conn, query.order_by(household.c.code != text, ~by_code, household.c.code).limit(limit))
