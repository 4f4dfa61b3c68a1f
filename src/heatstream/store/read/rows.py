"""Rows of a query."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Executable, Row
from sqlalchemy.ext.asyncio import AsyncConnection

AnyRow = Row[*tuple[Any, ...]]
Rows = Sequence[AnyRow]


async def every(conn: AsyncConnection, query: Executable) -> Rows:
    """All rows of a query."""
    found: Rows = (await conn.execute(query)).all()
    return found


async def at_most_one(conn: AsyncConnection, query: Executable) -> AnyRow | None:
    """The one row of a query, or None."""
    found: AnyRow | None = (await conn.execute(query)).one_or_none()
    return found
