"""`heatstream doctor`: is what stands around ingest set up so that nothing can be lost in silence?

Each check says what was seen, what was expected, and the mend. Nothing here changes anything, but for a canary of its
own on the broker, which it removes.
"""

import asyncio
import json
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from heatstream.ingest.diagnosis import Diagnosis, Verdict
from heatstream.ingest.doctor_broker import look_at_broker
from heatstream.ingest.doctor_database import look_at_database
from heatstream.ingest.doctor_machine import look_at_machine
from heatstream.settings import Settings

_COLOURS = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "bold red"}


async def examine(found: Settings) -> list[Diagnosis]:
    """Run every check; broker and database side by side."""
    broker, database = await asyncio.gather(look_at_broker(found), look_at_database(found))
    return [*look_at_machine(found), *broker, *database]


async def main(found: Settings, *, as_json: bool = False) -> int:
    """Print what was found; 1 where something is unsafe."""
    diagnoses = await examine(found)
    if as_json:
        _print_json(diagnoses)
    else:
        _print_table(diagnoses)
    return int(any(each.verdict is Verdict.FAIL for each in diagnoses))


def _print_json(diagnoses: Iterable[Diagnosis]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for each in diagnoses:
        console.out(json.dumps(each._asdict(), ensure_ascii=False))


def _print_table(diagnoses: Iterable[Diagnosis]) -> None:
    table = Table("", "check", "seen", "expected", "mend")
    for each in diagnoses:
        mend = "" if each.verdict is Verdict.OK else each.mend
        table.add_row(f"[{_COLOURS[each.verdict]}]{each.verdict}[/]", each.check, each.seen, each.expected, mend)
    Console().print(table)
