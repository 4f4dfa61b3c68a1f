"""What a visitor is told when there is no page: the log is told the rest."""

import logging
from collections.abc import Sequence
from http import HTTPStatus

import structlog
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from nicegui import app as pages
from nicegui import context
from sqlalchemy.exc import DBAPIError
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from heatstream.claims import faults
from heatstream.errors import HeatstreamError
from heatstream.store.transient import is_transient
from heatstream.web import words as languages
from heatstream.web.frame import box, dress, tag
from heatstream.web.plain import refusal

log = structlog.get_logger("heatstream.web")

RAISED = (DBAPIError, OSError)
"""What the database raises, or the way to it; `is_transient` tells whether it is away or too slow."""
DATA_EXCEPTION = "22"  # SQLSTATE class: a NUL character, a number beyond every column
THE_DATABASE_IS_AWAY = ("数据库暂不可用，请稍后再试。", "The database is away; try again later.")
NO_COLUMN_HOLDS_IT = (
    "所填的值在库中无处可存，应更短，且不含特殊字符",
    "seen a value that no column of the store holds, expected a shorter or plain one",
)
_LOGGED = "logged"


def told(error: Exception) -> tuple[str, str]:
    """Say what is wrong in Chinese and English, and nothing of the inside."""
    if is_transient(error):
        return THE_DATABASE_IS_AWAY
    return "内部错误，详见日志。", "Internal error; the log has the cause."


def refused(request: Request, status: int, error: HeatstreamError) -> HTTPException:
    """Answer rows that are refused, in the language of the page that asks for them."""
    return HTTPException(status, languages.of_request(request).why(error))


def record(error: Exception) -> None:
    """Log in one line that the database is away, and anything else whole; once, however many ask."""
    if _LOGGED in getattr(error, "__notes__", ()):
        return
    error.add_note(_LOGGED)
    if is_transient(error):
        log.warning("the database does not answer", reason=type(error).__name__)
    else:
        log.error("internal error", exc_info=error)


def _record_away(error: Exception) -> None:
    """Record what NiceGUI is kept from logging; the rest it logs whole by itself."""
    if is_transient(error):
        record(error)


def _not_away(line: logging.LogRecord) -> bool:
    """Keep NiceGUI from logging the same with a page of calls, once a visitor and turn."""
    return not (line.exc_info and line.exc_info[1] and is_transient(line.exc_info[1]))


def _instead_of_page(error: Exception) -> None:
    """Fill the page that could not be made: NiceGUI asks for it within a page of its own."""
    request = context.client.request
    words = languages.of_request(request)
    dress(request, words("暂时无法显示", "not available"))
    with box("main", "hs-sheet"):
        tag("p", words("供热监管", "heatstream"), "hs-brand")
        tag("h1", words("暂时无法显示", "not available"))
        tag("p", words(*told(error)), "hs-alert", role="alert")


def _is_for_rows(request: Request) -> bool:
    return request.url.path.startswith("/rows/")


def _unavailable(request: Request) -> Response:
    if _is_for_rows(request):
        return JSONResponse({"detail": THE_DATABASE_IS_AWAY[1]}, HTTPStatus.SERVICE_UNAVAILABLE)
    words = languages.of_request(request)
    title, said = words("暂时无法显示", "not available"), words(*THE_DATABASE_IS_AWAY)
    return refusal(request, title, said, HTTPStatus.SERVICE_UNAVAILABLE, back=request.url.path)


async def unrecorded(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what the access log could not take: nothing is shown that is not recorded."""
    await _unavailable(Request(scope))(scope, receive, send)


async def _failed(request: Request, error: Exception) -> Response:
    """Answer what the database raised: it is away, it cannot hold what was asked, or the fault is ours."""
    if str(getattr(getattr(error, "orig", None), "sqlstate", "")).startswith(DATA_EXCEPTION):
        return _refused(request, [NO_COLUMN_HOLDS_IT])
    record(error)
    if is_transient(error):
        return _unavailable(request)
    zh, en = told(error)
    if _is_for_rows(request):
        return JSONResponse({"detail": en}, HTTPStatus.INTERNAL_SERVER_ERROR)
    words = languages.of_request(request)
    title = words("暂时无法显示", "not available")
    return refusal(request, title, words(zh, en), HTTPStatus.INTERNAL_SERVER_ERROR, back=request.url.path)


async def _missing(request: Request, error: Exception) -> Response:
    if _is_for_rows(request):
        return JSONResponse({"detail": getattr(error, "detail", "not found")}, HTTPStatus.NOT_FOUND)
    words, path = languages.of_request(request), request.url.path
    title, said = (
        words("没有此页", "no such page"),
        words(f"没有地址为 {path} 的页面。", f"There is no page at {path}."),
    )
    return refusal(request, title, said, HTTPStatus.NOT_FOUND)


async def _wrong(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    return _refused(
        request,
        [
            (f"{each['loc'][-1]}：{faults.zh(each)}", f"{each['loc'][-1]}: seen {each['input']!r}: {each['msg']}")
            for each in found
        ],
    )


def _refused(request: Request, found: Sequence[tuple[str, str]]) -> Response:
    words = languages.of_request(request)
    told = [words(*each) for each in found]
    if _is_for_rows(request):
        return JSONResponse({"detail": told}, HTTPStatus.UNPROCESSABLE_ENTITY)
    title = words("地址中的条件有误", "a filter of the address is wrong")
    return refusal(request, title, "；".join(told), HTTPStatus.UNPROCESSABLE_ENTITY, back=request.url.path)


def add_to(app: FastAPI) -> None:
    """Answer failures of pages, of what stands before them, and of their rows."""
    pages.on_page_exception(_instead_of_page)
    pages.on_exception(_record_away)
    logging.getLogger("nicegui").addFilter(_not_away)
    pages.add_exception_handler(HTTPStatus.NOT_FOUND, _missing)
    for each in (app, pages):
        each.add_exception_handler(RequestValidationError, _wrong)
        for kind in RAISED:
            each.add_exception_handler(kind, _failed)
