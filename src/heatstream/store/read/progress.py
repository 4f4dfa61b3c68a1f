"""How far the parts have come: what was received, what waits to be judged, what ran."""

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.read.rows import AnyRow, Rows, every
from heatstream.store.tables import batch, day_dirty, gateway_progress, job_run, ledger

COUNTS = ("messages", "undecodable", "over_quota", "readings", "stored", "repeated", "conflicting", "rejected", "late")


async def newest_batch(conn: AsyncConnection) -> dt.datetime | None:
    """When anything was last written."""
    found: dt.datetime | None = await conn.scalar(select(func.max(batch.c.written_at)))
    return found


async def backlog(conn: AsyncConnection) -> AnyRow:
    """Household-days that wait to be judged again, and since when the oldest does."""
    waiting = func.count().label("household_days")
    found: AnyRow = (await conn.execute(select(waiting, func.min(day_dirty.c.marked_at).label("oldest")))).one()
    return found


async def last_successes(conn: AsyncConnection) -> Rows:
    """When each job last ended, and when it last succeeded."""
    query = select(
        job_run.c.job,
        func.max(job_run.c.ended_at).label("last_ended_at"),
        func.max(job_run.c.ended_at).filter(job_run.c.succeeded).label("last_succeeded_at"),
    )
    return await every(conn, query.group_by(job_run.c.job).order_by(job_run.c.job))


def counted(since: dt.datetime) -> Select[Any]:
    """Count what became of every reading received since, by gateway."""
    figures = [func.sum(ledger.c[name]).cast(BigInteger).label(name) for name in COUNTS]
    return (
        select(ledger.c.gateway, *figures)
        .join_from(ledger, batch, ledger.c.batch_id == batch.c.id)
        .where(batch.c.written_at >= since)
        .group_by(ledger.c.gateway)
    )


async def conservation(conn: AsyncConnection, since: dt.datetime) -> Rows:
    """What became of every reading received since, by gateway."""
    return await every(conn, counted(since).order_by(ledger.c.gateway))


def missing() -> ColumnElement[int]:
    """Count the messages that are missing of a gateway's sequence."""
    piece = func.unnest(gateway_progress.c.beyond).column_valued("piece")
    came = select(func.coalesce(func.sum(func.upper(piece) - func.lower(piece)), 0)).scalar_subquery()
    return (gateway_progress.c.highest - gateway_progress.c.contiguous - came).cast(BigInteger)


async def gateways(conn: AsyncConnection) -> Rows:
    """Each gateway's place in its sequence, and how many of its messages are missing."""
    query = select(
        gateway_progress.c.gateway,
        gateway_progress.c.contiguous,
        gateway_progress.c.highest,
        missing().label("missing"),
        gateway_progress.c.last_received_at,
        gateway_progress.c.status,
        gateway_progress.c.status_at,
    )
    return await every(conn, query.order_by(gateway_progress.c.gateway))
