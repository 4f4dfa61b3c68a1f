"""工单: one or more tickets of the hotlines about one thing, from the call to 办结, 回访 and 满意.

What callers said stays with the tickets: an event names a ticket by its line and number, and no person.
"""

import datetime as dt
from collections.abc import Mapping
from functools import singledispatch
from types import MappingProxyType
from typing import Any, ClassVar, Final, Literal, Self

from pydantic import BaseModel, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims.events import Count, Instant, Part, Said, Text, Truth, written
from heatstream.claims.way import ITSELF
from heatstream.errors import BadInput, FieldError
from heatstream.rules.supervision.hotlines import TOPICS, Hotlines, Topic, contact_min, handle_min
from heatstream.store import tickets
from heatstream.supervision.event_words import listed, names_zh, step
from heatstream.supervision.matter import CLOSED, NOW, ROUTINE, SOON, Ground, Place, Recorded, Standing
from heatstream.supervision.told import Event

ZH: Final = names_zh("work_order")

NAME: Final = "work_order"
DAY: Final = dt.timedelta(days=1)
PRESSING: Final = frozenset({"no_heat", "leak"})

_DESK: Final = frozenset({"hotline", "district", "city"})
_COMPANY: Final = frozenset({"company", "inspector"})

# --- events -----------------------------------------------------------------------------------------------------------


class _OfTicket(Event):
    """An event that names a ticket."""

    line: Text = Field(description="96118, 12345, 12319 …")
    ticket_no: Text = Field(description="工单号 of that line")


class Opened(_OfTicket):
    """A ticket opens the work order; `at` is when the line took the call."""

    by_act: ClassVar[str | None] = "supervise tickets import"
    kind: Literal["opened"] = "opened"
    category: Text = Field(description="诉求类别, as the line names it")
    topic: Topic = Field(description="what it is about")
    building: Text = Field(description="code of the 楼栋")
    household: Text | None = Field(None, description="户号; absent where the address names a building alone")
    company: Text = Field(description="code of the 供热企业 that heats the building")
    matched_by: Text = Field(description="`exact`, or 工号 of who said which home it is")


class TicketJoined(_OfTicket):
    """Another ticket about the same home and topic."""

    by_act: ClassVar[str | None] = "supervise tickets import"
    kind: Literal["ticket_joined"] = "ticket_joined"
    received_at: Instant = Field(description="when the line took the call")


class TicketLeft(_OfTicket):
    """拆分: a ticket is about something else, and has a work order of its own."""

    by_act: ClassVar[str | None] = "supervise tickets split"
    kind: Literal["ticket_left"] = "ticket_left"
    into: Text = Field(description="number of that work order")

    @property
    def cited_matters(self) -> tuple[str, ...]:
        return (self.into,)


class TicketChanged(_OfTicket):
    """The line sent a ticket again with other words; both are kept, and nothing here follows by itself."""

    by_act: ClassVar[str | None] = "supervise tickets import"
    kind: Literal["ticket_changed"] = "ticket_changed"
    columns: tuple[Text, ...] = Field(description="what differs from the version before")


class Assigned(Event):
    """派单 to the company."""

    kind: Literal["assigned"] = "assigned"
    company: Text = Field(description="code of the 供热企业; the one that heats the building")
    to: Said | None = Field(None, description="班组 or person there")


class Contacted(Event):
    """联系: whoever called was reached; counts for every ticket received by then."""

    kind: Literal["contacted"] = "contacted"
    by_means: Text = Field(description="telephone, in person, …")


class VisitBooked(Event):
    """预约到访时间."""

    kind: Literal["visit_booked"] = "visit_booked"
    booked_for: Instant = Field(description="when somebody will come")

    @model_validator(mode="after")
    def _later(self) -> Self:
        if self.booked_for < self.at:
            raise FieldError(
                f"booked_for: seen {self.booked_for.isoformat()}, expected not before at",
                zh=f"预约时间为 {written(self.booked_for)}，不应早于发生时间",
            )
        return self


