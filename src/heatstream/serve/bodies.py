"""How large a request may be; FastAPI's own limit answers in plain text, and this is answered as a problem."""

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heatstream.serve.problems import TOO_LARGE, answer

MOST_BYTES: Final = 65_536
"""The largest body that an address takes; each is a small form."""


class Limited:
    """Refuse a body by the length it declares before a byte of it is read, and one that declares none as it comes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what is small enough."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > MOST_BYTES:
            await answer(TOO_LARGE, _told(f"{declared} bytes"))(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > MOST_BYTES:
                raise HTTPException(TOO_LARGE.status, _told("more"))
            return message

        await self._app(scope, counted, send)


def _told(seen: str) -> str:
    return f"body: seen {seen}, expected at most {MOST_BYTES} bytes"
