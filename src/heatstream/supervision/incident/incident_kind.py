"""The kind `incident`: who may record what of it, whom it concerns, where it stands."""

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims.way import ITSELF
from heatstream.core.repair import RepairState
from heatstream.errors import BadInput
from heatstream.store import places
from heatstream.store.matters import Matter
from heatstream.store.timescale import LOCAL
from heatstream.supervision.incident import incident_state as states
from heatstream.supervision.incident import incidents as told
from heatstream.supervision.incident.incident_state import ZH, Incident
from heatstream.supervision.incident.repairs import CLASSES_ZH, Alarm, repair
from heatstream.supervision.matter import CLOSED, NOW, ROUTINE, SOON, Ground, Place, Recorded, Standing
from heatstream.supervision.told import Event

WHAT_ZH: Final[Mapping[str, str]] = MappingProxyType(
    {
        "late_start": "推迟供热",
        "early_stop": "提前停热",
        "interruption": "中断供热",
        "low_running": "低温运行",
        "breakdown": "设施事故",
    }
)
REFUNDED: Final = frozenset({"late_start", "early_stop", "low_running"})
"""Each opens a batch refund case once it is verified."""

_SOFTWARE: Final = frozenset({ITSELF})
_COMPANY: Final = frozenset({"company", "inspector"})
_AUTHORITY: Final = frozenset({"district", "city"})
_ANYBODY: Final = _COMPANY | _AUTHORITY | {"hotline", "street"}

_BY_SOFTWARE: Final = frozenset({"span_seen", "span_changed", "span_ended", "span_withdrawn", "escalated"})
_WHO: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    dict.fromkeys(_BY_SOFTWARE, _SOFTWARE)
    | {
        "reported": _ANYBODY,
        "breakdown": _COMPANY | _AUTHORITY,
        "estimated": frozenset({"company", "district"}),
        "notice_given": frozenset({"company", "district"}),
        "restored": _COMPANY | {"district"},
        "verified": _AUTHORITY,
        "dismissed": _AUTHORITY,
        "batch_opened": frozenset({"district"}),
        "linked": _AUTHORITY | {"hotline", "company", ITSELF},
        "took_in": _AUTHORITY,
        "merged_into": _AUTHORITY,
        "closed": _AUTHORITY,
    }
)


class IncidentKind:
    """An incident of a station or a source."""

    name = "incident"
    opening: tuple[type[Event], ...] = (told.SpanSeen, told.Reported)
    later: tuple[type[Event], ...] = (
        told.SpanChanged,
        told.SpanEnded,
        told.SpanWithdrawn,
        told.Breakdown,
        told.Estimated,
        told.NoticeGiven,
        told.Escalated,
        told.Restored,
        told.Verified,
        told.Dismissed,
        told.BatchOpened,
        told.Linked,
        told.TookIn,
        told.MergedInto,
        told.Closed,
    )
    who = _WHO

    async def place(self, conn: AsyncConnection, event: Event) -> Place:
        """Find the station or the source that an opening event names."""
        station, source = getattr(event, "station", None), getattr(event, "source", None)
        found = await (places.of_station(conn, station) if station else places.of_source(conn, str(source)))
        if found is None:
            field, seen = ("station", station) if station else ("source", source)
            raise BadInput(
                f"{event.name}: {field}: seen {seen!r}, expected a code of the registry (heat_{field}.csv)",
                zh=f"{ZH[event.name]}：{'换热站' if field == 'station' else '热源'}代码为“{seen}”，"
                f"应为登记中的代码（heat_{field}.csv）",
            )
        return Place(**found._asdict())

    def after(self, state: Incident | None, recorded: Recorded, ground: Ground) -> Incident:
        """Fold an event; no rule is asked, so that what was recorded can always be read."""
        del ground
        return states.opened(recorded) if state is None else states.after(state, recorded)

    def standing(self, state: Incident, ground: Ground, now: dt.datetime) -> Standing:
        """Say where it stands; the clock it shows is the alarm's."""
        if state.closed_at is not None:
            return Standing(headline(state, None), state.step, CLOSED, closed_at=state.closed_at)
        found = repair(state, ground, now)
        alarm = None if found is None else found.alarm
        runs = alarm is not None and state.ends is None
        due = _next_limit(alarm, now) if alarm and runs else None
        # The class, too, changes as time passes: what runs is looked at each time.
        until = state.begins if found is not None and state.ends is None else None
        line = headline(state, alarm if runs else None)
        return Standing(line, state.step, _urgency(state, alarm), due, stands_until=until)

    def coming(self, state: Incident) -> tuple[str, ...]:
        """Name what may be recorded next."""
        if state.closed_at is not None:
            return ("linked",)
        running = state.ends is None
        barred = {
            "escalated": not (running and state.is_accident),
            "closed": running and not state.withdrawn,
            "batch_opened": not may_open_batch(state),
            **dict.fromkeys(("span_changed", "span_ended", "span_withdrawn"), not state.spans),
            **dict.fromkeys(("verified", "dismissed", "merged_into"), bool(state.cases)),
        }
        every = (str(each.model_fields["kind"].default) for each in self.later)
        return tuple(name for name in every if not barred.get(name))


