"""Whatever goes wrong is a problem with a stable name, in Chinese and English, that tells no secret."""

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from structlog.testing import capture_logs

from heatstream.errors import BrokerError, Refused, StoreError
from heatstream.serve.access import Connection
from heatstream.serve.problems import kind_of

ADDRESSES = (
    *("households", "points", "readings", "statistics", "flags", "findings", "findings/1/explain", "incidents"),
    *("summary", "policies", "packs"),
)


async def problem(client: httpx.AsyncClient, path: str) -> dict[str, object]:
    response = await client.get(path)
    assert response.headers["content-type"] == "application/problem+json"
    told = response.json()
    assert told["status"] == response.status_code
    return told


@pytest.mark.parametrize("path", ADDRESSES)
async def test_a_misspelt_parameter_is_refused(reader: httpx.AsyncClient, path: str) -> None:
    told = await problem(reader, f"/api/v1/{path}?distrcit=D1")
    assert (told["status"], told["type"]) == (400, "urn:heatstream:problem:bad-query")
    fault = {"parameter": "distrcit", "in": "query", "pointer": None, "seen": "D1"}
    assert told["faults"] == [fault | {"expected": "no such parameter of this address"}]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("findings?outcome=owed", "outcome"),
        ("findings?day_from=yesterday", "day_from"),
        ("findings?day_from=0", "day_from"),
        ("findings?day_to=0001-01-01", "day_to"),
        ("summary?day=9999-12-31", "day"),
        ("readings?point=P1&to=0001-01-01T00:00:00Z", "to"),
        ("findings?limit=0", "limit"),
        ("findings?order=cold", "order"),
        ("readings?point=P1&from=2026-01-06T00:00:00", "from"),
        ("readings?point=P1&to=0.5", "to"),
        ("findings/x/explain", "finding_id"),
        ("findings/0/explain", "finding_id"),
    ],
)
async def test_a_wrong_value_is_refused_by_its_name(reader: httpx.AsyncClient, query: str, parameter: str) -> None:
    told = await problem(reader, f"/api/v1/{query}")
    assert (told["status"], [fault["parameter"] for fault in told["faults"]]) == (400, [parameter])


@pytest.mark.parametrize(
    ("query", "type_", "detail"),
    [
        ("findings?district=D9", "unknown-code", "district: seen 'D9', expected a code of the registry"),
        ("summary?city=other", "unknown-code", "city: seen 'other', expected a code of the registry"),
        ("points?point=P%001", "bad-query", "point: seen a NUL character, which no text of the store holds"),
        ("findings?limit=501", "bad-query", "limit: seen 501, expected at most 500 (HEATSTREAM_SERVE_PAGE_LIMIT)"),
        ("findings?limit=%2B501", "bad-query", "limit: seen +501, expected at most 500 (HEATSTREAM_SERVE_PAGE_LIMIT)"),
        ("findings?limit=501.0", "bad-query", "limit: seen 501.0, expected at most 500 (HEATSTREAM_SERVE_PAGE_LIMIT)"),
        (
            f"findings?limit={'9' * 5000}",
            "bad-query",
            f"limit: seen {'9' * 200}, expected at most 500 (HEATSTREAM_SERVE_PAGE_LIMIT)",
        ),
        ("findings?building=B1&building=B2", "bad-query", "seen building more than once, expected each parameter once"),
        (
            "findings?day_from=2026-01-06&day_to=2026-01-05",
            "bad-query",
            "day_from: seen 2026-01-06, expected a day not after day_to (2026-01-05)",
        ),
        ("readings", "bad-query", "point, household: expected one of the two"),
        ("readings?point=P1&household=H1", "bad-query", "point, household: expected one of the two"),
        (
            "readings?point=P1&from=2026-01-06T09:00:00%2B08:00&to=2026-01-06T09:00:00%2B08:00",
            "bad-query",
            "from: seen 2026-01-06T09:00:00+08:00, expected an instant before to (2026-01-06T09:00:00+08:00)",
        ),
        ("summary?day=2026-02-01", "bad-query", "day: seen 2026-02-01, expected one that has begun"),
    ],
)
async def test_what_cannot_be_asked_is_refused_with_what_was_seen(
    reader: httpx.AsyncClient, query: str, type_: str, detail: str
) -> None:
    told = await problem(reader, f"/api/v1/{query}")
    assert (told["status"], told["type"], told["detail"]) == (400, f"urn:heatstream:problem:{type_}", detail)


@pytest.mark.parametrize(
    "path", ["/api/v1/readings?point=P9", "/api/v1/findings/999999/explain", "/api/v1/nothing", "/docs", "/"]
)
async def test_what_is_not_there_is_not_found(reader: httpx.AsyncClient, path: str) -> None:
    assert (await problem(reader, path))["type"] == "urn:heatstream:problem:not-found"


async def test_writing_is_not_a_method_of_this_address(reader: httpx.AsyncClient) -> None:
    response = await reader.post("/api/v1/findings")
    assert (response.status_code, response.json()["type"]) == (405, "urn:heatstream:problem:wrong-method")


async def test_a_problem_has_a_chinese_and_an_english_title(reader: httpx.AsyncClient) -> None:
    told = await problem(reader, "/api/v1/findings?x=1")
    assert (told["title"], told["title_en"]) == ("请求参数有误", "A parameter is wrong")


async def test_an_unknown_error_tells_the_client_nothing_and_the_log_everything(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("the secret")

    with capture_logs() as logged:
        told = await problem(client, "/broken")
    assert (told["status"], told["type"], "secret" in str(told)) == (
        500,
        "urn:heatstream:problem:internal-error",
        False,
    )
    assert (logged[0]["instance"], str(logged[0]["exc_info"])) == (told["instance"], "the secret")


async def test_a_query_that_takes_too_long_is_a_problem_of_its_own(client: httpx.AsyncClient, app: FastAPI) -> None:
    @app.get("/long")
    async def long(conn: Connection) -> None:
        await conn.execute(text("set local statement_timeout = '10ms'"))
        await conn.execute(text("select pg_sleep(5)"))

    with capture_logs():
        assert (await problem(client, "/long"))["type"] == "urn:heatstream:problem:too-long"


async def test_the_api_cannot_write(app: FastAPI) -> None:
    async with app.state.engine.connect() as conn:
        assert await conn.scalar(text("show transaction_read_only")) == "on"


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (Refused("x"), "refused"),
        (StoreError("x"), "store-unready"),
        (BrokerError("x"), "internal-error"),
        (ConnectionRefusedError(), "database-away"),
        (KeyError("x"), "internal-error"),
    ],
)
def test_each_error_of_ours_has_its_kind(error: Exception, name: str) -> None:
    assert kind_of(error).name == name
