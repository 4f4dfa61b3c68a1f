"""docs/examples/supervision: the commands of companies, line by line as they stand there, do what the page says."""

import re
from collections.abc import AsyncIterator
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import simulators
from heatstream.rules import policy
from heatstream.rules.pack import SHIPPED
from heatstream.store import policies, registry, runs
from simulators.scenario import load_scenario
from simulators.town import write_registry
from tests.claims.terminal import typed

from .companies import DEMO_FILE

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = DOCS / "examples" / "supervision"
TITLE = "## A company's file, an order, a publication\n"
SECTION = (EXAMPLES / "README.md").read_text(encoding="utf-8").split(TITLE)[1].split("\n## ")[0]
COMMANDS = [line for line in SECTION.split("```sh\n")[1].split("```")[0].splitlines() if line and line[0] != "#"]


@pytest.fixture
async def terminal(
    engine: AsyncEngine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Executor]:
    """At the root of a project, beside a demo whose town is registered and whose law is in force."""
    scenario = load_scenario(Path(simulators.__file__).parent / "scenarios" / "demo.yaml")
    write_registry(tmp_path / "registry", scenario, "shili")
    law = policy.load(SHIPPED / "demo-shili.choices.yaml")
    async with engine.begin() as conn:
        await registry.import_files(conn, [tmp_path / "registry"], "demo")
        kept = await policies.keep(conn, law.hash, law.place, law.watermark, law.canonical)
        await runs.begin(conn, kept, "test", 0)
    (tmp_path / "docs").symlink_to(DOCS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEATSTREAM_DATABASE_URL", database_url)
    monkeypatch.setenv("HEATSTREAM_SUPERVISION_RULES_FILE", str(DEMO_FILE))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        yield executor


def test_the_commands_lead_from_the_coal_to_the_publication(terminal: Executor) -> None:
    said = dict(zip(COMMANDS, terminal.submit(typed, COMMANDS).result(), strict=True))
    taken, stock, declared, days, *_, shown = [said[line] for line in COMMANDS if " company " in line]
    assert taken.splitlines() == [
        "fuel.csv: 7 recorded, 0 the same, 2 flagged",
        "  ! 2026-01-05 S02 coal: stock_differs by -800000 kg (C-E02-2025, event 4)",
        "  ! 2026-01-05 S09 coal: unknown_source (C-E02-2025, event 5)",
    ]
    plant, boiler = [line for line in stock.splitlines() if "燃料 fuel" in line]
    # 600 t a day over three days: 15 days are 9,000 t, and 9,790 t are 1.09 of them.
    assert "S01 东部热电厂 (chp, → 工信) coal: 9790000 kg · 1.09 of the floor" in plant
    assert plant.endswith("16.32 days left")
    assert "E01 · 储煤 held to the floor: S01: 1.09 of the floor · yellow" in stock
    assert "S02 西郊锅炉房 (boiler, → 住建) coal: 4100000 kg · share unknown (锅炉: the floor holds before" in boiler
    assert declared.strip() == "C-E01-2025"
    assert [word in days for word in ("已报", "未报", "江帆")] == [True, True, True]
    assert "责-2026-1 · closed · 责令整改 E01 东湖供责〔2026〕1号: 整改完成" in shown
    assert "评分 设备设施 equipment_state: 85.00 of 100.00 · CITY-1" in shown


def test_every_example_of_companies_is_typed() -> None:
    files = sorted(each.name for each in (*EXAMPLES.glob("fuel*.csv"), *EXAMPLES.glob("[0-9]*.yaml")))
    assert [each for each in files if f"docs/examples/supervision/{each} " not in f"{SECTION} "] == []
    assert len(files) == len(re.findall(r"docs/examples/supervision/\S+", SECTION))
