"""Who looked at what is written before it is shown, and not shown where it cannot be written."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.access import journal
from heatstream.access.limits import site
from heatstream.store import keys
from heatstream.store.tables import access_log, api_key
from tests.access.conftest import api_at, client, key_at
from tests.proxy import Proxy
from tests.serve.conftest import database_url

__all__ = ["database_url"]


ROW = {
    "at": dt.datetime.now(dt.UTC),
    "request": "r",
    "process": "serve",
    "who": "nobody",
    "method": "GET",
    "route": "/",
    "target": "/",
    "status": 200,
    "took_ms": 1,
}


@pytest.fixture
async def app(database_url: str) -> AsyncIterator[FastAPI]:
    async with api_at(database_url, requests_per_minute=5, strangers_per_minute=2) as app:
        yield app


@pytest.fixture
async def auditor(app: FastAPI, database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    key = await key_at(database_url, "auditor")
    async with client(app, headers={"Authorization": f"Bearer {key}"}) as one:
        yield one


async def logged(engine: AsyncEngine) -> list[Any]:
    async with engine.connect() as conn:
        return list(await conn.execute(select(access_log).order_by(access_log.c.id)))


async def test_a_request_is_a_row_that_names_who_which_and_how_many(
    auditor: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    asked = {"household": "H1", "outcome": "failing"}
    response = await auditor.get("/api/v1/findings", params=asked, headers={"X-Request-Id": "poll-7"})
    [row] = await logged(engine)
    assert response.headers["X-Request-Id"] == row.request == "poll-7"
    assert (row.process, row.role, row.method, row.status, row.rows) == ("serve", "auditor", "GET", 200, 2)
    assert (row.route, row.household) == ("/api/v1/findings", "H1")
    assert row.target == "/api/v1/findings?household=H1&outcome=failing"
    assert row.who.startswith("key:hs_")


async def test_a_key_that_was_put_into_the_address_is_not_in_the_log(
    auditor: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    key = auditor.headers["Authorization"].removeprefix("Bearer ")
    await auditor.get("/api/v1/households", params={"key": key})
    [row] = await logged(engine)
    assert key.rsplit("_", 1)[-1] not in str(row)
    assert row.status == 400


async def test_what_cannot_be_logged_is_not_shown(auditor: httpx.AsyncClient, engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await conn.execute(text("alter table access_log add check (household is null or household <> 'H1')"))
    refused = await auditor.get("/api/v1/households", params={"household": "H1"})
    assert refused.status_code == 503
    assert "H1室" not in refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert (await auditor.get("/api/v1/households", params={"household": "H2"})).status_code == 200


async def test_the_log_is_read_by_household_and_by_who(auditor: httpx.AsyncClient) -> None:
    for home in ("H1", "H2"):
        await auditor.get("/api/v1/households", params={"household": home})
    rows = (await auditor.get("/api/v1/access-log", params={"household": "H2"})).json()["rows"]
    assert [row["target"] for row in rows] == ["/api/v1/households?household=H2"]
    assert (await auditor.get("/api/v1/access-log", params={"who": "key:none"})).json()["rows"] == []


async def test_what_one_asked_is_found_without_reading_what_all_others_did(engine: AsyncEngine) -> None:
    asked = (
        "insert into access_log (at, request, process, who, method, route, target, status, took_ms) "
        "select now(), 'r', 'web', 'account:' || n % 500, 'GET', '/', '/', 200, 1 from generate_series(1, 5000) n"
    )
    page = "explain select * from access_log where who = 'account:7' and id > 9 order by id limit 1001"
    async with engine.connect() as conn:
        await conn.execute(text(asked))
        await conn.execute(text("analyze access_log"))
        assert "access_log_who_id_idx" in "".join(await conn.scalars(text(page)))


async def test_a_key_is_told_what_is_left_and_then_when_to_ask_again(auditor: httpx.AsyncClient) -> None:
    left = []
    for _ in range(5):
        response = await auditor.get("/api/v1/packs")
        left.append(int(response.headers["RateLimit"].split("r=")[1].split(";")[0]))
    refused = await auditor.get("/api/v1/packs")
    assert (left, refused.status_code) == ([4, 3, 2, 1, 0], 429)
    assert refused.headers["RateLimit-Policy"] == '"minute";q=5;w=60'
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.json()["type"] == "urn:heatstream:problem:too-many"


async def test_strangers_are_counted_by_address_and_do_not_fill_the_log(
    auditor: httpx.AsyncClient, app: FastAPI, engine: AsyncEngine
) -> None:
    await auditor.get("/api/v1/packs")
    async with client(app) as stranger:
        found = [(await stranger.get("/api/v1/packs")).status_code for _ in range(4)]
    assert found == [401, 401, 429, 429]
    assert (await auditor.get("/api/v1/packs")).status_code == 200
    assert [row.status for row in await logged(engine)] == [200, 401, 401, 200]


async def test_a_row_that_cannot_be_written_at_all_is_told_and_the_next_is_written(
    database_url: str, engine: AsyncEngine
) -> None:
    async with journal.kept(database_url, "serve") as log:
        both = asyncio.gather(log.write(ROW), log.write({"at": ROW["at"]}), return_exceptions=True)
        kept, refused = await asyncio.wait_for(both, 10)
        await asyncio.wait_for(log.write(ROW), 10)
    assert (kept, type(refused)) == (None, journal.NotKept)
    assert [each.request for each in await logged(engine)] == ["r", "r"]


async def test_a_key_that_was_revoked_is_a_stranger_s(auditor: httpx.AsyncClient, engine: AsyncEngine) -> None:
    assert (await auditor.get("/api/v1/packs")).status_code == 200
    async with engine.begin() as conn:
        for prefix in await conn.scalars(select(api_key.c.prefix)):
            await keys.revoke(conn, prefix)
    assert [(await auditor.get("/api/v1/packs")).status_code for _ in range(4)] == [401, 401, 429, 429]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        (None, "unknown"),
        ("unix", "unix"),
    ],
)
def test_an_address_is_counted_as_the_site_it_is_of(address: str | None, counted: str) -> None:
    assert site(address) == counted


async def test_a_database_that_falls_silent_is_away_and_what_it_says_later_is_heard(
    database_url: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "PATIENCE_S", 0.5)
    there = make_url(database_url)
    async with Proxy(there.host or "", there.port or 0) as path:
        through = there.set(host="127.0.0.1", port=path.port).render_as_string(hide_password=False)
        async with journal.kept(through, "serve") as log:
            await asyncio.wait_for(log.write(ROW), 10)
            path.turn("stall")
            with pytest.raises(journal.NotKept):
                await asyncio.wait_for(log.write(ROW), 10)
            path.turn("pass")
            await asyncio.wait_for(log.write(ROW), 10)
    assert len(await logged(engine)) >= 2
