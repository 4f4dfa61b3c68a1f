"""Truth: what the file says is what a stranger's subscriber received."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import simulators
from simulators.errors import LinkError, StateError
from simulators.run import Progress, simulate
from simulators.scenario import Scenario, load_scenario
from simulators.truth import TruthFile, TruthRow, read_truth

FOLDER = Path(simulators.__file__).parent / "scenarios"
CALM = load_scenario(FOLDER / "calm.yaml")
FAULTS = load_scenario(FOLDER / "faults.yaml")


def shaped(shape: str) -> Scenario:
    return CALM.model_copy(update={"shape": shape})


def said(topic: str, payload: bytes) -> list[tuple[str, str, str]]:
    """Read a message as a stranger would: (subject, at, value) of each reading."""
    body = json.loads(payload, parse_float=str, parse_int=str)
    if "points" in body:
        at = body["at"] if isinstance(body["at"], list) else [body["at"]] * len(body["points"])
        return list(zip(body["points"], at, body["temp_c"], strict=True))
    if topic.endswith("meters"):
        return [
            (one.pop("meter"), one.pop("at"), ",".join(f"{key}={value}" for key, value in one.items()))
            for one in body["readings"]
        ]
    return [(one["point"], one["at"], one["temp_c"]) for one in body.get("readings", [body])]


def written(row: TruthRow) -> tuple[str, str, str]:
    if row.topic.endswith("meters"):
        members = json.loads(f"{{{row.value}}}", parse_float=str, parse_int=str)
        return row.subject, row.at, ",".join(f"{key}={value}" for key, value in members.items())
    return row.subject, row.at, row.value.strip('"')


@pytest.mark.parametrize("shape", ["single", "envelope", "columnar"])
async def test_the_truth_file_says_what_was_received(
    mosquitto: Any, recording: Any, city: str, tmp_path: Path, shape: str
) -> None:
    async with recording(receipts=True) as recorder:
        await simulate(shaped(shape), mosquitto.url, city, tmp_path / "truth.csv")
    received = Counter(reading for topic, payload in recorder.received for reading in said(topic, payload))
    assert received == Counter(written(row) for row in read_truth(tmp_path / "truth.csv"))


async def test_with_every_fault_the_truth_says_what_was_received(
    mosquitto: Any, recording: Any, city: str, tmp_path: Path
) -> None:
    async with recording(receipts=True) as recorder:
        summary = await simulate(FAULTS, mosquitto.url, city, tmp_path / "truth.csv")
    rows = list(read_truth(tmp_path / "truth.csv"))
    unreadable = {(row.topic, row.value.encode()) for row in rows if row.kind == "undecodable"}
    messages = set(recorder.received)
    assert unreadable <= messages
    received = {(topic, *reading) for topic, payload in messages - unreadable for reading in said(topic, payload)}
    assert received == {(row.topic, *written(row)) for row in rows if row.kind != "undecodable"}
    assert (summary.readings, summary.unreceipted) == (len(rows), 0)


async def test_without_receipts_a_run_ends_when_the_broker_has_everything(
    mosquitto: Any, recording: Any, city: str, tmp_path: Path
) -> None:
    async with recording(receipts=False):
        summary = await simulate(CALM, mosquitto.url, city, tmp_path / "truth.csv", receipts=False)
    assert (summary.sent, summary.unreceipted) == (summary.messages, 0)


async def test_a_stopped_run_goes_on_with_its_state_and_the_truth_is_whole(
    mosquitto: Any, recording: Any, city: str, tmp_path: Path
) -> None:
    stop = asyncio.Event()
    parts = {"state": tmp_path / "state", "receipts": True}

    def stop_at_noon(progress: Progress) -> None:
        if progress.share > 0.5:
            stop.set()

    async with recording(receipts=True) as recorder:
        first = await simulate(
            FAULTS, mosquitto.url, city, tmp_path / "truth.csv", progress=stop_at_noon, stop=stop, **parts
        )
        second = await simulate(FAULTS, mosquitto.url, city, tmp_path / "truth.csv", **parts)
        other = tmp_path / "whole.csv"
        await simulate(FAULTS, mosquitto.url, "other", other, receipts=False)
    rows = [row._replace(topic="") for row in read_truth(tmp_path / "truth.csv")]
    assert rows == [row._replace(topic="") for row in read_truth(other)]
    assert first.readings + second.readings == len(rows)
    assert recorder.contiguous("gw-0001") == max(row.sequence for row in rows if row.gateway == "gw-0001")


async def test_state_of_another_story_is_refused(mosquitto: Any, recording: Any, city: str, tmp_path: Path) -> None:
    async with recording(receipts=True):
        await simulate(CALM, mosquitto.url, city, tmp_path / "truth.csv", state=tmp_path)
    with pytest.raises(StateError, match="another story"):
        await simulate(FAULTS, mosquitto.url, city, tmp_path / "truth.csv", state=tmp_path)


async def test_live_plays_the_past_at_once_and_goes_on_with_the_clock(
    mosquitto: Any, recording: Any, city: str, tmp_path: Path
) -> None:
    noon_us = 1_767_585_600_000_000
    stop = asyncio.Event()
    seen: list[Progress] = []

    def watch(progress: Progress) -> None:
        seen.append(progress)
        if progress.live:
            stop.set()

    # once the twelve hours of the past are played it stands a moment before the next upload, at 12:40:03
    def clock() -> int:
        return noon_us + (len(seen) >= 12) * 2_402_900_000

    async with recording(receipts=True):
        await simulate(
            CALM, mosquitto.url, city, tmp_path / "truth.csv", live=True, progress=watch, stop=stop, clock=clock
        )
    assert [progress.live for progress in seen[:13]] == [False] * 12 + [True]


async def test_speed_holds_the_story_back(mosquitto: Any, recording: Any, city: str, tmp_path: Path) -> None:
    began = asyncio.get_running_loop().time()
    async with recording(receipts=False):
        await simulate(
            CALM.model_copy(update={"speed": 86_400.0}), mosquitto.url, city, tmp_path / "truth.csv", receipts=False
        )
    assert asyncio.get_running_loop().time() - began > 0.95


async def test_no_broker_is_told_at_once(mosquitto: Any, city: str, tmp_path: Path) -> None:
    await mosquitto.stop()
    with pytest.raises(LinkError, match="no connection to the broker"):
        await simulate(CALM, mosquitto.url, city, tmp_path / "truth.csv")


def test_a_torn_last_line_is_cut_and_written_again(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    rows = [TruthRow("gw", sequence, "t", "p", "a", "18.00", "good") for sequence in (1, 2)]
    with TruthFile(path) as truth:
        truth.write(rows)
    path.write_bytes(path.read_bytes()[:-7])
    with TruthFile(path) as truth:
        truth.write(rows[1:])
    assert list(read_truth(path)) == rows


def test_rows_written_twice_are_read_once(tmp_path: Path) -> None:
    row = TruthRow("gw", 1, "t", "p", "a", "18.00", "good")
    with TruthFile(tmp_path / "truth.csv") as truth:
        truth.write([row, row])
    assert list(read_truth(tmp_path / "truth.csv")) == [row]
