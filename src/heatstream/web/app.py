"""The officials' page: a process of its own over the functions that the API reads with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from nicegui import app as pages
from nicegui import ui
from starlette.middleware.trustedhost import TrustedHostMiddleware

from heatstream.access import journal
from heatstream.access.limits import Limit
from heatstream.access.recorded import Recorded
from heatstream.settings import Settings
from heatstream.web import (
    building_page,
    building_rows,
    city_page,
    claim_page,
    claim_rows,
    claims_page,
    evidence_part,
    failures,
    findings_page,
    household_page,
    household_rows,
    ingest_page,
    ingest_rows,
    probes,
    rows,
    rules_page,
    sign_in_page,
    supervision,
)
from heatstream.web.guard import Guard, names
from heatstream.web.shared import Source

UNRECORDED = ("/static/", "/_nicegui", "/livez", "/readyz", "/metrics", "/favicon.ico")
"""What is the same for everybody, and the sockets of pages that were recorded when they were opened."""
STATIC = Path(__file__).parent / "static"
RECONNECT_S = 30


def create_app(settings: Settings) -> FastAPI:
    """Make the page of one city's database; once a process, for NiceGUI keeps its pages by the process."""
    allowed = names(settings.web)
    source = Source(settings.database_url())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with journal.kept(settings.database_url(), "web") as app.state.journal:
            yield
        await source.close()

    app = FastAPI(lifespan=lifespan, openapi_url=None, telemetry={"auto_configure": False})
    # NiceGUI's pages are an app of their own inside ours.
    for each in (app, pages):
        each.state.source = source
        each.state.settings = settings
        sign_in_page.lead_strangers(each)
    app.state.strangers = Limit(settings.web.strangers_per_minute)
    app.state.sign_ins = Limit(settings.web.sign_ins_per_minute)
    app.add_middleware(Recorded, process="web", refuse=lambda: failures.unrecorded, unseen=UNRECORDED)
    app.add_middleware(Guard, public_url=settings.web.public_url)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=allowed)
    app.include_router(rows.router)
    app.include_router(claim_rows.router)
    supervision.add_rows(app)
    app.include_router(ingest_rows.router)
    app.include_router(rules_page.router)
    app.include_router(building_rows.router)
    app.include_router(household_rows.router)
    app.include_router(evidence_part.router)
    app.include_router(probes.router)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.include_router(sign_in_page.router)
    failures.add_to(app)
    city_page.add()
    findings_page.add()
    claims_page.add()
    claim_page.add()
    household_page.add()
    building_page.add()
    supervision.add_pages(settings)
    ingest_page.add(settings)
    rules_page.add(settings)
    # A page outlives a line that is lost for a while: what was typed in it is not lost with it.
    ui.run_with(app, title="heatstream", tailwind=False, show_welcome_message=False, reconnect_timeout=RECONNECT_S)
    return app
