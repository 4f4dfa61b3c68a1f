"""The commands of `heatstream supervise tickets`: what the hotlines sent, and what officers do with it."""

import asyncio
import datetime as dt
import getpass
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer
from rich.table import Table

from heatstream.terminal import DAY, By, JsonOption, desk, out, said

tickets_app = typer.Typer(
    no_args_is_help=True, help="Tickets of the hotlines and work orders 工单: docs/supervision.md."
)

Line = Annotated[str, typer.Argument(help="The line: 96118, 12345, 12319 …")]
Number = Annotated[str, typer.Argument(help="工单号 of that line.")]
Order = Annotated[str, typer.Argument(help="The work order's number.")]
Officer = Annotated[str, typer.Option("--officer", help="工号 of who does it.")]
Why = Annotated[str, typer.Option("--why", help="Why; kept for good.", callback=said)]
FirstDay = Annotated[dt.datetime, typer.Option("--from", help="First local day.", **DAY)]
LastDay = Annotated[dt.datetime, typer.Option("--to", help="Last local day.", **DAY)]


def _days(first: dt.datetime, last: dt.datetime) -> Any:
    from heatstream.store.read.days import Span

    if last < first:
        raise typer.BadParameter(f"--to: seen {last.date()}, expected {first.date()} or later")
    return Span(first.date(), last.date())


def _when(at: dt.datetime) -> str:
    """Tell an instant in local time, wherever this runs."""
    from heatstream.store.timescale import LOCAL

    return at.astimezone(LOCAL).isoformat(timespec="minutes")


def _lines(rows: list[Mapping[str, Any]]) -> None:
    for row in rows:
        typer.echo(json.dumps(row, ensure_ascii=False, default=str))


@tickets_app.command("import")
def tickets_import(
    file: Annotated[Path, typer.Argument(help="CSV, or JSON lines (.jsonl).", exists=True, dir_okay=False)],
    by: By = "",
) -> None:
    """Take a line's tickets in, none of a faulty file; what came before is the same, or kept as another version."""
    from heatstream.supervision.hotline import ticket_file, tickets

    async def run() -> Any:
        async with desk() as at:
            rows = ticket_file.read(file, tickets.hotlines(at.ground), at.now())
        return await tickets.take(desk, rows, by=by or getpass.getuser())

    taken = asyncio.run(run())
    for each in taken.told:
        typer.echo(each)
    out.print(" · ".join(f"{name}: {count}" for name, count in taken.counts.items()) or "no tickets")


