"""Registry files: one CSV a table, UTF-8, a header line; what each column takes follows from the declared schema.

A reference column `household_id` stands in the file as `household` and holds the other row's code. An empty cell is
"not known". Every fault is told with its file and line; nothing is taken while one is left.
"""

import csv
import datetime as dt
import functools
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, DateTime, Integer, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from heatstream.errors import RegistryError
from heatstream.store.tables import REGISTRY
from heatstream.store.timescale import LOCAL

TABLES = {table.name: table for table in REGISTRY}
_OF_ONE_PLACE = {"weather_curve", "maintenance"}
"""Rows of these stand for one heat source or one heat station."""


@dataclass(frozen=True, slots=True)
class Field:
    """One CSV column: its name in the file, where it goes, and what it refers to."""

    name: str
    column: Column[object]
    refers_to: str | None

    @property
    def required(self) -> bool:
        return not self.column.nullable and self.column.server_default is None


@functools.cache
def fields(table: Table) -> tuple[Field, ...]:
    """List the columns of a table's file, in order."""
    return tuple(
        Field(column.name.removesuffix("_id") if column.foreign_keys else column.name, column, _target(column))
        for column in table.columns
        if column.name != "id"
    )


def _target(column: Column[object]) -> str | None:
    return next((key.column.table.name for key in column.foreign_keys), None)


