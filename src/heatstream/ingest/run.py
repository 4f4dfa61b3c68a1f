"""`heatstream ingest`: from the broker to the store; a message is acknowledged when its rows are durable."""

import asyncio
import os
import signal

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.errors import LockLost
from heatstream.ingest import failpoint, gauges, health, lock
from heatstream.ingest.alarms import Alarms
from heatstream.ingest.term import Term
from heatstream.ingest.waiting import doubling, pause, until_first
from heatstream.ingest.write import Writer
from heatstream.settings import Ingest, Settings
from heatstream.store import migrate
from heatstream.store.pool import create_engine
from heatstream.store.transient import is_transient

GRACE_S = 8.0
"""After SIGTERM: what is not committed by then comes again."""

log = structlog.get_logger(__name__)


async def main(found: Settings, *, allow_fail_points: bool = False) -> int:
    """Run until SIGTERM or SIGINT; the exit code."""
    points = failpoint.armed(os.environ, allowed=allow_fail_points)
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    _say_budget(found.ingest)
    engine = create_engine(found.database_url(), application="heatstream-ingest")
    try:
        await ingest(found, engine, stop, points)
    finally:
        await engine.dispose()
    return 0


def _say_budget(found: Ingest) -> None:
    budget = found.receive_max * found.max_packet_bytes
    log.info(
        "messages in flight hold at most",
        mib=round(budget / 2**20),
        receive_max=found.receive_max,
        max_packet_bytes=found.max_packet_bytes,
    )


async def ingest(found: Settings, engine: AsyncEngine, stop: asyncio.Event, points: failpoint.FailPoints) -> None:
    """Take readings until `stop`."""
    state = health.Health()
    for part in ("writer", "database", "broker"):
        state.ill(part, "not reached yet")
    async with health.served(state, found.ingest.metrics_port):
        await until_first(_terms(found, engine, stop, points, state), _patience(stop, state))


async def _patience(stop: asyncio.Event, state: health.Health) -> None:
    """Let what was received be written first; whoever is not the writer has nothing to write."""
    await stop.wait()
    if state.ails("writer"):
        return
    await asyncio.sleep(GRACE_S)
    log.warning("stopped before everything received was written; the broker sends the rest again", grace_s=GRACE_S)


async def _terms(
    found: Settings, engine: AsyncEngine, stop: asyncio.Event, points: failpoint.FailPoints, state: health.Health
) -> None:
    """Hold one term after the other: a database that restarts ends a term, and the next begins when it is back."""
    waits, alarms = doubling(), Alarms()
    while not stop.is_set():
        try:
            async with lock.sole(engine, lambda: _stand_by(state)) as held:
                waits = doubling()
                term = await _begin(found, engine, points, state, alarms)
                await until_first(held.watch(), term.run(stop))
        except Exception as error:
            if not (isinstance(error, LockLost) or is_transient(error)):
                raise
            state.ill("database", str(error))
            log.warning("no term: the database is away", reason=type(error).__name__, seen=str(error))
            await pause(stop, next(waits))
        finally:
            state.ill("writer", "not holding the lock")
            gauges.ACTIVE.set(0)


def _stand_by(state: health.Health) -> None:
    state.ill("writer", "another ingest is active; standing by")
    state.well("database")
    log.info("standing by", reason="another ingest is active")


async def _begin(
    found: Settings, engine: AsyncEngine, points: failpoint.FailPoints, state: health.Health, alarms: Alarms
) -> Term:
    async with engine.connect() as conn:
        await migrate.require_current(conn)
        await alarms.recall(conn)
    writer = await Writer.load(engine, found)
    state.well("writer")
    state.well("database")
    gauges.ACTIVE.set(1)
    log.info("this process is the writer")
    return Term(found, engine, writer, alarms=alarms, health=state, points=points)
