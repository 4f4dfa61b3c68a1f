"""A small town under supervision, built once a session; each test works in a copy of its own, on one edition.

What is recorded in a matter is the same on every edition: such a test runs on one, those marked `every_edition` on all.
"""

import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from heatstream.store.pool import create_engine
from tests.conftest import at_database, tell

from . import town
from .town import Office


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def town_template(server_url: str, template: str, edition: str) -> AsyncIterator[str]:
    """Name of a database with the town in it, to clone; nobody can connect to it."""
    name = f"{template}_{uuid.uuid4().hex[:8]}"
    await tell(server_url, f"create database {name} template {template}")
    engine = create_engine(at_database(server_url, name), size=1)
    async with engine.begin() as conn:
        await town.build(conn)
    await engine.dispose()
    if edition == "community":
        await tell(at_database(server_url, name), "select _timescaledb_functions.stop_background_workers()")
    await tell(server_url, f"alter database {name} with allow_connections false")
    yield name
    await tell(server_url, f"drop database {name} with (force)")


@pytest.fixture
async def office(server_url: str, town_template: str) -> AsyncIterator[Office]:
    """The town, this test's alone."""
    name = f"{town_template}_{uuid.uuid4().hex[:6]}"
    await tell(server_url, f"create database {name} template {town_template}")
    url = at_database(server_url, name)
    engine = create_engine(url, size=3)
    yield Office(engine, url)
    await engine.dispose()
    await tell(server_url, f"drop database {name} with (force)")
