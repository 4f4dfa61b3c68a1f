"""Quality marks and what reviewers said of them. Rows are added, never changed: of several reviews the last stands."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import BindParameter, ColumnElement, Integer, Select, and_, bindparam, func, insert, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Change
from heatstream.core.marks import Kind
from heatstream.errors import BadInput, Refused
from heatstream.store import late, ledger
from heatstream.store.accepted import after, midnight
from heatstream.store.tables import (
    building,
    community,
    household,
    officer,
    point,
    quality_mark,
    quality_pass,
    quality_review,
)
from heatstream.store.timescale import LOCAL

REVIEWERS = ("district", "city")
"""Roles that may review: a company must not exclude the readings it answers for, nor a household its own."""

MICROSECOND = dt.timedelta(microseconds=1)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class NewMark(NamedTuple):
    """A mark to be added."""

    point_id: int
    kind: str
    begins: dt.datetime
    ends: dt.datetime
    algorithm: int
    evidence: dict[str, Any]


class Mark(NamedTuple):
    """A mark, and the review that stands."""

    id: int
    device: str
    household: str
    kind: str
    begins: dt.datetime
    ends: dt.datetime
    algorithm: int
    evidence: dict[str, Any]
    excludes: bool | None
    """None = nobody has reviewed it, and its readings count."""
    officer: str | None
    reason: str | None
    reviewed_at: dt.datetime | None


class Exclusion(NamedTuple):
    """Readings of a point that count for neither verdict nor coverage, by a reviewer's decision."""

    point_id: int
    begins: dt.datetime
    """The first of them."""
    ends: dt.datetime
    """The last of them."""
    mark_id: int
    kind: str
    officer: str
    reason: str


@dataclass(frozen=True)
class Wanted:
    """Which marks to list; None = not narrowed by it."""

    device: str | None = None
    household: str | None = None
    day: dt.date | None = None
    kind: str | None = None
    open_only: bool = False
    """Those that nobody has reviewed."""
    since: dt.datetime | None = None
    """Those that end at it or later."""


MOST_ROWS = 1000
"""A statement has 32,767 parameters at most."""


async def append(conn: AsyncConnection, marks: Sequence[NewMark]) -> list[str]:
    """Add marks; one that stands already is left as it is. Tell the kinds of those that are new."""
    new: list[str] = []
    for first in range(0, len(marks), MOST_ROWS):
        rows = [mark._asdict() for mark in marks[first : first + MOST_ROWS]]
        added = upsert(quality_mark).values(rows).on_conflict_do_nothing().returning(quality_mark.c.kind)
        new += await conn.scalars(added)
    return new


async def passed(conn: AsyncConnection, day: dt.date, through_batch: int) -> None:
    """Keep that a day's statistics through this batch were looked at."""
    row = upsert(quality_pass).values(day=day, through_batch=through_batch)
    moved = {"through_batch": func.greatest(quality_pass.c.through_batch, through_batch), "passed_at": func.now()}
    await conn.execute(row.on_conflict_do_update(index_elements=["day"], set_=moved))


# --- what stands ------------------------------------------------------------------------------------------------------


def _last_review(through_batch: int | None = None) -> Any:
    query = select(quality_review).where(quality_review.c.mark_id == quality_mark.c.id)
    if through_batch is not None:
        query = query.where(quality_review.c.batch_id <= through_batch)
    return query.order_by(quality_review.c.id.desc()).limit(1).lateral("reviewed")


def _wanted(wanted: Wanted, reviewed: Any) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if wanted.device is not None:
        asked.append(point.c.device == wanted.device)
    if wanted.household is not None:
        asked.append(household.c.code == wanted.household)
    if wanted.day is not None:
        start, end = midnight(wanted.day), midnight(after(wanted.day))
        asked += [quality_mark.c.begins >= start, quality_mark.c.begins < end]
    if wanted.kind is not None:
        if wanted.kind.upper() not in Kind.__members__:
            raise BadInput(f"kind: seen {wanted.kind!r}, expected {', '.join(each.name.lower() for each in Kind)}")
        asked.append(quality_mark.c.kind == wanted.kind)
    if wanted.open_only:
        asked.append(reviewed.c.id.is_(None))
    if wanted.since is not None:
        asked.append(quality_mark.c.ends >= wanted.since)
    return asked


async def listed(
    conn: AsyncConnection, wanted: Wanted, *, above: int = 0, newest_first: bool = False, limit: int = 100
) -> list[Mark]:
    """List marks by their number, or by their begin, the newest first; each with the review that stands."""
    reviewed = _last_review()
    placed = quality_mark.join(point, point.c.id == quality_mark.c.point_id)
    query: Select[Any] = (
        select(
            quality_mark.c.id,
            point.c.device,
            household.c.code,
            quality_mark.c.kind,
            quality_mark.c.begins,
            quality_mark.c.ends,
            quality_mark.c.algorithm,
            quality_mark.c.evidence,
            reviewed.c.excludes,
            reviewed.c.officer,
            reviewed.c.reason,
            reviewed.c.reviewed_at,
        )
        .select_from(
            placed.join(household, household.c.id == point.c.household_id).outerjoin(
                reviewed, reviewed.c.id.is_not(None)
            )
        )
        .where(quality_mark.c.id > above, *_wanted(wanted, reviewed))
        .order_by(*_newest_first() if newest_first else (quality_mark.c.id,))
        .limit(limit)
    )
    return [Mark(*row) for row in await conn.execute(query)]


