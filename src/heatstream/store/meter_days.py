"""Days of meters: which ones new readings touch, what they are made of, and what was made."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from sqlalchemy import (
    BindParameter,
    Date,
    Integer,
    SmallInteger,
    and_,
    bindparam,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import LateralFromClause

from heatstream.store.accepted import after, midnight
from heatstream.store.arrays import rows_of
from heatstream.store.copy import Rows, copy_out_all
from heatstream.store.tables import (
    Instant,
    household,
    meter,
    meter_day,
    meter_mark,
    meter_pass,
    meter_reading,
    outdoor_day,
)

EAST: Final = dt.timedelta(hours=8)
QUANTITIES: Final = (
    "supply_centi",
    "return_centi",
    "flow_l_h",
    "power_w",
    "energy_wh",
    "volume_l",
    "outdoor_centi",
)
"""What a day is made of, in the order of the bits of `known`."""
COUNTERS: Final = ("energy_wh", "volume_l")


class Installed(NamedTuple):
    """One installation of a meter."""

    id: int
    device: str
    interval_min: int
    building_id: int | None
    """Of its household; null = it is no household's."""
    valid_from: dt.datetime
    valid_to: dt.datetime | None


class NewMark(NamedTuple):
    """A mark to be kept."""

    meter_id: int
    kind: str
    begins: dt.datetime
    ends: dt.datetime
    algorithm: int
    evidence: dict[str, Any]


def _ids(values: Collection[int]) -> BindParameter[Sequence[int]]:
    return bindparam(None, list(values), ARRAY(Integer))


# --- what is to be made -----------------------------------------------------------------------------------------------


async def through_batch(conn: AsyncConnection) -> int:
    """Tell through which batch the last pass looked; 0 before the first."""
    return int(await conn.scalar(select(meter_pass.c.through_batch)) or 0)


async def passed(conn: AsyncConnection, through: int) -> None:
    """Keep that every day was made from the readings through a batch."""
    row = insert(meter_pass).values(through_batch=through)
    moved = {"through_batch": func.greatest(meter_pass.c.through_batch, through), "passed_at": func.now()}
    await conn.execute(row.on_conflict_do_update(index_elements=["id"], set_=moved))


async def newest_day(conn: AsyncConnection) -> dt.date | None:
    """Tell the last day that was made."""
    found: dt.date | None = await conn.scalar(select(func.max(meter_day.c.day)))
    return found


async def installed(conn: AsyncConnection, first: dt.date, last: dt.date) -> list[Installed]:
    """List the meters that stood on any of these days."""
    query = (
        select(
            meter.c.id,
            meter.c.device,
            meter.c.interval_min,
            household.c.building_id,
            meter.c.valid_from,
            meter.c.valid_to,
        )
        .select_from(meter.outerjoin(household, household.c.id == meter.c.household_id))
        .where(
            meter.c.valid_from < midnight(after(last)),
            or_(meter.c.valid_to.is_(None), meter.c.valid_to > midnight(first)),
        )
        .order_by(meter.c.id)
    )
    return [Installed(*row) for row in await conn.execute(query)]


async def touched(conn: AsyncConnection, since: int, through: int, near: int) -> Rows:
    """Find the days that the readings of new batches bear upon.

    Parameters
    ----------
    since, through : batches after the first, up to the second
    near : so many readings on each side of a new one have a part in what is said of them

    Returns
    -------
    structured rows, one a meter and local day of its new readings: meter_id, first and last instant that they bear upon
    [µs since 1970-01-01T00:00Z]
    """
    at = meter_reading.c.observed_at
    day = cast(func.timezone(literal(EAST), at), Date)
    counts = func.bool_or(or_(*(meter_reading.c[name].is_not(None) for name in COUNTERS)))
    new = (
        select(
            meter_reading.c.meter_id, func.min(at).label("first"), func.max(at).label("last"), counts.label("counts")
        )
        .where(meter_reading.c.batch_id > since, meter_reading.c.batch_id <= through)
        .group_by(meter_reading.c.meter_id, day)
        .subquery("new")
    )
    before, counted_before = _beside(new, near, back=True), _beside(new, near, back=True, counting=True)
    behind, counted_behind = _beside(new, near, back=False), _beside(new, near, back=False, counting=True)
    first = type_coerce(func.least(new.c.first, before.c.at, counted_before.c.at), Instant)
    last = type_coerce(func.greatest(new.c.last, behind.c.at, counted_behind.c.at), Instant)
    query = select(new.c.meter_id, first.label("first"), last.label("last")).select_from(
        new.join(before, true()).join(counted_before, true()).join(behind, true()).join(counted_behind, true())
    )
    await conn.execute(select(1))  # a COPY may not be the first statement of its transaction
    return await copy_out_all(conn, query)


