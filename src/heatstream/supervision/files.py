"""The papers of a matter: logbooks, photographs, letters; each is cited by its SHA-256."""

import hashlib
import mimetypes

from heatstream.claims.event_words import role
from heatstream.errors import BadInput
from heatstream.store import matters
from heatstream.supervision.act import Desk, person, place_of


async def attach(desk: Desk, code: str, name: str, content: bytes, *, by: str) -> str:
    """Keep a paper, once; tell its SHA-256.

    Raises
    ------
    BadInput
        The paper is empty, there is no such matter or officer, or the officer is the software.
    Refused
        The matter is not this officer's to act in, or the officer is registered no more.
    """
    if not content:
        raise BadInput(f"{name}: seen an empty file, expected a paper", zh=f"附件 {name} 为空文件，应有内容")
    officer, found = await desk.officer(person(by)), await desk.locked(code)
    await desk.check_person(
        f"{name} by {officer.code} ({officer.role})",
        officer,
        place_of(found),
        desk.now(),
        zh_title=f"附件 {name}（{officer.code}，{role(officer.role)}）",
    )
    digest = hashlib.sha256(content)
    await matters.attach(
        desk.conn,
        found.id,
        name=name,
        media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        sha256=digest.digest(),
        content=content,
        officer=officer.code,
    )
    return digest.hexdigest()
