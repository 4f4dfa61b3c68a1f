"""The command line: exit codes, and messages that say what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.store.tables import household

PACKS = Path(__file__).parents[1] / "src" / "heatstream" / "rules" / "packs"


def heatstream(*arguments: str | Path, url: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEATSTREAM_")} | more
    if url:
        environment["HEATSTREAM_DATABASE_URL"] = url
    return subprocess.run(
        [sys.executable, "-m", "heatstream", *arguments], capture_output=True, text=True, env=environment, check=False
    )


def test_a_missing_setting_is_wrong_use() -> None:
    ended = heatstream("migrate")
    assert (ended.returncode, ended.stderr) == (
        2,
        "heatstream: HEATSTREAM_DATABASE_URL is not set; expected postgresql://user@host:port/database\n",
    )


def test_an_unknown_setting_is_wrong_use() -> None:
    ended = heatstream("migrate", url="postgresql://nobody@127.0.0.1/x", HEATSTREAM_INGST_FLUSH_MS="1")
    assert (ended.returncode, "unknown settings HEATSTREAM_INGST_FLUSH_MS" in ended.stderr) == (2, True)


def test_an_unknown_command_is_wrong_use() -> None:
    assert heatstream("evaluat").returncode == 2


def test_a_choices_file_that_leaves_a_question_open_is_refused_with_what_to_choose(tmp_path: Path) -> None:
    text = (PACKS / "demo-shili.choices.yaml").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.strip().startswith("min_completeness")]
    open_question = tmp_path / "choices.yaml"
    open_question.write_text("\n".join(kept), encoding="utf-8")
    ended = heatstream("rules", "check", open_question)
    assert (ended.returncode, "min_completeness" in ended.stderr) == (3, True)


def test_the_demos_choices_make_a_policy_that_bears_its_watermark() -> None:
    ended = heatstream("rules", "check", PACKS / "demo-shili.choices.yaml")
    assert (ended.returncode, "演示·非法律依据" in ended.stdout) == (0, True)


@pytest.mark.parametrize("command", [("evaluate", "--once"), ("jobs", "--once"), ("registry", "export", "x")])
def test_a_database_that_was_not_migrated_is_told_with_the_mend(
    command: tuple[str, ...], empty_database_url: str
) -> None:
    ended = heatstream(*command, url=empty_database_url)
    assert (ended.returncode, "run `heatstream migrate`" in ended.stderr) == (1, True)


async def test_a_faulty_registry_file_fails_with_its_lines_and_leaves_the_database_alone(
    database_url: str, engine: AsyncEngine, tmp_path: Path
) -> None:
    (tmp_path / "household.csv").write_text("code,building,kind,address,valid_from\nH1,B9,residential,x,2020-13-01\n")
    ended = heatstream("registry", "import", tmp_path, url=database_url)
    assert ended.returncode == 1
    assert ended.stderr == (
        "heatstream: household.csv:2: valid_from: seen '2020-13-01', expected a date like 2026-01-05\n"
    )
    async with engine.connect() as conn:
        assert await conn.scalar(select(func.count()).select_from(household)) == 0


def test_a_key_is_created_listed_and_revoked(database_url: str) -> None:
    key = heatstream("keys", "create", "platform", url=database_url).stdout.strip()
    prefix = "_".join(key.split("_")[:2])
    assert prefix in heatstream("keys", "list", url=database_url, COLUMNS="200").stdout
    assert heatstream("keys", "revoke", prefix, url=database_url).returncode == 0
    assert heatstream("keys", "revoke", "hs_nobody", url=database_url).returncode == 1


def test_the_rule_packs_are_listed_with_what_each_serves() -> None:
    ended = heatstream("rules", "list", COLUMNS="120")
    [changchun] = [line for line in ended.stdout.splitlines() if "cn-22-changchun" in line]
    assert [cell.strip() for cell in changchun.strip("│").split("│")][2:] == ["○?", "●", "●", "●", "–", "–", "○"]


def test_an_option_there_is_not_fails_with_what_is_close() -> None:
    ended = heatstream("rules", "explain", "unpayd")
    assert (ended.returncode, ended.stderr) == (
        1,
        "heatstream: option 'unpayd': there is none; expected one of unpaid\n",
    )
