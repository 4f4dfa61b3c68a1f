"""The feed numbers every change once, whatever order its writers commit in, and says who holds it up."""

import asyncio
import datetime as dt
import random
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.store import changes
from heatstream.store.pool import create_engine
from heatstream.store.read import feed as read
from heatstream.store.tables import change, feed

WRITERS = 20
EVENTS = ("claim_event", "matter_event")


@pytest.fixture
async def writing(database_url: str) -> AsyncIterator[AsyncEngine]:
    """Connections for as many writers as there are, and those who look."""
    engine = create_engine(database_url, size=WRITERS + 2)
    await changes.sequence_all(engine)  # a cloned database begins a new epoch, which is not what is looked at here
    yield engine
    await engine.dispose()


async def follow(conn: AsyncConnection, after: int, most: int = 1000) -> list[tuple[int, str, int]]:
    """Read everything after a number: (number, table, id)."""
    stands = await read.stands(conn)
    found = await read.window(conn, after, stands.head, most, EVENTS)
    return [(seq, piece.noun, id_) for piece in found.pieces for seq, id_ in enumerate(piece.ids, piece.first_seq)]


async def tell(engine: AsyncEngine, *ids: int, noun: changes.Noun = "claim_event") -> None:
    async with engine.begin() as conn:
        await changes.tell(conn, noun, ids)


# --- order ------------------------------------------------------------------------------------------------------------


async def _write(engine: AsyncEngine, writer: int, told: asyncio.Event, may_commit: asyncio.Event) -> None:
    async with engine.begin() as conn:
        await changes.tell(conn, "claim_event", [2 * writer])
        told.set()
        await may_commit.wait()
        await changes.tell(conn, "claim_event", [2 * writer + 1])


async def test_slow_writers_that_commit_in_any_order_are_each_read_once_where_a_serial_would_lose_them(
    writing: AsyncEngine,
) -> None:
    gates = [asyncio.Event() for _ in range(WRITERS)]
    tasks = []
    for writer, gate in enumerate(gates):  # each takes its number before the next begins
        told = asyncio.Event()
        tasks.append(asyncio.create_task(_write(writing, writer, told, gate)))
        await told.wait()
    by_serial: list[int] = []
    by_feed: list[tuple[int, str, int]] = []
    last = 0
    for writer in random.Random(5).sample(range(WRITERS), WRITERS):
        gates[writer].set()
        await tasks[writer]
        await changes.sequence_all(writing)
        async with writing.connect() as conn:
            for id_, ids in await conn.execute(select(change.c.id, change.c.ids).where(change.c.id > last)):
                last = max(last, id_)
                by_serial += [each for span in ids for each in range(span.lower, span.upper)]
            by_feed += await follow(conn, by_feed[-1][0] if by_feed else 0)
    everything = set(range(2 * WRITERS))
    assert everything - set(by_serial)
    assert sorted(id_ for _, _, id_ in by_feed) == sorted(everything)
    assert [seq for seq, _, _ in by_feed] == list(range(1, 2 * WRITERS + 1))


async def test_what_was_rolled_back_takes_no_number(writing: AsyncEngine) -> None:
    async with writing.connect() as conn:
        await changes.tell(conn, "claim_event", [1])
        await conn.rollback()
    await tell(writing, 2)
    assert await changes.sequence_all(writing) == 1
    async with writing.connect() as conn:
        assert await follow(conn, 0) == [(1, "claim_event", 2)]


async def test_more_than_a_step_is_numbered_in_one_go(writing: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "STEP", 2)
    for id_ in range(5):
        await tell(writing, id_)
    assert await changes.sequence_all(writing) == 5
    async with writing.connect() as conn:
        assert [id_ for _, _, id_ in await follow(conn, 0)] == [0, 1, 2, 3, 4]


async def test_two_who_number_at_once_give_each_number_once(writing: AsyncEngine) -> None:
    for id_ in range(20):
        await tell(writing, id_)
    counted = await asyncio.gather(*(changes.sequence_all(writing) for _ in range(4)))
    async with writing.connect() as conn:
        assert (sum(counted), [seq for seq, _, _ in await follow(conn, 0)]) == (20, list(range(1, 21)))


# --- windows ----------------------------------------------------------------------------------------------------------


async def test_a_window_of_any_size_reads_a_chunk_piece_by_piece(writing: AsyncEngine) -> None:
    await tell(writing, 3, 4, 5, 9, 20, 21)
    await tell(writing, 7, noun="matter_event")
    await changes.sequence_all(writing)
    ids = [3, 4, 5, 9, 20, 21, 7]
    async with writing.connect() as conn:
        for most in range(1, 9):
            read_so: list[int] = []
            while len(read_so) < len(ids):
                read_so += [id_ for _, _, id_ in await follow(conn, len(read_so), most)]
            assert read_so == ids
            assert await follow(conn, len(ids), most) == []


