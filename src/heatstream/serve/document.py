"""The OpenAPI document, made true: FastAPI would declare its own 422, and every problem as plain JSON."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from heatstream.serve.access import PREFIX
from heatstream.serve.problems import MEDIA_TYPE, OF_BODIES, RESPONSES, Problem

FOREIGN: Final = ("HTTPValidationError", "ValidationError")
REFERENCE: Final = "#/components/schemas/{model}"
NOT_MODIFIED: Final = {"description": "the client has it already: `If-None-Match` named its tag"}
ETAG: Final = {"description": "strong tag of this very writing", "schema": {"type": "string"}}

Document = dict[str, Any]


def _operations(told: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _bound(operation: Document, page_limit: int) -> None:
    """Say how many rows a page of this server has at most."""
    for parameter in operation.get("parameters", []):
        if parameter["name"] == "limit":
            parameter["schema"]["maximum"] = page_limit


def _amend(path: str, method: str, operation: Document) -> None:
    """Declare what any address may answer, and how its problems are written."""
    responses: Document = operation["responses"]
    if FOREIGN[0] in str(responses.get("422")):
        del responses["422"]
    if not path.startswith(PREFIX):
        return
    for status, words in {**RESPONSES, **(OF_BODIES if method == "post" else {})}.items():
        responses.setdefault(str(status), {"description": words})
    for code, response in responses.items():
        if int(code) >= HTTPStatus.BAD_REQUEST:
            response["content"] = {MEDIA_TYPE: {"schema": {"$ref": REFERENCE.format(model=Problem.__name__)}}}
    if method == "get":
        responses["304"] = NOT_MODIFIED
        responses["200"].setdefault("headers", {})["ETag"] = ETAG


def document(app: FastAPI) -> Document:
    """Make the document, once."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    told = FastAPI.openapi(app)
    for path, method, operation in _operations(told):
        _amend(path, method, operation)
        _bound(operation, app.state.settings.serve.page_limit)
    _, models = models_json_schema([(Problem, "serialization")], ref_template=REFERENCE)
    schemas = told["components"]["schemas"]
    for name in FOREIGN:
        schemas.pop(name, None)
    schemas.update(models["$defs"])
    return told


def add_to(app: FastAPI) -> None:
    """Let the app give the document as it is true."""
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
