"""Publish a real file through MQTT, as the gateway that its mapping names.

A mapping says what each column is; nothing about the file is guessed. A local time that its zone does not have, or has
twice, is reported and not sent, unless the mapping says that rows at such a time stand in the order of time.
"""

import asyncio
import contextlib
import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from simulators import wire
from simulators.errors import MappingError
from simulators.gateway import Clock, Gateway, wall_clock_us
from simulators.scenario import describe
from simulators.truth import GOOD, TruthFile, TruthRow
from simulators.wire import Reading

UNITS: dict[str, tuple[str, Decimal]] = {
    "c": ("c", Decimal(1)),
    "tenths_c": ("c", Decimal("0.1")),
    "hundredths_c": ("c", Decimal("0.01")),
    "m3_h": ("m3_h", Decimal(1)),
    "l_h": ("m3_h", Decimal("0.001")),
    "kw": ("kw", Decimal(1)),
    "w": ("kw", Decimal("0.001")),
    "kwh": ("kwh", Decimal(1)),
    "wh": ("kwh", Decimal("0.001")),
    "mwh": ("kwh", Decimal(1000)),
    "m3": ("m3", Decimal(1)),
    "l": ("m3", Decimal("0.001")),
    "mpa": ("mpa", Decimal(1)),
    "kpa": ("mpa", Decimal("0.001")),
    "bar": ("mpa", Decimal("0.1")),
}
"""Each unit a file may have: what the contract has instead, and how many of it one is."""

Quantity = Literal[
    "supply_c",
    "return_c",
    "flow_m3_h",
    "power_kw",
    "energy_kwh",
    "volume_m3",
    "supply_mpa",
    "return_mpa",
    "outdoor_c",
]
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")


def parse_zone(text: str) -> tzinfo:
    """Read `+08:00` or a name like `Europe/Tallinn`."""
    try:
        if found := OFFSET.fullmatch(text):
            sign, hours, minutes = found.groups()
            return timezone(timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1))
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"expected an offset like +08:00 or a zone of the IANA data base, seen {text!r}") from error


def _known_zone(text: str) -> str:
    parse_zone(text)
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TimeColumn(_Strict):
    column: str
    format: str = Field(description="as Python's strptime takes it")
    zone: Annotated[str, AfterValidator(_known_zone)]
    ambiguous: Literal["report", "in_file_order"] = Field(
        "report",
        description="in_file_order: where two rows stand at a time that the zone has twice, the first is earlier",
    )


class PointColumn(_Strict):
    point: str
    unit: str = "c"


class QuantityColumn(_Strict):
    quantity: Quantity
    unit: str


class MappedMeter(_Strict):
    meter: str
    columns: dict[str, QuantityColumn] = Field(min_length=1)


class Mapping(_Strict):
    """What a file holds."""

    gateway: str
    time: TimeColumn
    points: dict[str, PointColumn] = {}
    meters: tuple[MappedMeter, ...] = ()
    ignored: tuple[str, ...] = Field((), description="columns that are not sent; every other one must be mapped")
    missing: tuple[str, ...] = Field(("",), description="cells that hold no value")
    readings_per_message: int = Field(50, ge=1, le=1000)

    @model_validator(mode="after")
    def _units_fit(self) -> "Mapping":
        for name, point in self.points.items():
            _check_unit(name, point.unit, "c")
        for meter in self.meters:
            for name, column in meter.columns.items():
                _check_unit(name, column.unit, column.quantity.split("_", 1)[1])
        return self

    @property
    def columns(self) -> list[str]:
        of_meters = [name for meter in self.meters for name in meter.columns]
        return [self.time.column, *self.points, *of_meters, *self.ignored]


def _check_unit(column: str, unit: str, wanted: str) -> None:
    fitting = sorted(name for name, (target, _) in UNITS.items() if target == wanted)
    if unit not in fitting:
        raise ValueError(f"column {column}: unit {unit!r}; expected one of {fitting}")


