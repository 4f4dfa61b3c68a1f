"""`memory`: ingest's resident memory while the database is away for five minutes and large messages keep coming."""

import asyncio
from collections.abc import Iterator
from typing import Any

from benchmarks.rig import Ingest, figure, load_plan, publish, resident_mib, stage, tell
from benchmarks.scale import scaled
from simulators.load import LoadPlan

AWAY_S = scaled(300, 10)
RATE = scaled(500, 100)
A_MESSAGE = 50
"""Readings, as objects: 4 KiB a message."""

GOAL_MIB = 300.0


def run() -> Iterator[dict[str, Any]]:
    yield from asyncio.run(_run())


def plan() -> LoadPlan:
    return load_plan(RATE * AWAY_S, A_MESSAGE, "envelope")


async def _run() -> list[dict[str, Any]]:
    async with stage() as here, here.database() as url, Ingest(here, url) as ingest:
        publishing = asyncio.create_task(publish(here, plan(), rate=RATE))
        await asyncio.sleep(AWAY_S / 10)
        await here.postgres.stop()
        away = await _highest(ingest, AWAY_S)
        await here.postgres.start()
        sent = await publishing
        while await tell(url, "select coalesce(sum(messages), 0) from ledger") < sent.messages:
            await asyncio.sleep(0.5)
        conditions = here.conditions(
            away_s=AWAY_S,
            messages=sent.messages,
            goal="peak below 300 MiB",
            **{"bytes a message": "about 4 KiB", "resident MiB while away": round(away)},
        )
        return [figure("memory", resident_mib(ingest.pid), GOAL_MIB, "MiB, peak with the drain after it", conditions)]


async def _highest(ingest: Ingest, seconds: int) -> float:
    highest = 0.0
    for _ in range(seconds):
        await asyncio.sleep(1)
        highest = max(highest, resident_mib(ingest.pid, "VmRSS"))
    return highest
