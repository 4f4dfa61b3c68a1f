"""A finding is told with what counted, what was excluded, and what would have altered it."""

from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.claims import explained
from heatstream.claims.explained import Explained
from heatstream.core.finding import Outcome
from heatstream.rules.nearest import Nearest, Step
from heatstream.store import quality, tables
from heatstream.store.read import findings, statistics
from tests.evaluate.town import DAY, LONG_AGO, Town, at, evaluator, whole_day

COLD_HOUR = dict.fromkeys(range(600, 670, 10), 1700)
"""From 10:00 to 11:10 below the standard: longer than the demo's 60 minutes."""


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    return await Town.found(engine)


async def told(town: Town, home: str = "a") -> Explained:
    found = (await town.current(home)).id
    async with town.engine.connect() as conn:
        row = await findings.by_id(conn, found)
        assert row is not None
        rooms = await statistics.of_household(conn, row.household_id, row.period_from)
        return await explained.of_finding(conn, row, rooms)


def chinese(found: Explained) -> str:
    return "\n".join(line.zh for line in found.lines)


async def judge(town: Town, readings: dict[str, Any]) -> None:
    await town.write(readings)
    await evaluator(town.engine).once(settle=False, through=DAY)


async def test_a_failing_day_tells_what_would_have_altered_it(town: Town) -> None:
    await town.monitored("a")
    await judge(town, {"a": whole_day(but=COLD_HOUR)})
    found = await told(town)
    assert found.change is not None
    assert (found.change.warmer_centi, found.change.fewer_below_min) == (
        Step(100, Outcome.COMPLIANT),
        Step(10, Outcome.COMPLIANT),
    )
    assert "最近的变化：全部读数升高 1.00 K，当日即为合格；少一个单位仍为不达标" in chinese(found)
    assert "日统计方式若为连续低于标准的分钟数 71或更大" in chinese(found)


async def test_a_compliant_day_tells_its_margin(town: Town) -> None:
    await town.monitored("a")
    await judge(town, {"a": whole_day(1850)})
    found = await told(town)
    assert found.change is not None
    assert (found.change.colder_centi, found.change.more_below_min) == (
        Step(51, Outcome.FAILING),
        Step(60, Outcome.FAILING),
    )


async def test_an_undetermined_day_tells_how_many_slots_it_lacks(town: Town) -> None:
    await town.monitored("a")
    await judge(town, {"a": whole_day()[:100]})
    found = await told(town)
    assert found.change is not None
    assert found.change.more_slots == Step(30, Outcome.COMPLIANT)  # 90 % of 144 are 130


async def test_only_rooms_that_the_standard_holds_for_are_judged_anew(town: Town) -> None:
    await town.home("a")
    await town.point("bed", "a", room_kind="bedroom")
    await town.point("cook", "a", room_kind="kitchen")
    await judge(town, {"bed": whole_day(1850), "cook": whole_day(1000)})
    found = await told(town)
    assert found.change is not None
    assert found.change.colder_centi == Step(51, Outcome.FAILING)


async def test_what_counts_for_nothing_is_counted_by_its_reason(town: Town) -> None:
    await town.home("a")
    await town.point("a", "a", valid_from=at(DAY, 60))
    await judge(town, {"a": whole_day()})
    assert "读数 138 条，另有 6 条在验收前或安装期外、不作证据" in chinese(await told(town))


async def test_an_exclusion_is_told_with_its_reviewer_and_its_count(town: Town) -> None:
    await town.monitored("a")
    async with town.engine.begin() as conn:
        row = {"code": "c1", "role": "city", "name": "王某", "organisation": "供热办", "valid_from": LONG_AGO}
        await conn.execute(insert(tables.officer).values(row))
    await judge(town, {"a": whole_day(but=COLD_HOUR)})
    async with town.engine.begin() as conn:
        mark = quality.NewMark(town.points["a"], "opened_window", at(DAY, 600), at(DAY, 660), 3, {})
        await quality.append(conn, [mark])
        [row] = await quality.listed(conn, quality.Wanted())
        await quality.review(conn, row.id, excludes=True, by="c1", reason="现场见窗开")
    await evaluator(town.engine).once(settle=False, through=DAY)
    found = chinese(await told(town))
    assert f"复核：c1 排除测点 a 10:00–11:00 的 7 条读数（疑似开窗，标记 {row.id}）：现场见窗开" in found
    assert "读数 144 条，经复核排除 7 条，有效时段 137/144" in found


async def test_a_home_without_a_point_has_no_nearest_change(town: Town) -> None:
    await town.monitored("a")
    await town.home("b")
    await town.point("b", "b", valid_to=at(DAY))
    await judge(town, {"a": whole_day()})
    assert (await town.current("b")).outcome == Outcome.UNMONITORED
    assert (await told(town, "b")).change == Nearest()


async def test_where_readings_were_deleted_no_change_is_told(town: Town) -> None:
    await town.monitored("a")
    await judge(town, {"a": whole_day(but=COLD_HOUR)})
    async with town.engine.begin() as conn:
        await conn.execute(tables.reading.delete())
    found = await told(town)
    assert found.change is None
    assert "现存的读数与登记不能重现该判定" in chinese(found)


async def test_an_old_finding_is_made_anew_from_what_its_run_read(town: Town) -> None:
    await town.monitored("a")
    await judge(town, {"a": whole_day()})
    before = await town.current("a")
    await judge(town, {"a": [(at(DAY, 605), 1700)]})
    async with town.engine.connect() as conn:
        row = await findings.by_id(conn, before.id)
        assert row is not None
        found = await explained.of_finding(conn, row, [])
    assert found.change is not None
    assert found.change.colder_centi == Step(201, Outcome.FAILING)
