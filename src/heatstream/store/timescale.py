"""What this database can do, and the cutting of the big tables along time.

Under TimescaleDB the tables with `info["by_time"]` are hypertables. Without it they are native range partitions that
somebody must make ahead: `ensure_partitions` does, whoever needs a day calls it.
"""

import datetime as dt
import enum

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.tables import BY_TIME

LOCAL = dt.timezone(dt.timedelta(hours=8))
EPOCH = dt.date(1970, 1, 1)


class Edition(enum.StrEnum):
    """By capability, as the server itself answers."""

    PLAIN = "plain"
    APACHE = "apache"
    COMMUNITY = "community"

    @property
    def hypertables(self) -> bool:
        return self is not Edition.PLAIN


_LICENCES = {"apache": Edition.APACHE, "timescale": Edition.COMMUNITY}


async def edition(conn: AsyncConnection) -> Edition:
    """Tell what the extension installed in this very database can do."""
    installed = await conn.scalar(text("select 1 from pg_extension where extname = 'timescaledb'"))
    licence = await conn.scalar(text("select current_setting('timescaledb.license', true)"))
    return _LICENCES[licence] if installed and licence else Edition.PLAIN


def _first_day_of_piece(day: dt.date, length: int) -> dt.date:
    """Pieces of `length` days are counted from 1970-01-01, so that everybody cuts at the same days."""
    return day - dt.timedelta(days=(day - EPOCH).days % length)


def _bound(table: Table, day: dt.date) -> str:
    """Pieces begin at local midnight, so that one local day is one piece."""
    column = table.c[table.info["by_time"]]
    return (
        day.isoformat()
        if column.type.python_type is dt.date
        else dt.datetime.combine(day, dt.time(), LOCAL).isoformat()
    )


def pieces(table: Table, first: dt.date, last: dt.date) -> list[tuple[str, str, str]]:
    """Name and bounds [from, to) of the partitions that hold these days."""
    length = int(table.info["days"])
    start, found = _first_day_of_piece(first, length), []
    while start <= last:
        end = start + dt.timedelta(days=length)
        found.append((f"{table.name}_{start:%Y%m%d}", _bound(table, start), _bound(table, end)))
        start = end
    return found


async def _existing(conn: AsyncConnection, table: Table) -> set[str]:
    rows = await conn.scalars(
        text(
            "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid "
            "where i.inhparent = cast(:parent as regclass)"
        ),
        {"parent": table.name},
    )
    return set(rows)


async def ensure_partitions(conn: AsyncConnection, table: Table, first: dt.date, last: dt.date) -> list[str]:
    """Make the native partitions of these days; nothing to do for a hypertable.

    A partition is made by itself and then attached: ATTACH takes a lock on the parent that readers and writers live
    with, under a timeout, so that nobody queues behind it.
    """
    if (
        await conn.scalar(text("select relkind from pg_class where oid = cast(:t as regclass)"), {"t": table.name})
        != b"p"
    ):
        return []
    await conn.execute(text("select pg_advisory_xact_lock(hashtext('heatstream.partitions'))"))
    await conn.execute(text("set local lock_timeout = '5s'"))
    there = await _existing(conn, table)
    missing = [piece for piece in pieces(table, first, last) if piece[0] not in there]
    for name, start, end in missing:
        await conn.execute(text(f"create table {name} (like {table.name} including all excluding identity)"))
        await conn.execute(
            text(f"alter table {table.name} attach partition {name} for values from ('{start}') to ('{end}')")
        )
    return [name for name, _, _ in missing]


def cut_along_time(table: Table, *, hypertable: bool) -> list[str]:
    """DDL that follows `create table` for a table with `info["by_time"]`."""
    if not hypertable:
        return []
    days, column = int(table.info["days"]), table.info["by_time"]
    cut = f"by_range('{column}', interval '{days} days'), create_default_indexes => false"
    return [f"select create_hypertable('{table.name}', {cut})"]


__all__ = ["BY_TIME", "LOCAL", "Edition", "cut_along_time", "edition", "ensure_partitions", "pieces"]
