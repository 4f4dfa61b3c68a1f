"""When a day is closed, and what its closing marks."""

import asyncio
import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.core.finding import Change
from heatstream.evaluate.close import close_days, last_closable
from heatstream.evaluate.rulebook import Rulebook
from heatstream.store.closings import closed_through, first_day_read
from heatstream.store.locks import hold_writers
from heatstream.store.marks import mark_registry_changed
from heatstream.store.tables import day_dirty, point

from .town import DAY, NEXT, Town, at, evaluator, settings, whole_day

pytestmark = pytest.mark.every_edition

RULES = Rulebook.load(settings())


def test_a_day_is_closable_two_hours_after_its_night_has_ended() -> None:
    assert last_closable(at(NEXT, 8 * 60), RULES, 120) == DAY
    assert last_closable(at(NEXT, 8 * 60) - dt.timedelta(seconds=1), RULES, 120) == DAY - dt.timedelta(days=1)


async def test_nothing_is_closed_while_nothing_was_read(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    assert await close_days(engine, RULES, DAY) == []
    async with engine.connect() as conn:
        assert await closed_through(conn) is None


async def test_the_first_closing_begins_with_the_first_day_read(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day(day=DAY)})
    assert await close_days(engine, RULES, NEXT) == [DAY, NEXT]


async def test_the_first_day_read_is_a_local_day(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.write({"a": [(at(DAY, 5), 1800), (at(NEXT), 1800)]})
    async with engine.connect() as conn:
        assert await first_day_read(conn) == DAY


async def test_a_closing_marks_every_home_with_an_accepted_point(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a", "silent")
    await town.home("bare")
    await town.home("unaccepted")
    await town.point("unaccepted", "unaccepted", accepted_on=None)
    await town.write({"a": whole_day()})
    await close_days(engine, RULES, DAY)
    marks = await town.rows(select(day_dirty.c.household_id, day_dirty.c.day, day_dirty.c.reason))
    assert sorted(map(tuple, marks)) == [
        (town.homes["a"], DAY, Change.CLOSED),
        (town.homes["silent"], DAY, Change.CLOSED),
    ]


async def test_a_closed_day_is_not_closed_again(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day()})
    await evaluator(engine).once(through=DAY)
    assert await close_days(engine, RULES, DAY) == []
    assert await town.marks() == 0


async def test_a_reading_written_during_the_closing_is_judged_or_marks(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day()[:100]})
    async with engine.begin() as writing:
        await hold_writers(writing)
        closing = asyncio.create_task(close_days(engine, RULES, DAY))
        await asyncio.sleep(0.2)
        assert not closing.done()
    await closing
    late = await town.write({"a": whole_day()[100:]})
    [mark] = await town.rows(select(day_dirty.c.batch_id))
    assert mark.batch_id == late


async def test_a_day_closed_during_a_registry_change_sees_it(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.home("new")
    await town.point("new", "new", accepted_on=None)
    await town.write({"a": whole_day()})
    async with engine.begin() as changing:
        await changing.execute(point.update().where(point.c.device == "new").values(accepted_on=DAY))
        await mark_registry_changed(changing, [town.homes["new"]])
        closing = asyncio.create_task(close_days(engine, RULES, DAY))
        await asyncio.sleep(0.2)
        assert not closing.done()
    await closing
    marked = await town.rows(select(day_dirty.c.household_id))
    assert sorted(each.household_id for each in marked) == sorted([town.homes["a"], town.homes["new"]])
