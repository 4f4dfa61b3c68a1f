"""Rows that the browser fetches by itself: in the page they would stay in the server's memory, once a visitor."""

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Outcome
from heatstream.rules.sentences import seen
from heatstream.store import quality
from heatstream.store.read import days, findings, readings, registry
from heatstream.store.read.places import Place
from heatstream.store.read.rows import AnyRow, Rows
from heatstream.store.timescale import LOCAL
from heatstream.web import figures
from heatstream.web.signed_in import Reading

router = APIRouter(prefix="/rows", include_in_schema=False)

NEWEST = 300
HOUSEHOLD_DAYS = 400
CURVE_DAYS = 31
MARKS = 300
_FINDING = (
    *("id", "household", "address", "building_name", "community_name", "outcome", "value_centi", "limit_centi"),
    *("margin_centi", "day_value_centi", "night_value_centi", "slots_valid", "slots_expected", "below_min"),
    *("computed_fen", "reason"),
)
_FLAG = ("household", "address", "point", "room_kind", "temp_centi", "lowest_centi", "limit_centi", "since", "stopped")
_TALLY = (
    *("code", "name", "homes", "monitored", "compliant", "failing", "undetermined", "waiting", "unmonitored"),
    *("below_now", "lowest_centi", "computed_fen"),
)

Row = dict[str, Any]


def _pick(row: object, names: tuple[str, ...]) -> Row:
    return {name: getattr(row, name) for name in names}


def _finding(row: AnyRow) -> Row:
    return {"day": row.period_from.isoformat(), **_pick(row, _FINDING)}


@router.get("/places/{level}")
async def places(reader: Reading, level: Literal["district", "company", "heat_station", "building"]) -> list[Row]:
    """Give the last closed day by place."""
    return [_pick(tally, _TALLY) for tally in await figures.tallies(reader, level)]


@router.get("/flags")
async def flags(reader: Reading) -> list[Row]:
    """Give who is below the standard now, the coldest first."""
    return [_pick(row, _FLAG) for row in await figures.below_now(reader)]


async def _findings(conn: AsyncConnection, which: findings.Which, limit: int) -> list[Row]:
    today = dt.datetime.now(LOCAL).date()
    span = await days.span(conn, None, None, today)
    if span is None:
        return []
    page = days.DayPage(span, limit, newest_first=True)
    return [_finding(row) for row in await findings.listed(conn, which, page)]


@router.get("/findings/{outcome}")
async def newest_findings(
    reader: Reading, outcome: Literal["compliant", "failing", "undetermined", "all"]
) -> list[Row]:
    """Give the newest findings, of one outcome or of all."""
    outcomes = () if outcome == "all" else (int(Outcome[outcome.upper()]),)

    async def load(conn: AsyncConnection) -> list[Row]:
        return await _findings(conn, findings.Which(outcomes=outcomes), NEWEST)

    return await reader.shared(("findings", outcome), load)


@router.get("/gateways")
async def gateways(reader: Reading) -> list[Row]:
    """Give each gateway's newest message, gaps, and what became of its readings of the last hour."""
    health = await figures.health(reader)
    hour = {row.gateway: row for row in health.conservation}
    counted = ("readings", "stored", "repeated", "conflicting", "rejected", "undecodable", "late")
    return [
        _pick(row, ("gateway", "last_received_at", "contiguous", "missing"))
        | {name: getattr(hour.get(row.gateway), name, 0) for name in counted}
        for row in health.gateways
    ]


async def _household(conn: AsyncConnection, code: str) -> AnyRow:
    found = await registry.household_by_code(conn, code)
    if found is None:
        raise HTTPException(404, f"no household {code!r}")
    return found


@router.get("/household/{code}/findings")
async def household_findings(reader: Reading, code: str) -> list[Row]:
    """Give the findings of one household, the newest day first."""
    async with reader.connection() as conn:
        await _household(conn, code)
        return await _findings(conn, findings.Which(Place(household=code)), HOUSEHOLD_DAYS)


def _milliseconds(at: dt.datetime) -> int:
    return int(at.timestamp() * 1000)


def _lines(points: Rows, values: Rows, marks: list[quality.Mark]) -> list[Row]:
    """Give a line a point; where readings are missing it is broken, for nothing was measured there."""
    lines = {row.id: {"point": row.device, "room": row.room_kind, "values": [], "marks": []} for row in points}
    gap_ms = {row.id: 2.5 * 60_000 * row.interval_min for row in points}
    for row in values:
        line, at_ms = lines[row.point_id]["values"], _milliseconds(row.observed_at)
        if line and at_ms - line[-1][0] > gap_ms[row.point_id]:
            line.append((line[-1][0] + 1, None))
        line.append((at_ms, row.temp_centi / 100))
    for mark in marks:
        for line in (each["marks"] for each in lines.values() if each["point"] == mark.device):
            line.append((_milliseconds(mark.begins), _milliseconds(mark.ends), mark.kind, mark.excludes))
    return [line for line in lines.values() if line["values"]]


@router.get("/household/{code}/curve")
async def curve(
    reader: Reading, code: str, days_back: Annotated[int, Query(alias="days", ge=1, le=CURVE_DAYS)] = 7
) -> list[Row]:
    """Give the temperatures of each point of a household, up to its newest reading."""
    async with reader.connection() as conn:
        await _household(conn, code)
        points = await registry.points(conn, Place(household=code), limit=100)
        ids = [row.id for row in points]
        newest = await readings.newest(conn, ids)
        if newest is None:
            return []
        end = newest + dt.timedelta(seconds=1)
        period = readings.Period(end - dt.timedelta(days=days_back), end)
        marks = await quality.listed(conn, quality.Wanted(household=code, since=period.start), limit=MARKS)
        return _lines(points, await readings.curve(conn, ids, period), marks)


@router.get("/household/{code}/marks")
async def household_marks(reader: Reading, code: str) -> list[Row]:
    """Give the quality marks of one household, the newest first, each with the review that stands."""
    async with reader.connection() as conn:
        await _household(conn, code)
        marks = await quality.listed(conn, quality.Wanted(household=code), newest_first=True, limit=MARKS)
    return [
        {name: getattr(mark, name) for name in ("id", "kind", "device", "excludes", "officer", "reason")}
        | {"begins": mark.begins.isoformat(), "ends": mark.ends.isoformat()}
        | dict(zip(("seen_zh", "seen_en"), seen(mark.evidence["seen"]), strict=True))
        for mark in marks
    ]
