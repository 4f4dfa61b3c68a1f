"""docs/procedure.md tells of every event, every field, every role and every time limit."""

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from heatstream.claims import batch, events
from heatstream.claims.check import ROLES
from heatstream.claims.clocks import NAMES
from heatstream.claims.event_words import STEPS
from heatstream.rules import exact_yaml

PAGE = (Path(__file__).parents[2] / "docs" / "procedure.md").read_text(encoding="utf-8")


def models(annotation: Any) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.values()
        return {annotation}.union(*(models(field.annotation) for field in fields))
    return set().union(*map(models, get_args(annotation)))


def section(heading: str) -> str:
    return PAGE.split(f"\n{heading}\n", 1)[1].split("\n### ", 1)[0]


@pytest.mark.parametrize("model", events.MODELS, ids=events.KINDS)
def test_every_event_stands_in_the_manual_with_its_fields_and_its_roles(model: type[BaseModel]) -> None:
    kind = model.model_fields["kind"].default
    told = section(f"### `{kind}` {STEPS[kind]}")
    own = set(model.model_fields) - {"kind", "at", "why", "files"}
    rows = [f"| `{name}` | {model.model_fields[name].description} |" for name in own]
    assert [row for row in rows if row not in told] == []
    assert f"Recorded by: {', '.join(sorted(ROLES[kind]))}." in told


PARTS = sorted(
    {
        (part.__name__, name, str(field.description))
        for model in (*events.MODELS, batch.BatchCase)
        for part in models(model) - set(events.MODELS)
        for name, field in part.model_fields.items()
    }
)


@pytest.mark.parametrize(("part", "name", "meaning"), PARTS)
def test_every_part_stands_in_the_manual(part: str, name: str, meaning: str) -> None:
    assert f"| `{name.removesuffix('_')}` | {meaning} |" in PAGE, part


def test_every_time_limit_stands_in_the_manual() -> None:
    assert [name for name, words in NAMES.items() if f"| {words} `{name}` |" not in PAGE] == []


def examples() -> list[dict[str, Any]]:
    return [exact_yaml.parse(block.split("```")[0], "procedure.md") for block in PAGE.split("```yaml\n")[1:]]


def test_the_manuals_examples_can_be_read() -> None:
    event, case = examples()
    assert events.read(event, "procedure.md").kind == "opened"
    assert batch.BatchCase.model_validate(case).case == "批2026-3"
