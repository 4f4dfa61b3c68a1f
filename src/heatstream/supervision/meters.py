"""The pass over the meters: from stored readings to `meter_day` and `meter_mark`."""

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.core.units import Exact, Mask
from heatstream.rules.supervision.detection import Detection
from heatstream.store.copy import Rows

Expected: TypeAlias = Callable[[AsyncConnection, dt.date, Rows], Awaitable[tuple[Exact, Mask]]]
"""Tells the supply temperature that the curve wants at each reading: (connection, local day, readings)
-> (readings,) int64 [0.01 °C] and whether there is a curve. Readings: meter_id, observed_at [µs], outdoor_centi,
outdoor_known."""


class Passed(NamedTuple):
    """What a pass did."""

    through_batch: int
    """Readings through this batch are in the days."""
    days: int
    """Local days it looked at."""
    meter_days: int
    """Rows of `meter_day` that are new or differ."""
    marks: int
    """Marks that are new, differ, or were withdrawn."""


async def pass_over(
    engine: AsyncEngine, detection: Detection, now: dt.datetime, *, expected: Expected | None = None
) -> Passed:
    """Make the meter days that new readings touch, and those up to the open day.

    It takes connections and transactions of its own, a day and group of meters each, and may be stopped at any time:
    the next pass makes the same rows. Call it before the stations are looked at; two at once do no harm.

    Parameters
    ----------
    detection : section `detection` of the supervision rules
    now : instant with a zone; the open day is its local day
    expected : tells the curve's supply temperature at readings; None = `below_curve_min` and `expected_mean_centi` stay
        null
    """
    raise NotImplementedError
