"""A populated database of every release comes up to this one with every row.

`releases/REVISION.sql` holds the rows of a database at that revision, as `pg_dump --data-only --inserts
--load-via-partition-root` writes them. A release adds its file and never changes another's.
"""

import datetime as dt
import re
from collections import Counter
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from heatstream.claims import audit
from heatstream.rules.holidays import DaysOff
from heatstream.store import migrate, timescale
from heatstream.store.pool import create_engine
from heatstream.store.tables import BY_TIME
from heatstream.supervision import audit as matters
from heatstream.supervision.act import Desk
from heatstream.supervision.matter import Ground

RELEASES = sorted((Path(__file__).parent / "releases").glob("*.sql"))
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 1, 31)


def rows(release: Path) -> list[str]:
    lines = release.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith(("INSERT ", "SELECT pg_catalog.setval"))]


def expected(release: Path) -> Counter[str]:
    return Counter(re.findall(r"^INSERT INTO public\.(\w+)", "\n".join(rows(release)), re.MULTILINE))


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
async def test_a_populated_database_of_a_release_is_upgraded_with_every_row(
    release: Path, empty_database_url: str
) -> None:
    await migrate.upgrade(empty_database_url, release.stem)
    engine = create_engine(empty_database_url)
    async with engine.begin() as conn:
        for table in BY_TIME:
            await timescale.ensure_partitions(conn, table, FIRST, LAST)
    raw = await asyncpg.connect(empty_database_url)
    await raw.execute("\n".join(rows(release)))
    await raw.close()
    await migrate.upgrade(empty_database_url)
    async with engine.connect() as conn:
        await migrate.require_current(conn)
        found = {table: await conn.scalar(text(f"select count(*) from {table}")) for table in expected(release)}
        counted = await conn.scalar(text("select coalesce(sum(homes), 0) from day_outcome"))
        faults = [fault async for fault in audit.faults(conn)]
        desk = Desk(conn, Ground(None, None, DaysOff(None)), lambda: dt.datetime.now(dt.UTC))
        faults += [fault async for fault in matters.faults(desk)]
    await engine.dispose()
    assert (found, faults) == (expected(release), [])
    assert counted == expected(release)["finding_current"]


def test_the_newest_revision_has_its_populated_database() -> None:
    versions = sorted((Path(__file__).parents[2] / "migrations" / "versions").glob("*.py"))
    assert RELEASES[-1].stem == versions[-1].name.split("_")[0]
