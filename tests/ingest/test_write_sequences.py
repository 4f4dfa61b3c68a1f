"""A receipt says how far a gateway's messages are stored, or kept as rejects, without a gap."""

import asyncio
import datetime as dt

import pytest
from sqlalchemy import insert, select, text, update

from heatstream.ingest import sequences, write
from heatstream.ingest.sequences import advanced, begun, missing
from heatstream.store import progress, tables
from heatstream.store.progress import Progress
from tests.ingest.desk import Desk, Message, message, reading

pytestmark = pytest.mark.every_edition


def test_a_gateway_of_which_nothing_came_stands_before_its_first() -> None:
    assert begun(7) == Progress(6, 6)


def test_sequences_in_order_move_the_contiguous_one() -> None:
    assert advanced(begun(1), [1, 2, 3]) == Progress(3, 3)


def test_a_repeated_sequence_moves_nothing() -> None:
    assert advanced(Progress(3, 3), [2, 3, 3]) == Progress(3, 3)


def test_a_gap_holds_the_contiguous_one_back() -> None:
    assert advanced(Progress(3, 3), [5, 6, 9]) == Progress(3, 9, ((5, 7), (9, 10)))


def test_filling_a_gap_moves_past_what_came_before() -> None:
    assert advanced(Progress(3, 9, ((5, 7), (9, 10))), [4]) == Progress(6, 9, ((9, 10),))


def test_missing_are_those_below_the_highest_that_never_came() -> None:
    assert missing(Progress(3, 9, ((5, 7), (9, 10)))) == 3


def sent(sequence: int, gateway: str = "gw-1", temp_c: float = 20) -> Message:
    return message(reading("P-1", sequence, temp_c), gateway=gateway, sequence=sequence)


async def stands(desk: Desk) -> dict[str, Progress]:
    async with desk.engine.connect() as conn:
        return await progress.load(conn)


async def test_a_receipt_says_the_highest_without_a_gap(desk: Desk) -> None:
    assert (await desk.send(sent(1), sent(2), sent(4))).receipts == {"gw-1": 2}
    assert (await desk.send(sent(3))).receipts == {"gw-1": 4}


async def test_what_came_beyond_a_gap_is_stored_with_the_batch(desk: Desk) -> None:
    await desk.send(sent(1), sent(3), sent(4), sent(7))
    assert await stands(desk) == {"gw-1": Progress(1, 7, ((3, 5), (7, 8)))}


async def test_a_writer_that_starts_anew_goes_on_from_there(desk: Desk) -> None:
    await desk.send(sent(1), sent(3))
    await desk.restart()
    assert (await desk.send(sent(2))).receipts == {"gw-1": 3}


async def test_all_receipts_are_known_after_a_restart(desk: Desk) -> None:
    await desk.send(sent(1), sent(1, "gw-2"), sent(2, "gw-2"))
    await desk.restart()
    assert desk.writer.receipts() == {"gw-1": 1, "gw-2": 2}


async def test_a_gateway_that_only_repeats_gets_its_receipt_again(desk: Desk) -> None:
    await desk.send(sent(1))
    assert (await desk.send(sent(1))).receipts == {"gw-1": 1}


async def test_a_gateway_counts_from_its_first_sequence(desk: Desk) -> None:
    async with desk.engine.begin() as conn:
        await conn.execute(update(tables.gateway).values(first_sequence=100).where(tables.gateway.c.code == "gw-1"))
    await desk.restart()
    assert (await desk.send(sent(100), sent(101))).receipts == {"gw-1": 101}


async def test_a_message_whose_readings_are_refused_moves_the_receipt(desk: Desk) -> None:
    assert (await desk.send(sent(1, temp_c=99), sent(2))).receipts == {"gw-1": 2}


async def test_an_undecodable_message_moves_the_receipt_by_the_sequence_it_spells(desk: Desk) -> None:
    broken = (sent(2)[0], sent(2)[1][:-1])
    assert (await desk.send(sent(1), broken, sent(3))).receipts == {"gw-1": 3}


async def test_strangers_get_no_receipt(desk: Desk) -> None:
    assert (await desk.send(sent(1, "gw-9"))).receipts == {}
    assert await stands(desk) == {}


async def test_indoor_and_meter_messages_share_a_sequence(desk: Desk) -> None:
    meter = b'{"gateway": "gw-1", "sequence": 2, "readings": [{"meter": "M-1", "at": "2026-01-05T08:00:00+08:00"}]}'
    assert (await desk.send(sent(1), ("heat/v1/shili/gw-1/meters", meter), sent(3))).receipts == {"gw-1": 3}


async def test_a_failed_batch_moves_no_receipt(desk: Desk) -> None:
    async with desk.engine.begin() as conn:
        await conn.execute(text("alter table ledger_page rename to away"))
    checked = await desk.check(sent(1))
    try:
        await desk.writer.write(checked)
    except Exception:  # noqa: BLE001
        assert desk.writer.receipts() == {}


