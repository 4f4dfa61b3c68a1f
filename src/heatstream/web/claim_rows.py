"""Claims as the browser fetches them by itself: the inbox, whether something was recorded, papers as downloads."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.access.fields import SEES, Kind
from heatstream.access.principal import Principal
from heatstream.claims.act import Desk
from heatstream.claims.assess import find
from heatstream.claims.check import Officer
from heatstream.claims.documents import printing
from heatstream.claims.event_words import role
from heatstream.errors import BadInput, Refused
from heatstream.rules import holidays
from heatstream.rules.holidays import DaysOff
from heatstream.settings import Settings
from heatstream.store import claims
from heatstream.store.claims import Claim
from heatstream.store.read import inbox, papers
from heatstream.web import claim_inbox, failures
from heatstream.web.claim_inbox import By, Waiting, Ways
from heatstream.web.claim_words import PAPERS
from heatstream.web.shared import Reader, Source
from heatstream.web.signed_in import Reading

router = APIRouter(prefix="/rows/claims", include_in_schema=False)

MOST: Final = 1000
"""Claims in a list; more are told by their number."""
SHOWN_BY_BROWSERS: Final = frozenset({"application/pdf", "image/png", "image/jpeg"})
"""Types of papers that are sent as what they are; a page that somebody attached must not run here."""
WHOLE: Final[frozenset[Kind]] = frozenset({"address", "money", "case"})
PAPER_NEEDS: Final[dict[str, frozenset[Kind]]] = {"visit-form": frozenset({"address", "case"})}
"""What a role must see to print a paper, or to open one of a kind; the rest tell of all three."""
FILE_NEEDS: Final[dict[str, frozenset[Kind]]] = dict.fromkeys(("scan", "form", "other"), frozenset({"address", "case"}))

OF_KIND: Final[dict[Kind, tuple[str, ...]]] = {
    "address": ("address",),
    "money": ("computed_fen", "entitlement_fen", "ruled_fen", "paid_fen"),
}
"""Cells of the inbox that not every role sees."""

Row = dict[str, Any]
_WAYS: Final[WeakKeyDictionary[Source, Ways]] = WeakKeyDictionary()
"""Of each process's database."""


def may_print(paper: str, sees: frozenset[Kind], *, blank: bool = False) -> bool:
    """Say whether a paper tells no more than somebody may know; a blank form has an address alone."""
    return "address" in sees if blank else PAPER_NEEDS.get(paper, WHOLE) <= sees


def may_open(kind: str, sees: frozenset[Kind]) -> bool:
    """Say whether a paper that was attached tells no more than somebody may know."""
    return FILE_NEEDS.get(kind, WHOLE) <= sees


def days_off(request: Request) -> DaysOff:
    """Read the days off."""
    settings: Settings = request.app.state.settings
    return holidays.load(settings.evaluate.packs_dir)


def desk(conn: AsyncConnection, reader: Reader, request: Request) -> Desk:
    """Give what claims are read and recorded by."""
    return Desk(conn, days_off(request), reader.source.now)


async def officer_of(conn: AsyncConnection, visitor: Principal) -> Officer | None:
    """Find the officer who looks; None for whoever is none."""
    found = await claims.officer_by_code(conn, visitor.officer) if visitor.officer else None
    return Officer(*found) if found else None


async def waiting(request: Request, reader: Reader, which: Literal["open", "over"]) -> list[Waiting]:
    """Read the claims that are open, or over; one reading for all who see the same."""

    async def load(conn: AsyncConnection) -> list[Waiting]:
        condition = inbox.still_open() if which == "open" else ~inbox.still_open()
        by = By(_WAYS.setdefault(reader.source, Ways()), days_off(request), reader.source.now())
        return await claim_inbox.read(conn, condition, MOST, by)

    return await reader.shared(("claims", which), load)


@dataclass(frozen=True, slots=True)
class Lists:
    """Claims by what somebody wants to see of them."""

    open: list[Waiting]
    mine: list[Waiting]
    overdue: list[Waiting]
    counted: inbox.Counts
    officer: Officer | None

    @property
    def counts(self) -> dict[str, int]:
        """How many each list has; those open and over also beyond `MOST`."""
        found = {"mine": len(self.mine), "overdue": len(self.overdue)}
        return {**found, "open": self.counted.open, "over": self.counted.over}