class Visited(Event):
    """Somebody was there; a measurement is recorded in the claim."""

    kind: Literal["visited"] = "visited"
    found: Said = Field(description="what was found")


class Handled(Event):
    """办结: what was asked for is done, or why it cannot be."""

    kind: Literal["handled"] = "handled"
    done: Said = Field(description="what was done")


class CalledBack(Event):
    """回访, by who did not do the work."""

    kind: Literal["called_back"] = "called_back"
    reached: Truth = Field(description="whether anybody answered")


class Satisfied(Event):
    """满意, as the caller said in the call back."""

    kind: Literal["satisfied"] = "satisfied"


class Dissatisfied(Event):
    """不满意: the work order is open again."""

    kind: Literal["dissatisfied"] = "dissatisfied"
    because: Said = Field(description="what is still wrong")


class LinkedClaim(Event):
    """A refund claim of the household goes on from here."""

    by_act: ClassVar[str | None] = "supervise tickets join"
    kind: Literal["linked_claim"] = "linked_claim"
    claim: Text = Field(description="案号")

    @property
    def cited_claims(self) -> tuple[str, ...]:
        return (self.claim,)


class LinkedIncident(Event):
    """It is what an incident of the building's station brought about."""

    by_act: ClassVar[str | None] = "supervise tickets join"
    kind: Literal["linked_incident"] = "linked_incident"
    incident: Text = Field(description="number of the incident")

    @property
    def cited_matters(self) -> tuple[str, ...]:
        return (self.incident,)


class GroupComplaint(Event):
    """群体投诉: so many households of the building within 24 h."""

    kind: Literal["group_complaint"] = "group_complaint"
    households: Count = Field(description="of the group, when it was seen")
    work_orders: Count = Field(description="how many the group had, when it was seen")
    first_work_order: Text = Field(description="number of the one with the group's first call")

    @property
    def cited_matters(self) -> tuple[str, ...]:
        return (self.first_work_order,)


class Merged(Event):
    """合并 into another work order of the same home and topic, which takes its tickets."""

    by_act: ClassVar[str | None] = "supervise tickets merge"
    kind: Literal["merged"] = "merged"
    into: Text = Field(description="number of that work order")

    @property
    def cited_matters(self) -> tuple[str, ...]:
        return (self.into,)


class Closed(Event):
    """归档, after 办结."""

    kind: Literal["closed"] = "closed"


_LATER: Final = (
    TicketJoined,
    TicketLeft,
    TicketChanged,
    Assigned,
    Contacted,
    VisitBooked,
    Visited,
    Handled,
    CalledBack,
    Satisfied,
    Dissatisfied,
    LinkedClaim,
    LinkedIncident,
    GroupComplaint,
    Merged,
    Closed,
)

WHO: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "opened": _DESK | {ITSELF},
        "ticket_joined": _DESK | {ITSELF},
        "ticket_left": _DESK,
        "ticket_changed": frozenset({ITSELF}),
        "assigned": _DESK,
        "contacted": _COMPANY | {"hotline", "district"},
        "visit_booked": _COMPANY | {"hotline", "district"},
        "visited": _COMPANY | {"district"},
        "handled": frozenset({"company", "district"}),
        "called_back": _DESK,
        "satisfied": _DESK,
        "dissatisfied": _DESK,
        "linked_claim": _DESK | {"company"},
        "linked_incident": _DESK | {"company"},
        "group_complaint": frozenset({ITSELF}),
        "merged": _DESK,
        "closed": _DESK,
    }
)
"""Roles that may record each; whoever did the work does not ask whether it was well done."""

# --- where it stands --------------------------------------------------------------------------------------------------


class Call(Part):
    """A ticket of the work order."""

    line: str
    ticket_no: str
    received_at: dt.datetime
    contact_by: dt.datetime | None
    """None: no limit is known."""
    contacted_at: dt.datetime | None = None
    """The first contact or visit after the call."""


