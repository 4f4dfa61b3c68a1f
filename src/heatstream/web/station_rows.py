"""Rows of heat stations and sources that the browser fetches by itself."""

import datetime as dt
from collections.abc import Sequence

import numpy as np
from fastapi import APIRouter, HTTPException, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.calendar import day_of
from heatstream.errors import BadInput
from heatstream.store.read import flags, stations
from heatstream.store.read.places import Place
from heatstream.store.read.rows import AnyRow
from heatstream.store.stations import SLOT_MIN, SLOT_US, Station
from heatstream.store.timescale import LOCAL
from heatstream.supervision.company import fuel
from heatstream.supervision.ground import law_on
from heatstream.supervision.incident import stops
from heatstream.supervision.station import seen_words, supply_series
from heatstream.supervision.station.supply_series import SupplySeries
from heatstream.web import failures
from heatstream.web.company_rows import fuel_row
from heatstream.web.matter_rows import Row, desk, iso, lines, ms, series_of, settings_of
from heatstream.web.rows import seen_by
from heatstream.web.signed_in import Reading

router = APIRouter(prefix="/rows", include_in_schema=False)

MOST_STATIONS, MOST_DAYS, MOST_SPANS, MOST_HOMES = 5000, 400, 500, 300
FIRST_YEAR = 2000
STOPS_BACK, STOPS_AHEAD = dt.timedelta(days=30), dt.timedelta(days=60)
_DAY = ("due_min", "known_min", "without_min", "low_min", "homes", "monitored", "below", "lowest_centi", "mean_centi")
_WINDOW = ("code", "weekdays", "from_min", "to_min", "filed_on", "filed_with", "valid_from", "valid_to")
_FLAG = (
    *("household", "address", "point", "building", "building_name", "room_kind", "temp_centi", "lowest_centi"),
    *("since", "stopped"),
)


async def one_seen(conn: AsyncConnection, code: str) -> AnyRow:
    """Give a station; 404 where the visitor sees none of this code."""
    found = await stations.by_code(conn, code)
    if found is None:
        raise HTTPException(404, f"no heat station {code!r}")
    return found


async def now_of(conn: AsyncConnection, those: Sequence[AnyRow], now: dt.datetime) -> list[Row]:
    """Say what stations give now, what is expected of them, and what goes on there."""
    law = await law_on(conn, now)
    season = None if law is None else law.season_until(day_of(now.astimezone(LOCAL).date()))
    group = [Station(each.id, each.station, each.heat_source_id) for each in those]
    begin_us = int(now.timestamp()) // (60 * SLOT_MIN) * SLOT_US
    series = await supply_series.read(conn, group, begin_us, 1, season)
    open_: dict[int, list[AnyRow]] = {}
    for span in await stations.going_on(conn, [each.id for each in group]):
        open_.setdefault(span.heat_station_id, []).append(span)
    return [_now(each, series, place, open_.get(each.id, [])) for place, each in enumerate(those)]


def _now(of: AnyRow, series: SupplySeries, place: int, going_on: Sequence[AnyRow]) -> Row:
    told: Row = {"at": None, "supply_centi": None, "return_centi": None, "expected_centi": None}
    slots = np.flatnonzero(series.told.valid[place])
    if slots.size:
        slot = int(slots[-1])
        known = bool(series.expected.has_curve[place, slot])
        told = {
            "at": iso(dt.datetime.fromtimestamp(series.at_us(slot) / 1_000_000, LOCAL)),
            "supply_centi": int(series.told.supply_centi[place, slot]),
            "return_centi": int(series.told.return_centi[place, slot]),
            "expected_centi": int(series.expected.supply_centi[place, slot]) if known else None,
        }
    deviation = None if told["expected_centi"] is None else told["supply_centi"] - told["expected_centi"]
    span = going_on[-1] if going_on else None
    return {
        **{name: getattr(of, name) for name in ("station", "station_name", "heat_source", "company")},
        **told,
        "deviation_centi": deviation,
        "due": None if series.due is None else bool(series.due[place, -1]),
        "span": span and span.kind,
        "since": span and iso(span.begins),
        "matter": span and span.matter,
    }


async def _listed(reader: Reading, company: str | None, source: str | None) -> list[Row]:
    now = reader.source.now()
    async with reader.connection() as conn:
        those = await stations.listed(conn, company_code=company, source_code=source, after=0, limit=MOST_STATIONS)
        return await now_of(conn, those, now)


@router.get("/companies/{code}/stations")
async def of_company(reader: Reading, code: str) -> list[Row]:
    """Give the stations of a company that the visitor sees, with what each gives now."""
    return await _listed(reader, code, None)


@router.get("/sources/{code}/stations")
async def of_source(reader: Reading, code: str) -> list[Row]:
    """Give the stations of a heat source that the visitor sees."""
    return await _listed(reader, None, code)


