"""The page as a process of its own, and a real Chromium that takes down whatever it must not do."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from heatstream.embedded.postgres import postgres
from heatstream.rules.pack import SHIPPED
from heatstream.store.migrate import upgrade
from heatstream.store.pool import create_engine
from heatstream.web.signed_in import COOKIE
from tests.browser import claimed, supervised
from tests.serve import town
from tests.signed import token_at

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@dataclass
class Visit:
    """A page that is open, and what went wrong on it."""

    page: Page
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


Open = Callable[..., Awaitable[Visit]]
Contexts = dict[tuple[str, str | None], BrowserContext]


async def _until_it_answers(process: asyncio.subprocess.Process, address: str) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(300):
            try:
                await client.get(f"{address}/static/page.js")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                return
            if process.returncode is not None:
                break
    pytest.fail(f"the page did not answer at {address} within 30 s")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def town_url(scratch: Path) -> AsyncIterator[str]:
    """The town on one edition: the pages are drawn from the same rows on each."""
    async with postgres("plain", scratch / "postgres-browser", durable=False) as server:
        await upgrade(server.url)
        engine = create_engine(server.url, size=1)
        async with engine.begin() as conn:
            await town.build(conn)
            await supervised.build(conn)
            await claimed.build(conn)
        await engine.dispose()
        yield server.url


@asynccontextmanager
async def serving(url: str, port: int, **more: str) -> AsyncIterator[str]:
    """`heatstream web` on a database, with more of its environment; gives its address."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("HEATSTREAM_", "NICEGUI_"))}
    environ.pop("PYTEST_CURRENT_TEST", None)
    environ |= {"HEATSTREAM_DATABASE_URL": url, "HEATSTREAM_WEB_PORT": str(port), **more}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "heatstream", "web", env=environ)
    try:
        await _until_it_answers(process, f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 10) == 0


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def address(town_url: str, scratch: Path, unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[str]:
    """`heatstream web` on the town that nobody changes."""
    rules = {"HEATSTREAM_SUPERVISION_RULES_FILE": str(supervised.rules_file(scratch))}
    choices = {"HEATSTREAM_EVALUATE_CHOICES_FILE": str(SHIPPED / "demo-shili.choices.yaml")}
    async with serving(town_url, unused_tcp_port_factory(), **rules, **choices) as found:
        yield found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def session_token(town_url: str) -> str:
    """A session of somebody of the 市主管部门."""
    return await token_at(town_url, "city")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def contexts() -> AsyncIterator[Contexts]:
    """Browsers of visitors, by language and session: what one has loaded once it need not load again."""
    found: Contexts = {}
    yield found
    for context in found.values():
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(chromium: Browser, contexts: Contexts, address: str, session_token: str) -> AsyncIterator[Open]:
    """Open a page: `await visit("/", width=390, language="en")`; `token=None` is a stranger."""
    pages: list[Page] = []

    async def open_page(
        path: str, *, width: int = 1440, dark: bool = False, language: str = "zh", token: str | None = session_token
    ) -> Visit:
        context = contexts.get((language, token)) or await chromium.new_context()
        contexts[language, token] = context
        await context.clear_cookies()  # a visitor of another test may have chosen
        await context.add_cookies([{"name": "hs_language", "value": language, "url": address}])
        if token:
            await context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
        page = await context.new_page()
        pages.append(page)
        await page.set_viewport_size({"width": width, "height": 900})
        await page.emulate_media(color_scheme="dark" if dark else "light")
        found = Visit(page)
        page.on("console", lambda line: found.errors.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: found.errors.append(str(error)))
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith((address, "data:", "blob:")) else found.foreign.append(request.url)
            ),
        )
        await page.goto(address + path)
        return found

    yield open_page
    for page in pages:
        await page.close()
