"""`/livez`, `/readyz` with reasons, `/metrics` of a process: from a thread, so that long work does not silence it."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import make_wsgi_app

from heatstream.errors import SettingsError

Start = Callable[..., Any]
STOP_S = 0.05
"""How long an end of the process waits for this thread at most [s]."""


class Health:
    """Ready while nothing ails. A part that is not heard of is well."""

    def __init__(self) -> None:
        self._ails: dict[str, str] = {}

    def ill(self, part: str, reason: str) -> None:
        self._ails[part] = reason

    def well(self, part: str) -> None:
        self._ails.pop(part, None)

    def ails(self, part: str) -> bool:
        return part in self._ails

    def reasons(self) -> list[str]:
        return [f"{part}: {reason}" for part, reason in self._ails.copy().items()]


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Leave the log to what the process does."""


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
        reasons = health.reasons() if path == "/readyz" else []
        start("503 Service Unavailable" if reasons else "200 OK", [("Content-Type", "application/json")])
        told = {"alive": True} if path == "/livez" else {"ready": not reasons, "reasons": reasons}
        return [json.dumps(told, ensure_ascii=False).encode()]

    return answer


@contextmanager
def served(health: Health, port: int | None, host: str = "0.0.0.0") -> Iterator[int | None]:  # noqa: S104  (a collector asks from outside)
    """Answer on this port while the block lasts; nothing where there is no port, any free one for 0.

    Raises
    ------
    SettingsError
        The port cannot be listened on.
    """
    if port is None:
        yield None
        return
    try:
        server = make_server(host, port, _app(health), handler_class=_Quiet)
    except OSError as error:
        raise SettingsError(f"metrics_port {port} cannot be listened on: {error}") from error
    thread = threading.Thread(target=server.serve_forever, args=(STOP_S,), name="probes", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
