"""What the events of an incident come to. Pure: nothing here asks the store, a rule or a clock."""

import datetime as dt
from functools import singledispatch
from typing import Any, Final

from heatstream.claims.events import Cause, Instant, Part, written
from heatstream.errors import BadInput
from heatstream.supervision.event_words import names_zh
from heatstream.supervision.incident import incidents as told
from heatstream.supervision.matter import Recorded

ZH: Final = names_zh("incident")


class Span(told.TakenSpan):
    """What the software saw, as it stands."""

    withdrawn: bool = False


class Finding(told.Bounds):
    """The 经核查 that stands."""

    number: int
    without_cause: bool
    cause: Cause
    names: tuple[str, ...]
    supply: str
    homes: str
    partly_heated: tuple[told.Bounds, ...]


class Passed(Part):
    """A limit that passed, as the software recorded it."""

    accident_class: told.ClassName
    limit: Instant


class Incident(Part):
    """An incident where it stands."""

    what: told.What
    opened_at: Instant
    station: str | None = None
    source: str | None = None
    reported_at: Instant | None = None
    reported_begins: Instant | None = None
    stops_heat: bool = True
    spans: tuple[Span, ...] = ()
    component: str | None = None
    component_place: str | None = None
    estimates: tuple[told.TakenEstimate, ...] = ()
    """In the order they were recorded in."""
    notices: tuple[told.TakenNotice, ...] = ()
    restored_at: Instant | None = None
    """As the company says."""
    verified: Finding | None = None
    moved_since: bool = False
    """Later data touched a span after an officer had verified or closed it."""
    passed: tuple[Passed, ...] = ()
    cases: tuple[str, ...] = ()
    """Batch cases: one, or one a district."""
    claims: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    taken_in: tuple[str, ...] = ()
    touched: bool = False
    """A person recorded something."""
    merged_into: str | None = None
    dismissed: bool = False
    closed_at: Instant | None = None

    @property
    def standing_spans(self) -> tuple[Span, ...]:
        return tuple(each for each in self.spans if not each.withdrawn)

    @property
    def withdrawn(self) -> bool:
        """Say whether everything it rested on was withdrawn, and nobody reported it."""
        return bool(self.spans) and not self.standing_spans and self.reported_at is None

    @property
    def certain(self) -> bool:
        """Say whether both sides show it, or somebody reported or verified it."""
        by_person = self.reported_at is not None or self.verified is not None
        return by_person or any(each.certain for each in self.standing_spans)

    @property
    def begins(self) -> dt.datetime:
        """Since when: as verified, else as the meter shows, else as reported."""
        if self.verified is not None:
            return self.verified.begins
        spans = self.standing_spans or (() if self.reported_begins else self.spans)
        return min((each.begins for each in spans), default=None) or self.reported_begins or self.opened_at

    @property
    def ends(self) -> dt.datetime | None:
        """Until when, in the same order; None = it goes on, for what ended before it began says nothing of it."""
        found = self._told_end
        return found if found is not None and found > self.begins else None

    @property
    def _told_end(self) -> dt.datetime | None:
        if self.verified is not None and self.verified.ends is not None:
            return self.verified.ends
        spans = self.standing_spans or (() if self.reported_begins else self.spans)
        if not spans:
            return self.restored_at
        ends = [each.ends for each in spans]
        return None if None in ends else max(each for each in ends if each is not None)

    @property
    def contested(self) -> bool:
        """Say whether the company says that heat is back while the meter does not show it."""
        return self.restored_at is not None and self.ends is None

    @property
    def is_accident(self) -> bool:
        """Say whether heat stopped within the season, so that repair limits run."""
        return self.what == "interruption" or (self.what == "breakdown" and self.stops_heat)

    @property
    def step(self) -> str:
        """Where it stands, the furthest first."""
        reached = (
            ("merged", self.merged_into),
            ("dismissed", self.dismissed),
            ("withdrawn", self.withdrawn),
            ("closed", self.closed_at),
            ("batch_opened", self.cases),
            ("verified", self.verified),
            ("ended", self.ends),
        )
        return next((name for name, is_so in reached if is_so), "open")


STEPS = {
    "open": "进行中",
    "ended": "已恢复",
    "verified": "已核查",
    "batch_opened": "已批量立案",
    "withdrawn": "已撤销",
    "closed": "办结",
    "dismissed": "不成立",
    "merged": "已并案",
}


def opened(recorded: Recorded) -> Incident:
    """Begin an incident by the event that opens it."""
    match recorded.event:
        case told.SpanSeen() as seen:
            return Incident(what=seen.what, opened_at=seen.at, station=seen.station, spans=(_span(seen),))
        case told.Reported() as seen:
            return Incident(
                what=seen.what,
                opened_at=seen.at,
                station=seen.station,
                source=seen.source,
                reported_at=seen.at,
                reported_begins=seen.begins,
                stops_heat=seen.stops_heat,
                touched=True,
            )
        case other:
            raise BadInput(
                f"{other.name}: opens no incident; expected span_seen or reported",
                zh=f"{ZH[other.name]}：不能立事件，应先有{ZH['span_seen']}或{ZH['reported']}",
            )


