"""What a reviewer does at the command line: look at marks, review them, list the homes to be measured."""

import json

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.store import quality, tables
from tests.evaluate.town import DAY, LONG_AGO, Town, at, evaluator, whole_day
from tests.test_cli import heatstream


async def town_with_a_mark(engine: AsyncEngine) -> Town:
    town = await Town.found(engine)
    await town.monitored("a", "b")
    await town.write({"a": whole_day(), "b": whole_day()[:50]})
    await evaluator(engine).once(through=DAY)
    async with engine.begin() as conn:
        officer = {"code": "c1", "role": "city", "name": "王某", "organisation": "供热办", "valid_from": LONG_AGO}
        await conn.execute(insert(tables.officer).values(officer))
        seen = {"seen": {"drop_centi": 200}, "thresholds": {"window_drop_centi": 150}}
        mark = quality.NewMark(town.points["a"], "opened_window", at(DAY, 600), at(DAY, 660), 3, seen)
        await quality.append(conn, [mark])
    return town


async def test_a_mark_is_listed_reviewed_and_listed_no_more_as_open(engine: AsyncEngine, database_url: str) -> None:
    town = await town_with_a_mark(engine)
    listed = heatstream("quality", "list", "--open", "--json", url=database_url)
    [mark] = [json.loads(line) for line in listed.stdout.splitlines()]
    assert (mark["kind"], mark["device"], mark["evidence"]["seen"]) == ("opened_window", "a", {"drop_centi": 200})
    review = ("quality", "review", str(mark["id"]), "--officer", "c1", "--reason", "现场见窗开")
    assert heatstream(*review, url=database_url).returncode == 2
    ended = heatstream(*review, "--exclude", url=database_url)
    assert (ended.returncode, ended.stdout) == (0, "reviewed; the day will be judged again\n")
    assert heatstream("quality", "list", "--open", "--json", url=database_url).stdout == ""
    assert await town.marks() == 1


async def test_who_may_not_review_is_refused_with_exit_code_three(engine: AsyncEngine, database_url: str) -> None:
    town = await town_with_a_mark(engine)
    async with engine.begin() as conn:
        await conn.execute(tables.officer.update().values(role="company"))
        mark = await conn.scalar(select(tables.quality_mark.c.id))
    ended = heatstream("quality", "review", str(mark), "--officer", "c1", "--reason", "x", "--keep", url=database_url)
    assert (ended.returncode, "role company may not review readings" in ended.stderr) == (3, True)
    assert await town.marks() == 0


async def test_homes_to_be_measured_are_listed_with_reason_and_coverage(engine: AsyncEngine, database_url: str) -> None:
    await town_with_a_mark(engine)
    period = ("--district", "D", "--from", str(DAY), "--to", str(DAY))
    listed = heatstream("quality", "remeasure", *period, "--json", url=database_url)
    [home] = [json.loads(line) for line in listed.stdout.splitlines()]
    assert (home["household"], home["reason"], home["slots_valid"], home["day"]) == ("b", "coverage", 50, str(DAY))
    unknown = heatstream("quality", "remeasure", "--district", "zz", *period[2:], url=database_url)
    assert (unknown.returncode, "district: seen 'zz'" in unknown.stderr) == (1, True)
