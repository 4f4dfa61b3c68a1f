"""Messages and readings that were refused, and what went wrong with the ingest itself."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.read.rows import Rows, every
from heatstream.store.tables import incident, reject, reject_reading


def _wanted(reason: str | None, gateway: str | None, *, unresolved: bool) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [reject.c.resolved_at.is_(None)] if unresolved else []
    if gateway is not None:
        conditions.append(reject.c.gateway == gateway)
    if reason is not None:
        of_a_reading = select(reject_reading.c.reject_id).where(reject_reading.c.reason == reason)
        conditions.append(or_(reject.c.reason == reason, reject.c.id.in_(of_a_reading)))
    return conditions


async def listed(
    conn: AsyncConnection,
    *,
    reason: str | None = None,
    gateway: str | None = None,
    unresolved: bool = True,
    after: int = 0,
    limit: int,
) -> Rows:
    """Refused messages by the order they came in."""
    query = select(reject).where(reject.c.id > after, *_wanted(reason, gateway, unresolved=unresolved))
    return await every(conn, query.order_by(reject.c.id).limit(limit))


async def readings_of(conn: AsyncConnection, reject_ids: Sequence[int]) -> Rows:
    """The refused readings of some messages, in the order they were sent."""
    query = select(reject_reading).where(reject_reading.c.reject_id.in_(reject_ids))
    return await every(conn, query.order_by(reject_reading.c.reject_id, reject_reading.c.position))


async def unresolved_by_reason(conn: AsyncConnection) -> Rows:
    """How many messages and readings wait for their cause to be mended, by reason."""
    whole = select(reject.c.reason).where(reject.c.resolved_at.is_(None), reject.c.reason.is_not(None))
    single = select(reject_reading.c.reason).where(reject_reading.c.resolved_at.is_(None))
    each = union_all(whole, single).subquery()
    refused = func.count().label("refused")
    return await every(conn, select(each.c.reason, refused).group_by(each.c.reason).order_by(refused.desc()))


async def incidents(conn: AsyncConnection, *, kind: str | None = None, after: int = 0, limit: int) -> Rows:
    """Incidents of the ingest by the order they happened in."""
    query = select(incident).where(incident.c.id > after)
    if kind is not None:
        query = query.where(incident.c.kind == kind)
    return await every(conn, query.order_by(incident.c.id).limit(limit))
