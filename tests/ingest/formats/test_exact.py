import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from heatstream.ingest.columns import CENTI_MAX, WHOLE_MAX
from heatstream.ingest.formats.exact import decimal_of, floor_centi, floor_centi_of, round_whole, with_long_numbers

GOLDEN = {"17.99": 1799, "17.995": 1799, "17.998": 1799, "18.0": 1800, "-0.001": -1, "0.29": 29, "-18.005": -1801}

decimals = st.decimals(min_value=-100, max_value=100, allow_nan=False, places=4)


@pytest.mark.parametrize(("celsius", "centi"), GOLDEN.items())
def test_a_temperature_is_rounded_toward_minus_infinity(celsius: str, centi: int) -> None:
    assert floor_centi(np.array([float(celsius)])).tolist() == [centi]
    assert floor_centi_of(Decimal(celsius)) == centi


@given(decimals)
@example(Decimal("17.9999999999999"))
@example(Decimal("1.005"))
def test_up_to_fifteen_digits_the_float_way_equals_the_exact_one(celsius: Decimal) -> None:
    assert floor_centi(np.array([float(celsius)])).tolist() == [math.floor(Fraction(celsius) * 100)]


@pytest.mark.parametrize("celsius", [1e300, float(CENTI_MAX), 3e7])
def test_what_no_int32_holds_is_clamped_and_never_wraps(celsius: float) -> None:
    assert floor_centi(np.array([celsius, -celsius])).tolist() == [CENTI_MAX, -CENTI_MAX]


@pytest.mark.parametrize(
    ("number", "whole"), [("0.5", 0), ("1.5", 2), ("2.5", 2), ("-0.5", 0), ("2.4999999", 2), ("7", 7)]
)
def test_a_half_is_rounded_to_the_even_whole(number: str, whole: int) -> None:
    assert round_whole(Decimal(number)) == whole


def test_a_quantity_beyond_int64_is_clamped() -> None:
    assert (round_whole(10**30), round_whole(-(10**30))) == (WHOLE_MAX, -WHOLE_MAX)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "abc", "", "1" * 1_001])
def test_what_is_no_measured_number_is_none(text: str) -> None:
    assert decimal_of(text) is None


def test_a_monstrous_exponent_is_cut_but_keeps_its_side() -> None:
    cut = [decimal_of(text) for text in ("1e999999999", "-1e999999999", "1e-999999999", "-1e-999999999")]
    assert [floor_centi_of(number) for number in cut if number is not None] == [CENTI_MAX, -CENTI_MAX, 0, -1]


@given(
    st.text("abc:, 12", max_size=40),
    st.sampled_from([":", ",", "[", " ", ": -", ",\n"]),
    st.text("0123456789", min_size=16, max_size=24),
    st.integers(min_value=1, max_value=24),
    st.integers(min_value=0, max_value=5),
)
def test_a_number_of_sixteen_digits_is_found_wherever_it_stands(
    before: str, mark: str, digits: str, dot: int, others: int
) -> None:
    payload = f"{{{before}{mark}{digits[:dot]}.{digits[dot:]} }}".encode()
    assert others in with_long_numbers([b'{"temp_c": 18.42}'] * others + [payload])


@pytest.mark.parametrize("name", ["P-8601234567890123456", "86012345678901234567", "a.8601234567890123456789"])
def test_a_long_serial_number_is_text(name: str) -> None:
    assert with_long_numbers([b'{"point": "%s", "temp_c": 18.42}' % name.encode()] * 50) == []


def test_payloads_of_short_numbers_are_not_looked_at_again() -> None:
    assert with_long_numbers([b'{"point": "P-000123", "at": "2026-01-05T08:00:00+08:00", "temp_c": 18.42}'] * 9) == []


def test_a_batch_longer_than_one_span_is_scanned_to_its_end() -> None:
    assert with_long_numbers([b"{}"] * 9_000 + [b'{"t": 17.99999999999999999}']) == [9_000]
