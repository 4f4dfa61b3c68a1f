"""What the fault tests are made of: a registered town, an ingest of its own process, and the books of what was sent."""

import asyncio
import datetime as dt
import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import NamedTuple, Self

import asyncpg
from sqlalchemy import insert

from heatstream.embedded import child
from heatstream.store import tables
from heatstream.store.pool import create_engine
from simulators import wire
from simulators.gateway import Gateway

CITY = "testcity"
LOCAL = dt.timezone(dt.timedelta(hours=8))
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Sent(NamedTuple):
    """One distinct reading as it went on the wire."""

    point: str
    at: str
    value: str


class Key(NamedTuple):
    """One reading as it stands in the store."""

    point: str
    at_us: int
    centi: int


class Account(NamedTuple):
    """Where every distinct sent reading is. Whoever calls asserts that nothing is missing, twice or made up."""

    stored: int
    conflicting: int
    rejected: int
    missing: list[Sent]
    twice: list[Sent]
    made_up: list[Key]

    @property
    def exact(self) -> bool:
        return not (self.missing or self.twice or self.made_up)


def key_of(sent: Sent) -> Key | None:
    """Read it as the contract says; None where nobody can."""
    with suppress(ArithmeticError, ValueError, TypeError):
        at = dt.datetime.fromisoformat(json.loads(sent.at) if sent.at.startswith('"') else sent.at)
        centi = int((Decimal(sent.value) * 100).to_integral_value(ROUND_FLOOR))
        return Key(sent.point, (at - EPOCH) // dt.timedelta(microseconds=1), centi)
    return None


class Books:
    """What was sent, and whether the store holds exactly that."""

    def __init__(self) -> None:
        self.sent: set[Sent] = set()
        self.junk: set[bytes] = set()

    def note(self, readings: Iterable[wire.Reading]) -> None:
        self.sent |= {Sent(*reading) for reading in readings}

    async def account(self, url: str) -> Account:
        connection = await asyncpg.connect(url)
        try:
            stored = await _keys(connection, "reading")
            conflicting = await _keys(connection, "reading_conflict")
            rejected = await _rejected(connection)
            whole = {bytes(row[0]) for row in await connection.fetch("select payload from reject where readings = 0")}
        finally:
            await connection.close()
        assert len(stored) == len(set(stored)), "a row stands twice"
        assert whole == self.junk, "messages that cannot be read are kept whole, and no other"
        return self._compare(set(stored), set(conflicting), rejected)

    def _compare(self, stored: set[Key], conflicting: set[Key], rejected: set[Sent]) -> Account:
        places = {
            each: ((key := key_of(each)) in stored) + (key in conflicting) + (each in rejected) for each in self.sent
        }
        known = {key_of(each) for each in self.sent}
        return Account(
            len(stored),
            len(conflicting),
            len(rejected),
            [each for each, found in places.items() if found == 0],
            [each for each, found in places.items() if found > 1],
            [each for each in stored | conflicting if each not in known],
        )


async def _keys(connection: asyncpg.Connection, table: str) -> list[Key]:
    rows = await connection.fetch(
        f"select p.device, r.observed_at, r.temp_centi from {table} r join point p on p.id = r.point_id"
    )
    return [Key(device, (at - EPOCH) // dt.timedelta(microseconds=1), centi) for device, at, centi in rows]


async def _rejected(connection: asyncpg.Connection) -> set[Sent]:
    """Read them out of the payloads that were kept, for those are what was sent."""
    rows = await connection.fetch(
        "select r.payload, d.position from reject r join reject_reading d on d.reject_id = r.id "
        "where d.resolved_at is null"
    )
    return {_sent_at(json.loads(payload, parse_float=Decimal), position) for payload, position in rows}


def _sent_at(message: dict[str, object], position: int) -> Sent:
    reading = message["readings"][position] if "readings" in message else message
    return Sent(str(reading["point"]), str(reading["at"]), _spelt(reading["temp_c"]))


def _spelt(value: object) -> str:
    return str(value) if isinstance(value, Decimal | int) else json.dumps(value)


class Town:
    """Points and gateways, and readings that no two messages share."""

    def __init__(self, points: int = 40, gateways: int = 4) -> None:
        self.points = [f"P-{i:05d}" for i in range(points)]
        self.gateways = [f"gw-{i:03d}" for i in range(gateways)]
        self.books = Books()
        self._minute = 0
        self.start = dt.datetime.now(LOCAL).replace(minute=0, second=0, microsecond=0) - dt.timedelta(days=5)

    def points_of(self, gateway: str) -> list[str]:
        return self.points[self.gateways.index(gateway) :: len(self.gateways)]

    def readings(self, gateway: str, *, ago: dt.timedelta = dt.timedelta()) -> list[wire.Reading]:
        """One reading of each of its points at an instant that was not used before."""
        self._minute += 1
        at = (self.start + dt.timedelta(seconds=20 * self._minute) - ago).isoformat()
        made = [
            wire.Reading(point, at, f"{18 + (self._minute + i) % 700 / 100:.2f}")
            for i, point in enumerate(self.points_of(gateway))
        ]
        self.books.note(made)
        return made

    async def register(self, url: str) -> Self:
        engine = create_engine(url, size=1)
        try:
            async with engine.begin() as conn:
                for table, rows in self._registry():
                    await conn.execute(insert(table), rows)
        finally:
            await engine.dispose()
        return self

    def _registry(self) -> list[tuple[object, list[dict[str, object]]]]:
        since = {"valid_from": dt.date(2020, 1, 1)}
        one = {"code": "1", "name": "1", **since}
        return [
            (tables.city, [{"code": CITY, "name": "示例市", **since}]),
            (tables.district, [one]),
            (tables.company, [one]),
            (tables.community, [{**one, "district_id": 1}]),
            (tables.heat_source, [{**one, "company_id": 1, "kind": "boiler"}]),
            (tables.heat_station, [{**one, "company_id": 1, "heat_source_id": 1}]),
            (tables.building, [{**one, "community_id": 1, "heat_station_id": 1}]),
            (tables.household, [self._household(i) for i in range(len(self.points))]),
            (tables.gateway, [{"code": each, **since} for each in self.gateways]),
            (tables.point, [self._point(i) for i in range(len(self.points))]),
        ]

    def _household(self, i: int) -> dict[str, object]:
        since = dt.date(2020, 1, 1)
        return {"code": f"H-{i}", "building_id": 1, "kind": "residential", "address": f"{i}", "valid_from": since}

    def _point(self, i: int) -> dict[str, object]:
        since = dt.datetime(2020, 1, 1, tzinfo=LOCAL)
        return {"device": self.points[i], "household_id": i + 1, "interval_min": 10, "valid_from": since}


class IngestProcess:
    """`heatstream ingest` as an operator starts it."""

    def __init__(self, url: str, broker_port: int, folder: Path, **settings: str | int) -> None:
        self.metrics_port = child.free_port()
        self.log = folder / f"ingest-{self.metrics_port}.log"
        self._environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith("HEATSTREAM_")},
            "HEATSTREAM_DATABASE_URL": url,
            "HEATSTREAM_CITY": CITY,
            "HEATSTREAM_BROKER_PORT": str(broker_port),
            "HEATSTREAM_INGEST_METRICS_PORT": str(self.metrics_port),
            "HEATSTREAM_INGEST_FLUSH_MS": "50",
            "HEATSTREAM_LOG_FORMAT": "json",
            **{f"HEATSTREAM_{name.upper()}": str(setting) for name, setting in settings.items()},
        }
        self._child: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        self.begin()
        await self.ready()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.kill()

    def begin(self, fail_point: str | None = None) -> None:
        """Start it, and do not wait."""
        armed = {"HEATSTREAM_FAIL_POINT": fail_point} if fail_point else {}
        command = [sys.executable, "-m", "heatstream", "ingest", *(["--allow-fail-points"] if fail_point else [])]
        self._child = child.start(command, log=self.log, env={**self._environment, **armed})

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    async def ended(self, seconds: float = 20) -> int:
        """Wait for its end; the exit code, negative where a signal ended it."""
        assert self._child is not None
        assert await child.ended(self._child, seconds), f"still running; its log ends:\n{child.tail(self.log)}"
        return self._child.returncode

    async def kill(self) -> None:
        if self._child is not None:
            await child.end(self._child)

    async def terminate(self) -> int:
        assert self._child is not None
        self._child.send_signal(signal.SIGTERM)
        return await self.ended()

    async def readiness(self) -> tuple[bool, list[str]]:
        """What /readyz answers; not ready where nobody answers."""
        return await asyncio.to_thread(self._readiness)

    def _readiness(self) -> tuple[bool, list[str]]:
        with suppress(OSError, http.client.HTTPException):
            answer = json.loads(self._get("/readyz"))
            return answer["ready"], answer["reasons"]
        return False, ["nobody answers"]

    def _get(self, path: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    async def metric(self, name: str) -> float:
        lines = (await asyncio.to_thread(self._get, "/metrics")).splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))

    async def ready(self, *, within: float = 30) -> None:
        await self._until(within, ready=True)

    async def unready(self, *, within: float = 30) -> None:
        await self._until(within, ready=False)

    async def reaches(self, name: str, least: float, *, within: float = 30) -> None:
        """Wait until a metric is so large: being ready may be older than what was just done to it."""
        async with asyncio.timeout(within):
            while await self.metric(name) < least:
                await asyncio.sleep(0.05)

    async def _until(self, within: float, *, ready: bool) -> None:
        try:
            async with asyncio.timeout(within):
                while (await self.readiness())[0] is not ready:
                    assert self.running, f"ingest has ended; its log ends:\n{child.tail(self.log)}"
                    await asyncio.sleep(0.05)
        except TimeoutError:
            _, reasons = await self.readiness()
            raise AssertionError(f"ready is not {ready}: {reasons}\n{child.tail(self.log)}") from None

    def told(self, event: str) -> list[dict[str, object]]:
        """Lines of the log that tell of this."""
        lines = (line for line in self.log.read_text().splitlines() if line.startswith("{"))
        return [told for line in lines if (told := json.loads(line))["event"] == event]


@asynccontextmanager
async def online(town: Town, broker_port: int, *, resend_after_s: float = 60) -> AsyncIterator[list[Gateway]]:
    """All gateways of the town, connected."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                Gateway(name, CITY, f"mqtt://127.0.0.1:{broker_port}", resend_after_s=resend_after_s)
            )
            for name in town.gateways
        ]


def send(town: Town, gateways: Sequence[Gateway], messages: int) -> None:
    """Give each gateway so many messages of new readings to send."""
    for gateway in gateways:
        for _ in range(messages):
            gateway.send_indoor(town.readings(gateway.name))


async def settled(gateways: Sequence[Gateway], *, within: float = 60) -> None:
    """Wait until every gateway has the receipt of all it sent."""
    try:
        async with asyncio.timeout(within):
            await asyncio.gather(*(gateway.settled() for gateway in gateways))
    except TimeoutError:
        waiting = {gateway.name: (gateway.receipt, gateway.last, gateway.trouble) for gateway in gateways}
        raise AssertionError(f"no receipt for everything: (receipt, last, trouble) {waiting}") from None
