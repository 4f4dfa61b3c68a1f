"""Matters as kept: one row each, whose events are only ever added and hashed one over the other."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Integer, Text, and_, bindparam, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store import changes
from heatstream.store.claims import Line
from heatstream.store.tables import (
    building,
    community,
    company,
    district,
    gateway,
    heat_source,
    heat_station,
    matter,
    matter_event,
    matter_file,
    station_span,
)

IN_THE_FEED: Final = frozenset({"incident", "warning"})
"""Kinds of matters whose events are told."""


class Matter(NamedTuple):
    """A matter where it stands, and whom it concerns by id and by code."""

    id: int
    code: str
    kind: str
    district_id: int | None
    company_id: int | None
    heat_source_id: int | None
    heat_station_id: int | None
    building_id: int | None
    household_id: int | None
    gateway_id: int | None
    headline: str
    opened_at: dt.datetime
    step: str
    urgency: int
    next_due_at: dt.datetime | None
    closed_at: dt.datetime | None
    stands_until: dt.datetime | None
    state: Mapping[str, Any]
    district: str | None
    company: str | None
    heat_source: str | None
    heat_station: str | None
    building: str | None
    building_name: str | None
    gateway: str | None


class OpenOf(NamedTuple):
    """Open matters of a company."""

    incidents: int
    overdue: int
    """Of every kind: those whose next limit has passed."""


class MatterFile(NamedTuple):
    """A paper that was attached, without its content."""

    name: str
    media_type: str
    sha256: bytes
    added_at: dt.datetime
    officer: str


_OWN = [matter.c[name] for name in Matter._fields if name in matter.c]
_PLACED = (
    matter.outerjoin(district, district.c.id == matter.c.district_id)
    .outerjoin(company, company.c.id == matter.c.company_id)
    .outerjoin(heat_source, heat_source.c.id == matter.c.heat_source_id)
    .outerjoin(heat_station, heat_station.c.id == matter.c.heat_station_id)
    .outerjoin(building, building.c.id == matter.c.building_id)
    .outerjoin(gateway, gateway.c.id == matter.c.gateway_id)
)
_MATTER = select(
    *_OWN,
    district.c.code.label("district"),
    company.c.code.label("company"),
    heat_source.c.code.label("heat_source"),
    heat_station.c.code.label("heat_station"),
    building.c.code.label("building"),
    building.c.name.label("building_name"),
    gateway.c.code.label("gateway"),
).select_from(_PLACED)


async def hold_openings(conn: AsyncConnection) -> None:
    """Let one matter be opened at a time, so that its number is its own."""
    await conn.execute(text("select pg_advisory_xact_lock(hashtext('heatstream.matters'))"))


async def opened_on(conn: AsyncConnection, kind: str, midnight: dt.datetime) -> int:
    """Count the matters of a kind that were opened within a local day."""
    within = (matter.c.opened_at >= midnight, matter.c.opened_at < midnight + dt.timedelta(days=1))
    return int(await conn.scalar(select(func.count()).where(matter.c.kind == kind, *within)) or 0)


async def by_code(conn: AsyncConnection, code: str) -> Matter | None:
    row = (await conn.execute(_MATTER.where(matter.c.code == code))).one_or_none()
    return Matter._make(row) if row else None


async def there_of(conn: AsyncConnection, some: Collection[str]) -> set[str]:
    """Tell which of these codes are matters."""
    return set(await conn.scalars(select(matter.c.code).where(coded(some))))


async def locked(conn: AsyncConnection, code: str) -> Matter | None:
    """Hold a matter's row until the transaction ends, and give it."""
    await conn.execute(select(matter.c.id).where(matter.c.code == code).with_for_update())
    return await by_code(conn, code)


async def listed(conn: AsyncConnection, *conditions: ColumnElement[bool], limit: int | None = None) -> Sequence[Matter]:
    """List matters, the most urgent first, then by their next limit, then the oldest."""
    order = (matter.c.urgency.desc(), matter.c.next_due_at.asc().nulls_last(), matter.c.opened_at, matter.c.id)
    return [Matter._make(row) for row in await conn.execute(_MATTER.where(*conditions).order_by(*order).limit(limit))]


async def paged(conn: AsyncConnection, *conditions: ColumnElement[bool], after: int, limit: int) -> Sequence[Matter]:
    """List matters in the order they were opened in, those after an id."""
    query = _MATTER.where(matter.c.id > after, *conditions).order_by(matter.c.id).limit(limit)
    return [Matter._make(row) for row in await conn.execute(query)]


def is_open() -> ColumnElement[bool]:
    """Say it of a matter, for `listed`."""
    return matter.c.closed_at.is_(None)


def in_district(code: str) -> ColumnElement[bool]:
    """Say that a matter is a district's: its own, or it has none and a building of its station or source lies there."""
    housing = building.join(community).join(heat_station, heat_station.c.id == building.c.heat_station_id)
    supplied = or_(
        heat_station.c.id == matter.c.heat_station_id,
        and_(matter.c.heat_station_id.is_(None), heat_station.c.heat_source_id == matter.c.heat_source_id),
    )
    there = select(district.c.id).where(district.c.code == code).correlate(None).scalar_subquery()
    buildings = select(1).select_from(housing).where(supplied, community.c.district_id == there)
    shared = and_(matter.c.district_id.is_(None), buildings.correlate(matter).exists())
    return or_(matter.c.district_id == there, shared)


async def open_by_company(conn: AsyncConnection, now: dt.datetime) -> dict[str, OpenOf]:
    """Count the open matters of each company that has any."""
    counts = (
        func.count().filter(matter.c.kind == "incident"),
        func.count().filter(is_overdue(now)),
    )
    query = select(company.c.code, *counts).select_from(_PLACED).where(is_open(), company.c.id.is_not(None))
    return {code: OpenOf(*row) for code, *row in await conn.execute(query.group_by(company.c.code))}


