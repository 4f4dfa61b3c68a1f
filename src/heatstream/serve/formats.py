"""How a listing is written: JSON, NDJSON, CSV or Parquet, as `Accept` asks; all four from the same shapes.

A route of class `Route` whose function gives a `Page[...]` is written here; the function knows nothing of it.
"""

import functools
import inspect
import io
import json
import types
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Protocol, Union, get_args, get_origin
from urllib.parse import urlencode

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from heatstream.serve.paging import Page
from heatstream.serve.problems import NotAcceptable

if TYPE_CHECKING:
    import pyarrow as pa

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"
PARQUET: Final = "application/vnd.apache.parquet"
LISTED: Final = (JSON, NDJSON, CSV, PARQUET)
"""What a listing can be written as."""

MOST_ACCEPTED: Final = 1_000
"""Characters of `Accept`: browsers send a tenth of it, and ten thousand ranges would take a second to weigh."""

Rows = Sequence[BaseModel]
Shape = type[BaseModel]


# --- what is accepted -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Range:
    """One media range of `Accept`."""

    kind: str
    sub: str
    quality: float
    place: int

    def fits(self, media_type: str) -> bool:
        kind, sub = media_type.split("/")
        return self.kind in {"*", kind} and self.sub in {"*", sub}

    @property
    def exactness(self) -> int:
        return (self.kind != "*") + (self.sub != "*")


def quality(parameters: Sequence[str]) -> float:
    """Read the q of a header's element; one that cannot be read wants nothing."""
    for each in parameters:
        name, _, value = each.partition("=")
        if name.strip().lower() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def _ranges(accept: str) -> Iterator[_Range]:
    for place, written in enumerate(accept.split(",")):
        name, *parameters = written.split(";")
        kind, slash, sub = name.strip().lower().partition("/")
        if slash:
            yield _Range(kind, sub, quality(parameters), place)


def chosen(accept: str, offered: Sequence[str]) -> str | None:
    """Choose by quality, then by how exactly it is named, then by the order of `Accept`; None where nothing fits.

    Without `Accept` it is the first that is offered.
    """
    if not accept.strip():
        return offered[0]
    ranges = list(_ranges(accept))

    def rank(media_type: str) -> tuple[float, int, int]:
        fitting = [each for each in ranges if each.fits(media_type)]
        found = max(fitting, key=lambda each: each.exactness, default=None)
        return (found.quality, found.exactness, -found.place) if found else (0.0, 0, 0)

    best = max(offered, key=rank)
    return best if rank(best)[0] > 0 else None


def media_type(request: Request) -> str:
    """Tell in what the answer will be written; refuse before anything is read where nothing fits.

    Raises
    ------
    NotAcceptable
        Naming what the address can write.
    """
    offered = getattr(request.scope["route"], "offered", (JSON,))
    accept = ", ".join(request.headers.getlist("accept"))
    if len(accept) > MOST_ACCEPTED:
        raise NotAcceptable(f"Accept: seen {len(accept)} characters, expected at most {MOST_ACCEPTED}")
    found = chosen(accept, offered)
    if found is None:
        raise NotAcceptable(f"Accept: seen {accept}, expected one of {', '.join(offered)}")
    return found


# --- columns ----------------------------------------------------------------------------------------------------------

PLAIN: Final = (bool, int, float, str, date, datetime)


@dataclass(frozen=True)
class Column:
    """A field of a shape, as a typed table has it."""

    name: str
    kind: type | None
    """None = nested or of several types: written as JSON text."""
    nullable: bool
    description: str


