"""Rooms' exact values to one of their household: the mean, or the mean weighted by area."""

from fractions import Fraction

import numpy as np

from heatstream.core.evidence import Evidence, Exactly, at_least, at_most, evidence_of_rooms, values
from heatstream.core.groups import Groups
from heatstream.core.standard import DayRules, halves
from heatstream.core.statistic import DayStatistics
from heatstream.core.units import Exact


def evidence_together(statistics: DayStatistics, weight: Exact, groups: Groups, rules: DayRules) -> Evidence:
    """Combine the rooms of each household; what one room lacks, the household lacks.

    Parameters
    ----------
    statistics : (rooms,)
    weight : (rooms,) int64, 1 each for the mean, areas [0.01 m²] for the weighted mean; 0 leaves a household unvalued
    groups : of the rooms
    rules : of the day

    Returns
    -------
    Evidence, (groups,)
    """
    rooms = evidence_of_rooms(statistics, rules)
    weighed = groups.all(weight > 0)
    value, most, least = values(statistics, rules), at_most(statistics, rules), at_least(statistics, rules)
    return Evidence(
        value=mean_of_rooms(value, weight, groups, rules.guard_centi),
        valued=groups.all(rooms.valued) & weighed,
        most=mean_of_rooms(most, weight, groups, rules.guard_centi),
        most_known=groups.all(rooms.most_known) & weighed,
        least=mean_of_rooms(least, weight, groups, rules.guard_centi),
        least_known=groups.all(rooms.least_known) & weighed,
        sustained=np.zeros(len(groups.starts), np.bool_),
        sufficient=groups.all(rooms.sufficient),
        conflict=groups.any(rooms.conflict),
    )


def mean_of_rooms(rooms: Exactly, weight: Exact, groups: Groups, guard_centi: int) -> Exact:
    """Take each group's weighted mean, moved by the guard band [halves of 0.01 °C]; exact whatever the denominators.

    Rooms of equal denominators stay in int64: 2.3e10 [0.01 °C x weight] x 1e6 [0.01 m²] x 20 rooms is below 9.2e18.
    """
    total = np.maximum(groups.sum(weight), 1)
    dens = np.broadcast_to(np.asarray(rooms.den, np.int64), weight.shape)
    den = groups.most(dens)
    mean = halves(groups.sum(rooms.num * weight) + guard_centi * den * total, den * total)
    ends = np.append(groups.starts[1:], len(weight))
    for group in np.flatnonzero(groups.least(dens) != den):
        rows = range(groups.starts[group], ends[group])
        mean[group] = _mean_of_unlike(rooms.num, dens, weight, rows, guard_centi)
    return mean


def _mean_of_unlike(num: Exact, den: Exact, weight: Exact, rows: range, guard_centi: int) -> int:
    """Take the mean over unlike denominators, whose common multiple may leave int64."""
    total = sum(int(weight[row]) for row in rows) or 1
    mean = sum((Fraction(int(num[row]), int(den[row])) * int(weight[row]) for row in rows), Fraction(0))
    moved = mean / total + guard_centi
    whole = moved.numerator // moved.denominator
    return 2 * whole + (moved != whole)
