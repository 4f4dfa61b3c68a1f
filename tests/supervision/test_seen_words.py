"""The evidence of both sides in a line, with what neither told."""

from typing import Any

import pytest

from heatstream.supervision.station.seen_words import sentence


def seen(*, said: str = "fell", fell: int | None = 60, from_homes: bool = False, **supply: Any) -> dict[str, Any]:
    told = {"lowest_centi": 2560, "mean_deviation_centi": -1380, "known_min": 360, "silent_min": 0, **supply}
    return {"supply": told, "homes": {"said": said, "fell_centi": fell}, "from_homes": from_homes}


@pytest.mark.parametrize(
    ("evidence", "line"),
    [
        (
            seen(),
            "供水最低 supply down to 25.60 °C；平均低于曲线 against the curve -13.80 K；室温下降 homes fell 0.60 K",
        ),
        (
            seen(said="untold", fell=None, mean_deviation_centi=None),
            "供水最低 supply down to 25.60 °C；室温无从判断 homes do not tell",
        ),
        (
            seen(from_homes=True, lowest_centi=None, mean_deviation_centi=None, silent_min=480),
            "热表无数据 480 min 仅见于室温 the meter told nothing, the homes alone show it；室温下降 homes fell 0.60 K",
        ),
        (seen(said="held", fell=5, lowest_centi=None, mean_deviation_centi=None), "室温未降 homes held"),
    ],
)
def test_both_sides_are_told(evidence: dict[str, Any], line: str) -> None:
    assert sentence(evidence) == line
