"""The command line: the only place where the parts meet.

Exit codes: 0 done, 1 failed, 2 wrong use, 3 refused by the law or by a missing choice. A command imports what it runs
when it runs, so that `heatstream --help` does not wait for the web page's libraries.
"""

import asyncio
import datetime as dt
import getpass
import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from heatstream import settings
from heatstream.cli_accounts import accesses_app, accounts_app, keys_app
from heatstream.cli_privacy import privacy_app
from heatstream.cli_supervise import supervise_app
from heatstream.errors import BadInput, HeatstreamError, Refused, SettingsError
from heatstream.terminal import By, JsonOption, configured, out, transaction, when

FAILED, WRONG_USE, REFUSED = 1, 2, 3

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="From room temperatures to findings a heating office can sign. 供热室温监测与退费测算",
)
ingest_app = typer.Typer(invoke_without_command=True, help="Take readings from the broker into the store.")
evaluate_app = typer.Typer(
    invoke_without_command=True, help="Judge household-days: statistics, findings, computed amounts."
)
registry_app = typer.Typer(no_args_is_help=True, help="Households, points, gateways, contracts: import and export.")
conflicts_app = typer.Typer(no_args_is_help=True, help="Instants with two values: list them, decide them.")
replay_app = typer.Typer(no_args_is_help=True, help="Feed again: rejects once their cause is mended, or a file.")
quality_app = typer.Typer(no_args_is_help=True, help="Quality marks: list and review them; homes to be measured.")
claims_app = typer.Typer(no_args_is_help=True, help="The way of a claim: open, record, show; docs/procedure.md.")
rules_app = typer.Typer(no_args_is_help=True, help="Rule packs: which there are, what they say, what they leave open.")
evidence_app = typer.Typer(no_args_is_help=True, help="Bundles that prove what was found; roots, keys, legal holds.")
evidence_key_app = typer.Typer(no_args_is_help=True, help="The key that signs bundles.")
hold_app = typer.Typer(no_args_is_help=True, help="证据保全: what must not be deleted.")
for name, group in (
    ("ingest", ingest_app),
    ("evaluate", evaluate_app),
    ("registry", registry_app),
    ("accounts", accounts_app),
    ("keys", keys_app),
    ("accesses", accesses_app),
    ("conflicts", conflicts_app),
    ("quality", quality_app),
    ("claims", claims_app),
    ("replay", replay_app),
    ("rules", rules_app),
    ("evidence", evidence_app),
):
    app.add_typer(group, name=name)
evidence_app.add_typer(evidence_key_app, name="key")
evidence_app.add_typer(hold_app, name="hold")

app.add_typer(supervise_app, name="supervise")
app.add_typer(privacy_app, name="privacy")

# --- the processes ----------------------------------------------------------------------------------------------------


@app.command()
def migrate() -> None:
    """Bring the database to this release's schema."""
    from heatstream.store import migrate as migrations

    found = configured()
    asyncio.run(migrations.upgrade(found.database_url()))
    out.print("the database is at this release's schema")


@ingest_app.callback()
def ingest(
    ctx: typer.Context, allow_fail_points: Annotated[bool, typer.Option("--allow-fail-points", hidden=True)] = False
) -> None:
    """Take readings from the broker into the store, until told to stop."""
    if ctx.invoked_subcommand is None:
        from heatstream.ingest import run

        raise typer.Exit(asyncio.run(run.main(configured(), allow_fail_points=allow_fail_points)))


@ingest_app.command("status")
def ingest_status(
    hours: Annotated[int, typer.Option(help="How many hours back.")] = 24, as_json: JsonOption = False
) -> None:
    """Show conservation by gateway and hour, missing sequences, late, conflicts, rejects, lag."""
    from heatstream.ingest import status

    async def show() -> None:
        async with transaction(configured()) as conn:
            await status.show(conn, hours=hours, as_json=as_json)

    asyncio.run(show())


