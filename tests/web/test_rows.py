"""What the page shows is what the store holds."""

import csv
import datetime as dt

import httpx
import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Outcome
from heatstream.store import tables as t
from heatstream.store.read import amounts, city, flags, readings
from heatstream.store.timescale import ensure_partitions
from heatstream.web import city_figures, figures, rows
from heatstream.web.first_view import first_view
from heatstream.web.shared import Reader, Source
from heatstream.web.words import Words
from tests.serve import town
from tests.signed import visitor_at
from tests.web.conftest import SignIn, visitor


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
    ("query", "expected"),
    [
        ("outcome=failing", [("2026-01-06", "H1"), ("2026-01-05", "H1")]),
        ("outcome=undetermined&day_from=&district=", [("2026-01-06", "H3")]),
        ("outcome=compliant&day=2026-01-05", [("2026-01-05", "H2"), ("2026-01-05", "H3")]),
        ("company=E2&day_from=2026-01-05", [("2026-01-06", "H3"), ("2026-01-05", "H3")]),
        ("outcome=unmonitored", [(None, "H4")]),
        ("outcome=unmonitored&kind=other", []),
        ("outcome=failing&kind=residential&day=2026-01-06", [("2026-01-06", "H1")]),
        ("outcome=failing&kind=other", []),
        ("outcome=unmonitored&district=D1", []),
    ],
)
async def test_a_figure_opens_its_findings_the_newest_first(
    browser: httpx.AsyncClient, query: str, expected: list[tuple[str | None, str]]
) -> None:
    found = (await browser.get(f"/rows/findings?{query}")).json()
    assert ([(row.get("day"), row["household"]) for row in found["rows"]], found["next"]) == (expected, None)


