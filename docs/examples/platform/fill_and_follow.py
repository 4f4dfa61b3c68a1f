"""Fill a platform's table of findings from nothing, and keep it equal: standard library only, one file to read.

HEATSTREAM_KEY=hs_… python fill_and_follow.py http://127.0.0.1:8080 platform.sqlite [--once]
"""

import argparse
import json
import os
import sqlite3
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any, Final, TypedDict

POLL_S: Final = 5
AGAIN_S: Final = 10
LIMIT: Final = 500
GONE, BUSY = 410, frozenset({429, 502, 503, 504})

SCHEMA = """
create table if not exists finding (key text primary key, revision integer not null, data text not null);
create table if not exists place (id integer primary key check (id = 1), token text not null);
"""


class Change(TypedDict):
    """A row of /api/v1/changes."""

    seq: int
    noun: str
    key: str
    revision: int | None
    deleted: bool
    at: str
    data: dict[str, Any] | None


class Page(TypedDict):
    """An answer of /api/v1/changes."""

    rows: list[Change]
    next: str
    more: bool


class Resync(Exception):
    """The token is void: the database was restored, or the changes after it were pruned."""


class City:
    """One city's API."""

    def __init__(self, address: str, key: str) -> None:
        self._address, self._key = address.rstrip("/"), key

    def get(self, path: str, **asked: Any) -> Any:
        """Ask, and ask again while the server is busy or away; nothing is lost by waiting.

        Raises
        ------
        Resync
            The token that was given is void.
        """
        query = urllib.parse.urlencode({name: value for name, value in asked.items() if value is not None})
        request = urllib.request.Request(  # noqa: S310  (the operator names the address)
            f"{self._address}/api/v1/{path}?{query}", headers={"Authorization": f"Bearer {self._key}"}
        )
        while True:
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                problem = json.load(error)
                if error.code == GONE:
                    raise Resync(problem["detail"]) from error
                if error.code not in BUSY:
                    sys.exit(f"{error.code} {problem['title']}: {problem['detail']}")
                wait, why = int(error.headers.get("Retry-After", AGAIN_S)), problem["detail"]
            except OSError as error:
                wait, why = AGAIN_S, str(error)
            print(f"waiting {wait} s: {why}", file=sys.stderr)
            time.sleep(wait)

    def findings(self) -> Iterator[dict[str, Any]]:
        """Give every finding that stands."""
        after = None
        while True:
            page = self.get("findings", limit=LIMIT, next=after)
            yield from page["rows"]
            after = page["next"]
            if after is None:
                return

    def head(self) -> str:
        """Give the token of now."""
        return str(self.get("changes/head")["next"])

    def changes(self, since: str) -> Page:
        """Give what changed after a token."""
        page: Page = self.get("changes", since=since, noun="finding", limit=LIMIT)
        return page


def token_of(table: sqlite3.Connection) -> str | None:
    """Tell how far the table has come; None = it was never filled."""
    row = table.execute("select token from place").fetchone()
    return None if row is None else str(row[0])


def _keep_token(table: sqlite3.Connection, token: str) -> None:
    table.execute("insert or replace into place values (1, ?)", (token,))


def _keep(table: sqlite3.Connection, key: str, revision: int, data: dict[str, Any]) -> None:
    """Keep a row unless a later revision of it is there: what the listing already held comes in the feed once more."""
    table.execute(
        "insert into finding values (?, ?, ?) on conflict (key) do update "
        "set revision = excluded.revision, data = excluded.data where excluded.revision >= revision",
        (key, revision, json.dumps(data, ensure_ascii=False)),
    )


def fill(city: City, table: sqlite3.Connection) -> str:
    """Fill the table anew. The token is taken first: what changes while the listing is read comes by the feed."""
    token = city.head()
    with table:  # one transaction: whoever reads the table sees the old rows until the new ones are whole
        table.execute("delete from finding")
        for row in city.findings():
            _keep(table, f"{row['household']}/{row['period_kind']}/{row['period_from']}", row["id"], row)
        _keep_token(table, token)
    [count] = table.execute("select count(*) from finding").fetchone()
    print(f"filled with {count} findings")
    return token


def follow(city: City, table: sqlite3.Connection, since: str) -> tuple[str, bool]:
    """Apply a page of changes, in its order, and the token with it; tell the token, and whether there is more."""
    page = city.changes(since)
    with table:  # rows and token together: after a crash the same page comes again, and does no harm
        for change in page["rows"]:
            if change["deleted"]:
                table.execute("delete from finding where key = ?", (change["key"],))
            elif change["data"] is not None and change["revision"] is not None:
                _keep(table, change["key"], change["revision"], change["data"])
        _keep_token(table, page["next"])
    return page["next"], page["more"]


def run(city: City, table: sqlite3.Connection, *, once: bool) -> None:
    """Keep the table equal; `once`: until there is nothing newer."""
    table.executescript(SCHEMA)
    token = token_of(table)
    while True:
        try:
            if token is None:
                token = fill(city, table)
            token, more = follow(city, table, token)
        except Resync as why:
            print(f"beginning again: {why}")
            token = None
            continue
        if not more and once:
            return
        if not more:
            time.sleep(POLL_S)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", help="where `heatstream serve` answers")
    parser.add_argument("table", help="a SQLite file, made where there is none")
    parser.add_argument("--once", action="store_true", help="end when there is nothing newer")
    given = parser.parse_args()
    key = os.environ.get("HEATSTREAM_KEY") or sys.exit("HEATSTREAM_KEY is not set; expected an API key hs_…")
    table = sqlite3.connect(given.table)
    try:
        run(City(given.address, key), table, once=given.once)
    finally:
        table.close()


if __name__ == "__main__":
    main()
