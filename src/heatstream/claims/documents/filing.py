"""Read what a claim's papers are made from; keep the PDF of its ruling in its file."""

import asyncio
import hashlib
import json
from typing import Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims import law
from heatstream.claims.assess import find, way_from
from heatstream.claims.documents import of_ruling, render
from heatstream.claims.documents.case import Case
from heatstream.claims.documents.papers import CompanyParty
from heatstream.claims.way import ITSELF
from heatstream.core.calendar import day_of
from heatstream.core.standard import standards
from heatstream.rules.choices import ChoicesFile
from heatstream.rules.policy import Policy
from heatstream.store import claims
from heatstream.store.claims import Claim, Line
from heatstream.store.read import papers as stored
from heatstream.store.read.papers import Signatory
from heatstream.store.timescale import LOCAL

RULING: Final = "ruling"
"""Kind of file that nobody but the approval of a ruling adds."""
PDF: Final = "application/pdf"


async def case_of(conn: AsyncConnection, code: str) -> Case:
    """Read a claim as its papers need it.

    Raises
    ------
    BadInput
        There is no such claim.
    """
    claim = await find(conn, code)
    lines = await claims.lines(conn, claim.id)
    policy = await law.of_id(conn, claim.policy_id)
    files = await claims.files(conn, claim.id)
    return Case(
        claim_id=claim.id,
        claim_no=claim.code,
        way=way_from(lines),
        law=policy.law_on(_opened(claim)),
        choices=ChoicesFile.model_validate(json.loads(policy.canonical)["choices"]),
        policy_sha256=policy.hash,
        watermark=policy.watermark,
        household_code=claim.household,
        address=await stored.address_of(conn, claim.household_id),
        company=CompanyParty(claim.company, await stored.credit_code_of(conn, claim.company_id)),
        season=(claim.season_from, claim.season_to),
        standard_centi=await _standard(conn, claim, policy),
        computed_fen=claim.computed_fen,
        entitlement_fen=claim.entitlement_fen,
        officers=await _officers(conn, lines),
        hashes={line.number: line.hash for line in lines},
        files={file.sha256: file.name for file in files},
        rulings={file.name: file.sha256 for file in files if file.kind == RULING},
    )


def _opened(claim: Claim) -> int:
    return day_of(claim.opened_at.astimezone(LOCAL).date())


async def _standard(conn: AsyncConnection, claim: Claim, policy: Policy) -> int | None:
    """Give the temperature promised to the household on the day of the request."""
    if policy.law_on(_opened(claim)).pack.standard is None:
        return None
    agreed = (await claims.terms(conn, claim.household_id, claim.opened_at.astimezone(LOCAL).date())).standard_centi
    rules = policy.day_rules(_opened(claim))
    return int(standards(rules, np.array([agreed or 0], np.int16), np.array([agreed is not None]))[0])


async def _officers(conn: AsyncConnection, lines: list[Line]) -> dict[str, Signatory]:
    known = await stored.by_code(conn, {line.officer for line in lines})
    return {ITSELF: Signatory(ITSELF, ITSELF), **known}


async def check_draft(conn: AsyncConnection, code: str) -> None:
    """Set the draft of a ruling, so that what cannot be printed is told before others have worked on it.

    Raises
    ------
    BadInput
        A name holds a character that cannot be printed.
    Refused
        The pack has no words for the parties or for the remedy.
    """
    await asyncio.to_thread(render.pdf, of_ruling.draft(await case_of(conn, code)))


async def keep_ruling(conn: AsyncConnection, code: str, by: str) -> bytes:
    """Set the standing ruling of a claim as PDF, keep it in the claim's file, and give its SHA-256.

    What is printed and served later is what was kept here, whatever changes in the registry.

    Parameters
    ----------
    by : 工号 of who approved it

    Raises
    ------
    BadInput
        No ruling stands, or a name holds a character that cannot be printed.
    Refused
        The pack has no words for the parties or for the remedy.
    """
    case = await case_of(conn, code)
    content = await asyncio.to_thread(render.pdf, of_ruling.ruling(case))
    digest = hashlib.sha256(content).digest()
    name = of_ruling.ruling_name(case)
    await claims.attach(
        conn, case.claim_id, kind=RULING, name=name, media_type=PDF, sha256=digest, content=content, by=by
    )
    return digest
