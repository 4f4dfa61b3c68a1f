"""What every command line shares: the terminal, its usual options, settings, and a transaction."""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream import log, settings
from heatstream.errors import StoreError

if TYPE_CHECKING:
    from heatstream.supervision.act import Desk

out = Console()
JsonOption = Annotated[bool, typer.Option("--json", help="JSON for a program, one object a line.")]
By = Annotated[str, typer.Option("--by", help="Who does it; kept for good.")]


FIRST_YEAR, LAST_YEAR = 2000, 2199
"""Years that a day or a season may be asked for."""


def when(at: dt.datetime | None) -> str:
    """Write an instant for a table."""
    return at.astimezone().isoformat(timespec="minutes") if at else ""


def said(text: str) -> str:
    """Take a reason that a person gave; a blank is none."""
    if not text.strip():
        raise typer.BadParameter("seen nothing, expected a sentence")
    return text


def in_a_calendar(day: dt.datetime | None) -> dt.datetime | None:
    """Take a day that the command line asks for."""
    if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise typer.BadParameter(f"seen {day.date()}, expected a day of {FIRST_YEAR} to {LAST_YEAR}")
    return day


Season = Annotated[
    int | None,
    typer.Option(
        "--season",
        help="The year the season begins in; without it today's, or the next.",
        min=FIRST_YEAR,
        max=LAST_YEAR,
    ),
]
DAY: Any = {"formats": ["%Y-%m-%d"], "callback": in_a_calendar}
"""What an option that takes a day is told."""


def configured() -> settings.Settings:
    """Read the settings, and begin to log as they say."""
    found = settings.load()
    log.configure(found.log)
    return found


async def _reach(engine: AsyncEngine) -> None:
    from heatstream.store.transient import is_transient

    try:
        await (await engine.connect()).close()
    except Exception as error:
        if not is_transient(error):
            raise
        where = engine.url.render_as_string(hide_password=True)
        raise StoreError(f"database: {where} cannot be reached: {error}; see HEATSTREAM_DATABASE_URL") from error


@asynccontextmanager
async def transaction(found: settings.Settings, *, snapshot: bool = False) -> AsyncIterator[AsyncConnection]:
    """Begin a transaction; a snapshot sees one state of the store from its first statement on."""
    from heatstream.store import migrate, pool

    engine = pool.create_engine(found.database_url(), size=1, application="heatstream-cli")
    isolation = "REPEATABLE READ" if snapshot else "READ COMMITTED"
    try:
        await _reach(engine)
        async with engine.execution_options(isolation_level=isolation).begin() as conn:
            await migrate.require_ready(conn)
            yield conn
    finally:
        await engine.dispose()


@asynccontextmanager
async def desk(*, snapshot: bool = False) -> "AsyncIterator[Desk]":
    """Sit at the desk of matters, in a transaction."""
    from heatstream.supervision import ground
    from heatstream.supervision.act import Desk

    def now() -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    found = configured()
    async with transaction(found, snapshot=snapshot) as conn:
        yield Desk(conn, await ground.read(conn, found, now()), now)
