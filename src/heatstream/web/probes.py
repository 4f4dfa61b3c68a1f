"""For machines that watch the page: alive, and able to read the database or why not."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import DBAPIError

from heatstream.errors import StoreError
from heatstream.store import migrate

router = APIRouter()


@router.get("/livez")
async def livez() -> dict[str, bool]:
    """Say that the process runs; it looks at nothing else."""
    return {"alive": True}


@router.get("/readyz")
async def readyz(request: Request, response: Response) -> dict[str, object]:
    """Say whether the page can read its database, with reasons."""
    reasons = await _reasons(request)
    if reasons:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return {"ready": not reasons, "reasons": reasons}


async def _reasons(request: Request) -> list[str]:
    try:
        async with request.app.state.source.unnarrowed() as conn:
            await migrate.require_current(conn)
    except StoreError as error:
        return [f"schema: {error}"]
    except (DBAPIError, OSError) as error:
        return [f"database: does not answer: {type(error).__name__}"]
    return []
