"""Households and points as registered."""

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.read.places import ADDRESS, EVERYWHERE, HOMES, Place, within
from heatstream.store.read.rows import AnyRow, Rows, at_most_one, every
from heatstream.store.tables import city, gateway, household, point, room

_INSTALLED_NOW = point.c.valid_to.is_(None) | (point.c.valid_to > func.now())
_POINTS = (
    select(func.count())
    .select_from(point)
    .where(point.c.household_id == household.c.id, _INSTALLED_NOW)
    .scalar_subquery()
)
_HOUSEHOLD_COLUMNS = (
    household.c.id,
    *ADDRESS,
    household.c.kind,
    household.c.stair,
    household.c.floor,
    household.c.door,
    household.c.valid_from,
    household.c.valid_to,
    _POINTS.label("points"),
)
_POINT_COLUMNS = (
    point.c.id,
    point.c.device,
    household.c.code.label("household"),
    room.c.code.label("room"),
    room.c.kind.label("room_kind"),
    gateway.c.code.label("gateway"),
    point.c.interval_min,
    point.c.accepted_on,
    point.c.filed_on,
    point.c.certificate_expires,
    point.c.valid_from,
    point.c.valid_to,
)


async def the_city(conn: AsyncConnection) -> AnyRow | None:
    """The one city of this database; None before its registry is imported."""
    return await at_most_one(conn, select(city.c.code, city.c.name))


def _monitored(wanted: bool | None) -> list[ColumnElement[bool]]:
    if wanted is None:
        return []
    has_point = select(1).where(point.c.household_id == household.c.id, _INSTALLED_NOW).exists()
    return [has_point if wanted else ~has_point]


async def households(
    conn: AsyncConnection,
    place: Place = EVERYWHERE,
    *,
    monitored: bool | None = None,
    after: int = 0,
    limit: int,
) -> Rows:
    """Households by the order they were registered in; `monitored`: with a point now, or without."""
    query = (
        select(*_HOUSEHOLD_COLUMNS)
        .select_from(HOMES)
        .where(household.c.id > after, *within(place), *_monitored(monitored))
        .order_by(household.c.id)
        .limit(limit)
    )
    return await every(conn, query)


async def household_by_code(conn: AsyncConnection, code: str) -> AnyRow | None:
    """One household with its place."""
    query = select(*_HOUSEHOLD_COLUMNS).select_from(HOMES).where(household.c.code == code)
    return await at_most_one(conn, query)


def _points() -> Select[Any]:
    homes = HOMES.join(point, point.c.household_id == household.c.id)
    placed = homes.outerjoin(room, point.c.room_id == room.c.id).outerjoin(gateway, point.c.gateway_id == gateway.c.id)
    return select(*_POINT_COLUMNS).select_from(placed)


async def points(
    conn: AsyncConnection, place: Place = EVERYWHERE, *, device: str | None = None, after: int = 0, limit: int
) -> Rows:
    """Installations by the order they were registered in; a device that moved has several."""
    query = _points().where(point.c.id > after, *within(place))
    if device is not None:
        query = query.where(point.c.device == device)
    return await every(conn, query.order_by(point.c.id).limit(limit))


async def first_installation(conn: AsyncConnection) -> dt.datetime | None:
    """When the city's first point was installed: nothing can have been judged before."""
    found: dt.datetime | None = await conn.scalar(select(func.min(point.c.valid_from)))
    return found
