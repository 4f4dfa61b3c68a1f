"""What follows beyond a grade: 责令整改 with its deadline and 复查, 提示函, 约谈, 通报, and the file of 取消经营资格.

An order is the authority's. The company answers in it, and whether it mended is found by a 复查, not by its report.
Revoking a licence takes three people: who proposes (承办), who reviews (复核), who decides (审批).
"""

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, Self

from pydantic import Field, model_validator
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims.event_words import FIELDS
from heatstream.claims.events import Day, Instant, Part, Text, Truth, written
from heatstream.errors import BadInput, FieldError, Refused
from heatstream.rules.supervision.law import RATED_AND_REVOKED
from heatstream.store import matters
from heatstream.store.read import companies
from heatstream.store.timescale import LOCAL
from heatstream.supervision.event_words import listed, names_zh, step
from heatstream.supervision.matter import CLOSED, NOW, ROUTINE, SOON, Ground, Place, Recorded, Standing
from heatstream.supervision.told import Event

ZH: Final = names_zh("order")

NAME: Final = "order"
AUTHORITY: Final = frozenset({"district", "city"})
OF_THE_COMPANY: Final = frozenset({"company", *AUTHORITY})
"""The company itself, or an officer who takes its paper."""

Form = Literal["rectification", "letter", "interview", "circular", "revocation"]
WORDS: Final[Mapping[Form, str]] = MappingProxyType(
    {
        "rectification": "责令整改",
        "letter": "提示函",
        "interview": "约谈",
        "circular": "通报",
        "revocation": "取消经营资格",
    }
)


# --- events -----------------------------------------------------------------------------------------------------------


class _Opening(Event):
    """What opens an order: whom it is to, and what it rests on."""

    company: Text = Field(description="code of the 供热企业")
    district: Text | None = Field(None, description="code of the 区县 it lies in; null = the whole city")
    cites: tuple[Text, ...] = Field((), description="numbers of the matters it rests on")

    @property
    def cited_matters(self) -> tuple[str, ...]:
        """Matters it rests on."""
        return self.cites


class OrderIssued(_Opening):
    """责令整改."""

    kind: Literal["order_issued"] = "order_issued"
    doc_no: Text = Field(description="文号")
    grounds: Text = Field(description="what is wrong, and by which rule")
    must_do: tuple[Text, ...] = Field(min_length=1, description="what must be done")
    deadline: Day = Field(description="the last day to do it")
    reinspect_by: Day | None = Field(None, description="the last day of the 复查; null = none is set")

    @model_validator(mode="after")
    def _forward(self) -> Self:
        _after_day("deadline", self.deadline, self.at)
        if self.reinspect_by is not None and self.reinspect_by < self.deadline:
            raise FieldError(
                f"reinspect_by: seen {self.reinspect_by}, expected not before deadline {self.deadline}",
                zh=f"复查期限为 {self.reinspect_by}，不应早于整改期限 {self.deadline}",
            )
        return self


class LetterSent(_Opening):
    """提示函."""

    kind: Literal["letter_sent"] = "letter_sent"
    doc_no: Text = Field(description="文号")
    text: Text = Field(description="what it points out")
    answer_by: Day | None = Field(None, description="the last day to answer; null = none is set")

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.answer_by is not None:
            _after_day("answer_by", self.answer_by, self.at)
        return self


class Summoned(_Opening):
    """约谈 is called."""

    kind: Literal["summoned"] = "summoned"
    doc_no: Text | None = Field(None, description="文号, where there is one")
    people: tuple[Text, ...] = Field(min_length=1, description="who must come, by name and office")
    meeting_at: Instant = Field(description="when")
    place: Text = Field(description="where")
    about: Text = Field(description="about what")


class Notified(_Opening):
    """通报."""

    kind: Literal["notified"] = "notified"
    doc_no: Text = Field(description="文号")
    text: Text = Field(description="what it says")
    addressed_to: tuple[Text, ...] = Field(min_length=1, description="to whom it went")


class RevocationProposed(_Opening):
    """取消经营资格 is proposed (承办)."""

    kind: Literal["revocation_proposed"] = "revocation_proposed"
    ground: Literal["order_not_kept", "grave_low_running"] = Field(
        description="`order_not_kept`: 整改后仍未达到要求; `grave_low_running`: 无故低温运行, 情节严重"
    )
    order: Text | None = Field(
        None, description="with `order_not_kept`: number of the order that a 复查 found not kept"
    )
    licence_no: Text = Field(description="the 经营许可证 it is about")
    facts: tuple[Text, ...] = Field(min_length=1, description="what was found")

    @model_validator(mode="after")
    def _order_named(self) -> Self:
        if (self.ground == "order_not_kept") != (self.order is not None):
            raise FieldError(
                "order: expected with ground `order_not_kept`, and with it alone",
                zh="提请事由为拒不整改的应填写，否则应不填",
            )
        return self

    @property
    def cited_matters(self) -> tuple[str, ...]:
        """Matters it rests on, and the order that was not kept."""
        return (*self.cites, *([self.order] if self.order else []))


