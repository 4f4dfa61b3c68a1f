"""Exports: whole listings as files, written by the jobs, each with a manifest that it can be cited by."""

import re
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.access.principal import Principal
from heatstream.access.scope import narrow
from heatstream.serve.access import PREFIX, Asking, Connection
from heatstream.serve.exporting import Listings
from heatstream.serve.formats import CSV, NDJSON, PARQUET
from heatstream.serve.once import ActRoute, Writing
from heatstream.serve.paging import At, NoParameters, Page, PagedQuery
from heatstream.serve.problems import BadRange, Expired, NotFound, TooMany
from heatstream.serve.representations import has
from heatstream.serve.shapes import Instant, Shape
from heatstream.store import exports
from heatstream.store.exports import PART_BYTES
from heatstream.store.exports import Export as Row

router = APIRouter(tags=["exports"], route_class=ActRoute)

MediaType = Literal["application/x-ndjson", "text/csv", "application/vnd.apache.parquet"]
MOST_UNFINISHED: Final = 20
"""They are written one after the other: nobody's may make all others wait for a day."""
ENDINGS: Final = {NDJSON: "ndjson", CSV: "csv", PARQUET: "parquet"}
Code = Annotated[str, Path(description="its number, as it was given", max_length=100)]


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("expected text, seen half of a surrogate pair") from error
    return text


Text = Annotated[StrictStr, AfterValidator(_whole)]
Value = Text | StrictInt | StrictBool | list[Text]
_NONE: dict[int | str, dict[str, Any]] = {404: {"description": "you asked for no export of this number"}}


class Wanted(BaseModel):
    """What to export."""

    model_config = ConfigDict(extra="forbid")

    noun: str = Field(description="a listing, by its address without /api/v1/: findings, statistics, claims …")
    parameters: dict[Text, Value] = Field({}, description="filters of that listing, as its query has them")
    media_type: MediaType = Field(description="what to write the rows as")


class Manifest(Shape):
    """What a file holds, so that it can be cited."""

    rows: int
    bytes: int
    sha256: str = Field(description="SHA-256 of the file, hexadecimal")
    media_type: MediaType
    noun: str
    parameters: dict[str, Any]
    as_of: Instant = Field(description="the moment of the database that every row is of, or the `as_of` asked for")
    role: str = Field(description="with whose eyes it was read: rows and fields are those of this role")
    policy_hashes: list[str] = Field(description="SHA-256 of each policy that its rows name, hexadecimal")
    watermarks: list[str] = Field(description="must stand wherever its rows are shown")
    code_version: str = Field(description="version of the code that wrote it")


class Export(Shape):
    """An export; its file is at `/exports/{code}/file`."""

    export: str = Field(validation_alias="code", description="its number")
    noun: str = Field(description="the listing")
    parameters: dict[str, Any] = Field(description="its filters")
    media_type: MediaType
    state: Literal["waiting", "running", "done", "failed", "expired"]
    asked_at: Instant
    started_at: Instant | None = Field(description="null = it waits")
    ended_at: Instant | None = Field(description="null = not yet")
    manifest: Manifest | None = Field(description="null = not done")
    detail: str | None = Field(description="why it failed")


@router.post(
    "/exports",
    status_code=202,
    response_model=Export,
    responses={202: {"description": "it will be written; `Location` tells where it stands"}},
)
async def ask(
    request: Request, conn: Writing, asking: Asking, wanted: Wanted, _: Annotated[NoParameters, Query()]
) -> Response:
    """Ask for a listing as a file. The rows are those you may see, all of one moment."""
    if await exports.unfinished(conn) >= MOST_UNFINISHED:
        told = f"exports: seen {MOST_UNFINISHED} of yours that are not written yet; ask again when one of them is"
        raise TooMany(told, retry_after_s=60)
    await _check(request.app.state.listings, conn, asking, wanted)
    made = await exports.add(
        conn,
        asking.who,
        asdict(asking.scope),
        noun=wanted.noun,
        parameters=wanted.parameters,
        media_type=wanted.media_type,
    )
    body = Export.model_validate(made).model_dump_json()
    return Response(body, 202, {"Location": f"{PREFIX}/exports/{made.code}"}, media_type="application/json")


