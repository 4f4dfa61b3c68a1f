"""What is installed where and since when, as the border holds it in memory: points, meters, gateways."""

import datetime as dt
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, Integer, Row, Select, Text, bindparam, cast, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.tables import contract, gateway, meter, point, registry_change

NOBODY: Final = 0
"""Stands for no gateway and no household; ids begin at 1."""

FOREVER_US: Final = int(np.iinfo(np.int64).max)
ROWS: Final = 10_000

Portion = Sequence[Row[str, int, int, int, int, int, int]]
"""Device, id, household, gateway, limit [0.01 °C], installed from and to [µs since 1970-01-01T00:00Z]."""


class Gateway(NamedTuple):
    """A gateway that may send."""

    code: str
    id: int
    first_sequence: int
    valid_from: dt.date
    valid_to: dt.date | None
    """Last day it holds; None = still."""


def _named(query: Select[Any], column: Any, names: Collection[str] | None) -> Select[Any]:
    """Leave out the names that no text column can hold: NUL and halves of surrogate pairs."""
    if names is None:
        return query
    sayable = [name for name in names if name.encode("utf-8", "replace").decode() == name and "\0" not in name]
    return query.where(column == func.any(bindparam(None, sayable, ARRAY(Text))))


def _micros(instant: Any) -> ColumnElement[int]:
    return cast(func.extract("epoch", instant) * 1_000_000, BigInteger)


async def gateways(conn: AsyncConnection, codes: Collection[str] | None = None) -> list[Gateway]:
    """Read the gateways of these codes, or all."""
    query = select(gateway.c.code, gateway.c.id, gateway.c.first_sequence, gateway.c.valid_from, gateway.c.valid_to)
    return [Gateway(*row) for row in await conn.execute(_named(query, gateway.c.code, codes))]


async def changes(conn: AsyncConnection) -> int:
    """Count the changes that imports made: another count, another registry."""
    return int(await conn.scalar(select(func.count()).select_from(registry_change)) or 0)


def points(
    conn: AsyncConnection, *, standard_centi: int, day: dt.date, devices: Collection[str] | None = None
) -> AsyncIterator[Portion]:
    """Read the installations of these devices, or of all, by the time they began.

    The limit is the standard of the contract that holds on `day`, else the one given.
    """
    agreed = (
        select(contract.c.standard_centi)
        .where(
            contract.c.household_id == point.c.household_id,
            contract.c.valid_from <= day,
            func.coalesce(contract.c.valid_to, day) >= day,
        )
        .order_by(contract.c.valid_from.desc(), contract.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(
        point.c.device,
        point.c.id,
        point.c.household_id,
        func.coalesce(point.c.gateway_id, NOBODY),
        func.coalesce(agreed, standard_centi),
        _micros(point.c.valid_from),
        func.coalesce(_micros(point.c.valid_to), FOREVER_US),
    ).order_by(point.c.valid_from, point.c.id)
    return _portions(conn, _named(query, point.c.device, devices))


def meters(conn: AsyncConnection, devices: Collection[str] | None = None) -> AsyncIterator[Portion]:
    """Read the installations of these meters, or of all, by the time they began."""
    query = select(
        meter.c.device,
        meter.c.id,
        literal(NOBODY, Integer),
        func.coalesce(meter.c.gateway_id, NOBODY),
        literal(0, Integer),
        _micros(meter.c.valid_from),
        func.coalesce(_micros(meter.c.valid_to), FOREVER_US),
    ).order_by(meter.c.valid_from, meter.c.id)
    return _portions(conn, _named(query, meter.c.device, devices))


async def _portions(conn: AsyncConnection, query: Select[Any]) -> AsyncIterator[Portion]:
    """A city's rows at once would take more memory than all the rest of ingest."""
    async with conn.stream(query, execution_options={"yield_per": ROWS}) as result:
        async for portion in result.partitions(ROWS):
            yield portion
