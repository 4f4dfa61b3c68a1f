"""`heatstream web` as a process."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


async def start(**settings: str) -> asyncio.subprocess.Process:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("HEATSTREAM_", "NICEGUI_"))}
    environ.pop("PYTEST_CURRENT_TEST", None)  # NiceGUI behaves otherwise under a test
    environ |= {f"HEATSTREAM_{name}": value for name, value in settings.items()}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "heatstream", "web", env=environ, stderr=asyncio.subprocess.PIPE
    )


@pytest.fixture
async def without_database(unused_tcp_port: int) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    process = await start(DATABASE_URL=NOWHERE, WEB_PORT=str(unused_tcp_port))
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{unused_tcp_port}", timeout=20) as client:
            for _ in range(300):
                try:
                    await client.get("/static/page.js")
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
                else:
                    break
            yield process, client
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_while_the_database_is_away_the_page_says_so_and_no_more(
    without_database: tuple[asyncio.subprocess.Process, httpx.AsyncClient],
) -> None:
    process, client = without_database
    page, rows = await client.get("/"), await client.get("/rows/flags")
    assert (page.status_code, "数据库暂不可用" in page.text, "refused" in page.text) == (500, True, False)
    assert (rows.status_code, rows.json()) == (503, {"detail": "The database is away; try again later."})
    process.send_signal(signal.SIGTERM)
    _, written = await asyncio.wait_for(process.communicate(), 10)
    assert (process.returncode, written.count(b"the database does not answer"), b"Traceback" in written) == (
        0,
        1,
        False,
    )


async def test_without_its_database_the_page_is_alive_and_tells_why_it_is_not_ready(
    without_database: tuple[asyncio.subprocess.Process, httpx.AsyncClient],
) -> None:
    _, client = without_database
    alive, ready = await client.get("/livez"), await client.get("/readyz")
    assert (alive.status_code, alive.json()) == (200, {"alive": True})
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    assert ready.json()["reasons"][0].startswith("database: does not answer")


async def test_every_answer_forbids_foreign_scripts_and_frames(
    without_database: tuple[asyncio.subprocess.Process, httpx.AsyncClient],
) -> None:
    _, client = without_database
    for path in ("/static/page.js", "/rows/flags"):
        policy = (await client.get(path)).headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy


async def test_a_network_address_is_wrong_use() -> None:
    process = await start(DATABASE_URL=NOWHERE, WEB_HOST="0.0.0.0")  # noqa: S104
    _, told = await process.communicate()
    assert (process.returncode, b"no sign-in in this release" in told) == (2, True)
