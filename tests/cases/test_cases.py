"""Every law case, worked out by hand from the text, through the arrays and through the literal twin."""

from collections.abc import Callable
from typing import Any

import pytest

from heatstream.errors import HeatstreamError
from tests.cases.law_cases import Case, cases
from tests.cases.said import both_ways, expected, opened_day

CASES = {name: case for name, case in cases() if not name.startswith("open_questions")}


def such(wanted: Callable[[Case], bool]) -> list[Any]:
    return [pytest.param(case, id=name) for name, case in CASES.items() if wanted(case)]


COUNTED = such(lambda case: "refuses" not in case.expect)
REFUSED = such(lambda case: "refuses" in case.expect)


@pytest.mark.parametrize("case", COUNTED)
def test_a_case_comes_to_what_its_text_says(case: Case) -> None:
    told = expected(case.expect)
    by_twin, by_arrays = both_ways(case)
    assert {name: by_twin[name] for name in told} == told
    assert {name: by_arrays[name] for name in told} == told


@pytest.mark.parametrize("case", REFUSED)
def test_what_nobody_read_and_nobody_chose_refuses(case: Case) -> None:
    with pytest.raises(HeatstreamError) as refused:
        case.policy().claim_rules(opened_day(case))
    assert case.expect["refuses"] in str(refused.value)


def test_every_case_names_its_source() -> None:
    assert all(case.told["source"] for _, case in cases())


def test_no_two_cases_bear_one_sentence() -> None:
    names = [name for name, _ in cases()]
    assert len(names) == len(set(names))
