"""A filed curve tells the supply it expects, in whole numbers, and nothing beyond its ends."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatstream.core.curve import NO_CURVE, Curve, expected_supply

CURVE = Curve(np.array([-2000, -500, 1000], np.int32), np.array([6000, 4700, 3600], np.int32))


def at(*outdoor: int) -> list[int]:
    return CURVE.supply_at(np.array(outdoor, np.int32)).tolist()


def test_a_filed_point_expects_what_was_filed() -> None:
    assert at(-2000, -500, 1000) == [6000, 4700, 3600]


def test_between_two_points_it_is_straight_and_floored() -> None:
    assert at(-1250, 250, 251) == [5350, 4150, 4149]


def test_beyond_its_ends_it_stays_where_they_are() -> None:
    assert at(-4000, 3000) == [6000, 3600]


def test_a_curve_of_one_point_expects_it_everywhere() -> None:
    one = Curve(np.array([0], np.int32), np.array([4000], np.int32))
    assert one.supply_at(np.array([[-900, 900]], np.int32)).tolist() == [[4000, 4000]]


@settings(max_examples=30)
@given(st.dictionaries(st.integers(-3000, 2000), st.integers(2000, 9000), min_size=2), st.integers(-4000, 3000))
def test_it_is_the_floor_of_the_exact_interpolation(points: dict[int, int], outdoor: int) -> None:
    xs = sorted(points)
    x = min(max(outdoor, xs[0]), xs[-1])
    right = next(each for each in xs if each >= x)
    left = max((each for each in xs if each < right), default=right)
    exact = (
        Fraction(points[right])
        if left == right
        else Fraction(points[left]) + Fraction((x - left) * (points[right] - points[left]), right - left)
    )
    curve = Curve(np.array(xs, np.int32), np.array([points[each] for each in xs], np.int32))
    assert int(curve.supply_at(np.array([outdoor], np.int32))[0]) == exact.numerator // exact.denominator


@pytest.mark.parametrize("outdoor", [[0, 0], [500, 0], []])
def test_two_values_for_one_temperature_or_none_at_all_are_no_curve(outdoor: list[int]) -> None:
    with pytest.raises(ValueError, match=r"curve|outdoor temperatures"):
        Curve(np.array(outdoor, np.int32), np.full(len(outdoor), 4000, np.int32))


def test_the_lower_of_the_moment_and_the_day_is_expected() -> None:
    outdoor = np.array([[0] * 24 + [-1000] + [0] * 24], np.int32)
    found = expected_supply([CURVE], np.zeros((1, 1), np.int64), outdoor, outdoor < 1, 60)
    mean = (24 - 1) * 0 - 1000
    assert found.supply_centi[0, 24] == CURVE.supply_at(np.array([mean // 24], np.int32))[0]
    assert found.supply_centi[0, 25] == CURVE.supply_at(np.array([0], np.int32))[0]


def test_without_a_curve_or_an_outdoor_temperature_nothing_is_expected() -> None:
    outdoor, known = np.zeros((3, 4), np.int32), np.ones((3, 4), np.bool_)
    known[1, 2] = False
    which = np.array([[0], [0], [NO_CURVE]])
    found = expected_supply([CURVE], which, outdoor, known, 10)
    assert found.has_curve.tolist() == [[True] * 4, [True, True, False, True], [False] * 4]
    assert found.deviation_centi(np.full((3, 4), 4000, np.int32))[1].tolist() == [-333, -333, 0, -333]


def test_each_station_is_held_against_its_own_curve() -> None:
    other = Curve(np.array([-2000, 1000], np.int32), np.array([9000, 6000], np.int32))
    outdoor, which = np.full((2, 3), -2000, np.int32), np.array([[0, 0, 1], [1, 1, 0]])
    found = expected_supply([CURVE, other], which, outdoor, outdoor < 0, 10)
    assert found.supply_centi.tolist() == [[6000, 6000, 9000], [9000, 9000, 6000]]
