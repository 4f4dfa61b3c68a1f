"""`day_statistic`: what each point's day was like; replaced when more is known of the day."""

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import Integer, bindparam, delete, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.copy import Column, copy_in
from heatstream.store.tables import day_statistic


async def replace(
    conn: AsyncConnection, day: dt.date, households: Sequence[int], columns: Mapping[str, Column]
) -> None:
    """Put new statistics of a day in the place of what these households have; the rows may be of others, too."""
    if households:
        ids = bindparam(None, list(households), ARRAY(Integer))
        await conn.execute(
            delete(day_statistic).where(day_statistic.c.day == day, day_statistic.c.household_id == func.any(ids))
        )
    await copy_in(conn, day_statistic, columns)