def after(state: Incident, recorded: Recorded) -> Incident:
    """Say where an incident stands after one event more.

    Raises
    ------
    BadInput
        The event contradicts what was recorded.
    """
    event = recorded.event
    if state.merged_into or (state.closed_at is not None and not isinstance(event, SOFTWARE | told.Linked)):
        into = f", everything goes on in {state.merged_into}" if state.merged_into else ""
        zh_into = f"，其后均记入 {state.merged_into}" if state.merged_into else ""
        raise BadInput(
            f"{event.name}: the incident is {STEPS[state.step]} {state.step}{into}; expected an open one",
            zh=f"{ZH[event.name]}：该事件{STEPS[state.step]}{zh_into}，应为进行中的事件",
        )
    changes = _after(event, state, recorded)
    return state.model_copy(update={"touched": state.touched or not isinstance(event, SOFTWARE), **changes})


SOFTWARE = told.SpanSeen | told.SpanChanged | told.SpanEnded | told.SpanWithdrawn | told.Escalated


def _span(seen: told.SpanSeen) -> Span:
    return Span(
        span=seen.span,
        what=seen.what,
        station=seen.station,
        begins=seen.begins,
        ends=seen.ends,
        known_at=seen.known_at,
        certain=seen.certain,
    )


@singledispatch
def _after(event: Any, state: Incident, recorded: Recorded) -> dict[str, Any]:
    """Give the fields that an event changes."""
    del state, recorded
    raise BadInput(
        f"{event.name}: an incident is open already; expected an event within one",
        zh=f"{ZH[event.name]}：事件已立，应为事件中的记录",
    )


# --- by the software --------------------------------------------------------------------------------------------------


def _moved(state: Incident, event: Any, **changes: Any) -> dict[str, Any]:
    """Change one span; a finding that an officer made before it says so from now on."""
    if event.span not in {each.span for each in state.spans}:
        known = [str(each.span) for each in state.spans]
        raise BadInput(
            f"{event.name}: span: seen {event.span}, expected one of this incident ({', '.join(known) or 'none'})",
            zh=f"{ZH[event.name]}：时段为 {event.span}，应为此事件的时段（{'、'.join(known) or '无'}）",
        )
    spans = tuple(each.model_copy(update=changes) if each.span == event.span else each for each in state.spans)
    looked_at = state.verified is not None or (state.closed_at is not None and state.touched)
    made = {"spans": spans, "moved_since": state.moved_since or looked_at}
    return made | {"closed_at": _closed_by_itself(state, state.model_copy(update=made), event.at)}


def _closed_by_itself(before: Incident, now: Incident, at: dt.datetime) -> dt.datetime | None:
    """Close what the software takes back and nobody has looked at, and open it again where it comes back."""
    if now.touched:
        return before.closed_at
    return (before.closed_at or at) if now.withdrawn else None


@_after.register
def _(event: told.SpanChanged, state: Incident, recorded: Recorded) -> dict[str, Any]:
    del recorded
    changes = {name: getattr(event, name) for name in ("begins", "ends", "known_at", "certain")}
    return _moved(state, event, withdrawn=False, **changes)


@_after.register
def _(event: told.SpanEnded, state: Incident, recorded: Recorded) -> dict[str, Any]:
    del recorded
    begins = [each.begins for each in state.spans if each.span == event.span]
    if begins and event.ends <= begins[0]:
        raise BadInput(
            f"{event.name}: ends: seen {event.ends.isoformat()}, expected after {begins[0].isoformat()}",
            zh=f"{ZH[event.name]}：结束时间为 {written(event.ends)}，应晚于 {written(begins[0])}",
        )
    return _moved(state, event, ends=event.ends)


@_after.register
def _(event: told.SpanWithdrawn, state: Incident, recorded: Recorded) -> dict[str, Any]:
    del recorded
    return _moved(state, event, withdrawn=True)


@_after.register
def _(event: told.Escalated, state: Incident, recorded: Recorded) -> dict[str, Any]:
    del recorded
    if event.accident_class in {each.accident_class for each in state.passed}:
        raise BadInput(
            f"{event.name}: the limit of {event.accident_class} was recorded as passed already",
            zh=f"{ZH[event.name]}：等级 {event.accident_class} 的抢修时限已记录为超过",
        )
    return {"passed": (*state.passed, Passed(accident_class=event.accident_class, limit=event.limit))}


# --- by persons -------------------------------------------------------------------------------------------------------


@_after.register
def _(event: told.Breakdown, state: Incident, recorded: Recorded) -> dict[str, Any]:
    del state, recorded
    return {"component": event.component, "component_place": event.place}


