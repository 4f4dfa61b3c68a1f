"""The migrations build exactly what the metadata declares."""

import os
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.embedded.postgres import programs
from heatstream.errors import StoreError
from heatstream.store import migrate, timescale
from heatstream.store.pool import create_engine
from heatstream.store.tables import BY_TIME, metadata


@pytest.fixture
def pg_dump() -> Path:
    """The newest one dumps every server of the tests."""
    return programs("plain") / "pg_dump"


def dumped(pg_dump: Path, url: str) -> list[str]:
    """Take the schema as `pg_dump` writes it, without comments, blank lines and the server's own version stamps."""
    command = [pg_dump, "-s", "--no-owner", "--schema=public", "--schema=seen", "--exclude-table=alembic_version", url]
    text_ = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "PGTZ": "UTC"}
    ).stdout
    return [
        line
        for line in text_.splitlines()
        if line.strip() and not line.startswith(("--", "\\", "SET ", "SELECT pg_catalog")) and "pg_attver" not in line
    ]


async def test_the_migrations_build_what_the_metadata_declares(
    engine: AsyncEngine, empty_database_url: str, database_url: str, pg_dump: Path
) -> None:
    async with engine.connect() as conn:
        hypertables = (await timescale.edition(conn)).hypertables
    declared = create_engine(empty_database_url)
    async with declared.begin() as conn:
        if hypertables:
            await conn.execute(text("create extension if not exists timescaledb"))
        await migrate.create_declared(conn, hypertables=hypertables)
    await declared.dispose()
    assert dumped(pg_dump, database_url) == dumped(pg_dump, empty_database_url)


async def test_every_table_by_time_is_cut_along_it(engine: AsyncEngine) -> None:
    async with engine.connect() as conn:
        if (await timescale.edition(conn)).hypertables:
            cut = set(await conn.scalars(text("select hypertable_name from timescaledb_information.hypertables")))
        else:
            cut = set(await conn.scalars(text("select relname from pg_class where relkind = 'p'")))
    assert cut == {table.name for table in BY_TIME}


async def test_migrating_twice_changes_nothing(database_url: str, engine: AsyncEngine) -> None:
    await migrate.upgrade(database_url)
    async with engine.connect() as conn:
        await migrate.require_current(conn)


async def test_a_database_that_was_never_migrated_is_refused(empty_database_url: str) -> None:
    engine = create_engine(empty_database_url)
    async with engine.connect() as conn:
        with pytest.raises(
            StoreError, match=r"stands at revision None, this release needs .*: run `heatstream migrate`"
        ):
            await migrate.require_current(conn)
    await engine.dispose()


async def test_who_sees_a_part_of_the_rows_may_not_count_them(engine: AsyncEngine) -> None:
    async with engine.connect() as conn:
        await migrate.require_ready(conn)
        await conn.execute(text("set local role pg_read_all_data"))
        with pytest.raises(
            StoreError, match=r"user pg_read_all_data sees a part of the rows: .* expected one with BYPASSRLS"
        ):
            await migrate.require_ready(conn)


def test_every_quantity_has_a_unit_in_its_comment() -> None:
    suffixes = ("_centi", "_fen", "_min", "_centi_m2", "_cm", "_l_h", "_w", "_wh", "_l", "_kpa", "_e4")
    silent = [
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if column.name.endswith(suffixes)
        and not (column.comment or "").strip().endswith("]")
        and "minutes" not in (column.comment or "")
        and "[" not in (column.comment or "")
    ]
    assert silent == []
