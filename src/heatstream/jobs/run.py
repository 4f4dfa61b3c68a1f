"""The one process that does what recurs; every run leaves a row, `/readyz` and the metrics tell the last success."""

import asyncio
import contextlib
import datetime as dt
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping

import asyncpg
import structlog
from pgqueuer import AsyncpgPoolDriver, Queries
from pgqueuer.adapters.persistence import qb
from pgqueuer.core.sm import SchedulerManager
from pgqueuer.domain.models import Schedule
from pgqueuer.domain.settings import DBSettings
from prometheus_client import Gauge
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.errors import SettingsError
from heatstream.jobs import exports, sequencer, tasks
from heatstream.jobs.exports import Listings
from heatstream.jobs.stopping import until
from heatstream.probes import Health, served
from heatstream.settings import Settings
from heatstream.store import changes, migrate, pool
from heatstream.store.tables import job_run

log = structlog.get_logger("heatstream.jobs")

Task = Callable[[AsyncConnection, Settings, dt.datetime], Awaitable[str]]

# What recurs, and when [cron, UTC]: at night at 02:xx local time; roots at 10:30, when the day before is judged, and
# reports of it at 11:00.
TASKS: Mapping[str, tuple[str, Task]] = {
    "partitions": ("*/10 * * * *", tasks.make_partitions),
    "roots": ("30 2 * * *", tasks.make_roots),
    "time_stamps": ("*/10 * * * *", tasks.stamp_roots),
    "claims": ("15 * * * *", tasks.refresh_claims),
    "supervision": ("*/10 * * * *", tasks.look_at_supply),
    "matters": ("*/10 * * * *", tasks.refresh_matters),
    "silence": ("*/10 * * * *", tasks.look_for_silence),
    "warnings": ("*/10 * * * *", tasks.look_at_warnings),
    "reports": ("0 3 * * *", tasks.make_reports),
    "freeze": ("10 18 * * *", tasks.freeze_evidence),
    "personal_data": ("15 18 * * *", tasks.forget_persons),
    "retention": ("20 18 * * *", tasks.delete_what_is_old),
    "columnstore": ("40 18 * * *", tasks.compress_old_readings),
    "exports": ("50 18 * * *", tasks.expire_exports),
}

SUCCEEDED = Gauge("heatstream_job_last_success_timestamp_seconds", "When a job last succeeded", ["job"])


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


async def run_task(engine: AsyncEngine, settings: Settings, name: str, now: Callable[[], dt.datetime] = _now) -> bool:
    """Run one job in a transaction of its own and keep its outcome; tell whether it succeeded."""
    async with engine.begin() as conn:
        row = await conn.scalar(insert(job_run).values(job=name).returning(job_run.c.id))
    try:
        async with engine.begin() as conn:
            detail, succeeded = await TASKS[name][1](conn, settings, now()), True
    except Exception as error:
        # Whatever it was, the next job and the next time must not suffer: it is logged whole and kept.
        log.exception("job failed", job=name)
        detail, succeeded = f"{type(error).__name__}: {error}", False
    async with engine.begin() as conn:
        await conn.execute(
            update(job_run).where(job_run.c.id == row).values(ended_at=now(), succeeded=succeeded, detail=detail)
        )
    if succeeded:
        SUCCEEDED.labels(name).set_to_current_time()
        log.info("job done", job=name, detail=detail)
    return succeeded


def _check(settings: Settings) -> None:
    after = settings.jobs.compress_after_days
    if after is not None and after <= settings.ingest.past_days:
        raise SettingsError(
            f"HEATSTREAM_JOBS_COMPRESS_AFTER_DAYS is {after}, expected more than HEATSTREAM_INGEST_PAST_DAYS "
            f"({settings.ingest.past_days}): a late reading must not meet a compressed chunk"
        )


async def _run_watched(engine: AsyncEngine, settings: Settings, name: str, health: Health) -> bool:
    succeeded = await run_task(engine, settings, name)
    if succeeded:
        health.well(name)
    else:
        health.ill(name, "its last run failed; the log and job_run tell why")
    return succeeded


async def _schedule(
    engine: AsyncEngine, settings: Settings, queue: asyncpg.Pool, stop: asyncio.Event, health: Health
) -> None:
    environment = DBSettings(db_schema="pgqueuer")  # a schema of its own: public is ours alone
    queries = Queries(
        AsyncpgPoolDriver(queue), qbe=qb.QueryBuilderEnvironment(environment), qbs=qb.QuerySchedulerBuilder(environment)
    )
    await (queries.upgrade() if await queries.schema_is_installed() else queries.install())
    scheduler = SchedulerManager(queries)
    scheduler.shutdown = stop
    for name, (cron, _) in TASKS.items():

        async def run(_schedule: Schedule, name: str = name) -> None:
            await _run_watched(engine, settings, name, health)

        scheduler.schedule(name, cron, clean_old=True)(run)
    await scheduler.run()


async def _run_all(engine: AsyncEngine, settings: Settings, health: Health) -> None:
    for name in TASKS:
        await _run_watched(engine, settings, name, health)


@contextlib.asynccontextmanager
async def _beside(name: str, work: Coroutine[None, None, None], stop: asyncio.Event) -> AsyncIterator[None]:
    """Work while the block lasts; with its end everything stops."""
    working = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        stop.set()
        await working


async def main(settings: Settings, listings: Listings, *, once: bool = False) -> int:
    """Run every job now, and then on schedule until told to stop; beside them number the feed and write exports.

    Parameters
    ----------
    listings : what gives the rows of exports
    """
    _check(settings)
    # Six jobs may begin at once; each holds a connection, and some work on a second.
    # A job's own transaction waits while the passes it began work on others.
    engine = pool.create_engine(settings.database_url(), size=6, application="heatstream-jobs", idle_s=3600)
    try:
        async with engine.connect() as conn:
            await migrate.require_ready(conn)
        health = Health()
        if once:
            done = [await _run_watched(engine, settings, name, health) for name in TASKS]
            await changes.sequence_all(engine)
            await exports.write_all(engine, listings)
            return 0 if all(done) else 1
        for name in TASKS:
            health.ill(name, "its first run has not ended yet")
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        with served(health, settings.jobs.metrics_port):
            url = settings.database_url()
            async with (
                _beside("feed", sequencer.run(url, stop, health), stop),
                _beside("exports", exports.run(url, listings, stop, health), stop),
            ):
                await until(stop, _run_all(engine, settings, health))
                async with asyncpg.create_pool(settings.database_url(), min_size=1, max_size=2) as queue:
                    await _schedule(engine, settings, queue, stop, health)
    finally:
        await engine.dispose()
    return 0
