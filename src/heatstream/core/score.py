"""Points of a scorecard: exact rationals from figures to a total, rounded once, where it is shown.

What is not known stays unknown through every sum: a missing figure makes its category and the total undetermined.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple


class Knot(NamedTuple):
    """Where a figure earns points."""

    figure: Fraction
    points: Fraction


class Part(NamedTuple):
    """A part of a sum."""

    weight: Fraction
    points: Fraction | None
    """None = undetermined."""


def points(figure: Fraction, knots: Sequence[Knot], *, linear: bool) -> Fraction:
    """Turn a figure into points.

    Parameters
    ----------
    knots : one or more, by rising figure
    linear : straight lines between the knots; otherwise a figure earns what the last knot not above it says

    Returns
    -------
    points; before the first knot those of the first, after the last those of the last
    """
    if figure <= knots[0].figure:
        return knots[0].points
    for before, after in pairwise(knots):
        if figure < after.figure:
            share = (figure - before.figure) / (after.figure - before.figure) if linear else Fraction(0)
            return before.points + share * (after.points - before.points)
    return knots[-1].points


def mean(parts: Sequence[Part]) -> Fraction | None:
    """Weigh points against each other; None where any part is undetermined, or there is none."""
    known = [(each.weight, each.points) for each in parts if each.points is not None]
    if len(known) < len(parts) or not parts:
        return None
    return sum((weight * earned for weight, earned in known), Fraction(0)) / sum(weight for weight, _ in known)


def hundredths(total: Fraction) -> int:
    """Round points to whole hundredths, a half up: the one rounding of a scorecard, made where it is shown."""
    return (total * 200 + 1) // 2


def ranks(totals: Sequence[Fraction | None]) -> list[int | None]:
    """Rank totals, the most first, by their exact value; equals share a rank and the next is as many behind.

    Returns
    -------
    1 = first; None where the total is undetermined, which takes no rank
    """
    known = [each for each in totals if each is not None]
    return [None if each is None else 1 + sum(other > each for other in known) for each in totals]
