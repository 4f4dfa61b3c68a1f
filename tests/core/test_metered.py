"""A meter's day: counters, rates, silence, warmth, and what is marked."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from heatstream.core.calendar import DAY_MIN, MINUTE_US, day_start_us
from heatstream.core.counter import Kind
from heatstream.core.metered import MeterDays, MetersDay, Thresholds, Told, day_of_meters
from heatstream.core.water import Pipe

DAY = 20_458
START = day_start_us(DAY)
THRESHOLDS = Thresholds(
    gap_from_min=60,
    stuck_for_min=360,
    stuck_outdoor_centi=100,
    jump_times=4,
    power_tolerance_e4=500,
    low_tolerance_centi=500,
    flow_meter_in=Pipe.RETURN,
)
WARM = {"supply_centi": 7000, "return_centi": 4000, "flow_l_h": 1000, "power_w": 34_571}
"""What fits together: 1 m³/h from 70 to 40 °C is 34,571 W."""
NAMES = (
    "supply_centi",
    "return_centi",
    "flow_l_h",
    "power_w",
    "energy_wh",
    "volume_l",
    "outdoor_centi",
    "expected_centi",
)

Reading = Mapping[str, int]
Series = Mapping[int, Reading]
"""Minutes after the day's midnight -> what was told."""


def hourly(first: int = -60, last: int = 1500, **changes: int) -> dict[int, dict[str, int]]:
    """Readings on the hour, with counters that fit the power."""
    return {
        minute: WARM | {"energy_wh": 10**7 + (minute + 600) * 576, "volume_l": 10**5 + (minute + 600) * 17} | changes
        for minute in range(first, last + 1, 60)
    }


def told(rows: list[Reading], name: str) -> Told:
    return Told(
        np.array([row.get(name, -99) for row in rows], np.int64), np.array([name in row for row in rows], np.bool_)
    )


def made(*meters: Series, from_min: int = 0, to_min: int = DAY_MIN, **thresholds: Any) -> MeterDays:
    """The day of some meters."""
    rows = [row for series in meters for _, row in sorted(series.items())]
    at = [START + minute * MINUTE_US for series in meters for minute in sorted(series)]
    given = MetersDay(
        day=DAY,
        from_us=np.full(len(meters), START + from_min * MINUTE_US, np.int64),
        to_us=np.full(len(meters), START + to_min * MINUTE_US, np.int64),
        interval_min=np.full(len(meters), 60, np.int32),
        meter=np.repeat(np.arange(len(meters)), [len(series) for series in meters]).astype(np.int32),
        at_us=np.array(at, np.int64),
        **{name: told(rows, name) for name in NAMES},
    )
    values = {name: getattr(THRESHOLDS, name) for name in Thresholds.__dataclass_fields__}
    return day_of_meters(given, Thresholds(**(values | thresholds)))


def one(column: Any) -> int | None:
    """The figure of the only meter."""
    if isinstance(column, Told):
        return int(column.value[0]) if column.known[0] else None
    return int(column[0])


def kinds(day: MeterDays) -> list[Kind]:
    return [mark.kind for mark in day.marks]


def test_a_whole_day_is_told_by_counter_power_and_flow_alike() -> None:
    day = made(hourly())
    assert (one(day.energy_wh), one(day.volume_l)) == (576 * DAY_MIN, 17 * DAY_MIN)
    assert (one(day.power_energy_wh), one(day.flow_energy_wh)) == (24 * 34_571, 24 * 34_571)
    assert (one(day.readings), one(day.slots_expected), one(day.slots_valid)) == (24, 24, 24)
    assert (one(day.gap_min), one(day.uncounted_min), one(day.heating_min)) == (0, 0, DAY_MIN)
    assert (one(day.supply_mean_centi), one(day.return_mean_centi), day.marks) == (7000, 4000, [])


def test_a_meter_without_readings_is_silent_all_day() -> None:
    day = made({})
    assert (one(day.gap_min), one(day.uncounted_min), one(day.slots_valid)) == (DAY_MIN, DAY_MIN, 0)
    assert [one(day.energy_wh), one(day.power_energy_wh), one(day.supply_mean_centi)] == [None, None, None]


def test_a_silence_within_the_day_is_counted_across_and_marked() -> None:
    series = {minute: row for minute, row in hourly().items() if not 600 < minute < 900}
    day = made(series)
    assert (one(day.energy_wh), one(day.gap_min), one(day.uncounted_min)) == (576 * DAY_MIN, 300, 0)
    [mark] = day.marks
    assert (mark.kind, mark.begins_us, mark.ends_us) == (Kind.GAP, START + 600 * MINUTE_US, START + 900 * MINUTE_US)
    assert mark.evidence == {"without_min": 300, "gap_from_min": 90, "counted_wh": 300 * 576}
    assert (one(day.power_energy_wh), one(day.heating_min)) == (19 * 34_571, 19 * 60)


