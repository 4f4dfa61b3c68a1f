"""`supervise`: one city-day under supervision, from the database: spans of every station, and the stations' day.

2,000 stations whose meters are read every minute, and the statistics of 2.4 million homes, one each; one station in a
hundred fails for hours and another runs low, and these have points whose readings are asked for. The pass reads it
all, detects, and keeps spans, incidents and days. Against COPY out of the same two queries: what meters told by slots,
and what homes told by station. What the registry says of areas is kept between passes until it changes: a pass before
those measured adds it up.
"""

import asyncio
import datetime as dt
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from multiprocessing import cpu_count
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.rig import RUNS, figure, median, tell
from benchmarks.scale import quick, scaled
from heatstream.core.calendar import day_of, day_start_us
from heatstream.embedded.postgres import find_postgres, postgres
from heatstream.rules import holidays, policy
from heatstream.rules.pack import SHIPPED
from heatstream.store import spans, stations, supervision_rules
from heatstream.store.accepted import after, midnight
from heatstream.store.copy import Column, copy_in, copy_out
from heatstream.store.migrate import upgrade
from heatstream.store.pool import create_engine
from heatstream.store.spans import PassRow
from heatstream.store.stations import Window
from heatstream.store.tables import day_statistic, meter_reading, reading
from heatstream.store.timescale import ensure_partitions
from heatstream.supervision.matter import Ground
from heatstream.supervision.station.stations import DAY_SLOTS, DEFAULTS, Passed, pass_over

STATIONS = scaled(2_000, 60)
HOMES_A_STATION = scaled(1_200, 100)
HOMES = STATIONS * HOMES_A_STATION
BUILDINGS_A_STATION = 10
POINTS_A_SUSPECT = 48
MINUTES = 1_440
DAY = dt.date(2025, 10, 20)
"""The season's first, so that no day before it is owed a row."""
NOW = midnight(after(DAY)) + dt.timedelta(hours=8, minutes=30)
WINDOW = Window(day_start_us(day_of(DAY)), DAY_SLOTS)
AREA_CENTI_M2 = 9_000
POWER_W = HOMES_A_STATION * 90 * 20


def run() -> Iterator[dict[str, Any]]:
    yield from asyncio.run(_run())


async def _run() -> list[dict[str, Any]]:
    async with _city() as (url, engine):
        await _pair(engine, url)
        runs = [await _pair(engine, url) for _ in range(RUNS)]
        ours, against = (median([each[name] for each in runs]) for name in ("ours", "against"))
        last = runs[-1]
        conditions = {
            "database": find_postgres().kind,
            "stations": STATIONS,
            "meter readings": STATIONS * MINUTES,
            "statistics of homes": HOMES,
            "runs": f"median of {RUNS}",
            "seconds": round(last["seconds"], 1),
            "COPY of meters s": round(last["meters"], 1),
            "COPY of homes s": round(last["homes"], 1),
            "spans": last["spans"],
            "cores": cpu_count(),
            **({"quick": "these figures say nothing"} if quick() else {}),
        }
        return [figure("supervise", ours, against, "readings and statistics/s", conditions)]


# --- the city ---------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _city() -> AsyncIterator[tuple[str, AsyncEngine]]:
    with tempfile.TemporaryDirectory(prefix="heatstream-bench-") as folder:
        Path(folder).chmod(0o755)
        async with postgres(find_postgres().kind, Path(folder) / "postgres") as server:
            await upgrade(server.url)
            await tell(server.url, *_REGISTRY, "select 1")
            engine = create_engine(server.url, size=2)
            await _measure(engine)
            await tell(server.url, _STATISTICS, "vacuum analyze", "checkpoint", "select 1")
            yield server.url, engine
            await engine.dispose()


def _faulty() -> np.ndarray[Any, Any]:
    """Numbers of the stations that fail, and of those after them that run low."""
    return np.arange(1, STATIONS + 1, 100)


_REGISTRY = (
    "insert into city (code, name, valid_from) values ('bench', '示例市', '2020-01-01')",
    "insert into district (code, name, valid_from) values ('1', '1', '2020-01-01')",
    "insert into company (code, name, valid_from) values ('1', '1', '2020-01-01')",
    "insert into community (code, name, district_id, valid_from) values ('1', '1', 1, '2020-01-01')",
    "insert into heat_source (code, name, company_id, kind, valid_from) values ('1', '1', 1, 'chp', '2020-01-01')",
    f"""insert into heat_station (code, name, heat_source_id, company_id, valid_from)
        select 'T' || i, i::text, 1, 1, '2020-01-01' from generate_series(1, {STATIONS}) i""",
    f"""insert into building (code, name, community_id, heat_station_id, valid_from)
        select 'B' || i, i::text, 1, 1 + (i - 1) / {BUILDINGS_A_STATION}, '2020-01-01'
        from generate_series(1, {STATIONS * BUILDINGS_A_STATION}) i""",
    f"""insert into household (code, building_id, kind, address, valid_from)
        select 'H-' || i, 1 + (i - 1) / {HOMES_A_STATION // BUILDINGS_A_STATION}, 'residential', i::text, '2020-01-01'
        from generate_series(1, {HOMES}) i""",
    f"""insert into contract (code, household_id, company_id, billed_area_centi_m2, valid_from)
        select 'K-' || i, i, 1, {AREA_CENTI_M2}, '2020-01-01' from generate_series(1, {HOMES}) i""",
    f"""insert into meter (device, heat_station_id, interval_min, valid_from)
        select 'M' || i, i, 1, '2020-01-01T00:00+08:00' from generate_series(1, {STATIONS}) i""",
    "insert into weather_curve (code, heat_source_id, valid_from) values ('Q1', 1, '2020-01-01')",
    """insert into weather_curve_point (weather_curve_id, outdoor_centi, supply_centi)
        values (1, -2000, 6000), (1, 1000, 3600)""",
    f"""insert into point (device, household_id, interval_min, accepted_on, valid_from)
        select 'P' || h, h, 10, '2020-01-01', '2020-01-01T00:00+08:00'
        from generate_series(1, {STATIONS}, 100) s, generate_series(s, least(s + 1, {STATIONS})) t,
            generate_series((t - 1) * {HOMES_A_STATION} + 1, (t - 1) * {HOMES_A_STATION} + {POINTS_A_SUSPECT}) h""",
    f"insert into closing (closed_through) values ('{DAY}')",
    "insert into batch (writer) values ('import')",
)
_STATISTICS = f"""
    insert into day_statistic
    select i, '{DAY}', i, 1, 10, 1800, 360, 1320, 144, 0, 144, 144, c - 60, c * 144, below,
        96, 96, c - 60, c * 96, 0, 48, 48, c - 60, c * 48, 0, 0, 0, 0, c - 40, c, '\\x00', 1
    from (select i, 1800 + (i::bigint * 7919 % 400)::int c from generate_series(1, {HOMES}) i) each,
        lateral (select case when c < 1860 then 120 else 0 end below) cold"""


