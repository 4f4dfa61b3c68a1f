"""`latency`: from publishing to being queryable, one reading a message, at the rate of a whole province.

A message is made with the instant of its making as its reading's instant; a watcher asks the database for the newest
batch and notes when it first saw it. Every row's latency is then the difference, rounded up by the watcher's pause.
"""

import asyncio
import datetime as dt
from collections.abc import Iterator
from typing import Any

import asyncpg

from benchmarks.rig import (
    Ingest,
    checkpoint_inside,
    figure,
    load_plan,
    publish,
    resident_mib,
    stage,
    wal_bytes,
)
from benchmarks.scale import scaled

RATE = scaled(24_300, 2_000)
SECONDS = scaled(600, 20)
WATCH_S = 0.02
GOAL_S = 1.0


def run() -> Iterator[dict[str, Any]]:
    yield from asyncio.run(_run())


async def _run() -> list[dict[str, Any]]:
    plan = load_plan(RATE * SECONDS, stamped_now=True)
    async with stage() as here, here.database() as url:
        before = await wal_bytes(url)
        async with checkpoint_inside(url, SECONDS / 2), Ingest(here, url) as ingest:
            seen: dict[int, dt.datetime] = {}
            watching = asyncio.create_task(watch(url, seen))
            sent = await publish(here, plan, rate=RATE)
            await ingest.done(sent.messages)
            await asyncio.sleep(1)
            watching.cancel()
            resident = round(resident_mib(ingest.pid))
        found = await quantiles(url, seen)
        conditions = here.conditions(
            rate=RATE,
            seconds=SECONDS,
            goal="p99 < 1 s",
            **found,
            **{"wal bytes a row": round((await wal_bytes(url) - before) / sent.messages), "resident MiB": resident},
        )
        return [figure("latency", found["p99"], GOAL_S, "s", conditions)]


async def watch(url: str, seen: dict[int, dt.datetime]) -> None:
    """Note when each batch from now on could first be seen."""
    connection = await asyncpg.connect(url)
    last = await connection.fetchval("select coalesce(max(id), 0) from batch")
    try:
        while True:
            found = await connection.fetch("select id from batch where id > $1", last)
            now = dt.datetime.now(dt.UTC)
            for (batch,) in found:
                seen[batch] = now
                last = max(last, batch)
            await asyncio.sleep(WATCH_S)
    finally:
        await connection.close()


async def quantiles(url: str, seen: dict[int, dt.datetime]) -> dict[str, float]:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("create temporary table seen (batch_id bigint primary key, at timestamptz)")
        await connection.copy_records_to_table("seen", records=list(seen.items()))
        row = await connection.fetchrow(
            "select percentile_disc(array[0.5, 0.99, 0.999, 1]) within group (order by s.at - r.observed_at), count(*) "
            "from reading r join seen s using (batch_id)"
        )
    finally:
        await connection.close()
    names = ("p50", "p99", "p99.9", "longest")
    return {name: round(each.total_seconds(), 3) for name, each in zip(names, row[0], strict=True)} | {"rows": row[1]}
