"""`heatstream supervise` from the shell: what it says, and its exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import text

from heatstream.claims import batch
from tests.test_cli import heatstream

from .companies import ordered
from .told import ended, seen, verified
from .town import Office, time


class Shell:
    """The command line on one database."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder

    def run(self, *arguments: str, **environment: str) -> Any:
        return heatstream("supervise", *arguments, url=self.url, COLUMNS="220", **environment)

    def event(self, kind: str, at: str, **told: Any) -> str:
        path = self.folder / "event.yaml"
        tree = {"kind": kind, "at": at, "why": "测试", **told}
        path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
        return str(path)

    def reported(self, **told: Any) -> str:
        begins = "2026-01-05T08:00:00+08:00"
        values = {"what": "breakdown", "station": "X1", "begins": begins, "stops_heat": True, "said": "爆管"}
        return self.event("reported", begins, **{**values, **told})


@pytest.fixture
def shell(office: Office, tmp_path: Path) -> Shell:
    return Shell(office.url, tmp_path)


async def late_start(office: Office) -> None:
    begins, ends = time(0, day=20, month=10, year=2025), time(0, day=23, month=10, year=2025)
    await office.open("incident", seen(begins=begins, what="late_start"), by="heatstream", code="INC-L")
    await office.record("INC-L", ended(ends), by="heatstream")
    await office.record("INC-L", verified(time(9, day=23, month=10, year=2025), begins, ends), by="D1")


def test_an_incident_is_opened_recorded_shown_listed_and_checked(shell: Shell) -> None:
    code = shell.run("open", "incident", shell.reported(), "--officer", "CO").stdout.strip()
    assert code == "INC-20260105-0001"
    estimate = shell.event(
        "estimated", "2026-01-05T08:30:00+08:00", restored_by="2026-01-05T18:00:00+08:00", given_by="赵工"
    )
    assert shell.run("record", code, estimate, "--officer", "CO").stdout == f"{code}: event 2 recorded\n"
    paper = shell.folder / "log.csv"
    paper.write_text("x", encoding="utf-8")
    assert len(shell.run("attach", code, str(paper), "--officer", "CO").stdout.strip()) == 64
    shown = shell.run("show", code).stdout.splitlines()
    assert shown[0] == f"{code} · 事件 incident · open · 紧急"
    assert "可恢复时间 restored by 2026-01-05T18:00:00+08:00: 赵工, 2026-01-05T08:30:00+08:00" in shown
    by_estimate = "抢修时限 jilin_2012 (吉政办发〔2012〕52号), by 可恢复时间 较大 larger"
    assert any(line.startswith(f"{by_estimate}: 超时 breached by 2026-01-06T08:00:00+08:00") for line in shown)
    assert "涉及居民 households 3 (B1楼 2, B2楼 1); 非居民 others 1; 报停 stopped 1, not among them" in shown
    assert "verified (city, district)" in shown[-1]
    assert "escalated" not in shown[-1]
    assert code in shell.run("list", "--kind", "incident", "--open", "--company", "CO1").stdout
    assert code not in shell.run("list", "--district", "D2").stdout
    assert shell.run("check").stdout == "every matter is whole\n"


def test_what_nobody_registered_and_no_calendar_has_is_told(shell: Shell) -> None:
    for asked, expected in (
        (("list", "--company", "ZZ"), "company: seen 'ZZ', expected a code of the registry"),
        (("today", "--district", "ZZ"), "district: seen 'ZZ', expected a code of the registry"),
        (("stops", "--from", "9999-12-31"), "expected a day of 2000 to 2199"),
        (("company", "stock", "--day", "9999-12-31"), "expected a day of 2000 to 2199"),
        (("report", "make", "daily", "--day", "9999-12-31"), "expected a day of 2000 to 2199"),
        (("ranking", "--season", "99999"), "less than or equal to 2199"),
        (("score", "CO1", "--season", "1"), "greater than or equal to 2000"),
        (("score", "CO1", "--through", "9999-12-31"), "expected a day of 2000 to 2199"),
        (("tickets", "figures", "--from", "2026-01-06", "--to", "2026-01-05"), "seen 2026-01-05, expected 2026-01-06"),
        (("tickets", "split", "1", "2", "--officer", "D1", "--why", " "), "seen nothing, expected a sentence"),
    ):
        done = shell.run(*asked)
        assert done.returncode in {1, 2}, asked
        assert expected in " ".join(done.stderr.replace("│", "").split())


async def test_an_act_for_incidents_is_refused_for_another_matter(shell: Shell, office: Office) -> None:
    await office.open("order", ordered(), by="D1", code="ORD-1")
    await office.open("incident", seen(), by="heatstream", code="INC-1")
    why = ("--officer", "D1", "--why", "x")
    for asked in (("penalty", "ORD-1"), ("batch", "ORD-1", "--officer", "D1"), ("merge", "ORD-1", "INC-1", *why)):
        done = shell.run(*asked)
        expected = f"{asked[0]}: ORD-1: expected the code of an incident"
        assert (done.returncode, expected in done.stderr, "Traceback" in done.stderr) == (1, True, False), done.stderr


