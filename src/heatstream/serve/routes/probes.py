"""For machines that watch this process: alive, ready and why not, figures."""

import datetime as dt
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import Field
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.errors import StoreError
from heatstream.serve.shapes import Now, Shape
from heatstream.store import migrate
from heatstream.store.closings import closed_through
from heatstream.store.read import feed, progress

router = APIRouter(tags=["probes"])

STALE = dt.timedelta(minutes=15)
STALE_JOB = dt.timedelta(days=2)
STALE_FEED_S = 120
LOOK_S = 1.0
"""However many ask, without a key, the database is looked at so often."""


class Check(Shape):
    """One thing that was looked at."""

    name: str
    ok: bool
    needed: bool = Field(description="without it this process cannot answer")
    detail: str = Field(description="what was seen, what was expected")


class Readiness(Shape):
    """Whether this process can answer, and how the others do."""

    ready: bool = Field(description="every needed check is ok")
    checks: list[Check]


@router.get("/livez")
async def livez() -> dict[str, bool]:
    """Say that the process runs; it looks at nothing else."""
    return {"alive": True}


async def _schema(conn: AsyncConnection) -> Check:
    try:
        await migrate.require_current(conn)
    except StoreError as error:
        return Check(name="schema", ok=False, needed=True, detail=str(error))
    return Check(name="schema", ok=True, needed=True, detail="the database is at this release's revision")


def _minutes(age: dt.timedelta) -> str:
    return f"{age.total_seconds() / 60:.1f} min"


async def _ingest(conn: AsyncConnection, now: dt.datetime) -> Check:
    newest = await progress.newest_batch(conn)
    if newest is None:
        return Check(name="ingest", ok=False, needed=False, detail="nothing was ever stored")
    age = now - newest
    detail = f"last stored {_minutes(age)} ago, expected within {_minutes(STALE)}"
    return Check(name="ingest", ok=age <= STALE, needed=False, detail=detail)


async def _evaluator(conn: AsyncConnection, now: dt.datetime) -> Check:
    waiting, closed = await progress.backlog(conn), await closed_through(conn)
    age = now - waiting.oldest if waiting.oldest else dt.timedelta()
    detail = f"closed through {closed}; {waiting.household_days} household-days wait, the oldest {_minutes(age)}"
    return Check(name="evaluator", ok=closed is not None and age <= STALE, needed=False, detail=detail)


async def _feed(conn: AsyncConnection) -> Check:
    lag = await feed.lag(conn)
    fine = lag.seconds <= STALE_FEED_S and lag.looked_s <= feed.SILENT_S
    return Check(name="feed", ok=fine, needed=False, detail=str(lag))


async def _jobs(conn: AsyncConnection, now: dt.datetime) -> list[Check]:
    return [
        Check(
            name=f"job {row.job}",
            ok=row.last_succeeded_at is not None and now - row.last_succeeded_at <= STALE_JOB,
            needed=False,
            detail=f"last success {row.last_succeeded_at or 'never'}, last end {row.last_ended_at or 'never'}",
        )
        for row in await progress.last_successes(conn)
    ]


async def checks(request: Request, now: dt.datetime) -> list[Check]:
    """Look at everything; what lies behind a failed need is not looked at."""
    try:
        async with request.app.state.engine.connect() as conn:
            await conn.execute(text("set local statement_timeout = '5s'"))
            database = Check(name="database", ok=True, needed=True, detail="answers")
            schema = await _schema(conn)
            if not schema.ok:
                return [database, schema]
            around = [await _ingest(conn, now), await _evaluator(conn, now), await _feed(conn)]
            return [database, schema, *around, *await _jobs(conn, now)]
    except (DBAPIError, OSError) as error:
        return [Check(name="database", ok=False, needed=True, detail=f"does not answer: {type(error).__name__}")]


@router.get("/readyz", responses={503: {"model": Readiness, "description": "a needed check failed"}})
async def readyz(request: Request, response: Response, now: Now) -> Readiness:
    """Say whether this process can answer, with reasons; a stale ingest or evaluator is told, but stops no reading."""
    found = await request.app.state.remembered.get("readiness", LOOK_S, lambda: checks(request, now))
    ready = all(check.ok for check in found if check.needed)
    if not ready:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return Readiness(ready=ready, checks=found)


@router.get("/metrics", response_class=Response)
async def metrics() -> Response:
    """Give this process's figures to Prometheus."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
