"""The commands of `heatstream supervise`: what is seen of stations and companies, and what persons record of it."""

import asyncio
import datetime as dt
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from heatstream.cli_companies import company_app
from heatstream.cli_reports import report_app
from heatstream.cli_scores import scores_app
from heatstream.cli_tickets import tickets_app
from heatstream.terminal import DAY, JsonOption, configured, desk, out, said, transaction

FAILED = 1
MOST_DAYS = 3660

supervise_app = typer.Typer(no_args_is_help=True, help="Heat sources and companies: docs/supervision.md.")
supervise_app.add_typer(company_app, name="company")
supervise_app.add_typer(scores_app)
supervise_app.add_typer(tickets_app, name="tickets")
supervise_app.add_typer(report_app, name="report")

Officer = Annotated[str, typer.Option("--officer", help="工号 of who records; kept for good.")]
MatterCode = Annotated[str, typer.Argument(help="事项编号.")]
EventFile = Annotated[Path, typer.Argument(help="The event as YAML or JSON; - reads it from standard input.")]
KindOption = Annotated[str | None, typer.Option("--kind", help="Only this kind: incident, task, order, …")]
CompanyOption = Annotated[str | None, typer.Option("--company", help="Only this company's, by code.")]
DistrictOption = Annotated[str | None, typer.Option("--district", help="Only this district's, by code.")]


def told(kind: str, file: Path, officer: str) -> Any:
    """Read an event of a kind of matter."""
    from heatstream.rules import exact_yaml
    from heatstream.supervision import act

    tree = exact_yaml.parse(sys.stdin.read(), "standard input") if str(file) == "-" else exact_yaml.read(file)
    return act.told(kind, tree, officer, str(file))


# --- recording --------------------------------------------------------------------------------------------------------


@supervise_app.command("open")
def supervise_open(
    kind: Annotated[str, typer.Argument(help="incident, task, order, … as docs/supervision.md lists them.")],
    event: EventFile,
    officer: Officer,
    code: Annotated[str | None, typer.Option(help="事项编号; without it one is made.")] = None,
) -> None:
    """Open a matter by an event that opens one; tell its 事项编号."""
    opening = told(kind, event, officer)

    async def run() -> str:
        async with desk() as at:
            return str(await at.open(kind, opening, by=officer, code=code))

    typer.echo(asyncio.run(run()))


@supervise_app.command("record")
def supervise_record(matter: MatterCode, event: EventFile, officer: Officer) -> None:
    """Record an event in a matter, whole or not at all."""

    async def run() -> int:
        async with desk() as at:
            found = await at.find(matter)
            return int((await at.record(matter, told(found.kind, event, officer), by=officer)).number)

    out.print(f"{matter}: event {asyncio.run(run())} recorded", highlight=False)


@supervise_app.command("attach")
def supervise_attach(
    matter: MatterCode,
    file: Annotated[Path, typer.Argument(help="The paper.", exists=True, dir_okay=False)],
    officer: Officer,
) -> None:
    """Keep a paper in a matter's file; tell its SHA-256, which events cite."""
    from heatstream.supervision import files

    async def run() -> str:
        async with desk() as at:
            return await files.attach(at, matter, file.name, file.read_bytes(), by=officer)

    typer.echo(asyncio.run(run()))


# --- seeing -----------------------------------------------------------------------------------------------------------


@supervise_app.command("show")
def supervise_show(matter: MatterCode, as_json: JsonOption = False) -> None:
    """Show a matter: where it stands, its limits, every event, what may come next and by whom."""
    from heatstream.supervision import shown

    async def run() -> Any:
        async with desk(snapshot=True) as at:
            return await shown.look(at, matter)

    found = asyncio.run(run())
    if as_json:
        typer.echo(json.dumps(shown.tree(found), ensure_ascii=False, indent=2))
        return
    for line in shown.sentences(found):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


