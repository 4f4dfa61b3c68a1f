"""A point is flagged while its newest reading is below the standard."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import insert, select

from heatstream.store import tables
from heatstream.store.tables import flag
from tests.ingest.desk import MORNING, SINCE, Desk, reading

pytestmark = pytest.mark.every_edition


def minute(at: dt.datetime | None) -> int | None:
    return None if at is None else (at - MORNING) // dt.timedelta(minutes=1)


async def flags(desk: Desk) -> list[tuple[Any, ...]]:
    """Point, temperature, lowest, since, newest, until; the oldest first."""
    columns = (flag.c.point_id, flag.c.temp_centi, flag.c.lowest_centi, flag.c.since, flag.c.observed_at, flag.c.until)
    rows = await desk.rows(select(*columns).order_by(flag.c.since, flag.c.point_id))
    return [(*row[:3], *map(minute, row[3:])) for row in rows]


async def test_a_reading_below_the_standard_raises_a_flag(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 17.99))
    assert await flags(desk) == [(1, 1799, 1799, 0, 0, None)]


async def test_exactly_the_standard_raises_none(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 18.00))
    assert await flags(desk) == []


async def test_a_flag_keeps_the_newest_and_the_lowest(desk: Desk) -> None:
    for at, temp_c in ((0, 17), (10, 16), (20, 17.5)):
        await desk.say(reading("P-1", at, temp_c))
    assert await flags(desk) == [(1, 1750, 1600, 0, 20, None)]


async def test_a_reading_at_the_standard_ends_the_flag(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 17))
    await desk.say(reading("P-1", 10, 18))
    assert await flags(desk) == [(1, 1700, 1700, 0, 0, 10)]


async def test_a_second_time_below_is_a_second_flag(desk: Desk) -> None:
    for at, temp_c in ((0, 17), (10, 18), (20, 16)):
        await desk.say(reading("P-1", at, temp_c))
    assert await flags(desk) == [(1, 1700, 1700, 0, 0, 10), (1, 1600, 1600, 20, 20, None)]


async def test_the_newest_reading_of_a_batch_decides(desk: Desk) -> None:
    await desk.say(reading("P-1", 20, 19), reading("P-1", 0, 17), reading("P-1", 10, 16))
    assert await flags(desk) == []


async def test_a_late_reading_raises_no_flag(desk: Desk) -> None:
    await desk.say(reading("P-1", 20, 19))
    await desk.say(reading("P-1", 0, 17))
    assert await flags(desk) == []


async def test_a_late_reading_ends_no_flag(desk: Desk) -> None:
    await desk.say(reading("P-1", 20, 17))
    await desk.say(reading("P-1", 0, 19))
    assert await flags(desk) == [(1, 1700, 1700, 20, 20, None)]


async def test_a_repeated_reading_changes_nothing(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 17))
    await desk.say(reading("P-1", 0, 17))
    assert await flags(desk) == [(1, 1700, 1700, 0, 0, None)]


async def test_a_writer_that_starts_anew_ends_the_flags_of_the_one_before(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 17))
    await desk.restart()
    await desk.say(reading("P-1", 10, 19))
    assert await flags(desk) == [(1, 1700, 1700, 0, 0, 10)]


async def test_a_contract_s_own_standard_is_held_against(desk: Desk) -> None:
    async with desk.engine.begin() as conn:
        agreed = {"code": "K1", "household_id": 1, "company_id": 1, "standard_centi": 2000, "valid_from": SINCE.date()}
        await conn.execute(insert(tables.contract).values(agreed))
    await desk.restart()
    await desk.say(reading("P-1", 0, 19), reading("P-2", 0, 19))
    assert await flags(desk) == [(1, 1900, 1900, 0, 0, None)]


async def test_points_of_one_batch_each_have_their_own(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 17), reading("P-2", 0, 17))
    await desk.say(reading("P-1", 10, 19), reading("P-2", 10, 16), reading("P-3", 10, 15))
    assert await flags(desk) == [
        (1, 1700, 1700, 0, 0, 10),
        (2, 1600, 1600, 0, 10, None),
        (3, 1500, 1500, 10, 10, None),
    ]
