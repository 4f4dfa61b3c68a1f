"""Rows written as a shape writes them, without making the shape of each: for answers of millions of rows.

What a shape does with a column is read from its own fields, so that there is one place that says it: among it, which
roles do not see a field. A field that does anything else refuses when the process starts, rather than come out unlike.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Annotated, Any, Final, NamedTuple, get_args, get_origin

import msgspec
from pydantic import BeforeValidator, WrapSerializer
from pydantic.fields import FieldInfo

from heatstream.serve.shapes import Shape
from heatstream.store.read.rows import Rows

Step = Callable[[Any], Any]

PLAIN: Final = (int, bool, str, float, dt.date)
"""Types that come from the store as they are written."""


class _Field(NamedTuple):
    name: str
    column: str
    steps: tuple[Step, ...]
    """What is done with a value that is there, in this order."""


class Prepared:
    """Writes rows as JSON objects, each as `shape` would."""

    def __init__(self, shape: type[Shape]) -> None:
        self._fields = [_field(name, info) for name, info in shape.model_fields.items()]
        self._names = [field.name for field in self._fields]
        self._steps = [(at, step) for at, field in enumerate(self._fields) for step in field.steps]
        self._encoder = msgspec.json.Encoder()

    def trees(self, rows: Rows) -> Iterator[dict[str, Any]]:
        """Give the fields of each row."""
        if not rows:
            return
        places = {name: at for at, name in enumerate(rows[0]._fields)}
        take = itemgetter(*(places[field.column] for field in self._fields))
        for row in rows:
            values = list(take(row))
            for at, step in self._steps:
                if (value := values[at]) is not None:
                    values[at] = step(value)
            yield dict(zip(self._names, values, strict=True))

    def write(self, tree: dict[str, Any]) -> bytes:
        """Write the fields of a row."""
        return self._encoder.encode(tree)


def _field(name: str, info: FieldInfo) -> _Field:
    column = info.validation_alias or name
    if not isinstance(column, str):
        raise TypeError(f"{name}: its column is {column!r}, expected a name")
    given = [*_inside(info.annotation), *info.metadata]
    before = [_remembering(each.func) for each in given if isinstance(each, BeforeValidator)]
    last = [_written(each.func) for each in given if isinstance(each, WrapSerializer)]
    if len(before) + len(last) != len(given):
        raise TypeError(f"{name}: declared by {given}, expected validators before it and who sees it alone")
    return _Field(name, column, (*before, *last))


def _inside(annotation: Any) -> list[Any]:
    """Find what an annotation is declared by, inside of an optional one too."""
    kinds = [each for each in (get_args(annotation) or (annotation,)) if each is not type(None)]
    declared = [each for kind in kinds if get_origin(kind) is Annotated for each in get_args(kind)[1:]]
    plain = [get_args(kind)[0] if get_origin(kind) is Annotated else kind for kind in kinds]
    if unknown := [each for each in plain if each not in PLAIN and not isinstance(each, str)]:
        raise TypeError(f"a field of {unknown}, expected plain types")
    return declared


def _remembering(step: Any) -> Step:
    """Remember what becomes of a whole number: there are few words, and hundredths of a degree."""
    known: dict[int, Any] = {}

    def take(value: Any) -> Any:
        if type(value) is not int:
            return step(value)
        if value not in known:
            known[value] = step(value)
        return known[value]

    return take


def _written(step: Any) -> Step:
    return lambda value: step(value, _as_it_is)


def _as_it_is(value: Any) -> Any:
    return value
