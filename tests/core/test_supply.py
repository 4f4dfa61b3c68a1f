"""What is found of stations whose hours are written by hand: six slots an hour, 10 W/m² or nothing."""

import dataclasses
import datetime as dt
from typing import Any

import numpy as np
import pytest

from heatstream.core.calendar import MINUTE_US, Season
from heatstream.core.curve import NO_CURVE, Curve, expected_supply
from heatstream.core.supply import Duty, Homes, Kind, Span, StationSeries, detect
from heatstream.rules.supervision.detection import Detection

LIMITS = Detection().limits()
BEGIN = int(dt.datetime(2026, 1, 4, 16, tzinfo=dt.UTC).timestamp()) * 1_000_000
"""Midnight of 2026-01-05 at UTC+08:00."""
HOUR = 6
AREA_M2 = 10_000
GIVEN_W = 20 * AREA_M2
CURVE = Curve(np.array([-2000, 1000], np.int32), np.array([6000, 3600], np.int32))
LONG = Season(BEGIN - 30 * 1440 * MINUTE_US, BEGIN + 100 * 1440 * MINUTE_US)


@dataclasses.dataclass
class Scene:
    """One station or several; hours are cut out of a quiet time."""

    hours: int = 72
    stations: int = 1
    season: Season = LONG

    def __post_init__(self) -> None:
        shape = (self.stations, self.hours * HOUR)
        hour = np.arange(shape[1]) // HOUR
        self.outdoor = np.broadcast_to(-500 + 300 * np.sin((hour - 9) * np.pi / 12), shape).astype(np.int32).copy()
        self.supply = CURVE.supply_at(self.outdoor) + 50
        self.back = self.supply - 800
        self.flow = np.full(shape, GIVEN_W * 1000 // (1163 * 8), np.int32)
        self.power = np.full(shape, GIVEN_W, np.int64)
        self.valid = np.ones(shape, np.bool_)
        self.indoor = np.full(shape, 2100, np.int32)
        self.homes = np.ones(shape, np.bool_)
        self.announced, self.scheduled = np.zeros(shape, np.bool_), np.ones(shape, np.bool_)
        self.curved, self.area_m2 = True, AREA_M2

    def at(self, start: float, end: float) -> slice:
        return slice(round(start * HOUR), round(end * HOUR))

    def off(self, start: float, end: float, *, pump: bool = False) -> None:
        """No heat; with the pump on the water comes back as cold as it goes."""
        when = self.at(start, end)
        self.power[:, when] = 0
        self.flow[:, when] *= pump
        self.supply[:, when] = self.back[:, when] = 2500 if pump else 3500
        self.cool(start, end)

    def cool(self, start: float, end: float) -> None:
        """Homes lose 0.2 K an hour, and get it back at once."""
        when = self.at(start, end)
        self.indoor[:, when] -= (np.arange(when.stop - when.start) * 20 // HOUR).astype(np.int32)

    def silent(self, start: float, end: float) -> None:
        self.valid[:, self.at(start, end)] = False

    def found(self, carried: tuple[Span, ...] = (), first_hour: int = 0) -> list[Span]:
        part = slice(first_hour * HOUR, None)
        outdoor = self.outdoor[:, part]
        series = StationSeries(
            begin_us=BEGIN + first_hour * 60 * MINUTE_US,
            slot_min=10,
            supply_centi=self.supply[:, part],
            return_centi=self.back[:, part],
            flow_l_h=self.flow[:, part],
            power_w=self.power[:, part],
            valid=self.valid[:, part],
            outdoor_centi=outdoor,
            outdoor_known=np.ones(outdoor.shape, np.bool_),
            indoor_centi=self.indoor[:, part],
            indoor_valid=self.homes[:, part],
            area_centi_m2=np.full(self.stations, self.area_m2 * 100, np.int64),
            interval_min=np.full(self.stations, 10, np.int32),
        )
        curve = np.full((self.stations, 1), 0 if self.curved else NO_CURVE)
        expected = expected_supply([CURVE], curve, outdoor, series.outdoor_known, 10)
        duty = Duty(self.season, self.announced[:, part], self.scheduled[:, part])
        return detect(series, duty, expected, LIMITS, carried)


def told(spans: list[Span]) -> list[tuple[Any, ...]]:
    """Kind, begin and end in hours."""
    return [(each.kind, _hours(each.begins_us), each.ends_us and _hours(each.ends_us)) for each in spans]


def _hours(instant_us: int) -> float:
    return round((instant_us - BEGIN) / (60 * MINUTE_US), 2)


def season_from(hour: float, to: float = 5000) -> Season:
    return Season(BEGIN + int(hour * 60 * MINUTE_US), BEGIN + int(to * 60 * MINUTE_US))


# --- heat and no heat -------------------------------------------------------------------------------------------------


def test_a_quiet_season_has_no_span() -> None:
    assert Scene().found() == []


def test_a_standing_pump_is_an_interruption_from_its_first_slot_to_the_first_heat() -> None:
    scene = Scene()
    scene.off(30, 36)
    assert told(scene.found()) == [(Kind.INTERRUPTION, 30, 36)]


def test_an_interruption_is_known_after_half_an_hour() -> None:
    scene = Scene()
    scene.off(30, 36)
    assert _hours(scene.found()[0].known_us) == 30.5


def test_twenty_minutes_without_heat_are_none() -> None:
    scene = Scene()
    scene.off(30, 30.34)
    assert scene.found() == []


def test_heat_for_twenty_minutes_does_not_end_an_interruption() -> None:
    scene = Scene()
    scene.off(30, 36)
    scene.power[:, scene.at(33, 33.34)] = GIVEN_W
    assert told(scene.found()) == [(Kind.INTERRUPTION, 30, 36)]


def test_water_that_moves_and_brings_nothing_is_an_interruption_after_two_hours() -> None:
    scene = Scene()
    scene.off(30, 36, pump=True)
    (span,) = scene.found()
    assert (told([span]), _hours(span.known_us)) == ([(Kind.INTERRUPTION, 30, 36)], 32)


def test_a_plant_that_lowers_its_supply_and_gives_nothing_for_an_hour_has_no_interruption() -> None:
    scene = Scene()
    scene.power[:, scene.at(22, 23)] = 0
    scene.supply[:, scene.at(22, 29)] -= 700
    assert scene.found() == []


def test_in_mild_weather_warm_homes_that_take_no_heat_from_moving_water_are_no_interruption() -> None:
    for curved in (True, False):
        scene = Scene()
        scene.curved, scene.outdoor[:] = curved, 1400
        scene.supply[:], scene.power[:] = 3600, 0
        assert scene.found() == []


def test_without_a_known_area_no_flow_is_no_heat() -> None:
    scene = Scene()
    scene.area_m2 = 0
    scene.off(30, 36)
    assert told(scene.found()) == [(Kind.INTERRUPTION, 30, 36)]


def test_an_interruption_that_goes_on_has_no_end() -> None:
    scene = Scene()
    scene.off(60, 72)
    assert told(scene.found()) == [(Kind.INTERRUPTION, 60, None)]


# --- what the meter does not tell -------------------------------------------------------------------------------------


def test_a_silent_meter_is_neither_heat_nor_no_heat() -> None:
    scene = Scene()
    scene.silent(20, 40)
    assert scene.found() == []


def test_a_dropout_inside_an_interruption_leaves_it_one_span() -> None:
    scene = Scene()
    scene.off(30, 50)
    scene.silent(35, 40)
    (span,) = scene.found()
    assert (told([span]), span.silent_min) == ([(Kind.INTERRUPTION, 30, 50)], 300)


def test_a_meter_that_was_silent_before_says_that_it_may_have_begun_earlier() -> None:
    scene = Scene()
    scene.off(30, 50)
    scene.silent(28, 32)
    (span,) = scene.found()
    assert (told([span]), span.silent_before_min) == ([(Kind.INTERRUPTION, 32, 50)], 240)


@pytest.mark.parametrize("how", ["silent", "stuck"])
def test_homes_that_fall_while_the_meter_tells_nothing_show_an_interruption(how: str) -> None:
    scene = Scene()
    scene.cool(30, 42)
    if how == "silent":
        scene.silent(26, 50)
    else:
        scene.supply[:, scene.at(26, 50)], scene.back[:, scene.at(26, 50)] = 4400, 3600
    (span,) = scene.found()
    assert (told([span]), span.from_homes, span.homes) == ([(Kind.INTERRUPTION, 30, 42)], True, Homes.FELL)


def test_a_stuck_meter_and_warm_homes_are_nothing() -> None:
    scene = Scene()
    scene.supply[:, scene.at(20, 60)], scene.back[:, scene.at(20, 60)] = 4400, 3600
    assert scene.found() == []


def test_a_meter_that_stands_without_heat_while_the_homes_get_warm_again_is_not_believed() -> None:
    scene = Scene()
    scene.off(30, 60)
    scene.indoor[:, scene.at(48, 60)] = scene.indoor[:, scene.at(48, 49)].min() + np.arange(12 * HOUR) * 60 // HOUR
    (span,) = scene.found()
    assert (span.kind, _hours(span.begins_us)) == (Kind.INTERRUPTION, 30)
    assert 48 <= _hours(span.ends_us or 0) <= 51


def test_noise_and_dropouts_change_no_kind_and_no_bound_by_more_than_a_slot() -> None:
    scene, rng = Scene(stations=40), np.random.default_rng(7)
    scene.off(30, 42)
    scene.power = (scene.power * rng.normal(1, 0.1, scene.power.shape)).astype(np.int64)
    scene.supply += rng.normal(0, 30, scene.supply.shape).astype(np.int32)
    scene.indoor += rng.normal(0, 10, scene.indoor.shape).astype(np.int32)
    scene.valid &= rng.random(scene.valid.shape) > 0.05
    spans = scene.found()
    assert [each.kind for each in spans] == [Kind.INTERRUPTION] * 40
    assert max(abs(_hours(each.begins_us) - 30) for each in spans) <= 0.5
    assert max(abs(_hours(each.ends_us or 0) - 42) for each in spans) <= 0.5


# --- what is owed -----------------------------------------------------------------------------------------------------


def test_no_heat_from_the_seasons_start_on_is_a_late_start_and_no_interruption() -> None:
    scene = Scene(season=season_from(10))
    scene.off(0, 40)
    assert told(scene.found()) == [(Kind.LATE_START, 10, 40)]


def test_a_trial_before_the_season_is_no_start() -> None:
    scene = Scene(season=season_from(20))
    scene.off(0, 5)
    scene.off(15, 40)
    assert told(scene.found()) == [(Kind.LATE_START, 20, 40)]


def test_a_station_that_heats_at_the_seasons_start_and_fails_later_has_an_interruption() -> None:
    scene = Scene(season=season_from(20))
    scene.off(0, 15)
    scene.off(24, 40)
    assert told(scene.found()) == [(Kind.INTERRUPTION, 24, 40)]


def test_a_meter_first_heard_days_after_the_start_shows_no_late_start() -> None:
    scene = Scene(season=season_from(2), hours=96)
    scene.off(0, 90)
    scene.silent(0, 50)
    scene.homes[:] = False
    assert told(scene.found()) == [(Kind.INTERRUPTION, 50, 90)]


def test_no_heat_up_to_the_seasons_end_is_an_early_stop() -> None:
    scene = Scene(season=season_from(-100, 60))
    scene.off(50, 72)
    assert told(scene.found()) == [(Kind.EARLY_STOP, 50, 60)]


def test_before_the_season_is_over_the_same_is_an_interruption_that_goes_on() -> None:
    scene = Scene(season=season_from(-100, 80))
    scene.off(50, 72)
    assert told(scene.found()) == [(Kind.INTERRUPTION, 50, None)]


def test_an_announced_stop_is_no_span_and_what_exceeds_it_is() -> None:
    scene = Scene()
    scene.announced[:, scene.at(30, 40)] = True
    scene.off(30, 40)
    assert scene.found() == []
    scene = Scene()
    scene.announced[:, scene.at(30, 40)] = True
    scene.off(30, 43)
    assert told(scene.found()) == [(Kind.INTERRUPTION, 40, 43)]


def test_a_stop_that_begins_before_its_announced_time_ends_with_it() -> None:
    scene = Scene()
    scene.announced[:, scene.at(30, 40)] = True
    scene.off(28, 40)
    assert told(scene.found()) == [(Kind.INTERRUPTION, 28, 30)]


def test_an_intermittent_plant_on_its_schedule_has_no_span() -> None:
    scene = Scene()
    for day in (0, 24, 48):
        for start, end in ((0, 5), (13, 16), (22, 24)):
            scene.scheduled[:, scene.at(day + start, day + end)] = False
            scene.off(day + start, day + end)
    assert scene.found() == []


def test_a_window_of_the_schedule_without_heat_is_an_interruption_of_that_window() -> None:
    scene = Scene()
    scene.scheduled[:, scene.at(24, 29)] = scene.scheduled[:, scene.at(37, 40)] = False
    scene.off(24, 40)
    assert told(scene.found()) == [(Kind.INTERRUPTION, 29, 37)]


# --- low running ------------------------------------------------------------------------------------------------------


def low(scene: Scene, start: float, end: float, centi: int = 900) -> None:
    scene.supply[:, scene.at(start, end)] -= centi
    scene.back[:, scene.at(start, end)] -= centi


def test_supply_below_the_curve_while_the_homes_fall_is_low_running() -> None:
    scene = Scene()
    low(scene, 30, 40)
    scene.cool(30, 40)
    (span,) = scene.found()
    assert told([span]) == [(Kind.LOW_RUNNING, 30, 40)]
    assert (span.homes, span.mean_deviation_centi) == (Homes.FELL, -815)
    assert _hours(span.known_us) == 34.17


def test_supply_below_the_curve_while_the_homes_hold_is_nothing() -> None:
    scene = Scene()
    low(scene, 30, 40)
    assert scene.found() == []


def test_supply_below_the_curve_without_homes_that_tell_is_a_candidate() -> None:
    scene = Scene()
    scene.homes[:] = False
    low(scene, 30, 40)
    (span,) = scene.found()
    assert (told([span]), span.homes, span.homes_fell_centi) == ([(Kind.LOW_RUNNING, 30, 40)], Homes.UNTOLD, None)


def test_a_supply_within_the_tolerance_is_not_low() -> None:
    scene = Scene()
    low(scene, 30, 40, 500)
    scene.cool(30, 40)
    assert scene.found() == []


def test_without_a_curve_nothing_is_low() -> None:
    scene = Scene()
    scene.curved = False
    low(scene, 30, 40)
    scene.cool(30, 40)
    assert scene.found() == []


def test_a_failure_is_no_low_running() -> None:
    scene = Scene()
    scene.off(30, 60)
    assert [each.kind for each in scene.found()] == [Kind.INTERRUPTION]


def test_a_cold_hour_that_the_day_has_not_felt_yet_is_held_against_nobody() -> None:
    scene = Scene()
    scene.outdoor[:, scene.at(30, 36)] -= 1200
    scene.cool(30, 36)
    assert scene.found() == []


def test_a_mild_noon_does_not_end_low_running() -> None:
    scene = Scene(hours=96)
    low(scene, 30, 72, 800)
    scene.outdoor[:, scene.at(36, 39)] += 1000
    scene.cool(30, 72)
    assert told(scene.found()) == [(Kind.LOW_RUNNING, 30, 72)]


def test_low_running_ends_with_the_season() -> None:
    scene = Scene(season=season_from(-100, 60))
    low(scene, 30, 60)
    scene.cool(30, 60)
    scene.off(60, 72)
    assert told(scene.found()) == [(Kind.LOW_RUNNING, 30, 60)]


# --- windows ----------------------------------------------------------------------------------------------------------


def test_a_span_that_was_open_before_the_window_goes_on_with_its_begin() -> None:
    scene = Scene(hours=96)
    scene.off(30, 70)
    whole = scene.found()
    carried = whole[0]._replace(ends_us=None)
    again = scene.found((carried,), first_hour=48)
    assert [(each.kind, each.begins_us, each.known_us, each.ends_us) for each in again] == [
        (each.kind, each.begins_us, each.known_us, each.ends_us) for each in whole
    ]


def test_a_late_start_stays_one_when_its_window_begins_later() -> None:
    scene = Scene(hours=120, season=season_from(10))
    scene.off(0, 100)
    (whole,) = scene.found()
    assert scene.found((whole._replace(ends_us=None),), first_hour=72)[0][:5] == whole[:5]


@pytest.mark.parametrize("first_hour", [24, 48])
def test_a_later_window_finds_of_its_own_time_what_the_whole_finds(first_hour: int) -> None:
    scene = Scene(hours=120)
    scene.off(70, 80)
    low(scene, 90, 110)
    scene.cool(90, 110)
    assert scene.found(first_hour=first_hour) == scene.found()
