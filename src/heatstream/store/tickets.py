"""Tickets of the hotlines as kept: what each line sent, every version of it, whom it concerns, and its work order."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, insert, or_, select, text, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.dated import holds_on
from heatstream.store.tables import (
    building,
    city,
    community,
    company,
    district,
    heat_station,
    household,
    matter,
    ticket,
    ticket_version,
)

EXACT = "exact"


class Ticket(NamedTuple):
    """A ticket as its line last sent it, and where it went."""

    id: int
    line: str
    ticket_no: str
    received_at: dt.datetime
    category: str
    topic: str
    address: str
    content: str
    caller: str | None
    household_id: int | None
    building_id: int | None
    matched_by: str | None
    match_why: str | None
    set_aside_by: str | None
    set_aside_why: str | None
    household: str | None
    """户号"""
    building: str | None
    work_order: str | None


class Version(NamedTuple):
    """What a line sent of a ticket at one time."""

    number: int
    imported_at: dt.datetime
    imported_by: str
    source: str
    sha256: bytes
    raw: Mapping[str, Any]


class Spot(NamedTuple):
    """A home, or a building, and whose it is."""

    building_id: int
    building: str
    household_id: int | None
    household: str | None
    heat_station_id: int
    heat_source_id: int
    company_id: int
    company: str
    district_id: int


_OWN = [ticket.c[name] for name in Ticket._fields if name in ticket.c]
_TICKET = select(
    *_OWN,
    household.c.code.label("household"),
    building.c.code.label("building"),
    matter.c.code.label("work_order"),
).select_from(
    ticket.outerjoin(household, household.c.id == ticket.c.household_id)
    .outerjoin(building, building.c.id == ticket.c.building_id)
    .outerjoin(matter, matter.c.id == ticket.c.matter_id)
)
WAITING: ColumnElement[bool] = and_(ticket.c.building_id.is_(None), ticket.c.set_aside_by.is_(None))
"""Nobody has said yet whom it concerns."""


async def hold(conn: AsyncConnection) -> None:
    """Let one at a time take tickets in or say whom they concern."""
    await conn.execute(text("select pg_advisory_xact_lock(hashtext('heatstream.tickets'))"))


async def by_number(conn: AsyncConnection, line: str, ticket_no: str) -> Ticket | None:
    """Find a ticket."""
    row = (await conn.execute(_TICKET.where(ticket.c.line == line, ticket.c.ticket_no == ticket_no))).one_or_none()
    return Ticket._make(row) if row else None


async def known(conn: AsyncConnection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Ticket]:
    """Find those tickets of a file that are there already."""
    numbers: dict[str, list[str]] = {}
    for line, ticket_no in keys:
        numbers.setdefault(line, []).append(ticket_no)
    wanted = [and_(ticket.c.line == line, ticket.c.ticket_no == func.any(some)) for line, some in numbers.items()]
    if not wanted:
        return {}
    rows = [Ticket._make(row) for row in await conn.execute(_TICKET.where(or_(*wanted)))]
    return {(each.line, each.ticket_no): each for each in rows}


async def waiting(conn: AsyncConnection, *, limit: int | None = None) -> list[Ticket]:
    """List tickets that concern nobody yet, those received first before the others."""
    query = _TICKET.where(WAITING).order_by(ticket.c.received_at, ticket.c.id).limit(limit)
    return [Ticket._make(row) for row in await conn.execute(query)]


async def of_matter(conn: AsyncConnection, matter_id: int) -> list[Ticket]:
    """List the tickets of a work order."""
    query = _TICKET.where(ticket.c.matter_id == matter_id).order_by(ticket.c.received_at, ticket.c.id)
    return [Ticket._make(row) for row in await conn.execute(query)]


async def versions(conn: AsyncConnection, ticket_ids: Sequence[int]) -> dict[int, list[Version]]:
    """Give every version of tickets, the oldest first."""
    columns = [ticket_version.c[name] for name in Version._fields]
    query = select(ticket_version.c.ticket_id, *columns).where(ticket_version.c.ticket_id == func.any(list(ticket_ids)))
    found: dict[int, list[Version]] = {each: [] for each in ticket_ids}
    for ticket_id, *row in await conn.execute(query.order_by(ticket_version.c.ticket_id, ticket_version.c.number)):
        found[ticket_id].append(Version._make(row))
    return found


async def add(conn: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Add tickets; tell their ids, in their order."""
    if not rows:
        return []
    added = insert(ticket).returning(ticket.c.id, sort_by_parameter_order=True)
    return list(await conn.scalars(added, [dict(each) for each in rows]))


