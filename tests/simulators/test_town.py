"""The town's heat behaves as heat does, and the same seed gives the same town."""

from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from simulators import clocks
from simulators.layout import lay_out
from simulators.meters import PUMP_FAILED, MeterBoard
from simulators.scenario import Scenario, TownSize
from simulators.sensors import SensorField
from simulators.thermal import Block, Heating

START_US = clocks.midnight_us(date(2026, 1, 5))
DAY_STEPS = 144
FAILURE = {"fault": "station_fails", "station": 0, "after_hours": 24, "hours": 30}


def scenario(**changes: object) -> Scenario:
    return Scenario.model_validate(
        {"name": "test", "seed": 5, "town": {"homes": 400, "homes_per_station": 100}} | changes
    )


def heat(of: Scenario, days: int) -> Block:
    """One block of all days."""
    town = lay_out(of.town, of.seed)
    return next(Heating(town, of, START_US, days * DAY_STEPS).blocks(days * DAY_STEPS))


def test_a_town_has_exactly_the_homes_asked_for() -> None:
    assert [len(lay_out(TownSize(homes=homes), 3).homes) for homes in (2, 40, 301, 5000)] == [2, 40, 301, 5000]


def test_neighbours_see_each_other() -> None:
    homes = lay_out(TownSize(homes=500), 3).homes
    place = np.arange(500)
    above, right = homes.above != place, homes.right != place
    assert (homes.below[homes.above[above]] == place[above]).all()
    assert (homes.left[homes.right[right]] == place[right]).all()


def test_neighbours_live_in_one_building() -> None:
    homes = lay_out(TownSize(homes=500), 3).homes
    for side in (homes.above, homes.below, homes.left, homes.right):
        assert (homes.building[side] == homes.building).all()


def test_the_share_of_points_is_kept() -> None:
    town = lay_out(TownSize(homes=1000, point_share=0.04, two_room_share=0), 3)
    assert len(town.points) == 40


def test_the_same_seed_gives_the_same_heat() -> None:
    assert (heat(scenario(), 2).home_c == heat(scenario(), 2).home_c).all()


def test_another_seed_gives_another_heat() -> None:
    assert (heat(scenario(), 1).home_c != heat(scenario(seed=6), 1).home_c).any()


def test_blocks_of_any_size_join_to_the_same_heat() -> None:
    of = scenario()
    town = lay_out(of.town, of.seed)
    pieces = [block.home_c for block in Heating(town, of, START_US, DAY_STEPS).blocks(7)]
    assert (np.concatenate(pieces) == heat(of, 1).home_c).all()


@pytest.mark.parametrize("colder", ["edge", "top", "bottom"])
def test_homes_at_the_rim_are_colder_than_those_in_the_middle(colder: str) -> None:
    of = scenario(town={"homes": 1500, "stopped_share": 0})
    homes = lay_out(of.town, of.seed).homes
    mean_c = heat(of, 3).home_c.mean(axis=0)
    middle = ~homes.edge & ~homes.top & ~homes.bottom
    assert mean_c[getattr(homes, colder)].mean() < mean_c[middle].mean() - 0.3


def test_stopped_homes_are_cold_and_cool_those_around() -> None:
    of = scenario(town={"homes": 1500, "stopped_share": 0.1})
    homes = lay_out(of.town, of.seed).homes
    mean_c = heat(of, 5).home_c.mean(axis=0)
    inner = ~homes.stopped & ~homes.edge & ~homes.top & ~homes.bottom
    beside = homes.stopped[homes.above] | homes.stopped[homes.below]
    assert mean_c[homes.stopped].mean() < 15
    assert mean_c[inner & beside].mean() < mean_c[inner & ~beside].mean() - 0.3


def test_homes_of_a_failed_station_fall_below_the_standard_and_come_back() -> None:
    of = scenario(faults=[FAILURE], town={"homes": 400, "homes_per_station": 100, "stopped_share": 0})
    town = lay_out(of.town, of.seed)
    home_c = heat(of, 7).home_c[:, town.home_station == 0].mean(axis=1)
    assert home_c[24 * 6 - 1] > 18
    assert home_c[54 * 6 - 1] < 16
    assert home_c[-1] > 18


def test_a_failure_does_not_touch_other_stations() -> None:
    of, calm = scenario(faults=[FAILURE]), scenario()
    others = lay_out(of.town, of.seed).home_station != 0
    assert (heat(of, 3).home_c[:, others] == heat(calm, 3).home_c[:, others]).all()


def test_an_open_window_cools_its_home() -> None:
    opened = scenario(faults=[{"fault": "windows_opened", "share": 1.0, "after_hours": 12, "hours": 6}])
    assert heat(opened, 1).home_c[17 * 6].mean() < heat(scenario(), 1).home_c[17 * 6].mean() - 1


