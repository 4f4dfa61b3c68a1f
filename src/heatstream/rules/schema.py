"""The published JSON Schemas of the files that people write: generated from the models, never by hand."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from heatstream.errors import BadInput
from heatstream.rules.choices import ChoicesFile
from heatstream.rules.holidays import Notice
from heatstream.rules.pack import Pack
from heatstream.rules.supervision.file import SupervisionRules
from heatstream.rules.supplement import NOT_VALUES, Supplement

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def published(name: str) -> dict[str, Any]:
    """Give the JSON Schema of a kind of file.

    Raises
    ------
    BadInput
        There is no such kind.
    """
    if name not in MADE:
        raise BadInput(f"schema {name!r}: there is none; expected one of {', '.join(MADE)}")
    return {"$schema": DRAFT} | MADE[name]()


def written(name: str) -> str:
    """Write a schema as it stands under docs/schemas."""
    return json.dumps(published(name), ensure_ascii=False, indent=2)


def _supplement() -> dict[str, Any]:
    """Write out the values, which the model leaves to the pack's: groups, the unit as a group, and what they settle."""
    schema, pack = Supplement.model_json_schema(), Pack.model_json_schema()
    groups = {name: each for name, each in pack["properties"].items() if name not in NOT_VALUES}
    schema["$defs"] |= pack["$defs"] | {"Unit": _unit(pack)}
    schema["properties"]["values"] |= {
        "properties": groups | {"unit": {"$ref": "#/$defs/Unit"}},
        "additionalProperties": False,
    }
    return schema


def _unit(pack: Mapping[str, Any]) -> dict[str, Any]:
    value = {"enum": ["day", "month"], "type": "string", "description": "the period judged and refunded"}
    words: dict[str, Any] = pack["$defs"]["Words"]
    told = {"title": "Unit", "description": "By day or by month.", "properties": words["properties"] | {"value": value}}
    return words | told


MADE: Mapping[str, Callable[[], dict[str, Any]]] = {
    "pack": Pack.model_json_schema,
    "choices": ChoicesFile.model_json_schema,
    "supplement": _supplement,
    "holidays": Notice.model_json_schema,
    "supervision": SupervisionRules.model_json_schema,
}