async def _measure(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        for table in (meter_reading, reading, day_statistic):
            await ensure_partitions(conn, table, DAY, after(DAY))
    for first in range(0, MINUTES, 60):
        async with engine.begin() as conn:
            await conn.execute(select(1))
            for minute in range(first, first + 60):
                await copy_in(conn, meter_reading, _minute(minute))
    async with engine.begin() as conn:
        ids = np.array((await conn.scalars(text("select id from point order by id"))).all())
        for slot in range(DAY_SLOTS):
            await copy_in(conn, reading, _points(ids, slot))


def _minute(minute: int) -> dict[str, Column]:
    """One reading of every meter."""
    station = np.arange(1, STATIONS + 1)
    at_us = np.full(STATIONS, WINDOW.begin_us + minute * 60_000_000)
    noise = (station * 7919 + minute * 104_729) % 41 - 20
    fails = np.isin(station, _faulty()) & (6 * 60 <= minute < 14 * 60)
    low = np.isin(station, _faulty() + 1)
    supply = np.where(fails, 3000, 4400 - 900 * low) + noise
    return {
        "meter_id": Column(station),
        "observed_at": Column(at_us),
        "received_at": Column(at_us),
        "supply_centi": Column(supply),
        "return_centi": Column(supply - np.where(fails, 0, 800)),
        "flow_l_h": Column(np.where(fails, 0, POWER_W * 1000 // 9304 + noise)),
        "power_w": Column(np.where(fails, 0, POWER_W + noise * 100)),
        "outdoor_centi": Column(noise),
        "flags": Column(np.zeros(STATIONS, np.int16)),
        "batch_id": Column(np.ones(STATIONS, np.int64)),
    }


def _points(ids: np.ndarray[Any, Any], slot: int) -> dict[str, Column]:
    """One reading of every point of the suspects, a quarter of a degree colder each hour."""
    at_us = np.full(ids.size, WINDOW.begin_us + slot * 600_000_000)
    return {
        "point_id": Column(ids),
        "observed_at": Column(at_us),
        "received_at": Column(at_us),
        "temp_centi": Column(2100 - slot * 4 + ids % 50),
        "flags": Column(np.zeros(ids.size, np.int16)),
        "batch_id": Column(np.ones(ids.size, np.int64)),
    }


# --- what is measured -------------------------------------------------------------------------------------------------


async def _pair(engine: AsyncEngine, url: str) -> dict[str, float]:
    ids = list(range(1, STATIONS + 1))
    meters = await _timed(_copied(engine, stations.slot_means(ids, WINDOW)))
    homes = await _timed(_copied(engine, stations.homes_query(ids, DAY)))
    await _looked_before(engine)
    began = time.perf_counter()
    passed = await pass_over(engine, _ground(), NOW)
    seconds = time.perf_counter() - began
    assert passed.days == 1, passed
    found = await _spans(passed, url)
    rows = STATIONS * MINUTES + HOMES
    return {
        "ours": rows / seconds,
        "against": rows / (meters + homes),
        "seconds": seconds,
        "meters": meters,
        "homes": homes,
        "spans": found,
    }


async def _spans(passed: Passed, url: str) -> int:
    """Every station that fails or runs low has one; forget them."""
    assert passed.opened == 2 * len(_faulty()), passed
    await tell(
        url, "truncate station_span, matter, matter_event, matter_file cascade", "truncate station_day", "select 1"
    )
    return passed.opened


async def _looked_before(engine: AsyncEngine) -> None:
    """As if the last pass had been at the day's begin."""
    async with engine.begin() as conn:
        rules_id = await supervision_rules.keep(conn, DEFAULTS)
        await spans.passed(conn, PassRow(0, 0, rules_id, midnight(DAY)))


def _ground() -> Ground:
    law = policy.load(SHIPPED / "demo-shili.choices.yaml").law_on(day_of(DAY))
    return Ground(rules=None, choices=law.choices, days_off=holidays.load(), law=law)


async def _timed(work: Any) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


async def _copied(engine: AsyncEngine, query: Any) -> None:
    """COPY out into arrays; each is dropped as it comes."""
    async with engine.connect() as conn:
        await conn.execute(select(1))
        async for _ in copy_out(conn, query):
            pass
