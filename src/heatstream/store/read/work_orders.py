"""Tickets and work orders of the hotlines: lists without what callers said, and figures with their denominators.

A ticket counts in the period it was received in, a work order in that of its first ticket. Tickets are counted each,
work orders once, and a work order that was merged into another is none: its tickets stand in the other.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    and_,
    cast,
    func,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH, distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.crowds import crowds
from heatstream.store.dated import holds_on
from heatstream.store.read.days import Span
from heatstream.store.read.places import HOMES, Place, within
from heatstream.store.read.rows import AnyRow, Rows, every
from heatstream.store.tables import (
    building,
    community,
    company,
    contract,
    district,
    heat_station,
    household,
    matter,
    stop_period,
    ticket,
)
from heatstream.store.tickets import WAITING
from heatstream.store.timescale import LOCAL

By = Literal["all", "company", "district", "line", "topic"]
TEN_THOUSAND_M2_CENTI: Final = 1_000_000
_A_LONG_GROUP: Final = dt.timedelta(days=7)
"""A group that goes on for longer than this across the end of a period is told in parts."""


class Figures(NamedTuple):
    """What the hotlines' tickets of a period came to. Every share has its denominator beside it."""

    key: str | None
    """Code of the company or district, the line, or the topic; None = all, or tickets that are matched to nobody."""
    tickets: int
    unmatched: int
    """Of the tickets: nobody has said yet whom they concern."""
    set_aside: int
    """Of the tickets: about no building of the registry."""
    contact_in_time: int
    """Of the matched tickets: contact within 联系时限; the next three make up the rest."""
    contact_late: int
    """Contact after it, or none though it has passed."""
    contact_waiting: int
    """None yet, and it runs."""
    contact_unknown: int
    """No limit is known."""
    work_orders: int
    handled: int
    """Of the work orders: 办结 stands."""
    handled_in_time: int
    handled_late: int
    handled_unknown: int
    """Of those handled: no limit is known."""
    open: int
    """Of the work orders: 办结 does not stand."""
    open_over_limit: int
    open_unknown: int
    """Of those open: no limit is known."""
    called_back: int
    """回访 after the 办结 that stands."""
    reached: int
    """Of those: somebody answered."""
    satisfied: int
    """Whose last answer was 满意."""
    dissatisfied: int
    """Whose last answer was 不满意."""
    reopened: int
    """Opened again at least once."""
    in_groups: int
    """Of the work orders: in a 群体投诉."""


class Area(NamedTuple):
    """What is supplied on a day."""

    area_centi_m2: int
    """收费面积, else 建筑面积 [0.01 m²]"""
    homes: int
    """Supplied users of heat whose area is in it."""
    homes_without_area: int
    """Supplied users of heat whose area the registry does not tell."""


class Group(NamedTuple):
    """群体投诉: homes of one building that complained within 24 h."""

    building: str
    company: str
    district: str
    begins: dt.datetime
    ends: dt.datetime
    households: int
    work_orders: tuple[str, ...]
    topics: Mapping[str, int]
    """Work orders by topic."""


_DAY: Final = dt.timedelta(days=1)
_STATE = matter.c.state
_OF_TICKET = cast("$.calls[*] ? (@.line == $line && @.ticket_no == $ticket_no)", JSONPATH)
_CALL = func.jsonb_path_query_first(
    _STATE, _OF_TICKET, func.jsonb_build_object("line", ticket.c.line, "ticket_no", ticket.c.ticket_no), type_=JSONB
)
"""A ticket as its work order holds it."""
_FIRST = _STATE["calls"][0]
_ORDERS = (
    ticket.outerjoin(matter, matter.c.id == ticket.c.matter_id)
    .outerjoin(company, company.c.id == matter.c.company_id)
    .outerjoin(district, district.c.id == matter.c.district_id)
)
_KEYS: Final[Mapping[By, ColumnElement[Any]]] = {
    "all": null(),
    "company": company.c.code,
    "district": district.c.code,
    "line": ticket.c.line,
    "topic": func.coalesce(_STATE["topic"].astext, ticket.c.topic),
}


