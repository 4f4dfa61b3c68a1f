"""What proves a failing or contested day outlasts its readings, as it was; nothing is deleted before."""

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from heatstream.evidence.stored import Stored, frozen, joined, thawed
from heatstream.jobs import run
from heatstream.settings import Database, Jobs, Settings
from heatstream.store import tables
from tests.evaluate.town import DAY, NEXT, Town, at, evaluator, whole_day
from tests.evidence.opened import exported, files, judged, sealed, tree
from tests.evidence.test_verify import verified

pytestmark = pytest.mark.every_edition

NOW = at(DAY + dt.timedelta(days=60))
"""Of the days here, all are past a retention of 30 days."""


async def run_job(town: Town, name: str) -> str:
    """Run one job; tell what it did."""
    found = Settings(
        database=Database(url=town.engine.url.render_as_string(hide_password=False).replace("+asyncpg", "")),
        jobs=Jobs(retention_days=30),
    )
    assert await run.run_task(town.engine, found, name, lambda: NOW)
    async with town.engine.connect() as conn:
        query = select(tables.job_run.c.detail).order_by(tables.job_run.c.id.desc()).limit(1)
        return str(await conn.scalar(query))


async def readings_left(town: Town) -> int:
    """Count what is stored of the day."""
    within = tables.reading.c.observed_at.between(at(DAY), at(NEXT) - dt.timedelta(microseconds=1))
    [[count]] = await town.rows(select(func.count()).select_from(tables.reading).where(within))
    return int(count)


async def frozen_days(town: Town) -> list[tuple[str, dt.date]]:
    codes = {home: code for code, home in town.homes.items()}
    rows = await town.rows(select(tables.frozen_evidence).order_by(tables.frozen_evidence.c.day))
    return sorted((codes[row.household_id], row.day) for row in rows)


async def test_a_failing_day_proves_the_same_after_its_readings_are_deleted(town: Town) -> None:
    await town.monitored("a", "b")
    await judged(town, a=whole_day(1700), b=whole_day(1900))
    await sealed(town)
    before = await exported(town)
    assert await run_job(town, "freeze") == f"froze 1 household-days before {NOW.date() - dt.timedelta(days=30)}"
    await run_job(town, "retention")
    assert await readings_left(town) == 0
    assert await exported(town) == before


async def test_a_compliant_day_is_not_frozen_and_told_as_deleted(town: Town, tmp_path: Path) -> None:
    await town.monitored("a")
    await judged(town, a=whole_day(1900))
    await sealed(town)
    await run_job(town, "freeze")
    await run_job(town, "retention")
    assert (await readings_left(town), await frozen_days(town)) == (0, [])
    content = await exported(town)
    assert len(files(content)["readings/a.csv"].splitlines()) == 1 + 36, "the night's, which are the next day's"
    assert tree(content, "statistics.json")["days"][0]["readings"] == 144
    assert tree(content, "statistics.json")["deleted"] == [{"day": DAY.isoformat(), "point": "a"}]
    code, told = verified(content, tmp_path)
    assert (code, "readings deleted after their time: a 2026-01-05" in told) == (0, True), told


async def test_a_day_with_a_conflict_is_frozen(town: Town) -> None:
    await town.monitored("a", "b")
    await town.write({"a": whole_day(1900), "b": whole_day(1900)})
    await town.conflict("a", at(DAY, 600), 1950)
    await evaluator(town.engine).once(settle=False, through=DAY)
    await run_job(town, "freeze")
    assert await frozen_days(town) == [("a", DAY)]


async def test_every_day_of_a_claim_s_season_is_frozen(town: Town) -> None:
    await town.monitored("a", "b")
    await judged(town, a=whole_day(1900), b=whole_day(1900))
    async with town.engine.begin() as conn:
        await conn.execute(
            insert(tables.claim)
            .values(code="1", household_id=town.homes["a"], season_from=DAY, season_to=DAY, opened_at=at(DAY))
            .values(policy_id=1, opened_way="application", step="opened")
        )
    await run_job(town, "freeze")
    assert await frozen_days(town) == [("a", DAY)]


async def test_nothing_is_deleted_while_a_failing_day_is_not_frozen(town: Town) -> None:
    await town.monitored("a")
    await judged(town, a=whole_day(1700))
    told = await run_job(town, "retention")
    assert "evidence of 1 failing or contested household-days is not frozen" in told
    assert await readings_left(town) == 144


async def test_what_came_after_the_freezing_is_frozen_too_before_anything_is_deleted(town: Town) -> None:
    await town.monitored("a")
    await judged(town, a=whole_day(1700)[:100])
    await run_job(town, "freeze")
    await town.write({"a": whole_day(1700)[100:]})
    assert "household-days wait to be judged" in await run_job(town, "retention")
    await evaluator(town.engine).once(settle=False, through=DAY)
    assert "is not frozen" in await run_job(town, "retention")
    assert (await run_job(town, "freeze")).startswith("froze 1 household-days")
    before = await exported(town)
    await run_job(town, "retention")
    assert await readings_left(town) == 0
    assert files(await exported(town))["readings/a.csv"] == files(before)["readings/a.csv"]


async def test_what_is_frozen_is_not_lost_when_a_reading_is_sent_again_after_the_deletion(town: Town) -> None:
    await town.monitored("a")
    await judged(town, a=whole_day(1700))
    before = await exported(town)
    await run_job(town, "freeze")
    await run_job(town, "retention")
    await town.write({"a": [(at(DAY, 600), 2100)]})
    await evaluator(town.engine).once(settle=False, through=DAY)
    await run_job(town, "freeze")
    assert files(await exported(town))["readings/a.csv"] == files(before)["readings/a.csv"]


async def test_a_day_under_a_legal_hold_stays_as_it_is(town: Town) -> None:
    await town.monitored("a")
    await judged(town, NEXT, a=whole_day(1700) + whole_day(1700, NEXT)[36:])
    async with town.engine.begin() as conn:
        await conn.execute(insert(tables.legal_hold).values(day_from=DAY, day_to=DAY, reason="court", by="official"))
    await run_job(town, "freeze")
    assert await frozen_days(town) == [("a", NEXT)]
    assert "(2026-01-05: legal hold" in await run_job(town, "retention")
    assert await readings_left(town) == 144


async def test_the_night_after_a_failing_day_is_frozen_with_it(town: Town) -> None:
    await town.monitored("a")
    await judged(town, a=whole_day(1700))
    await run_job(town, "freeze")
    [row] = await town.rows(select(tables.frozen_evidence))
    instants = [each.observed_us for each in thawed(row.content)]
    assert len(instants) == 180
    assert instants[-1] - instants[0] == (29 * 60 + 50) * 60_000_000


# --- the form ---------------------------------------------------------------------------------------------------------

READING = Stored(point_id=7, observed_us=1, temp_centi=-50, received_us=2, gateway_us=None, flags=3, batch=4)


def test_frozen_readings_have_one_form_and_come_back_as_they_were() -> None:
    other = READING._replace(observed_us=0, gateway_us=9)
    assert frozen([READING, other]) == b"7,0,-50,2,9,3,4\n7,1,-50,2,,3,4\n"
    assert thawed(frozen([READING, other])) == [other, READING]


def test_of_one_instant_what_was_frozen_stands() -> None:
    assert joined([READING], [READING._replace(temp_centi=2100), READING._replace(observed_us=0)]) == [
        READING._replace(observed_us=0),
        READING,
    ]
