"""Signing in: what lets nobody in, what ends a session, and what a stranger does not learn."""

import datetime as dt
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI, Request
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.access import people
from heatstream.access.limits import Limit
from heatstream.access.people import SignInRefused
from heatstream.errors import BadInput
from heatstream.settings import Settings
from heatstream.store.tables import account, officer, session
from heatstream.web import rows, sign_in_page
from heatstream.web.guard import Guard
from heatstream.web.shared import Source
from heatstream.web.signed_in import COOKIE, UNATTENDED, still, unchanged
from tests.access.conftest import client
from tests.serve.conftest import database_url
from tests.signed import PASSWORD, officer_of

__all__ = ["database_url"]

pytestmark = pytest.mark.usefixtures("somebody")

NOW = dt.datetime.now(dt.UTC)
LOGIN = "zhang.wei"


@pytest.fixture
async def somebody(engine: AsyncEngine) -> str:
    """An account of an officer of the city; its 工号."""
    async with engine.begin() as conn:
        code = await officer_of(conn, "city")
        await people.create(conn, LOGIN, code, by="tests", password=PASSWORD)
    return code


@pytest.fixture
async def page(database_url: str) -> AsyncIterator[FastAPI]:
    """The sign-in and some rows, behind the guard."""
    app, source = FastAPI(), Source(database_url)
    app.state.source, app.state.settings = source, Settings()
    app.state.sign_ins = Limit(20)
    app.add_middleware(Guard, public_url=None)
    app.include_router(sign_in_page.router)
    sign_in_page.lead_strangers(app)
    app.include_router(rows.router)
    yield app
    await source.close()


@pytest.fixture
async def browser(page: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client(page) as one:
        yield one


async def sign_in(
    browser: httpx.AsyncClient, password: str = PASSWORD, login: str = LOGIN, **more: str
) -> httpx.Response:
    headers, query = {"Origin": more["origin"]} if "origin" in more else {}, more.get("next", "/")
    return await browser.post(
        "/sign-in", params={"next": query}, data={"login": login, "password": password}, headers=headers
    )


async def lets_in(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/rows/flags")).status_code == 200


async def alert(response: httpx.Response) -> str:
    return re.findall(r'role="alert"[^>]*>([^<]*)', response.text)[0]


async def test_a_session_lets_in_until_one_signs_out(browser: httpx.AsyncClient) -> None:
    assert not await lets_in(browser)
    assert (await sign_in(browser)).status_code == 303
    assert await lets_in(browser)
    token = browser.cookies[COOKIE]
    await browser.post("/sign-out")
    browser.cookies.set(COOKIE, token)
    assert not await lets_in(browser)


async def test_the_cookie_is_for_the_browser_alone(browser: httpx.AsyncClient) -> None:
    told = (await sign_in(browser)).headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=lax" in told


async def test_a_sign_in_takes_over_no_session_that_was_there(browser: httpx.AsyncClient) -> None:
    await sign_in(browser)
    before = browser.cookies[COOKIE]
    await sign_in(browser)
    after = browser.cookies[COOKIE]
    assert before != after
    browser.cookies.set(COOKIE, before)
    assert not await lets_in(browser)


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "%00", "' or 1=1 --", "x" * 4000])
async def test_a_token_that_was_made_up_lets_nobody_in(browser: httpx.AsyncClient, token: str) -> None:
    browser.headers["Cookie"] = f"{COOKIE}={token}"
    assert (await browser.get("/rows/flags")).status_code == 401


