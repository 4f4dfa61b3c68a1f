"""The commands say what they did, and in one line what a person can mend."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import simulators


async def command(*words: str) -> tuple[int, str, str]:
    """Run `python -m simulators` as a person does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulators",
        *words,
        cwd=Path(simulators.__file__).parents[1],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await process.communicate()
    return process.returncode or 0, out.decode(), error.decode()


async def test_simulate_plays_a_shipped_scenario(mosquitto: Any, recording: Any, city: str, tmp_path: Path) -> None:
    async with recording(receipts=True):
        code, out, _ = await command(
            "simulate", "calm", "--truth", str(tmp_path / "t.csv"), "--broker", mosquitto.url, "--city", city
        )
    assert code == 0
    assert "readings=1224 good=1224 messages=1080" in out


async def test_simulate_tells_a_wrong_scenario_in_one_line(tmp_path: Path) -> None:
    code, _, error = await command("simulate", str(tmp_path / "absent.yaml"), "--truth", str(tmp_path / "t.csv"))
    assert code == 1
    assert "absent.yaml cannot be read as a scenario" in error
    assert "Traceback" not in error


async def test_load_tells_what_it_reached(mosquitto: Any) -> None:
    code, out, _ = await command("load", "1000", "--points", "100", "--gateways", "10", "--broker", mosquitto.url)
    assert code == 0
    assert out.startswith("messages=1000 readings=1000 seconds=")


async def test_replay_tells_each_cell_that_was_not_sent(mosquitto: Any, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(
        "{gateway: g, time: {column: at, format: '%Y-%m-%d', zone: '+08:00'}, points: {room: {point: P-1}}}"
    )
    (tmp_path / "f.csv").write_text("at,room\n2026-01-05,18\n2026-01-06,warm\n")
    code, out, error = await command(
        "replay", "csv", str(tmp_path / "f.csv"), "--mapping", str(tmp_path / "m.yaml"), "--broker", mosquitto.url,
        "--no-receipts",
    )  # fmt: skip
    assert code == 1
    assert "rows=2 readings=1 messages=1" in out
    assert "line 3, column room: seen 'warm', expected a number" in error


async def test_the_registry_of_a_scenario_is_written(tmp_path: Path) -> None:
    code, out, _ = await command("registry", "calm", str(tmp_path), "--city", "x")
    assert code == 0
    assert "household=12" in out
    assert (tmp_path / "point.csv").exists()


async def test_the_schema_is_printed() -> None:
    code, out, _ = await command("schema")
    assert (code, out) == (0, (Path(simulators.__file__).parent / "scenario.schema.json").read_text(encoding="utf-8"))