class Extended(Event):
    """The deadline is moved."""

    kind: Literal["extended"] = "extended"
    deadline: Day = Field(description="the last day from now on")
    reinspect_by: Day | None = Field(None, description="the last day of the 复查; null = none is set")


class CompanyStated(Event):
    """陈述 of the company, or its answer."""

    kind: Literal["company_stated"] = "company_stated"
    text: Text = Field(description="what it states, in its own words")


class DoneReported(Event):
    """The company reports that it has done what it was told; whether it has, a 复查 finds."""

    kind: Literal["done_reported"] = "done_reported"
    done: Text = Field(description="what was done")


class Reinspected(Event):
    """复查."""

    kind: Literal["reinspected"] = "reinspected"
    passed: Truth = Field(description="what was ordered is done")
    found: Text = Field(description="what was found")
    inspectors: tuple[Text, ...] = Field(min_length=1, description="who looked, by name")


class InterviewHeld(Event):
    """约谈 took place."""

    kind: Literal["interview_held"] = "interview_held"
    came: tuple[Text, ...] = Field(description="who came, by name; none = nobody")
    agreed: Text = Field(description="what was said and agreed")


class HearingGiven(Event):
    """The company was told of its right to a hearing, and it was held or waived."""

    kind: Literal["hearing_given"] = "hearing_given"
    outcome: Literal["held", "waived"] = Field(description="`held` 听证, `waived`: the company asked for none")
    record: Text = Field(description="what it said, or how it waived")


class RevocationReviewed(Event):
    """复核 of the proposal, by another person."""

    kind: Literal["revocation_reviewed"] = "revocation_reviewed"
    agrees: Truth = Field(description="the reviewer agrees")
    opinion: Text = Field(description="why")


class RevocationDecided(Event):
    """审批, by a third person."""

    kind: Literal["revocation_decided"] = "revocation_decided"
    revoke: Truth = Field(description="the licence is revoked")
    doc_no: Text = Field(description="文号 of the decision")
    opinion: Text = Field(description="why")


class OrderClosed(Event):
    """The file is closed."""

    kind: Literal["order_closed"] = "order_closed"
    outcome: Text = Field(description="what came of it")


def _after_day(name: str, day: dt.date, at: dt.datetime) -> None:
    issued = at.astimezone(LOCAL).date()
    if day < issued:
        raise FieldError(
            f"{name}: seen {day}, expected not before {issued}, the day it is issued",
            zh=f"{FIELDS[name][0]}为 {day}，不应早于下达之日 {issued}",
        )


# --- what they fold into ----------------------------------------------------------------------------------------------

OPENED: Final[Mapping[str, tuple[Form, str]]] = MappingProxyType(
    {
        "order_issued": ("rectification", "issued"),
        "letter_sent": ("letter", "sent"),
        "summoned": ("interview", "summoned"),
        "notified": ("circular", "notified"),
        "revocation_proposed": ("revocation", "proposed"),
    }
)
FOLLOWS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "issued": frozenset({"extended", "done_reported", "reinspected"}),
        "done_reported": frozenset({"extended", "reinspected"}),
        "failed": frozenset({"extended", "done_reported", "reinspected", "order_closed"}),
        "passed": frozenset({"order_closed"}),
        "sent": frozenset({"order_closed"}),
        "summoned": frozenset({"interview_held", "order_closed"}),
        "interview_held": frozenset({"order_closed"}),
        "notified": frozenset({"order_closed"}),
        "proposed": frozenset({"hearing_given", "order_closed"}),
        "heard": frozenset({"revocation_reviewed", "order_closed"}),
        "reviewed": frozenset({"revocation_decided", "order_closed"}),
        "not_agreed": frozenset({"revocation_reviewed", "order_closed"}),
        "revoked": frozenset({"order_closed"}),
        "not_revoked": frozenset({"order_closed"}),
        "closed": frozenset(),
    }
)
"""What may come next at each step; a statement of the company may always come."""


class Statement(Part):
    """What the company stated."""

    at: Instant
    text: Text


