"""The papers of a claim: scans, forms, rulings, receipts, evidence bundles; each is cited by its SHA-256."""

import hashlib
import mimetypes
from typing import Final

from heatstream.claims.act import Desk
from heatstream.claims.assess import find
from heatstream.errors import BadInput
from heatstream.store import claims

KINDS: Final = ("scan", "form", "receipt", "bundle", "other")
"""What a person attaches; the PDF of a `ruling` is kept by its approval alone."""


async def attach(desk: Desk, code: str, name: str, content: bytes, *, kind: str, by: str) -> str:
    """Keep a paper, once; tell its SHA-256.

    Raises
    ------
    BadInput
        The kind is none of `KINDS`, the paper is empty, or there is no such claim or officer.
    """
    if kind not in KINDS:
        raise BadInput(f"kind: seen {kind!r}, expected one of {', '.join(KINDS)}")
    if not content:
        raise BadInput(f"{name}: seen an empty file, expected a paper")
    await desk.officer(by)
    claim = await find(desk.conn, code)
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
