"""`python -m benchmarks NAME [--json] [--quick]`; `all` runs every one and prints a table.

A bench is a module with `run() -> Iterable[dict]`; each figure holds bench, ours, against, ratio, unit, conditions.
`--quick` shrinks everything, to see that a bench works: its figures say nothing.
"""

import argparse
import importlib
import json
import tempfile
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import scale

MODULES = {
    "ingest-single": "benchmarks.single",
    "ingest-batch": "benchmarks.batch",
    "drain": "benchmarks.drain",
    "latency": "benchmarks.latency",
    "memory": "benchmarks.memory",
    "evaluate": "benchmarks.evaluate",
    "kernel": "benchmarks.kernel",
    "season": "benchmarks.season",
    "rejudge": "benchmarks.rejudge",
    "detection": "benchmarks.detection",
    "supervise": "benchmarks.supervise",
    "api": "benchmarks.api",
}


def figures(names: list[str]) -> Iterator[dict[str, Any]]:
    for name in names:
        yield from importlib.import_module(MODULES[name]).run()


def _spelt(value: Any) -> str:
    return f"{value:,.3g}" if isinstance(value, float) and value < 1000 else f"{value:,.0f}" if value else "–"  # noqa: PLR2004


def _print_table(found: Iterator[dict[str, Any]]) -> None:
    table = Table("bench", "ours", "against", "ratio", "unit", "conditions")
    for each in found:
        numbers = [_spelt(each[name]) for name in ("ours", "against", "ratio")]
        conditions = ", ".join(f"{name} {value}" for name, value in each["conditions"].items())
        table.add_row(each["bench"], *numbers, each["unit"], conditions)
    Console().print(table)


def _print_json(found: Iterator[dict[str, Any]]) -> None:
    for each in found:
        print(json.dumps(each, ensure_ascii=False), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=[*MODULES, "all"])
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--quick", action="store_true", help="small, to see that it works")
    parser.add_argument("--seed", help="detection: another season of faults")
    parser.add_argument("--stations", help="detection: so many stations in all")
    parser.add_argument("--scenario", help="detection: the town of this file instead")
    given = parser.parse_args()
    scale.set_quick(quick=given.quick)
    scale.choose(seed=given.seed, stations=given.stations, scenario=given.scenario)
    with tempfile.TemporaryDirectory(prefix="heatstream-bench-") as folder:
        scale.share_folder(folder)
        found = figures(list(MODULES) if given.name == "all" else [given.name])
        (_print_json if given.json else _print_table)(found)


if __name__ == "__main__":
    main()
