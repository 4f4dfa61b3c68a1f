"""The command line: the only place where the parts meet.

Exit codes: 0 done, 1 failed, 2 wrong use, 3 refused by the law or by a missing choice. A command imports what it runs
when it runs, so that `heatstream --help` does not wait for the web page's libraries.
"""

import asyncio
import datetime as dt
import getpass
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream import log, settings
from heatstream.errors import HeatstreamError, Refused, SettingsError

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
keys_app = typer.Typer(no_args_is_help=True, help="API keys of machines.")
conflicts_app = typer.Typer(no_args_is_help=True, help="Instants with two values: list them, decide them.")
replay_app = typer.Typer(no_args_is_help=True, help="Feed again: rejects once their cause is mended, or a file.")
rules_app = typer.Typer(no_args_is_help=True, help="Rule packs: which there are, what they say, what they leave open.")
for name, group in (
    ("ingest", ingest_app),
    ("evaluate", evaluate_app),
    ("registry", registry_app),
    ("keys", keys_app),
    ("conflicts", conflicts_app),
    ("replay", replay_app),
    ("rules", rules_app),
):
    app.add_typer(group, name=name)

out = Console()
JsonOption = Annotated[bool, typer.Option("--json", help="JSON for a program, one object a line.")]
By = Annotated[str, typer.Option("--by", help="Who does it; kept for good.")]


def _settings() -> settings.Settings:
    found = settings.load()
    log.configure(found.log)
    return found


@asynccontextmanager
async def _transaction(found: settings.Settings) -> AsyncIterator[AsyncConnection]:
    from heatstream.store import migrate, pool

    engine = pool.create_engine(found.database_url(), size=1, application="heatstream-cli")
    try:
        async with engine.begin() as conn:
            await migrate.require_current(conn)
            yield conn
    finally:
        await engine.dispose()


# --- the processes ----------------------------------------------------------------------------------------------------


@app.command()
def migrate() -> None:
    """Bring the database to this release's schema."""
    from heatstream.store import migrate as migrations

    found = _settings()
    asyncio.run(migrations.upgrade(found.database_url()))
    out.print("the database is at this release's schema")


@ingest_app.callback()
def ingest(
    ctx: typer.Context, allow_fail_points: Annotated[bool, typer.Option("--allow-fail-points", hidden=True)] = False
) -> None:
    """Take readings from the broker into the store, until told to stop."""
    if ctx.invoked_subcommand is None:
        from heatstream.ingest import run

        raise typer.Exit(asyncio.run(run.main(_settings(), allow_fail_points=allow_fail_points)))


@ingest_app.command("status")
def ingest_status(
    hours: Annotated[int, typer.Option(help="How many hours back.")] = 24, as_json: JsonOption = False
) -> None:
    """Show conservation by gateway and hour, missing sequences, late, conflicts, rejects, lag."""
    from heatstream.ingest import status

    async def show() -> None:
        async with _transaction(_settings()) as conn:
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

        raise typer.Exit(asyncio.run(run.main(_settings(), once=once, through=through and through.date())))


@evaluate_app.command("status")
def evaluate_status(as_json: JsonOption = False) -> None:
    """Show what is closed, what waits, and the last runs."""
    from heatstream.evaluate import status

    async def show() -> None:
        async with _transaction(_settings()) as conn:
            await status.show(conn, as_json=as_json)

    asyncio.run(show())


@app.command()
def serve() -> None:
    """Serve the API."""
    from heatstream.serve import run

    run.main(_settings())


@app.command()
def web() -> None:
    """Serve the officials' page."""
    from heatstream.web import run

    run.main(_settings())


@app.command()
def jobs(once: Annotated[bool, typer.Option("--once", help="Run every job once, then end.")] = False) -> None:
    """Run what recurs: partitions, retention, columnstore."""
    from heatstream.jobs import run

    raise typer.Exit(asyncio.run(run.main(_settings(), once=once)))


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

    raise typer.Exit(asyncio.run(checks.main(_settings(), as_json=as_json)))


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
        async with _transaction(_settings()) as conn:
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
        async with _transaction(_settings()) as conn:
            return await registry.export_files(conn, folder)

    for noun, rows in asyncio.run(run()).items():
        out.print(f"{noun}.csv: {rows} rows")


