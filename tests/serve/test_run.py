"""`heatstream serve` as a process: it answers, and ends when it is told to."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

PYTHON = (sys.executable, "-m", "heatstream")


@pytest.fixture
async def process(database_url: str, unused_tcp_port: int) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HEATSTREAM_")}
    environ |= {"HEATSTREAM_DATABASE_URL": database_url, "HEATSTREAM_SERVE_PORT": str(unused_tcp_port)}
    started = await asyncio.create_subprocess_exec(*PYTHON, "serve", env=environ)
    try:
        yield started, f"http://127.0.0.1:{unused_tcp_port}"
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()


async def until_it_answers(address: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        for _ in range(300):
            try:
                return await client.get(f"{address}/readyz")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    pytest.fail(f"nothing answered at {address} within 30 s")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_with_success(
    process: tuple[asyncio.subprocess.Process, str], number: signal.Signals
) -> None:
    started, address = process
    assert (await until_it_answers(address)).status_code == 200
    started.send_signal(number)
    assert await asyncio.wait_for(started.wait(), 10) == 0


async def test_without_a_database_address_it_is_wrong_use() -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HEATSTREAM_")}
    started = await asyncio.create_subprocess_exec(*PYTHON, "serve", env=environ, stderr=asyncio.subprocess.PIPE)
    _, told = await started.communicate()
    assert (started.returncode, b"HEATSTREAM_DATABASE_URL is not set" in told) == (2, True)
