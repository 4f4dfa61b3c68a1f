"""Whoever watches a process is told what ails it."""

import json
import urllib.error
import urllib.request

import pytest

from heatstream.errors import SettingsError
from heatstream.evaluate import metrics
from heatstream.probes import Health, served


def ask(port: int | None, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_whoever_is_well_is_alive_and_ready() -> None:
    with served(Health(), 0, "127.0.0.1") as port:
        assert ask(port, "/livez") == (200, '{"alive": true}')
        assert ask(port, "/readyz") == (200, '{"ready": true, "reasons": []}')


def test_an_ill_one_is_alive_and_tells_why_it_is_not_ready() -> None:
    health = Health()
    health.ill("database", "does not answer")
    with served(health, 0, "127.0.0.1") as port:
        assert ask(port, "/livez")[0] == 200
        status, body = ask(port, "/readyz")
    assert (status, json.loads(body)["reasons"]) == (503, ["database: does not answer"])


def test_whoever_recovers_is_ready() -> None:
    health = Health()
    health.ill("database", "away")
    health.well("database")
    assert health.reasons() == []


def test_a_port_that_is_taken_is_a_wrong_setting() -> None:
    with served(Health(), 0, "127.0.0.1") as port:
        with pytest.raises(SettingsError, match=str(port)), served(Health(), port, "127.0.0.1"):
            pass


def test_metrics_are_told_in_the_collectors_form() -> None:
    metrics.JUDGED.inc(0)
    with served(Health(), 0, "127.0.0.1") as port:
        assert "heatstream_evaluate_household_days_total" in ask(port, "/metrics")[1]


@pytest.mark.parametrize("path", ["/", "/admin"])
def test_other_paths_are_not_there(path: str) -> None:
    with served(Health(), 0, "127.0.0.1") as port:
        assert ask(port, path)[0] == 404


def test_without_a_port_nothing_is_served() -> None:
    with served(Health(), None) as port:
        assert port is None
