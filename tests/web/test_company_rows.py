"""Rows of supervision: exact, and each visitor's own alone; what may be recorded by whom, and what is asked for it."""

import datetime as dt
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.access.principal import Principal
from heatstream.access.scope import Scope, narrow
from heatstream.claims.way import ITSELF
from heatstream.errors import BadInput, Refused
from heatstream.settings import Settings, Supervision
from heatstream.store import matters
from heatstream.store import tables as t
from heatstream.store.pool import create_engine
from heatstream.store.timescale import LOCAL
from heatstream.supervision import act, shown
from heatstream.supervision.act import Desk
from heatstream.supervision.company import company_shown
from heatstream.supervision.event_words import EVENTS
from heatstream.supervision.kinds import KINDS
from heatstream.web import matter_acts, matter_rows, matter_words
from heatstream.web.company_forms import CompanyForms
from heatstream.web.form_fields import asked
from heatstream.web.matter_forms import offers
from heatstream.web.shared import Source
from heatstream.web.tickets_page import Matched
from heatstream.web.words import Words
from tests.browser import supervised
from tests.serve import town
from tests.serve.conftest import cloned
from tests.signed import token_at

from .conftest import visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

As = Callable[..., Awaitable[httpx.AsyncClient]]
OFFICER, COMPANY, CITY = "t-district-D1", "t-company-E1", "t-city"
SEASON_OVER = dt.datetime(2026, 4, 10, 9, tzinfo=LOCAL)
OVER = SEASON_OVER.isoformat()
ANYBODY: Any = None
"""Who records by a form that is only looked at."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def url(server_url: str, town_template: str) -> AsyncIterator[str]:
    """The town under supervision."""
    found = await cloned(server_url, town_template, "supervised")
    engine = create_engine(found, size=1)
    async with engine.begin() as conn:
        await supervised.build(conn)
    await engine.dispose()
    yield found


@pytest.fixture(scope="session")
def settings(scratch: Path) -> Settings:
    return Settings(supervision=Supervision(rules_file=supervised.rules_file(scratch)))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(url, size=2)
    yield engine
    await engine.dispose()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def seen_by(url: str, settings: Settings) -> AsyncIterator[As]:
    """Look at the town as somebody: `await seen_by("company", company="E1")`, each signed in once."""
    source, clients = Source(url, now=lambda: town.NOW), dict[tuple[str, ...], httpx.AsyncClient]()
    async with AsyncExitStack() as stack:

        async def look(role: str, **whose: str) -> httpx.AsyncClient:
            key = (role, *whose.values())
            if key not in clients:
                token = await token_at(url, role, **whose)
                clients[key] = await stack.enter_async_context(visitor(source, token, settings))
            return clients[key]

        yield look
    await source.close()


async def rows(client: httpx.AsyncClient, address: str) -> Any:
    answer = await client.get(f"/rows{address}")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    return told["rows"] if isinstance(told, dict) and "rows" in told else told


def _some(row: dict[str, Any], *names: str) -> list[Any]:
    return [row[name] for name in names]


# --- companies --------------------------------------------------------------------------------------------------------


async def test_each_company_stands_with_its_homes_incidents_limits_colour_report_and_fuel(seen_by: As) -> None:
    found = await rows(await seen_by("city"), "/companies")
    figures = ("code", "homes", "monitored", "failing", "below_now", "incidents", "overdue", "colour", "declared")
    assert [_some(each, *figures) for each in found] == [
        ["E1", 2, 2, 1, 1, 2, 0, 3, False],
        ["E2", 2, 1, 0, 0, 1, 1, None, False],
    ]
    # One of six days' reports is no recent use: nobody knows how long it lasts, and nobody says 0.
    assert _some(found[0], "fuel_days_e1", "fuel_unknown", "fuel_rows", "points_e2", "rank") == [None, 1, 1, None, None]


async def test_a_company_sees_itself_alone(seen_by: As) -> None:
    client = await seen_by("inspector", company="E2")
    assert [each["code"] for each in await rows(client, "/companies")] == ["E2"]
    assert [each["code"] for each in await rows(client, "/matters?open=all")] == ["INC-T2"]
    assert [each["station"] for each in await rows(client, "/companies/E2/stations")] == ["T2"]
    assert await rows(client, "/warnings?subject=company") == []
    for hidden in (
        "/companies/E1/incidents",
        "/companies/E1/fuel",
        "/companies/E1/declarations",
        "/scorecards/E1?measure=pass_rate",
        "/stations/T1/days",
        "/stations/T1/supply",
        "/sources/HS1/fuel",
        "/matters/INC-T1/supply",
    ):
        assert (await client.get(f"/rows{hidden}")).status_code == 404, hidden
    for barred in ("/scores", "/tickets", "/reports", "/reports/1/workbook"):
        assert (await client.get(f"/rows{barred}")).status_code == 403, barred


async def test_a_district_sees_what_its_companies_declared_and_no_other_company(seen_by: As) -> None:
    client = await seen_by("district", district="D1")
    assert [(each["code"], each["colour"]) for each in await rows(client, "/companies")] == [("E1", 3)]
    newest = (await rows(client, "/companies/E1/declarations?season=2025"))[0]
    assert _some(newest, "day", "state", "zero", "contradicted", "incidents", "signature") == [
        "2026-01-06",
        "已报",
        True,
        True,
        ["INC-T1", "INC-R"],
        "某company",
    ]
    assert (await client.get("/rows/companies/E2/fuel")).status_code == 404


async def test_a_figure_of_the_scorecard_is_the_sum_of_its_rows(seen_by: As) -> None:
    found = await rows(await seen_by("company", company="E1"), "/scorecards/E1?measure=pass_rate&season=2025")
    told = [_some(each, "subject", "numerator", "denominator") for each in found]
    assert told == [["H1", 1, 3], ["H2", 3, 3]]
    refused = await (await seen_by("city")).get("/rows/scorecards/E1?measure=complaints&season=2025")
    assert (refused.status_code, "未登记面积" in refused.json()["detail"]) == (409, True)


async def test_incidents_stand_under_both_repair_rules(seen_by: As) -> None:
    found = await rows(await seen_by("city"), "/companies/E1/incidents?season=2025")
    stood = next(each for each in found if each["code"] == "INC-T1")
    assert _some(stood, "what", "minutes", "jilin_2012_state", "jilin_2012_limit", "jilin_2024_state") == [
        "interruption",
        360,
        "kept",
        "2026-01-07T02:00:00+08:00",
        None,
    ]
    assert [each["code"] for each in await rows(await seen_by("city"), "/companies/E1/matters?season=2025")] == [
        "ORD-E1"
    ]


async def test_fuel_tells_why_its_floor_is_unknown(seen_by: As) -> None:
    (found,) = await rows(await seen_by("city"), "/companies/E1/fuel?season=2025")
    assert _some(found, "source", "stock_kg", "reported_on", "floor_kg", "share_e4") == [
        "HS1",
        1_200_000,
        "2026-01-06",
        None,
        None,
    ]
    assert "recent use" in found["unknown"]
    assert await rows(await seen_by("city"), "/sources/HS1/fuel") == [found]


# --- stations, warnings, matters, tickets -----------------------------------------------------------------------------


async def test_a_station_tells_its_days_spans_schedule_stops_and_cold_homes(seen_by: As) -> None:
    client = await seen_by("company", company="E1")
    (day,) = await rows(client, "/stations/T1/days")
    figures = ("day", "due_min", "known_min", "without_min", "low_min", "homes", "monitored", "below")
    assert _some(day, *figures) == ["2026-01-06", 1020, 1010, 180, 60, 2, 2, 1]
    (span,) = await rows(client, "/stations/T1/spans")
    assert _some(span, "kind", "matter") == ["interruption", "INC-T1"]
    assert "23.00 °C" in span["evidence"]
    assert "室温下降" in span["evidence"]
    (window,) = await rows(client, "/stations/T1/schedule")
    assert _some(window, "weekdays", "from_min", "to_min") == ["1234567", 300, 1320]
    assert [each["maintenance"] for each in await rows(client, "/stations/T1/stops")] == ["检-1"]
    assert [each["household"] for each in await rows(client, "/stations/T1/homes")] == ["H1"]


async def test_a_stations_supply_is_shaded_where_something_was_seen(seen_by: As) -> None:
    answer = await (await seen_by("city")).get("/rows/stations/T1/supply?day=2026-01-06")
    begins, ends = supervised.BEGINS.timestamp() * 1000, supervised.ENDS.timestamp() * 1000
    assert answer.json()["shaded"] == [[begins, ends]]
    lines = answer.json()["lines"]
    assert sorted(lines) == ["expected", "outdoor", "return", "supply"]
    assert min(value for _, value in lines["supply"] if value) == 23
    for wrong in ("9999-12-31", "1-1-1", "2027-01-01"):
        assert (await (await seen_by("city")).get(f"/rows/stations/T1/supply?day={wrong}")).status_code == 422


async def test_warnings_stand_beside_their_thresholds_the_worst_first(seen_by: As) -> None:
    found = await rows(await seen_by("city"), "/warnings")
    figures = ("rule", "code", "level", "value", "denominator", "yellow", "red", "distance")
    assert [_some(each, *figures) for each in found] == [
        [supervised.RED, "E1", 3, 1, 1, 1, 3, 2],
        [supervised.YELLOW, "T1", 2, 833, 12, 500, 1500, 667],
        [supervised.CLUSTER, "B2", 0, None, 2, 1000, 3000, None],
    ]
    yellow = await rows(await seen_by("city"), "/warnings?colour=yellow&subject=heat_station")
    assert [each["code"] for each in yellow] == ["T1"]


@pytest.mark.parametrize(
    ("asked_for", "codes"),
    [
        ("", {"INC-T1", "INC-T2", "INC-R", "ORD-E1"}),
        ("?open=overdue", {"INC-T2"}),
        ("?kind=order", {"ORD-E1"}),
        ("?open=closed", set()),
        ("?station=T2", {"INC-T2"}),
        ("?district=D2", {"INC-T2"}),
    ],
)
async def test_matters_are_narrowed_down(seen_by: As, asked_for: str, codes: set[str]) -> None:
    found = await rows(await seen_by("city"), f"/matters{asked_for}")
    assert {each["code"] for each in found if each["kind"] != "company_file"} == codes


async def test_a_filter_of_no_known_value_is_refused(seen_by: As) -> None:
    for wrong in ("/matters?kind=rumour", "/matters?open=maybe", "/warnings?colour=blue", "/tickets?which=mine"):
        assert (await (await seen_by("city")).get(f"/rows{wrong}")).status_code == 422, wrong


async def test_calls_that_concern_nobody_yet_wait_for_who_may_say(seen_by: As) -> None:
    for who in (await seen_by("hotline"), await seen_by("district", district="D1")):
        assert [each["ticket_no"] for each in await rows(who, "/tickets")] == ["K-1", "K-2"]
    told = (await rows(await seen_by("hotline"), "/tickets?which=all"))[0]
    assert {"address", "content", "caller"} & set(told) == set()
    assert (await (await seen_by("company", company="E1")).get("/rows/tickets")).status_code == 403


async def test_a_report_that_is_not_there_is_said(seen_by: As) -> None:
    assert await rows(await seen_by("city"), "/reports") == []
    assert (await (await seen_by("city")).get("/rows/reports/1/workbook")).status_code == 404


# --- recording --------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _desk(engine: AsyncEngine, settings: Settings, now: dt.datetime = town.NOW) -> AsyncIterator[Desk]:
    """A desk whose transaction is undone: the town is everybody's."""
    async with engine.connect() as conn:
        yield await matter_rows.desk(conn, settings, lambda: now)
        await conn.rollback()


