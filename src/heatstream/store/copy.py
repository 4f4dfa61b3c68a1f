"""Binary COPY between NumPy and PostgreSQL: no object a row, in either direction.

Instants are int64 µs since 1970-01-01T00:00Z, days int32 since 1970-01-01; PostgreSQL counts both from 2000-01-01. The
SQLAlchemy type of a column tells its form on the wire.

A raw COPY as the first act of a SQLAlchemy transaction runs outside it and survives its rollback, so `copy_in` and
`copy_out` want a Core statement to have gone before and look whether it did.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Select,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql.ranges import AbstractMultiRange
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from heatstream.errors import StoreError

SIGNATURE: Final = b"PGCOPY\n\xff\r\n\x00"
HEADER: Final = SIGNATURE + bytes(8)
TRAILER: Final = b"\xff\xff"
PIECE_ROWS: Final = 32_768
PIECE_BYTES: Final = 1 << 20
EPOCH_US: Final = 946_684_800_000_000
EPOCH_DAYS: Final = 10_957

Rows: TypeAlias = NDArray[np.void]
Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Column:
    """Values of one column of a table, a place a row."""

    values: NDArray[Any] | Sequence[bytes] | Sequence[str]
    """Numbers, µs, days; for text and bytea a sequence, or (rows, width) uint8 where every value has one width.

    Any other type comes as bytes in its own form on the wire.
    """
    valid: Mask | None = None
    """NULL where false; None = no NULL."""

    def piece(self, rows: slice) -> "Column":
        return Column(self.values[rows], None if self.valid is None else self.valid[rows])


class _Form(NamedTuple):
    """A fixed-width type on the wire and in an array."""

    wire: str
    native: str
    epoch: int = 0


_FORMS: Final[tuple[tuple[type[TypeEngine[Any]], _Form], ...]] = (
    (SmallInteger, _Form(">i2", "i2")),
    (BigInteger, _Form(">i8", "i8")),
    (Integer, _Form(">i4", "i4")),
    (Boolean, _Form("?", "?")),
    (DateTime, _Form(">i8", "i8", EPOCH_US)),
    (Date, _Form(">i4", "i4", EPOCH_DAYS)),
)


def _form(kind: TypeEngine[Any]) -> _Form | None:
    return next((form for known, form in _FORMS if isinstance(kind, known)), None)


# --- into the database ------------------------------------------------------------------------------------------------


class _Field(NamedTuple):
    """One column of a piece, laid out at its widest."""

    cells: NDArray[Any]
    """(rows,) of a wire type, or (rows, width) uint8."""
    length: NDArray[np.int32] | int
    """[bytes] of each row, -1 for NULL; one number where all rows have it."""

    @property
    def width(self) -> int:
        return self.cells[:1].nbytes


def _fixed(column: Column, form: _Form) -> NDArray[Any]:
    values = np.asarray(column.values)
    return (values - form.epoch if form.epoch else values).astype(form.wire)


def _varying(values: Sequence[bytes] | Sequence[str]) -> _Field:
    encoded = [each.encode() if isinstance(each, str) else each for each in values]
    length = np.fromiter(map(len, encoded), np.int32, len(encoded))
    width = max(int(length.max()), 1)
    return _Field(np.array(encoded, f"S{width}").view(np.uint8).reshape(len(encoded), width), length)


def _field(kind: TypeEngine[Any], column: Column) -> _Field:
    form = _form(kind)
    if form is not None:
        cells = _fixed(column, form)
        field = _Field(cells, cells.itemsize)
    elif isinstance(column.values, np.ndarray):
        field = _Field(column.values.astype(np.uint8, copy=False), column.values.shape[1])
    elif isinstance(kind, (Text, LargeBinary, AbstractMultiRange)):
        field = _varying(column.values)
    else:
        raise StoreError(f"binary COPY of {kind!r} is not laid out here")
    return _with_nulls(field, column.valid)


def _with_nulls(field: _Field, valid: Mask | None) -> _Field:
    if valid is None or valid.all():
        return field
    if not valid.any():
        return _Field(np.empty((len(valid), 0), np.uint8), -1)
    return _Field(field.cells, np.where(valid, field.length, -1).astype(np.int32))


def _encoded(fields: Sequence[_Field]) -> memoryview:
    """Lay every row out at its widest; where rows differ in width, take out what they do not fill."""
    parts: list[tuple[Any, ...]] = [("n", ">i2")]
    for i, field in enumerate(fields):
        parts += [(f"l{i}", ">i4"), (f"v{i}", field.cells.dtype, field.cells.shape[1:])]
    laid = np.empty(len(fields[0].cells), np.dtype(parts))
    laid["n"] = len(fields)
    for i, field in enumerate(fields):
        laid[f"l{i}"] = field.length
        laid[f"v{i}"] = field.cells
    flat = laid.view(np.uint8)
    if all(isinstance(field.length, int) for field in fields):
        return flat.data
    return flat[_filled(laid.itemsize, fields).reshape(-1)].data


def _filled(row_bytes: int, fields: Sequence[_Field]) -> Mask:
    filled = np.ones((len(fields[0].cells), row_bytes), np.bool_)
    end = 2
    for field in fields:
        start, end = end + 4, end + 4 + field.width
        if not isinstance(field.length, int):
            filled[:, start:end] = np.arange(field.width) < field.length[:, None]
    return filled


def _pieces(kinds: Sequence[TypeEngine[Any]], columns: Sequence[Column], rows: int) -> Iterator[memoryview | bytes]:
    yield HEADER
    for start in range(0, rows, PIECE_ROWS):
        part = slice(start, start + PIECE_ROWS)
        yield _encoded([_field(kind, column.piece(part)) for kind, column in zip(kinds, columns, strict=True)])
    yield TRAILER


async def _stream(pieces: Iterator[memoryview | bytes]) -> AsyncIterator[memoryview | bytes]:
    for piece in pieces:
        for start in range(0, len(piece), PIECE_BYTES):
            yield piece[start : start + PIECE_BYTES]


async def _raw(conn: AsyncConnection) -> Any:
    raw = (await conn.get_raw_connection()).driver_connection
    if raw is None or not raw.is_in_transaction():
        raise StoreError("a COPY came before any statement of its transaction: it would commit by itself")
    return raw


async def copy_in(
    conn: AsyncConnection, table: Table, columns: Mapping[str, Column], *, into: str | None = None
) -> int:
    """Append rows by binary COPY, inside the caller's transaction.

    Parameters
    ----------
    table : tells the columns' types
    columns : name -> values; all of one length
    into : another table's name with columns of these names and types, e.g. a temporary stage

    Returns
    -------
    rows written

    Raises
    ------
    StoreError
        Nothing was executed in the transaction yet.
    asyncpg.PostgresError
        As the server says, unwrapped.
    """
    raw = await _raw(conn)
    lengths = {len(column.values) for column in columns.values()}
    if len(lengths) != 1:
        raise StoreError(f"columns of {table.name} differ in length: {sorted(lengths)}")
    rows = lengths.pop()
    if rows == 0:
        return 0
    kinds = [table.c[name].type for name in columns]
    pieces = _pieces(kinds, list(columns.values()), rows)
    await raw.copy_to_table(into or table.name, source=_stream(pieces), columns=list(columns), format="binary")
    return rows


# --- out of the database ----------------------------------------------------------------------------------------------


class _Layout(NamedTuple):
    """How the rows of a query stand on the wire and in the arrays handed out."""

    names: tuple[str, ...]
    forms: tuple[_Form, ...]
    wire: np.dtype[np.void]
    native: np.dtype[np.void]


def _form_out(name: str, kind: TypeEngine[Any], widths: Mapping[str, int]) -> _Form:
    if name in widths:
        return _Form(f"V{widths[name]}", f"V{widths[name]}")
    form = _form(kind)
    if form is None:
        raise StoreError(f"column {name}: {kind!r} has no fixed width; give `widths` for a bytea of one width")
    return form


def _layout(query: Select[Any], widths: Mapping[str, int]) -> _Layout:
    forms = {str(column.name): _form_out(str(column.name), column.type, widths) for column in query.selected_columns}
    wire: list[tuple[str, str]] = [("n", ">i2")]
    for i, form in enumerate(forms.values()):
        wire += [(f"l{i}", ">i4"), (f"v{i}", form.wire)]
    native = [(name, form.native) for name, form in forms.items()]
    return _Layout(tuple(forms), tuple(forms.values()), np.dtype(wire), np.dtype(native))


def _check(layout: _Layout, rows: Rows) -> None:
    """Rows before the first odd one are aligned, so its first odd field is the true one."""
    widths = [layout.wire[f"v{i}"].itemsize for i in range(len(layout.names))]
    odd = rows["n"] != len(widths)
    for i, width in enumerate(widths):
        odd |= rows[f"l{i}"] != width
    if not odd.any():
        return
    row = rows[int(odd.argmax())]
    for i, (name, width) in enumerate(zip(layout.names, widths, strict=True)):
        if row[f"l{i}"] != width:
            seen = "NULL" if row[f"l{i}"] == -1 else f"{row[f'l{i}']} bytes"
            raise StoreError(f"column {name}: seen {seen}, expected {width} bytes in every row (coalesce or cast it)")
    raise StoreError(f"a row of {row['n']} fields, expected {len(widths)}")


def _parsed(layout: _Layout, raw: bytes | bytearray | memoryview) -> Rows:
    wire: Rows = np.frombuffer(raw, layout.wire)
    _check(layout, wire)
    rows: Rows = np.empty(len(wire), layout.native)
    for i, (name, form) in enumerate(zip(layout.names, layout.forms, strict=True)):
        rows[name] = wire[f"v{i}"]
        if form.epoch:
            rows[name] += form.epoch
    return rows


def _compiled(conn: AsyncConnection, query: Select[Any]) -> tuple[str, list[Any]]:
    compiled = query.compile(dialect=conn.dialect, compile_kwargs={"render_postcompile": True})
    values = compiled.construct_params()
    return str(compiled), [values[name] for name in compiled.positiontup or ()]


async def _received(raw: Any, sql: str, args: Sequence[Any]) -> AsyncGenerator[bytes]:
    """Hand the COPY's bytes on as they come; a slow reader makes the server wait.

    A COPY out that is cancelled half-way leaves asyncpg's connection unusable, so when the reader stops early the rest
    is read and dropped.
    """
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(4)
    stopped = False

    async def keep(part: bytes | None) -> None:
        if not stopped:
            await queue.put(part)

    async def copy() -> None:
        try:
            await raw.copy_from_query(sql, *args, output=keep, format="binary")
        finally:
            await keep(None)

    task = asyncio.create_task(copy(), name="copy out")
    try:
        while (part := await queue.get()) is not None:
            yield part
        await task
    finally:
        stopped = True
        while not queue.empty():
            queue.get_nowait()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()


async def copy_out(
    conn: AsyncConnection, query: Select[Any], *, widths: Mapping[str, int] | None = None, rows: int = 65_536
) -> AsyncGenerator[Rows]:
    """Read a query's rows as structured arrays, chunk by chunk, by binary COPY.

    Who may stop before the end wraps it in `contextlib.aclosing`: the connection is busy until the generator is closed.

    Parameters
    ----------
    query : columns of fixed width without NULL (coalesce what may be); names become the arrays' fields
    widths : bytea column -> its one width [bytes]
    rows : least rows of a chunk, but for the last

    Yields
    ------
    structured arrays: int2, int4, int8, bool; timestamptz as int64 µs since 1970, date as int32 days since 1970
    """
    layout = _layout(query, widths or {})
    raw = await _raw(conn)
    sql, args = _compiled(conn, query)
    waiting, header = bytearray(), False
    async with aclosing(_received(raw, sql, args)) as parts:
        async for part in parts:
            waiting += part
            if not header and len(waiting) >= len(HEADER):
                _check_header(waiting)
                del waiting[: len(HEADER)]
                header = True
            if header and len(waiting) >= rows * layout.wire.itemsize + len(TRAILER):
                whole = (len(waiting) - len(TRAILER)) // layout.wire.itemsize * layout.wire.itemsize
                yield _parsed(layout, bytes(memoryview(waiting)[:whole]))
                del waiting[:whole]
    yield _parsed_last(layout, waiting)


def _check_header(seen: bytearray) -> None:
    if not seen.startswith(HEADER):
        raise StoreError(f"binary COPY began with {bytes(seen[:19])!r}, expected {HEADER!r}")


def _parsed_last(layout: _Layout, rest: bytearray) -> Rows:
    """A NULL makes the last rows shorter than whole ones, so look at the rows before the rest's length."""
    whole = (len(rest) - len(TRAILER)) // layout.wire.itemsize * layout.wire.itemsize
    rows = _parsed(layout, bytes(rest[:whole]))
    if rest[whole:] != TRAILER:
        raise StoreError(f"binary COPY ended with {bytes(rest[whole:])!r}, expected {TRAILER!r}: a NULL or a short row")
    return rows


async def copy_out_all(conn: AsyncConnection, query: Select[Any], *, widths: Mapping[str, int] | None = None) -> Rows:
    """Read a query's rows as one structured array, when they fit in memory."""
    chunks = [chunk async for chunk in copy_out(conn, query, widths=widths)]
    return np.concatenate(chunks)
