"""Where a station or a source is: whose it is, and its district where all its buildings lie in one."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.tables import building, community, heat_source, heat_station

_HOUSING = building.join(community).join(heat_station, heat_station.c.id == building.c.heat_station_id)


class Where(NamedTuple):
    """Ids of one station, or of one source."""

    company_id: int
    heat_source_id: int
    heat_station_id: int | None
    district_id: int | None
    """None = its buildings lie in several districts, or it has none."""


async def of_station(conn: AsyncConnection, code: str) -> Where | None:
    columns = (heat_station.c.company_id, heat_station.c.heat_source_id, heat_station.c.id)
    found = (await conn.execute(select(*columns).where(heat_station.c.code == code))).one_or_none()
    return found and Where(*found, await _district(conn, building.c.heat_station_id == found.id))


async def of_source(conn: AsyncConnection, code: str) -> Where | None:
    columns = (heat_source.c.company_id, heat_source.c.id)
    found = (await conn.execute(select(*columns).where(heat_source.c.code == code))).one_or_none()
    return found and Where(*found, None, await _district(conn, heat_station.c.heat_source_id == found.id))


async def supplies(
    conn: AsyncConnection, district_id: int, *, heat_station_id: int | None, heat_source_id: int | None, company_id: int
) -> bool:
    """Say whether a station, else a source, else a company has a building in a district."""
    stations: ColumnElement[bool] = heat_station.c.company_id == company_id
    if heat_source_id is not None:
        stations = heat_station.c.heat_source_id == heat_source_id
    if heat_station_id is not None:
        stations = heat_station.c.id == heat_station_id
    there = select(1).select_from(_HOUSING).where(stations, community.c.district_id == district_id)
    return bool(await conn.scalar(select(there.exists())))


async def _district(conn: AsyncConnection, supplied: ColumnElement[bool]) -> int | None:
    query = select(community.c.district_id).select_from(_HOUSING).where(supplied, building.c.valid_to.is_(None))
    districts = (await conn.scalars(query.distinct().limit(2))).all()
    return districts[0] if len(districts) == 1 else None