def load_mapping(path: Path) -> Mapping:
    try:
        return Mapping.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise MappingError(f"{path}: {describe(error)}") from error
    except (OSError, yaml.YAMLError) as error:
        raise MappingError(f"{path} cannot be read as a mapping: {error}") from error


@dataclass(frozen=True, slots=True)
class Problem:
    """A cell that was not sent, and why."""

    line: int
    column: str
    seen: str
    expected: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: seen {self.seen!r}, expected {self.expected}"


@dataclass(slots=True)
class ReplayReport:
    rows: int = 0
    readings: int = 0
    messages: int = 0
    unreceipted: int = 0
    settled_by_order: int = 0
    """rows at a time that the zone has twice, settled by the order of the file as the mapping says"""
    problems: list[Problem] = field(default_factory=list)


class _Times:
    """Turns the local times of a file into instants with their offset."""

    def __init__(self, mapping: TimeColumn, texts: Iterable[str]) -> None:
        self._mapping, self._zone = mapping, parse_zone(mapping.zone)
        self._how_often = Counter(texts)
        self._met: Counter[str] = Counter()
        self.settled_by_order = 0

    def instant(self, text: str) -> str:
        """Give ISO 8601 with offset.

        Raises
        ------
        ValueError
            says what was expected
        """
        try:
            local = datetime.strptime(text, self._mapping.format)  # noqa: DTZ007  (the zone is the mapping's)
        except ValueError as error:
            raise ValueError(f"a time like {self._mapping.format}") from error
        first, second = (local.replace(tzinfo=self._zone, fold=fold) for fold in (0, 1))
        if first.utcoffset() == second.utcoffset():
            return first.isoformat()
        if first.astimezone(UTC).astimezone(self._zone).replace(tzinfo=None) != local:
            raise ValueError(f"a local time that {self._mapping.zone} has: its clocks were put forward over this one")
        return self._either(text, first, second).isoformat()

    def _either(self, text: str, first: datetime, second: datetime) -> datetime:
        if self._mapping.ambiguous == "report" or self._how_often[text] != 2:  # noqa: PLR2004
            raise ValueError(f"a local time that {self._mapping.zone} has once: its clocks were put back over this one")
        self._met[text] += 1
        self.settled_by_order += 1
        return first if self._met[text] == 1 else second


def _value(text: str, unit: str) -> str:
    """Give a JSON number in the contract's unit, digit for digit where the unit is the same.

    Raises
    ------
    ValueError
        says what was expected
    """
    if not NUMBER.fullmatch(text):
        raise ValueError("a number")
    factor = UNITS[unit][1]
    return text if factor == 1 else f"{Decimal(text) * factor:f}"


class _Reader:
    """Turns rows into readings and keeps what could not be."""

    def __init__(self, mapping: Mapping, rows: Sequence[dict[str, str]], report: ReplayReport) -> None:
        self._mapping, self._report = mapping, report
        self._times = _Times(mapping.time, (row[mapping.time.column] for row in rows))
        self._rows = rows

    def readings(self) -> Iterator[tuple[wire.Kind, Reading]]:
        for line, row in enumerate(self._rows, start=2):
            self._report.rows += 1
            at = self._tried(line, self._mapping.time.column, row, self._times.instant)
            if at is not None:
                yield from self._indoor(line, row, at)
                yield from self._meters(line, row, at)
        self._report.settled_by_order = self._times.settled_by_order

    def _indoor(self, line: int, row: dict[str, str], at: str) -> Iterator[tuple[wire.Kind, Reading]]:
        for column, point in self._mapping.points.items():
            value = self._cell(line, column, row, point.unit)
            if value is not None:
                yield "indoor", Reading(point.point, at, value)

    def _meters(self, line: int, row: dict[str, str], at: str) -> Iterator[tuple[wire.Kind, Reading]]:
        for meter in self._mapping.meters:
            cells = [(one.quantity, self._cell(line, name, row, one.unit)) for name, one in meter.columns.items()]
            members = ",".join(f'"{quantity}":{value}' for quantity, value in cells if value is not None)
            if members:
                yield "meters", Reading(meter.meter, at, members)

    def _cell(self, line: int, column: str, row: dict[str, str], unit: str) -> str | None:
        if row[column] in self._mapping.missing:
            return None
        return self._tried(line, column, row, lambda text: _value(text, unit))

    def _tried(self, line: int, column: str, row: dict[str, str], read: Callable[[str], str]) -> str | None:
        try:
            return read(row[column])
        except ValueError as error:
            self._report.problems.append(Problem(line, column, row[column], str(error)))
            return None


