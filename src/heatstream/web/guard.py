"""What stands before every page: by which names it is called, who may send to it, what it tells browsers."""

import ipaddress
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heatstream.errors import SettingsError
from heatstream.settings import Web

OWN_NAMES = ("localhost", "127.0.0.1", "[::1]")
"""Names that a browser on this machine calls it by; another would be a foreign page that points its name here."""
LARGEST_BODY = 25_000_000
"""Bytes: a paper with what stands around it."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Vue compiles templates in the browser, so the page cannot do without eval.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "object-src 'none'; form-action 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def names(web: Web) -> list[str]:
    """List the names that the page answers to.

    Raises
    ------
    SettingsError
        It would listen on a network, and nobody said by which address people open it.
    """
    if web.public_url is None:
        if not _loopback(web.host):
            raise SettingsError(
                f"HEATSTREAM_WEB_HOST is {web.host!r}, expected 127.0.0.1, ::1 or localhost as long as "
                "HEATSTREAM_WEB_PUBLIC_URL does not say by which address people open the page: what is sent to another "
                "name is refused"
            )
        return list(OWN_NAMES)
    public = urlsplit(web.public_url).hostname or ""
    return [*OWN_NAMES, f"[{public}]" if ":" in public else public]


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """Refuse what another page sends, and tell browsers what ours may do.

    A browser says with everything it sends from which page it comes (Origin). What changes something, and every socket,
    must come from a page of ours: the session's cookie goes along with a stranger's request, too.
    """

    def __init__(self, app: ASGIApp, public_url: str | None) -> None:
        self.app = app
        self.public = urlsplit(public_url or "").netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        status = self._refused(scope, headers)
        if status is None:
            await self.app(scope, receive, _telling(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await PlainTextResponse(status.phrase, status)(scope, receive, _telling(send))

    def _refused(self, scope: Scope, headers: Headers) -> HTTPStatus | None:
        if scope["type"] == "http" and scope["method"] in SAFE:
            return None
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc not in (headers.get("host"), self.public or None):
            return HTTPStatus.FORBIDDEN
        if scope["type"] == "websocket":
            return None
        length = headers.get("content-length", "")
        if not length.isdecimal():
            return HTTPStatus.LENGTH_REQUIRED
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE if int(length) > LARGEST_BODY else None


def _telling(send: Send) -> Send:
    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return tell
