"""Stations over the API: what they give now against what is expected, their days, their supply, and spans."""

import datetime as dt
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.store import tables as t
from heatstream.store.pool import create_engine
from heatstream.store.timescale import ensure_partitions
from tests.serve.town import DAYS, NOW, at

YESTERDAY = DAYS[-1]


async def fill(engine: AsyncEngine) -> None:
    """T1 has a meter, a curve, two spans and two days; T2 has nothing."""
    async with engine.begin() as conn:
        station = await conn.scalar(select(t.heat_station.c.id).where(t.heat_station.c.code == "T1"))
        installed = {"device": "M1", "heat_station_id": station, "interval_min": 10, "valid_from": at(DAYS[0], 0)}
        meter = await conn.scalar(insert(t.meter).values(installed).returning(t.meter.c.id))
        filed = {"code": "K1", "heat_station_id": station, "valid_from": DAYS[0]}
        curve = await conn.scalar(insert(t.weather_curve).values(filed).returning(t.weather_curve.c.id))
        points = [(-2000, 6000), (1000, 3600)]
        await conn.execute(
            insert(t.weather_curve_point),
            [{"weather_curve_id": curve, "outdoor_centi": x, "supply_centi": y} for x, y in points],
        )
        await ensure_partitions(conn, t.meter_reading, DAYS[0], NOW.date())
        told = {"supply_centi": 4300, "return_centi": 3500, "flow_l_h": 1000, "power_w": 9304, "outdoor_centi": 0}
        for hour in (8, 9):
            seen = {"meter_id": meter, "observed_at": at(YESTERDAY, hour), "received_at": NOW, "batch_id": 1}
            await conn.execute(insert(t.meter_reading).values(seen | told))
        rules = {"hash": b"\7" * 32, "version": "1", "watermark": "演示·非法律依据", "canonical": "{}"}
        by = {
            "supervision_rules_id": await conn.scalar(
                insert(t.supervision_rules).values(rules).returning(t.supervision_rules.c.id)
            ),
            "algorithm": 1,
            "through_batch": 1,
            "heat_station_id": station,
        }
        for kind, hour, ends, withdrawn in (
            ("interruption", 2, at(YESTERDAY, 4), None),
            ("low_running", 5, at(YESTERDAY, 6), NOW),
            ("interruption", 8, None, None),
        ):
            span = {"kind": kind, "begins": at(YESTERDAY, hour), "known_at": at(YESTERDAY, hour), "evidence": {}}
            await conn.execute(insert(t.station_span).values(**span, ends=ends, withdrawn_at=withdrawn, **by))
        minutes = {"due_min": 1440, "known_min": 1400, "without_min": 120, "low_min": 0}
        homes = {"homes": 2, "monitored": 2, "below": 1, "lowest_centi": 1700, "mean_centi": None}
        for day in DAYS:
            await conn.execute(insert(t.station_day).values(day=day, **minutes, **homes, **by))


@pytest.fixture
async def asked(client: httpx.AsyncClient, database_url: str) -> httpx.AsyncClient:
    engine = create_engine(database_url, size=1)
    await fill(engine)
    await engine.dispose()
    return client


async def get(client: httpx.AsyncClient, path: str, status: int = 200, **query: Any) -> dict[str, Any]:
    answer = await client.get(f"/api/v1{path}", params=query)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_station_is_listed_with_what_it_gave_last_and_what_goes_on(asked: httpx.AsyncClient) -> None:
    first, second = (await get(asked, "/stations"))["rows"]
    assert (first["station"], first["heat_source"], first["company"]) == ("T1", "HS1", "E1")
    assert first["due"] is True
    assert first["last"] == {
        "at": "2026-01-06T09:00:00+08:00",
        "supply_c": 43.0,
        "supply_centi": 4300,
        "return_centi": 3500,
        "flow_l_h": 1000,
        "power_w": 9304,
        "outdoor_centi": 0,
        "expected_centi": 4400,
        "due": True,
    }
    assert first["going_on"] == [{"kind": "interruption", "begins": "2026-01-06T08:00:00+08:00", "matter": None}]
    assert (second["station"], second["last"], second["going_on"]) == ("T2", None, [])


async def test_stations_come_in_pages_and_by_company(asked: httpx.AsyncClient) -> None:
    page = await get(asked, "/stations", limit=1)
    rest = await get(asked, "/stations", limit=1, next=page["next"])
    assert [each["rows"][0]["station"] for each in (page, rest)] == ["T1", "T2"]
    assert [row["station"] for row in (await get(asked, "/stations", company="E2"))["rows"]] == ["T2"]
    assert (await get(asked, "/stations", 400, company="E9"))["type"].endswith("unknown-code")


@pytest.mark.every_edition
async def test_the_days_of_a_station_say_what_was_owed_and_how_its_homes_were(asked: httpx.AsyncClient) -> None:
    found = await get(asked, "/stations/T1/days", day_from=str(DAYS[1]), limit=1)
    (day,) = found["rows"]
    assert (day["day"], day["due_min"], day["without_min"], day["below"]) == (str(DAYS[1]), 1440, 120, 1)
    assert (day["lowest_centi"], day["mean_centi"], day["watermark"]) == (1700, None, "演示·非法律依据")
    rest = await get(asked, "/stations/T1/days", day_from=str(DAYS[1]), limit=1, next=found["next"])
    assert ([each["day"] for each in rest["rows"]], rest["next"]) == ([str(DAYS[2])], None)
    await get(asked, "/stations/T9/days", 404)


@pytest.mark.every_edition
async def test_the_supply_of_a_station_stands_beside_its_curve_and_silence_is_null(asked: httpx.AsyncClient) -> None:
    period = {"from": at(YESTERDAY, 8).isoformat(), "to": at(YESTERDAY, 8, 20).isoformat()}
    told, silent = (await get(asked, "/stations/T1/supply", **period))["rows"]
    assert (told["supply_centi"], told["expected_centi"], told["due"]) == (4300, 4400, True)
    assert (silent["at"], silent["supply_centi"], silent["due"]) == ("2026-01-06T08:10:00+08:00", None, True)


async def test_more_than_a_month_of_supply_is_refused(asked: httpx.AsyncClient) -> None:
    begin = (NOW - dt.timedelta(days=40)).isoformat()
    assert "31 days" in (await get(asked, "/stations/T1/supply", 400, **{"from": begin}))["detail"]


@pytest.mark.every_edition
async def test_spans_are_narrowed_by_kind_time_and_whether_they_go_on(asked: httpx.AsyncClient) -> None:
    async def begins(**query: Any) -> list[str]:
        return [row["begins"][11:13] for row in (await get(asked, "/spans", **query))["rows"]]

    assert await begins() == ["02", "08"]
    assert await begins(going_on=True) == ["08"]
    assert await begins(withdrawn=True) == ["05"]
    assert await begins(kind="low_running") == []
    assert await begins(station="T2") == []
    assert await begins(to=at(YESTERDAY, 3).isoformat()) == ["02"]
    assert await begins(**{"from": at(YESTERDAY, 4).isoformat()}) == ["08"]


async def test_spans_come_in_pages_that_meet_each_once(asked: httpx.AsyncClient) -> None:
    page = await get(asked, "/spans", limit=1)
    rest = await get(asked, "/spans", limit=1, next=page["next"])
    assert [each["rows"][0]["begins"][11:13] for each in (page, rest)] == ["02", "08"]
    assert rest["next"] is None
