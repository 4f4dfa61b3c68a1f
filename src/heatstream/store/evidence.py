"""What proves it: roots over the digests of point-days, their leaves in parts, and what must be kept."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BindParameter, ColumnElement, Integer, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.errors import BadInput
from heatstream.store.copy import Column, Rows, copy_in, copy_out_all
from heatstream.store.tables import day_statistic, household, legal_hold, merkle_leaves, merkle_root

LEAF: Final = np.dtype([("point_id", ">i4"), ("day", ">i4"), ("digest", "V32")])
"""A leaf as `merkle_leaves.leaves` holds it."""
Leaves = NDArray[np.void]


def ids(values: Sequence[int]) -> BindParameter[Sequence[int]]:
    """Bind many ids as one array."""
    return bindparam(None, list(values), ARRAY(Integer))


# --- roots ------------------------------------------------------------------------------------------------------------


class Root(NamedTuple):
    """A root, and who confirmed when it was there."""

    id: int
    made_at: dt.datetime
    through_batch: int
    leaves: int
    root: bytes
    time_stamp: bytes | None
    time_stamped_by: str | None


class Part(NamedTuple):
    """A part of a tree, without its leaves."""

    root_id: int
    part: int
    first_point: int
    last_point: int
    first_day: dt.date
    last_day: dt.date

    def touches(self, points: NDArray[np.int32]) -> bool:
        """Say whether any of these points, which rise, is between its first and its last."""
        return bool(np.searchsorted(points, self.first_point) < np.searchsorted(points, self.last_point, side="right"))


async def hold_roots(conn: AsyncConnection) -> None:
    """Let one make roots at a time, to the end of this transaction."""
    await conn.execute(select(func.pg_advisory_xact_lock(func.hashtext("heatstream.roots"))))


async def sealed_through(conn: AsyncConnection) -> int:
    """Find the newest batch whose statistics are under a root; 0 before the first."""
    return int(await conn.scalar(select(func.coalesce(func.max(merkle_root.c.through_batch), 0))) or 0)


async def days_since(conn: AsyncConnection, batch: int) -> list[dt.date]:
    """List the days with a statistic of this batch or a later one."""
    query = select(day_statistic.c.day).where(day_statistic.c.through_batch >= batch)
    return list(await conn.scalars(query.distinct().order_by(day_statistic.c.day)))


async def digests_since(conn: AsyncConnection, day: dt.date, batch: int) -> Rows:
    """Read a day's statistics of this batch or a later one, by point.

    Returns
    -------
    structured rows: point_id, digest (32 bytes), through_batch
    """
    query = select(day_statistic.c.point_id, day_statistic.c.digest, day_statistic.c.through_batch).where(
        day_statistic.c.day == day, day_statistic.c.through_batch >= batch
    )
    rows = await copy_out_all(conn, query, widths={"digest": 32})
    return rows[np.argsort(rows["point_id"])]


async def add_root(conn: AsyncConnection, through_batch: int, leaves: int, root: bytes) -> int:
    """Keep a root; tell its id."""
    row = insert(merkle_root).values(through_batch=through_batch, leaves=leaves, root=root)
    return int((await conn.execute(row.returning(merkle_root.c.id))).scalar_one())


async def add_parts(conn: AsyncConnection, root_id: int, parts: Sequence[Leaves], roots: Sequence[bytes]) -> None:
    """Keep the leaves of a root, part by part, each with the root of its own."""

    def whole(values: list[int]) -> Column:
        return Column(np.array(values, np.int32))

    columns = {
        "root_id": whole([root_id] * len(parts)),
        "part": whole(list(range(len(parts)))),
        "first_point": whole([int(part["point_id"][0]) for part in parts]),
        "last_point": whole([int(part["point_id"][-1]) for part in parts]),
        "first_day": whole([int(part["day"].min()) for part in parts]),
        "last_day": whole([int(part["day"].max()) for part in parts]),
        "root": Column(roots),
        "leaves": Column([part.astype(LEAF, copy=False).tobytes() for part in parts]),
    }
    await copy_in(conn, merkle_leaves, columns)


def _within(first: dt.date, last: dt.date) -> ColumnElement[bool]:
    return (merkle_leaves.c.first_day <= last) & (merkle_leaves.c.last_day >= first)


async def parts_with(conn: AsyncConnection, points: NDArray[np.int32], first: dt.date, last: dt.date) -> list[Part]:
    """List the parts that may hold a leaf of these points, which rise, and days; by root and part."""
    there = merkle_leaves.c
    query = select(*(there[name] for name in Part._fields)).where(_within(first, last))
    rows = await conn.execute(query.order_by(there.root_id, there.part))
    return [part for part in (Part(*row) for row in rows) if part.touches(points)]


async def leaves_of(conn: AsyncConnection, root_id: int, part: int) -> Leaves:
    """Read the leaves of one part, by point and day."""
    query = select(merkle_leaves.c.leaves).where(merkle_leaves.c.root_id == root_id, merkle_leaves.c.part == part)
    return np.frombuffer((await conn.execute(query)).scalar_one(), LEAF)


async def part_roots(conn: AsyncConnection, root_id: int) -> list[bytes]:
    """Read the roots of a root's parts, in their order."""
    query = select(merkle_leaves.c.root).where(merkle_leaves.c.root_id == root_id).order_by(merkle_leaves.c.part)
    return list(await conn.scalars(query))


