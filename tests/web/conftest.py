"""The town behind the page's rows."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from heatstream.access.principal import Principal
from heatstream.settings import Settings
from heatstream.web import (
    building_rows,
    evidence_part,
    household_rows,
    ingest_rows,
    probes,
    rows,
    sign_in_page,
    supervision,
)
from heatstream.web.shared import Reader, Source
from heatstream.web.signed_in import COOKIE
from tests.serve.conftest import database_url, shared, town_template
from tests.signed import token_at, visitor_at

__all__ = ["database_url", "shared", "town_template"]


SignIn = Callable[..., Awaitable[str]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sign_in(shared: tuple[str, str]) -> SignIn:
    """Sign somebody in, each once: `await sign_in("company", company="E1")` is the token of a session."""
    tokens: dict[tuple[str, ...], str] = {}

    async def token(role: str, **whose: str) -> str:
        key = (role, *whose.values())
        if key not in tokens:
            tokens[key] = await token_at(shared[0], role, **whose)
        return tokens[key]

    return token


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def citys_eyes(shared: tuple[str, str], sign_in: SignIn) -> tuple[Principal, str]:
    """Somebody of the 市主管部门 who signed in, and the token of a session."""
    return await visitor_at(shared[0], "city"), await sign_in("auditor")


@pytest.fixture
async def source(shared: tuple[str, str]) -> AsyncIterator[Source]:
    source = Source(shared[0])
    yield source
    await source.close()


@pytest.fixture
def reader(source: Source, citys_eyes: tuple[Principal, str]) -> Reader:
    return Reader(source, citys_eyes[0])


@asynccontextmanager
async def visitor(
    source: Source, token: str | None, settings: Settings | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """What the browser fetches by itself, without the pages around it."""
    app = FastAPI()
    app.state.source, app.state.settings = source, settings or Settings()
    app.include_router(sign_in_page.router)
    sign_in_page.lead_strangers(app)
    for each in (rows, building_rows, household_rows, ingest_rows, evidence_part, *supervision.ROWS):
        app.include_router(each.router)
    app.include_router(probes.router)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    cookies = {COOKIE: token} if token else {}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", cookies=cookies) as client:
        yield client


@pytest.fixture
async def browser(source: Source, citys_eyes: tuple[Principal, str]) -> AsyncIterator[httpx.AsyncClient]:
    """A visitor of the town that nobody changes."""
    async with visitor(source, citys_eyes[1]) as client:
        yield client