@tickets_app.command("show")
def tickets_show(line: Line, ticket_no: Number) -> None:
    """Show a ticket with every version of it: who called and what was said."""
    from heatstream.store import tickets as kept
    from heatstream.supervision.hotline import tickets

    async def run() -> tuple[Any, list[Any]]:
        async with desk() as at:
            found = await tickets.find(at, line, ticket_no)
            return found, (await kept.versions(at.conn, [found.id]))[found.id]

    found, versions = asyncio.run(run())
    names = ("line", "ticket_no", "received_at", "category", "topic", "address", "content", "caller", "household")
    for name in (*names, "building", "matched_by", "match_why", "set_aside_by", "set_aside_why", "work_order"):
        value = getattr(found, name)
        out.print(
            f"{name}: {_when(value) if isinstance(value, dt.datetime) else value or '–'}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    for each in versions:
        raw = json.dumps(each.raw, ensure_ascii=False)
        told = f"version {each.number}, {each.source}, {_when(each.imported_at)} by {each.imported_by}: {raw}"
        out.print(told, markup=False, highlight=False, soft_wrap=True)


@tickets_app.command("unmatched")
def tickets_unmatched(
    *,
    limit: Annotated[int, typer.Option(help="At most so many tickets.", min=1)] = 50,
    candidates: Annotated[int, typer.Option(help="At most so many candidates each.", min=1)] = 5,
    as_json: JsonOption = False,
) -> None:
    """List tickets that concern nobody yet, the first call first, each with the likeliest homes; a person chooses."""
    from heatstream.supervision.hotline import ticket_acts

    async def run() -> list[Any]:
        async with desk() as at:
            return await ticket_acts.unmatched(at, limit=limit, candidates=candidates)

    found = asyncio.run(run())
    if as_json:
        shown = ("line", "ticket_no", "received_at", "category", "topic", "address")
        own = [{name: getattr(each.ticket, name) for name in shown} for each in found]
        likely = [[one._asdict() for one in each.candidates] for each in found]
        _lines([{**a, "why": b.why, "candidates": c} for a, b, c in zip(own, found, likely, strict=True)])
        return
    table = Table("line", "工单号", "received", "topic", "address", "why", "candidates: score 户号/楼栋 address")
    for each in found:
        likely_here = "\n".join(f"{one.score} {one.household or one.building} {one.address}" for one in each.candidates)
        ticket = each.ticket
        received = _when(ticket.received_at)
        table.add_row(ticket.line, ticket.ticket_no, received, ticket.topic, ticket.address, each.why, likely_here)
    out.print(table)


@tickets_app.command("match")
def tickets_match(
    line: Line,
    ticket_no: Number,
    *,
    household: Annotated[str | None, typer.Option(help="户号.")] = None,
    building: Annotated[str | None, typer.Option(help="Code of the 楼栋, where no home is known.")] = None,
    officer: Officer,
    why: Why,
) -> None:
    """Say whom a ticket concerns; it joins the open work order about the same thing, or opens one."""
    from heatstream.supervision.hotline import ticket_acts

    async def run() -> str:
        async with desk() as at:
            return await ticket_acts.match(
                at, line, ticket_no, household=household, building=building, by=officer, why=why
            )

    typer.echo(asyncio.run(run()))


@tickets_app.command("set-aside")
def tickets_set_aside(line: Line, ticket_no: Number, *, officer: Officer, why: Why) -> None:
    """Say that a ticket is about no building of the registry; `match` takes it up again."""
    from heatstream.supervision.hotline import ticket_acts

    async def run() -> None:
        async with desk() as at:
            await ticket_acts.set_aside(at, line, ticket_no, by=officer, why=why)

    asyncio.run(run())
    out.print(f"{line} {ticket_no} set aside")


@tickets_app.command("split")
def tickets_split(line: Line, ticket_no: Number, *, officer: Officer, why: Why) -> None:
    """拆分: give a ticket a work order of its own; tell its number."""
    from heatstream.supervision.hotline import ticket_acts

    async def run() -> str:
        async with desk() as at:
            return await ticket_acts.split(at, line, ticket_no, by=officer, why=why)

    typer.echo(asyncio.run(run()))


@tickets_app.command("merge")
def tickets_merge(
    order: Order,
    *,
    into: Annotated[str, typer.Option("--into", help="Number of the work order that takes its tickets.")],
    officer: Officer,
    why: Why,
) -> None:
    """合并 a work order into another about the same home and topic."""
    from heatstream.supervision.hotline import ticket_acts

    async def run() -> None:
        async with desk() as at:
            await ticket_acts.merge(at, order, into, by=officer, why=why)

    asyncio.run(run())
    out.print(f"{order} merged into {into}")


@tickets_app.command("proposals")
def tickets_proposals(as_json: JsonOption = False) -> None:
    """Propose claims and incidents for open work orders; `join` does it, and nothing is done by itself."""
    from heatstream.supervision.hotline import ticket_acts

    async def run() -> list[Any]:
        async with desk() as at:
            return await ticket_acts.proposals(at)

    found = asyncio.run(run())
    if as_json:
        _lines([each._asdict() for each in found])
        return
    table = Table("work order", "join", "which")
    for each in found:
        table.add_row(each.work_order, each.what, each.code or "open a new one")
    out.print(table)


@tickets_app.command("join")
def tickets_join(
    order: Order,
    *,
    claim: Annotated[str | None, typer.Option(help="案号 of the household's claim, or `new`.")] = None,
    incident: Annotated[str | None, typer.Option(help="Number of the incident.")] = None,
    officer: Officer,
    why: Why,
) -> None:
    """Let a claim go on from a work order, or say which incident brought it about."""
    from heatstream.claims.act import Desk as ClaimDesk
    from heatstream.supervision.hotline import ticket_acts

    if (claim is None) == (incident is None):
        raise typer.BadParameter("seen --claim and --incident, or neither; expected one of them")

    async def run() -> str:
        async with desk() as at:
            if incident is not None:
                await ticket_acts.join_incident(at, order, incident, by=officer, why=why)
                return incident
            office = ClaimDesk(at.conn, at.ground.days_off, at.now)
            named = None if claim == "new" else claim
            return await ticket_acts.join_claim(at, office, order, claim=named, by=officer, why=why)

    typer.echo(asyncio.run(run()))


@tickets_app.command("groups")
def tickets_groups(first: FirstDay, last: LastDay, *, as_json: JsonOption = False) -> None:
    """List 群体投诉: so many households of one building within 24 h."""
    from heatstream.store.read import work_orders
    from heatstream.supervision.hotline import tickets

    days = _days(first, last)

    async def run() -> list[Any]:
        async with desk() as at:
            least = tickets.hotlines(at.ground).group_households
            return await work_orders.groups(at.conn, days, least=least)

    found = asyncio.run(run())
    if as_json:
        _lines([each._asdict() for each in found])
        return
    table = Table("building", "company", "district", "from", "to", "households", "work orders")
    for each in found:
        times = map(_when, (each.begins, each.ends))
        who = (each.building, each.company, each.district)
        table.add_row(*who, *times, str(each.households), " ".join(each.work_orders))
    out.print(table)


@tickets_app.command("figures")
def tickets_figures(
    first: FirstDay,
    last: LastDay,
    *,
    by: Annotated[str, typer.Option(help="all, company, district, line or topic.")] = "company",
    as_json: JsonOption = False,
) -> None:
    """Count the tickets that were received on these days, and what became of them."""
    from heatstream.store.read import work_orders

    if by not in {"all", "company", "district", "line", "topic"}:
        raise typer.BadParameter(f"--by: seen {by!r}, expected all, company, district, line or topic")
    days = _days(first, last)
    told_by = cast(Literal["all", "company", "district", "line", "topic"], by)

    async def run() -> list[Any]:
        async with desk() as at:
            return await work_orders.figures(at.conn, days, by=told_by, now=at.now())

    found = asyncio.run(run())
    if as_json:
        _lines([each._asdict() for each in found])
        return
    for each in found:
        out.print(f"{each.key or ('all' if by == 'all' else 'matched to nobody')}", highlight=False)
        for name, count in each._asdict().items():
            if name != "key":
                out.print(f"  {name}: {count}", highlight=False)
