"""The nearest change alters the outcome, and one unit less does not: the production judge says so both times."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatstream.core.calendar import Windows, day_of
from heatstream.core.finding import Outcome, Reason
from heatstream.core.grid import Grid, slots_of
from heatstream.core.standard import DayRules, Rooms, Statistic
from heatstream.rules import policy
from heatstream.rules.nearest import HomeDay, Nearest, Step, Turn, moved, nearest, said
from heatstream.rules.pack import SHIPPED

DAY = date(2026, 1, 5)
WINDOWS = Windows(360, 1320)
HOURS = 8
"""The season's part of the day: so short that every set of slots can be tried."""
RULES = replace(
    policy.load(SHIPPED / "demo-shili.choices.yaml").day_rules(day_of(DAY)), counted_min=(0, HOURS * 60), season_s=HOURS
)
MADE = ("daily_statistic", "household_temperature", "guard_band", "min_completeness")
Room = Sequence[int | None]
"""Hourly values [0.01 °C]; None = missing."""


def grid(values: Room, slot_min: int = 60) -> Grid:
    temp, valid = np.zeros((1, slots_of(slot_min, WINDOWS)), np.int16), np.zeros((1, slots_of(slot_min, WINDOWS)), bool)
    for slot, centi in enumerate(values):
        if centi is not None:
            temp[0, slot], valid[0, slot] = centi, True
    none = np.zeros(1, np.int32)
    return Grid(day_of(DAY), slot_min, WINDOWS, temp, valid, none + int(valid.sum()), none)


def home(*rooms: Room, slot_min: int = 60, areas: Sequence[int] | None = None) -> HomeDay:
    grids = tuple(grid(room, slot_min) for room in rooms)
    return HomeDay(grids, tuple(areas or [1000] * len(rooms)), 1800, stopped=False)


def rules(statistic: Statistic, **changed: object) -> DayRules:
    sustained = 180 if statistic is Statistic.SUSTAINED_BELOW else 0
    percent = 10 if statistic is Statistic.PERCENTILE else 0
    return replace(RULES, **{"statistic": statistic, "sustained_min": sustained, "percent": percent, **changed})


def found(day: HomeDay, held: DayRules, made: Collection[str] = MADE) -> Nearest:
    return nearest(day, held, made)


# --- laws -------------------------------------------------------------------------------------------------------------

centis = st.sampled_from([1700, 1780, 1799, 1800, 1801, 1830, 1900])
rooms = st.lists(st.none() | centis, min_size=HOURS, max_size=HOURS)
homes = st.lists(rooms, min_size=1, max_size=2).map(lambda each: home(*each))
held = st.builds(
    rules,
    st.sampled_from(list(Statistic)),
    completeness_e4=st.sampled_from([0, 5000, 9000, 10_000]),
    rooms=st.sampled_from([Rooms.MIN_ROOM, Rooms.EACH]),
) | st.builds(
    rules,
    st.sampled_from([Statistic.MIN, Statistic.TIME_WEIGHTED_MEAN, Statistic.MEAN_OF_HOURLY, Statistic.MIN_OF_HOURLY]),
    completeness_e4=st.sampled_from([5000, 9000]),
    rooms=st.sampled_from(list(Rooms)),
    guard_centi=st.sampled_from([-30, 0, 30]),
    gap_bounds_centi=st.sampled_from([None, (1790, 1810)]),
)


@settings(max_examples=80, deadline=None)
@given(homes, held)
def test_a_shift_by_the_nearest_degrees_alters_the_outcome_and_a_hundredth_less_does_not(
    day: HomeDay, law: DayRules
) -> None:
    now, change = said(day, law).outcome, found(day, law)
    for step, sign in ((change.warmer_centi, 1), (change.colder_centi, -1)):
        if step:
            assert said(moved(day, sign * step.by), law).outcome is step.outcome is not now
            assert said(moved(day, sign * (step.by - 1)), law).outcome is now
    # Slots too few for the minutes in one piece fail at no temperature.
    if now is Outcome.FAILING or (now is Outcome.COMPLIANT and law.statistic is not Statistic.SUSTAINED_BELOW):
        assert (change.warmer_centi or change.colder_centi) is not None


