"""The commands of who may look: accounts of people, API keys of machines, and who looked at what."""

import asyncio
import csv
import datetime as dt
import getpass
import json
import sys
from typing import Annotated, Any

import typer
from rich.table import Table

from heatstream.terminal import DAY, JsonOption, configured, out, transaction, when

accounts_app = typer.Typer(no_args_is_help=True, help="People who sign in: docs/access.md.")
keys_app = typer.Typer(no_args_is_help=True, help="API keys of machines.")
accesses_app = typer.Typer(no_args_is_help=True, help="Who asked what: the access log.")

Login = Annotated[str, typer.Argument(help="What the person signs in with.")]


# --- accounts ---------------------------------------------------------------------------------------------------------


def _told(login: str, password: str) -> None:
    typer.echo(password)
    typer.echo(f"{login}: shown this once; it must be changed at the first sign-in", err=True)


@accounts_app.command("create")
def create(login: Login, officer: Annotated[str, typer.Option("--officer", help="工号 of the registry.")]) -> None:
    """Make an officer's account; its first password is random and shown this once."""
    from heatstream.access import people

    async def run() -> str:
        async with transaction(configured()) as conn:
            return await people.create(conn, login, officer, by=getpass.getuser())

    _told(login, asyncio.run(run()))


@accounts_app.command("list")
def listed(*, as_json: JsonOption = False) -> None:
    """List the accounts: whose, in which role, registered from when until when, and when they last signed in."""
    from heatstream.store import accounts

    async def run() -> list[accounts.Listed]:
        async with transaction(configured()) as conn:
            return await accounts.listed(conn)

    found = asyncio.run(run())
    if as_json:
        _write([each._asdict() for each in found], as_json=True, head=False)
        return
    whose = ("login", "officer", "name", "organisation", "role", "registered from", "until")
    table = Table(*whose, "created", "by", "signed in", "locked until", "disabled")
    for each in found:
        table.add_row(
            *(each.login, each.officer, each.name, each.organisation, each.role),
            *(str(each.valid_from), str(each.valid_to or ""), when(each.created_at), each.created_by),
            *(when(at) for at in (each.signed_in_at, each.locked_until, each.disabled_at)),
        )
    out.print(table)


@accounts_app.command("reset")
def reset(login: Login) -> None:
    """Give a new random password; every session ends, and a lock."""
    from heatstream.access import people

    async def run() -> str:
        async with transaction(configured()) as conn:
            return await people.reset(conn, login)

    _told(login, asyncio.run(run()))


@accounts_app.command("disable")
def disable(login: Login) -> None:
    """End an account at once, with its sessions."""
    from heatstream.access import people

    async def run() -> None:
        async with transaction(configured()) as conn:
            await people.disable(conn, login, now=dt.datetime.now(dt.UTC))

    asyncio.run(run())
    out.print(f"disabled {login}")


# --- keys -------------------------------------------------------------------------------------------------------------


@keys_app.command("create")
def keys_create(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    *,
    scope: Annotated[list[str] | None, typer.Option(help="What it may do; repeat for more.")] = None,
    days: Annotated[int | None, typer.Option(help="It ends after so many days.")] = None,
    role: Annotated[str, typer.Option(help="Whose eyes it sees with: city, district, company, …")] = "city",
    district: Annotated[str | None, typer.Option(help="Code of the 区县 of a district's or hotline's key.")] = None,
    company: Annotated[str | None, typer.Option(help="Code of the 供热企业 of a company's key.")] = None,
) -> None:
    """Create a key; it is shown this once."""
    from heatstream.store import keys

    async def run() -> str:
        async with transaction(configured()) as conn:
            return await keys.create(
                conn,
                name,
                scopes=tuple(scope or ("read",)),
                days=days,
                role=role,
                district_code=district,
                company_code=company,
            )

    typer.echo(asyncio.run(run()))


@keys_app.command("list")
def keys_list() -> None:
    """List the keys by their first characters."""
    from heatstream.store import keys

    async def run() -> list[keys.Listed]:
        async with transaction(configured()) as conn:
            return await keys.listed(conn)

    table = Table("prefix", "name", "role", "of", "scopes", "created", "expires", "revoked")
    for key, place in asyncio.run(run()):
        table.add_row(
            *(key.prefix, key.name, key.role, place or "", " ".join(key.scopes)),
            *(when(at) for at in (key.created_at, key.expires_at, key.revoked_at)),
        )
    out.print(table)


@keys_app.command("revoke")
def keys_revoke(prefix: Annotated[str, typer.Argument(help="The key's first characters, as listed.")]) -> None:
    """Revoke a key at once."""
    from heatstream.store import keys

    async def run() -> None:
        async with transaction(configured()) as conn:
            await keys.revoke(conn, prefix)

    asyncio.run(run())
    out.print(f"revoked {prefix}")


# --- who looked at what -----------------------------------------------------------------------------------------------


@accesses_app.command("export")
def export(
    household: Annotated[str | None, typer.Option(help="Only what named this 户号.")] = None,
    who: Annotated[str | None, typer.Option(help="Only this key's or account's: key:… or account:….")] = None,
    first: Annotated[dt.datetime | None, typer.Option("--from", help="First local day.", **DAY)] = None,
    last: Annotated[dt.datetime | None, typer.Option("--to", help="Last local day.", **DAY)] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the access log as CSV to standard output."""
    from heatstream.store import access_log

    asked = access_log.between(first and first.date(), last and last.date())
    asked += [access_log.by(who)] if who else []
    asked += [access_log.of_household(household)] if household else []

    async def run() -> None:
        async with transaction(configured(), snapshot=True) as conn:
            after = 0
            while page := await access_log.listed(conn, *asked, after=after, limit=10_000):
                _write([dict(row._mapping) for row in page], as_json=as_json, head=after == 0)  # noqa: SLF001
                after = page[-1].id

    asyncio.run(run())


def _write(rows: list[dict[str, Any]], *, as_json: bool, head: bool) -> None:
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row, default=str, ensure_ascii=False))
        return
    writer = csv.DictWriter(sys.stdout, list(rows[0]))
    if head:
        writer.writeheader()
    writer.writerows(
        {name: value.isoformat() if name == "at" else value for name, value in row.items()} for row in rows
    )
