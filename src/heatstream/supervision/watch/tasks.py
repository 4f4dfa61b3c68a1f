"""One pass over what is silent or stuck: open a company's task, add to it, resolve it when readings return.

One task a gateway that is silent, one a building for the silent points whose gateways speak, one a stuck meter.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims.way import ITSELF
from heatstream.errors import Refused
from heatstream.rules.supervision.detection import Detection
from heatstream.store import matters
from heatstream.store.matters import Matter
from heatstream.store.read import silence
from heatstream.store.read.silence import Limits, Silent
from heatstream.store.tables import matter
from heatstream.supervision.act import Desk
from heatstream.supervision.matter import Ground
from heatstream.supervision.watch.silence import limits
from heatstream.supervision.watch.task_kind import Resolved, SeenAgain, SilenceSeen, SilentPoint, StuckSeen, Subject

Key = tuple[Subject, str]
SILENT: Final[frozenset[Subject]] = frozenset({"gateway", "building"})


@dataclass
class Passed:
    """What one pass did."""

    opened: int = 0
    again: int = 0
    resolved: int = 0
    refused: str | None = None
    """Why silence could not be looked for."""

    def __str__(self) -> str:
        done = f"opened {self.opened} tasks, saw {self.again} again, resolved {self.resolved}"
        return done if self.refused is None else f"{done}; refused: {self.refused}"


@dataclass
class _Seen:
    """What is so now, and which kinds of it were looked for."""

    events: dict[Key, SilenceSeen | StuckSeen] = field(default_factory=dict)
    looked_for: set[Subject] = field(default_factory=set)


async def pass_over(conn: AsyncConnection, ground: Ground, now: dt.datetime) -> Passed:
    """Bring the tasks to what is silent or stuck now; without a limit, silence is refused and meters are looked at."""
    desk, done, seen = Desk(conn, ground, lambda: now), Passed(), _Seen()
    try:
        await _look_for_silence(conn, limits(ground), now, seen)
    except Refused as why:
        done.refused = str(why)
    await _look_for_stuck(conn, ground, now, seen)
    open_ones = await _open_tasks(conn)
    for key, event in seen.events.items():
        await _see(desk, event, open_ones.get(key), done)
    for (subject, code), found in open_ones.items():
        if subject in seen.looked_for and (subject, code) not in seen.events and not found.state["resolved_at"]:
            await desk.record(found.code, Resolved(at=now, why="数据恢复或设备已拆除"), by=ITSELF)
            done.resolved += 1
    return done


async def _open_tasks(conn: AsyncConnection) -> dict[Key, Matter]:
    found = await matters.listed(conn, matter.c.kind == "task", matter.c.closed_at.is_(None))
    return {(each.state["subject"], each.state["code"]): each for each in found}


async def _see(desk: Desk, event: SilenceSeen | StuckSeen, found: Matter | None, done: Passed) -> None:
    if found is None:
        await desk.open("task", event, by=ITSELF)
        done.opened += 1
        return
    points = event.points if isinstance(event, SilenceSeen) else ()
    more = {each.point for each in points} - set(found.state["points"])
    if found.state["resolved_at"] or more:
        begins = event.begins if isinstance(event, StuckSeen) else None
        await desk.record(found.code, SeenAgain(at=event.at, why=event.why, points=points, begins=begins), by=ITSELF)
        done.again += 1


async def _look_for_silence(conn: AsyncConnection, held_to: Limits, now: dt.datetime, seen: _Seen) -> None:
    gateways = await silence.gateways(conn, now, held_to)
    points = await silence.points(conn, now, held_to)
    by_gateway: dict[int | None, list[Silent]] = {}
    for each in points:
        by_gateway.setdefault(each.gateway_id, []).append(each)
    told = {"at": now, "source": held_to.source}
    for gateway in gateways:
        event = SilenceSeen(
            **told,
            why=f"网关失联超过 {held_to.gateway_min} min",
            subject="gateway",
            code=gateway.code,
            last_at=gateway.last_at,
            points=_points(by_gateway.get(gateway.id, ())),
            limit_min=held_to.gateway_min,
        )
        seen.events["gateway", gateway.code] = event
    silent_gateways = {each.id for each in gateways}
    speaking = [each for each in points if each.gateway_id not in silent_gateways]
    for building, of in groupby(speaking, key=lambda each: each.building):
        seen.events["building", building] = SilenceSeen(
            **told,
            why=f"监测点失联超过 {held_to.point_min} min",
            subject="building",
            code=building,
            points=_points(list(of)),
            limit_min=held_to.point_min,
        )
    seen.looked_for |= SILENT


def _points(silent: Sequence[Silent]) -> tuple[SilentPoint, ...]:
    return tuple(SilentPoint(point=each.device, last_at=each.last_at) for each in silent)


async def _look_for_stuck(conn: AsyncConnection, ground: Ground, now: dt.datetime, seen: _Seen) -> None:
    detection = ground.rules.detection if ground.rules else Detection()
    for each in await silence.stuck_meters(conn, now, detection.stuck_for_min):
        told = {"at": now, "why": "热表数值不变", "meter": each.device}
        seen.events["meter", each.device] = StuckSeen(**told, begins=each.begins, ends=each.ends)
    seen.looked_for.add("meter")
