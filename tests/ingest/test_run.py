import asyncio
import contextlib
import datetime as dt
import itertools
import json

import numpy as np
import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.errors import BrokerLost, LockLost, SettingsError
from heatstream.ingest import failpoint, lock, receipts, term
from heatstream.ingest.alarms import AGAIN_S, Alarms
from heatstream.ingest.columns import Decoded, Received
from heatstream.ingest.decode import Decoder
from heatstream.ingest.topics import Subscriptions
from heatstream.ingest.waiting import doubling, pause, until_first
from heatstream.store import tables

# --- fail points ------------------------------------------------------------------------------------------------------


def test_a_fail_point_is_refused_where_nobody_allowed_it() -> None:
    with pytest.raises(SettingsError, match="--allow-fail-points"):
        failpoint.armed({failpoint.VARIABLE: "after_ack"}, allowed=False)


@pytest.mark.parametrize("written", ["somewhere", "after_ack:often"])
def test_a_fail_point_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(SettingsError, match="after_commit_before_ack"):
        failpoint.armed({failpoint.VARIABLE: written}, allowed=True)


def test_without_a_fail_point_every_place_is_passed() -> None:
    points = failpoint.armed({}, allowed=False)
    for each in failpoint.POINTS:
        points.reach(each)


# --- waiting ----------------------------------------------------------------------------------------------------------


async def test_the_first_that_ends_ends_the_others() -> None:
    ended: list[str] = []

    async def linger() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("lingerer")

    await until_first(linger(), asyncio.sleep(0.01))
    assert ended == ["lingerer"]


async def test_what_the_first_raised_is_raised() -> None:
    async def fail() -> None:
        raise BrokerLost("gone")

    with pytest.raises(BrokerLost):
        await until_first(asyncio.sleep(60), fail())


async def test_a_stop_ends_a_pause() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, stop.set)
    async with asyncio.timeout(5):
        await pause(stop, 60)


def test_waits_double_up_to_the_longest() -> None:
    waits = list(itertools.islice(doubling(1, 8), 6))
    assert all(most / 2 <= wait <= most for wait, most in zip(waits, [1, 2, 4, 8, 8, 8], strict=True))


# --- the lock ---------------------------------------------------------------------------------------------------------


@pytest.mark.every_edition
async def test_only_one_holds_the_lock(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "ASK_AGAIN_S", 0.01)
    waited: list[None] = []

    async def second() -> None:
        async with lock.sole(engine, lambda: waited.append(None)):
            pass

    async with lock.sole(engine, lambda: None):
        other = asyncio.create_task(second())
        await asyncio.sleep(0.2)
        assert not other.done()
    async with asyncio.timeout(5):
        await other
    assert waited


@pytest.mark.every_edition
async def test_whoever_loses_the_lock_hears_of_it(engine: AsyncEngine) -> None:
    async with lock.sole(engine, lambda: None) as held:
        watching = asyncio.create_task(held.watch())
        await asyncio.sleep(0.1)
        async with engine.begin() as conn:
            await conn.execute(
                text(
                    "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and "
                    "database = (select oid from pg_database where datname = current_database())"
                )
            )
        with pytest.raises(LockLost):
            async with asyncio.timeout(5):
                await watching


# --- alarms -----------------------------------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def incidents(engine: AsyncEngine) -> list[tuple[str, dict[str, object]]]:
    async with engine.connect() as conn:
        rows = await conn.execute(
            select(tables.incident.c.kind, tables.incident.c.detail).order_by(tables.incident.c.id)
        )
        return [(kind, detail) for kind, detail in rows]


async def recalled(engine: AsyncEngine, clock: Clock | None = None) -> Alarms:
    alarms = Alarms(clock or Clock())
    async with engine.connect() as conn:
        await alarms.recall(conn)
    return alarms


async def test_a_first_session_is_not_lost(engine: AsyncEngine) -> None:
    alarms = await recalled(engine)
    alarms.connected(session_present=False)
    await alarms.tell(engine)
    assert await incidents(engine) == []


async def test_a_later_session_that_is_not_there_is_lost(engine: AsyncEngine) -> None:
    alarms = await recalled(engine)
    alarms.connected(session_present=False)
    alarms.connected(session_present=False)
    await alarms.tell(engine)
    assert [kind for kind, _ in await incidents(engine)] == ["session_lost"]


