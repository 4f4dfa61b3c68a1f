"""What is installed where and since when, as the border holds it in memory: points, meters, gateways."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Integer, Row, Select, Text, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.tables import contract, gateway, meter, point

NOBODY = 0
"""Stands for no gateway and no household; ids begin at 1."""


class Gateway(NamedTuple):
    """A gateway that may send."""

    code: str
    id: int
    first_sequence: int
    valid_from: dt.date
    valid_to: dt.date | None
    """Last day it holds; None = still."""


class Installation(NamedTuple):
    """One device in one place for a while."""

    device: str
    id: int
    household_id: int
    gateway_id: int
    limit_centi: int
    """[0.01 °C] the contract's standard, else the one given; of no meaning for a meter."""
    valid_from: dt.datetime
    valid_to: dt.datetime | None


def _named(query: Select[Any], column: Any, names: Collection[str] | None) -> Select[Any]:
    """Leave out the names that no text column can hold: NUL and halves of surrogate pairs."""
    if names is None:
        return query
    sayable = [name for name in names if name.encode("utf-8", "replace").decode() == name and "\0" not in name]
    return query.where(column == func.any(bindparam(None, sayable, ARRAY(Text))))


async def gateways(conn: AsyncConnection, codes: Collection[str] | None = None) -> list[Gateway]:
    """Read the gateways of these codes, or all."""
    query = select(gateway.c.code, gateway.c.id, gateway.c.first_sequence, gateway.c.valid_from, gateway.c.valid_to)
    return [Gateway(*row) for row in await conn.execute(_named(query, gateway.c.code, codes))]


async def points(
    conn: AsyncConnection, *, standard_centi: int, day: dt.date, devices: Collection[str] | None = None
) -> Sequence[Row[Any]]:
    """Read the installations of these devices, or of all, with the standard of the contract that holds on `day`."""
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
        point.c.valid_from,
        point.c.valid_to,
    ).order_by(point.c.device, point.c.valid_from)
    rows: Sequence[Row[Any]] = (await conn.execute(_named(query, point.c.device, devices))).all()
    return rows


async def meters(conn: AsyncConnection, devices: Collection[str] | None = None) -> Sequence[Row[Any]]:
    """Read the installations of these meters, or of all."""
    query = select(
        meter.c.device,
        meter.c.id,
        literal(NOBODY, Integer),
        func.coalesce(meter.c.gateway_id, NOBODY),
        literal(0, Integer),
        meter.c.valid_from,
        meter.c.valid_to,
    ).order_by(meter.c.device, meter.c.valid_from)
    rows: Sequence[Row[Any]] = (await conn.execute(_named(query, meter.c.device, devices))).all()
    return rows
