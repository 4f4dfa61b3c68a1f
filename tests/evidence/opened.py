"""Exporting bundles in tests, and opening them again."""

import datetime as dt
import json
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.evidence import bundle, roots
from heatstream.evidence.sign import Signer
from tests.evaluate.town import DAY, Town, evaluator

MADE_AT = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


async def no_claim(_conn: AsyncConnection, code: str) -> bundle.Told:
    raise AssertionError(f"claim {code}: this town has none")


async def judged(town: Town, last: dt.date = DAY, **series: Any) -> None:
    """Store readings and judge the days up to `last`."""
    await town.write(series)
    await evaluator(town.engine).once(settle=False, through=last)


async def sealed(town: Town) -> list[roots.Sealed]:
    async with town.engine.begin() as conn:
        return await roots.make_roots(conn)


async def exported(
    town: Town,
    home: str = "a",
    last: dt.date = DAY,
    *,
    first: dt.date = DAY,
    signer: Signer | None = None,
    told_of: bundle.ToldOf = no_claim,
    made_at: dt.datetime = MADE_AT,
) -> bytes:
    async with town.engine.begin() as conn:
        return await bundle.export(conn, home, first, last, signer=signer, told_of=told_of, made_at=made_at)


def files(content: bytes) -> dict[str, bytes]:
    """Open an archive, in its order."""
    with ZipFile(BytesIO(content)) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def tree(content: bytes, name: str) -> Any:
    """Read one JSON file of a bundle."""
    return json.loads(files(content)[name], parse_float=_refuse)


def _refuse(text: str) -> float:
    raise AssertionError(f"{text} is no whole number")
