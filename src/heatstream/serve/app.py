"""The API: stateless, reading only, behind keys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, Depends, FastAPI

from heatstream import __version__
from heatstream.access import journal
from heatstream.access.recorded import Recorded
from heatstream.serve import access, bodies, document, formats, metrics, paging, problems, representations, stream
from heatstream.serve.exporting import Listings, listings_of
from heatstream.serve.routes import (
    accesses,
    changes,
    city,
    claims,
    companies,
    exports,
    findings,
    law,
    matters,
    meters,
    probes,
    readings,
    refused,
    registry,
    reports,
    stations,
    supervised,
    work_orders,
)
from heatstream.settings import Settings
from heatstream.store import pool

ROUTES = (
    registry,
    readings,
    findings,
    changes,
    city,
    law,
    refused,
    claims,
    companies,
    work_orders,
    matters,
    stations,
    meters,
    supervised,
    reports,
    exports,
    accesses,
)
"""Every module of addresses that answers with what is stored."""
UNRECORDED = ("/livez", "/readyz", "/metrics", "/openapi.json")
"""What holds nothing of a home."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
"""Nothing of an answer is for a browser to guess at, to run or to frame."""
DESCRIPTION = """\
Room temperatures, day statistics and findings of one city.

* Keys: `Authorization: Bearer hs_…` or `X-API-Key`; `heatstream keys create` makes one.
* Days are local calendar days at UTC+08:00, both ends of a range included. Instants are RFC 3339 with an offset; a
  range of instants holds its first and not its last.
* Temperatures stand twice: `_c` in °C as a decimal number, `_centi` exactly, in hundredths rounded toward minus
  infinity. Money is `_fen`.
* Listings come in pages: ask again with `next` until it is null, or follow the header `Link`. A row that stood when you
  began is met exactly once. `Accept` chooses JSON, `application/x-ndjson`, `text/csv` or
  `application/vnd.apache.parquet`.
* Every answer has a strong `ETag`; `If-None-Match` gives 304. Bodies are gzipped where `Accept-Encoding` takes it.
* A parameter that an address does not know is refused. Errors are RFC 9457 problems.
* 测算额 (`computed_fen`) is computed from readings alone; 应退热费 and 裁定额 are other amounts.
"""


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    engine = pool.create_engine(app.state.settings.database_url(), application="heatstream-serve")
    app.state.engine, app.state.writing = access.reading_only(engine), engine
    app.state.bell = stream.Bell(app.state.settings.database_url(), app.state.settings.serve)
    app.state.remembered = changes.Remembered()
    try:
        async with journal.kept(app.state.settings.database_url(), "serve") as app.state.journal:
            yield
    finally:
        await engine.dispose()


def _api() -> APIRouter:
    asked = [
        Depends(access.scope("read")),
        Depends(access.permitted),
        Depends(paging.check_parameters),
        Depends(paging.check_limit),
        Depends(formats.media_type),
    ]
    api = APIRouter(prefix=access.PREFIX, dependencies=asked)
    for routes in ROUTES:
        api.include_router(routes.router)
    return api


def listings(settings: Settings) -> Listings:
    """Make the listings, to be asked from within."""
    nouns = frozenset(noun for routes in ROUTES for noun in listings_of(routes.router))
    return Listings(settings, _api(), nouns - {"exports"})


def _add_middleware(app: FastAPI) -> None:
    """Add what every request goes through; the last that is added is met first."""
    app.add_middleware(representations.Compressed)
    app.add_middleware(representations.Conditional)
    app.add_middleware(bodies.Limited)
    app.add_middleware(Recorded, process="serve", refuse=problems.unrecorded, unseen=UNRECORDED, headers=HEADERS)
    metrics.add_to(app)


def create_app(settings: Settings) -> FastAPI:
    """Make the API of one city's database; it connects when it is asked, so it may start before the database."""
    app = FastAPI(
        title="heatstream",
        summary="供热室温监测与退费测算",
        description=DESCRIPTION,
        version=__version__,
        lifespan=_lifespan,
        telemetry={"auto_configure": False},
        # Both pages load their scripts from a public host; here /openapi.json and docs/api.md stand for them.
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.listings = listings(settings)
    access.limit(app, settings.serve)
    problems.add_to(app)
    document.add_to(app)
    _add_middleware(app)
    app.include_router(probes.router)
    app.include_router(_api())
    app.include_router(changes.streams)
    return app
