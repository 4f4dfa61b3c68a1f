"""The papers of a claim: scans, forms, rulings, receipts, evidence bundles; each is cited by its SHA-256."""

import hashlib
import mimetypes
from typing import Final

from heatstream.claims.act import Desk
from heatstream.claims.assess import find
from heatstream.claims.check import Home, outside_jurisdiction
from heatstream.claims.event_words import role
from heatstream.errors import BadInput, Refused
from heatstream.store import claims

KINDS: Final = ("scan", "form", "receipt", "bundle", "other")
"""What a person attaches; the PDF of a `ruling` is kept by its approval alone."""


async def attach(desk: Desk, code: str, name: str, content: bytes, *, kind: str, by: str) -> str:
    """Keep a paper, once; tell its SHA-256.

    Raises
    ------
    BadInput
        The kind is none of `KINDS`, the paper is empty, or there is no such claim or officer.
    Refused
        The home is not this officer's to act for.
    """
    if kind not in KINDS:
        raise BadInput(
            f"kind: seen {kind!r}, expected one of {', '.join(KINDS)}",
            zh=f"附件类型为“{kind}”，应为以下之一：{'、'.join(KINDS)}",
        )
    if not content:
        raise BadInput(f"{name}: seen an empty file, expected a paper", zh=f"附件 {name} 为空文件，应有内容")
    officer, claim = await desk.officer(by), await find(desk.conn, code)
    home = Home(claim.household, claim.district_id, claim.district, claim.company_id, claim.company)
    outside = outside_jurisdiction(officer, home)
    if outside is not None:
        raise Refused(
            f"{name} by {officer.name} ({officer.role}): {outside}",
            zh=f"附件 {name}（{officer.name}，{role(officer.role)}）：{outside.zh}",
        )
    digest = hashlib.sha256(content)
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    await claims.attach(
        desk.conn,
        claim.id,
        kind=kind,
        name=name,
        media_type=media_type,
        sha256=digest.digest(),
        content=content,
        by=by,
    )
    return digest.hexdigest()
