"""The commands of `heatstream privacy`: erasing what is known of a person; docs/privacy.md."""

import asyncio
import json
from collections import Counter
from typing import Annotated, Any

import typer
from rich.table import Table

from heatstream.terminal import JsonOption, configured, desk, out, transaction

privacy_app = typer.Typer(no_args_is_help=True, help="Personal data: what is erased, and what was; docs/privacy.md.")


@privacy_app.command("erase")
def privacy_erase(
    household: Annotated[str, typer.Argument(help="户号.")],
    *,
    by: Annotated[str, typer.Option(help="工号 of the officer of 区 or 市 who orders it.")],
    why: Annotated[str, typer.Option(help="Why, in a sentence; kept for good.")],
) -> None:
    """Erase what is known of the persons of a household; what was decided stays provable."""
    from heatstream.access import erasure

    async def run() -> int:
        keep_years = configured().privacy.keep_cases_years
        async with desk() as at:
            return await erasure.erase(at, household, by=by, why=why, keep_years=keep_years)

    out.print(f"erasure {asyncio.run(run())} of household {household} is done; `heatstream privacy list` shows it")


@privacy_app.command("list")
def privacy_list(as_json: JsonOption = False) -> None:
    """List what was erased, the oldest first: of whom, by whom, why, and how many rows of each table."""
    from heatstream.access import erasure

    async def run() -> list[erasure.Record]:
        async with transaction(configured()) as conn:
            return await erasure.listed(conn)

    found = asyncio.run(run())
    if as_json:
        for each in found:
            typer.echo(json.dumps({**each._asdict(), "at": each.at.isoformat()}, ensure_ascii=False))
        return
    table = Table("erasure", "household", "at", "officer", "reason", "rows")
    for each in found:
        table.add_row(str(each.id), each.household or "–", f"{each.at:%Y-%m-%d %H:%M}", each.officer, *_said(each))
    out.print(table)


def _said(each: Any) -> tuple[str, str]:
    counts = Counter(row["table"] for row in each.erased)
    return each.reason, ", ".join(f"{table} {count}" for table, count in sorted(counts.items()))
