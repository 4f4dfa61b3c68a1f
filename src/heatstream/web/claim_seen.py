"""One claim as somebody sees it: read at one moment, with what their role may know of it."""

import datetime as dt
from dataclasses import dataclass

from fastapi import Request

from heatstream.access.fields import SEES, Kind
from heatstream.store import claims
from heatstream.store.claims import Issued, Task
from heatstream.store.closings import closed_through
from heatstream.store.read import city
from heatstream.store.read import papers as stored
from heatstream.store.read.papers import Signatory
from heatstream.store.timescale import LOCAL
from heatstream.web import claim_forms, claim_rows
from heatstream.web.claim_forms import Look
from heatstream.web.shared import Reader


@dataclass(frozen=True, slots=True)
class Page:
    """What the page of one claim shows."""

    it: Look
    rulings: list[Issued]
    tasks: list[Task]
    officers: dict[str, Signatory]
    address: str
    watermarks: list[str]
    closed: dt.date | None
    now: dt.datetime
    sees: frozenset[Kind]

    @property
    def code(self) -> str:
        """案号"""
        return self.it.seen.claim.code


async def read(request: Request, reader: Reader, code: str) -> Page:
    """Read a claim as the visitor sees it.

    Raises
    ------
    BadInput
        There is none of this 案号 in their sight.
    """
    async with reader.connection() as conn:
        desk = claim_rows.desk(conn, reader, request)
        it = await claim_forms.look(desk, code, reader.visitor)
        found = it.seen.claim
        return Page(
            it=it,
            rulings=await claims.rulings(conn, found.id),
            tasks=await claims.tasks(conn, found.id),
            officers=await stored.by_code(conn, {line.officer for line in it.lines}),
            address=await stored.address_of(conn, found.household_id),
            watermarks=await city.watermarks(conn),
            closed=await closed_through(conn),
            now=reader.source.now(),
            sees=SEES[reader.visitor.role],
        )


def local(at: dt.datetime | None) -> str:
    """Write an instant for a page."""
    return f"{at.astimezone(LOCAL):%Y-%m-%d %H:%M}" if at else ""
