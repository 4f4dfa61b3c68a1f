"""Instants with two values: both are kept, and neither counts until a named officer decides."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

import numpy as np
from sqlalchemy import Select, and_, exists, func, insert, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Change
from heatstream.errors import BadInput
from heatstream.store import late, ledger
from heatstream.store.tables import conflict_decision, point, reading, reading_conflict

MICROSECOND = dt.timedelta(microseconds=1)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Conflict(NamedTuple):
    """An instant that nobody has decided."""

    device: str
    observed_at: dt.datetime
    stored_centi: int
    """The value that came first [0.01 °C]."""
    other_centi: list[int]
    """The others, in the order in which they came [0.01 °C]."""


def _conflicts() -> Select[str, dt.datetime, int, list[int]]:
    other = reading_conflict
    others = func.array_agg(aggregate_order_by(other.c.temp_centi, other.c.batch_id, other.c.temp_centi))
    return (
        select(point.c.device, other.c.observed_at, reading.c.temp_centi, others)
        .select_from(other)
        .join(point, point.c.id == other.c.point_id)
        .join(reading, and_(reading.c.point_id == other.c.point_id, reading.c.observed_at == other.c.observed_at))
        .group_by(point.c.device, other.c.point_id, other.c.observed_at, reading.c.temp_centi)
        .order_by(other.c.observed_at, point.c.device)
    )


async def undecided(
    conn: AsyncConnection, *, of: tuple[str, dt.datetime] | None = None, limit: int = 100
) -> list[Conflict]:
    """List conflicts without a decision, the oldest instant first; `of` one point and instant alone."""
    decided = exists().where(
        conflict_decision.c.point_id == reading_conflict.c.point_id,
        conflict_decision.c.observed_at == reading_conflict.c.observed_at,
    )
    query = _conflicts().where(~decided)
    if of is not None:
        query = query.where(point.c.device == of[0], reading_conflict.c.observed_at == of[1])
    rows = await conn.execute(query.limit(limit))
    return [Conflict(*row) for row in rows]


async def decide(
    conn: AsyncConnection,
    device: str,
    observed_at: dt.datetime,
    value: str | None,
    *,
    officer: str,
    reason: str,
    day_from_min: int = 360,
) -> int:
    """Decide which value of an instant counts, or that neither does; the household-day is judged again.

    A later decision stands above an earlier one; both are kept.

    Parameters
    ----------
    value : one of the instant's values [°C], as listed; None = neither counts
    officer, reason : who decides and why, kept for good
    day_from_min : when 昼 begins, so that the 夜 of the date before is judged again too [minutes after midnight]

    Returns
    -------
    the batch of the decision

    Raises
    ------
    BadInput
        No conflict stands there, or the value is none of its values, or nobody signs.
    """
    _require_signed(officer, reason)
    found = await _find(conn, device, observed_at)
    chosen = _chosen(found, value)
    batch = await ledger.open_batch(conn, "import")
    point_id, household_id = await _installed(conn, device, observed_at)
    await conn.execute(
        insert(conflict_decision).values(
            point_id=point_id,
            observed_at=observed_at,
            temp_centi=chosen,
            officer=officer,
            reason=reason,
            batch_id=batch.id,
        )
    )
    if batch.closed_through is not None:
        at_us = np.array([(observed_at - EPOCH) // MICROSECOND])
        household, day = late.touched(np.array([household_id], np.int32), at_us, day_from_min, batch.closed_through)
        await late.mark(conn, household, day, batch.id, Change.CONFLICT_DECIDED)
    return batch.id


def _require_signed(officer: str, reason: str) -> None:
    for name, zh_name, given in (("officer", "裁定人", officer), ("reason", "理由", reason)):
        if not given.strip():
            raise BadInput(
                f"{name}: seen nothing, expected who decides and why: both are kept for good",
                zh=f"未填{zh_name}，应写明由谁裁定及理由，二者永久保留",
            )


async def _find(conn: AsyncConnection, device: str, observed_at: dt.datetime) -> Conflict:
    if observed_at.tzinfo is None:
        raise BadInput(
            f"instant {observed_at.isoformat()}: expected a time zone",
            zh=f"时刻 {observed_at.isoformat()} 未写明时区，应写明时区",
        )
    query = _conflicts().where(point.c.device == device, reading_conflict.c.observed_at == observed_at)
    row = (await conn.execute(query)).first()
    if row is None:
        raise BadInput(
            f"no conflict of point {device!r} at {observed_at.isoformat()}: `heatstream conflicts list` shows them",
            zh=f"监测点 {device} 在 {observed_at.isoformat()} 没有冲突读数，应为冲突读数列表所列",
        )
    return Conflict(*row)


def _chosen(found: Conflict, value: str | None) -> int | None:
    values = [found.stored_centi, *found.other_centi]
    if value is None:
        return None
    try:
        centi = Decimal(value) * 100
    except InvalidOperation:
        centi = Decimal("NaN")
    if centi not in values:
        seen = ", ".join(f"{each / 100:.2f}" for each in values)
        raise BadInput(
            f"value {value!r}: expected one of the instant's values {seen}",
            zh=f"数值为“{value}”，应为该时刻的数值之一：{seen}",
        )
    return int(centi)


async def _installed(conn: AsyncConnection, device: str, observed_at: dt.datetime) -> Sequence[int]:
    query = select(point.c.id, point.c.household_id).where(
        point.c.device == device,
        point.c.valid_from <= observed_at,
        or_(point.c.valid_to.is_(None), point.c.valid_to > observed_at),
    )
    row = (await conn.execute(query)).one()
    return row.id, row.household_id
