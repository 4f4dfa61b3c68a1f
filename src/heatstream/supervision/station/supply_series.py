"""What stations' meters told in a period, beside what was owed and what their curves expected: for those who ask."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.calendar import DAY_MIN, Season
from heatstream.core.curve import Expected, expected_supply
from heatstream.core.units import Mask
from heatstream.store import stations
from heatstream.store.stations import SLOT_MIN, SLOT_US, Station, Told, Window

DAY_SLOTS = DAY_MIN // SLOT_MIN


@dataclass(frozen=True, slots=True)
class SupplySeries:
    """(stations, slots) each, from the window's begin on."""

    window: Window
    told: Told
    expected: Expected
    due: Mask | None
    """Heat was owed; None = no law is in force, so nobody knows."""

    def at_us(self, slot: int) -> int:
        return self.window.begin_us + slot * SLOT_US


async def read(
    conn: AsyncConnection, group: Sequence[Station], begin_us: int, slots: int, season: Season | None
) -> SupplySeries:
    """Read a period of slots, and the day before it, which the curve looks back on.

    The series begins with that day; `slots` are its last.
    """
    window = Window(begin_us - DAY_SLOTS * SLOT_US, slots + DAY_SLOTS)
    told, filed = await stations.told(conn, group, window), await stations.filed(conn, group, window)
    expected = expected_supply(filed.curves, filed.curve, told.outdoor_centi, told.outdoor_known, SLOT_MIN)
    due = None
    if season is not None:
        begins = window.begin_us + np.arange(window.slots, dtype=np.int64) * SLOT_US
        within = (begins >= season.start_us) & (begins + SLOT_US <= season.end_us)
        due = within & filed.scheduled & ~filed.announced
    return SupplySeries(window, told, expected, due)
