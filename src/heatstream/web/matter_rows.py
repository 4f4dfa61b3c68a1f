"""Rows of supervision that the browser fetches by itself: matters, the morning's list, a station's supply."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.access.fields import reads
from heatstream.claims.event_words import role
from heatstream.errors import Refused
from heatstream.settings import Settings
from heatstream.store import matters
from heatstream.store.matters import Matter
from heatstream.store.read import stations
from heatstream.store.stations import SLOT_MIN, SLOT_US, Station
from heatstream.supervision import ground, today
from heatstream.supervision.act import Desk
from heatstream.supervision.incident.incident_kind import INCIDENT
from heatstream.supervision.incident.incident_state import Incident
from heatstream.supervision.kinds import KINDS
from heatstream.supervision.shown import KINDS_ZH
from heatstream.supervision.station import supply_series
from heatstream.supervision.station.supply_series import DAY_SLOTS, SupplySeries
from heatstream.web import words as languages
from heatstream.web.signed_in import Reading

router = APIRouter(prefix="/rows", include_in_schema=False)

BEFORE, AFTER, MOST_DAYS = dt.timedelta(hours=12), dt.timedelta(hours=6), 10
"""A span is drawn with what came before and after it, and its first days where it is long."""

MOST_STOPS = 200
"""Lines of the morning's list."""

PAGE = 2000
"""Rows of a long list at once; the next are asked for by how many there were before them."""

MILLISECOND_US = 1000

Row = dict[str, Any]


async def desk(conn: AsyncConnection, settings: Settings, now: Callable[[], dt.datetime]) -> Desk:
    """Give the desk at which matters are read, or recorded where the connection may write."""
    return Desk(conn, await ground.read(conn, settings, now()), now)


def settings_of(request: Request) -> Settings:
    """Give the settings of the process."""
    found: Settings = request.app.state.settings
    return found


def iso(at: dt.datetime | dt.date | None) -> str | None:
    """Write an instant or a day as the browser reads it."""
    return None if at is None else at.isoformat()


After = Annotated[int, Query(ge=0, le=1_000_000)]
"""How many rows of a list were given before."""


def paged(rows: Sequence[Row], after: int) -> Row:
    """Give a page of a list, and where the next begins."""
    return {"rows": rows[:PAGE], "next": after + PAGE if len(rows) > PAGE else None}


# --- matters ----------------------------------------------------------------------------------------------------------


@router.get("/matters")
async def listed(
    reader: Reading,
    *,
    kind: Annotated[str | None, Query(pattern=f"^({'|'.join(KINDS)})$")] = None,
    company: str | None = None,
    district: str | None = None,
    station: str | None = None,
    which: Annotated[str, Query(alias="open", pattern="^(open|overdue|closed|all)$")] = "open",
    after: After = 0,
) -> Row:
    """List matters, the most urgent first; `open=overdue` are those whose next limit has passed."""
    conditions = list(today.conditions(kind=kind, company_code=company, district_code=district, station_code=station))
    now = reader.source.now()
    conditions += {
        "open": [matters.is_open()],
        "overdue": [matters.is_open(), matters.is_overdue(now)],
        "closed": [~matters.is_open()],
        "all": [],
    }[which]
    async with reader.connection() as conn:
        found = await matters.listed(conn, *conditions, limit=after + PAGE + 1)
    return paged([row(each, now) for each in found[after:]], after)


def row(found: Matter, now: dt.datetime) -> Row:
    """Tell where a matter stands."""
    due = found.next_due_at if found.closed_at is None else None
    return {
        **{name: getattr(found, name) for name in ("code", "kind", "headline", "step", "urgency")},
        **{name: getattr(found, name) for name in ("company", "district", "heat_source", "heat_station", "building")},
        "opened_at": iso(found.opened_at),
        "due_at": iso(due),
        "overdue": due is not None and due < now,
        "closed_at": iso(found.closed_at),
    }


