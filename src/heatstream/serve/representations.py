"""What goes over the wire: compressed where it pays, tagged so that what has not changed is not sent again.

Each is a small ASGI middleware. Both look at answers whose length is known when they begin; streams, and answers that
bring a tag of their own, pass by as they come.
"""

import gzip
import hashlib
import re
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heatstream.serve.formats import CSV, JSON, NDJSON, quality
from heatstream.serve.problems import MEDIA_TYPE as PROBLEM

LEAST_BYTES: Final = 1_000
"""Below it a body fits into a packet, and compressing gains nothing."""
LEVEL: Final = 5
COMPRESSIBLE: Final = frozenset({JSON, NDJSON, CSV, PROBLEM})
"""Parquet and workbooks are compressed already."""
VARY: Final = "Accept, Accept-Encoding, Authorization, X-API-Key"
KEPT: Final = frozenset({"etag", "cache-control", "vary", "link"})
"""Headers of a 304, and those of ours."""
TOLD: Final = frozenset({"content-type", "content-encoding", "link"})
OURS: Final = "heatstream-"


Headed = Callable[[Message], bool]
Change = Callable[[Message, bytes], bytes]


async def _look(  # noqa: PLR0917 - an ASGI application has three of its own
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, concerns: Headed, change: Change
) -> None:
    """Serve, and change the answers that concern: their headers in place, and the whole body.

    Parameters
    ----------
    concerns : tells by the beginning of an answer
    """
    start: Message | None = None
    held = bytearray()

    async def hold(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start" and concerns(message):
            start = message
        elif start is None:
            await send(message)
        else:
            held.extend(message.get("body", b""))
            if not message.get("more_body", False):
                body = change(start, bytes(held))
                await send(start)
                await send({"type": "http.response.body", "body": body})

    await app(scope, receive, hold)


def _is_whole(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return "content-length" in headers and "etag" not in headers


# --- compressed -------------------------------------------------------------------------------------------------------


class Compressed:
    """gzip, where the client takes it and the body is long enough."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        if scope["type"] == "http" and _takes_gzip(Headers(scope=scope)):
            await _look(self._app, scope, receive, send, _is_worth_it, _packed)
        else:
            await self._app(scope, receive, send)


def _takes_gzip(headers: Headers) -> bool:
    wanted: dict[str, float] = {}
    for written in ",".join(headers.getlist("accept-encoding")).split(","):
        name, *parameters = written.split(";")
        wanted[name.strip().lower()] = quality(parameters)
    return wanted.get("gzip", wanted.get("*", 0.0)) > 0


def _is_worth_it(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    kind, _, _ = headers.get("content-type", "").partition(";")
    return _is_whole(start) and kind in COMPRESSIBLE and int(headers["content-length"]) >= LEAST_BYTES


def _packed(start: Message, body: bytes) -> bytes:
    # No time in it: the same rows are the same bytes, and have the same tag.
    packed = gzip.compress(body, LEVEL, mtime=0)
    headers = MutableHeaders(raw=start["headers"])
    headers["content-encoding"] = "gzip"
    headers["content-length"] = str(len(packed))
    return packed


# --- conditional ------------------------------------------------------------------------------------------------------


class Conditional:
    """A strong tag on every answer, 304 for what the client has, and HEAD for every GET."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; of HEAD the headers that GET would have."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        head, tagged = scope["method"] == "HEAD", partial(_tagged, Headers(scope=scope))
        asked = {**scope, "method": "GET"} if head else scope
        concerns = _is_good if asked["method"] == "GET" else _is_stored_nowhere
        await _look(self._app, asked, receive, _bare(send) if head else send, concerns, tagged)


def _bare(send: Send) -> Send:
    """Send the headers, and no body; of a stream, too, which would not end."""

    async def bare(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body", "body": b""})

    return bare


def _is_good(start: Message) -> bool:
    good = start["status"] == HTTPStatus.OK
    headers = MutableHeaders(raw=start["headers"])
    headers.setdefault("cache-control", "private, no-cache" if good else "no-store")
    headers.setdefault("vary", VARY)
    return good and _is_whole(start)


def _is_stored_nowhere(start: Message) -> bool:
    MutableHeaders(raw=start["headers"]).setdefault("cache-control", "no-store")
    return False


def _tagged(asked: Headers, start: Message, body: bytes) -> bytes:
    headers = MutableHeaders(raw=start["headers"])
    headers["etag"] = tag = _tag(headers, body)
    if not has(asked, tag):
        return body
    start["status"] = HTTPStatus.NOT_MODIFIED
    start["headers"] = [(name, value) for name, value in start["headers"] if _stays(name.decode())]
    return b""


def _stays(name: str) -> bool:
    """Tell whether a header belongs into a 304."""
    return name in KEPT or name.startswith(OURS)


def _tag(headers: MutableHeaders, body: bytes) -> str:
    """Hash a writing, with the headers that say something of its rows: another next page is another answer."""
    told = sorted(pair for pair in headers.items() if pair[0] in TOLD or pair[0].startswith(OURS))
    digest = hashlib.sha256("".join(f"{name}:{value}\n" for name, value in told).encode())
    digest.update(body)
    return f'"{digest.hexdigest()[:32]}"'


def has(asked: Headers, tag: str) -> bool:
    """Tell whether the client has this already: `If-None-Match` lists the tag, or is *."""
    listed = ",".join(asked.getlist("if-none-match"))
    return listed.strip() == "*" or tag in re.findall(r'"[^"]*"', listed)