def coded(some: Collection[str]) -> ColumnElement[bool]:
    """Say that a matter has one of these codes."""
    return matter.c.code == func.any(bindparam(None, list(some), ARRAY(Text)))


def is_overdue(now: dt.datetime) -> ColumnElement[bool]:
    """Say of an open matter that its next limit has passed."""
    return matter.c.next_due_at < now


async def codes(conn: AsyncConnection) -> list[str]:
    """List the codes of all matters, in the order they were opened in."""
    return list(await conn.scalars(select(matter.c.code).order_by(matter.c.id)))


def stands_otherwise(now: dt.datetime) -> ColumnElement[bool]:
    """Say of an open matter that it may stand otherwise than it was kept, for a time has passed since."""
    return matter.c.stands_until <= now


async def ids(conn: AsyncConnection, *conditions: ColumnElement[bool]) -> list[int]:
    """List matters by id, in the order they were opened in."""
    return list(await conn.scalars(select(matter.c.id).where(*conditions).order_by(matter.c.id)))


async def count(conn: AsyncConnection, *conditions: ColumnElement[bool]) -> int:
    """Count matters."""
    return int(await conn.scalar(select(func.count()).select_from(_PLACED).where(*conditions)) or 0)


def among(matter_ids: Sequence[int]) -> ColumnElement[bool]:
    """Say that a matter is one of these."""
    return matter.c.id == func.any(bindparam(None, list(matter_ids), ARRAY(Integer)))


async def all_locked(conn: AsyncConnection, matter_ids: Sequence[int]) -> Sequence[Matter]:
    """Hold the rows of matters until the transaction ends, the oldest first, and give them."""
    await conn.execute(select(matter.c.id).where(among(matter_ids)).order_by(matter.c.id).with_for_update())
    return await listed(conn, among(matter_ids))


async def add(conn: AsyncConnection, **values: Any) -> int:
    """Add a matter; tell its id."""
    return int((await conn.execute(insert(matter).values(**values).returning(matter.c.id))).scalar_one())


async def stand(conn: AsyncConnection, matter_id: int, **values: Any) -> None:
    """Keep where a matter stands."""
    await conn.execute(update(matter).where(matter.c.id == matter_id).values(**values))


async def all_stand(conn: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep where many matters stand, each by its `matter_id`."""
    if rows:
        columns: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "matter_id"}
        await conn.execute(update(matter).where(matter.c.id == bindparam("matter_id")).values(columns), list(rows))


async def give_spans(conn: AsyncConnection, of: int, to: int) -> None:
    """Let what the software sees of one incident go on in another."""
    await conn.execute(update(station_span).where(station_span.c.matter_id == of).values(matter_id=to))


async def lines(conn: AsyncConnection, matter_id: int) -> list[Line]:
    """List a matter's events as they were recorded."""
    columns = [matter_event.c[name] for name in Line._fields]
    query = select(*columns).where(matter_event.c.matter_id == matter_id).order_by(matter_event.c.number)
    return [Line(*row) for row in await conn.execute(query)]


async def lines_of(conn: AsyncConnection, matter_ids: Sequence[int]) -> dict[int, list[Line]]:
    """List the events of many matters, by matter, as they were recorded."""
    columns = [matter_event.c[name] for name in Line._fields]
    of = matter_event.c.matter_id == func.any(bindparam(None, list(matter_ids), ARRAY(Integer)))
    query = (
        select(matter_event.c.matter_id, *columns).where(of).order_by(matter_event.c.matter_id, matter_event.c.number)
    )
    found: dict[int, list[Line]] = {}
    for matter_id, *values in await conn.execute(query):
        found.setdefault(matter_id, []).append(Line(*values))
    return found


async def append(conn: AsyncConnection, matter_id: int, line: Line) -> None:
    """Add an event, and tell the feed where it follows matters of this kind."""
    row = insert(matter_event).values(matter_id=matter_id, **line._asdict()).returning(matter_event.c.id)
    added = list(await conn.scalars(row))
    if await conn.scalar(select(matter.c.kind).where(matter.c.id == matter_id)) in IN_THE_FEED:
        await changes.tell(conn, "matter_event", added)


async def attach(
    conn: AsyncConnection, matter_id: int, *, name: str, media_type: str, sha256: bytes, content: bytes, officer: str
) -> None:
    """Keep a paper; the same bytes twice are kept once."""
    there = select(1).where(matter_file.c.matter_id == matter_id, matter_file.c.sha256 == sha256)
    if await conn.scalar(there) is None:
        row = insert(matter_file).values(matter_id=matter_id, name=name, media_type=media_type, sha256=sha256)
        await conn.execute(row.values(content=content, officer=officer))


async def files(conn: AsyncConnection, matter_id: int) -> list[MatterFile]:
    """List a matter's papers."""
    columns = [matter_file.c[name] for name in MatterFile._fields]
    query = select(*columns).where(matter_file.c.matter_id == matter_id).order_by(matter_file.c.id)
    return [MatterFile(*row) for row in await conn.execute(query)]


async def paper(conn: AsyncConnection, code: str, sha256: bytes) -> tuple[str, bytes] | None:
    """Give the name and the bytes of a paper in a matter's file."""
    of = matter_file.join(matter, matter.c.id == matter_file.c.matter_id)
    query = select(matter_file.c.name, matter_file.c.content).select_from(of)
    row = (await conn.execute(query.where(matter.c.code == code, matter_file.c.sha256 == sha256))).one_or_none()
    return None if row is None else (row.name, bytes(row.content))
