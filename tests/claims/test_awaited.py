"""What a claim waits for lies on somebody's desk, and whoever it lies with may record it."""

import pytest

from heatstream.claims import check
from heatstream.claims.awaited import awaited
from heatstream.claims.events import Event

from . import test_check as t
from .rig import given, opened, time

AUTHORITY = [(opened(way="officer"), "D1")]
CAUSED = (given("cause_determined", time(16, day=11), **t.CAUSE), "D1")
PAID = (given("payment_made", time(9, day=15), **t.PAID), "CO")
READY = [*t.HEARD[:4], CAUSED, *t.HEARD[4:]]

WAYS = {
    "opened": (t.OPENED, {"contacted": {"company", "inspector"}, "visit_recorded": {"company", "inspector"}}),
    "measured": (t.MEASURED, {"self_refund_offered": {"company"}}),
    "offered": (t.OFFERED, {"self_refund_accepted": {"household"}}),
    "accepted": (t.ACCEPTED, {"payment_made": {"company"}}),
    "accepted and paid": ([*t.ACCEPTED, PAID], {"closed": {"company"}}),
    "refused": (t.APPLIED[:-1], {"authority_applied": {"household"}}),
    "escalated": (
        [*t.MEASURED, (given("escalated", time(9), trigger="disputed"), "HOT")],
        {"visit_recorded": {"district"}, "self_refund_offered": {"company"}},
    ),
    "applied": (
        t.APPLIED,
        {
            "visit_recorded": {"district"},
            "cause_determined": {"district"},
            "statement_given": {"district", "household", "company"},
        },
    ),
    "one heard": ([*READY[:-1]], {"statement_given": {"district", "company"}}),
    "heard": (READY, {"ruling_drafted": {"district"}}),
    "drafted": (t.DRAFTED, {"ruling_reviewed": {"district"}}),
    "reviewed": (t.REVIEWED, {"ruling_approved": {"district"}}),
    "ruled": (t.RULED, {"ruling_served": {"district"}, "payment_made": {"company"}}),
    "served": (t.SERVED_TO_BOTH, {"payment_made": {"company"}}),
    "served and paid": ([*t.SERVED_TO_BOTH, PAID], {"closed": {"district"}}),
    "closed": ([*t.SERVED_TO_BOTH, PAID, (given("closed", time(9, day=16)), "D1")], {}),
    "withdrawn": ([*t.OPENED, (given("withdrawn", time(9), by_name="户主"), "H1")], {}),
    "alleged": (
        [*t.MEASURED, (given("exclusion_alleged", time(9), **t.ALLEGED), "CO")],
        {"exclusion_decided": {"district"}, "self_refund_offered": {"company"}},
    ),
    "doubted": (
        [*t.SERVED_TO_BOTH, PAID, (given("review_opened", time(9, day=16), because="officer", found="?"), "D1")],
        {"review_closed": {"district"}},
    ),
    "opened by the authority": (AUTHORITY, {"self_refund_offered": {"company"}}),
    "refused of the authority": (
        [*AUTHORITY, (given("self_refund_refused", time(9), by="company"), "CO")],
        {"cause_determined": {"district"}, "statement_given": {"district", "household", "company"}},
    ),
}


@pytest.mark.parametrize("name", WAYS)
def test_a_claim_lies_on_the_desk_of_whoever_comes_next(name: str) -> None:
    told, expected = WAYS[name]
    assert {each.kind: set(each.roles) for each in awaited(t.way(told))} == expected


@pytest.mark.parametrize("name", WAYS)
def test_what_lies_on_a_desk_may_be_recorded_from_it(name: str) -> None:
    way = t.way(WAYS[name][0])
    ready = check.may_come_next(way, t.AROUND)
    assert [(each.kind, role) for each in awaited(way) for role in each.roles if role not in ready[each.kind]] == []


def one(told: list[tuple[Event, str]], by: str, kind: str) -> str | None:
    return check.turns(t.way(told), t.officer(by), t.AROUND)[kind]


def test_whoever_drafted_is_told_why_another_reviews() -> None:
    assert one(t.DRAFTED, "D2", "ruling_reviewed") is None
    assert "承办, 复核 and 审批 are three people" in str(one(t.DRAFTED, "D1", "ruling_reviewed"))


def test_a_role_has_turns_of_its_own_alone() -> None:
    turns = check.turns(t.way(t.MEASURED), t.officer("CO"), t.AROUND)
    assert ("ruling_drafted" in turns, turns["self_refund_offered"]) == (False, None)
    assert "nothing is to be paid" in str(turns["payment_made"])