async def test_a_window_of_one_table_goes_past_the_others(writing: AsyncEngine) -> None:
    await tell(writing, 1, 2)
    await tell(writing, 8, noun="matter_event")
    await tell(writing, 3)
    await changes.sequence_all(writing)
    async with writing.connect() as conn:
        found = await read.window(conn, 0, 4, 10, ["matter_event"])
    assert ([piece.ids for piece in found.pieces], found.through) == ([[8]], 4)


# --- who holds it up --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("elsewhere", [False, True], ids=["same database", "another database"])
async def test_an_idle_transaction_holds_the_feed_up_and_is_named(
    writing: AsyncEngine, database_url: str, server_url: str, *, elsewhere: bool
) -> None:
    idle = await asyncpg.connect(
        server_url if elsewhere else database_url, server_settings={"application_name": "forgotten console"}
    )
    try:
        await idle.execute("begin; select pg_current_xact_id()")
        await tell(writing, 1, 2, 3)
        assert await changes.sequence_all(writing) == 0
        async with writing.connect() as conn:
            lag = await read.lag(conn)
        pid = idle.get_server_pid()
        assert [(each.pid, each.application, each.state) for each in lag.held_by] == [
            (pid, "forgotten console", "idle in transaction")
        ]
        assert lag.waiting == 3
        assert f"3 rows wait, the oldest for 0 s, until these end: pid {pid} (forgotten console" in lag.named
        assert str(lag) == "3 rows wait, the oldest for 0 s"
        await idle.execute("rollback")
    finally:
        await idle.close()
    assert await changes.sequence_all(writing) == 1
    async with writing.connect() as conn:
        assert ((await read.lag(conn)).waiting, [id_ for *_, id_ in await follow(conn, 0)]) == (0, [1, 2, 3])


async def test_a_transaction_that_began_after_is_not_blamed(writing: AsyncEngine, database_url: str) -> None:
    await tell(writing, 1)
    late = await asyncpg.connect(database_url)
    try:
        await late.execute("begin; select pg_current_xact_id()")
        async with writing.connect() as conn:
            assert (await read.lag(conn)).held_by == ()
    finally:
        await late.close()


async def test_that_nobody_gives_numbers_is_told(writing: AsyncEngine) -> None:
    async with writing.begin() as conn:
        await conn.execute(update(feed).values(sequenced_at=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=100)))
        told = str(await read.lag(conn))
    assert told == "nobody gave numbers for 100 s, 0 rows wait: is `heatstream jobs` running?"


# --- restored, pruned -------------------------------------------------------------------------------------------------


async def test_a_restored_database_begins_a_new_epoch_and_hides_nothing(writing: AsyncEngine) -> None:
    await tell(writing, 1)
    await changes.sequence_all(writing)
    await tell(writing, 2)
    async with writing.begin() as conn:
        before = await read.stands(conn)
        # A dump holds the transaction ids of the cluster it was made in; here nothing reaches them for years.
        await conn.execute(text("update change set txid = '999999999' where first_seq is null"))
        await conn.execute(update(feed).values(database="1/1/1"))
        assert (await read.stands(conn)).here is False
    await tell(writing, 3)
    await changes.sequence_all(writing)
    async with writing.connect() as conn:
        now = await read.stands(conn)
        assert (now.here, now.head, now.epoch != before.epoch) == (True, 3, True)
        assert [id_ for _, _, id_ in await follow(conn, 0)] == [1, 2, 3]


async def test_old_changes_are_pruned_and_young_ones_and_those_without_a_number_stay(writing: AsyncEngine) -> None:
    long_ago = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for id_ in (1, 2, 3):
        await tell(writing, id_, id_ + 10)
    await changes.sequence_all(writing)
    await tell(writing, 4)
    async with writing.begin() as conn:
        await conn.execute(update(change).where(change.c.id != 3).values(at=long_ago))
        assert await changes.prune(conn, long_ago + dt.timedelta(days=1)) == 2
        assert ((await read.stands(conn)).oldest, await follow(conn, 4)) == (
            5,
            [(5, "claim_event", 3), (6, "claim_event", 13)],
        )
    await changes.sequence_all(writing)
    async with writing.connect() as conn:
        assert [id_ for _, _, id_ in await follow(conn, 4)] == [3, 13, 4]


async def test_a_dump_restored_into_the_same_database_is_noticed(writing: AsyncEngine) -> None:
    async with writing.begin() as conn:
        # As `pg_restore --clean` does: the table is another one, with the rows of the old.
        await conn.execute(text("create table restored (like feed including all)"))
        await conn.execute(text("insert into restored select * from feed"))
        await conn.execute(text("drop table feed"))
        await conn.execute(text("alter table restored rename to feed"))
        assert (await read.stands(conn)).here is False
