"""The morning's list: where to go, and why. Open matters by urgency and next limit, as they stand now."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from heatstream.errors import BadInput
from heatstream.store import matters
from heatstream.store.matters import Matter
from heatstream.store.spans import of_matters
from heatstream.store.tables import company, heat_station, matter
from heatstream.store.timescale import LOCAL
from heatstream.supervision import incident_shown, seen_words, shown
from heatstream.supervision.act import Desk
from heatstream.supervision.incident_kind import INCIDENT
from heatstream.supervision.kinds import KINDS, kind_of
from heatstream.supervision.matter import ROUTINE, Standing


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the list."""

    matter: Matter
    standing: Standing
    households: int | None
    """Homes that an incident touches, without 报停; None = it is no incident."""
    evidence: str
    """What meter and homes showed of an incident; empty where they showed nothing."""

    @property
    def where(self) -> str:
        """Name the building, else the station, the source, the company, the district."""
        of = self.matter
        return of.building_name or of.heat_station or of.heat_source or of.company or of.district or ""


def conditions(
    *,
    kind: str | None = None,
    company_code: str | None = None,
    district_code: str | None = None,
    station_code: str | None = None,
) -> Iterator[ColumnElement[bool]]:
    """Say which matters are asked for; BadInput where there is no such kind."""
    if kind is not None:
        if kind not in KINDS:
            raise BadInput(f"kind: seen {kind!r}, expected one of {', '.join(sorted(KINDS))}")
        yield matter.c.kind == kind
    if company_code is not None:
        yield company.c.code == company_code
    if district_code is not None:
        yield matters.in_district(district_code)
    if station_code is not None:
        yield heat_station.c.code == station_code


async def places(desk: Desk, *asked: ColumnElement[bool], least: int = ROUTINE) -> list[Place]:
    """List the open matters that are asked for, the most urgent first, each as it stands now."""
    found = await matters.listed(desk.conn, matter.c.closed_at.is_(None), *asked)
    states = await desk.states(found)
    spans = await of_matters(desk.conn, [each.id for each in found])
    seen = [
        await _place(desk, each, state, seen_words.of_spans(spans.get(each.code, [])))
        for each, state in zip(found, states, strict=True)
    ]
    return sorted((each for each in seen if each.standing.urgency >= least), key=_turn)


async def _place(desk: Desk, found: Matter, state: Any, evidence: str) -> Place:
    standing = kind_of(found.kind).standing(state, desk.ground, desk.now())
    if found.kind != INCIDENT.name:
        return Place(found, standing, None, evidence)
    touched = await incident_shown.touched(desk, found, state.begins)
    return Place(found, standing, sum(each.residential for each in touched), evidence)


def _turn(each: Place) -> tuple[int, dt.datetime, dt.datetime, int]:
    never = dt.datetime.max.replace(tzinfo=dt.UTC)
    return (-each.standing.urgency, each.standing.next_due_at or never, each.matter.opened_at, each.matter.id)


def row(each: Place) -> dict[str, Any]:
    """Tell a line to a program."""
    due = each.standing.next_due_at
    return shown.row(each.matter) | {
        "headline": each.standing.headline,
        "step": each.standing.step,
        "urgency": each.standing.urgency,
        "next_due_at": due and due.astimezone(LOCAL).isoformat(),
        "where": each.where,
        "households": each.households,
        "evidence": each.evidence or None,
    }


def cells(each: Place) -> tuple[str, ...]:
    """Tell a line to a person."""
    due = each.standing.next_due_at
    return (
        shown.URGENCY_ZH[each.standing.urgency],
        each.matter.code,
        each.where,
        "\n".join(filter(None, [each.standing.headline, each.evidence])),
        "" if each.households is None else str(each.households),
        due.astimezone(LOCAL).strftime("%m-%d %H:%M") if due else "",
    )
