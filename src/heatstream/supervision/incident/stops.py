"""Announced stops, and whether users were told of each so long ahead as the operator's rules ask."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from heatstream.claims.facts import instant
from heatstream.store.read import announced
from heatstream.store.read.announced import AnnouncedStop
from heatstream.supervision.act import Desk
from heatstream.supervision.incident.repairs import NOTICES_ZH, Notice, told_in_time


async def between(desk: Desk, begins: dt.datetime, ends: dt.datetime) -> list[tuple[AnnouncedStop, Notice]]:
    """List the stops that lie in a period in part at least, each with its notice; `unknown` where no rule is there."""
    section = desk.ground.rules.incidents if desk.ground.rules else None
    rule = section.planned if section else None
    found = await announced.between(desk.conn, begins, ends)
    if rule is None:
        return [(each, Notice(True, each.announced_at, None, "unknown", None)) for each in found]
    return [
        (
            each,
            told_in_time(
                rule,
                planned=True,
                begins=each.begins,
                lasts=each.ends - each.begins,
                given_at=each.announced_at,
                now=desk.now(),
            ),
        )
        for each in found
    ]


def sentences(found: list[tuple[AnnouncedStop, Notice]]) -> Iterator[str]:
    """Tell them to a person, a line each."""
    for stop, notice in found:
        where = f"站 {stop.heat_station}" if stop.heat_station else f"热源 {stop.heat_source}"
        period = f"{instant(stop.begins)} to {instant(stop.ends)}"
        limit = f", limit {instant(notice.limit)} ({notice.source})" if notice.limit else ""
        told = f"{stop.announced_by} {instant(stop.announced_at)}{limit}"
        yield f"{stop.code} · {where} · {period} · {NOTICES_ZH[notice.state]} {notice.state}: {told}"


def tree(stop: AnnouncedStop, notice: Notice) -> dict[str, Any]:
    """Tell one to a program."""
    return {
        "maintenance": stop.code,
        "heat_source": stop.heat_source,
        "heat_station": stop.heat_station,
        "begins": instant(stop.begins),
        "ends": instant(stop.ends),
        "announced_at": instant(stop.announced_at),
        "announced_by": stop.announced_by,
        "notice": notice.state,
        "limit": notice.limit and instant(notice.limit),
        "source": notice.source,
    }
