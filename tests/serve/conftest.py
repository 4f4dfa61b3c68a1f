"""The town behind the API, and clients with and without a key."""

import functools
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy.engine import make_url

from heatstream.serve.app import create_app
from heatstream.serve.shapes import now
from heatstream.settings import Database, Serve, Settings
from heatstream.store import keys
from heatstream.store.pool import create_engine
from tests.serve import town

MakeKey = Callable[..., Awaitable[str]]


async def _tell(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _at(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def town_template(server_url: str, template: str) -> AsyncIterator[str]:
    """Name of a database with the town in it, to clone: a second is better spent once."""
    name = f"{template}_town_{uuid.uuid4().hex[:6]}"
    await _tell(server_url, f"create database {name} template {template} strategy file_copy")
    engine = create_engine(_at(server_url, name), size=1)
    async with engine.begin() as conn:
        await town.build(conn)
    await engine.dispose()
    yield name
    await _tell(server_url, f"drop database {name} with (force)")


async def cloned(server_url: str, town_template: str, name: str) -> str:
    """Clone the town; tell where the clone is. The server goes with the session, and the clone with it."""
    database = f"{town_template}_{name}"
    await _tell(server_url, f"create database {database} template {town_template} strategy file_copy")
    return _at(server_url, database)


@pytest.fixture
async def database_url(server_url: str, town_template: str) -> AsyncIterator[str]:
    """A database with the town, this test's alone."""
    name = f"{town_template}_{uuid.uuid4().hex[:8]}"
    await _tell(server_url, f"create database {name} template {town_template} strategy file_copy")
    yield _at(server_url, name)
    await _tell(server_url, f"drop database {name} with (force)")


def _made(url: str) -> FastAPI:
    app = create_app(Settings(database=Database(url=url), serve=Serve(page_limit=500)))
    app.dependency_overrides[now] = lambda: town.NOW
    app.state.listings.overrides[now] = lambda: town.NOW
    return app


_made_once = functools.cache(_made)
"""For tests that only read: to make an app and its first answers takes longer than most of them."""


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[FastAPI]:
    async with app.router.lifespan_context(app):
        yield app


def _client(app: FastAPI, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)


async def new_key(url: str, scopes: tuple[str, ...], days: int | None = None, role: str = "city") -> str:
    """Make a key in a database."""
    engine = create_engine(url, size=1)
    async with engine.begin() as conn:
        key = await keys.create(conn, "platform", scopes=scopes, days=days, role=role)
    await engine.dispose()
    return key


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(server_url: str, town_template: str) -> AsyncIterator[tuple[str, str]]:
    """A town that nobody changes, and a key to read everything in it."""
    name = f"{town_template}_shared"
    await _tell(server_url, f"create database {name} template {town_template} strategy file_copy")
    url = _at(server_url, name)
    yield url, await new_key(url, ("read", "rejects"))
    await _tell(server_url, f"drop database {name} with (force)")


@pytest.fixture
async def reader(shared: tuple[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    """A client for tests that only read; those that write take `client`."""
    url, key = shared
    async with _running(_made_once(url)) as app, _client(app, Authorization=f"Bearer {key}") as client:
        yield client


@pytest.fixture
async def app(database_url: str) -> AsyncIterator[FastAPI]:
    """An app on a town of its own."""
    async with _running(_made(database_url)) as app:
        yield app


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    async with _client(app) as client:
        yield client


@pytest.fixture
def make_key(database_url: str) -> MakeKey:
    async def make(*scopes: str, days: int | None = None, role: str = "city") -> str:
        return await new_key(database_url, scopes, days, role)

    return make


@pytest.fixture
async def client(stranger: httpx.AsyncClient, make_key: MakeKey) -> httpx.AsyncClient:
    """A client with a key that may read."""
    stranger.headers["Authorization"] = f"Bearer {await make_key('read')}"
    return stranger
