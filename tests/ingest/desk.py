"""A writer at its desk: a registered town, a clock that stands still, and messages handed over without a broker."""

import dataclasses
import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream import settings
from heatstream.ingest.border import Checked
from heatstream.ingest.columns import Received
from heatstream.ingest.decode import Decoder
from heatstream.ingest.registry import micros
from heatstream.ingest.topics import Subscriptions
from heatstream.ingest.write import Writer, Written
from heatstream.store import tables
from heatstream.store.timescale import LOCAL

CITY = "shili"
GATEWAYS = ("gw-1", "gw-2", "gw-3")
POINTS = tuple(f"P-{n}" for n in range(1, 7))
"""Two of each gateway."""
METERS = ("M-1", "M-2")
SINCE = dt.datetime(2025, 1, 1, tzinfo=LOCAL)
NOW = dt.datetime(2026, 1, 5, 12, tzinfo=LOCAL)
MORNING = dt.datetime(2026, 1, 5, 8, tzinfo=LOCAL)

Message = tuple[str, bytes]


def registry() -> list[tuple[Any, list[dict[str, Any]]]]:
    since = {"valid_from": SINCE.date()}
    one = {"code": "1", "name": "1", **since}
    homes = [
        {"code": f"H-{n}", "building_id": 1, "kind": "residential", "address": f"{n}", **since} for n in range(1, 7)
    ]
    points = [
        {"device": device, "household_id": n + 1, "gateway_id": n // 2 + 1, "interval_min": 10, "valid_from": SINCE}
        for n, device in enumerate(POINTS)
    ]
    meters = [{"device": device, "heat_station_id": 1, "interval_min": 60, "valid_from": SINCE} for device in METERS]
    return [
        (tables.city, [{"code": CITY, "name": "示例市", **since}]),
        (tables.district, [one]),
        (tables.company, [one]),
        (tables.community, [{**one, "district_id": 1}]),
        (tables.heat_source, [{**one, "company_id": 1, "kind": "boiler"}]),
        (tables.heat_station, [{**one, "company_id": 1, "heat_source_id": 1}]),
        (tables.building, [{**one, "community_id": 1, "heat_station_id": 1}]),
        (tables.household, homes),
        (tables.gateway, [{"code": code, **since} for code in GATEWAYS]),
        (tables.point, points),
        (tables.meter, meters),
    ]


async def register(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        for table, rows in registry():
            await conn.execute(insert(table), rows)


def at(minute: int) -> str:
    """An instant so many minutes after the morning's beginning."""
    return (MORNING + dt.timedelta(minutes=minute)).isoformat()


def reading(point: str, minute: int | str, temp_c: object) -> dict[str, Any]:
    return {"point": point, "at": at(minute) if isinstance(minute, int) else minute, "temp_c": temp_c}


def message(
    *readings: dict[str, Any], gateway: str = "gw-1", sequence: int | None = None, leaf: str = "indoor"
) -> Message:
    numbered = {} if sequence is None else {"sequence": sequence}
    payload = {"gateway": gateway, **numbered, "readings": list(readings)}
    return f"heat/v1/{CITY}/{gateway}/{leaf}", json.dumps(payload).encode()


@dataclasses.dataclass
class Desk:
    engine: AsyncEngine
    writer: Writer
    decoder: Decoder
    now: dt.datetime = NOW

    @classmethod
    async def open(cls, engine: AsyncEngine, **ingest: Any) -> "Desk":
        """Set up a desk in a town that is registered already."""
        desk = cls(engine, None, Decoder(Subscriptions(CITY)))  # type: ignore[arg-type]
        await desk.restart(**ingest)
        return desk

    async def restart(self, name: str = "ingest", **ingest: Any) -> None:
        found = settings.Settings(ingest=settings.Ingest(**ingest))
        self.writer = await Writer.load(self.engine, found, name=name, now_us=lambda: micros(self.now))

    def received(self, *messages: Message) -> Received:
        now_us = np.full(len(messages), micros(self.now))
        return Received([topic for topic, _ in messages], [payload for _, payload in messages], now_us)

    async def check(self, *messages: Message) -> Checked:
        received = self.received(*messages)
        return await self.writer.check(received, self.decoder.decode(received))

    async def send(self, *messages: Message) -> Written:
        """Hand over one batch."""
        return await self.writer.write(await self.check(*messages))

    async def say(self, *readings: dict[str, Any], **options: Any) -> Written:
        """Hand over one message."""
        return await self.send(message(*readings, **options))

    async def rows(self, query: Any) -> Sequence[Any]:
        async with self.engine.connect() as conn:
            return [tuple(row) for row in await conn.execute(query)]

    async def count(self, table: Any) -> int:
        [(found,)] = await self.rows(select(func.count()).select_from(table))
        return int(found)

    async def stored(self) -> list[tuple[str, int, int]]:
        """Device, minutes after the morning's beginning, hundredths; by device and time."""
        return await self._readings(tables.reading)

    async def conflicts(self) -> list[tuple[str, int, int]]:
        return await self._readings(tables.reading_conflict)

    async def _readings(self, table: Any) -> list[tuple[str, int, int]]:
        query = (
            select(tables.point.c.device, table.c.observed_at, table.c.temp_centi)
            .join_from(table, tables.point, tables.point.c.id == table.c.point_id)
            .order_by(tables.point.c.device, table.c.observed_at, table.c.temp_centi)
        )
        return [
            (device, (when - MORNING) // dt.timedelta(minutes=1), centi)
            for device, when, centi in await self.rows(query)
        ]

    async def refused(self) -> list[tuple[str, int]]:
        """Reason and position of every reading that is refused still."""
        table = tables.reject_reading
        return await self.rows(
            select(table.c.reason, table.c.position)
            .where(table.c.resolved_at.is_(None))
            .order_by(table.c.reject_id, table.c.position)
        )


async def add_point(conn: AsyncConnection, device: str, household: int = 1) -> int:
    row = {"device": device, "household_id": household, "interval_min": 10, "valid_from": SINCE}
    return int((await conn.execute(insert(tables.point).values(row).returning(tables.point.c.id))).scalar_one())
