"""Warnings, scorecards, the ranking and strata by the API."""

import datetime as dt
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import insert

from heatstream.core.finding import Outcome
from heatstream.core.hysteresis import Level
from heatstream.serve.routes.supervised import SeasonQuery
from heatstream.store import supervision_rules
from heatstream.store import tables as t
from heatstream.store.pool import create_engine
from tests.conftest import clone

from . import watched
from .companies import DEMO, declared, handled_by, record
from .test_companies_api import asking
from .test_work_orders import GROUND
from .town import NOW, Office, ids, time

SEASON = {"season": "2025"}


async def _levels(office: Office) -> None:
    async with office.engine.begin() as conn:
        station = await ids(conn, t.heat_station)
        by = {"supervision_rules_id": await supervision_rules.keep(conn, DEMO), "looked_at": NOW}
        for code, level, known in (
            ("X1", Level.RED, False),
            ("X2", Level.GREEN, False),
            ("X3", Level.GREEN, True),
        ):
            seen = {"level": int(level), "known": known, "since": NOW, "numerator": 2, "denominator": 3}
            row = {"rule": "station_cold", "subject": "heat_station", "subject_id": station[code], **seen}
            await conn.execute(insert(t.warning_level).values(**row, **by))


async def _season(office: Office) -> None:
    """Three closed days, of which one was declared."""
    office.now = time(12, day=23, month=10, year=2025)
    await handled_by(office)
    async with office.engine.begin() as conn:
        await watched.close(conn, dt.date(2025, 10, 22))
        for home in ("H1", "H2"):
            await watched.point(conn, home)
        await watched.found(conn, "H1", dt.date(2025, 10, 22), Outcome.COMPLIANT)
        await watched.found(conn, "H2", dt.date(2025, 10, 22), Outcome.FAILING)
    await record(office, declared(dt.date(2025, 10, 21), at=office.now))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client(server_url: str, town_template: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the town with its season and its warnings, which nobody changes."""
    async with clone(server_url, town_template) as url:
        office = Office(create_engine(url, size=3), url)
        await _levels(office)
        await _season(office)
        async with asking(office) as asked, asking(office, role="district", district_code="D2") as asked_of_d2:
            asked.headers["of-d2"] = asked_of_d2.headers["Authorization"]
            yield asked
        await office.engine.dispose()


pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _get(client: httpx.AsyncClient, path: str, **params: str) -> httpx.Response:
    return await client.get(path, params=params)


async def test_warnings_tell_the_colour_of_every_subject_and_green_only_where_it_was_told(
    client: httpx.AsyncClient,
) -> None:
    whole = (await _get(client, "/warnings")).json()
    red = (await _get(client, "/warnings", colour="red")).json()
    unknown = (await _get(client, "/warnings", colour="undetermined")).json()
    first = (await _get(client, "/warnings", limit="2")).json()
    second = (await _get(client, "/warnings", limit="2", next=first["next"])).json()
    assert [(each["code"], each["colour"]) for each in whole["rows"]] == [
        ("X1", "red"),
        ("X2", "undetermined"),
        ("X3", "green"),
    ]
    assert (red["rows"][0]["numerator"], red["rows"][0]["denominator"]) == (2, 3)
    assert red["rows"][0]["watermark"] == "演示·非法律依据"
    assert red["rows"][0]["rules_sha256"] == DEMO.hash.hex()
    assert [each["code"] for each in unknown["rows"]] == ["X2"]
    assert [each["code"] for each in first["rows"] + second["rows"]] == ["X1", "X2", "X3"]
    assert second["next"] is None


async def test_a_scorecard_by_the_demos_rules_says_what_is_undetermined_and_why(client: httpx.AsyncClient) -> None:
    card = (await _get(client, "/scorecards/CO1")).json()
    nobody = await _get(client, "/scorecards/CO9")
    assert (card["season_year"], card["through"], card["points_e2"]) == (2025, "2025-10-22", None)
    assert "设备设施 设备完好（现场评分）: nobody has scored it" in card["undetermined"][0]
    assert len(card["categories"]) == 6
    assert nobody.status_code == 404


async def test_a_district_sees_the_score_over_every_home_and_of_its_rows_its_own(client: httpx.AsyncClient) -> None:
    card = (await _get(client, "/scorecards/CO1")).json()
    of_d2 = {"Authorization": client.headers["of-d2"]}
    assert (await client.get("/scorecards/CO1", headers=of_d2)).json() == card
    lines = [line for each in card["categories"] for line in each["lines"] if line["figure"]]
    rates = next(each["figure"]["rows"] for each in lines if each["figure"]["measure"] == "pass_rate")
    address = rates.removeprefix("/api/v1")
    whole, its_own = (
        (await client.get(address)).json()["rows"],
        (await client.get(address, headers=of_d2)).json()["rows"],
    )
    assert (len(whole), its_own) == (2, [])


async def test_a_figures_address_lists_the_rows_it_is_the_sum_of(client: httpx.AsyncClient) -> None:
    card = (await _get(client, "/scorecards/CO1")).json()
    lines = [line for each in card["categories"] for line in each["lines"] if line["figure"]]
    figure = next(line["figure"] for line in lines if line["figure"]["measure"] == "zero_reports")
    told = (await client.get(figure["rows"].removeprefix("/api/v1"))).json()
    page = (await client.get(figure["rows"].removeprefix("/api/v1") + "&limit=2")).json()
    rest = (await client.get(figure["rows"].removeprefix("/api/v1") + f"&limit=2&next={page['next']}")).json()
    assert [(row["day"], row["numerator"], row["denominator"]) for row in told["rows"]] == [
        ("2025-10-20", 0, 1),
        ("2025-10-21", 1, 1),
        ("2025-10-22", 0, 1),
    ]
    assert (figure["numerator"], figure["denominator"]) == (1, 3)
    assert page["rows"] + rest["rows"] == told["rows"]


async def test_the_ranking_says_that_it_is_internal(client: httpx.AsyncClient) -> None:
    told = (await _get(client, "/ranking", **SEASON)).json()
    assert "内部" in told["internal"]
    assert [(each["rank"], each["company"]) for each in told["rows"]] == [(None, "CO1"), (None, "CO2")]


async def test_the_season_of_today_is_that_of_the_local_day() -> None:
    last, first = (time(hour, day=day, month=4).astimezone(dt.UTC) for hour, day in ((23, 6), (1, 7)))
    assert [SeasonQuery().year(GROUND, now) for now in (last, first)] == [2025, 2026]


async def test_a_season_without_a_closed_day_is_refused(client: httpx.AsyncClient) -> None:
    answer = await _get(client, "/ranking", season="2026")
    assert answer.status_code == 409
    assert "days are closed through 2025-10-22" in answer.json()["detail"]


async def test_strata_tell_their_rates_with_their_denominators(client: httpx.AsyncClient) -> None:
    told = (await _get(client, "/strata", company="CO1")).json()
    none = (await _get(client, "/strata", company="CO2")).json()
    unknown = await _get(client, "/strata", company="CO9")
    rates = {each["stratum"]: each for each in told["strata"]}
    assert (told["day_from"], told["day_to"]) == ("2025-10-22", "2025-10-22")
    assert (rates["all"]["compliant"], rates["all"]["decided"], rates["all"]["percent"]) == (1, 2, 50.0)
    assert (rates["unknown"]["homes"], rates["top"]["decided"], rates["top"]["percent"]) == (2, 0, None)
    assert none["strata"][0]["decided"] == 0
    assert unknown.status_code == 400
