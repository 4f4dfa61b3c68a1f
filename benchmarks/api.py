"""`api`: a season of 100,000 homes behind one `heatstream serve`.

How long its main reads take, one after the other; how fast a platform fills its table from nothing by the change feed,
against COPY out of the same findings; and fifty platforms polling while ingest takes 24,300 readings a second. A day is
judged by the evaluator and stands 170 times: the rows of the other days differ from it in their day alone.
"""

import asyncio
import datetime as dt
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.evaluate import DAY, HOMES, SETTINGS, engine_of, measure_a_day, register
from benchmarks.latency import quantiles, watch
from benchmarks.rig import Ingest, Stage, figure, load_plan, publish, resident_mib, stage, tell
from benchmarks.scale import scaled
from heatstream.embedded import child
from heatstream.evaluate.close import close_days
from heatstream.evaluate.run import Evaluator
from heatstream.store import changes, day_outcomes, keys
from heatstream.store.tables import day_statistic, finding, finding_current
from heatstream.store.timescale import ensure_partitions

SEASON_DAYS = scaled(170, 5)
FIRST = DAY - dt.timedelta(days=SEASON_DAYS - 1)
ASKED = scaled(200, 20)
WARM = 10
PLATFORMS = 50
EVERY_S = 1.0
POLL_S = scaled(120, 10)
RATE = scaled(24_300, 2_000)
LOOKS = 0.1
"""Of the requests, what asks for a home's season instead of for what is new."""
PAGE = 10_000
FOLLOWED = scaled(1_000_000, 30_000)
"""Rows of the feed that are taken from its beginning; all of them would take the longer the more there are."""

Ask = Callable[[random.Random], str]
"""Makes an address."""


def run() -> Iterator[dict[str, Any]]:
    """Give each figure as it comes: an hour is long, and what ends it early must not take the rest along."""
    figures = _run()

    async def following() -> dict[str, Any] | None:
        return await anext(figures, None)

    with asyncio.Runner() as runner:
        while found := runner.run(following()):
            yield found


async def _run() -> AsyncIterator[dict[str, Any]]:
    async with stage() as here, here.database() as url, engine_of(url) as engine:
        await _season(engine, url)
        key, port = await _key(engine), 18080 + os.getpid() % 1000
        async with _serving(here, url, port) as server, _client(port, key) as client:
            for name, make in READS.items():
                yield await _read(here, client, name, make)
            yield await _resync(here, url, client, media="application/json")
            polled = await _poll(here, url, port, key)
            polled["conditions"]["serve, resident MiB"] = round(resident_mib(server.pid))
            yield polled


# --- the season -------------------------------------------------------------------------------------------------------


async def _season(engine: AsyncEngine, url: str) -> None:
    await register(url)
    await measure_a_day(engine)
    evaluator = Evaluator(engine, SETTINGS)
    await close_days(engine, evaluator.rulebook, DAY)
    counts = await evaluator.once(settle=False, through=DAY)
    assert counts["judged"] == HOMES, counts
    async with engine.begin() as conn:
        for table in (finding, finding_current, day_statistic):
            await ensure_partitions(conn, table, FIRST, DAY)
    for back in range(1, SEASON_DAYS):
        await _repeat(engine, back)
    await changes.sequence_all(engine)
    await tell(url, "vacuum analyze finding, finding_current, day_statistic", "vacuum analyze change", "checkpoint")