@evaluate_app.callback()
def evaluate(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Close and judge what there is, then end.")] = False,
    through: Annotated[
        dt.datetime | None, typer.Option(help="Close no later day, then end.", formats=["%Y-%m-%d"])
    ] = None,
) -> None:
    """Close days and judge them, until told to stop."""
    if ctx.invoked_subcommand is None:
        from heatstream.evaluate import run

        raise typer.Exit(asyncio.run(run.main(configured(), once=once, through=through and through.date())))


@evaluate_app.command("status")
def evaluate_status(as_json: JsonOption = False) -> None:
    """Show what is closed, what waits, and the last runs."""
    from heatstream.evaluate import status

    async def show() -> None:
        async with transaction(configured()) as conn:
            await status.show(conn, as_json=as_json)

    asyncio.run(show())


@app.command()
def serve() -> None:
    """Serve the API."""
    from heatstream.serve import run

    run.main(configured())


@app.command()
def web() -> None:
    """Serve the officials' page."""
    from heatstream.web import run

    run.main(configured())


@app.command()
def jobs(once: Annotated[bool, typer.Option("--once", help="Run every job once, then end.")] = False) -> None:
    """Run what recurs, number the feed, and write exports."""
    from heatstream.jobs import run
    from heatstream.serve.app import listings

    settings = configured()
    raise typer.Exit(asyncio.run(run.main(settings, listings(settings), once=once)))