async def lists(request: Request, reader: Reader) -> Lists:
    """Sort the open claims for somebody."""
    found, now = await waiting(request, reader, "open"), reader.source.now()
    async with reader.connection() as conn:
        officer, counted = await officer_of(conn, reader.visitor), await inbox.counts(conn)
    mine = [each for each in found if officer and each.of(officer)]
    return Lists(found, mine, [each for each in found if each.is_overdue(now)], counted, officer)


@router.get("")
async def listed(request: Request, reader: Reading, show: Literal["mine", "overdue", "open", "over"] = "open") -> Row:
    """Give the inbox: claims, those whose time limit ends first before the others, and how many there are."""
    found = await lists(request, reader)
    claims_of = await waiting(request, reader, "over") if show == "over" else getattr(found, show)
    sees = SEES[reader.visitor.role]
    rows = [_masked(claim_inbox.row(each, found.officer), sees) for each in claims_of]
    return {"rows": rows, "counts": found.counts}


def _masked(row: Row, sees: frozenset[Kind]) -> Row:
    hidden = {name for kind, names in OF_KIND.items() if kind not in sees for name in names}
    return {name: None if name in hidden else value for name, value in row.items()}


@router.get("/{code}")
async def newest(request: Request, code: str, reader: Reading) -> Row:
    """Tell how many events a claim has, for whoever looks at it to know that there are more."""
    async with reader.connection() as conn:
        found = await _found(request, conn, code)
        return {"events": len(await claims.lines(conn, found.id)), "step": found.step}


@router.get("/{code}/files/{sha256}")
async def file(request: Request, code: str, sha256: str, reader: Reading) -> Response:
    """Give a paper of a claim's file as it was attached."""
    async with reader.connection() as conn:
        found = await _found(request, conn, code)
        kept = next((each for each in await claims.files(conn, found.id) if each.sha256.hex() == sha256), None)
        if kept is None:
            none = BadInput(f"claim {code!r} has no paper {sha256}", zh=f"案件 {code} 没有附件 {sha256}")
            raise failures.refused(request, 404, none)
        if not may_open(kept.kind, SEES[reader.visitor.role]):
            not_theirs = Refused(
                f"papers of kind {kept.kind} are not for {reader.visitor.role}",
                zh=f"“{PAPERS[kept.kind][0]}”类附件不对{role(reader.visitor.role)}开放",
            )
            raise failures.refused(request, 403, not_theirs)
        content = await papers.content(conn, found.id, kept.sha256)
    kind = kept.media_type if kept.media_type in SHOWN_BY_BROWSERS else "application/octet-stream"
    return _download(content, kind, kept.name)


class Asked(printing.Wanted):
    """Which paper; `printing.wanted` says which go together."""

    paper: printing.Name = "explanation"


@router.get("/{code}/papers/{paper}")
async def printed(
    request: Request, code: str, paper: str, asked: Annotated[Asked, Query()], reader: Reading
) -> Response:
    """Print a paper of a claim, as PDF, or with `html` as a page."""
    if (asked.draft or paper == "approval") and "making" not in SEES[reader.visitor.role]:
        not_theirs = Refused(
            f"{paper}: a ruling that is being made is the authority's own; it is served when issued",
            zh=f"{paper}：尚在办理的裁定属主管部门内部文书，作出后送达",
        )
        raise failures.refused(request, 403, not_theirs)
    try:
        wanted = printing.wanted(paper, **asked.model_dump(exclude={"paper"}))
        async with reader.connection() as conn:
            if code != printing.NO_CLAIM:
                await _found(request, conn, code)
            content = await printing.printed(desk(conn, reader, request), code, wanted)
    except (BadInput, Refused) as error:
        raise failures.refused(request, 422, error) from error
    if wanted.html:
        return Response(content, media_type="text/html; charset=utf-8")
    return _download(content, "application/pdf", f"{code}-{paper}.pdf")


def _download(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    return Response(content, media_type=media_type, headers=headers)


async def _found(request: Request, conn: AsyncConnection, code: str) -> Claim:
    try:
        return await find(conn, code)
    except BadInput as error:
        raise failures.refused(request, 404, error) from error
