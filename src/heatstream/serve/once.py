"""What is done once, however often it is asked for: `Idempotency-Key` on every POST."""

import functools
import hashlib
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.access.scope import narrow
from heatstream.serve.access import STATEMENT_TIMEOUT, Asking
from heatstream.serve.formats import Route
from heatstream.serve.problems import KeyReused
from heatstream.store import idempotent
from heatstream.store.idempotent import Answer


async def _writing(request: Request, asking: Asking) -> AsyncIterator[AsyncConnection]:
    """Write what whoever asks may write; committed before the answer is sent."""
    async with request.app.state.writing.begin() as conn:
        await conn.execute(text(f"set local statement_timeout = '{STATEMENT_TIMEOUT}'"))
        await narrow(conn, asking.scope)
        yield conn


Writing = Annotated[AsyncConnection, Depends(_writing, scope="function")]

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        description="a name of this act that you give once; the same request with it is done once, and answered again",
        min_length=1,
        max_length=200,
        pattern=r"^[!-~]+$",
    ),
]


class Act:
    """A request under its key, in the transaction that does it."""

    def __init__(self, conn: Writing, asking: Asking, request: Request, key: Key) -> None:
        self._conn, self._who, self._key, self._request = conn, asking.who, key, request

    async def _asked(self) -> bytes:
        address = f"{self._request.method} {self._request.url.path}?{self._request.url.query}\n"
        return hashlib.sha256(address.encode() + await self._request.body()).digest()

    async def before(self) -> Response | None:
        """Give what was answered already; who sends the same at once waits here for the first.

        Raises
        ------
        KeyReused
            The key came with another request.
        """
        found = await idempotent.answered(self._conn, self._who, self._key)
        if found is None:
            return None
        if found.request_sha256 != await self._asked():
            raise KeyReused(f"Idempotency-Key: seen {self._key} with another request before, expected a new one")
        return Response(found.body, found.status, {**found.headers, "Idempotency-Replayed": "true"})

    async def keep(self, response: Response) -> None:
        """Keep the answer with the act."""
        told = {name: value for name, value in response.headers.items() if name != "content-length"}
        body = bytes(response.body)
        answer = Answer(await self._asked(), response.status_code, told, body)
        await idempotent.keep(self._conn, self._who, self._key, answer)


def _once(endpoint: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    @functools.wraps(endpoint)
    async def act_once(*, act: Act, **given: Any) -> Response:
        answered = await act.before()
        if answered is not None:
            return answered
        response = await endpoint(**given)
        await act.keep(response)
        return response

    signature = inspect.signature(endpoint)
    taken = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in signature.parameters.values()]
    act = inspect.Parameter("act", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[Act, Depends(Act)])
    act_once.__signature__ = signature.replace(parameters=[*taken, act])  # type: ignore[attr-defined]
    return act_once


class ActRoute(Route):
    """A route whose every POST is done once a key; its functions give a Response."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if "POST" in (options.get("methods") or ()):
            endpoint = _once(endpoint)
        super().__init__(path, endpoint, **options)
