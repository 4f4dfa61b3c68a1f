"""Where a claim stands: a pure fold over its events, in the order of their numbers.

测温 → 企业自行退费 → only if not → 申请区主管部门 → 复测 → 裁定 (退费 or 不退费) → 履行 (office 19); `claims.check`
says who may record what next. What must be paid is a whole: 裁定额 includes what was paid before it.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import singledispatch
from typing import Any, Final

from heatstream.claims import events
from heatstream.claims.events import Event, Outcome, Party

BY_AUTHORITY: Final = frozenset({"batch", "fixed_point", "officer"})
"""Ways of opening that are the authority's own watch."""
ITSELF: Final = "heatstream"
"""Stands for the officer, and for a role that no person has, where the software itself records."""


class Step(IntEnum):
    """The step a claim has reached; stored by its name in lower case."""

    OPENED = 1
    """受理"""
    MEASURED = 2
    """测温"""
    OFFERED = 3
    """企业提出自行退费"""
    ACCEPTED = 4
    """自行退费已接受"""
    APPLIED = 5
    """申请区主管部门"""
    RETESTED = 6
    """复测"""
    DRAFTED = 7
    """承办"""
    REVIEWED = 8
    """复核"""
    RULED = 9
    """审批: the ruling is issued"""
    SERVED = 10
    """送达 to both parties"""
    PERFORMED = 11
    """履行: what was ruled or accepted is paid"""
    CLOSED = 12
    """办结"""
    WITHDRAWN = 13
    """撤回"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it stands in the claim's log."""

    number: int
    """From 1, without a gap."""
    event: Event
    officer: str
    """工号 of who recorded it."""
    recorded_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Ruling:
    """裁定 as issued."""

    draft: events.RulingDrafted
    drafted_by: str
    reviewed_by: str
    approved_by: str
    doc_no: str
    issued_at: dt.datetime
    number: int
    """Of the event that issued it."""
    served: frozenset[Party] = frozenset()
    last_served_at: dt.datetime | None = None

    @property
    def served_to_both(self) -> bool:
        return self.served == {"household", "company"}

    @property
    def outcome(self) -> Outcome:
        return self.draft.outcome

    @property
    def fen(self) -> int:
        """裁定额 [fen]."""
        return self.draft.ruled_fen


@dataclass(frozen=True, slots=True)
class Allegation:
    """An exclusion, and what the authority found of it."""

    event: events.ExclusionAlleged
    proved: bool | None = None
    """None = alleged: nobody has decided."""


@dataclass(frozen=True, slots=True)
class Way:
    """What a claim's events come to."""

    recorded: tuple[Recorded, ...] = ()
    opened: events.Opened | None = None
    contacted_at: dt.datetime | None = None
    appointment: events.AppointmentMade | None = None
    visits: tuple[Recorded, ...] = ()
    """Of every kind, those without a measurement too."""
    escalated: Recorded | None = None
    inspection_asked: bool = False
    """A 街道 or 社区 asked the authority to look."""
    handled_at: dt.datetime | None = None
    cause: Recorded | None = None
    allegations: dict[int, Allegation] = field(default_factory=dict)
    """By the number of the allegation."""
    conditions: tuple[events.ConditionRecorded, ...] = ()
    presumptions: tuple[events.PresumptionRecorded, ...] = ()
    outages: tuple[events.OutageRecorded, ...] = ()
    offered: Recorded | None = None
    accepted: Recorded | None = None
    refused: Recorded | None = None
    applied: Recorded | None = None
    statements: tuple[Recorded, ...] = ()
    draft: Recorded | None = None
    review: Recorded | None = None
    """Of the draft that stands; None = not reviewed, or sent back."""
    ruling: Ruling | None = None
    revoked: tuple[Ruling, ...] = ()
    paid_fen: int = 0
    """Every payment together [fen]."""
    reviews: frozenset[int] = frozenset()
    """Numbers of the events that opened a 复核 nobody has closed."""
    closed: bool = False
    withdrawn: bool = False

    @property
    def rulings(self) -> dict[str, Ruling]:
        """Every ruling that was issued, by its 文号."""
        issued = (*self.revoked, *([self.ruling] if self.ruling else []))
        return {each.doc_no: each for each in issued}

    @property
    def next_number(self) -> int:
        return len(self.recorded) + 1

    @property
    def opened_at(self) -> dt.datetime:
        """The request.

        Raises
        ------
        ValueError
            Nothing was recorded yet.
        """
        if self.opened is None:
            raise ValueError("the claim has no event; expected it opened")
        return self.opened.at

    @property
    def opened_by_authority(self) -> bool:
        """Say whether it came from the authority's own watch: no application by the household is waited for."""
        return self.opened is not None and self.opened.way in BY_AUTHORITY

    @property
    def called_on_authority(self) -> bool:
        """Say whether the authority has a reason to measure by itself."""
        return bool(self.escalated or self.applied or self.inspection_asked or self.opened_by_authority)

    @property
    def heard(self) -> frozenset[Party]:
        """The parties whose 陈述 was taken."""
        return frozenset(each.event.by for each in self.statements if isinstance(each.event, events.StatementGiven))

    @property
    def measured(self) -> tuple[events.VisitRecorded, ...]:
        """The visits in which something was measured, in the order of their numbers."""
        return tuple(visit for visit in self.visited if visit.rooms)

    @property
    def visited(self) -> tuple[events.VisitRecorded, ...]:
        """Every visit, in the order of their numbers."""
        return tuple(each.event for each in self.visits if isinstance(each.event, events.VisitRecorded))

    @property
    def owed_fen(self) -> int | None:
        """What the standing ruling, else the accepted self-refund, says must be paid [fen]; None = neither stands."""
        if self.ruling is not None:
            return self.ruling.fen
        offer = self.offered.event if self.offered and self.accepted else None
        return offer.fen if isinstance(offer, events.SelfRefundOffered) else None

    @property
    def performed(self) -> bool:
        """Say whether what must be paid is paid."""
        return self.owed_fen is not None and self.paid_fen >= self.owed_fen

    @property
    def step(self) -> Step:
        """The step it has reached."""
        return next(step for step, reached in _steps(self) if reached)


