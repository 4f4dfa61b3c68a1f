"""The clocks of an accident: both rules side by side, the class as it is told, the alarm, and what is unknown."""

import dataclasses
import datetime as dt
import functools
from typing import Any

import pytest

from heatstream.claims.check import Officer
from heatstream.core.calendar import day_of
from heatstream.core.repair import AccidentClass, RepairState
from heatstream.rules import holidays, policy
from heatstream.rules.pack import SHIPPED, find
from heatstream.rules.supervision.file import SupervisionRules
from heatstream.rules.supervision.incidents import Incidents
from heatstream.supervision.incident import incident_state as states
from heatstream.supervision.incident.incident_kind import INCIDENT
from heatstream.supervision.incident.incident_state import Incident
from heatstream.supervision.incident.repairs import CLASS_NAMES, Clock, notice, passed, repair
from heatstream.supervision.matter import NOW, ROUTINE, SOON, Ground, Recorded
from heatstream.supervision.told import Event

from .told import changed, ended, estimated, notice_given, reported, restored, seen, verified, withdrawn
from .town import time

DEMO = policy.load(SHIPPED / "demo-shili.choices.yaml").law_on(day_of(dt.date(2026, 1, 5)))
SOMEBODY = Officer("CO", "某", "company", None, None, dt.date.min, None)
MICROSECOND = dt.timedelta(microseconds=1)
BEGINS = time(8)
ORDINARY, LARGER, MAJOR = AccidentClass


pack_of = functools.cache(find)


def ground(pack: str = "demo-shili", **chosen: Any) -> Ground:
    """The demo's law, in the place of a pack, with other choices."""
    choices = DEMO.choices.model_copy(update=chosen)
    law = dataclasses.replace(DEMO, choices=choices, pack=pack_of(pack))
    return Ground(rules=None, choices=choices, days_off=holidays.FICTIONAL, law=law)


def after(*events: Event, recorded: dict[int, dt.datetime] | None = None) -> Incident:
    """Fold events, each recorded when it happened unless told otherwise by its number."""
    state = None
    for number, event in enumerate(events, start=1):
        at = (recorded or {}).get(number, event.at)
        state = INCIDENT.after(state, Recorded(number, event, SOMEBODY, at), ground())
    assert state is not None
    return state


def hours(count: float) -> dt.datetime:
    return BEGINS + dt.timedelta(hours=count)


def clock(state: Incident, now: dt.datetime, rule: str, told_by: str, **chosen: Any) -> Clock:
    found = repair(state, ground(**chosen), now)
    assert found is not None
    return next(each for each in found.clocks if (each.rule, each.told_by) == (rule, told_by))


# --- both rules, side by side ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "exact", "expected"),
    [
        (dt.timedelta(hours=6), "lower_class", (ORDINARY, RepairState.KEPT, None)),
        (dt.timedelta(hours=6), "higher_class", (LARGER, RepairState.KEPT, None)),
        (dt.timedelta(hours=6) + MICROSECOND, "lower_class", (LARGER, RepairState.KEPT, None)),
        (dt.timedelta(hours=24), "lower_class", (LARGER, RepairState.KEPT, None)),
        (dt.timedelta(hours=24), "higher_class", (MAJOR, RepairState.KEPT, RepairState.KEPT)),
        (dt.timedelta(hours=24) + MICROSECOND, "lower_class", (MAJOR, RepairState.KEPT, RepairState.BREACHED)),
        (dt.timedelta(hours=48), "lower_class", (MAJOR, RepairState.KEPT, RepairState.BREACHED)),
        (dt.timedelta(hours=48) + MICROSECOND, "lower_class", (MAJOR, RepairState.WARNED, RepairState.BREACHED)),
        (dt.timedelta(hours=72), "lower_class", (MAJOR, RepairState.WARNED, RepairState.BREACHED)),
        (dt.timedelta(hours=72) + MICROSECOND, "lower_class", (MAJOR, RepairState.BREACHED, RepairState.BREACHED)),
    ],
)
def test_an_accident_that_is_over_stands_under_both_rules_by_the_time_it_took(
    length: dt.timedelta, exact: str, expected: tuple[Any, ...]
) -> None:
    state = after(seen(), ended(BEGINS + length))
    now = hours(100)
    of_2012 = clock(state, now, "jilin_2012", "actual", exact_class_bounds=exact)
    of_2024 = clock(state, now, "jilin_2024", "actual", exact_class_bounds=exact)
    assert (of_2012.accident_class, of_2012.state, of_2024.state) == expected


