"""Points are exact, are rounded once, and what is unknown stays unknown."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatstream.core.score import Knot, Part, hundredths, mean, points, ranks

F = Fraction
KNOTS = [Knot(F(90, 100), F(0)), Knot(F(95, 100), F(60)), Knot(F(98, 100), F(100))]

rationals = st.fractions(min_value=0, max_value=100, max_denominator=1000)


@pytest.mark.parametrize(
    ("figure", "linear", "earned"),
    [
        ("0.5", True, F(0)),
        ("0.9", True, F(0)),
        ("0.92", True, F(24)),
        ("0.95", True, F(60)),
        ("0.96", True, F(220, 3)),
        ("0.98", True, F(100)),
        ("1", True, F(100)),
        ("0.92", False, F(0)),
        ("0.95", False, F(60)),
        ("0.9799", False, F(60)),
        ("0.98", False, F(100)),
    ],
)
def test_a_figure_earns_what_its_knots_say(figure: str, linear: bool, earned: Fraction) -> None:
    assert points(F(figure), KNOTS, linear=linear) == earned


@settings(max_examples=100, deadline=None)
@given(rationals, rationals, st.booleans())
def test_a_better_figure_never_earns_less(one: Fraction, other: Fraction, linear: bool) -> None:
    less, more = sorted((one / 100, other / 100))
    assert points(less, KNOTS, linear=linear) <= points(more, KNOTS, linear=linear)


def test_a_sum_with_an_unknown_part_is_unknown_and_not_as_if_it_were_nothing() -> None:
    assert mean([Part(F(1), F(80)), Part(F(1), None)]) is None
    assert mean([]) is None


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.fractions(min_value="1/50", max_value=9, max_denominator=50), rationals), min_size=1, max_size=8
    )
)
def test_a_mean_lies_between_its_parts_and_weighs_them(parts: list[tuple[Fraction, Fraction]]) -> None:
    found = mean([Part(*each) for each in parts])
    assert found is not None
    assert min(each for _, each in parts) <= found <= max(each for _, each in parts)
    assert sum(weight * (each - found) for weight, each in parts) == 0


@pytest.mark.parametrize(
    ("total", "shown"), [(F(220, 3), 7333), (F("87.125"), 8713), (F("87.1249999"), 8712), (F(0), 0), (F(100), 10000)]
)
def test_the_one_rounding_is_to_hundredths_and_a_half_goes_up(total: Fraction, shown: int) -> None:
    assert hundredths(total) == shown


def test_equals_share_a_rank_and_the_unknown_has_none() -> None:
    assert ranks([F(80), F(90), None, F(90), F(70)]) == [3, 1, None, 1, 4]


def test_totals_that_look_alike_when_rounded_are_ranked_by_their_exact_value() -> None:
    assert ranks([F("87.121"), F("87.122")]) == [2, 1]
