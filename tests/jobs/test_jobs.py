"""What recurs is done once, kept in a row, and never deletes what somebody holds."""

import asyncio
import contextlib
import datetime as dt
import os
import sys

import httpx
import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.errors import SettingsError
from heatstream.jobs import run
from heatstream.serve.app import listings
from heatstream.settings import Database, Ingest, Jobs, Settings
from heatstream.store import timescale
from heatstream.store.tables import (
    batch,
    closing,
    finding,
    finding_current,
    frozen_evidence,
    job_run,
    legal_hold,
    reading,
)

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
OLD, YOUNG = dt.date(2026, 1, 5), dt.date(2026, 10, 20)


def settings(url: str, **jobs: int) -> Settings:
    return Settings(database=Database(url=url), jobs=Jobs(**jobs))


async def store(engine: AsyncEngine, *days: dt.date) -> None:
    """Store readings of days that are closed."""
    async with engine.begin() as conn:
        await conn.execute(insert(closing).values(closed_through=NOW.date()))
        batch_id = await conn.scalar(insert(batch).values(writer="import").returning(batch.c.id))
        for day in days:
            await timescale.ensure_partitions(conn, reading, day, day)
            noon = dt.datetime.combine(day, dt.time(12), timescale.LOCAL)
            row = {"point_id": 1, "observed_at": noon, "received_at": noon, "temp_centi": 1750, "batch_id": batch_id}
            await conn.execute(
                insert(reading), [row, row | {"observed_at": dt.datetime.combine(day, dt.time(), timescale.LOCAL)}]
            )


async def judge(engine: AsyncEngine, day: dt.date, outcome: int) -> None:
    zero = {column.name: 0 for column in finding.columns if not column.nullable and column.name != "id"}
    row = zero | {
        "household_id": 7,
        "period_kind": 1,
        "period_from": day,
        "period_to": day,
        "outcome": outcome,
        "tier_at_least": False,
        "digest": b"\0" * 32,
    }
    async with engine.begin() as conn:
        for table in (finding, finding_current):
            await timescale.ensure_partitions(conn, table, day, day)
        made = await conn.scalar(insert(finding).values(row).returning(finding.c.id))
        await conn.execute(
            insert(finding_current).values(household_id=7, period_kind=1, period_from=day, finding_id=made)
        )


async def days_left(engine: AsyncEngine) -> list[dt.date]:
    async with engine.connect() as conn:
        instants = await conn.scalars(select(reading.c.observed_at))
        return sorted({instant.astimezone(timescale.LOCAL).date() for instant in instants})


async def test_readings_past_retention_are_deleted(engine: AsyncEngine, database_url: str) -> None:
    await store(engine, OLD, YOUNG)
    assert await run.run_task(engine, settings(database_url, retention_days=90), "retention", lambda: NOW)
    assert await days_left(engine) == [YOUNG]


async def test_without_a_setting_nothing_is_deleted(engine: AsyncEngine, database_url: str) -> None:
    await store(engine, OLD)
    assert await run.run_task(engine, settings(database_url), "retention", lambda: NOW)
    assert await days_left(engine) == [OLD]


async def test_a_day_that_nobody_has_judged_stays(engine: AsyncEngine, database_url: str) -> None:
    await store(engine, OLD)
    async with engine.begin() as conn:
        await conn.execute(update(closing).values(closed_through=OLD - dt.timedelta(days=1)))
    assert await run.run_task(engine, settings(database_url, retention_days=90), "retention", lambda: NOW)
    assert await days_left(engine) == [OLD]


async def test_a_legal_hold_keeps_its_days(engine: AsyncEngine, database_url: str) -> None:
    await store(engine, OLD, OLD + dt.timedelta(days=1))
    async with engine.begin() as conn:
        await conn.execute(insert(legal_hold).values(day_from=OLD, day_to=OLD, reason="court", by="official"))
    await run.run_task(engine, settings(database_url, retention_days=90), "retention", lambda: NOW)
    assert await days_left(engine) == [OLD]


async def test_a_failing_day_stays_until_its_evidence_is_frozen(engine: AsyncEngine, database_url: str) -> None:
    await store(engine, OLD)
    await judge(engine, OLD, outcome=2)
    await run.run_task(engine, settings(database_url, retention_days=90), "retention", lambda: NOW)
    assert await days_left(engine) == [OLD]
    async with engine.begin() as conn:
        await conn.execute(insert(frozen_evidence).values(household_id=7, day=OLD, bundle_sha256=b"\1" * 32))
        detail = await conn.scalar(select(job_run.c.detail).order_by(job_run.c.id.desc()).limit(1))
    assert detail.endswith("kept 1 (2026-01-05: evidence of 1 failing or contested household-days is not frozen)")
    await run.run_task(engine, settings(database_url, retention_days=90), "retention", lambda: NOW)
    assert await days_left(engine) == []


async def test_partitions_stand_ahead_so_that_the_coming_days_can_be_stored(
    engine: AsyncEngine, database_url: str
) -> None:
    assert await run.run_task(engine, settings(database_url, partitions_ahead_days=3), "partitions", lambda: NOW)
    async with engine.begin() as conn:
        at = NOW + dt.timedelta(days=3)
        await conn.execute(
            insert(reading).values(point_id=1, observed_at=at, received_at=at, temp_centi=1800, batch_id=1)
        )
        assert await conn.scalar(select(func.count()).select_from(reading)) == 1


async def test_a_failed_job_is_kept_with_its_reason_and_hinders_nothing(
    engine: AsyncEngine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> str:
        raise OSError("no space left")

    monkeypatch.setitem(run.TASKS, "partitions", ("* * * * *", broken))
    assert not await run.run_task(engine, settings(database_url), "partitions", lambda: NOW)
    async with engine.connect() as conn:
        row = (await conn.execute(select(job_run))).one()
    assert (row.succeeded, row.detail) == (False, "OSError: no space left")


async def test_compression_inside_the_late_data_window_is_refused(database_url: str) -> None:
    bad = Settings(database=Database(url=database_url), jobs=Jobs(compress_after_days=30), ingest=Ingest(past_days=400))
    with pytest.raises(SettingsError, match="a late reading must not meet a compressed chunk"):
        await run.main(bad, listings(bad), once=True)


async def test_while_its_first_round_lasts_the_process_is_alive_says_what_it_waits_for_and_can_be_told_to_stop(
    database_url: str, engine: AsyncEngine, unused_tcp_port: int
) -> None:
    async with engine.begin() as conn:  # the first task that makes a row of its own waits for this
        await conn.execute(text("lock table job_run in access exclusive mode"))
        environ = os.environ | {
            "HEATSTREAM_DATABASE_URL": database_url,
            "HEATSTREAM_JOBS_METRICS_PORT": str(unused_tcp_port),
        }
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "heatstream", "jobs", env=environ)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{unused_tcp_port}") as client:
            alive = await _answer(client, "/livez")
            ready = await _answer(client, "/readyz")
        process.terminate()
        code = await asyncio.wait_for(process.wait(), 10)
    assert (alive.status_code, ready.status_code, code) == (200, 503, 0)
    assert "supervision: its first run has not ended yet" in ready.json()["reasons"]


async def _answer(client: httpx.AsyncClient, path: str) -> httpx.Response:
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(httpx.TransportError):
                return await client.get(path)
            await asyncio.sleep(0.1)
