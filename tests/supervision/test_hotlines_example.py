"""docs/examples/supervision/hotlines: its commands, typed line by line as they stand there, in the demo's town."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import heatstream
import simulators
from heatstream.rules import policy
from heatstream.rules.pack import SHIPPED
from heatstream.store import policies, registry, runs
from simulators.scenario import load_scenario
from simulators.town import write_registry
from tests.claims.terminal import typed

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "examples" / "supervision" / "hotlines" / "README.md").read_text(encoding="utf-8")
SCENARIO = Path(simulators.__file__).parent / "scenarios" / "demo.yaml"
RULES = Path(heatstream.__file__).parent / "rules" / "supervision" / "demo-shili.yaml"


def commands() -> Iterator[str]:
    yield from PAGE.split("```sh\n")[1].split("```")[0].splitlines()


@pytest.fixture
async def terminal(
    engine: AsyncEngine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Executor]:
    """At the root of a project, beside a demo whose town is registered and whose law is in force."""
    write_registry(tmp_path / "registry", load_scenario(SCENARIO), "shili")
    law = policy.load(SHIPPED / "demo-shili.choices.yaml")
    async with engine.begin() as conn:
        await registry.import_files(conn, [tmp_path / "registry"], "demo")
        kept = await policies.keep(conn, law.hash, law.place, law.watermark, law.canonical)
        await runs.begin(conn, kept, "test", 0)
    (tmp_path / "docs").symlink_to(DOCS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEATSTREAM_DATABASE_URL", database_url)
    monkeypatch.setenv("HEATSTREAM_SUPERVISION_RULES_FILE", str(RULES))
    monkeypatch.setenv("COLUMNS", "250")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        yield executor


def test_the_commands_lead_from_the_lines_files_to_work_orders_and_figures(terminal: Executor) -> None:
    first, again, waiting, matched, _, recorded, proposed, joined, groups, figures = terminal.submit(
        typed, list(commands())
    ).result()
    assert first == "new: 11 · exact: 8 · unmatched: 3 · opened: 7 · joined: 1 · groups: 1\n"
    assert again == "same: 11\n"
    assert "松涛苑3号楼302" in waiting
    assert "1000000118" in waiting
    assert matched.startswith("WOR-20260105-")
    assert "WOR-20260105-0001" in recorded
    assert "open a new one" in proposed
    assert joined.strip() == "1000000120-20260105-1"
    assert "B0003" in groups
    assert "E02\n  tickets: 5\n" in figures
