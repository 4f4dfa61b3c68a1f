"""Every reading that was sent ends in exactly one of stored, repeated, conflicting, rejected; the ledger adds up."""

import datetime as dt

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from heatstream import settings
from heatstream.core.finding import Change
from heatstream.core.quality import Quality
from heatstream.errors import StoreError
from heatstream.ingest.ledger import Totals
from heatstream.ingest.write import Writer
from heatstream.store import tables
from heatstream.store.tables import ledger, reading_conflict
from tests.ingest.desk import MORNING, Desk, add_point, message, reading

pytestmark = pytest.mark.every_edition


def totals(**counts: int) -> Totals:
    readings = sum(counts.get(name, 0) for name in ("stored", "repeated", "conflicting", "rejected"))
    return Totals(**{"messages": 1, "readings": readings, **counts})


async def test_a_reading_is_stored_with_its_value_rounded_down(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 17.998))
    assert await desk.stored() == [("P-1", 0, 1799)]


async def test_all_times_of_a_reading_are_kept(desk: Desk) -> None:
    topic, payload = message(reading("P-1", 0, 20))
    sent_at = (MORNING + dt.timedelta(seconds=30)).isoformat()
    await desk.send((topic, payload.replace(b"{", f'{{"sent_at": "{sent_at}", '.encode(), 1)))
    [(observed, received, gateway)] = await desk.rows(
        select(tables.reading.c.observed_at, tables.reading.c.received_at, tables.reading.c.gateway_at)
    )
    assert (observed, received, gateway) == (MORNING, desk.now, MORNING + dt.timedelta(seconds=30))


async def test_a_gateway_time_that_was_not_sent_is_null(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 20))
    assert await desk.rows(select(tables.reading.c.gateway_at)) == [(None,)]


# --- repeats and conflicts --------------------------------------------------------------------------------------------


async def test_a_repeat_within_a_batch_is_stored_once(desk: Desk) -> None:
    written = await desk.send(message(reading("P-1", 0, 20)), message(reading("P-1", 0, 20)))
    assert written.totals == totals(messages=2, stored=1, repeated=1)
    assert await desk.stored() == [("P-1", 0, 2000)]


async def test_a_repeat_of_an_earlier_batch_is_stored_once(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 20), reading("P-1", 10, 21))
    written = await desk.say(reading("P-1", 0, 20), reading("P-1", 10, 21))
    assert written.totals == totals(repeated=2)
    assert len(await desk.stored()) == 2


async def test_a_second_value_within_a_batch_is_a_conflict(desk: Desk) -> None:
    written = await desk.send(message(reading("P-1", 0, 20)), message(reading("P-1", 0, 21)))
    assert written.totals == totals(messages=2, stored=1, conflicting=1)
    assert (await desk.stored(), await desk.conflicts()) == ([("P-1", 0, 2000)], [("P-1", 0, 2100)])


async def test_a_second_value_for_a_stored_instant_is_a_conflict(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 20))
    written = await desk.say(reading("P-1", 0, 21))
    assert written.totals == totals(conflicting=1)
    assert (await desk.stored(), await desk.conflicts()) == ([("P-1", 0, 2000)], [("P-1", 0, 2100)])


async def test_a_conflicting_value_that_comes_again_is_a_repeat(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 20))
    await desk.say(reading("P-1", 0, 21))
    written = await desk.say(reading("P-1", 0, 21))
    assert written.totals == totals(repeated=1)
    assert await desk.count(reading_conflict) == 1


async def test_three_values_of_one_instant_are_one_row_and_two_conflicts(desk: Desk) -> None:
    written = await desk.send(*(message(reading("P-1", 0, temp)) for temp in (20, 21, 22, 21, 20)))
    assert written.totals == totals(messages=5, stored=1, conflicting=2, repeated=2)
    assert await desk.conflicts() == [("P-1", 0, 2100), ("P-1", 0, 2200)]


async def test_a_late_reading_goes_between_those_that_stand(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 20), reading("P-1", 20, 22))
    await desk.say(reading("P-1", 10, 21))
    assert await desk.stored() == [("P-1", 0, 2000), ("P-1", 10, 2100), ("P-1", 20, 2200)]


async def test_new_and_old_rows_of_one_batch_each_find_their_fate(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 20), reading("P-1", 20, 22))
    written = await desk.say(*(reading("P-1", minute, 20) for minute in (0, 10, 20, 30)), reading("P-2", 0, 20))
    assert written.totals == totals(repeated=1, conflicting=1, stored=3)


