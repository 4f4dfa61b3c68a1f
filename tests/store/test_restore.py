"""A backup that was restored holds every row that was backed up, and goes on."""

import asyncio
import datetime as dt
import os
from pathlib import Path

import asyncpg
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.embedded.postgres import programs
from heatstream.store import migrate, registry, timescale
from heatstream.store.pool import create_engine
from heatstream.store.tables import batch, metadata, reading

from .test_registry import TOWN, write

START = dt.datetime(2026, 1, 5, tzinfo=timescale.LOCAL)


async def run(program: Path, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        program, *arguments, env={**os.environ, "PGTZ": "UTC"}, stderr=asyncio.subprocess.PIPE
    )
    _, told = await process.communicate()
    assert process.returncode == 0, told.decode()


async def tell(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def fill(engine: AsyncEngine, folder: Path) -> None:
    async with engine.begin() as conn:
        await registry.import_files(conn, [write(folder, TOWN)], "tester")
        number = await conn.scalar(insert(batch).values(writer="import").returning(batch.c.id))
        await timescale.ensure_partitions(conn, reading, START.date(), START.date() + dt.timedelta(days=3))
        rows = [
            {"point_id": 1, "observed_at": at, "received_at": at, "temp_centi": 1800 + n % 50, "batch_id": number}
            for n in range(300)
            for at in [START + dt.timedelta(minutes=10 * n)]
        ]
        await conn.execute(insert(reading), rows)


async def counted(conn: AsyncConnection) -> dict[str, int]:
    return {
        table.name: int(await conn.scalar(select(func.count()).select_from(table)) or 0)
        for table in metadata.sorted_tables
    }


async def digest(conn: AsyncConnection) -> str:
    text_ = func.concat_ws(",", reading.c.point_id, reading.c.observed_at, reading.c.temp_centi, reading.c.batch_id)
    return str(await conn.scalar(select(func.md5(func.string_agg(text_, ";"))).select_from(reading)))


async def test_a_restored_backup_holds_every_row_and_goes_on(
    engine: AsyncEngine, database_url: str, empty_database_url: str, edition: str, tmp_path: Path
) -> None:
    await fill(engine, tmp_path / "town")
    async with engine.connect() as conn:
        before, readings = await counted(conn), await digest(conn)
    tools, backup = programs("plain" if edition == "plain" else "timescale"), str(tmp_path / "backup")
    await run(tools / "pg_dump", "-Fc", "-f", backup, database_url)
    if edition != "plain":
        await tell(empty_database_url, "create extension timescaledb", "select timescaledb_pre_restore()")
    await run(tools / "pg_restore", "--no-owner", "-d", empty_database_url, backup)
    if edition != "plain":
        await tell(empty_database_url, "select timescaledb_post_restore()")
    await migrate.upgrade(empty_database_url)
    restored = create_engine(empty_database_url)
    async with restored.begin() as conn:
        assert (await counted(conn), await digest(conn)) == (before, readings)
        await migrate.require_current(conn)
        at = START + dt.timedelta(days=3)
        await conn.execute(insert(reading).values(point_id=1, observed_at=at, received_at=at, temp_centi=1, batch_id=1))
        assert await conn.scalar(insert(batch).values(writer="import").returning(batch.c.id)) == 2
    await restored.dispose()
