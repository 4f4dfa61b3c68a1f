"""The town behind the page's rows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from heatstream.web import probes, rows
from heatstream.web.shared import Reader
from tests.serve.conftest import database_url, shared, town_template

__all__ = ["database_url", "shared", "town_template"]


@pytest.fixture
async def reader(shared: tuple[str, str]) -> AsyncIterator[Reader]:
    reader = Reader(shared[0])
    yield reader
    await reader.close()


@asynccontextmanager
async def visitor(reader: Reader) -> AsyncIterator[httpx.AsyncClient]:
    """What the browser fetches by itself, without the pages around it."""
    app = FastAPI()
    app.state.reader = reader
    app.include_router(rows.router)
    app.include_router(probes.router)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
async def browser(reader: Reader) -> AsyncIterator[httpx.AsyncClient]:
    """A visitor of the town that nobody changes."""
    async with visitor(reader) as client:
        yield client
