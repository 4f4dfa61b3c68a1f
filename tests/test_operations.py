"""The operations manual tells every metric there is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MANUAL = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
METRIC = re.compile(r'(?:Counter|Gauge|Histogram)\(\s*"(heatstream_[a-z0-9_]+)"')
NAMES = sorted(
    name for file in (ROOT / "src").rglob("*.py") for name in METRIC.findall(file.read_text(encoding="utf-8"))
)


@pytest.mark.parametrize("name", NAMES)
def test_the_manual_tells_the_metric(name: str) -> None:
    assert f"`{name}`" in MANUAL


def test_there_are_metrics_of_every_process() -> None:
    assert {name.split("_")[1] for name in NAMES} == {"ingest", "broker", "evaluate", "http", "job", "feed", "access"}
