"""What is refused is kept whole, with a reason, within a quota; it is fed again once its cause is mended."""

import datetime as dt

import pytest
from sqlalchemy import insert, select, text

from heatstream import settings
from heatstream.core.quality import Quality
from heatstream.errors import BadInput
from heatstream.ingest import replay
from heatstream.ingest.ledger import Totals
from heatstream.ingest.registry import micros
from heatstream.store import tables
from heatstream.store.tables import reject
from tests.ingest.desk import Desk, add_point, at, message, reading

JUNK = ("heat/v1/shili/gw-1/indoor", b"{junk")


async def rejects(desk: Desk, *columns: str) -> list[tuple[object, ...]]:
    return list(await desk.rows(select(*(reject.c[name] for name in columns)).order_by(reject.c.id)))


async def feed(desk: Desk, reason: str | None = None) -> dict[str, int]:
    return await replay.feed(desk.engine, settings.Settings(), reason=reason, now_us=lambda: micros(desk.now))


async def test_one_bad_reading_does_not_sink_its_message(desk: Desk) -> None:
    written = await desk.say(reading("P-1", 0, 20), reading("P-1", 10, 99), reading("P-1", 20, 21))
    assert (written.totals.stored, written.totals.rejected) == (2, 1)
    assert await desk.refused() == [("out_of_range", 1)]


async def test_one_bad_message_does_not_sink_its_batch(desk: Desk) -> None:
    written = await desk.send(message(reading("P-1", 0, 20)), JUNK, message(reading("P-2", 0, 20)))
    assert (written.totals.stored, written.totals.undecodable, written.totals.rejected) == (2, 1, 0)


async def test_a_refused_message_is_kept_byte_for_byte(desk: Desk) -> None:
    await desk.send(JUNK)
    assert await rejects(desk, "topic", "payload", "reason", "readings", "seen") == [(*JUNK, "undecodable", 0, 1)]


@pytest.mark.every_edition
async def test_a_partly_refused_message_is_kept_byte_for_byte(desk: Desk) -> None:
    sent = message(reading("P-1", 0, 20), reading("P-1", 10, 99))
    await desk.send(sent)
    assert await rejects(desk, "topic", "payload", "reason", "readings") == [(*sent, None, 1)]


@pytest.mark.every_edition
async def test_a_refused_message_that_comes_again_is_one_row(desk: Desk) -> None:
    await desk.send(JUNK, JUNK)
    await desk.send(JUNK)
    assert await rejects(desk, "payload", "seen") == [(JUNK[1], 3)]


async def test_a_refused_reading_tells_what_was_seen_and_expected(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 99.5))
    table = tables.reject_reading.c
    assert await desk.rows(select(table.point, table.at, table.value, table.detail)) == [
        ("P-1", "2026-01-05T00:00:00+00:00", "99.50", "temp_c 99.50: expected -20.00 to 60.00")
    ]


async def test_a_stranger_s_message_is_refused_as_a_whole(desk: Desk) -> None:
    written = await desk.say(reading("P-1", 0, 20), reading("P-2", 0, 20), gateway="gw-9")
    assert (written.totals.rejected, written.totals.stored) == (2, 0)
    assert await rejects(desk, "gateway", "reason", "readings") == [("gw-9", "unknown_gateway", 2)]


async def test_every_reading_of_a_stranger_is_counted_as_refused(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 20), reading("P-2", 0, 20), gateway="gw-9")
    assert await desk.refused() == [("unknown_gateway", 0), ("unknown_gateway", 1)]


async def test_a_name_that_no_text_column_can_hold_is_refused(desk: Desk) -> None:
    written = await desk.say(reading("P-\0", 0, 20), reading("P-\ud800", 0, 20))
    assert written.totals.rejected == 2
    assert await desk.refused() == [("unknown_point", 0), ("unknown_point", 1)]


# --- the quota --------------------------------------------------------------------------------------------------------


def junk(number: int, gateway: str = "gw-1") -> tuple[str, bytes]:
    return f"heat/v1/shili/{gateway}/indoor", b"junk %d" % number


