"""The registry's side of what was loaded, as arrays: a row a household, and a row a point."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from heatstream.core.units import Centi, Count, Fen, Mask
from heatstream.evaluate.evidence import rows_of
from heatstream.evaluate.load import Loaded
from heatstream.store.household_days import NEVER

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Homes:
    """Arrays of one length, a household each, in the order of the marks."""

    standard_centi: Centi
    """Its contract's, else the law's."""
    fee_fen: Fen
    """NEVER where none is registered."""
    billed_area: Count
    resident: Mask
    stopped: Mask

    def __len__(self) -> int:
        return len(self.standard_centi)

    @classmethod
    def of(cls, loaded: Loaded, standard_centi: int) -> Self:
        each = loaded.households
        agreed = np.array([home.standard_centi for home in each], np.int16)
        return cls(
            standard_centi=np.where(agreed == NEVER, np.int16(standard_centi), agreed).astype(np.int16),
            fee_fen=np.array([home.fee_fen for home in each], np.int64),
            billed_area=np.array([home.billed_area for home in each], np.int32),
            resident=np.array([home.resident for home in each], np.bool_),
            stopped=np.array([home.stopped for home in each], np.bool_),
        )

    def take(self, places: Places) -> Self:
        return type(self)(**{field.name: getattr(self, field.name)[places] for field in fields(self)})


@dataclass(frozen=True, slots=True)
class Rooms:
    """Arrays of one length, a point each, by household and device."""

    point_id: Count
    household: Count
    """Place of its household; never falls."""
    slot_min: Count
    area: Count
    """0 = not registered."""

    def __len__(self) -> int:
        return len(self.point_id)

    @classmethod
    def of(cls, loaded: Loaded) -> Self:
        each = loaded.points
        owner = np.array([point.household_id for point in each], np.int64)
        return cls(
            point_id=np.array([point.id for point in each], np.int32),
            household=rows_of(loaded.marks["household_id"].astype(np.int64), owner),
            slot_min=np.array([point.interval_min for point in each], np.int32),
            area=np.array([point.area for point in each], np.int32),
        )

    def of_homes(self, homes: Places) -> tuple[Places, Self]:
        """Pick the points of some households, numbered anew in their order; the places of those points, too."""
        household = rows_of(homes.astype(np.int64), self.household.astype(np.int64))
        rows = np.flatnonzero(household >= 0)
        return rows, type(self)(self.point_id[rows], household[rows], self.slot_min[rows], self.area[rows])
