"""What may be deleted or compressed, and what must not be yet."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Table, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.tables import finding, finding_current, frozen_evidence, legal_hold, reading, reading_conflict
from heatstream.store.timescale import LOCAL, edition, pieces

FAILING, UNDETERMINED = 2, 3


@dataclass(frozen=True, slots=True)
class Kept:
    """A day whose readings are older than the limit and stay all the same."""

    day: dt.date
    because: str


async def _held(conn: AsyncConnection, day: dt.date) -> bool:
    holds = select(legal_hold).where(
        legal_hold.c.released_at.is_(None), legal_hold.c.day_from <= day, legal_hold.c.day_to >= day
    )
    return bool(await conn.scalar(select(exists(holds))))


async def _unfrozen(conn: AsyncConnection, day: dt.date) -> int:
    """Count the day's failing or contested household-days whose evidence nobody has frozen."""
    start = dt.datetime.combine(day, dt.time(), LOCAL)
    contested = select(
        exists().where(
            reading_conflict.c.observed_at >= start, reading_conflict.c.observed_at < start + dt.timedelta(days=1)
        )
    )
    frozen = select(frozen_evidence.c.household_id).where(
        frozen_evidence.c.household_id == finding.c.household_id, frozen_evidence.c.day == finding.c.period_from
    )
    decided = (FAILING, UNDETERMINED) if await conn.scalar(contested) else (FAILING,)
    query = (
        select(func.count())
        .select_from(
            finding_current.join(
                finding,
                (finding.c.id == finding_current.c.finding_id)
                & (finding.c.period_from == finding_current.c.period_from),
            )
        )
        .where(finding_current.c.period_from == day, finding.c.outcome.in_(decided), ~exists(frozen))
    )
    return int(await conn.scalar(query) or 0)


async def why_kept(conn: AsyncConnection, day: dt.date) -> str | None:
    """Tell what forbids deleting this day's readings; None when nothing does."""
    if await _held(conn, day):
        return "legal hold"
    unfrozen = await _unfrozen(conn, day)
    return f"evidence of {unfrozen} failing or contested household-days is not frozen" if unfrozen else None


async def _days_stored(conn: AsyncConnection, before: dt.date) -> list[dt.date]:
    """List the days older than `before` of which readings are stored; a piece holds one local day."""
    end = dt.datetime.combine(before, dt.time(), LOCAL)
    first = await conn.scalar(select(func.min(reading.c.observed_at)).where(reading.c.observed_at < end))
    if first is None:
        return []
    start = first.astimezone(LOCAL).date()
    return [start + dt.timedelta(days=n) for n in range((before - start).days)]


async def _delete_day(conn: AsyncConnection, table: Table, day: dt.date) -> None:
    start = dt.datetime.combine(day, dt.time(), LOCAL)
    if (await edition(conn)).hypertables:
        # A chunk's bounds are the extension's own, not local midnight: a chunk can hold hours of a day that must stay.
        await conn.execute(
            table.delete().where(table.c.observed_at >= start, table.c.observed_at < start + dt.timedelta(days=1))
        )
        await _drop_empty_chunks(conn, table, start + dt.timedelta(days=1))
        return
    [(name, _, _)] = pieces(table, day, day)
    await conn.execute(text(f"drop table if exists {name}"))


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
    for day in await _days_stored(conn, before):
        because = await why_kept(conn, day)
        if because:
            kept.append(Kept(day, because))
        else:
            await _delete_day(conn, reading, day)
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
    end = dt.datetime.combine(before, dt.time(), LOCAL)
    done = await conn.execute(
        text("select compress_chunk(c, if_not_compressed => true) from show_chunks('reading', older_than => :end) c"),
        {"end": end},
    )
    return len(done.all())
