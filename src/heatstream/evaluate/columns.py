"""Columns on their way to the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from heatstream.core.units import Mask
from heatstream.store.copy import Column


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows of one table, a row a point-day or a household-day."""

    household: NDArray[np.int32]
    """Place of each row's household among the marks; never falls."""
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.household)

    def of(self, chosen: Mask) -> Self:
        """Keep the rows of the chosen households.

        Parameters
        ----------
        chosen : (marks,) bool
        """
        return self.where(chosen[self.household])

    def where(self, mask: Mask) -> Self:
        if mask.all():
            return self
        columns = {name: picked(column, mask) for name, column in self.columns.items()}
        return type(self)(self.household[mask], columns)

    def rows(self, names: Sequence[str]) -> list[tuple[Any, ...]]:
        """Give the rows as Python's own values, None where there is none."""
        return list(zip(*(_values(self.columns[name]) for name in names), strict=True))


def picked(column: Column, mask: Mask) -> Column:
    values = np.asarray(column.values)
    return Column(values[mask], None if column.valid is None else column.valid[mask])


def _values(column: Column) -> list[Any]:
    values = np.asarray(column.values)
    plain = [bytes(each) for each in values] if values.ndim > 1 else values.tolist()
    if column.valid is None:
        return plain
    return [each if stands else None for each, stands in zip(plain, column.valid.tolist(), strict=True)]


def constant(rows: int, value: int) -> Column:
    return Column(np.full(rows, value, np.int64))


def absent(rows: int) -> Column:
    """NULL in every row."""
    return Column(np.zeros(rows, np.int64), np.zeros(rows, np.bool_))


def digests_as_bytes(digests: list[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(digests), np.uint8).reshape(len(digests), 32)
