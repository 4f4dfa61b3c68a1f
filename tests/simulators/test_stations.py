"""What goes wrong with a station shows in its water, in its homes, on its meter and on paper, each for its time."""

import json
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import simulators
from simulators import clocks
from simulators.errors import ScenarioError
from simulators.known import as_text, known
from simulators.layout import lay_out
from simulators.meters import MeterBoard, MeterRows
from simulators.scenario import Scenario, load_scenario
from simulators.story import Story
from simulators.thermal import Block, Heating, supply_curve_c
from simulators.town import write_registry
from tests.simulators.test_registry import rows

START_US = clocks.midnight_us(date(2026, 1, 5))
DAY = 144
HOUR = 6
SEASON = {"start": "2026-01-06", "end": "2026-01-09"}
SUPERVISION = load_scenario(Path(simulators.__file__).parent / "scenarios/supervision.yaml")


def scenario(*faults: dict[str, object], **changes: object) -> Scenario:
    """Three stations, six days from 2026-01-05 on."""
    base = {
        "name": "test",
        "seed": 5,
        "town": {"homes": 240, "homes_per_station": 60, "point_share": 0.1},
        "period": {"start": "2026-01-05", "days": 6},
        "faults": list(faults),
    }
    return Scenario.model_validate(base | changes)


def heat(of: Scenario) -> Block:
    steps = of.period.days * DAY
    return next(Heating(lay_out(of.town, of.seed), of, START_US, steps).blocks(steps))


def meters(of: Scenario) -> MeterRows:
    return MeterBoard(lay_out(of.town, of.seed), of, START_US).read(heat(of))


def homes_c(of: Scenario, station: int) -> np.ndarray:
    """(steps,) mean of the station's heated homes."""
    town = lay_out(of.town, of.seed)
    mean: np.ndarray = heat(of).home_c[:, (town.home_station == station) & ~town.homes.stopped].mean(axis=1)
    return mean


def when(mask: np.ndarray) -> tuple[int, int]:
    """First step of a mask, and the first after it."""
    places = np.flatnonzero(mask)
    assert places.size == places[-1] - places[0] + 1
    return int(places[0]), int(places[-1]) + 1


def test_outside_of_the_season_no_water_moves_and_nobody_says_that_a_pump_failed() -> None:
    block = heat(scenario(season=SEASON))
    assert when(block.flow_m3_h[:, 0] > 0) == (DAY, 5 * DAY)
    assert (block.supply_c[5 * DAY + HOUR] == block.return_c[5 * DAY + HOUR]).all()
    assert not block.failed.any()


def test_a_late_start_is_late_by_its_days_and_its_homes_cool_meanwhile() -> None:
    late, well = scenario({"fault": "late_start", "station": 1, "days": 1.5}, season=SEASON), scenario(season=SEASON)
    assert when(heat(late).flow_m3_h[:, 1] > 0) == (DAY + 9 * 24, 5 * DAY)
    assert (homes_c(late, 0) == homes_c(well, 0)).all()
    step = DAY + 9 * 24 - 1
    assert homes_c(late, 1)[step] < homes_c(well, 1)[step] - 2


def test_an_early_stop_is_early_by_its_days() -> None:
    of = scenario({"fault": "early_stop", "station": 2, "days": 1}, season=SEASON)
    assert when(heat(of).flow_m3_h[:, 2] > 0) == (DAY, 4 * DAY)


def test_a_station_whose_pump_runs_on_without_heat_moves_water_as_warm_as_it_comes_back() -> None:
    of = scenario({"fault": "station_fails", "station": 0, "after_hours": 24, "hours": 30, "pump_runs": True})
    block, shown = heat(of), meters(of)
    without = slice(24 * HOUR, 54 * HOUR)
    assert when(shown.power_w[:, 0] == 0) == (24 * HOUR, 54 * HOUR)
    assert (block.flow_m3_h[without, 0] > 0).all()
    assert (block.supply_c[without, 0] == block.return_c[without, 0]).all()
    assert homes_c(of, 0)[54 * HOUR] < homes_c(of, 0)[24 * HOUR] - 3
    assert not block.failed.any()


