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
        if first.all():
            rows = np.arange(len(first))
            return cls(households, rows, household.astype(np.intp), rows)
        starts = np.flatnonzero(first)
        return cls(households, starts, household[starts].astype(np.intp), np.cumsum(first) - 1)

    @property
    def alone(self) -> bool:
        """Say whether every group has one row: most homes have one point, and nothing to reduce."""
        return len(self.starts) == len(self.group)

    def sum(self, values: NDArray[Any]) -> NDArray[Any]:
        return self._reduced(np.add, values)

    def most(self, values: NDArray[Any]) -> NDArray[Any]:
        return self._reduced(np.maximum, values)

    def least(self, values: NDArray[Any]) -> NDArray[Any]:
        return self._reduced(np.minimum, values)

    def any(self, mask: Mask) -> Mask:
        return self._reduced(np.logical_or, mask)

    def all(self, mask: Mask) -> Mask:
        return self._reduced(np.logical_and, mask)

    def _reduced(self, function: np.ufunc, values: NDArray[Any]) -> NDArray[Any]:
        """Reduce each group."""
        return values if self.alone else function.reduceat(values, self.starts)

    def row_of_least(self, values: NDArray[Any]) -> Rows:
        """Find the first row of each group with its lowest value."""
        rows = np.arange(len(values))
        if self.alone:
            return rows
        return self.least(np.where(values == self.least(values)[self.group], rows, len(values)))

    def spread(self, values: NDArray[Any], fill: int = 0) -> NDArray[Any]:
        """Lay what each group has on its household; households without a group have `fill`."""
        if len(self.household) == self.households:
            return values
        whole = np.full(self.households, fill, values.dtype)
        whole[self.household] = values
        return whole