def _instant(value: ColumnElement[Any]) -> ColumnElement[dt.datetime]:
    """Read an instant out of a state; null where there is none."""
    return cast(value.astext, DateTime(timezone=True))


def _counts(now: dt.datetime) -> dict[str, ColumnElement[bool]]:
    """Say what each figure counts; all but those of tickets count work orders, at their first ticket."""
    contact_by, contacted_at = _instant(_CALL["contact_by"]), _instant(_CALL["contacted_at"])
    handle_by, handled_at = _instant(_STATE["handle_by"]), _instant(_STATE["handled_at"])
    first = and_(_FIRST["line"].astext == ticket.c.line, _FIRST["ticket_no"].astext == ticket.c.ticket_no)
    handled, still = and_(first, handled_at.is_not(None)), and_(first, handled_at.is_(None))
    answer = _STATE["satisfied"].astext
    return {
        "tickets": true(),
        "unmatched": WAITING,
        "set_aside": ticket.c.set_aside_by.is_not(None),
        "contact_in_time": contacted_at <= contact_by,
        "contact_late": or_(contacted_at > contact_by, and_(contacted_at.is_(None), contact_by < now)),
        "contact_waiting": and_(contacted_at.is_(None), contact_by >= now),
        "contact_unknown": and_(matter.c.id.is_not(None), contact_by.is_(None)),
        "work_orders": first,
        "handled": handled,
        "handled_in_time": and_(handled, handled_at <= handle_by),
        "handled_late": and_(handled, handled_at > handle_by),
        "handled_unknown": and_(handled, handle_by.is_(None)),
        "open": still,
        "open_over_limit": and_(still, handle_by < now),
        "open_unknown": and_(still, handle_by.is_(None)),
        "called_back": and_(first, _STATE["called_back_at"].astext.is_not(None)),
        "reached": and_(first, _STATE["reached"].astext == "true"),
        "satisfied": and_(first, answer == "true"),
        "dissatisfied": and_(first, answer == "false"),
        "reopened": and_(first, cast(_STATE["reopened"].astext, Integer) > 0),
        "in_groups": and_(first, _STATE["group"].astext == "true"),
    }


def nothing(key: str | None) -> Figures:
    """Give the figures of whom nothing was told."""
    return Figures(key, *(0 for _ in Figures._fields[1:]))


async def figures(conn: AsyncConnection, days: Span, *, by: By = "all", now: dt.datetime) -> list[Figures]:
    """Give the figures of the tickets that were received on local days, and of the work orders they began.

    Parameters
    ----------
    by : whose they are told apart by; a work order is its company's and district's as registered when it was opened,
        and its first ticket's line's
    now : limits that passed before it without what they waited for are late

    Returns
    -------
    ordered by key; None comes last. `all` gives one in any case, the others none where there was nothing.
    """
    key = _KEYS[by].label("key")
    counts = [func.count().filter(condition).label(name) for name, condition in _counts(now).items()]
    query = select(key, *counts).select_from(_ORDERS).where(_received(days))
    query = query if by == "all" else query.group_by(key).order_by(key.asc().nulls_last())
    return [Figures._make(row) for row in await every(conn, query)]


def _received(days: Span) -> ColumnElement[bool]:
    first = dt.datetime.combine(days.first, dt.time(), LOCAL)
    return and_(ticket.c.received_at >= first, ticket.c.received_at < first + (days.last - days.first) + _DAY)