@pytest.mark.parametrize("announced", [True, False])
def test_maintenance_stops_a_station_for_its_hours_whoever_was_told(announced: bool) -> None:
    of = scenario({"fault": "maintenance", "station": 0, "after_hours": 30, "hours": 5, "announced": announced})
    assert when(heat(of).flow_m3_h[:, 0] == 0) == (30 * HOUR, 35 * HOUR)


def test_an_intermittent_station_gives_heat_within_its_windows_every_day() -> None:
    windows = [{"begin": "05:00", "end": "09:30"}, {"begin": "16:00", "end": "24:00"}]
    of = scenario({"fault": "intermittent", "station": 0, "windows": windows})
    gives = heat(of).flow_m3_h[:, 0].reshape(-1, DAY) > 0
    expected = np.zeros(DAY, np.bool_)
    expected[5 * HOUR : 9 * HOUR + 3] = expected[16 * HOUR :] = True
    assert (gives == expected).all()


def test_low_supply_is_below_the_curve_by_its_amount_and_cools_the_homes() -> None:
    low = scenario({"fault": "low_supply", "station": 0, "amount": 10, "after_hours": 48, "hours": 30})
    well = scenario()
    fell_k = heat(well).supply_c[:, 0] - heat(low).supply_c[:, 0]
    assert when(fell_k > 1) == (48 * HOUR, 78 * HOUR)
    assert 10 < fell_k[48 * HOUR] < 13
    assert homes_c(low, 0)[78 * HOUR] < homes_c(well, 0)[78 * HOUR] - 1


def test_low_supply_at_night_only_is_low_from_22_to_6_and_homes_recover_by_day() -> None:
    fault = {"fault": "low_supply", "station": 0, "amount": 10, "only_at_night": True, "after_hours": 24}
    low, well = heat(scenario(fault)), heat(scenario())
    fell = (well.supply_c[:, 0] - low.supply_c[:, 0] > 5).reshape(-1, DAY)
    assert not fell[0, : 22 * HOUR].any()
    assert fell[2:, : 6 * HOUR].all()
    assert not fell[2:, 6 * HOUR : 22 * HOUR].any()


def test_water_is_never_colder_than_the_homes_it_comes_from() -> None:
    warm = {"mean_c": 14.0, "follows_calendar": False}
    of = scenario({"fault": "low_supply", "station": 0, "amount": 25}, weather=warm)
    shown = meters(of)
    assert (shown.power_w >= 0).all()
    assert (np.diff(shown.energy_wh, axis=0) >= 0).all()


def test_stations_without_a_fault_keep_near_the_curve_that_is_filed() -> None:
    block = heat(scenario(weather={"cold_spells": [], "daily_amplitude_k": 0, "mean_c": -6}))
    assert np.abs(block.supply_c - supply_curve_c(block.outdoor_c)[:, None]).mean() < 2.5


def test_a_stuck_meter_shows_one_row_and_its_counter_comes_back_whole() -> None:
    stuck, well = (
        meters(scenario({"fault": "meter_sticks", "station": 1, "after_hours": 30, "hours": 20})),
        meters(scenario()),
    )
    for name in ("supply_centi", "flow_l_h", "power_w", "energy_wh", "volume_l"):
        shown = getattr(stuck, name)
        assert set(shown[30 * HOUR : 50 * HOUR, 1].tolist()) == {int(getattr(well, name)[30 * HOUR, 1])}
        assert (shown[50 * HOUR :] == getattr(well, name)[50 * HOUR :]).all()


def test_a_stuck_meter_stays_stuck_over_blocks_of_any_size() -> None:
    of = scenario({"fault": "meter_sticks", "station": 1, "after_hours": 30, "hours": 20})
    town = lay_out(of.town, of.seed)
    board = MeterBoard(town, of, START_US)
    pieces = [board.read(block).energy_wh for block in Heating(town, of, START_US, 6 * DAY).blocks(50)]
    assert (np.concatenate(pieces) == meters(of).energy_wh).all()


