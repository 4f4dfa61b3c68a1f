"""The base that article 33 counts its multiples of: 应当供热而未供热期间热费总额, exact until its one rounding."""

from fractions import Fraction

import numpy as np

from heatstream.core.calendar import Season
from heatstream.core.units import Micros


def undelivered_us(begins_us: int, ends_us: int, season: Season, without: tuple[Micros, Micros]) -> int:
    """Measure the time in which heat was owed and did not come.

    Parameters
    ----------
    begins_us, ends_us : [begins, ends) without heat [µs since 1970-01-01T00:00Z]
    season : as decided; what lies outside it is not owed
    without : (periods,) begins and ends int64 [µs since 1970-01-01T00:00Z]
        Left out, what lies within two of them once.

    Returns
    -------
    [µs]
    """
    first, last = max(begins_us, season.start_us), min(ends_us, season.end_us)
    if first >= last:
        return 0
    begin, end = (np.clip(each, first, last) for each in without)
    order = np.argsort(begin, kind="stable")
    # What an earlier period reaches over is left out already.
    reached = np.concatenate([[first], np.maximum.accumulate(end[order])[:-1]]) if len(order) else begin
    left_out = np.maximum(end[order] - np.maximum(begin[order], reached), 0)
    return int(last - first - left_out.sum())


def base_fen(fees_fen: int, lasted_us: int, denominator_us: int) -> Fraction:
    """Compute the fee of a part of a season.

    Parameters
    ----------
    fees_fen : season's fees of the users, together [fen]
    lasted_us : time in which heat was owed and did not come [µs]
    denominator_us : length of the season that the fee is divided by [µs], above 0

    Returns
    -------
    [fen], exact

    Source: 吉林省城市供热条例 33: 应当供热而未供热期间热费总额; by which users and which denominator is choice A16.
    """
    if denominator_us <= 0:
        raise ValueError(f"a season of {denominator_us} µs: expected more than 0")
    return Fraction(fees_fen * lasted_us, denominator_us)
