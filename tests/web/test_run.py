"""`heatstream web` as a process."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import pytest_asyncio

from heatstream.web.signed_in import COOKIE

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


async def start(**settings: str) -> asyncio.subprocess.Process:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("HEATSTREAM_", "NICEGUI_"))}
    environ.pop("PYTEST_CURRENT_TEST", None)  # NiceGUI behaves otherwise under a test
    environ |= {f"HEATSTREAM_{name}": value for name, value in settings.items()}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "heatstream", "web", env=environ, stderr=asyncio.subprocess.PIPE
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at a page whose database is away; it stops when told, and never logs a page of calls."""
    port = unused_tcp_port_factory()
    process = await start(DATABASE_URL=NOWHERE, WEB_PORT=str(port))
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            for _ in range(300):
                try:
                    await client.get("/static/page.js")
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
                else:
                    break
            yield client
        process.send_signal(signal.SIGTERM)
        _, written = await asyncio.wait_for(process.communicate(), 10)
        assert (process.returncode, b"Traceback" in written) == (0, False)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_while_the_database_is_away_the_page_says_so_and_no_more(client: httpx.AsyncClient) -> None:
    somebody = {"Cookie": f"{COOKIE}=whatever"}
    page, rows = await client.get("/", headers=somebody), await client.get("/rows/flags", headers=somebody)
    assert (page.status_code, "数据库暂不可用" in page.text, "refused" in page.text) == (503, True, False)
    assert (rows.status_code, rows.json()) == (503, {"detail": "The database is away; try again later."})


async def test_only_our_own_pages_may_send_to_it(client: httpx.AsyncClient) -> None:
    here = str(client.base_url)
    socket = f"{here}/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    statuses = {}
    for origin in ("https://evil.example", "null", "http://127.0.0.1.evil.example", here):
        statuses[origin] = (await client.post("/sign-out", headers={"Origin": origin})).status_code
        asked = {"Origin": origin, "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        answer = await client.get(socket, headers=asked | {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="})
        assert (answer.status_code == 101) == (origin == here)
    assert statuses == {"https://evil.example": 403, "null": 403, "http://127.0.0.1.evil.example": 403, here: 503}


async def test_a_body_without_end_or_too_long_is_refused(client: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"login=x"

    assert (await client.post("/sign-in", content=endless())).status_code == 411
    reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
    writer.write(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n")
    assert (await reader.readline()).split()[1] == b"413"
    writer.close()


async def test_a_network_address_without_a_public_one_is_wrong_use() -> None:
    process = await start(DATABASE_URL=NOWHERE, WEB_HOST="0.0.0.0")  # noqa: S104
    _, told = await process.communicate()
    assert (process.returncode, b"HEATSTREAM_WEB_PUBLIC_URL" in told) == (2, True)
