"""What was answered to a request that says by a key that it is the same one again: it is done once."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.tables import idempotent_answer


class Answer(NamedTuple):
    """What was answered."""

    request_sha256: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes


async def answered(conn: AsyncConnection, who: str, key: str) -> Answer | None:
    """Tell what was answered already; whoever sends the same at once waits until this transaction ends."""
    await conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{who} {key}", 0))))
    columns = [idempotent_answer.c[name] for name in Answer._fields]
    query = select(*columns).where(idempotent_answer.c.who == who, idempotent_answer.c.key == key)
    row = (await conn.execute(query)).one_or_none()
    return Answer(*row) if row else None


async def keep(conn: AsyncConnection, who: str, key: str, answer: Answer) -> None:
    """Keep what is answered, in the transaction that does it."""
    await conn.execute(insert(idempotent_answer).values(who=who, key=key, **answer._asdict()))
