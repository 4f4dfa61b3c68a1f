"""The kind `warning`, 红黄绿: raised, changed and cleared by the software; seen to and closed by persons.

A warning watches one rule and one subject. What the software saw stands in each event: the figure with its numerator
and denominator, the thresholds, and the hash of the rules.
"""

import datetime as dt
from collections.abc import Mapping
from functools import singledispatch
from types import MappingProxyType
from typing import Any, Final, Literal

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims.events import Instant, Part, Text, written
from heatstream.claims.way import ITSELF
from heatstream.errors import BadInput
from heatstream.rules.supervision.warnings import FIGURES, Bounds, Figure, Subject
from heatstream.store.read import subjects
from heatstream.supervision.event_words import names_zh, step
from heatstream.supervision.matter import CLOSED, NOW, ROUTINE, SOON, Ground, Place, Recorded, Standing
from heatstream.supervision.told import Event

ZH: Final = names_zh("warning")

Colour = Literal["yellow", "red"]
COLOURS_ZH: Final[Mapping[Colour, str]] = MappingProxyType({"yellow": "黄", "red": "红"})
SUBJECTS_ZH: Final[Mapping[Subject, str]] = MappingProxyType(
    {"building": "楼栋", "heat_station": "换热站", "company": "企业", "district": "区"}
)


class Seen(Part):
    """What a look told, and what it was held to."""

    figure: Figure = Field(description="what is watched; its unit closes its name")
    numerator: int | None = Field(None, description="of a share; else the figure itself; null = the look told nothing")
    denominator: int = Field(description="homes, points or stations it was told of")
    yellow: Bounds = Field(description="thresholds of yellow")
    red: Bounds = Field(description="thresholds of red")
    least_min: int = Field(description="a colour is called for so long before it changes [min]")
    least_denominator: int = Field(description="of fewer the figure tells nothing")
    since: Instant = Field(description="since when the figure called for this colour")
    rules: Text = Field(description="version of the operator's rules")
    rules_sha256: Text = Field(description="SHA-256 of the operator's rules")
    watermark: str | None = Field(None, description="must stand wherever this is shown")


class Raised(Event):
    """The figure called for a colour for the least time."""

    kind: Literal["raised"] = "raised"
    rule: Text = Field(description="the rule's name")
    title: Text = Field(description="the rule's title")
    subject: Subject = Field(description="kind of subject")
    code: Text = Field(description="code of the subject")
    colour: Colour = Field(description="`yellow` or `red`")
    seen: Seen = Field(description="what was seen")


class Changed(Event):
    """The colour became another."""

    kind: Literal["changed"] = "changed"
    colour: Colour = Field(description="the colour it has now")
    seen: Seen = Field(description="what was seen")


class Cleared(Event):
    """The figure is green again, or is watched no longer."""

    kind: Literal["cleared"] = "cleared"
    because: Literal["figure", "rule_ended", "subject_ended"] = Field(
        description="`figure` it is green, `rule_ended` no rule of this name holds, `subject_ended` nobody is there"
    )
    seen: Seen | None = Field(None, description="what was seen; with `figure` alone")


class Acknowledged(Event):
    """Somebody has taken note."""

    kind: Literal["acknowledged"] = "acknowledged"


class Assigned(Event):
    """Somebody must see to it."""

    kind: Literal["assigned"] = "assigned"
    to: Text = Field(description="who: 工号, or an organisation by name")
    task: Text = Field(description="what must be done")
    due: Instant | None = Field(None, description="by when; null = no time was set")


class Answered(Event):
    """What was found, and what was done."""

    kind: Literal["answered"] = "answered"
    found: Text = Field(description="what was found")
    done: Text = Field(description="what was done")


class Closed(Event):
    """A person ends it while its colour stands; it is raised again only at a worse one, or after green."""

    kind: Literal["closed"] = "closed"
    conclusion: Text = Field(description="why nothing more is to be done")


class WarningState(Part):
    """A warning where it stands."""

    rule: Text
    title: Text
    subject: Subject
    code: Text
    colour: Colour
    seen: Seen
    raised_at: Instant
    acknowledged_by: str | None = None
    assigned_to: str | None = None
    due: Instant | None = None
    answered_by: str | None = None
    cleared_at: Instant | None = None
    closed_at: Instant | None = None

    @property
    def ended_at(self) -> dt.datetime | None:
        """When it was cleared or closed."""
        return self.cleared_at or self.closed_at

    @property
    def step(self) -> str:
        """Name where it stands."""
        reached = (
            ("cleared", self.cleared_at),
            ("closed", self.closed_at),
            ("answered", self.answered_by),
            ("assigned", self.assigned_to),
            ("acknowledged", self.acknowledged_by),
        )
        return next((step for step, has in reached if has is not None), "raised")


_PERSONS: Final = frozenset({"district", "city"})
_OF_COMPANY: Final = frozenset({"company", "inspector"})