async def supplied_area(
    conn: AsyncConnection, day: dt.date, *, by: Literal["all", "company", "district"]
) -> dict[str | None, Area]:
    """Add up the area that is supplied on a day, by the company that heats the building or by its district.

    Without those who are 报停 or have a contract that supplies nothing. With `all` the key is None.
    """
    newest = (
        select(
            contract.c.household_id,
            contract.c.supplied,
            func.coalesce(contract.c.billed_area_centi_m2, contract.c.building_area_centi_m2).label("area"),
        )
        .where(holds_on(contract, day))
        .order_by(contract.c.household_id, contract.c.valid_from.desc(), contract.c.id.desc())
        .ext(distinct_on(contract.c.household_id))
        .subquery("newest")
    )
    stops = select(stop_period.c.household_id).where(holds_on(stop_period, day)).distinct().subquery("stops")
    key = {"all": null(), "company": company.c.code, "district": district.c.code}[by].label("key")
    known = newest.c.area.is_not(None)
    query = (
        select(
            key,
            cast(func.coalesce(func.sum(newest.c.area), 0), BigInteger),
            func.count().filter(known),
            func.count().filter(~known),
        )
        .select_from(
            HOMES.outerjoin(newest, newest.c.household_id == household.c.id).outerjoin(
                stops, stops.c.household_id == household.c.id
            )
        )
        .where(holds_on(household, day), stops.c.household_id.is_(None), func.coalesce(newest.c.supplied, true()))
    )
    rows = await every(conn, query if by == "all" else query.group_by(key))
    return {row[0]: Area(*row[1:]) for row in rows}


def per_10000_m2(count: int, area: Area) -> Fraction | None:
    """Give tickets per 10,000 m² of what is supplied; None where no area is known."""
    return Fraction(count * TEN_THOUSAND_M2_CENTI, area.area_centi_m2) if area.area_centi_m2 else None


async def groups(conn: AsyncConnection, days: Span, *, least: int) -> list[Group]:
    """List 群体投诉: so many households of one building within 24 h, told by work orders of known homes.

    Parameters
    ----------
    days : local days that the group's first work order began on
    least : the operator's number of households
    """
    first = dt.datetime.combine(days.first, dt.time(), LOCAL)
    # A group may reach across the first day's midnight.
    begins = first - _A_LONG_GROUP
    received = _instant(_FIRST["received_at"])
    query = (
        select(
            matter.c.building_id,
            building.c.code.label("building"),
            company.c.code.label("company"),
            district.c.code.label("district"),
            matter.c.code,
            matter.c.household_id,
            received.label("received_at"),
            _STATE["topic"].astext.label("topic"),
        )
        .select_from(
            matter.join(building, building.c.id == matter.c.building_id)
            .join(company, company.c.id == matter.c.company_id)
            .join(district, district.c.id == matter.c.district_id)
        )
        .where(
            matter.c.kind == "work_order",
            matter.c.household_id.is_not(None),
            _STATE["merged_into"].astext.is_(None),
            received >= begins,
            received < first + (days.last - days.first) + _A_LONG_GROUP,
        )
        .order_by(building.c.code, received, matter.c.id)
    )
    rows = await every(conn, query)
    found = [group for _, some in groupby(rows, lambda row: row.building) for group in _groups(list(some), least)]
    return [each for each in found if days.first <= each.begins.astimezone(LOCAL).date() <= days.last]


