"""docs/supervision.md tells of every event, figure, measure and rule of warnings, silence, strata and scorecards."""

from pathlib import Path
from typing import Any

import pytest

from heatstream.claims.way import ITSELF
from heatstream.rules.supervision.scorecard import CATEGORIES, MEASURES, STRATA, CategoryRule, Indicator, Scorecard
from heatstream.rules.supervision.silence import Silence
from heatstream.rules.supervision.warnings import FIGURES, WarningRule
from heatstream.supervision.homes.assessment_kind import ASSESSMENT
from heatstream.supervision.watch.task_kind import TASK
from heatstream.supervision.watch.warning_kind import WARNING

PAGE = (Path(__file__).parents[2] / "docs" / "supervision.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize(("title", "kind"), [("Warnings", WARNING), ("Silence", TASK), ("Strata", ASSESSMENT)])
def test_every_event_stands_in_the_table_with_who_may_record_it(title: str, kind: Any) -> None:
    rows = [line.split("|")[1:3] for line in section(title).splitlines() if line.startswith("| `")]
    told = {name.strip().strip("`"): who.strip() for names, who in rows for name in names.split(",")}
    for event in (*kind.opening, *kind.later):
        name = event.model_fields["kind"].default
        assert told.get(name) == ", ".join(sorted(kind.who[name])), name
    assert ITSELF == "heatstream"


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("Warnings", [*FIGURES, *WarningRule.model_fields]),
        ("Silence", list(Silence.model_fields)),
        ("Scorecard and ranking", [*MEASURES, *CATEGORIES]),
        ("Scorecard and ranking", [*Scorecard.model_fields, *CategoryRule.model_fields, *Indicator.model_fields]),
    ],
)
def test_every_rule_and_figure_is_told(title: str, names: list[str]) -> None:
    assert [name for name in names if f"`{name}`" not in section(title) and name not in {"category", "version"}] == []


def test_every_subject_of_a_figure_is_told() -> None:
    rows = [line.split("|") for line in section("Warnings").splitlines() if line.startswith("| `")]
    told = {row[1].strip().strip("`"): row[4].strip() for row in rows if len(row) > 5}
    for name, meaning in FIGURES.items():
        every = "all" if len(meaning.subjects) == 4 else ", ".join(sorted(meaning.subjects, key=_order))
        assert told[name] == every, name


def _order(subject: str) -> int:
    return ["building", "heat_station", "company", "district"].index(subject)


def test_every_stratum_is_told() -> None:
    assert [name for name in STRATA if name not in section("Scorecard and ranking")] == []
