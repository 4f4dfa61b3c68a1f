"""How far each gateway's sequence has come: what a receipt says."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Text, cast, literal, select
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.arrays import rows_of
from heatstream.store.tables import Instant, gateway_progress


class Progress(NamedTuple):
    """Of one gateway."""

    contiguous: int
    """Every sequence up to this one is stored, or kept as a reject."""
    highest: int
    beyond: tuple[tuple[int, int], ...] = ()
    """Runs [from, to) above `contiguous` that came."""


async def load(conn: AsyncConnection) -> dict[str, Progress]:
    """Read every gateway's."""
    table = gateway_progress.c
    rows = await conn.execute(select(table.gateway, table.contiguous, table.highest, table.beyond))
    return {
        row.gateway: Progress(row.contiguous, row.highest, tuple((run.lower, run.upper) for run in row.beyond))
        for row in rows
    }


def _multirange(runs: tuple[tuple[int, int], ...]) -> str:
    return "{" + ",".join(f"[{start},{end})" for start, end in runs) + "}"


async def save(conn: AsyncConnection, came: Mapping[str, Progress], received_at: dt.datetime) -> None:
    """Write the progress of the gateways that were heard."""
    each = sorted(came.items())
    rows = rows_of(
        "came",
        gateway=(Text, [name for name, _ in each]),
        contiguous=(BigInteger, [one.contiguous for _, one in each]),
        highest=(BigInteger, [one.highest for _, one in each]),
        beyond=(Text, [_multirange(one.beyond) for _, one in each]),
    )
    beyond = cast(rows.c.beyond, INT8MULTIRANGE)
    query = select(rows.c.gateway, rows.c.contiguous, rows.c.highest, beyond, literal(received_at, Instant))
    names = ["gateway", "contiguous", "highest", "beyond", "last_received_at"]
    upsert = insert(gateway_progress).from_select(names, query)
    changed = {name: upsert.excluded[name] for name in names[1:]}
    await conn.execute(upsert.on_conflict_do_update(index_elements=["gateway"], set_=changed))


class GatewayStatus(NamedTuple):
    """A gateway's newest report of itself."""

    gateway: str
    status: dict[str, Any]
    at: dt.datetime
    progress: Progress


async def save_status(conn: AsyncConnection, told: list[GatewayStatus], received_at: dt.datetime) -> None:
    """Keep what gateways told of themselves."""
    upsert = insert(gateway_progress).values(
        [
            {
                "gateway": one.gateway,
                "contiguous": one.progress.contiguous,
                "highest": one.progress.highest,
                "beyond": [],
                "last_received_at": received_at,
                "status": one.status,
                "status_at": one.at,
            }
            for one in told
        ]
    )
    changed = {name: upsert.excluded[name] for name in ("last_received_at", "status", "status_at")}
    await conn.execute(upsert.on_conflict_do_update(index_elements=["gateway"], set_=changed))
