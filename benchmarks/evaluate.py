"""`evaluate`: a closed day of 100,000 homes, from the database to statistics and findings.

Against COPY out of the same readings, ordered by point and time, by the faster of one query and the evaluator's groups.
A day of 144 slots and the 36 of its night after midnight are read; ours and the peer count the same readings.
"""

import asyncio
import datetime as dt
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.rig import RUNS, checkpoint_inside, figure, median, resident_mib, stage, tell, wal_bytes
from benchmarks.scale import scaled
from heatstream.evaluate.close import close_days
from heatstream.evaluate.pipeline import GROUP_CHUNKS
from heatstream.evaluate.run import CONNECTIONS, Evaluator
from heatstream.rules.pack import SHIPPED
from heatstream.settings import Evaluate
from heatstream.store.accepted import midnight
from heatstream.store.copy import Column, copy_in, copy_out
from heatstream.store.marks import mark_closed_day
from heatstream.store.pool import create_engine
from heatstream.store.tables import reading
from heatstream.store.timescale import ensure_partitions

HOMES = scaled(100_000, 10_000)
DAY = dt.date(2026, 1, 5)
ROUNDS = 180
ROUND_MIN = 10
READINGS = HOMES * ROUNDS
BATCH = 1
SETTINGS = Evaluate(choices_file=SHIPPED / "demo-shili.choices.yaml")
START = midnight(DAY)
END = START + dt.timedelta(minutes=ROUNDS * ROUND_MIN)


def run() -> Iterator[dict[str, Any]]:
    yield from asyncio.run(_run())


async def _run() -> list[dict[str, Any]]:
    async with stage() as here, here.database() as url, engine_of(url) as engine:
        await register(url)
        await measure_a_day(engine)
        await tell(url, "vacuum analyze reading", "checkpoint")
        closing = await timed(close_days(engine, Evaluator(engine, SETTINGS).rulebook, DAY))
        runs = [await _pair(engine, url) for _ in range(RUNS)]
        ours, against, ordered, grouped, unordered = (
            median([each[name] for each in runs]) for name in ("ours", "against", "one query", "groups", "unordered")
        )
        conditions = here.conditions(
            homes=HOMES,
            slots=f"144 and 36 of the night after midnight, {READINGS} readings",
            runs=f"median of {RUNS}",
            checkpoint="one inside",
            **{
                "household-days/s": round(HOMES * ours / READINGS),
                "ordered COPY, one query": round(ordered),
                "ordered COPY, by groups": round(grouped),
                "unordered COPY": round(unordered),
                "closing s": round(closing, 2),
                "wal bytes a household-day": round(runs[-1]["wal"] / HOMES),
                "resident MiB": round(resident_mib(os.getpid())),
                "goal": "ratio >= 0.6",
            },
        )
        return [figure("evaluate", ours, against, "readings/s", conditions)]


@asynccontextmanager
async def engine_of(url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(url, size=CONNECTIONS)
    yield engine
    await engine.dispose()


async def register(url: str) -> None:
    """The first homes have an accepted point and a contract; the other points are registered only."""
    await tell(
        url,
        f"update point set accepted_on = '2020-01-01' where household_id <= {HOMES}",
        f"""insert into contract (code, household_id, company_id, fee_due_fen, billed_area_centi_m2, valid_from)
            select 'K-' || i, i, 1, 270000, 9000, '2020-01-01' from generate_series(1, {HOMES}) i""",
        "insert into batch (writer) values ('import')",
        "vacuum analyze point, household, contract",
        "select 1",
    )


async def measure_a_day(engine: AsyncEngine) -> None:
    """Store the day round by round, as gateways send it: some 8 % of the homes have a cold hour, 5 % a gap."""
    rng = np.random.default_rng(1)
    homes = np.floor(rng.normal(2050, 120, HOMES))
    gaps = np.where(rng.random(HOMES) < 0.05, rng.integers(0, 132, HOMES), ROUNDS)  # noqa: PLR2004
    async with engine.begin() as conn:
        await ensure_partitions(conn, reading, DAY, END.date())
    for first in range(0, ROUNDS, 12):
        async with engine.begin() as conn:
            await conn.execute(select(1))
            for slot in range(first, first + 12):
                there = np.flatnonzero(~((slot >= gaps) & (slot < gaps + 12)))
                swing = 60 * np.sin(slot / 144 * 2 * np.pi)
                temp = np.floor(homes[there] + swing + rng.normal(0, 12, len(there)))
                await copy_in(conn, reading, round_of(there + 1, slot, temp))


def round_of(point: Any, slot: int, temp_centi: Any, *, batch: int = BATCH, later_s: int = 0) -> dict[str, Column]:
    """Columns of one reading each of these points, in one slot."""
    at_us = int(START.timestamp()) * 1_000_000 + slot * ROUND_MIN * 60_000_000 + (point % 300 + later_s) * 1_000_000
    return {
        "point_id": Column(point),
        "observed_at": Column(at_us),
        "received_at": Column(at_us),
        "temp_centi": Column(temp_centi.astype(np.int16)),
        "flags": Column(np.zeros(len(point), np.int16)),
        "batch_id": Column(np.full(len(point), batch)),
    }


async def _pair(engine: AsyncEngine, url: str) -> dict[str, float]:
    stored = int(await tell(url, f"select count(*) from reading where batch_id = {BATCH}"))
    one = await timed(copied(engine, [(1, HOMES)], ordered=True))
    grouped = await timed(copied(engine, groups(), ordered=True))
    unordered = await timed(copied(engine, groups(), ordered=False))
    before = await wal_bytes(url)
    async with checkpoint_inside(url, 2.0):
        ours = await timed(_judged(engine))
    wal = await wal_bytes(url) - before
    await _forget(engine, url)
    return {
        "ours": stored / ours,
        "against": stored / min(one, grouped),
        "one query": stored / one,
        "groups": stored / grouped,
        "unordered": stored / unordered,
        "wal": wal,
    }


def groups() -> list[tuple[int, int]]:
    step = SETTINGS.chunk_households * GROUP_CHUNKS
    return [(first, min(first + step - 1, HOMES)) for first in range(1, HOMES + 1, step)]


async def timed(work: Any) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


async def copied(
    engine: AsyncEngine, homes: list[tuple[int, int]], *, ordered: bool, through_batch: int = BATCH
) -> None:
    """COPY out into arrays; each is dropped as it comes."""
    for first, last in homes:
        query = select(reading.c.point_id, reading.c.observed_at, reading.c.temp_centi).where(
            reading.c.point_id == func.any(bindparam(None, list(range(first, last + 1)), ARRAY(Integer))),
            reading.c.observed_at >= START,
            reading.c.observed_at < END,
            reading.c.batch_id <= through_batch,
        )
        async with engine.connect() as conn:
            await conn.execute(select(1))
            async for _ in copy_out(conn, query.order_by("point_id", "observed_at") if ordered else query):
                pass


async def _judged(engine: AsyncEngine) -> None:
    counts = await Evaluator(engine, SETTINGS).once(settle=False, through=DAY)
    assert counts["judged"] == counts["findings"] == HOMES, counts


async def _forget(engine: AsyncEngine, url: str) -> None:
    """Leave the day as its closing left it."""
    await tell(url, "truncate day_statistic, finding, finding_current", "select 1")
    async with engine.begin() as conn:
        await mark_closed_day(conn, DAY, BATCH, season_start=None)
    await tell(url, "vacuum day_dirty", "select 1")
