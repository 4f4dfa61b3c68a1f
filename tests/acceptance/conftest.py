"""A registered town on the test's own database, and ingests that end with the test."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from heatstream.embedded.broker import BrokerServer
from heatstream.embedded.postgres import why_no_timescale
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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A broken way to the broker is the same on every edition: such a test runs on one, the marked ones on both."""
    once = "timescale" if not why_no_timescale() else "plain"
    left_out = [
        item
        for item in items
        if item.get_closest_marker("faults")
        and not item.get_closest_marker("every_edition")
        and (callspec := getattr(item, "callspec", None))
        and callspec.params.get("edition", once) not in (once, "community")
    ]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
