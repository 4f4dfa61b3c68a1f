"""`heatstream evaluate status` tells what is closed, what waits and what ran."""

import json

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.evaluate import status

from .town import DAY, Town, at, evaluator, whole_day

pytestmark = pytest.mark.every_edition


async def test_the_status_for_a_program_is_one_json_object(
    town: Town, engine: AsyncEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    await town.monitored("a", "b")
    await town.write({"a": whole_day(), "b": whole_day()})
    await evaluator(engine).once(through=DAY)
    await town.write({"a": [(at(DAY, 1), 1700)]})
    capsys.readouterr()
    async with engine.connect() as conn:
        await status.show(conn, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["closed_through"], told["waiting_household_days"]) == (DAY.isoformat(), 1)
    assert [run["counts"]["compliant"] for run in told["runs"]] == [2]


async def test_the_status_of_a_new_database_says_that_no_day_is_closed(
    engine: AsyncEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    async with engine.connect() as conn:
        await status.show(conn)
    assert "closed through: no day yet" in capsys.readouterr().out