class WorkOrder(Part):
    """What the events of a work order come to."""

    topic: Topic
    building: str
    household: str | None
    company: str
    calls: tuple[Call, ...]
    """Its tickets, by when they were received."""
    contacts: tuple[dt.datetime, ...] = ()
    """Every contact and visit."""
    handle_by: dt.datetime | None = None
    """None: no limit is known."""
    assigned_at: dt.datetime | None = None
    visit_booked_for: dt.datetime | None = None
    visited_at: dt.datetime | None = None
    handled_at: dt.datetime | None = None
    """办结 that stands: one that the caller was not satisfied with does not."""
    called_back_at: dt.datetime | None = None
    reached: bool | None = None
    satisfied: bool | None = None
    """The last answer."""
    reopened: int = 0
    claim: str | None = None
    incident: str | None = None
    group: bool = False
    merged_into: str | None = None
    closed_at: dt.datetime | None = None

    @property
    def first_received_at(self) -> dt.datetime:
        """When the first call was taken."""
        return self.calls[0].received_at

    @property
    def due(self) -> tuple[dt.datetime, ...]:
        """Limits that are waited for."""
        waiting = [each.contact_by for each in self.calls if each.contacted_at is None]
        limits = [*waiting, None if self.handled_at else self.handle_by]
        return () if self.closed_at else tuple(limit for limit in limits if limit is not None)

    @property
    def step(self) -> str:
        """Where it stands, in a word."""
        reached = {
            "merged": self.merged_into,
            "closed": self.closed_at,
            "satisfied": self.satisfied and self.handled_at,
            "called_back": self.called_back_at,
            "handled": self.handled_at,
            "reopened": self.reopened,
            "visited": self.visited_at,
            "visit_booked": self.visit_booked_for,
            "contacted": self.contacts,
            "assigned": self.assigned_at,
        }
        return next((step for step, met in reached.items() if met), "opened")


def _with(state: WorkOrder, ground: Ground, **changes: Any) -> WorkOrder:
    """Change a state, and let its calls and limits follow."""
    changed = state.model_copy(update=changes)
    rules, pack = _hotlines(ground), ground.law.pack if ground.law else None
    contact, handle = contact_min(rules, pack, state.topic), handle_min(rules, state.topic)
    calls = sorted(changed.calls, key=lambda each: (each.received_at, each.line, each.ticket_no))
    told = tuple(
        each.model_copy(
            update={
                "contact_by": _after(each.received_at, contact),
                "contacted_at": min((at for at in changed.contacts if at >= each.received_at), default=None),
            }
        )
        for each in calls
    )
    return changed.model_copy(update={"calls": told, "handle_by": _after(told[0].received_at, handle)})


def _hotlines(ground: Ground) -> Hotlines | None:
    return ground.rules.hotlines if ground.rules else None


def _after(at: dt.datetime, minutes: int | None) -> dt.datetime | None:
    return None if minutes is None else at + dt.timedelta(minutes=minutes)


def _opened(event: Opened, ground: Ground) -> WorkOrder:
    call = _call(event, event.at)
    names = ("topic", "building", "household", "company")
    return _with(WorkOrder(calls=(call,), **{name: getattr(event, name) for name in names}), ground)


def _call(event: _OfTicket, received_at: dt.datetime) -> Call:
    return Call(line=event.line, ticket_no=event.ticket_no, received_at=received_at, contact_by=None)


def _of(state: WorkOrder, event: _OfTicket) -> list[Call]:
    return [each for each in state.calls if (each.line, each.ticket_no) == (event.line, event.ticket_no)]


