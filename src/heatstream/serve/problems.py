"""Errors as RFC 9457 problems: one table from what is raised to what a client is told."""

import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException

from heatstream.access.permits import NotPermitted
from heatstream.errors import BadInput, HeatstreamError, Refused, SettingsError, StoreError
from heatstream.store.read.places import UnknownCode

log = structlog.get_logger("heatstream.serve")

MEDIA_TYPE = "application/problem+json"
STATEMENT_TIMEOUT = "57014"  # SQLSTATE query_canceled
DATA_EXCEPTION = "22"  # SQLSTATE class


class NotFound(BadInput):
    """The address names a thing that is not there."""


class BadCursor(BadInput):
    """`next` is not what a page of this very query gave."""


class BadQuery(BadInput):
    """A query parameter that is not of this route, or not what the route takes."""


class KeyRefused(HeatstreamError):
    """No key, or none that is good."""


class ScopeMissing(HeatstreamError):
    """The key is good, but not for this."""


@dataclass(frozen=True)
class Kind:
    """What a client is told of one sort of error; `name` closes its URN and never changes."""

    status: HTTPStatus
    name: str
    title: str
    title_en: str

    @property
    def urn(self) -> str:
        """Give the stable name of the sort."""
        return f"urn:heatstream:problem:{self.name}"


INTERNAL = Kind(HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error", "内部错误", "Internal error")
AWAY = Kind(HTTPStatus.SERVICE_UNAVAILABLE, "database-away", "数据库暂不可用", "The database is away")
TOO_LONG = Kind(HTTPStatus.SERVICE_UNAVAILABLE, "too-long", "查询超时，请缩小范围", "The query took too long")
BAD_QUERY = Kind(HTTPStatus.BAD_REQUEST, "bad-query", "查询参数有误", "A query parameter is wrong")
NOT_FOUND = Kind(HTTPStatus.NOT_FOUND, "not-found", "未找到", "Not found")
WRONG_METHOD = Kind(HTTPStatus.METHOD_NOT_ALLOWED, "wrong-method", "请求方法不支持", "Method not allowed")

# The nearest class of an error's ancestry stands; what is not here is an internal error.
KINDS: dict[type[Exception], Kind] = {
    UnknownCode: Kind(HTTPStatus.BAD_REQUEST, "unknown-code", "代码未登记", "A code is not in the registry"),
    BadCursor: Kind(HTTPStatus.BAD_REQUEST, "bad-cursor", "翻页标记无效", "The paging mark is not of this query"),
    BadQuery: BAD_QUERY,
    NotFound: NOT_FOUND,
    BadInput: Kind(HTTPStatus.BAD_REQUEST, "bad-input", "输入有误", "Bad input"),
    KeyRefused: Kind(HTTPStatus.UNAUTHORIZED, "key-refused", "密钥缺失或无效", "A key is missing or not good"),
    NotPermitted: Kind(HTTPStatus.FORBIDDEN, "not-permitted", "该角色无此权限", "The role may not ask this"),
    ScopeMissing: Kind(HTTPStatus.FORBIDDEN, "scope-missing", "密钥无此权限", "The key may not do this"),
    Refused: Kind(HTTPStatus.CONFLICT, "refused", "依法或缺少选择，不予计算", "Refused by law or a missing choice"),
    StoreError: Kind(HTTPStatus.SERVICE_UNAVAILABLE, "store-unready", "数据库版本不符", "Database of another release"),
    SettingsError: INTERNAL,
    InterfaceError: AWAY,
    OperationalError: AWAY,
    OSError: AWAY,
}

BY_STATUS = {404: NOT_FOUND, 405: WRONG_METHOD}


class Fault(BaseModel):
    """One fault of a request."""

    parameter: str = Field(description="the parameter at fault")
    seen: str = Field(description="what was sent")
    expected: str = Field(description="what is taken")


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(description="stable URN of this sort of problem")
    title: str = Field(description="the sort of problem, in Chinese")
    title_en: str = Field(description="the same in English")
    status: int = Field(description="HTTP status")
    detail: str = Field(description="what was seen, what was expected, where")
    instance: str = Field(description="this occurrence; the log of an internal error holds it too")
    faults: list[Fault] = Field([], description="each fault of the request, where there are several")


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": words, "content": {MEDIA_TYPE: {}}}
    for status, words in (
        (400, "a parameter is unknown, repeated or wrong"),
        (401, "the key is missing or not good"),
        (403, "the key may not do this"),
        (503, "the database is away, or the query took too long"),
    )
}


def answer(kind: Kind, detail: str, faults: list[Fault] | None = None, instance: str | None = None) -> JSONResponse:
    """Write a problem as a response."""
    problem = Problem(
        type=kind.urn,
        title=kind.title,
        title_en=kind.title_en,
        status=kind.status,
        detail=detail,
        instance=instance or uuid.uuid4().urn,
        faults=faults or [],
    )
    headers = {"WWW-Authenticate": "Bearer"} if kind.status == HTTPStatus.UNAUTHORIZED else None
    return JSONResponse(problem.model_dump(), kind.status, headers, media_type=MEDIA_TYPE)


def kind_of(error: Exception) -> Kind:
    """Look an error up."""
    if isinstance(error, DBAPIError):
        sqlstate = str(getattr(error.orig, "sqlstate", ""))
        if sqlstate == STATEMENT_TIMEOUT:
            return TOO_LONG
        if sqlstate.startswith(DATA_EXCEPTION):
            return KINDS[BadInput]
    return next((KINDS[each] for each in type(error).__mro__ if each in KINDS), INTERNAL)


async def _ours(_: Request, error: Exception) -> JSONResponse:
    """Answer an error that the table knows; the text of ours is meant for the client, that of others is not."""
    kind = kind_of(error)
    if kind is INTERNAL:
        return _internal(error)
    if isinstance(error, HeatstreamError):
        return answer(kind, str(error))
    log.warning("request failed", reason=kind.name, error=str(error))
    return answer(kind, kind.title_en)


def _internal(error: Exception) -> JSONResponse:
    instance = uuid.uuid4().urn
    log.error("internal error", instance=instance, exc_info=error)
    return answer(INTERNAL, "internal error; the log has the cause under this instance", instance=instance)


async def _unknown(_: Request, error: Exception) -> JSONResponse:
    return _internal(error)


def _expected(fault: dict[str, Any]) -> str:
    return "no such parameter of this address" if fault["type"] == "extra_forbidden" else str(fault["msg"])


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [
        Fault(parameter=str(each["loc"][-1]), seen=str(each["input"]), expected=_expected(each))
        for each in error.errors()
    ]
    told = "; ".join(f"{fault.parameter}: seen {fault.seen!r}: {fault.expected}" for fault in faults)
    return answer(BAD_QUERY, told, faults)


async def _http(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    unlisted = Kind(HTTPStatus(error.status_code), "http", "请求无法处理", "The request cannot be answered")
    response = answer(BY_STATUS.get(error.status_code, unlisted), error.detail)
    response.headers.update(error.headers or {})
    return response


def add_to(app: FastAPI) -> None:
    """Answer every error of the app as a problem."""
    for kind in (HeatstreamError, DBAPIError, OSError):
        app.add_exception_handler(kind, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unknown)
