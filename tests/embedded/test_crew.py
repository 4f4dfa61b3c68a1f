from pathlib import Path

import pytest

from heatstream.embedded.crew import crew
from heatstream.errors import HeatstreamError


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path


async def test_a_command_that_fails_is_an_error_with_the_end_of_its_log(logs: Path) -> None:
    async with crew({"HEATSTREAM_DATABASE_URL": "mysql://x"}, logs) as ours:
        with pytest.raises(HeatstreamError, match=r"(?s)heatstream migrate ended with code 2.*expected postgresql://"):
            await ours.run("migrate")


async def test_a_process_that_ends_by_itself_is_noticed(logs: Path) -> None:
    async with crew({}, logs) as ours:
        ours.start("migrate")
        with pytest.raises(HeatstreamError, match="heatstream migrate ended with code 2"):
            await ours.watch()


async def test_an_answer_is_given_and_not_logged(logs: Path) -> None:
    async with crew({}, logs) as ours:
        assert "usage" in (await ours.ask("--help")).lower()
        assert list(logs.iterdir()) == []


async def test_a_question_that_fails_is_an_error_with_its_words(logs: Path) -> None:
    async with crew({}, logs) as ours:
        with pytest.raises(HeatstreamError, match="HEATSTREAM_DATABASE_URL is not set"):
            await ours.ask("keys", "list")


async def test_settings_of_the_machine_do_not_reach_into_the_crew(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEATSTREAM_DATABASE_URL", "postgresql://somebody@example.org/else")
    async with crew({}, logs) as ours:
        with pytest.raises(HeatstreamError, match="HEATSTREAM_DATABASE_URL is not set"):
            await ours.ask("keys", "list")


async def test_nothing_runs_after_the_block(logs: Path, database_url: str) -> None:
    async with crew({"HEATSTREAM_DATABASE_URL": database_url}, logs) as ours:
        ours.start("jobs")
        started = list(ours._running.values())
    assert [one.poll() is None for one in started] == [False]