@app.command()
def demo(
    fresh: Annotated[bool, typer.Option("--fresh", help="Start anew: drop the demo's data.")] = False,
    data: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path(".heatstream"),
    port: Annotated[int, typer.Option(help="Port of the page; the API takes the next.")] = 8081,
) -> None:
    """Show a fictional city, from the sensors to the findings, on this machine alone."""
    from heatstream.embedded import demo as show

    raise typer.Exit(show.run(data=data, fresh=fresh, port=port))


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Check broker, database, clock and disk against what is known to lose data."""
    from heatstream.ingest import doctor as checks

    raise typer.Exit(asyncio.run(checks.main(configured(), as_json=as_json)))


# --- the registry -----------------------------------------------------------------------------------------------------


@registry_app.command("import")
def registry_import(
    files: Annotated[
        list[Path], typer.Argument(help="CSV files named by their table, or folders of them.", exists=True)
    ],
    by: By = "",
) -> None:
    """Import registry files, all or nothing."""
    from heatstream.store import registry

    async def run() -> dict[str, Any]:
        async with transaction(configured()) as conn:
            return await registry.import_files(conn, files, by or getpass.getuser())

    table = Table("table", "new", "changed", "same")
    for noun, count in asyncio.run(run()).items():
        table.add_row(noun, str(count["new"]), str(count["changed"]), str(count["same"]))
    out.print(table)


@registry_app.command("export")
def registry_export(folder: Annotated[Path, typer.Argument(help="Where to write the files.")]) -> None:
    """Write the registry as files that `import` reads."""
    from heatstream.store import registry

    async def run() -> dict[str, int]:
        async with transaction(configured()) as conn:
            return await registry.export_files(conn, folder)

    for noun, rows in asyncio.run(run()).items():
        out.print(f"{noun}.csv: {rows} rows")


@registry_app.command("outdoor")
def registry_outdoor(
    file: Annotated[Path, typer.Argument(help="CSV: day, mean_c, source.", exists=True, dir_okay=False)],
    by: By = "",
) -> None:
    """Record official outdoor daily means, all or nothing; closed days are judged again."""
    from heatstream.store import outdoor

    async def run() -> Counter[str]:
        async with transaction(configured()) as conn:
            return await outdoor.record(conn, outdoor.read(file), by or getpass.getuser())

    count = asyncio.run(run())
    out.print(f"new {count['new']}, changed {count['changed']}, same {count['same']}")


# --- conflicts, rejects, files ----------------------------------------------------------------------------------------


@conflicts_app.command("list")
def conflicts_list(limit: Annotated[int, typer.Option(help="At most so many.")] = 100) -> None:
    """List the instants with two values that nobody has decided."""
    from heatstream.store import conflicts

    async def run() -> list[conflicts.Conflict]:
        async with transaction(configured()) as conn:
            return await conflicts.undecided(conn, limit=limit)

    table = Table("point", "instant", "stored °C", "other °C")
    for each in asyncio.run(run()):
        table.add_row(
            each.device,
            each.observed_at.isoformat(),
            f"{each.stored_centi / 100:.2f}",
            " ".join(f"{c / 100:.2f}" for c in each.other_centi),
        )
    out.print(table)


@conflicts_app.command("decide")
def conflicts_decide(
    point: Annotated[str, typer.Argument(help="The point's device name.")],
    instant: Annotated[
        dt.datetime, typer.Argument(help="The instant, with its zone.", formats=["%Y-%m-%dT%H:%M:%S%z"])
    ],
    officer: Annotated[str, typer.Option(help="Who decides.")],
    reason: Annotated[str, typer.Option(help="Why; kept for good.")],
    value: Annotated[str | None, typer.Option(help="The value that counts [°C]; without it neither counts.")] = None,
) -> None:
    """Decide which value of an instant counts."""
    from heatstream.store import conflicts

    found = configured()
    begins, _ = settings.window_minutes(found.evaluate.day_window)

    async def run() -> None:
        async with transaction(found) as conn:
            await conflicts.decide(conn, point, instant, value, officer=officer, reason=reason, day_from_min=begins)

    asyncio.run(run())
    out.print("decided; the day will be judged again")


# --- quality marks ----------------------------------------------------------------------------------------------------


@quality_app.command("list")
def quality_list(
    *,
    point: Annotated[str | None, typer.Option(help="Only this point's, by its device name.")] = None,
    household: Annotated[str | None, typer.Option(help="Only this 户号's.")] = None,
    day: Annotated[dt.datetime | None, typer.Option(help="Only of this day.", formats=["%Y-%m-%d"])] = None,
    kind: Annotated[str | None, typer.Option(help="Only of this kind: docs/quality.md lists them.")] = None,
    unreviewed: Annotated[bool, typer.Option("--open", help="Only those that nobody has reviewed.")] = False,
    above: Annotated[int, typer.Option(help="Only those with a higher number: for the next page.")] = 0,
    limit: Annotated[int, typer.Option(help="At most so many.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """List what was seen in the readings, each with what a reviewer said of it."""
    from heatstream.store import quality

    wanted = quality.Wanted(point, household, day and day.date(), kind, unreviewed)

    async def run() -> list[quality.Mark]:
        async with transaction(configured()) as conn:
            return await quality.listed(conn, wanted, above=above, limit=limit)

    marks = asyncio.run(run())
    if as_json:
        for mark in marks:
            typer.echo(json.dumps(mark._asdict(), ensure_ascii=False, default=str))
        return
    table = Table("mark", "kind", "point", "户号", "from", "to", "seen", "review")
    for mark in marks:
        seen = " ".join(f"{name}={value}" for name, value in mark.evidence["seen"].items())
        said = "" if mark.excludes is None else f"{'excluded' if mark.excludes else 'kept'} by {mark.officer}"
        table.add_row(
            str(mark.id), mark.kind, mark.device, mark.household, when(mark.begins), when(mark.ends), seen, said
        )
    out.print(table)


@quality_app.command("review")
def quality_review(
    mark: Annotated[int, typer.Argument(help="The mark's number, as listed.")],
    officer: Annotated[str, typer.Option(help="工号 of an officer of the home's district or of the city.")],
    reason: Annotated[str, typer.Option(help="Why; kept for good.")],
    exclude: Annotated[bool, typer.Option("--exclude/--keep", help="Its readings count for nothing, or they count.")],
) -> None:
    """Say whether a mark's readings count; the day is judged again. The readings stay as they were sent."""
    from heatstream.store import quality

    found = configured()
    begins, _ = settings.window_minutes(found.evaluate.day_window)

    async def run() -> None:
        async with transaction(found) as conn:
            await quality.review(conn, mark, excludes=exclude, by=officer, reason=reason, day_from_min=begins)

    asyncio.run(run())
    out.print("reviewed; the day will be judged again")


