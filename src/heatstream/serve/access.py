"""Who may ask: machines with an API key."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.access import fields, permits
from heatstream.access.principal import Principal, of_key
from heatstream.access.scope import narrow
from heatstream.serve.problems import KeyRefused, ScopeMissing
from heatstream.store import keys

STATEMENT_TIMEOUT = "20s"

_bearer = HTTPBearer(auto_error=False, description="an API key: `Authorization: Bearer hs_…`")
_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="the same key in a header of its own")


def reading_only(engine: AsyncEngine) -> AsyncEngine:
    """Let every request see one moment of the database, and write nothing."""
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


async def _unnarrowed(request: Request) -> AsyncIterator[AsyncConnection]:
    """Open a connection for one request; nothing of the city is read before it is narrowed."""
    async with request.app.state.engine.connect() as conn:
        await conn.execute(text(f"set local statement_timeout = '{STATEMENT_TIMEOUT}'"))
        yield conn


Unnarrowed = Annotated[AsyncConnection, Depends(_unnarrowed)]


def _shown(
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    header: Annotated[str | None, Depends(_header)],
) -> str:
    key = bearer.credentials if bearer else header
    if not key:
        raise KeyRefused("no key: send Authorization: Bearer hs_… or X-API-Key; `heatstream keys create` makes one")
    return key


Shown = Annotated[str, Depends(_shown)]
"""The key as it was sent, for what outlives one transaction and asks again."""


async def holder(conn: AsyncConnection, shown: Shown) -> Principal:
    """Tell whose key it is, and let what is written from here on hold the fields of its role.

    Raises
    ------
    KeyRefused
        It is unknown, revoked or past its end.
    """
    found = await keys.usable(conn, shown)
    if found is None:
        raise KeyRefused("the key is unknown, revoked or past its end; `heatstream keys list` shows those there are")
    fields.see_as(found.role)
    return of_key(found)


async def _asking(conn: Unnarrowed, shown: Shown) -> Principal:
    return await holder(conn, shown)


Asking = Annotated[Principal, Depends(_asking)]
"""Who asks, where an answer depends on it."""


PREFIX = "/api/v1"


async def permitted(request: Request, asking: Asking) -> None:
    """Refuse an address to a role that it is not for."""
    permits.check(asking, request.scope["route"].path.removeprefix(PREFIX), permits.API)


async def _narrowed(conn: Unnarrowed, asking: Asking) -> AsyncConnection:
    await narrow(conn, asking.scope)
    return conn


Connection = Annotated[AsyncConnection, Depends(_narrowed)]
"""One moment of the database, and of it the rows that whoever asks may see."""


def scope(name: str) -> Callable[..., Awaitable[None]]:
    """Make the dependency that asks for a key with a scope."""

    async def allowed(asking: Asking) -> None:
        require_scope(asking, name)

    return allowed


def require_scope(asking: Principal, name: str) -> None:
    """Refuse a key without a scope."""
    if not asking.allows(name):
        raise ScopeMissing(f"{asking.who} has {', '.join(sorted(asking.scopes))}; this needs {name}")
