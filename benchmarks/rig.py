"""Servers, a registered and half-full database, and the processes that are measured."""

import asyncio
import datetime as dt
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from multiprocessing import cpu_count
from pathlib import Path
from typing import Any, Literal, Self

import asyncpg
import numpy as np
from sqlalchemy import text

from benchmarks.scale import quick, scaled, shared_folder
from heatstream.embedded import child
from heatstream.embedded.broker import BrokerServer
from heatstream.embedded.broker import broker as run_broker
from heatstream.embedded.postgres import PostgresServer, find_postgres, postgres
from heatstream.store.copy import Column, copy_in
from heatstream.store.migrate import upgrade
from heatstream.store.pool import create_engine
from heatstream.store.tables import reading
from heatstream.store.timescale import ensure_partitions
from simulators.link import BrokerAddress, Link
from simulators.load import LoadPlan, LoadResult, load
from simulators.registry import gateway_names, point_names

CITY = "bench"
LOCAL = dt.timezone(dt.timedelta(hours=8))
POINTS = scaled(200_000, 20_000)
GATEWAYS = scaled(4_000, 400)
HOMES_A_BUILDING = 60
DAYS = 7
SLOT_MIN = 30
SLOTS = 12 * 60 // SLOT_MIN
FILLED_TO = dt.datetime.now(LOCAL).replace(second=0, microsecond=0) - dt.timedelta(hours=4)
"""The half day up to here is stored, and the same half of the six days before."""

RUNS = scaled(3, 1)
SESSION = "heatstream-ingest"


@dataclass
class Stage:
    """The servers of one bench."""

    template_url: str
    postgres: PostgresServer
    broker: BrokerServer
    kind: str
    folder: Path

    @property
    def broker_url(self) -> str:
        return f"mqtt://127.0.0.1:{self.broker.port}"

    def conditions(self, **more: Any) -> dict[str, Any]:
        return {
            "database": self.kind,
            "points": POINTS,
            "half-full days": DAYS,
            "stored before": POINTS * DAYS * SLOTS,
            "cores": cpu_count(),
            "autovacuum": "on",
            **more,
            **({"quick": "these figures say nothing"} if quick() else {}),
        }

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """A copy of the half-full database, dropped afterwards."""
        name = f"bench_{time.time_ns():x}"
        await tell(self.server_url, f"create database {name} template city strategy file_copy")
        yield _at(self.template_url, name)
        await tell(self.server_url, f"drop database {name} with (force)")

    @asynccontextmanager
    async def empty_database(self) -> AsyncIterator[str]:
        """For a peer that brings its own table."""
        name = f"empty_{time.time_ns():x}"
        await tell(self.server_url, f"create database {name}")
        yield _at(self.template_url, name)
        await tell(self.server_url, f"drop database {name} with (force)")

    @property
    def server_url(self) -> str:
        return _at(self.template_url, "postgres")


def _at(url: str, database: str) -> str:
    return f"{url.rpartition('/')[0]}/{database}"


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Real durability on a real disk: nothing here is in memory or without fsync."""
    async with AsyncExitStack() as stack:
        folder = shared_folder() or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="heatstream-bench-")))
        folder.chmod(0o755)
        kind = find_postgres().kind
        server = await stack.enter_async_context(postgres(kind, folder / "postgres"))
        broker = await stack.enter_async_context(run_broker(folder / f"broker-{time.time_ns():x}"))
        if not await tell(server.url, "select 1 from pg_database where datname = 'city' and datistemplate"):
            await _build(server.url)
        yield Stage(_at(server.url, "city"), server, broker, kind, folder)


async def _build(server_url: str) -> None:
    """Make the half-full city that every bench works on a copy of."""
    await tell(server_url, "create database city")
    url = _at(server_url, "city")
    await upgrade(url)
    await _register(url)
    await _fill(url)
    await tell(server_url, "alter database city with is_template true")


async def tell(url: str, *statements: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


async def _register(url: str) -> None:
    """A household a point; the names are those of the simulators' load."""
    connection = await asyncpg.connect(url)
    try:
        for statement in _PLACES:
            await connection.execute(statement)
        await connection.execute(_GATEWAYS, gateway_names(GATEWAYS))
        await connection.execute(_POINTS, point_names(POINTS))
    finally:
        await connection.close()


