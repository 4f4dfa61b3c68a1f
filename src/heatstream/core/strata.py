"""Where homes lie in their buildings: edge 边, top 顶, bottom 底, middle, and 悬空 among homes without heat.

Arrays over households. What the registry does not tell is not known: it makes a home neither top nor not top. Seed 2
(吉建议〔2024〕12号) names “边顶底” and “悬空房” and defines none of them; the definitions here are this project's, and
stand in each function.
"""

from enum import IntEnum
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from heatstream.core.units import Count, Mask, Small

NOT_TOLD = -1
"""Stands for a floor, a number of storeys or stairs, and 底层架空 that the registry does not tell."""
SECOND = 2


class Side(IntEnum):
    """Where a neighbour is, seen from the home."""

    ABOVE = 0
    BELOW = 1
    BESIDE = 2


OPPOSITE = np.array([Side.BELOW, Side.ABOVE, Side.BESIDE], np.int8)


class Homes(NamedTuple):
    """Homes and their buildings, (homes,) int16 each; NOT_TOLD where the registry is silent."""

    floor: NDArray[np.int16]
    floors: NDArray[np.int16]
    """Storeys of the building above ground."""
    stair: NDArray[np.int16]
    """单元, from 1."""
    stairs: NDArray[np.int16]
    open_ground: NDArray[np.int16]
    """底层架空 of the building: 1 or 0. Its lowest homes then lie on the second floor."""


class Neighbours(NamedTuple):
    """Which home lies at which side of which, (pairs,) each; each pair of homes stands in both directions."""

    home: NDArray[np.intp]
    other: NDArray[np.intp]
    side: Small
    """Where the other is."""

    @classmethod
    def of(cls, home: NDArray[np.intp], other: NDArray[np.intp], side: Small) -> Self:
        """Add to each pair what it says of the other home, and take each once."""
        both = np.stack([np.append(home, other), np.append(other, home), np.append(side, OPPOSITE[side])])
        once = np.unique(both, axis=1)
        return cls(once[0].astype(np.intp), once[1].astype(np.intp), once[2].astype(np.int8))

    def counted(self, homes: int, which: Mask | None = None) -> Count:
        """Count neighbours by side.

        Parameters
        ----------
        which : (homes,) count those alone; None = all

        Returns
        -------
        (homes, 3) int32, by Side
        """
        pairs = slice(None) if which is None else which[self.other]
        places = self.home[pairs] * len(Side) + self.side[pairs]
        return np.bincount(places, minlength=homes * len(Side)).reshape(homes, len(Side)).astype(np.int32)


class Stratum(NamedTuple):
    """Which homes lie so, and of which it is known, (homes,) each; nothing holds where it is not known."""

    holds: Mask
    known: Mask


class Strata(NamedTuple):
    """Where homes lie, whatever the day; a home may be edge and top at once."""

    edge: Stratum
    top: Stratum
    bottom: Stratum
    middle: Stratum


def strata(homes: Homes, neighbours: Neighbours) -> Strata:
    """Say where homes lie.

    - Top: on the building's last floor. Bottom: on its first, or on the second where the ground floor is open.
      Where floors do not tell: of homes with a registered neighbour above or below, top has none above, bottom none
      below.
    - Edge: exactly one registered neighbour beside it; with two it is none. Without any, only the inner stairs tell:
      whoever lives there is no edge.
    - Middle: known to be none of the three.

    Returns
    -------
    (homes,) masks
    """
    by_side = neighbours.counted(len(homes.floor))
    above, below, beside = by_side.T
    stacked: Mask = above + below > 0
    top = _first_known(_top_by_floor(homes), Stratum(stacked & (above == 0), stacked))
    bottom = _first_known(_bottom_by_floor(homes), Stratum(stacked & (below == 0), stacked))
    edge = _first_known(Stratum(beside == 1, beside > 0), _inner_stair(homes))
    known = edge.known & top.known & bottom.known
    outer = edge.holds | top.holds | bottom.holds
    return Strata(edge, top, bottom, Stratum(known & ~outer, known | outer))


def _first_known(one: Stratum, other: Stratum) -> Stratum:
    return Stratum(np.where(one.known, one.holds, other.holds), one.known | other.known)


def _top_by_floor(homes: Homes) -> Stratum:
    known = (homes.floor != NOT_TOLD) & (homes.floors != NOT_TOLD)
    return Stratum(known & (homes.floor >= homes.floors), known)


def _bottom_by_floor(homes: Homes) -> Stratum:
    told = homes.floor != NOT_TOLD
    first, second = told & (homes.floor <= 1), told & (homes.floor == SECOND)
    known = told & ~(second & (homes.open_ground == NOT_TOLD))
    return Stratum(first | (second & (homes.open_ground == 1)), known)


def _inner_stair(homes: Homes) -> Stratum:
    told = (homes.stair != NOT_TOLD) & (homes.stairs != NOT_TOLD)
    known = told & (homes.stair > 1) & (homes.stair < homes.stairs)
    return Stratum(np.zeros_like(known), known)


class Surroundings(NamedTuple):
    """Each home's neighbours on one day, (homes, 3) by Side, and who is left without any heat around him."""

    neighbours: Count
    stopped: Count
    """Of those: without heat on the day."""
    surrounded: Mask
    """悬空, (homes,): a heated home whose every registered neighbour, and at least one, is without heat on the day."""


def surroundings(neighbours: Neighbours, stopped: Mask) -> Surroundings:
    """Say who is 悬空 on one day.

    底层架空 counts for nothing here: it is a fact of the building, not of a day. A home without registered neighbours
    is not known to be 悬空.

    Parameters
    ----------
    stopped : (homes,) 报停 or not supplied on the day
    """
    around = neighbours.counted(len(stopped))
    cold = neighbours.counted(len(stopped), stopped)
    every = around.sum(axis=1)
    return Surroundings(around, cold, ~stopped & (every > 0) & (cold.sum(axis=1) == every))