def _beside(new: Any, near: int, *, back: bool, counting: bool = False) -> LateralFromClause:
    """The furthest of the `near` readings beside the new ones; null = there are none."""
    at = meter_reading.c.observed_at
    query = select(at.label("at")).where(meter_reading.c.meter_id == new.c.meter_id)
    query = query.where(at < new.c.first).order_by(at.desc()) if back else query.where(at > new.c.last).order_by(at)
    if counting:
        query = query.where(new.c.counts, or_(*(meter_reading.c[name].is_not(None) for name in COUNTERS)))
    found = query.limit(near).subquery()
    furthest = func.min(found.c.at) if back else func.max(found.c.at)
    return select(furthest.label("at")).lateral()


# --- what a day is made of --------------------------------------------------------------------------------------------


def _columns() -> list[Any]:
    table = meter_reading.c
    bits = (
        func.coalesce((table[name].is_not(None)).cast(Integer) * (1 << bit), 0) for bit, name in enumerate(QUANTITIES)
    )
    known: Any = sum(bits, literal(0))
    values = (func.coalesce(table[name], 0).label(name) for name in QUANTITIES)
    return [table.meter_id, table.observed_at, cast(known, SmallInteger).label("known"), *values]


async def readings(conn: AsyncConnection, meter_ids: Sequence[int], start: dt.datetime, end: dt.datetime) -> Rows:
    """Read what meters told in [start, end), in no order.

    Returns
    -------
    structured rows: meter_id, observed_at, known (a bit a quantity), and QUANTITIES, 0 where unknown
    """
    at = meter_reading.c.observed_at
    query = select(*_columns()).where(meter_reading.c.meter_id == func.any(_ids(meter_ids)), at >= start, at < end)
    await conn.execute(select(1))  # a COPY may not be the first statement of its transaction
    return await copy_out_all(conn, query)


async def readings_beside(
    conn: AsyncConnection,
    meter_ids: Sequence[int],
    start: dt.datetime,
    end: dt.datetime,
    *,
    near: int,
    counter: str | None = None,
) -> Rows:
    """Read the `near` readings of each meter before `start` and those from `end` on, in the same form.

    Parameters
    ----------
    counter : only readings that told this one, however far they are; it must be one that the meters tell, for readings
        without it are searched through
    """
    at = meter_reading.c.observed_at
    of = rows_of("wanted", id=(Integer, meter_ids))
    parts = []
    for beside, order in ((at < start, at.desc()), (at >= end, at)):
        rows = select(*_columns()).where(meter_reading.c.meter_id == of.c.id, beside).order_by(order).limit(near)
        if counter is not None:
            rows = rows.where(meter_reading.c[counter].is_not(None))
        found = rows.lateral()
        query = select(*(found.c[column.name] for column in found.c)).select_from(of.join(found, true()))
        parts.append(await copy_out_all(conn, query))
    return np.concatenate(parts)


async def that_counted(conn: AsyncConnection, meter_ids: Sequence[int], before: dt.date, counter: str) -> list[int]:
    """List those of the meters whose counter told something on an earlier day."""
    counted = meter_day.c.meter_id == func.any(_ids(meter_ids)), meter_day.c[counter].is_not(None)
    query = select(meter_day.c.meter_id).where(*counted, meter_day.c.day < before).distinct()
    return list(await conn.scalars(query))


async def outdoor_means(conn: AsyncConnection, first: dt.date, last: dt.date) -> dict[dt.date, tuple[int, str]]:
    """Tell the outdoor mean of days: as published, else the median of what the meters told; and whose it is."""
    of_meters = (
        select(meter_day.c.day, func.percentile_disc(0.5).within_group(meter_day.c.outdoor_mean_centi))
        .where(meter_day.c.day.between(first, last), meter_day.c.outdoor_mean_centi.is_not(None))
        .group_by(meter_day.c.day)
    )
    published = select(outdoor_day.c.day, outdoor_day.c.mean_centi, outdoor_day.c.source).where(
        outdoor_day.c.day.between(first, last)
    )
    found = {day: (int(centi), "meters") for day, centi in await conn.execute(of_meters)}
    return found | {day: (centi, source) for day, centi, source in await conn.execute(published)}


# --- what was made ----------------------------------------------------------------------------------------------------

_KEY: Final = ("meter_id", "day")
_APART: Final = ("through_batch", "estimated_wh", "estimate")
"""What does not make a day another."""
MADE: Final = tuple(column.name for column in meter_day.columns if column.name not in (*_KEY, *_APART))
"""The columns that readings make."""


async def standing(
    conn: AsyncConnection, meter_ids: Sequence[int], first: dt.date, last: dt.date
) -> dict[tuple[int, dt.date], tuple[Any, ...]]:
    """Read what was made of these days: (meter, day) -> columns MADE."""
    query = select(meter_day.c.meter_id, meter_day.c.day, *(meter_day.c[name] for name in MADE)).where(
        meter_day.c.meter_id == func.any(_ids(meter_ids)), meter_day.c.day.between(first, last)
    )
    return {(row[0], row[1]): tuple(row[2:]) for row in await conn.execute(query)}


