"""What may be deleted or compressed, and what must not be yet."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, Table, and_, delete, exists, func, or_, select, text, union
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store import closings
from heatstream.store.accepted import after, midnight
from heatstream.store.evidence import ids
from heatstream.store.marks import DAY
from heatstream.store.read.rows import Rows, every
from heatstream.store.tables import (
    access_log,
    claim,
    day_dirty,
    day_statistic,
    finding,
    finding_current,
    frozen_evidence,
    legal_hold,
    point,
    reading,
    reading_conflict,
)
from heatstream.store.timescale import edition, pieces

FAILING = 2


@dataclass(frozen=True, slots=True)
class Kept:
    """A day whose readings are older than the limit and stay all the same."""

    day: dt.date
    because: str


class Unfrozen(NamedTuple):
    """A failing or contested household-day whose readings, as they are now judged, are not frozen."""

    household_id: int
    through_batch: int
    """Its statistics are known through it; 0 = it has none."""


async def held(conn: AsyncConnection, day: dt.date) -> bool:
    """Tell whether a legal hold, of whichever home, keeps this day."""
    holds = select(legal_hold).where(
        legal_hold.c.released_at.is_(None), legal_hold.c.day_from <= day, legal_hold.c.day_to >= day
    )
    return bool(await conn.scalar(select(exists(holds))))


def _worth_freezing(day: dt.date) -> Select[Any]:
    """Name the homes that were found failing on the day, or have a claim over it, or an instant with two values."""
    failing = (
        select(finding_current.c.household_id)
        .join(
            finding,
            (finding.c.id == finding_current.c.finding_id) & (finding.c.period_from == finding_current.c.period_from),
        )
        .where(
            finding_current.c.period_kind == DAY,
            finding_current.c.period_from == day,
            finding.c.period_from == day,
            finding.c.outcome == FAILING,
        )
    )
    claimed = select(claim.c.household_id).where(claim.c.season_from <= day, claim.c.season_to >= day)
    doubled = select(point.c.household_id).join_from(reading_conflict, point, point.c.id == reading_conflict.c.point_id)
    within = (
        reading_conflict.c.observed_at >= midnight(day),
        reading_conflict.c.observed_at < midnight(after(day)),
    )
    homes = union(failing, claimed, doubled.where(*within)).subquery()
    return select(homes.c.household_id)


def _unfrozen(day: dt.date) -> Select[Any]:
    known = (
        select(day_statistic.c.household_id, func.max(day_statistic.c.through_batch).label("through_batch"))
        .where(day_statistic.c.day == day)
        .group_by(day_statistic.c.household_id)
        .subquery()
    )
    homes = _worth_freezing(day).subquery()
    through_batch = func.coalesce(known.c.through_batch, 0).label("through_batch")
    there = frozen_evidence.c
    frozen = select(there.household_id).where(
        there.household_id == homes.c.household_id,
        there.day == day,
        or_(there.through_batch.is_(None), there.through_batch >= through_batch),
    )
    joined = homes.outerjoin(known, known.c.household_id == homes.c.household_id)
    return select(homes.c.household_id, through_batch).select_from(joined).where(~exists(frozen))


async def unfrozen(conn: AsyncConnection, day: dt.date) -> list[Unfrozen]:
    """List the day's failing or contested household-days that must be frozen, by household."""
    query = _unfrozen(day)
    return [Unfrozen(*row) for row in await conn.execute(query.order_by(query.selected_columns[0]))]


async def why_kept(conn: AsyncConnection, day: dt.date) -> str | None:
    """Tell what forbids deleting this day's readings; None when nothing does."""
    if await held(conn, day):
        return "legal hold"
    closed = await closings.closed_through(conn)
    if closed is None or day > closed:
        return "the day is not closed, nobody has judged it"
    waiting = await conn.scalar(select(func.count()).select_from(day_dirty).where(day_dirty.c.day == day))
    if waiting:
        return f"{waiting} household-days wait to be judged"
    left = await conn.scalar(select(func.count()).select_from(_unfrozen(day).subquery()))
    return f"evidence of {left} failing or contested household-days is not frozen" if left else None


async def days_stored(conn: AsyncConnection, before: dt.date) -> list[dt.date]:
    """List the days older than `before` of which readings are stored; a piece holds one local day."""
    first = await closings.first_day_read(conn)
    if first is None:
        return []
    return [after(first, n) for n in range((before - first).days)]


# --- frozen -----------------------------------------------------------------------------------------------------------


async def night_end_min(conn: AsyncConnection, day: dt.date) -> int:
    """Find when the 夜 of a day ends [minutes after its 24:00], as its statistics have it; 0 without any."""
    query = select(func.coalesce(func.max(day_statistic.c.day_from_min), 0)).where(day_statistic.c.day == day)
    return int(await conn.scalar(query) or 0)


