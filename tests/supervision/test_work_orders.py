"""Work orders: 联系 within the limit that is known, 办结, 回访, 满意; a limit that nobody set is shown as none."""

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from heatstream.claims.check import Officer
from heatstream.core.calendar import day_of
from heatstream.errors import BadInput
from heatstream.rules import holidays, policy
from heatstream.rules.pack import SHIPPED
from heatstream.rules.supervision.file import SupervisionRules
from heatstream.rules.supervision.hotlines import Hotlines
from heatstream.supervision.hotline import work_orders as told
from heatstream.supervision.hotline.work_orders import WHO, WORK_ORDERS, WorkOrder
from heatstream.supervision.matter import CLOSED, NOW, ROUTINE, SOON, Ground, Recorded
from heatstream.supervision.told import Event

from .lines import rules
from .town import time

DOCS = Path(__file__).parents[2] / "docs"
ANYBODY = Officer("X", "X", "hotline", None, None, dt.date.min, None)
LAW = policy.load(SHIPPED / "demo-shili.choices.yaml").law_on(day_of(dt.date(2026, 1, 5)))
GROUND = Ground(rules=rules(), choices=None, days_off=holidays.load(), law=LAW)
WITHOUT = dataclasses.replace(GROUND, rules=None, law=None)


def opened(**values: Any) -> told.Opened:
    cells = {"line": "12345", "ticket_no": "T1", "category": "室温", "topic": "temperature", "building": "E3"}
    whose = {"household": "E302", "company": "CO1", "matched_by": "exact"}
    return told.Opened(**{"at": time(8), "why": "来电", **cells, **whose, **values})


def given(event: type[Event], at: dt.datetime, **values: Any) -> Event:
    return event(at=at, why="测试", **values)


def folded(*events: Event, ground: Ground = GROUND) -> WorkOrder:
    state: Any = None
    for number, event in enumerate(events, start=1):
        state = WORK_ORDERS.after(state, Recorded(number, event, ANYBODY, event.at), ground)
    found: WorkOrder = state
    return found


def joined(number: int, at: dt.datetime) -> Event:
    return given(told.TicketJoined, at, line="96118", ticket_no=f"T{number}", received_at=at)


def contacted(at: dt.datetime) -> Event:
    return given(told.Contacted, at, by_means="电话")


def handled(at: dt.datetime) -> Event:
    return given(told.Handled, at, done="放气调网")


def called_back(at: dt.datetime, *, reached: bool = True) -> Event:
    return given(told.CalledBack, at, reached=reached)


# --- 联系 -------------------------------------------------------------------------------------------------------------


def test_who_complains_of_the_temperature_is_reached_within_thirty_minutes_of_the_call() -> None:
    state = folded(opened())
    assert state.calls[0].contact_by == time(8, 30)
    assert WORK_ORDERS.standing(state, GROUND, time(8, 30)).urgency == SOON
    assert WORK_ORDERS.standing(state, GROUND, time(8, 31)).urgency == NOW
    assert WORK_ORDERS.standing(state, GROUND, time(8, 10)).next_due_at == time(8, 30)


def test_a_promise_of_the_operator_may_be_shorter_and_is_never_longer() -> None:
    for minutes, limit in ((20, time(8, 20)), (60, time(8, 30))):
        promised = rules(contact={"temperature": {"minutes": minutes, "source": "测试"}})
        state = folded(opened(), ground=dataclasses.replace(GROUND, rules=promised))
        assert state.calls[0].contact_by == limit


def test_another_topic_has_the_operator_s_limit_or_none() -> None:
    assert folded(opened(topic="no_heat")).calls[0].contact_by == time(9)
    assert folded(opened(topic="fee")).calls[0].contact_by is None


def test_where_no_law_is_in_force_and_nobody_set_a_limit_none_is_shown() -> None:
    state = folded(opened(), ground=WITHOUT)
    assert (state.calls[0].contact_by, state.handle_by, state.due) == (None, None, ())
    assert WORK_ORDERS.standing(state, WITHOUT, time(9)).urgency == ROUTINE


def test_a_contact_counts_for_the_calls_before_it_and_a_later_call_waits_anew() -> None:
    state = folded(opened(), joined(2, time(8, 5)), contacted(time(8, 20)), joined(3, time(9)))
    assert [each.contacted_at for each in state.calls] == [time(8, 20), time(8, 20), None]
    assert min(state.due) == time(9, 30)


def test_a_call_that_is_imported_after_the_contact_was_answered_by_it() -> None:
    state = folded(opened(at=time(8, 10)), contacted(time(8, 20)), joined(2, time(8)))
    assert [(each.ticket_no, each.contacted_at) for each in state.calls] == [
        ("T2", time(8, 20)),
        ("T1", time(8, 20)),
    ]
    assert state.handle_by == time(8, day=6)


def test_whoever_was_there_has_made_contact() -> None:
    state = folded(opened(), given(told.Visited, time(8, 25), found="16度"))
    assert (state.calls[0].contacted_at, state.step) == (time(8, 25), "visited")


def test_a_booked_visit_comes_after_it_was_booked() -> None:
    with pytest.raises(ValueError, match="expected not before at"):
        given(told.VisitBooked, time(9), booked_for=time(8))
    booked = folded(opened(), contacted(time(8, 10)), given(told.VisitBooked, time(8, 11), booked_for=time(14)))
    assert (booked.step, booked.visit_booked_for) == ("visit_booked", time(14))


