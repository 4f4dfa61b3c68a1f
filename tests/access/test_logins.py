"""The logins of production, made as deploy/logins.sql makes them: one owns, one reads."""

import subprocess
from pathlib import Path

from sqlalchemy.engine import make_url

from heatstream.embedded.postgres import programs
from heatstream.ingest.diagnosis import Verdict
from heatstream.ingest.doctor_database import look_at_database
from heatstream.settings import Database, Settings
from heatstream.store.migrate import upgrade
from tests.access.conftest import api_at, client, key_at
from tests.conftest import OwnPostgres

SCRIPT = Path(__file__).parents[2] / "deploy" / "logins.sql"


def at(url: str, user: str, password: str) -> str:
    return make_url(url).set(username=user, password=password).render_as_string(hide_password=False)


async def verdicts(url: str) -> dict[str, Verdict]:
    found = await look_at_database(Settings(database=Database(url=url)))
    return {each.check: each.verdict for each in found if each.check.startswith("login")}


async def test_the_owner_migrates_and_the_api_reads_with_a_login_that_owns_nothing(own_postgres: OwnPostgres) -> None:
    server = await own_postgres()
    made = make_url(server.url).set(database="city").render_as_string(hide_password=False)
    psql = [programs("plain") / "psql", "-v", "ON_ERROR_STOP=1", "-q"]
    subprocess.run([*psql, server.url, "-c", "create database city"], check=True)
    passwords = ["-v", "owner_password=o'wner", "-v", "serve_password=s"]
    for _ in range(2):  # a second run changes passwords, and nothing else
        subprocess.run([*psql, *passwords, made, "-f", SCRIPT], check=True, capture_output=True)
    owner, reader = at(made, "heatstream", "o'wner"), at(made, "heatstream_serve", "s")
    await upgrade(owner)
    key = await key_at(owner)
    async with api_at(reader) as app, client(app, headers={"X-API-Key": key}) as platform:
        assert (await platform.get("/readyz")).status_code == 200
        assert (await platform.get("/api/v1/households")).json() == {"rows": [], "next": None}
    assert await verdicts(owner) == {"login of the owner": Verdict.OK}
    assert await verdicts(reader) == {"login of the API": Verdict.OK}
