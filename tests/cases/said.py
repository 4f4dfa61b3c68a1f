"""What the arrays and the literal twin say of a case, in the words of its `expect`."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from heatstream.claims.amount import arrays
from heatstream.core.calendar import day_of
from heatstream.core.claim_rules import ClaimRules, Open
from heatstream.core.entitlement import Right, entitle
from heatstream.core.finding import Outcome
from heatstream.evidence import twin
from heatstream.rules.policy import Policy
from tests.cases.law_cases import Case, facts_json
from tests.core.test_cases import OUTCOMES, room
from tests.literal.arrays import judged

RIGHTS = {twin.MET: "entitled", twin.NOT_MET: "not_entitled", twin.OPEN: "undetermined"}
Said = dict[str, Any]


def opened_day(case: Case) -> int:
    opening = case.claim["opening"]
    at = opening["at"] if isinstance(opening, dict) else opening
    return day_of(dt.date.fromisoformat(str(at)[:10]))


@dataclass(frozen=True)
class Asked:
    """One claim, laid out once for both forms of the rule."""

    facts: dict[str, Any]
    rules: ClaimRules
    law: twin.ClaimLaw

    @classmethod
    def of(cls, case: Case, policy: Policy) -> Self:
        day = opened_day(case)
        rules, law = policy.claim_rules(day), twin.claim_law_of(policy.canonical, day)
        return cls(facts_json(case.claim, rules, law), rules, law)


def by_twin(asked: Asked) -> Said:
    """Compute a claim by the literal twin alone, its law out of the policy's own text."""
    return said_by_twin(asked.law, twin.facts_of(asked.facts))


def said_by_twin(law: twin.ClaimLaw, facts: twin.Facts) -> Said:
    claimed = twin.claim(law, facts)
    return {
        "right": RIGHTS[claimed.right],
        "open": sorted(claimed.open),
        "denied": sorted(claimed.denied),
        "days": len(claimed.days),
        "fen": claimed.fen,
        "if_alleged_proved": claimed.fen_if_alleged_proved,
        "at_least": claimed.lower_bound,
    }


def by_arrays(asked: Asked) -> Said:
    """Compute a claim as production does."""
    found = entitle(arrays(asked.facts, asked.rules), asked.rules)
    return {
        "right": Right(found.right[0]).name.lower(),
        "open": sorted(each.name or "" for each in Open if each & found.open[0]),
        "denied": sorted(each.name or "" for each in Open if each & found.denied[0]),
        "days": int(found.counted[0].sum()),
        "fen": int(found.fen[0]),
        "if_alleged_proved": int(found.fen_if_alleged_proved[0]),
        "at_least": bool(found.at_least[0]),
    }


def judged_day(case: Case) -> int:
    return day_of(dt.date.fromisoformat(str(case.told.get("day", "2026-01-05"))))


def day_by_law(case: Case, canonical: str) -> Said:
    """Judge one day of a home by the literal twin."""
    day = judged_day(case)
    rooms = [room(told, day) for told in case.told["rooms"]]
    law = twin.law_of(canonical, day)
    outcome = twin.judge(rooms, law, day).outcome
    return {"outcome": outcome, "day_below_min": max(twin.minutes_below(each, law, day, "day") for each in rooms)}


def day_by_arrays(case: Case, policy: Policy) -> Said:
    """Judge one day of a home as production does."""
    day = judged_day(case)
    said = judged([[room(told, day) for told in case.told["rooms"]]], policy.day_rules(day))
    names = {Outcome(number): name for name, number in OUTCOMES.items()}
    return {
        "outcome": names[Outcome(said.findings.outcome[0])],
        "day_below_min": int(np.max(said.statistics.day_below_min)),
    }


def both_ways(case: Case) -> tuple[Said, Said]:
    """Give what the literal twin and the arrays say."""
    policy = case.policy()
    if "rooms" in case.told:
        return day_by_law(case, policy.canonical), day_by_arrays(case, policy)
    asked = Asked.of(case, policy)
    return by_twin(asked), by_arrays(asked)


def expected(expect: Any) -> Said:
    """Give what a case expects; of a claim, conditions it does not name are met."""
    if "right" not in expect:
        return dict(expect)
    told: Said = {"open": [], "denied": [], "at_least": False} | dict(expect)
    return told | {"open": sorted(told["open"]), "denied": sorted(told["denied"])}