# --- keys -------------------------------------------------------------------------------------------------------------


@keys_app.command("create")
def keys_create(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    scope: Annotated[list[str] | None, typer.Option(help="What it may do; repeat for more.")] = None,
    days: Annotated[int | None, typer.Option(help="It ends after so many days.")] = None,
) -> None:
    """Create a key; it is shown this once."""
    from heatstream.store import keys

    async def run() -> str:
        async with _transaction(_settings()) as conn:
            return await keys.create(conn, name, scopes=tuple(scope or ("read",)), days=days)

    typer.echo(asyncio.run(run()))


@keys_app.command("list")
def keys_list() -> None:
    """List the keys by their first characters."""
    from heatstream.store import keys

    async def run() -> list[keys.ApiKey]:
        async with _transaction(_settings()) as conn:
            return await keys.listed(conn)

    table = Table("prefix", "name", "scopes", "created", "expires", "revoked")
    for key in asyncio.run(run()):
        table.add_row(
            key.prefix,
            key.name,
            " ".join(key.scopes),
            *(_when(at) for at in (key.created_at, key.expires_at, key.revoked_at)),
        )
    out.print(table)


@keys_app.command("revoke")
def keys_revoke(prefix: Annotated[str, typer.Argument(help="The key's first characters, as listed.")]) -> None:
    """Revoke a key at once."""
    from heatstream.store import keys

    async def run() -> None:
        async with _transaction(_settings()) as conn:
            await keys.revoke(conn, prefix)

    asyncio.run(run())
    out.print(f"revoked {prefix}")


def _when(at: dt.datetime | None) -> str:
    return at.astimezone().isoformat(timespec="minutes") if at else ""


# --- conflicts, rejects, files ----------------------------------------------------------------------------------------


@conflicts_app.command("list")
def conflicts_list(limit: Annotated[int, typer.Option(help="At most so many.")] = 100) -> None:
    """List the instants with two values that nobody has decided."""
    from heatstream.store import conflicts

    async def run() -> list[conflicts.Conflict]:
        async with _transaction(_settings()) as conn:
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

    found = _settings()
    begins, _ = settings.window_minutes(found.evaluate.day_window)

    async def run() -> None:
        async with _transaction(found) as conn:
            await conflicts.decide(conn, point, instant, value, officer=officer, reason=reason, day_from_min=begins)

    asyncio.run(run())
    out.print("decided; the day will be judged again")


@replay_app.command("rejects")
def replay_rejects(
    reason: Annotated[str | None, typer.Option(help="Only rejects with this reason code.")] = None,
) -> None:
    """Feed rejected messages again; what is usable now is stored and resolved."""
    from heatstream.ingest import replay

    counts = asyncio.run(replay.main(_settings(), reason=reason))
    for name, count in counts.items():
        out.print(f"{name}: {count}")


# --- rules ------------------------------------------------------------------------------------------------------------


STATES = {"ready": "●", "choices": "○", "absent": "–"}


@rules_app.command("list")
def rules_list() -> None:
    """List the rule packs and what each can be used for."""
    from heatstream.rules import capability, pack, policy

    table = Table(Column("id", no_wrap=True), "place", *capability.NAMES)
    folders = policy.folders(_packs_dir())
    for each in (pack.find(pack_id, folders) for pack_id in pack.ids(folders)):
        states = [STATES[one.state] + ("?" if one.what_if else "") for one in capability.capabilities(each)]
        table.add_row(each.id, each.place, *states)
    out.print(table)
    out.print(
        "● ready · ○ after the operator's choices · – nobody could read it · ? what-if only: not read in the text"
    )


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
        Path, typer.Argument(help="A pack, choices, a supplement or holidays.", exists=True, dir_okay=False)
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
        typer.echo(line)


@rules_app.command("schema")
def rules_schema(name: Annotated[str, typer.Argument(help="pack, choices, supplement or holidays.")]) -> None:
    """Print the JSON Schema of a file that people write."""
    from heatstream.rules import schema

    typer.echo(schema.written(name))


def _packs_dir() -> Path | None:
    return settings.load().evaluate.packs_dir


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
