"""Announced stops for maintenance, as the registry holds them."""

import datetime as dt
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.tables import heat_source, heat_station, maintenance


class AnnouncedStop(NamedTuple):
    """A planned stop, and when users were told."""

    code: str
    heat_source: str | None
    """Code of the source that stops, or"""
    heat_station: str | None
    """code of the station that stops."""
    begins: dt.datetime
    ends: dt.datetime
    announced_at: dt.datetime
    announced_by: str


async def between(conn: AsyncConnection, begins: dt.datetime, ends: dt.datetime) -> list[AnnouncedStop]:
    """List the stops that lie in a period in part at least, in the order in which they begin."""
    places = maintenance.outerjoin(heat_source, heat_source.c.id == maintenance.c.heat_source_id).outerjoin(
        heat_station, heat_station.c.id == maintenance.c.heat_station_id
    )
    query = (
        select(
            maintenance.c.code,
            heat_source.c.code,
            heat_station.c.code,
            maintenance.c.begins,
            maintenance.c.ends,
            maintenance.c.announced_at,
            maintenance.c.announced_by,
        )
        .select_from(places)
        .where(maintenance.c.begins < ends, maintenance.c.ends > begins)
        .order_by(maintenance.c.begins, maintenance.c.code)
    )
    return [AnnouncedStop(*row) for row in await conn.execute(query)]
