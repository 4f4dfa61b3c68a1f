"""Marks are made of closed days, change nothing by themselves, and a reviewer's word is judged by."""

import asyncio
import datetime as dt
import itertools
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.core.finding import Change, Outcome, Reason
from heatstream.core.marks import Thresholds
from heatstream.errors import BadInput, Refused, SettingsError
from heatstream.evaluate import quality as evaluate_quality
from heatstream.store import building_days, quality, tables
from heatstream.store.quality import Wanted

from .town import DAY, LONG_AGO, NEXT, Town, at, evaluator, whole_day

OPENED = dict.fromkeys(range(600, 670, 10), 1700)
"""An opened window from 10:00 to 11:10: longer than the demo's 60 minutes below."""


def alive(centi: int, but: dict[int, int] | None = None) -> list[Any]:
    """A day that never stands still."""
    return [(instant, (but or {}).get(n * 10, centi + n % 3)) for n, (instant, _) in enumerate(whole_day())]


@pytest.fixture
async def opened(town: Town) -> Town:
    """Home a with an opened window, beside three that are warm all day; and officers."""
    await town.monitored("a", "b", "c", "d")
    await town.write({"a": alive(2000, OPENED), "b": alive(2100), "c": alive(2200), "d": alive(2300)})
    async with town.engine.begin() as conn:
        district = await conn.scalar(select(tables.district.c.id))
        other = await conn.scalar(
            insert(tables.district).values(code="E", name="东区", valid_from=LONG_AGO).returning(tables.district.c.id)
        )
        every = [
            {"code": "d1", "role": "district", "district_id": district},
            {"code": "d2", "role": "district", "district_id": other},
            {"code": "c1", "role": "company", "district_id": None},
        ]
        rows = [{**each, "name": "王某", "organisation": "供热办", "valid_from": LONG_AGO} for each in every]
        await conn.execute(insert(tables.officer), rows)
    return town


async def marks(town: Town, **wanted: Any) -> list[quality.Mark]:
    async with town.engine.connect() as conn:
        return await quality.listed(conn, Wanted(**wanted))


async def judged_and_marked(town: Town) -> quality.Mark:
    found = evaluator(town.engine)
    await found.once(through=DAY)
    await found.mark()
    [mark] = await marks(town, device="a")
    return mark


async def review(town: Town, mark: int, *, excludes: bool, by: str = "d1", reason: str = "开窗通风") -> int:
    async with town.engine.begin() as conn:
        return await quality.review(conn, mark, excludes=excludes, by=by, reason=reason)


@pytest.mark.every_edition
async def test_a_closed_day_gets_its_marks_and_keeps_its_finding(opened: Town) -> None:
    mark = await judged_and_marked(opened)
    assert (mark.kind, mark.begins, mark.ends) == ("opened_window", at(DAY, 600), at(DAY, 670))
    assert mark.evidence["seen"]["drop_centi"] == 302
    assert mark.evidence["thresholds"]["window_drop_centi"] == 150
    assert (mark.device, mark.household, mark.excludes) == ("a", "a", None)
    assert len(await opened.findings("a")) == 1
    assert (await opened.current("a")).outcome == Outcome.FAILING


@pytest.mark.every_edition
async def test_marking_again_adds_nothing(opened: Town) -> None:
    await judged_and_marked(opened)
    before = await marks(opened)
    async with opened.engine.begin() as conn:
        await conn.execute(tables.quality_pass.delete())
    await evaluator(opened.engine).mark()
    assert await marks(opened) == before


@pytest.mark.every_edition
async def test_a_day_is_looked_at_again_only_when_newer_statistics_stand(opened: Town) -> None:
    found = evaluator(opened.engine)
    await found.once(through=DAY)
    await found.mark()
    async with opened.engine.connect() as conn:
        assert await building_days.stale_days(conn, LONG_AGO, NEXT) == []
    # `c` sends three more values of one minute, long after its day was closed.
    await opened.write({"c": [(at(DAY, 300) + dt.timedelta(seconds=n), 2200 + n) for n in (1, 2, 3)]})
    await found.once(settle=False, through=DAY)
    await found.mark()
    assert [mark.kind for mark in await marks(opened, device="c")] == ["equal_times"]


async def test_an_evaluator_that_starts_finds_what_nobody_marked(opened: Town) -> None:
    await evaluator(opened.engine).once(through=DAY)
    await evaluator(opened.engine).mark()
    assert len(await marks(opened, device="a")) == 1