async def roots(
    conn: AsyncConnection, root_ids: Sequence[int] | None = None, *, limit: int | None = None
) -> list[Root]:
    """Read these roots, or all, the newest first."""
    query = select(merkle_root).order_by(merkle_root.c.id.desc()).limit(limit)
    if root_ids is not None:
        query = query.where(merkle_root.c.id == func.any(ids(root_ids)))
    return [Root(*row) for row in await conn.execute(query)]


async def unstamped(conn: AsyncConnection) -> list[Root]:
    """List the roots that no time-stamp service has confirmed, the oldest first."""
    query = select(merkle_root).where(merkle_root.c.time_stamp.is_(None)).order_by(merkle_root.c.id)
    return [Root(*row) for row in await conn.execute(query)]


async def keep_stamp(conn: AsyncConnection, root_id: int, token: bytes, by: str) -> None:
    """Keep a root's time stamp; the first stands."""
    change = update(merkle_root).where(merkle_root.c.id == root_id, merkle_root.c.time_stamp.is_(None))
    await conn.execute(change.values(time_stamp=token, time_stamped_by=by))


# --- holds ------------------------------------------------------------------------------------------------------------


class Hold(NamedTuple):
    """证据保全: what must not be deleted."""

    id: int
    household: str | None
    """户号; None = every home's."""
    day_from: dt.date
    day_to: dt.date
    reason: str
    by: str
    placed_at: dt.datetime
    released_at: dt.datetime | None
    released_by: str | None


async def household_id(conn: AsyncConnection, code: str) -> int:
    """Find a household by its 户号.

    Raises
    ------
    BadInput
        There is none.
    """
    found: int | None = await conn.scalar(select(household.c.id).where(household.c.code == code))
    if found is None:
        raise BadInput(f"household {code!r}: no such 户号 is registered")
    return found


async def place_hold(
    conn: AsyncConnection, code: str | None, first: dt.date, last: dt.date, *, reason: str, by: str
) -> int:
    """Keep what is stored of these days until the hold is released; tell its id.

    Raises
    ------
    BadInput
        The days are reversed, nobody says why, or the household is not registered.
    """
    if first > last:
        raise BadInput(f"days from {first} to {last}: expected the first before the last")
    if not reason.strip():
        raise BadInput("reason: seen nothing, expected why it is held: it is kept for good")
    home = None if code is None else await household_id(conn, code)
    row = insert(legal_hold).values(household_id=home, day_from=first, day_to=last, reason=reason, by=by)
    return int((await conn.execute(row.returning(legal_hold.c.id))).scalar_one())


async def release_hold(conn: AsyncConnection, hold_id: int, by: str) -> None:
    """End a hold; it stays in the list.

    Raises
    ------
    BadInput
        No such hold stands.
    """
    change = update(legal_hold).where(legal_hold.c.id == hold_id, legal_hold.c.released_at.is_(None))
    if not (await conn.execute(change.values(released_at=func.now(), released_by=by))).rowcount:
        raise BadInput(f"hold {hold_id}: none of this number stands; `heatstream evidence hold list` shows them")


async def holds(conn: AsyncConnection) -> list[Hold]:
    """List every hold, those released too, the newest first."""
    there = legal_hold.c
    columns: list[Any] = [there.id, household.c.code, *(there[name] for name in Hold._fields[2:])]
    query = select(*columns).select_from(legal_hold.outerjoin(household)).order_by(there.id.desc())
    return [Hold(*row) for row in await conn.execute(query)]
