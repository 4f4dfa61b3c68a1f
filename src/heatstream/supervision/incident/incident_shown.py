"""An incident told to a person, and as JSON for a program: its period, its clocks, whom it touches."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from heatstream.claims.facts import instant
from heatstream.core.repair import RepairState
from heatstream.store.matters import Matter
from heatstream.store.read import supplied
from heatstream.store.read.supplied import Building
from heatstream.store.spans import SpanRow, of_matters
from heatstream.store.timescale import LOCAL
from heatstream.supervision.act import Desk
from heatstream.supervision.incident import merging
from heatstream.supervision.incident.incident_state import Incident
from heatstream.supervision.incident.repairs import CLASSES_ZH, NOTICES_ZH, Clock, Notice, Repair, notice, repair
from heatstream.supervision.station import seen_words

_STATES_ZH: Final = {
    RepairState.RUNNING: "进行中",
    RepairState.WARNED: "预警",
    RepairState.KEPT: "未超时",
    RepairState.BREACHED: "超时",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything there is to tell of an incident now."""

    state: Incident
    repair: Repair | None
    notice: Notice | None
    buildings: Sequence[Building]
    candidates: Sequence[str]
    """Codes of open incidents that may be the same matter."""
    spans: Sequence[SpanRow]
    """What meters and homes showed, and still stands."""

    @property
    def households(self) -> int:
        """Residential homes that it touches, without 报停."""
        return sum(each.residential for each in self.buildings)


async def look(desk: Desk, found: Matter) -> Seen:
    """Gather it."""
    state: Incident = await desk.state(found)
    now = desk.now()
    alike = [] if state.closed_at is not None else [each.code for each in await merging.candidates(desk, found)]
    buildings = await touched(desk, found, state.begins)
    spans = (await of_matters(desk.conn, [found.id])).get(found.code, [])
    return Seen(state, repair(state, desk.ground, now), notice(state, desk.ground, now), buildings, alike, spans)


async def touched(desk: Desk, found: Matter, at: dt.datetime) -> list[Building]:
    """List the buildings that an incident touches, as of its begin."""
    stations = await supplied.station_ids(desk.conn, found.heat_station_id, found.heat_source_id)
    return await supplied.by_building(desk.conn, stations, at.astimezone(LOCAL).date())


def sentences(seen: Seen) -> Iterator[str]:
    """Tell it, a line a fact."""
    state = seen.state
    until = instant(state.ends) if state.ends else "now 仍在继续"
    yield f"期间 period: {instant(state.begins)} to {until}"
    for span in seen.spans:
        yield f"所见 seen from {instant(span.begins)}: {seen_words.sentence(span.evidence)}"
    if state.contested and state.restored_at:
        yield f"企业称已恢复 the company says that heat is back since {instant(state.restored_at)}; no meter shows it"
    for each in state.estimates:
        yield f"可恢复时间 restored by {instant(each.restored_by)}: {each.given_by}, {instant(each.at)}"
    if seen.repair is not None:
        yield from _repair(seen.repair)
    if seen.notice is not None:
        yield _notice(seen.notice)
    others, stopped = (sum(getattr(each, name) for each in seen.buildings) for name in ("other", "stopped"))
    where = ", ".join(f"{each.name} {each.residential}" for each in seen.buildings)
    beside = f"非居民 others {others}; 报停 stopped {stopped}, not among them"
    yield f"涉及居民 households {seen.households} ({where}); {beside}"
    if seen.candidates:
        yield f"可能同一事项 may be the same matter: {', '.join(seen.candidates)}; an officer merges: `supervise merge`"


def _repair(found: Repair) -> Iterator[str]:
    for clock in found.clocks:
        yield f"抢修时限 {clock.rule} ({clock.doc_no}), {_by(clock)}: {_limit(clock)}"
    if found.alarm is not None:
        alarm = found.alarm
        stands = f"{_STATES_ZH[alarm.state]} {alarm.state.name.lower()}" if alarm.state else "no limit"
        until = f" by {instant(alarm.limit)}" if alarm.limit else ""
        yield f"报警按 alarm: {CLASSES_ZH[alarm.accident_class]} {alarm.accident_class.name.lower()}, {stands}{until}"
    yield from (f"抢修时限未知 repair limits unknown: {why}" for why in found.unknown)
    if found.watermark:
        yield f"{found.watermark}: a fictional place borrows the rules"


def _by(clock: Clock) -> str:
    way = {"estimate": "by 可恢复时间", "actual": "by the time it takes 实际"}[clock.told_by]
    return f"{way} {CLASSES_ZH[clock.accident_class]} {clock.accident_class.name.lower()}"


def _limit(clock: Clock) -> str:
    if clock.limit is None or clock.state is None:
        return "says nothing of this class"
    warning = f", warned from {instant(clock.warning)}" if clock.warning else ""
    return f"{_STATES_ZH[clock.state]} {clock.state.name.lower()} by {instant(clock.limit)}{warning}"


def _notice(found: Notice) -> str:
    kind = "计划停热 planned" if found.planned else "突发停热 sudden"
    given = f"given {instant(found.given_at)}" if found.given_at else "none given"
    limit = f", limit {instant(found.limit)} ({found.source})" if found.limit else ""
    law = f"; {found.law.instrument} 第{found.law.article}条: {found.law.quote}" if found.law else ""
    return f"告知 notice ({kind}): {NOTICES_ZH[found.state]} {found.state}, {given}{limit}{law}"


def tree(seen: Seen) -> dict[str, Any]:
    """Tell it to a program."""
    state = seen.state
    return {
        "what": state.what,
        "begins": instant(state.begins),
        "ends": state.ends and instant(state.ends),
        "certain": state.certain,
        "contested": state.contested,
        "moved_since": state.moved_since,
        "estimates": [each.model_dump(mode="json") for each in state.estimates],
        "repair": seen.repair and _repair_tree(seen.repair),
        "notice": seen.notice and _notice_tree(seen.notice),
        "households": seen.households,
        "buildings": [each._asdict() for each in seen.buildings],
        "may_be_same": list(seen.candidates),
        "seen": [
            {"span": each.id, "begins": instant(each.begins), "ends": each.ends and instant(each.ends), **each.evidence}
            for each in seen.spans
        ],
        "merged_into": state.merged_into,
        "cases": list(state.cases),
        "claims": list(state.claims),
        "links": list(state.links),
    }


def _repair_tree(found: Repair) -> dict[str, Any]:
    return {
        "clocks": [
            {"rule": each.rule, "doc_no": each.doc_no, "told_by": each.told_by, **_limit_tree(each)}
            for each in found.clocks
        ],
        "alarm": found.alarm and _limit_tree(found.alarm),
        "unknown": list(found.unknown),
        "watermark": found.watermark,
    }


def _limit_tree(each: Any) -> dict[str, Any]:
    return {
        "class": each.accident_class.name.lower(),
        "warning": each.warning and instant(each.warning),
        "limit": each.limit and instant(each.limit),
        "state": each.state and each.state.name.lower(),
    }


def _notice_tree(found: Notice) -> dict[str, Any]:
    return {
        "planned": found.planned,
        "given_at": found.given_at and instant(found.given_at),
        "limit": found.limit and instant(found.limit),
        "state": found.state,
        "source": found.source,
        "law": found.law and {"doc_no": found.law.doc_no, "article": found.law.article, "quote": found.law.quote},
    }
