"""`heatstream ingest status`: what became of everything received, and what is missing."""

import datetime as dt
import json
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.ingest.sequences import missing
from heatstream.store import ledger, progress, rejects
from heatstream.store.ledger import Hour
from heatstream.store.rejects import Waiting


class Missing(NamedTuple):
    """Sequences of a gateway that never came."""

    gateway: str
    contiguous: int
    highest: int
    messages: int
    runs: str
    """The first missing runs, for a person."""


class IngestStatus(NamedTuple):
    """Everything that `show` shows."""

    hours: list[Hour]
    missing: list[Missing]
    rejects: list[Waiting]
    conflicts: int
    """Instants with two values that nobody has decided."""
    lag_s: float | None
    """Since the last batch was written [s]; None = never."""


MOST_RUNS = 5


async def read(conn: AsyncConnection, *, hours: int) -> IngestStatus:
    """Read the status of the last hours."""
    since = dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)
    return IngestStatus(
        hours=await ledger.by_hour(conn, since),
        missing=[each for each in map(_missing, (await progress.load(conn)).items()) if each.messages],
        rejects=await rejects.waiting(conn),
        conflicts=await ledger.open_conflicts(conn),
        lag_s=await ledger.lag_s(conn),
    )


def _missing(item: tuple[str, progress.Progress]) -> Missing:
    gateway, each = item
    starts = [each.contiguous + 1, *(end for _, end in each.beyond)]
    gaps = [(start, run[0]) for start, run in zip(starts, each.beyond, strict=False)]
    shown = [str(start) if end - start == 1 else f"{start}-{end - 1}" for start, end in gaps[:MOST_RUNS]]
    more = ["…"] if len(gaps) > MOST_RUNS else []
    return Missing(gateway, each.contiguous, each.highest, missing(each), " ".join(shown + more))


async def show(conn: AsyncConnection, *, hours: int = 24, as_json: bool = False) -> None:
    """Print the status: tables for a person, or one JSON object a line."""
    found = await read(conn, hours=hours)
    if as_json:
        for line in lines(found):
            print(line)  # noqa: T201
    else:
        console = Console()
        for table in tables(found):
            console.print(table)
        console.print(f"undecided conflicts: {found.conflicts}")
        console.print("nothing was ever written" if found.lag_s is None else f"last batch {found.lag_s:.1f} s ago")


def lines(found: IngestStatus) -> list[str]:
    """Spell it as JSON, an object a row, each with what it is."""
    rows = [("hour", each._asdict()) for each in found.hours]
    rows += [("missing", each._asdict()) for each in found.missing]
    rows += [("rejects", each._asdict()) for each in found.rejects]
    rows.append(("now", {"conflicts": found.conflicts, "lag_s": found.lag_s}))
    return [json.dumps({"kind": kind, **row}, default=str, ensure_ascii=False) for kind, row in rows]


def tables(found: IngestStatus) -> list[Table]:
    """Lay it out for a person."""
    return [
        _table("received by gateway and hour", Hour._fields, found.hours),
        _table("missing sequences", Missing._fields, found.missing),
        _table("refused and not resolved", Waiting._fields, found.rejects),
    ]


def _table(title: str, names: tuple[str, ...], rows: list[Hour] | list[Missing] | list[Waiting]) -> Table:
    table = Table(title=title)
    for name in names:
        table.add_column(name.replace("_", " "), justify="left" if name in {"hour", "gateway", "reason"} else "right")
    for row in rows:
        table.add_row(*(_shown(value) for value in row))
    return table


def _shown(value: object) -> str:
    return value.astimezone().isoformat(" ", "minutes") if isinstance(value, dt.datetime) else str(value)
