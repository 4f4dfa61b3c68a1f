"""The recurring tasks, each a sentence: what it did."""

import datetime as dt

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.access import erasure
from heatstream.claims import review
from heatstream.errors import Refused
from heatstream.evidence import freeze, roots, stamp
from heatstream.rules import holidays
from heatstream.settings import Settings
from heatstream.store import accounts, changes, exports, retention
from heatstream.store.tables import BY_TIME
from heatstream.store.timescale import LOCAL, Edition, edition, ensure_partitions
from heatstream.supervision import ground, refresh
from heatstream.supervision.reporting import reports
from heatstream.supervision.station import curves, meters, stations
from heatstream.supervision.watch import tasks as company_tasks
from heatstream.supervision.watch import warnings


async def make_partitions(conn: AsyncConnection, settings: Settings, now: dt.datetime) -> str:
    """Make the native partitions of the coming days; a hypertable makes its own."""
    today = now.astimezone(LOCAL).date()
    ahead = today + dt.timedelta(days=settings.jobs.partitions_ahead_days)
    made = [
        name for table in BY_TIME for name in await ensure_partitions(conn, table, today - dt.timedelta(days=1), ahead)
    ]
    return f"made {len(made)} partitions up to {ahead}"


async def make_roots(conn: AsyncConnection, _settings: Settings, _now: dt.datetime) -> str:
    """Seal what was judged since the last root."""
    made = await roots.make_roots(conn)
    return f"sealed {sum(root.leaves for root in made)} point-days under {len(made)} roots"


async def stamp_roots(conn: AsyncConnection, settings: Settings, _now: dt.datetime) -> str:
    """Have the roots confirmed by the time-stamp service, where one is set."""
    return await stamp.stamp_roots(conn, settings.evidence)


async def refresh_claims(conn: AsyncConnection, settings: Settings, now: dt.datetime) -> str:
    """Compute open claims anew, and open a 复核 where a ruled one would come to something else."""
    counts = await review.refresh(conn.engine, holidays.load(settings.evaluate.packs_dir), lambda: now)
    done = f"computed {counts['open']} open claims, looked at {counts['ruled']} ruled ones"
    return f"{done}, opened {counts['reviews']} reviews"


async def look_at_supply(conn: AsyncConnection, settings: Settings, now: dt.datetime) -> str:
    """Make the days of the meters, then look at the stations by them."""
    on = await ground.read(conn, settings, now)
    detection = stations.rules_of(on).detection
    days = await meters.pass_over(conn.engine, detection, now, expected=curves.expected_at)
    made = f"{days.meter_days} meter days, {days.marks} marks, {days.estimates} estimates anew"
    if on.law is None:
        return f"{made}; no station is looked at: no policy is in force yet, so nobody knows the season"
    return f"{made}; {await stations.pass_over(conn.engine, on, now)}"


async def refresh_matters(conn: AsyncConnection, settings: Settings, now: dt.datetime) -> str:
    """Escalate incidents whose repair limit has passed, and keep where every open matter stands."""
    on = await ground.read(conn, settings, now)
    counts = await refresh.refresh(conn.engine, on, lambda: now)
    return f"{counts['open']} open matters stand as kept, escalated {counts['escalated']}"


async def look_for_silence(conn: AsyncConnection, settings: Settings, now: dt.datetime) -> str:
    """Open a company's task for what is silent or stuck, and resolve it when readings return."""
    return str(await company_tasks.pass_over(conn, await ground.read(conn, settings, now), now))


async def look_at_warnings(conn: AsyncConnection, settings: Settings, now: dt.datetime) -> str:
    """Raise, change and clear warnings by the operator's rules, where there are any."""
    try:
        return str(await warnings.pass_over(conn.engine, await ground.read(conn, settings, now), now))
    except Refused as why:
        return f"no warning is raised: {why}"