@supervise_app.command("list")
def supervise_list(
    *,
    kind: KindOption = None,
    company: CompanyOption = None,
    district: DistrictOption = None,
    still_open: Annotated[bool, typer.Option("--open", help="Only those that are open.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List matters, the most urgent first, then by their next limit."""
    from heatstream.store import matters
    from heatstream.store.read import places
    from heatstream.store.timescale import LOCAL
    from heatstream.supervision import shown, today

    asked = list(today.conditions(kind=kind, company_code=company, district_code=district))

    async def run() -> Any:
        async with transaction(configured()) as conn:
            await places.check(conn, places.Place(company=company, district=district))
            return await matters.listed(conn, *asked, *([matters.is_open()] if still_open else []))

    found = asyncio.run(run())
    if as_json:
        for each in found:
            typer.echo(json.dumps(shown.row(each), ensure_ascii=False))
        return
    table = Table("matter", "kind", "step", "urgency", "company", "next limit", "what")
    for each in found:
        due = each.next_due_at.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M") if each.next_due_at else ""
        urgency = shown.URGENCY_ZH[each.urgency]
        table.add_row(each.code, each.kind, each.step, urgency, each.company or "", due, each.headline)
    out.print(table)


@supervise_app.command("today")
def supervise_today(
    *,
    company: CompanyOption = None,
    district: DistrictOption = None,
    limit: Annotated[int, typer.Option("--limit", help="Most lines.", min=1)] = 50,
    as_json: JsonOption = False,
) -> None:
    """The morning's list: where to go and why, the most urgent first, as everything stands now."""
    from heatstream.store.read import places
    from heatstream.supervision import today

    asked = list(today.conditions(company_code=company, district_code=district))

    async def run() -> Any:
        async with desk(snapshot=True) as at:
            await places.check(at.conn, places.Place(company=company, district=district))
            return at.now(), await today.places(at, *asked, limit=limit)

    now, found = asyncio.run(run())
    more = found.total - len(found.places)
    if as_json:
        for each in found.places:
            typer.echo(json.dumps(today.row(each), ensure_ascii=False))
    else:
        table = Table("缓急", "事项", "何处", "为何", "户数", "下一时限")
        for each in found.places:
            table.add_row(*today.cells(each, now))
        out.print(table)
    if more:
        # Beside what is piped on to a program.
        typer.echo(f"另有 {more} 项 / {more} more; --limit shows more of them", err=True)


@supervise_app.command("check")
def supervise_check() -> None:
    """Prove that every matter's events are those that were recorded; exit code 1 if one is not."""
    from heatstream.supervision import audit

    async def run() -> list[audit.Looked]:
        async with desk(snapshot=True) as at:
            return [each async for each in audit.looked(at)]

    found = asyncio.run(run())
    faults = [each.fault for each in found if each.fault is not None]
    for fault in faults:
        typer.echo(fault)
    if earlier := sum(each.earlier for each in found):
        told = f"{earlier} rows were written by an earlier release, no fault; `heatstream jobs` rewrites the open ones"
        out.print(told, highlight=False, soft_wrap=True)
    if faults:
        raise typer.Exit(FAILED)
    out.print("every matter is whole")


# --- meters -----------------------------------------------------------------------------------------------------------


@supervise_app.command("meters")
def supervise_meters(
    device: Annotated[str | None, typer.Argument(help="热量表; without it all.")] = None,
    *,
    first: Annotated[dt.datetime | None, typer.Option("--from", help="First day; yesterday.", **DAY)] = None,
    days: Annotated[int, typer.Option(help="So many days from it.", min=1, max=MOST_DAYS)] = 1,
    as_json: JsonOption = False,
) -> None:
    """Show what meters' counters gave by day, beside power, flow and estimates, and what is marked of them."""
    from heatstream.store.timescale import LOCAL
    from heatstream.supervision.station import meters_shown

    day = first.date() if first else dt.datetime.now(LOCAL).date() - dt.timedelta(days=1)

    async def run() -> Any:
        async with transaction(configured(), snapshot=True) as conn:
            return await meters_shown.between(conn, device, day, day + dt.timedelta(days=days - 1))

    found = asyncio.run(run())
    if as_json:
        for each in found:
            typer.echo(json.dumps(meters_shown.tree(each), ensure_ascii=False))
        return
    table = Table(*meters_shown.HEADINGS)
    for each in found:
        table.add_row(*meters_shown.cells(each))
    out.print(table)


# --- incidents --------------------------------------------------------------------------------------------------------


@supervise_app.command("stops")
def supervise_stops(
    *,
    first: Annotated[dt.datetime | None, typer.Option("--from", help="First day; today.", **DAY)] = None,
    days: Annotated[int, typer.Option(help="So many days from it.", min=1, max=MOST_DAYS)] = 7,
    as_json: JsonOption = False,
) -> None:
    """List announced stops, and whether users were told so long ahead as the operator's rules ask."""
    from heatstream.store.timescale import LOCAL
    from heatstream.supervision.incident import stops

    day = first.date() if first else dt.datetime.now(LOCAL).date()
    begins = dt.datetime.combine(day, dt.time(), LOCAL)

    async def run() -> Any:
        async with desk(snapshot=True) as at:
            return await stops.between(at, begins, begins + dt.timedelta(days=days))

    found = asyncio.run(run())
    if as_json:
        for each in found:
            typer.echo(json.dumps(stops.tree(*each), ensure_ascii=False))
        return
    if not found:
        out.print(f"no announced stop from {day} on, {days} days", highlight=False)
    for line in stops.sentences(found):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


@supervise_app.command("merge")
def supervise_merge(
    incident: Annotated[str, typer.Argument(help="The incident that ends here.")],
    into: Annotated[str, typer.Argument(help="The one in which it goes on.")],
    officer: Officer,
    why: Annotated[str, typer.Option(help="Why they are one matter; kept for good.", callback=said)],
) -> None:
    """Merge two incidents of one thing; both say so."""
    from heatstream.supervision.incident import merging

    async def run() -> None:
        async with desk() as at:
            await merging.merge(at, incident, into, by=officer, why=why)

    asyncio.run(run())
    out.print(f"{incident}: merged into {into}", highlight=False)


@supervise_app.command("batch")
def supervise_batch(
    incident: MatterCode,
    officer: Officer,
    *,
    file: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the case as `claims batch` reads it.", dir_okay=False)
    ] = None,
    open_claims: Annotated[
        bool, typer.Option("--open", help="Open its claims and record it in the incident, all or none.")
    ] = False,
) -> None:
    """Draw up the batch refund case of an incident that an officer has verified."""
    from heatstream.supervision.incident import batch_case

    async def run() -> tuple[Any, list[str]]:
        async with desk() as at:
            found = await at.locked(incident)
            drawn = await batch_case.drawn(at, found, by=officer)
            opened = await batch_case.open_claims(at, found, drawn, by=officer) if open_claims else []
            return drawn, opened

    drawn, opened = asyncio.run(run())
    if file is not None:
        file.write_text(batch_case.written(drawn.case), encoding="utf-8")
    for code in opened:
        typer.echo(code)
    told_of = f"{drawn.case.case}: {len(drawn.case.households)} households, {len(opened)} claims opened"
    typer.echo(told_of, err=True)
    for home, claim in drawn.open_before.items():
        typer.echo(f"left out: {home}, whose claim {claim} is open; record the outage there", err=True)


@supervise_app.command("penalty")
def supervise_penalty(incident: MatterCode, as_json: JsonOption = False) -> None:
    """Tell between which amounts article 33 lies for a late start or an early stop; information, never a fine."""
    from heatstream.supervision.incident import penalty

    async def run() -> Any:
        async with desk(snapshot=True) as at:
            return await penalty.between(at, await at.find(incident))

    found = asyncio.run(run())
    if as_json:
        typer.echo(json.dumps(penalty.tree(found), ensure_ascii=False, indent=2))
        return
    for line in penalty.sentences(found):
        out.print(line, markup=False, highlight=False, soft_wrap=True)