def test_the_reply_of_2024_says_nothing_of_ordinary_and_larger_accidents() -> None:
    told = clock(after(seen(), ended(hours(10))), hours(20), "jilin_2024", "actual")
    assert (told.accident_class, told.limit, told.state) == (LARGER, None, None)


def test_the_estimate_and_the_time_it_took_may_name_two_classes_and_both_are_told() -> None:
    state = after(seen(), estimated(hours(1), hours(5)), ended(hours(10)))
    by_estimate, by_time = (clock(state, hours(20), "jilin_2012", way) for way in ("estimate", "actual"))
    assert (by_estimate.accident_class, by_estimate.limit) == (ORDINARY, hours(6))
    assert by_estimate.state == RepairState.BREACHED
    assert (by_time.accident_class, by_time.limit, by_time.state) == (LARGER, hours(24), RepairState.KEPT)


def test_the_latest_estimate_tells_the_class_and_every_estimate_is_kept() -> None:
    state = after(seen(), estimated(hours(1), hours(5)), estimated(hours(2), hours(30), "钱工"))
    assert clock(state, hours(3), "jilin_2024", "estimate").accident_class == MAJOR
    assert [(each.given_by, each.restored_by) for each in state.estimates] == [("赵工", hours(5)), ("钱工", hours(30))]


# --- the alarm --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "limit"), [("jilin_2012", hours(72)), ("jilin_2024", hours(24)), ("stricter", hours(24))]
)
def test_the_alarm_goes_by_the_chosen_rule(rules: str, limit: dt.datetime) -> None:
    found = repair(after(seen(), estimated(hours(1), hours(30))), ground(repair_limits=rules), hours(2))
    assert found is not None
    assert found.alarm is not None
    assert (found.alarm.accident_class, found.alarm.limit) == (MAJOR, limit)


def test_an_ordinary_accident_has_no_alarm_limit_where_only_the_reply_of_2024_is_asked() -> None:
    found = repair(after(seen()), ground(repair_limits="jilin_2024"), hours(2))
    assert found is not None
    assert found.alarm is not None
    assert (found.alarm.accident_class, found.alarm.limit, found.alarm.state) == (ORDINARY, None, None)


def test_a_class_rises_as_time_passes_and_not_by_the_first_estimate() -> None:
    state = after(seen(), estimated(hours(1), hours(5)))
    rising = repair(state, ground(), hours(8))
    first = repair(state, ground(repair_class="first_estimate"), hours(8))
    assert rising is not None
    assert first is not None
    assert rising.alarm is not None
    assert first.alarm is not None
    assert (rising.alarm.accident_class, rising.alarm.state) == (LARGER, RepairState.RUNNING)
    assert (first.alarm.accident_class, first.alarm.state) == (ORDINARY, RepairState.BREACHED)


def test_by_the_first_estimate_there_is_no_class_before_it() -> None:
    found = repair(after(seen()), ground(repair_class="first_estimate"), hours(8))
    assert found is not None
    assert found.alarm is None


# --- limits that pass -------------------------------------------------------------------------------------------------


def limits_passed(state: Incident, now: dt.datetime, **chosen: Any) -> list[tuple[str, dt.datetime]]:
    return [(CLASS_NAMES[each.accident_class], each.limit) for each in passed(state, ground(**chosen), now)]


def test_the_limit_of_an_ordinary_accident_passes_after_six_hours_and_not_at_them() -> None:
    assert limits_passed(after(seen()), hours(6)) == []
    assert limits_passed(after(seen()), hours(6) + MICROSECOND) == [("ordinary", hours(6))]


def test_an_accident_that_nobody_estimated_passes_limit_after_limit() -> None:
    state = after(seen())
    assert limits_passed(state, hours(80)) == [("ordinary", hours(6)), ("larger", hours(24))]
    assert limits_passed(state, hours(80), repair_limits="jilin_2012") == [
        ("ordinary", hours(6)),
        ("larger", hours(24)),
        ("major", hours(72)),
    ]


def test_a_major_accident_never_stood_in_the_lower_classes() -> None:
    state = after(seen(), estimated(hours(1), hours(40)))
    assert limits_passed(state, hours(30)) == [("major", hours(24))]
    assert limits_passed(state, hours(80), repair_limits="jilin_2012") == [("major", hours(72))]


def test_an_estimate_that_is_recorded_after_the_limit_does_not_undo_its_passing() -> None:
    events = (seen(), estimated(hours(1), hours(40)))
    late = after(*events, recorded={2: hours(7)})
    assert limits_passed(late, hours(8)) == [("ordinary", hours(6))]


