"""The commands of `heatstream supervise company`: a company's file, its fuel and its zero reports."""

import asyncio
import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from heatstream.terminal import DAY, JsonOption, Season, desk, out, said

company_app = typer.Typer(no_args_is_help=True, help="诚信档案: a company's fuel, zero reports, orders, scores.")

CompanyCode = Annotated[str, typer.Argument(metavar="COMPANY", help="Code of the 供热企业.")]
Officer = Annotated[str, typer.Option("--officer", help="工号 of who records; kept for good.")]
Why = Annotated[str, typer.Option("--why", help="Why it is recorded, in a sentence; kept for good.", callback=said)]
DayOption = Annotated[
    dt.datetime | None,
    typer.Option("--day", help="The day; without it today.", **DAY),
]


def _today(day: dt.datetime | None) -> dt.date:
    from heatstream.store.timescale import LOCAL

    return dt.datetime.now(LOCAL).date() if day is None else day.date()


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)


@company_app.command("open")
def company_open(company: CompanyCode, officer: Officer, why: Why, season: Season = None) -> None:
    """Open a company's file of a season; tell its number. The first act in it opens it as well."""
    from heatstream.supervision import seasons
    from heatstream.supervision.company import company_acts

    async def run() -> str:
        async with desk() as at:
            year = seasons.of_day(at.ground, _today(None)).year if season is None else season
            return await company_acts.open_for(at, company, year, by=officer, why=why)

    typer.echo(asyncio.run(run()))


@company_app.command("fuel")
def company_fuel(
    file: Annotated[Path, typer.Argument(help="CSV of reports: docs/supervision.md.", exists=True, dir_okay=False)],
    officer: Officer,
    why: Why,
) -> None:
    """Record a file of fuel reports, whole or not at all; tell which of them contradict something."""
    from heatstream.supervision.company import company_acts, company_shown

    lines = company_acts.read_fuel(file, at=dt.datetime.now(dt.UTC), why=why)

    async def run() -> company_acts.Taken:
        async with desk() as at:
            return await company_acts.take_fuel(at, lines, by=officer)

    taken = asyncio.run(run())
    _say([f"{file.name}: {taken.recorded} recorded, {taken.same} the same, {len(taken.flagged)} flagged"])
    _say(company_shown.told_flags(each) for each in taken.flagged)


@company_app.command("declare")
def company_declare(
    company: CompanyCode,
    event: Annotated[Path, typer.Argument(help="The event `declared` as YAML or JSON, as it was signed.")],
    officer: Annotated[str, typer.Option("--officer", help="工号 of who signed it; nobody else may record it.")],
) -> None:
    """Record 零报告: a signed declaration of one day, in the file of its season."""
    from heatstream.rules import exact_yaml
    from heatstream.supervision import act
    from heatstream.supervision.company import company_acts
    from heatstream.supervision.company.company_file import NAME, Declared

    told = act.told(NAME, exact_yaml.read(event), officer, str(event))
    if not isinstance(told, Declared):
        raise typer.BadParameter(f"{event}: kind: seen {told.name}, expected declared")

    async def run() -> str:
        async with desk() as at:
            return await company_acts.record_of_day(at, company, told.day, told, by=officer)

    typer.echo(asyncio.run(run()))


@company_app.command("show")
def company_show(company: CompanyCode, *, season: Season = None, as_json: JsonOption = False) -> None:
    """Show a company's file whole: incidents, orders, publications, fuel, declarations with 未报 days, scores."""
    from heatstream.supervision.company import company_shown

    async def run() -> company_shown.Whole:
        async with desk() as at:
            return await company_shown.whole(at.conn, at.ground, company, season, at.now())

    seen = asyncio.run(run())
    if as_json:
        typer.echo(json.dumps(company_shown.tree(seen), ensure_ascii=False, indent=2))
    else:
        _say(company_shown.sentences(seen))


@company_app.command("stock")
def company_stock(
    *,
    day: DayOption = None,
    forecast: Annotated[
        Path | None,
        typer.Option(
            "--forecast",
            help="CSV day,mean_c,source of outdoor means from the next day on.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the fuel of a day, every heat source: stock, floor, share, days left, colour, and to whom it goes."""
    from heatstream.store import outdoor
    from heatstream.supervision.company import company_shown, fuel

    ahead = [] if forecast is None else outdoor.read(forecast)

    async def run() -> fuel.Table:
        async with desk() as at:
            return await fuel.of_day(at.conn, at.ground, _today(day), ahead)

    seen = asyncio.run(run())
    if as_json:
        by = {"day": seen.day.isoformat(), "watermark": seen.watermark, "rules_hash": seen.rules_hash}
        for row in seen.rows:
            typer.echo(json.dumps(by | fuel.tree(row), ensure_ascii=False))
        return
    _say(company_shown.told_table(seen))


@company_app.command("declarations")
def company_declarations(*, day: DayOption = None, as_json: JsonOption = False) -> None:
    """List the declarations of a day, every company: 已报 or 未报, zero or not, contradicted or not."""
    from heatstream.supervision.company import company_shown, declarations

    async def run() -> list[declarations.Declaration]:
        async with desk() as at:
            return await declarations.of_day(at.conn, _today(day))

    found = asyncio.run(run())
    if as_json:
        for each in found:
            typer.echo(json.dumps(company_shown.declaration_tree(each), ensure_ascii=False))
        return
    table = Table("company", "零报告", "zero", "signed by", "incidents")
    for each in found:
        table.add_row(*company_shown.declaration_cells(each))
    out.print(table)