def otherwise(day: HomeDay, slots: Collection[tuple[int, int]], centi: int) -> HomeDay:
    """Give some slots (room, slot) another value."""
    grids = []
    for room, each in enumerate(day.grids):
        temp, valid = each.temp_centi.copy(), each.valid.copy()
        for _, slot in filter(lambda at, room=room: at[0] == room, slots):
            temp[0, slot], valid[0, slot] = centi, True
        grids.append(replace(each, temp_centi=temp, valid=valid))
    return replace(day, grids=tuple(grids))


def slots_where(day: HomeDay, law: DayRules, what: str) -> list[tuple[int, int]]:
    kept = day.limit_centi - law.guard_centi
    chosen = []
    for room, each in enumerate(day.grids):
        valid, cold = each.valid[0, :HOURS], each.temp_centi[0, :HOURS] < kept
        mask = {"below": valid & cold, "kept": valid & ~cold, "gaps": ~valid}[what]
        chosen += [(room, int(slot)) for slot in np.flatnonzero(mask)]
    return chosen


def outcomes(day: HomeDay, law: DayRules, what: str, count: int, centi: int) -> Iterator[Outcome]:
    for slots in combinations(slots_where(day, law, what), count):
        yield said(otherwise(day, slots, centi), law).outcome


one_room = rooms.map(home)


