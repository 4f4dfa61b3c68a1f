"""What ails this process, for whoever asks: /livez, /readyz with reasons, /metrics."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

from prometheus_client import REGISTRY, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from heatstream.errors import SettingsError

REQUEST_S = 5
_STATUS = {200: "OK", 404: "Not Found", 503: "Service Unavailable"}


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

    def ready(self) -> bool:
        return not self._ails

    def reasons(self) -> list[str]:
        return [f"{part}: {reason}" for part, reason in self._ails.items()]


def _answer(path: str, health: Health) -> tuple[int, str, bytes]:
    if path == "/metrics":
        return 200, CONTENT_TYPE_LATEST, generate_latest(REGISTRY)
    if path == "/livez":
        return 200, "application/json", b'{"alive": true}'
    if path == "/readyz":
        body = json.dumps({"ready": health.ready(), "reasons": health.reasons()}, ensure_ascii=False)
        return 200 if health.ready() else 503, "application/json", body.encode()
    return 404, "text/plain", b"expected /livez, /readyz or /metrics\n"


async def _respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, health: Health) -> None:
    async with asyncio.timeout(REQUEST_S):
        request = await reader.readuntil(b"\r\n\r\n")
    words = request.split(b" ", 2)
    path = words[1].partition(b"?")[0].decode("latin-1") if len(words) > 1 else ""
    status, kind, body = _answer(path, health)
    head = [f"HTTP/1.1 {status} {_STATUS[status]}", f"content-type: {kind}", f"content-length: {len(body)}"]
    writer.write("\r\n".join([*head, "connection: close", "", ""]).encode() + body)
    await writer.drain()


@contextlib.asynccontextmanager
async def served(health: Health, port: int | None, host: str = "0.0.0.0") -> AsyncIterator[int | None]:  # noqa: S104  (a collector asks from outside)
    """Answer on this port while the block lasts; nothing where there is no port, any free one for 0."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await _respond(reader, writer, health)
        writer.close()

    if port is None:
        yield None
        return
    try:
        server = await asyncio.start_server(answer, host, port)
    except OSError as error:
        raise SettingsError(f"metrics_port {port} cannot be listened on: {error}") from error
    async with server:
        yield int(server.sockets[0].getsockname()[1])
