"""An instant with two values waits for a named officer; the decision is added, and the day is judged again."""

import datetime as dt

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.core.finding import Change
from heatstream.errors import BadInput
from heatstream.store import conflicts, tables
from heatstream.store.conflicts import Conflict
from tests.ingest.desk import MORNING, Desk, reading, register

SIGNED = {"officer": "王五", "reason": "checked on site"}


@pytest.fixture
async def desk(engine: AsyncEngine) -> Desk:
    """Point 1 has two values at the morning's beginning."""
    await register(engine)
    desk = await Desk.open(engine)
    await desk.say(reading("P-1", 0, 20), reading("P-2", 0, 20))
    await desk.say(reading("P-1", 0, 21))
    return desk


async def undecided(desk: Desk) -> list[Conflict]:
    async with desk.engine.connect() as conn:
        return await conflicts.undecided(conn)


async def decide(desk: Desk, value: str | None, at: dt.datetime = MORNING, device: str = "P-1", **signed: str) -> int:
    async with desk.engine.begin() as conn:
        return await conflicts.decide(conn, device, at, value, **{**SIGNED, **signed})


async def test_a_conflict_is_listed_with_its_values(desk: Desk) -> None:
    assert await undecided(desk) == [Conflict("P-1", MORNING, 2000, [2100])]


async def test_a_decided_conflict_is_listed_no_more(desk: Desk) -> None:
    await decide(desk, "21.00")
    assert await undecided(desk) == []


async def test_a_decision_keeps_who_what_and_why(desk: Desk) -> None:
    batch = await decide(desk, "21")
    made = tables.conflict_decision.c
    query = select(made.point_id, made.observed_at, made.temp_centi, made.officer, made.reason, made.batch_id)
    assert await desk.rows(query) == [(1, MORNING, 2100, *SIGNED.values(), batch)]


async def test_an_officer_can_decide_that_neither_counts(desk: Desk) -> None:
    await decide(desk, None)
    assert await desk.rows(select(tables.conflict_decision.c.temp_centi)) == [(None,)]


async def test_a_decision_is_a_batch_of_its_own(desk: Desk) -> None:
    batch = await decide(desk, "20")
    assert await desk.rows(select(tables.batch.c.writer).where(tables.batch.c.id == batch)) == [("import",)]


async def test_a_decision_about_a_closed_day_has_it_judged_again(desk: Desk) -> None:
    async with desk.engine.begin() as conn:
        await conn.execute(insert(tables.closing).values(closed_through=dt.date(2026, 1, 5)))
    batch = await decide(desk, "20")
    dirty = tables.day_dirty.c
    assert await desk.rows(select(dirty.household_id, dirty.day, dirty.batch_id, dirty.reason)) == [
        (1, dt.date(2026, 1, 5), batch, Change.CONFLICT_DECIDED)
    ]


async def test_a_decision_about_an_open_day_marks_nothing(desk: Desk) -> None:
    await decide(desk, "20")
    assert await desk.count(tables.day_dirty) == 0


@pytest.mark.parametrize("value", ["20.5", "warm", "NaN", ""])
async def test_a_value_that_nobody_sent_is_refused(desk: Desk, value: str) -> None:
    with pytest.raises(BadInput, match=r"expected one of the instant's values 20\.00, 21\.00"):
        await decide(desk, value)


async def test_an_instant_without_conflict_cannot_be_decided(desk: Desk) -> None:
    with pytest.raises(BadInput, match="no conflict of point 'P-2'"):
        await decide(desk, "20", device="P-2")


async def test_an_instant_without_zone_is_refused(desk: Desk) -> None:
    with pytest.raises(BadInput, match="expected a time zone"):
        await decide(desk, "20", MORNING.replace(tzinfo=None))


@pytest.mark.parametrize("missing", ["officer", "reason"])
async def test_an_unsigned_decision_is_refused(desk: Desk, missing: str) -> None:
    with pytest.raises(BadInput, match=missing):
        await decide(desk, "20", **{missing: " "})
