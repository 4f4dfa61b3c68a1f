"""Real servers for the tests: one a session and kind, and a freshly migrated database a test.

A test that asks for `database_url`, `engine` or `conn` runs once on plain PostgreSQL and once on TimescaleDB; with
`HEATSTREAM_TEST_COMMUNITY_URL` also on the Community edition that this names. Tests marked `community` run there alone.
"""

import contextlib
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import settings
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.embedded.broker import BrokerServer, Options
from heatstream.embedded.broker import broker as run_broker
from heatstream.embedded.places import alone
from heatstream.embedded.postgres import Kind, PostgresServer, postgres, why_no_timescale
from heatstream.store.migrate import upgrade
from heatstream.store.pool import create_engine

COMMUNITY_URL = os.environ.get("HEATSTREAM_TEST_COMMUNITY_URL")
NO_COMMUNITY = pytest.mark.skipif(not COMMUNITY_URL, reason="HEATSTREAM_TEST_COMMUNITY_URL names no server")
NO_TIMESCALE = pytest.mark.skipif(bool(why_no_timescale()), reason=f"no TimescaleDB here: {why_no_timescale()}")

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
"""No law is broken because the machine is busy."""
HERE = Path(__file__).parent
ABOVE_THE_TABLES = {
    "access",
    "acceptance",
    "claims",
    "evaluate",
    "evidence",
    "ingest",
    "serve",
    "simulators",
    "supervision",
    "web",
}
"""Folders of tests that run on one edition; what asks a table cut along time is marked `every_edition` there."""
LONGEST = {"embedded/test_demo.py", "browser/test_four_people.py"}
ROOM = 4 << 30
SCRATCH = "heatstream-test-"
OLD_S = 600
OwnPostgres = Callable[..., Awaitable[PostgresServer]]
OwnBroker = Callable[..., Awaitable[BrokerServer]]


def _editions(only_community: bool) -> list[object]:
    community = pytest.param("community", marks=NO_COMMUNITY)
    if only_community:
        return [community]
    every = ["plain", pytest.param("timescale", marks=NO_TIMESCALE)]
    return [*every, community] if COMMUNITY_URL else every


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "edition" in metafunc.fixturenames:
        only_community = metafunc.definition.get_closest_marker("community") is not None
        metafunc.parametrize("edition", _editions(only_community), indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run on one edition what stands above the tables, the same on each; what is marked `every_edition`, on all.

    What lasts longest begins first: at the end one worker would be at it while the others have nothing to do.
    """
    once = "timescale" if not why_no_timescale() else "plain"
    left_out = [
        item
        for item in items
        if (item.get_closest_marker("faults") or item.path.relative_to(HERE).parts[0] in ABOVE_THE_TABLES)
        and not item.get_closest_marker("every_edition")
        and (callspec := getattr(item, "callspec", None))
        and callspec.params.get("edition", once) not in (once, "community")
    ]
    config.hook.pytest_deselected(items=left_out)
    left = [item for item in items if item not in left_out]
    items[:] = sorted(left, key=lambda item: item.path.relative_to(HERE).as_posix() not in LONGEST)


@pytest.fixture(scope="session")
def edition(request: pytest.FixtureRequest) -> str:
    """plain, timescale (the Apache edition) or community."""
    return request.param


def _fast_folder() -> str | None:
    """In memory where there is room: a clone is 400 files, 80 ms there and 300 ms on a slow disk."""
    memory = Path("/dev/shm")
    return str(memory) if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM else None


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder that the account of the servers can enter; pytest's own is closed to it."""
    home = Path(_fast_folder() or tempfile.gettempdir())
    _sweep(home)
    folder = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=home))
    folder.chmod(0o755)
    with alone(folder):
        yield folder
    shutil.rmtree(folder)


