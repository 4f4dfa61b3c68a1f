"""The API on a socket of its own, for answers that do not end."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import httpx
import uvicorn
from fastapi import FastAPI

from heatstream.serve.run import Server


@contextlib.asynccontextmanager
async def listening(app: FastAPI) -> AsyncIterator[tuple[Server, str]]:
    """Serve an app, and tell its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=5)
        server = Server(config)
        task = asyncio.create_task(server.serve(sockets=[free]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield server, f"http://127.0.0.1:{free.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


class Event(NamedTuple):
    """A server-sent event."""

    id: str | None
    name: str | None
    data: Any


async def events(response: httpx.Response) -> AsyncIterator[Event]:
    """Read a stream as a browser does; what has no data is given, too."""
    told: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            told[name] = value
        elif told:
            data = told.get("data")
            yield Event(told.get("id"), told.get("event"), data and json.loads(data))
            told = {}
