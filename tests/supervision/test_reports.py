"""Reports tell what the API tells, to the fen, in figures and workbook; on schedule each is made once a period."""

import asyncio
import datetime as dt
import io
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
import pytest_asyncio
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from heatstream.errors import BadInput, Refused
from heatstream.jobs import tasks
from heatstream.rules.supervision.reports import TABLES, Kind, Reports
from heatstream.settings import Settings, Supervision
from heatstream.store import keys
from heatstream.store import reports as kept
from heatstream.store import tables as t
from heatstream.store.pool import create_engine
from heatstream.store.reports import Kept
from heatstream.supervision.reporting import report_workbook, reports
from heatstream.supervision.reporting.report_figures import Figures, Share
from tests.conftest import clone, template_of
from tests.test_cli import heatstream

from . import watched, week
from .companies import DEMO, DEMO_FILE, handled_by
from .test_companies_api import asking
from .town import Office, time

assert DEMO.reports is not None
DAILY_ALONE = DEMO.reports.model_copy(update={"forms": (DEMO.reports.form("daily"),)})


# --- a week, worked out by hand ---------------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def week_template(
    server_url: str, town_template: str, edition: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """Name of a database with the week in it, to clone."""

    async def build(url: str) -> None:
        engine = create_engine(url, size=3)
        await week.build(Office(engine, url), tmp_path_factory.mktemp("week"))
        await engine.dispose()

    async with template_of(server_url, edition, town_template, build) as name:
        yield name


@pytest_asyncio.fixture(loop_scope="session")
async def office(server_url: str, week_template: str) -> AsyncIterator[Office]:
    """The town after its week, this test's alone."""
    async with _cloned(server_url, week_template) as office:
        yield office


@asynccontextmanager
async def _cloned(server_url: str, template: str) -> AsyncIterator[Office]:
    async with clone(server_url, template) as url:
        engine = create_engine(url, size=3)
        office = Office(engine, url, week.AFTER)
        await handled_by(office)
        yield office
        await engine.dispose()


