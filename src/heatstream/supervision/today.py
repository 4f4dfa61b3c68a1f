"""The morning's list: where to go, and why. Open matters by urgency and next limit, as they stand now."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, or_

from heatstream.errors import BadInput
from heatstream.store import matters
from heatstream.store.matters import Matter
from heatstream.store.read import supplied
from heatstream.store.spans import of_matters
from heatstream.store.tables import company, heat_station, matter
from heatstream.store.timescale import LOCAL
from heatstream.supervision import shown
from heatstream.supervision.act import Desk
from heatstream.supervision.company.company_file import COMPANY_FILE
from heatstream.supervision.incident.incident_kind import INCIDENT
from heatstream.supervision.kinds import KINDS, kind_of
from heatstream.supervision.matter import Standing
from heatstream.supervision.station import seen_words


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


class Morning(NamedTuple):
    """The list, as far as it was asked for."""

    total: int
    """How many lines there are in all."""
    places: list[Place]


_ASKS = or_(matter.c.kind != COMPANY_FILE.name, matter.c.next_due_at.is_not(None))
"""Of a company's file nothing is to be done, unless a time limit of it runs."""


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
            raise BadInput(
                f"kind: seen {kind!r}, expected one of {', '.join(sorted(KINDS))}",
                zh=f"没有事项类型“{kind}”，应为以下之一：{'、'.join(sorted(KINDS))}",
            )
        yield matter.c.kind == kind
    if company_code is not None:
        yield company.c.code == company_code
    if district_code is not None:
        yield matters.in_district(district_code)
    if station_code is not None:
        yield heat_station.c.code == station_code


async def places(desk: Desk, *asked: ColumnElement[bool], limit: int | None = None) -> Morning:
    """List the open matters that are asked for, the most urgent first, each as it stands now.

    Rows are kept as they stand; those that may stand otherwise, for a time has passed since, are folded anew.

    Parameters
    ----------
    limit : most lines; None = all
    """
    conn, wanted = desk.conn, [matters.is_open(), _ASKS, *asked]
    stale = matters.stands_otherwise(desk.now())
    right = or_(matter.c.stands_until.is_(None), ~stale)
    anew = await matters.listed(conn, *wanted, stale)
    states = await desk.states(anew)
    lines = [_Line(each, _standing(desk, each, state)) for each, state in zip(anew, states, strict=True)]
    lines += [_Line(each, _kept(each)) for each in await matters.listed(conn, *wanted, right, limit=limit)]
    total = len(anew) + await matters.count(conn, *wanted, right)
    shown_ = sorted(lines, key=_turn)[:limit]
    households = await _households(desk, [each.matter for each in shown_ if each.matter.kind == INCIDENT.name])
    spans = await of_matters(conn, [each.matter.id for each in shown_])
    return Morning(
        total,
        [
            Place(*each, households.get(each.matter.id), seen_words.of_spans(spans.get(each.matter.code, [])))
            for each in shown_
        ],
    )


class _Line(NamedTuple):
    matter: Matter
    standing: Standing


def _standing(desk: Desk, found: Matter, state: Any) -> Standing:
    return kind_of(found.kind).standing(state, desk.ground, desk.now())


def _kept(found: Matter) -> Standing:
    return Standing(**{name: getattr(found, name) for name in Standing._fields})


async def _households(desk: Desk, found: Sequence[Matter]) -> dict[int, int]:
    """Count the homes that incidents touch, each as of its begin, without 报停; by the matter's id."""
    sources = {
        each.heat_source_id for each in found if each.heat_station_id is None and each.heat_source_id is not None
    }
    of_source = await supplied.stations_of(desk.conn, sources)
    begins = [state.begins.astimezone(LOCAL).date() for state in await desk.states(found)]
    touched = {each.id: (_stations(each, of_source), day) for each, day in zip(found, begins, strict=True)}
    asked = {(station, day) for stations, day in touched.values() for station in stations}
    counts = await supplied.residential(desk.conn, asked)
    return {
        matter_id: sum(counts.get((station, day), 0) for station in stations)
        for matter_id, (stations, day) in touched.items()
    }


def _stations(found: Matter, of_source: Mapping[int, list[int]]) -> list[int]:
    if found.heat_station_id is not None:
        return [found.heat_station_id]
    return [] if found.heat_source_id is None else of_source[found.heat_source_id]


def _turn(each: _Line) -> tuple[int, dt.datetime, dt.datetime, int]:
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


def cells(each: Place, now: dt.datetime) -> tuple[str, ...]:
    """Tell a line to a person."""
    due = each.standing.next_due_at
    return (
        shown.URGENCY_ZH[each.standing.urgency],
        each.matter.code,
        each.where,
        "\n".join(filter(None, [each.standing.headline, each.evidence])),
        "" if each.households is None else str(each.households),
        _clock(due.astimezone(LOCAL), now.astimezone(LOCAL)) if due else "",
    )


def _clock(due: dt.datetime, now: dt.datetime) -> str:
    """Tell a limit with its year, where that is not this one."""
    return due.strftime("%m-%d %H:%M" if due.year == now.year else "%Y-%m-%d %H:%M")
