"""补测: homes whose days are undetermined, so that somebody measures there."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Outcome, Reason
from heatstream.store.read import as_of
from heatstream.store.read.days import Span
from heatstream.store.read.findings import DAY
from heatstream.store.read.places import ADDRESS, HOMES, Place, within
from heatstream.store.read.rows import Rows, every
from heatstream.store.tables import finding, finding_current, household, point

NOTHING_TO_MEASURE = (Reason.STOPPED, Reason.OUTSIDE_SEASON)
"""Such a day is undetermined whatever is measured."""
AT_ONCE = 500
"""Households looked at in one query: a page is full long before a district is."""


async def listed(
    conn: AsyncConnection,
    days: Span,
    place: Place,
    *,
    after: int = 0,
    limit: int,
    through_run: int | None = None,
) -> Rows:
    """List homes with undetermined days, in the order they were registered, each with its last such day.

    Parameters
    ----------
    through_run : as it stood when the runs up to this one had judged; None = now

    Returns
    -------
    rows: household_id, ADDRESS, undetermined_days, day, reason, slots_valid, slots_expected
    """
    found: list[Any] = []
    homes = await _homes(conn, place, after)
    for first in range(0, len(homes), AT_ONCE):
        found += await every(conn, _undetermined(homes[first : first + AT_ONCE], days, through_run))
        if len(found) >= limit:
            break
    return found[:limit]


async def _homes(conn: AsyncConnection, place: Place, after: int) -> list[int]:
    """Ids of the households of a place that ever had a point: only those have a finding to be undetermined."""
    placed = HOMES.join(point, point.c.household_id == household.c.id)
    query = select(household.c.id).select_from(placed).where(household.c.id > after, *within(place))
    return list(await conn.scalars(query.distinct().order_by(household.c.id)))


def _standing(homes: Sequence[int], days: Span, through_run: int | None) -> Select[Any]:
    wanted = func.any(bindparam(None, list(homes), ARRAY(Integer)))
    if through_run is not None:
        made = (as_of.made(through_run), as_of.stands(through_run))
        return (
            select().select_from(finding).where(finding.c.household_id == wanted, finding.c.period_kind == DAY, *made)
        )
    standing = finding_current.join(
        finding,
        and_(finding.c.id == finding_current.c.finding_id, finding.c.period_from == finding_current.c.period_from),
    )
    return (
        select()
        .select_from(standing)
        .where(
            finding_current.c.household_id == wanted,
            finding_current.c.period_kind == DAY,
            _among(finding_current.c.period_from, days),
        )
    )


def _undetermined(homes: Sequence[int], days: Span, through_run: int | None) -> Select[Any]:
    last = (
        _standing(homes, days, through_run)
        .add_columns(
            finding.c.household_id,
            func.count().over(partition_by=finding.c.household_id).label("undetermined_days"),
            finding.c.period_from.label("day"),
            finding.c.reason,
            finding.c.slots_valid,
            finding.c.slots_expected,
        )
        .where(
            _among(finding.c.period_from, days),
            finding.c.outcome == int(Outcome.UNDETERMINED),
            finding.c.reason.not_in([int(reason) for reason in NOTHING_TO_MEASURE]),
        )
        .ext(distinct_on(finding.c.household_id))
        .order_by(finding.c.household_id, finding.c.period_from.desc())
        .subquery("last")
    )
    homes_of = HOMES.join(last, last.c.household_id == household.c.id)
    return select(last, *ADDRESS).select_from(homes_of).order_by(last.c.household_id)


def _among(column: ColumnElement[dt.date], days: Span) -> ColumnElement[bool]:
    return column.between(days.first, days.last)
