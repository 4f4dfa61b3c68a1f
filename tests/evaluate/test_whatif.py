"""A season under two policies: what changes, for whom, in fen; and nothing is written."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, make_url, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from heatstream.errors import BadInput, Refused
from heatstream.evaluate.simulate import ASSUMED
from heatstream.evaluate.whatif import Comparison, Question, Sum, compare
from heatstream.rules import policy as policies
from heatstream.store import tables
from tests.test_cli import heatstream

from .town import FEE_FEN, NEXT, Town, at, evaluator, folder_of_choices, settings, whole_day

AFTER_NEXT = NEXT + dt.timedelta(days=1)
COLD_HOUR = dict.fromkeys(range(600, 670, 10), 1700)
"""70 minutes below: a failure by 60 minutes, none by 120."""
SHARE = FEE_FEN * 3 // 10 // 169
"""Of one failing day at 17 °C [fen]."""
LATE_START = """season_decisions:
  - {season: 2025, start: "2025-12-31T00:00", doc_no: 示1号, source: 公告, decided_on: 2025-10-01}
choices:
"""
"""A short season, so that few days are looked through."""


def choices(folder: Path, **changed: str) -> Path:
    """The demo's choices with some of them made otherwise, of a season that began late."""
    folder.mkdir(exist_ok=True)
    path = folder_of_choices(folder, **changed)
    path.write_text(path.read_text(encoding="utf-8").replace("choices:\n", LATE_START), encoding="utf-8")
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return choices(tmp_path / "old")


@pytest.fixture
def stricter(tmp_path: Path) -> Path:
    """Only 120 minutes fail a day."""
    return choices(tmp_path / "new", daily_statistic="{sustained_below_min: 120}")


async def judged(town: Town, engine: AsyncEngine) -> None:
    """Three homes through two days: one cold on both, one on the first, one never; all closed and judged."""
    await town.monitored("cold", "once", "warm")
    await town.write(
        {
            "cold": whole_day(but=COLD_HOUR) + _next(COLD_HOUR),
            "once": whole_day(but=COLD_HOUR) + _next({}),
            "warm": whole_day() + _next({}),
        }
    )
    await evaluator(engine, at(AFTER_NEXT, 12 * 60)).once(through=NEXT)


def _next(but: dict[int, int]) -> list[Any]:
    """The next day, from where the first day's night ends."""
    return [(when, centi) for when, centi in whole_day(day=NEXT, but=but) if when >= at(NEXT, 6 * 60)]


async def compared(engine: AsyncEngine, new: Path, old: Path, **asked: Any) -> Comparison:
    question = Question(policies.load(new), policies.load(old), 2025, **asked)
    return await compare(engine, settings(), question)


@pytest.mark.every_edition
async def test_the_homes_days_and_fen_that_change_are_told_by_company_and_district(
    town: Town, engine: AsyncEngine, stricter: Path, old: Path
) -> None:
    await judged(town, engine)
    found = await compared(engine, stricter, old)
    assert (found.first, found.last) == (dt.date(2025, 12, 31), NEXT)
    assert found.sums == [
        Sum(
            company="热力公司",
            district="区",
            homes=3,
            homes_changed=2,
            days_changed=3,
            failing_before=3,
            failing_after=0,
            computed_fen_before=3 * SHARE,
            computed_fen_after=0,
            homes_computed_changed=2,
            if_applied_fen_before=None,
            if_applied_fen_after=None,
            homes_if_applied_changed=None,
        )
    ]


async def test_a_policy_against_itself_changes_nothing(town: Town, engine: AsyncEngine, old: Path) -> None:
    await judged(town, engine)
    [found] = (await compared(engine, old, old)).sums
    assert (found.homes_changed, found.days_changed, found.homes_computed_changed) == (0, 0, 0)
    assert found.computed_fen_before == found.computed_fen_after == 3 * SHARE


async def test_what_is_computed_is_what_the_findings_say(town: Town, engine: AsyncEngine, old: Path) -> None:
    await judged(town, engine)
    [found] = (await compared(engine, old, old)).sums
    there = await town.rows(select(func.sum(tables.finding.c.computed_fen)))
    assert found.computed_fen_after == there[0][0]


@pytest.mark.every_edition
async def test_nothing_is_written(town: Town, engine: AsyncEngine, stricter: Path, old: Path) -> None:
    await judged(town, engine)
    before = await _counts(town)
    await compared(engine, stricter, old, assume_application=True)
    assert await _counts(town) == before


async def test_who_may_only_read_may_ask(
    town: Town, engine: AsyncEngine, stricter: Path, old: Path, database_url: str
) -> None:
    await judged(town, engine)
    async with engine.begin() as conn:
        await conn.execute(text("drop role if exists asks_what_if"))
        await conn.execute(text("create role asks_what_if bypassrls in role pg_read_all_data"))
    reader = create_async_engine(
        make_url(database_url).set(drivername="postgresql+asyncpg"),
        connect_args={"server_settings": {"role": "asks_what_if", "timezone": "UTC"}},
    )
    try:
        found = await compared(reader, stricter, old, assume_application=True)
    finally:
        await reader.dispose()
    assert found.sums[0].homes_changed == 2


