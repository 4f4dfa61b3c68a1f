import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatstream.core.calendar import Windows
from heatstream.core.grid import Grid
from heatstream.core.statistic import CHUNK_ROWS, DayStatistics, day_statistics, joined

WINDOWS = Windows(360, 1320)


def grid_of(temp: np.ndarray, valid: np.ndarray | None = None, slot_min: int = 10) -> Grid:
    temp = np.atleast_2d(temp).astype(np.int16)
    counts = np.zeros(len(temp), np.int32)
    stands = np.ones(temp.shape, np.bool_) if valid is None else np.atleast_2d(valid)
    return Grid(20_458, slot_min, WINDOWS, temp, stands, counts, counts)


def warm(slots: int = 180) -> np.ndarray:
    return np.full(slots, 2000)


def test_a_slot_exactly_at_the_limit_is_not_below() -> None:
    said = day_statistics(grid_of(np.full(180, 1800)), limit_centi=1800)
    assert said.below_min[0] == 0


def test_a_night_is_counted_under_the_date_it_begins_on() -> None:
    temp = warm()
    temp[150] = 1700
    said = day_statistics(grid_of(temp), limit_centi=1800)
    assert (said.below_min[0], said.day_below_min[0], said.night_below_min[0]) == (0, 0, 10)
    assert (said.min_centi[0], said.night_min_centi[0]) == (2000, 1700)


def test_a_gap_ends_a_piece_below() -> None:
    temp, valid = np.full(180, 1700), np.ones(180, np.bool_)
    valid[6] = False
    said = day_statistics(grid_of(temp, valid), limit_centi=1800)
    assert (said.below_at_start_min[0], said.longest_below_min[0], said.below_at_end_min[0]) == (60, 1370, 1370)


def test_each_row_is_held_against_its_own_limit() -> None:
    temp = np.stack([np.full(180, 1000)] * 2)
    said = day_statistics(grid_of(temp), limit_centi=np.array([1000, 1800], np.int16))
    assert said.below_min.tolist() == [0, 1440]


def test_the_mean_of_hourly_means_is_exact_where_hours_have_gaps() -> None:
    temp, valid = warm(), np.ones(180, np.bool_)
    temp[:6], valid[1:6] = 1801, False
    said = day_statistics(grid_of(temp, valid), limit_centi=1800)
    assert (said.hours[0], said.full_hours[0]) == (24, 23)
    assert said.hourly_mean_centi[0] == (23 * 2000 + 1801) // 24
    assert said.hourly_lowest_centi[0] == 1801


def test_a_row_without_a_reading_is_all_zero() -> None:
    said = day_statistics(grid_of(np.full(180, 1500), np.zeros(180, np.bool_)), limit_centi=1800)
    assert (said.slots_valid[0], said.min_centi[0], said.below_min[0], said.hours[0]) == (0, 0, 0, 0)


def test_only_the_part_of_the_season_is_expected() -> None:
    said = day_statistics(grid_of(np.full(180, 1700)), limit_centi=1800, counted_min=(720, 1800))
    assert (said.slots_expected[0], said.day_slots_expected[0], said.night_slots_expected[0]) == (72, 60, 48)
    assert said.longest_below_min[0] == 720


def test_a_part_that_divides_an_hour_is_refused() -> None:
    with pytest.raises(ValueError, match="whole hours"):
        day_statistics(grid_of(warm()), limit_centi=1800, counted_min=(30, 1800))


def test_no_rows_give_no_statistics() -> None:
    assert len(day_statistics(grid_of(np.zeros((0, 180))), limit_centi=1800)) == 0


def test_statistics_of_other_slots_stand_one_after_the_other() -> None:
    half_hours = Grid(20_458, 30, WINDOWS, *(x[:, :60] for x in _arrays()), *[np.zeros(1, np.int32)] * 2)
    parts = [day_statistics(grid_of(warm()), limit_centi=1800), day_statistics(half_hours, limit_centi=1800)]
    both = joined(parts)
    assert both.slot_min.tolist() == [10, 30]
    assert both.take(np.array([1, 0])).slot_min.tolist() == [30, 10]


def _arrays() -> tuple[np.ndarray, np.ndarray]:
    return np.full((1, 180), 2000, np.int16), np.ones((1, 180), np.bool_)


def test_the_lowest_int16_temperatures_do_not_wrap() -> None:
    said = day_statistics(grid_of(np.full(180, -32_768)), limit_centi=1800)
    assert said.sum_centi[0] == -32_768 * 144
    assert said.hourly_mean_centi[0] == -32_768


@given(st.integers(0, 2**32 - 1))
def test_a_row_s_statistics_do_not_depend_on_its_neighbours(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = CHUNK_ROWS + 7
    temp = rng.integers(1780, 1830, (rows, 30)).astype(np.int16)
    valid = rng.random((rows, 30)) > 0.02
    counts = np.zeros(rows, np.int32)
    whole = day_statistics(Grid(20_458, 60, WINDOWS, temp, valid, counts, counts), limit_centi=1800)
    picked = rng.integers(0, rows, 5)
    alone = day_statistics(
        Grid(20_458, 60, WINDOWS, temp[picked], valid[picked], counts[picked], counts[picked]), limit_centi=1800
    )
    for name in DayStatistics.__dataclass_fields__:
        assert np.array_equal(getattr(whole, name)[picked], getattr(alone, name)), name