def _groups(rows: Sequence[AnyRow], least: int) -> Iterator[Group]:
    calls = [(int(row.received_at.timestamp()), row.household_id) for row in rows]
    for places in crowds(calls, within_s=_DAY // dt.timedelta(seconds=1), least=least):
        some = [rows[place] for place in places]
        yield Group(
            some[0].building,
            some[0].company,
            some[0].district,
            some[0].received_at,
            some[-1].received_at,
            len({row.household_id for row in some}),
            tuple(row.code for row in some),
            dict(Counter(row.topic for row in some)),
        )


# --- lists ------------------------------------------------------------------------------------------------------------

_PLACED = (
    ticket.outerjoin(matter, matter.c.id == ticket.c.matter_id)
    .outerjoin(building, building.c.id == ticket.c.building_id)
    .outerjoin(household, household.c.id == ticket.c.household_id)
    .outerjoin(community, community.c.id == building.c.community_id)
    .outerjoin(district, district.c.id == community.c.district_id)
    .outerjoin(heat_station, heat_station.c.id == building.c.heat_station_id)
    .outerjoin(company, company.c.id == heat_station.c.company_id)
)


async def tickets(
    conn: AsyncConnection,
    place: Place,
    *conditions: ColumnElement[bool],
    after: int = 0,
    newest_first: bool = False,
    limit: int,
) -> Rows:
    """List tickets in the order they were imported in, or the newest first, without address, content and caller.

    Returns
    -------
    rows: id, line, ticket_no, received_at, category, topic, household, building, district, company, heat_station,
    matched_by, set_aside, work_order
    """
    query = (
        select(
            ticket.c.id,
            ticket.c.line,
            ticket.c.ticket_no,
            ticket.c.received_at,
            ticket.c.category,
            ticket.c.topic,
            household.c.code.label("household"),
            building.c.code.label("building"),
            district.c.code.label("district"),
            company.c.code.label("company"),
            heat_station.c.code.label("heat_station"),
            ticket.c.matched_by,
            ticket.c.set_aside_by.is_not(None).label("set_aside"),
            matter.c.code.label("work_order"),
        )
        .select_from(_PLACED)
        .where(ticket.c.id > after, *within(place), *conditions)
        .order_by(ticket.c.id.desc() if newest_first else ticket.c.id)
        .limit(limit)
    )
    return await every(conn, query)


def on_line(line: str) -> ColumnElement[bool]:
    return ticket.c.line == line


def about(topic: str) -> ColumnElement[bool]:
    return ticket.c.topic == topic


def received_in(first: dt.datetime | None, until: dt.datetime | None) -> list[ColumnElement[bool]]:
    """From the first instant to before the last."""
    since = [] if first is None else [ticket.c.received_at >= first]
    return since + ([] if until is None else [ticket.c.received_at < until])


def in_work_order(code: str) -> ColumnElement[bool]:
    return matter.c.code == code


async def orders(
    conn: AsyncConnection, place: Place, *conditions: ColumnElement[bool], after: int = 0, limit: int
) -> Rows:
    """List work orders in the order they were opened in, merged ones too.

    Returns
    -------
    rows: id, code, topic, step, urgency, opened_at, next_due_at, closed_at, tickets, handle_by, handled_at, satisfied,
    reopened, claim, incident, in_group, merged_into, household, building, district, company, heat_station
    """
    placed = (
        matter.join(building, building.c.id == matter.c.building_id)
        .outerjoin(household, household.c.id == matter.c.household_id)
        .join(community, community.c.id == building.c.community_id)
        .join(district, district.c.id == matter.c.district_id)
        .join(heat_station, heat_station.c.id == matter.c.heat_station_id)
        .join(company, company.c.id == matter.c.company_id)
    )
    own = (matter.c.id, matter.c.code, matter.c.step, matter.c.urgency, matter.c.opened_at, matter.c.next_due_at)
    query = (
        select(
            *own,
            matter.c.closed_at,
            _STATE["topic"].astext.label("topic"),
            func.jsonb_array_length(_STATE["calls"]).label("tickets"),
            _instant(_STATE["handle_by"]).label("handle_by"),
            _instant(_STATE["handled_at"]).label("handled_at"),
            cast(_STATE["satisfied"].astext, Boolean).label("satisfied"),
            cast(_STATE["reopened"].astext, Integer).label("reopened"),
            _STATE["claim"].astext.label("claim"),
            _STATE["incident"].astext.label("incident"),
            cast(_STATE["group"].astext, Boolean).label("in_group"),
            _STATE["merged_into"].astext.label("merged_into"),
            household.c.code.label("household"),
            building.c.code.label("building"),
            district.c.code.label("district"),
            company.c.code.label("company"),
            heat_station.c.code.label("heat_station"),
        )
        .select_from(placed)
        .where(matter.c.kind == "work_order", matter.c.id > after, *within(place), *conditions)
        .order_by(matter.c.id)
        .limit(limit)
    )
    return await every(conn, query)


def order_about(topic: str) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = _STATE["topic"].astext == topic
    return condition


def order_at(step: str) -> ColumnElement[bool]:
    return matter.c.step == step


def order_open() -> ColumnElement[bool]:
    return matter.c.closed_at.is_(None)