def test_a_swapped_meter_counts_on_from_another_level() -> None:
    swapped = meters(scenario({"fault": "meter_swapped", "station": 2, "after_hours": 40, "level": 0.25}))
    well = meters(scenario())
    step = 40 * HOUR
    assert (swapped.energy_wh[:step] == well.energy_wh[:step]).all()
    assert swapped.energy_wh[step, 2] == int(well.energy_wh[step, 2] * 0.25)
    assert (np.diff(swapped.energy_wh[step:], axis=0) == np.diff(well.energy_wh[step:], axis=0)).all()


def test_dropouts_are_the_share_asked_for_and_are_never_sent() -> None:
    of = scenario({"fault": "meter_dropouts", "share": 0.1, "after_hours": 24})
    shown = meters(of)
    assert shown.sent[:DAY].all()
    assert 0.08 < 1 - shown.sent[DAY:].mean() < 0.12
    told = {
        (row.subject, row.at)
        for stretch in Story(lay_out(of.town, of.seed), of, "town", START_US).stretches()
        for telling in stretch.tellings
        for row in telling.rows
        if row.topic.endswith("meters")
    }
    assert 0.08 < 1 - (len(told) - DAY * shown.sent.shape[1]) / shown.sent[DAY:].size < 0.12


def test_noise_is_in_what_is_shown_and_never_in_the_counters() -> None:
    noisy = meters(scenario({"fault": "meter_noise", "temperature_centi": 20, "power_step_w": 500}))
    well = meters(scenario())
    assert 15 < (noisy.supply_centi - well.supply_centi).std() < 25
    assert not (noisy.power_w % 500).any()
    assert np.abs(noisy.power_w - well.power_w).max() <= 250
    assert (noisy.energy_wh == well.energy_wh).all()


def test_the_gateway_of_one_station_is_cut_off_alone() -> None:
    of = scenario({"fault": "gateway_offline", "station": 1, "after_hours": 6, "hours": 3})
    story = Story(lay_out(of.town, of.seed), of, "town", START_US)
    offline = [stretch.offline for stretch in story.stretches()]
    assert {hour for hour, names in enumerate(offline) if names} == {6, 7, 8}
    assert set().union(*offline) == {"gw-hs002"}


# --- on paper ---------------------------------------------------------------------------------------------------------