VERIFIED = {
    "kind": "verified",
    "at": "2026-01-07T08:00:00+08:00",
    "why": "现场核查",
    "begins": "2026-01-06T19:00:00+08:00",
    "supply": "循环泵轴承损坏",
    "homes": "无影响",
    "without_cause": False,
    "cause": "company",
    "names": ["王某"],
}


async def _offered(desk: Desk, code: str, officer: str) -> list[str]:
    return [each.name for each in (await offers(desk, await shown.look(desk, code), officer)).forms]


async def test_each_role_is_offered_what_it_may_record_now(engine: AsyncEngine, settings: Settings) -> None:
    async with _desk(engine, settings) as desk:
        assert {"verified", "dismissed", "merged_into", "linked"} <= set(await _offered(desk, "INC-R", OFFICER))
        by_district = {"extended", "reinspected", "done_reported", "company_stated"}
        assert set(await _offered(desk, "ORD-E1", OFFICER)) == by_district
        assert set(await _offered(desk, "ORD-E1", COMPANY)) == {"done_reported", "company_stated"}
        barred = await offers(desk, await shown.look(desk, "INC-T2"), OFFICER)
        assert (barred.forms, "another district" in str(barred.barred)) == ((), True)


async def test_what_is_recorded_is_recorded_once_and_by_who_may(engine: AsyncEngine, settings: Settings) -> None:
    async with _desk(engine, settings) as desk:
        seen = len(await matters.lines(desk.conn, (await desk.find("INC-R")).id))
        with pytest.raises(Refused, match="verified by t-company-E1"):
            await matter_acts.record(desk, "INC-R", seen, "verified", VERIFIED, by=COMPANY)
        await matter_acts.record(desk, "INC-R", seen, "verified", VERIFIED, by=OFFICER)
        with pytest.raises(BadInput, match=f"seen {seen} events, and there are {seen + 1}"):
            await matter_acts.record(desk, "INC-R", seen, "verified", VERIFIED, by=OFFICER)
        lines = await matters.lines(desk.conn, (await desk.find("INC-R")).id)
        assert [each.kind for each in lines] == ["reported", "verified"]