async def test_a_stranger_does_not_learn_which_accounts_there_are(
    browser: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    wrong = await sign_in(browser, "no such password")
    nobody = await sign_in(browser, login="nobody.here")
    for _ in range(people.FAILURES):
        await sign_in(browser, "no such password")
    locked = await sign_in(browser)
    async with engine.begin() as conn:
        await conn.execute(update(account).values(locked_until=None, disabled_at=NOW))
    disabled = await sign_in(browser)
    told = {(each.status_code, await alert(each)) for each in (wrong, nobody, locked, disabled)}
    assert len(told) == 1
    assert told.pop()[0] == 401


@pytest.mark.parametrize("way", ["sign_in", "change"])
async def test_wrong_passwords_lock_an_account_for_a_while(conn: AsyncConnection, way: str) -> None:
    async def attempt(password: str, now: dt.datetime) -> None:
        if way == "sign_in":
            await people.sign_in(conn, LOGIN, password, now=now)
        else:
            await people.change_password(conn, LOGIN, password, "another long password", now=now)

    for _ in range(people.FAILURES):
        with pytest.raises(SignInRefused):
            await attempt("wrong", NOW)
    with pytest.raises(SignInRefused):
        await attempt(PASSWORD, NOW + people.PAUSE / 2)
    await attempt(PASSWORD, NOW + people.PAUSE * 2)


async def test_a_registration_that_is_over_ends_what_one_sees_at_once(
    browser: httpx.AsyncClient, engine: AsyncEngine, somebody: str
) -> None:
    await sign_in(browser)
    assert await lets_in(browser)
    async with engine.begin() as conn:
        await conn.execute(update(officer).where(officer.c.code == somebody).values(valid_to=dt.date(2025, 12, 31)))
    assert not await lets_in(browser)
    assert (await sign_in(browser)).status_code == 401


@pytest.mark.parametrize("column", ["ends_at", "used_at"])
async def test_a_session_ends_by_itself(browser: httpx.AsyncClient, engine: AsyncEngine, column: str) -> None:
    await sign_in(browser)
    async with engine.begin() as conn:
        await conn.execute(text(f"update session set {column} = now() - interval '61 minutes'"))
    assert not await lets_in(browser)


async def test_what_a_page_asks_by_itself_keeps_no_session_alive(
    browser: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    await sign_in(browser)
    async with engine.begin() as conn:
        await conn.execute(update(session).values(used_at=NOW - people.IDLE / 2))
    assert (await browser.get("/rows/flags", headers={UNATTENDED: "1"})).status_code == 200
    async with engine.begin() as conn:
        assert await conn.scalar(select(session.c.used_at)) == NOW - people.IDLE / 2
    assert await lets_in(browser)
    async with engine.begin() as conn:
        assert await conn.scalar(select(session.c.used_at)) > NOW - people.IDLE / 2


@pytest.mark.parametrize("act", ["change", "reset", "disable"])
async def test_what_changes_an_account_ends_its_sessions(
    browser: httpx.AsyncClient, engine: AsyncEngine, act: str
) -> None:
    await sign_in(browser)
    async with engine.begin() as conn:
        if act == "change":
            await people.change_password(conn, LOGIN, PASSWORD, "another long password", now=NOW)
        elif act == "reset":
            await people.reset(conn, LOGIN)
        else:
            await people.disable(conn, LOGIN, now=NOW)
    assert not await lets_in(browser)


async def test_a_password_that_somebody_else_set_shows_nothing_until_it_is_changed(
    browser: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    async with engine.begin() as conn:
        given = await people.reset(conn, LOGIN)
    await sign_in(browser, given)
    assert not await lets_in(browser)
    changed = await browser.post("/password", data={"login": LOGIN, "old": given, "new": "another long password"})
    assert changed.headers["location"] == "/sign-in"
    await sign_in(browser, "another long password")
    assert await lets_in(browser)


@pytest.mark.parametrize(
    ("given", "led"),
    [
        ("/claims?show=all&page=2", "/claims?show=all&page=2"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("/\t/evil.example/", "/"),
        ("/ok\\..\\evil", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
async def test_one_goes_on_to_a_page_of_ours_alone(browser: httpx.AsyncClient, given: str, led: str) -> None:
    assert (await sign_in(browser, next=given)).headers["location"] == led


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:9999", "http://localhost.evil.example"]
)
async def test_another_page_signs_nobody_in(browser: httpx.AsyncClient, origin: str) -> None:
    assert (await sign_in(browser, origin=origin)).status_code == 403
    assert (await sign_in(browser, origin="http://127.0.0.1")).status_code == 303


async def test_too_many_tries_of_an_address_are_told_when_to_try_again(
    browser: httpx.AsyncClient, page: FastAPI
) -> None:
    page.state.sign_ins = Limit(1)
    await sign_in(browser, "wrong", login="nobody.here")
    refused = await sign_in(browser)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60


@pytest.mark.parametrize(
    ("login", "code", "told"),
    [
        (" x", None, "login: seen ' x', expected a name without blanks around it"),
        (LOGIN, None, f"login: seen '{LOGIN}', which is taken"),
        ("new", "nobody", "officer: seen 'nobody', expected a 工号 of the registry"),
        ("new", None, "has an account already, expected one without"),
    ],
)
async def test_an_account_that_makes_no_sense_is_not_made(
    conn: AsyncConnection, somebody: str, login: str, code: str | None, told: str
) -> None:
    with pytest.raises(BadInput, match=re.escape(told)):
        await people.create(conn, login, code or somebody, by="tests")


async def test_a_first_password_is_random_long_and_due_to_be_changed(conn: AsyncConnection) -> None:
    given = [
        await people.create(conn, f"p{n}", await officer_of(conn, "city", street=str(n)), by="tests") for n in (1, 2)
    ]
    made = account.c.login.in_(["p1", "p2"])
    kept = list(await conn.execute(select(account.c.password_hash, account.c.must_change).where(made)))
    assert len(set(given)) == 2
    assert min(map(len, given)) >= 16
    assert all(row.must_change and row.password_hash.startswith("$argon2id$") for row in kept)


async def test_a_page_that_was_left_open_shows_nothing_new_once_its_session_is_over_or_another_s(
    browser: httpx.AsyncClient, page: FastAPI, engine: AsyncEngine, somebody: str
) -> None:
    await sign_in(browser)
    cookie = (b"cookie", f"{COOKIE}={browser.cookies[COOKIE]}".encode())
    opened = Request(
        {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [cookie], "app": page}
    )
    visitor = await still(opened)
    async with engine.begin() as conn:
        await conn.execute(update(session).values(used_at=NOW - people.IDLE / 2))
    assert await unchanged(opened, visitor)
    async with engine.begin() as conn:
        assert await conn.scalar(select(session.c.used_at)) == NOW - people.IDLE / 2  # asking is no use of it
        await conn.execute(update(officer).where(officer.c.code == somebody).values(role="auditor"))
    assert not await unchanged(opened, visitor)
    assert await unchanged(opened, replace(visitor, role="auditor", scope=replace(visitor.scope, role="auditor")))
    async with engine.begin() as conn:
        await conn.execute(update(officer).where(officer.c.code == somebody).values(role="city"))
        await people.disable(conn, LOGIN, now=NOW)
    assert not await unchanged(opened, visitor)
