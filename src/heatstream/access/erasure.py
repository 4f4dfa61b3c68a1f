"""Erasing what is known of a person, so that what was decided can still be proven.

What stays: findings, statistics and their digests, Merkle roots, amounts, the ruling and the bundle it cites, and of
every event its hash, so that the chain still shows that none was changed, left out or put in. What goes: words about
persons in events and tickets, scans and forms, and the address of a home that is registered no more. The record of an
erasure holds the SHA-256 of what was erased: whoever still has the original can show that it is the one.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NamedTuple

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims import events as of_claims
from heatstream.claims.personal import ERASED, without
from heatstream.errors import BadInput, Refused
from heatstream.store import changes, matters
from heatstream.store.tables import (
    claim,
    claim_event,
    claim_file,
    erasure,
    household,
    legal_hold,
    matter,
    matter_event,
    matter_file,
    officer,
    registry_change,
    review_task,
    ticket,
    ticket_version,
)
from heatstream.store.timescale import LOCAL
from heatstream.supervision.act import Desk, event_type
from heatstream.supervision.kinds import kind_of

KEPT_PAPERS: Final = frozenset({"ruling", "bundle"})
"""They are the decision and what it rests on."""
_OF_CALLS: Final = ("caller", "content", "address", "match_why", "set_aside_why")
_OF_HOMES: Final = ("address", "door")
YEAR: Final = dt.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class _Change:
    """What one row will lose."""

    table: Table
    key: Mapping[str, Any]
    new: Mapping[str, Any]
    sha256: str
    """Over the JSON of what stands there."""

    def told(self) -> dict[str, Any]:
        """Write it for the record."""
        return {"table": self.table.name, "row": self.key, "columns": sorted(self.new), "sha256": self.sha256}


def _change(table: Table, row: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Change]:
    """Plan other values for a row; one that has them already is left alone."""
    differing = {name: value for name, value in new.items() if row[name] not in (None, value)}
    if differing:
        before = {name: row[name].hex() if isinstance(row[name], bytes) else row[name] for name in differing}
        told = json.dumps(before, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        key = {column.name: row[column.name] for column in table.primary_key}
        yield _Change(table, key, differing, sha256(told).hexdigest())


async def erase(desk: Desk, code: str, *, by: str, why: str, keep_years: int | None) -> int:
    """Erase what is known of the persons of a household.

    Parameters
    ----------
    by : 工号 of an officer of the 区 or 市 who orders it
    keep_years : years that a closed case is kept by law [years of 365 days]; None = nobody chose

    Returns
    -------
    the number of the record

    Raises
    ------
    BadInput
        The household or the officer is not registered, or no reason is given.
    Refused
        A hold, an open case or its time of keeping forbids it, or nobody chose that time.
    """
    conn = desk.conn
    if not why.strip():
        raise BadInput("why: seen nothing, expected a sentence")
    found = await _rows(conn, select(household).where(household.c.code == code))
    if not found:
        raise BadInput(f"household: seen {code!r}, expected a 户号 of the registry")
    home = found[0]
    role = await conn.scalar(select(officer.c.role).where(officer.c.code == by))
    if role not in ("district", "city"):
        raise BadInput(f"by: seen {by!r} ({role or 'not registered'}), expected the 工号 of an officer of 区 or 市")
    today = desk.now().astimezone(LOCAL).date()
    await _refuse(conn, home["id"], code, keep_years, today)
    planned = [
        *await _of_claims(conn, home["id"]),
        *await _of_matters(conn, matter.c.household_id == home["id"]),
        *await _of_calls(conn, ticket.c.household_id == home["id"]),
        *await _of_registration(conn, home, today),
    ]
    number = await _carry_out(conn, planned, household_id=home["id"], officer=by, reason=why)
    # A matter's row says what its events said.
    await desk.refresh(await matters.listed(conn, matter.c.household_id == home["id"]))
    return number


async def erase_old_calls(conn: AsyncConnection, before: dt.datetime) -> int:
    """Erase what callers said in tickets that were done with before an instant; tell how many tickets.

    A ticket is done with when its work order closed; one that was set aside has none, and is when it was imported. What
    was said and found of persons in the work order goes with its tickets.
    """
    closed = ticket.c.matter_id.in_(select(matter.c.id).where(matter.c.closed_at < before))
    aside = ticket.c.matter_id.is_(None) & ticket.c.set_aside_by.is_not(None) & (ticket.c.imported_at < before)
    touching = legal_hold.c.household_id.is_(None) | (legal_hold.c.household_id == ticket.c.household_id)
    free = ~select(1).where(touching, legal_hold.c.released_at.is_(None)).correlate(ticket).exists()
    old = (closed | aside) & (ticket.c.content != ERASED) & free
    worked = matter.c.id.in_(select(ticket.c.matter_id).where(old & closed))
    planned = [*await _of_calls(conn, old), *await _of_matters(conn, worked)]
    if planned:
        why = f"retention of calls: done with before {before.isoformat()}"
        await _carry_out(conn, planned, household_id=None, officer="heatstream", reason=why)
    return sum(each.table is ticket for each in planned)


async def _refuse(conn: AsyncConnection, household_id: int, code: str, keep_years: int | None, today: dt.date) -> None:
    everybodys = legal_hold.c.household_id.is_(None) | (legal_hold.c.household_id == household_id)
    hold = await conn.scalar(select(legal_hold.c.id).where(everybodys, legal_hold.c.released_at.is_(None)))
    if hold is not None:
        raise Refused(f"household {code}: hold {hold} keeps its evidence; `heatstream evidence hold list` tells why")
    mine = (await conn.execute(select(claim).where(claim.c.household_id == household_id))).all()
    if still := [each.code for each in mine if each.step not in ("closed", "withdrawn")]:
        raise Refused(f"household {code}: claim {still[0]} is open; expected it closed")
    reviewed = select(review_task.c.id).join_from(review_task, claim).where(claim.c.household_id == household_id)
    if (task := await conn.scalar(reviewed.where(review_task.c.closed_at.is_(None)))) is not None:
        raise Refused(f"household {code}: review task {task} is open; expected it closed")
    opened = select(matter.c.code).where(matter.c.household_id == household_id, matter.c.closed_at.is_(None))
    if (found := await conn.scalar(opened)) is not None:
        raise Refused(f"household {code}: matter {found} is open; expected it closed")
    if not mine:
        return
    if keep_years is None:
        raise Refused(
            f"household {code} has claims: HEATSTREAM_PRIVACY_KEEP_CASES_YEARS is not set; the operator must choose "
            "how many years the law of the place keeps a closed case"
        )
    newest = await conn.scalar(
        select(claim_event.c.recorded_at)
        .join_from(claim_event, claim)
        .where(claim.c.household_id == household_id)
        .order_by(claim_event.c.recorded_at.desc())
        .limit(1)
    )
    free = newest.astimezone(LOCAL).date() + keep_years * YEAR if newest else today
    if today < free:
        raise Refused(f"household {code}: its cases are kept until {free} ({keep_years} years); today is {today}")


async def _carry_out(conn: AsyncConnection, planned: list[_Change], **record: Any) -> int:
    """Keep the record first: what is erased names it."""
    row = insert(erasure).values(**record, erased=[each.told() for each in planned])
    number = int((await conn.execute(row.returning(erasure.c.id))).scalar_one())
    for each in planned:
        under = {"erasure_id": number} if "erasure_id" in each.table.c else {}
        keys = [each.table.c[name] == value for name, value in each.key.items()]
        await conn.execute(update(each.table).where(*keys).values({**each.new, **under}))
    if record["household_id"] is not None:
        await changes.tell(conn, "erasure", [number])
    return number


async def _rows(conn: AsyncConnection, query: Any) -> list[Mapping[str, Any]]:
    return [dict(row) for row in (await conn.execute(query)).mappings()]


async def _of_claims(conn: AsyncConnection, household_id: int) -> list[_Change]:
    mine = select(claim.c.id).where(claim.c.household_id == household_id)
    lines = await _rows(conn, select(claim_event).where(claim_event.c.claim_id.in_(mine)))
    types = dict(zip(of_claims.KINDS, of_claims.MODELS, strict=True))
    planned = [each for line in lines for each in _of_event(claim_event, line, types[line["kind"]])]
    papers = claim_file.c.claim_id.in_(mine) & claim_file.c.kind.not_in(KEPT_PAPERS)
    return planned + await _of_papers(conn, claim_file, papers)


async def _of_matters(conn: AsyncConnection, which: ColumnElement[bool]) -> list[_Change]:
    query = select(matter_event, matter.c.kind.label("of_kind")).join_from(matter_event, matter)
    planned: list[_Change] = []
    for line in await _rows(conn, query.where(which)):
        its = kind_of(line["of_kind"])
        model = event_type((*its.opening, *its.later), line["kind"])
        if model is not None:
            planned += _of_event(matter_event, line, model)
    planned += await _of_papers(conn, matter_file, matter_file.c.matter_id.in_(select(matter.c.id).where(which)))
    return planned


def _of_event(table: Table, line: Mapping[str, Any], model: type[BaseModel]) -> Iterator[_Change]:
    if line["erasure_id"] is None:
        yield from _change(table, line, {"body": without(model, line["body"])})


async def _of_papers(conn: AsyncConnection, table: Table, which: ColumnElement[bool]) -> list[_Change]:
    rows = await _rows(conn, select(table).where(which, table.c.erasure_id.is_(None)))
    return [each for row in rows for each in _change(table, row, {"content": b"", "name": ERASED})]


async def _of_calls(conn: AsyncConnection, which: ColumnElement[bool]) -> list[_Change]:
    rows = await _rows(conn, select(ticket).where(which))
    planned = [each for row in rows for each in _change(ticket, row, dict.fromkeys(_OF_CALLS, ERASED))]
    versions = select(ticket_version).where(
        ticket_version.c.ticket_id.in_(select(ticket.c.id).where(which)), ticket_version.c.erasure_id.is_(None)
    )
    for row in await _rows(conn, versions):
        planned += _change(ticket_version, row, {"raw": dict.fromkeys(row["raw"], ERASED)})
    return planned


async def _of_registration(conn: AsyncConnection, home: Mapping[str, Any], today: dt.date) -> list[_Change]:
    """Erase who acted for the home, and where it was once it is registered no more: who lives there now needs it."""
    people = await _rows(conn, select(officer).where(officer.c.household_id == home["id"]))
    planned = [each for row in people for each in _change(officer, row, {"name": ERASED, "organisation": ERASED})]
    codes = {("officer", row["code"]) for row in people}
    if home["valid_to"] is not None and home["valid_to"] < today:
        planned += _change(household, home, dict.fromkeys(_OF_HOMES, ERASED))
        codes.add(("household", home["code"]))
    personal = {*_OF_HOMES, "name", "organisation"}
    for noun, code in sorted(codes):
        query = select(registry_change).where(registry_change.c.noun == noun, registry_change.c.code == code)
        for row in await _rows(conn, query):
            new = {name: row[name] and _blanked(row[name], personal) for name in ("before", "after")}
            planned += _change(registry_change, row, new)
    return planned


def _blanked(tree: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: ERASED if name in names and value is not None else value for name, value in tree.items()}


class Record(NamedTuple):
    """An erasure on record."""

    id: int
    household: str | None
    """户号; None = the retention of a class of data"""
    at: dt.datetime
    officer: str
    reason: str
    erased: list[dict[str, Any]]
    """table, row, columns, and the SHA-256 over the JSON of what stood there"""


async def listed(conn: AsyncConnection) -> list[Record]:
    """List what was erased, the oldest first."""
    columns = (erasure.c.id, household.c.code, *(erasure.c[name] for name in Record._fields[2:]))
    query = select(*columns).select_from(erasure.outerjoin(household)).order_by(erasure.c.id)
    return [Record._make(row) for row in await conn.execute(query)]
