"""Who may ask: machines with an API key."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.access import fields, permits
from heatstream.access.limits import WINDOW_S, Limit
from heatstream.access.permits import NotPermitted
from heatstream.access.principal import Principal, of_key
from heatstream.access.recorded import client, tell
from heatstream.access.scope import narrow
from heatstream.serve.problems import KeyRefused, ScopeMissing, TooMany
from heatstream.settings import Serve
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
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    header: Annotated[str | None, Depends(_header)],
) -> str:
    key = bearer.credentials if bearer else header
    guests: Guests = request.app.state.guests
    guests.check(request, key or "")
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


async def _asking(request: Request, conn: Unnarrowed, shown: Shown) -> Principal:
    return await _met(request, conn, shown)


async def introduced(request: Request, shown: Shown) -> None:
    """Ask who it is in a transaction of its own, for answers that outlive one."""
    async with request.app.state.engine.connect() as conn:
        await _met(request, conn, shown)


async def _met(request: Request, conn: AsyncConnection, shown: str) -> Principal:
    """Tell whose key it is, count the request, and tell the access log."""
    guests: Guests = request.app.state.guests
    try:
        found = await holder(conn, shown)
    except KeyRefused:
        guests.forget(shown)
        raise
    guests.welcome(shown)
    tell(request, found)
    quota = request.app.state.keys.take(found.who)
    request.state.headers = quota.headers()
    if not quota.granted:
        raise TooMany(
            f"{found.who}: seen more than {quota.most} requests in a minute (HEATSTREAM_SERVE_REQUESTS_PER_MINUTE); "
            f"expected the next after {quota.reset_s} s",
            retry_after_s=quota.reset_s,
        )
    return found


def limit(app: FastAPI, settings: Serve) -> None:
    """Set how often one may ask."""
    app.state.keys = Limit(settings.requests_per_minute)
    app.state.strangers = Limit(settings.strangers_per_minute)
    app.state.guests = Guests(app.state.strangers)


class Guests:
    """Strangers at the door: beyond their limit the database is not asked for them; who was known may go by."""

    def __init__(self, strangers: Limit) -> None:
        self._strangers = strangers
        self._known: set[bytes] = set()

    def check(self, request: Request, shown: str) -> None:
        """Refuse an address from which too many came without a good key.

        Raises
        ------
        TooMany
            And this key was never a good one here.
        """
        address = client(request)
        if self._strangers.spent(address) and _digest(shown) not in self._known:
            raise TooMany(f"too many requests without a good key from {address}; wait a minute", retry_after_s=WINDOW_S)

    def welcome(self, shown: str) -> None:
        """Remember a good key: there are no more of these than were made."""
        self._known.add(_digest(shown))

    def forget(self, shown: str) -> None:
        """Take a key that is good no more for a stranger's."""
        self._known.discard(_digest(shown))


def _digest(shown: str) -> bytes:
    return hashlib.sha256(shown.encode()).digest()


Asking = Annotated[Principal, Depends(_asking)]
"""Who asks, where an answer depends on it."""


PREFIX = "/api/v1"
PROVINCE = "province"
WHOLE = frozenset({"city", "day"})
"""What a province may ask by: from the whole city nothing can be subtracted."""


async def permitted(request: Request, asking: Asking) -> None:
    """Refuse an address to a role that it is not for."""
    permits.check(asking, request.scope["route"].path.removeprefix(PREFIX), permits.API)


async def _narrowed(conn: Unnarrowed, asking: Asking) -> AsyncConnection:
    await narrow(conn, asking.scope)
    return conn


Connection = Annotated[AsyncConnection, Depends(_narrowed)]
"""One moment of the database, and of it the rows that whoever asks may see."""


async def _aggregated(conn: Unnarrowed, asking: Asking) -> AsyncConnection:
    await narrow(conn, asking.for_aggregates() if asking.role == PROVINCE else asking.scope)
    return conn


Aggregated = Annotated[AsyncConnection, Depends(_aggregated)]
"""The same, but that a province, which sees no rows, counts over all of them."""


async def _published(conn: Unnarrowed, asking: Asking) -> AsyncConnection:
    await narrow(conn, asking.for_aggregates())
    return conn


Published = Annotated[AsyncConnection, Depends(_published)]
"""Every row, for an answer that shows what was published and nothing else."""


def smallest_group(request: Request, asking: Asking) -> int:
    """Give how many homes must be monitored for a province to be told of them; to others each is."""
    settings: Serve = request.app.state.settings.serve
    return settings.smallest_group if asking.role == PROVINCE else 0


Smallest = Annotated[int, Depends(smallest_group)]


def require_whole(asking: Principal, query: BaseModel) -> None:
    """Refuse a province a part of the city, or another moment: homes could be told apart by the differences.

    Raises
    ------
    NotPermitted
        Naming the parameters.
    """
    finer = [name for name, value in query if value is not None and name not in WHOLE]
    if asking.role == PROVINCE and finer:
        raise NotPermitted(f"{asking.who} asks as province: seen {', '.join(finer)}, expected no parameter but day")


def scope(name: str) -> Callable[..., Awaitable[None]]:
    """Make the dependency that asks for a key with a scope."""

    async def allowed(asking: Asking) -> None:
        require_scope(asking, name)

    return allowed


def require_scope(asking: Principal, name: str) -> None:
    """Refuse a key without a scope."""
    if not asking.allows(name):
        raise ScopeMissing(f"{asking.who} has {', '.join(sorted(asking.scopes))}; this needs {name}")
