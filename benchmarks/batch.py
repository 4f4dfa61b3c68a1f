"""`ingest-batch`: 50 readings a message, against a raw binary COPY of the same rows into the same table."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from sqlalchemy import func, select, text

from benchmarks.rig import (
    RUNS,
    SESSION,
    Ingest,
    Stage,
    checkpoint_inside,
    figure,
    forget,
    load_plan,
    make_session,
    median,
    publish,
    resident_mib,
    stage,
    tell,
    wal_bytes,
)
from benchmarks.scale import scaled
from heatstream.store.copy import Column, Rows, copy_in, copy_out
from heatstream.store.pool import create_engine
from heatstream.store.tables import reading
from simulators.load import LoadPlan

READINGS = scaled(2_000_000, 100_000)
A_MESSAGE = 50


def plan() -> LoadPlan:
    return load_plan(READINGS // A_MESSAGE, A_MESSAGE, "columnar")


def run() -> Iterator[dict[str, Any]]:
    yield from asyncio.run(_run())


async def _run() -> list[dict[str, Any]]:
    async with stage() as here:
        runs = [await _pair(here) for _ in range(RUNS)]
        ours, against = (median([each[name] for each in runs]) for name in ("ours", "against"))
        conditions = here.conditions(
            readings=READINGS,
            readings_a_message=A_MESSAGE,
            runs=f"median of {RUNS}",
            checkpoint="one before, one inside, for both",
            **{name: runs[-1][name] for name in ("wal bytes a row", "wal bytes a row of COPY", "resident MiB")},
        )
        return [figure("ingest-batch", ours, against, "readings/s", conditions)]


async def _pair(here: Stage) -> dict[str, float]:
    """Ours, then the rows it stored once more by COPY alone into a fresh copy of the database."""
    async with here.database() as url:
        await make_session(here, url)
        await publish(here, plan())
        before = await wal_bytes(url)
        async with checkpoint_inside(url, 2.5), Ingest(here, url) as ingest:
            seconds = await ingest.done(READINGS // A_MESSAGE)
            resident = resident_mib(ingest.pid)
        ours_wal = await wal_bytes(url) - before
        assert await tell(url, "select sum(stored) from ledger") == READINGS
        rows = await _stored(url)
    await forget(here, SESSION)
    copy_seconds, copy_wal = await _copied(here, rows)
    return {
        "ours": READINGS / seconds,
        "against": READINGS / copy_seconds,
        "wal bytes a row": round(ours_wal / READINGS),
        "wal bytes a row of COPY": round(copy_wal / READINGS),
        "resident MiB": round(resident),
    }


async def _stored(url: str) -> Rows:
    """In the order in which they were stored."""
    columns = [
        func.coalesce(each, each if not each.nullable else reading.c.received_at).label(each.name) for each in reading.c
    ]
    query = select(*columns).where(reading.c.batch_id > 0).order_by(reading.c.batch_id)
    engine = create_engine(url, size=1)
    try:
        async with engine.begin() as conn:
            await conn.execute(text("select 1"))
            return np.concatenate([part async for part in copy_out(conn, query)])
    finally:
        await engine.dispose()


async def _copied(here: Stage, rows: Rows) -> tuple[float, int]:
    async with here.database() as url:
        engine = create_engine(url, size=1)
        before = await wal_bytes(url)
        async with checkpoint_inside(url, 1.0):
            began = time.perf_counter()
            async with engine.begin() as conn:
                await conn.execute(text("select 1"))
                await copy_in(conn, reading, {name: Column(rows[name]) for name in rows.dtype.names or ()})
            seconds = time.perf_counter() - began
        await engine.dispose()
        return seconds, await wal_bytes(url) - before
