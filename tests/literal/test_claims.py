"""The arrays say of every claim what the literal rule says."""

from dataclasses import fields
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatstream.claims.amount import arrays
from heatstream.claims.clocks import months_after
from heatstream.core.claim_facts import ClaimFacts
from heatstream.core.claim_rules import ClaimRules, Open
from heatstream.core.entitlement import Entitled, Right, entitle
from heatstream.evidence import twin
from heatstream.rules import exact_yaml
from heatstream.rules.pack import SHIPPED
from tests.literal.claim_strategies import DECISIONS, PLAIN, Under, choices, facts, packs, policy_of
from tests.literal.depth import tried

RIGHT = {Right.ENTITLED: twin.MET, Right.NOT_ENTITLED: twin.NOT_MET, Right.UNDETERMINED: twin.OPEN}
OPENED = 20_458
"""2026-01-05: in every pack's season."""


def together(each: list[ClaimFacts]) -> ClaimFacts:
    """Put the facts of single claims behind each other, as a city's are."""
    return _joined(each, [range(place, place + 1) for place in range(len(each))])


def _joined(parts: list[Any], claims: list[range]) -> Any:
    made: dict[str, Any] = {}
    for field in fields(parts[0]):
        columns = [getattr(part, field.name) for part in parts]
        if field.name == "claim":
            made[field.name] = np.concatenate([c + place for place, c in enumerate(columns)]).astype(np.int32)
        elif field.name == "test":
            before = np.cumsum([0, *(int(c.max()) + 1 if len(c) else 0 for c in columns)])
            made[field.name] = np.concatenate([c + n for c, n in zip(columns, before, strict=False)]).astype(np.int32)
        elif isinstance(columns[0], np.ndarray):
            made[field.name] = np.concatenate(columns)
        else:
            made[field.name] = _joined(columns, claims)
    return type(parts[0])(**made)


def names(bits: int) -> tuple[str, ...]:
    return tuple(each.name or "" for each in Open if bits & each)


def said(found: Entitled, place: int, rules: ClaimRules) -> dict[str, Any]:
    """What the arrays say of one claim, in the words of the literal rule."""
    first = rules.days[0].day
    return {
        "right": RIGHT[Right(int(found.right[place]))],
        "denied": names(int(found.denied[place])),
        "open": names(int(found.open[place])),
        "days": tuple((np.flatnonzero(found.counted[place]) + first).tolist()),
        "waiting": tuple((np.flatnonzero(found.apart[place]) + first).tolist()),
        "fen": int(found.fen[place]),
        "fen_if_alleged_proved": int(found.fen_if_alleged_proved[place]),
        "lower_bound": bool(found.at_least[place]),
    }


def literally(found: twin.Claimed) -> dict[str, Any]:
    return {
        "right": found.right,
        "denied": found.denied,
        "open": found.open,
        "days": found.days,
        "waiting": found.waiting,
        "fen": found.fen or 0,
        "fen_if_alleged_proved": found.fen_if_alleged_proved or 0,
        "lower_bound": found.lower_bound,
    }


@pytest.mark.parametrize(
    ("pack", "last"),
    [
        ("cn-37-weifang", "2026-05-15"),
        ("cn-41-luoyang", "2026-05-15"),
        ("cn-37-heze", "2026-05-31"),
        ("cn-37-linyi", "2026-06-30"),
        ("cn-37-taian", None),
    ],
)
def test_the_last_day_to_refund_is_the_text_s(pack: str, last: str | None) -> None:
    policy = policy_of(exact_yaml.read(SHIPPED / f"{pack}.yaml") | {"effective_from": "2000-01-01"}, PLAIN)
    assert twin.refund_day(policy.canonical, OPENED) == (last and date.fromisoformat(last))


@pytest.mark.parametrize("day", ["2025-11-30", "2025-12-31", "2026-01-15", "2026-03-31", "2023-12-30"])
def test_months_after_a_day_are_counted_alike(day: str) -> None:
    for months in range(1, 10):
        assert twin.months_after(date.fromisoformat(day), months) == months_after(date.fromisoformat(day), months)


@tried(30)
@given(st.data())
def test_claims_come_to_what_the_literal_rule_says(data: st.DataObject) -> None:
    policy = policy_of(data.draw(packs()), data.draw(choices()), data.draw(st.sampled_from(DECISIONS)))
    rules = policy.claim_rules(OPENED)
    law = twin.claim_law_of(policy.canonical, OPENED)
    told = data.draw(st.lists(facts(Under(rules)), min_size=1, max_size=5))
    found = entitle(together([arrays(each, rules) for each in told]), rules)
    for place, each in enumerate(told):
        assert said(found, place, rules) == literally(twin.claim(law, twin.facts_of(each)))
