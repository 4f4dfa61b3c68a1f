"""A registered town on the test's own database, and ingests that end with the test."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from heatstream.embedded.broker import BrokerServer
from tests.acceptance.rig import IngestProcess, Town
from tests.conftest import OwnBroker

MakeIngest = Callable[..., IngestProcess]


@pytest.fixture
async def town(database_url: str) -> Town:
    return await Town().register(database_url)


@pytest.fixture
async def mosquitto(own_broker: OwnBroker) -> BrokerServer:
    """A broker of the test's own: it may be stopped and killed, and its counts begin at 0."""
    return await own_broker(max_packet_size=16_384)


@pytest.fixture
async def make_ingest(tmp_path: Path) -> AsyncIterator[MakeIngest]:
    """Make an ingest that is killed at the end, whatever happens: `make_ingest(url, port, ingest_flush_ms=10)`."""
    async with AsyncExitStack() as stack:

        def make(url: str, port: int, **settings: str | int) -> IngestProcess:
            made = IngestProcess(url, port, tmp_path, **settings)
            stack.push_async_callback(made.kill)
            return made

        yield make
