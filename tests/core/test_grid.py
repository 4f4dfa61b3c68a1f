import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatstream.core.calendar import MINUTE_US, Windows, day_start_us
from heatstream.core.grid import CHUNK_ROWS, Grid, lay

DAY = 20_458
WINDOWS = Windows(360, 1320)


def laid(
    rows: list[tuple[int, float, int]], *, points: int = 2, slot_min: int = 10, excluded: list[bool] | None = None
) -> Grid:
    """Lay (point, minute of the day, hundredths)."""
    point, minute, centi = zip(*rows, strict=True) if rows else ((), (), ())
    return lay(
        np.array(point, np.int32),
        np.array([day_start_us(DAY) + int(m * MINUTE_US) for m in minute], np.int64),
        np.array(centi, np.int16),
        points=points,
        day=DAY,
        slot_min=slot_min,
        windows=WINDOWS,
        excluded=None if excluded is None else np.array(excluded),
    )


def test_a_row_reaches_to_the_end_of_its_night() -> None:
    assert laid([]).temp_centi.shape == (2, 180)


def test_a_reading_stands_in_the_slot_it_was_measured_in() -> None:
    grid = laid([(1, 25, 1850)])
    assert grid.temp_centi[1, 2] == 1850
    assert np.argwhere(grid.valid).tolist() == [[1, 2]]


def test_a_reading_on_a_bound_begins_its_slot() -> None:
    assert laid([(0, 10, 1850)]).valid[0, 1]


def test_the_lowest_of_a_slot_stands() -> None:
    grid = laid([(0, 0, 1850), (0, 3, 1790), (0, 9, 1900)])
    assert grid.temp_centi[0, 0] == 1790


def test_readings_after_midnight_count_for_the_night_and_not_for_the_day() -> None:
    grid = laid([(0, 1430, 1800), (0, 1440, 1700)])
    assert grid.readings.tolist() == [1, 0]
    assert grid.valid[0, 144]


def test_an_excluded_instant_is_counted_and_not_laid() -> None:
    grid = laid([(0, 0, 1700), (0, 10, 1850)], excluded=[True, False])
    assert (grid.readings[0], grid.conflicts[0]) == (2, 1)
    assert np.argwhere(grid.valid).tolist() == [[0, 1]]


def test_another_instant_of_the_slot_stands_beside_an_excluded_one() -> None:
    grid = laid([(0, 0, 1700), (0, 5, 1850)], excluded=[True, False])
    assert grid.temp_centi[0, 0] == 1850


def test_points_beyond_one_chunk_keep_their_rows() -> None:
    last = 2 * CHUNK_ROWS
    grid = laid([(0, 0, 1700), (CHUNK_ROWS, 0, 1800), (last, 0, 1900)], points=last + 1)
    assert np.flatnonzero(grid.valid[:, 0]).tolist() == [0, CHUNK_ROWS, last]
    assert grid.readings.sum() == 3


@pytest.mark.parametrize("minute", [-1, 1800])
def test_a_reading_outside_the_day_and_its_night_is_refused(minute: int) -> None:
    with pytest.raises(ValueError, match="expected 0 to 179"):
        laid([(0, minute, 1800)])


@pytest.mark.parametrize("rows", [[(1, 0, 1), (0, 0, 1)], [(0, 20, 1), (0, 0, 1)]])
def test_unsorted_readings_are_refused(rows: list[tuple[int, float, int]]) -> None:
    with pytest.raises(ValueError, match="not sorted"):
        laid(rows)


def test_a_row_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 0 to 1"):
        laid([(2, 0, 1800)])


def test_a_slot_that_is_not_permitted_is_refused() -> None:
    with pytest.raises(ValueError, match="slot of 7 min"):
        laid([], slot_min=7)


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1799), st.integers(-3000, 6000)), unique_by=lambda r: r[:2])
)
def test_the_grid_is_the_lowest_reading_of_each_slot(rows: list[tuple[int, int, int]]) -> None:
    rows.sort()
    grid = laid(list(rows))
    lowest: dict[tuple[int, int], int] = {}
    for point, minute, centi in rows:
        cell = (point, minute // 10)
        lowest[cell] = min(lowest.get(cell, centi), centi)
    assert {tuple(cell): grid.temp_centi[tuple(cell)] for cell in np.argwhere(grid.valid).tolist()} == lowest