async def test_an_act_does_all_that_goes_with_its_event(engine: AsyncEngine, settings: Settings) -> None:
    async with _desk(engine, settings) as desk:
        told = {"into": "INC-T1", "why": "同一停热"}
        await matter_acts.record(desk, "INC-R", 1, "merged_into", told, by=OFFICER)
        assert (await desk.find("INC-R")).step == "merged"
        assert [each.event.name for each in await desk.history(await desk.find("INC-T1"))][-1] == "took_in"
        with pytest.raises(BadInput, match="into"):
            await matter_acts.record(desk, "INC-T1", 3, "merged_into", {"why": "?"}, by=OFFICER)


async def test_a_scorecard_is_drafted_shown_to_its_company_and_objected_to(
    engine: AsyncEngine, settings: Settings, seen_by: As
) -> None:
    await seen_by("city")  # registers its officer
    async with _desk(engine, settings, SEASON_OVER) as desk:
        found = await company_shown.whole(desk.conn, desk.ground, "E1", 2025, SEASON_OVER)
        visitor = Principal("account:x", "x", "city", CITY, frozenset(), Scope("city", "x"))
        forms = await CompanyForms.of(desk, found, ANYBODY, visitor, Words())
        draft = next(each.form for each in forms.offered if each.form.name == "publication_drafted")
        tree = {"kind": draft.name, "why": "年度考核", **draft.given, **draft.fixed}
        code = await desk.open("publication", act.told("publication", tree, CITY, "form"), by=CITY)
        assert {"company_notified", "publication_reviewed"} <= set(await _offered(desk, code, OFFICER))
        told = {"kind": "company_notified", "at": OVER, "why": "告知", "company": "E1", "how": "送达"}
        await matter_acts.record(
            desk, code, 1, "company_notified", told | {"objections_until": "2026-05-31"}, by=OFFICER
        )
        objects = {"kind": "company_objected", "at": OVER, "why": "异议", "company": "E1"}
        assert await _offered(desk, code, COMPANY) == ["company_objected"]
        await matter_acts.record(
            desk, code, 2, "company_objected", objects | {"against": "停供户时", "grounds": "电网停电"}, by=COMPANY
        )
        its = {each.name: each for each in (await offers(desk, await shown.look(desk, code), OFFICER)).forms}
        assert its["objection_answered"].choices == {"objection": {"3": "3 · E1"}}
        assert its["publication_corrected"].fixed["content"]["E1"]["company"] == "E1"
        reviewed = {"kind": "publication_reviewed", "at": OVER, "why": "复核", "agrees": True, "opinion": "同意"}
        with pytest.raises(BadInput, match="stands at objected"):
            await matter_acts.record(desk, code, 3, "publication_reviewed", reviewed, by=OFFICER)


