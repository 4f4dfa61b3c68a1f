"""Accounts, keys and the log of access by command."""

import csv
import datetime as dt
import io
import json

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.access import people
from heatstream.store import access_log
from heatstream.store.tables import officer
from tests.serve import town
from tests.serve.conftest import database_url
from tests.signed import officer_of
from tests.test_cli import heatstream

__all__ = ["database_url"]


async def test_an_account_is_made_reset_and_disabled_and_its_password_shown_once(
    database_url: str, engine: AsyncEngine
) -> None:
    async with engine.begin() as conn:
        code = await officer_of(conn, "district", district="D1")
        await conn.execute(update(officer).where(officer.c.code == code).values(valid_to=dt.date(2126, 4, 1)))
    made = heatstream("accounts", "create", "wang", "--officer", code, url=database_url)
    again = heatstream("accounts", "reset", "wang", url=database_url)
    assert len(made.stdout.strip()) >= 16
    assert again.stdout != made.stdout
    async with engine.begin() as conn:
        await people.sign_in(conn, "wang", again.stdout.strip(), now=town.NOW)
    listed = heatstream("accounts", "list", "--json", url=database_url).stdout
    told = json.loads(listed)
    assert (told["login"], told["officer"], told["role"]) == ("wang", code, "district")
    assert (told["valid_from"], told["valid_to"]) == ("2020-01-01", "2126-04-01")
    assert dt.datetime.fromisoformat(told["signed_in_at"]) == town.NOW
    assert made.stdout.strip() not in listed
    assert heatstream("accounts", "disable", "wang", url=database_url).returncode == 0
    nobody = heatstream("accounts", "disable", "nobody", url=database_url)
    assert nobody.stderr == "heatstream: no account 'nobody'; `heatstream accounts list` shows those there are\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--role", "company"), "role company: seen no company, expected --company with the code of its company"),
        (("--role", "company", "--company", "E9"), "company: seen 'E9', expected the code of a company that is"),
        (
            ("--role", "district", "--district", "D1", "--company", "E1"),
            "seen company 'E1', expected its district alone",
        ),
        (("--role", "city", "--district", "D1"), "seen district 'D1', expected neither, for it sees the whole city"),
        (("--role", "household"), "role: seen 'household', expected one of hotline, company"),
    ],
)
def test_a_key_without_its_place_is_not_made(database_url: str, words: tuple[str, ...], told: str) -> None:
    refused = heatstream("keys", "create", "platform", *words, url=database_url)
    assert refused.returncode == 1
    assert told in refused.stderr


def test_a_key_is_listed_with_its_role_and_place(database_url: str) -> None:
    heatstream("keys", "create", "platform", "--role", "company", "--company", "E1", url=database_url)
    listed = heatstream("keys", "list", url=database_url, COLUMNS="200").stdout
    assert "company" in listed
    assert "E1" in listed


async def test_the_log_is_exported_as_csv_by_household(database_url: str, engine: AsyncEngine) -> None:
    row = {"at": town.NOW, "request": "r", "process": "web", "who": "account:wang", "method": "GET", "route": "/x"}
    rest = {"target": "/x", "status": 200, "took_ms": 1}
    async with engine.begin() as conn:
        await access_log.add(conn, [row | rest | {"household": home} for home in ("H1", "H2")])
    written = heatstream("accesses", "export", "--household", "H2", "--from", "2026-01-07", url=database_url).stdout
    [told] = csv.DictReader(io.StringIO(written))
    assert (told["who"], told["household"], told["at"]) == (
        "account:wang",
        "H2",
        town.NOW.astimezone(town.dt.UTC).isoformat(),
    )
