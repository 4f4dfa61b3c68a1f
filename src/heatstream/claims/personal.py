"""Words about persons in what was recorded: which they are, and an event without them."""

import types
from collections.abc import Mapping
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel

from heatstream.claims.events import Personal

ERASED: Final = "已删除"
"""Stands in the place of words that were erased."""


def without(event: type[BaseModel], body: Mapping[str, Any]) -> dict[str, Any]:
    """Give the body of an event with `ERASED` in the place of all that its type marks as said of a person."""
    erased = dict(body)
    for name, field in event.model_fields.items():
        if body.get(name) is not None:
            marked = any(isinstance(each, Personal) for each in field.metadata)
            erased[name] = ERASED if marked else _erased(field.annotation, body[name])
    return erased


def _erased(declared: Any, value: Any) -> Any:
    """Follow a declared type down to where it is marked."""
    origin, inside = get_origin(declared), get_args(declared)
    if origin is Annotated:
        marked = any(isinstance(each, Personal) for each in inside[1:])
        return ERASED if marked else _erased(inside[0], value)
    if origin in (Union, types.UnionType):
        return next((new for each in inside if (new := _erased(each, value)) != value), value)
    if isinstance(value, list) and inside:
        return [_erased(inside[0], each) for each in value]
    if isinstance(declared, type) and issubclass(declared, BaseModel) and isinstance(value, dict):
        return without(declared, value)
    return value