def _sweep(home: Path) -> None:
    """Remove what killed sessions left; a living one holds its folder's lock, and a new one is about to."""
    for folder in home.glob(f"{SCRATCH}*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_mtime < time.time() - OLD_S:
                with alone(folder, wait=False):
                    shutil.rmtree(folder)


@contextlib.asynccontextmanager
async def _server_url(edition: str, scratch: Path) -> AsyncIterator[str]:
    if edition == "community":
        yield str(COMMUNITY_URL)
    else:
        async with postgres(edition, scratch / f"postgres-{edition}", durable=False) as server:
            yield server.url


async def tell(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def at_database(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


@contextlib.asynccontextmanager
async def clone(server_url: str, template: str | None = None) -> AsyncIterator[str]:
    """A database that is dropped afterwards: its URL. Copying files costs half of what pages through the log cost."""
    name = f"heatstream_{uuid.uuid4().hex[:12]}"
    copied = f"template {template} strategy file_copy" if template else ""
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(f"create database {name} {copied}")
        yield at_database(server_url, name)
    finally:
        await connection.execute(f"drop database if exists {name} with (force)")
        await connection.close()


@contextlib.asynccontextmanager
async def template_of(
    server_url: str, edition: str, template: str | None, fill: Callable[[str], Awaitable[object]]
) -> AsyncIterator[str]:
    """Name of a database to clone, filled once; nobody can connect to it, for a clone needs it empty of sessions."""
    async with clone(server_url, template) as url:
        await fill(url)
        if edition == "community":
            await tell(url, "select _timescaledb_functions.stop_background_workers()")
        name = str(make_url(url).database)
        await tell(server_url, f"alter database {name} with allow_connections false")
        yield name


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server_url(edition: str, scratch: Path) -> AsyncIterator[str]:
    """The session's server of this edition, with nothing in its `postgres` database."""
    async with _server_url(edition, scratch) as url:
        yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template(server_url: str, edition: str) -> AsyncIterator[str]:
    """Name of a migrated database to clone."""
    async with template_of(server_url, edition, None, upgrade) as name:
        yield name


@pytest.fixture
async def database_url(server_url: str, template: str) -> AsyncIterator[str]:
    """A migrated database that is this test's alone."""
    async with clone(server_url, template) as url:
        yield url


@pytest.fixture
async def empty_database_url(server_url: str) -> AsyncIterator[str]:
    """A database that was never migrated."""
    async with clone(server_url) as url:
        yield url


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def conn(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection with a transaction begun."""
    async with engine.begin() as connection:
        yield connection


def _require_mosquitto(server: BrokerServer) -> BrokerServer:
    if server.kind != "mosquitto":
        pytest.fail(f"the tests need Mosquitto, found {server.kind}")
    return server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def broker(scratch: Path) -> AsyncIterator[BrokerServer]:
    """The session's Mosquitto: take topics and client ids of your own, and leave it running."""
    async with run_broker(scratch / "broker") as server:
        yield _require_mosquitto(server)


@pytest.fixture
async def own_broker(scratch: Path) -> AsyncIterator[OwnBroker]:
    """Start a Mosquitto that this test may stop, kill and restart: `await own_broker(max_queued_bytes=1000)`."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(**options: str | int) -> BrokerServer:
            folder = scratch / f"broker-{uuid.uuid4().hex[:12]}"
            given: Options = options
            return _require_mosquitto(await stack.enter_async_context(run_broker(folder, options=given)))

        yield start


@pytest.fixture
async def own_postgres(scratch: Path) -> AsyncIterator[OwnPostgres]:
    """Start a PostgreSQL that this test may stop, kill and restart; its `postgres` database is migrated."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(kind: Kind = "plain", *, data: Path | None = None, durable: bool = False) -> PostgresServer:
            folder = data or scratch / f"postgres-{uuid.uuid4().hex[:12]}"
            server = await stack.enter_async_context(postgres(kind, folder, durable=durable))
            await upgrade(server.url)
            return server

        yield start
