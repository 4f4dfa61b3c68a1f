"""What every command line shares: the terminal, its usual options, settings, and a transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream import log, settings

out = Console()
JsonOption = Annotated[bool, typer.Option("--json", help="JSON for a program, one object a line.")]
By = Annotated[str, typer.Option("--by", help="Who does it; kept for good.")]


def configured() -> settings.Settings:
    """Read the settings, and begin to log as they say."""
    found = settings.load()
    log.configure(found.log)
    return found


@asynccontextmanager
async def transaction(found: settings.Settings, *, snapshot: bool = False) -> AsyncIterator[AsyncConnection]:
    """Begin a transaction; a snapshot sees one state of the store from its first statement on."""
    from heatstream.store import migrate, pool

    engine = pool.create_engine(found.database_url(), size=1, application="heatstream-cli")
    isolation = "REPEATABLE READ" if snapshot else "READ COMMITTED"
    try:
        async with engine.execution_options(isolation_level=isolation).begin() as conn:
            await migrate.require_current(conn)
            yield conn
    finally:
        await engine.dispose()
