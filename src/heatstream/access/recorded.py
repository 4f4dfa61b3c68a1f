"""What stands before API and pages: every request that somebody may see something by becomes a row of the access log.

Not among them are files that are the same for everybody, probes, and what a stranger asks beyond the limit of an
address: there is nothing in their answers, and whoever floods us must not fill the log.
"""

import datetime as dt
import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from prometheus_client import Counter
from starlette.datastructures import Headers, MutableHeaders, QueryParams, State
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heatstream.access.journal import NotKept
from heatstream.access.limits import site
from heatstream.access.principal import Principal

UNKEPT = Counter("heatstream_access_unkept_total", "Requests of strangers beyond their limit, not in the access log")

NOBODY = "nobody"
UNKNOWN = "unknown"
MOST_CHARACTERS = 2000
_REQUEST_ID = re.compile(r"[\w.:/-]{1,100}", re.ASCII)
_SECRET = re.compile(r"(hs_[0-9a-f]+)_[\w-]+", re.ASCII)

Refuse = Callable[[], ASGIApp]


def tell(request: HTTPConnection, who: Principal) -> None:
    """Say whose request it is, and which household it names, for its row of the access log."""
    request.state.principal = who
    request.state.route = _pattern(request.scope)
    request.state.household = _household(request.scope)


def client(request: HTTPConnection) -> str:
    """Give what the request's address is counted as."""
    return site(request.client.host if request.client else None)


def _pattern(scope: Scope) -> str:
    """Give the route as OpenAPI writes it: a route of an included router knows nothing of what stands before it."""
    route: str | None = getattr(scope.get("route"), "path", None)
    if route is None:
        return UNKNOWN
    asked = scope["path"].split("/")
    return "/".join(asked[: len(asked) - route.count("/")]) + route


def _household(scope: Scope) -> str | None:
    named, route = scope.get("path_params", {}), getattr(scope.get("route"), "path", "")
    code = named.get("household") or (named.get("code") if "/household" in route else None)
    return code or QueryParams(scope["query_string"]).get("household") or None


def _plain(text: str | None) -> str | None:
    return text and text.replace("\0", "")[:MOST_CHARACTERS]


def _target(scope: Scope) -> str:
    """Give path and query as they were asked, without what could be a key."""
    asked = scope.get("raw_path") or scope["path"].encode()
    query = scope["query_string"]
    whole = (asked.partition(b"?")[0] + (b"?" + query if query else b"")).decode("ascii", "backslashreplace")
    return _SECRET.sub(r"\1_…", whole)[:MOST_CHARACTERS]


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


class Recorded:
    """Write the row of a request before the first byte of its answer leaves; without the row there is no answer.

    Parameters
    ----------
    process : serve or web
    refuse : makes the answer in place of one whose row the database refused: 503
    unseen : beginnings of paths that are not recorded
    headers : of every answer that is
    """

    def __init__(
        self,
        app: ASGIApp,
        process: str,
        refuse: Refuse,
        unseen: Iterable[str],
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._app = app
        self._process = process
        self._refuse = refuse
        self._unseen = tuple(unseen)
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it, and record it."""
        if scope["type"] != "http" or scope["path"].startswith(self._unseen):
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["request"] = _request_id(scope)
        one = _Request(self, scope, receive, send)
        try:
            await self._app(scope, receive, one.send)
        except Exception:
            if not one.recorded:
                await one.record(500)
            raise

    async def write(self, scope: Scope, keeper: State, status: int, took_s: float) -> None:
        """Write the row of a request, if it is one to be kept."""
        state = scope["state"]
        address = site(scope["client"][0] if scope.get("client") else None)
        who: Principal | None = state.get("principal")
        if who is None and not keeper.strangers.take(address).granted:
            UNKEPT.inc()
            return
        await keeper.journal.write(
            {
                "at": dt.datetime.now(dt.UTC),
                "request": state["request"],
                "process": self._process,
                "who": who.who if who else NOBODY,
                "role": who and who.role,
                "method": scope["method"],
                "route": state.get("route") or _pattern(scope),
                "target": _target(scope),
                "household": _plain(state.get("household")),
                "status": status,
                "rows": state.get("rows"),
                "took_ms": round(took_s * 1000),
                "address": scope["client"][0] if scope.get("client") else None,
            }
        )

    def refusal(self) -> ASGIApp:
        """Give the answer in place of one that must not be given."""
        return self._refuse()


class _Request:
    """One request on its way: the beginning of its answer is held until the row is written."""

    def __init__(self, keeper: Recorded, scope: Scope, receive: Receive, send: Send) -> None:
        self._keeper, self._scope, self._receive, self._send = keeper, scope, receive, send
        self._began = time.perf_counter()
        # NiceGUI puts its own app in the scope on the way.
        self._held: State = scope["app"].state
        self._start: Message | None = None
        self._refused = False
        self.recorded = False

    async def record(self, status: int) -> None:
        self.recorded = True
        await self._keeper.write(self._scope, self._held, status, time.perf_counter() - self._began)

    async def send(self, message: Message) -> None:
        if self._refused:
            return
        if message["type"] == "http.response.start":
            self._start = message
            return
        if self._start is not None:
            start, self._start = self._start, None
            try:
                await self.record(start["status"])
            except NotKept:
                self._refused = True
                await self._keeper.refusal()(self._scope, self._receive, self._told)
                return
            await self._told(start)
        await self._send(message)

    async def _told(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            state: dict[str, Any] = self._scope["state"]
            MutableHeaders(scope=message).update(
                {**self._keeper.headers, "X-Request-Id": state["request"], **state.get("headers", {})}
            )
        await self._send(message)