def _check(state: WorkOrder, event: Event) -> None:
    """Hold an event against the tickets and the company of the work order."""
    match event:
        case TicketJoined() if _of(state, event):
            raise BadInput(
                f"ticket_joined: ticket {event.line} {event.ticket_no} is in this work order already",
                zh=f"并单：来件 {event.line} {event.ticket_no} 已在此工单中",
            )
        case TicketLeft() | TicketChanged() if not _of(state, event):
            raise BadInput(
                f"{event.name}: seen ticket {event.line} {event.ticket_no}, expected one of this work order",
                zh=f"{ZH[event.name]}：来件为 {event.line} {event.ticket_no}，应为此工单中的来件",
            )
        case Assigned(company=company) if company != state.company:
            raise BadInput(
                f"assigned: company: seen {company!r}, expected {state.company}, which heats the building",
                zh=f"派单：企业为“{company}”，应为向该楼供热的 {state.company}",
            )
        case _:
            pass


_OF_THE_ANSWER: Final = frozenset({"called_back", "satisfied", "dissatisfied", "closed"})


def _check_order(state: WorkOrder, event: Event) -> None:
    """Hold when it happened against what came before: no 办结 before the call, no 回访 before 办结.

    A contact may lie before: it may have answered a call that is not imported yet.
    """
    if event.name not in {"handled", *_OF_THE_ANSWER}:
        return
    since, what, zh_what = state.first_received_at, "the first call", "首次来电"
    if state.handled_at is not None and event.name in _OF_THE_ANSWER:
        since, what, zh_what = state.handled_at, "办结", "办结"
    if event.at < since:
        raise BadInput(
            f"{event.name}: at: seen {event.at.isoformat()}, expected not before {since.isoformat()}, {what}",
            zh=f"{ZH[event.name]}：发生时间为 {written(event.at)}，不应早于{zh_what}的时间 {written(since)}",
        )


_NOT_HANDLED: Final = {"handled_at": None, "called_back_at": None, "reached": None}
Changes = dict[str, Any]


@singledispatch
def _changes(_event: Event, _state: WorkOrder) -> Changes:
    """Say what an event changes; some stand in the file alone."""
    return {}


@_changes.register
def _(event: TicketJoined, state: WorkOrder) -> Changes:
    return {"calls": (*state.calls, _call(event, event.received_at))}


@_changes.register
def _(event: TicketLeft, state: WorkOrder) -> Changes:
    return {"calls": tuple(each for each in state.calls if each not in _of(state, event))}


@_changes.register
def _(event: Assigned, _: WorkOrder) -> Changes:
    return {"assigned_at": event.at}


@_changes.register
def _(event: Contacted, state: WorkOrder) -> Changes:
    return {"contacts": (*state.contacts, event.at)}


@_changes.register
def _(event: VisitBooked, _: WorkOrder) -> Changes:
    return {"visit_booked_for": event.booked_for}


@_changes.register
def _(event: Visited, state: WorkOrder) -> Changes:
    return {"visited_at": event.at, "contacts": (*state.contacts, event.at)}


@_changes.register
def _(event: Handled, _: WorkOrder) -> Changes:
    return {**_NOT_HANDLED, "handled_at": event.at}


@_changes.register
def _(event: CalledBack, _: WorkOrder) -> Changes:
    return {"called_back_at": event.at, "reached": event.reached}


@_changes.register
def _(_event: Satisfied, _: WorkOrder) -> Changes:
    return {"satisfied": True}


@_changes.register
def _(_event: Dissatisfied, state: WorkOrder) -> Changes:
    return {**_NOT_HANDLED, "satisfied": False, "reopened": state.reopened + 1}


@_changes.register
def _(event: LinkedClaim, _: WorkOrder) -> Changes:
    return {"claim": event.claim}


@_changes.register
def _(event: LinkedIncident, _: WorkOrder) -> Changes:
    return {"incident": event.incident}


@_changes.register
def _(_event: GroupComplaint, _: WorkOrder) -> Changes:
    return {"group": True}


