"""What the border refuses, for which reason, and when it refuses nothing but waits."""

import asyncio
import datetime as dt

import pytest
from sqlalchemy import insert, select, update

from heatstream.core.quality import Quality
from heatstream.ingest import border
from heatstream.ingest.columns import Fault
from heatstream.ingest.registry import micros
from heatstream.store import registry, tables
from tests.ingest.desk import MORNING, NOW, SINCE, Desk, add_point, at, message, reading

DAY_MIN = 24 * 60


async def reasons(desk: Desk, *readings: dict[str, object]) -> list[str]:
    """The reason of each reading of one message, "" for a usable one."""
    checked = await desk.check(message(*readings))
    return ["" if code == 0 else border.Reason(code).code for code in checked.indoor.reason.tolist()]


@pytest.mark.parametrize(
    ("temp_c", "reason"),
    [
        (-20, ""),
        (-20.01, "out_of_range"),
        (60, ""),
        (60.01, "out_of_range"),
        (999.9, "out_of_range"),
        (1e300, "out_of_range"),
    ],
)
async def test_physically_impossible_temperatures_are_refused(desk: Desk, temp_c: float, reason: str) -> None:
    assert await reasons(desk, reading("P-1", 0, temp_c)) == [reason]


@pytest.mark.parametrize(("seconds", "reason"), [(300, ""), (301, "too_far_ahead")])
async def test_a_reading_beyond_the_limit_ahead_is_refused(desk: Desk, seconds: int, reason: str) -> None:
    assert await reasons(desk, reading("P-1", (NOW + dt.timedelta(seconds=seconds)).isoformat(), 20)) == [reason]


@pytest.mark.parametrize(("days", "reason"), [(400, ""), (400.001, "too_old")])
async def test_a_reading_beyond_the_limit_of_age_is_refused(desk: Desk, days: float, reason: str) -> None:
    async with desk.engine.begin() as conn:
        await conn.execute(update(tables.point).values(valid_from=SINCE - dt.timedelta(days=900)))
    await desk.restart()
    assert await reasons(desk, reading("P-1", (NOW - dt.timedelta(days=days)).isoformat(), 20)) == [reason]


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (reading("P-1", "2026-01-05T08:00:00", 20), "no_time_zone"),
        (reading("P-1", "yesterday", 20), "time_unreadable"),
        (reading("P-1", 0, "--"), "value_unreadable"),
        (reading("P-9", 0, 20), "unknown_point"),
    ],
)
async def test_each_reason_is_given(desk: Desk, odd: dict[str, object], reason: str) -> None:
    assert await reasons(desk, odd, reading("P-1", 10, 20)) == [reason, ""]


async def test_a_reading_ahead_within_the_limit_is_flagged(desk: Desk) -> None:
    checked = await desk.check(message(reading("P-1", (NOW + dt.timedelta(seconds=60)).isoformat(), 20)))
    assert checked.indoor.flags.tolist() == [Quality.DEVICE_AHEAD]


# --- installations ----------------------------------------------------------------------------------------------------


async def move(desk: Desk, when: dt.datetime) -> int:
    """Move the device of point 1 to household 2."""
    async with desk.engine.begin() as conn:
        await conn.execute(update(tables.point).values(valid_to=when).where(tables.point.c.device == "P-1"))
        row = {"device": "P-1", "household_id": 2, "interval_min": 10, "valid_from": when}
        return int((await conn.execute(insert(tables.point).values(row).returning(tables.point.c.id))).scalar_one())


@pytest.mark.every_edition
async def test_a_moved_device_is_found_by_the_instant_of_the_reading(desk: Desk) -> None:
    moved = await move(desk, MORNING)
    await desk.restart()
    checked = await desk.check(message(reading("P-1", -1, 20), reading("P-1", 0, 20), reading("P-1", 1, 20)))
    assert checked.indoor.id.tolist() == [1, moved, moved]
    assert checked.indoor.household.tolist() == [1, 2, 2]


