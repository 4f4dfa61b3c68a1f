"""Meters as installed, their days, and what is marked of them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BindParameter, ColumnElement, Integer, bindparam, func, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.read.rows import Rows, every
from heatstream.store.tables import heat_source, heat_station, household, meter, meter_day, meter_mark

_MARKED = ("id", "meter_id", "kind", "begins", "ends", "algorithm", "evidence", "made_at", "withdrawn_at")
_INSTALLED = (
    meter.c.device.label("meter"),
    meter.c.valid_from.label("installed_at"),
    heat_source.c.code.label("heat_source"),
    heat_station.c.code.label("station"),
    household.c.code.label("household"),
)
_PLACED = (
    meter.outerjoin(heat_source, heat_source.c.id == meter.c.heat_source_id)
    .outerjoin(heat_station, heat_station.c.id == meter.c.heat_station_id)
    .outerjoin(household, household.c.id == meter.c.household_id)
)


async def installations(conn: AsyncConnection, device: str | None = None) -> list[int]:
    """Ids of the installations of a device, or of all, the first one first."""
    query = select(meter.c.id).order_by(meter.c.valid_from, meter.c.id)
    return list(await conn.scalars(query if device is None else query.where(meter.c.device == device)))


def _ids(values: Sequence[int]) -> BindParameter[Sequence[int]]:
    return bindparam(None, list(values), ARRAY(Integer))


async def days(
    conn: AsyncConnection,
    meter_ids: Sequence[int],
    *,
    first: dt.date | None,
    last: dt.date | None,
    after: tuple[dt.date, int] | None,
    limit: int,
) -> Rows:
    """Days of installations, the oldest first."""
    c = meter_day.c
    query = select(*c, *_INSTALLED).select_from(_PLACED.join(meter_day, c.meter_id == meter.c.id))
    query = query.where(c.meter_id == func.any(_ids(meter_ids)))
    if first is not None:
        query = query.where(c.day >= first)
    if last is not None:
        query = query.where(c.day <= last)
    if after is not None:
        query = query.where(tuple_(c.day, c.meter_id) > tuple_(*after))
    return await every(conn, query.order_by(c.day, c.meter_id).limit(limit))


@dataclass(frozen=True)
class Wanted:
    """Which marks; None = not narrowed by it."""

    kind: str | None = None
    start: dt.datetime | None = None
    """Those that end at it or later."""
    end: dt.datetime | None = None
    """Those that begin before it."""
    withdrawn: bool = False

    def conditions(self) -> list[ColumnElement[bool]]:
        """Say the same in SQL."""
        c = meter_mark.c
        wanted: list[ColumnElement[bool]] = [
            c.withdrawn_at.is_not(None) if self.withdrawn else c.withdrawn_at.is_(None)
        ]
        if self.kind is not None:
            wanted.append(c.kind == self.kind)
        if self.start is not None:
            wanted.append(c.ends >= self.start)
        if self.end is not None:
            wanted.append(c.begins < self.end)
        return wanted


async def marks(
    conn: AsyncConnection,
    meter_ids: Sequence[int],
    wanted: Wanted,
    *,
    after: tuple[dt.datetime, int] | None,
    limit: int,
) -> Rows:
    """Marks of installations, by their begin."""
    c = meter_mark.c
    query = select(*(c[name] for name in _MARKED), *_INSTALLED).select_from(_PLACED.join(meter_mark))
    query = query.where(c.meter_id == func.any(_ids(meter_ids)), *wanted.conditions())
    if after is not None:
        begins, number = after
        query = query.where(tuple_(c.begins, c.id) > tuple_(begins, number))
    return await every(conn, query.order_by(c.begins, c.id).limit(limit))