async def make_reports(conn: AsyncConnection, settings: Settings, now: dt.datetime) -> str:
    """Make the reports whose last day is closed, each once."""
    on = await ground.read(conn, settings, now)
    if on.rules is None or on.rules.reports is None:
        return "no report is made: HEATSTREAM_SUPERVISION_RULES_FILE names no rules with a section `reports`"
    if on.law is None:
        return "no report is made: no policy is in force yet, so nobody knows the season"
    return f"made {len(await reports.make_due(conn, on, now=now))} reports"


async def freeze_evidence(conn: AsyncConnection, settings: Settings, now: dt.datetime) -> str:
    """Freeze the failing and contested household-days whose readings the next job deletes."""
    if settings.jobs.retention_days is None:
        return "nothing is frozen: nothing is deleted"
    before = _kept_from(settings.jobs.retention_days, now)
    return f"froze {await freeze.freeze_before(conn, before)} household-days before {before}"


def _kept_from(days: int, now: dt.datetime) -> dt.date:
    return now.astimezone(LOCAL).date() - dt.timedelta(days=days)


async def delete_what_is_old(conn: AsyncConnection, settings: Settings, now: dt.datetime) -> str:
    """Delete readings past their retention, and changes of the feed."""
    pruned = await _prune_feed(conn.engine, settings.jobs.feed_days, now)
    return f"{pruned}; {await _delete_old_readings(conn, settings, now)}"


async def _prune_feed(engine: AsyncEngine, days: int | None, now: dt.datetime) -> str:
    if days is None:
        return "no change is pruned: HEATSTREAM_JOBS_FEED_DAYS is not set"
    before = now - dt.timedelta(days=days)
    async with engine.begin() as conn:  # by itself, for nobody gives numbers meanwhile
        return f"pruned {await changes.prune(conn, before)} changes before {before:%Y-%m-%d}"


async def _delete_old_readings(conn: AsyncConnection, settings: Settings, now: dt.datetime) -> str:
    """What a hold or unfrozen evidence keeps is told, not skipped in silence."""
    if settings.jobs.retention_days is None:
        return "nothing is deleted: HEATSTREAM_JOBS_RETENTION_DAYS is not set"
    before = _kept_from(settings.jobs.retention_days, now)
    deleted, kept = await retention.delete_readings(conn, before)
    held = "; ".join(f"{each.day}: {each.because}" for each in kept[:10])
    return f"deleted {len(deleted)} days before {before}, kept {len(kept)}" + (f" ({held})" if held else "")


async def forget_persons(conn: AsyncConnection, settings: Settings, now: dt.datetime) -> str:
    """Erase and delete what is known of persons past the time that the operator chose, and sessions long over."""
    chosen, done = settings.privacy, [f"deleted {await accounts.forget_sessions(conn)} sessions long over"]
    if chosen.calls_days is not None:
        calls = await erasure.erase_old_calls(conn, now - dt.timedelta(days=chosen.calls_days))
        done.append(f"erased what was said in {calls} tickets")
    if chosen.access_log_days is not None:
        lines = await retention.delete_access_log(conn, now - dt.timedelta(days=chosen.access_log_days))
        done.append(f"deleted {lines} lines of the access log")
    return ", ".join(done)


async def expire_exports(conn: AsyncConnection, settings: Settings, now: dt.datetime) -> str:
    """Delete the files of old exports, and answers that are given again no more."""
    expired = await exports.expire(conn, now - dt.timedelta(days=settings.jobs.export_days))
    return f"expired {expired} exports, deleted {await exports.forget_answers(conn, now)} kept answers"


async def compress_old_readings(conn: AsyncConnection, settings: Settings, now: dt.datetime) -> str:
    """Move old chunks to the columnstore, where the edition has one."""
    if settings.jobs.compress_after_days is None:
        return "nothing is compressed: HEATSTREAM_JOBS_COMPRESS_AFTER_DAYS is not set"
    found = await edition(conn)
    if found is not Edition.COMMUNITY:
        return f"nothing is compressed: the database is {found}, the columnstore needs TimescaleDB's Community edition"
    before = _kept_from(settings.jobs.compress_after_days, now)
    return f"compressed {await retention.compress_readings(conn, before)} chunks before {before}"
