"""What a form asks, read off a type; and the tree that what was typed amounts to. No page, no browser."""

import datetime as dt
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from heatstream.claims import faults
from heatstream.claims.event_words import CHOICES, FIELDS, HUNDREDTHS, UNITS, unit
from heatstream.claims.faults import SHA256
from heatstream.web.words import Words

Path = tuple[str | int, ...]
Typed = Mapping[str, Any]
"""Texts by dotted path, as the browser sent them; lists of texts for boxes that can be ticked."""
Kind = Literal["text", "long", "whole", "hundredths", "instant", "day", "truth", "pick", "picks", "lines", "parts"]

LONG: Final = frozenset(
    {"analysis", "conclusion", "done", "found", "grounds", "opinion", "report", "said", "shows", "statement", "text"}
    | {"evidence", "homes", "reasoning", "supply", "why", "agreed", "record", "about", "cause", "answer"}
)
"""Texts that run over several lines."""
ZONE: Final = "+08:00"
_DECIMAL: Final = re.compile(r"-?\d+(\.\d{1,2})?")
_SAID: Final = {
    "missing": "expected, and nothing was given",
    "string_too_short": "expected, and nothing was given",
    "too_short": "expected at least one",
}
"""Of pydantic's faults, those that people meet every day, by type, in English."""


@dataclass(frozen=True)
class Papers:
    """Papers that a form's fields may cite.

    Attributes
    ----------
    kept : their names by SHA-256, as the claim's or the matter's file holds them
    attach : keeps one more, given its name and bytes, and tells its SHA-256; None = none can be added
    """

    kept: Mapping[str, str] = field(default_factory=dict)
    attach: Callable[[str, bytes], Awaitable[str]] | None = None


@dataclass(frozen=True)
class Asked:
    """One field as a form asks it.

    Attributes
    ----------
    options : names by value, of what is picked
    parts : of a field that is made of others, these
    least, most : how many of it there are; most None = any number
    whole : what is picked or listed is a whole number
    paper : what is picked is a paper, by its SHA-256
    """

    name: str
    label: str
    kind: Kind
    required: bool
    options: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False
    paper: bool = False
    parts: tuple["Asked", ...] = ()
    least: int = 0
    most: int | None = None

    @property
    def single(self) -> bool:
        """Tell of parts whether there is one at most, which is no list."""
        return self.most == 1


class Fault(NamedTuple):
    """What is wrong with a field, or with the whole where `at` is empty."""

    at: str
    said: str


class Plain(NamedTuple):
    """A type without what stands around it."""

    type: Any
    patterns: frozenset[str]
    optional: bool


def plain(annotation: Any, metadata: Sequence[Any] = ()) -> Plain:
    """Take `Annotated` and `| None` off a type."""
    found, around, optional = annotation, list(metadata), False
    while True:
        if get_origin(found) is Annotated:
            found, *more = get_args(found)
            around += [each for one in more for each in (one.metadata if isinstance(one, FieldInfo) else [one])]
        elif get_origin(found) in (Union, UnionType) and NoneType in get_args(found):
            optional = True
            (found,) = (each for each in get_args(found) if each is not NoneType)
        else:
            patterns = frozenset(str(each.pattern) for each in around if getattr(each, "pattern", None))
            return Plain(found, patterns, optional)


