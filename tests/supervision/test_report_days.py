"""Which days a report is of, and what the operator may say of it."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from heatstream.rules.supervision.reports import TABLES, Form, Period, Recipient, Reports
from heatstream.store.read.days import Span
from heatstream.supervision.reporting import reports

from .companies import DEMO

DAILY = {"kind": "daily", "title": "日报", "within": ["关键期"], "recipients": []}
TO = {"to": "住建", "name": "住建局", "tables": ["refunds"]}


def form(kind: str = "daily", **told: Any) -> Form:
    return Form.model_validate({**DAILY, "kind": kind, "recipients": [TO], **told})


def days(first: str, last: str) -> Span:
    return Span(dt.date.fromisoformat(first), dt.date.fromisoformat(last))


WEEKLY = form("weekly", week_begins=1)
HALVES = form("half_monthly", month_days=[1, 16])


@pytest.mark.parametrize(
    ("asked", "day", "expected"),
    [
        (form(), "2026-01-05", days("2026-01-05", "2026-01-05")),
        (WEEKLY, "2026-01-05", days("2026-01-05", "2026-01-11")),
        (WEEKLY, "2026-01-11", days("2026-01-05", "2026-01-11")),
        (form("weekly", week_begins=4), "2026-01-07", days("2026-01-01", "2026-01-07")),
        (HALVES, "2026-01-15", days("2026-01-01", "2026-01-15")),
        (HALVES, "2026-01-16", days("2026-01-16", "2026-01-31")),
        (HALVES, "2026-02-28", days("2026-02-16", "2026-02-28")),
        (form("half_monthly", month_days=[5, 20]), "2026-03-04", days("2026-02-20", "2026-03-04")),
    ],
)
def test_a_day_lies_in_the_report_that_the_operators_days_say(asked: Form, day: str, expected: Span) -> None:
    assert reports.span_of(asked, dt.date.fromisoformat(day)) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"kind": "weekly"}, "week_begins: expected with weekly"),
        ({"kind": "half_monthly", "month_days": [16, 1]}, "month_days: expected two rising days"),
        ({"within": ["重点城市"]}, "seen 重点城市, expected one of"),
        ({"recipients": [TO, TO]}, "recipients: one stands twice"),
    ],
)
def test_a_form_that_contradicts_itself_is_refused(told: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        Reports.model_validate({"forms": [{**DAILY, "within": ["采暖期"], "recipients": [TO], **told}]})


def test_the_demo_reports_all_three_kinds_with_every_table() -> None:
    assert DEMO.reports is not None
    assert {each.kind for each in DEMO.reports.forms} == {"daily", "weekly", "half_monthly"}
    assert all(set(each.tables) == set(TABLES) for each in DEMO.reports.forms)


def test_the_manual_names_every_table_and_field() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "supervision.md").read_text(encoding="utf-8").split("## Reports")[1]
    fields = [name for model in (Reports, Form, Period, Recipient) for name in model.model_fields]
    assert [name for name in (*TABLES, *fields) if f"`{name}`" not in manual] == []
