"""The registry's side of what was loaded, as arrays: a row a household, and a row a point."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from heatstream.core.standard import law_standards, standards
from heatstream.core.units import Centi, Count, Fen, Mask
from heatstream.evaluate.load import Loaded
from heatstream.evaluate.yardstick import Yardstick
from heatstream.evidence.series import rows_of
from heatstream.store.household_days import NEVER, NO_ROOM, ROOM_KINDS

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Homes:
    """Arrays of one length, a household each, in the order of the marks."""

    standard_centi: Centi
    """What its rooms are held against: the highest standard that may hold."""
    least_centi: Centi
    """The lowest that may; below it where nobody knows the weather, or whether the building is renovated."""
    fee_fen: Fen
    """The fee that 测算额 is computed of; NEVER where none is registered."""
    billed_area: Count
    resident: Mask
    stopped: Mask

    def __len__(self) -> int:
        return len(self.standard_centi)

    @classmethod
    def of(cls, loaded: Loaded, yardstick: Yardstick) -> Self:
        each = loaded.households
        least, most = _standards(loaded, yardstick)
        return cls(
            standard_centi=most,
            least_centi=least,
            fee_fen=_fees(loaded, yardstick),
            billed_area=np.array([home.billed_area for home in each], np.int32),
            resident=np.array([home.resident for home in each], np.bool_),
            stopped=np.array([home.stopped for home in each], np.bool_),
        )


def _fees(loaded: Loaded, yardstick: Yardstick) -> Fen:
    name = yardstick.fee_column or "fee_due_fen"
    fee = np.array([getattr(home, name) for home in loaded.households], np.int64)
    if not yardstick.net_of_base_fee:
        return fee
    base = np.array([home.base_fee_fen for home in loaded.households], np.int64)
    return np.where((fee == NEVER) | (base == NEVER), NEVER, np.maximum(fee - base, 0))


def _standards(loaded: Loaded, yardstick: Yardstick) -> tuple[Centi, Centi]:
    """Give the lowest and the highest standard that may hold of each household."""
    contract_centi = np.array([home.standard_centi for home in loaded.households], np.int16)
    agreed, rules = contract_centi != NEVER, yardstick.rules
    if rules is None:
        one = np.where(agreed, contract_centi, np.int16(yardstick.standard_centi))
        return one, one
    surveyed = np.array([home.renovated is not None for home in loaded.households], np.bool_)
    renovated = np.array([bool(home.renovated) for home in loaded.households], np.bool_)
    least, most = law_standards(rules, renovated, surveyed, loaded.outdoor_centi)
    return standards(rules, contract_centi, agreed, least), standards(rules, contract_centi, agreed, most)


@dataclass(frozen=True, slots=True)
class Rooms:
    """Arrays of one length, a point each, by household and device."""

    point_id: Count
    household: Count
    """Place of its household; never falls."""
    slot_min: Count
    area: Count
    """0 = not registered."""
    kind: Count
    """Place in ROOM_KINDS; NO_ROOM = not registered."""

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
            kind=np.array([point.room_kind for point in each], np.int32),
        )

    def take(self, rows: Places) -> Self:
        return type(self)(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def counting(self, kinds: tuple[str, ...] | None) -> Places:
        """Find the points whose room the standard holds for."""
        wanted = [NO_ROOM, *(ROOM_KINDS.index(kind) for kind in kinds or ROOM_KINDS)]
        return np.flatnonzero(np.isin(self.kind, wanted))
