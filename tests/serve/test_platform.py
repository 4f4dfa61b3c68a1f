"""The example of a platform has in its table what the API lists, whatever happened meanwhile."""

import asyncio
import json
import os
import sqlite3
import sys
from pathlib import Path

import httpx
from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.store import changes
from heatstream.store import tables as t
from tests.serve import town
from tests.serve.following import listening
from tests.serve.test_changes import judge_again

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "platform" / "fill_and_follow.py"


async def run(address: str, table: Path, key: str) -> str:
    """Run the example as its README says; tell what it printed."""
    environ = {**os.environ, "HEATSTREAM_KEY": key}
    process = await asyncio.create_subprocess_exec(
        sys.executable, EXAMPLE, address, table, "--once", env=environ, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    return told.decode()


def kept(table: Path) -> dict[str, object]:
    connection = sqlite3.connect(table)
    try:
        return {key: json.loads(data) for key, data in connection.execute("select key, data from finding")}
    finally:
        connection.close()


async def listed(client: httpx.AsyncClient) -> dict[str, object]:
    rows = (await client.get("/api/v1/findings", params={"limit": 500})).json()["rows"]
    return {f"{row['household']}/{row['period_kind']}/{row['period_from']}": row for row in rows}


async def test_the_table_is_equal_from_nothing_over_judging_again_and_over_a_restore(
    app: FastAPI, client: httpx.AsyncClient, engine: AsyncEngine, tmp_path: Path
) -> None:
    table, key = tmp_path / "platform.sqlite", client.headers["Authorization"].removeprefix("Bearer ")
    await changes.sequence_all(engine)
    async with listening(app) as (_, address):
        assert await run(address, table, key) == "filled with 9 findings\n"
        assert kept(table) == await listed(client)

        await judge_again(engine, "H2", town.FAILING)
        await judge_again(engine, "H3", town.COMPLIANT)
        await judge_again(engine, "H2", town.UNDETERMINED)
        await changes.sequence_all(engine)
        assert await run(address, table, key) == ""
        assert kept(table) == await listed(client)

        async with engine.begin() as conn:
            await conn.execute(update(t.feed).values(database="1/1/1"))
        await judge_again(engine, "H2", town.COMPLIANT)
        await changes.sequence_all(engine)
        told = await run(address, table, key)
        assert told.startswith("beginning again: since: of another feed")
        assert told.endswith("filled with 9 findings\n")
        assert kept(table) == await listed(client)