async def test_a_writer_that_starts_anew_knows_what_is_stored(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 20))
    await desk.restart()
    assert (await desk.say(reading("P-1", 0, 20), reading("P-1", 10, 20))).totals == totals(repeated=1, stored=1)


async def test_rows_of_another_writer_are_found_by_the_key(desk: Desk) -> None:
    """Memory says that nothing stands above; the table knows better."""
    other = await Desk.open(desk.engine)
    await other.say(reading("P-1", 0, 20), reading("P-1", 10, 21))
    written = await desk.say(reading("P-1", 0, 20), reading("P-1", 10, 22), reading("P-1", 20, 23))
    assert written.totals == totals(repeated=1, conflicting=1, stored=1)


async def test_a_batch_that_failed_is_written_again_as_if_it_had_not_been(desk: Desk) -> None:
    checked = await desk.check(message(reading("P-1", 0, 20)))
    async with desk.engine.begin() as conn:
        await conn.execute(text("alter table ledger_page rename to away"))
    with pytest.raises(Exception, match="ledger"):
        await desk.writer.write(checked)
    async with desk.engine.begin() as conn:
        await conn.execute(text("alter table away rename to ledger_page"))
    assert (await desk.writer.write(checked)).totals == totals(stored=1)


async def test_a_batch_whose_commit_nobody_heard_of_is_repeated(desk: Desk) -> None:
    checked = await desk.check(message(reading("P-1", 0, 20)))
    other = await Desk.open(desk.engine)
    await other.writer.write(checked)
    assert (await desk.writer.write(checked)).totals == totals(repeated=1)


async def test_an_empty_batch_is_nothing(desk: Desk) -> None:
    assert (await desk.send()).totals == Totals()


async def test_a_message_without_readings_is_counted(desk: Desk) -> None:
    assert (await desk.say()).totals == totals()


async def test_batch_ids_rise_in_the_order_of_commits(desk: Desk) -> None:
    first, second = await desk.say(reading("P-1", 0, 20)), await desk.say(reading("P-1", 10, 20))
    assert first.batch_id < second.batch_id
    assert await desk.rows(select(tables.reading.c.batch_id).order_by(tables.reading.c.observed_at)) == [
        (first.batch_id,),
        (second.batch_id,),
    ]


async def test_a_reading_of_long_ago_finds_its_partition(desk: Desk) -> None:
    await desk.say(reading("P-1", -60 * 24 * 300, 20))
    assert await desk.stored() == [("P-1", -60 * 24 * 300, 2000)]


# --- the ledger -------------------------------------------------------------------------------------------------------


async def test_the_ledger_counts_by_gateway_and_kind(desk: Desk) -> None:
    await desk.send(
        message(reading("P-1", 0, 20), reading("P-2", 0, 99)),
        message(reading("P-3", 0, 20), gateway="gw-2"),
        ("heat/v1/shili/gw-2/indoor", b"junk"),
        ("heat/v1/shili/gw-2/meters", b'{"meter": "M-1", "at": "2026-01-05T08:00:00+08:00", "supply_c": 60}'),
    )
    columns = ("gateway", "kind", "messages", "undecodable", "readings", "stored", "rejected")
    assert await desk.rows(select(*(ledger.c[name] for name in columns)).order_by(ledger.c.gateway, ledger.c.kind)) == [
        ("gw-1", "indoor", 1, 0, 2, 1, 1),
        ("gw-2", "indoor", 2, 1, 1, 1, 0),
        ("gw-2", "meters", 1, 0, 1, 1, 0),
    ]


async def test_stored_readings_older_than_the_limit_are_late(desk: Desk) -> None:
    written = await desk.say(reading("P-1", -60 * 24 * 3, 20), reading("P-1", 0, 20))
    assert written.totals == totals(stored=2, late=1)
    flags = await desk.rows(select(tables.reading.c.flags).order_by(tables.reading.c.observed_at))
    assert flags == [(Quality.LATE,), (0,)]


async def test_a_reading_through_another_gateway_is_flagged(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 20), gateway="gw-2")
    assert await desk.rows(select(tables.reading.c.flags)) == [(Quality.OTHER_GATEWAY,)]


# --- rows that the database refuses -----------------------------------------------------------------------------------


async def refuse_in_database(desk: Desk, condition: str) -> None:
    async with desk.engine.begin() as conn:
        await conn.execute(text(f"alter table reading add constraint picky check ({condition})"))


