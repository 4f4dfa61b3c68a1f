"""The base of article 33, exact, against a count of every minute."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatstream.core.calendar import Season
from heatstream.core.penalty import base_fen, undelivered_us

SEASON = Season(100, 200)
MINUTES = st.integers(80, 220)
PARTS = st.lists(st.tuples(MINUTES, MINUTES).map(sorted), max_size=4)


def left_out(*parts: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([a for a, _ in parts], np.int64), np.array([b for _, b in parts], np.int64)


@given(st.tuples(MINUTES, MINUTES).map(sorted), PARTS)
@settings(max_examples=60)
def test_what_is_owed_and_did_not_come_is_counted_once_and_within_the_season(
    period: list[int], parts: list[list[int]]
) -> None:
    owed = set(range(*period)) & set(range(100, 200))
    for part in parts:
        owed -= set(range(*part))
    assert undelivered_us(*period, SEASON, left_out(*((a, b) for a, b in parts))) == len(owed)


def test_three_days_of_a_season_of_169_are_three_of_its_169_parts() -> None:
    day = 86_400_000_000
    assert base_fen(4 * 169_000, 3 * day, 169 * day) == Fraction(4 * 3 * 1000)


def test_a_base_is_not_rounded() -> None:
    assert base_fen(100, 1, 3) == Fraction(100, 3)


def test_a_season_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="expected more than 0"):
        base_fen(1, 1, 0)
