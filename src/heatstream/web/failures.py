"""What a visitor is told when the page cannot be made; the log is told the rest."""

import logging

import structlog
from fastapi import FastAPI, Request, Response
from nicegui import app as pages
from nicegui import ui
from sqlalchemy.exc import DBAPIError
from starlette.responses import JSONResponse

from heatstream.web.frame import HEAD, card, tag

log = structlog.get_logger("heatstream.web")

AWAY = (DBAPIError, OSError)
"""What is raised while the database is away or too slow."""


def told(error: Exception) -> tuple[str, str]:
    """Say what is wrong in Chinese and English, and nothing of the inside."""
    if isinstance(error, AWAY):
        return "数据库暂不可用，请稍后再试。", "The database is away; try again later."
    return "内部错误，详见日志。", "Internal error; the log has the cause."


def record(error: Exception) -> None:
    """Log in one line that the database is away; of other errors NiceGUI logs the whole."""
    if isinstance(error, AWAY):
        log.warning("the database does not answer", reason=type(error).__name__)


def _not_away(line: logging.LogRecord) -> bool:
    """Keep NiceGUI from logging the same with a page of calls, once a visitor and turn."""
    return not (line.exc_info and isinstance(line.exc_info[1], AWAY))


def _instead_of_page(error: Exception) -> None:
    ui.add_head_html(HEAD)
    with ui.element("main").classes("hs-main"), card("heatstream"):
        for sentence in told(error):
            tag("p", sentence)


async def _instead_of_rows(_: Request, error: Exception) -> Response:
    record(error)
    return JSONResponse({"detail": told(error)[1]}, 503)


def add_to(app: FastAPI) -> None:
    """Answer failures of pages and of their rows."""
    pages.on_page_exception(_instead_of_page)
    pages.on_exception(record)
    logging.getLogger("nicegui").addFilter(_not_away)
    for kind in AWAY:
        app.add_exception_handler(kind, _instead_of_rows)
