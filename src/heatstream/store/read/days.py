"""Listing what is kept by day, day after day.

The tables are cut by day, and within a day an index begins with the household or the point. So each day is read by
itself, in order, and a page that is full ends the reading: no sort over a season, no day that is not asked for. Of a
few homes there is so little that all of it is sorted at once: to enter each day by itself would take a hundred times
as long.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, Select, Subquery, case, cast, column, func, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.closings import closed_through
from heatstream.store.read.registry import first_installation
from heatstream.store.timescale import LOCAL

Key = tuple[ColumnElement[int], ...]

FEW: Final = 200
"""Homes: a season of theirs is some 30,000 rows."""


@dataclass(frozen=True)
class Span:
    """Local days from `first` to `last`, both included."""

    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class DayPage:
    """Which days, how many rows, in which direction, and the key of the last row that was seen."""

    span: Span
    limit: int
    newest_first: bool = False
    after_day: dt.date | None = None
    after_key: tuple[int, ...] = ()

    def left(self) -> Span:
        """Give the days not yet read to the end."""
        if self.after_day is None:
            return self.span
        if self.newest_first:
            return Span(self.span.first, self.after_day)
        return Span(self.after_day, self.span.last)


async def span(conn: AsyncConnection, day_from: dt.date | None, day_to: dt.date | None, today: dt.date) -> Span | None:
    """Bound the days that can hold anything; None where there are none."""
    first = await first_installation(conn)
    if first is None:
        return None
    last = max(today, await closed_through(conn) or today)
    start = max(first.astimezone(LOCAL).date(), day_from or dt.date.min)
    end = min(last, day_to or dt.date.max)
    return Span(start, end) if start <= end else None


async def judged(conn: AsyncConnection, day_from: dt.date | None, day_to: dt.date | None) -> Span | None:
    """Bound the days that hold findings, of whomever; None where none can.

    A season of findings is looked for day by day, and devices may be years older than the first of them.
    """
    columns = func.judged_days().table_valued(column("first", Date), column("last", Date))
    found = (await conn.execute(select(columns.c.first, columns.c.last))).one()
    if found.first is None:
        return None
    start, end = max(found.first, day_from or dt.date.min), min(found.last, day_to or dt.date.max)
    return Span(start, end) if start <= end else None


def _calendar(page: DayPage) -> Subquery:
    left = page.left()
    step = func.generate_series(0, (left.last - left.first).days).column_valued("step")
    day = (cast(left.first, Date) + step).label("day")
    return select(day).order_by(day.desc() if page.newest_first else day).subquery("calendar")


def _beyond(page: DayPage, day: ColumnElement[dt.date], key: Key) -> ColumnElement[bool]:
    """Leave out what the caller has seen of the day it stopped in."""
    if page.after_day is None:
        return true()
    seen = [case((day == page.after_day, value), else_=-1) for value in page.after_key]
    return tuple_(*key) > tuple_(*seen)


def one_page(
    rows: Select[Any], day: ColumnElement[dt.date], key: Key, page: DayPage, homes: Sequence[int] | None
) -> Subquery:
    """Select a page of `rows`, by day and then by `key`; names are joined to it afterwards, for these rows alone.

    Parameters
    ----------
    rows : what to list, unordered; among its columns those of `key`, and none named `calendar_day`
    day : the column of `rows` that its table is cut along
    key : what orders the rows of a day and tells them apart
    homes : whose rows these are; None = everybody's
    """
    left = page.left()
    in_bounds = rows.where(day.between(left.first, left.last))  # constants: the planner drops the other pieces at once
    if homes is not None and len(homes) <= FEW:
        found = in_bounds.where(_beyond(page, day, key)).add_columns(day.label("calendar_day"))
        return found.order_by(day.desc() if page.newest_first else day, *key).limit(page.limit).subquery("page")
    calendar = _calendar(page)
    one_day = in_bounds.where(day == calendar.c.day, _beyond(page, calendar.c.day, key)).correlate(calendar)
    listed = one_day.order_by(*key).limit(page.limit).lateral("listed")
    turn = calendar.c.day.desc() if page.newest_first else calendar.c.day
    order = [listed.c[str(column.key)] for column in key]
    by_day = select(calendar.c.day.label("calendar_day"), listed).join_from(calendar, listed, true())
    return by_day.order_by(turn, *order).limit(page.limit).subquery("page")


def ordered(query: Select[Any], page: Subquery, names: tuple[str, ...], *, newest_first: bool) -> Select[Any]:
    """Bring the rows of `one_page` into its order again, after joins."""
    day = page.c.calendar_day
    return query.order_by(day.desc() if newest_first else day, *(page.c[name] for name in names))
