"""docs/rules.md tells of every field and every option."""

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from heatstream.core.finding import Reason
from heatstream.rules.choices import ChoicesFile
from heatstream.rules.pack import Pack

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")


def models(annotation: Any) -> set[type[BaseModel]]:
    """Find the models within a type, and within their fields."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.values()
        return {annotation}.union(*(models(field.annotation) for field in fields))
    return set().union(*map(models, get_args(annotation)))


FIELDS = sorted(
    {
        (model.__name__, f"`{field.alias or name}`", str(field.description))
        for model in models(Pack) | models(ChoicesFile)
        for name, field in model.model_fields.items()
    }
)


@pytest.mark.parametrize(("model", "field", "meaning"), FIELDS)
def test_every_field_and_option_stands_in_the_manual(model: str, field: str, meaning: str) -> None:
    assert any(line.startswith(f"| {field} |") and line.endswith(f"| {meaning} |") for line in PAGE.splitlines()), model


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_stands_in_the_manual(reason: Reason) -> None:
    assert f"| {reason} | `{reason.name}` |" in PAGE