@dataclass(frozen=True)
class _Asking:
    """What the questions are made with."""

    words: Words
    choices: Mapping[str, Mapping[str, str]]
    papers: Papers

    def of(self, model: type[BaseModel], within: str, without: frozenset[str]) -> tuple[Asked, ...]:
        """Ask for the fields of a type; `within` is the event's kind, or the field that holds the part."""
        found = (
            self.one(within, name, info)
            for name, info in model.model_fields.items()
            if name not in without and not _said_already(name, info)
        )
        return tuple(each for each in found if each is not None)

    def within(self, name: str) -> "_Asking":
        """Ask inside a field: its choices are named after it, `refusals.by`, for a `by` of the event is another."""
        head = f"{name}."
        inside = {key.removeprefix(head): each for key, each in self.choices.items() if key.startswith(head)}
        return replace(self, choices=inside)

    def one(self, within: str, name: str, info: FieldInfo) -> Asked | None:
        """Ask for one field; None where nothing could be picked."""
        its = plain(info.annotation, info.metadata)
        label = self.label(within, name)
        required = info.is_required()
        if isinstance(its.type, type) and issubclass(its.type, BaseModel):
            parts = self.within(name).of(its.type, name, frozenset())
            return Asked(name, label, "parts", required, parts=parts, least=int(required), most=1)
        if get_origin(its.type) is tuple:
            return self.several(name, label, info, get_args(its.type))
        return self.single(name, label, its, required=required)

    def label(self, within: str, name: str) -> str:
        """Name a field, with its unit."""
        word = self.words(*(FIELDS.get(f"{within}.{name}") or FIELDS[name]))
        if not (closing := unit(name)):
            return word
        inside = self.words(*UNITS[closing])
        return self.words(f"{word}（{inside}）", f"{word} [{inside}]")

    def options(self, values: Sequence[str]) -> dict[str, str]:
        """Name the values of a choice."""
        return {value: self.words(*CHOICES[value]) for value in values}

    def single(self, name: str, label: str, its: Plain, *, required: bool) -> Asked:
        """Ask for one value."""
        if name in self.choices:
            return Asked(name, label, "pick", required, self.choices[name], whole=its.type is int)
        if get_origin(its.type) is Literal:
            return Asked(name, label, "pick", required, self.options(get_args(its.type)))
        if SHA256 in its.patterns and (self.papers.kept or self.papers.attach):
            return Asked(name, label, "pick", required, self.papers.kept, paper=True)
        return Asked(name, label, _kind_of(name, its.type), required)

    def several(self, name: str, label: str, info: FieldInfo, types: tuple[Any, ...]) -> Asked | None:
        """Ask for as many as there are."""
        its, least = plain(types[0]), _least(info)
        if isinstance(its.type, type) and issubclass(its.type, BaseModel):
            most = None if types[-1] is Ellipsis else len(types)
            parts = self.within(name).of(its.type, name, frozenset())
            return Asked(name, label, "parts", least > 0, parts=parts, least=most or least, most=most)
        if name in self.choices:
            return Asked(name, label, "picks", least > 0, self.choices[name], whole=its.type is int)
        if get_origin(its.type) is Literal:
            return Asked(name, label, "picks", least > 0, self.options(get_args(its.type)))
        if SHA256 in its.patterns:
            there = self.papers.kept or self.papers.attach
            return Asked(name, label, "picks", least > 0, self.papers.kept, paper=True) if there else None
        return Asked(name, label, "lines", least > 0, whole=its.type is int)


def _least(info: FieldInfo) -> int:
    return max((each.min_length for each in info.metadata if hasattr(each, "min_length")), default=0)


def _said_already(name: str, info: FieldInfo) -> bool:
    """Tell whether the type says it by itself: a `kind` that can be one thing alone."""
    return name == "kind" and not info.is_required() and len(get_args(info.annotation)) == 1


def _kind_of(name: str, of: Any) -> Kind:
    if of is bool:
        return "truth"
    if of is int:
        return "hundredths" if unit(name) in HUNDREDTHS else "whole"
    if of is dt.date:
        return "day"
    if of is str:
        return "long" if name in LONG else "text"
    if isinstance(of, type) and (issubclass(of, dt.datetime) or of.__name__ == "AwareDatetime"):
        return "instant"
    raise TypeError(f"{name}: a form asks for no {of}")


def asked(
    model: type[BaseModel],
    words: Words,
    *,
    choices: Mapping[str, Mapping[str, str]] | None = None,
    papers: Papers | None = None,
    without: frozenset[str] = frozenset(),
) -> tuple[Asked, ...]:
    """Tell what a form of a type asks.

    Parameters
    ----------
    choices : names by value, of fields that take one of a few here
    without : fields that the page knows
    """
    return _Asking(words, choices or {}, papers or Papers()).of(model, kind_of(model), without)


def kind_of(model: type[BaseModel]) -> str:
    """Name an event's kind; empty for what is none."""
    info = model.model_fields.get("kind")
    return str(info.default) if info is not None and not info.is_required() else ""


