"""The command line: exit codes, and messages that say what to do."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.store.tables import household

PACKS = Path(__file__).parents[1] / "src" / "heatstream" / "rules" / "packs"


# A process a command, forked from one that has the slow imports behind it. What looks at the environment or the
# terminal when it is imported (heatstream.terminal, typer.rich_utils) is imported by each command itself.
FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(
    [
        "heatstream.claims.act",
        "heatstream.claims.documents",
        "heatstream.claims.explained_claim",
        "heatstream.evaluate.run",
        "heatstream.evidence.bundle",
        "heatstream.rules.policy",
        "heatstream.store.migrate",
        "heatstream.supervision.audit",
        "heatstream.supervision.incident.batch_case",
        "heatstream.supervision.ground",
        "heatstream.supervision.incident.penalty",
        "heatstream.supervision.today",
        "pytest",
        "rich.table",
        "typer",
    ]
)


def heatstream(*arguments: str | Path, url: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, as the shell would: with its words, its environment, its two outputs."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEATSTREAM_")} | more
    if url:
        environment["HEATSTREAM_DATABASE_URL"] = url
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder, "out"), Path(folder, "err")
        words = ["heatstream", *map(str, arguments)]
        process = FORKED.Process(target=_command, args=(words, environment, Path.cwd(), *said))
        process.start()
        process.join()
        out, err = (each.read_text(encoding="utf-8") for each in said)
        code = process.exitcode
        process.close()
    assert code is not None
    return subprocess.CompletedProcess(words, code, out, err)


def _command(words: list[str], environment: dict[str, str], folder: Path, out: Path, err: Path) -> None:
    for number, path in ((1, out), (2, err)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = words
    from heatstream.cli import main  # noqa: PLC0415  (it looks at the environment)

    main()


def test_the_command_starts_from_a_shell() -> None:
    ended = subprocess.run([sys.executable, "-m", "heatstream", "rules", "list"], capture_output=True, check=False)
    assert (ended.returncode, "cn-22-changchun" in ended.stdout.decode()) == (0, True)


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
