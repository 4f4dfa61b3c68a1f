"""Points that are below the standard now."""

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.read.places import ADDRESS, EVERYWHERE, HOMES, Place, stopped_now, within
from heatstream.store.read.rows import Rows, every
from heatstream.store.tables import flag, household, point, room

_STOPPED = stopped_now().label("stopped")


def _open(place: Place) -> Select[Any]:
    placed = flag.join(point, flag.c.point_id == point.c.id).outerjoin(room, point.c.room_id == room.c.id)
    return (
        select(flag, point.c.device.label("point"), room.c.kind.label("room_kind"), *ADDRESS, _STOPPED)
        .select_from(HOMES.join(placed, point.c.household_id == household.c.id))
        .where(flag.c.until.is_(None), *within(place))
    )


async def listed(conn: AsyncConnection, place: Place = EVERYWHERE, *, after: int = 0, limit: int) -> Rows:
    """Open flags by the order they were raised in."""
    return await every(conn, _open(place).where(flag.c.id > after).order_by(flag.c.id).limit(limit))


async def coldest(conn: AsyncConnection, place: Place = EVERYWHERE, *, limit: int) -> Rows:
    """Open flags, the coldest first; homes that have stopped their heat last."""
    return await every(conn, _open(place).order_by(_STOPPED, flag.c.temp_centi, flag.c.id).limit(limit))
