"""`/livez`, `/readyz` with reasons, `/metrics`: answered from a thread, so that a long load does not silence them."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import make_wsgi_app

Start = Callable[..., Any]


class Health:
    """Ready while nothing ails."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def well(self) -> None:
        self.reasons = []

    def ill(self, reason: str) -> None:
        self.reasons = [reason]


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Leave the log to what happens to findings."""


def _app(health: Health) -> Callable[[dict[str, Any], Start], Iterable[bytes]]:
    metrics = make_wsgi_app()

    def answer(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            body: Iterable[bytes] = metrics(environ, start)
            return body
        if path not in {"/livez", "/readyz"}:
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"expected /livez, /readyz or /metrics\n"]
        reasons = health.reasons if path == "/readyz" else []
        start("503 Service Unavailable" if reasons else "200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"ready": not reasons, "reasons": reasons}, ensure_ascii=False).encode()]

    return answer


@contextmanager
def served(health: Health, port: int | None, host: str = "0.0.0.0") -> Iterator[int | None]:  # noqa: S104  (a collector asks from outside)
    """Answer on this port while the block lasts; nothing where there is no port, any free one for 0."""
    if port is None:
        yield None
        return
    server = make_server(host, port, _app(health), handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, name="probes", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
