"""The loop that writes exports, beside the jobs: one after the other, each of one moment of the database."""

import asyncio
import contextlib
import datetime as dt
import hashlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, Protocol

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream import __version__
from heatstream.errors import HeatstreamError
from heatstream.jobs.stopping import until
from heatstream.probes import Health
from heatstream.store import exports, pool
from heatstream.store.exports import PART_BYTES, Export
from heatstream.store.read import city
from heatstream.store.transient import is_transient

log = structlog.get_logger("heatstream.exports")

EVERY_S: Final = 2.0
AGAIN_S: Final = 10.0
LONGEST_S: Final = 3600
"""A slow disk may keep the reading transaction waiting; it writes nothing, and holds up no feed."""


class Written(Protocol):
    """A piece of a file, and what it was made of."""

    @property
    def content(self) -> bytes:
        """Bytes of the file."""

    @property
    def rows(self) -> int:
        """How many."""

    @property
    def policy_hashes(self) -> frozenset[str]:
        """Policies that the rows name."""


class Listings(Protocol):
    """What gives the rows: `serve.exporting.Listings`, which the jobs may not know."""

    def pieces(
        self, conn: AsyncConnection, scope: Mapping[str, Any], noun: str, parameters: Mapping[str, Any], media_type: str
    ) -> AsyncIterator[Written]:
        """Write a listing piece by piece."""


async def run(url: str, listings: Listings, stop: asyncio.Event, health: Health) -> None:
    """Write what is asked for until told to stop; an absent database is waited for.

    One that is half written then is written anew by the next process.
    """
    engine = create_engine(url)
    try:
        while not stop.is_set():
            pause = EVERY_S
            try:
                await until(stop, write_all(engine, listings))
                health.well("exports")
            except Exception as error:
                # Whatever it was, the exports wait where they are.
                pause = AGAIN_S
                health.ill("exports", f"none is written: {type(error).__name__}; the log tells why")
                if is_transient(error):
                    log.warning("exports wait for the database", reason=type(error).__name__, error=str(error))
                else:
                    log.exception("exports cannot be written")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
    finally:
        await engine.dispose()


def create_engine(url: str) -> AsyncEngine:
    """Make the engine: a connection holds the lock, one reads, one writes."""
    return pool.create_engine(url, size=3, application="heatstream-jobs-exports", idle_s=LONGEST_S)


async def write_all(engine: AsyncEngine, listings: Listings) -> int:
    """Write every export that waits, unless another process does; tell how many."""
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as lock:
        if not await exports.alone(lock):
            return 0
        try:
            return await _write_in_turn(engine, listings)
        finally:
            await exports.leave(lock)


async def _write_in_turn(engine: AsyncEngine, listings: Listings) -> int:
    written = 0
    try:
        while (wanted := await _next(engine)) is not None:
            await _write_or_fail(engine, listings, wanted)
            written += 1
    except exports.Overtaken as error:
        log.warning("the lock of the exports was lost", error=str(error))
    return written


async def _next(engine: AsyncEngine) -> Export | None:
    async with engine.begin() as conn:
        return await exports.begin_next(conn)


async def _write_or_fail(engine: AsyncEngine, listings: Listings, wanted: Export) -> None:
    """Write one; what the listing refuses, or nobody foresaw, fails this one alone."""
    try:
        await write(engine, listings, wanted)
    except Exception as error:
        if is_transient(error) or isinstance(error, exports.Overtaken):
            raise
        log.exception("export failed", export=wanted.code, noun=wanted.noun)
        told = str(error) if isinstance(error, HeatstreamError) else f"{type(error).__name__}; the log tells why"
        async with engine.begin() as conn:
            await exports.fail(conn, wanted, told)


async def write(engine: AsyncEngine, listings: Listings, wanted: Export) -> None:
    """Write one export, part by part, and say that it is whole."""
    rows, policies, file = 0, set[str](), _File(engine, wanted)
    reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    async with reading.connect() as conn:
        instant: dt.datetime = (await conn.execute(select(func.now()))).scalar_one()
        asked = wanted.parameters.get("as_of")
        as_of = dt.datetime.fromisoformat(asked) if asked else instant
        marks = await city.watermarks(conn, as_of)
        pieces = listings.pieces(conn, wanted.scope, wanted.noun, wanted.parameters, wanted.media_type)
        async for piece in pieces:
            rows += piece.rows
            policies |= piece.policy_hashes
            await file.add(piece.content)
    await file.end()
    manifest = {
        "rows": rows,
        "bytes": file.bytes,
        "sha256": file.digest.hexdigest(),
        "media_type": wanted.media_type,
        "noun": wanted.noun,
        "parameters": dict(wanted.parameters),
        "as_of": as_of.isoformat(),
        "role": wanted.scope["role"],
        "policy_hashes": sorted(policies),
        "watermarks": marks,
        "code_version": __version__,
    }
    async with engine.begin() as conn:
        await exports.finish(conn, wanted, manifest)
    log.info("export done", export=wanted.code, noun=wanted.noun, rows=rows, bytes=file.bytes)


class _File:
    """The file as it grows; each part is committed by itself, for a long transaction would hold up the feed."""

    def __init__(self, engine: AsyncEngine, begun: Export) -> None:
        self._engine, self._begun = engine, begun
        self._held, self._parts = bytearray(), 0
        self.digest, self.bytes = hashlib.sha256(), 0

    async def add(self, content: bytes) -> None:
        self.digest.update(content)
        self.bytes += len(content)
        self._held += content
        while len(self._held) >= PART_BYTES:
            await self._keep(PART_BYTES)

    async def end(self) -> None:
        if self._held:
            await self._keep(len(self._held))

    async def _keep(self, length: int) -> None:
        self._parts += 1
        async with self._engine.begin() as conn:
            await exports.keep_part(conn, self._begun, self._parts, bytes(self._held[:length]))
        del self._held[:length]