def _parts(annotation: Any) -> tuple[set[Any], bool]:
    """Take an annotation apart: its types, without Annotated and None, and whether None was among them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _parts(get_args(annotation)[0])
    if origin in {Union, types.UnionType}:
        found = [_parts(each) for each in get_args(annotation)]
        kinds: set[Any] = set().union(*(kinds for kinds, _ in found))
        return kinds, any(nullable for _, nullable in found)
    if origin is Literal:
        return {type(value) for value in get_args(annotation)}, False
    return (set(), True) if annotation is type(None) else ({annotation}, False)


@functools.cache
def columns(shape: Shape) -> tuple[Column, ...]:
    """Give the columns of a shape, in the order of its fields."""
    found = []
    for name, field in shape.model_fields.items():
        if not field.exclude:
            kinds, nullable = _parts(field.annotation)
            kind = kinds.pop() if len(kinds) == 1 else None
            found.append(Column(name, kind if kind in PLAIN else None, nullable, field.description or ""))
    return tuple(found)


def compact(tree: Any) -> str:
    """Write JSON on one line, without blanks."""
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":"))


# --- writers ----------------------------------------------------------------------------------------------------------


class Writer(Protocol):
    """Writes rows piece by piece: of a page there is one piece, of an export there are many."""

    def rows(self, rows: Rows) -> bytes:
        """Give the next rows, as far as they are written."""

    def end(self) -> bytes:
        """Give the rest."""


class NdjsonWriter:
    """A row a line, each as it stands in JSON."""

    def __init__(self, _: Shape) -> None:
        """Need nothing of the shape."""

    def rows(self, rows: Rows) -> bytes:
        """Give a line a row."""
        return b"".join(row.model_dump_json().encode() + b"\n" for row in rows)

    def end(self) -> bytes:
        """Give nothing: no line is open."""
        return b""


FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "'")
"""A spreadsheet takes a text that begins so for a formula; the last is our own mark, so that it can be taken off."""


def cell(value: Any) -> str:
    """Write a cell: null is empty, an empty text is quoted, a text that looks like a formula gets a ' before it."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return _quoted(compact(value)) if isinstance(value, dict | list) else compact(value)
    return _quoted(f"'{value}" if value.startswith(FORMULA) else value)


def _quoted(text: str) -> str:
    plain = text and not any(mark in text for mark in ',"\r\n')
    return text if plain else '"' + text.replace('"', '""') + '"'


class CsvWriter:
    """RFC 4180, UTF-8, a header before the first row."""

    def __init__(self, shape: Shape) -> None:
        self._waiting = self._line([each.name for each in columns(shape)])

    def rows(self, rows: Rows) -> bytes:
        """Give a line a row."""
        header, self._waiting = self._waiting, b""
        return header + b"".join(self._line(row.model_dump(mode="json").values()) for row in rows)

    def end(self) -> bytes:
        """Give the header of an empty listing."""
        return self.rows([])

    @staticmethod
    def _line(cells: Any) -> bytes:
        return (",".join(map(cell, cells)) + "\r\n").encode()


class _Sink(io.RawIOBase):
    """Takes bytes and gives them away again: a Parquet file is written front to back."""

    def __init__(self) -> None:
        super().__init__()
        self._held, self._written = bytearray(), 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._held += piece
        self._written += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._written

    def drained(self) -> bytes:
        held, self._held = bytes(self._held), bytearray()
        return held


class ParquetWriter:
    """Typed columns: days as date32, instants as UTC µs, whole numbers as int64, what is nested as JSON text."""

    def __init__(self, shape: Shape) -> None:
        # pyarrow is large, and nothing else needs it: it is loaded when Parquet is first asked for.
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        self._arrays, self._columns, self._sink = pa, columns(shape), _Sink()
        self._schema = pa.schema([_field(pa, each) for each in self._columns])
        self._writer = pq.ParquetWriter(self._sink, self._schema, compression="zstd")

    def rows(self, rows: Rows) -> bytes:
        """Give the rows as a row group."""
        if rows:
            self._writer.write_batch(self._arrays.record_batch(self._values(rows), schema=self._schema))
        return self._sink.drained()

    def end(self) -> bytes:
        """Give the footer."""
        self._writer.close()
        return self._sink.drained()

    def _values(self, rows: Rows) -> list[list[Any]]:
        # What is written, never what the model holds: some roles do not see every field.
        trees = [row.model_dump(mode="json") for row in rows]
        return [[_typed(each.kind, tree[each.name]) for tree in trees] for each in self._columns]


def _typed(kind: type | None, written: Any) -> Any:
    if written is None:
        return None
    if kind is None:
        return compact(written)
    return kind.fromisoformat(written) if issubclass(kind, date) else written


def _field(pa: Any, column: Column) -> "pa.Field":
    kinds: dict[type | None, pa.DataType] = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), date: pa.date32()}
    kinds[datetime] = pa.timestamp("us", tz="UTC")
    kind = kinds.get(column.kind, pa.string())
    return pa.field(column.name, kind, column.nullable, {"description": column.description})


