"""Rows that may stand already: staged, inserted where they are missing, then told apart in a second statement."""

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    SmallInteger,
    Table,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql.selectable import LateralFromClause

from heatstream.store import copy
from heatstream.store.arrays import instants


class Fate(IntEnum):
    """What becomes of a reading that was sent: one of these, and never none."""

    NONE = 0
    """Not known yet."""
    STORED = 1
    REPEATED = 2
    """The same value stands at the instant, as stored or as conflicting, or came before in the same batch."""
    CONFLICTING = 3
    """The instant has another value; both are kept."""
    REJECTED = 4


class Shelf(NamedTuple):
    """A table of readings, the table of its conflicts, and the temporary stage before both."""

    table: Table
    conflict: Table
    stage: Table
    key: str
    """point_id or meter_id."""
    values: tuple[str, ...]
    """The columns in which two readings of one instant can differ."""
    told_apart: str
    """The conflict table's column that tells a value from another."""


def shelf(table: Table, conflict: Table, values: tuple[str, ...], told_apart: str) -> Shelf:
    key = next(iter(table.primary_key)).name
    columns = [Column(column.name, column.type, nullable=column.nullable) for column in table.columns]
    if told_apart not in table.c:
        columns.append(Column(told_apart, LargeBinary, nullable=False))
    stage = Table(
        f"stage_{table.name}",
        MetaData(),
        Column("ord", Integer, nullable=False),
        Column("first", Boolean, nullable=False),
        *columns,
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DELETE ROWS",
    )
    return Shelf(table, conflict, stage, key, values, told_apart)


async def put(conn: AsyncConnection, on: Shelf, columns: Mapping[str, copy.Column]) -> None:
    """Stage rows, with `ord`, their place in the caller's arrays, and `first`, whether they may be inserted."""
    await conn.execute(CreateTable(on.stage, if_not_exists=True))
    await copy.copy_in(conn, on.stage, columns)


async def insert_missing(conn: AsyncConnection, on: Shelf) -> None:
    """Insert the first staged row of each key where none stands."""
    names = [column.name for column in on.table.columns]
    rows = select(*(on.stage.c[name] for name in names)).where(on.stage.c.first)
    rows = rows.order_by(on.stage.c[on.key], on.stage.c.observed_at)
    await conn.execute(insert(on.table).from_select(names, rows).on_conflict_do_nothing())


async def settle(
    conn: AsyncConnection, on: Shelf, batch_id: int, span_us: tuple[int, int]
) -> tuple[NDArray[np.int32], NDArray[np.int16]]:
    """Insert what is missing, then tell what became of every staged row.

    Parameters
    ----------
    span_us : earliest and latest instant staged, so that only their partitions are looked at

    Returns
    -------
    `ord` and Fate of each staged row
    """
    await _look_up_by_key(conn)
    await insert_missing(conn, on)
    rows = await copy.copy_out_all(conn, _fates(on, batch_id, span_us))
    return rows["ord"], rows["fate"]


async def _look_up_by_key(conn: AsyncConnection) -> None:
    """A fresh stage has no statistics; a hash of a whole day's partition would be built for a handful of rows."""
    settings = ("enable_hashjoin", "enable_mergejoin", "enable_seqscan")
    await conn.execute(select(*(func.set_config(name, "off", True) for name in settings)))


def _fates(on: Shelf, batch_id: int, span_us: tuple[int, int]) -> Select[tuple[int, int]]:
    stage = on.stage
    stands = _standing(on, span_us)
    same = and_(*(stands.c[name].is_not_distinct_from(stage.c[name]) for name in on.values))
    fate = case(
        (and_(stage.c.first, stands.c.batch_id == batch_id), _number(Fate.STORED)),
        (or_(same, _known(on)), _number(Fate.REPEATED)),
        else_=_number(Fate.CONFLICTING),
    )
    return select(stage.c.ord, fate.label("fate")).join_from(stage, stands, true())


def _standing(on: Shelf, span_us: tuple[int, int]) -> LateralFromClause:
    """The row that stands at a staged row's key, looked up one by one.

    The limit changes nothing, and makes it a look-up whatever the planner believes of tables that nobody has analysed.
    """
    earliest, latest = instants(np.array(span_us))
    table = on.table
    return (
        select(*(table.c[name] for name in on.values), table.c.batch_id)
        .where(table.c[on.key] == on.stage.c[on.key], table.c.observed_at == on.stage.c.observed_at)
        .where(table.c.observed_at >= earliest, table.c.observed_at <= latest)
        .limit(1)
        .lateral("stands")
    )


def _number(fate: Fate) -> ColumnElement[int]:
    return literal(int(fate), SmallInteger)


def _known(on: Shelf) -> ColumnElement[bool]:
    """The value stands among the conflicts already."""
    names = (on.key, "observed_at", on.told_apart)
    return exists().where(*(on.conflict.c[name] == on.stage.c[name] for name in names))
