"""What claims came to, and when: a row is added whenever something of it differs."""

import datetime as dt

from sqlalchemy import func, insert, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store import changes
from heatstream.store.tables import claim, entitlement

STANDS = ("step", "computed_fen", "entitlement_fen", "ruled_fen", "paid_fen", "pay_by", "next_due_at")


async def keep(conn: AsyncConnection, claim_id: int, since: dt.datetime) -> None:
    """Keep what a claim comes to now, unless the newest row says the same; the caller holds the claim's row.

    Parameters
    ----------
    since : when the event was recorded that it comes of, so that both are read back as of the same instant
    """
    newest = (
        select(entitlement)
        .where(entitlement.c.claim_id == claim_id)
        .order_by(entitlement.c.number.desc())
        .limit(1)
        .subquery("newest")
    )
    columns = [claim.c[name] for name in STANDS]
    differs = or_(newest.c.id.is_(None), *(column.is_distinct_from(newest.c[column.key]) for column in columns))
    now = (
        select(claim.c.id, func.coalesce(newest.c.number, 0) + 1, literal(since), *columns)
        .select_from(claim.outerjoin(newest, literal(value=True)))
        .where(claim.c.id == claim_id, differs)
    )
    added = insert(entitlement).from_select(["claim_id", "number", "made_at", *STANDS], now).returning(entitlement.c.id)
    await changes.tell(conn, "entitlement", list(await conn.scalars(added)))
