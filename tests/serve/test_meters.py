"""Meters over the API: their days, what was counted and what was estimated, and their marks."""

import datetime as dt
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.store import tables as t
from heatstream.store.pool import create_engine
from tests.serve.town import DAYS, NOW, at

WHOLE = {"readings": 24, "slots_expected": 24, "slots_valid": 24, "gap_min": 0, "heating_min": 1440}


async def fill(engine: AsyncEngine) -> None:
    """M1 of T1 was put in twice; the second has two days and three marks, one of them withdrawn. M2 is another."""
    async with engine.begin() as conn:
        station = await conn.scalar(select(t.heat_station.c.id).where(t.heat_station.c.code == "T1"))
        place = {"heat_station_id": station, "interval_min": 60}
        ids = [
            await conn.scalar(insert(t.meter).values(device=device, valid_from=begin, **place).returning(t.meter.c.id))
            for device, begin in (("M1", at(DAYS[0], 0)), ("M1", at(DAYS[1], 0)), ("M2", at(DAYS[0], 0)))
        ]
        made = {"algorithm": 1, "through_batch": 1, **WHOLE}
        counted = {"energy_wh": 480_000, "volume_l": 9_000, "supply_mean_centi": 7350, "uncounted_min": 0}
        lost = {"uncounted_min": 1440, "estimated_wh": 470_000, "estimate": {"reference": "after_repair"}}
        for meter, day, values in (
            (ids[0], DAYS[0], counted),
            (ids[1], DAYS[1], counted),
            (ids[1], DAYS[2], lost),
            (ids[2], DAYS[0], counted),
        ):
            await conn.execute(insert(t.meter_day).values(meter_id=meter, day=day, **made, **values))
        for kind, hour, withdrawn in (("gap", 2, None), ("swap", 5, None), ("jump", 7, NOW)):
            span = {"begins": at(DAYS[2], hour), "ends": at(DAYS[2], hour + 1), "evidence": {"without_min": 60}}
            mark = {"meter_id": ids[1], "kind": kind, "algorithm": 1, "withdrawn_at": withdrawn}
            await conn.execute(insert(t.meter_mark).values(**mark, **span))


@pytest.fixture
async def asked(client: httpx.AsyncClient, database_url: str) -> httpx.AsyncClient:
    engine = create_engine(database_url, size=1)
    await fill(engine)
    await engine.dispose()
    return client


async def get(client: httpx.AsyncClient, path: str, status: int = 200, **query: Any) -> dict[str, Any]:
    answer = await client.get(f"/api/v1/meters/{path}", params=query)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.every_edition
async def test_days_are_listed_over_every_installation_page_by_page(asked: httpx.AsyncClient) -> None:
    whole = await get(asked, "M1/days")
    assert [(row["day"], row["installed_at"]) for row in whole["rows"]] == [
        ("2026-01-04", "2026-01-04T00:00:00+08:00"),
        ("2026-01-05", "2026-01-05T00:00:00+08:00"),
        ("2026-01-06", "2026-01-05T00:00:00+08:00"),
    ]
    first = await get(asked, "M1/days", limit=2)
    rest = await get(asked, "M1/days", limit=2, next=first["next"])
    assert (first["rows"] + rest["rows"], rest["next"]) == (whole["rows"], None)
    one = await get(asked, "M1/days", day_from="2026-01-05", day_to="2026-01-05")
    assert one["rows"] == whole["rows"][1:2]


async def test_what_was_counted_and_what_was_estimated_stand_apart(asked: httpx.AsyncClient) -> None:
    _, counted, lost = (await get(asked, "M1/days"))["rows"]
    assert (counted["energy_wh"], counted["estimated_wh"], counted["estimate"]) == (480_000, None, None)
    assert (lost["energy_wh"], lost["estimated_wh"]) == (None, 470_000)
    assert (counted["meter"], counted["station"], counted["household"]) == ("M1", "T1", None)
    assert (counted["supply_mean_c"], counted["supply_mean_centi"]) == (73.5, 7350)


@pytest.mark.every_edition
async def test_marks_are_listed_as_they_stand_and_those_withdrawn_on_request(asked: httpx.AsyncClient) -> None:
    rows = (await get(asked, "M1/marks"))["rows"]
    assert [(row["kind"], row["begins"]) for row in rows] == [
        ("gap", "2026-01-06T02:00:00+08:00"),
        ("swap", "2026-01-06T05:00:00+08:00"),
    ]
    assert rows[0]["evidence"] == {"without_min": 60}
    assert [row["kind"] for row in (await get(asked, "M1/marks", withdrawn=True))["rows"]] == ["jump"]
    assert [row["kind"] for row in (await get(asked, "M1/marks", kind="swap"))["rows"]] == ["swap"]
    assert (await get(asked, "M2/marks"))["rows"] == []


@pytest.mark.parametrize(("begin", "end", "kinds"), [(3, 5, ["gap"]), (4, 6, ["swap"]), (0, 2, [])])
async def test_marks_are_narrowed_by_their_time(
    asked: httpx.AsyncClient, begin: int, end: int, kinds: list[str]
) -> None:
    period: dict[str, Any] = {"from": at(DAYS[2], begin).isoformat(), "to": at(DAYS[2], end).isoformat()}
    assert [row["kind"] for row in (await get(asked, "M1/marks", **period))["rows"]] == kinds


async def test_marks_come_page_by_page(asked: httpx.AsyncClient) -> None:
    first = await get(asked, "M1/marks", limit=1)
    rest = await get(asked, "M1/marks", limit=1, next=first["next"])
    assert [row["kind"] for row in first["rows"] + rest["rows"]] == ["gap", "swap"]
    assert rest["next"] is None


@pytest.mark.parametrize("path", ["M9/days", "M9/marks"])
async def test_a_meter_that_is_not_registered_is_told(asked: httpx.AsyncClient, path: str) -> None:
    found = await get(asked, path, 404)
    assert "'M9', expected a device of the registry" in found["detail"]


async def test_days_that_end_before_they_begin_are_refused(asked: httpx.AsyncClient) -> None:
    later = (DAYS[0] - dt.timedelta(days=1)).isoformat()
    assert (await get(asked, "M1/days", 400, day_from=DAYS[0].isoformat(), day_to=later))["detail"]
