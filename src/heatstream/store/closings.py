"""Which days are closed: every earlier day is, too. Late readings of closed days mark them; open days need no mark."""

import datetime as dt

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.tables import batch, closing, reading
from heatstream.store.timescale import LOCAL


async def closed_through(conn: AsyncConnection) -> dt.date | None:
    """Last closed day; None before the first closing."""
    found: dt.date | None = await conn.scalar(select(closing.c.closed_through))
    return found


async def first_day_read(conn: AsyncConnection) -> dt.date | None:
    """First local day that has a reading; None while nothing is stored."""
    # Written as a limit, because min() would look at every partition.
    found = await conn.scalar(select(reading.c.observed_at).order_by(reading.c.observed_at).limit(1))
    return found.astimezone(LOCAL).date() if found else None


async def newest_batch(conn: AsyncConnection) -> int:
    """The last batch committed; 0 before the first. Every earlier one is committed, too: batch ids are commit order."""
    return int(await conn.scalar(select(func.coalesce(func.max(batch.c.id), 0))) or 0)


async def close(conn: AsyncConnection, day: dt.date) -> None:
    """Close a day; the caller holds the writers' lock."""
    row = insert(closing).values(closed_through=day)
    await conn.execute(
        row.on_conflict_do_update(
            index_elements=["id"],
            set_={"closed_through": func.greatest(closing.c.closed_through, day), "closed_at": text("now()")},
        )
    )