async def incidents(desk: Desk) -> list[tuple[str, str]]:
    return list(await desk.rows(select(tables.incident.c.kind, tables.incident.c.gateway)))


async def test_a_gateway_that_counts_anew_raises_an_incident(desk: Desk) -> None:
    await desk.send(sent(1), sent(2), sent(3))
    await desk.send(message(reading("P-1", 100, 20), sequence=1))
    assert await incidents(desk) == [("sequence_went_back", "gw-1")]


async def test_a_gateway_that_counts_anew_raises_one_incident_an_hour(desk: Desk) -> None:
    await desk.send(sent(1), sent(2), sent(3))
    await desk.send(message(reading("P-1", 100, 20), sequence=1))
    await desk.send(message(reading("P-1", 101, 20), sequence=2))
    assert len(await incidents(desk)) == 1
    desk.now += dt.timedelta(hours=1)
    await desk.send(message(reading("P-1", 102, 20), sequence=3))
    assert len(await incidents(desk)) == 2


async def test_a_repeated_message_raises_none(desk: Desk) -> None:
    await desk.send(sent(1), sent(2), sent(3))
    await desk.send(sent(1), sent(2))
    assert await incidents(desk) == []


async def test_a_gateway_without_sequences_is_seen_all_the_same(desk: Desk) -> None:
    written = await desk.say(reading("P-1", 0, 20))
    assert written.receipts == {}
    table = tables.gateway_progress.c
    assert await desk.rows(select(table.gateway, table.highest, table.last_received_at)) == [("gw-1", 0, desk.now)]


async def test_a_gateway_s_newest_status_is_kept(desk: Desk) -> None:
    topic = "heat/v1/shili/gw-1/status"
    await desk.send(
        (topic, b'{"state": "online", "at": "2026-01-05T08:00:00+08:00"}'), (topic, b'{"state": "offline"}')
    )
    table = tables.gateway_progress.c
    assert await desk.rows(select(table.status, table.status_at)) == [({"state": "offline"}, desk.now)]


async def test_a_status_leaves_the_sequence_alone(desk: Desk) -> None:
    await desk.send(sent(1), sent(3))
    await desk.send(("heat/v1/shili/gw-1/status", b'{"state": "offline"}'))
    assert await stands(desk) == {"gw-1": Progress(1, 3, ((3, 4),))}


async def test_a_gateway_registered_while_ingest_runs_gets_receipts(desk: Desk) -> None:
    async with desk.engine.begin() as conn:
        await conn.execute(insert(tables.gateway).values(code="gw-9", valid_from=dt.date(2025, 1, 1)))
    assert (await desk.send(sent(1, "gw-9"))).receipts == {"gw-9": 1}


# --- many gateways: the ledger is ahead of gateway_progress -----------------------------------------------------------


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let three gateways be as costly as thousands are."""
    monkeypatch.setattr(sequences, "FEW", 0)


async def table(desk: Desk) -> list[tuple[object, ...]]:
    progress = tables.gateway_progress.c
    return list(await desk.rows(select(progress.gateway, progress.contiguous).order_by(progress.gateway)))


@pytest.mark.usefixtures("many")
async def test_what_moved_is_known_after_a_restart_before_the_table_knows(desk: Desk) -> None:
    await desk.send(sent(1))
    await desk.send(sent(2), sent(4), sent(1, "gw-2"))
    assert await table(desk) == []
    await desk.restart()
    assert desk.writer.receipts() == {"gw-1": 2, "gw-2": 1}
    assert await stands(desk) == {"gw-1": Progress(2, 4, ((4, 5),)), "gw-2": Progress(1, 1)}


@pytest.mark.usefixtures("many")
async def test_the_table_follows_after_a_few_seconds(desk: Desk) -> None:
    await desk.send(sent(1))
    await desk.send(sent(2), sent(1, "gw-2"))
    desk.now += dt.timedelta(seconds=5)
    await desk.send(sent(1, "gw-3"))
    assert await table(desk) == [("gw-1", 2), ("gw-2", 1), ("gw-3", 1)]


@pytest.mark.usefixtures("many")
async def test_the_table_follows_when_nothing_comes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "CATCH_UP_S", 0.05)
    await desk.send(sent(1))
    await desk.send(sent(2))
    following = asyncio.create_task(desk.writer.follow())
    await asyncio.sleep(0.5)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert await table(desk) == [("gw-1", 2)]


@pytest.mark.usefixtures("many")
async def test_what_the_last_writer_left_behind_is_made_good_by_the_next(desk: Desk) -> None:
    await desk.send(sent(1))
    await desk.send(sent(2))
    await desk.restart()
    desk.now += dt.timedelta(seconds=5)
    await desk.send(sent(1, "gw-2"))
    assert await table(desk) == [("gw-1", 2), ("gw-2", 1)]