def test_a_cold_spell_cools_the_town() -> None:
    spell = scenario(weather={"cold_spells": [{"start_day": 0, "days": 4, "depth_k": 15}]})
    calm = scenario(weather={"cold_spells": []})
    assert heat(spell, 3).home_c[-1].mean() < heat(calm, 3).home_c[-1].mean() - 0.3


def meter_rows(of: Scenario, days: int) -> tuple[object, ...]:
    town = lay_out(of.town, of.seed)
    board = MeterBoard(town, of, START_US)
    rows = board.read(heat(of, days))
    return town, rows


def test_the_energy_counter_is_the_exact_sum_of_the_powers() -> None:
    _, rows = meter_rows(scenario(), 2)
    counted_wh = rows.energy_wh[-1] - rows.energy_wh[0]
    summed_wh = rows.power_w[:-1].sum(axis=0) * 10 / 60
    assert np.abs(counted_wh - summed_wh).max() <= 1


def test_the_energy_counter_agrees_with_flow_and_temperature_drop() -> None:
    _, rows = meter_rows(scenario(), 2)
    drop_k = (rows.supply_centi - rows.return_centi)[:-1] / 100
    heat_wh = (1.163 * rows.flow_l_h[:-1] * drop_k).sum(axis=0) * 10 / 60
    steps = drop_k.shape[0]
    assert np.abs(rows.energy_wh[-1] - rows.energy_wh[0] - heat_wh).max() <= 0.5 * steps * 10 / 60 + 1


def test_the_volume_counter_is_the_exact_sum_of_the_flow() -> None:
    _, rows = meter_rows(scenario(), 1)
    summed_l = rows.flow_l_h[:-1].sum(axis=0) * 10 / 60
    assert np.abs(rows.volume_l[-1] - rows.volume_l[0] - summed_l).max() <= 1


def test_counters_go_on_over_blocks() -> None:
    of = scenario()
    town = lay_out(of.town, of.seed)
    board = MeterBoard(town, of, START_US)
    shown = np.concatenate([board.read(block).energy_wh for block in Heating(town, of, START_US, 288).blocks(36)])
    assert (shown == meter_rows(of, 2)[1].energy_wh).all()
    assert all((later >= earlier).all() for earlier, later in pairwise(shown))


def test_a_source_gives_what_its_stations_take() -> None:
    town, rows = meter_rows(scenario(), 1)
    taken = rows.power_w[:, : town.stations]
    for source in range(town.sources):
        given = rows.power_w[:, town.stations + source]
        assert np.allclose(given, taken[:, town.station_source == source].sum(axis=1), rtol=1e-3)


def test_a_failed_station_shows_no_flow_and_its_fault() -> None:
    _, rows = meter_rows(scenario(faults=[FAILURE]), 2)
    assert rows.flow_l_h[24 * 6, 0] == 0
    assert f'"fault":"{PUMP_FAILED}"' in rows.text(24 * 6, 0, with_outdoor=False)
    assert "fault" not in rows.text(0, 0, with_outdoor=False)


def sensed(fault: dict[str, object]) -> tuple[object, object]:
    """All points without and with a fault of all of them from noon on."""
    whole = {"share": 1.0, "after_hours": 12} | fault
    samples = []
    for of in (scenario(), scenario(faults=[whole])):
        town = lay_out(of.town, of.seed)
        samples.append(SensorField(town, of, START_US).read(heat(of, 2)))
    return samples[0], samples[1]


def test_a_stuck_sensor_shows_one_value() -> None:
    well, stuck = sensed({"fault": "sensor_sticks"})
    assert (stuck.centi[:72] == well.centi[:72]).all()
    assert (stuck.centi[72:] == well.centi[72]).all()


def test_a_drifting_sensor_drifts_by_its_rate() -> None:
    well, drifting = sensed({"fault": "sensor_drifts", "amount": -0.5})
    drift_centi = (drifting.centi - well.centi)[72 + 143]
    assert (np.abs(drift_centi + 50) <= 1).all()


def test_a_jumping_sensor_jumps_once() -> None:
    well, jumped = sensed({"fault": "sensor_jumps", "amount": 4})
    assert set((jumped.centi - well.centi)[72:].flat) == {400}


def test_a_sensor_that_runs_ahead_stamps_later_times() -> None:
    well, ahead = sensed({"fault": "sensor_runs_ahead", "amount": 7, "hours": 6})
    assert set(((ahead.at_us - well.at_us) // clocks.MINUTE_US)[72:108].flat) == {7}
    assert (ahead.at_us[108:] == well.at_us[108:]).all()


def test_a_silent_sensor_sends_nothing() -> None:
    _, silent = sensed({"fault": "sensor_silent"})
    assert silent.sent[:72].all()
    assert not silent.sent[72:].any()