def may_open_batch(state: Incident) -> bool:
    """Say whether a batch refund case may be opened of it: verified from its begin to its end."""
    return state.verified is not None and state.verified.ends is not None and state.what in REFUNDED


def headline(state: Incident, alarm: Alarm | None) -> str:
    """Say in a line what it is, where, since when, and why it is looked at."""
    marks = [
        "" if state.certain else "疑似 suspected",
        f"{CLASSES_ZH[alarm.accident_class]}事故 {alarm.accident_class.name.lower()}" if alarm else "",
        "超过抢修时限 past the repair limit" if alarm and alarm.state == RepairState.BREACHED else "",
        "抢修预警 warned" if alarm and alarm.state == RepairState.WARNED else "",
        "企业称已恢复，热表未见 company says restored" if state.contested else "",
        "核查后数据有变 moved since" if state.moved_since else "",
    ]
    until = f"–{_clock(state.ends)}" if state.ends else ""
    place = f"站 {state.station}" if state.station else f"热源 {state.source}"
    first = f"{WHAT_ZH[state.what]} {state.what} · {place} · {_clock(state.begins)}{until}"
    return " · ".join([first, *(each for each in marks if each)])


def _clock(at: dt.datetime) -> str:
    return at.astimezone(LOCAL).strftime("%m-%d %H:%M")


def _urgency(state: Incident, alarm: Alarm | None) -> int:
    if state.withdrawn:
        return ROUTINE
    if not state.certain:
        return SOON if state.is_accident and state.ends is None else ROUTINE
    if state.ends is None:
        over = alarm is not None and alarm.state in {RepairState.WARNED, RepairState.BREACHED}
        return NOW if over or (state.is_accident and alarm is None) else SOON
    waits = state.moved_since or (state.what in REFUNDED and not state.cases)
    return SOON if waits else ROUTINE


def _next_limit(alarm: Alarm, now: dt.datetime) -> dt.datetime | None:
    """Give the next instant at which something passes; the limit itself once everything has."""
    coming = [at for at in (alarm.warning, alarm.limit) if at is not None and at >= now]
    return min(coming, default=alarm.limit)


INCIDENT: Final = IncidentKind()


_ACTS: Final[Mapping[str, str]] = MappingProxyType({"batch": "批量退费", "merge": "并入", "penalty": "罚款"})
"""What acts for incidents alone are called in Chinese."""


def expect_incident(act: str, code: str, found: Matter | None) -> Matter:
    """Take a matter that an act is for incidents alone.

    Raises
    ------
    BadInput
        It is another kind of matter, or there is none of this code.
    """
    if found is None or found.kind != INCIDENT.name:
        raise BadInput(f"{act}: {code}: expected the code of an incident", zh=f"{_ACTS[act]}：{code} 应为事件编号")
    return found
