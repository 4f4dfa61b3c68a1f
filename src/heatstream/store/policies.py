"""Policies that findings were made under, whole and for good."""

import datetime as dt
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.tables import policy


class StoredPolicy(NamedTuple):
    """Packs and choices as they were when first used."""

    id: int
    hash: bytes
    place: str
    watermark: str | None
    canonical: str
    first_used_at: dt.datetime


async def keep(conn: AsyncConnection, hash_: bytes, place: str, watermark: str | None, canonical: str) -> int:
    """Keep a policy, once; tell its id."""
    row = insert(policy).values(hash=hash_, place=place, watermark=watermark, canonical=canonical)
    await conn.execute(row.on_conflict_do_nothing(index_elements=["hash"]))
    return int(await conn.scalar(select(policy.c.id).where(policy.c.hash == hash_)) or 0)


async def listed(conn: AsyncConnection) -> list[StoredPolicy]:
    """List every policy, the newest first."""
    return [StoredPolicy(*row) for row in await conn.execute(select(policy).order_by(policy.c.id.desc()))]


async def by_hash(conn: AsyncConnection, hash_: bytes) -> StoredPolicy | None:
    row = (await conn.execute(select(policy).where(policy.c.hash == hash_))).one_or_none()
    return StoredPolicy(*row) if row else None


async def canonical(conn: AsyncConnection, policy_id: int) -> str:
    """Give the canonical form of a policy that was kept."""
    return str((await conn.execute(select(policy.c.canonical).where(policy.c.id == policy_id))).scalar_one())
