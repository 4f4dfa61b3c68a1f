"""`finding_current` is the last row of the log and `day_outcome` counts it, whatever happened in whatever order."""

import asyncio
import random
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store import day_outcomes, registry

from .town import DAY, FEE_FEN, LONG_AGO, Town, at, evaluator, whole_day

pytestmark = pytest.mark.every_edition

LOG_AGAINST_CURRENT = text(
    """
    with last as (
        select distinct on (household_id, period_kind, period_from) id, household_id, period_kind, period_from
        from finding order by household_id, period_kind, period_from, id desc
    )
    select l.id, c.finding_id
    from last l full join finding_current c using (household_id, period_kind, period_from)
    where l.id is distinct from c.finding_id
    """
)
BROKEN_CHAIN = text(
    """
    select f.id from finding f
    left join lateral (
        select max(b.id) as id from finding b
        where (b.household_id, b.period_kind, b.period_from) = (f.household_id, f.period_kind, f.period_from)
        and b.id < f.id
    ) before on true
    where f.supersedes is distinct from before.id
    """
)
COUNTED_AGAINST_CURRENT = text(
    """
    with counted as (
        select f.period_from as day, h.building_id, f.outcome, count(*) as homes,
            min(f.value_centi) filter (where f.outcome in (1, 2)) as lowest_centi,
            coalesce(sum(f.computed_fen), 0) as computed_fen
        from finding_current c join finding f on f.id = c.finding_id join household h on h.id = f.household_id
        group by 1, 2, 3
    )
    (table counted except table day_outcome) union all (table day_outcome except table counted)
    """
)


WAITS = text(
    "select 1 from pg_locks l join pg_database d on d.oid = l.database "
    "where l.locktype = 'advisory' and not l.granted and d.datname = current_database()"
)


async def _two_buildings(town: Town) -> None:
    copied = "insert into building (code, name, community_id, heat_station_id, valid_from) "
    copied += "select 'B2', name, community_id, heat_station_id, valid_from from building"
    async with town.engine.begin() as conn:
        await conn.execute(text(copied))


async def _import(conn: AsyncConnection, folder: Path, home: str, building: str, kind: str = "residential") -> None:
    file = folder / "household.csv"
    file.write_text(
        f"code,building,kind,address,valid_from\n{home},{building},{kind},{home},{LONG_AGO}\n", encoding="utf-8"
    )
    await registry.import_files(conn, [file], "tester")


class _Story:
    """A town that lives through what chance brings."""

    def __init__(self, town: Town, seed: int, folder: Path) -> None:
        self._town, self._chance, self._folder = town, random.Random(seed), folder
        self._minutes = self._chance.sample([each for each in range(1440) if each % 10], 200)

    async def act(self) -> None:
        await self._chance.choice([self._late, self._conflict, self._decision, self._fee, self._judge, self._move])()

    async def _late(self) -> None:
        home = self._chance.choice("ab")
        await self._town.write({home: [(at(DAY, self._minutes.pop()), self._chance.choice([1500, 1790, 1800]))]})

    async def _conflict(self) -> None:
        await self._town.conflict("a", at(DAY, 10 * self._chance.randrange(144)), 1000 + self._minutes.pop())

    async def _decision(self) -> None:
        await self._town.decide("a", at(DAY, 10 * self._chance.randrange(144)), self._chance.choice([None, 1700, 2000]))

    async def _fee(self) -> None:
        await self._town.change("contract", "code", "a", fee_due_fen=self._chance.randint(1, 3) * FEE_FEN)

    async def _judge(self) -> None:
        await evaluator(self._town.engine).once(settle=False, through=DAY)

    async def _move(self) -> None:
        home, building, kind = (self._chance.choice(each) for each in ("ab", ["B", "B2"], ["residential", "other"]))
        async with self._town.engine.begin() as conn:
            await _import(conn, self._folder, home, building, kind)


@pytest.mark.parametrize("seed", range(3))
async def test_current_is_the_end_of_the_log_after_any_story(town: Town, seed: int, tmp_path: Path) -> None:
    await town.monitored("a", "b")
    await _two_buildings(town)
    await town.write({"a": whole_day(2000), "b": whole_day(1800)})
    story = _Story(town, seed, tmp_path)
    for _ in range(25):
        await story.act()
        assert await town.rows(LOG_AGAINST_CURRENT) == []
        assert await town.rows(BROKEN_CHAIN) == []
        assert await town.rows(COUNTED_AGAINST_CURRENT) == []
    assert await town.rows(text("select 1 from day_outcome"))


async def _until_one_waits(town: Town) -> None:
    async with asyncio.timeout(10):
        while not await town.rows(WAITS):
            await asyncio.sleep(0.01)


async def test_a_home_that_moves_while_its_building_is_counted_is_counted_where_it_is(
    town: Town, tmp_path: Path
) -> None:
    await town.monitored("a", "b")
    await _two_buildings(town)
    await town.write({"a": whole_day(1700), "b": whole_day(1700)})
    await evaluator(town.engine).once(settle=False, through=DAY)
    await town.write({"b": [(at(DAY, 5), 1600)]})

    async with town.engine.begin() as moving:
        await _import(moving, tmp_path, "a", "B2")
        judging = asyncio.create_task(evaluator(town.engine).once(settle=False, through=DAY))
        await _until_one_waits(town)
    assert (await judging)["findings"] == 1
    assert await town.rows(COUNTED_AGAINST_CURRENT) == []

    async with asyncio.TaskGroup() as both:
        async with town.engine.begin() as counting:
            await day_outcomes.count(counting, DAY, np.array([town.homes["b"]], np.int32))
            both.create_task(_moved(town, tmp_path))
            await _until_one_waits(town)
    assert await town.rows(COUNTED_AGAINST_CURRENT) == []


async def _moved(town: Town, folder: Path) -> None:
    async with town.engine.begin() as conn:
        await _import(conn, folder, "b", "B2")