async def add_versions(conn: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what lines sent of many tickets."""
    if rows:
        await conn.execute(insert(ticket_version), [dict(each) for each in rows])


async def change(conn: AsyncConnection, ticket_id: int, **values: Any) -> None:
    """Keep what is known of a ticket now."""
    await conn.execute(update(ticket).where(ticket.c.id == ticket_id).values(**values))


async def give(conn: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Give tickets (`ticket_id`) to the homes or buildings they concern, and each to its work order, by its number."""
    if rows:
        order = select(matter.c.id).where(matter.c.code == bindparam("work_order")).scalar_subquery()
        told = ("household_id", "building_id", "matched_by", "match_why")
        values: dict[str, Any] = {name: bindparam(name) for name in told} | {"matter_id": order}
        given = update(ticket).where(ticket.c.id == bindparam("ticket_id")).values(values)
        await conn.execute(given, [dict(each) for each in rows])


async def move(conn: AsyncConnection, from_matter: int, to_matter: int) -> None:
    """Give a work order's tickets to another."""
    await conn.execute(update(ticket).where(ticket.c.matter_id == from_matter).values(matter_id=to_matter))


# --- whom they concern ------------------------------------------------------------------------------------------------


class Estate(NamedTuple):
    """A community and what an address may say before its name."""

    id: int
    code: str
    name: str
    street_office: str | None
    residents_committee: str | None
    district: str
    city: str | None


class House(NamedTuple):
    """A building as an address may name it."""

    id: int
    code: str
    name: str
    community_id: int
    address: str | None
    stairs: int | None


class Flat(NamedTuple):
    """A household as an address may name it."""

    id: int
    code: str
    building_id: int
    address: str
    stair: int | None
    floor: int | None
    door: str | None


async def estates(conn: AsyncConnection) -> list[Estate]:
    """List the communities."""
    query = (
        select(
            community.c.id,
            community.c.code,
            community.c.name,
            community.c.street_office,
            community.c.residents_committee,
            district.c.name,
            city.c.name,
        )
        .select_from(community.join(district, district.c.id == community.c.district_id).outerjoin(city, true()))
        .order_by(community.c.id)
    )
    return [Estate._make(row) for row in await conn.execute(query)]


async def houses(conn: AsyncConnection, on: dt.date) -> list[House]:
    """List the buildings that stand on a day."""
    columns = [building.c[name] for name in House._fields]
    query = select(*columns).where(holds_on(building, on)).order_by(building.c.id)
    return [House._make(row) for row in await conn.execute(query)]


async def flats(conn: AsyncConnection, building_ids: Iterable[int], on: dt.date) -> list[Flat]:
    """List the households of buildings on a day."""
    return await _flats(conn, household.c.building_id == func.any(list(building_ids)), on)


async def flats_named(conn: AsyncConnection, texts: Iterable[str], on: dt.date) -> list[Flat]:
    """Find households whose 户号 or 标准地址 is one of these texts."""
    some = list(texts)
    return await _flats(conn, or_(household.c.code == func.any(some), household.c.address == func.any(some)), on)


async def _flats(conn: AsyncConnection, condition: ColumnElement[bool], on: dt.date) -> list[Flat]:
    columns = [household.c[name] for name in Flat._fields]
    query = select(*columns).where(condition, holds_on(household, on)).order_by(household.c.id)
    return [Flat._make(row) for row in await conn.execute(query)]


async def spot(conn: AsyncConnection, building_code: str | None, household_code: str | None) -> Spot | None:
    """Find a home, or a building where no home is named; None where the registry has it not, or not there."""
    conditions = [] if building_code is None else [building.c.code == building_code]
    conditions += [] if household_code is None else [household.c.code == household_code]
    row = (await conn.execute(_spots(home=household_code is not None).where(*conditions))).one_or_none()
    return Spot._make(row) if row else None


async def spots(
    conn: AsyncConnection, homes: Collection[int], buildings: Collection[int]
) -> dict[tuple[int, int | None], Spot]:
    """Find homes, and buildings of which no home is named, by id; each by its building and its home."""
    at_home = _spots(home=True).where(household.c.id == func.any(list(homes)))
    alone = _spots(home=False).where(building.c.id == func.any(list(buildings)))
    rows = [Spot._make(row) for query in (at_home, alone) for row in await conn.execute(query)]
    return {(each.building_id, each.household_id): each for each in rows}


def _spots(*, home: bool) -> Select[Any]:
    placed = (
        building.join(community, community.c.id == building.c.community_id)
        .join(heat_station, heat_station.c.id == building.c.heat_station_id)
        .join(company, company.c.id == heat_station.c.company_id)
    )
    within = placed.join(household, household.c.building_id == building.c.id) if home else placed
    nobody = (text("null::integer"), text("null::text"))
    columns = (household.c.id, household.c.code) if home else nobody
    return select(
        building.c.id,
        building.c.code,
        *columns,
        heat_station.c.id,
        heat_station.c.heat_source_id,
        company.c.id,
        company.c.code,
        community.c.district_id,
    ).select_from(within)


# --- work orders ------------------------------------------------------------------------------------------------------


class OpenOrder(NamedTuple):
    """A work order that a ticket may join, or that may be one of a group."""

    code: str
    building_id: int
    household_id: int | None
    topic: str
    received: tuple[dt.datetime, ...]
    """Of its tickets, the first first."""
    group: bool


OPEN_ORDERS: tuple[ColumnElement[bool], ...] = (matter.c.kind == "work_order", matter.c.closed_at.is_(None))
_CALLS = matter.c.state["calls"]
_NOT_MERGED = matter.c.state["merged_into"].astext.is_(None)


async def open_orders(conn: AsyncConnection, buildings: Collection[int]) -> list[OpenOrder]:
    """List open work orders about buildings and their homes, the oldest first."""
    return await _orders(conn, matter.c.building_id == func.any(list(buildings)), matter.c.closed_at.is_(None))


async def orders_of_building(conn: AsyncConnection, building_id: int) -> list[OpenOrder]:
    """List a building's work orders of known homes, open and closed, without those merged into others."""
    return await _orders(conn, matter.c.building_id == building_id, matter.c.household_id.is_not(None), _NOT_MERGED)


async def _orders(conn: AsyncConnection, *conditions: ColumnElement[bool]) -> list[OpenOrder]:
    state = matter.c.state
    columns = (matter.c.code, matter.c.building_id, matter.c.household_id, state["topic"].astext, _CALLS)
    query = select(*columns, state["group"].as_boolean()).where(matter.c.kind == "work_order", *conditions)
    return [
        OpenOrder(code, at, home, topic, tuple(dt.datetime.fromisoformat(each["received_at"]) for each in calls), group)
        for code, at, home, topic, calls, group in await conn.execute(query.order_by(matter.c.id))
    ]


async def standing_incidents(
    conn: AsyncConnection, heat_station_id: int, heat_source_id: int, first: dt.datetime, last: dt.datetime
) -> list[str]:
    """List incidents of a station, or of its source, that began by the last instant and stood at the first or later."""
    of_station = matter.c.heat_station_id == heat_station_id
    of_source = and_(matter.c.heat_station_id.is_(None), matter.c.heat_source_id == heat_source_id)
    stood = and_(matter.c.opened_at <= last, or_(matter.c.closed_at.is_(None), matter.c.closed_at >= first))
    query = select(matter.c.code).where(matter.c.kind == "incident", or_(of_station, of_source), stood)
    return list(await conn.scalars(query.order_by(matter.c.opened_at, matter.c.id)))
