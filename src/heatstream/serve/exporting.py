"""Listings, asked from within the process: what an export is made of.

An export is every page of a listing, read in one moment of the database with the eyes of who asked for it. So it has
the routes of the API, and nothing that stands between them and the network: no socket, key, limit or log.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import cached_property
from typing import Any, Final, NamedTuple, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.types import Message

from heatstream.access import fields
from heatstream.access.principal import Principal
from heatstream.access.scope import Scope, narrow
from heatstream.serve import access
from heatstream.serve.formats import LISTED, WRITERS, Pen, Shape
from heatstream.serve.paging import MOST_ROWS, Page
from heatstream.settings import Settings

ASKING: Final = get_args(access.Asking)[1].dependency
CONNECTION: Final = get_args(access.Connection)[1].dependency
PUBLISHED: Final = get_args(access.Published)[1].dependency
PAGE_ROWS: Final = 2_000
"""Rows read at a time: few enough that the loop which reads them goes on with other things in between."""


class Written(NamedTuple):
    """A piece of a file, and the rows it was made of."""

    content: bytes
    rows: int
    policy_hashes: frozenset[str]


class _Kept(Pen):
    """Keeps a page as it is, to be written piece by piece."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def write(self, page: Page[Any], shape: Shape) -> Response:
        """Keep it."""
        self._request.state.page, self._request.state.shape = page, shape
        return Response()


async def _connection(request: Request) -> AsyncConnection:
    return request.state.conn  # type: ignore[no-any-return]


async def _published(request: Request) -> AsyncIterator[AsyncConnection]:
    """Show every row, for what was published to everybody, and then again those of who asks."""
    conn, asking = request.state.conn, request.state.asking
    await narrow(conn, asking.for_aggregates())
    yield conn
    await narrow(conn, asking.scope)


async def _asking(request: Request) -> Principal:
    fields.see_as(request.state.asking.role)
    return request.state.asking  # type: ignore[no-any-return]


def listings_of(router: APIRouter) -> Iterator[str]:
    """Name the listings that can be asked for by filters alone: those whose address names nothing."""
    for route in router.routes:
        path = getattr(route, "path", "")
        if isinstance(route, APIRoute) and getattr(route, "offered", ()) == LISTED and "{" not in path:
            yield path.removeprefix("/")


class Listings:
    """The listings of the API."""

    def __init__(self, settings: Settings, api: APIRouter, nouns: frozenset[str]) -> None:
        self.nouns = nouns
        """What can be asked for."""
        self.overrides: dict[Any, Any] = {
            Pen: _Kept,
            ASKING: _asking,
            CONNECTION: _connection,
            PUBLISHED: _published,
        }
        """Dependencies, and what stands in their place."""
        self._settings, self._api = settings, api

    @cached_property
    def _app(self) -> FastAPI:
        """Make the app when it is first asked: most that could be asked for exports never are."""
        app = FastAPI(telemetry={"auto_configure": False}, openapi_url=None)
        # What goes wrong is for who asked, as it was raised.
        app.exception_handlers.clear()
        whole = self._settings.serve.model_copy(update={"page_limit": MOST_ROWS})
        app.state.settings = self._settings.model_copy(update={"serve": whole})
        app.include_router(self._api)
        app.dependency_overrides = self.overrides
        return app

    async def page(
        self, conn: AsyncConnection, asking: Principal, noun: str, parameters: Mapping[str, Any]
    ) -> tuple[Page[Any], Shape]:
        """Read a page; whatever the listing raises is raised.

        Parameters
        ----------
        conn : narrowed to the rows of who asks
        """
        state: dict[str, Any] = {"conn": conn, "asking": asking}
        scope = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": f"{access.PREFIX}/{noun}",
            "query_string": urlencode(_plain(parameters), doseq=True).encode(),
            "headers": [],
            "state": state,
        }
        await self._app(scope, _nothing, _unsent)
        return state["page"], state["shape"]

    async def pieces(
        self, conn: AsyncConnection, scope: Mapping[str, Any], noun: str, parameters: Mapping[str, Any], media_type: str
    ) -> AsyncIterator[Written]:
        """Write every page of a listing, one after the other, in the moment that the connection sees.

        Parameters
        ----------
        scope : of who asked; that it may ask this was checked then
        """
        seen = Scope(**scope)
        asking = Principal(seen.who, seen.who, seen.role, None, frozenset({"admin"}), seen)
        await narrow(conn, seen)
        page, shape = await self.page(conn, asking, noun, {**parameters, "limit": PAGE_ROWS})
        writer = WRITERS[media_type](shape)
        while True:
            content = await asyncio.to_thread(writer.rows, page.rows)
            yield Written(content, len(page.rows), _policies(page))
            if page.next is None:
                break
            page, _ = await self.page(conn, asking, noun, {**parameters, "limit": PAGE_ROWS, "next": page.next})
        yield Written(await asyncio.to_thread(writer.end), 0, frozenset())


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Write values as a query has them."""
    return {name: json.dumps(value) if isinstance(value, bool) else value for name, value in parameters.items()}


def _policies(page: Page[Any]) -> frozenset[str]:
    return frozenset(row.policy_hash for row in page.rows if hasattr(row, "policy_hash"))


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _unsent(_: Message) -> None:
    """Send nothing: the page is kept."""