@pytest.mark.parametrize("query", ["day=2026-01-04", "outcome=unmonitored", ""])
async def test_a_list_goes_on_where_it_stopped_and_is_the_file(
    browser: httpx.AsyncClient, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = (await browser.get(f"/rows/findings?{query}")).json()["rows"]
    for size in (1, 2, len(whole)):
        monkeypatch.setattr(rows, "PAGE", size)
        monkeypatch.setattr(rows, "FILE_PAGE", size)
        found, after = [], ""
        while after is not None:
            page = (await browser.get(f"/rows/findings?{query}" + (f"&after={after}" if after else ""))).json()
            found, after = [*found, *page["rows"]], page["next"]
        assert found == whole
        lines = list(
            csv.DictReader((await browser.get(f"/rows/findings.csv?{query}")).text.lstrip("\ufeff").splitlines())
        )
        assert [line["户号"] for line in lines] == [row["household"] for row in whole]


async def test_a_file_says_what_the_page_says(browser: httpx.AsyncClient) -> None:
    browser.cookies.set("hs_language", "en")
    answer = await browser.get("/rows/findings.csv?household=H1&day=2026-01-06")
    assert "attachment" in answer.headers["Content-Disposition"]
    [line] = csv.DictReader(answer.text.lstrip("\ufeff").splitlines())
    told = {name: line[name] for name in ("outcome", "value °C", "margin °C", "computed (yuan)")}
    assert told == {"outcome": "failing", "value °C": "17.00", "margin °C": "-1.00", "computed (yuan)": "3.00"}


AMOUNTS = ('"computed_fen":300', ",3.00")
"""The one amount of the town, in rows and in the file."""


@pytest.mark.parametrize(
    ("role", "hidden", "told"),
    [("auditor", ("B1 H1室",), AMOUNTS), ("inspector", AMOUNTS, ("B1 H1室",)), ("company", (), ("B1 H1室", *AMOUNTS))],
)
async def test_a_role_sees_of_each_home_what_it_may(
    source: Source, sign_in: SignIn, role: str, hidden: tuple[str, ...], told: tuple[str, ...]
) -> None:
    where = {} if role == "auditor" else {"company": "E1"}
    async with visitor(source, await sign_in(role, **where)) as browser:
        found = [
            (await browser.get(f"/rows/{address}")).text
            for address in ("findings", "findings.csv", "flags", "stations/T1/homes")
        ]
    assert all("H1" in each for each in found)
    assert [word for word in told if word not in "".join(found)] == []
    assert [word for word in hidden if word in "".join(found)] == []


@pytest.mark.parametrize("query", ["district=D9", "outcome=cold", "day=yesterday", "after=1.x", "colour=red"])
async def test_a_filter_that_means_nothing_is_refused(browser: httpx.AsyncClient, query: str) -> None:
    answer = await browser.get(f"/rows/findings?{query}")
    assert (answer.status_code, query.split("=", maxsplit=1)[0] in answer.text) == (422, True)


async def test_the_city_s_figures_have_their_denominators_and_lead_to_their_rows(browser: httpx.AsyncClient) -> None:
    found = (await browser.get("/rows/city")).json()
    told = {key: (value, said, href) for key, value, said, href in found["figures"]}
    assert told["failing"] == (
        "1",
        "1/3 监测户 · 33.3\u00a0%",
        "/findings?kind=residential&outcome=failing&day=2026-01-06",
    )
    assert told["unmonitored"][:2] == ("1", "1/4 全部住户 · 25.0\u00a0%")
    assert told["computed"][0] == "6.00"
    assert told["missing"][0] == "1"
    assert found["share"] == {"failing": 1, "compliant": 1, "undetermined": 1, "unmonitored": 1}


async def test_what_is_seen_first_tells_the_same_before_any_script(reader: Reader) -> None:
    today, words = await figures.today(reader), Words()
    html = first_view("示例<市>", today, words, "light")
    assert "示例&lt;市&gt;" in html
    assert town.WATERMARK in html
    for each in city_figures.of_day(today, words):
        assert f'name">{each.name}</span><span class="hs-figure-value">{each.value}</span>' in html
    assert ("<script>" in html, "<script>" in first_view("", today, words, None)) == (False, True)


async def test_a_district_and_a_company_see_their_own_course_of_the_season(shared: tuple[str, str]) -> None:
    source = Source(shared[0])
    found = {}
    for role, place in (("district", {"district": "D2"}), ("company", {"company": "E1"})):
        reader = Reader(source, await visitor_at(shared[0], role, **place))
        trend = await figures.trend(reader)
        found[role] = (trend.counts[Outcome.FAILING], trend.counts[Outcome.UNDETERMINED], trend.computed_fen)
    await source.close()
    assert found == {"district": ([0, 0, 0], [0, 0, 1], 0), "company": ([0, 1, 1], [0, 0, 0], 600)}


async def test_the_amounts_of_claims_are_summed_apart_from_each_other(conn: AsyncConnection) -> None:
    assert await amounts.of_season(conn, town.DAYS[0]) == amounts.Amounts()
    law = await conn.scalar(select(t.policy.c.id))
    home = await conn.scalar(select(t.household.c.id).where(t.household.c.code == "H1"))
    season = {"season_from": town.SINCE, "season_to": town.DAYS[-1], "policy_id": law, "household_id": home}
    opened = {**season, "opened_at": town.NOW, "opened_way": "application"}
    for code, step, computed, entitlement, ruled, paid in (
        ("A", "closed", 500, 400, 300, 200),
        ("B", "accepted", 70, None, None, 0),
        ("C", "withdrawn", 1000, 1000, None, 0),
    ):
        sums = {"computed_fen": computed, "entitlement_fen": entitlement, "ruled_fen": ruled, "paid_fen": paid}
        await conn.execute(insert(t.claim).values(code=code, step=step, **opened, **sums))
    assert await amounts.of_season(conn, town.DAYS[0]) == amounts.Amounts(2, (570, 2), (400, 1), (300, 1), (200, 1))
    assert await amounts.of_season(conn, town.SINCE - dt.timedelta(days=1)) == amounts.Amounts()


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