def _one(table: str, **columns: str) -> str:
    names, values = ", ".join(columns), ", ".join(columns.values())
    return f"insert into {table} (code, name, valid_from, {names}) values ('1', '1', '2020-01-01', {values})"


_PLACES = (
    f"insert into city (code, name, valid_from) values ('{CITY}', '示例市', '2020-01-01')",
    "insert into district (code, name, valid_from) values ('1', '1', '2020-01-01')",
    "insert into company (code, name, valid_from) values ('1', '1', '2020-01-01')",
    _one("community", district_id="1"),
    _one("heat_source", company_id="1", kind="'boiler'"),
    _one("heat_station", company_id="1", heat_source_id="1"),
    f"""insert into building (code, name, community_id, heat_station_id, valid_from)
        select i::text, i::text, 1, 1, '2020-01-01' from generate_series(1, {-(-POINTS // HOMES_A_BUILDING)}) i""",
    f"""insert into household (code, building_id, kind, address, valid_from)
        select 'H-' || i, (i - 1) / {HOMES_A_BUILDING} + 1, 'residential', i::text, '2020-01-01'
        from generate_series(1, {POINTS}) i""",
)
_GATEWAYS = "insert into gateway (code, valid_from) select code, '2020-01-01' from unnest($1::text[]) code"
_POINTS = f"""
    insert into point (device, household_id, gateway_id, interval_min, valid_from)
    select device, n, (n - 1) * {GATEWAYS} / {POINTS} + 1, 10, '2020-01-01T00:00+08:00'
    from unnest($1::text[]) with ordinality t(device, n)"""


async def _fill(url: str) -> None:
    """Half of each of seven days, round by round as gateways send it."""
    engine = create_engine(url, size=1)
    async with engine.begin() as conn:
        await ensure_partitions(conn, reading, FILLED_TO.date() - dt.timedelta(days=DAYS), FILLED_TO.date())
    for day in reversed(range(DAYS)):
        async with engine.begin() as conn:
            await conn.execute(text("select 1"))
            for slot in range(SLOTS, 0, -1):
                at = FILLED_TO - dt.timedelta(days=day, minutes=slot * SLOT_MIN)
                await copy_in(conn, reading, _round(int(at.timestamp()) * 1_000_000))
    await engine.dispose()
    await tell(url, "vacuum analyze")
    await tell(url, "checkpoint")