def _newest_first() -> tuple[ColumnElement[Any], ...]:
    return quality_mark.c.begins.desc(), quality_mark.c.id


async def exclusions(
    conn: AsyncConnection, point_ids: Sequence[int], start: dt.datetime, end: dt.datetime, through_batch: int
) -> list[Exclusion]:
    """Read what reviewers excluded of these points' readings in [start, end), by reviews up to a batch."""
    reviewed = _last_review(through_batch)
    query: Select[Any] = (
        select(
            quality_mark.c.point_id,
            quality_mark.c.begins,
            quality_mark.c.ends,
            quality_mark.c.id,
            quality_mark.c.kind,
            reviewed.c.officer,
            reviewed.c.reason,
        )
        .select_from(quality_mark.join(reviewed, reviewed.c.excludes))
        .where(
            quality_mark.c.point_id == func.any(_ids(point_ids)),
            quality_mark.c.begins < end,
            quality_mark.c.ends >= start,
        )
        .order_by(quality_mark.c.point_id, quality_mark.c.begins, quality_mark.c.id)
    )
    return [Exclusion(*row) for row in await conn.execute(query)]


def _ids(values: Sequence[int]) -> BindParameter[Sequence[int]]:
    return bindparam(None, list(values), ARRAY(Integer))


# --- a review ---------------------------------------------------------------------------------------------------------


class _Reviewed(NamedTuple):
    """A mark about to be reviewed, and whose home it is about."""

    point_id: int
    household_id: int
    district_id: int
    begins: dt.datetime
    ends: dt.datetime


async def review(
    conn: AsyncConnection, mark_id: int, *, excludes: bool, by: str, reason: str, day_from_min: int = 360
) -> int:
    """Say whether a mark's readings count; the household-day is judged again.

    The readings stay as they were sent, and a later review stands above an earlier one: both are kept.

    Parameters
    ----------
    excludes : True = its readings count for neither verdict nor coverage; False = they count
    by : 工号 of an officer of the household's district or of the city
    reason : why, kept for good
    day_from_min : when 昼 begins, so that the 夜 of the date before is judged again too [minutes after midnight]

    Returns
    -------
    the batch of the review

    Raises
    ------
    BadInput
        There is no such mark or officer, or no reason is given.
    Refused
        The officer's role or district may not review this home's readings.
    """
    if not reason.strip():
        raise BadInput("reason: seen nothing, expected why: it is kept for good")
    batch = await ledger.open_batch(conn, "import")
    found = await _find(conn, mark_id)
    await _require_reviewer(conn, by, found.district_id)
    await conn.execute(
        insert(quality_review).values(mark_id=mark_id, excludes=excludes, officer=by, reason=reason, batch_id=batch.id)
    )
    if batch.closed_through is not None:
        at_us = np.array([(at - EPOCH) // MICROSECOND for at in (found.begins, found.ends)])
        homes = np.full(2, found.household_id, np.int32)
        touched, day = late.touched(homes, at_us, day_from_min, batch.closed_through)
        await late.mark(conn, touched, day, batch.id, Change.QUALITY_REVIEWED)
    return batch.id


async def _find(conn: AsyncConnection, mark_id: int) -> _Reviewed:
    placed = (
        quality_mark.join(point, point.c.id == quality_mark.c.point_id)
        .join(household, household.c.id == point.c.household_id)
        .join(building, building.c.id == household.c.building_id)
        .join(community, community.c.id == building.c.community_id)
    )
    query = (
        select(point.c.id, household.c.id, community.c.district_id, quality_mark.c.begins, quality_mark.c.ends)
        .select_from(placed)
        .where(quality_mark.c.id == mark_id)
    )
    row = (await conn.execute(query)).first()
    if row is None:
        raise BadInput(f"mark: seen {mark_id}, expected the number of a mark; `heatstream quality list` shows them")
    return _Reviewed(*row)


async def _require_reviewer(conn: AsyncConnection, code: str, district_id: int) -> None:
    today = dt.datetime.now(LOCAL).date()
    holds = and_(officer.c.valid_from <= today, or_(officer.c.valid_to.is_(None), officer.c.valid_to >= today))
    query = select(officer.c.role, officer.c.district_id).where(officer.c.code == code, holds)
    row = (await conn.execute(query)).first()
    if row is None:
        raise BadInput(f"officer: seen {code!r}, expected the 工号 of an officer registered today")
    if row.role not in REVIEWERS:
        raise Refused(f"officer {code}: role {row.role} may not review readings; expected {' or '.join(REVIEWERS)}")
    if row.role == "district" and row.district_id != district_id:
        raise Refused(f"officer {code} is of another district than the home whose readings the mark is about")
