"""Whole numbers for what is judged and paid.

`Centi` hundredths of °C · `Micros` microseconds since 1970-01-01T00:00Z · `Days` local days since 1970-01-01 ·
`Count` how many · `Fen` money in fen · `Exact` wide whole numbers for sums and weights · `Mask` yes or no.
"""

import numpy as np
from numpy.typing import NDArray

Centi = NDArray[np.int16]
Micros = NDArray[np.int64]
Days = NDArray[np.int32]
Count = NDArray[np.int32]
Exact = NDArray[np.int64]
Fen = NDArray[np.int64]
Small = NDArray[np.int8]
Mask = NDArray[np.bool_]

CENTI_LEAST, CENTI_MOST = -32_768, 32_767


def centi_floor(celsius: NDArray[np.float64]) -> Centi:
    """Turn degrees into whole hundredths, toward minus infinity, exactly.

    17.99 becomes 1799 and so does 17.998; 18.0 becomes 1800: stored < 1800 says the same as T < 18.00. A decimal such
    as 18.42 arrives as its nearest float64, and is read as the decimal, not as the float a hair beside it.

    Parameters
    ----------
    celsius : any shape, float64 [°C]

    Returns
    -------
    the same shape, int16 [0.01 °C]

    Raises
    ------
    ValueError
        A value is not finite or has no int16 hundredths; the border turns such readings away before.

    Source: every comparison of the law is "not lower than"; rounding to even would make 17.998 comply.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        nearest = np.rint(celsius * 100.0)
        floored = np.where(nearest / 100.0 <= celsius, nearest, nearest - 1.0)
    fits = (floored >= CENTI_LEAST) & (floored <= CENTI_MOST)
    if not np.all(fits):
        seen = np.asarray(celsius)[~fits].flat[0]
        raise ValueError(f"{seen} °C has no whole hundredths in int16; expected -327.68 to 327.67")
    return floored.astype(np.int16)
