"""Seal the digests of point-days under a root, once a day; find the proof of one of them.

What is sealed is every point-day whose digest differs from the newest leaf that it has: a day that was closed, and a
day that late readings or a decision have changed. Nothing is ever taken out of a tree.
"""

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core import merkle
from heatstream.core.calendar import date_of, day_of
from heatstream.core.units import Count, Mask
from heatstream.store import evidence
from heatstream.store.evidence import LEAF, Leaves, Part

ROOT_LEAVES: Final = 4_000_000
"""When a whole season changes at once, several roots are made, so that one fits in memory."""


class Sealed(NamedTuple):
    """A root that was made."""

    id: int
    leaves: int


async def make_roots(conn: AsyncConnection) -> list[Sealed]:
    """Seal what is new or has changed since the last root, in the caller's transaction.

    Evaluators follow each other, so a statistic never comes with an older batch than one that stands; those of the
    newest sealed batch are looked at again, for a run writes them in many transactions.
    """
    await evidence.hold_roots(conn)
    since = through = await evidence.sealed_through(conn)
    made: list[Sealed] = []
    waiting: list[Leaves] = []
    days = await evidence.days_since(conn, since)
    for day in days:
        fresh, newest = await _fresh(conn, day, since)
        through = max(through, newest)
        waiting.append(fresh)
        leaves = sum(map(len, waiting))
        if leaves >= ROOT_LEAVES or (leaves and day == days[-1]):
            made.append(await _seal(conn, np.concatenate(waiting), through))
            waiting = []
    return made


async def _fresh(conn: AsyncConnection, day: dt.date, since: int) -> tuple[Leaves, int]:
    """Find a day's leaves that no root holds as they are now, and the newest batch looked at."""
    rows = await evidence.digests_since(conn, day, since)
    leaves = np.empty(len(rows), LEAF)
    leaves["point_id"], leaves["day"], leaves["digest"] = rows["point_id"], day_of(day), rows["digest"]
    return leaves[~await _sealed(conn, day, leaves)], int(rows["through_batch"].max())


async def _sealed(conn: AsyncConnection, day: dt.date, leaves: Leaves) -> Mask:
    """Say which leaves are the newest of their point-day already."""
    points, now = leaves["point_id"].astype(np.int32), _words(leaves)
    same = np.zeros(len(leaves), np.bool_)
    for part in await evidence.parts_with(conn, points, day, day):
        before = await evidence.leaves_of(conn, part.root_id, part.part)
        before = before[before["day"] == day_of(day)]
        place = np.searchsorted(points, before["point_id"])
        known = place < len(points)
        known[known] = points[place[known]] == before["point_id"][known]
        place, before = place[known], before[known]
        same[place] = (_words(before) == now[place]).all(axis=1)
    return same


def _words(leaves: Leaves) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Cut digests into numbers, for they compare faster; (leaves, 4)."""
    return np.frombuffer(leaves["digest"].tobytes(), np.int64).reshape(len(leaves), 4)


async def _seal(conn: AsyncConnection, leaves: Leaves, through: int) -> Sealed:
    leaves = leaves[np.lexsort((leaves["day"], leaves["point_id"]))]
    parts = [leaves[first : first + merkle.PART_LEAVES] for first in range(0, len(leaves), merkle.PART_LEAVES)]
    roots = [merkle.root(_hashed(part)) for part in parts]
    root_id = await evidence.add_root(conn, through, len(leaves), merkle.root(roots))
    await evidence.add_parts(conn, root_id, parts, roots)
    return Sealed(root_id, len(leaves))


def _hashed(part: Leaves) -> list[bytes]:
    return [merkle.leaf(digest) for digest in part["digest"].tolist()]


# --- proofs -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proof:
    """That a point-day's digest is under a root."""

    point_id: int
    day: dt.date
    digest: bytes
    root_id: int
    index: int
    """Place among the leaves of the root, from 0."""
    path: list[bytes]


async def proofs(conn: AsyncConnection, points: Sequence[int], first: dt.date, last: dt.date) -> list[Proof]:
    """Find every leaf of these points and days, superseded ones too, by point, day and root.

    One part is read for each root that holds any of them.
    """
    wanted = np.array(sorted(points), np.int32)
    found: list[Proof] = []
    for part in await evidence.parts_with(conn, wanted, first, last):
        leaves = await evidence.leaves_of(conn, part.root_id, part.part)
        mine = _among(leaves, wanted, first, last)
        if mine.any():
            roots = await evidence.part_roots(conn, part.root_id)
            found += await asyncio.to_thread(_proved, part, leaves, np.flatnonzero(mine).tolist(), roots)
    return sorted(found, key=lambda proof: (proof.point_id, proof.day, proof.root_id))


def _among(leaves: Leaves, points: Count, first: dt.date, last: dt.date) -> Mask:
    within = (leaves["day"] >= day_of(first)) & (leaves["day"] <= day_of(last))
    return within & np.isin(leaves["point_id"], points)


def _proved(part: Part, leaves: Leaves, places: list[int], roots: list[bytes]) -> list[Proof]:
    inside = merkle.levels(_hashed(leaves))
    outside = merkle.path(merkle.levels(roots), part.part)
    return [
        Proof(
            point_id=int(leaves["point_id"][place]),
            day=date_of(leaves["day"][place]),
            digest=leaves["digest"][place].tobytes(),
            root_id=part.root_id,
            index=part.part * merkle.PART_LEAVES + place,
            path=merkle.path(inside, place) + outside,
        )
        for place in places
    ]
