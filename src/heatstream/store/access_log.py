"""Who asked what, as kept: a row a request, added and never changed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.read.rows import Rows, every
from heatstream.store.row_scope import READER
from heatstream.store.tables import access_log
from heatstream.store.timescale import LOCAL

STATEMENT_TIMEOUT = "5s"
"""An answer waits for its row: rather none than one that waits for ever."""


_RIGHTS = select(func.set_config("role", READER, True), func.set_config("statement_timeout", STATEMENT_TIMEOUT, True))
_ADDED = insert(access_log).inline()


async def add(conn: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows with no more rights than the API has."""
    await conn.execute(_RIGHTS)
    await conn.execute(_ADDED, rows)


def by(who: str) -> ColumnElement[bool]:
    """Keep what one key or account asked: `key:…` or `account:…`."""
    return access_log.c.who == who


def of_household(code: str) -> ColumnElement[bool]:
    """Keep what named one household."""
    return access_log.c.household == code


def between(first: dt.date | None, last: dt.date | None) -> list[ColumnElement[bool]]:
    """Keep local days, both ends included."""
    begin = first and dt.datetime.combine(first, dt.time(), LOCAL)
    end = last and dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), LOCAL)
    kept = [access_log.c.at >= begin] if begin else []
    return kept + ([access_log.c.at < end] if end else [])


async def listed(conn: AsyncConnection, *conditions: ColumnElement[bool], after: int, limit: int) -> Rows:
    """List requests in the order their rows were written in."""
    query = select(access_log).where(access_log.c.id > after, *conditions)
    return await every(conn, query.order_by(access_log.c.id).limit(limit))
