"""Findings: only ever added.

`finding_current` names the one that stands, and `day_outcome` counts those; both are written in the same transaction.
"""

import datetime as dt
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Integer, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store import changes, day_outcomes
from heatstream.store.copy import Column, copy_in
from heatstream.store.marks import DAY
from heatstream.store.tables import finding, finding_current


async def append(conn: AsyncConnection, day: dt.date, columns: Mapping[str, Column]) -> None:
    """Add findings of one day, each in the place of the one that its household had.

    Parameters
    ----------
    columns : every column of `finding` but `id`
    """
    households = np.asarray(columns["household_id"].values)
    ids = await _new_ids(conn, len(households))
    await copy_in(conn, finding, {"id": Column(ids), **columns})
    superseded = columns["supersedes"].valid
    if superseded is not None and superseded.any():
        old = bindparam(None, households[superseded].tolist(), ARRAY(Integer))
        await conn.execute(
            delete(finding_current).where(
                finding_current.c.period_kind == DAY,
                finding_current.c.period_from == day,
                finding_current.c.household_id == func.any(old),
            )
        )
    current = {name: columns[name] for name in ("household_id", "period_kind", "period_from")}
    await copy_in(conn, finding_current, {**current, "finding_id": Column(ids)})
    await day_outcomes.count(conn, day, households)
    await changes.tell(conn, "finding", ids, day)


async def _new_ids(conn: AsyncConnection, count: int) -> NDArray[np.int64]:
    number = func.nextval(func.pg_get_serial_sequence("finding", "id"))
    ids = await conn.scalars(select(number).select_from(func.generate_series(1, count)))
    return np.fromiter(ids, np.int64, count)
