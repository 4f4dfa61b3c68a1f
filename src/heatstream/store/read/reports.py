"""What the claims' tables of a report are counted from: visits, payments, rulings, what is still to be paid.

Everything by the company that heats the home today. A visit counts on the day measuring began, a payment on the day it
was paid, a ruling on the day it was issued.
"""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Date, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Outcome
from heatstream.store.accepted import after, midnight
from heatstream.store.claims import Line
from heatstream.store.read.days import Span
from heatstream.store.read.findings import DAY
from heatstream.store.read.places import HOMES
from heatstream.store.read.rows import every
from heatstream.store.tables import (
    Instant,
    claim,
    claim_event,
    company,
    district,
    finding,
    finding_current,
    heat_source,
    heat_station,
    household,
    ruling,
)


class Visits(NamedTuple):
    """测温 in the homes of one company."""

    company: str
    by_company: int
    """Visits in which something was measured."""
    by_authority: int
    by_third_party: int
    households: int
    """Homes measured, each once."""
    not_measured: int
    """Visits in which nothing was: 不在家, 拒绝入户."""


class Paid(NamedTuple):
    """退费 to the homes of one company."""

    company: str
    households: int
    payments: int
    paid_fen: int


class Rulings(NamedTuple):
    """裁定 of one district about one company."""

    district: str
    company: str
    refund: int
    no_refund: int
    ruled_fen: int
    """裁定额 of those issued [fen]."""
    revoked: int
    """撤销 in the period, whenever they were issued."""


class Failing(NamedTuple):
    """Homes of one company that failed on some day."""

    company: str
    homes: int
    home_days: int
    computed_fen: int
    """测算额 of those days [fen]."""


class Station(NamedTuple):
    """A heat station, and whose it is."""

    id: int
    code: str
    name: str
    heat_source: str
    company: str


class Unsettled(NamedTuple):
    """A claim in which something was ruled or accepted, and that is neither performed, closed nor withdrawn."""

    code: str
    household: str
    district: str
    company: str
    pay_by: dt.date | None
    lines: Sequence[Line]


_CLAIMS = HOMES.join(claim, claim.c.household_id == household.c.id)
_EVENTS = _CLAIMS.join(claim_event, claim_event.c.claim_id == claim.c.id)
_SETTLED = ("performed", "closed", "withdrawn")


def _told(name: str) -> ColumnElement[str]:
    said: ColumnElement[str] = claim_event.c.body[name].astext
    return said


def _within(instant: ColumnElement[dt.datetime], days: Span) -> ColumnElement[bool]:
    return (instant >= midnight(days.first)) & (instant < midnight(after(days.last)))


async def visits(conn: AsyncConnection, days: Span) -> list[Visits]:
    """Count visits of some days; one in which nothing was measured counts on the day of arrival."""
    began = cast(func.coalesce(_told("started_at"), _told("arrived_at")), Instant)
    measured = func.jsonb_array_length(func.coalesce(claim_event.c.body["rooms"], func.jsonb_build_array())) > 0
    query = (
        select(
            company.c.code,
            *(func.count().filter(measured, _told("by") == by) for by in ("company", "authority", "third_party")),
            func.count(household.c.id.distinct()).filter(measured),
            func.count().filter(~measured),
        )
        .select_from(_EVENTS)
        .where(claim_event.c.kind == "visit_recorded", _within(began, days))
        .group_by(company.c.code)
        .order_by(company.c.code)
    )
    return [Visits(*row) for row in await every(conn, query)]


async def paid(conn: AsyncConnection, days: Span) -> list[Paid]:
    """Add up the payments of some days."""
    on = cast(_told("paid_on"), Date)
    query = (
        select(
            company.c.code,
            func.count(household.c.id.distinct()),
            func.count(),
            cast(func.sum(cast(_told("fen"), BigInteger)), BigInteger),
        )
        .select_from(_EVENTS)
        .where(claim_event.c.kind == "payment_made", on.between(days.first, days.last))
        .group_by(company.c.code)
        .order_by(company.c.code)
    )
    return [Paid(*row) for row in await every(conn, query)]


async def rulings(conn: AsyncConnection, days: Span) -> list[Rulings]:
    """Count the rulings that were issued or revoked in some days, by the home's district and company."""
    issued, revoked = _within(ruling.c.issued_at, days), _within(ruling.c.revoked_at, days)
    query = (
        select(
            district.c.code,
            company.c.code,
            func.count().filter(issued, ruling.c.outcome == "refund"),
            func.count().filter(issued, ruling.c.outcome == "no_refund"),
            cast(func.coalesce(func.sum(ruling.c.ruled_fen).filter(issued), 0), BigInteger),
            func.count().filter(revoked),
        )
        .select_from(_CLAIMS.join(ruling, ruling.c.claim_id == claim.c.id))
        .where(issued | revoked)
        .group_by(district.c.code, company.c.code)
        .order_by(district.c.code, company.c.code)
    )
    return [Rulings(*row) for row in await every(conn, query)]


async def unsettled(conn: AsyncConnection) -> list[Unsettled]:
    """List the claims in which something may be left to pay, as they stand now, each with its events."""
    decided = select(claim_event.c.claim_id).where(
        claim_event.c.kind.in_(("self_refund_accepted", "ruling_approved")), claim_event.c.claim_id == claim.c.id
    )
    columns = [claim_event.c[name] for name in Line._fields]
    query = (
        select(claim.c.code, household.c.code, district.c.code, company.c.code, claim.c.pay_by, *columns)
        .select_from(_EVENTS)
        .where(claim.c.step.not_in(_SETTLED), decided.correlate(claim).exists())
        .order_by(claim.c.id, claim_event.c.number)
    )
    found: dict[str, Unsettled] = {}
    for code, home, place, heats, pay_by, *line in await every(conn, query):
        kept = found.setdefault(code, Unsettled(code, home, place, heats, pay_by, []))
        found[code] = kept._replace(lines=[*kept.lines, Line(*line)])
    return list(found.values())


async def failing_homes(conn: AsyncConnection, days: Span) -> list[Failing]:
    """Count the homes 不达标 on any of some days, each once, and their days; findings as they stand now."""
    current = HOMES.join(finding_current, finding_current.c.household_id == household.c.id).join(
        finding,
        (finding.c.id == finding_current.c.finding_id) & (finding.c.period_from == finding_current.c.period_from),
    )
    query = (
        select(
            company.c.code,
            func.count(household.c.id.distinct()),
            func.count(),
            cast(func.coalesce(func.sum(finding.c.computed_fen), 0), BigInteger),
        )
        .select_from(current)
        .where(
            household.c.kind == "residential",
            finding_current.c.period_kind == DAY,
            finding_current.c.period_from.between(days.first, days.last),
            finding.c.period_from.between(days.first, days.last),
            finding.c.outcome == int(Outcome.FAILING),
        )
        .group_by(company.c.code)
        .order_by(company.c.code)
    )
    return [Failing(*row) for row in await every(conn, query)]


async def stations(conn: AsyncConnection) -> list[Station]:
    """List every heat station, by its code."""
    query = (
        select(heat_station.c.id, heat_station.c.code, heat_station.c.name, heat_source.c.code, company.c.code)
        .select_from(
            heat_station.join(heat_source, heat_source.c.id == heat_station.c.heat_source_id).join(
                company, company.c.id == heat_station.c.company_id
            )
        )
        .order_by(heat_station.c.code)
    )
    return [Station(*row) for row in await every(conn, query)]