def _round(at_us: int) -> dict[str, Column]:
    """One reading of every point at one instant."""
    point = np.arange(1, POINTS + 1)
    return {
        "point_id": Column(point),
        "observed_at": Column(np.full(POINTS, at_us)),
        "received_at": Column(np.full(POINTS, at_us)),
        "temp_centi": Column(1800 + (point * 7 + at_us // 60_000_000) % 600),
        "flags": Column(np.zeros(POINTS, np.int16)),
        "batch_id": Column(np.zeros(POINTS, np.int64)),
    }


# --- what is measured -------------------------------------------------------------------------------------------------


class Ingest:
    """`heatstream ingest`, with its log as the clock: it tells when it connected and when each batch was done."""

    def __init__(self, stage: Stage, url: str, **settings: str | int) -> None:
        self.log = stage.folder / f"ingest-{time.time_ns():x}.log"
        self._environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith("HEATSTREAM_")},
            "HEATSTREAM_DATABASE_URL": url,
            "HEATSTREAM_CITY": CITY,
            "HEATSTREAM_BROKER_PORT": str(stage.broker.port),
            "HEATSTREAM_LOG_FORMAT": "json",
            "HEATSTREAM_LOG_LEVEL": "debug",
            **{f"HEATSTREAM_{name.upper()}": str(setting) for name, setting in settings.items()},
        }
        self._child: subprocess.Popen[bytes]

    async def __aenter__(self) -> Self:
        self._child = child.start([sys.executable, "-m", "heatstream", "ingest"], log=self.log, env=self._environment)
        while not self.told("connected to the broker"):
            if self._child.poll() is not None:
                raise RuntimeError(f"ingest ended:\n{child.tail(self.log)}")
            await asyncio.sleep(0.02)
        return self

    async def __aexit__(self, *_error: object) -> None:
        await child.end(self._child, signal.SIGTERM)

    @property
    def pid(self) -> int:
        return self._child.pid

    def told(self, event: str) -> list[dict[str, Any]]:
        if not self.log.exists():
            return []
        lines = (line for line in self.log.read_text().splitlines() if line.startswith("{") and event in line)
        return [told for line in lines if (told := json.loads(line))["event"] == event]

    async def done(self, messages: int, *, within: float = 600) -> float:
        """Wait until so many messages are acknowledged; seconds from the connection to the last acknowledgement."""
        async with asyncio.timeout(within):
            while sum(each["messages"] for each in self.told("acknowledged")) < messages:
                await asyncio.sleep(0.2)
        first, last = self.told("connected to the broker")[0], self.told("acknowledged")[-1]
        return (_instant(last) - _instant(first)).total_seconds()

    def resident_mib(self) -> float:
        return resident_mib(self.pid)


def _instant(told: Mapping[str, str]) -> dt.datetime:
    return dt.datetime.fromisoformat(told["timestamp"])


def resident_mib(pid: int, what: str = "VmHWM") -> float:
    """Peak (VmHWM) or present (VmRSS) resident memory."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(what):
                return int(line.split()[1]) / 1024
    return float("nan")


async def make_session(stage: Stage, url: str) -> None:
    """Let an ingest leave its session at the broker, so that what is published next queues for it."""
    await forget(stage, SESSION)
    async with Ingest(stage, url):
        pass


async def forget(stage: Stage, client_id: str) -> None:
    """End a session: else the broker queues the next bench's messages for it too."""
    link = await Link.open(BrokerAddress("127.0.0.1", stage.broker.port), client_id, lambda *_: None)
    await link.close()


def load_plan(
    messages: int, readings: int = 1, shape: Literal["single", "envelope", "columnar"] = "single", **more: Any
) -> LoadPlan:
    """Rounds over all points, a minute apart, above what is stored; 1.6 % of the readings are below 18 °C."""
    start_us = int(FILLED_TO.timestamp()) * 1_000_000
    return LoadPlan(
        CITY, POINTS, GATEWAYS, messages, readings, shape, start_us=start_us, step_s=60, coldest_centi=1790, **more
    )


async def publish(stage: Stage, plan: LoadPlan, **options: Any) -> LoadResult:
    """Publish from a process of its own."""
    return await load(stage.broker_url, plan, **options)


@asynccontextmanager
async def checkpoint_inside(url: str, after_s: float) -> AsyncIterator[None]:
    """One checkpoint before, so that every page is written whole once, and one in the middle."""
    await tell(url, "checkpoint")

    async def later() -> None:
        await asyncio.sleep(after_s)
        await tell(url, "checkpoint")

    task = asyncio.create_task(later())
    yield
    await task


async def wal_bytes(url: str) -> int:
    return int(await tell(url, "select pg_current_wal_insert_lsn() - '0/0'"))


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def figure(bench: str, ours: float, against: float | None, unit: str, conditions: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "bench": bench,
        "ours": round(ours, 3),
        "against": None if against is None else round(against, 3),
        "ratio": None if not against else round(ours / against, 3),
        "unit": unit,
        "conditions": dict(conditions),
    }
