"""Heat stations as registered, their days, and the spans that were seen of them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Integer, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.dated import holds_on
from heatstream.store.read.rows import AnyRow, Rows, at_most_one, every
from heatstream.store.tables import (
    building,
    company,
    heat_source,
    heat_station,
    heating_schedule,
    matter,
    station_day,
    station_span,
    supervision_rules,
)

_STATIONS = heat_station.join(heat_source, heat_source.c.id == heat_station.c.heat_source_id).join(
    company, company.c.id == heat_station.c.company_id
)
_NAMES = (
    heat_station.c.id,
    heat_station.c.code.label("station"),
    heat_station.c.name.label("station_name"),
    heat_station.c.heat_source_id,
    heat_source.c.code.label("heat_source"),
    company.c.code.label("company"),
)
NAMED = ("id", "station", "station_name", "heat_source", "company")
"""What a row of `listed` says of a station."""


async def listed(
    conn: AsyncConnection,
    *,
    company_code: str | None,
    source_code: str | None,
    after: int,
    limit: int,
) -> Rows:
    """Stations in the order they were registered in."""
    query = select(*_NAMES).select_from(_STATIONS).where(heat_station.c.id > after)
    if company_code is not None:
        query = query.where(company.c.code == company_code)
    if source_code is not None:
        query = query.where(heat_source.c.code == source_code)
    return await every(conn, query.order_by(heat_station.c.id).limit(limit))


async def by_code(conn: AsyncConnection, code: str) -> AnyRow | None:
    query = select(*_NAMES).select_from(_STATIONS).where(heat_station.c.code == code)
    return await at_most_one(conn, query)


async def source(conn: AsyncConnection, code: str) -> AnyRow | None:
    """Give a heat source: code, name, kind, company and its name."""
    query = (
        select(
            heat_source.c.id,
            heat_source.c.code,
            heat_source.c.name,
            heat_source.c.kind,
            heat_source.c.valid_from,
            heat_source.c.valid_to,
            company.c.code.label("company"),
            company.c.name.label("company_name"),
        )
        .join(company, company.c.id == heat_source.c.company_id)
        .where(heat_source.c.code == code)
    )
    return await at_most_one(conn, query)


async def schedule(conn: AsyncConnection, station_id: int) -> Rows:
    """Give the windows of heat that were filed for a station, the newest filing first."""
    c = heating_schedule.c
    query = select(c.code, c.weekdays, c.from_min, c.to_min, c.filed_on, c.filed_with, c.valid_from, c.valid_to)
    query = query.where(c.heat_station_id == station_id).order_by(c.valid_from.desc(), c.weekdays, c.from_min)
    return await every(conn, query)


async def buildings(conn: AsyncConnection, station_id: int, day: dt.date) -> Rows:
    """Give the buildings that hang on a station on a day."""
    c = building.c
    query = select(c.code, c.name).where(c.heat_station_id == station_id, holds_on(building, day)).order_by(c.code)
    return await every(conn, query)


async def going_on(conn: AsyncConnection, station_ids: Sequence[int]) -> Rows:
    """Spans that stand and go on, with the matter each opened."""
    ids = bindparam(None, list(station_ids), ARRAY(Integer))
    query = (
        select(
            station_span.c.heat_station_id, station_span.c.kind, station_span.c.begins, matter.c.code.label("matter")
        )
        .select_from(station_span.outerjoin(matter, matter.c.id == station_span.c.matter_id))
        .where(
            station_span.c.heat_station_id == func.any(ids),
            station_span.c.withdrawn_at.is_(None),
            station_span.c.ends.is_(None),
        )
        .order_by(station_span.c.begins, station_span.c.id)
    )
    return await every(conn, query)


async def days(
    conn: AsyncConnection,
    station_id: int,
    *,
    first: dt.date | None,
    last: dt.date | None,
    after: dt.date | None,
    limit: int,
) -> Rows:
    """Closed days of a station, the oldest first."""
    c = station_day.c
    columns = [each for each in c if each.name not in {"heat_station_id", "supervision_rules_id"}]
    by_rules = (supervision_rules.c.hash.label("rules_hash"), supervision_rules.c.watermark)
    query = select(*columns, *by_rules).join(supervision_rules).where(c.heat_station_id == station_id)
    if first is not None:
        query = query.where(c.day >= first)
    if last is not None:
        query = query.where(c.day <= last)
    if after is not None:
        query = query.where(c.day > after)
    return await every(conn, query.order_by(c.day).limit(limit))


@dataclass(frozen=True)
class Wanted:
    """Which spans; None = not narrowed by it."""

    station: str | None = None
    company: str | None = None
    kind: str | None = None
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    going_on: bool | None = None
    withdrawn: bool = False

    def conditions(self) -> list[ColumnElement[bool]]:
        c = station_span.c
        stands = c.withdrawn_at.is_(None)
        wanted: list[ColumnElement[bool]] = [~stands if self.withdrawn else stands]
        for code, column in ((self.station, heat_station.c.code), (self.company, company.c.code), (self.kind, c.kind)):
            if code is not None:
                wanted.append(column == code)
        if self.start is not None:
            wanted.append(or_(c.ends.is_(None), c.ends > self.start))
        if self.end is not None:
            wanted.append(c.begins < self.end)
        if self.going_on is not None:
            wanted.append(c.ends.is_(None) if self.going_on else c.ends.is_not(None))
        return wanted


async def spans(conn: AsyncConnection, wanted: Wanted, *, after: int, limit: int) -> Rows:
    """Spans in the order they were seen in."""
    c = station_span.c
    columns = [
        c[name]
        for name in ("id", "kind", "begins", "known_at", "ends", "algorithm", "evidence", "made_at", "withdrawn_at")
    ]
    names = (heat_station.c.code.label("station"), company.c.code.label("company"), matter.c.code.label("matter"))
    by_rules = (supervision_rules.c.hash.label("rules_hash"), supervision_rules.c.watermark)
    query = (
        select(*columns, *names, *by_rules)
        .select_from(
            station_span.join(heat_station, heat_station.c.id == c.heat_station_id)
            .join(company, company.c.id == heat_station.c.company_id)
            .join(supervision_rules, supervision_rules.c.id == c.supervision_rules_id)
            .outerjoin(matter, matter.c.id == c.matter_id)
        )
        .where(c.id > after, *wanted.conditions())
    )
    return await every(conn, query.order_by(c.id).limit(limit))