class WarningKind:
    """红黄绿预警."""

    name = "warning"
    opening: tuple[type[Event], ...] = (Raised,)
    later: tuple[type[Event], ...] = (Changed, Cleared, Acknowledged, Assigned, Answered, Closed)
    who: Mapping[str, frozenset[str]] = MappingProxyType(
        {
            **dict.fromkeys(("raised", "changed", "cleared"), frozenset({ITSELF})),
            "acknowledged": _PERSONS | _OF_COMPANY,
            "assigned": _PERSONS,
            "answered": _PERSONS | _OF_COMPANY,
            "closed": _PERSONS,
        }
    )

    async def place(self, conn: AsyncConnection, event: Event) -> Place:
        """Find the subject that an opening event names."""
        opened = _raised(event)
        found = await subjects.place_of(conn, opened.subject, opened.code)
        if found is None:
            raise BadInput(
                f"{event.name}: code: seen {opened.code!r}, expected a code of the registry ({opened.subject}.csv)",
                zh=f"{ZH[event.name]}：代码为“{opened.code}”，应为登记中的代码（{opened.subject}.csv）",
            )
        return Place(**found)

    def after(self, state: WarningState | None, recorded: Recorded, ground: Ground) -> WarningState:
        """Fold an event; no rule is asked: each event says what it was held to."""
        del ground
        event = recorded.event
        if state is None:
            return _opened(_raised(event))
        if state.ended_at is not None:
            raise BadInput(
                f"{event.name}: the warning is {state.step} since {state.ended_at.isoformat()}",
                zh=f"{ZH[event.name]}：该预警自 {written(state.ended_at)} 起{step(state.step)}",
            )
        return state.model_copy(update=_change(event, recorded))

    def standing(self, state: WarningState, ground: Ground, now: dt.datetime) -> Standing:
        """Say where it stands: red that nobody has answered is urgent."""
        del ground, now
        urgency = NOW if state.colour == "red" else SOON
        if state.answered_by is not None:
            urgency = ROUTINE
        ended = state.ended_at
        return Standing(headline(state), state.step, CLOSED if ended else urgency, state.due, ended)

    def coming(self, state: WarningState) -> tuple[str, ...]:
        """Name what may be recorded next."""
        if state.ended_at is not None:
            return ()
        return tuple(str(each.model_fields["kind"].default) for each in self.later)


def _raised(event: Event) -> Raised:
    if not isinstance(event, Raised):
        raise BadInput(f"{event.name}: expected `raised` first", zh=f"{ZH[event.name]}：应先有{ZH['raised']}")
    return event


def _opened(event: Raised) -> WarningState:
    return WarningState(
        rule=event.rule,
        title=event.title,
        subject=event.subject,
        code=event.code,
        colour=event.colour,
        seen=event.seen,
        raised_at=event.at,
    )


@singledispatch
def _change(event: Event, recorded: Recorded) -> dict[str, Any]:
    del recorded
    raise BadInput(
        f"{event.name}: it opens a warning; expected an event within one",
        zh=f"{ZH[event.name]}：预警已立，应为预警中的记录",
    )


@_change.register
def _(event: Changed, recorded: Recorded) -> dict[str, Any]:
    del recorded
    return {"colour": event.colour, "seen": event.seen}


@_change.register
def _(event: Cleared, recorded: Recorded) -> dict[str, Any]:
    del recorded
    return {"cleared_at": event.at} | ({"seen": event.seen} if event.seen else {})


@_change.register
def _(event: Acknowledged, recorded: Recorded) -> dict[str, Any]:
    del event
    return {"acknowledged_by": recorded.officer.code}


@_change.register
def _(event: Assigned, recorded: Recorded) -> dict[str, Any]:
    del recorded
    return {"assigned_to": event.to, "due": event.due, "answered_by": None}


@_change.register
def _(event: Answered, recorded: Recorded) -> dict[str, Any]:
    del event
    return {"answered_by": recorded.officer.code, "due": None}


@_change.register
def _(event: Closed, recorded: Recorded) -> dict[str, Any]:
    del recorded
    return {"closed_at": event.at}


def headline(state: WarningState) -> str:
    """Say in a line which colour of what, where, and by which figure."""
    mark = f" · {state.seen.watermark}" if state.seen.watermark else ""
    where = f"{SUBJECTS_ZH[state.subject]} {state.code}"
    return f"{COLOURS_ZH[state.colour]} {state.colour} · {where} · {state.title} {figure(state.seen)}{mark}"


def figure(seen: Seen) -> str:
    """Write a figure for a person, with what it was told of."""
    meaning = FIGURES[seen.figure]
    if seen.numerator is None:
        return f"无数据 ({seen.denominator})"
    if meaning.share:
        return f"{seen.numerator}/{seen.denominator}"
    if seen.figure.endswith("_centi"):
        return f"{seen.numerator / 100:.2f} ({seen.denominator})"
    return f"{seen.numerator} ({seen.denominator})"


WARNING: Final = WarningKind()