class Order(Part):
    """Where an order stands."""

    form: Form
    company: Text
    step: Text
    opened_at: Instant
    stepped_at: Instant | None = None
    """When the event was that brought it where it stands; the next answers it."""
    doc_no: Text | None = None
    deadline: Day | None = None
    reinspect_by: Day | None = None
    meeting_at: Instant | None = None
    answer_by: Day | None = None
    extensions: int = 0
    failures: int = 0
    """复查 that found it not done."""
    statements: tuple[Statement, ...] = ()
    done_at: Instant | None = None
    """When the company reported it done; None again where a 复查 finds it is not, or the deadline is moved."""
    mended_at: Instant | None = None
    """When a 复查 found it done."""
    drafted_by: Text | None = None
    reviewed_by: Text | None = None
    decided_by: Text | None = None
    closed_at: Instant | None = None
    outcome: Text | None = None

    def overdue_at(self, now: dt.datetime) -> bool:
        """Say whether the deadline has passed and nothing was reported or found done."""
        end = _end_of(self.deadline)
        return self.step == "issued" and end is not None and end <= now


class OrderKind:
    """An order as a matter."""

    name = NAME
    opening = (OrderIssued, LetterSent, Summoned, Notified, RevocationProposed)
    later = (
        Extended,
        CompanyStated,
        DoneReported,
        Reinspected,
        InterviewHeld,
        HearingGiven,
        RevocationReviewed,
        RevocationDecided,
        OrderClosed,
    )
    who: Mapping[str, frozenset[str]] = MappingProxyType(
        {
            "order_issued": AUTHORITY,
            "letter_sent": AUTHORITY | {"province"},
            "summoned": AUTHORITY | {"province"},
            "notified": AUTHORITY | {"province"},
            "revocation_proposed": AUTHORITY,
            "extended": AUTHORITY,
            "company_stated": OF_THE_COMPANY,
            "done_reported": OF_THE_COMPANY,
            "reinspected": AUTHORITY,
            "interview_held": AUTHORITY | {"province"},
            "hearing_given": AUTHORITY,
            "revocation_reviewed": AUTHORITY,
            "revocation_decided": AUTHORITY,
            "order_closed": AUTHORITY | {"province"},
        }
    )

    async def place(self, conn: AsyncConnection, event: Event) -> Place:
        """Find whom it is to, and see that an order said not to be kept was found so."""
        if not isinstance(event, _Opening):
            raise TypeError(f"seen {event.name}, expected what opens an order: the desk sees to it")
        company_id = await companies.id_of(conn, event.company)
        if isinstance(event, RevocationProposed) and event.order is not None:
            await _expect_not_kept(conn, event.order, company_id)
        district_id = None if event.district is None else await companies.district_id_of(conn, event.district)
        return Place(company_id=company_id, district_id=district_id)

    def after(self, state: Order | None, recorded: Recorded, ground: Ground) -> Order:
        """Fold an event."""
        event = recorded.event
        if state is None:
            return _opened(event, recorded)
        if event.name not in self.coming(state):
            raise BadInput(
                f"{event.name}: {WORDS[state.form]} stands at {state.step}; "
                f"expected {', '.join(self.coming(state)) or 'nothing'}",
                zh=f"{ZH[event.name]}：该{WORDS[state.form]}现为“{step(state.step)}”，"
                f"接下来可记录：{listed(self.coming(state), zh=ZH)}",
            )
        if not ground.past:
            _expect_after(state, event)
        return state.model_copy(update=_changes(state, event, recorded))

    def standing(self, state: Order, ground: Ground, now: dt.datetime) -> Standing:
        """Say where it stands, and which day it waits for."""
        del ground
        headline = f"{WORDS[state.form]} {state.company}" + (f" {state.doc_no}" if state.doc_no else "")
        if state.step == "closed":
            return Standing(f"{headline}: {state.outcome}", state.step, CLOSED, closed_at=state.closed_at)
        if state.overdue_at(now):
            late = f"{headline}: 逾期 overdue since {state.deadline}"
            return Standing(late, "overdue", NOW, next_due_at=_end_of(state.deadline))
        due = _waits_for(state)
        passed = due is not None and due <= now
        urgency = NOW if passed else _urgency(state)
        return Standing(headline, state.step, urgency, next_due_at=due, stands_until=None if passed else due)

    def coming(self, state: Order) -> tuple[str, ...]:
        """Tell what may come next."""
        stated = () if state.step == "closed" else ("company_stated",)
        return (*sorted(FOLLOWS[state.step]), *stated)


ORDER = OrderKind()


async def _expect_not_kept(conn: AsyncConnection, code: str, company_id: int) -> None:
    found = await matters.by_code(conn, code)
    of_it = found is not None and found.kind == NAME and found.company_id == company_id
    if found is None or not of_it or not found.state["failures"] or found.state["mended_at"]:
        raise Refused(
            f"revocation_proposed: order: seen {code!r}, expected an order to the same company that a 复查 found not "
            f"kept: {RATED_AND_REVOKED.doc_no}: {RATED_AND_REVOKED.quote}",
            zh=f"提请取消经营资格：督办编号为“{code}”，应为对同一企业、复查认定未整改到位的督办："
            f"{RATED_AND_REVOKED.doc_no}：{RATED_AND_REVOKED.quote}",
        )