WRITERS: Final[Mapping[str, Callable[[Shape], Writer]]] = {
    NDJSON: NdjsonWriter,
    CSV: CsvWriter,
    PARQUET: ParquetWriter,
}
"""What writes rows; JSON alone has a page around them."""
CONTENT_TYPES: Final[Mapping[str, str]] = {CSV: "text/csv; charset=utf-8; header=present"}
"""Where it says more than the media type."""


# --- a page as a response ---------------------------------------------------------------------------------------------


class Pen:
    """Writes the page of a request."""

    def __init__(self, request: Request, wanted: Annotated[str, Depends(media_type)]) -> None:
        self._request, self._wanted = request, wanted

    def write(self, page: Page[Any], shape: Shape) -> Response:
        """Write a page as it was asked for; what stands beside the rows goes into headers, too."""
        self._request.state.rows = len(page.rows)
        return Response(self._body(page, shape), headers=self._headers(page), media_type=self._content_type())

    def _content_type(self) -> str:
        return CONTENT_TYPES.get(self._wanted, self._wanted)

    def _body(self, page: Page[Any], shape: Shape) -> bytes:
        if self._wanted == JSON:
            return page.model_dump_json().encode()
        writer = WRITERS[self._wanted](shape)
        return writer.rows(page.rows) + writer.end()

    def _headers(self, page: Page[Any]) -> dict[str, str]:
        beside = page.model_dump(mode="json", exclude={"rows", "next"}, exclude_none=True)
        headers = {f"Heatstream-{name.replace('_', '-').title()}": str(value) for name, value in beside.items()}
        if page.next is not None:
            asked = [pair for pair in self._request.query_params.multi_items() if pair[0] != "next"]
            address = f"{self._request.url.path}?{urlencode([*asked, ('next', page.next)])}"
            headers["Link"] = f'<{address}>; rel="next"'
        return headers


def shape_of(endpoint: Callable[..., Any]) -> Shape | None:
    """Tell what a listing's rows are; None where the function gives no page."""
    given = inspect.signature(endpoint).return_annotation
    if not (isinstance(given, type) and issubclass(given, Page)):
        return None
    [shape] = get_args(given.model_fields["rows"].annotation)
    return shape  # type: ignore[no-any-return]


def _written(endpoint: Callable[..., Awaitable[Page[Any]]], shape: Shape) -> Callable[..., Awaitable[Response]]:
    """Let a page be written by the pen of its request."""

    @functools.wraps(endpoint)
    async def write(*, pen: Pen, **given: Any) -> Response:
        return pen.write(await endpoint(**given), shape)

    signature = inspect.signature(endpoint)
    taken = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in signature.parameters.values()]
    pen = inspect.Parameter("pen", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[Pen, Depends(Pen)])
    write.__signature__ = signature.replace(parameters=[*taken, pen])  # type: ignore[attr-defined]
    return write


_AS_TEXT: Final = {"schema": {"type": "string"}}
_AS_BYTES: Final = {"schema": {"type": "string", "format": "binary"}}
_LINK: Final = {"Link": {"description": 'the next page, as `<address>; rel="next"`', "schema": {"type": "string"}}}


def _declared(responses: Mapping[int | str, Mapping[str, Any]] | None) -> dict[int | str, dict[str, Any]]:
    others = {NDJSON: _AS_TEXT, CSV: _AS_TEXT, PARQUET: _AS_BYTES}
    told = {
        int(status) if str(status).isdecimal() else status: dict(each) for status, each in (responses or {}).items()
    }
    return {**told, 200: {"description": "a page", "content": others, "headers": _LINK}}


class Route(APIRoute):
    """A route whose answer is written as `Accept` asks; of what is no page there is one writing alone."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        shape = shape_of(endpoint)
        self.offered: tuple[str, ...] = LISTED
        if shape is None:
            self.offered = tuple(((options.get("responses") or {}).get(200) or {}).get("content") or (JSON,))
        else:
            options["responses"] = _declared(options.get("responses"))
            endpoint = _written(endpoint, shape)
        super().__init__(path, endpoint, **options)
