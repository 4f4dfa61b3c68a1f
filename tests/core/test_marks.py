"""A mark says what was seen in the readings, and nothing where there is nothing to see."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatstream.core.calendar import MINUTE_US, SECOND_US, day_start_us
from heatstream.core.marks import SLOTS, BuildingsDay, Kind, Mark, Rule, Thresholds, marks_of, others_of

DAY = 20_458
START = day_start_us(DAY)
Series = Sequence[tuple[int, int]]
"""(minute, hundredths of °C) of one point."""


def at(minute: float) -> int:
    return START + int(minute * MINUTE_US)


def wave(level: int = 2000, every: int = 10) -> Series:
    """A day that never stands still and never moves fast; points of other levels move alike."""
    return [(minute, level + [0, 3, 5, 3][minute // every % 4]) for minute in range(0, 1440, every)]


def changed(series: Series, values: Mapping[int, int]) -> Series:
    return [(minute, values.get(minute, centi)) for minute, centi in series]


def shifted(series: Series, begin: int, end: int, by: int) -> Series:
    return [(minute, centi + by * (begin <= minute < end)) for minute, centi in series]


def a_day(*points: Series, interval: int = 10, **more: Any) -> BuildingsDay:
    """One building's day; every reading is received a second after it was observed."""
    rows = [(row, at(minute), centi) for row, series in enumerate(points) for minute, centi in series]
    point, observed, temp = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    count = len(points)
    made = {
        "day": DAY,
        "building": np.zeros(count, np.int32),
        "interval_min": np.full(count, interval, np.int32),
        "south": np.zeros(count, np.bool_),
        "point": point.astype(np.int32),
        "observed_us": observed,
        "received_us": observed + SECOND_US,
        "temp_centi": temp.astype(np.int16),
        "second": np.zeros(len(rows), np.bool_),
        "mean_centi": np.zeros((count, 14), np.int16),
        "mean_known": np.zeros((count, 14), np.bool_),
        "supply_centi": np.zeros((1, SLOTS), np.int16),
        "supply_known": np.zeros((1, SLOTS), np.bool_),
    }
    return BuildingsDay(**{**made, **more})


def beside(series: Series, *, others: int = 3, **more: Any) -> BuildingsDay:
    """The series as point 0, beside neighbours that do what they always do."""
    return a_day(series, *(wave(2000 + 37 * (n + 1)) for n in range(others)), **more)


def of_kind(day: BuildingsDay, kind: Kind, **thresholds: int) -> list[Mark]:
    return [mark for mark in marks_of(day, Thresholds.of(thresholds)) if mark.rule.kind is kind]


def span(mark: Mark) -> tuple[float, float]:
    """Begin and end [minutes after midnight]."""
    return (mark.begins_us - START) / MINUTE_US, (mark.ends_us - START) / MINUTE_US


# --- nothing ----------------------------------------------------------------------------------------------------------


def test_a_day_like_any_other_has_no_mark() -> None:
    assert marks_of(beside(wave()), Thresholds()) == []


def test_a_building_without_points_has_no_mark() -> None:
    day = a_day(wave())
    none = {field.name: getattr(day, field.name)[:0] for field in dataclasses.fields(day) if field.name != "day"}
    assert marks_of(BuildingsDay(day=DAY, **none), Thresholds()) == []


def test_a_mark_names_its_rule_and_what_it_was_held_against() -> None:
    [mark] = marks_of(beside(changed(wave(), dict.fromkeys(range(0, 370, 10), 1990))), Thresholds())
    assert (mark.point, mark.rule, mark.rule.kind) == (0, Rule.FROZEN_RUN, Kind.FROZEN)
    assert mark.thresholds == {"frozen_min": 360}


# --- a point by itself ------------------------------------------------------------------------------------------------


def test_a_value_that_stands_for_six_hours_is_frozen_and_ten_minutes_less_is_not() -> None:
    frozen = changed(wave(), dict.fromkeys(range(100, 470, 10), 1991))
    [mark] = of_kind(a_day(frozen), Kind.FROZEN)
    assert span(mark) == (100, 460)
    assert mark.seen == {"temp_centi": 1991, "lasted_min": 360, "readings": 37}
    assert of_kind(a_day(changed(wave(), dict.fromkeys(range(100, 460, 10), 1991))), Kind.FROZEN) == []


def test_two_points_that_follow_each_other_are_not_one_frozen_run() -> None:
    flat = [(minute, 2000) for minute in range(0, 300, 10)]
    assert of_kind(a_day(flat, flat), Kind.FROZEN) == []


