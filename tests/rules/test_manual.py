"""docs/rules.md tells of every field and every option."""

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from heatstream.core.finding import Reason
from heatstream.rules.choices import Choices, ChoicesFile
from heatstream.rules.pack import Pack
from heatstream.rules.supplement import Supplement

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
        for model in models(Pack) | models(ChoicesFile) | models(Supplement)
        for name, field in model.model_fields.items()
    }
)


@pytest.mark.parametrize(("model", "field", "meaning"), FIELDS)
def test_every_field_and_option_stands_in_the_manual(model: str, field: str, meaning: str) -> None:
    assert any(line.startswith(f"| {field} |") and line.endswith(f"| {meaning} |") for line in PAGE.splitlines()), model


def told(option: str) -> dict[str, str]:
    extra = Choices.model_fields[option].json_schema_extra
    assert isinstance(extra, dict)
    return {name: str(value) for name, value in extra.items()}


@pytest.mark.parametrize("option", Choices.model_fields)
def test_every_option_stands_with_its_question_its_law_and_its_values(option: str) -> None:
    values = Choices.model_fields[option].description
    assert f"| `{option}` | {told(option)['question']} | {told(option)['law']} | {values} |" in PAGE.splitlines()


def test_every_open_question_of_the_law_is_an_option() -> None:
    asked = {told(option)["question"] for option in Choices.model_fields}
    assert {f"A{number}" for number in range(1, 44)} <= asked


def test_no_suggestion_stands_in_the_manual_as_if_it_were_applied() -> None:
    advice = [told(option)["advice"] for option in Choices.model_fields if "advice" in told(option)]
    assert not any(line.endswith(f"| {each} |") for each in advice for line in PAGE.splitlines())


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_stands_in_the_manual(reason: Reason) -> None:
    assert f"| {reason} | `{reason.name}` |" in PAGE
