"""Each question that the texts leave open changes a result, or its option refuses until somebody chooses."""

from dataclasses import replace
from typing import Any

import pytest

from heatstream.errors import Refused
from heatstream.rules.choices import Choices
from heatstream.rules.needs import needs
from heatstream.rules.pack import find
from tests.cases.law_cases import Case, cases
from tests.cases.said import both_ways, expected, opened_day

QUESTIONS = dict(cases("open_questions"))
ANSWERED = [pytest.param(case, id=name) for name, case in QUESTIONS.items() if "each" in case.told]
REFUSED = [pytest.param(case, id=name) for name, case in QUESTIONS.items() if "refuses" in case.told]


def under(case: Case, value: Any) -> Case:
    """Give the case with its option chosen so."""
    chosen = {**case.told.get("choices", {}), case.told["option"]: value}
    return replace(case, told={**case.told, "choices": chosen})


@pytest.mark.parametrize("case", ANSWERED)
def test_each_answer_gives_the_result_that_follows_from_it(case: Case) -> None:
    for answer in case.told["each"]:
        told = expected(answer["expect"])
        by_twin, by_arrays = both_ways(under(case, answer["value"]))
        assert {name: by_twin[name] for name in told} == told
        assert {name: by_arrays[name] for name in told} == told


@pytest.mark.parametrize("case", ANSWERED)
def test_two_answers_of_one_question_give_different_results(case: Case) -> None:
    expects = [answer["expect"] for answer in case.told["each"]]
    assert expects[0] != expects[1]


@pytest.mark.parametrize("case", REFUSED)
def test_an_option_that_nobody_chose_is_named(case: Case) -> None:
    if use := case.told.get("asked_by"):
        named = "\n".join(map(str, needs(find(case.packs[0]), Choices(), use)))
    else:
        unchosen = replace(
            case, told={**case.told, "unchosen": [case.told["option"]], "claim": {"opening": "2026-01-05"}}
        )
        with pytest.raises(Refused) as refused:
            unchosen.policy().claim_rules(opened_day(unchosen))
        named = str(refused.value)
    assert case.told["refuses"] in named


def test_every_question_has_a_case() -> None:
    assert {case.told["question"] for case in QUESTIONS.values()} == {f"A{number}" for number in range(1, 44)}


def test_every_option_has_a_case_here_or_among_the_packs() -> None:
    """What is left out is told of where a pack settles or needs it."""
    elsewhere = {"contract_standard", "season", "computed_amount", "min_visits", "contract_refunds"}
    assert {case.told["option"] for case in QUESTIONS.values()} == set(Choices.model_fields) - elsewhere
