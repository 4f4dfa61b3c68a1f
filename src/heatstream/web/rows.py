"""Rows that the browser fetches by itself: in the page they would stay in the server's memory, once a visitor."""

import datetime as dt
from typing import Any, Literal

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Outcome
from heatstream.store.read import days, findings
from heatstream.store.read.rows import AnyRow
from heatstream.store.timescale import LOCAL
from heatstream.web import figures
from heatstream.web.signed_in import Reading

router = APIRouter(prefix="/rows", include_in_schema=False)

NEWEST = 300
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


def finding(row: AnyRow) -> Row:
    """Tell a finding."""
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
    return [finding(row) for row in await findings.listed(conn, which, page)]


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
