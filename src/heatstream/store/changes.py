"""The feed of changes: what a writer adds it tells in its own transaction, and one sequencer numbers what was told.

Ids are given when rows are written and seen when they are committed, so whoever polls `id > last` never meets the row
of a transaction that took its id early and committed late. Numbers are therefore given afterwards, and only to changes
of transactions older than every one that still runs (xmin): nothing can appear below a number that was given.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql.ranges import MultiRange, Range
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.store.tables import change, feed

log = structlog.get_logger("heatstream.feed")

Noun: TypeAlias = Literal["finding", "entitlement", "claim_event", "matter_event", "registry_change", "erasure"]
"""Tables whose rows are told."""

CHANNEL: Final = "heatstream_feed"
"""Notified whenever numbers were given."""
SEQUENCER: Final = "heatstream.feed"
STEP: Final = 5000
"""Changes numbered in one transaction: it is short, for it holds up the next numbers itself."""


async def tell(
    conn: AsyncConnection, noun: Noun, ids: Sequence[int] | NDArray[np.int64], day: dt.date | None = None
) -> None:
    """Tell the feed that rows were added, in the transaction that adds them.

    Parameters
    ----------
    noun : the table
    ids : of the rows; no ids tell nothing
    day : of findings: their period_from
    """
    if len(ids):
        ordered = np.unique(np.asarray(ids, np.int64))
        row = {"noun": noun, "ids": _ranges(ordered), "rows": len(ordered), "day": day}
        await conn.execute(insert(change).values(row))


def _ranges(ordered: NDArray[np.int64]) -> MultiRange[int]:
    ends = np.flatnonzero(np.diff(ordered) != 1)
    firsts, lasts = ordered[np.append(0, ends + 1)], ordered[np.append(ends, len(ordered) - 1)]
    return MultiRange(Range(first, last + 1) for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True))


async def move(conn: AsyncConnection) -> None:
    """Tell that homes went over to another company or district: whoever sees a part of the city begins anew."""
    await conn.execute(update(feed).values(moves=feed.c.moves + 1))


async def hold_sequence(conn: AsyncConnection) -> None:
    """Be the only one who gives or takes away numbers, until this transaction ends."""
    await conn.execute(select(func.pg_advisory_xact_lock(func.hashtext(SEQUENCER))))


async def sequence(conn: AsyncConnection) -> int:
    """Number what can be numbered, at most `STEP` changes; tell how many were.

    A transaction of its own, READ COMMITTED: the lock comes before the snapshot that numbers are given by.
    """
    await hold_sequence(conn)
    await _notice_restore(conn)
    return int(await conn.scalar(_NUMBER, {"step": STEP, "channel": CHANNEL}) or 0)


async def sequence_all(engine: AsyncEngine) -> int:
    """Number everything that can be numbered; tell how many changes were."""
    numbered = 0
    while True:
        async with engine.begin() as conn:
            step = await sequence(conn)
        numbered += step
        if step < STEP:
            return numbered


# What is in nobody's way is looked for twice a second; that somebody looks is written more seldom.
_NUMBER = text("""
    with waiting as (
        select id, txid, rows from change
        where first_seq is null and txid < pg_snapshot_xmin(pg_current_snapshot())
        order by txid, id limit :step
    ), placed as (
        select id, sum(rows) over (order by txid, id) - rows as before from waiting
    ), numbered as (
        update change set first_seq = feed.next_seq + placed.before
        from placed, feed where change.id = placed.id
        returning change.rows
    ), told as (
        select count(*) as changes, coalesce(sum(rows), 0) as rows from numbered
    ), kept as (
        update feed set next_seq = next_seq + told.rows, sequenced_at = clock_timestamp()
        from told where told.changes > 0 or sequenced_at < clock_timestamp() - interval '5 seconds'
    )
    select changes from told, lateral (
        select case when changes > 0 then pg_notify(:channel, '')::text end
    ) as notified
""")


async def _notice_restore(conn: AsyncConnection) -> None:
    """Begin a new epoch in a database that is not the one the numbers were given in.

    What a restored database numbers next, the lost one may have numbered otherwise and told to somebody. Its
    transaction ids mean nothing here either: what was not numbered yet takes the lowest, lest it wait for good.
    """
    kept, here = (await conn.execute(select(feed.c.database, func.feed_database()))).one()
    if kept != here:
        epoch = func.gen_random_uuid().cast(feed.c.epoch.type)
        made = await conn.scalar(update(feed).values(epoch=epoch, database=here).returning(feed.c.epoch))
        await conn.execute(text("update change set txid = '3' where first_seq is null"))
        log.warning(
            "another database than the feed's last: a new epoch, readers begin anew", epoch=made, was=kept, now=here
        )


async def prune(conn: AsyncConnection, before: dt.datetime) -> int:
    """Forget the changes that were numbered and told before an instant, the oldest first; tell how many.

    The rows they tell of stay. Whoever has not read them begins anew.
    """
    await hold_sequence(conn)
    younger = select(func.min(change.c.first_seq)).where(change.c.first_seq.is_not(None), change.c.at >= before)
    oldest = select(func.coalesce(younger.scalar_subquery(), feed.c.next_seq))
    first = int((await conn.execute(oldest)).scalar_one())
    gone = await conn.execute(delete(change).where(change.c.first_seq < first))
    await conn.execute(update(feed).values(oldest_seq=func.greatest(feed.c.oldest_seq, first)))
    return gone.rowcount
