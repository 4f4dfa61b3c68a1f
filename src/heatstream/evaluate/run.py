"""The evaluator's process: close days, judge what is marked, again and again."""

import asyncio
import contextlib
import datetime as dt
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

import heatstream
from heatstream.evaluate import metrics
from heatstream.evaluate.close import close_days, keep_policy, last_closable, mark_season
from heatstream.evaluate.pipeline import Work, judge_all
from heatstream.evaluate.quality import Marker, thresholds_of
from heatstream.evaluate.rulebook import Rulebook
from heatstream.probes import Health, served
from heatstream.settings import Evaluate, Settings
from heatstream.store import closings, marks, migrate, pool, runs
from heatstream.store.accepted import after, midnight
from heatstream.store.transient import is_transient

log = structlog.get_logger("heatstream.evaluate")

CONNECTIONS = 4
ASK_AGAIN_S = 1.0
REFUSED = 3


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Evaluator:
    """One evaluator; several at once are safe, one at a time is enough."""

    def __init__(self, engine: AsyncEngine, settings: Evaluate, now: Callable[[], dt.datetime] = _now) -> None:
        self._engine, self._settings, self._now = engine, settings, now
        self.rulebook = Rulebook.load(settings)
        self.health = Health()
        self.stop = asyncio.Event()
        self.marker = Marker(engine, thresholds_of(settings), self.stop)

    async def once(self, *, settle: bool = True, through: dt.date | None = None) -> Counter[str]:
        """Close what can be closed, judge what can be judged; tell what was.

        Parameters
        ----------
        settle : late household-days wait `settle_s` for more readings of the same backlog
        through : close no later day, whatever the clock says
        """
        await self._close(through)
        policy_id, other = await keep_policy(self._engine, self.rulebook)
        if other:
            marked = await mark_season(self._engine, self.rulebook)
            log.info("another policy: the season is judged again", household_days=marked)
        settled = self._now() - dt.timedelta(seconds=self._settings.settle_s) if settle else None
        counts = await self._judge(policy_id, settled, always=other)
        await self._tell_backlog()
        return counts

    async def _close(self, through: dt.date | None) -> None:
        last = last_closable(self._now(), self.rulebook, self._settings.close_after_min)
        closed = await close_days(self._engine, self.rulebook, min(last, through or last))
        if closed:
            log.info("days closed", first=str(closed[0]), last=str(closed[-1]))

    async def _judge(self, policy_id: int | None, settled: dt.datetime | None, *, always: bool) -> Counter[str]:
        """Judge in one run, whose cut-off is the newest batch at its beginning."""
        async with self._engine.begin() as conn:
            through_batch = await closings.newest_batch(conn)
            days = await marks.ripe_days(conn, through_batch, settled)
            if not (days or always):
                return Counter()
            run_id = await runs.begin(conn, policy_id, heatstream.__version__, through_batch)
        work = Work(
            engine=self._engine,
            rulebook=self.rulebook,
            run_id=run_id,
            policy_id=policy_id,
            through_batch=through_batch,
            days=days,
            settled=settled,
            chunk_households=self._settings.chunk_households,
            stop=self.stop,
        )
        counts = await judge_all(work)
        async with self._engine.begin() as conn:
            await runs.end(conn, run_id, counts)
        log.info("judged", run=run_id, through_batch=through_batch, **counts)
        self.marker.add(days)
        return counts

    async def mark(self, within_s: float = float("inf")) -> None:
        """Make the quality marks of what was judged; the judging goes before it."""
        made = await self.marker.work(within_s)
        if made:
            log.info("quality marks made", **made)

    async def _mark_in_turn(self) -> None:
        """Make marks for as long as the pause between two looks; a fault in them keeps nobody from being judged."""
        try:
            await self.mark(self._settings.every_s)
        except Exception as error:
            if is_transient(error):
                raise
            log.exception("quality marks failed; this day is left until the next start")
            self.marker.give_up()

    async def _tell_backlog(self) -> None:
        async with self._engine.connect() as conn:
            waiting, closed = await marks.backlog(conn), await closings.closed_through(conn)
        metrics.BACKLOG.set(waiting.household_days)
        oldest = waiting.oldest_marked_at
        metrics.BACKLOG_AGE.set((self._now() - oldest).total_seconds() if oldest else 0)
        if closed:
            metrics.CLOSED_THROUGH.set(midnight(after(closed)).timestamp())

    async def forever(self) -> None:
        """Work until told to stop; a database that is away is waited for."""
        while not self.stop.is_set():
            try:
                await self.once()
                await self._mark_in_turn()
                self.health.well("database")
            except Exception as error:
                if not is_transient(error):
                    raise
                self.health.ill("database", f"does not answer: {_first(error)}")
                log.warning("the database does not answer, trying again", reason=_first(error))
            await _happens(self.stop, self._settings.every_s)


def _first(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


async def _happens(event: asyncio.Event, within_s: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            return await event.wait()
    return False


@contextlib.asynccontextmanager
async def _sole(engine: AsyncEngine, stop: asyncio.Event) -> AsyncIterator[None]:
    """Stand by while another evaluator works: two at once would do the same twice, though never write it twice."""
    async with engine.connect() as plain:
        conn = await plain.execution_options(isolation_level="AUTOCOMMIT")
        try:
            lock = select(func.pg_try_advisory_lock(func.hashtext("heatstream.evaluate")))
            while not await conn.scalar(lock) and not stop.is_set():
                log.info("another evaluator is at work, standing by", reason="locked")
                await _happens(stop, ASK_AGAIN_S)
            yield
        finally:
            # The session ends with the block, and the lock with the session; a pool would keep both.
            await conn.invalidate()


def _listen(evaluator: Evaluator) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, evaluator.stop.set)


async def main(settings: Settings, *, once: bool = False, through: dt.date | None = None) -> int:
    """Run until told to stop, or once; tell the exit code.

    Parameters
    ----------
    once : close and judge what there is, waiting for nothing, then end; 3 where a choices file refuses findings
    through : close no day after it; means `once`
    """
    engine = pool.create_engine(settings.database_url(), size=CONNECTIONS, application="heatstream-evaluate")
    try:
        async with engine.connect() as conn:
            await migrate.require_ready(conn)
        evaluator = Evaluator(engine, settings.evaluate)
        _tell_refusal(evaluator.rulebook)
        _listen(evaluator)
        port = None if once or through else settings.evaluate.metrics_port
        with served(evaluator.health, port):
            async with _sole(engine, evaluator.stop):
                if not (once or through):
                    await evaluator.forever()
                    return 0
                await evaluator.once(settle=False, through=through)
                await evaluator.mark()
        return REFUSED if evaluator.rulebook.refusal and evaluator.rulebook.chosen else 0
    finally:
        await engine.dispose()


def _tell_refusal(rulebook: Rulebook) -> None:
    metrics.REFUSED.set(1 if rulebook.refusal else 0)
    if rulebook.refusal:
        log.warning("findings are refused", why=rulebook.refusal)
