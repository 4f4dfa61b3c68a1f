"""One active ingest a database: a session advisory lock, and the watch over the connection that holds it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.errors import LockLost

ASK_AGAIN_S = 1.0
BEAT_S = 2.0
BEAT_TIMEOUT_S = 5.0


class Lock:
    """Held as long as its connection lives; whoever loses it must stop writing at once."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn
        self._gone = asyncio.Event()

    async def watch(self) -> None:
        """Notice at once when the server hangs up, and within seconds when it falls silent; never returns.

        Raises
        ------
        LockLost
            The lock may be another's by now.
        """
        raw = (await self._conn.get_raw_connection()).driver_connection
        assert raw is not None  # noqa: S101  (an open connection has one)
        raw.add_termination_listener(lambda _: self._gone.set())
        while not await _happens(self._gone, BEAT_S):
            try:
                async with asyncio.timeout(BEAT_TIMEOUT_S):
                    await self._conn.execute(select(1))
            except (DBAPIError, OSError, TimeoutError) as error:
                raise LockLost(f"the writers' lock cannot be seen any more: {error or 'no answer'}") from error
        raise LockLost("the database ended the connection that held the writers' lock")


async def _happens(event: asyncio.Event, within_s: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            return await event.wait()
    return False


@contextlib.asynccontextmanager
async def sole(engine: AsyncEngine, standing_by: Callable[[], None]) -> AsyncIterator[Lock]:
    """Wait until no other ingest writes to this database, then hold the lock for the block.

    It is asked for again and again rather than waited for: a statement that waits holds a snapshot, and a standby that
    waits for a month would keep vacuum from a month of dead rows.
    """
    async with engine.connect() as plain:
        conn = await plain.execution_options(isolation_level="AUTOCOMMIT")
        try:
            while not await conn.scalar(select(func.pg_try_advisory_lock(func.hashtext("heatstream.ingest")))):
                standing_by()
                await asyncio.sleep(ASK_AGAIN_S)
            yield Lock(conn)
        finally:
            # The session ends with the block, and the lock with the session; a pool would keep both.
            await conn.invalidate()
