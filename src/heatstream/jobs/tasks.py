"""The recurring tasks, each a sentence: what it did."""

import datetime as dt

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.settings import Settings
from heatstream.store import retention
from heatstream.store.tables import BY_TIME
from heatstream.store.timescale import LOCAL, Edition, edition, ensure_partitions


async def make_partitions(conn: AsyncConnection, settings: Settings, now: dt.datetime) -> str:
    """Make the native partitions of the coming days; a hypertable makes its own."""
    today = now.astimezone(LOCAL).date()
    ahead = today + dt.timedelta(days=settings.jobs.partitions_ahead_days)
    made = [
        name for table in BY_TIME for name in await ensure_partitions(conn, table, today - dt.timedelta(days=1), ahead)
    ]
    return f"made {len(made)} partitions up to {ahead}"


async def delete_old_readings(conn: AsyncConnection, settings: Settings, now: dt.datetime) -> str:
    """Delete readings past their retention; what a hold or unfrozen evidence keeps is told, not skipped in silence."""
    if settings.jobs.retention_days is None:
        return "nothing is deleted: HEATSTREAM_JOBS_RETENTION_DAYS is not set"
    before = now.astimezone(LOCAL).date() - dt.timedelta(days=settings.jobs.retention_days)
    deleted, kept = await retention.delete_readings(conn, before)
    held = "; ".join(f"{each.day}: {each.because}" for each in kept[:10])
    return f"deleted {len(deleted)} days before {before}, kept {len(kept)}" + (f" ({held})" if held else "")


async def compress_old_readings(conn: AsyncConnection, settings: Settings, now: dt.datetime) -> str:
    """Move old chunks to the columnstore, where the edition has one."""
    if settings.jobs.compress_after_days is None:
        return "nothing is compressed: HEATSTREAM_JOBS_COMPRESS_AFTER_DAYS is not set"
    found = await edition(conn)
    if found is not Edition.COMMUNITY:
        return f"nothing is compressed: the database is {found}, the columnstore needs TimescaleDB's Community edition"
    before = now.astimezone(LOCAL).date() - dt.timedelta(days=settings.jobs.compress_after_days)
    return f"compressed {await retention.compress_readings(conn, before)} chunks before {before}"
