"""The log of access: the answer to a request does not begin before the row that tells of it is committed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.errors import HeatstreamError
from heatstream.store import access_log, pool
from heatstream.store.transient import is_transient

log = structlog.get_logger("heatstream.access")

MOST_ROWS = 1000
"""Rows that one transaction adds."""
PATIENCE_S = 20.0
"""A database that does not even say that it is too slow is away: whoever waits is told so."""

Row = Mapping[str, Any]


class NotKept(HeatstreamError):
    """A row of the log was not committed; its cause is in the log of the process."""


class Journal:
    """Adds rows by group commit: a transaction takes all that queued up while the one before it was committed."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiting: list[tuple[Row, asyncio.Future[None]]] = []
        self._came = asyncio.Event()

    async def write(self, row: Row) -> None:
        """Return when the row is committed.

        Raises
        ------
        NotKept
            It is not.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, done))
        self._came.set()
        await done

    async def run(self) -> None:
        """Write what comes, until cancelled."""
        while True:
            await self._came.wait()
            self._came.clear()
            while self._waiting:
                taken, self._waiting = self._waiting[:MOST_ROWS], self._waiting[MOST_ROWS:]
                await self._commit(taken)

    async def _commit(self, taken: Sequence[tuple[Row, asyncio.Future[None]]]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S), self._engine.begin() as conn:
                await access_log.add(conn, [row for row, _ in taken])
        except Exception as error:  # noqa: BLE001  (whatever it was: who waits must be told, and the next be written)
            if len(taken) > 1 and not is_transient(error):  # one row that cannot be kept must not refuse the others
                for each in taken:
                    await self._commit([each])
                return
            log.error(  # noqa: TRY400  (the cause in a line: it comes for every request while the database is away)
                "access was not logged, so nothing was answered",
                requests=len(taken),
                reason=type(error).__name__,
                error=str(error),
            )
            _settle(taken, NotKept(str(error)))
        else:
            _settle(taken, None)


def _settle(taken: Sequence[tuple[Row, asyncio.Future[None]]], error: Exception | None) -> None:
    for _, done in taken:
        if done.done():  # whoever waited is gone
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)


@contextlib.asynccontextmanager
async def kept(url: str, process: str) -> AsyncIterator[Journal]:
    """Open the journal of a process; leave it when no request is on its way any more."""
    engine = pool.create_engine(url, size=1, application=f"heatstream-{process}-log")
    journal = Journal(engine)
    writer = asyncio.create_task(journal.run(), name="access log")
    try:
        yield journal
    finally:
        writer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writer
        await engine.dispose()