async def test_a_device_between_two_installations_is_unknown(desk: Desk) -> None:
    await move(desk, MORNING)
    async with desk.engine.begin() as conn:
        closed = update(tables.point).where(tables.point.c.valid_to.is_not(None))
        await conn.execute(closed.values(valid_to=MORNING - dt.timedelta(hours=1)))
    await desk.restart()
    assert await reasons(desk, reading("P-1", -60, 20), reading("P-1", -61, 20)) == ["unknown_point", ""]


async def test_an_unknown_device_is_asked_for_once_before_it_is_refused(desk: Desk) -> None:
    assert await reasons(desk, reading("P-1", 0, 20)) == [""]
    async with desk.engine.begin() as conn:
        await add_point(conn, "P-9")
    assert await reasons(desk, reading("P-9", 0, 20)) == [""]


async def test_a_device_found_unknown_is_asked_for_again_after_a_while(desk: Desk) -> None:
    assert await reasons(desk, reading("P-9", 0, 20)) == ["unknown_point"]
    async with desk.engine.begin() as conn:
        await add_point(conn, "P-9")
    assert await reasons(desk, reading("P-9", 0, 20)) == ["unknown_point"]
    desk.now += dt.timedelta(seconds=31)
    assert await reasons(desk, reading("P-9", 0, 20)) == [""]


async def test_an_installation_moved_since_the_start_is_asked_for(desk: Desk) -> None:
    """Its old place has ended: the instant is unknown here, and known there."""
    await desk.check(message(reading("P-1", 0, 20)))
    async with desk.engine.begin() as conn:
        await add_point(conn, "P-8")
    await desk.restart()
    async with desk.engine.begin() as conn:
        await conn.execute(update(tables.point).values(valid_from=SINCE - dt.timedelta(days=300)))
    assert await reasons(desk, reading("P-8", -DAY_MIN * 390, 20)) == [""]


@pytest.mark.every_edition
async def test_an_import_is_heard_of(desk: Desk) -> None:
    following = asyncio.create_task(desk.writer.follow())
    try:
        await desk.check(message(reading("P-1", 0, 20)))
        await asyncio.sleep(0.2)
        moved = await move(desk, MORNING)
        async with desk.engine.begin() as conn:
            await conn.exec_driver_sql(f"select pg_notify('{registry.CHANNEL}', '')")
        await asyncio.sleep(0.2)
        checked = await desk.check(message(reading("P-1", 1, 20)))
        assert checked.indoor.id.tolist() == [moved]
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_a_gateway_whose_time_has_ended_is_unknown(desk: Desk) -> None:
    async with desk.engine.begin() as conn:
        await conn.execute(update(tables.gateway).values(valid_to=dt.date(2026, 1, 4)).where(tables.gateway.c.id == 1))
    await desk.restart()
    checked = await desk.check(message(reading("P-1", 0, 20)))
    assert checked.whole[0].reason is border.Reason.UNKNOWN_GATEWAY


# --- a backlog with one time ------------------------------------------------------------------------------------------


async def test_a_backlog_sent_with_one_time_is_refused(desk: Desk) -> None:
    same = [reading("P-1", 0, temp_c) for temp_c in (20, 21, 22)]
    assert await reasons(desk, *same, reading("P-2", 0, 20)) == ["repeated_time_backlog"] * 3 + [""]


async def test_two_readings_of_one_time_are_a_conflict_and_no_backlog(desk: Desk) -> None:
    assert await reasons(desk, reading("P-1", 0, 20), reading("P-1", 0, 21)) == ["", ""]


async def test_one_value_repeated_is_no_backlog(desk: Desk) -> None:
    assert await reasons(desk, *[reading("P-1", 0, 20)] * 5) == [""] * 5


async def test_one_time_in_several_messages_is_no_backlog(desk: Desk) -> None:
    checked = await desk.check(*(message(reading("P-1", 0, temp_c)) for temp_c in (20, 21, 22)))
    assert not checked.indoor.reason.any()