async def keep(conn: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write days, new or made anew; one that was made from later batches meanwhile stays as it is."""
    if not rows:
        return
    row = insert(meter_day)
    made = {name: row.excluded[name] for name in (*MADE, "through_batch")}
    await conn.execute(
        row.on_conflict_do_update(
            index_elements=list(_KEY), set_=made, where=meter_day.c.through_batch <= row.excluded.through_batch
        ),
        list(rows),
    )


async def keep_marks(
    conn: AsyncConnection, meter_ids: Sequence[int], start: dt.datetime, end: dt.datetime, marks: Sequence[NewMark]
) -> int:
    """Let exactly these marks stand of those that end in [start, end).

    Returns
    -------
    how many are new, differ, or are withdrawn
    """
    query = select(
        meter_mark.c.id,
        meter_mark.c.meter_id,
        meter_mark.c.kind,
        meter_mark.c.begins,
        meter_mark.c.algorithm,
        meter_mark.c.ends,
        meter_mark.c.evidence,
    ).where(
        meter_mark.c.meter_id == func.any(_ids(meter_ids)),
        meter_mark.c.ends >= start,
        meter_mark.c.ends < end,
        meter_mark.c.withdrawn_at.is_(None),
    )
    there = {tuple(row[1:5]): (row.id, row.ends, row.evidence) for row in await conn.execute(query)}
    wanted = {(mark.meter_id, mark.kind, mark.begins, mark.algorithm): mark for mark in marks}
    gone = [there[key][0] for key in there.keys() - wanted.keys()]
    if gone:
        await conn.execute(update(meter_mark).where(meter_mark.c.id.in_(gone)).values(withdrawn_at=func.now()))
    other = [mark for key, mark in wanted.items() if there.get(key, (0, None, None))[1:] != (mark.ends, mark.evidence)]
    if other:
        row = insert(meter_mark)
        seen = {"ends": row.excluded.ends, "evidence": row.excluded.evidence, "withdrawn_at": None}
        await conn.execute(
            row.on_conflict_do_update(index_elements=["meter_id", "kind", "begins", "algorithm"], set_=seen),
            [mark._asdict() for mark in other],
        )
    return len(gone) + len(other)


# --- estimates --------------------------------------------------------------------------------------------------------


class Untold(NamedTuple):
    """A day of which a counter does not tell all, or that has an estimate."""

    meter_id: int
    day: dt.date
    building_id: int | None
    uncounted_min: int
    estimated_wh: int | None
    estimate: dict[str, Any] | None


async def untold(conn: AsyncConnection, first: dt.date, last: dt.date, least_min: int) -> list[Untold]:
    """List the days that want an estimate, or have one, by meter and day."""
    query = (
        select(
            meter_day.c.meter_id,
            meter_day.c.day,
            household.c.building_id,
            meter_day.c.uncounted_min,
            meter_day.c.estimated_wh,
            meter_day.c.estimate,
        )
        .select_from(
            meter_day.join(meter, meter.c.id == meter_day.c.meter_id).outerjoin(
                household, household.c.id == meter.c.household_id
            )
        )
        .where(
            meter_day.c.day.between(first, last),
            or_(meter_day.c.uncounted_min >= least_min, meter_day.c.estimated_wh.is_not(None)),
        )
        .order_by(meter_day.c.meter_id, meter_day.c.day)
    )
    return [Untold(*row) for row in await conn.execute(query)]


async def energies(
    conn: AsyncConnection, meter_ids: Sequence[int], first: dt.date, last: dt.date
) -> list[tuple[int, dt.date, int | None, int]]:
    """Read what counters told of days, by meter and day: meter, day, energy_wh, uncounted_min."""
    query = (
        select(meter_day.c.meter_id, meter_day.c.day, meter_day.c.energy_wh, meter_day.c.uncounted_min)
        .where(meter_day.c.meter_id == func.any(_ids(meter_ids)), meter_day.c.day.between(first, last))
        .order_by(meter_day.c.meter_id, meter_day.c.day)
    )
    return [(row[0], row[1], row[2], row[3]) for row in await conn.execute(query)]


async def energies_of_building(conn: AsyncConnection, building_id: int, day: dt.date, but: int) -> list[int]:
    """Read what the whole counters of a building's other household meters told of a day [Wh]."""
    query = (
        select(meter_day.c.energy_wh)
        .join(meter, meter.c.id == meter_day.c.meter_id)
        .join(household, household.c.id == meter.c.household_id)
        .where(
            household.c.building_id == building_id,
            meter_day.c.day == day,
            meter_day.c.meter_id != but,
            meter_day.c.uncounted_min == 0,
            meter_day.c.energy_wh.is_not(None),
        )
    )
    return list(await conn.scalars(query))


async def keep_estimate(
    conn: AsyncConnection, meter_id: int, day: dt.date, wh: int | None, evidence: dict[str, Any] | None
) -> None:
    """Write the estimate of a day beside what was measured, or take it away."""
    await conn.execute(
        update(meter_day)
        .where(and_(meter_day.c.meter_id == meter_id, meter_day.c.day == day))
        .values(estimated_wh=wh, estimate=null() if evidence is None else evidence)  # None would be JSON's null
    )