async def _counts(town: Town) -> list[int]:
    return [(await town.rows(select(func.count()).select_from(table)))[0][0] for table in tables.metadata.sorted_tables]


async def test_an_application_is_assumed_only_where_asked_and_grace_takes_a_single_day(
    town: Town, engine: AsyncEngine, stricter: Path, old: Path
) -> None:
    await judged(town, engine)
    [found] = (await compared(engine, stricter, old, assume_application=True)).sums
    assert (found.if_applied_fen_before, found.if_applied_fen_after) == (2 * SHARE, 0)
    assert found.homes_if_applied_changed == 1


async def test_an_assumed_application_needs_every_choice_of_a_claim(
    town: Town, engine: AsyncEngine, tmp_path: Path, old: Path
) -> None:
    await judged(town, engine)
    open_there = choices(tmp_path / "new", unpaid="null")
    with pytest.raises(Refused, match="unpaid"):
        await compared(engine, open_there, old, assume_application=True)


async def test_two_percentiles_of_one_day_are_not_taken_for_each_other(
    town: Town, engine: AsyncEngine, tmp_path: Path
) -> None:
    await judged(town, engine)
    low, high = (choices(tmp_path / name, daily_statistic=f"{{percentile: {name}}}") for name in ("3", "60"))
    [found] = (await compared(engine, high, low)).sums
    assert (found.failing_before, found.failing_after) == (3, 0)


async def test_other_hours_of_day_and_night_are_read_apart(
    town: Town, engine: AsyncEngine, tmp_path: Path, old: Path
) -> None:
    await judged(town, engine)
    later = choices(tmp_path / "new", day_window='"08:00-20:00"')
    [found] = (await compared(engine, later, old)).sums
    assert (found.days_changed, found.failing_after) == (0, 3)


async def test_a_policy_that_computes_no_amount_has_none(
    town: Town, engine: AsyncEngine, tmp_path: Path, old: Path
) -> None:
    await judged(town, engine)
    left = choices(tmp_path / "new", computed_amount="leave")
    [found] = (await compared(engine, left, old)).sums
    assert (found.computed_fen_before, found.computed_fen_after) == (3 * SHARE, None)
    assert (found.failing_before, found.failing_after) == (3, 3)


@pytest.mark.every_edition
async def test_many_chunks_come_to_the_same(town: Town, engine: AsyncEngine, stricter: Path, old: Path) -> None:
    await judged(town, engine)
    question = Question(policies.load(stricter), policies.load(old), 2025)
    whole = await compare(engine, settings(chunk_households=100), question)
    await town.monitored(*(f"n{number}" for number in range(8)))
    cut = await compare(engine, settings(chunk_households=1), question)
    assert cut.sums == [whole.sums[0]._replace(homes=11)]


@pytest.mark.every_edition
async def test_a_day_whose_readings_were_deleted_is_left_out_and_counted(
    town: Town, engine: AsyncEngine, stricter: Path, old: Path
) -> None:
    await judged(town, engine)
    async with engine.begin() as conn:
        gone = tables.reading.c.point_id == town.points["cold"]
        await conn.execute(delete(tables.reading).where(gone, tables.reading.c.observed_at < at(NEXT)))
    found = await compared(engine, stricter, old)
    assert found.readings_deleted == 1
    assert found.sums[0].failing_before == 2


async def test_a_season_of_which_no_day_is_closed_is_refused(
    town: Town, engine: AsyncEngine, stricter: Path, old: Path
) -> None:
    await judged(town, engine)
    question = Question(policies.load(stricter), policies.load(old), 2027)
    with pytest.raises(BadInput, match="season 2027: no day of it is closed, the newest closed day is 2026-01-06"):
        await compare(engine, settings(), question)


async def test_the_command_prints_a_table_or_json_and_says_what_the_amounts_are_not(
    town: Town, engine: AsyncEngine, stricter: Path, old: Path, database_url: str
) -> None:
    await judged(town, engine)
    table = _command(database_url, stricter, old, "--assume-application", "first_failing_day")
    assert "测算额仅由读数测算，不是应退热费" in table
    assert ASSUMED[:20] in table.replace("\n", "")
    *rows, total = map(json.loads, _command(database_url, stricter, old, "--json").splitlines())
    assert [row["company"] for row in rows] == ["热力公司"]
    assert (total["homes"], total["computed_fen_before"], total["computed_fen_after"]) == (3, 3 * SHARE, 0)


def _command(url: str, new: Path, old: Path, *more: str) -> str:
    arguments = ["--policy", str(new), "--against", str(old), "--season", "2025", *more]
    ended = heatstream("rules", "simulate", *arguments, url=url, COLUMNS="200")
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
