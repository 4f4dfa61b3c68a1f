"""A small town under supervision, built once a session; each test works in a copy of its own, on one edition.

What is recorded in a matter is the same on every edition: such a test runs on one, those marked `every_edition` on all.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from heatstream.store.pool import create_engine
from tests.conftest import clone, template_of

from . import town
from .town import Office


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def town_template(server_url: str, template: str, edition: str) -> AsyncIterator[str]:
    """Name of a database with the town in it, to clone."""

    async def build(url: str) -> None:
        engine = create_engine(url, size=1)
        async with engine.begin() as conn:
            await town.build(conn)
        await engine.dispose()

    async with template_of(server_url, edition, template, build) as name:
        yield name


@pytest.fixture
async def office(server_url: str, town_template: str) -> AsyncIterator[Office]:
    """The town, this test's alone."""
    async with clone(server_url, town_template) as url:
        engine = create_engine(url, size=3)
        yield Office(engine, url)
        await engine.dispose()
