"""Exports: what was asked for, where it stands, and its file in parts of one size."""

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.errors import StoreError
from heatstream.store.tables import export, export_part, idempotent_answer

PART_BYTES: Final = 4 << 20
"""Every part but the last is so long: so a byte is found by its place."""
REPEATED_FOR: Final = dt.timedelta(days=7)
"""So long an answer is given again to the same key."""


class Export(NamedTuple):
    """An export, without its file."""

    id: int
    code: str
    who: str
    scope: Mapping[str, Any]
    noun: str
    parameters: Mapping[str, Any]
    media_type: str
    state: str
    asked_at: dt.datetime
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    manifest: Mapping[str, Any] | None
    detail: str | None


_COLUMNS = [export.c[name] for name in Export._fields]


async def add(
    conn: AsyncConnection,
    who: str,
    scope: Mapping[str, Any],
    *,
    noun: str,
    parameters: Mapping[str, Any],
    media_type: str,
) -> Export:
    """Ask for one; the jobs write it."""
    row = insert(export).values(
        code=secrets.token_urlsafe(16),
        who=who,
        scope=dict(scope),
        noun=noun,
        parameters=dict(parameters),
        media_type=media_type,
        state="waiting",
    )
    return Export(*(await conn.execute(row.returning(*_COLUMNS))).one())


async def listed(conn: AsyncConnection, *, after: int, limit: int) -> list[Export]:
    """List exports in the order they were asked for."""
    query = select(*_COLUMNS).where(export.c.id > after).order_by(export.c.id).limit(limit)
    return [Export(*row) for row in await conn.execute(query)]


async def unfinished(conn: AsyncConnection) -> int:
    """Count those that wait or are written, of whoever the connection sees with."""
    query = select(func.count()).where(export.c.state.in_(("waiting", "running")))
    return int(await conn.scalar(query) or 0)


async def by_code(conn: AsyncConnection, code: str) -> Export | None:
    """Read one."""
    row = (await conn.execute(select(*_COLUMNS).where(export.c.code == code))).one_or_none()
    return Export(*row) if row else None


async def part(conn: AsyncConnection, export_id: int, number: int) -> bytes | None:
    """Read a part of the file; None past the last."""
    query = select(export_part.c.content).where(export_part.c.export_id == export_id, export_part.c.number == number)
    found: bytes | None = await conn.scalar(query)
    return found


# --- written by the jobs ----------------------------------------------------------------------------------------------


async def alone(conn: AsyncConnection) -> bool:
    """Take the lock of who writes exports, for as long as the connection lasts; False where another has it."""
    return bool(await conn.scalar(text("select pg_try_advisory_lock(hashtext('heatstream.exports'))")))


async def leave(conn: AsyncConnection) -> None:
    """Give the lock back."""
    await conn.execute(text("select pg_advisory_unlock(hashtext('heatstream.exports'))"))


async def begin_next(conn: AsyncConnection) -> Export | None:
    """Begin the oldest that waits, or that a process which ended left half written: it is written anew."""
    open_ = select(export.c.id).where(export.c.state.in_(("waiting", "running"))).order_by(export.c.id).limit(1)
    begun = update(export).where(export.c.id == open_.scalar_subquery()).values(state="running", started_at=func.now())
    row = (await conn.execute(begun.returning(*_COLUMNS))).one_or_none()
    if row is None:
        return None
    await conn.execute(delete(export_part).where(export_part.c.export_id == row.id))
    return Export(*row)


class Overtaken(StoreError):
    """Another process has begun the export anew: its lock was lost, and what is written here is no part of it."""


async def _hold(conn: AsyncConnection, begun: Export) -> None:
    """Hold the row of an export until the transaction ends, if nobody has begun it since."""
    mine = select(export.c.id).where(export.c.id == begun.id, export.c.started_at == begun.started_at)
    if await conn.scalar(mine.with_for_update()) is None:
        raise Overtaken(f"export {begun.code}: another process has begun it anew and writes it")


async def keep_part(conn: AsyncConnection, begun: Export, number: int, content: bytes) -> None:
    """Keep a part of the file.

    Raises
    ------
    Overtaken
        So do `finish` and `fail`.
    """
    await _hold(conn, begun)
    await conn.execute(insert(export_part).values(export_id=begun.id, number=number, content=content))


async def finish(conn: AsyncConnection, begun: Export, manifest: Mapping[str, Any]) -> None:
    """Say that the file is whole."""
    await _hold(conn, begun)
    done = {"state": "done", "ended_at": func.now(), "manifest": dict(manifest)}
    await conn.execute(update(export).where(export.c.id == begun.id).values(done))


async def fail(conn: AsyncConnection, begun: Export, detail: str) -> None:
    """Say why there is no file."""
    await _hold(conn, begun)
    await conn.execute(delete(export_part).where(export_part.c.export_id == begun.id))
    failed = {"state": "failed", "ended_at": func.now(), "detail": detail}
    await conn.execute(update(export).where(export.c.id == begun.id).values(failed))


async def expire(conn: AsyncConnection, before: dt.datetime) -> int:
    """Delete the files of exports that ended before an instant, and keep their manifests; tell how many."""
    old = update(export).where(export.c.state == "done", export.c.ended_at < before).values(state="expired")
    ended = list(await conn.scalars(old.returning(export.c.id)))
    await conn.execute(delete(export_part).where(export_part.c.export_id.in_(ended)))
    return len(ended)


async def forget_answers(conn: AsyncConnection, now: dt.datetime) -> int:
    """Delete what no key is answered with any more; tell how many."""
    old = delete(idempotent_answer).where(idempotent_answer.c.made_at < now - REPEATED_FOR)
    return int((await conn.execute(old)).rowcount)
