"""The commands of `heatstream supervise report`: 日报, 周报, 半月报."""

import asyncio
import datetime as dt
import getpass
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from heatstream.errors import BadInput
from heatstream.rules.supervision.reports import Kind
from heatstream.terminal import DAY, By, JsonOption, configured, desk, out, transaction

report_app = typer.Typer(no_args_is_help=True, help="Reports 日报, 周报, 半月报: docs/supervision.md.")

KindArgument = Annotated[Kind, typer.Argument(help="daily, weekly or half_monthly.")]


@report_app.command("make")
def report_make(
    kind: KindArgument,
    *,
    day: Annotated[
        dt.datetime | None,
        typer.Option(help="A day of its period; without it the newest closed one.", **DAY),
    ] = None,
    by: By = "",
) -> None:
    """Make a report, another version where there is one; tell its number."""
    from heatstream.supervision.reporting import reports

    async def run() -> int:
        async with desk() as at:
            asked = None if day is None else day.date()
            return await reports.make(at.conn, at.ground, kind, asked, by=by or getpass.getuser(), now=at.now())

    typer.echo(asyncio.run(run()))


@report_app.command("list")
def report_list(
    *,
    kind: Annotated[Kind | None, typer.Option(help="daily, weekly or half_monthly alone.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List every report that was made, with its versions, in the order they were made in."""
    from heatstream.store import reports
    from heatstream.store.timescale import LOCAL

    async def run() -> Any:
        async with transaction(configured()) as conn:
            return await reports.listed(conn, *([] if kind is None else [reports.of_kind(kind)]))

    found = asyncio.run(run())
    if as_json:
        for each in found:
            told = {**each._asdict(), "workbook_sha256": each.workbook_sha256.hex()}
            typer.echo(json.dumps(told, ensure_ascii=False, default=str))
        return
    table = Table("report", "kind and period", "version", "made")
    for each in found:
        days = f"{each.period_from} to {each.period_to}"
        made = f"{each.made_at.astimezone(LOCAL):%Y-%m-%d %H:%M} {each.made_by}"
        table.add_row(str(each.id), f"{each.title} {each.kind}\n{days}", str(each.version), made)
    out.print(table)


@report_app.command("export")
def report_export(
    report: Annotated[int, typer.Argument(help="Its number, as `list` tells it.")],
    file: Annotated[Path, typer.Option("-o", "--output", help="Write the workbook (XLSX) there.", dir_okay=False)],
) -> None:
    """Write a report's workbook as it was made."""
    from heatstream.store import reports

    async def run() -> bytes | None:
        async with transaction(configured()) as conn:
            return await reports.workbook(conn, report)

    found = asyncio.run(run())
    if found is None:
        raise BadInput(f"report: seen {report}, expected one that `heatstream supervise report list` shows")
    file.write_bytes(found)
    out.print(f"{file}: {len(found)} bytes", highlight=False)
