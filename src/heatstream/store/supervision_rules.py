"""The operator's rules of supervision that something was seen or scored by, whole and for good."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.rules.supervision.file import SupervisionRules
from heatstream.store.tables import supervision_rules


async def keep(conn: AsyncConnection, rules: SupervisionRules) -> int:
    """Keep rules, once; tell their id."""
    row = insert(supervision_rules).values(
        hash=rules.hash, version=rules.version, watermark=rules.watermark, canonical=rules.canonical
    )
    await conn.execute(row.on_conflict_do_nothing(index_elements=["hash"]))
    found = await conn.scalars(select(supervision_rules.c.id).where(supervision_rules.c.hash == rules.hash))
    return int(found.one())