@quality_app.command("remeasure")
def quality_remeasure(
    district: Annotated[str, typer.Option(help="Code of the 区县.")],
    first: Annotated[dt.datetime, typer.Option("--from", help="First day.", formats=["%Y-%m-%d"])],
    last: Annotated[dt.datetime, typer.Option("--to", help="Last day.", formats=["%Y-%m-%d"])],
    limit: Annotated[int, typer.Option(help="At most so many homes.")] = 10_000,
    as_json: JsonOption = False,
) -> None:
    """List the homes to be measured 补测: undetermined days of a district and period, reason and last coverage."""
    from heatstream.store.read import days, places, remeasure, words

    place = places.Place(district=district)
    if first > last:
        raise BadInput(f"--from: seen {first.date()}, expected a day not after --to ({last.date()})")

    async def run() -> Any:
        async with transaction(configured()) as conn:
            await places.check(conn, place)
            return await remeasure.listed(conn, days.Span(first.date(), last.date()), place, limit=limit)

    homes = asyncio.run(run())
    if as_json:
        names = ("household", "address", "building", "company", "undetermined_days", "day", "slots_valid")
        for row in homes:
            told = {name: getattr(row, name) for name in (*names, "slots_expected")}
            typer.echo(json.dumps(told | {"reason": words.reason_word(row.reason)}, ensure_ascii=False, default=str))
        return
    table = Table("户号", "地址", "无法判定（天）", "最近一天", "原因", "有效时段")
    for row in homes:
        coverage = f"{row.slots_valid}/{row.slots_expected}"
        why = words.REASON_ZH[row.reason]
        table.add_row(row.household, row.address, str(row.undetermined_days), str(row.day), why, coverage)
    out.print(table)


@replay_app.command("rejects")
def replay_rejects(
    reason: Annotated[str | None, typer.Option(help="Only rejects with this reason code.")] = None,
) -> None:
    """Feed rejected messages again; what is usable now is stored and resolved."""
    from heatstream.ingest import replay

    counts = asyncio.run(replay.main(configured(), reason=reason))
    for name, count in counts.items():
        out.print(f"{name}: {count}")


# --- claims -----------------------------------------------------------------------------------------------------------


Officer = Annotated[str, typer.Option("--officer", help="工号 of who records; kept for good.")]
ClaimCode = Annotated[str, typer.Argument(help="案号.")]
EventFile = Annotated[Path, typer.Argument(help="The event as YAML or JSON; - reads it from standard input.")]


@asynccontextmanager
async def _desk() -> AsyncIterator[Any]:
    from heatstream.claims.act import Desk
    from heatstream.rules import holidays

    found = configured()
    async with transaction(found) as conn:
        yield Desk(conn, holidays.load(found.evaluate.packs_dir), lambda: dt.datetime.now(dt.UTC))


def _event(file: Path, officer: str) -> Any:
    from heatstream.claims import events
    from heatstream.rules import exact_yaml

    tree = exact_yaml.parse(sys.stdin.read(), "standard input") if str(file) == "-" else exact_yaml.read(file)
    return events.read(tree, f"{officer}, {file}")


@claims_app.command("open")
def claims_open(
    event: EventFile,
    officer: Officer,
    code: Annotated[str | None, typer.Option(help="案号; without it one is made.")] = None,
) -> None:
    """Open a claim by an event `opened`; tell its 案号."""
    told = _event(event, officer)

    async def run() -> str:
        async with _desk() as desk:
            return str(await desk.open(told, by=officer, code=code))

    typer.echo(asyncio.run(run()))


@claims_app.command("record")
def claims_record(claim: ClaimCode, event: EventFile, officer: Officer) -> None:
    """Record an event in a claim, whole or not at all."""
    told = _event(event, officer)

    async def run() -> int:
        async with _desk() as desk:
            return int((await desk.record(claim, told, by=officer)).number)

    out.print(f"{claim}: event {asyncio.run(run())} recorded")