async def make(office: Office, kind: Kind = "weekly", day: dt.date | None = None, by: str = "测试") -> int:
    async with office.engine.begin() as conn:
        return await reports.make(conn, await office.ground(conn), kind, day, by=by, now=office.now)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client(server_url: str, week_template: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a town whose week was reported, as number 1; nobody changes it."""
    async with _cloned(server_url, week_template) as office:
        await make(office)
        async with office.engine.begin() as conn:
            key = await keys.create(conn, "office", scopes=("admin",))
        async with asking(office) as asked:
            asked.headers["X-Read-Alone"] = asked.headers["Authorization"]
            asked.headers["Authorization"] = f"Bearer {key}"
            yield asked


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def figures(client: httpx.AsyncClient) -> dict[str, Any]:
    told: dict[str, Any] = (await client.get("/reports/1")).json()
    return told


pytestmark = pytest.mark.asyncio(loop_scope="session")


def _rows(figures: dict[str, Any], table: str, *fields: str) -> list[tuple[Any, ...]]:
    return [tuple(row[field] for field in fields) for row in figures["tables"][table]]


async def test_every_figure_of_the_week_is_what_was_worked_out_by_hand(figures: dict[str, Any]) -> None:
    assert _rows(figures, "measuring", "company", "visits", "households", "not_measured", "claims", "undecided") == [
        ("CO1", 4, 3, 1, 4, 1),
        ("CO2", 0, 0, 0, 0, 0),
    ]
    assert figures["tables"]["measuring"][0]["in_time"] == {"numerator": 2, "denominator": 3}
    assert _rows(figures, "failing_homes", "homes", "home_days", "computed_fen") == [(1, 2, 1234), (1, 1, 617)]
    assert _rows(figures, "refunds", "households", "payments", "paid_fen") == [(1, 1, 2000), (0, 0, 0)]
    assert _rows(figures, "rulings", "district", "rulings", "refund", "ruled_fen") == [("D1", 1, 1, 12_345)]
    assert _rows(figures, "unpaid", "claim", "by", "decided_fen", "paid_fen", "left_fen") == [
        ("C-H1", "offer", 5000, 2000, 3000),
        ("C-H4", "ruling", 12_345, 0, 12_345),
    ]
    assert _rows(figures, "complaints", "company", "tickets", "unmatched", "handled") == [
        ("CO1", 2, 0, 1),
        ("CO2", 0, 0, 0),
        (None, 1, 1, 0),
    ]
    assert (figures["within"], figures["version"], figures["made_by"]) == (["关键期"], 1, "测试")


async def test_outages_are_households_by_minutes_each_with_its_station_and_cause(figures: dict[str, Any]) -> None:
    told = _rows(figures, "outages", "incident", "station", "minutes", "household_minutes", "others_minutes", "cause")
    assert told == [
        ("INC-1", "X1", 390, 3 * 390, 390, "company"),
        # The source's stop lies within that of its station, and counts at the other one alone.
        ("INC-2", "X1", 0, 0, 0, None),
        ("INC-2", "X2", 120, 120, 0, None),
        ("INC-3", "X2", 60, 60, 0, None),
        # It goes on: up to the end of the week.
        ("INC-4", "X3", 240, 240, 0, None),
    ]
    assert [row["counted"] for row in figures["tables"]["outages"]] == [True, True, True, False, True]
    assert "no officer has verified it" in figures["tables"]["outages"][2]["undetermined"]


async def test_what_is_undetermined_says_why(figures: dict[str, Any]) -> None:
    tables = figures["tables"]
    assert tables["measuring"][1]["undetermined"].startswith("本期立案无已定测温时限")
    assert "1 户待判定" in tables["failing"][3]["undetermined"]
    assert tables["fuel"][1]["unknown"]["stock"].startswith("未报")
    assert tables["fuel_flags"][0]["flags"] == ["unknown_source"]


# --- the same as the API ----------------------------------------------------------------------------------------------


async def _claims(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    listed = (await client.get("/claims")).json()["rows"]
    return [(await client.get(f"/claims/{each['claim']}")).json() for each in listed]


def _events(claims: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [each["body"] for claim in claims for each in claim["events"] if each["kind"] == kind]


async def test_measuring_is_what_the_claims_and_the_scorecards_rows_say(
    client: httpx.AsyncClient, figures: dict[str, Any]
) -> None:
    visits = _events(await _claims(client), "visit_recorded")
    asked = {"season": "2025", "measure": "measure_kept", "through": "2026-01-11"}
    rows = (await client.get("/scorecards/CO1/rows", params=asked)).json()["rows"]
    told = figures["tables"]["measuring"][0]
    by = Counter(each["by"] for each in visits if each.get("rooms"))
    assert (told["by_company"], told["by_authority"]) == (by["company"], by["authority"])
    assert told["not_measured"] == len(visits) - by.total()
    assert told["in_time"] == {"numerator": sum(each["numerator"] for each in rows), "denominator": len(rows)}


async def test_failing_homes_are_what_the_summary_and_the_findings_say(
    client: httpx.AsyncClient, figures: dict[str, Any]
) -> None:
    for row in figures["tables"]["failing"]:
        here = (await client.get("/summary", params={"day": row["day"], "company": row["company"]})).json()
        names = {"homes": "all_homes", "monitored": "monitored_homes", "undecided": "undetermined"}
        same = ("compliant", "failing", "waiting", "computed_fen")
        assert {name: row[name] for name in (*names, *same)} == {
            **{name: here[of] for name, of in names.items()},
            **{name: here[name] for name in same},
        }
    asked = {"outcome": "failing", "day_from": "2026-01-05", "day_to": "2026-01-11"}
    found = (await client.get("/findings", params=asked)).json()["rows"]
    homes = Counter(company for company, _ in {(each["company"], each["household"]) for each in found})
    for row in figures["tables"]["failing_homes"]:
        theirs = [each["computed_fen"] for each in found if each["company"] == row["company"]]
        assert (row["homes"], row["home_days"]) == (homes[row["company"]], len(theirs))
        assert row["computed_fen"] == sum(theirs)


async def test_money_is_what_the_claims_say_to_the_fen(client: httpx.AsyncClient, figures: dict[str, Any]) -> None:
    claims = await _claims(client)
    tables = figures["tables"]
    assert sum(row["paid_fen"] for row in tables["refunds"]) == sum(
        each["fen"] for each in _events(claims, "payment_made")
    )
    issued = [each["ruled_fen"] for claim in claims for each in claim["rulings"]]
    assert [row["ruled_fen"] for row in tables["rulings"]] == [sum(issued)]
    rows = {each["claim"]["claim"]: each["claim"] for each in claims}
    for row in tables["unpaid"]:
        assert (row["paid_fen"], row["pay_by"]) == (rows[row["claim"]]["paid_fen"], rows[row["claim"]]["pay_by"])
    assert [row["decided_fen"] for row in tables["unpaid"] if row["by"] == "ruling"] == [rows["C-H4"]["ruled_fen"]]


async def test_complaints_are_what_the_figures_of_work_orders_say(
    client: httpx.AsyncClient, figures: dict[str, Any]
) -> None:
    asked = {"day_from": "2026-01-05", "day_to": "2026-01-11", "by": "company"}
    rows = (await client.get("/work-orders/figures", params=asked)).json()["rows"]
    for row, here in zip(figures["tables"]["complaints"], rows, strict=True):
        same = ("tickets", "unmatched", "work_orders", "handled", "open", "called_back", "reached", "area_centi_m2")
        assert {name: row[name] for name in same} == {name: here[name] for name in same}
        assert row["company"] == here["key"]
        assert row["satisfied"] == {
            "numerator": here["satisfied"],
            "denominator": here["satisfied"] + here["dissatisfied"],
        }
        assert row["contact"]["denominator"] == here["contact_in_time"] + here["contact_late"]


async def test_outages_are_what_spans_and_matters_say(client: httpx.AsyncClient, figures: dict[str, Any]) -> None:
    spans = (await client.get("/spans", params={"station": "X1"})).json()["rows"]
    first = figures["tables"]["outages"][0]
    assert [(first["begins"], first["ends"])] == [(each["begins"], each["ends"]) for each in spans]
    matter = (await client.get("/matters/INC-1")).json()
    assert first["residential"] == matter["incident"]["households"]


async def test_fuel_and_declarations_are_what_their_addresses_say(
    client: httpx.AsyncClient, figures: dict[str, Any]
) -> None:
    here = (await client.get("/fuel", params={"day": "2026-01-11"})).json()
    same = ("source", "stock_kg", "floor_kg", "share", "use_kg_a_day", "days_left", "colour", "unknown")
    assert [{name: row[name] for name in same} for row in figures["tables"]["fuel"]] == [
        {name: row[name] for name in same} for row in here["rows"]
    ]
    for day in ("2026-01-05", "2026-01-06", "2026-01-11"):
        told = (await client.get("/declarations", params={"day": day})).json()
        mine = [row for row in figures["tables"]["declarations"] if row["day"] == day]
        assert [{name: each[name] for name in each if name != "declared"} for each in told] == [
            {name: each[name] for name in each if name != "day"} for each in mine
        ]


async def test_reports_are_listed_and_their_figures_ask_for_the_scope_of_claims(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/reports", params={"kind": "weekly", "day_from": "2026-01-11"})).json()["rows"]
    before = (await client.get("/reports", params={"day_to": "2026-01-04"})).json()["rows"]
    reading = {"Authorization": client.headers["X-Read-Alone"]}
    refused = [await client.get(f"/reports/1{path}", headers=reading) for path in ("", "/workbook")]
    nothing = [await client.get(f"/reports/9{path}") for path in ("", "/workbook")]
    assert [(each["report"], each["period_from"], each["title"]) for each in listed] == [
        (1, "2026-01-05", "供热信息周报")
    ]
    assert before == []
    assert [each.status_code for each in (*refused, *nothing)] == [403, 403, 404, 404]


# --- the workbook -----------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def workbook(client: httpx.AsyncClient) -> bytes:
    answer = await client.get("/reports/1/workbook")
    assert answer.headers["content-type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return answer.content


def _cells(sheet: Worksheet) -> Iterator[dict[str, Any]]:
    """The rows of a sheet's table by their English heads, its total last."""
    heads = [cell.value for cell in sheet[5]]
    for row in sheet.iter_rows(min_row=6, values_only=True):
        yield dict(zip(heads, row, strict=True))


async def test_a_workbook_reads_back_as_the_figures(workbook: bytes, figures: dict[str, Any]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    *rows, total = _cells(book["住建·未退清单"])
    assert [round(row["Left [yuan]"] * 100) for row in rows] == [row["left_fen"] for row in figures["tables"]["unpaid"]]
    assert round(total["Left [yuan]"] * 100) == 3000 + 12_345
    assert book["住建·未退清单"]["I6"].number_format == "#,##0.00"
    *rows, total = _cells(book["住建·停热"])
    assert [row["Household-hours"] for row in rows] == [19.5, 0, 2, 1, 4]
    assert total["Household-hours"] == 25.5
    assert [row["Ends"] for row in rows][3:] == ["2026-01-06 09:00", "未恢复 goes on"]
    measured = next(_cells(book["住建·测温户次"]))
    assert (measured["In time: of these"], measured["In time: of"], measured["In time"]) == (2, 3, pytest.approx(2 / 3))


async def test_a_cover_says_when_by_what_and_for_whom_and_every_sheet_bears_the_watermark(
    workbook: bytes, figures: dict[str, Any]
) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    cover = "\n".join(str(cell) for row in book["封面 Cover"].iter_rows(values_only=True) for cell in row if cell)
    for said in ("2026-01-05 至 to 2026-01-11", figures["made_at"], figures["rules_sha256"], "吉政办发〔2012〕52号"):
        assert said in cover
    assert [sheet["A2"].value for sheet in book] == ["演示·非法律依据"] * len(book.sheetnames)
    assert book.sheetnames == ["封面 Cover", "工信·储煤", *(f"住建·{zh}" for zh, _ in TABLES.values())]


async def test_chp_plants_go_to_one_authority_and_operation_to_the_other(workbook: bytes) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    assert book["工信·储煤"]["C6"].value == "S1"
    assert book["住建·储煤"]["C6"].value == "S2"


async def test_the_same_figures_give_the_same_bytes(workbook: bytes, figures: dict[str, Any]) -> None:
    assert report_workbook.written(Figures.model_validate(figures)) == workbook


async def test_a_share_of_nothing_is_a_dash_and_words_are_no_formulas(figures: dict[str, Any]) -> None:
    named = json.loads(json.dumps(figures).replace("C-H1", "=1+1"))
    book = openpyxl.load_workbook(io.BytesIO(report_workbook.written(Figures.model_validate(named))))
    assert (book["住建·未退清单"]["A6"].value, book["住建·未退清单"]["A6"].data_type) == ("=1+1", "s")
    nothing = list(_cells(book["住建·测温户次"]))[1]
    assert nothing["In time"] == "–"
    assert Share(numerator=0, denominator=0) == Figures.model_validate(figures).rows("measuring")[1].in_time


# --- when, and by whom ------------------------------------------------------------------------------------------------


async def _made(office: Office) -> list[Kept]:
    async with office.engine.connect() as conn:
        return await kept.listed(conn)


async def _due(office: Office) -> int:
    async with office.engine.begin() as conn:
        return len(await reports.make_due(conn, await office.ground(conn), now=office.now))


async def test_what_is_due_is_made_once_on_schedule_and_caught_up_with_after_a_pause(office: Office) -> None:
    at_once = await asyncio.gather(_due(office), _due(office))
    assert (sorted(at_once), await _due(office)) == ([0, 3], 0)
    assert [(each.kind, each.period_from.isoformat(), each.made_by) for each in await _made(office)] == [
        ("half_monthly", "2025-12-16", "heatstream"),
        ("weekly", "2026-01-05", "heatstream"),
        ("daily", "2026-01-11", "heatstream"),
    ]
    async with office.engine.begin() as conn:
        await watched.close(conn, dt.date(2026, 1, 13))
    office.now = time(12, day=14)
    assert await _due(office) == 2
    assert [each.period_to.day for each in await _made(office)][3:] == [12, 13]


async def test_a_report_made_again_by_hand_is_another_version_and_the_first_stays(office: Office) -> None:
    first, again = await make(office), await make(office, day=dt.date(2026, 1, 8))
    assert [(each.id, each.version) for each in await _made(office)] == [(first, 1), (again, 2)]
    assert await _due(office) == 2
    async with office.engine.begin() as conn:
        with pytest.raises(DBAPIError, match="rows are added, never changed"):
            await conn.execute(update(t.report).values(kind="daily"))


async def test_a_report_out_of_its_period_is_made_by_hand_alone_and_says_so(office: Office) -> None:
    async with office.engine.begin() as conn:
        await watched.close(conn, dt.date(2026, 4, 20))
    office.now = time(12, day=21, month=4)
    number = await make(office, "daily", dt.date(2026, 4, 20))
    async with office.engine.connect() as conn:
        told = await kept.figures(conn, number)
    assert told is not None
    assert told["within"] == []


async def test_days_that_are_not_closed_are_not_reported(office: Office) -> None:
    with pytest.raises(Refused, match="days are closed through 2026-01-11"):
        await make(office, "half_monthly", dt.date(2026, 1, 8))


async def test_the_software_does_not_ask_in_a_persons_place(office: Office) -> None:
    with pytest.raises(BadInput, match="expected who asks for the report"):
        await make(office, by="heatstream")


@pytest.mark.parametrize(
    ("given", "expected"),
    [(None, "no section `reports`"), (DAILY_ALONE, "section `reports` has no form `weekly`")],
)
async def test_what_the_operator_has_not_said_is_refused_by_its_name(
    office: Office, given: Reports | None, expected: str
) -> None:
    await handled_by(office, reports=given)
    with pytest.raises(Refused, match=expected):
        await make(office)


async def test_the_task_says_what_it_needs_or_what_it_made(office: Office) -> None:
    with_rules = Settings(supervision=Supervision(rules_file=DEMO_FILE))
    async with office.engine.begin() as conn:
        without = await tasks.make_reports(conn, Settings(), office.now)
        made = await tasks.make_reports(conn, with_rules, office.now)
    assert "section `reports`" in without
    assert made == "made 3 reports"


async def test_a_report_is_made_listed_and_exported_from_the_shell(office: Office, tmp_path: Path) -> None:
    rules_file = {"HEATSTREAM_SUPERVISION_RULES_FILE": str(DEMO_FILE)}

    def run(*words: str) -> Any:
        return heatstream("supervise", "report", *words, url=office.url, COLUMNS="200", **rules_file)

    made = run("make", "weekly", "--day", "2026-01-07", "--by", "测试")
    listed = json.loads(run("list", "--json").stdout)
    file = tmp_path / "周报.xlsx"
    exported = run("export", made.stdout.strip(), "-o", str(file))
    unknown = run("export", "99", "-o", str(file))
    assert (made.returncode, exported.returncode, unknown.returncode) == (0, 0, 1)
    assert (listed["id"], listed["version"], listed["made_by"]) == (int(made.stdout), 1, "测试")
    assert openpyxl.load_workbook(file).sheetnames[0] == "封面 Cover"