def test_heat_that_is_back_at_the_limit_is_in_time() -> None:
    assert limits_passed(after(seen(), ended(hours(6))), hours(9)) == []
    assert limits_passed(after(seen(), ended(hours(6) + MICROSECOND)), hours(9)) == [("ordinary", hours(6))]


# --- what is no accident, and what is unknown ------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["late_start", "early_stop", "low_running"])
def test_repair_limits_are_for_accidents_that_stop_heat(what: str) -> None:
    assert repair(after(seen(what=what)), ground(), hours(9)) is None
    assert passed(after(seen(what=what)), ground(), hours(90)) == ()


def test_a_breakdown_that_stops_no_heat_has_no_repair_limit() -> None:
    assert repair(after(reported(stops_heat=False)), ground(), hours(9)) is None
    assert repair(after(reported()), ground(), hours(9)) is not None


@pytest.mark.parametrize("pack", ["cn-22-changchun", "cn-22-jilin"])
def test_the_limits_hold_in_jilin(pack: str) -> None:
    found = repair(after(seen()), ground(pack), hours(9))
    assert found is not None
    assert len(found.clocks) == 2
    assert found.watermark is None


def test_a_fictional_place_borrows_the_limits_under_its_watermark() -> None:
    found = repair(after(seen()), ground(), hours(9))
    assert found is not None
    assert found.watermark == "演示·非法律依据"


def test_elsewhere_no_limit_is_known_and_the_incident_stands() -> None:
    state, elsewhere = after(seen()), ground("cn-37-weifang")
    found = repair(state, elsewhere, hours(90))
    assert found is not None
    assert (found.clocks, found.alarm) == ((), None)
    assert found.unknown == (
        "no repair limit is known for this place: 吉政办发〔2012〕52号 and 吉建议〔2024〕12号 hold in Jilin",
    )
    assert passed(state, elsewhere, hours(90)) == ()
    assert INCIDENT.standing(state, elsewhere, hours(90)).urgency == NOW


@pytest.mark.parametrize(
    ("option", "question"), [("exact_class_bounds", "A43"), ("repair_class", "A15"), ("repair_limits", "A14")]
)
def test_a_choice_that_is_not_made_is_named_and_nothing_passes(option: str, question: str) -> None:
    state, open_question = after(seen()), ground(**{option: None})
    found = repair(state, open_question, hours(90))
    assert found is not None
    assert found.alarm is None
    assert found.unknown == (f"choice {option} ({question}) is not made",)
    assert passed(state, open_question, hours(90)) == ()


def test_without_a_law_in_force_nothing_is_known_of_limits() -> None:
    found = repair(after(seen()), Ground(rules=None, choices=None, days_off=holidays.FICTIONAL), hours(9))
    assert found is not None
    assert "no law is in force yet" in found.unknown[0]


# --- where it stands --------------------------------------------------------------------------------------------------


def test_an_accident_is_soon_within_its_limit_and_now_past_it() -> None:
    state = after(seen(), estimated(hours(1), hours(30)))
    within, past = (INCIDENT.standing(state, ground(), now) for now in (hours(2), hours(25)))
    assert (within.urgency, within.next_due_at) == (SOON, hours(24))
    assert (past.urgency, past.next_due_at) == (NOW, hours(24))
    assert "past the repair limit" in past.headline


def test_a_range_shows_its_begin_as_the_next_limit_and_then_its_end() -> None:
    state, of_2012 = after(seen(), estimated(hours(1), hours(30))), ground(repair_limits="jilin_2012")
    early, warned = (INCIDENT.standing(state, of_2012, now) for now in (hours(2), hours(50)))
    assert (early.urgency, early.next_due_at) == (SOON, hours(48))
    assert (warned.urgency, warned.next_due_at) == (NOW, hours(72))


def test_a_late_start_waits_for_an_officer_and_then_for_its_case() -> None:
    state = after(seen(what="late_start"), ended(hours(48)))
    assert INCIDENT.standing(state, ground(), hours(50)).urgency == SOON
    found = after(seen(what="late_start"), ended(hours(48)), verified(hours(50), BEGINS, hours(48)))
    assert INCIDENT.standing(found, ground(), hours(51)).step == "verified"
    assert "batch_opened" in INCIDENT.coming(found)
    assert "batch_opened" not in INCIDENT.coming(state)