@_after.register
def _(event: told.Estimated, state: Incident, recorded: Recorded) -> dict[str, Any]:
    if event.restored_by <= state.begins:
        raise BadInput(
            f"{event.name}: restored_by: seen {event.restored_by.isoformat()}, expected after it began, "
            f"{state.begins.isoformat()}",
            zh=f"{ZH[event.name]}：预计恢复时间为 {written(event.restored_by)}，应晚于开始时间 {written(state.begins)}",
        )
    if state.ends is not None and event.at > state.ends:
        raise BadInput(
            f"{event.name}: heat was back at {state.ends.isoformat()}; expected an estimate before it",
            zh=f"{ZH[event.name]}：供热已于 {written(state.ends)} 恢复，应在此之前估计",
        )
    made = told.TakenEstimate(
        at=event.at, recorded_at=recorded.at, given_by=event.given_by, restored_by=event.restored_by
    )
    return {"estimates": (*state.estimates, made)}


@_after.register
def _(event: told.NoticeGiven, state: Incident, recorded: Recorded) -> dict[str, Any]:
    del recorded
    made = told.TakenNotice(at=event.at, to=event.to, how=event.how, planned=event.planned)
    return {"notices": (*state.notices, made)}


@_after.register
def _(event: told.Restored, state: Incident, recorded: Recorded) -> dict[str, Any]:
    del recorded
    if event.at <= state.begins:
        raise BadInput(
            f"{event.name}: at: seen {event.at.isoformat()}, expected after {state.begins.isoformat()}",
            zh=f"{ZH[event.name]}：发生时间为 {written(event.at)}，应晚于开始时间 {written(state.begins)}",
        )
    return {"restored_at": event.at}


@_after.register
def _(event: told.Verified, state: Incident, recorded: Recorded) -> dict[str, Any]:
    if state.cases:
        raise BadInput(
            f"{event.name}: batch case {state.cases[0]} rests on the finding; expected it before the case",
            zh=f"{ZH[event.name]}：批量退费案 {state.cases[0]} 已以前次核查为据，应在立案之前核查",
        )
    told_of = event.model_dump(include=set(Finding.model_fields))
    return {"verified": Finding(number=recorded.number, **told_of), "moved_since": False}


@_after.register
def _(event: told.Dismissed, state: Incident, recorded: Recorded) -> dict[str, Any]:
    del recorded
    if state.cases:
        raise BadInput(
            f"{event.name}: batch case {state.cases[0]} was opened for it; expected its claims settled",
            zh=f"{ZH[event.name]}：已为其立批量退费案 {state.cases[0]}，应办结其案件",
        )
    return {"dismissed": True, "closed_at": event.at}


@_after.register
def _(event: told.BatchOpened, state: Incident, recorded: Recorded) -> dict[str, Any]:
    del recorded
    if state.verified is None:
        raise BadInput(
            f"{event.name}: expected an officer's `verified` first", zh=f"{ZH[event.name]}：应先有经核查记录"
        )
    if event.case in state.cases:
        raise BadInput(
            f"{event.name}: batch case {event.case} is open already",
            zh=f"{ZH[event.name]}：批量退费案 {event.case} 已立",
        )
    return {
        "cases": (*state.cases, event.case),
        "claims": state.claims + event.claims,
        "links": state.links + event.open_before,
    }


@_after.register
def _(event: told.Linked, state: Incident, recorded: Recorded) -> dict[str, Any]:
    del recorded
    (code,) = event.cited_matters or event.cited_claims
    if code in state.links:
        raise BadInput(f"{event.name}: {code} is linked already", zh=f"{ZH[event.name]}：{code} 已关联")
    return {"links": (*state.links, code)}


@_after.register
def _(event: told.TookIn, state: Incident, recorded: Recorded) -> dict[str, Any]:
    del recorded
    begins = (state.reported_begins, event.begins if event.reported_at else None)
    return {
        "taken_in": (*state.taken_in, event.incident),
        "reported_at": _earliest(state.reported_at, event.reported_at),
        "reported_begins": _earliest(*begins),
        "stops_heat": state.stops_heat or event.stops_heat,
        "spans": (*state.spans, *(Span(**each.model_dump()) for each in event.spans)),
        "estimates": tuple(sorted(state.estimates + event.estimates, key=lambda each: each.recorded_at)),
        "notices": state.notices + event.notices,
        "restored_at": state.restored_at or event.restored_at,
    }


def _earliest(*instants: dt.datetime | None) -> dt.datetime | None:
    return min((each for each in instants if each is not None), default=None)


@_after.register
def _(event: told.MergedInto, state: Incident, recorded: Recorded) -> dict[str, Any]:
    del recorded
    if state.cases:
        raise BadInput(
            f"{event.name}: batch case {state.cases[0]} was opened for it; link it instead",
            zh=f"{ZH[event.name]}：已为其立批量退费案 {state.cases[0]}，应改为关联",
        )
    return {"merged_into": event.incident, "closed_at": event.at}


@_after.register
def _(event: told.Closed, state: Incident, recorded: Recorded) -> dict[str, Any]:
    del recorded
    if state.ends is None and not state.withdrawn:
        raise BadInput(
            f"{event.name}: heat is not back; expected its end, or `dismissed`",
            zh=f"{ZH[event.name]}：供热尚未恢复，应有结束时间，或认定查无此事",
        )
    return {"closed_at": event.at}
