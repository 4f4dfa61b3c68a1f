"""`heatstream ingest status` shows what became of everything, and what is missing."""

import json

import pytest

from heatstream.ingest import status
from heatstream.ingest.status import IngestStatus, Missing
from heatstream.store.rejects import Waiting
from tests.ingest.desk import Desk, message, reading


async def read(desk: Desk) -> IngestStatus:
    async with desk.engine.connect() as conn:
        return await status.read(conn, hours=24)


@pytest.mark.every_edition
async def test_an_hour_of_a_gateway_adds_up(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 20), reading("P-1", 10, 99))
    await desk.say(reading("P-1", 0, 20), reading("P-1", 0, 21))
    [hour] = (await read(desk)).hours
    assert (hour.gateway, hour.messages, hour.readings) == ("gw-1", 2, 4)
    assert (hour.stored, hour.repeated, hour.conflicting, hour.rejected) == (1, 1, 1, 1)


async def test_missing_sequences_are_told_by_gateway(desk: Desk) -> None:
    await desk.send(*(message(reading("P-1", n, 20), sequence=n) for n in (1, 3, 7)))
    assert (await read(desk)).missing == [Missing("gw-1", 1, 7, 4, "2 4-6")]


async def test_refused_readings_are_told_by_reason(desk: Desk) -> None:
    await desk.send(message(reading("P-1", 0, 99)), ("heat/v1/shili/gw-1/indoor", b"junk"))
    assert (await read(desk)).rejects == [Waiting("out_of_range", 0, 1), Waiting("undecodable", 1, 0)]


@pytest.mark.every_edition
async def test_undecided_conflicts_are_counted(desk: Desk) -> None:
    await desk.say(reading("P-1", 0, 20), reading("P-1", 0, 21))
    assert (await read(desk)).conflicts == 1


async def test_the_lag_is_that_of_the_last_batch(desk: Desk) -> None:
    assert (await read(desk)).lag_s is None
    await desk.say(reading("P-1", 0, 20))
    lag_s = (await read(desk)).lag_s
    assert lag_s is not None
    assert 0 <= lag_s < 60


async def test_json_is_one_object_a_line(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    await desk.say(reading("P-1", 0, 20))
    async with desk.engine.connect() as conn:
        await status.show(conn, as_json=True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert [line["kind"] for line in lines] == ["hour", "now"]


async def test_a_person_sees_tables(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    await desk.say(reading("P-1", 0, 20))
    async with desk.engine.connect() as conn:
        await status.show(conn)
    assert "gw-1" in capsys.readouterr().out
