"""The OpenAPI page is the manual: every address, parameter and figure says what it is."""

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from heatstream.serve import formats, problems
from heatstream.serve.app import create_app
from heatstream.settings import Settings

MANUAL = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture(scope="module")
def plain_app() -> FastAPI:
    return create_app(Settings())


@pytest.fixture(scope="module")
def openapi(plain_app: FastAPI) -> dict[str, Any]:
    return plain_app.openapi()


def operations(openapi: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(path, told["get"]) for path, told in openapi["paths"].items()]


def test_every_address_has_a_docstring(openapi: dict[str, Any]) -> None:
    assert [path for path, told in operations(openapi) if not told.get("description")] == []


def test_every_parameter_is_described(openapi: dict[str, Any]) -> None:
    told = [(path, each) for path, operation in operations(openapi) for each in operation.get("parameters", [])]
    assert [(path, each["name"]) for path, each in told if not each.get("description")] == []


def test_every_address_reads_and_one_is_written_to(openapi: dict[str, Any]) -> None:
    others = {(path, method) for path, told in openapi["paths"].items() for method in told if method != "get"}
    assert others == {("/api/v1/exports", "post")}


def test_every_post_needs_an_idempotency_key(openapi: dict[str, Any]) -> None:
    posts = [told["post"] for told in openapi["paths"].values() if "post" in told]
    needed = [{each["name"] for each in told["parameters"] if each["required"]} for told in posts]
    assert [names for names in needed if "Idempotency-Key" not in names] == []


def test_the_manual_lists_what_can_be_read_as_of_an_instant(openapi: dict[str, Any]) -> None:
    taking = {
        path for path, told in operations(openapi) if "as_of" in {each["name"] for each in told.get("parameters", [])}
    }
    section = MANUAL.read_text("utf-8").partition("## As of an instant")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(/api/v1/[^`]+)` \|", section, re.MULTILINE)) == taking


def test_every_temperature_names_its_unit(openapi: dict[str, Any]) -> None:
    fields = [
        (model, name, told.get("description", ""))
        for model, schema in openapi["components"]["schemas"].items()
        for name, told in schema.get("properties", {}).items()
    ]
    units = {"_c": "[°C]", "_centi": "[0.01 °C]", "_fen": "[fen]", "_min": "min"}
    wrong = [
        (model, name)
        for model, name, words in fields
        for ending, unit in units.items()
        if name.endswith(ending) and unit not in words and "minutes" not in words
    ]
    assert wrong == []


def test_nothing_computed_is_called_owed(openapi: dict[str, Any]) -> None:
    assert re.search(r"\bowed\b", str(openapi).lower()) is None


def test_every_address_of_the_api_asks_for_a_key(openapi: dict[str, Any]) -> None:
    assert [path for path, told in operations(openapi) if path.startswith("/api/") and not told.get("security")] == []


def test_no_page_loads_anything_from_elsewhere(plain_app: FastAPI) -> None:
    assert (plain_app.docs_url, plain_app.redoc_url) == (None, None)


def test_the_manual_names_every_address(openapi: dict[str, Any]) -> None:
    told = MANUAL.read_text(encoding="utf-8")
    assert [path for path in openapi["paths"] if f"`{path}`" not in told] == []


def test_the_manual_lists_every_problem_with_its_status_and_no_other() -> None:
    internal = (problems.INTERNAL, problems.TOO_LONG, problems.NOT_JSON)
    kinds = {*problems.KINDS.values(), *problems.BY_STATUS.values(), *internal}
    told = re.findall(r"^\| (\d{3}) \| `(urn:heatstream:problem:[a-z-]+)` \|", MANUAL.read_text("utf-8"), re.MULTILINE)
    assert sorted(told) == sorted((str(int(kind.status)), kind.urn) for kind in kinds)


def test_a_problem_is_declared_as_a_problem(openapi: dict[str, Any]) -> None:
    declared = {
        media_type
        for path, operation in operations(openapi)
        if path.startswith("/api/")
        for status, response in operation["responses"].items()
        if int(status) >= 400
        for media_type in response["content"]
    }
    assert (declared, "HTTPValidationError" in str(openapi)) == ({"application/problem+json"}, False)


def test_every_listing_is_declared_in_its_four_formats(openapi: dict[str, Any]) -> None:
    paged = {
        path: set(told["responses"]["200"]["content"])
        for path, told in operations(openapi)
        if "next" in {each["name"] for each in told.get("parameters", [])}
    }
    assert len(paged) > 20
    assert {path: kinds for path, kinds in paged.items() if kinds != set(formats.LISTED)} == {}


def test_routes_are_plain_functions_of_one_module(plain_app: FastAPI) -> None:
    routes = [route for route in plain_app.routes if isinstance(route, APIRoute)]
    assert len({(route.path, *(route.methods or ())) for route in routes}) == len(routes)
