"""Locks that whole processes agree on; each is held to the end of the caller's transaction."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

WRITERS = "heatstream.writers"
"""Whoever writes readings, decides conflicts or closes a day holds it, so that batch ids rise in commit order."""


async def hold_writers(conn: AsyncConnection) -> None:
    """Wait for every other writer to commit, and keep new ones waiting until this transaction ends."""
    await conn.execute(select(func.pg_advisory_xact_lock(func.hashtext(WRITERS))))