async def readings_of_homes(
    conn: AsyncConnection, households: Sequence[int], start: dt.datetime, end: dt.datetime
) -> Rows:
    """Read what every point of these homes measured in [start, end): whose home, then the reading."""
    columns = ("point_id", "observed_at", "temp_centi", "received_at", "gateway_at", "flags", "batch_id")
    query = (
        select(point.c.household_id, *(reading.c[name] for name in columns))
        .join_from(point, reading, point.c.id == reading.c.point_id)
        .where(
            point.c.household_id == func.any(ids(households)),
            reading.c.observed_at >= start,
            reading.c.observed_at < end,
        )
    )
    return await every(conn, query)


async def frozen_of(conn: AsyncConnection, households: Sequence[int], day: dt.date) -> dict[int, bytes]:
    """Read what is frozen already of these homes' day."""
    there = frozen_evidence.c
    query = select(there.household_id, there.content).where(
        there.household_id == func.any(ids(households)), there.day == day, there.content.is_not(None)
    )
    return {row.household_id: row.content for row in await conn.execute(query) if row.content is not None}


async def freeze(conn: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Keep frozen readings, in the place of what was frozen of the same household-day.

    Parameters
    ----------
    rows : household_id, day, bundle_sha256, content, through_batch
    """
    row = insert(frozen_evidence)
    kept = {name: row.excluded[name] for name in ("bundle_sha256", "content", "through_batch")}
    upsert = row.on_conflict_do_update(
        index_elements=["household_id", "day"], set_={**kept, "frozen_at": func.clock_timestamp()}
    )
    await conn.execute(upsert, list(rows))


# --- deleted ----------------------------------------------------------------------------------------------------------


async def _delete_day(conn: AsyncConnection, day: dt.date) -> str | None:
    """Delete a day's readings; tell what kept them, if anything did.

    A late reading must not fall between the look and the deletion: writers wait while a partition is dropped, and of a
    chunk only the batches are deleted that were there at the look.
    """
    hypertables, newest = (await edition(conn)).hypertables, await closings.newest_batch(conn)
    partition = None if hypertables else await _partition(conn, day)
    if partition:
        await conn.execute(text(f"lock table {partition} in access exclusive mode"))
    if because := await why_kept(conn, day):
        return because
    if partition:
        await conn.execute(text(f"drop table {partition}"))
    if hypertables:
        await _delete_rows(conn, day, newest)
    return None


async def _partition(conn: AsyncConnection, day: dt.date) -> str | None:
    """Name the native partition of a day's readings; None where there is none."""
    [(name, _, _)] = pieces(reading, day, day)
    found: str | None = await conn.scalar(text("select cast(to_regclass(:name) as text)"), {"name": name})
    return found


async def _delete_rows(conn: AsyncConnection, day: dt.date, through_batch: int) -> None:
    # A chunk's bounds are the extension's own, not local midnight: a chunk can hold hours of a day that must stay.
    within = and_(reading.c.observed_at >= midnight(day), reading.c.observed_at < midnight(after(day)))
    await conn.execute(reading.delete().where(within, reading.c.batch_id <= through_batch))
    await _drop_empty_chunks(conn, reading, midnight(after(day)))


async def _drop_empty_chunks(conn: AsyncConnection, table: Table, before: dt.datetime) -> None:
    chunks = text(
        "select c::text from show_chunks(cast(:table as regclass), older_than => cast(:before as timestamptz)) c"
    )
    for chunk in (await conn.scalars(chunks, {"table": table.name, "before": before})).all():
        if not await conn.scalar(text(f"select exists (select from {chunk})")):  # noqa: S608  (the server's own name)
            await conn.execute(text(f"drop table {chunk}"))


async def delete_readings(conn: AsyncConnection, before: dt.date) -> tuple[list[dt.date], list[Kept]]:
    """Delete the readings of the days before `before` that nothing holds.

    Returns
    -------
    the days deleted, and the days kept with the reason
    """
    deleted, kept = [], []
    for day in await days_stored(conn, before):
        if because := await _delete_day(conn, day):
            kept.append(Kept(day, because))
        else:
            deleted.append(day)
    return deleted, kept


async def compress_readings(conn: AsyncConnection, before: dt.date) -> int:
    """Move the chunks before `before` to the columnstore (Community edition); count them."""
    await conn.execute(
        text(
            "alter table reading set (timescaledb.compress, timescaledb.compress_segmentby = 'point_id', "
            "timescaledb.compress_orderby = 'observed_at')"
        )
    )
    done = await conn.execute(
        text("select compress_chunk(c, if_not_compressed => true) from show_chunks('reading', older_than => :end) c"),
        {"end": midnight(before)},
    )
    return len(done.all())


async def delete_access_log(conn: AsyncConnection, before: dt.datetime) -> int:
    """Delete older lines of the access log; tell how many."""
    return (await conn.execute(delete(access_log).where(access_log.c.at < before))).rowcount