def test_the_supervision_scenario_knows_every_kind_and_its_low_nights_one_by_one() -> None:
    start_us = SUPERVISION.period.start_us(0)
    found = known(SUPERVISION, 11, start_us)
    assert Counter(row.kind for row in found) == {
        "late_start": 1,
        "early_stop": 1,
        "interruption": 3,
        "low_running": 3,
        "meter_stuck": 1,
        "meter_swapped": 1,
        "intermittent": 1,
        "maintenance": 1,
    }
    assert {row.kind for row in found if row.lawful} == {"intermittent", "maintenance"}
    nights = [row for row in found if row.kind == "low_running"]
    assert [(row.begin_us - start_us) // clocks.HOUR_US % 24 for row in nights] == [22, 22, 22]
    assert {((row.end_us or 0) - row.begin_us) // clocks.HOUR_US for row in nights} == {8}


def test_a_known_time_says_who_when_and_whether_it_is_lawful() -> None:
    of = scenario({"fault": "station_fails", "station": 1, "after_hours": 24, "hours": 30})
    town = lay_out(of.town, of.seed)
    (row,) = known(of, town.stations, START_US)
    assert json.loads(as_text(row, town)) == {
        "kind": "interruption",
        "station": "T002",
        "meter": "M-hs002",
        "begins": "2026-01-06T00:00:00+08:00",
        "ends": "2026-01-07T06:00:00+08:00",
        "lawful": False,
    }


def test_what_goes_on_after_the_period_has_no_end_and_what_comes_after_it_is_not_known() -> None:
    of = scenario(
        {"fault": "maintenance", "station": 0, "after_hours": 140, "hours": 10, "announced": False},
        {"fault": "station_fails", "station": 1, "after_hours": 145, "hours": 10},
    )
    (row,) = known(of, 3, START_US)
    assert (row.kind, row.end_us) == ("interruption", None)


def test_a_failure_that_meets_a_late_start_counts_from_where_heat_came() -> None:
    of = scenario(
        {"fault": "late_start", "station": 0, "days": 1},
        {"fault": "station_fails", "station": 0, "after_hours": 36, "hours": 24},
        {"fault": "maintenance", "station": 0, "after_hours": 50, "hours": 4},
        season=SEASON,
    )
    found = [
        (row.kind, (row.begin_us - START_US) // clocks.HOUR_US, ((row.end_us or 0) - START_US) // clocks.HOUR_US)
        for row in known(of, 3, START_US)
    ]
    assert found == [
        ("late_start", 24, 48),
        ("interruption", 48, 50),
        ("maintenance", 50, 54),
        ("interruption", 54, 60),
    ]


def test_a_failure_of_an_intermittent_station_counts_while_heat_was_owed() -> None:
    of = scenario(
        {"fault": "intermittent", "station": 0, "windows": [{"begin": "05:00", "end": "09:30"}]},
        {"fault": "station_fails", "station": 0, "after_hours": 20, "hours": 40},
        {"fault": "station_fails", "station": 0, "after_hours": 82, "hours": 4},
    )
    found = [
        (row.kind, (row.begin_us - START_US) // clocks.HOUR_US, row.end_us and (row.end_us - START_US) / clocks.HOUR_US)
        for row in known(of, 3, START_US)
    ]
    assert found == [("intermittent", 0, None), ("interruption", 29, 57.5)]


def test_what_was_announced_and_filed_stands_in_the_registry_and_what_was_not_does_not(tmp_path: Path) -> None:
    of = scenario(
        {"fault": "intermittent", "station": 1, "windows": [{"begin": "05:00", "end": "09:30"}], "hours": 72},
        {"fault": "maintenance", "station": 0, "after_hours": 30, "hours": 5},
        {"fault": "maintenance", "station": 2, "after_hours": 30, "hours": 5, "announced": False},
    )
    write_registry(tmp_path, of, "town")
    (stop,) = rows(tmp_path / "maintenance.csv")
    assert (stop["heat_station"], stop["begins"], stop["ends"], stop["announced_at"]) == (
        "T001", "2026-01-06T06:00:00+08:00", "2026-01-06T11:00:00+08:00", "2026-01-04T06:00:00+08:00",
    )  # fmt: skip
    (window,) = rows(tmp_path / "heating_schedule.csv")
    assert (window["heat_station"], window["from_min"], window["to_min"]) == ("T002", "300", "570")
    assert (window["valid_from"], window["valid_to"]) == ("2026-01-05", "2026-01-07")


def test_every_station_and_source_has_a_curve_that_falls_as_it_warms(tmp_path: Path) -> None:
    of = scenario()
    write_registry(tmp_path, of, "town")
    points: dict[str, list[int]] = {}
    for row in rows(tmp_path / "weather_curve_point.csv"):
        points.setdefault(row["weather_curve"], []).append(int(row["supply_centi"]))
    assert set(points) == {"QX-S01", "QX-S02", "QX-T001", "QX-T002", "QX-T003"}
    assert all(supply == sorted(supply, reverse=True) for supply in points.values())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("faults: [{fault: late_start, station: 0, days: 1}]", "late_start without season.start"),
        ("faults: [{fault: early_stop, station: 0, days: 1}]", "early_stop without season.end"),
        ("season: {start: 2026-02-01}", "season.start is 2026-02-01: expected a day of the period"),
        (
            "faults: [{fault: intermittent, station: 0, windows: [{begin: '09:00', end: '05:00'}]}]",
            "heat from 09:00 to 05:00: expected a begin before the end",
        ),
        ("faults: [{fault: gateway_offline, hours: 2}]", "expected one of the two"),
    ],
)
def test_a_wrong_fault_of_a_station_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(f"{{name: x, seed: 1, period: {{start: 2026-01-05, days: 6}}, {text}}}", encoding="utf-8")
    with pytest.raises(ScenarioError) as seen:
        load_scenario(path)
    assert told in str(seen.value)