@settings(max_examples=40, deadline=None)
@given(one_room, st.sampled_from([Statistic.MIN, Statistic.SUSTAINED_BELOW]), st.sampled_from([60, 120, 180]))
def test_no_fewer_minutes_below_would_have_altered_a_failing_day(
    day: HomeDay, statistic: Statistic, sustained_min: int
) -> None:
    law = rules(statistic, sustained_min=sustained_min if statistic is Statistic.SUSTAINED_BELOW else 0)
    step = found(day, law, ()).fewer_below_min
    if said(day, law).outcome is Outcome.FAILING:
        assert step is not None
        assert step.outcome in outcomes(day, law, "below", step.by // 60, 1800)
        assert set(outcomes(day, law, "below", step.by // 60 - 1, 1800)) == {Outcome.FAILING}
    else:
        assert step is None


@settings(max_examples=40, deadline=None)
@given(one_room, st.sampled_from([60, 120, 180, 300]))
def test_no_fewer_minutes_below_would_have_failed_a_compliant_day(day: HomeDay, sustained_min: int) -> None:
    law = rules(Statistic.SUSTAINED_BELOW, sustained_min=sustained_min, completeness_e4=5000)
    step = found(day, law, ()).more_below_min
    if step is None:
        return
    assert step.outcome is Outcome.FAILING
    assert Outcome.FAILING in outcomes(day, law, "kept", step.by // 60, 1799)
    assert Outcome.FAILING not in set(outcomes(day, law, "kept", step.by // 60 - 1, 1799))


@settings(max_examples=40, deadline=None)
@given(one_room, st.sampled_from([5000, 7500, 9000, 10_000]), st.sampled_from(list(Statistic)))
def test_no_fewer_slots_would_have_decided_an_undetermined_day(
    day: HomeDay, completeness_e4: int, statistic: Statistic
) -> None:
    law = rules(statistic, completeness_e4=completeness_e4)
    step = found(day, law, ()).more_slots
    if said(day, law).outcome is Outcome.UNDETERMINED:
        assert step is not None
        assert step.outcome in outcomes(day, law, "gaps", step.by, 1800)
        assert set(outcomes(day, law, "gaps", step.by - 1, 1800)) == {Outcome.UNDETERMINED}
    else:
        assert step is None


# --- what is told -----------------------------------------------------------------------------------------------------

COLD = [1760] * 3 + [1800] * 5
SUSTAINED = rules(Statistic.SUSTAINED_BELOW)


def test_a_failing_day_tells_degrees_and_minutes() -> None:
    change = found(home(COLD), SUSTAINED)
    assert change.warmer_centi == Step(40, Outcome.COMPLIANT)
    assert change.fewer_below_min == Step(60, Outcome.COMPLIANT)
    assert (change.colder_centi, change.more_below_min, change.more_slots) == (None, None, None)


def test_a_compliant_day_tells_its_margin_and_the_minutes_left() -> None:
    change = found(home([1800, 1799, 1799, 1850, 1850, 1850, 1850, 1850]), SUSTAINED)
    assert change.colder_centi == Step(1, Outcome.FAILING)
    assert change.more_below_min == Step(60, Outcome.FAILING)


def test_an_undetermined_day_tells_how_many_slots_are_missing() -> None:
    change = found(home([1900] * 6 + [None, None]), SUSTAINED)
    assert change.more_slots == Step(2, Outcome.COMPLIANT)


def test_two_rooms_need_their_slots_each() -> None:
    change = found(home([1900] * 7 + [None], [1900] * 5 + [None] * 3), SUSTAINED)
    assert change.more_slots == Step(4, Outcome.COMPLIANT)


def test_an_open_conflict_is_not_mended_by_slots() -> None:
    one = grid([1900] * HOURS)
    day = replace(home(), grids=(replace(one, conflicts=np.ones(1, np.int32)),), areas=(0,))
    assert said(day, SUSTAINED).reason is Reason.CONFLICT
    assert found(day, SUSTAINED).more_slots is None


@pytest.mark.parametrize(
    "day", [replace(home(COLD), stopped=True), home()], ids=["a stopped home", "a home without a point"]
)
def test_where_nothing_measured_would_alter_the_outcome_nothing_is_told(day: HomeDay) -> None:
    assert found(day, SUSTAINED) == Nearest()


def turns(day: HomeDay, law: DayRules, made: Collection[str] = MADE) -> list[Turn]:
    return list(found(day, law, made).turns)


def test_a_choice_that_turns_the_outcome_is_told_with_the_outcome_under_it() -> None:
    day = home([1780, 1780] + [1900] * 6)
    assert turns(day, SUSTAINED) == [
        Turn("daily_statistic", "min", None, Outcome.FAILING),
        Turn("daily_statistic", "min_of_hourly", None, Outcome.FAILING),
        Turn("daily_statistic", "sustained_below_min: 120", "less", Outcome.FAILING),
    ]


def test_a_choice_that_the_operator_did_not_make_is_not_told() -> None:
    assert turns(home([1780, 1780] + [1900] * 6), SUSTAINED, ("guard_band", "min_completeness")) == []


def test_a_guard_band_is_told_from_the_width_where_it_turns() -> None:
    day = home([1790] + [1900] * 7)
    assert Turn("guard_band", "band_c: 0.10, direction: favour_company", "more", Outcome.COMPLIANT) in turns(
        day, rules(Statistic.MIN)
    )
    wide = rules(Statistic.MIN, guard_centi=30)
    assert turns(day, wide, ("guard_band",)) == [
        Turn("guard_band", "none", None, Outcome.FAILING),
        Turn("guard_band", "band_c: 0.09, direction: favour_company", "less", Outcome.FAILING),
    ]


def test_a_guard_band_wider_than_any_choices_file_takes_is_not_told() -> None:
    assert turns(home([1500] + [1900] * 7), rules(Statistic.MIN), ("guard_band",)) == []


def test_completeness_is_told_where_the_coverage_reaches() -> None:
    lacking = home([1900] * 6 + [None, None])
    assert turns(lacking, SUSTAINED, ("min_completeness",)) == [
        Turn("min_completeness", "0.7500", "less", Outcome.COMPLIANT)
    ]
    enough = rules(Statistic.SUSTAINED_BELOW, completeness_e4=5000)
    assert turns(lacking, enough, ("min_completeness",)) == [
        Turn("min_completeness", "0.7501", "more", Outcome.UNDETERMINED)
    ]


def test_rooms_joined_otherwise_are_told_where_their_areas_are_registered() -> None:
    day, law = home([1700] * HOURS, [2000] * HOURS), rules(Statistic.MIN)
    assert [turn.value for turn in turns(day, law, ("household_temperature",))] == ["mean", "area_weighted"]
    unknown = replace(day, areas=(1000, 0))
    assert [turn.value for turn in turns(unknown, law, ("household_temperature",))] == ["mean"]


def test_what_no_choices_file_may_hold_is_not_told() -> None:
    day = home([1700] * HOURS, [2000] * HOURS)
    assert turns(day, SUSTAINED, ("household_temperature",)) == []
    joined = rules(Statistic.TIME_WEIGHTED_MEAN, rooms=Rooms.MEAN)
    assert "sustained" not in " ".join(turn.value for turn in turns(day, joined))


def test_open_conditions_are_told_by_what_the_readings_say_alone() -> None:
    law = rules(Statistic.MIN, conditions_open=True)
    assert turns(home(COLD), law, ("conditions",)) == [Turn("conditions", "not_examined", None, Outcome.FAILING)]
