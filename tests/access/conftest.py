"""The town with two companies and two districts, asked by every role: API and page in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio
import structlog
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims import events
from heatstream.claims.act import Desk
from heatstream.rules.holidays import DaysOff
from heatstream.serve.app import create_app
from heatstream.serve.shapes import now
from heatstream.settings import Database, Serve, Settings
from heatstream.store import changes, keys
from heatstream.store import tables as t
from heatstream.store.pool import create_engine
from heatstream.store.row_scope import READER
from heatstream.web.signed_in import COOKIE
from tests.browser import supervised
from tests.conftest import at_database, tell
from tests.serve import town
from tests.serve.conftest import town_template
from tests.signed import officer_of, token_at

__all__ = ["town_template"]


def _last_line(_: object, __: str, told: structlog.typing.EventDict) -> str:
    """Tell an internal error by its last line: a picture of every local takes a minute to draw."""
    return f"{told['event']}: {told.get('exc_info')!r}"[:500]


structlog.configure(processors=[_last_line])

LOGIN = "heatstream_test_serve"
OF_KEYS: dict[str, dict[str, str]] = {
    "hotline": {},
    "company": {"company_code": "E1"},
    "district": {"district_code": "D1"},
    "city": {},
    "province": {},
    "auditor": {},
}
OF_PEOPLE: dict[str, dict[str, str]] = {
    "household": {"household": "H1"},
    "hotline": {},
    "street": {"street": "朝阳街道", "district": "D1"},
    "third_party": {"district": "D1"},
    "inspector": {"company": "E1"},
    "company": {"company": "E1"},
    "district": {"district": "D1"},
    "city": {},
    "province": {},
    "auditor": {},
}
"""Each in the east of the town: E1 heats B1 of D1, where H1 and H2 are."""
SCOPES = ("read", "claims", "rejects")


async def _claims(conn: AsyncConnection) -> None:
    by = await officer_of(conn, "hotline")
    desk = Desk(conn, DaysOff(None), lambda: town.NOW)
    for home in ("H1", "H3"):
        told = {"household": home, "way": "application", "temperature_complaint": True, "why": "冷", "at": town.NOW}
        await desk.open(events.read({"kind": "opened", **told}, "tests"), by=by, code=f"CL-{home}")
    await conn.execute(t.community.update().where(t.community.c.code == "C1").values(street_office="朝阳街道"))
    company = await conn.scalar(select(t.company.c.id).where(t.company.c.code == "E1"))
    await conn.execute(t.gateway.update().values(company_id=company))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def town_url(server_url: str, town_template: str) -> AsyncIterator[str]:
    """The town with matters and claims, that nobody changes, and a login that is a member of the reader alone."""
    name = f"{town_template}_access"
    await tell(server_url, f"create database {name} template {town_template}")
    url = at_database(server_url, name)
    engine = create_engine(url, size=1)
    async with engine.begin() as conn:
        await supervised.build(conn)
        await _claims(conn)
    await changes.sequence_all(engine)
    await engine.dispose()
    await tell(
        url,
        f"do $$ begin if not exists (select from pg_roles where rolname = '{LOGIN}') then "
        f"create role {LOGIN} login password 'x'; grant {READER}, pg_read_all_stats to {LOGIN}; end if; end $$",
    )
    yield url
    await tell(server_url, f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def serve_url(town_url: str) -> str:
    """The same database, by the login that owns nothing."""
    return make_url(town_url).set(username=LOGIN, password="x").render_as_string(hide_password=False)


@dataclass
class Asked:
    """An app, and a client for each who asks it."""

    app: FastAPI
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    async def __call__(self, who: str, address: str, method: str = "GET", **more: Any) -> httpx.Response:
        return await self.clients[who].request(method, address, **more)


def client(app: FastAPI, **more: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", **more)


@asynccontextmanager
async def api_at(url: str, **serve: Any) -> AsyncIterator[FastAPI]:
    app = create_app(Settings(database=Database(url=url), serve=Serve(**serve)))
    app.dependency_overrides[now] = lambda: town.NOW
    async with app.router.lifespan_context(app):
        yield app


async def key_at(url: str, role: str = "city", scopes: tuple[str, ...] = SCOPES, **place: str) -> str:
    engine = create_engine(url, size=1)
    async with engine.begin() as conn:
        key = await keys.create(conn, f"the {role}", scopes=scopes, role=role, **place)
    await engine.dispose()
    return key


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def api(town_url: str, serve_url: str) -> AsyncIterator[Asked]:
    """The API as it runs in production: with the login that owns nothing."""
    async with api_at(serve_url, smallest_group=2, strangers_per_minute=100_000) as app:
        asked = Asked(app, {"nobody": client(app)})
        for role, place in OF_KEYS.items():
            key = await key_at(town_url, role, **place)
            asked.clients[role] = client(app, headers={"Authorization": f"Bearer {key}"})
        west = await key_at(town_url, "company", company_code="E2")
        asked.clients["west"] = client(app, headers={"Authorization": f"Bearer {west}"})
        yield asked


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def web(town_url: str) -> AsyncIterator[Asked]:
    """The pages: once a process, for NiceGUI keeps them by it."""
    from heatstream.web.app import create_app as create_page  # noqa: PLC0415  (it loads NiceGUI)

    app = create_page(Settings(database=Database(url=town_url)))
    async with app.router.lifespan_context(app):
        asked = Asked(app, {"nobody": client(app)})
        people = OF_PEOPLE | {"west": {"company": "E2"}}
        for role, place in people.items():
            token = await token_at(town_url, "company" if role == "west" else role, **place)
            asked.clients[role] = client(app, cookies={COOKIE: token})
        yield asked
