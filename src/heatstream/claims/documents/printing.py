"""Print a paper of a claim: what was kept of a ruling as it was kept, everything else from what is recorded now."""

import asyncio
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from heatstream.claims import assess, explained_claim, law
from heatstream.claims.act import Desk
from heatstream.claims.documents import filing, of_claim, of_ruling, of_visit, render, words
from heatstream.claims.documents.case import Case
from heatstream.claims.documents.papers import Line, Measurer, Paper
from heatstream.claims.events import Party
from heatstream.claims.law import InForce
from heatstream.core.calendar import day_of
from heatstream.errors import BadInput
from heatstream.store.read import papers as stored

Name = Literal["visit-form", "ruling", "approval", "receipt", "voucher", "explanation"]


NO_CLAIM: Final = "-"
"""In place of a 案号: a form for a home that is not known yet."""
_ALONE_WITH: Final[dict[str, Name]] = {
    "blank": "visit-form",
    "draft": "ruling",
    "by": "visit-form",
    "event": "visit-form",
    "party": "receipt",
}
"""Options that belong to one paper."""


class Wanted(BaseModel):
    """Which paper, in which form."""

    model_config = ConfigDict(frozen=True)

    paper: Name
    html: bool = False
    blank: bool = False
    """A form to write on."""
    draft: bool = False
    """The draft that waits, marked as one."""
    by: Measurer | None = None
    """Whose blank form; None = the authority's where it is its turn, else the company's."""
    event: int | None = None
    """Number of the visit's event; None = the newest."""
    party: Party | None = None
    """Whose receipt."""


def wanted(paper: str, **options: object) -> Wanted:
    """Say which paper is wanted.

    Raises
    ------
    BadInput
        There is no such paper, or its options do not go together.
    """
    try:
        asked = Wanted.model_validate({"paper": paper, **options})
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise BadInput(f"--{fault['loc'][0]}: seen {fault['input']!r}: {fault['msg']}") from error
    for name, alone in _ALONE_WITH.items():
        if getattr(asked, name) and asked.paper != alone:
            raise BadInput(f"--{name}: seen with {asked.paper}, expected with {alone} alone")
    if asked.paper == "receipt" and asked.party is None:
        raise BadInput("--party: seen none, expected household or company: each party has a receipt of its own")
    if asked.by and not asked.blank:
        raise BadInput("--by: expected with --blank alone; a visit that was recorded says whose it was")
    return asked


async def printed(desk: Desk, code: str, asked: Wanted) -> bytes:
    """Print a paper of a claim as PDF, or as HTML in UTF-8.

    Raises
    ------
    BadInput
        There is no such claim, or nothing recorded in it to print, or a name that the fonts do not hold.
    Refused
        The pack has no words for the parties or the remedy.
    """
    if code == NO_CLAIM:
        return await asyncio.to_thread(_set, await _empty_form(desk, asked), asked)
    case = await filing.case_of(desk.conn, code)
    kept = case.rulings.get(of_ruling.ruling_name(case)) if asked.paper == "ruling" and not asked.draft else None
    if kept is not None and not asked.html:
        return await stored.content(desk.conn, case.claim_id, kept)
    return await asyncio.to_thread(_set, await _paper(desk, case, asked), asked)


def _set(paper: Paper, asked: Wanted) -> bytes:
    return render.html(paper).encode() if asked.html else render.pdf(paper)


async def _empty_form(desk: Desk, asked: Wanted) -> Paper:
    """Print a form for whatever home, by the law in force."""
    if not asked.blank or asked.by is None:
        raise BadInput(
            f"claim {NO_CLAIM!r}: expected a 案号, or --paper visit-form --blank --by for a form without one"
        )
    under, today = (await desk.law()).policy, words.local_day(desk.now())
    return of_visit.empty_form(under.law_on(day_of(today)), under.watermark, asked.by, today)


async def _paper(desk: Desk, case: Case, asked: Wanted) -> Paper:
    match asked.paper:
        case "visit-form":
            return _visit_form(desk, case, asked)
        case "ruling":
            return of_ruling.draft(case) if asked.draft else of_ruling.ruling(case)
        case "approval":
            return of_ruling.approval_sheet(case)
        case "receipt":
            return of_ruling.receipt(case, asked.party or "household")
        case "voucher":
            return of_claim.voucher(case)
        case "explanation":
            return await _explanation(desk, case)


def _visit_form(desk: Desk, case: Case, asked: Wanted) -> Paper:
    if not asked.blank:
        return of_visit.visit_form(case, asked.event)
    turn: Measurer = "authority" if case.way.escalated or case.way.applied else "company"
    return of_visit.blank_form(case, asked.by or turn, words.local_day(desk.now()))


async def _explanation(desk: Desk, case: Case) -> Paper:
    """Explain by the policy that the claim stands under."""
    claim = await assess.find(desk.conn, case.claim_no)
    under = InForce(claim.policy_id, await law.of_id(desk.conn, claim.policy_id))
    seen = await assess.assess(desk.conn, claim, case.way, under, desk.days_off)
    changes = [Line(each.zh, each.en) for each in explained_claim.changes(seen, under)]
    return of_claim.explanation(case, seen.amount, seen.clocks, changes, desk.now())