@claims_app.command("attach")
def claims_attach(
    claim: ClaimCode,
    file: Annotated[Path, typer.Argument(help="The paper.", exists=True, dir_okay=False)],
    officer: Officer,
    kind: Annotated[str, typer.Option(help="scan, form, receipt, bundle or other.")] = "scan",
) -> None:
    """Keep a paper in a claim's file; tell its SHA-256, which events cite."""
    from heatstream.claims import files

    async def run() -> str:
        async with _desk() as desk:
            return str(await files.attach(desk, claim, file.name, file.read_bytes(), kind=kind, by=officer))

    typer.echo(asyncio.run(run()))


@claims_app.command("print")
def claims_print(
    claim: ClaimCode,
    *,
    paper: Annotated[
        str, typer.Option(help="visit-form, ruling, approval, receipt, voucher or explanation: docs/documents.md.")
    ],
    file: Annotated[Path, typer.Option("-o", "--output", help="Where to write it.", dir_okay=False)],
    blank: Annotated[bool, typer.Option("--blank", help="A visit-form to write on at the door.")] = False,
    draft: Annotated[bool, typer.Option("--draft", help="The draft of a ruling that waits for 复核 or 审批.")] = False,
    by: Annotated[str | None, typer.Option(help="Whose blank form: company, authority or third_party.")] = None,
    event: Annotated[int | None, typer.Option(help="Number of the visit's event; the newest without it.")] = None,
    party: Annotated[str | None, typer.Option(help="Whose receipt: household or company.")] = None,
    html: Annotated[bool, typer.Option("--html", help="HTML in place of PDF.")] = False,
) -> None:
    """Print a paper of a claim as PDF/A."""
    from heatstream.claims.documents import printing

    wanted = printing.wanted(paper, html=html, blank=blank, draft=draft, by=by, event=event, party=party)

    async def run() -> bytes:
        async with _desk() as desk:
            return bytes(await printing.printed(desk, claim, wanted))

    content = asyncio.run(run())
    file.write_bytes(content)
    out.print(f"{file}: {len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}", soft_wrap=True)


@claims_app.command("batch")
def claims_batch(
    file: Annotated[Path, typer.Argument(help="The case: docs/procedure.md tells its form.")], officer: Officer
) -> None:
    """Open a claim for every household of a 批量退费 case, all or none."""
    from heatstream.claims import batch

    case = batch.read(file)

    async def run() -> list[str]:
        async with _desk() as desk:
            return await batch.open_all(desk, case, by=officer)

    for code in asyncio.run(run()):
        typer.echo(code)


