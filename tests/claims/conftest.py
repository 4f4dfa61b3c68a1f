"""An office whose cold home is judged once a session and edition; each test works in a copy of its own."""

import contextlib
import dataclasses
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from heatstream.store.pool import create_engine
from tests.conftest import at_database, tell

from .rig import Office

CHANGCHUN = Path(__file__).parent / "changchun.choices.yaml"


@contextlib.asynccontextmanager
async def judged_once(server_url: str, template: str, edition: str, choices: Path | None) -> AsyncIterator[Office]:
    """Judge the home in a database that nobody can connect to afterwards; its name stands in `office.database`."""
    name = f"{template}_{uuid.uuid4().hex[:12]}"
    await tell(server_url, f"create database {name} template {template}")
    engine = create_engine(at_database(server_url, name))
    office = await Office.found(engine, choices)
    await engine.dispose()
    if edition == "community":
        await tell(at_database(server_url, name), "select _timescaledb_functions.stop_background_workers()")
    await tell(server_url, f"alter database {name} with allow_connections false")
    yield dataclasses.replace(office, database=name)
    await tell(server_url, f"drop database {name} with (force)")


@contextlib.asynccontextmanager
async def copied(judged: Office, server_url: str) -> AsyncIterator[Office]:
    name = f"{judged.database}_{uuid.uuid4().hex[:6]}"
    await tell(server_url, f"create database {name} template {judged.database}")
    url = at_database(server_url, name)
    engine = create_engine(url)
    yield dataclasses.replace(judged, engine=engine, town=dataclasses.replace(judged.town, engine=engine), database=url)
    await engine.dispose()
    await tell(server_url, f"drop database {name} with (force)")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def judged(server_url: str, template: str, edition: str) -> AsyncIterator[Office]:
    async with judged_once(server_url, template, edition, None) as office:
        yield office


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def judged_changchun(server_url: str, template: str, edition: str) -> AsyncIterator[Office]:
    async with judged_once(server_url, template, edition, CHANGCHUN) as office:
        yield office


@pytest.fixture
async def office(judged: Office, server_url: str) -> AsyncIterator[Office]:
    async with copied(judged, server_url) as office:
        yield office


@pytest.fixture
async def changchun(judged_changchun: Office, server_url: str) -> AsyncIterator[Office]:
    async with copied(judged_changchun, server_url) as office:
        yield office