def test_five_kelvin_between_neighbouring_readings_are_a_jump_and_a_hundredth_less_is_not() -> None:
    [mark] = of_kind(a_day([(0, 2000), (10, 2500), (20, 2500)]), Kind.JUMP)
    assert (span(mark), mark.seen) == ((0, 10), {"jump_centi": 500, "jumps": 1})
    assert of_kind(a_day([(0, 2000), (10, 2499)]), Kind.JUMP) == []


def test_a_spike_up_and_down_is_one_jump() -> None:
    [mark] = of_kind(a_day(changed(wave(), {500: 8500})), Kind.JUMP)
    assert (span(mark), mark.seen["jumps"]) == ((490, 510), 2)


def test_readings_more_than_an_hour_apart_are_no_neighbours() -> None:
    assert of_kind(a_day([(0, 2000), (61, 2600)]), Kind.JUMP) == []
    assert len(of_kind(a_day([(0, 2000), (60, 2600)]), Kind.JUMP)) == 1


def test_the_next_point_is_no_neighbouring_reading() -> None:
    assert of_kind(a_day([(0, 2000), (10, 2000)], [(0, 3000), (10, 3000)]), Kind.JUMP) == []


def test_a_clock_more_than_a_minute_ahead_is_marked_from_its_first_to_its_last_reading() -> None:
    day = a_day(wave(), wave(2100))
    lead = np.full(len(day.point), -SECOND_US)
    lead[10:13] = np.array([61, 200, 62]) * SECOND_US
    lead[143:145] = 70 * SECOND_US  # the last reading of one point and the first of the next
    marks = of_kind(dataclasses.replace(day, received_us=day.observed_us - lead), Kind.CLOCK_AHEAD)
    assert [(mark.point, span(mark), mark.seen) for mark in marks] == [
        (0, (100, 120), {"most_ahead_s": 200, "readings": 3}),
        (0, (1430, 1430), {"most_ahead_s": 70, "readings": 1}),
        (1, (0, 0), {"most_ahead_s": 70, "readings": 1}),
    ]


def test_a_clock_one_minute_ahead_is_not_marked() -> None:
    day = a_day(wave())
    assert of_kind(dataclasses.replace(day, received_us=day.observed_us - 60 * SECOND_US), Kind.CLOCK_AHEAD) == []


def test_three_values_at_one_instant_are_equal_times() -> None:
    day = a_day([(0, 2000), (10, 2001), (10, 2002), (10, 2003), (20, 2004)])
    [mark] = of_kind(dataclasses.replace(day, second=np.array([0, 0, 1, 1, 0], np.bool_)), Kind.EQUAL_TIMES)
    assert (span(mark), mark.seen) == ((10, 10), {"readings": 3, "lasted_s": 0})


def test_a_backlog_within_a_minute_is_one_burst() -> None:
    [mark] = of_kind(a_day([(0, 2000), *((10 + n / 4, 2000 + n) for n in range(5))]), Kind.EQUAL_TIMES)
    assert mark.seen == {"readings": 5, "lasted_s": 60}
    assert of_kind(a_day([(0, 2000), (10, 2001), (10.5, 2002), (11.1, 2003)]), Kind.EQUAL_TIMES) == []


# --- a point beside its building --------------------------------------------------------------------------------------

OPENED = changed(wave(), {500: 1950, 510: 1840, 520: 1800, 530: 1850, 540: 1890, 550: 1930})


def test_a_drop_with_a_recovery_that_the_building_does_not_share_is_an_opened_window() -> None:
    [mark] = of_kind(beside(OPENED), Kind.OPENED_WINDOW)
    assert mark.point == 0
    assert span(mark) == (510, 550)
    assert mark.seen == {"drop_centi": 203, "recovered_after_min": 40, "neighbours_moved_centi": 0, "others": 3}


def test_a_drop_of_exactly_the_threshold_is_none() -> None:
    fell = shifted([(minute, 2000) for minute, _ in wave()], 500, 540, -150)
    assert of_kind(beside(fell), Kind.OPENED_WINDOW) == []
    assert len(of_kind(beside(shifted(fell, 500, 540, -1)), Kind.OPENED_WINDOW)) == 1


def test_a_drop_that_does_not_recover_in_time_is_no_opened_window() -> None:
    assert of_kind(beside(shifted(wave(), 500, 1440, -200)), Kind.OPENED_WINDOW) == []
    assert of_kind(beside(shifted(wave(), 500, 660, -200)), Kind.OPENED_WINDOW) == []