def test_a_candidate_is_routine_until_somebody_reports_it() -> None:
    state = after(seen(what="low_running", certain=False))
    standing = INCIDENT.standing(state, ground(), hours(9))
    assert standing.urgency == ROUTINE
    assert "疑似 suspected" in standing.headline


def test_what_the_company_says_and_the_meter_does_not_show_is_said() -> None:
    state = after(seen(), restored(hours(3)))
    assert state.ends is None
    assert "热表未见" in INCIDENT.standing(state, ground(), hours(4)).headline


# --- notice -----------------------------------------------------------------------------------------------------------


RULES = Incidents.model_validate(
    {
        "planned": {"minutes": 2880, "longer_than_min": 1440, "source": "示例"},
        "sudden": {"minutes": 120, "longer_than_min": 480, "source": "示例"},
    }
)


def told(state: Incident, now: dt.datetime, rules: Any = RULES) -> Any:
    head = {"schema": "heatstream.supervision/1", "place": "x", "version": "1", "made_by": "y", "made_on": "2026-01-01"}
    made = SupervisionRules.model_validate({**head, "incidents": rules})
    return notice(state, dataclasses.replace(ground(), rules=made), now)


@pytest.mark.parametrize(
    ("given_at", "stands"), [(hours(2), "kept"), (hours(2) + MICROSECOND, "breached"), (None, "breached")]
)
def test_a_sudden_stop_is_told_within_its_period(given_at: dt.datetime | None, stands: str) -> None:
    events = [seen(), *([notice_given(given_at)] if given_at else []), ended(hours(9))]
    found = told(after(*events), hours(10))
    assert (found.planned, found.limit, found.state) == (False, hours(2), stands)


def test_a_short_stop_need_not_be_told_and_one_of_which_it_is_not_yet_due_runs() -> None:
    assert told(after(seen(), ended(hours(8))), hours(10)).state == "not_asked"
    assert told(after(seen(), estimated(hours(1), hours(9))), hours(1)).state == "running"


@pytest.mark.parametrize(("ahead", "stands"), [(48, "kept"), (47.99, "breached")])
def test_a_planned_stop_is_told_ahead(ahead: float, stands: str) -> None:
    state = after(seen(), notice_given(hours(-ahead), planned=True), ended(hours(30)))
    assert told(state, hours(31)).state == stands


def test_without_a_period_it_is_not_said_whether_users_were_told_in_time() -> None:
    assert told(after(seen()), hours(10), Incidents()).state == "unknown"


def test_what_the_pack_s_own_text_says_of_notice_stands_beside_and_is_held_against_nothing() -> None:
    found = notice(after(seen()), ground("cn-37-taian"), hours(10))
    assert found is not None
    assert found.law is not None
    assert (found.state, found.law.article) == ("unknown", "31")
    assert "供热企业应当提前两日通知用户" in found.law.quote


# --- what the software sees later ------------------------------------------------------------------------------------


def test_what_the_software_takes_back_and_nobody_looked_at_closes_itself() -> None:
    gone = after(seen(), withdrawn(hours(1)))
    assert (gone.step, gone.closed_at) == ("withdrawn", hours(1))
    assert after(seen(), withdrawn(hours(1)), changed(hours(2))).closed_at is None


def test_what_somebody_looked_at_stays_open_when_the_software_takes_it_back() -> None:
    state = after(seen(), estimated(hours(1), hours(5)), withdrawn(hours(2)))
    assert (state.step, state.closed_at) == ("withdrawn", None)
    assert "closed" in INCIDENT.coming(state)


def test_later_data_moves_what_was_verified_and_says_so() -> None:
    state = after(seen(), ended(hours(5)), verified(hours(6), BEGINS, hours(5)), changed(hours(7), begins=hours(-1)))
    assert state.moved_since
    assert state.begins == BEGINS
    assert "核查后数据有变" in INCIDENT.standing(state, ground(), hours(8)).headline


def test_an_incident_begins_as_verified_else_as_measured_else_as_reported() -> None:
    assert after(reported()).begins == BEGINS
    state = after(seen(), ended(hours(5)))
    assert (state.begins, state.ends) == (BEGINS, hours(5))
    found = states.after(state, Recorded(3, verified(hours(6), hours(1), hours(4)), SOMEBODY, hours(6)))
    assert (found.begins, found.ends) == (hours(1), hours(4))


def test_what_ended_before_it_began_as_verified_says_nothing_of_its_end() -> None:
    state = after(seen(), ended(hours(1)), verified(hours(5), hours(2)))
    assert (state.begins, state.ends) == (hours(2), None)
