"""How far each gateway's sequence has come: what a receipt says.

Every batch writes what moved into its page of the ledger, which is written anyway; `gateway_progress` is brought up to
date with the batch where few gateways moved, else every few seconds. Thousands of updates a batch would cost more than
the readings.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Text, cast, func, literal, select
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, distinct_on
from sqlalchemy.dialects.postgresql import insert as upserting
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.arrays import rows_of
from heatstream.store.tables import Instant, gateway_progress, ledger

Runs = tuple[tuple[int, int], ...]
"""Runs [from, to) of sequences, rising, apart from each other."""


class Progress(NamedTuple):
    """Of one gateway."""

    contiguous: int
    """Every sequence up to this one is stored, or kept as a reject."""
    highest: int
    beyond: Runs = ()
    """What came above `contiguous`."""


async def load(conn: AsyncConnection) -> dict[str, Progress]:
    """Read every gateway's, the newest ledger rows included."""
    table = gateway_progress.c
    columns = (table.gateway, table.contiguous, table.highest, table.beyond)
    found = {row[0]: _progress(*row[1:]) for row in await conn.execute(select(*columns))}
    return found | await behind(conn)


async def behind(conn: AsyncConnection) -> dict[str, Progress]:
    """Read of the ledger what moved after `gateway_progress` was last brought up to date."""
    through = select(func.coalesce(func.max(gateway_progress.c.batch_id), 0)).scalar_subquery()
    moved = (
        select(ledger.c.gateway, ledger.c.contiguous, ledger.c.highest, ledger.c.beyond)
        .where(ledger.c.batch_id > through, ledger.c.contiguous.is_not(None))
        .order_by(ledger.c.gateway, ledger.c.batch_id.desc())
        .ext(distinct_on(ledger.c.gateway))
    )
    return {row[0]: _progress(*row[1:]) for row in await conn.execute(moved)}


def _progress(contiguous: int, highest: int, beyond: Sequence[Any]) -> Progress:
    return Progress(contiguous, highest, tuple((run.lower, run.upper) for run in beyond))


def spelt(runs: Runs) -> str:
    """Write runs as PostgreSQL reads an int8multirange."""
    return "{" + ",".join(f"[{start},{end})" for start, end in runs) + "}"


async def save(
    conn: AsyncConnection, came: Sequence[tuple[str, Progress]], received_at: dt.datetime, batch_id: int
) -> None:
    """Bring `gateway_progress` up to date: all that moved up to this batch."""
    each = sorted(came)
    rows = rows_of(
        "came",
        gateway=(Text, [name for name, _ in each]),
        contiguous=(BigInteger, [one.contiguous for _, one in each]),
        highest=(BigInteger, [one.highest for _, one in each]),
        beyond=(Text, [spelt(one.beyond) for _, one in each]),
    )
    beyond = cast(rows.c.beyond, INT8MULTIRANGE)
    constant = (literal(received_at, Instant), literal(batch_id, BigInteger))
    query = select(rows.c.gateway, rows.c.contiguous, rows.c.highest, beyond, *constant)
    names = ["gateway", "contiguous", "highest", "beyond", "last_received_at", "batch_id"]
    upsert = upserting(gateway_progress).from_select(names, query)
    changed = {name: upsert.excluded[name] for name in names[1:]}
    await conn.execute(upsert.on_conflict_do_update(index_elements=["gateway"], set_=changed))


class GatewayStatus(NamedTuple):
    """A gateway's newest report of itself."""

    gateway: str
    state: str
    at: dt.datetime


async def save_status(conn: AsyncConnection, told: Sequence[GatewayStatus]) -> None:
    """Keep what gateways told of themselves; each has its row."""
    came = rows_of(
        "came",
        gateway=(Text, [one.gateway for one in told]),
        state=(Text, [one.state for one in told]),
        at=(Instant, [one.at for one in told]),
    )
    status = func.jsonb_build_object("state", came.c.state)
    row = gateway_progress.update().where(gateway_progress.c.gateway == came.c.gateway)
    await conn.execute(row.values(status=status, status_at=came.c.at))
