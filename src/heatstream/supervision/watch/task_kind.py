"""The kind `task`: what a company must see to. Silent gateways, silent points of a building, stuck meters.

The software opens it and says when it is resolved; the company explains; an officer closes what is resolved. Who takes
a device away ends its installation in the registry, and the task resolves by itself.
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
from heatstream.store.read import silence
from heatstream.supervision.event_words import names_zh
from heatstream.supervision.matter import CLOSED, ROUTINE, SOON, Ground, Place, Recorded, Standing
from heatstream.supervision.told import Event

ZH: Final = names_zh("task")

Subject = Literal["gateway", "building", "meter"]
SUBJECTS_ZH: Final[Mapping[Subject, str]] = MappingProxyType(
    {"gateway": "网关失联", "building": "监测点失联", "meter": "热表数值不变"}
)


class SilentPoint(Part):
    """A point that sends nothing."""

    point: Text = Field(description="device of the 监测点")
    last_at: Instant | None = Field(None, description="its last reading; null = it never sent one")


class SilenceSeen(Event):
    """A gateway, or points of one building whose gateways speak, have been silent for too long."""

    kind: Literal["silence_seen"] = "silence_seen"
    subject: Literal["gateway", "building"] = Field(description="what is silent: one gateway, or a building's points")
    code: Text = Field(description="code of the gateway or the building")
    last_at: Instant | None = Field(None, description="the gateway's last message; null = none, or a building's points")
    points: tuple[SilentPoint, ...] = Field(description="the silent points")
    limit_min: int = Field(
        description="silent for longer is too long; a point by the pack has one sampling interval more [min]"
    )
    source: Text = Field(description="who says so: the rule pack or the operator's rules")


class StuckSeen(Event):
    """All values of a meter stand still."""

    kind: Literal["stuck_seen"] = "stuck_seen"
    meter: Text = Field(description="device of the 热量表")
    begins: Instant = Field(description="the last reading before")
    ends: Instant = Field(description="the last reading that showed it")


class SeenAgain(Event):
    """It is silent or stuck again, or more points are silent than were told."""

    kind: Literal["seen_again"] = "seen_again"
    points: tuple[SilentPoint, ...] = Field((), description="the points that are silent now")
    begins: Instant | None = Field(None, description="of a meter: the last reading before")


class Resolved(Event):
    """Readings have returned, the meter moves again, or the device is taken away."""

    kind: Literal["resolved"] = "resolved"


class Acknowledged(Event):
    """The company has taken note."""

    kind: Literal["acknowledged"] = "acknowledged"


class Explained(Event):
    """Why, and until when."""

    kind: Literal["explained"] = "explained"
    cause: Text = Field(description="what the cause is")
    back_by: Instant | None = Field(None, description="when it is expected to be back; null = not known")


class Closed(Event):
    """An officer closes what is resolved."""

    kind: Literal["closed"] = "closed"
    conclusion: Text = Field(description="what was found of the explanation")


class Task(Part):
    """A task where it stands."""

    subject: Subject
    code: Text
    points: tuple[Text, ...] = ()
    """Devices that were told silent since it was last resolved."""
    since: Instant | None = None
    """The earliest last reading; None = there never was one."""
    acknowledged_by: str | None = None
    cause: str | None = None
    back_by: Instant | None = None
    resolved_at: Instant | None = None
    closed_at: Instant | None = None

    @property
    def step(self) -> str:
        """Name where it stands."""
        reached = (
            ("closed", self.closed_at),
            ("resolved", self.resolved_at),
            ("explained", self.cause),
            ("acknowledged", self.acknowledged_by),
        )
        return next((step for step, has in reached if has is not None), "opened")


_COMPANY: Final = frozenset({"company", "inspector"})
_AUTHORITY: Final = frozenset({"district", "city"})


class TaskKind:
    """任务 of a company."""

    name = "task"
    opening: tuple[type[Event], ...] = (SilenceSeen, StuckSeen)
    later: tuple[type[Event], ...] = (SeenAgain, Resolved, Acknowledged, Explained, Closed)
    who: Mapping[str, frozenset[str]] = MappingProxyType(
        {
            **dict.fromkeys(("silence_seen", "stuck_seen", "seen_again", "resolved"), frozenset({ITSELF})),
            "acknowledged": _COMPANY,
            "explained": _COMPANY,
            "closed": _AUTHORITY,
        }
    )

    async def place(self, conn: AsyncConnection, event: Event) -> Place:
        """Find whose the silent thing is."""
        subject, code = _subject(event)
        found = await silence.place_of(conn, subject, code, event.at)
        if found is None:
            raise BadInput(
                f"{event.name}: seen {subject} {code!r}, expected one of the registry ({subject}.csv)",
                zh=f"{ZH[event.name]}：代码为“{code}”，应为登记中的代码（{subject}.csv）",
            )
        return Place(**found)

    def after(self, state: Task | None, recorded: Recorded, ground: Ground) -> Task:
        """Fold an event; no rule is asked: each event says what it was held to."""
        del ground
        event = recorded.event
        if state is None:
            subject, code = _subject(event)
            return Task(subject=subject, code=code, **_silent(event))
        if state.closed_at is not None:
            raise BadInput(
                f"{event.name}: the task is closed since {state.closed_at.isoformat()}",
                zh=f"{ZH[event.name]}：该任务已于 {written(state.closed_at)} 办结",
            )
        return state.model_copy(update=_change(event, state, recorded))

    def standing(self, state: Task, ground: Ground, now: dt.datetime) -> Standing:
        """Say where it stands: what nobody explained, or is later than explained, comes before the rest."""
        del ground
        waits = state.resolved_at is None and (
            state.cause is None or (state.back_by is not None and state.back_by < now)
        )
        urgency = CLOSED if state.closed_at else SOON if waits else ROUTINE
        due = None if state.resolved_at else state.back_by
        until = due if due is not None and due >= now and not state.closed_at else None
        return Standing(headline(state), state.step, urgency, due, state.closed_at, until)

    def coming(self, state: Task) -> tuple[str, ...]:
        """Name what may be recorded next."""
        if state.closed_at is not None:
            return ()
        return ("seen_again", "acknowledged", "explained", "closed" if state.resolved_at else "resolved")


def headline(state: Task) -> str:
    """Say in a line what is silent."""
    points = f" · {len(state.points)} 点 points" if state.points else ""
    return f"{SUBJECTS_ZH[state.subject]} {state.subject} {state.code}{points}"


def _subject(event: Event) -> tuple[Subject, str]:
    match event:
        case SilenceSeen():
            return event.subject, event.code
        case StuckSeen():
            return "meter", event.meter
    raise BadInput(
        f"{event.name}: expected `silence_seen` or `stuck_seen` first",
        zh=f"{ZH[event.name]}：应先有{ZH['silence_seen']}或{ZH['stuck_seen']}",
    )


def _silent(event: Event) -> dict[str, Any]:
    """Give what an event tells of the silence."""
    points = getattr(event, "points", ())
    ends = [each.last_at for each in points if each.last_at is not None]
    since = getattr(event, "begins", None) or getattr(event, "last_at", None) or min(ends, default=None)
    return {"points": tuple(each.point for each in points), "since": since}


@singledispatch
def _change(event: Event, state: Task, recorded: Recorded) -> dict[str, Any]:
    del state, recorded
    raise BadInput(
        f"{event.name}: it opens a task; expected an event within one",
        zh=f"{ZH[event.name]}：任务已立，应为任务中的记录",
    )


@_change.register
def _(event: SeenAgain, state: Task, recorded: Recorded) -> dict[str, Any]:
    del recorded
    told = _silent(event)
    if state.resolved_at is None:
        return {"points": tuple(dict.fromkeys((*state.points, *told["points"])))}
    return told | {"resolved_at": None, "acknowledged_by": None, "cause": None, "back_by": None}


@_change.register
def _(event: Resolved, state: Task, recorded: Recorded) -> dict[str, Any]:
    del state, recorded
    return {"resolved_at": event.at}


@_change.register
def _(event: Acknowledged, state: Task, recorded: Recorded) -> dict[str, Any]:
    del event, state
    return {"acknowledged_by": recorded.officer.code}


@_change.register
def _(event: Explained, state: Task, recorded: Recorded) -> dict[str, Any]:
    del state
    return {"acknowledged_by": recorded.officer.code, "cause": event.cause, "back_by": event.back_by}


@_change.register
def _(event: Closed, state: Task, recorded: Recorded) -> dict[str, Any]:
    del recorded
    if state.resolved_at is None:
        raise BadInput(
            f"{event.name}: it is still so; expected readings that return, or the installation ended in the registry",
            zh=f"{ZH[event.name]}：情况尚未消除，应恢复读数，或在登记中终止该安装",
        )
    return {"closed_at": event.at}


TASK: Final = TaskKind()
