"""Figures of this process; routes by their template, so that no household becomes a label."""

import time
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from prometheus_client import Counter, Histogram

ANSWERED = Counter("heatstream_http_requests_total", "Requests answered", ["route", "status"])
SECONDS = Histogram("heatstream_http_request_seconds", "Time to answer [s]", ["route"])


def _route(request: Request) -> str:
    route = request.scope.get("route")
    return getattr(route, "path", "unknown")


async def measured(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Count a request and its time."""
    began, status = time.perf_counter(), 500
    try:
        response = await call_next(request)
        status = response.status_code
    finally:
        ANSWERED.labels(_route(request), status).inc()
        SECONDS.labels(_route(request)).observe(time.perf_counter() - began)
    return response


def add_to(app: FastAPI) -> None:
    """Measure every request of the app."""
    app.middleware("http")(measured)