def _read_rows(path: Path, mapping: Mapping) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.DictReader(file, strict=True)
            _check_columns(path, lines.fieldnames or [], mapping)
            return [_whole_row(path, number, row) for number, row in enumerate(lines, start=2)]
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise MappingError(f"{path} cannot be read as CSV: {error}") from error


def _check_columns(path: Path, seen: Sequence[str], mapping: Mapping) -> None:
    absent, unmapped = sorted(set(mapping.columns) - set(seen)), sorted(set(seen) - set(mapping.columns))
    if absent or unmapped:
        raise MappingError(
            f"{path}: mapped columns that it has not: {absent}; columns of it that are not mapped: {unmapped}"
        )


def _whole_row(path: Path, line: int, row: dict[str | None, str | None]) -> dict[str, str]:
    if None in row or None in row.values():
        raise MappingError(f"{path}, line {line}: it has not as many cells as the heading")
    return {name: cell for name, cell in row.items() if name is not None and cell is not None}


async def replay_csv(
    file: Path,
    mapping: Mapping,
    broker_url: str,
    city: str,
    *,
    truth: Path | None = None,
    receipts: bool = True,
    settle_s: float = 120.0,
    clock: Clock = wall_clock_us,
) -> ReplayReport:
    """Publish a file and wait for the last receipt; the gateway counts on above the receipt that the broker retains.

    Parameters
    ----------
    truth : every reading that is sent is written here
    receipts : without them a message is done when the broker has acknowledged it
    settle_s : how long to wait for the last receipt [s]; what is left then stands in `unreceipted`
    """
    report = ReplayReport()
    reader = _Reader(mapping, _read_rows(file, mapping), report)
    gateway = Gateway(mapping.gateway, city, broker_url, receipts=receipts, clock=clock)
    await gateway.adopt_counter()
    with contextlib.ExitStack() as stack:
        paper = stack.enter_context(TruthFile(truth)) if truth is not None else None
        for rows in _numbered(gateway, reader, mapping.readings_per_message, report):
            if paper is not None:
                paper.write(rows)
    async with gateway:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(gateway.settled(), settle_s)
    report.unreceipted = gateway.unreceipted
    return report


def _numbered(gateway: Gateway, reader: _Reader, size: int, report: ReplayReport) -> Iterator[list[TruthRow]]:
    """Have the gateway number and keep each message; give what it says."""
    waiting: dict[wire.Kind, list[Reading]] = {"indoor": [], "meters": []}
    for kind, reading in reader.readings():
        waiting[kind].append(reading)
        if len(waiting[kind]) == size:
            yield _number(gateway, kind, waiting[kind], report)
            waiting[kind] = []
    for kind, readings in waiting.items():
        if readings:
            yield _number(gateway, kind, readings, report)


def _number(gateway: Gateway, kind: wire.Kind, readings: list[Reading], report: ReplayReport) -> list[TruthRow]:
    sequence = gateway.send_indoor(readings) if kind == "indoor" else gateway.send_meters(readings)
    report.messages += 1
    report.readings += len(readings)
    topic = wire.topic(gateway.city, gateway.name, kind)
    return [TruthRow(gateway.name, sequence, topic, *reading, GOOD) for reading in readings]
