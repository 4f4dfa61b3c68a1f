"""Readings that came after their day was closed: the household-days they touch are marked to be judged again."""

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Date, Integer, SmallInteger, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.calendar import DAY_MIN, MINUTE_US, OFFSET_US, local_days
from heatstream.core.finding import Change
from heatstream.store.arrays import dates, rows_of
from heatstream.store.tables import day_dirty


def touched(
    household: NDArray[np.int32], observed_us: NDArray[np.int64], day_from_min: int, closed_through: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Find the closed household-days that readings belong to.

    Before 昼 begins a reading belongs to its own date and to the 夜 of the date before.

    Returns
    -------
    household and local day [days since 1970-01-01], distinct, by day and household
    """
    day = local_days(observed_us)
    minute = (observed_us + OFFSET_US) // MINUTE_US % DAY_MIN
    night = minute < day_from_min
    pairs = np.stack([np.append(day, day[night] - 1), np.append(household, household[night])], axis=1)
    pairs = np.unique(pairs[pairs[:, 0] <= closed_through], axis=0)
    return pairs[:, 1].astype(np.int32), pairs[:, 0].astype(np.int32)


async def mark(
    conn: AsyncConnection, household: NDArray[np.int32], day: NDArray[np.int32], batch_id: int, why: Change
) -> None:
    """Mark household-days, in this order; a mark that stands keeps its reason and becomes this batch's."""
    if not len(household):
        return
    came = rows_of("came", household_id=(Integer, household.tolist()), day=(Date, dates(day)))
    rows = select(came.c.household_id, came.c.day, literal(batch_id, BigInteger), literal(int(why), SmallInteger))
    marks = insert(day_dirty).from_select(["household_id", "day", "batch_id", "reason"], rows)
    await conn.execute(
        marks.on_conflict_do_update(
            index_elements=["household_id", "day"],
            set_={
                "batch_id": func.greatest(day_dirty.c.batch_id, marks.excluded.batch_id),
                "marked_at": func.clock_timestamp(),
            },
        )
    )
