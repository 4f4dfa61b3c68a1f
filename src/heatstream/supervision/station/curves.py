"""What the filed curves expect at single readings of meters, for the meters' days."""

import datetime as dt

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.units import Exact, Mask
from heatstream.store import household_days, stations
from heatstream.store.copy import Rows


async def expected_at(conn: AsyncConnection, day: dt.date, readings: Rows) -> tuple[Exact, Mask]:
    """Tell the supply temperature that a curve wants at each reading: `supervision.meters.Expected`.

    The lower of what it gives for the outdoor temperature that the meter told, and for the official mean of the day;
    of the two, what is known.
    """
    wanted, known = np.zeros(len(readings), np.int64), np.zeros(len(readings), np.bool_)
    official = await household_days.outdoor_centi(conn, day)
    for curve, meters in await stations.curves_of_meters(conn, np.unique(readings["meter_id"]).tolist(), day):
        mine = np.flatnonzero(np.isin(readings["meter_id"], meters))
        told, outdoor = readings["outdoor_known"][mine], readings["outdoor_centi"][mine].astype(np.int32)
        level = curve.supply_at(outdoor).astype(np.int64)
        if official is not None:
            of_day = int(curve.supply_at(np.array([official], np.int32))[0])
            level, told = np.where(told, np.minimum(level, of_day), of_day), np.ones(mine.size, np.bool_)
        wanted[mine], known[mine] = level, told
    return wanted, known