@functools.cache
def key_columns(table: Table) -> tuple[str, ...]:
    """Name the columns that tell one row from another, across imports."""
    if "code" in table.c:
        return ("code",)
    if "device" in table.c:
        return ("device", "valid_from")
    return tuple(column.name for column in table.primary_key)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file: values by database column, references still as codes."""

    file: str
    number: int
    values: dict[str, object]

    def fault(self, column: str, seen: object, expected: str) -> str:
        return f"{self.file}:{self.number}: {column}: seen {seen!r}, expected {expected}"


def _whole(text: str, bits: int) -> int:
    number = int(text)
    if not -(1 << bits - 1) <= number < 1 << bits - 1:
        raise ValueError(text)
    return number


def _truth(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _instant(text: str) -> dt.datetime:
    found = dt.datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found.astimezone(dt.UTC)


_PARSERS: dict[type, tuple[Callable[[str], object], str]] = {
    SmallInteger: (lambda text: _whole(text, 16), "a whole number"),
    BigInteger: (lambda text: _whole(text, 64), "a whole number"),
    Integer: (lambda text: _whole(text, 32), "a whole number"),
    Boolean: (_truth, "true or false"),
    Date: (dt.date.fromisoformat, "a date like 2026-01-05"),
    DateTime: (_instant, "an instant with its zone, like 2026-01-05T08:00:00+08:00"),
    JSONB: (json.loads, "JSON"),
    Text: (str, "text"),
}


def _weekdays(text: str) -> str:
    if not text or set(text) - set("1234567"):
        raise ValueError(text)
    return text


def _weight(text: str) -> int:
    if (found := _whole(text, 64)) <= 0:
        raise ValueError(text)
    return found


_OF_COLUMN: dict[str, tuple[Callable[[str], object], str]] = {
    "weekdays": (_weekdays, "days as digits, 1 = Monday, like 1234567"),
    "season_need_kg": (_weight, "a whole number above 0"),
}
"""Columns that take less than their type does."""


@functools.cache
def allowed(column: Column[object]) -> tuple[str, ...]:
    """Read the values of a `check (… in (…))` constraint, so that a wrong one is told with its line."""
    checks = [c for c in column.table.constraints if isinstance(c, CheckConstraint)]
    for check in checks:
        text = str(check.sqltext)
        if text.startswith(f"{column.name} in ("):
            return tuple(part.strip(" '") for part in text[text.index("(") + 1 : -1].split(","))
    return ()


def expected(field: Field) -> str:
    """Say what a cell takes, for messages and for the manual."""
    if field.refers_to:
        return f"a code of {field.refers_to}"
    if values := allowed(field.column):
        return "one of " + ", ".join(values)
    return _OF_COLUMN.get(field.name, _PARSERS[type(field.column.type)])[1]


def _cell(field: Field, text: str) -> object:
    """Read one cell; ValueError or KeyError when it is not what the column takes."""
    if field.refers_to:
        return text
    value = _OF_COLUMN.get(field.name, _PARSERS[type(field.column.type)])[0](text)
    values = allowed(field.column)
    if values and str(value) not in values:
        raise ValueError(text)
    return value


def _parse_line(table: Table, line: Line, row: dict[str, str], faults: list[str]) -> None:
    for field in fields(table):
        if field.name not in row:
            continue  # a column the file does not have is left as it is
        text = (row[field.name] or "").strip()
        if not text:
            if field.required:
                faults.append(line.fault(field.name, "", expected(field)))
            elif field.column.server_default is None:
                line.values[field.column.name] = None
            continue
        try:
            line.values[field.column.name] = _cell(field, text)
        except (ValueError, KeyError):
            faults.append(line.fault(field.name, text, expected(field)))
    _check_dates(line, faults)
    if table.name in _OF_ONE_PLACE:
        _check_place(line, faults)


def _check_place(line: Line, faults: list[str]) -> None:
    named = [code for name in ("heat_source_id", "heat_station_id") if (code := line.values.get(name))]
    if len(named) != 1:
        faults.append(line.fault("heat_source, heat_station", named, "one of the two"))


def _check_dates(line: Line, faults: list[str]) -> None:
    start, end = line.values.get("valid_from"), line.values.get("valid_to")
    if isinstance(start, dt.date) and isinstance(end, dt.date) and end < start:
        faults.append(line.fault("valid_to", str(end), f"not before valid_from {start}"))
    for first, then in (("begins", "ends"), ("from_min", "to_min")):
        begin, end = line.values.get(first), line.values.get(then)
        if begin is not None and end is not None and not begin < end:  # type: ignore[operator]
            faults.append(line.fault(then, str(end), f"after {first} {begin}"))


def _check_header(table: Table, file: str, header: Iterable[str], faults: list[str]) -> None:
    known = {field.name for field in fields(table)}
    needed = {field.name for field in fields(table) if field.required}
    faults.extend(
        f"{file}:1: unknown column {name!r}; {table.name} has {', '.join(sorted(known))}"
        for name in header
        if name not in known
    )
    faults.extend(f"{file}:1: column {name!r} is missing" for name in sorted(needed - set(header)))


def parse(table: Table, file: str, text: str, faults: list[str]) -> list[Line]:
    """Read one file's text; faults are added to the list."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), restkey="")
    before = len(faults)
    _check_header(table, file, reader.fieldnames or (), faults)
    if len(faults) > before:
        return []
    lines = []
    for row in reader:
        line = Line(file, reader.line_num, {})
        if "" in row:
            faults.append(
                f"{file}:{line.number}: seen {len(row[''])} cells too many, expected {len(reader.fieldnames or ())}"
            )
        else:
            _parse_line(table, line, row, faults)
        lines.append(line)
    return lines


def _table_of(path: Path) -> Table:
    if path.stem not in TABLES:
        raise RegistryError(
            [
                (
                    f"{path.name}: no such registry table; "
                    f"the file's name must be one of {', '.join(f'{name}.csv' for name in TABLES)}"
                )
            ]
        )
    return TABLES[path.stem]


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(path.glob("*.csv"))
        else:
            yield path


def read(paths: Iterable[Path]) -> dict[str, list[Line]]:
    """Read registry files or folders of them.

    Raises
    ------
    RegistryError
        A file cannot be read, has a wrong name, header or cell; all faults of all files.
    """
    found: dict[str, list[Line]] = {name: [] for name in TABLES}
    faults: list[str] = []
    for path in _files(paths):
        table = _table_of(path)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RegistryError([f"{path.name}: cannot be read as UTF-8: {error}"]) from error
        found[table.name] += parse(table, path.name, text, faults)
    if faults:
        raise RegistryError(faults)
    return found


def cell(value: object) -> str:
    """Write a database value as a cell that `read` reads back."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.astimezone(LOCAL).isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
