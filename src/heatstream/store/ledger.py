"""What became of every reading received, batch by batch; and what went wrong on the way."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Text, bindparam, cast, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY, INT8MULTIRANGE
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.calendar import day_of
from heatstream.store import progress
from heatstream.store.locks import hold_writers
from heatstream.store.progress import Runs
from heatstream.store.tables import batch, closing, conflict_decision, incident, ledger, ledger_page, reading_conflict


class OpenBatch(NamedTuple):
    """A batch being written; whoever writes holds the writers' lock."""

    id: int
    closed_through: int | None
    """Last closed local day [days since 1970-01-01]; None = none is."""


async def open_batch(conn: AsyncConnection, writer: str) -> OpenBatch:
    """Begin a batch: take the writers' lock, then the next id, so that ids rise in commit order."""
    await hold_writers(conn)
    closed = select(closing.c.closed_through).scalar_subquery()
    row = (await conn.execute(insert(batch).values(writer=writer).returning(batch.c.id, closed))).one()
    day: dt.date | None = row[1]
    return OpenBatch(row[0], None if day is None else day_of(day))


class Entries(NamedTuple):
    """Rows of the ledger; the counts are (rows,) each."""

    gateway: Sequence[str]
    kind: Sequence[str]
    counts: Mapping[str, NDArray[np.int64]]
    """messages, undecodable, over_quota, readings, stored, repeated, conflicting, rejected, late."""


class Moves(NamedTuple):
    """How far the gateways of a batch have come, (rows,) each; None where one did not move."""

    contiguous: Sequence[int | None]
    highest: Sequence[int | None]
    beyond: Sequence[Runs | None]


async def append(conn: AsyncConnection, batch_id: int, entries: Entries, moves: Moves) -> None:
    """Add a batch's page."""
    beyond = [None if runs is None else progress.spelt(runs) for runs in moves.beyond]
    page = {
        "batch_id": batch_id,
        "gateway": list(entries.gateway),
        "kind": list(entries.kind),
        **{name: count.tolist() for name, count in entries.counts.items()},
        "contiguous": moves.contiguous,
        "highest": moves.highest,
        "beyond": cast(bindparam(None, beyond, ARRAY(Text)), ARRAY(INT8MULTIRANGE)),
    }
    await conn.execute(insert(ledger_page).values(page))


async def record_incident(conn: AsyncConnection, kind: str, gateway: str | None, detail: Mapping[str, Any]) -> None:
    """Keep something that an operator should look at."""
    await conn.execute(insert(incident).values(kind=kind, gateway=gateway, detail=dict(detail)))


# --- read again -------------------------------------------------------------------------------------------------------


class Hour(NamedTuple):
    """What became of all that a gateway sent in an hour: readings = stored + repeated + conflicting + rejected."""

    hour: dt.datetime
    gateway: str
    messages: int
    undecodable: int
    over_quota: int
    readings: int
    stored: int
    repeated: int
    conflicting: int
    rejected: int
    late: int


async def by_hour(conn: AsyncConnection, since: dt.datetime) -> list[Hour]:
    """Sum the ledger of ingest by hour and gateway; what was fed again is not counted twice."""
    hour = func.date_trunc("hour", batch.c.written_at)
    sums = [cast(func.sum(ledger.c[name]), BigInteger) for name in Hour._fields[2:]]
    rows = await conn.execute(
        select(hour, ledger.c.gateway, *sums)
        .join_from(ledger, batch, ledger.c.batch_id == batch.c.id)
        .where(batch.c.written_at >= since, batch.c.writer == "ingest")
        .group_by(hour, ledger.c.gateway)
        .order_by(hour, ledger.c.gateway)
    )
    return [Hour(*row) for row in rows]


async def open_conflicts(conn: AsyncConnection) -> int:
    """Count the instants with two values that nobody has decided."""
    instants = select(reading_conflict.c.point_id, reading_conflict.c.observed_at)
    decided = select(conflict_decision.c.point_id, conflict_decision.c.observed_at)
    return int(await conn.scalar(select(func.count()).select_from(instants.except_(decided).subquery())) or 0)


async def lag_s(conn: AsyncConnection) -> float | None:
    """Tell how long ago a batch was written [s]."""
    newest = select(batch.c.written_at).order_by(batch.c.id.desc()).limit(1).scalar_subquery()
    found = await conn.scalar(select(func.extract("epoch", func.clock_timestamp() - newest)))
    return None if found is None else float(found)
