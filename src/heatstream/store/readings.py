"""Indoor readings: written by ingest, replay and import, each batch in one transaction."""

from collections.abc import Collection

from sqlalchemy import Integer, bindparam, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.copy import Rows, copy_out_all
from heatstream.store.stage import shelf
from heatstream.store.tables import point, reading, reading_conflict

READINGS = shelf(reading, reading_conflict, values=("temp_centi",), told_apart="temp_centi")


async def last_point(conn: AsyncConnection) -> int:
    """Find the highest id of an installation; 0 while there is none."""
    return int(await conn.scalar(select(func.coalesce(func.max(point.c.id), 0))) or 0)


async def highest(conn: AsyncConnection, points: Collection[int] | None = None) -> Rows:
    """Find the newest stored instant of these points, or of all; points without a reading are left out.

    One index look-up a point, from its newest partition backwards.

    Returns
    -------
    structured rows: id, observed_at [µs since 1970-01-01T00:00Z]
    """
    newest = (
        select(reading.c.observed_at)
        .where(reading.c.point_id == point.c.id)
        .order_by(reading.c.observed_at.desc())
        .limit(1)
        .lateral("newest")
    )
    query = select(point.c.id, newest.c.observed_at).select_from(point.join(newest, true()))
    if points is not None:
        query = query.where(point.c.id == func.any(bindparam(None, list(points), ARRAY(Integer))))
    await conn.execute(select(1))  # a COPY may not be the first statement of its transaction
    return await copy_out_all(conn, query)
