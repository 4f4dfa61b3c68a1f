"""Several evaluators, killed ones and stopped ones give the same findings, once."""

import asyncio
import datetime as dt
import os
import signal
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.evaluate import run
from heatstream.evaluate.close import close_days
from heatstream.evaluate.judge import Judged, judge
from heatstream.evaluate.load import load
from heatstream.evaluate.pipeline import make_room
from heatstream.evaluate.rulebook import Rulebook
from heatstream.evaluate.save import save
from heatstream.settings import Database, Settings
from heatstream.store import closings, marks
from heatstream.store.tables import day_dirty, day_statistic, finding, finding_current
from heatstream.store.timescale import LOCAL

from .town import CHOICES, DAY, Town, evaluator, folder_of_choices, settings, whole_day

HOMES = [f"h{number:02}" for number in range(24)]

# Stands for a process of its own: the clock is the machine's, so only DAY is closed.
PROCESS = """
import asyncio, datetime, sys
from heatstream.evaluate import run
from heatstream.settings import Settings, Database, Evaluate
found = Settings(
    database=Database(url=sys.argv[1]), evaluate=Evaluate(choices_file=sys.argv[2], chunk_households=1)
)
sys.exit(asyncio.run(run.main(found, through=datetime.date.fromisoformat(sys.argv[3]))))
"""


async def _count(town: Town) -> tuple[int, int, int]:
    """Findings, homes with one, homes with a current one."""
    [(rows, homes)] = await town.rows(select(func.count(), func.count(finding.c.household_id.distinct())))
    [(current,)] = await town.rows(select(func.count()).select_from(finding_current))
    return rows, homes, current


async def _process(url: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-c", PROCESS, url, str(CHOICES), DAY.isoformat())


@pytest.mark.every_edition
async def test_two_evaluators_at_once_find_everything_once(town: Town, engine: AsyncEngine) -> None:
    await town.monitored(*HOMES)
    await town.write({code: whole_day() for code in HOMES})
    both = evaluator(engine, chunk_households=1), evaluator(engine, chunk_households=3)
    counts = await asyncio.gather(*(each.once(through=DAY) for each in both))
    assert await _count(town) == (24, 24, 24)
    assert sum(each["judged"] for each in counts) == 24


async def test_two_processes_at_once_find_everything_once(town: Town, database_url: str) -> None:
    await town.monitored(*HOMES)
    await town.write({code: whole_day() for code in HOMES})
    both = [await _process(database_url) for _ in range(2)]
    assert [await each.wait() for each in both] == [0, 0]
    assert await _count(town) == (24, 24, 24)


async def test_an_evaluator_killed_between_chunks_leaves_no_gap_and_no_double(town: Town, database_url: str) -> None:
    await town.monitored(*HOMES)
    await town.write({code: whole_day(1500) for code in HOMES})
    killed = await _process(database_url)
    while (await _count(town))[0] == 0:
        assert killed.returncode is None, "the evaluator ended before it found anything"
        await asyncio.sleep(0.002)
    os.kill(killed.pid, signal.SIGKILL)
    await killed.wait()
    assert (await _count(town))[0] > 0
    again = await _process(database_url)
    assert await again.wait() == 0
    assert await _count(town) == (24, 24, 24)
    assert await town.marks() == 0


@pytest.mark.every_edition
async def test_a_save_that_fails_half_way_saves_nothing_of_its_chunk(
    town: Town, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day()})
    work = evaluator(engine)

    async def fail(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr("heatstream.store.findings.append", fail)
        with pytest.raises(ExceptionGroup):
            await work.once(through=DAY)
    assert await _count(town) == (0, 0, 0)
    assert await town.marks() == 1
    await work.once(through=DAY)
    assert await _count(town) == (1, 1, 1)


async def _judged(engine: AsyncEngine, rules: Rulebook) -> Judged:
    """Close the day and judge it, up to the moment before anything is saved."""
    await close_days(engine, rules, DAY)
    async with engine.begin() as conn:
        through = await closings.newest_batch(conn)
        ripe = await marks.of_day(conn, DAY, through, None)
        await make_room(conn, DAY)
    return judge(await load(engine, DAY, ripe, rules.of(DAY).windows, through), rules.of(DAY))


@pytest.mark.every_edition
async def test_what_a_later_batch_has_touched_is_left_to_the_next_run(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a", "b")
    await town.write({code: whole_day()[:100] for code in "ab"})
    rules = Rulebook.load(settings())
    judged = await _judged(engine, rules)
    await town.write({"a": whole_day()[100:]})
    await evaluator(engine).once(settle=False, through=DAY)
    done = await _count(town)
    counts = await save(engine, judged, run_id=1, policy_id=1, chunk_households=10)
    assert (counts["judged"], counts["passed_over"]) == (0, 2)
    assert await _count(town) == done == (2, 2, 2)


@pytest.mark.every_edition
async def test_a_mark_touched_while_its_day_was_judged_stays(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a", "b")
    await town.write({code: whole_day()[:100] for code in "ab"})
    rules = Rulebook.load(settings())
    judged = await _judged(engine, rules)
    await town.write({"a": whole_day()[100:]})
    await save(engine, judged, run_id=1, policy_id=1, chunk_households=10)
    assert [row.household_id for row in await town.rows(select(day_dirty))] == [town.homes["a"]]
    assert [row.household_id for row in await town.rows(select(finding))] == [town.homes["b"]]


async def test_a_refused_choices_file_ends_with_exit_code_3(database_url: str, tmp_path: Path) -> None:
    choices = folder_of_choices(tmp_path, daily_statistic="null")
    found = Settings(database=Database(url=database_url), evaluate=settings(choices_file=choices))
    assert await run.main(found, once=True, through=DAY) == 3


async def test_an_evaluator_told_to_stop_ends_with_exit_code_0(town: Town, database_url: str) -> None:
    lately = dt.datetime.now(LOCAL).date() - dt.timedelta(days=2)
    await town.monitored("a")
    await town.write({"a": whole_day(day=lately)})
    found = Settings(database=Database(url=database_url), evaluate=settings(every_s=60))
    task = asyncio.create_task(run.main(found))
    while not await town.rows(select(day_statistic.c.day)):
        assert not task.done(), "the evaluator ended before it closed a day"
        await asyncio.sleep(0.05)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await asyncio.wait_for(task, 10) == 0