@pytest.mark.every_edition
async def test_beyond_the_quota_messages_are_counted_only(desk: Desk) -> None:
    await desk.restart(reject_quota=3)
    written = await desk.send(*map(junk, range(5)))
    assert (written.totals.undecodable, written.totals.over_quota) == (5, 2)
    assert len(await rejects(desk, "id")) == 3


async def test_the_quota_holds_over_batches_and_restarts(desk: Desk) -> None:
    await desk.restart(reject_quota=3)
    await desk.send(junk(1), junk(2))
    await desk.restart(reject_quota=3)
    written = await desk.send(junk(3), junk(4))
    assert written.totals.over_quota == 1


async def test_the_next_hour_has_its_own_quota(desk: Desk) -> None:
    await desk.restart(reject_quota=1)
    await desk.send(junk(1))
    desk.now += dt.timedelta(hours=1)
    assert (await desk.send(junk(2))).totals.over_quota == 0


async def test_a_gateway_s_quota_is_its_own(desk: Desk) -> None:
    await desk.restart(reject_quota=1)
    await desk.send(junk(1))
    assert (await desk.send(junk(2, "gw-2"))).totals.over_quota == 0


async def test_strangers_share_one_quota(desk: Desk) -> None:
    await desk.restart(reject_quota=1)
    written = await desk.send(junk(1, "gw-8"), junk(2, "gw-9"))
    assert written.totals.over_quota == 1


async def test_what_is_kept_already_is_seen_again_beyond_the_quota(desk: Desk) -> None:
    await desk.restart(reject_quota=1)
    await desk.send(junk(1))
    assert (await desk.send(junk(1))).totals.over_quota == 0
    assert await rejects(desk, "seen") == [(2,)]


async def test_no_receipt_passes_a_message_over_quota(desk: Desk) -> None:
    """The gateway keeps it and sends it again: nothing is lost."""
    await desk.restart(reject_quota=0)
    written = await desk.send(
        message(reading("P-1", 0, 20), sequence=1),
        message(reading("P-1", 10, 99), sequence=2),
        message(reading("P-1", 20, 20), sequence=3),
    )
    assert written.receipts == {"gw-1": 1}


# --- fed again --------------------------------------------------------------------------------------------------------


@pytest.mark.every_edition
async def test_a_reading_of_a_point_registered_since_is_stored_and_resolved(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 20), reading("P-new", 0, 20))
    async with desk.engine.begin() as conn:
        await add_point(conn, "P-new")
    counts = await feed(desk)
    assert counts == {"messages": 1, "stored": 1, "repeated": 0, "conflicting": 0, "rejected": 0, "resolved": 1}
    assert await desk.stored() == [("P-1", 0, 2000), ("P-new", 0, 2000)]
    assert await desk.refused() == []


async def test_what_is_still_unusable_stays_refused(desk: Desk) -> None:
    await desk.say(reading("P-new", 0, 20), reading("P-1", 0, 99))
    async with desk.engine.begin() as conn:
        await add_point(conn, "P-new")
    counts = await feed(desk)
    assert (counts["stored"], counts["rejected"], counts["resolved"]) == (1, 1, 0)
    assert await desk.refused() == [("out_of_range", 1)]
    assert await rejects(desk, "resolved_at") == [(None,)]


async def test_a_stranger_registered_since_is_believed(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 20), reading("P-1", 10, 99), gateway="gw-9")
    async with desk.engine.begin() as conn:
        await conn.execute(insert(tables.gateway).values(code="gw-9", valid_from=dt.date(2025, 1, 1)))
    counts = await feed(desk)
    assert (counts["stored"], counts["rejected"]) == (1, 1)
    assert await rejects(desk, "reason") == [(None,)]
    assert await desk.refused() == [("out_of_range", 1)]


async def test_what_was_ahead_is_stored_once_its_time_has_come(desk: Desk) -> None:
    await desk.say(reading("P-1", 5 * 60, 20))
    assert await desk.refused() == [("too_far_ahead", 0)]
    desk.now += dt.timedelta(hours=2)
    assert (await feed(desk))["stored"] == 1


