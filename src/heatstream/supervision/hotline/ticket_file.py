"""A file of tickets as a hotline exports it: CSV with a header line, or JSON lines. Every fault is told with its line.

Columns: `line, ticket_no, received_at, category, topic, address, content, caller`; others are kept as they came.
`topic` may be left out where the operator's rules say what the line's word is about, `caller` always.
"""

import csv
import datetime as dt
import hashlib
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from heatstream.claims.check import AHEAD
from heatstream.errors import BadInput
from heatstream.rules.supervision.hotlines import TOPICS, Hotlines
from heatstream.store.timescale import LOCAL

NEEDED: Final = ("line", "ticket_no", "received_at", "category", "address", "content")
EARLIEST: Final = dt.datetime(2000, 1, 1, tzinfo=LOCAL)
JSON_LINES: Final = (".jsonl", ".ndjson")
MOST_SIGNS: Final = {"line": 100, "ticket_no": 200}
"""As long as the API asks for them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One ticket as a line sent it."""

    source: str
    """file:line"""
    told: Mapping[str, Any]
    """Columns of the table `ticket`."""
    raw: Mapping[str, Any]
    """The row as it came."""

    @property
    def key(self) -> tuple[str, str]:
        """Line and 工单号."""
        return self.told["line"], self.told["ticket_no"]

    @property
    def sha256(self) -> bytes:
        """SHA-256 of `raw` in canonical form."""
        text = json.dumps(self.raw, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).digest()


@dataclass
class _Reading:
    """A file under way, and its faults so far."""

    name: str
    rules: Hotlines
    latest: dt.datetime
    faults: list[str] = field(default_factory=list)

    def fault(self, line: int, text: str) -> None:
        self.faults.append(f"{self.name}:{line}: {text}")

    def row(self, line: int, raw: Mapping[str, Any]) -> Row | None:
        """Read one row; None where it has a fault."""
        before = len(self.faults)
        cells = {name: self._cell(line, name, raw.get(name)) for name in (*NEEDED, "topic", "caller")}
        for name in NEEDED:
            if not cells[name]:
                self.fault(line, f"{name}: seen nothing, expected text")
        told: dict[str, Any] = {name: cells[name] for name in (*NEEDED, "caller")}
        told |= {"received_at": self._received(line, cells["received_at"]), "topic": self._topic(line, cells)}
        for name, most in MOST_SIGNS.items():
            if len(cells[name] or "") > most:
                self.fault(line, f"{name}: seen {len(cells[name] or '')} signs, expected {most} at most")
        unkept = next(_unkept(raw), None)
        if unkept is not None:
            self.fault(line, f"seen {unkept}, which the store cannot hold")
        return None if len(self.faults) > before else Row(f"{self.name}:{line}", told, dict(raw))

    def _cell(self, line: int, name: str, value: object) -> str | None:
        if value is not None and not isinstance(value, str):
            self.fault(line, f"{name}: seen {value!r}, expected text")
            return None
        return (value or "").strip() or None

    def _received(self, line: int, text: str | None) -> dt.datetime | None:
        if text is None:
            return None
        expected = "an instant with its zone, like 2026-01-05T08:00:00+08:00"
        try:
            found = dt.datetime.fromisoformat(text)
        except ValueError:
            self.fault(line, f"received_at: seen {text!r}, expected {expected}")
            return None
        if found.tzinfo is None:
            self.fault(line, f"received_at: seen {text!r}, expected {expected}")
        elif found < EARLIEST:
            self.fault(line, f"received_at: seen {text}, expected an instant after {EARLIEST.date()}")
        elif found > self.latest:
            self.fault(line, f"received_at: seen {text}, expected an instant that has passed")
        return found

    def _topic(self, line: int, cells: Mapping[str, str | None]) -> str | None:
        if (told := cells["topic"]) is not None:
            if told not in TOPICS:
                self.fault(line, f"topic: seen {told!r}, expected one of {', '.join(TOPICS)}")
            return told
        if cells["line"] is None or cells["category"] is None:
            return None
        found = self.rules.topic_of(cells["line"], cells["category"])
        if found is None:
            expected = f"a word that hotlines.topics of the rules has for line {cells['line']}, or a column topic"
            self.fault(line, f"category: seen {cells['category']!r}, expected {expected}")
        return found


def read(path: Path, rules: Hotlines, now: dt.datetime) -> list[Row]:
    """Read a file of tickets, whole or not at all.

    Raises
    ------
    BadInput
        All its faults, each with its line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path.name}: cannot be read as UTF-8: {error}") from error
    reading = _Reading(path.name, rules, now + AHEAD)
    rows = _json_lines if path.suffix.lower() in JSON_LINES else _csv
    found = [row for line, raw in rows(reading, text) if (row := reading.row(line, raw)) is not None]
    if reading.faults:
        raise BadInput("\n".join(reading.faults))
    return found


def _csv(reading: _Reading, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    rows = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
    names = rows.fieldnames or []
    missing = [name for name in NEEDED if name not in names]
    twice = sorted({name for name in names if names.count(name) > 1})
    for name in missing:
        reading.fault(1, f"column {name!r} is missing")
    for name in twice:
        reading.fault(1, f"column {name!r}: seen more than once, expected once")
    if missing or twice:
        return
    try:
        for raw in rows:
            if "" in raw or None in raw.values():
                reading.fault(rows.line_num, f"seen more or fewer cells than the header has, expected {len(names)}")
            else:
                yield rows.line_num, raw
    except csv.Error as error:
        reading.fault(rows.line_num, f"seen {error}, expected CSV")


def _json_lines(reading: _Reading, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line, parse_constant=_no_number, object_pairs_hook=_each_once)
        except (ValueError, RecursionError) as error:
            reading.fault(number, f"seen {error}, expected a JSON object")
            continue
        if isinstance(raw, dict):
            yield number, raw
        else:
            reading.fault(number, f"seen {type(raw).__name__}, expected a JSON object")


def _no_number(text: str) -> None:
    raise ValueError(f"{text}, which is no JSON")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"the name {twice!r} twice")
    return dict(pairs)


def _unkept(value: object) -> Iterator[str]:
    """Find what JSON can say and the store cannot keep."""
    if isinstance(value, str):
        if "\0" in value:
            yield "a NUL character"
        if any("\ud800" <= sign <= "\udfff" for sign in value):
            yield "half of a character"
    elif isinstance(value, float) and not math.isfinite(value):
        yield "a number beyond all bounds"
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _unkept(name)
            yield from _unkept(each)
    elif isinstance(value, list):
        for each in value:
            yield from _unkept(each)
