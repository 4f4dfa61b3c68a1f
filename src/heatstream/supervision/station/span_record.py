"""What the software records of spans: an incident for each new one, and in it whatever becomes of it."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import text

from heatstream.claims.way import ITSELF
from heatstream.core.supply import ALGORITHM, Kind
from heatstream.store import spans
from heatstream.store.spans import Seen, SpanRow
from heatstream.store.stations import Station
from heatstream.store.timescale import LOCAL
from heatstream.supervision.act import Desk
from heatstream.supervision.incident import incidents
from heatstream.supervision.incident.incident_kind import INCIDENT
from heatstream.supervision.told import Event

_WHY: Final = {
    "late_start": "推迟供热：采暖期开始后热表未见供热 no heat seen since the season's start",
    "early_stop": "提前停热：至采暖期结束热表未见供热 no heat seen up to the season's end",
    "interruption": "采暖期内停热 no heat seen within the season",
    "low_running": "供水温度低于运行曲线 supply below the filed curve",
}
_WHY_ENDED: Final = "热表见恢复供热，或不再应当供热 heat is seen again, or is no longer owed"
_WHY_CHANGED: Final = "后到数据改变了起止或依据 later readings moved it"
_WHY_WITHDRAWN: Final = "后到数据表明并非如此 later readings show otherwise"


class By(NamedTuple):
    """What spans are found by."""

    rules_id: int
    through_batch: int


async def keep(
    desk: Desk, by: By, group: Sequence[Station], seen: Sequence[Seen], settled: dt.datetime
) -> Counter[str]:
    """Put what was found beside what stands: rows and their incidents.

    Parameters
    ----------
    desk : its transaction holds the stations' rows
    seen : every span of these stations in a window that begins before `settled`
    settled : what ended before it was not looked at whole, and stays as it is

    Returns
    -------
    how many spans were `opened`, `changed`, `ended`, `withdrawn`
    """
    await desk.conn.execute(text("select pg_advisory_xact_lock(hashtext('heatstream.stations'))"))
    standing = await spans.standing(desk.conn, [each.id for each in group], settled)
    plan, codes = spans.reconcile(standing, seen, settled), {each.id: each.code for each in group}
    for each in plan.new:
        await _open(desk, by, codes[each.heat_station_id], each)
    moved = [await _keep(desk, by, row, each) for row, each in plan.kept]
    for row in plan.withdrawn:
        await _withdraw(desk, by, row, seen)
    return Counter(opened=len(plan.new), withdrawn=len(plan.withdrawn)) + Counter(each for each in moved if each)


async def _open(desk: Desk, by: By, station: str, span: Seen) -> None:
    span_id = await spans.add(desk.conn, span, algorithm=ALGORITHM, **_columns(by))
    about = {"station": station, "what": span.kind, "at": min(span.known_at, desk.now()), "why": _WHY[span.kind]}
    event = incidents.SpanSeen.model_validate({**_told(span_id, span), **about})
    await spans.opened(desk.conn, span_id, await desk.open(INCIDENT.name, event, by=ITSELF))


def _columns(by: By) -> dict[str, int]:
    return {"supervision_rules_id": by.rules_id, "through_batch": by.through_batch}


async def _keep(desk: Desk, by: By, row: SpanRow, span: Seen) -> str | None:
    """Keep what became of a span; tell it where it is worth an event: its figures alone are not."""
    what = _moved(row, span)
    if what or dict(row.evidence) != dict(span.evidence):
        now = {"begins": span.begins, "ends": span.ends, "evidence": span.evidence, "algorithm": ALGORITHM}
        await spans.change(desk.conn, row.id, **now, **_columns(by))
    if what == "ended":
        told = {"span": row.id, "ends": span.ends, "evidence": dict(span.evidence), "why": _WHY_ENDED}
        await _record(desk, row, incidents.SpanEnded.model_validate({**told, "at": desk.now()}))
    elif what == "changed":
        told = {**_told(row.id, span), "why": _WHY_CHANGED}
        await _record(desk, row, incidents.SpanChanged.model_validate({**told, "at": desk.now()}))
    return what


async def _withdraw(desk: Desk, by: By, row: SpanRow, seen: Sequence[Seen]) -> None:
    await spans.change(desk.conn, row.id, withdrawn_at=desk.now(), through_batch=by.through_batch)
    told = {"span": row.id, "found": _instead(row, seen), "why": _WHY_WITHDRAWN}
    await _record(desk, row, incidents.SpanWithdrawn.model_validate({**told, "at": desk.now()}))


async def _record(desk: Desk, row: SpanRow, event: Event) -> None:
    """Record it in the incident that holds the span: the one it opened, or the one that took that in."""
    if row.matter is not None:
        await desk.record(row.matter, event, by=ITSELF)


def _moved(row: SpanRow, now: Seen) -> str | None:
    """Say what became of a span since: it `ended`, or its bounds or its certainty `changed`."""
    as_certain = _certain(row.kind, row.evidence) == _certain(now.kind, now.evidence)
    if row.begins == now.begins and as_certain and row.ends is None and now.ends is not None:
        return "ended"
    return None if (row.begins, row.ends) == (now.begins, now.ends) and as_certain else "changed"


def _instead(row: SpanRow, seen: Sequence[Seen]) -> str:
    """Say what later data shows in its place."""
    other = next((each for each in seen if each.replaces(row)), None)
    if other is None:
        return "其时热表见供热或不应供热 heat, or nothing owed, in its time"
    until = "" if other.ends is None else f" to {other.ends.astimezone(LOCAL).isoformat()}"
    return f"应为 it is {other.kind} from {other.begins.astimezone(LOCAL).isoformat()}{until}"


def _told(span_id: int, span: Seen) -> dict[str, Any]:
    bounds = {"begins": span.begins, "ends": span.ends, "known_at": span.known_at}
    certain = _certain(span.kind, span.evidence)
    return {"span": span_id, **bounds, "certain": certain, "evidence": dict(span.evidence)}


def _certain(kind: str, evidence: Mapping[str, Any]) -> bool:
    """Say whether both sides show it: a meter without heat does, unless the homes held; low running takes the homes."""
    said = evidence["homes"]["said"]
    if kind == Kind.LOW_RUNNING.name.lower():
        return bool(said == "fell")
    return not evidence["from_homes"] and bool(said != "held")
