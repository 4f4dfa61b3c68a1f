"""What a room's statistics prove: its value, what it is at most and at least whatever the gaps hold, and its coverage.

Temperatures here are moved by the guard band and counted in halves of a hundredth (`standard.halves`).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatstream.core.standard import DayRules, Statistic, halves
from heatstream.core.statistic import DayStatistics, ranks
from heatstream.core.units import Exact, Mask

MEANS = (Statistic.TIME_WEIGHTED_MEAN, Statistic.MEAN_OF_HOURLY)


@dataclass(frozen=True, slots=True)
class Exactly:
    """Temperatures as num / den [0.01 °C], where they `stand`."""

    num: Exact
    den: Exact | int
    stand: Mask

    def moved(self, guard_centi: int) -> Exact:
        """Move by the guard band [halves of 0.01 °C]."""
        return halves(self.num + guard_centi * self.den, self.den)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Arrays of one length, a room or a household each."""

    value: Exact
    """Of the valid slots [halves]; not looked at where `valued` is false."""
    valued: Mask
    most: Exact
    """The value is not above this, whatever the gaps hold [halves]."""
    most_known: Mask
    least: Exact
    """The value is not below this, whatever the gaps hold [halves]."""
    least_known: Mask
    sustained: Mask
    """Below the standard for as long as the rule asks; false for other statistics."""
    sufficient: Mask
    """Coverage is enough to find 合格."""
    conflict: Mask


def evidence_of_rooms(statistics: DayStatistics, rules: DayRules) -> Evidence:
    """Read each room's statistics as the day's rules ask."""
    value, most, least = values(statistics, rules), at_most(statistics, rules), at_least(statistics, rules)
    return Evidence(
        value=value.moved(rules.guard_centi),
        valued=value.stand,
        most=most.moved(rules.guard_centi),
        most_known=most.stand,
        least=least.moved(rules.guard_centi),
        least_known=least.stand,
        sustained=_sustained(statistics, rules),
        sufficient=is_sufficient(statistics, rules),
        conflict=statistics.conflicts > 0,
    )


def is_sufficient(statistics: DayStatistics, rules: DayRules) -> Mask:
    """Say where the slots of the statutory day suffice to find 合格; a day without any slot never does."""
    valid = statistics.slots_valid.astype(np.int64)
    enough = valid * 10_000 >= statistics.slots_expected.astype(np.int64) * rules.completeness_e4
    return enough & (valid > 0)


def _sustained(statistics: DayStatistics, rules: DayRules) -> Mask:
    if rules.statistic is not Statistic.SUSTAINED_BELOW:
        return np.zeros(len(statistics), np.bool_)
    return statistics.longest_below_min >= rules.sustained_min


def values(statistics: DayStatistics, rules: DayRules) -> Exactly:
    """Give the day's value from the valid slots alone."""
    weight = statistics.hourly_weight.astype(np.int64)
    hours = statistics.hours.astype(np.int64)
    match rules.statistic:
        case Statistic.TIME_WEIGHTED_MEAN:
            return _exactly(statistics.sum_centi, statistics.slots_valid, statistics.slots_valid > 0)
        case Statistic.MEAN_OF_HOURLY:
            return _exactly(statistics.hourly_total_weighted, weight * hours, hours > 0)
        case Statistic.MIN_OF_HOURLY:
            return _exactly(statistics.hourly_lowest_weighted, weight, hours > 0)
        case Statistic.MIN | Statistic.SUSTAINED_BELOW:
            return _lowest(statistics)
        case Statistic.PERCENTILE:
            return Exactly(statistics.percentile_centi.astype(np.int64), 1, statistics.slots_valid > 0)


def at_most(statistics: DayStatistics, rules: DayRules) -> Exactly:
    """Give what the day's value cannot exceed.

    More readings only lower a minimum, or the slot at a rank; a mean needs bounds for its gaps.
    """
    match rules.statistic:
        case Statistic.MIN_OF_HOURLY:
            weight, full = statistics.hourly_weight, statistics.full_hours > 0
            return _exactly(statistics.full_hourly_lowest_weighted, weight, full)
        case Statistic.MIN | Statistic.SUSTAINED_BELOW:
            return _lowest(statistics)
        case Statistic.PERCENTILE:
            reached = statistics.slots_valid >= ranks(statistics.slots_expected, rules.percent)
            most = statistics.percentile_most_centi.astype(np.int64)
            return Exactly(most, 1, reached & (statistics.slots_valid > 0))
        case _:
            return _gaps_filled(statistics, None if rules.gap_bounds_centi is None else rules.gap_bounds_centi[1])


def at_least(statistics: DayStatistics, rules: DayRules) -> Exactly:
    """Give what the day's value cannot fall below; a gap may hide any cold, so only bounded means have it."""
    bounds = rules.gap_bounds_centi if rules.statistic in MEANS else None
    return _gaps_filled(statistics, None if bounds is None else bounds[0])


def _gaps_filled(statistics: DayStatistics, bound_centi: int | None) -> Exactly:
    """Fill every gap with one temperature; over full hours the mean of hourly means is the mean of the slots."""
    expected = statistics.slots_expected.astype(np.int64)
    if bound_centi is None:
        return Exactly(np.zeros_like(expected), 1, np.zeros(expected.shape, np.bool_))
    missing = expected - statistics.slots_valid
    return _exactly(statistics.sum_centi + missing * bound_centi, expected, statistics.slots_valid > 0)


def _lowest(statistics: DayStatistics) -> Exactly:
    return Exactly(statistics.min_centi.astype(np.int64), 1, statistics.slots_valid > 0)


def _exactly(num: NDArray[Any], den: NDArray[Any], stand: Mask) -> Exactly:
    return Exactly(num.astype(np.int64), np.where(stand, den, 1).astype(np.int64), stand)
