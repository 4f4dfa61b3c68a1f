"""Every law case, worked out by hand from the text, through the arrays and through the literal twin."""

import datetime as dt
from typing import Any

import pytest

from heatstream.claims.amount import arrays
from heatstream.core.calendar import day_of
from heatstream.core.claim_rules import Open
from heatstream.core.entitlement import Right, entitle
from heatstream.errors import HeatstreamError
from heatstream.evidence import twin
from tests.cases.law_cases import Case, cases, facts_json

CASES = [pytest.param(case, id=name) for name, case in cases()]
COUNTED = [each for each in CASES if "refuses" not in each.values[0].expect]
REFUSED = [each for each in CASES if "refuses" in each.values[0].expect]


def opened_day(case: Case) -> int:
    opening = case.claim["opening"]
    at = opening["at"] if isinstance(opening, dict) else opening
    return day_of(dt.date.fromisoformat(str(at)[:10]))


def expected(case: Case) -> dict[str, Any]:
    told = {"open": [], "denied": [], "at_least": False} | dict(case.expect)
    return told | {"open": sorted(told["open"]), "denied": sorted(told["denied"])}


@pytest.mark.parametrize("case", COUNTED)
def test_the_literal_twin_says_what_the_text_says(case: Case) -> None:
    policy, day = case.policy(), opened_day(case)
    law = twin.claim_law_of(policy.canonical, day)
    claimed = twin.claim(law, twin.facts_of(facts_json(case.claim, policy.claim_rules(day), law)))
    said = {
        "right": {twin.MET: "entitled", twin.NOT_MET: "not_entitled", twin.OPEN: "undetermined"}[claimed.right],
        "open": sorted(claimed.open),
        "denied": sorted(claimed.denied),
        "days": len(claimed.days),
        "fen": claimed.fen,
        "if_alleged_proved": claimed.fen_if_alleged_proved,
        "at_least": claimed.lower_bound,
    }
    told = expected(case)
    assert {name: said[name] for name in told} == told


@pytest.mark.parametrize("case", COUNTED)
def test_the_arrays_say_what_the_text_says(case: Case) -> None:
    policy, day = case.policy(), opened_day(case)
    rules = policy.claim_rules(day)
    law = twin.claim_law_of(policy.canonical, day)
    found = entitle(arrays(facts_json(case.claim, rules, law), rules), rules)
    said = {
        "right": Right(found.right[0]).name.lower(),
        "open": sorted(each.name or "" for each in Open if each & found.open[0]),
        "denied": sorted(each.name or "" for each in Open if each & found.denied[0]),
        "days": int(found.counted[0].sum()),
        "fen": int(found.fen[0]),
        "if_alleged_proved": int(found.fen_if_alleged_proved[0]),
        "at_least": bool(found.at_least[0]),
    }
    told = expected(case)
    assert {name: said[name] for name in told} == told


@pytest.mark.parametrize("case", REFUSED)
def test_what_nobody_read_and_nobody_chose_refuses(case: Case) -> None:
    with pytest.raises(HeatstreamError) as refused:
        case.policy().claim_rules(opened_day(case))
    assert case.expect["refuses"] in str(refused.value)


def test_every_case_names_its_source() -> None:
    assert all(each.values[0].told["source"] for each in CASES)


def test_no_two_cases_bear_one_sentence() -> None:
    names = [each.id for each in CASES]
    assert len(names) == len(set(names))