async def _check(listings: Listings, conn: AsyncConnection, asking: Principal, wanted: Wanted) -> None:
    """Refuse now what the listing would refuse then: ask it for its first row."""
    if wanted.noun not in listings.nouns:
        raise _faulty("noun", wanted.noun, f"one of {', '.join(sorted(listings.nouns))}")
    for name in {"limit", "next"} & set(wanted.parameters):
        raise _faulty("parameters", wanted.parameters[name], "no page: an export is all of them", name)
    try:
        await listings.page(conn, asking, wanted.noun, {**wanted.parameters, "limit": 1})
    except RequestValidationError as error:
        faults = [{**each, "loc": ("body", "parameters", *each["loc"][1:])} for each in error.errors()]
        raise RequestValidationError(faults) from error


def _faulty(name: str, seen: object, expected: str, *path: str) -> RequestValidationError:
    fault = {"type": "value_error", "loc": ("body", name, *path), "msg": f"expected {expected}", "input": seen}
    return RequestValidationError([fault])


@router.get("/exports")
async def listed(conn: Connection, cursor: At, query: Annotated[PagedQuery, Query()]) -> Page[Export]:
    """List the exports that you asked for, in that order."""
    rows = await exports.listed(conn, after=cursor.after_id(), limit=query.limit + 1)
    return cursor.page(Export, rows, query.limit)


async def _found(conn: AsyncConnection, code: str) -> Row:
    found = await exports.by_code(conn, code)
    if found is None:
        raise NotFound(f"export: seen {code!r}, expected one that {PREFIX}/exports lists")
    return found


@router.get("/exports/{code}", responses=_NONE)
async def one(conn: Connection, code: Code, _: Annotated[NoParameters, Query()]) -> Export:
    """Tell where an export stands, and what its file holds."""
    return Export.model_validate(await _found(conn, code))


# --- the file ---------------------------------------------------------------------------------------------------------


@router.get(
    "/exports/{code}/file",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "the file; its `ETag` is its SHA-256",
            "content": {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in ENDINGS},
        },
        206: {
            "description": "the part that `Range` asked for",
            "content": {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in ENDINGS},
        },
        404: {"description": "you asked for no export of this number, or it is not done"},
        410: {"description": "its file has expired"},
        416: {"description": "the file has no such bytes"},
    },
)
async def file(
    request: Request, conn: Connection, asking: Asking, code: Code, _: Annotated[NoParameters, Query()]
) -> Response:
    """Give the file of an export, whole or from the byte that `Range` names."""
    found = await _found(conn, code)
    if found.state == "expired":
        raise Expired(f"export {code}: its file was deleted (HEATSTREAM_JOBS_EXPORT_DAYS); ask for it anew")
    if found.manifest is None:
        raise NotFound(f"export {code}: it is {found.state}, expected one that is done{_because(found)}")
    size, tag = int(found.manifest["bytes"]), f'"{found.manifest["sha256"]}"'
    name = f"heatstream-{found.noun}-{found.code}.{ENDINGS[found.media_type]}"
    headers = {
        "ETag": tag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    if has(request.headers, tag):
        return Response(None, 304, headers)
    asked = None if request.headers.get("if-range", tag) != tag else _span(request.headers.get("range", ""), size)
    begin, end = asked or (0, size)
    headers["Content-Length"] = str(end - begin)
    if asked:
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
    pieces = _pieces(request, asking, found.id, begin, end)
    return StreamingResponse(pieces, 206 if asked else 200, headers, media_type=found.media_type)


def _because(found: Row) -> str:
    return f": {found.detail}" if found.detail else ""


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """Read `Range`: the first byte, and the first after the last; None = whole, also for several ranges.

    Raises
    ------
    BadRange
        The file ends before it.
    """
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", asked.strip())
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    begin = int(first) if first else max(size - int(last), 0)
    end = min(int(last) + 1, size) if first and last else size
    if begin >= size or begin >= end:
        raise BadRange(f"Range: seen {asked}, expected bytes of 0-{size - 1}", size)
    return begin, end


async def _pieces(request: Request, asking: Principal, export_id: int, begin: int, end: int) -> AsyncIterator[bytes]:
    """Read part by part, each by itself: a slow client keeps no transaction open."""
    for number in range(begin // PART_BYTES, (end - 1) // PART_BYTES + 1):
        async with request.app.state.engine.connect() as conn:
            await narrow(conn, asking.scope)
            content = await exports.part(conn, export_id, number + 1)
        if content is None:
            raise NotFound(f"export: part {number + 1} has expired while it was read")
        offset = number * PART_BYTES
        yield content[max(begin - offset, 0) : end - offset]