@router.get("/matters/{code}/papers/{sha256}")
async def paper(
    request: Request, reader: Reading, code: str, sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
) -> Response:
    """Give a paper of a matter, to keep and never to be shown by the browser: somebody outside wrote it."""
    async with reader.connection() as conn:
        of = await matters.by_code(conn, code)
        found = await matters.paper(conn, code, bytes.fromhex(sha256))
    if of is None or found is None:
        raise HTTPException(404, f"no paper {sha256} in a matter {code!r} that you see")
    if not reads(reader.visitor.role, of.kind):
        not_theirs = Refused(
            f"papers of matters of kind {of.kind} are not for {reader.visitor.role}",
            zh=f"“{KINDS_ZH[of.kind]}”的附件不对{role(reader.visitor.role)}开放",
        )
        raise HTTPException(403, languages.of_request(request).why(not_theirs))
    name, content = found
    told = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return Response(content, media_type="application/octet-stream", headers={"Content-Disposition": told})


# --- the morning's list -----------------------------------------------------------------------------------------------


@router.get("/today")
async def rows_today(request: Request, reader: Reading) -> Row:
    """Give the morning's list; what one visitor read stands for some seconds for all."""

    async def load(conn: AsyncConnection) -> Row:
        there = await desk(conn, settings_of(request), reader.source.now)
        found = await today.places(there, limit=MOST_STOPS)
        return {"more": found.total - len(found.places), "rows": [_stop(each) for each in found.places]}

    return await reader.shared(("today",), load)


def _stop(each: today.Place) -> Row:
    return {
        **{name: getattr(each.matter, name) for name in ("code", "kind", "company", "heat_station", "district")},
        "where": each.where,
        "why": each.standing.headline,
        "evidence": each.evidence,
        "step": each.standing.step,
        "urgency": each.standing.urgency,
        "households": each.households,
        "due_at": iso(each.standing.next_due_at),
    }


# --- a station's supply -----------------------------------------------------------------------------------------------


@router.get("/matters/{code}/supply")
async def supply(request: Request, code: str, reader: Reading) -> Row:
    """Give the supply of an incident's station against its curve, around the incident."""
    now = reader.source.now()
    async with reader.connection() as conn:
        found = await matters.by_code(conn, code)
        if found is None or found.kind != INCIDENT.name or found.heat_station is None:
            raise HTTPException(404, f"no incident {code!r} of a heat station")
        state: Incident = await (await desk(conn, settings_of(request), reader.source.now)).state(found)
        begins = state.begins
        end = min(state.ends or now, begins + dt.timedelta(days=MOST_DAYS))
        series = await series_of(conn, found.heat_station, begins - BEFORE, min(end + AFTER, now))
    return {"shaded": [[ms(begins), ms(end)]], "lines": lines(series)}


async def series_of(conn: AsyncConnection, code: str, begin: dt.datetime, end: dt.datetime) -> SupplySeries:
    """Read a station's supply; 404 where the visitor sees no such station."""
    found = await stations.by_code(conn, code)
    if found is None:
        raise HTTPException(404, f"no heat station {code!r}")
    group = [Station(found.id, found.station, found.heat_source_id)]
    slots = max(1, int((end - begin) / dt.timedelta(minutes=SLOT_MIN)))
    begin_us = int(begin.timestamp()) * 1_000_000 // SLOT_US * SLOT_US
    return await supply_series.read(conn, group, begin_us, slots, None)


def ms(at: dt.datetime) -> int:
    """Write an instant as a chart places it [ms]."""
    return int(at.timestamp() * 1000)


def lines(series: SupplySeries) -> dict[str, list[tuple[int, float | None]]]:
    """Give a line a quantity, broken where nothing is known [ms, °C]."""
    told, expected = series.told, series.expected
    drawn = {
        "supply": (told.supply_centi, told.valid),
        "return": (told.return_centi, told.valid),
        "expected": (expected.supply_centi, expected.has_curve),
        "outdoor": (told.outdoor_centi, told.outdoor_known),
    }
    slots = range(DAY_SLOTS, series.window.slots)
    return {
        name: [
            (series.at_us(slot) // MILLISECOND_US, int(values[0, slot]) / 100 if known[0, slot] else None)
            for slot in slots
        ]
        for name, (values, known) in drawn.items()
        if known[0, DAY_SLOTS:].any()
    }