@claims_app.command("show")
def claims_show(
    claim: ClaimCode,
    *,
    facts: Annotated[bool, typer.Option("--facts", help="Its facts as JSON: docs/claims.md, section 8.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a claim: its step, time limits, the three amounts, every event, what may come next."""
    from heatstream.claims import assess, check, shown
    from heatstream.store import claims

    async def run() -> tuple[tuple[Any, Any, Any, dt.datetime], Any]:
        async with _desk() as desk:
            found = await assess.find(desk.conn, claim)
            lines = await claims.lines(desk.conn, found.id)
            seen = await desk.assess(found, assess.way_from(lines))
            coming = check.may_come_next(seen.way, await desk.around(found, seen))
            return (seen, lines, await claims.tasks(desk.conn, found.id), desk.now()), coming

    found, coming = asyncio.run(run())
    if facts or as_json:
        typer.echo(json.dumps(found[0].facts if facts else shown.tree(*found), ensure_ascii=False, indent=2))
    else:
        for line in shown.sentences(*found, coming):
            out.print(line, markup=False, highlight=False, soft_wrap=True)


@claims_app.command("explain")
def claims_explain(
    claim: ClaimCode,
    *,
    english: Annotated[bool, typer.Option("--english", help="In English.")] = False,
) -> None:
    """Explain what a claim comes to: which days counted and why others not, and what would have altered it."""
    from heatstream.claims import assess
    from heatstream.claims.explained_claim import explain_claim

    async def run() -> Any:
        async with _desk() as desk:
            found = await assess.find(desk.conn, claim)
            seen = await desk.assess(found, await assess.way_of(desk.conn, found))
            return explain_claim(seen, await desk.law())

    for line in asyncio.run(run()):
        out.print(line.en if english else line.zh, markup=False, highlight=False, soft_wrap=True)


@claims_app.command("list")
def claims_list(
    *,
    due: Annotated[
        bool, typer.Option("--due", help="Only those with a time limit passed, or ending within a day.")
    ] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only rulings unpaid past 履行期限, by company.")] = False,
    step: Annotated[str | None, typer.Option(help="Only those at this step.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List claims by the order they were opened in; overdue ones by company."""
    from heatstream.claims import shown
    from heatstream.store import claims
    from heatstream.store.timescale import LOCAL

    now = dt.datetime.now(dt.UTC)
    asked = [claims.due_by(now + dt.timedelta(days=1))] if due else []
    asked += [claims.unpaid_since(now.astimezone(LOCAL).date())] if overdue else []
    asked += [claims.at_step(step)] if step else []

    async def run() -> list[claims.Claim]:
        async with transaction(configured()) as conn:
            return await claims.listed(conn, *asked)

    found = asyncio.run(run())
    if overdue:
        found.sort(key=lambda each: (each.company, each.pay_by or dt.date.max))
    if as_json:
        for each in found:
            typer.echo(json.dumps(shown.row(each), ensure_ascii=False))
        return
    table = Table("claim", "household", "company", "step", "due", "测算额", "应退热费", "裁定额")
    for each in found:
        table.add_row(*shown.cells(each))
    out.print(table)


@claims_app.command("recompute")
def claims_recompute() -> None:
    """Compute every open claim anew, and open a 复核 where a ruled one would come to something else."""
    from heatstream.claims import review
    from heatstream.rules import holidays
    from heatstream.store import migrate, pool

    async def run() -> dict[str, int]:
        found = configured()
        engine = pool.create_engine(found.database_url(), size=2, application="heatstream-cli")
        try:
            async with engine.connect() as conn:
                await migrate.require_ready(conn)
            days_off = holidays.load(found.evaluate.packs_dir)
            return dict(await review.refresh(engine, days_off, lambda: dt.datetime.now(dt.UTC)))
        finally:
            await engine.dispose()

    counts = asyncio.run(run())
    out.print(" · ".join(f"{name}: {count}" for name, count in counts.items()) or "no claims")


@claims_app.command("check")
def claims_check() -> None:
    """Prove that every claim's events are those that were recorded; exit code 1 if one is not."""
    from heatstream.claims import audit

    async def run() -> list[str]:
        async with transaction(configured()) as conn:
            return [fault async for fault in audit.faults(conn)]

    found = asyncio.run(run())
    for fault in found:
        typer.echo(fault)
    if found:
        raise typer.Exit(FAILED)
    out.print("every claim is whole")


# --- rules ------------------------------------------------------------------------------------------------------------


STATES = {"ready": "●", "choices": "○", "absent": "–"}
CAPABILITIES = {
    "standard": "室温",
    "clocks": "时限",
    "escalation": "复测",
    "ruling": "裁定",
    "amount": "测算",
    "entitlement": "应退",
    "supervision": "监管",
}


@rules_app.command("list")
def rules_list() -> None:
    """List the rule packs and what each can be used for."""
    from heatstream.rules import capability, pack, policy

    table = Table(Column("id", no_wrap=True), "place", *(CAPABILITIES[name] for name in capability.NAMES))
    folders = policy.folders(_packs_dir())
    for each in (pack.find(pack_id, folders) for pack_id in pack.ids(folders)):
        states = [STATES[one.state] + ("?" if one.what_if else "") for one in capability.capabilities(each)]
        table.add_row(each.id, each.place, *states)
    out.print(table)
    out.print(
        "● ready · ○ after the operator's choices · – nobody could read it · ? what-if only: not read in the text"
    )
    out.print(" · ".join(f"{heading} {name}" for name, heading in CAPABILITIES.items()))


@rules_app.command("show")
def rules_show(
    place_or_id: Annotated[str, typer.Argument(help="A pack's id, or a part of a place's name.")],
    on: Annotated[dt.datetime | None, typer.Option(help="Only what holds on that day.", formats=["%Y-%m-%d"])] = None,
) -> None:
    """Show what a pack says, what it can be used for, and what it leaves open."""
    from heatstream.rules import show

    for line in show.shown(place_or_id, on and on.date(), _packs_dir()):
        typer.echo(line)


@rules_app.command("check")
def rules_check(
    file: Annotated[
        Path,
        typer.Argument(help="A pack, choices, a supplement, holidays, supervision rules.", exists=True, dir_okay=False),
    ],
) -> None:
    """Tell whether a file is whole, and what it serves; of choices, what must still be chosen."""
    from heatstream.rules import check

    for line in check.check(file, _packs_dir()):
        typer.echo(line)


@rules_app.command("diff")
def rules_diff(
    before: Annotated[str, typer.Argument(help="A pack's id or file, a choices file, or a policy as it was kept.")],
    after: Annotated[str, typer.Argument(help="The same kind.")],
    as_json: JsonOption = False,
) -> None:
    """Show what differs, value by value, with the articles; choices are compared with the packs they name."""
    from heatstream.rules import diff

    for each in diff.differences(diff.tree(before, _packs_dir()), diff.tree(after, _packs_dir())):
        typer.echo(json.dumps(each._asdict(), ensure_ascii=False) if as_json else str(each))


@rules_app.command("explain")
def rules_explain(option: Annotated[str, typer.Argument(help="An option of a choices file.")]) -> None:
    """Explain an option: the question, the law, the values, and which packs leave it open."""
    from heatstream.rules import options

    for line in options.explained(option, _packs_dir()):
        typer.echo(line.en)


@rules_app.command("schema")
def rules_schema(
    name: Annotated[str, typer.Argument(help="pack, choices, supplement, holidays or supervision.")],
) -> None:
    """Print the JSON Schema of a file that people write."""
    from heatstream.rules import schema

    typer.echo(schema.written(name))


@rules_app.command("simulate")
def rules_simulate(
    policy: Annotated[Path, typer.Option(help="The new choices file.", exists=True, dir_okay=False)],
    against: Annotated[Path, typer.Option(help="The old one.", exists=True, dir_okay=False)],
    season: Annotated[int, typer.Option(help="The year the season begins in.")],
    assume_application: Annotated[
        str | None, typer.Option(help="first_failing_day: what would count if each failing home had applied then.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell which homes and how many fen a policy would change, by company and district; nothing is written."""
    from heatstream.evaluate import simulate

    asyncio.run(simulate.main(configured(), policy, against, season, assume=assume_application, as_json=as_json))


def _packs_dir() -> Path | None:
    return settings.load().evaluate.packs_dir


# --- evidence ---------------------------------------------------------------------------------------------------------

Household = Annotated[str, typer.Option("--household", help="户号.")]
FirstDay = Annotated[dt.datetime, typer.Option("--from", help="First day.", formats=["%Y-%m-%d"])]
LastDay = Annotated[dt.datetime, typer.Option("--to", help="Last day.", formats=["%Y-%m-%d"])]


@evidence_app.command("export")
def evidence_export(
    household: Household,
    first: FirstDay,
    last: LastDay,
    output: Annotated[Path, typer.Option("-o", "--output", help="The bundle to write; it must not be there.")],
) -> None:
    """Export one household's evidence of some days as a bundle; signed where a key is set."""
    from heatstream.claims.told import told
    from heatstream.evidence import bundle, sign

    found = configured()

    async def run() -> bytes:
        async with transaction(found, snapshot=True) as conn:
            return await bundle.export(
                conn,
                household,
                first.date(),
                last.date(),
                signer=sign.signer_of(found.evidence),
                told_of=told,
                made_at=dt.datetime.now(dt.UTC),
            )

    content = asyncio.run(run())
    _write_new(output, content)
    out.print(f"{output}: {len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}", soft_wrap=True)


def _write_new(file: Path, content: bytes) -> None:
    try:
        with file.open("xb") as opened:
            opened.write(content)
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from error


@evidence_app.command("verify")
def evidence_verify(
    file: Annotated[Path, typer.Argument(help="A bundle.", exists=True, dir_okay=False)],
) -> None:
    """Judge a bundle again with Python's standard library alone; 0 = same, 1 = different."""
    import heatstream.evidence

    twin = Path(heatstream.evidence.__file__).with_name("twin.py")
    raise typer.Exit(subprocess.run([sys.executable, "-I", "-S", twin, "verify", file], check=False).returncode)


@evidence_app.command("roots")
def evidence_roots(limit: Annotated[int, typer.Option(help="At most so many.")] = 30) -> None:
    """List the roots that seal what was judged, the newest first."""
    from heatstream.store import evidence

    async def run() -> list[evidence.Root]:
        async with transaction(configured()) as conn:
            return await evidence.roots(conn, limit=limit)

    table = Table("id", "made", "point-days", Column("root", no_wrap=True), "time stamp")
    for root in asyncio.run(run()):
        table.add_row(
            str(root.id), when(root.made_at), str(root.leaves), root.root.hex(), root.time_stamped_by or "none"
        )
    out.print(table)


@evidence_key_app.command("create")
def evidence_key_create(file: Annotated[Path, typer.Argument(help="Where to write the private key.")]) -> None:
    """Create an Ed25519 key that its owner alone can read; print the public one."""
    from heatstream.evidence import sign

    typer.echo(sign.create_key(file).hex())


@hold_app.command("place")
def hold_place(
    first: FirstDay,
    last: LastDay,
    reason: Annotated[str, typer.Option(help="Why; kept for good.")],
    household: Annotated[str | None, typer.Option(help="户号; without it every home's.")] = None,
    by: By = "",
) -> None:
    """Keep the readings of these days, whatever the retention says, until the hold is released."""
    from heatstream.store import evidence

    async def run() -> int:
        async with transaction(configured()) as conn:
            who = by or getpass.getuser()
            return await evidence.place_hold(conn, household, first.date(), last.date(), reason=reason, by=who)

    out.print(f"hold {asyncio.run(run())}")


@hold_app.command("release")
def hold_release(hold: Annotated[int, typer.Argument(help="Its number, as listed.")], by: By = "") -> None:
    """Release a hold; it stays in the list."""
    from heatstream.store import evidence

    async def run() -> None:
        async with transaction(configured()) as conn:
            await evidence.release_hold(conn, hold, by or getpass.getuser())

    asyncio.run(run())
    out.print(f"released hold {hold}")


@hold_app.command("list")
def hold_list() -> None:
    """List the holds, those released too."""
    from heatstream.store import evidence

    async def run() -> list[evidence.Hold]:
        async with transaction(configured()) as conn:
            return await evidence.holds(conn)

    table = Table("hold", "household", "from", "to", "reason", "by", "released")
    for each in asyncio.run(run()):
        released = f"{when(each.released_at)} {each.released_by}" if each.released_at else ""
        days = (str(each.day_from), str(each.day_to))
        table.add_row(str(each.id), each.household or "all", *days, each.reason, each.by, released)
    out.print(table)


# --- the simulators: they know the wire, not the house ---------------------------------------------------------------


def _add_simulators() -> None:
    """Give `simulate` and `replay csv` their place here; the rest of theirs stands under `python -m simulators`."""
    from simulators import commands

    app.registered_commands += [each for each in commands.app.registered_commands if each.name == "simulate"]
    replay_app.registered_commands += commands.replay_app.registered_commands


def main() -> None:
    """Run a command; every error of ours is a message and an exit code."""
    _add_simulators()
    try:
        app()
    except Refused as error:
        _fail(error, REFUSED)
    except SettingsError as error:
        _fail(error, WRONG_USE)
    except HeatstreamError as error:
        _fail(error, FAILED)


def _fail(error: HeatstreamError, code: int) -> None:
    typer.echo(f"heatstream: {error}", err=True)
    sys.exit(code)
