"""Gateways: which are heard, what is missing of their messages, and where their readings of the last day went."""

import datetime as dt

from sqlalchemy import BigInteger, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.read.rows import Rows, every
from heatstream.store.tables import batch, company, gateway, gateway_progress, ledger

COUNTS = ("messages", "undecodable", "over_quota", "readings", "stored", "repeated", "conflicting", "rejected", "late")


async def listed(conn: AsyncConnection, since: dt.datetime, *, company_id: int | None = None) -> Rows:
    """List the registered gateways and those that were heard without being registered, by their code.

    Parameters
    ----------
    since : what became of readings is counted from here on
    company_id : only this company's
    """
    piece = func.unnest(gateway_progress.c.beyond).column_valued("piece")
    came = select(func.coalesce(func.sum(func.upper(piece) - func.lower(piece)), 0)).scalar_subquery()
    counted = (
        select(ledger.c.gateway, *(func.sum(ledger.c[name]).cast(BigInteger).label(name) for name in COUNTS))
        .join_from(ledger, batch, ledger.c.batch_id == batch.c.id)
        .where(batch.c.written_at >= since)
        .group_by(ledger.c.gateway)
        .subquery()
    )
    heard = gateway_progress.outerjoin(counted, counted.c.gateway == gateway_progress.c.gateway)
    joined = gateway.outerjoin(heard, gateway_progress.c.gateway == gateway.c.code, full=True)
    code = func.coalesce(gateway.c.code, gateway_progress.c.gateway)
    query = (
        select(
            code.label("gateway"),
            gateway.c.id.is_not(None).label("registered"),
            gateway.c.name,
            gateway.c.owner,
            company.c.name.label("company"),
            gateway_progress.c.last_received_at,
            gateway_progress.c.status,
            gateway_progress.c.status_at,
            (gateway_progress.c.highest - gateway_progress.c.contiguous - came).cast(BigInteger).label("missing"),
            *(func.coalesce(counted.c[name], 0).label(name) for name in COUNTS),
        )
        .select_from(joined.outerjoin(company, company.c.id == gateway.c.company_id))
        .order_by(code)
    )
    return await every(conn, query if company_id is None else query.where(gateway.c.company_id == company_id))
