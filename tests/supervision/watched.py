"""Points, readings and day figures of the town, as ingest, evaluate and jobs would have stored them."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Outcome
from heatstream.store import day_outcomes
from heatstream.store import tables as t
from heatstream.store.tables import Table
from heatstream.store.timescale import LOCAL, ensure_partitions

from .town import SINCE, ids


async def point(conn: AsyncConnection, home: str, device: str | None = None, **values: Any) -> int:
    """An accepted point in a home, of the same name unless told otherwise."""
    row = {
        "device": device or home,
        "household_id": (await ids(conn, t.household))[home],
        "interval_min": 10,
        "accepted_on": SINCE,
        "valid_from": dt.datetime.combine(SINCE, dt.time(), LOCAL),
        **values,
    }
    return int((await conn.execute(insert(t.point).values(row).returning(t.point.c.id))).scalar_one())


async def reading(conn: AsyncConnection, point_id: int, at: dt.datetime, centi: int = 2000) -> None:
    day = at.astimezone(LOCAL).date()
    await ensure_partitions(conn, t.reading, day, day)
    row = {"point_id": point_id, "observed_at": at, "received_at": at, "temp_centi": centi, "batch_id": 1}
    await conn.execute(insert(t.reading).values(row))


async def cold(conn: AsyncConnection, point_id: int, at: dt.datetime) -> None:
    """Its flag stands."""
    temps = {"limit_centi": 1800, "temp_centi": 1700, "lowest_centi": 1700}
    row = {"point_id": point_id, "kind": "below_standard", "since": at, "observed_at": at, **temps}
    await conn.execute(insert(t.flag).values(row))


def zeros(table: Table) -> Mapping[str, Any]:
    """A row whose numbers are all nothing."""
    needed = [each for each in table.c if not each.nullable and each.name != "id"]
    numbers = {each.name: each.type.python_type() for each in needed if each.type.python_type in {int, bool}}
    return numbers | ({"digest": b"\0" * 32} if "digest" in table.c else {})


async def statistic(
    conn: AsyncConnection, point_id: int, home: str, day: dt.date, mean_centi: int, **values: Any
) -> None:
    """A whole day at one temperature, unless told otherwise."""
    await ensure_partitions(conn, t.day_statistic, day, day)
    valid = values.get("slots_valid", 144)
    row = {
        **zeros(t.day_statistic),
        "point_id": point_id,
        "household_id": (await ids(conn, t.household))[home],
        "day": day,
        "slots_expected": 144,
        "slots_valid": valid,
        "sum_centi": mean_centi * valid,
        "min_centi": mean_centi if valid else None,
        **values,
    }
    await conn.execute(insert(t.day_statistic).values(row))


async def close(conn: AsyncConnection, day: dt.date) -> None:
    """Every day through this one is closed."""
    await conn.execute(t.closing.delete())
    await conn.execute(insert(t.closing).values(closed_through=day))


async def meter(conn: AsyncConnection, device: str, station: str, **values: Any) -> int:
    row = {
        "device": device,
        "heat_station_id": (await ids(conn, t.heat_station))[station],
        "interval_min": 10,
        "valid_from": dt.datetime.combine(SINCE, dt.time(), LOCAL),
        **values,
    }
    return int((await conn.execute(insert(t.meter).values(row).returning(t.meter.c.id))).scalar_one())


async def meter_day(conn: AsyncConnection, meter_id: int, day: dt.date, **values: Any) -> None:
    await conn.execute(insert(t.meter_day).values({**zeros(t.meter_day), "meter_id": meter_id, "day": day, **values}))


async def meter_reading(conn: AsyncConnection, meter_id: int, at: dt.datetime, **values: Any) -> None:
    day = at.astimezone(LOCAL).date()
    await ensure_partitions(conn, t.meter_reading, day, day)
    row = {"meter_id": meter_id, "observed_at": at, "received_at": at, "batch_id": 1, **values}
    await conn.execute(insert(t.meter_reading).values(row))


async def found(conn: AsyncConnection, home: str, day: dt.date, outcome: Outcome) -> None:
    """How a home's day was found."""
    await ensure_partitions(conn, t.finding, day, day)
    await ensure_partitions(conn, t.finding_current, day, day)
    household = (await ids(conn, t.household))[home]
    run = (await conn.execute(select(t.run.c.id, t.run.c.policy_id))).first()
    assert run is not None
    key = {"household_id": household, "period_kind": 1, "period_from": day}
    row = {**zeros(t.finding), **key, "period_to": day, "outcome": int(outcome), "run_id": run.id}
    made = insert(t.finding).values({**row, "policy_id": run.policy_id}).returning(t.finding.c.id)
    finding = (await conn.execute(made)).scalar_one()
    await conn.execute(insert(t.finding_current).values(**key, finding_id=finding))
    await day_outcomes.count(conn, day, np.array([household], np.int32))
