"""Day statistics: what the readings of a point and day say, whatever the law."""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.read.days import DayPage, one_page, ordered
from heatstream.store.read.places import EVERYWHERE, Place, among, monitored
from heatstream.store.read.rows import Rows, every
from heatstream.store.tables import day_statistic, household, point, room


async def listed(conn: AsyncConnection, page: DayPage, place: Place = EVERYWHERE, device: str | None = None) -> Rows:
    """Point-days by day, then by point."""
    homes = await monitored(conn, place)
    rows = select(day_statistic).where(*among(day_statistic.c.household_id, homes))
    if device is not None:
        rows = rows.where(day_statistic.c.point_id.in_(select(point.c.id).where(point.c.device == device)))
    found = one_page(rows, day_statistic.c.day, (day_statistic.c.point_id,), page, homes)
    named = select(found, point.c.device.label("point"), household.c.code.label("household")).select_from(
        found.join(point, found.c.point_id == point.c.id).join(household, found.c.household_id == household.c.id)
    )
    query = ordered(named, found, ("point_id",), newest_first=page.newest_first)
    return await every(conn, query)


async def of_household(conn: AsyncConnection, household_id: int, day: dt.date) -> Rows:
    """The rooms of one household-day."""
    joined = day_statistic.join(point, day_statistic.c.point_id == point.c.id)
    query = (
        select(day_statistic, point.c.device.label("point"), room.c.code.label("room"), room.c.kind.label("room_kind"))
        .select_from(joined.outerjoin(room, point.c.room_id == room.c.id))
        .where(day_statistic.c.household_id == household_id, day_statistic.c.day == day)
        .order_by(day_statistic.c.point_id)
    )
    return await every(conn, query)
