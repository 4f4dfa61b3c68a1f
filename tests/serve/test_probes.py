"""A process that cannot answer says why; one that can says how the others do."""

import datetime as dt

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.serve.app import create_app
from heatstream.serve.routes import probes
from heatstream.serve.shapes import now
from heatstream.settings import Database, Settings
from heatstream.store import changes
from heatstream.store import tables as t
from tests.serve import town


async def checks(client: httpx.AsyncClient) -> tuple[int, dict[str, tuple[bool, str]]]:
    response = await client.get("/readyz")
    return response.status_code, {check["name"]: (check["ok"], check["detail"]) for check in response.json()["checks"]}


async def test_a_healthy_city_is_ready_with_every_check_told(stranger: httpx.AsyncClient, engine: AsyncEngine) -> None:
    await changes.sequence_all(engine)
    status, found = await checks(stranger)
    assert status == 200
    assert {name: ok for name, (ok, _) in found.items()} == {
        "database": True,
        "schema": True,
        "ingest": True,
        "evaluator": True,
        "feed": True,
        "job partitions": True,
    }


async def test_a_stale_ingest_is_told_but_reading_goes_on(stranger: httpx.AsyncClient, app: FastAPI) -> None:
    app.dependency_overrides[now] = lambda: town.NOW + dt.timedelta(hours=1)
    status, found = await checks(stranger)
    assert (status, found["ingest"]) == (200, (False, "last stored 61.0 min ago, expected within 15.0 min"))


@pytest.mark.every_edition
async def test_waiting_household_days_are_told_with_their_age(stranger: httpx.AsyncClient, engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        old = town.NOW - dt.timedelta(hours=2)
        mark = {"household_id": 1, "day": town.DAYS[0], "batch_id": 1, "reason": 2, "marked_at": old}
        await conn.execute(insert(t.day_dirty).values(mark))
    assert (await checks(stranger))[1]["evaluator"] == (
        False,
        "closed through 2026-01-06; 1 household-days wait, the oldest 120.0 min",
    )


async def test_a_job_without_success_is_told(stranger: httpx.AsyncClient, engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await conn.execute(update(t.job_run).values(succeeded=False))
    assert (await checks(stranger))[1]["job partitions"][0] is False


async def test_however_many_ask_it_looks_once(
    stranger: httpx.AsyncClient, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "LOOK_S", 3600.0)
    before = await checks(stranger)
    async with engine.begin() as conn:
        await conn.execute(update(t.job_run).values(succeeded=False))
    assert await checks(stranger) == before


async def test_a_database_of_another_release_is_not_ready(stranger: httpx.AsyncClient, engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await conn.execute(text("update alembic_version set version_num = '0000'"))
    status, found = await checks(stranger)
    assert (status, found["schema"][0], set(found)) == (503, False, {"database", "schema"})


async def test_a_missing_database_is_not_ready() -> None:
    app = create_app(Settings(database=Database(url="postgresql://nobody@127.0.0.1:1/nothing")))
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        status, found = await checks(client)
        assert (status, found["database"][0]) == (503, False)
        response = await client.get("/api/v1/households", headers={"X-API-Key": "hs_a_b"})
        assert (response.status_code, response.json()["type"]) == (503, "urn:heatstream:problem:database-away")
        assert (await client.get("/livez")).json() == {"alive": True}


async def test_no_household_is_a_label_of_a_metric(client: httpx.AsyncClient) -> None:
    await client.get("/api/v1/findings/1/explain")
    await client.get("/api/v1/households", params={"household": "H1"})
    told = (await client.get("/metrics")).text
    assert 'route="/findings/{finding_id}/explain"' in told
    assert "H1" not in told


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
async def test_probes_are_plain_json(stranger: httpx.AsyncClient, path: str) -> None:
    assert (await stranger.get(path)).headers["content-type"] == "application/json"