def test_that_nothing_is_announced_is_said(shell: Shell) -> None:
    told = shell.run("stops", "--from", "2026-01-05", "--days", "3")
    assert told.stdout == "no announced stop from 2026-01-05 on, 3 days\n"


def test_a_database_that_is_away_is_told_in_a_line(tmp_path: Path) -> None:
    done = Shell("postgresql://nobody:secret@127.0.0.1:1/away", tmp_path).run("today")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "cannot be reached" in done.stderr
    assert "secret" not in done.stderr


def test_a_text_with_a_nul_character_is_told(shell: Shell) -> None:
    path = shell.folder / "nul.yaml"
    path.write_text(Path(shell.reported()).read_text(encoding="utf-8").replace("爆管", '"a\\0b"'), encoding="utf-8")
    done = shell.run("open", "incident", str(path), "--officer", "CO")
    assert (done.returncode, "said: " in done.stderr) == (1, True)
    assert "seen a NUL character, which no text of the store holds" in done.stderr


def test_a_matter_is_told_to_a_program(shell: Shell) -> None:
    code = shell.run("open", "incident", shell.reported(), "--officer", "D1", "--code", "事1").stdout.strip()
    told = json.loads(shell.run("show", code, "--json").stdout)
    assert (told["matter"], told["step"], [each["kind"] for each in told["events"]]) == ("事1", "open", ["reported"])
    assert told["incident"]["repair"]["alarm"]["class"] == "major"
    assert told["coming"]["verified"] == ["city", "district"]
    listed = json.loads(shell.run("list", "--json").stdout)
    morning = json.loads(shell.run("today", "--json").stdout)
    assert (listed["matter"], listed["heat_station"]) == ("事1", "X1")
    assert (morning["where"], morning["households"], morning["urgency"]) == ("X1", 3, 3)
    assert "事1" in shell.run("today", "--company", "CO1").stdout


async def test_a_batch_case_is_written_opened_and_held_against_article_33(shell: Shell, office: Office) -> None:
    await late_start(office)
    path = shell.folder / "CASE.yaml"
    written = shell.run("batch", "INC-L", "--officer", "D1", "-o", str(path))
    assert written.stderr == "INC-L: 4 households, 0 claims opened\n"
    assert batch.read(path).households == ("H1", "H2", "H3", "H4")
    assert len(shell.run("batch", "INC-L", "--officer", "D1", "--open").stdout.splitlines()) == 4
    assert "二倍至十倍 from 240.00 元 to 1200.00 元" in shell.run("penalty", "INC-L").stdout
    assert json.loads(shell.run("penalty", "INC-L", "--json").stdout)["least_fen"] == 24_000


async def test_two_incidents_are_merged(shell: Shell, office: Office) -> None:
    await office.open("incident", seen(), by="heatstream", code="INC-S")
    code = shell.run("open", "incident", shell.reported(), "--officer", "CO").stdout.strip()
    assert "may be the same matter: INC-S" in shell.run("show", code).stdout
    merged = shell.run("merge", code, "INC-S", "--officer", "D1", "--why", "同一处")
    assert merged.stdout == f"{code}: merged into INC-S\n"


def test_what_is_wrong_ends_with_one_and_what_may_not_be_with_three(shell: Shell) -> None:
    wrong = shell.run("open", "incident", shell.reported(station=None), "--officer", "CO")
    assert (wrong.returncode, wrong.stderr.endswith("reported: station, source: expected one of them\n")) == (1, True)
    forbidden = shell.run("open", "incident", shell.reported(), "--officer", "CO2")
    assert (forbidden.returncode, "the matter is another company's" in forbidden.stderr) == (3, True)
    assert shell.run("show", "事9").returncode == 1
    assert shell.run("list", "--kind", "accident").returncode == 1


async def test_a_chain_that_does_not_hold_ends_with_one(shell: Shell, office: Office) -> None:
    await office.open("incident", seen(), by="heatstream", code="INC-1")
    async with office.engine.begin() as conn:
        await conn.execute(text("alter table matter_event disable trigger matter_event_add_only"))
        await conn.execute(text("update matter_event set officer = 'D1'"))
    ended_ = shell.run("check")
    assert ended_.returncode == 1
    assert ended_.stdout == "matter INC-1: event 1 is not what was recorded: its hash does not follow\n"


async def test_a_row_of_an_earlier_release_is_told_and_ends_with_nothing_wrong(shell: Shell, office: Office) -> None:
    await office.open("incident", seen(), by="heatstream", code="INC-1")
    async with office.engine.begin() as conn:
        await conn.execute(text("update matter set state = state - 'stops_heat'"))
    ended_ = shell.run("check")
    first, last = ended_.stdout.splitlines()
    assert (ended_.returncode, first.startswith("1 rows were written by an earlier release")) == (0, True)
    assert last == "every matter is whole"


def test_rules_that_cannot_be_read_are_told(shell: Shell) -> None:
    rules = shell.folder / "rules.yaml"
    rules.write_text("schema: heatstream.supervision/1\n", encoding="utf-8")
    seen_ = shell.run("today", HEATSTREAM_SUPERVISION_RULES_FILE=str(rules))
    assert (seen_.returncode, "place" in seen_.stderr) == (1, True)
