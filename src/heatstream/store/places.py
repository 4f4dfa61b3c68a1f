"""Where a station or a source is: whose it is, and its district where all its buildings lie in one."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.tables import building, community, heat_source, heat_station


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


async def _district(conn: AsyncConnection, supplied: ColumnElement[bool]) -> int | None:
    housing = building.join(community).join(heat_station, heat_station.c.id == building.c.heat_station_id)
    query = select(community.c.district_id).select_from(housing).where(supplied, building.c.valid_to.is_(None))
    districts = (await conn.scalars(query.distinct().limit(2))).all()
    return districts[0] if len(districts) == 1 else None
