"""One reading of the database for everybody who looks at the page within some seconds."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store import pool

Answer = TypeVar("Answer")
STATEMENT_TIMEOUT = "20s"


class Reader:
    """The page's way to the database: it only reads.

    A city has a few figures that every visitor sees, and some need a second of the database. `shared` reads each of
    them once for all who ask while it is young, however many come at once.
    """

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        engine = pool.create_engine(url, application="heatstream-web")
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._clock = clock
        self._young: dict[Hashable, tuple[float, Any]] = {}
        self._locks: dict[Hashable, asyncio.Lock] = {}

    async def close(self) -> None:
        """Give the connections back."""
        await self._engine.dispose()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection that sees one moment of the database."""
        async with self._engine.connect() as conn:
            await conn.execute(text(f"set local statement_timeout = '{STATEMENT_TIMEOUT}'"))
            yield conn

    async def shared(
        self, name: Hashable, load: Callable[[AsyncConnection], Awaitable[Answer]], seconds: float = 5
    ) -> Answer:
        """Give what `load` read at most `seconds` ago. `name` must come from a short list, for answers stay."""
        async with self._locks.setdefault(name, asyncio.Lock()):
            read_at, answer = self._young.get(name, (-seconds, None))
            if self._clock() - read_at >= seconds:
                async with self.connection() as conn:
                    answer = await load(conn)
                self._young[name] = (self._clock(), answer)
            found: Answer = answer
            return found