async def test_a_paper_is_given_to_who_sees_its_matter(engine: AsyncEngine, seen_by: As) -> None:
    content = "抢修记录".encode()
    sha256 = hashlib.sha256(content)
    async with engine.begin() as conn:
        found = await matters.by_code(conn, "INC-T1")
        assert found is not None
        about = {"name": "记录\r\nX: 1.txt", "media_type": "text/html", "officer": OFFICER}
        await matters.attach(conn, found.id, sha256=sha256.digest(), content=content, **about)
    address = f"/rows/matters/INC-T1/papers/{sha256.hexdigest()}"
    answer = await (await seen_by("company", company="E1")).get(address)
    assert (answer.content, answer.headers["content-type"]) == (content, "application/octet-stream")
    assert "X" not in answer.headers
    assert answer.headers["content-disposition"].startswith("attachment")
    assert (await (await seen_by("inspector", company="E2")).get(address)).status_code == 404
    refused = await (await seen_by("hotline")).get(address)
    assert (refused.status_code, refused.json()["detail"]) == (403, "“事件”的附件不对热线坐席开放")


def _asked_for() -> Iterator[tuple[str, str, type[BaseModel]]]:
    for kind, its in KINDS.items():
        for each in (*its.opening, *its.later):
            name = str(each.model_fields["kind"].default)
            if each.by_act is None and its.who[name] != {ITSELF}:
                yield kind, name, each
    for (kind, name), its_act in matter_acts.ACTS.items():
        yield kind, name, its_act.model


