"""docs/supervision.md tells of every event of an incident, its fields and roles, of every command, and of notices."""

from pathlib import Path

import pytest

from heatstream.cli_supervise import supervise_app
from heatstream.rules.supervision.incidents import Incidents, NoticeRule
from heatstream.supervision.incident.incident_kind import INCIDENT
from heatstream.supervision.kinds import KINDS
from heatstream.supervision.told import Event

PAGE = (Path(__file__).parents[2] / "docs" / "supervision.md").read_text(encoding="utf-8")
SECTION = PAGE.split("\n## Incidents\n")[1].split("\n## ")[0]
EVENTS = (*INCIDENT.opening, *INCIDENT.later)


def row_of(name: str) -> str:
    return next(line for line in SECTION.splitlines() if line.startswith("| ") and f"`{name}`" in line.split("|")[1])


@pytest.mark.parametrize("event", EVENTS, ids=lambda each: each.__name__)
def test_every_event_stands_in_the_manual_with_its_fields_and_its_roles(event: type[Event]) -> None:
    name = event.model_fields["kind"].default
    row = row_of(name)
    assert row.split("|")[2].strip() == ", ".join(sorted(INCIDENT.who[name]))
    own = set(event.model_fields) - {"kind", "at", "why", "files"}
    assert [field for field in own if f"`{field}`" not in row] == []


def test_an_event_is_recorded_by_somebody() -> None:
    assert {event.model_fields["kind"].default for event in EVENTS} == set(INCIDENT.who)


def test_every_kind_of_matter_stands_in_the_manual() -> None:
    assert [name for name in KINDS if f"| `{name}` |" not in PAGE] == []


def test_every_command_stands_in_the_manual() -> None:
    names = [each.name or "" for each in supervise_app.registered_commands]
    names += [each.name or "" for each in supervise_app.registered_groups]
    assert [name for name in names if f"supervise {name}" not in PAGE and f"… {name}" not in PAGE] == []


def test_every_period_of_notice_stands_in_the_manual() -> None:
    assert [name for name in (*Incidents.model_fields, *NoticeRule.model_fields) if f"`{name}`" not in SECTION] == []
