"""Stored values: of points, and the outdoor temperature that meters give."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, and_, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.copy import copy_out_all
from heatstream.store.evidence import ids
from heatstream.store.read.rows import Rows, every
from heatstream.store.tables import conflict_decision, household, meter_reading, point, reading, reading_conflict

# As an interval: the text '+08:00' would mean eight hours west.
EAST = dt.timedelta(hours=8)
NEWEST = 2**63 - 1
"""No batch comes after it."""


@dataclass(frozen=True)
class Period:
    """From `start` to `end`, the end not included."""

    start: dt.datetime
    end: dt.datetime


_SAME_INSTANT = and_(
    reading_conflict.c.point_id == reading.c.point_id, reading_conflict.c.observed_at == reading.c.observed_at
)
_OTHER_VALUES = select(func.array_agg(reading_conflict.c.temp_centi)).where(_SAME_INSTANT)
_DECISIONS = select(1).where(
    conflict_decision.c.point_id == reading.c.point_id, conflict_decision.c.observed_at == reading.c.observed_at
)


async def points_of(conn: AsyncConnection, *, device: str | None, household_code: str | None) -> list[int]:
    """Ids of the installations of a device or a household."""
    query = select(point.c.id).join_from(point, household, point.c.household_id == household.c.id)
    if device is not None:
        query = query.where(point.c.device == device)
    if household_code is not None:
        query = query.where(household.c.code == household_code)
    return list(await conn.scalars(query.order_by(point.c.id)))


def _of_points(point_ids: Sequence[int], period: Period, through_batch: int) -> Select[Any]:
    others = _OTHER_VALUES.where(reading_conflict.c.batch_id <= through_batch).correlate(reading)
    decided = _DECISIONS.where(conflict_decision.c.batch_id <= through_batch).correlate(reading)
    return (
        select(
            reading.c.point_id,
            point.c.device.label("point"),
            reading.c.observed_at,
            reading.c.received_at,
            reading.c.gateway_at,
            reading.c.temp_centi,
            reading.c.flags,
            reading.c.batch_id,
            others.scalar_subquery().label("other_centi"),
            decided.exists().label("decided"),
        )
        .join_from(reading, point, reading.c.point_id == point.c.id)
        .where(
            reading.c.point_id.in_(point_ids),
            reading.c.observed_at >= period.start,
            reading.c.observed_at < period.end,
            reading.c.batch_id <= through_batch,
        )
    )


async def listed(
    conn: AsyncConnection,
    point_ids: Sequence[int],
    period: Period,
    *,
    after: tuple[int, dt.datetime] | None = None,
    limit: int,
    through_batch: int = NEWEST,
) -> Rows:
    """Readings by point, then by instant; with the other values that the same instant was given.

    Parameters
    ----------
    through_batch : as the batches up to this one have it
    """
    query = _of_points(point_ids, period, through_batch)
    if after is not None:
        query = query.where(tuple_(reading.c.point_id, reading.c.observed_at) > tuple_(*after))
    return await every(conn, query.order_by(reading.c.point_id, reading.c.observed_at).limit(limit))


async def drawn(conn: AsyncConnection, point_ids: Sequence[int], period: Period) -> NDArray[np.void]:
    """Read what a drawing needs, by point and instant.

    Returns
    -------
    structured rows: point_id, observed_at [µs since 1970-01-01T00:00Z], temp_centi, flags
    """
    query = select(reading.c.point_id, reading.c.observed_at, reading.c.temp_centi, reading.c.flags).where(
        reading.c.point_id == func.any(ids(point_ids)),
        reading.c.observed_at >= period.start,
        reading.c.observed_at < period.end,
    )
    await conn.execute(select(1))  # a COPY may not be the first statement of its transaction
    found = await copy_out_all(conn, query)
    return found[np.lexsort((found["observed_at"], found["point_id"]))]


async def newest(conn: AsyncConnection, point_ids: Sequence[int]) -> dt.datetime | None:
    """The newest instant measured by these points."""
    found: dt.datetime | None = await conn.scalar(
        select(func.max(reading.c.observed_at)).where(reading.c.point_id.in_(point_ids))
    )
    return found


async def outdoor_by_day(conn: AsyncConnection, period: Period) -> Rows:
    """Mean outdoor temperature of each local day, over all meters that give one [0.01 °C]."""
    day = func.date(func.timezone(literal(EAST), meter_reading.c.observed_at)).label("day")
    query = (
        select(day, func.round(func.avg(meter_reading.c.outdoor_centi)).label("outdoor_centi"))
        .where(
            meter_reading.c.outdoor_centi.is_not(None),
            meter_reading.c.observed_at >= period.start,
            meter_reading.c.observed_at < period.end,
        )
        .group_by(day)
        .order_by(day)
    )
    return await every(conn, query)