def _opened(event: Event, recorded: Recorded) -> Order:
    if not isinstance(event, _Opening):
        raise TypeError(f"seen {event.name}, expected what opens an order: the desk sees to it")
    form, step = OPENED[event.name]
    told = {name: getattr(event, name, None) for name in ("doc_no", "deadline", "reinspect_by", "answer_by")}
    proposed = recorded.officer.code if form == "revocation" else None
    return Order(
        form=form,
        company=event.company,
        step=step,
        opened_at=event.at,
        stepped_at=event.at,
        meeting_at=getattr(event, "meeting_at", None),
        drafted_by=proposed,
        **told,
    )


MOVES: Final[Mapping[str, str]] = MappingProxyType({"interview_held": "interview_held", "hearing_given": "heard"})
"""Events that move an order to a step and say no more."""


def _expect_after(state: Order, event: Event) -> None:
    """No event lies before the one it answers; a statement of the company answers what opened the matter."""
    answered = None if isinstance(event, CompanyStated) else state.stepped_at
    since, what, zh_what = (
        (state.opened_at, "it was opened", "立此事项")
        if answered is None
        else (answered, f"it stood at {state.step}", f"进入“{step(state.step)}”")
    )
    if event.at < since:
        raise BadInput(
            f"{event.name}: at: seen {event.at.astimezone(LOCAL).isoformat()}, "
            f"expected not before {since.astimezone(LOCAL).isoformat()}, when {what}",
            zh=f"{ZH[event.name]}：发生时间为 {written(event.at)}，不应早于{zh_what}的时间 {written(since)}",
        )


def _changes(state: Order, event: Event, recorded: Recorded) -> dict[str, Any]:
    if isinstance(event, CompanyStated):
        return {"statements": (*state.statements, Statement(at=event.at, text=event.text))}
    return {**_moved(state, event, recorded), "stepped_at": event.at}


def _moved(state: Order, event: Event, recorded: Recorded) -> dict[str, Any]:
    match event:
        case Extended():
            changed = _extended(state, event)
        case Reinspected(passed=passed, at=at):
            changed = {"step": "passed", "mended_at": at} if passed else _failed(state)
        case RevocationReviewed() | RevocationDecided():
            changed = _ruled(state, event, recorded.officer.code)
        case OrderClosed(at=at, outcome=outcome):
            changed = {"step": "closed", "closed_at": at, "outcome": outcome}
        case DoneReported(at=at):
            changed = {"step": "done_reported", "done_at": at}
        case _:
            changed = {"step": MOVES[event.name]}
    return changed


def _failed(state: Order) -> dict[str, Any]:
    return {"step": "failed", "failures": state.failures + 1, "done_at": None}


def _extended(state: Order, event: Extended) -> dict[str, Any]:
    if state.deadline is not None and event.deadline <= state.deadline:
        raise BadInput(
            f"extended: deadline: seen {event.deadline}, expected after {state.deadline}, which stands",
            zh=f"延期：整改期限为 {event.deadline}，应晚于现行期限 {state.deadline}",
        )
    return {
        "step": "issued",
        "done_at": None,
        "deadline": event.deadline,
        "reinspect_by": event.reinspect_by,
        "extensions": state.extensions + 1,
    }


def _ruled(state: Order, event: RevocationReviewed | RevocationDecided, officer: str) -> dict[str, Any]:
    """Three people: who proposed, who reviews, who decides."""
    before = [each for each in (state.drafted_by, state.reviewed_by) if each is not None]
    if isinstance(event, RevocationReviewed):
        before = before[:1]
    if officer in before:
        raise Refused(
            f"{event.name} by {officer}: expected another person than {' and '.join(before)}: "
            "承办, 复核 and 审批 are three",
            zh=f"{ZH[event.name]}（{officer}）：应为 {'、'.join(before)} 以外的人；承办、复核、审批应为三人",
        )
    if isinstance(event, RevocationReviewed):
        return {"step": "reviewed" if event.agrees else "not_agreed", "reviewed_by": officer}
    return {"step": "revoked" if event.revoke else "not_revoked", "decided_by": officer, "doc_no": event.doc_no}


def _waits_for(state: Order) -> dt.datetime | None:
    match state.step:
        case "issued":
            return _end_of(state.deadline)
        case "done_reported":
            return _end_of(state.reinspect_by)
        case "summoned":
            return state.meeting_at
        case "sent":
            return None if state.statements else _end_of(state.answer_by)
        case _:
            return None


def _urgency(state: Order) -> int:
    """A 复查 that is due, and an order that was not kept, wait for the authority."""
    return {"done_reported": SOON, "failed": NOW}.get(state.step, ROUTINE)


def _end_of(day: dt.date | None) -> dt.datetime | None:
    return None if day is None else dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), LOCAL)