def test_a_silence_over_midnight_is_marked_on_the_day_it_ends() -> None:
    series = {minute: row for minute, row in hourly(-240).items() if not -180 < minute < 180}
    day = made(series)
    assert (one(day.energy_wh), one(day.gap_min)) == (576 * DAY_MIN, 180)
    assert [(mark.kind, mark.begins_us) for mark in day.marks] == [(Kind.GAP, START - 180 * MINUTE_US)]
    tomorrow = {minute: row for minute, row in hourly(last=1800).items() if not 1200 < minute < 1680}
    assert (one(made(tomorrow).gap_min), made(tomorrow).marks) == (240, [])


def test_an_hour_between_the_readings_of_an_hourly_meter_is_no_gap() -> None:
    late = {minute + (minute // 60) % 7: row for minute, row in hourly().items()}
    assert (one(made(late).gap_min), made(late).marks) == (0, [])


def test_the_open_day_ends_now() -> None:
    day = made(hourly(last=600), to_min=630)
    assert (one(day.energy_wh), one(day.slots_expected), one(day.slots_valid)) == (576 * 600, 11, 11)
    assert (one(day.gap_min), one(day.uncounted_min)) == (0, 30)
    assert one(made(hourly(last=480), to_min=630).gap_min) == 150


def test_a_meter_put_in_at_noon_owes_nothing_for_the_morning() -> None:
    day = made(hourly(first=720), from_min=720)
    assert (one(day.gap_min), one(day.uncounted_min), one(day.slots_expected)) == (0, 0, 12)
    assert one(day.energy_wh) == 576 * 720


def test_a_swap_leaves_its_time_uncounted_and_its_mark_tells_of_both_counters() -> None:
    series = {
        minute: row
        | ({"energy_wh": row["energy_wh"] - 6_000_000, "volume_l": 50_000 + minute * 17} if minute > 600 else {})
        for minute, row in hourly().items()
    }
    day = made(series)
    assert (one(day.energy_wh), one(day.uncounted_min), one(day.gap_min)) == (576 * (DAY_MIN - 60), 60, 0)
    [mark] = day.marks
    assert (mark.kind, sorted(mark.evidence)) == (Kind.SWAP, ["energy_wh", "volume_l"])
    assert mark.evidence["energy_wh"]["counted"] == 0


def test_a_counter_that_is_never_told_leaves_the_whole_day_uncounted() -> None:
    day = made({minute: dict(WARM) for minute in range(-60, 1501, 60)})
    assert (one(day.energy_wh), one(day.volume_l), one(day.uncounted_min)) == (None, None, DAY_MIN)
    assert one(day.power_energy_wh) == 24 * 34_571


def test_power_that_is_not_flow_times_temperature_difference_is_marked() -> None:
    day = made(hourly(power_w=37_000))
    assert kinds(day) == [Kind.POWER_MISMATCH]
    assert day.marks[0].evidence == {"power_wh": 888_000, "flow_wh": 829_704, "power_tolerance_e4": 500}
    assert made(hourly(power_w=36_000)).marks == []
    assert made(hourly(power_w=36_000), power_tolerance_e4=100).marks != []


def test_only_a_whole_day_is_held_against_its_flow() -> None:
    assert made(hourly(last=600, power_w=99_000), to_min=630).marks == []


def test_the_pipe_of_the_flow_meter_tells_the_density() -> None:
    in_return, in_supply = (
        one(made(hourly(), flow_meter_in=pipe).flow_energy_wh) for pipe in (Pipe.RETURN, Pipe.SUPPLY)
    )
    assert in_return == 829_704
    assert in_supply == 24 * 34_068  # 978.438 kg/m³ at 70 °C, 992.879 at 40 °C


def test_power_between_two_readings_is_straight() -> None:
    series = {0: {"power_w": 0}, 60: {"power_w": 3000}, 120: {"power_w": 1000}}
    assert one(made(series).power_energy_wh) == 1500 + 2000


def test_a_half_of_a_watt_hour_goes_to_the_even() -> None:
    assert [one(made({0: {"power_w": 0}, 60: {"power_w": watts}}).power_energy_wh) for watts in (1, 3, 5)] == [0, 2, 2]


def test_time_below_the_curve_is_told_where_there_is_one() -> None:
    below = {minute: row | {"expected_centi": 7501 if minute < 300 else 7500} for minute, row in hourly().items()}
    day = made(below)
    assert (one(day.below_curve_min), one(day.expected_mean_centi)) == (300, 7500)
    assert (one(made(hourly()).below_curve_min), one(made(hourly()).expected_mean_centi)) == (None, None)


def test_a_mean_is_weighed_by_time_and_floored() -> None:
    series = {
        0: {"supply_centi": 6000},
        10: {"supply_centi": 5000},
        40: {"supply_centi": 4001},
        60: {"supply_centi": 9},
    }
    assert one(made(series).supply_mean_centi) == (10 * 6000 + 30 * 5000 + 20 * 4001) // 60


# --- stuck ------------------------------------------------------------------------------------------------------------

STANDING = WARM | {"energy_wh": 5, "volume_l": 5}


def standing(first: int, last: int, **changes: int) -> dict[int, dict[str, int]]:
    return dict.fromkeys(range(first, last + 1, 60), STANDING | changes)


def weather(minute: int, centi: int) -> Reading:
    return {"outdoor_centi": centi + minute}


def test_values_that_stand_while_the_weather_moves_are_stuck() -> None:
    others = [{minute: weather(minute, -500) for minute in range(-360, 1501, 60)} for _ in range(2)]
    series = {**hourly(-360), **standing(300, 780)}
    [mark] = [mark for mark in made(series, *others).marks if mark.kind is Kind.STUCK]
    assert (mark.meter, mark.begins_us, mark.ends_us) == (0, START + 300 * MINUTE_US, START + 780 * MINUTE_US)
    assert mark.evidence == {
        "stood_min": 480,
        "outdoor_moved_centi": 480,
        "values": STANDING,
        "stuck_for_min": 360,
    }


def test_values_that_stand_in_still_weather_are_not() -> None:
    others = [{minute: {"outdoor_centi": -500} for minute in range(-360, 1501, 60)} for _ in range(2)]
    assert Kind.STUCK not in kinds(made({**hourly(-360), **standing(300, 780)}, *others))


def test_without_weather_values_that_stand_while_heat_flows_are_stuck() -> None:
    assert Kind.STUCK in kinds(made({**hourly(-360), **standing(300, 660)}))
    assert Kind.STUCK not in kinds(made({**hourly(-360), **standing(300, 660, power_w=0, flow_l_h=0)}))
    assert Kind.STUCK not in kinds(made({**hourly(-360), **standing(300, 600)}))


def test_a_stand_over_midnight_has_one_mark_a_day_and_none_twice() -> None:
    before = made({**hourly(-1440, -480), **standing(-420, 480)})
    [mark] = [mark for mark in before.marks if mark.kind is Kind.STUCK]
    assert (mark.begins_us, mark.ends_us) == (START - 60 * MINUTE_US, START + 480 * MINUTE_US)
    late = made({**hourly(-1440, -240), **standing(-180, 480)})
    [mark] = [mark for mark in late.marks if mark.kind is Kind.STUCK]
    assert (mark.begins_us, mark.ends_us) == (START - 180 * MINUTE_US, START + 480 * MINUTE_US)


# --- the laws ---------------------------------------------------------------------------------------------------------


@st.composite
def some_days(draw: st.DrawFn) -> dict[int, dict[str, int]]:
    """Readings of some days, some of them without a counter, that now and then falls or jumps."""
    minute, value, series = draw(st.integers(-200, 2000)), 0, {}
    for _ in range(draw(st.integers(2, 25))):
        minute, value = minute + draw(st.integers(1, 400)), value + draw(st.integers(0, 9_999))
        value = draw(st.integers(0, 10**8)) if not draw(st.integers(0, 9)) else value
        series[minute] = {"power_w": 20_000} | ({"energy_wh": value} if draw(st.integers(0, 4)) else {})
    return series


@drawn(some_days())
@settings(max_examples=30, deadline=None)
def test_days_add_up_to_the_last_reading_less_the_first_but_for_their_marks(series: dict[int, dict[str, int]]) -> None:
    counters = [row["energy_wh"] for _, row in sorted(series.items()) if "energy_wh" in row]
    total = left_out = 0
    for number in range(-1, 10):
        day = made({minute - number * DAY_MIN: row for minute, row in series.items()})
        seen = [mark.evidence["energy_wh"] for mark in day.marks if "energy_wh" in mark.evidence]
        left_out += sum(each["counted"] - each["shown"] for each in seen)
        total += int(day.energy_wh.value[0])
        assert day.energy_wh.known[0] or day.energy_wh.value[0] == 0
    assert total == (counters[-1] - counters[0] if counters else 0) + left_out


@drawn(some_days())
@settings(max_examples=30, deadline=None)
def test_what_is_known_and_what_is_silent_never_exceed_the_day(series: dict[int, dict[str, int]]) -> None:
    day = made(series)
    for minutes in (day.gap_min, day.uncounted_min, day.heating_min):
        assert 0 <= minutes[0] <= DAY_MIN
    assert day.gap_min[0] + day.heating_min[0] <= DAY_MIN
    assert day.slots_valid[0] <= day.slots_expected[0]


def test_meters_do_not_see_each_other() -> None:
    alone = [made(hourly()), made({})]
    both = made(hourly(), {}, hourly(power_w=37_000))
    assert both.energy_wh.value.tolist()[:2] == [int(day.energy_wh.value[0]) for day in alone]
    assert both.gap_min.tolist() == [0, DAY_MIN, 0]
    assert [(mark.meter, mark.kind) for mark in both.marks] == [(2, Kind.POWER_MISMATCH)]


def test_readings_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="not sorted"):
        day_of_meters(
            MetersDay(
                DAY,
                np.array([START]),
                np.array([START + 1]),
                np.array([60], np.int32),
                np.zeros(2, np.int32),
                np.array([START + 5, START]),
                **{name: told([{"energy_wh": 1}, {"energy_wh": 2}], name) for name in NAMES},
            ),
            THRESHOLDS,
        )
