"""Rows that measured figures of a company are sums of: each a numerator and a denominator.

Adding up all rows of a measure gives its figure, so that whoever doubts a figure reads its rows.
"""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Date, Executable, and_, cast, func, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.accepted import after, midnight
from heatstream.store.claims import Line
from heatstream.store.read.days import Span
from heatstream.store.read.places import HOMES
from heatstream.store.tables import (
    building,
    claim,
    claim_event,
    company,
    day_statistic,
    heat_source,
    heat_station,
    household,
    meter,
    meter_day,
    station_day,
    ticket,
)
from heatstream.store.timescale import LOCAL


class Row(NamedTuple):
    """A part of a figure."""

    subject: str
    """Household, meter, station, source, claim, incident, ticket or company, by its code."""
    day: dt.date | None
    """None = of the whole period."""
    numerator: int
    denominator: int


class ClaimLines(NamedTuple):
    """A claim and its events."""

    code: str
    opened_at: dt.datetime
    policy_id: int
    lines: Sequence[Line]


_NO_DAY = cast(null(), Date)


async def _rows(conn: AsyncConnection, query: Executable) -> list[Row]:
    return [Row(*row) for row in await conn.execute(query)]


def _within(instant: ColumnElement[dt.datetime], days: Span) -> ColumnElement[bool]:
    return and_(instant >= midnight(days.first), instant < midnight(after(days.last)))


def _sum(column: ColumnElement[int]) -> ColumnElement[int]:
    return cast(func.sum(cast(column, BigInteger)), BigInteger)


async def points_complete(conn: AsyncConnection, company_id: int, days: Span) -> list[Row]:
    """Slots with a reading, of slots expected; a row a household with an accepted point."""
    query = (
        select(household.c.code, _NO_DAY, _sum(day_statistic.c.slots_valid), _sum(day_statistic.c.slots_expected))
        .select_from(HOMES.join(day_statistic, day_statistic.c.household_id == household.c.id))
        .where(company.c.id == company_id, day_statistic.c.day.between(days.first, days.last))
        .group_by(household.c.code)
        .order_by(household.c.code)
    )
    return await _rows(conn, query)


async def meters_complete(conn: AsyncConnection, company_id: int, days: Span) -> list[Row]:
    """Slots with a reading, of slots expected; a row a meter of a source or a station."""
    placed = (
        meter_day.join(meter, meter.c.id == meter_day.c.meter_id)
        .outerjoin(heat_station, heat_station.c.id == meter.c.heat_station_id)
        .outerjoin(heat_source, heat_source.c.id == meter.c.heat_source_id)
    )
    query = (
        select(meter.c.device, _NO_DAY, _sum(meter_day.c.slots_valid), _sum(meter_day.c.slots_expected))
        .select_from(placed)
        .where(
            func.coalesce(heat_station.c.company_id, heat_source.c.company_id) == company_id,
            meter_day.c.day.between(days.first, days.last),
        )
        .group_by(meter.c.device)
        .order_by(meter.c.device)
    )
    return await _rows(conn, query)


async def undelivered(conn: AsyncConnection, company_id: int, days: Span) -> list[Row]:
    """Home-minutes without heat, of home-minutes due that a meter told; a row a station."""
    homes, without, known = (cast(station_day.c[name], BigInteger) for name in ("homes", "without_min", "known_min"))
    query = (
        select(heat_station.c.code, _NO_DAY, _sum(without * homes), _sum(known * homes))
        .select_from(station_day.join(heat_station, heat_station.c.id == station_day.c.heat_station_id))
        .where(heat_station.c.company_id == company_id, station_day.c.day.between(days.first, days.last))
        .group_by(heat_station.c.code)
        .order_by(heat_station.c.code)
    )
    return await _rows(conn, query)


async def complaints(conn: AsyncConnection, company_id: int, days: Span) -> list[Row]:
    """One a ticket that was matched to a building of the company; what they are held against is no row of these."""
    placed = ticket.join(building, building.c.id == ticket.c.building_id).join(
        heat_station, heat_station.c.id == building.c.heat_station_id
    )
    query = (
        select(ticket.c.line, ticket.c.ticket_no, ticket.c.received_at)
        .select_from(placed)
        .where(heat_station.c.company_id == company_id, _within(ticket.c.received_at, days))
        .order_by(ticket.c.line, ticket.c.ticket_no)
    )
    rows = await conn.execute(query)
    return [Row(f"{line}/{number}", at.astimezone(LOCAL).date(), 1, 0) for line, number, at in rows]


async def claims_opened(conn: AsyncConnection, company_id: int, days: Span) -> list[ClaimLines]:
    """List the claims of homes that the company heats, opened in some days, each with its events."""
    placed = (
        claim.join(household, household.c.id == claim.c.household_id)
        .join(building, building.c.id == household.c.building_id)
        .join(heat_station, heat_station.c.id == building.c.heat_station_id)
        .join(claim_event, claim_event.c.claim_id == claim.c.id)
    )
    columns = [claim_event.c[name] for name in Line._fields]
    query = (
        select(claim.c.code, claim.c.opened_at, claim.c.policy_id, *columns)
        .select_from(placed)
        .where(heat_station.c.company_id == company_id, _within(claim.c.opened_at, days))
        .order_by(claim.c.code, claim_event.c.number)
    )
    found: dict[str, ClaimLines] = {}
    for code, opened_at, policy_id, *line in await conn.execute(query):
        kept = found.setdefault(code, ClaimLines(code, opened_at, policy_id, []))
        found[code] = kept._replace(lines=[*kept.lines, Line(*line)])
    return list(found.values())
