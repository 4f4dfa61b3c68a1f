"""`rejudge`: a closed and judged day of which an hour of every home comes late, from its marks to new findings.

The late readings are stored and their household-days marked as ingest does it; then the evaluator finds the
marks, reads each marked day whole, judges it again and saves what differs. Against COPY out of the same day's readings,
ordered by point and time, by the faster of one query and the evaluator's groups.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.evaluate import (
    DAY,
    HOMES,
    SETTINGS,
    copied,
    engine_of,
    groups,
    measure_a_day,
    register,
    round_of,
    timed,
)
from benchmarks.rig import RUNS, checkpoint_inside, figure, median, stage, tell, wal_bytes
from heatstream.core.calendar import day_of
from heatstream.core.finding import Change
from heatstream.evaluate.close import close_days
from heatstream.evaluate.run import Evaluator
from heatstream.store import late
from heatstream.store.copy import copy_in
from heatstream.store.tables import reading

HOUR = 6
"""Slots of an hour."""


def run() -> Iterator[dict[str, Any]]:
    yield from asyncio.run(_run())


async def _run() -> list[dict[str, Any]]:
    async with stage() as here, here.database() as url, engine_of(url) as engine:
        await register(url)
        await measure_a_day(engine)
        await close_days(engine, Evaluator(engine, SETTINGS).rulebook, DAY)
        await _judge(engine)
        await tell(url, "vacuum analyze reading", "checkpoint")
        runs = [await _late_hour(engine, url, number) for number in range(RUNS)]
        ours, against = (median([each[name] for each in runs]) for name in ("ours", "against"))
        last = runs[-1]
        conditions = here.conditions(
            homes=HOMES,
            runs=f"median of {RUNS}",
            checkpoint="one inside",
            **{
                "readings of the day": round(last["readings"]),
                "late readings": HOMES * HOUR,
                "household-days/s": round(HOMES / last["seconds"]),
                "marking s": round(last["marking"], 2),
                "findings that differ": round(last["findings"]),
                "wal bytes a household-day": round(last["wal"] / HOMES),
            },
        )
        return [figure("rejudge", ours, against, "readings/s", conditions)]


async def _late_hour(engine: AsyncEngine, url: str, number: int) -> dict[str, float]:
    batch = int(await tell(url, "insert into batch (writer) values ('import') returning id"))
    await _store_late(engine, batch, number)
    marking = await timed(_mark(engine, batch))
    await tell(url, "vacuum analyze reading", "vacuum day_dirty, finding, finding_current, day_statistic", "select 1")
    readings = int(await tell(url, f"select count(*) from reading where batch_id between 1 and {batch}"))
    one = await timed(copied(engine, [(1, HOMES)], ordered=True, through_batch=batch))
    grouped = await timed(copied(engine, groups(), ordered=True, through_batch=batch))
    before = await wal_bytes(url)
    findings = int(await tell(url, "select count(*) from finding"))
    async with checkpoint_inside(url, 2.0):
        seconds = await timed(_judge(engine))
    return {
        "ours": readings / seconds,
        "against": readings / min(one, grouped),
        "seconds": seconds,
        "readings": readings,
        "marking": marking,
        "findings": int(await tell(url, "select count(*) from finding")) - findings,
        "wal": await wal_bytes(url) - before,
    }


async def _store_late(engine: AsyncEngine, batch: int, number: int) -> None:
    """Store a second reading in each slot of one hour, some colder than the first."""
    rng, point = np.random.default_rng(2 + number), np.arange(1, HOMES + 1)
    async with engine.begin() as conn:
        await conn.execute(select(1))
        for slot in range(number * HOUR, (number + 1) * HOUR):
            temp = np.floor(rng.normal(2050, 120, HOMES))
            await copy_in(conn, reading, round_of(point, slot, temp, batch=batch, later_s=300))


async def _mark(engine: AsyncEngine, batch: int) -> None:
    """Mark the homes' day as ingest does."""
    household = np.arange(1, HOMES + 1, dtype=np.int32)
    async with engine.begin() as conn:
        await late.mark(conn, household, np.full(HOMES, day_of(DAY), np.int32), batch, Change.LATE_READINGS)


async def _judge(engine: AsyncEngine) -> None:
    counts = await Evaluator(engine, SETTINGS).once(settle=False, through=DAY)
    assert counts["judged"] == HOMES, counts