async def test_the_time_at_which_it_first_came_stays(desk: Desk) -> None:
    came = desk.now
    await desk.say(reading("P-new", 0, 20))
    async with desk.engine.begin() as conn:
        await add_point(conn, "P-new")
    desk.now += dt.timedelta(hours=2)
    await feed(desk)
    table = tables.reading.c
    assert await desk.rows(select(table.received_at, table.flags)) == [(came, Quality.REPLAYED)]


async def test_only_rejects_of_the_reason_are_fed(desk: Desk) -> None:
    await desk.send(JUNK, message(reading("P-1", 0, 99)))
    assert (await feed(desk, "out_of_range"))["messages"] == 1


async def test_a_reason_that_does_not_exist_is_an_error(desk: Desk) -> None:
    with pytest.raises(BadInput, match="expected one of undecodable"):
        await feed(desk, "bad_mood")


@pytest.mark.every_edition
async def test_resolved_rejects_are_not_fed_again(desk: Desk) -> None:
    await desk.say(reading("P-new", 0, 20))
    async with desk.engine.begin() as conn:
        await add_point(conn, "P-new")
    await feed(desk)
    assert (await feed(desk))["messages"] == 0


async def test_feeding_again_counts_no_message_of_the_gateway_twice(desk: Desk) -> None:
    await desk.say(reading("P-new", 0, 20), sequence=1)
    await feed(desk)
    progress = tables.gateway_progress.c
    assert await desk.rows(select(progress.gateway, progress.contiguous)) == [("gw-1", 1)]


@pytest.mark.every_edition
async def test_what_the_database_refused_is_stored_once_it_takes_it(desk: Desk) -> None:
    async with desk.engine.begin() as conn:
        await conn.execute(text("alter table reading add constraint picky check (temp_centi <> 2000)"))
    await desk.say(reading("P-1", 0, 20), reading("P-1", 10, 21))
    async with desk.engine.begin() as conn:
        await conn.execute(text("alter table reading drop constraint picky"))
    assert (await feed(desk, "store_refused"))["resolved"] == 1
    assert await desk.stored() == [("P-1", 0, 2000), ("P-1", 10, 2100)]


async def test_the_replay_s_batch_has_its_own_ledger(desk: Desk) -> None:
    await desk.say(reading("P-new", 0, 20), reading("P-1", 0, 20))
    async with desk.engine.begin() as conn:
        await add_point(conn, "P-new")
    await feed(desk)
    query = (
        select(tables.batch.c.writer, *(tables.ledger.c[name] for name in ("readings", "stored", "rejected")))
        .join_from(tables.ledger, tables.batch, tables.batch.c.id == tables.ledger.c.batch_id)
        .order_by(tables.batch.c.id)
    )
    assert await desk.rows(query) == [("ingest", 2, 1, 1), ("replay", 1, 1, 0)]


@pytest.mark.every_edition
async def test_the_running_writer_finds_what_was_fed_again(desk: Desk) -> None:
    await desk.say(reading("P-new", 0, 20), reading("P-new", 10, 20))
    async with desk.engine.begin() as conn:
        await add_point(conn, "P-new")
    await feed(desk)
    desk.now += dt.timedelta(minutes=1)  # an unknown name is asked for again after a while
    written = await desk.say(reading("P-new", 0, 20), reading("P-new", 10, 20))
    assert written.totals == Totals(messages=1, readings=2, repeated=2)


@pytest.mark.every_edition
async def test_refused_meter_readings_are_fed_again(desk: Desk) -> None:
    payload = f'{{"meter": "M-9", "at": "{at(0)}", "supply_c": 60, "fault": "E1"}}'
    await desk.send(("heat/v1/shili/gw-1/meters", payload.encode()))
    assert await desk.refused() == [("unknown_meter", 0)]
    async with desk.engine.begin() as conn:
        row = {
            "device": "M-9",
            "heat_station_id": 1,
            "interval_min": 60,
            "valid_from": dt.datetime(2025, 1, 1, tzinfo=dt.UTC),
        }
        await conn.execute(insert(tables.meter).values(row))
    assert (await feed(desk))["resolved"] == 1
    assert await desk.rows(select(tables.meter_reading.c.supply_centi, tables.meter_reading.c.fault)) == [(6000, "E1")]
