import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatstream.core.units import centi_floor


@pytest.mark.parametrize(
    ("celsius", "centi"),
    [(18.0, 1800), (17.99, 1799), (17.998, 1799), (17.999999, 1799), (18.004, 1800), (-0.001, -1), (-5.0, -500)],
)
def test_degrees_become_hundredths_toward_minus_infinity(celsius: float, centi: int) -> None:
    assert centi_floor(np.array([celsius]))[0] == centi


@given(st.integers(-32_768, 32_767))
def test_every_whole_hundredth_written_as_a_decimal_stays_itself(centi: int) -> None:
    assert centi_floor(np.array([float(f"{centi / 100:.2f}")]))[0] == centi


@given(st.floats(-50, 60))
def test_below_in_hundredths_is_below_in_degrees(celsius: float) -> None:
    floored = int(centi_floor(np.array([celsius]))[0])
    written = Fraction(repr(celsius))
    assert floored == math.floor(written * 100)


@pytest.mark.parametrize("celsius", [math.nan, math.inf, 400.0])
def test_what_has_no_hundredths_is_refused(celsius: float) -> None:
    with pytest.raises(ValueError, match="no whole hundredths"):
        centi_floor(np.array([celsius]))