# --- 办结, 回访, 满意 -------------------------------------------------------------------------------------------------


def test_handled_is_done_until_the_caller_is_not_satisfied() -> None:
    state = folded(opened(), contacted(time(8, 10)), handled(time(12)), called_back(time(13)))
    assert (state.step, state.due) == ("called_back", ())
    unhappy = folded(
        opened(),
        contacted(time(8, 10)),
        handled(time(12)),
        called_back(time(13)),
        given(told.Dissatisfied, time(13), because="还是冷"),
    )
    assert (unhappy.step, unhappy.satisfied, unhappy.handled_at, unhappy.reopened) == ("reopened", False, None, 1)
    assert unhappy.due == (time(8, day=6),)
    assert WORK_ORDERS.standing(unhappy, GROUND, time(9, day=6)).urgency == NOW


def test_the_last_answer_counts() -> None:
    state = folded(
        opened(),
        handled(time(12)),
        called_back(time(13)),
        given(told.Dissatisfied, time(13), because="还是冷"),
        handled(time(15)),
        called_back(time(16)),
        given(told.Satisfied, time(16)),
        given(told.Closed, time(17)),
    )
    assert (state.step, state.satisfied, state.reopened) == ("closed", True, 1)
    assert WORK_ORDERS.standing(state, GROUND, time(18)).urgency == CLOSED


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (called_back(time(9)), "called_back: the work order is opened; expected one of assigned, contacted"),
        (given(told.Satisfied, time(9)), "satisfied: the work order is opened"),
        (given(told.Closed, time(9)), "closed: the work order is opened"),
        (given(told.TicketLeft, time(9), line="12345", ticket_no="T1", into="W"), "ticket_left: the work order is"),
        (given(told.TicketChanged, time(9), line="1", ticket_no="T1", columns=("a",)), "seen ticket 1 T1, expected"),
        (given(told.Assigned, time(9), company="CO2"), "company: seen 'CO2', expected CO1, which heats the building"),
        (
            handled(time(7, 59)),
            "handled: at: seen 2026-01-05T07:59.*, expected not before 2026-01-05T08:00.*, the first",
        ),
        (joined(2, time(9)).model_copy(update={"line": "12345", "ticket_no": "T1"}), "is in this work order already"),
    ],
)
def test_what_contradicts_what_was_recorded_is_told(event: Event, expected: str) -> None:
    with pytest.raises(BadInput, match=expected):
        folded(opened(), event)


def test_nobody_answers_a_call_that_did_not_reach_him() -> None:
    with pytest.raises(BadInput, match="satisfied: the work order is called_back"):
        folded(opened(), handled(time(9)), called_back(time(10), reached=False), given(told.Satisfied, time(11)))


def test_nobody_is_called_back_before_the_work_was_done() -> None:
    with pytest.raises(
        BadInput, match=r"called_back: at: seen 2026-01-05T08:59.*, expected not before .*09:00.*, 办结"
    ):
        folded(opened(), handled(time(9)), called_back(time(8, 59)))


def test_a_closed_work_order_takes_no_more_work() -> None:
    with pytest.raises(BadInput, match="contacted: the work order is closed; expected one of ticket_changed"):
        folded(opened(), handled(time(9)), given(told.Closed, time(10)), contacted(time(11)))


def test_what_was_recorded_is_read_back_whatever_may_come_next_today() -> None:
    past = dataclasses.replace(GROUND, past=True)
    assert folded(opened(), given(told.Satisfied, time(9)), ground=past).satisfied is True


def test_a_group_and_a_home_without_heat_press() -> None:
    group = given(told.GroupComplaint, time(9), households=3, work_orders=3, first_work_order="W")
    state = folded(opened(topic="fee"), group)
    standing = WORK_ORDERS.standing(state, GROUND, time(9))
    assert (standing.urgency, standing.headline) == (NOW, "热费 · 户号 E302 · 1 ticket · 群体投诉")
    done = folded(opened(topic="fee"), group, handled(time(10)))
    assert WORK_ORDERS.standing(done, GROUND, time(11)).urgency == ROUTINE
    assert WORK_ORDERS.standing(folded(opened(topic="leak")), GROUND, time(9)).urgency == SOON
    assert WORK_ORDERS.standing(folded(opened(topic="fee")), GROUND, time(9)).urgency == ROUTINE


def test_every_event_names_who_may_record_it_and_who_did_the_work_does_not_ask_how_it_was() -> None:
    names = {str(each.model_fields["kind"].default) for each in (*WORK_ORDERS.opening, *WORK_ORDERS.later)}
    assert set(WHO) == names
    assert not WHO["handled"] & {"hotline"}
    for name in ("called_back", "satisfied", "dissatisfied"):
        assert not WHO[name] & {"company", "inspector"}


def test_the_manual_tells_of_every_event_and_every_rule() -> None:
    section = (DOCS / "supervision.md").read_text(encoding="utf-8").split("## Hotlines")[1].split("\n## ")[0]
    assert [name for name in (*WHO, *Hotlines.model_fields) if f"`{name}`" not in section] == []


def test_rules_of_hotlines_refuse_what_makes_no_group_and_what_is_no_topic() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 2"):
        rules(group_households=1)
    with pytest.raises(ValueError, match="temperature"):
        rules(topics={"*": {"室温": "weather"}})
    assert isinstance(rules(), SupervisionRules)
