"""Laws of an incident, whatever is recorded in whatever order."""

import contextlib
import dataclasses
import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatstream.claims.check import Officer
from heatstream.core.calendar import day_of
from heatstream.errors import BadInput
from heatstream.rules import holidays, policy
from heatstream.rules.pack import SHIPPED
from heatstream.supervision.incident.incident_kind import INCIDENT
from heatstream.supervision.incident.incident_state import STEPS, Incident
from heatstream.supervision.incident.incidents import Escalated
from heatstream.supervision.incident.repairs import CLASS_NAMES, notice, passed, repair
from heatstream.supervision.matter import CLOSED, Ground, Recorded
from heatstream.supervision.told import Event

from .told import (
    breakdown,
    changed,
    closed,
    dismissed,
    ended,
    estimated,
    linked,
    notice_given,
    reported,
    restored,
    seen,
    verified,
    withdrawn,
)
from .town import time

LAW = policy.load(SHIPPED / "demo-shili.choices.yaml").law_on(day_of(dt.date(2026, 1, 5)))
GROUND = Ground(rules=None, choices=LAW.choices, days_off=holidays.FICTIONAL, law=LAW)
UNKNOWN = dataclasses.replace(GROUND, choices=None, law=None)
SOMEBODY = Officer("X", "某", "district", None, None, dt.date.min, None)
BEGINS = time(8)

HOURS = st.integers(-30, 90).map(lambda count: BEGINS + dt.timedelta(hours=count))
PERIODS = st.tuples(HOURS, HOURS).filter(lambda pair: pair[0] < pair[1])
OPENING = st.one_of(
    st.sampled_from(["late_start", "early_stop", "interruption", "low_running"]).map(lambda what: seen(what=what)),
    st.booleans().map(lambda certain: seen(certain=certain)),
    st.booleans().map(lambda stops: reported(stops_heat=stops)),
)
LATER = st.one_of(
    st.tuples(HOURS, PERIODS).map(lambda t: changed(t[0], begins=t[1][0], ends=t[1][1])),
    st.tuples(HOURS, HOURS).map(lambda t: changed(t[0], begins=t[1])),
    HOURS.map(ended),
    HOURS.map(withdrawn),
    st.tuples(HOURS, HOURS).map(lambda t: estimated(*t)),
    st.tuples(HOURS, st.booleans()).map(lambda t: notice_given(t[0], planned=t[1])),
    HOURS.map(restored),
    HOURS.map(breakdown),
    HOURS.map(lambda at: linked(at, matter="INC-2")),
    st.tuples(HOURS, PERIODS).map(lambda t: verified(t[0], *t[1])),
    st.tuples(HOURS, HOURS).map(lambda t: verified(*t)),
    HOURS.map(dismissed),
    HOURS.map(closed),
)


def folded(events: list[Event]) -> Incident:
    """Fold what is accepted, each recorded when it happened."""
    state: Incident | None = None
    for number, event in enumerate(events, start=1):
        with contextlib.suppress(BadInput):
            state = INCIDENT.after(state, Recorded(number, event, SOMEBODY, event.at), GROUND)
    assert state is not None
    return state


INCIDENTS = st.tuples(OPENING, st.lists(LATER, max_size=7)).map(lambda t: folded([t[0], *t[1]]))


@given(INCIDENTS, HOURS)
@settings(max_examples=120, deadline=None)
def test_it_can_always_be_said_where_an_incident_stands(state: Incident, now: dt.datetime) -> None:
    for ground in (GROUND, UNKNOWN):
        standing = INCIDENT.standing(state, ground, now)
        assert standing.step in STEPS
        assert (standing.urgency == CLOSED) == (standing.closed_at is not None)
        repair(state, ground, now)
        notice(state, ground, now)
    assert state.ends is None or state.begins < state.ends


@given(INCIDENTS)
@settings(max_examples=60, deadline=None)
def test_a_state_is_kept_and_read_back_as_it_was(state: Incident) -> None:
    assert Incident.model_validate(state.model_dump(mode="json")) == state


@given(INCIDENTS, LATER)
@settings(max_examples=120, deadline=None)
def test_what_may_not_come_next_is_refused(state: Incident, event: Event) -> None:
    if event.name in INCIDENT.coming(state) or event.name.startswith("span_"):
        return
    with pytest.raises(BadInput):
        INCIDENT.after(state, Recorded(9, event, SOMEBODY, event.at), GROUND)


@given(INCIDENTS, HOURS, st.integers(0, 40))
@settings(max_examples=120, deadline=None)
def test_a_limit_that_has_passed_stays_passed(state: Incident, now: dt.datetime, later: int) -> None:
    before, after = (passed(state, GROUND, at) for at in (now, now + dt.timedelta(hours=later)))
    assert set(before) <= set(after)


@given(INCIDENTS, HOURS)
@settings(max_examples=60, deadline=None)
def test_a_class_is_escalated_once(state: Incident, now: dt.datetime) -> None:
    for each in passed(state, GROUND, now):
        name = CLASS_NAMES[each.accident_class]
        event = Escalated(at=now, why="x", accident_class=name, limit=each.limit, rules=each.rules)
        once = Recorded(9, event, SOMEBODY, now)
        state = INCIDENT.after(state, once, GROUND)
        with pytest.raises(BadInput, match="as passed already"):
            INCIDENT.after(state, once, GROUND)