@_changes.register
def _(event: Merged, _: WorkOrder) -> Changes:
    return {"merged_into": event.into, "closed_at": event.at}


@_changes.register
def _(event: Closed, _: WorkOrder) -> Changes:
    return {"closed_at": event.at}


class _WorkOrders:
    """The kind of matter."""

    name = NAME
    opening: tuple[type[Event], ...] = (Opened,)
    later: tuple[type[Event], ...] = _LATER
    who = WHO

    async def place(self, conn: AsyncConnection, event: Event) -> Place:
        """Find the home, or the building; BadInput where the registry has none, or another company heats it."""
        if not isinstance(event, Opened):
            raise TypeError(event.name)
        found = await tickets.spot(conn, event.building, event.household)
        if found is None:
            raise BadInput(
                f"opened: seen {event.household or event.building!r}, expected a home or building registered",
                zh=f"受理：所填为“{event.household or event.building}”，应为登记中的热用户或楼栋",
            )
        if found.company != event.company:
            raise BadInput(
                f"opened: company: seen {event.company!r}, expected {found.company}, which heats it",
                zh=f"受理：企业为“{event.company}”，应为向其供热的 {found.company}",
            )
        return Place(
            district_id=found.district_id,
            company_id=found.company_id,
            heat_source_id=found.heat_source_id,
            heat_station_id=found.heat_station_id,
            building_id=found.building_id,
            household_id=found.household_id,
        )

    def after(self, state: Any, recorded: Recorded, ground: Ground) -> BaseModel:
        """Fold an event."""
        event = recorded.event
        if isinstance(event, Opened):
            return _opened(event, ground)
        if not ground.past and event.name not in self.coming(state):
            raise BadInput(
                f"{event.name}: the work order is {state.step}; expected one of {', '.join(self.coming(state))}",
                zh=f"{ZH[event.name]}：该工单现为“{step(state.step)}”，"
                f"接下来可记录：{listed(self.coming(state), zh=ZH)}",
            )
        if not ground.past:
            _check_order(state, event)
        _check(state, event)
        return _with(state, ground, **_changes(event, state))

    def standing(self, state: WorkOrder, ground: Ground, now: dt.datetime) -> Standing:
        """Say where it stands now; `ground` speaks through the limits that the state holds."""
        del ground
        about = f"户号 {state.household}" if state.household else f"楼栋 {state.building}"
        headline = f"{TOPICS[state.topic]} · {about} · {len(state.calls)} ticket{'s' * (len(state.calls) > 1)}"
        group = " · 群体投诉" if state.group else ""
        due = min(state.due, default=None)
        until = None if due is None else next((at for at in (due - DAY, due) if at >= now), None)
        return Standing(headline + group, state.step, _urgency(state, now), due, state.closed_at, until)

    def coming(self, state: WorkOrder) -> tuple[str, ...]:
        """Say what may come next."""
        marks = ("ticket_changed", "group_complaint")
        if state.closed_at:
            return marks
        links = ("linked_claim",) * (state.household is not None) + ("linked_incident",)
        tickets_ = ("ticket_joined", *("ticket_left",) * (len(state.calls) > 1), "merged")
        return (*_next_of_the_work(state), *links, *tickets_, *marks)


def _next_of_the_work(state: WorkOrder) -> tuple[str, ...]:
    if state.handled_at is None:
        return ("assigned", "contacted", "visit_booked", "visited", "handled")
    answers = ("satisfied", "dissatisfied") if state.reached else ()
    return ("called_back", *answers, "contacted", "closed")


def _urgency(state: WorkOrder, now: dt.datetime) -> int:
    if state.closed_at:
        return CLOSED
    if (state.group and state.handled_at is None) or any(limit < now for limit in state.due):
        return NOW
    soon = state.topic in PRESSING or any(limit < now + DAY for limit in state.due)
    return SOON if soon and state.handled_at is None else ROUTINE


WORK_ORDERS: Final = _WorkOrders()
