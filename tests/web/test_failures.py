"""What goes wrong is told apart: the database that is away, what it cannot hold, and a fault of ours."""

import datetime as dt

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from structlog.testing import capture_logs

from heatstream.web import failures
from heatstream.web.shared import Source
from heatstream.web.words import COOKIE


@pytest.fixture
async def asked(source: Source) -> httpx.AsyncClient:
    """A page that sends what it is given to the database."""
    app = FastAPI()
    failures.add_to(app)

    @app.get("/rows/sent")
    async def sent(statement: str) -> None:
        async with source.unnarrowed() as conn:
            await conn.execute(text(statement))

    @app.get("/rows/of")
    async def of(day: dt.date) -> None:
        del day

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


@pytest.mark.parametrize(
    ("statement", "status", "level"),
    [
        ("select pg_terminate_backend(pg_backend_pid())", 503, "warning"),
        ("select '9999999999999'::integer", 422, None),
        ("select no_such_column from household", 500, "error"),
    ],
)
async def test_each_failure_is_told_as_what_it_is(
    asked: httpx.AsyncClient, statement: str, status: int, level: str | None
) -> None:
    with capture_logs() as logs:
        answer = await asked.get("/rows/sent", params={"statement": statement})
    assert (answer.status_code, [each["log_level"] for each in logs]) == (status, [level] if level else [])
    assert "no_such_column" not in answer.text


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("zh", "day：所填为“yesterday”，应为日期，例如 2026-01-05"),
        ("en", "day: seen 'yesterday': Input should be a valid date or datetime, input is too short"),
    ],
)
async def test_a_filter_that_means_nothing_is_told_in_the_language_of_the_page(
    asked: httpx.AsyncClient, language: str, told: str
) -> None:
    asked.cookies.set(COOKIE, language)
    answer = await asked.get("/rows/of", params={"day": "yesterday"})
    assert (answer.status_code, answer.json()["detail"]) == (422, [told])


async def test_a_fault_of_ours_is_logged_whole_and_once() -> None:
    fault = KeyError("which")
    with capture_logs() as logs:
        failures.record(fault)
        failures.record(fault)
    assert [each["exc_info"] for each in logs] == [fault]
