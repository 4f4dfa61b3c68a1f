"""The truth file: every distinct reading that was sent, once, exactly as it was sent.

CSV in UTF-8 with a heading. `kind` says what must become of the reading: `good` is stored, `conflict` is a second value
for an instant that has one, and anything else is the reason for which it must be refused.
"""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

GOOD, CONFLICT = "good", "conflict"


class TruthRow(NamedTuple):
    gateway: str
    """as the topic names it"""
    sequence: int
    """0 where the message carries none"""
    topic: str
    subject: str
    """point or meter; empty where the message cannot be read"""
    at: str
    value: str
    """JSON text as sent; of a meter its members; of an undecodable message the payload"""
    kind: str


class TruthFile:
    """Appends rows; whatever stands in it before is kept, apart from a torn last line."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = not path.exists() or _mend(path) == 0
        self._file = path.open("a", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        if fresh:
            self._writer.writerow(TruthRow._fields)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def write(self, rows: Iterable[TruthRow]) -> None:
        """Write rows through to the operating system: they must stand here before they are sent."""
        self._writer.writerows(rows)
        self._file.flush()


def _mend(path: Path) -> int:
    """Cut a line that a killed process left unfinished; give the bytes that stay."""
    whole = path.read_bytes()
    keep = whole.rfind(b"\n") + 1
    if keep < len(whole):
        with path.open("r+b") as file:
            file.truncate(keep)
    return keep


def read_truth(path: Path) -> Iterator[TruthRow]:
    """Read the rows, each once: a run that was killed and resumed may have written the last ones twice."""
    seen: set[TruthRow] = set()
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        next(lines, None)
        for gateway, sequence, *rest in lines:
            row = TruthRow(gateway, int(sequence), *rest)
            if row not in seen:
                seen.add(row)
                yield row