# --- our own clock ----------------------------------------------------------------------------------------------------


def from_the_future(gateway: str, minutes: int = 60) -> tuple[str, bytes]:
    when = (NOW + dt.timedelta(minutes=minutes)).isoformat()
    return message(reading(f"P-{2 * int(gateway[-1])}", when, 20), gateway=gateway)


async def test_one_gateway_ahead_is_refused(desk: Desk) -> None:
    checked = await desk.check(from_the_future("gw-1"))
    assert checked.indoor.reason.tolist() == [border.Reason.TOO_FAR_AHEAD]


async def test_while_most_gateways_are_ahead_nothing_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(border, "HOLD_S", 0.05)
    checking = asyncio.create_task(desk.check(*(from_the_future(gateway) for gateway in ("gw-1", "gw-2", "gw-3"))))
    await asyncio.sleep(0.3)
    assert not checking.done()
    desk.now += dt.timedelta(hours=1)
    assert not (await checking).indoor.reason.any()


async def test_a_held_batch_came_when_our_clock_was_right_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(border, "HOLD_S", 0.05)
    checking = asyncio.create_task(desk.check(*(from_the_future(gateway) for gateway in ("gw-1", "gw-2", "gw-3"))))
    await asyncio.sleep(0.2)
    desk.now += dt.timedelta(hours=1)
    checked = await checking
    assert checked.received.received_us.tolist() == [micros(desk.now)] * 3


@pytest.mark.every_edition
async def test_a_hold_is_one_incident(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(border, "HOLD_S", 0.05)
    checking = asyncio.create_task(desk.check(*(from_the_future(gateway) for gateway in ("gw-1", "gw-2", "gw-3"))))
    await asyncio.sleep(0.3)
    desk.now += dt.timedelta(hours=1)
    await checking
    assert await desk.rows(select(tables.incident.c.kind)) == [("clock_suspect",)]


async def test_gateways_heard_before_have_a_vote(desk: Desk) -> None:
    """Three are registered; two were right a moment ago, so the one that is ahead is wrong."""
    await desk.check(message(reading("P-1", 0, 20)), message(reading("P-3", 0, 20), gateway="gw-2"))
    checked = await desk.check(from_the_future("gw-3"))
    assert checked.indoor.reason.tolist() == [border.Reason.TOO_FAR_AHEAD]


async def test_fast_sensors_are_no_fast_gateway(desk: Desk) -> None:
    ahead = (NOW + dt.timedelta(hours=1)).isoformat()
    sent = [
        message(reading(f"P-{2 * n - 1}", ahead, 20), reading(f"P-{2 * n}", 0, 20), gateway=f"gw-{n}")
        for n in (1, 2, 3)
    ]
    checked = await desk.check(*sent)
    assert checked.indoor.reason.tolist() == [border.Reason.TOO_FAR_AHEAD, 0] * 3


async def test_strangers_have_no_vote(desk: Desk) -> None:
    sent = [
        message(reading("P-1", (NOW + dt.timedelta(hours=1)).isoformat(), 20), gateway=f"gw-{n}") for n in range(7, 12)
    ]
    checked = await desk.check(*sent)
    assert len(checked.whole) == 5


async def test_names_that_differ_only_in_what_no_column_holds_are_one_sender(desk: Desk) -> None:
    payloads = [b'{"gateway": "gw-\\u0000"}', b'{"gateway": "gw-\\\\0"}']
    checked = await desk.check(*(("nowhere/at/all", payload) for payload in payloads))
    assert len(checked.sender) == 1


def test_every_fault_of_the_decoder_has_the_same_number_here() -> None:
    assert [(fault.name, fault.value) for fault in Fault] == [
        (border.Reason(fault.value).name, fault.value) for fault in Fault
    ]


def test_times_beyond_the_calendar_can_be_told() -> None:
    assert "µs since 1970" in border.instant(2**62)
    assert at(0) == MORNING.isoformat()
