"""Errors as RFC 9457 problems: one table from what is raised to what a client is told."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

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


class UnreadableBody(BadInput):
    """The body is not the JSON it says it is."""


class BadBody(BadInput):
    """The body is JSON, but not what the address takes."""


class KeyRefused(HeatstreamError):
    """No key, or none that is good."""


class ScopeMissing(HeatstreamError):
    """The key is good, but not for this."""


class NotAcceptable(HeatstreamError):
    """The address can write its answer in nothing that `Accept` takes."""


class Resync(HeatstreamError):
    """The token is of another feed, or of changes that are pruned: begin again from everything."""


class Expired(HeatstreamError):
    """What the address names was there, and is no more."""


class BadRange(HeatstreamError):
    """A file has no such bytes.

    Attributes
    ----------
    size : how many it has
    """

    def __init__(self, told: str, size: int) -> None:
        super().__init__(told)
        self.size = size


class KeyReused(HeatstreamError):
    """The Idempotency-Key came before, with another request."""


class TooMany(HeatstreamError):
    """More requests than the limit.

    Attributes
    ----------
    retry_after_s : ask again after so long [s]
    """

    def __init__(self, told: str, retry_after_s: int) -> None:
        super().__init__(told)
        self.retry_after_s = retry_after_s


class Busy(TooMany):
    """What this process holds of something is all in use."""


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
BAD_QUERY = Kind(HTTPStatus.BAD_REQUEST, "bad-query", "请求参数有误", "A parameter is wrong")
NOT_FOUND = Kind(HTTPStatus.NOT_FOUND, "not-found", "未找到", "Not found")
WRONG_METHOD = Kind(HTTPStatus.METHOD_NOT_ALLOWED, "wrong-method", "请求方法不支持", "Method not allowed")
TOO_LARGE = Kind(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "请求内容过大", "The body is too large")
NOT_JSON = Kind(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-json", "请求内容不是 JSON", "The body is not sent as JSON")
UNREADABLE = Kind(HTTPStatus.BAD_REQUEST, "unreadable-body", "请求内容无法解析", "The body cannot be read")
BAD_BODY = Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-body", "请求内容有误", "The body is wrong")

# The nearest class of an error's ancestry stands; what is not here is an internal error.
KINDS: dict[type[Exception], Kind] = {
    UnknownCode: Kind(HTTPStatus.BAD_REQUEST, "unknown-code", "代码未登记", "A code is not in the registry"),
    BadCursor: Kind(HTTPStatus.BAD_REQUEST, "bad-cursor", "翻页标记无效", "The paging mark is not of this query"),
    BadQuery: BAD_QUERY,
    UnreadableBody: UNREADABLE,
    BadBody: BAD_BODY,
    NotFound: NOT_FOUND,
    BadInput: Kind(HTTPStatus.BAD_REQUEST, "bad-input", "输入有误", "Bad input"),
    KeyRefused: Kind(HTTPStatus.UNAUTHORIZED, "key-refused", "密钥缺失或无效", "A key is missing or not good"),
    NotPermitted: Kind(HTTPStatus.FORBIDDEN, "not-permitted", "该角色无此权限", "The role may not ask this"),
    ScopeMissing: Kind(HTTPStatus.FORBIDDEN, "scope-missing", "密钥无此权限", "The key may not do this"),
    NotAcceptable: Kind(HTTPStatus.NOT_ACCEPTABLE, "not-acceptable", "无可用的返回格式", "No format that you accept"),
    Resync: Kind(HTTPStatus.GONE, "resync", "变更标记失效，请全量重取", "The token is void: begin again"),
    Expired: Kind(HTTPStatus.GONE, "expired", "已过期删除", "It has expired"),
    BadRange: Kind(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "bad-range", "文件无此范围", "No such bytes"),
    KeyReused: Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "key-reused", "幂等键已用于其他请求", "The key was of another act"
    ),
    Busy: Kind(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "连接数已满，请稍后重试", "Every place is taken"),
    TooMany: Kind(HTTPStatus.TOO_MANY_REQUESTS, "too-many", "请求过于频繁", "Too many requests"),
    Refused: Kind(HTTPStatus.CONFLICT, "refused", "依法或缺少选择，不予计算", "Refused by law or a missing choice"),
    StoreError: Kind(HTTPStatus.SERVICE_UNAVAILABLE, "store-unready", "数据库版本不符", "Database of another release"),
    SettingsError: INTERNAL,
    InterfaceError: AWAY,
    OperationalError: AWAY,
    OSError: AWAY,
}

BY_STATUS = {400: UNREADABLE, 404: NOT_FOUND, 405: WRONG_METHOD, 413: TOO_LARGE}

Where = Literal["query", "path", "header", "body"]
MOST_SEEN = 200
"""Characters of what was sent that a problem repeats."""


class Fault(BaseModel):
    """One fault of a request."""

    parameter: str = Field(description="the parameter, header or field at fault")
    in_: Where = Field(alias="in", description="where it stands")
    pointer: str | None = Field(None, description="of a body: where in it, as a JSON pointer (RFC 6901)")
    seen: str = Field(description="what was sent, cut to its first 200 characters")
    expected: str = Field(description="what is taken")


RESPONSES: Mapping[int, str] = {
    400: "a parameter is unknown, repeated or wrong",
    401: "the key is missing or not good",
    403: "the key may not do this",
    406: "no format that `Accept` takes",
    429: "too many requests; ask again after `Retry-After`",
    503: "the database is away, or the query took too long",
}
"""What any address of the API may answer instead."""
OF_BODIES: Mapping[int, str] = {
    413: "the body is too large",
    415: "the body is not sent as JSON",
    422: "the body is not what the address takes, or its `Idempotency-Key` was of another request",
}
"""And what an address that takes a body may."""


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(description="stable URN of this sort of problem")
    title: str = Field(description="the sort of problem, in Chinese")
    title_en: str = Field(description="the same in English")
    status: int = Field(description="HTTP status")
    detail: str = Field(description="what was seen, what was expected, where")
    instance: str = Field(description="this occurrence; the log of an internal error holds it too")
    faults: list[Fault] = Field([], description="each fault of the request, where there are several")


class _Written(JSONResponse):
    """Half a surrogate pair of what was seen goes back as it came, escaped: UTF-8 has none."""

    def render(self, content: Any) -> bytes:
        """Write it."""
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def answer(
    kind: Kind,
    detail: str,
    faults: list[Fault] | None = None,
    *,
    instance: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
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
    told = dict(headers or {})
    if kind.status == HTTPStatus.UNAUTHORIZED:
        told["WWW-Authenticate"] = "Bearer"
    return _Written(problem.model_dump(by_alias=True), kind.status, told, media_type=MEDIA_TYPE)


def unrecorded() -> JSONResponse:
    """Answer in place of what nobody could have told was asked."""
    return answer(AWAY, "the access log cannot be written, so nothing is shown; ask again in a while")


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
        return answer(kind, str(error), headers=_headers(error))
    log.warning("request failed", reason=kind.name, error=str(error))
    return answer(kind, kind.title_en)


def _headers(error: HeatstreamError) -> dict[str, str]:
    match error:
        case TooMany(retry_after_s=seconds):
            return {"Retry-After": str(seconds)}
        case BadRange(size=size):
            return {"Content-Range": f"bytes */{size}"}
        case _:
            return {}


def _internal(error: Exception) -> JSONResponse:
    instance = uuid.uuid4().urn
    log.error("internal error", instance=instance, exc_info=error)
    return answer(INTERNAL, "internal error; the log has the cause under this instance", instance=instance)


async def _unknown(_: Request, error: Exception) -> JSONResponse:
    return _internal(error)


def _pointer(path: Sequence[int | str]) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def _expected(fault: Mapping[str, Any]) -> str:
    return "no such parameter of this address" if fault["type"] == "extra_forbidden" else str(fault["msg"])


def _fault(told: Mapping[str, Any]) -> Fault:
    where, *path = told["loc"]
    body = where == "body"
    named = [str(step) for step in path if isinstance(step, str)]
    return Fault(
        parameter=(named[-1] if body else named[0]) if named else where,
        **{"in": where},
        pointer=_pointer(path) if body else None,
        seen="nothing" if told["type"] == "missing" else str(told["input"])[:MOST_SEEN],
        expected=_expected(told),
    )


def _kind_of_faults(request: Request, errors: Sequence[Mapping[str, Any]]) -> Kind:
    """Tell a body that was not sent as JSON from one that is none, and from one that says the wrong thing."""
    if any(each["loc"][0] != "body" for each in errors):
        return BAD_QUERY
    if any(each["type"] == "json_invalid" for each in errors):
        return UNREADABLE
    kind, _, _ = request.headers.get("content-type", "").partition(";")
    return BAD_BODY if kind.strip().lower().endswith(("/json", "+json")) else NOT_JSON


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    errors = error.errors()
    kind = _kind_of_faults(request, errors)
    if kind is UNREADABLE:
        return answer(kind, "; ".join(f"at character {each['loc'][-1]}: {each['ctx']['error']}" for each in errors))
    if kind is NOT_JSON:
        seen = request.headers.get("content-type", "none")
        return answer(kind, f"Content-Type: seen {seen}, expected application/json")
    faults = [_fault(each) for each in errors]
    told = "; ".join(f"{fault.pointer or fault.parameter}: seen {fault.seen!r}: {fault.expected}" for fault in faults)
    return answer(kind, told, faults)


async def _http(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    unlisted = Kind(HTTPStatus(error.status_code), "http", "请求无法处理", "The request cannot be answered")
    return answer(BY_STATUS.get(error.status_code, unlisted), error.detail, headers=error.headers)


def add_to(app: FastAPI) -> None:
    """Answer every error of the app as a problem."""
    for kind in (HeatstreamError, DBAPIError, OSError):
        app.add_exception_handler(kind, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unknown)
