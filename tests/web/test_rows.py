"""What the page shows is what the store holds."""

import datetime as dt

import httpx
import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Outcome
from heatstream.store import tables as t
from heatstream.store.read import city, flags, readings
from heatstream.store.timescale import ensure_partitions
from heatstream.web import figures
from heatstream.web.shared import Reader
from tests.serve import town


async def fetched(browser: httpx.AsyncClient, address: str) -> list[dict[str, object]]:
    response = await browser.get(f"/rows/{address}")
    assert response.status_code == 200, response.text
    return response.json()


async def test_today_is_the_last_closed_day_with_every_home_counted(reader: Reader) -> None:
    today = await figures.today(reader)
    tally = today.tally
    assert (today.city_name, today.day, today.watermarks) == ("示例市", town.DAYS[-1], [town.WATERMARK])
    assert (tally.homes, tally.compliant, tally.failing, tally.undetermined, tally.unmonitored) == (4, 1, 1, 1, 1)


async def test_the_trend_counts_homes_by_day_and_outcome(reader: Reader) -> None:
    trend = await figures.trend(reader)
    assert trend.days == town.DAYS
    assert trend.counts[Outcome.FAILING] == [0, 1, 1]
    assert trend.counts[Outcome.UNDETERMINED] == [0, 0, 1]
    assert trend.lowest_centi == [1900, 1700, 1700]
    assert trend.outdoor_centi == [None, None, None]


async def test_the_health_counts_gaps_and_refusals(reader: Reader) -> None:
    health = await figures.health(reader)
    assert [(row.gateway, row.missing) for row in health.gateways] == [("gw-0001", 1)]
    assert {row.reason: row.refused for row in health.refused} == {"undecodable": 1, "out_of_range": 1}


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("district", [("东城区", 2, 1, 0), ("西城区", 2, 0, 1)]),
        ("company", [("东热公司", 2, 1, 0), ("西热公司", 2, 0, 1)]),
        ("heat_station", [("东一站", 2, 1, 0), ("西一站", 2, 0, 1)]),
        ("building", [("1号楼", 2, 1, 0), ("2号楼", 2, 0, 1)]),
    ],
)
async def test_homes_are_counted_by_place(
    browser: httpx.AsyncClient, level: str, expected: list[tuple[str, int, int, int]]
) -> None:
    found = await fetched(browser, f"places/{level}")
    assert [(row["name"], row["homes"], row["failing"], row["unmonitored"]) for row in found] == expected


async def test_an_unknown_level_is_refused(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/rows/places/policy")).status_code == 422


async def test_the_coldest_home_comes_first(browser: httpx.AsyncClient) -> None:
    assert [(row["household"], row["temp_centi"]) for row in await fetched(browser, "flags")] == [("H1", 1750)]


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("failing", [("2026-01-06", "H1"), ("2026-01-05", "H1")]),
        ("undetermined", [("2026-01-06", "H3")]),
    ],
)
async def test_the_newest_findings_come_first(
    browser: httpx.AsyncClient, outcome: str, expected: list[tuple[str, str]]
) -> None:
    assert [(row["day"], row["household"]) for row in await fetched(browser, f"findings/{outcome}")] == expected


async def test_gateways_show_where_the_last_hour_s_readings_went(browser: httpx.AsyncClient) -> None:
    [row] = await fetched(browser, "gateways")
    assert (row["gateway"], row["missing"], row["contiguous"]) == ("gw-0001", 1, 10)


async def test_the_outdoor_mean_is_of_the_local_day(conn: AsyncConnection) -> None:
    day = town.DAYS[0]
    await ensure_partitions(conn, t.meter_reading, day - dt.timedelta(days=7), town.DAYS[-1])
    for at, outdoor in ((town.at(day, 0), -1000), (town.at(day, 23, 59), -2000), (town.at(town.DAYS[1], 0), 500)):
        row = {"meter_id": 1, "observed_at": at, "received_at": at, "outdoor_centi": outdoor, "batch_id": 1}
        await conn.execute(insert(t.meter_reading).values(row))
    period = readings.Period(town.at(day, 0), town.at(town.DAYS[-1], 0))
    found = await readings.outdoor_by_day(conn, period)
    assert [(row.day, row.outdoor_centi) for row in found] == [(day, -1500), (town.DAYS[1], 500)]


async def test_a_home_that_has_stopped_its_heat_is_not_counted_as_cold(conn: AsyncConnection) -> None:
    assert (await city.tally(conn, town.DAYS[-1])).below_now == 1
    home = await conn.scalar(select(t.household.c.id).where(t.household.c.code == "H1"))
    await conn.execute(insert(t.stop_period).values(code="S", household_id=home, valid_from=town.SINCE))
    assert (await city.tally(conn, town.DAYS[-1])).below_now == 0
    assert [row.stopped for row in await flags.coldest(conn, limit=9)] == [True]


async def test_what_an_undetermined_home_measured_is_not_the_lowest_deciding_value(conn: AsyncConnection) -> None:
    cold = update(t.finding).values(value_centi=1000).where(t.finding.c.outcome == Outcome.UNDETERMINED)
    await conn.execute(cold)
    assert (await city.tally(conn, town.DAYS[-1])).lowest_centi == 1700


async def test_a_page_with_its_database_is_ready(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/readyz")).json() == {"ready": True, "reasons": []}