async def test_without_time_one_group_is_marked_and_nothing_is_lost(opened: Town) -> None:
    found = evaluator(opened.engine)
    await found.once(through=DAY)
    await found.mark(within_s=-1)
    assert await marks(opened) == []
    await found.mark()
    assert len(await marks(opened, device="a")) == 1


@pytest.mark.every_edition
async def test_what_is_left_when_the_time_is_over_goes_on_where_it_stopped(
    opened: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three buildings, marked one a turn; the last has the mark."""
    monkeypatch.setattr(evaluate_quality, "GROUP_BUILDINGS", 1)
    async with opened.engine.begin() as conn:
        [first] = await conn.execute(select(tables.building))
        same = {"community_id": first.community_id, "heat_station_id": first.heat_station_id, "valid_from": LONG_AGO}
        rows = [{"code": code, "name": code, **same} for code in ("B2", "B3")]
        await conn.execute(insert(tables.building), rows)
        for code, home in (("B2", "c"), ("B3", "d")):
            where = select(tables.building.c.id).where(tables.building.c.code == code).scalar_subquery()
            await conn.execute(
                tables.household.update().where(tables.household.c.code == home).values(building_id=where)
            )
    await opened.write({"d": [(at(DAY, 301) + dt.timedelta(seconds=n), 2300 + n) for n in (1, 2, 3)]})
    await evaluator(opened.engine).once(through=DAY)
    ticks = itertools.count()
    marker = evaluate_quality.Marker(opened.engine, Thresholds(), asyncio.Event(), lambda: next(ticks))
    turns = [await marker.work(within_s=2) for _ in range(3)]
    assert [sum(made.values()) for made in turns] == [0, 0, 1]
    assert await marker.work() == {}
    async with opened.engine.connect() as conn:
        assert await building_days.stale_days(conn, LONG_AGO, NEXT) == []


async def test_the_evaluator_marks_after_it_has_judged(opened: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    found = evaluator(opened.engine)
    work = found.marker.work

    async def then_stop(within_s: float) -> Counter[str]:
        made = await work(within_s)
        found.stop.set()
        return made

    monkeypatch.setattr(found.marker, "work", then_stop)
    await found.forever()
    assert len(await marks(opened, device="a")) == 1


async def test_a_fault_in_marking_keeps_nobody_from_being_judged(opened: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    found = evaluator(opened.engine)

    async def broken(within_s: float) -> Counter[str]:
        found.stop.set()
        raise ValueError(within_s)

    monkeypatch.setattr(found.marker, "work", broken)
    await found.forever()
    assert (await opened.current("a")).outcome == Outcome.FAILING


async def test_the_operator_s_threshold_stands_on_the_mark(opened: Town) -> None:
    found = evaluator(opened.engine, quality={"window_drop_centi": 310})
    await found.once(through=DAY)
    await found.mark()
    assert await marks(opened, device="a") == []


def test_an_unknown_threshold_refuses_to_start(engine: AsyncEngine) -> None:
    with pytest.raises(SettingsError, match=r"\[evaluate\.quality\]: seen window_k, expected some of ahead_s"):
        evaluator(engine, quality={"window_k": 2})


# --- reviews ----------------------------------------------------------------------------------------------------------


@pytest.mark.every_edition
async def test_excluded_readings_count_for_neither_verdict_nor_coverage(opened: Town) -> None:
    mark = await judged_and_marked(opened)
    await review(opened, mark.id, excludes=True)
    await evaluator(opened.engine).once(settle=False, through=DAY)
    found, statistic = await opened.current("a"), await opened.statistics("a")
    assert (found.outcome, found.change, found.value_centi) == (Outcome.COMPLIANT, Change.QUALITY_REVIEWED, 2000)
    assert (statistic.slots_valid, statistic.below_min) == (144 - 8, 0)
    assert (statistic.readings, statistic.conflicts) == (144, 0)


async def test_the_readings_themselves_stay(opened: Town) -> None:
    mark = await judged_and_marked(opened)
    before = await opened.rows(select(tables.reading).order_by(tables.reading.c.point_id, tables.reading.c.observed_at))
    await review(opened, mark.id, excludes=True)
    await evaluator(opened.engine).once(settle=False, through=DAY)
    query = select(tables.reading).order_by(tables.reading.c.point_id, tables.reading.c.observed_at)
    assert await opened.rows(query) == before


@pytest.mark.every_edition
async def test_a_later_review_takes_the_readings_in_again(opened: Town) -> None:
    mark = await judged_and_marked(opened)
    first = await opened.current("a")
    await review(opened, mark.id, excludes=True)
    await evaluator(opened.engine).once(settle=False, through=DAY)
    await review(opened, mark.id, excludes=False, reason="现场核实未开窗")
    await evaluator(opened.engine).once(settle=False, through=DAY)
    found = await opened.current("a")
    assert (found.outcome, found.digest, found.computed_fen) == (first.outcome, first.digest, first.computed_fen)
    assert [each.change for each in await opened.findings("a")] == [1, 6, 6]
    assert len(await opened.rows(select(tables.quality_review))) == 2


async def test_an_exclusion_that_costs_the_coverage_leaves_the_day_undetermined(opened: Town) -> None:
    await judged_and_marked(opened)
    async with opened.engine.begin() as conn:
        whole = quality.NewMark(opened.points["b"], "frozen", at(DAY), at(DAY, 1430), 1, {})
        await quality.append(conn, [whole])
    [mark] = await marks(opened, device="b")
    await review(opened, mark.id, excludes=True)
    await evaluator(opened.engine).once(settle=False, through=DAY)
    found = await opened.current("b")
    assert (found.outcome, found.reason, found.slots_valid) == (Outcome.UNDETERMINED, Reason.COVERAGE, 0)
    assert (await opened.statistics("b")).readings == 144


async def test_an_excluded_instant_with_two_values_waits_for_nobody(opened: Town) -> None:
    await opened.conflict("a", at(DAY, 630), 1900)
    mark = await judged_and_marked(opened)
    assert (await opened.statistics("a")).conflicts == 1
    await review(opened, mark.id, excludes=True)
    await evaluator(opened.engine).once(settle=False, through=DAY)
    assert ((await opened.current("a")).outcome, (await opened.statistics("a")).conflicts) == (Outcome.COMPLIANT, 0)


async def test_readings_of_the_night_touch_the_day_before_too(opened: Town) -> None:
    await evaluator(opened.engine).once(through=NEXT)
    async with opened.engine.begin() as conn:
        await quality.append(conn, [quality.NewMark(opened.points["a"], "jump", at(NEXT, 60), at(NEXT, 70), 2, {})])
    [mark] = await marks(opened, kind="jump")
    await review(opened, mark.id, excludes=True)
    dirty = await opened.rows(select(tables.day_dirty.c.day).order_by(tables.day_dirty.c.day))
    assert [row.day for row in dirty] == [DAY, NEXT]


@pytest.mark.every_edition
async def test_a_review_is_read_only_by_runs_that_reach_its_batch(opened: Town) -> None:
    mark = await judged_and_marked(opened)
    batch = await review(opened, mark.id, excludes=True)
    points, span = [opened.points["a"]], (at(DAY), at(NEXT))
    async with opened.engine.connect() as conn:
        assert await quality.exclusions(conn, points, *span, batch - 1) == []
        [found] = await quality.exclusions(conn, points, *span, batch)
    assert (found.mark_id, found.officer, found.reason) == (mark.id, "d1", "开窗通风")


@pytest.mark.parametrize(
    ("by", "reason", "error", "words"),
    [
        ("d1", " ", BadInput, "reason: seen nothing, expected why"),
        ("zz", "x", BadInput, "officer: seen 'zz', expected the 工号 of an officer registered today"),
        ("c1", "x", Refused, "officer c1: role company may not review readings; expected district or city"),
        ("d2", "x", Refused, "officer d2 is of another district"),
    ],
)
async def test_who_may_not_review_is_told_why(
    opened: Town, by: str, reason: str, error: type[Exception], words: str
) -> None:
    mark = await judged_and_marked(opened)
    with pytest.raises(error, match=words):
        await review(opened, mark.id, excludes=True, by=by, reason=reason)
    assert await opened.rows(select(tables.quality_review)) == []


async def test_a_mark_that_there_is_not_is_told(opened: Town) -> None:
    with pytest.raises(BadInput, match="mark: seen 99, expected the number of a mark"):
        await review(opened, 99, excludes=True)


@pytest.mark.every_edition
async def test_marks_are_listed_by_what_is_asked(opened: Town) -> None:
    mark = await judged_and_marked(opened)
    assert [each.id for each in await marks(opened, day=DAY, kind="opened_window", household="a")] == [mark.id]
    assert await marks(opened, day=NEXT) == []
    assert await marks(opened, kind="sun") == []
    await review(opened, mark.id, excludes=False)
    assert await marks(opened, device="a", open_only=True) == []
    [found] = await marks(opened, device="a")
    assert (found.excludes, found.officer) == (False, "d1")


async def test_an_unknown_kind_is_told_with_those_there_are(opened: Town) -> None:
    with pytest.raises(BadInput, match="kind: seen 'cold', expected frozen, jump, opened_window"):
        await marks(opened, kind="cold")
