"""The feed pushed: server-sent events, whose ids are the tokens that `/changes` takes."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import asyncpg
import msgspec
import structlog
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.access import permits
from heatstream.access.scope import narrow
from heatstream.errors import HeatstreamError
from heatstream.serve import access, feed, problems
from heatstream.serve.feed import Noun, Page, token
from heatstream.serve.problems import Busy
from heatstream.settings import Serve
from heatstream.store.changes import CHANNEL
from heatstream.store.read.feed import Stands, stands
from heatstream.store.transient import is_transient

log = structlog.get_logger("heatstream.serve")

BEAT_S: Final = 10.0
"""A stream looks again after it at the latest, asks whether its key still holds, and tells that it lives."""
RETRY_MS: Final = 2000
AWAY_S: Final = 2.0
READERS: Final = 3
"""Streams that read at once: the pool is for requests, too."""
MOST_ROWS: Final = 500


class Bell:
    """Wakes every stream of this process when numbers were given: one session listens for all of them."""

    def __init__(self, url: str, settings: Serve) -> None:
        self._url, self._most, self._most_of_one = url, settings.streams, settings.streams_per_key
        self._rung = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self._open: Counter[str] = Counter()
        self.reading = asyncio.Semaphore(READERS)
        self.closed = False

    @property
    def streams(self) -> int:
        """Streams that are open."""
        return self._open.total()

    def require_room(self, who: str) -> None:
        """Refuse one stream more than there may be.

        Raises
        ------
        Busy
            Every place is taken, or every one that this key may take.
        """
        if self.streams >= self._most:
            told = f"{self.streams} streams are open, the most this server holds (HEATSTREAM_SERVE_STREAMS)"
        elif self._open[who] >= self._most_of_one:
            told = f"{who} holds {self._open[who]} streams, the most a key may (HEATSTREAM_SERVE_STREAMS_PER_KEY)"
        else:
            return
        raise Busy(f"{told}; poll /api/v1/changes meanwhile", retry_after_s=60)

    @contextlib.asynccontextmanager
    async def heard(self, who: str) -> AsyncIterator[None]:
        """Hold a place; the first listens, the last ends it."""
        self._open[who] += 1
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(), name="feed bell")
        try:
            yield
        finally:
            self._open[who] -= 1
            if self.streams == 0:
                self._listening.cancel()
                self._listening = None

    def next(self) -> asyncio.Event:
        """Give what the next ring sets: taken before a look, it misses none."""
        return self._rung

    def ring(self) -> None:
        """Wake everybody."""
        rung, self._rung = self._rung, asyncio.Event()
        rung.set()

    def close(self) -> None:
        """Let every stream end where it is: its client goes on elsewhere, by its last id."""
        self.closed = True
        self.ring()

    async def _listen(self) -> None:
        while True:
            try:
                await self._until_it_ends()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                # Nothing is lost meanwhile: every stream looks by itself, too.
                log.warning("the feed's bell is away", reason=type(error).__name__, error=str(error))
            await asyncio.sleep(AWAY_S)

    async def _until_it_ends(self) -> None:
        settings = {"application_name": "heatstream-serve-bell"}
        connection = await asyncpg.connect(self._url, timeout=10, server_settings=settings)
        ended = asyncio.Event()
        connection.add_termination_listener(lambda *_: ended.set())
        try:
            await connection.add_listener(CHANNEL, lambda *_: self.ring())
            self.ring()
            await ended.wait()
        finally:
            connection.terminate()


@dataclass(frozen=True)
class Look:
    """What a stream saw, as whom, and what the next ring sets."""

    rung: asyncio.Event
    who: str
    stand: Stands
    page: Page


@dataclass(frozen=True)
class Source:
    """Where a stream reads, as whom, and what."""

    engine: AsyncEngine
    bell: Bell
    shown: str
    nouns: tuple[Noun, ...]

    async def look(self, since: str | None) -> Look:
        """Read what came after a token, in a transaction of its own; who asks is looked up each time."""
        rung = self.bell.next()
        async with self.bell.reading, self.engine.connect() as conn:
            asking = await access.holder(conn, self.shown)
            permits.check(asking, "/stream", permits.API)
            access.require_scope(asking, "read")
            wanted = feed.wanted(asking, self.nouns)
            await narrow(conn, asking.scope)
            stand = feed.as_seen(await stands(conn), asking.scope)
            after = feed.place(stand, since)
            return Look(rung, asking.who, stand, await feed.page(conn, stand, after, MOST_ROWS, wanted))


async def events(source: Source, since: str, first: Look) -> AsyncIterator[bytes]:
    """Write changes as they get their numbers, until the client leaves, the process ends or the key does."""
    bell = source.bell
    async with bell.heard(first.who):
        yield format_sse_event(retry=RETRY_MS)
        seen: Look | None = first
        while not bell.closed:
            try:
                look = seen or await source.look(since)
            except HeatstreamError as error:
                yield _problem(error)
                return
            except (DBAPIError, OSError) as error:
                if not is_transient(error):
                    raise
                log.warning("a stream waits for the database", reason=type(error).__name__)
                yield KEEPALIVE_COMMENT
                await _happens(bell.next(), AWAY_S)
                continue
            seen, since = None, token(look.stand.epoch, look.page.through)
            for row in look.page.rows:
                yield format_sse_event(
                    data_str=msgspec.json.encode(row).decode(), event="change", id=token(look.stand.epoch, row.seq)
                )
            # The place goes on past what this key does not see; an id without data is kept and not dispatched.
            yield format_sse_event(comment="alive", id=since)
            if look.page.through >= look.stand.head:
                await _happens(look.rung, BEAT_S)


def _problem(error: HeatstreamError) -> bytes:
    told = problems.answer(problems.kind_of(error), str(error)).body
    return format_sse_event(data_str=bytes(told).decode(), event="problem")


async def _happens(event: asyncio.Event, within_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await event.wait()
