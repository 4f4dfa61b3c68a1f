"""Situations a lawyer can read: each table of `cases/` with its source, judged by the pack as shipped."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heatstream.core.finding import Outcome, Reason
from heatstream.core.refund import fen_of_days
from heatstream.core.units import centi_floor
from heatstream.evidence.twin import MINUTE_US, Reading, Room, midnight_us
from heatstream.rules import exact_yaml
from heatstream.rules.choices import ChoicesFile
from heatstream.rules.pack import find
from heatstream.rules.policy import made
from tests.literal.arrays import day_number, judged

OUTCOMES = {"合格": 1, "不达标": 2, "无法判定": 3, "未监测": 4}
SLOT_MIN = 10


@dataclass(frozen=True)
class Case:
    table: dict[str, Any]
    told: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.told.get(name, self.table.get(name))


def cases() -> list[Any]:
    files = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
    tables = [(file.stem, exact_yaml.read(file)) for file in files]
    return [
        pytest.param(Case(table, told), id=f"{stem}: {told['case']}")
        for stem, table in tables
        for told in table["cases"]
    ]


def room(told: dict[str, Any], day: int) -> Room:
    temps: list[Any] = [told["all"]] * (1800 // SLOT_MIN)
    for spell, celsius in told.items():
        if spell not in ("all", "area_m2"):
            begin, end = (int(clock[:2]) * 60 + int(clock[3:]) for clock in spell.split("-"))
            temps[begin // SLOT_MIN : end // SLOT_MIN] = [celsius] * ((end - begin) // SLOT_MIN)
    readings = tuple(
        Reading(
            midnight_us(day) + slot * SLOT_MIN * MINUTE_US, Fraction(int(centi_floor(np.array([float(c)]))[0]), 100)
        )
        for slot, c in enumerate(temps)
        if c != "gap"
    )
    return Room(SLOT_MIN, readings, int(told.get("area_m2", 0)) * 100)


@pytest.mark.parametrize("case", cases())
def test_a_case_is_judged_as_its_source_says(case: Case) -> None:
    file = {
        "schema": "heatstream.choices/1",
        "place": "试",
        "packs": [case["pack"]],
        "made_by": "试",
        "made_on": "2025-01-01",
        "choices": case.table["choices"] | case.told.get("choices", {}),
    }
    day = day_number(str(case["day"]))
    rules = made(ChoicesFile.model_validate(file), [find(case["pack"])]).day_rules(day)
    said = judged([[room(told, day) for told in case["rooms"]]], rules, billed=[int(case["billed_m2"] or 0) * 100])
    findings, expected = said.findings, dict(case["expect"])

    assert findings.outcome[0] == OUTCOMES[expected.pop("outcome")]
    for name, value in expected.items():
        if name in ("value", "margin"):
            assert Decimal(int(getattr(findings, f"{name}_centi")[0])) / 100 == value
        elif name == "reason":
            assert Reason(findings.reason[0]).name == value
        elif name == "ratio":
            ratio = rules.tiers[findings.tier[0]].ratio
            assert findings.tiered[0]
            assert Fraction(ratio.num, ratio.den) == Fraction(value)
        else:
            assert name.startswith("fen_of_")
            assert said.shares is not None
            assert rules.refund is not None
            fee = np.array([int(name.removeprefix("fen_of_"))])
            assert fen_of_days(said.shares, fee, rules.refund)[0] == value


def test_outcomes_are_numbered_as_they_are_named() -> None:
    assert {name: Outcome(number) for name, number in OUTCOMES.items()} == {
        "合格": Outcome.COMPLIANT,
        "不达标": Outcome.FAILING,
        "无法判定": Outcome.UNDETERMINED,
        "未监测": Outcome.UNMONITORED,
    }