def _steps(way: Way) -> list[tuple[Step, Any]]:
    """List the steps, the furthest first."""
    ruled = way.ruling
    return [
        (Step.WITHDRAWN, way.withdrawn),
        (Step.CLOSED, way.closed),
        (Step.PERFORMED, way.performed and (ruled is None or ruled.outcome == "refund")),
        (Step.SERVED, ruled and ruled.served_to_both),
        (Step.RULED, ruled),
        (Step.REVIEWED, way.review),
        (Step.DRAFTED, way.draft),
        (Step.RETESTED, way.applied and any(each.by == "authority" for each in way.visited)),
        (Step.APPLIED, way.applied),
        (Step.ACCEPTED, way.accepted),
        (Step.OFFERED, way.offered),
        (Step.MEASURED, way.measured),
        (Step.OPENED, True),
    ]


def fold(recorded: Iterable[Recorded]) -> Way:
    """Read a claim's events, in the order of their numbers, to where it stands."""
    way = Way()
    for each in recorded:
        way = after(way, each)
    return way


def after(way: Way, recorded: Recorded) -> Way:
    """Say where a claim stands after one event more; nothing is checked."""
    return replace(_after(recorded.event, way, recorded), recorded=(*way.recorded, recorded))


@singledispatch
def _after(event: Any, way: Way, each: Recorded) -> Way:
    """Most events are material for the facts and leave the way where it was."""
    del event, each
    return way


@_after.register
def _(event: events.Opened, way: Way, each: Recorded) -> Way:
    del each
    return replace(way, opened=event)


@_after.register
def _(event: events.Contacted, way: Way, each: Recorded) -> Way:
    del each
    return replace(way, contacted_at=min(way.contacted_at or event.at, event.at))


@_after.register
def _(event: events.AppointmentMade, way: Way, each: Recorded) -> Way:
    del each
    return replace(way, appointment=event)


@_after.register
def _(event: events.VisitRecorded, way: Way, each: Recorded) -> Way:
    del event
    return replace(way, visits=(*way.visits, each))


@_after.register
def _(event: events.Escalated, way: Way, each: Recorded) -> Way:
    del event
    return replace(way, escalated=way.escalated or each)


@_after.register
def _(event: events.Urged, way: Way, each: Recorded) -> Way:
    del each
    return replace(way, inspection_asked=way.inspection_asked or event.asks == "authority")


@_after.register
def _(event: events.HandlingReported, way: Way, each: Recorded) -> Way:
    del each
    return replace(way, handled_at=max(way.handled_at or event.at, event.at))