async def test_a_row_that_the_database_refuses_is_rejected_and_the_rest_is_stored(desk: Desk) -> None:
    await refuse_in_database(desk, "temp_centi <> 2013")
    written = await desk.say(*(reading("P-1", minute, 20 + minute / 100) for minute in range(30)))
    assert written.totals == totals(stored=29, rejected=1)
    assert await desk.refused() == [("store_refused", 13)]


async def test_repeats_of_a_row_that_the_database_refuses_are_rejected_too(desk: Desk) -> None:
    await refuse_in_database(desk, "temp_centi <> 2013")
    written = await desk.send(
        message(reading("P-1", 0, 20.13), reading("P-1", 0, 21)),
        message(reading("P-1", 0, 20.13), reading("P-1", 10, 21)),
    )
    assert written.totals == totals(messages=2, stored=2, rejected=2)


async def test_what_the_database_said_is_kept(desk: Desk) -> None:
    await refuse_in_database(desk, "temp_centi <> 2013")
    await desk.say(reading("P-1", 0, 20.13))
    [(detail,)] = await desk.rows(select(tables.reject_reading.c.detail))
    assert "23514" in detail
    assert "picky" in detail


async def test_an_error_that_names_no_row_is_raised(desk: Desk) -> None:
    async with desk.engine.begin() as conn:
        await conn.execute(text("alter table ledger_page add constraint picky check (messages[1] < 0)"))
    with pytest.raises(Exception, match="picky"):
        await desk.say(reading("P-1", 0, 20))
    assert await desk.stored() == []


async def test_a_deadlock_is_raised_for_the_caller_to_try_again(desk: Desk) -> None:
    async with desk.engine.begin() as conn:
        await conn.execute(
            text(
                "create function stuck() returns trigger language plpgsql as "
                "$$ begin raise exception 'stuck' using errcode = '40P01'; end $$"
            )
        )
        await conn.execute(text("create trigger stuck before insert on batch execute function stuck()"))
    with pytest.raises(DBAPIError, match="stuck"):
        await desk.say(reading("P-1", 0, 20))


# --- one city a database ----------------------------------------------------------------------------------------------


async def test_a_city_that_the_settings_do_not_expect_is_refused(desk: Desk) -> None:
    with pytest.raises(StoreError, match="one city a database"):
        await Writer.load(desk.engine, settings.Settings(city="elsewhere"))


async def test_a_point_registered_while_ingest_runs_is_found(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 20))
    async with desk.engine.begin() as conn:
        await add_point(conn, "P-new")
    assert (await desk.say(reading("P-new", 0, 20))).totals == totals(stored=1)


async def test_marks_of_closed_days_name_the_household_and_its_night(desk: Desk) -> None:
    async with desk.engine.begin() as conn:
        await conn.execute(insert(tables.closing).values(closed_through=dt.date(2026, 1, 4)))
    # 2026-01-04 05:00 belongs to that date and to the night of the 3rd; 2026-01-05 05:00 to the night of the 4th.
    written = await desk.say(reading("P-1", -27 * 60, 20), reading("P-2", -3 * 60, 20), reading("P-2", 0, 20))
    dirty = tables.day_dirty.c
    query = select(dirty.household_id, dirty.day, dirty.batch_id, dirty.reason)
    assert await desk.rows(query.order_by(dirty.day, dirty.household_id)) == [
        (1, dt.date(2026, 1, 3), written.batch_id, Change.LATE_READINGS),
        (1, dt.date(2026, 1, 4), written.batch_id, Change.LATE_READINGS),
        (2, dt.date(2026, 1, 4), written.batch_id, Change.LATE_READINGS),
    ]


async def test_a_repeat_marks_nothing(desk: Desk) -> None:
    await desk.say(reading("P-1", -27 * 60, 20))
    async with desk.engine.begin() as conn:
        await conn.execute(insert(tables.closing).values(closed_through=dt.date(2026, 1, 4)))
    await desk.say(reading("P-1", -27 * 60, 20))
    assert await desk.count(tables.day_dirty) == 0


async def test_a_conflict_on_a_closed_day_marks_it(desk: Desk) -> None:
    await desk.say(reading("P-1", -20 * 60, 20))
    async with desk.engine.begin() as conn:
        await conn.execute(insert(tables.closing).values(closed_through=dt.date(2026, 1, 4)))
    await desk.say(reading("P-1", -20 * 60, 21))
    assert await desk.count(tables.day_dirty) == 1
