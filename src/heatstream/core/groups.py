"""Rooms of one household beside each other: reductions over them."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from heatstream.core.units import Mask

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows sorted by household, cut where the household changes; a household without a row has no group."""

    households: int
    starts: Rows
    """(groups,) first row of each."""
    household: Rows
    """(groups,) its household."""
    group: Rows
    """(rows,) group of each row."""

    @classmethod
    def of(cls, household: NDArray[np.int32], households: int) -> Self:
        first = np.ones(household.shape, np.bool_)
        first[1:] = household[1:] != household[:-1]
        starts = np.flatnonzero(first)
        return cls(households, starts, household[starts].astype(np.intp), np.cumsum(first) - 1)

    def sum(self, values: NDArray[Any]) -> NDArray[Any]:
        return np.add.reduceat(values, self.starts) if len(self.starts) else values[:0]

    def most(self, values: NDArray[Any]) -> NDArray[Any]:
        return np.maximum.reduceat(values, self.starts) if len(self.starts) else values[:0]

    def least(self, values: NDArray[Any]) -> NDArray[Any]:
        return np.minimum.reduceat(values, self.starts) if len(self.starts) else values[:0]

    def any(self, mask: Mask) -> Mask:
        return np.logical_or.reduceat(mask, self.starts) if len(self.starts) else mask[:0]

    def all(self, mask: Mask) -> Mask:
        return np.logical_and.reduceat(mask, self.starts) if len(self.starts) else mask[:0]

    def row_of_least(self, values: NDArray[Any]) -> Rows:
        """Find the first row of each group with its lowest value."""
        rows = np.arange(len(values))
        return self.least(np.where(values == self.least(values)[self.group], rows, len(values)))

    def spread(self, values: NDArray[Any], fill: int = 0) -> NDArray[Any]:
        """Lay what each group has on its household; households without a group have `fill`."""
        whole = np.full(self.households, fill, values.dtype)
        whole[self.household] = values
        return whole
