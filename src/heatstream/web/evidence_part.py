"""证据: the bundle of a home and period as a download, and a bundle judged again by the project's own verifier.

Both work in a thread: a season's readings, or a bundle that somebody made to take long, must not keep others waiting.
"""

import asyncio
import datetime as dt
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import text

import heatstream.evidence
from heatstream.claims.told import told
from heatstream.errors import BadInput, Refused
from heatstream.evidence import bundle, sign
from heatstream.settings import Settings
from heatstream.store import pool
from heatstream.web import failures
from heatstream.web.household_rows import household
from heatstream.web.rows import DayOfReadings
from heatstream.web.signed_in import Reading, Visitor

log = structlog.get_logger("heatstream.web")
router = APIRouter(prefix="/rows", include_in_schema=False)

MOST_DAYS: Final = 400
"""A season and what lies around it."""
PATIENCE_S: Final = 120
AT_ONCE: Final = asyncio.Semaphore(2)
"""Bundles that are made or verified at a time; whoever comes next waits."""
TWIN: Final = Path(heatstream.evidence.__file__).with_name("twin.py")
UNREADABLE: Final = "无法读取"
"""How the verifier begins to say that it cannot read a file; a difference and this end with the same code."""

Row = dict[str, Any]


@router.get("/household/{code}/evidence")
async def export(
    request: Request,
    reader: Reading,
    code: str,
    first: Annotated[DayOfReadings, Query(alias="from")],
    last: Annotated[DayOfReadings, Query(alias="to")],
) -> Response:
    """Give a home's evidence of some days, signed where a key is set, as `heatstream evidence export` does."""
    async with reader.connection() as conn:
        found = await household(conn, code)
    if not dt.timedelta(0) <= last - first <= dt.timedelta(days=MOST_DAYS):
        wrong = BadInput(
            f"days from {first} to {last}: expected the first before the last, {MOST_DAYS} at most",
            zh=f"日期自 {first} 至 {last}：首日应不晚于末日，且不超过 {MOST_DAYS} 日",
        )
        raise failures.refused(request, 422, wrong)
    try:
        content = await exported(request.app.state.settings, found.household, first, last)
    except BadInput as error:
        raise failures.refused(request, 422, error) from error
    digest = hashlib.sha256(content).hexdigest()
    days = {"first": first.isoformat(), "last": last.isoformat()}
    log.info("evidence exported", who=reader.visitor.who, household=found.household, **days, sha256=digest)
    name = quote(f"evidence-{found.household}-{first}-{last}.zip")
    told_with = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}", "X-Content-SHA256": digest}
    return Response(content, media_type="application/zip", headers=told_with | {"Cache-Control": "no-store"})


async def exported(settings: Settings, code: str, first: dt.date, last: dt.date) -> bytes:
    """Export a home's evidence of some days, in a thread; whoever asks was let in before.

    Raises
    ------
    BadInput
        As `evidence.bundle.export`.
    """
    async with AT_ONCE:
        return await asyncio.to_thread(lambda: asyncio.run(_bundle(settings, code, first, last)))


async def _bundle(settings: Settings, code: str, first: dt.date, last: dt.date) -> bytes:
    """Make it with the rights of the process: who may have it was asked, and it is the same whoever does."""
    engine = pool.create_engine(settings.database_url(), size=1, application="heatstream-web-evidence")
    snapshot = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    try:
        async with snapshot.begin() as conn:
            await conn.execute(text(f"set local statement_timeout = '{PATIENCE_S}s'"))
            return await bundle.export(
                conn,
                code,
                first,
                last,
                signer=sign.signer_of(settings.evidence),
                told_of=told,
                made_at=dt.datetime.now(dt.UTC),
            )
    finally:
        await engine.dispose()


@router.post("/evidence/verify")
async def verify(request: Request, visitor: Visitor) -> Row:
    """Judge a bundle again with the literal twin, by a Python that sees nothing but its standard library."""
    content = await request.body()
    async with AT_ONCE:
        try:
            found = await asyncio.to_thread(_verified, content)
        except Refused as error:
            raise failures.refused(request, 503, error) from error
    log.info("evidence verified", who=visitor.who, outcome=found["outcome"], sha256=found["sha256"])
    return found


def _verified(content: bytes) -> Row:
    digest = hashlib.sha256(content).hexdigest()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bundle.zip"
        file.write_bytes(content)
        if _is_packed(file):
            said = f"{UNREADABLE} unreadable: expected a bundle as it was made, with its files stored as they are"
            return {"outcome": "unreadable", "lines": [said], "sha256": digest}
        command: list[str | Path] = [sys.executable, "-I", "-S", TWIN, "verify", file]
        try:
            ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        except subprocess.TimeoutExpired as error:
            raise Refused(
                f"the verifier took longer than {PATIENCE_S} s", zh=f"核验超过 {PATIENCE_S} 秒未完成"
            ) from error
    lines = ended.stdout.replace(str(file), "bundle.zip").splitlines()
    if ended.returncode == 0:
        outcome = "same"
    else:
        outcome = "unreadable" if not lines or lines[0].startswith(UNREADABLE) else "different"
    return {"outcome": outcome, "lines": lines, "sha256": digest}


def _is_packed(file: Path) -> bool:
    """Tell whether an archive would unpack to more than was sent: the verifier would fill the memory with it."""
    try:
        with zipfile.ZipFile(file) as archive:
            return any(each.compress_type != zipfile.ZIP_STORED for each in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False  # the verifier says what is wrong with it
