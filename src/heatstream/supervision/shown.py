"""A matter told to a person, and as JSON for a program: where it stands, its events, what may come next and by whom."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from heatstream.claims.facts import instant
from heatstream.claims.way import ITSELF
from heatstream.store import matters
from heatstream.store.claims import Line
from heatstream.store.matters import Matter, MatterFile
from heatstream.supervision.act import Desk
from heatstream.supervision.incident import incident_shown
from heatstream.supervision.incident.incident_kind import INCIDENT
from heatstream.supervision.incident.incident_shown import Seen
from heatstream.supervision.kinds import kind_of

KINDS_ZH: Final = {
    "incident": "事件",
    "task": "任务",
    "order": "督办",
    "publication": "公示",
    "warning": "预警",
    "work_order": "工单",
    "assessment": "停热影响评估",
    "company_file": "诚信档案",
}
URGENCY_ZH: Final = {0: "已结", 1: "一般", 2: "较急", 3: "紧急"}
_PLACES: Final = ("district", "company", "heat_source", "heat_station", "building", "gateway")


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything there is to tell of a matter."""

    matter: Matter
    lines: Sequence[Line]
    files: Sequence[MatterFile]
    coming: dict[str, tuple[str, ...]]
    """Roles by the kind of event that may come next; without what the software alone records."""
    incident: Seen | None
    """None = of another kind, or looked back at: what was seen of it then is not kept."""


async def look(desk: Desk, code: str) -> Shown:
    """Gather it; BadInput where there is no such matter."""
    found = await desk.find(code)
    return Shown(
        found,
        await matters.lines(desk.conn, found.id),
        await matters.files(desk.conn, found.id),
        _coming(found, await desk.state(found)),
        await incident_shown.look(desk, found) if found.kind == INCIDENT.name else None,
    )


async def look_back(desk: Desk, code: str, instant: dt.datetime) -> Shown:
    """Gather it as the events recorded by then had it; BadInput where there was no such matter."""
    found, state, lines = await desk.stood(await desk.find(code), instant)
    files = [each for each in await matters.files(desk.conn, found.id) if each.added_at <= instant]
    return Shown(found, lines, files, _coming(found, state), None)


def _coming(found: Matter, state: Any) -> dict[str, tuple[str, ...]]:
    its = kind_of(found.kind)
    roles = {name: tuple(sorted(its.who[name] - {ITSELF})) for name in its.coming(state)}
    return {name: those for name, those in roles.items() if those}


def sentences(seen: Shown) -> Iterator[str]:
    """Tell it, a line a fact."""
    found = seen.matter
    yield f"{found.code} · {KINDS_ZH[found.kind]} {found.kind} · {found.step} · {URGENCY_ZH[found.urgency]}"
    yield found.headline
    places = [f"{name} {value}" for name in _PLACES if (value := getattr(found, name))]
    yield f"opened {instant(found.opened_at)} · {' · '.join(places)}"
    if found.next_due_at is not None:
        yield f"下一时限 next limit: {instant(found.next_due_at)}"
    if seen.incident is not None:
        yield from incident_shown.sentences(seen.incident)
    for line in seen.lines:
        yield f"{line.number:>3} {instant(line.happened_at)} {line.kind} · {line.officer} · {line.body['why']}"
    for each in seen.files:
        yield f"附件 {each.name} · {each.sha256.hex()} · {each.officer}"
    names = [f"{name} ({', '.join(roles)})" for name, roles in seen.coming.items()]
    yield f"可接续 may come next: {' · '.join(names) or 'nothing'}"


def tree(seen: Shown) -> dict[str, Any]:
    """Tell it to a program."""
    return {
        **row(seen.matter),
        **({"incident": incident_shown.tree(seen.incident)} if seen.incident else {}),
        "events": [
            {
                **line.body,
                "number": line.number,
                "kind": line.kind,
                "at": instant(line.happened_at),
                "recorded_at": instant(line.recorded_at),
                "officer": line.officer,
                "hash": line.hash.hex(),
            }
            for line in seen.lines
        ],
        "files": [{"name": each.name, "sha256": each.sha256.hex(), "officer": each.officer} for each in seen.files],
        "coming": {name: list(roles) for name, roles in seen.coming.items()},
    }


def row(found: Matter) -> dict[str, Any]:
    """Tell a matter's row to a program."""
    return {
        "matter": found.code,
        "kind": found.kind,
        "headline": found.headline,
        "step": found.step,
        "urgency": found.urgency,
        "district": found.district,
        "company": found.company,
        "heat_source": found.heat_source,
        "heat_station": found.heat_station,
        "building": found.building,
        "gateway": found.gateway,
        "opened_at": instant(found.opened_at),
        "next_due_at": found.next_due_at and instant(found.next_due_at),
        "closed_at": found.closed_at and instant(found.closed_at),
    }