def test_a_drop_that_the_whole_building_shares_is_no_opened_window() -> None:
    fell = [shifted(wave(2000 + 50 * n), 500, 540, -200) for n in range(4)]
    assert of_kind(a_day(*fell), Kind.OPENED_WINDOW) == []


def test_with_too_few_neighbours_nothing_is_compared() -> None:
    assert of_kind(beside(OPENED, others=2), Kind.OPENED_WINDOW) == []
    assert len(of_kind(beside(OPENED, others=2), Kind.OPENED_WINDOW, least_neighbours=2)) == 1


def test_points_of_another_building_are_no_neighbours() -> None:
    apart = dataclasses.replace(beside(OPENED), building=np.array([0, 1, 1, 1], np.int32))
    supply = {"supply_centi": np.zeros((2, SLOTS), np.int16), "supply_known": np.zeros((2, SLOTS), np.bool_)}
    assert of_kind(dataclasses.replace(apart, **supply), Kind.OPENED_WINDOW) == []


def test_a_rise_while_the_neighbours_fall_is_a_heater() -> None:
    falling = [[(minute, 2100 + 50 * n - minute // 5) for minute, _ in wave()] for n in range(3)]
    risen = [(minute, 1900 + max(0, min(200, (minute - 600) * 4))) for minute, _ in wave()]
    [mark] = of_kind(a_day(risen, *falling), Kind.HEATER)
    assert (mark.point, mark.rule, mark.seen["rise_centi"]) == (0, Rule.HEATER_RISE, 200)
    assert mark.seen["neighbours_moved_centi"] == -12
    assert "supply_moved_centi" not in mark.seen


def test_a_rise_while_the_supply_falls_is_a_heater_even_without_neighbours() -> None:
    supply = np.repeat(np.arange(7000, 7000 - SLOTS * 20, -20, dtype=np.int16)[None, :], 1, axis=0)
    day = a_day(
        [(minute, 1900 + (160 if minute >= 660 else 0)) for minute, _ in wave()],
        supply_centi=supply,
        supply_known=np.ones((1, SLOTS), np.bool_),
    )
    [mark] = of_kind(day, Kind.HEATER)
    assert mark.seen == {"rise_centi": 160, "supply_moved_centi": -240}


def test_a_rise_that_everybody_shares_is_no_heater() -> None:
    assert of_kind(a_day(*(shifted(wave(2000 + n), 600, 1440, 200) for n in range(4))), Kind.HEATER) == []


def test_a_swing_that_the_building_does_not_share_is_a_heater_or_radiator() -> None:
    wide = [(minute, 2000 + minute * 600 // 1430) for minute, _ in wave()]
    [mark] = of_kind(beside(wide), Kind.HEATER)
    assert (mark.rule, mark.seen) == (
        Rule.DAILY_AMPLITUDE,
        {"amplitude_centi": 600, "neighbours_amplitude_centi": 5},
    )
    assert span(mark) == (0, 1430)


SUNNY = [(minute, 2000 + (200 if 720 <= minute < 840 else 100 if 690 <= minute < 870 else 0)) for minute, _ in wave()]
SOUTH = np.array([True, False, False, False])


def test_a_south_room_that_rises_around_noon_and_falls_again_is_in_the_sun() -> None:
    [mark] = of_kind(beside(SUNNY, south=SOUTH), Kind.SUN)
    assert (mark.point, span(mark)) == (0, (690, 860))
    assert mark.seen == {"rise_centi": 200, "neighbours_rise_centi": 0}


def test_a_room_that_is_not_known_to_face_south_is_not_in_the_sun() -> None:
    assert of_kind(beside(SUNNY), Kind.SUN) == []


def test_a_rise_that_stays_is_not_the_sun() -> None:
    assert of_kind(beside(shifted(wave(), 720, 1440, 200), south=SOUTH), Kind.SUN) == []


def drifting(by: int, days: int = 14) -> BuildingsDay:
    means = np.full((4, 14), 2000, np.int16)
    means[0, -3:] += by
    known = np.ones((4, 14), np.bool_)
    known[0, : 14 - days] = False
    return beside(wave(), mean_centi=means, mean_known=known)


def test_a_difference_from_the_building_that_grows_over_days_is_a_drift() -> None:
    [mark] = of_kind(drifting(-150), Kind.DRIFT)
    assert mark.seen == {"moved_centi": -150, "apart_centi": -150, "days": 14}
    assert of_kind(drifting(-149), Kind.DRIFT) == []


def test_a_drift_needs_half_of_its_days() -> None:
    assert len(of_kind(drifting(150, days=7), Kind.DRIFT)) == 1
    assert of_kind(drifting(150, days=6), Kind.DRIFT) == []


# --- a point beside every other ---------------------------------------------------------------------------------------

LIVELY = [(minute, 2000 + minute * minute % 97) for minute, _ in wave()]


def test_a_series_sent_again_under_another_name_is_a_clone_whatever_its_lag() -> None:
    later = [(minute + 30, centi) for minute, centi in LIVELY if minute + 30 < 1440]
    marks = of_kind(a_day(LIVELY, wave(2500), later), Kind.CLONED)
    assert [(mark.point, mark.seen["lag_s"], mark.seen["other_point"]) for mark in marks] == [
        (0, 1800, 2),
        (2, -1800, 0),
    ]
    assert {mark.seen["readings"] for mark in marks} == {len(later)}


def test_two_flat_series_are_no_clones() -> None:
    assert of_kind(a_day(wave(), wave()), Kind.CLONED) == []


def test_a_run_one_reading_too_short_is_no_clone() -> None:
    other = [(minute, centi if minute < 350 else centi + 1) for minute, centi in LIVELY]
    assert of_kind(a_day(LIVELY, other), Kind.CLONED) == []
    assert len(of_kind(a_day(LIVELY, other), Kind.CLONED, clone_readings=35)) == 2


def test_equal_values_at_another_pace_are_no_clone() -> None:
    slower = [(minute * 2, centi) for minute, centi in LIVELY if minute < 720]
    assert of_kind(a_day(LIVELY, slower), Kind.CLONED) == []


# --- thresholds and medians -------------------------------------------------------------------------------------------


def test_an_unknown_threshold_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"seen frozen_h, expected some of ahead_s, .*window_within_min"):
        Thresholds.of({"frozen_h": 3})


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"ahead_s": 0}, "ahead_s: seen 0, expected 1 or more"),
        ({"burst_readings": 1}, "burst_readings: seen 1, expected 2 or more"),
        ({"heater_within_min": 4}, "heater_within_min: seen 4, expected 5 or more"),
        ({"sun_from_min": 960}, "sun_to_min: seen 960, expected more than sun_from_min, at most 1440"),
        ({"sun_to_min": 1441}, "sun_to_min: seen 1441"),
    ],
)
def test_a_threshold_that_compares_nothing_is_refused(changed: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Thresholds.of(changed)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([field.name for field in dataclasses.fields(Thresholds)]), st.sampled_from([5, 60, 700, 5000]))
def test_whatever_one_threshold_is_no_rule_breaks(name: str, value: int) -> None:
    try:
        thresholds = Thresholds.of({name: value})
    except ValueError:
        return
    day = beside(
        OPENED,
        south=SOUTH,
        mean_centi=np.zeros((4, thresholds.drift_days), np.int16),
        mean_known=np.ones((4, thresholds.drift_days), np.bool_),
    )
    assert all(mark.begins_us <= mark.ends_us for mark in marks_of(day, thresholds))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.lists(st.none() | st.integers(-3, 3), min_size=2, max_size=2)),
        min_size=1,
        max_size=9,
    )
)
def test_the_median_of_the_others_is_that_of_a_list_without_the_point(
    rows: list[tuple[int, list[int | None]]],
) -> None:
    rows.sort(key=lambda row: row[0])
    building = np.array([row[0] for row in rows], np.int32)
    values = np.array([[each or 0 for each in row[1]] for row in rows], np.int16)
    known = np.array([[each is not None for each in row[1]] for row in rows], np.bool_)
    median, count = others_of(values, known, building)
    for place, (own, _) in enumerate(rows):
        for column in range(2):
            others = sorted(
                each[column]
                for at_, (where, each) in enumerate(rows)
                if at_ != place and where == own and each[column] is not None
            )
            assert count[place, column] == len(others)
            if others:
                assert median[place, column] == others[(len(others) - 1) // 2]


MANUAL = (Path(__file__).parents[2] / "docs" / "quality.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("field", dataclasses.fields(Thresholds), ids=lambda field: field.name)
def test_the_manual_tells_every_threshold_and_its_default(field: dataclasses.Field[int]) -> None:
    assert f"| `{field.name}` | {field.default} |" in MANUAL


@pytest.mark.parametrize("rule", list(Rule))
def test_the_manual_tells_every_rule_with_its_number(rule: Rule) -> None:
    [line] = [line for line in MANUAL.splitlines() if f"| `{rule.kind.name.lower()}` |" in line]
    assert re.search(rf"(\| |; ){int(rule)}: ", line)
