"""Incidents that may be one matter: the software proposes, an officer merges, and nothing is merged in silence."""

from typing import Final

from heatstream.errors import BadInput
from heatstream.store import matters
from heatstream.store.matters import Matter
from heatstream.store.tables import matter
from heatstream.supervision.act import Desk
from heatstream.supervision.incident import incidents as told
from heatstream.supervision.incident.incident_kind import INCIDENT, WHAT_ZH, expect_incident
from heatstream.supervision.incident.incident_state import Incident

_STOPPING: Final = frozenset({"interruption", "breakdown"})


async def candidates(desk: Desk, found: Matter) -> list[Matter]:
    """List the open incidents of the same station or source that overlap with one in time.

    Returns
    -------
    in the order of the morning's list
    """
    mine: Incident = await desk.state(found)
    others = await matters.listed(
        desk.conn,
        matter.c.kind == INCIDENT.name,
        matter.c.heat_source_id == found.heat_source_id,
        matter.c.id != found.id,
        matter.c.closed_at.is_(None),
    )
    near = [each for each in others if _same_place(each, found)]
    return [each for each, state in zip(near, await desk.states(near), strict=True) if _overlap(mine, state)]


def _same_place(one: Matter, other: Matter) -> bool:
    """A station is the same as itself, and as its source where that is all that was reported."""
    return None in {one.heat_station_id, other.heat_station_id} or one.heat_station_id == other.heat_station_id


def _overlap(one: Incident, other: Incident) -> bool:
    return (one.ends is None or other.begins < one.ends) and (other.ends is None or one.begins < other.ends)


async def merge(desk: Desk, code: str, into: str, *, by: str, why: str) -> None:
    """Let one incident go on in another: both say so, and the spans, estimates and notices of the first go over.

    Raises
    ------
    BadInput
        One is no open incident, they are of different stations, or of late start, early stop and low running both are
        not the same.
    Refused
        The officer may not.
    """
    if code == into:
        raise BadInput(
            f"merge: seen {code} into itself, expected another incident", zh=f"并入：{code} 不能并入自身，应为另一事件"
        )
    # In one order whichever way two officers merge, so that neither waits for the other forever.
    held = {each: await matters.locked(desk.conn, each) for each in sorted((code, into))}
    one, other = (expect_incident("merge", each, held[each]) for each in (code, into))
    gone: Incident = await desk.state(one)
    _check_same(one, gone, other, await desk.state(other))
    await desk.record(into, _took_in(one.code, gone, desk, why), by=by)
    await desk.record(code, told.MergedInto(at=desk.now(), why=why, incident=into), by=by)
    await matters.give_spans(desk.conn, one.id, other.id)


def _check_same(one: Matter, gone: Incident, other: Matter, stays: Incident) -> None:
    if one.heat_source_id != other.heat_source_id or not _same_place(one, other):
        raise BadInput(
            f"merge: {one.code} and {other.code} are of different stations; expected one, or link them",
            zh=f"并入：{one.code} 与 {other.code} 不属同一换热站，应属同一换热站，或改为关联",
        )
    if gone.what != stays.what and not {gone.what, stays.what} <= _STOPPING:
        raise BadInput(
            f"merge: {one.code} is {gone.what}, {other.code} is {stays.what}; expected one kind, or link them",
            zh=f"并入：{one.code} 为{WHAT_ZH[gone.what]}，{other.code} 为{WHAT_ZH[stays.what]}，"
            "应为同类事件，或改为关联",
        )


def _took_in(code: str, gone: Incident, desk: Desk, why: str) -> told.TookIn:
    return told.TookIn(
        at=desk.now(),
        why=why,
        incident=code,
        reported_at=gone.reported_at,
        begins=gone.reported_begins or gone.begins,
        stops_heat=gone.stops_heat,
        spans=tuple(told.TakenSpan(**each.model_dump(exclude={"withdrawn"})) for each in gone.standing_spans),
        estimates=tuple(told.TakenEstimate(**each.model_dump()) for each in gone.estimates),
        notices=tuple(told.TakenNotice(**each.model_dump()) for each in gone.notices),
        restored_at=gone.restored_at,
    )
