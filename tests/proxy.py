"""A TCP proxy that misbehaves on command, between ingest and its broker."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Coroutine
from types import TracebackType
from typing import Literal, Self

Mood = Literal["pass", "stall", "hang_up"]


class Proxy:
    """Passes bytes both ways; in the mood `stall` it keeps them, in `hang_up` it accepts and closes."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._writers: set[asyncio.StreamWriter] = set()
        self._towards_client: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.mood: Mood = "pass"
        self.accepted = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    def turn(self, mood: Mood) -> None:
        """Change the mood, of the connections there are too."""
        self.mood = mood
        if mood == "stall":
            self._flowing.clear()
        else:
            self._flowing.set()

    def say(self, words: bytes) -> None:
        """Put words into the broker's mouth."""
        for writer in self._towards_client:
            writer.write(words)

    def reset(self) -> None:
        """Cut all connections with a TCP reset, as a firewall does."""
        for writer in self._writers:
            held = writer.get_extra_info("socket")
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        self._writers.clear()
        self._towards_client.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self.mood == "hang_up":
            writer.close()
            return
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
            self._writers |= {writer, far_writer}
            self._towards_client.add(writer)
            self._start(self._pass(reader, far_writer))
            self._start(self._pass(far_reader, writer))
            return
        writer.close()

    def _start(self, job: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while received := await reader.read(65_536):
                await self._flowing.wait()
                writer.write(received)
                await writer.drain()
        self._writers.discard(writer)
        self._towards_client.discard(writer)
        writer.close()