@router.get("/stations/{code}/supply")
async def station_supply(request: Request, code: str, reader: Reading, day: dt.date | None = None) -> Row:
    """Give a day of a station's supply against its curve, and shade the spans that stand; without a day the newest."""
    begins, end = _day(request, reader.source.now(), day)
    async with reader.connection() as conn:
        series = await series_of(conn, code, begins, end)
        wanted = stations.Wanted(station=code, start=begins, end=end)
        shaded = [
            [ms(max(each.begins, begins)), ms(min(each.ends or end, end))]
            for each in await stations.spans(conn, wanted, after=0, limit=MOST_SPANS)
        ]
    return {"shaded": shaded, "lines": lines(series)}


def _day(request: Request, now: dt.datetime, day: dt.date | None) -> tuple[dt.datetime, dt.datetime]:
    """Give the bounds of a local day, the last 24 h without one; nothing is known of what has not come."""
    if day is None:
        return now - dt.timedelta(days=1), now
    if not FIRST_YEAR <= day.year <= now.year:
        wrong = BadInput(
            f"day: seen {day}, expected a day of {FIRST_YEAR} to {now.year}",
            zh=f"日期为 {day}，应为 {FIRST_YEAR} 至 {now.year} 年的日期",
        )
        raise failures.refused(request, 422, wrong)
    begins = dt.datetime.combine(day, dt.time(), now.tzinfo)
    return begins, min(begins + dt.timedelta(days=1), max(now, begins + dt.timedelta(minutes=SLOT_MIN)))


@router.get("/stations/{code}/days")
async def days(reader: Reading, code: str) -> list[Row]:
    """Give the closed days of a station, the newest first."""
    first = reader.source.now().astimezone(LOCAL).date() - dt.timedelta(days=MOST_DAYS)
    async with reader.connection() as conn:
        found = await one_seen(conn, code)
        rows = await stations.days(conn, found.id, first=first, last=None, after=None, limit=MOST_DAYS)
    return [{"day": iso(each.day), **{name: getattr(each, name) for name in _DAY}} for each in reversed(rows)]


@router.get("/stations/{code}/spans")
async def spans(reader: Reading, code: str) -> list[Row]:
    """Give what was seen of a station and stands, the newest first, with the evidence of both sides."""
    async with reader.connection() as conn:
        await one_seen(conn, code)
        since = reader.source.now() - dt.timedelta(days=MOST_DAYS)
        rows = await stations.spans(conn, stations.Wanted(station=code, start=since), after=0, limit=MOST_SPANS)
    return [
        {
            "kind": each.kind,
            "begins": iso(each.begins),
            "ends": iso(each.ends),
            "matter": each.matter,
            "evidence": seen_words.sentence(each.evidence),
        }
        for each in sorted(rows, key=lambda row: row.begins, reverse=True)
    ]


@router.get("/stations/{code}/schedule")
async def schedule(reader: Reading, code: str) -> list[Row]:
    """Give the windows of heat that were filed for a station; none = it is to heat all day."""
    async with reader.connection() as conn:
        found = await one_seen(conn, code)
        rows = await stations.schedule(conn, found.id)
    return [{name: getattr(each, name) for name in _WINDOW} for each in rows]


@router.get("/stations/{code}/stops")
async def announced(request: Request, reader: Reading, code: str) -> list[Row]:
    """Give the announced stops of a station or of its source, and whether users were told in time."""
    now = reader.source.now()
    async with reader.connection() as conn:
        found = await one_seen(conn, code)
        there = await desk(conn, settings_of(request), reader.source.now)
        those = await stops.between(there, now - STOPS_BACK, now + STOPS_AHEAD)
    mine = {(found.station, None), (None, found.heat_source)}
    return [stops.tree(*each) for each in those if (each[0].heat_station, each[0].heat_source) in mine]


@router.get("/stations/{code}/homes")
async def homes(reader: Reading, code: str) -> list[Row]:
    """Give the homes of a station that are below the standard now, the coldest first."""
    async with reader.connection() as conn:
        await one_seen(conn, code)
        rows = await flags.coldest(conn, Place(heat_station=code), limit=MOST_HOMES)
    return [seen_by(reader.visitor, {name: getattr(each, name) for name in _FLAG}) for each in rows]


@router.get("/sources/{code}/fuel")
async def fuel_of(request: Request, reader: Reading, code: str) -> list[Row]:
    """Give the fuels of a heat source today."""
    now = reader.source.now()
    async with reader.connection() as conn:
        if await stations.source(conn, code) is None:
            raise HTTPException(404, f"no heat source {code!r}")
        there = await desk(conn, settings_of(request), reader.source.now)
        table = await fuel.of_day(conn, there.ground, now.astimezone(LOCAL).date())
    return [fuel_row(each) for each in table.rows if each.source.code == code]
