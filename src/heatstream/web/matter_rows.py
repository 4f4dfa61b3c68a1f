"""Rows of supervision that the browser fetches by itself: the morning's list, and a station's supply."""

import datetime as dt
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.settings import Settings
from heatstream.store import matters
from heatstream.store.read import stations
from heatstream.store.stations import SLOT_MIN, SLOT_US, Station
from heatstream.store.timescale import LOCAL
from heatstream.supervision import ground, today
from heatstream.supervision.act import Desk
from heatstream.supervision.incident.incident_kind import INCIDENT
from heatstream.supervision.incident.incident_state import Incident
from heatstream.supervision.matter import Ground
from heatstream.supervision.station import supply_series
from heatstream.supervision.station.supply_series import DAY_SLOTS, SupplySeries
from heatstream.web.signed_in import Reading

router = APIRouter(prefix="/rows", include_in_schema=False)

BEFORE, AFTER, MOST_DAYS = dt.timedelta(hours=12), dt.timedelta(hours=6), 10
"""A span is drawn with what came before and after it, and its first days where it is long."""

MOST_STOPS = 200
"""Lines of the morning's list."""

MILLISECOND_US = 1000

Row = dict[str, Any]


def now() -> dt.datetime:
    """Tell the time."""
    return dt.datetime.now(LOCAL)


async def handled_by(conn: AsyncConnection, settings: Settings) -> Ground:
    """Read what matters are handled by."""
    return await ground.read(conn, settings, now())


@router.get("/today")
async def rows_today(request: Request, reader: Reading) -> Row:
    """Give the morning's list; what one visitor read stands for some seconds for all."""
    settings: Settings = request.app.state.settings

    async def load(conn: AsyncConnection) -> Row:
        found = await today.places(Desk(conn, await handled_by(conn, settings), now), limit=MOST_STOPS)
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
        "due_at": each.standing.next_due_at and each.standing.next_due_at.isoformat(),
    }


@router.get("/matters/{code}/supply")
async def supply(request: Request, code: str, reader: Reading) -> Row:
    """Give the supply of an incident's station against its curve, around the incident."""
    async with reader.connection() as conn:
        found = await matters.by_code(conn, code)
        if found is None or found.kind != INCIDENT.name or found.heat_station is None:
            raise HTTPException(404, f"no incident {code!r} of a heat station")
        settings: Settings = request.app.state.settings
        state: Incident = await Desk(conn, await handled_by(conn, settings), now).state(found)
        begins = state.begins
        end = min(state.ends or now(), begins + dt.timedelta(days=MOST_DAYS))
        series = await _series(conn, found.heat_station, begins - BEFORE, min(end + AFTER, now()))
    return {"begins": _ms(begins), "ends": _ms(end), "lines": _lines(series)}


async def _series(conn: AsyncConnection, code: str, begin: dt.datetime, end: dt.datetime) -> SupplySeries:
    row = await stations.by_code(conn, code)
    if row is None:
        raise HTTPException(404, f"no heat station {code!r}")
    group = [Station(row.id, row.station, row.heat_source_id)]
    slots = max(1, int((end - begin) / dt.timedelta(minutes=SLOT_MIN)))
    begin_us = int(begin.timestamp()) * 1_000_000 // SLOT_US * SLOT_US
    return await supply_series.read(conn, group, begin_us, slots, None)


def _ms(at: dt.datetime) -> int:
    return int(at.timestamp() * 1000)


def _lines(series: SupplySeries) -> dict[str, list[tuple[int, float | None]]]:
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