async def test_a_session_that_an_earlier_process_had_is_lost(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await conn.execute(insert(tables.batch).values(writer="ingest"))
    alarms = await recalled(engine)
    alarms.connected(session_present=False)
    await alarms.tell(engine)
    assert [kind for kind, _ in await incidents(engine)] == ["session_lost"]


async def test_messages_of_qos_0_add_up_until_their_minute_is_over(engine: AsyncEngine) -> None:
    clock = Clock()
    alarms = await recalled(engine, clock)
    for messages in (1, 2, 3):
        alarms.qos0(messages)
        await alarms.tell(engine)
    clock.now = AGAIN_S
    await alarms.tell(engine)
    assert await incidents(engine) == [("qos0", {"messages": 1}), ("qos0", {"messages": 5})]


async def test_what_the_broker_dropped_is_told_once(engine: AsyncEngine) -> None:
    alarms = await recalled(engine)
    for dropped in (0, 7, 7):
        alarms.broker_dropped(dropped)
    await alarms.tell(engine)
    assert await incidents(engine) == [("broker_dropped", {"dropped": 7, "messages": 7})]
    again = await recalled(engine)
    again.broker_dropped(7)
    await again.tell(engine)
    assert len(await incidents(engine)) == 1


async def test_a_broker_that_started_anew_counts_from_0(engine: AsyncEngine) -> None:
    clock = Clock()
    alarms = await recalled(engine, clock)
    for dropped in (7, 2, 3):
        alarms.broker_dropped(dropped)
    await alarms.tell(engine)
    assert await incidents(engine) == [("broker_dropped", {"dropped": 3, "messages": 10})]


async def test_alarms_wait_for_the_database(engine: AsyncEngine) -> None:
    alarms = await recalled(engine)
    alarms.qos0(1)
    async with engine.begin() as conn:
        await conn.execute(text("alter table incident rename to gone"))
    with contextlib.suppress(Exception):
        await alarms.tell(engine)
    async with engine.begin() as conn:
        await conn.execute(text("alter table gone rename to incident"))
    await alarms.tell(engine)
    assert len(await incidents(engine)) == 1
    async with engine.connect() as conn:
        assert await conn.scalar(select(func.count()).select_from(tables.incident)) == 1


# --- receipts ---------------------------------------------------------------------------------------------------------


def test_a_receipt_is_as_the_contract_says() -> None:
    at = dt.datetime(2026, 1, 5, 0, 0, 3, tzinfo=dt.UTC)
    assert json.loads(receipts.payload("gw-0001", 17, at)) == {
        "gateway": "gw-0001",
        "sequence": 17,
        "at": "2026-01-05T00:00:03.000+00:00",
    }


def test_a_later_sequence_takes_the_place_of_an_earlier_one() -> None:
    due = receipts.Receipts("city")
    due.owe({"gw-0001": 1})
    due.owe({"gw-0001": 2, "gw-0002": 5})
    assert len(due) == 2


def test_a_name_that_no_topic_can_hold_gets_no_receipt() -> None:
    assert receipts.Receipts("city")._topic("a/b") is None


# --- a decoder that fails ---------------------------------------------------------------------------------------------


def test_a_message_on_which_a_decoder_fails_does_not_sink_its_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """No such message is known; should there be one, the others go on and it is kept whole."""
    decoder = Decoder(Subscriptions("city"))
    decode = decoder.decode

    def fail(received: Received) -> Decoded:
        if b"poison" in received.payload:
            raise TypeError("a fault of this release")
        return decode(received)

    monkeypatch.setattr(decoder, "decode", fail)
    good = b'{"point": "P-1", "at": "2026-01-05T08:00:00+08:00", "temp_c": 18.42}'
    received = Received(["heat/v1/city/gw/indoor"] * 3, [good, b"poison", good], np.array([1, 2, 3]))
    decoded = term.decoded_whatever_comes(decoder, received)
    assert list(decoded.undecodable) == [1]
    assert decoded.indoor.message.tolist() == [0, 2]
    assert received.payload[1] == b"poison"
