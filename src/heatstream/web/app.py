"""The officials' page: a process of its own over the functions that the API reads with."""

import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from nicegui import app as pages
from nicegui import ui
from starlette.middleware.trustedhost import TrustedHostMiddleware

from heatstream.errors import SettingsError
from heatstream.settings import Settings
from heatstream.web import (
    building_page,
    building_rows,
    city_page,
    failures,
    household_page,
    probes,
    rows,
    sign_in_page,
    supervision,
)
from heatstream.web.shared import Source

STATIC = Path(__file__).parent / "static"
# Names a browser on this machine calls it by; another name would be a foreign page that points its name here.
OWN_NAMES = ["localhost", "127.0.0.1", "[::1]"]
# Vue compiles templates in the browser, so the page cannot do without eval.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "object-src 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def require_loopback(host: str) -> None:
    """Refuse to show the city to a network: there is no sign-in yet."""
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SettingsError(
            f"HEATSTREAM_WEB_HOST is {host!r}, expected 127.0.0.1, ::1 or localhost: the page has no sign-in in this "
            "release, so it listens on this machine alone. Reach it from another by an SSH tunnel"
        )


async def _guarded(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers.update(HEADERS)
    return response


def create_app(settings: Settings) -> FastAPI:
    """Make the page of one city's database; once a process, for NiceGUI keeps its pages by the process."""
    require_loopback(settings.web.host)
    source = Source(settings.database_url())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await source.close()

    app = FastAPI(lifespan=lifespan, openapi_url=None, telemetry={"auto_configure": False})
    # NiceGUI's pages are an app of their own inside ours.
    for each in (app, pages):
        each.state.source = source
        each.state.settings = settings
        sign_in_page.lead_strangers(each)
    app.middleware("http")(_guarded)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=OWN_NAMES)
    app.include_router(rows.router)
    supervision.add_rows(app)
    app.include_router(building_rows.router)
    app.include_router(probes.router)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.include_router(sign_in_page.router)
    failures.add_to(app)
    city_page.add()
    household_page.add(settings.evaluate.standard_centi)
    building_page.add()
    supervision.add_pages(settings)
    ui.run_with(app, title="heatstream", language="zh-CN", tailwind=False, show_welcome_message=False)
    return app
