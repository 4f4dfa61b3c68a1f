"""docs/examples/claim: its commands, line by line as they stand there, lead the demo's cold home to a paid ruling."""

import datetime as dt
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

import simulators
from heatstream.cli import app
from heatstream.store import registry
from simulators.scenario import load_scenario
from simulators.town import write_registry
from tests.evaluate.town import at, evaluator

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "examples" / "claim" / "README.md").read_text(encoding="utf-8")
SCENARIO = Path(simulators.__file__).parent / "scenarios" / "demo.yaml"
LINE = re.compile(r'(?:(\w+)=\$\()?(?:sed "s/(\w+)/\$(\w+)/" (\S+) \| )?heatstream ([^)]*)\)?')


def commands() -> Iterator[str]:
    walk = PAGE.split("```sh\n")[2].split("```")[0]
    yield from (line for line in walk.splitlines() if line and not line.startswith("#"))


class Terminal:
    """Types the page's lines: assignments, `sed … |`, and heatstream in this process, where it starts in no time."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.said: list[str] = []

    def type(self, line: str) -> None:
        found = LINE.fullmatch(line)
        assert found, line
        name, before, of, file, words = found.groups()
        told = Path(file).read_text(encoding="utf-8").replace(before, self.names[of]) if file else None
        ended = CliRunner().invoke(app, shlex.split(words), input=told)
        assert ended.exit_code == 0, f"{line}: {ended.output}{ended.exception}"
        self.said.append(ended.output)
        if name:
            self.names[name] = ended.output.strip()


@pytest.fixture
async def terminal(engine: AsyncEngine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """At the root of a project beside a demo whose town is registered and whose law has judged."""
    write_registry(tmp_path / "registry", load_scenario(SCENARIO), "shili")
    async with engine.begin() as conn:
        await registry.import_files(conn, [tmp_path / "registry"], "demo")
    today = dt.date(2026, 1, 20)
    await evaluator(engine, at(today)).once(settle=False, through=today - dt.timedelta(days=2))
    (tmp_path / "docs").symlink_to(DOCS)
    (tmp_path / ".heatstream").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEATSTREAM_DATABASE_URL", database_url)
    return Terminal()


def test_the_commands_lead_from_the_call_to_the_paid_ruling(terminal: Terminal) -> None:
    for line in commands():
        terminal.type(line)
    *_, shown, checked = terminal.said
    assert shown.startswith("1000000232-20260105-1 · 办结 closed · ")
    assert "应退热费 entitlement: 4.79 元\n裁定额 ruled: 4.79 元 · paid 4.79 元\n" in shown
    assert not re.search(r"breached|unknown", shown)
    assert checked == "every claim is whole\n"


def test_every_example_is_recorded_by_the_walk() -> None:
    files = [path.name for path in sorted((DOCS / "examples" / "claim").glob("*.yaml"))]
    assert re.findall(r"docs/examples/claim/(\S+\.yaml)", "\n".join(commands())) == files
