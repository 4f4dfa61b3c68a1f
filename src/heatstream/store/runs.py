"""Runs: what was judged by which policy and code, from which batches."""

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.tables import policy, run


class Run(NamedTuple):
    """One evaluation."""

    id: int
    policy_hash: bytes | None
    code_version: str
    through_batch: int
    started_at: dt.datetime
    ended_at: dt.datetime | None
    counts: Mapping[str, int] | None


async def begin(conn: AsyncConnection, policy_id: int | None, code_version: str, through_batch: int) -> int:
    """Open a run; its cut-off is `through_batch`."""
    row = insert(run).values(policy_id=policy_id, code_version=code_version, through_batch=through_batch)
    return int(await conn.scalar(row.returning(run.c.id)) or 0)


async def end(conn: AsyncConnection, run_id: int, counts: Mapping[str, int]) -> None:
    await conn.execute(update(run).where(run.c.id == run_id).values(ended_at=func.now(), counts=dict(counts)))


async def last_policy(conn: AsyncConnection) -> int | None:
    """The policy of the newest run that had one."""
    query = select(run.c.policy_id).where(run.c.policy_id.is_not(None)).order_by(run.c.id.desc()).limit(1)
    found: int | None = await conn.scalar(query)
    return found


async def newest(conn: AsyncConnection, limit: int = 10) -> list[Run]:
    """List the newest runs first."""
    query = (
        select(
            run.c.id,
            policy.c.hash,
            run.c.code_version,
            run.c.through_batch,
            run.c.started_at,
            run.c.ended_at,
            run.c.counts,
        )
        .select_from(run.outerjoin(policy))
        .order_by(run.c.id.desc())
        .limit(limit)
    )
    return [Run(*row) for row in await conn.execute(query)]
