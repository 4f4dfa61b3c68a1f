"""The demo as a newcomer starts it: one process, from its first word to its last."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from heatstream.embedded import child
from heatstream.embedded.places import make_folder
from tests.test_cli import heatstream

pytestmark = pytest.mark.faults
FIRST_FINDINGS_S = 240  # the promise is 120 s on a machine that does nothing else


class Demo:
    """A running demo, and what it has said so far."""

    def __init__(self, data: Path, *words: str) -> None:
        self.data = data
        self.port = _pair_of_ports()
        self.said = data.with_name(f"{data.name}-{self.port}.said")
        command = [sys.executable, "-m", "heatstream", "demo", "--data", data, "--port", str(self.port), *words]
        with self.said.open("wb") as out:
            self.process = subprocess.Popen(
                [*map(str, command)], stdout=out, stderr=subprocess.STDOUT, env={**os.environ, "COLUMNS": "150"}
            )

    def until(self, pattern: str, seconds: float) -> str:
        """Wait until it says something; give what the group matched."""
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern, self.said.read_text())):
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < deadline, self.said.read_text()
            time.sleep(0.1)
        return found[1]

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(60)

    def ask(self, path: str) -> object:
        key = (self.data / "api-key").read_text()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port + 1}/api/v1/{path}", headers={"Authorization": f"Bearer {key}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  (our own address)
            return json.load(answer)

    def processes(self) -> list[str]:
        """Living processes that were started for this demo: each has the folder in its words or its environment."""
        return [words for pid in _processes() if (words := _words(pid)) and str(self.data) in words]


def _pair_of_ports() -> int:
    while not child.is_free((port := child.free_port()) + 1):
        pass
    return port


def _processes() -> list[Path]:
    return [path for path in Path("/proc").iterdir() if path.name.isdigit() and int(path.name) != os.getpid()]


def _words(pid: Path) -> str:
    with contextlib.suppress(OSError):
        words = (pid / "cmdline").read_bytes() + b" " + (pid / "environ").read_bytes()
        outs = [str((pid / "fd/1").readlink())] if (pid / "fd/1").exists() else []
        return " ".join([words.replace(b"\0", b" ").decode(errors="replace"), *outs])
    return ""


def _is_deserted(demo: Demo, seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while (left := demo.processes()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not left


@pytest.fixture(scope="module")
def city(scratch: Path) -> Iterator[Demo]:
    demo = Demo(make_folder(scratch / "city") / "data")
    demo.until(r"API key\s+(\S+)", FIRST_FINDINGS_S)
    yield demo
    if demo.process.poll() is None:
        demo.end(signal.SIGINT)


def test_it_says_which_postgresql_and_which_broker_it_found(city: Demo) -> None:
    said = city.said.read_text()
    assert re.search(r"PostgreSQL .*TimescaleDB", said)
    assert re.search(r"broker +Mosquitto", said)


def test_it_tells_what_was_found(city: Demo) -> None:
    assert int(city.until(r"不达标 failing\W+([\d,]+)", 1).replace(",", "")) > 0


def test_its_law_is_marked_as_fictional(city: Demo) -> None:
    assert "演示·非法律依据" in city.said.read_text()


def test_the_key_it_prints_opens_the_api(city: Demo) -> None:
    assert city.ask("findings?outcome=failing&limit=1")


def test_a_claim_is_opened_in_the_database_it_prints(city: Demo) -> None:
    url = city.until(r"database\s+(postgresql://\S+)", 1)
    event = Path(__file__).parents[2] / "docs" / "examples" / "claim" / "01-opened.yaml"
    assert heatstream("claims", "open", event, "--officer", "HOT-1", url=url).stdout == "1000000232-20260105-1\n"


def test_every_reading_it_sent_before_today_is_accounted_for(city: Demo) -> None:
    fates = re.findall(r"(?:stored|repeated|conflicting|rejected)\W+([\d,]+)", city.said.read_text())
    assert len(fates) == 4
    assert int(fates[0].replace(",", "")) > 100_000


def test_two_demos_do_not_share_a_folder(city: Demo) -> None:
    second = Demo(city.data)
    assert second.process.wait(60) == 2
    assert "another demo runs on" in second.said.read_text()


def test_ctrl_c_ends_everything_and_the_next_start_goes_on(city: Demo) -> None:
    assert city.end(signal.SIGINT) == 0
    assert _is_deserted(city, 1)
    again = Demo(city.data)
    assert again.until(r"API key\s+(\S+)", FIRST_FINDINGS_S) == city.until(r"API key\s+(\S+)", 1)
    again.end(signal.SIGKILL)
    assert _is_deserted(again), "a killed demo leaves no process"


def test_a_demo_that_is_ended_while_it_starts_leaves_no_process(scratch: Path) -> None:
    demo = Demo(make_folder(scratch / "ended") / "data")
    demo.until(r"(broker)", 60)
    assert demo.end(signal.SIGTERM) == 0
    assert _is_deserted(demo, 1)


def test_a_folder_with_something_else_in_it_is_left_alone(scratch: Path) -> None:
    folder = make_folder(scratch / "letters")
    (folder / "letter").write_text("dear")
    demo = Demo(folder, "--fresh")
    assert demo.process.wait(60) == 2
    assert "holds something else" in demo.said.read_text()
    assert (folder / "letter").read_text() == "dear"
