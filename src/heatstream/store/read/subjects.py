"""Whom a figure is of: buildings, heat stations, companies, districts."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store import places
from heatstream.store.dated import holds_on
from heatstream.store.tables import building, community, company, district, heat_station

TABLES: Final[Mapping[str, Table]] = {
    "building": building,
    "heat_station": heat_station,
    "company": company,
    "district": district,
}


class Subject(NamedTuple):
    """Whom a figure is of."""

    id: int
    code: str
    name: str


async def listed(conn: AsyncConnection, subject: str, day: dt.date) -> Sequence[Subject]:
    """List the subjects of a kind that are registered on a day."""
    table = TABLES[subject]
    query = select(table.c.id, table.c.code, table.c.name).where(holds_on(table, day)).order_by(table.c.id)
    return [Subject(*row) for row in await conn.execute(query)]


async def place_of(conn: AsyncConnection, subject: str, code: str) -> Mapping[str, int | None] | None:
    """Find whose a subject is, as a matter names it; None where the registry has no such code."""
    if subject == "heat_station":
        found = await places.of_station(conn, code)
        return found and found._asdict()
    table = TABLES[subject]
    if subject != "building":
        known = await conn.scalar(select(table.c.id).where(table.c.code == code))
        return None if known is None else {f"{subject}_id": known}
    columns = (building.c.id, building.c.heat_station_id, heat_station.c.company_id, community.c.district_id)
    housed = building.join(heat_station, heat_station.c.id == building.c.heat_station_id)
    query = select(*columns).select_from(housed.join(community, community.c.id == building.c.community_id))
    row = (await conn.execute(query.where(building.c.code == code))).one_or_none()
    names = ("building_id", "heat_station_id", "company_id", "district_id")
    return row and dict(zip(names, row, strict=True))
