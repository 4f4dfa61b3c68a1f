"""The feed is numbered beside the jobs, whatever happens to the database, and forgotten only when it is told to be."""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator

import asyncpg
import pytest
import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.jobs import run, sequencer
from heatstream.probes import Health
from heatstream.serve.app import listings
from heatstream.settings import Database, Jobs, Settings
from heatstream.store import changes
from heatstream.store.read.feed import Blocker, Lag
from heatstream.store.tables import change, feed
from tests.conftest import tell as tell_database


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer, "EVERY_S", 0.05)
    monkeypatch.setattr(sequencer, "AGAIN_S", 0.1)
    monkeypatch.setattr(sequencer, "LOOK_S", 0.0)


@contextlib.asynccontextmanager
async def numbering(url: str, health: Health) -> AsyncIterator[None]:
    stop = asyncio.Event()
    loop = asyncio.create_task(sequencer.run(url, stop, health))
    try:
        async with asyncio.timeout(30):
            yield
    finally:
        stop.set()
        await loop


async def tell(engine: AsyncEngine, id_: int) -> None:
    async with engine.begin() as conn:
        await changes.tell(conn, "claim_event", [id_])


async def until_numbered(engine: AsyncEngine, count: int) -> None:
    while True:
        async with engine.connect() as conn:
            if await conn.scalar(select(feed.c.next_seq)) == count + 1:
                return
        await asyncio.sleep(0.05)


async def test_the_loop_goes_on_after_the_database_was_away(
    engine: AsyncEngine, database_url: str, server_url: str
) -> None:
    health, name = Health(), str(engine.url.database)
    async with numbering(database_url, health):
        await tell(engine, 1)
        await until_numbered(engine, 1)
        await engine.dispose()
        kill = f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
        await tell_database(server_url, f"alter database {name} with allow_connections false", kill)
        while not health.ails("feed"):
            await asyncio.sleep(0.05)
        await tell_database(server_url, f"alter database {name} with allow_connections true")
        await tell(engine, 2)
        await until_numbered(engine, 2)
        while health.ails("feed"):
            await asyncio.sleep(0.05)


async def test_whoever_listens_is_told_that_numbers_were_given(engine: AsyncEngine, database_url: str) -> None:
    rung = asyncio.Event()
    connection = await asyncpg.connect(database_url)
    await connection.add_listener(changes.CHANNEL, lambda *_: rung.set())
    async with numbering(database_url, Health()):
        await tell(engine, 1)
        await rung.wait()
    await connection.close()


def test_a_feed_that_is_held_up_for_long_makes_the_process_unready_and_the_log_alone_names_by_whom() -> None:
    health, by = Health(), Blocker(71, "other", "somebody", "forgotten console", "idle in transaction", 400.0)
    with structlog.testing.capture_logs() as told:
        sequencer.tell(Lag(300.0, 12, 0.1, (by,)), health)
    held = "until these end: pid 71 (forgotten console, somebody@other, idle in transaction, began 400 s ago)"
    assert health.reasons() == ["feed: 12 rows wait, the oldest for 300 s"]
    assert [line["told"] for line in told] == [f"12 rows wait, the oldest for 300 s, {held}"]
    sequencer.tell(Lag(0.4, 2, 0.1, ()), health)
    assert health.reasons() == []


async def test_one_round_of_the_jobs_numbers_too(engine: AsyncEngine, database_url: str) -> None:
    await tell(engine, 1)
    settings = Settings(database=Database(url=database_url))
    await run.main(settings, listings(settings), once=True)
    await until_numbered(engine, 1)


async def test_retention_prunes_the_feed_where_it_is_set(engine: AsyncEngine, database_url: str) -> None:
    now = dt.datetime.now(dt.UTC)
    for id_ in (1, 2):
        await tell(engine, id_)
    await changes.sequence_all(engine)
    async with engine.begin() as conn:
        await conn.execute(update(change).where(change.c.first_seq == 1).values(at=now - dt.timedelta(days=40)))
    for days, left in ((None, 2), (30, 1)):
        settings = Settings(database=Database(url=database_url), jobs=Jobs(feed_days=days))
        assert await run.run_task(engine, settings, "retention", lambda: now)
        async with engine.connect() as conn:
            assert await conn.scalar(select(func.count()).select_from(change)) == left
