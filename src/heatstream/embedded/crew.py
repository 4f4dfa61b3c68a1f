"""heatstream's own commands as child processes, and what becomes of them."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from heatstream.embedded import child
from heatstream.errors import HeatstreamError

POLL_S = 0.2


class Crew:
    """Processes that start with one environment, write a log each, and end together."""

    def __init__(self, environment: Mapping[str, str], logs: Path) -> None:
        # A setting of this machine's own heatstream must not reach into this one.
        ours = {name: text for name, text in os.environ.items() if not name.startswith("HEATSTREAM_")}
        self._environment = ours | dict(environment)
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *words: str) -> None:
        """Start `heatstream NAME WORDS…`."""
        self._running[name] = self._spawn(name, *words)

    def log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _spawn(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "heatstream", name, *words]
        return child.start(command, log=self.log(name), env=self._environment)

    async def run(self, name: str, *words: str) -> None:
        """Run a command to its end.

        Raises
        ------
        HeatstreamError
            It failed; the message holds the end of its log.
        """
        one = self._spawn(name, *words)
        try:
            while one.poll() is None:  # noqa: ASYNC110  (nothing of ours ends it)
                await asyncio.sleep(0.02)
        finally:
            await child.end(one, signal.SIGTERM)
        if one.returncode:
            raise self._failure(name, one)

    async def ask(self, *words: str) -> str:
        """Run a command and give what it prints, which belongs into no log."""
        one = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "heatstream",
            *words,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        answer, complaint = await one.communicate()
        if one.returncode:
            raise HeatstreamError(f"heatstream {' '.join(words)} failed: {complaint.decode().strip()}")
        return answer.decode().strip()

    async def watch(self) -> None:
        """Return never; raise as soon as a process has ended by itself."""
        while True:
            for name, one in self._running.items():
                if one.poll() is not None:
                    raise self._failure(name, one)
            await asyncio.sleep(POLL_S)

    def _failure(self, name: str, one: subprocess.Popen[bytes]) -> HeatstreamError:
        code, log = one.returncode, self.log(name)
        return HeatstreamError(f"heatstream {name} ended with code {code}; {log} ends:\n{child.tail(log)}")

    async def answers(self, name: str, port: int, path: str, patience: float = 60) -> None:
        """Wait until a process answers 200 on the loopback."""
        deadline = time.monotonic() + patience
        while not await _says_ok(port, path):
            one = self._running[name]
            if one.poll() is not None:
                raise self._failure(name, one)
            if time.monotonic() > deadline:
                raise HeatstreamError(f"heatstream {name} does not answer on port {port}; see {self.log(name)}")
            await asyncio.sleep(POLL_S)

    async def end(self) -> None:
        """End all, the last one started first; each may finish what it has in hand."""
        for name in reversed(list(self._running)):
            await child.end(self._running.pop(name), signal.SIGTERM, patience=15)


@contextlib.asynccontextmanager
async def crew(environment: Mapping[str, str], logs: Path) -> AsyncIterator[Crew]:
    """Give a crew that has ended when the block is left, however it is left."""
    ours = Crew(environment, logs)
    try:
        yield ours
    finally:
        await ours.end()


async def _says_ok(port: int, path: str) -> bool:
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
            status = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return b" 200 " in status
