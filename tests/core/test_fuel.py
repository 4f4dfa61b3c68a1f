"""Fuel against its floor, exactly."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatstream.core.fuel import (
    Colour,
    Lasting,
    Reported,
    Use,
    boiler_floor,
    chp_floor,
    colour,
    days_left,
    days_left_by_weather,
    degrees_centi,
    differs_kg,
    recent_use,
)

KG = st.integers(0, 10**11)


def test_a_stock_may_differ_by_the_tolerance_and_no_kilogramme_more() -> None:
    before = Reported(1, 900_000, 0, 0)
    # 900 t + 100 t − 50 t = 950 t, and 2 % of 1,000 t are 20 t.
    assert differs_kg(before, Reported(2, 930_000, 100_000, 50_000), 200) is None
    assert differs_kg(before, Reported(2, 929_999, 100_000, 50_000), 200) == -20_001
    assert differs_kg(before, Reported(2, 970_001, 100_000, 50_000), 200) == 20_001


def test_days_that_do_not_follow_each_other_are_not_held_against_each_other() -> None:
    with pytest.raises(ValueError, match="does not follow"):
        differs_kg(Reported(1, 0, 0, 0), Reported(3, 0, 0, 0), 0)


def test_use_rests_on_the_newest_reported_days_or_is_not_known() -> None:
    reports = [Reported(day, 0, 0, used) for day, used in ((1, 999), (2, 10), (4, 21))]
    assert recent_use(reports, 2) == Use(31, (2, 4))
    assert recent_use(reports, 4) is None
    assert Use(31, (2, 4)).a_day == Fraction(31, 2)


def test_a_boiler_needs_half_of_its_season_and_a_plant_fifteen_days() -> None:
    assert boiler_floor(1_000_001, Fraction(1, 2)) == Fraction(1_000_001, 2)
    assert chp_floor(Use(700, (1, 2, 3, 4, 5, 6, 7)), 15) == 1500
    assert chp_floor(Use(0, (1,)), 15) is None


def test_what_is_not_used_lasts_for_no_number_of_days() -> None:
    assert days_left(1000, Use(300, (1, 2, 3))) == 10
    assert days_left(1000, Use(0, (1, 2, 3))) is None
    assert days_left_by_weather(1000, Use(0, (1,)), 100, [100]) is None
    assert days_left_by_weather(1000, Use(100, (1,)), 0, [100]) is None


def test_a_colder_forecast_empties_the_yard_sooner() -> None:
    use = Use(100, (1,))  # 100 kg on a day of 20 K·day
    assert days_left_by_weather(300, use, 2000, [2000] * 5) == Lasting(3, beyond=False)
    assert days_left_by_weather(300, use, 2000, [4000] * 5) == Lasting(1, beyond=False)
    assert days_left_by_weather(300, use, 2000, [2000] * 3) == Lasting(3, beyond=True)
    assert days_left_by_weather(299, use, 2000, [2000] * 3) == Lasting(2, beyond=False)


def test_degree_days_end_at_their_base() -> None:
    assert [degrees_centi(mean, 1800) for mean in (-1200, 1799, 1800, 2500)] == [3000, 1, 0, 0]


def test_a_share_exactly_at_a_threshold_has_the_better_colour() -> None:
    shares = [Fraction(1), Fraction(99_999, 100_000), Fraction(4, 5), Fraction(79_999, 100_000)]
    assert [colour(share, Fraction(1), Fraction(4, 5)) for share in shares] == [
        Colour.GREEN,
        Colour.YELLOW,
        Colour.YELLOW,
        Colour.RED,
    ]


@settings(max_examples=50)
@given(before=KG, received=KG, used=KG, stock=KG, tolerance=st.integers(0, 9999))
def test_a_stock_differs_exactly_where_the_text_says_so(
    before: int, received: int, used: int, stock: int, tolerance: int
) -> None:
    found = differs_kg(Reported(1, before, 0, 0), Reported(2, stock, received, used), tolerance)
    difference = Fraction(stock - before - received + used)
    assert (found is not None) == (abs(difference) > Fraction(tolerance, 10_000) * (before + received))


@settings(max_examples=50)
@given(stock=KG, more=KG, use=KG, degrees=st.integers(1, 10**5), ahead=st.lists(st.integers(0, 6000), max_size=16))
def test_more_fuel_never_lasts_shorter_in_the_same_weather(
    stock: int, more: int, use: int, degrees: int, ahead: list[int]
) -> None:
    less = days_left_by_weather(stock, Use(use, (1,)), degrees, ahead)
    enough = days_left_by_weather(stock + more, Use(use, (1,)), degrees, ahead)
    assert (less is None) == (enough is None) == (use == 0)
    assert less is None or enough is None or less <= enough