@dataclass
class Told:
    """What was typed, as a tree; what of it cannot be read; and where in the form each place of the tree stands."""

    tree: dict[str, Any]
    faults: list[Fault]
    places: dict[Path, str]

    def place(self, path: Path) -> str:
        """Find the field that a place of the tree is nearest to; empty for the whole."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, "")


def told(fields: Sequence[Asked], typed: Typed, words: Words) -> Told:
    """Read what was typed. What was left empty is left out of the tree: the type says whether it may be."""
    found = Told({}, [], {})
    found.tree = _Reading(typed, words, found).all(fields, (), "")
    return found


@dataclass(frozen=True)
class _Reading:
    """What was typed, and what it comes to."""

    typed: Typed
    words: Words
    found: Told

    def all(self, fields: Sequence[Asked], path: Path, at: str) -> dict[str, Any]:
        """Read the fields of one part, which stands `at` in the form and at `path` in the tree."""
        read = {each.name: self.one(each, (*path, each.name), f"{at}{each.name}") for each in fields}
        return {name: value for name, value in read.items() if value is not None}

    def one(self, its: Asked, path: Path, at: str) -> Any:
        """Read one field; None where nothing was typed."""
        self.found.places[path] = at
        if its.kind == "parts":
            return self.parts(its, path, at)
        seen = self.typed.get(at, "")
        if its.kind == "picks":
            return self.list(its, [str(each) for each in seen] if isinstance(seen, list) else [], at)
        text = str(seen).strip()
        if its.kind == "lines":
            return self.list(its, [line.strip() for line in text.splitlines() if line.strip()], at)
        return self.value(its, text, at) if text else None

    def parts(self, its: Asked, path: Path, at: str) -> Any:
        """Read parts; their numbers in the form have gaps where some were taken away."""
        head = f"{at}."
        numbers = {key[len(head) :].split(".")[0] for key in self.typed if key.startswith(head)}
        there = sorted((each for each in numbers if each.isdecimal()), key=int)
        if its.single:
            return self.all(its.parts, path, f"{head}{there[0]}.") if there else None
        return [self.all(its.parts, (*path, place), f"{head}{each}.") for place, each in enumerate(there)] or None

    def list(self, its: Asked, texts: Sequence[str], at: str) -> list[Any] | None:
        """Read a list of texts or of numbers."""
        read = [self.whole(each, at) for each in texts] if its.whole else list(texts)
        return read or None

    def value(self, its: Asked, text: str, at: str) -> Any:
        """Read one value."""
        if its.kind == "truth":
            return text == "yes"
        if its.kind == "instant":
            return f"{text}{ZONE}"
        if its.kind == "hundredths":
            return self.hundredths(text, at)
        return self.whole(text, at) if its.kind == "whole" or its.whole else text

    def hundredths(self, text: str, at: str) -> int | None:
        """Read a decimal exactly."""
        if not _DECIMAL.fullmatch(text):
            expected = self.words("应为数字，最多两位小数", "expected a number with two decimals at most")
            self.refuse(text, expected, at)
            return None
        units, _, rest = text.removeprefix("-").partition(".")
        return (int(units) * 100 + int(rest.ljust(2, "0"))) * (-1 if text.startswith("-") else 1)

    def whole(self, text: str, at: str) -> int | None:
        """Read a whole number."""
        if re.fullmatch(r"-?\d{1,18}", text):
            return int(text)
        self.refuse(text, self.words("应为整数", "expected a whole number"), at)
        return None

    def refuse(self, text: str, expected: str, at: str) -> None:
        """Say what cannot be read."""
        self.found.faults.append(Fault(at, self.words(f"所填为“{text}”，{expected}", f"seen {text!r}, {expected}")))


def check(model: type[BaseModel], read: Told, fixed: Mapping[str, Any], words: Words) -> list[Fault]:
    """Say everything that is wrong, each fault with the place in the form that it is about; empty for the whole."""
    try:
        model.model_validate({**read.tree, **fixed})
    except ValidationError as error:
        there = {each.at for each in read.faults}
        found = [_fault(each, read, words) for each in error.errors(include_url=False)]
        return [*read.faults, *(each for each in found if not each.at or each.at not in there)]
    return read.faults


def _fault(error: Any, read: Told, words: Words) -> Fault:
    at, said = faults.named(error)
    if error["type"] != "value_error":
        said = _SAID.get(error["type"]) or f"seen {error['input']!r}: {said}"
    return Fault(read.place(at), words(faults.zh(error), said))
