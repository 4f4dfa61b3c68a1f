"""Live flags: which points are below the standard now, by their newest reading."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Integer, SmallInteger, func, literal, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.arrays import instants, rows_of
from heatstream.store.tables import Instant, flag

BELOW = "below_standard"


class Newest(NamedTuple):
    """Newest readings of points, (points,) each."""

    point_id: NDArray[np.int32]
    observed_us: NDArray[np.int64]
    temp_centi: NDArray[np.int32]
    limit_centi: NDArray[np.int16]


async def raised(conn: AsyncConnection) -> list[int]:
    """Name the points whose flag stands."""
    return list(await conn.scalars(select(flag.c.point_id).where(flag.c.kind == BELOW, flag.c.until.is_(None))))


async def keep(conn: AsyncConnection, below: Newest) -> None:
    """Raise the flags of these points, or bring those that stand up to date."""
    came = rows_of(
        "came",
        point_id=(Integer, below.point_id.tolist()),
        limit_centi=(SmallInteger, below.limit_centi.tolist()),
        temp_centi=(SmallInteger, below.temp_centi.tolist()),
        at=(Instant, instants(below.observed_us)),
    )
    columns = [came.c.point_id, literal(BELOW), came.c.limit_centi, came.c.temp_centi, came.c.temp_centi]
    names = ["point_id", "kind", "limit_centi", "temp_centi", "lowest_centi", "since", "observed_at"]
    upsert = insert(flag).from_select(names, select(*columns, came.c.at, came.c.at))
    new = upsert.excluded
    await conn.execute(
        upsert.on_conflict_do_update(
            index_elements=["point_id", "kind"],
            index_where=flag.c.until.is_(None),
            set_={
                "limit_centi": new.limit_centi,
                "temp_centi": new.temp_centi,
                "lowest_centi": func.least(flag.c.lowest_centi, new.temp_centi),
                "observed_at": new.observed_at,
            },
        )
    )


async def lower(conn: AsyncConnection, above: Newest) -> None:
    """End the flags of these points."""
    came = rows_of("came", point_id=(Integer, above.point_id.tolist()), at=(Instant, instants(above.observed_us)))
    # A limit that changes nothing: without it, and before the table is analysed, every flag meets every point.
    stands = select(flag.c.id).where(flag.c.point_id == came.c.point_id, flag.c.kind == BELOW, flag.c.until.is_(None))
    its_flag = stands.limit(1).lateral()
    ended = select(its_flag.c.id, came.c.at).select_from(came.join(its_flag, true())).subquery()
    await conn.execute(update(flag).values(until=ended.c.at).where(flag.c.id == ended.c.id))
