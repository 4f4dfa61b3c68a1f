"""Household-days that must be judged: of closed days only, one mark each, with the newest batch that touched it."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    Integer,
    Select,
    SelectBase,
    SmallInteger,
    and_,
    bindparam,
    delete,
    false,
    func,
    literal,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Change
from heatstream.store import closings
from heatstream.store.accepted import after, stands_on, stood_between
from heatstream.store.copy import Rows, copy_out_all
from heatstream.store.locks import hold_writers
from heatstream.store.tables import Instant, day_dirty, day_statistic, finding_current, point

DAY = 1
"""The period kind of a finding on one day."""


class Backlog(NamedTuple):
    """What waits to be judged."""

    household_days: int
    days: int
    oldest_marked_at: dt.datetime | None


async def backlog(conn: AsyncConnection) -> Backlog:
    """Count what waits."""
    query = select(func.count(), func.count(day_dirty.c.day.distinct()), func.min(day_dirty.c.marked_at))
    return Backlog(*(await conn.execute(query)).one())


async def ripe_days(conn: AsyncConnection, through_batch: int, settled: dt.datetime | None) -> list[dt.date]:
    """List the days with marks that can be judged now, oldest first; see `of_day`."""
    query = select(day_dirty.c.day).where(_ripe(through_batch, settled)).distinct().order_by(day_dirty.c.day)
    return list(await conn.scalars(query))


async def of_day(conn: AsyncConnection, day: dt.date, through_batch: int, settled: dt.datetime | None) -> Rows:
    """Read a day's marks that can be judged now, by household.

    Parameters
    ----------
    through_batch : a mark of a later batch waits for the next run
    settled : a late household-day marked after it waits for more to come; None = none waits. What the closing marked
        does not wait: its readings are settled

    Returns
    -------
    structured rows: household_id, batch_id, reason, marked_at [µs since 1970-01-01T00:00Z]
    """
    query = (
        select(day_dirty.c.household_id, day_dirty.c.batch_id, day_dirty.c.reason, day_dirty.c.marked_at)
        .where(day_dirty.c.day == day, _ripe(through_batch, settled))
        .order_by(day_dirty.c.household_id)
    )
    await conn.execute(select(1))  # a COPY may not be the first statement of its transaction
    return await copy_out_all(conn, query)


def _ripe(through_batch: int, settled: dt.datetime | None) -> ColumnElement[bool]:
    waits = (
        false() if settled is None else (day_dirty.c.reason != int(Change.CLOSED)) & (day_dirty.c.marked_at > settled)
    )
    return and_(day_dirty.c.batch_id <= through_batch, ~waits)


async def take(conn: AsyncConnection, day: dt.date, marks: Rows) -> NDArray[np.int32]:
    """Remove those marks that still stand as they were read, and tell whose they were.

    A mark that is gone was judged by another evaluator; one that has changed was touched by a later batch, and what was
    computed is no longer the newest. Whoever removes a mark in its own transaction is the only one to write the result.
    """
    read = (
        func.unnest(
            _integers(marks["household_id"].tolist()),
            bindparam(None, marks["batch_id"].tolist(), ARRAY(BigInteger)),
            bindparam(None, _instants(marks["marked_at"]), ARRAY(Instant)),
        )
        .table_valued("household_id", "batch_id", "marked_at")
        .render_derived("read")
    )
    unchanged = (
        select(day_dirty.c.household_id)
        .join(
            read,
            and_(
                day_dirty.c.household_id == read.c.household_id,
                day_dirty.c.batch_id == read.c.batch_id,
                day_dirty.c.marked_at == read.c.marked_at,
            ),
        )
        .where(day_dirty.c.day == day)
        .order_by(day_dirty.c.household_id)  # everybody locks in one order
        .with_for_update(of=day_dirty)
    )
    mine = list(await conn.scalars(unchanged))
    await conn.execute(
        delete(day_dirty).where(day_dirty.c.day == day, day_dirty.c.household_id == func.any(_integers(mine)))
    )
    return np.array(mine, np.int32)


def _instants(micros: NDArray[np.int64]) -> list[dt.datetime]:
    zero = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return [zero + dt.timedelta(microseconds=each) for each in micros.tolist()]


async def mark_closed_day(conn: AsyncConnection, day: dt.date, batch_id: int, *, season_start: dt.date | None) -> int:
    """Mark the households that the closing of a day makes ready to be judged; the caller holds the writers' lock.

    Those with an accepted installation, in the season also those that had one since its start: a home that has lost its
    point is found 未监测 and does not fall silent.
    """
    stood = select(point.c.household_id).where(stood_between(season_start or day, day))
    return await _mark(conn, stood, day, batch_id, Change.CLOSED)


async def mark_policy_changed(conn: AsyncConnection, day: dt.date, batch_id: int) -> int:
    """Mark every household with a statistic or a finding on this day."""
    return await _mark(conn, union(_measured_on(day), _judged_on(day)), day, batch_id, Change.POLICY)


async def mark_weather_known(conn: AsyncConnection, day: dt.date, batch_id: int) -> int:
    """Mark every household with a statistic or a finding on a day whose outdoor mean was told or told anew."""
    return await _mark(conn, union(_measured_on(day), _judged_on(day)), day, batch_id, Change.REGISTRY)


async def judged(conn: AsyncConnection, day: dt.date) -> bool:
    """Tell whether any household has a finding on this day."""
    return bool(await conn.scalar(select(_judged_on(day).exists())))


async def mark_registry_changed(
    conn: AsyncConnection, households: Collection[int], first: dt.date | None = None, last: dt.date | None = None
) -> int:
    """Have the closed days of these households judged again, after a change of their registry in this transaction.

    Days with a statistic, a finding or an accepted installation, from `first` to `last` where given. The writers' lock
    is taken at the end only, for the days that were closed meanwhile by somebody who could not see the change.
    """
    closed = await closings.closed_through(conn)
    marked = await _mark_days(conn, households, first or await _first_day(conn), closed, last)
    await hold_writers(conn)
    by_now = await closings.closed_through(conn)
    if by_now != closed:
        start = after(closed) if closed else first or await _first_day(conn)
        marked += await _mark_days(conn, households, start, by_now, last)
    return marked


async def _first_day(conn: AsyncConnection) -> dt.date | None:
    """First day that was measured or has a statistic: readings may be deleted before statistics are."""
    oldest = select(day_statistic.c.day).order_by(day_statistic.c.day).limit(1)
    known = [await closings.first_day_read(conn), await conn.scalar(oldest)]
    return min((each for each in known if each), default=None)


async def _mark_days(
    conn: AsyncConnection,
    households: Collection[int],
    first: dt.date | None,
    closed: dt.date | None,
    last: dt.date | None,
) -> int:
    if first is None or closed is None:
        return 0
    newest, marked, day = await closings.newest_batch(conn), 0, first
    while day <= min(closed, last or closed):
        stood = select(point.c.household_id).where(stands_on(day))
        every = union(stood, _measured_on(day), _judged_on(day)).subquery()
        named = select(every.c.household_id).where(every.c.household_id == func.any(_integers(list(households))))
        marked += await _mark(conn, named, day, newest, Change.REGISTRY)
        day = after(day)
    return marked


def _measured_on(day: dt.date) -> Select[int]:
    return select(day_statistic.c.household_id).where(day_statistic.c.day == day)


def _judged_on(day: dt.date) -> Select[int]:
    return select(finding_current.c.household_id).where(
        finding_current.c.period_kind == DAY, finding_current.c.period_from == day
    )


def _integers(values: list[int]) -> BindParameter[Sequence[int]]:
    return bindparam(None, values, ARRAY(Integer))


async def _mark(conn: AsyncConnection, households: SelectBase, day: dt.date, batch_id: int, why: Change) -> int:
    """Mark, or touch a mark that stands: what is being computed from before is then not taken for the newest."""
    each = households.subquery()
    rows = (
        select(each.c.household_id, literal(day, Date), literal(batch_id, BigInteger), literal(int(why), SmallInteger))
        .distinct()
        .order_by(each.c.household_id)
    )
    marks = insert(day_dirty).from_select(["household_id", "day", "batch_id", "reason"], rows)
    result = await conn.execute(
        marks.on_conflict_do_update(
            index_elements=["household_id", "day"],
            set_={
                "batch_id": func.greatest(day_dirty.c.batch_id, marks.excluded.batch_id),
                "marked_at": func.clock_timestamp(),
            },
        )
    )
    return int(result.rowcount)
