"""The page's way to the database: what a visitor may see, and one reading of it for all who see the same."""

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.access.principal import Principal
from heatstream.access.scope import narrow
from heatstream.store import pool
from heatstream.store.timescale import LOCAL

Answer = TypeVar("Answer")
STATEMENT_TIMEOUT = "20s"


def local_now() -> dt.datetime:
    """Tell the time."""
    return dt.datetime.now(LOCAL)


class Source:
    """The database of this process, what was read of it in the last seconds, and the time of day."""

    def __init__(
        self, url: str, clock: Callable[[], float] = time.monotonic, now: Callable[[], dt.datetime] = local_now
    ) -> None:
        self._engine = pool.create_engine(url, application="heatstream-web")
        self._reading = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._clock = clock
        self.now = now
        self._young: dict[Hashable, tuple[float, Any]] = {}
        self._locks: dict[Hashable, asyncio.Lock] = {}

    async def close(self) -> None:
        """Give the connections back."""
        await self._engine.dispose()

    @asynccontextmanager
    async def unnarrowed(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection that reads for the page itself: who signs in, whether it is ready."""
        async with self._reading.connect() as conn:
            await conn.execute(text(f"set local statement_timeout = '{STATEMENT_TIMEOUT}'"))
            yield conn

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Begin a transaction that may write, with the rights of the process: whoever writes checks who may."""
        async with self._engine.begin() as conn:
            await conn.execute(text(f"set local statement_timeout = '{STATEMENT_TIMEOUT}'"))
            yield conn

    async def once(
        self, name: Hashable, load: Callable[[AsyncConnection], Awaitable[Answer]], seconds: float, reader: "Reader"
    ) -> Answer:
        """Give what `load` read at most `seconds` ago."""
        async with self._locks.setdefault(name, asyncio.Lock()):
            read_at, answer = self._young.get(name, (-seconds, None))
            if self._clock() - read_at >= seconds:
                async with reader.connection() as conn:
                    answer = await load(conn)
                self._young[name] = (self._clock(), answer)
            found: Answer = answer
            return found


class Reader:
    """What one visitor sees.

    A city has a few figures that many visitors see, and some need a second of the database. `shared` reads each of
    them once for all who see the same rows while it is young, however many come at once.
    """

    def __init__(self, source: Source, visitor: Principal) -> None:
        self.source = source
        self.visitor = visitor

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection that sees one moment of the database, and of it the visitor's rows."""
        async with self.source.unnarrowed() as conn:
            await narrow(conn, self.visitor.scope)
            yield conn

    async def shared(
        self, name: Hashable, load: Callable[[AsyncConnection], Awaitable[Answer]], seconds: float = 5
    ) -> Answer:
        """Give what `load` read at most `seconds` ago. `name` must come from a short list, for answers stay."""
        if self.visitor.scope.household is not None:  # there are as many of these as homes
            async with self.connection() as conn:
                return await load(conn)
        return await self.source.once((self.visitor.scope.rows, name), load, seconds, self)
