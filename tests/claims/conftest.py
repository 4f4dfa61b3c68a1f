"""An office whose cold home is judged once a session and edition; each test works in a copy of its own."""

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from heatstream.store.pool import create_engine
from tests.conftest import clone, template_of

from .rig import Office

CHANGCHUN = Path(__file__).parent / "changchun.choices.yaml"


@contextlib.asynccontextmanager
async def judged_once(server_url: str, template: str, edition: str, choices: Path | None) -> AsyncIterator[Office]:
    """Judge the home in a database to clone; its name stands in `office.database`."""
    offices = []

    async def judge(url: str) -> None:
        engine = create_engine(url)
        offices.append(await Office.found(engine, choices))
        await engine.dispose()

    async with template_of(server_url, edition, template, judge) as name:
        yield dataclasses.replace(offices[0], database=name)


@contextlib.asynccontextmanager
async def copied(judged: Office, server_url: str) -> AsyncIterator[Office]:
    async with clone(server_url, judged.database) as url:
        engine = create_engine(url)
        town = dataclasses.replace(judged.town, engine=engine)
        yield dataclasses.replace(judged, engine=engine, town=town, database=url)
        await engine.dispose()


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