async def test_every_form_has_words_for_what_it_asks() -> None:
    known = frozenset({"content", "content_sha256"})  # a page knows what is published; nobody types JSON
    for kind, name, model in _asked_for():
        for words in (Words("zh"), Words("en")):
            assert matter_words.event(kind, name, words)
            assert all(each.label for each in asked(model, words, without=known)), (kind, name)


async def test_every_event_has_words() -> None:
    for kind, its in KINDS.items():
        names = {str(each.model_fields["kind"].default) for each in (*its.opening, *its.later)}
        assert names == set(EVENTS[kind])


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({"whom": "household H1"}, {"household": "H1", "building": None}),
        ({"whom": "building B1"}, {"household": None, "building": "B1"}),
        ({"household": "H2"}, {"household": "H2", "building": None}),
        ({"household": "H2", "building": "B1"}, None),
        ({}, None),
    ],
)
async def test_a_ticket_concerns_one_home_or_building(
    told: dict[str, str], named: dict[str, str | None] | None
) -> None:
    if named is None:
        with pytest.raises(BadInput, match="one of them alone"):
            matter_acts.checked(Matched, told | {"why": "电话核实"}, "t-hotline")
    else:
        assert matter_acts.checked(Matched, told | {"why": "电话核实"}, "t-hotline").named == named


async def test_a_district_reads_the_matters_that_it_may_record_in(engine: AsyncEngine) -> None:
    async with engine.connect() as conn:
        district = await conn.scalar(select(t.district.c.id).where(t.district.c.code == "D1"))
        await narrow(conn, Scope("district", "x", district=district))
        found = {each.code for each in await matters.listed(conn)}
    assert found == {"INC-T1", "INC-R", "ORD-E1", "C-E1-2025"}
