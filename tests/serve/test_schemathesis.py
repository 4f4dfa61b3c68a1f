"""Whatever the OpenAPI document allows to be asked is answered as it says; and nothing that anybody asks is a fault.

Each address is asked by requests that a library makes of the document, those it allows and those it does not; the same
ones at each run.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import one_of
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import APIOperation
from structlog.testing import capture_logs

from heatstream.serve.app import create_app
from heatstream.serve.shapes import now
from heatstream.settings import Database, Serve, Settings
from heatstream.store import changes
from heatstream.store.pool import create_engine
from tests.serve import town
from tests.serve.conftest import cloned, new_key

EXAMPLES = 3
ENDLESS = ("/api/v1/stream",)
"""A stream has no end that this client would wait for; tests/serve/test_changes.py has it."""
SERVE = Serve(page_limit=500, requests_per_minute=1_000_000)
DOCUMENT = create_app(Settings(serve=SERVE)).openapi()
CONFIG = {
    "checks": {
        # A code may be well written and not registered, two days in the wrong order, an instant still to come.
        "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404", "409", "422"]},
        # pydantic reads 5 from "5", which a query is always written as.
        "negative_data_rejection": {"enabled": False},
    }
}
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT, config=SchemathesisConfig.from_dict(CONFIG))


def _good(found: Any) -> Any:
    return found.ok()


OPERATIONS = {
    f"{each.method.upper()} {each.path}": each
    for each in map(_good, SCHEMA.get_all_operations())
    if each.path not in ENDLESS
}
ELSEWHERE = [
    # It would ask again without the key, by a client of its own; tests/serve/test_access.py walks every route.
    schemathesis.checks.ignored_auth,
]

KEYS = {"authorization", "x-api-key"}
"""Every request is made with a good key: without one nothing else is looked at."""

Operation = APIOperation[Any, Any, Any, Any]
Request = Case[Any]
Ask = Callable[[Request], httpx.Response]


async def _numbered(url: str) -> None:
    """Begin the feed, as the jobs do."""
    engine = create_engine(url, size=1)
    await changes.sequence_all(engine)
    await engine.dispose()


@pytest.fixture(scope="module")
def ask(server_url: str, town_template: str) -> Iterator[Ask]:
    """Ask an API of a town, in this thread, with a key for everything."""
    with asyncio.Runner() as runner:
        url = runner.run(cloned(server_url, town_template, "schema"))
        key = runner.run(new_key(url, ("admin",)))
        runner.run(_numbered(url))
        app = create_app(Settings(database=Database(url=url), serve=SERVE))
        app.dependency_overrides[now] = lambda: town.NOW
        lifespan = app.router.lifespan_context(app)
        runner.run(lifespan.__aenter__())
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        client = httpx.AsyncClient(
            transport=transport, base_url="http://test", headers={"Authorization": f"Bearer {key}"}
        )

        def send(case: Request) -> httpx.Response:
            told = case.as_transport_kwargs(base_url="http://test")
            request = client.build_request(
                told["method"],
                told["url"],
                params=told.get("params"),
                json=told.get("json"),
                content=told.get("data"),
                headers={name: value for name, value in told["headers"].items() if name.lower() not in KEYS},
            )
            return runner.run(client.send(request))

        yield send
        runner.run(lifespan.__aexit__(None, None, None))


def _takes_anything(operation: Operation) -> bool:
    return bool(list(operation.iter_parameters()) or operation.body)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_what_is_answered_is_what_the_document_says(operation: Operation, ask: Ask) -> None:
    asked = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if _takes_anything(operation) else [])]
    cases = one_of(*(operation.as_strategy(generation_mode=mode) for mode in asked))

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def check(case: Request) -> None:
        with capture_logs():
            response = ask(case)
        case.validate_response(response, excluded_checks=ELSEWHERE)

    check()
