"""Forms for the events that people record, made of the events' own types: what a field takes is said once.

    form(RulingReviewed, words, record, fixed={"kind": "ruling_reviewed"}, papers=Papers(kept, attach))

`record(tree)` gets the tree that `claims.events.read` and `supervision.act.told` take, checked by the type already;
what it raises of `HeatstreamError` is told whole above the form, and nothing that was typed is lost. When it returns,
the form says so; mostly it has led to another page by then.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nicegui import ui
from pydantic import BaseModel

from heatstream.web.words import Words

Tree = dict[str, Any]
Record = Callable[[Tree], Awaitable[None]]


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


def form(
    model: type[BaseModel],
    words: Words,
    record: Record,
    *,
    fixed: Mapping[str, Any] | None = None,
    given: Mapping[str, Any] | None = None,
    choices: Mapping[str, Mapping[str, str]] | None = None,
    papers: Papers | None = None,
    button: str = "",
) -> ui.element:
    """Make a form of a type.

    Parameters
    ----------
    model : an event's type; a `kind` that can be one thing alone is not asked
    fixed : what the page knows and nobody is asked, by field
    given : what stands in the fields at first, by field, as `record` would get it
    choices : names by value, of text fields and numbers that take one of a few here: codes, numbers of events
    button : what it says; without it 保存 / record
    """
    raise NotImplementedError