@_after.register
def _(event: events.CauseDetermined, way: Way, each: Recorded) -> Way:
    del event
    return replace(way, cause=each)


@_after.register
def _(event: events.ExclusionAlleged, way: Way, each: Recorded) -> Way:
    return replace(way, allegations=way.allegations | {each.number: Allegation(event)})


@_after.register
def _(event: events.ExclusionDecided, way: Way, each: Recorded) -> Way:
    del each
    decided = replace(way.allegations[event.allegation], proved=event.proved)
    return replace(way, allegations=way.allegations | {event.allegation: decided})


@_after.register
def _(event: events.ConditionRecorded, way: Way, each: Recorded) -> Way:
    del each
    return replace(way, conditions=(*way.conditions, event))


@_after.register
def _(event: events.PresumptionRecorded, way: Way, each: Recorded) -> Way:
    del each
    return replace(way, presumptions=(*way.presumptions, event))


@_after.register
def _(event: events.OutageRecorded, way: Way, each: Recorded) -> Way:
    del each
    return replace(way, outages=(*way.outages, event))


@_after.register
def _(event: events.SelfRefundOffered, way: Way, each: Recorded) -> Way:
    del event
    return replace(way, offered=each, accepted=None, refused=None)


@_after.register
def _(event: events.SelfRefundAccepted, way: Way, each: Recorded) -> Way:
    del event
    return replace(way, accepted=each)


@_after.register
def _(event: events.SelfRefundRefused, way: Way, each: Recorded) -> Way:
    del event
    return replace(way, refused=each, offered=None, accepted=None)


@_after.register
def _(event: events.AuthorityApplied, way: Way, each: Recorded) -> Way:
    del event
    return replace(way, applied=each)


@_after.register
def _(event: events.StatementGiven, way: Way, each: Recorded) -> Way:
    del event
    return replace(way, statements=(*way.statements, each))


@_after.register
def _(event: events.RulingDrafted, way: Way, each: Recorded) -> Way:
    del event
    return replace(way, draft=each, review=None)


@_after.register
def _(event: events.RulingReviewed, way: Way, each: Recorded) -> Way:
    return replace(way, review=each) if event.agrees else _sent_back(way)


def _sent_back(way: Way) -> Way:
    return replace(way, draft=None, review=None)


@_after.register
def _(event: events.RulingApproved, way: Way, each: Recorded) -> Way:
    if not event.agrees:
        return _sent_back(way)
    if way.draft is None or way.review is None or not isinstance(way.draft.event, events.RulingDrafted):
        raise ValueError(f"event {each.number} approves a ruling that nobody drafted and reviewed")
    ruling = Ruling(
        draft=way.draft.event,
        drafted_by=way.draft.officer,
        reviewed_by=way.review.officer,
        approved_by=each.officer,
        doc_no=event.doc_no or "",
        issued_at=event.at,
        number=each.number,
    )
    return replace(_sent_back(way), ruling=ruling)


@_after.register
def _(event: events.RulingServed, way: Way, each: Recorded) -> Way:
    if way.ruling is None:
        raise ValueError(f"event {each.number} serves a ruling that does not stand")
    last = max(way.ruling.last_served_at or event.at, event.at)
    served = replace(way.ruling, served=way.ruling.served | {event.recipient}, last_served_at=last)
    return replace(way, ruling=served)


@_after.register
def _(event: events.PaymentMade, way: Way, each: Recorded) -> Way:
    del each
    return replace(way, paid_fen=way.paid_fen + event.fen)


@_after.register
def _(event: events.RulingRevoked, way: Way, each: Recorded) -> Way:
    del event
    if way.ruling is None:
        raise ValueError(f"event {each.number} revokes a ruling that does not stand")
    return replace(way, ruling=None, revoked=(*way.revoked, way.ruling), closed=False)


@_after.register
def _(event: events.ReviewOpened, way: Way, each: Recorded) -> Way:
    del event
    return replace(way, reviews=way.reviews | {each.number})


@_after.register
def _(event: events.ReviewClosed, way: Way, each: Recorded) -> Way:
    del each
    return replace(way, reviews=way.reviews - {event.review})


@_after.register
def _(event: events.Closed, way: Way, each: Recorded) -> Way:
    del event, each
    return replace(way, closed=True)


@_after.register
def _(event: events.Withdrawn, way: Way, each: Recorded) -> Way:
    del event, each
    return replace(way, withdrawn=True)
