"""Gateways: which are heard, what is missing of their messages, and where their readings of the last time went."""

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.read import progress
from heatstream.store.read.rows import Rows, every
from heatstream.store.tables import company, gateway, gateway_progress


async def listed(conn: AsyncConnection, since: dt.datetime) -> Rows:
    """List the registered gateways and those that were heard without being registered, by their code.

    Parameters
    ----------
    since : what became of readings is counted from here on
    """
    counted = progress.counted(since).subquery()
    heard = gateway_progress.outerjoin(counted, counted.c.gateway == gateway_progress.c.gateway)
    joined = gateway.outerjoin(heard, gateway_progress.c.gateway == gateway.c.code, full=True)
    code = func.coalesce(gateway.c.code, gateway_progress.c.gateway)
    query = select(
        code.label("gateway"),
        company.c.name.label("company"),
        gateway_progress.c.last_received_at,
        gateway_progress.c.status,
        gateway_progress.c.status_at,
        progress.missing().label("missing"),
        *(func.coalesce(counted.c[name], 0).label(name) for name in progress.COUNTS),
    )
    placed = query.select_from(joined.outerjoin(company, company.c.id == gateway.c.company_id))
    return await every(conn, placed.order_by(code))