async def _repeat(engine: AsyncEngine, back: int) -> None:
    """Let the judged day stand so many days earlier, in one chunk of the feed."""
    other = [each.name for each in finding.c if each.name not in ("id", "period_from", "period_to")]
    statistics = [each.name for each in day_statistic.c if each.name != "day"]
    values = {"back": back, "day": DAY}
    async with engine.begin() as conn:
        made = await conn.scalars(
            text(
                f"insert into finding (period_from, period_to, {', '.join(other)}) "
                f"select period_from - cast(:back as integer), period_to - cast(:back as integer), {', '.join(other)} "
                "from finding where period_from = :day order by household_id returning id"
            ),
            values,
        )
        day = DAY - dt.timedelta(days=back)
        await changes.tell(conn, "finding", np.fromiter(made, np.int64), day)
        await conn.execute(
            text(
                "insert into finding_current (household_id, period_kind, period_from, finding_id) "
                "select household_id, period_kind, period_from, id from finding where period_from = :day"
            ),
            {"day": day},
        )
        await conn.execute(
            text(
                f"insert into day_statistic (day, {', '.join(statistics)}) "
                f"select day - cast(:back as integer), {', '.join(statistics)} from day_statistic where day = :day"
            ),
            values,
        )
        await day_outcomes.count(conn, day, np.arange(1, HOMES + 1, dtype=np.int32))


# --- the server -------------------------------------------------------------------------------------------------------


async def _key(engine: AsyncEngine) -> str:
    async with engine.begin() as conn:
        return await keys.create(conn, "bench", scopes=("read", "claims"))


