"""From numbers as sent to whole storage units, exactly.

Temperatures are rounded toward minus infinity, so that `stored < 1800` says the same as `T < 18.00`. Every other
quantity is rounded to the nearest whole unit, a half to the even one, on the decimal number as sent.
"""

import math
from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from fractions import Fraction
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from heatstream.ingest.columns import CENTI_MAX, WHOLE_MAX, Ints, Mask, SmallInts

Bytes: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float64]
Number: TypeAlias = int | Decimal | Fraction

_LONG_DIGITS: Final = 16
"""Decimals of up to 15 digits keep their order as float64; of more, some fall together: 17.9999999999999999 is 18.0."""
_EXPONENT_MAX: Final = 40
_NUMBER_MAX_CHARS: Final = 1_000
_EXACT: Final = Context(prec=2 * _NUMBER_MAX_CHARS)
"""Holds any product of a measured number whole."""
_STRIDE: Final = _LONG_DIGITS // 2
_BEFORE_A_NUMBER: Final = np.frombuffer(b":,[ \t\r\n", dtype=np.uint8)
_SCAN_PAYLOADS: Final = 4_096
"""Payloads are joined in spans, so that the copy stays small beside the batch."""


def floor_centi(celsius: Floats) -> SmallInts:
    """Round toward minus infinity to hundredths.

    Parameters
    ----------
    celsius : (n,) float64 [°C]
        Finite. Each stands for the decimal that was sent, of up to 15 digits.

    Returns
    -------
    (n,) int32 [0.01 °C], clamped to ±CENTI_MAX
    """
    nearest = np.rint(np.clip(celsius, -CENTI_MAX, CENTI_MAX) * 100)
    floored: Floats = np.clip(nearest - (nearest / 100.0 > celsius), -CENTI_MAX, CENTI_MAX)
    return floored.astype(np.int32)


def on_hundredth(celsius: Floats) -> Mask:
    """Tell which values are, as float64, a whole number of hundredths: only there can a long decimal hide below one."""
    within = np.clip(celsius, -CENTI_MAX, CENTI_MAX)
    same: Mask = np.rint(within * 100) / 100.0 == within
    return same


def floor_centi_of(celsius: Number) -> int:
    """Do the same for one exact number of any length."""
    if isinstance(celsius, Decimal):
        floored = _EXACT.multiply(celsius, 100).to_integral_value(ROUND_FLOOR, _EXACT)
        return _clamp(int(floored), CENTI_MAX)
    return _clamp(math.floor(celsius * 100), CENTI_MAX)


def round_whole(number: Number, scale: int = 1) -> int:
    """Multiply by a scale and round to the nearest whole number, a half to the even one; clamp to int64."""
    if isinstance(number, Decimal):
        rounded = _EXACT.multiply(number, scale).to_integral_value(ROUND_HALF_EVEN, _EXACT)
        return _clamp(int(rounded), WHOLE_MAX)
    return _clamp(round(number * scale), WHOLE_MAX)


def _clamp(whole: int, limit: int) -> int:
    return max(-limit, min(limit, whole))


def decimal_of(text: str) -> Decimal | None:
    """Read a finite decimal; None where the text is none, or longer than any number that was measured.

    An exponent beyond anything measured is cut to ±40: it stays out of range, or next to zero on its own side, and
    `1e999999999` cannot cost a gigabyte.
    """
    if len(text) > _NUMBER_MAX_CHARS:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return _bounded(number) if number.is_finite() else None


def _bounded(number: Decimal) -> Decimal:
    if not number or abs(number.adjusted()) <= _EXPONENT_MAX:
        return number
    edge = Decimal(10) ** (_EXPONENT_MAX if number.adjusted() > 0 else -_EXPONENT_MAX)
    return edge.copy_sign(number)


def with_long_numbers(payloads: Sequence[bytes]) -> list[int]:
    """Find the payloads that hold a JSON number in which 16 or more digits (or dots) stand in a row.

    Such a run covers at least two neighbouring samples taken every 8 bytes, so only those are looked at closely. Digits
    in a text, such as a long serial number, are no number unless a comma, a colon or a blank stands before them.
    """
    starts = range(0, len(payloads), _SCAN_PAYLOADS)
    return [start + place for start in starts for place in _scan(payloads[start : start + _SCAN_PAYLOADS])]


def _scan(payloads: Sequence[bytes]) -> list[int]:
    text = np.frombuffer(b"".join(payloads), dtype=np.uint8)
    sampled = _numeric(text[::_STRIDE])
    runs = np.flatnonzero(sampled[1:] & sampled[:-1]) * _STRIDE
    for step in range(1, _STRIDE):
        runs = runs[_numeric(text[runs + step])]
    runs = runs[_begins_a_number(text, runs)]
    if not len(runs):
        return []
    ends = np.cumsum(np.fromiter(map(len, payloads), dtype=np.int64, count=len(payloads)))
    places: list[int] = np.unique(np.searchsorted(ends, runs, side="right")).tolist()
    return places


def _begins_a_number(text: Bytes, runs: Ints) -> Mask:
    """Go back to where each run begins and look at what stands before it.

    A run that begins more than 7 bytes back holds an earlier sample: that one is a run too, and goes back far enough.
    """
    begin = runs
    for _ in range(_STRIDE - 1):
        begin = begin - _numeric(text[np.maximum(begin - 1, 0)])
    before = text[np.maximum(begin - 1, 0)]
    before = np.where(before == ord("-"), text[np.maximum(begin - 2, 0)], before)
    return np.isin(before, _BEFORE_A_NUMBER)


def _numeric(text: Bytes) -> Mask:
    return (text - np.uint8(46)) < 12  # noqa: PLR2004 from "." over "/" to "9"; below "." wraps to above
