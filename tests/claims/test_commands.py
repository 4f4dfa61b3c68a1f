"""`heatstream claims` from the shell: what it says, and its exit codes."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.test_cli import heatstream

from .rig import Office


class Shell:
    """The command line on one database."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder

    def run(self, *arguments: str) -> Any:
        return heatstream("claims", *arguments, url=self.url, COLUMNS="200")

    def event(self, kind: str, at: str, **told: Any) -> str:
        path = self.folder / "event.yaml"
        tree = {"kind": kind, "at": at, "why": "测试", **told}
        path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
        return str(path)

    def opened(self, **told: Any) -> str:
        values = {"household": "H1", "way": "application", "temperature_complaint": True, **told}
        return self.event("opened", "2026-01-05T08:00:00+08:00", **values)


@pytest.fixture
def shell(office: Office, tmp_path: Path) -> Shell:
    return Shell(office.database, tmp_path)


def test_a_claim_is_opened_recorded_shown_listed_and_checked(shell: Shell) -> None:
    code = shell.run("open", shell.opened(), "--officer", "HOT").stdout.strip()
    assert code == "H1-20260105-1"
    contacted = shell.event("contacted", "2026-01-05T08:10:00+08:00", by_means="电话")
    assert shell.run("record", code, contacted, "--officer", "CO").stdout == f"{code}: event 2 recorded\n"
    shown = shell.run("show", code).stdout
    assert [line for line in shown.splitlines() if "应退热费" in line or "联系时限" in line] == [
        "应退热费 entitlement: 未确定 (open CAUSE, PERIOD)",
        "联系时限 contact: kept by 2026-01-05T08:30:00+08:00, ended 2026-01-05T08:10:00+08:00",
    ]
    assert "入户测温 visit_recorded (company, district, inspector, third_party)" in shown.splitlines()[-1]
    assert code in shell.run("list", "--due").stdout
    assert code not in shell.run("list", "--overdue").stdout
    assert shell.run("check").stdout == "every claim is whole\n"


def test_a_claim_is_told_to_a_program(shell: Shell) -> None:
    code = shell.run("open", shell.opened(), "--officer", "HOT", "--code", "案1").stdout.strip()
    told = json.loads(shell.run("show", code, "--json").stdout)
    facts = json.loads(shell.run("show", code, "--facts").stdout)
    listed = json.loads(shell.run("list", "--json").stdout)
    assert (told["step"], [each["kind"] for each in told["events"]]) == ("opened", ["opened"])
    assert (facts["schema"], facts["claim"], len(facts["series"])) == ("heatstream.claim-facts/1", "案1", 8)
    assert (listed["claim"], listed["household"]) == ("案1", "H1")


def test_what_is_wrong_ends_with_one_and_says_where(shell: Shell) -> None:
    ended = shell.run("open", shell.opened(way="batch"), "--officer", "HOT")
    assert (
        ended.returncode,
        ended.stderr.endswith("opened: batch_case: expected with way `batch`, and with it alone\n"),
    ) == (
        1,
        True,
    )
    ended = shell.run("show", "案9")
    assert (ended.returncode, ended.stderr) == (1, "heatstream: no claim '案9': `heatstream claims list` shows them\n")


def test_what_the_law_forbids_ends_with_three(shell: Shell) -> None:
    ended = shell.run("open", shell.opened(), "--officer", "CITY")
    assert (ended.returncode, "role city may not record opened" in ended.stderr) == (3, True)


def test_a_paper_is_attached_and_told_by_its_hash(shell: Shell, tmp_path: Path) -> None:
    code = shell.run("open", shell.opened(), "--officer", "HOT").stdout.strip()
    (tmp_path / "记录单.pdf").write_bytes(b"abc")
    ended = shell.run("attach", code, str(tmp_path / "记录单.pdf"), "--officer", "D1")
    assert ended.stdout == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"
    wrong = shell.run("attach", code, str(tmp_path / "记录单.pdf"), "--officer", "D1", "--kind", "photo")
    assert (wrong.returncode, "kind: seen 'photo', expected one of scan, form" in wrong.stderr) == (1, True)


def test_claims_are_computed_anew(shell: Shell) -> None:
    shell.run("open", shell.opened(), "--officer", "HOT")
    assert shell.run("recompute").stdout == "open: 1\n"


def test_a_clock_that_is_ahead_is_refused(shell: Shell) -> None:
    tomorrow = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat()
    path = shell.event("opened", tomorrow, household="H1", way="application", temperature_complaint=True)
    ended = shell.run("open", path, "--officer", "HOT")
    assert (ended.returncode, "expected not after now" in ended.stderr) == (1, True)
