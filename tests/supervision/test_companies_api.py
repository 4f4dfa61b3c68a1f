"""Companies by the API: fuel and declarations of a day, a file, and what was published and nothing else."""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from heatstream.serve.app import create_app
from heatstream.serve.shapes import now
from heatstream.settings import Database, Settings, Supervision
from heatstream.store import keys

from .companies import (
    CARD,
    DEMO_FILE,
    OVER,
    approved,
    declared,
    drafted,
    handled_by,
    notified,
    published,
    record,
    report,
    reviewed,
)
from .town import Office, time


@asynccontextmanager
async def asking(office: Office, *scopes: str, **role: str) -> AsyncIterator[httpx.AsyncClient]:
    async with office.engine.begin() as conn:
        key = await keys.create(conn, "platform", scopes=("read", *scopes), **role)
    app = create_app(Settings(database=Database(url=office.url), supervision=Supervision(rules_file=DEMO_FILE)))
    app.dependency_overrides[now] = lambda: office.now
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=transport, base_url="http://test/api/v1", headers={"Authorization": f"Bearer {key}"}
        ) as client,
    ):
        yield client


async def test_fuel_of_a_day_is_told_with_its_floor_and_colour(office: Office) -> None:
    await handled_by(office)
    for day in (17, 18, 19):
        await record(office, report(dt.date(2026, 1, day), stock_kg=1_650_000))
    async with asking(office) as client:
        told = (await client.get("/fuel", params={"day": "2026-01-19"})).json()
        others = (await client.get("/fuel", params={"day": "2026-01-19", "company": "CO2"})).json()
        unknown = await client.get("/fuel", params={"company": "CO9"})
    plant, boiler = told["rows"]
    assert (told["season_year"], told["in_season"], told["watermark"]) == (2025, True, "演示·非法律依据")
    assert (plant["source"], plant["recipient"], plant["colour"]) == ("S1", "工信", "yellow")
    assert plant["share"] == {"numerator": 11, "denominator": 10}
    assert plant["use_days"] == ["2026-01-17", "2026-01-18", "2026-01-19"]
    assert plant["unknown"] == {"by_weather": "no forecast of outdoor means was given for the next day"}
    assert (boiler["fuel"], boiler["colour"]) == (None, None)
    assert [(each["sources"], each["colour"]) for each in told["held"]] == [(["S1"], "yellow")]
    assert [each["source"] for each in others["rows"]] == ["S2"]
    assert (unknown.status_code, unknown.json()["type"]) == (400, "urn:heatstream:problem:unknown-code")


async def test_declarations_of_a_day_name_who_did_not_report(office: Office) -> None:
    await record(office, declared())
    async with asking(office) as client:
        told = (await client.get("/declarations", params={"day": "2026-01-19"})).json()
        today = (await client.get("/declarations")).json()
    assert [(each["company"], each["state"], each["zero"], each["contradicted"]) for each in told] == [
        ("CO1", "已报", True, False),
        ("CO2", "未报", None, False),
    ]
    assert (told[0]["signature"], told[0]["matter"], told[0]["event"]) == ("CO某", "C-CO1-2025", 2)
    assert [each["state"] for each in today] == ["未报", "未报"]


async def test_a_companys_file_is_given_whole(office: Office) -> None:
    await record(office, declared())
    async with asking(office) as client:
        told = (await client.get("/companies/CO1/file")).json()
        before = (await client.get("/companies/CO1/file", params={"season": 2024})).json()
        unknown = await client.get("/companies/CO9/file")
    assert (told["file"], told["season_from"], told["season_to"]) == ("C-CO1-2025", "2025-10-20", "2026-04-06")
    assert (told["declarations"]["reported"], len(told["declarations"]["unreported"])) == (1, 91)
    assert before["file"] is None
    assert unknown.status_code == 404


async def test_drafts_are_in_no_answer_and_versions_come_page_by_page(office: Office) -> None:
    office.now = time(12, day=1, month=7)
    await handled_by(office)
    for code, subject in (("公示-1", "scorecard"), ("公示-2", "other")):
        await office.open("publication", drafted(subject=subject), by="CITY", code=code)
        await office.record(code, notified(), by="CITY")
        await office.record(code, reviewed(OVER + dt.timedelta(days=10)), by="CITYB")
        await office.record(code, approved(OVER + dt.timedelta(days=10)), by="D1")
    async with asking(office) as client:
        assert (await client.get("/publications")).json() == {"rows": [], "next": None}
    for code in ("公示-1", "公示-2"):
        await office.record(code, published(OVER + dt.timedelta(days=11)), by="CITY")
    async with asking(office) as client:
        page = (await client.get("/publications", params={"limit": 1})).json()
        rest = (await client.get("/publications", params={"limit": 1, "next": page["next"]})).json()
        of_other = (await client.get("/publications", params={"company": "CO2"})).json()
        of_one = (await client.get("/publications", params={"publication": "公示-2"})).json()
    assert [each["publication"] for each in (*page["rows"], *rest["rows"])] == ["公示-1", "公示-2"]
    assert (page["rows"][0]["content"], rest["next"]) == (CARD, None)
    assert of_other["rows"] == []
    assert [each["subject"] for each in of_one["rows"]] == ["other"]


async def test_a_season_is_a_year(office: Office) -> None:
    async with asking(office) as client:
        answers = [await client.get("/companies/CO1/file", params={"season": each}) for each in ("1999", "2025.5", "x")]
    assert [each.status_code for each in answers] == [400, 400, 400]