@asynccontextmanager
async def _serving(stage: Stage, url: str, port: int) -> AsyncIterator[Any]:
    """One process of the API, as it is started in production but for its limits."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HEATSTREAM_")}
    environ |= {
        "HEATSTREAM_DATABASE_URL": url,
        "HEATSTREAM_SERVE_PORT": str(port),
        "HEATSTREAM_SERVE_PAGE_LIMIT": str(PAGE),
        "HEATSTREAM_SERVE_REQUESTS_PER_MINUTE": "1000000",
    }
    log = stage.folder / f"serve-{time.time_ns():x}.log"
    process = child.start([sys.executable, "-m", "heatstream", "serve"], log=log, env=environ)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            for _ in range(300):
                try:
                    await client.get("/livez")
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
                else:
                    break
            else:
                raise RuntimeError(f"serve did not answer:\n{child.tail(log)}")
        yield process
    finally:
        await child.end(process, signal.SIGTERM)


def _client(port: int, key: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", headers=headers, timeout=120)


# --- one read after the other -----------------------------------------------------------------------------------------


def _home(rng: random.Random) -> str:
    return f"H-{rng.randint(1, HOMES)}"


def _day(rng: random.Random) -> dt.date:
    return FIRST + dt.timedelta(days=rng.randrange(SEASON_DAYS))


def _one_day(rng: random.Random) -> str:
    day = _day(rng)
    return f"day_from={day}&day_to={day}"


READS: dict[str, Ask] = {
    "households, 1,000": lambda _: "/households?limit=1000",
    "findings of a day, failing, 100": lambda rng: f"/findings?outcome=failing&limit=100&{_one_day(rng)}",
    "findings of a day, 1,000": lambda rng: f"/findings?limit=1000&{_one_day(rng)}",
    "findings of a home, its season": lambda rng: f"/findings?limit=200&household={_home(rng)}",
    "explanation of a finding": lambda rng: f"/findings/{rng.randint(1, HOMES)}/explain",
    "statistics of a home, its season": lambda rng: f"/statistics?limit=200&household={_home(rng)}",
    "readings of a home, a day": lambda rng: (
        f"/readings?household={_home(rng)}&from={DAY}T00:00:00%2B08:00&to={DAY}T23:59:59%2B08:00&limit=200"
    ),
    "flags, 100": lambda _: "/flags?limit=100",
    "summary of a day": lambda rng: f"/summary?day={_day(rng)}",
    "changes, nothing new": lambda _: "/changes?since={head}",
    "changes, 1,000": lambda _: "/changes?limit=1000",
}


async def _read(here: Stage, client: httpx.AsyncClient, name: str, make: Ask) -> dict[str, Any]:
    rng, took, size = random.Random(1), [], 0
    head = (await client.get("/changes/head")).json()["next"]
    for number in range(WARM + ASKED):
        address = make(rng).format(head=head)
        began = time.perf_counter()
        answer = await client.get(address)
        if number >= WARM:
            took.append(time.perf_counter() - began)
        assert answer.status_code == httpx.codes.OK, (address, answer.text)
        size = len(answer.content)
    told = {"read": name, "p50 ms": _ms(took, 50), "bytes": size, "requests": ASKED, "homes": HOMES}
    return figure("api", _ms(took, 99), None, "ms, p99", here.conditions(**told, findings=HOMES * SEASON_DAYS))


def _ms(took: list[float], percent: int) -> float:
    return round(float(np.percentile(took, percent)) * 1000, 1)


# --- a table from nothing ---------------------------------------------------------------------------------------------


async def _resync(here: Stage, url: str, client: httpx.AsyncClient, *, media: str) -> dict[str, Any]:
    """Follow the feed from its beginning."""
    began, rows, since = time.perf_counter(), 0, ""
    while True:
        answer = await client.get(f"/changes?limit={PAGE}{since}", headers={"Accept": media})
        assert answer.status_code == httpx.codes.OK, answer.text
        page = answer.json()
        rows += len(page["rows"])
        since = f"&since={page['next']}"
        if not page["more"] or rows >= FOLLOWED:
            break
    ours = rows / (time.perf_counter() - began)
    assert rows >= min(FOLLOWED, HOMES * SEASON_DAYS), rows
    against = await _copied(url)
    conditions = here.conditions(
        **{"rows followed": rows, "findings": HOMES * SEASON_DAYS},
        media=media,
        page=PAGE,
        against="binary COPY of the same findings",
    )
    return figure("api, resync", ours, against, "rows/s", conditions)


async def _copied(url: str) -> float:
    """COPY the same findings out, dropped as they come; rows a second."""

    async def drop(_: bytes) -> None:
        pass

    connection = await asyncpg.connect(url)
    try:
        began = time.perf_counter()
        told = await connection.copy_from_query(
            "select * from finding where period_from >= $1", FIRST, output=drop, format="binary"
        )
        return int(told.split()[-1]) / (time.perf_counter() - began)
    finally:
        await connection.close()


# --- fifty platforms --------------------------------------------------------------------------------------------------


async def _poll(here: Stage, url: str, port: int, key: str) -> dict[str, Any]:
    """Let fifty platforms poll once a second, each on a connection of its own, while a whole province sends."""
    plan = load_plan(RATE * POLL_S, stamped_now=True)
    took: list[float] = []
    async with Ingest(here, url) as ingest:
        seen: dict[int, dt.datetime] = {}
        watching = asyncio.create_task(watch(url, seen))
        stop = asyncio.Event()
        polling = [asyncio.create_task(_platform(port, key, number, took, stop)) for number in range(PLATFORMS)]
        sent = await publish(here, plan, rate=RATE)
        stop.set()
        await asyncio.gather(*polling)
        await ingest.done(sent.messages)
        await asyncio.sleep(1)
        watching.cancel()
    latency = await quantiles(url, seen)
    told = {
        "platforms": PLATFORMS,
        "requests/s": round(len(took) / POLL_S, 1),
        "p50 ms": _ms(took, 50),
        "rate": RATE,
        "seconds": POLL_S,
        "ingest p99 s": latency["p99"],
        "ingest p50 s": latency["p50"],
    }
    return figure("api, polled", _ms(took, 99), None, "ms, p99", here.conditions(**told))


async def _platform(port: int, key: str, number: int, took: list[float], stop: asyncio.Event) -> None:
    rng = random.Random(number)
    async with _client(port, key) as client:
        head = (await client.get("/changes/head")).json()["next"]
        await asyncio.sleep(rng.random() * EVERY_S)
        while not stop.is_set():
            began = time.perf_counter()
            looks = rng.random() < LOOKS
            address = f"/findings?limit=200&household={_home(rng)}" if looks else f"/changes?since={head}"
            answer = await client.get(address)
            assert answer.status_code == httpx.codes.OK, answer.text
            took.append(time.perf_counter() - began)
            await asyncio.sleep(max(0.0, EVERY_S - (time.perf_counter() - began)))
