"""docs/examples/claim: its commands, line by line as they stand there, lead the demo's cold home to a paid ruling."""

import datetime as dt
import re
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import simulators
from heatstream.store import registry
from simulators.scenario import load_scenario
from simulators.town import write_registry
from tests.claims.terminal import typed
from tests.evaluate.town import at, evaluator

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "examples" / "claim" / "README.md").read_text(encoding="utf-8")
SCENARIO = Path(simulators.__file__).parent / "scenarios" / "demo.yaml"


def commands() -> Iterator[str]:
    walk = PAGE.split("```sh\n")[2].split("```")[0]
    yield from (line for line in walk.splitlines() if line and not line.startswith("#"))


@pytest.fixture
async def terminal(
    engine: AsyncEngine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Executor]:
    """At the root of a project, beside a demo whose town is registered and whose law has judged.

    A process of its own, for a command sets up its process's logging; one for all, for each would import anew.
    """
    write_registry(tmp_path / "registry", load_scenario(SCENARIO), "shili")
    async with engine.begin() as conn:
        await registry.import_files(conn, [tmp_path / "registry"], "demo")
    today = dt.date(2026, 1, 20)
    await evaluator(engine, at(today)).once(settle=False, through=today - dt.timedelta(days=2))
    (tmp_path / "docs").symlink_to(DOCS)
    (tmp_path / ".heatstream").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEATSTREAM_DATABASE_URL", database_url)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        yield executor


def test_the_commands_lead_from_the_call_to_the_paid_ruling(terminal: Executor) -> None:
    *_, shown, checked = terminal.submit(typed, list(commands())).result()
    assert shown.startswith("1000000232-20260105-1 · 办结 closed · ")
    assert "应退热费 entitlement: 4.79 元\n裁定额 ruled: 4.79 元 · paid 4.79 元\n" in shown
    assert not re.search(r"breached|unknown", shown)
    coming = "撤销裁定 ruling_revoked (district) · 复核任务 review_opened (city, district)"
    assert shown.endswith(f"可接续 may come next: {coming}\n")
    assert checked == "every claim is whole\n"


def test_every_example_is_recorded_by_the_walk() -> None:
    files = [path.name for path in sorted((DOCS / "examples" / "claim").glob("*.yaml"))]
    assert re.findall(r"docs/examples/claim/(\S+\.yaml)", "\n".join(commands())) == files
