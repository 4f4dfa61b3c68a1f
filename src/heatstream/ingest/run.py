"""`heatstream ingest`: from the broker to the store; a message is acknowledged when its rows are durable."""

import asyncio
import gc
import os
import signal

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.errors import LockLost
from heatstream.ingest import failpoint, gauges, lock
from heatstream.ingest.alarms import Alarms
from heatstream.ingest.term import Term
from heatstream.ingest.waiting import doubling, pause, until_first
from heatstream.ingest.write import Writer
from heatstream.probes import Health, served
from heatstream.settings import Ingest, Settings
from heatstream.store import migrate
from heatstream.store.pool import create_engine
from heatstream.store.transient import is_transient

GRACE_S = 7.0
"""After SIGTERM: what is not committed by then comes again."""

LIMIT_S = 9.0
"""After SIGTERM: connections that are not closed by then are dropped."""

log = structlog.get_logger(__name__)


async def main(found: Settings, *, allow_fail_points: bool = False) -> int:
    """Run until SIGTERM or SIGINT; the exit code."""
    points = failpoint.armed(os.environ, allowed=allow_fail_points)
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, _stop, stop)
    _say_budget(found.ingest)
    engine = create_engine(found.database_url(), application="heatstream-ingest")
    try:
        await Run(found, engine, stop, points).run()
    finally:
        await engine.dispose()
    return 0


def _stop(stop: asyncio.Event) -> None:
    stop.set()
    asyncio.get_running_loop().call_later(LIMIT_S, _leave)


def _leave() -> None:
    """End at once: a database that hangs would not let us end in order, and what is not acknowledged comes again."""
    log.warning("stopped without waiting for the database's goodbye", limit_s=LIMIT_S)
    os._exit(0)


def _say_budget(found: Ingest) -> None:
    log.info(
        "messages in flight hold at most",
        mib=round(found.receive_max * found.max_packet_bytes / 2**20),
        receive_max=found.receive_max,
        max_packet_bytes=found.max_packet_bytes,
    )


class Run:
    """One term after the other, until `stop`: a database that restarts ends a term, not the process."""

    def __init__(self, found: Settings, engine: AsyncEngine, stop: asyncio.Event, points: failpoint.FailPoints) -> None:
        self._found = found
        self._engine = engine
        self._stop = stop
        self._points = points
        self._alarms = Alarms()
        self._health = Health()
        self._waits = doubling()

    async def run(self) -> None:
        for part in ("writer", "database", "broker"):
            self._health.ill(part, "not reached yet")
        with served(self._health, self._found.ingest.metrics_port):
            await until_first(self._terms(), self._patience())

    async def _patience(self) -> None:
        """Let what was received be written first; whoever is not the writer has nothing to write."""
        await self._stop.wait()
        if self._health.ails("writer"):
            return
        await asyncio.sleep(GRACE_S)
        log.warning("stopped before everything received was written; the broker sends the rest again", grace_s=GRACE_S)

    async def _terms(self) -> None:
        while not self._stop.is_set():
            try:
                await self._one_term()
            except Exception as error:
                if not (isinstance(error, LockLost) or is_transient(error)):
                    raise
                self._health.ill("database", str(error))
                log.warning("no term: the database is away", reason=type(error).__name__, seen=str(error))
            gc.collect()  # the last term's registry and messages, before the next has its own
            await pause(self._stop, next(self._waits))

    async def _one_term(self) -> None:
        try:
            async with lock.sole(self._engine, self._stand_by) as held:
                self._waits = doubling()
                term = await self._begin()
                await until_first(held.watch(), term.run(self._stop))
        finally:
            self._health.ill("writer", "not holding the lock")
            gauges.ACTIVE.set(0)

    def _stand_by(self) -> None:
        self._health.ill("writer", "another ingest is active; standing by")
        self._health.well("database")
        log.info("standing by", reason="another ingest is active")

    async def _begin(self) -> Term:
        async with self._engine.connect() as conn:
            await migrate.require_ready(conn)
            await self._alarms.recall(conn)
        writer = await Writer.load(self._engine, self._found)
        self._health.well("writer")
        self._health.well("database")
        gauges.ACTIVE.set(1)
        log.info("this process is the writer")
        return Term(self._found, self._engine, writer, alarms=self._alarms, health=self._health, points=self._points)
