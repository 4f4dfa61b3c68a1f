"""Estimates of the heat that meters did not tell, beside what they told: CJJ/T 223-2014 5.3, `core.degree_days`.

An estimate by a later choice of the standard gives way as soon as an earlier one can be had: ten whole days after the
repair come only with time.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.calendar import date_of, day_of
from heatstream.core.degree_days import ALGORITHM, WITHIN_DAYS, Day, estimated, mean_of_others, reference
from heatstream.store import meter_days
from heatstream.store.accepted import after
from heatstream.store.meter_days import Untold

SOURCE: Final = "CJJ/T 223-2014 5.3"
YEAR_DAYS: Final = 366
Outdoor = dict[dt.date, tuple[int, str]]


async def bring_up_to_date(conn: AsyncConnection, first: dt.date, last: dt.date, least_min: int) -> int:
    """Make the estimates of closed days, from `first` or from as long ago as a better reference can have come.

    Parameters
    ----------
    first : first day that the pass made
    last : last closed day
    least_min : a counter that tells so many minutes less than the day wants an estimate

    Returns
    -------
    estimates that are new, differ, or were taken away
    """
    begin = min(first, after(last, -WITHIN_DAYS))
    days = await meter_days.untold(conn, begin, last, least_min)
    if not days:
        return 0
    outdoor = await meter_days.outdoor_means(conn, after(begin, -YEAR_DAYS), after(last))
    changed = 0
    for meter_id, those in groupby(days, key=lambda day: day.meter_id):
        known = await _known(conn, meter_id, after(begin, -YEAR_DAYS), last, outdoor)
        for day in those:
            wh, evidence = (
                await _estimate(conn, day, known, outdoor) if day.uncounted_min >= least_min else (None, None)
            )
            if (wh, evidence) != (day.estimated_wh, day.estimate):
                await meter_days.keep_estimate(conn, meter_id, day.day, wh, evidence)
                changed += 1
    return changed


async def _known(conn: AsyncConnection, meter_id: int, first: dt.date, last: dt.date, outdoor: Outdoor) -> list[Day]:
    told = await meter_days.energies(conn, [meter_id], first, last)
    return [_day(day, energy, uncounted, outdoor) for _, day, energy, uncounted in told]


def _day(day: dt.date, energy_wh: int | None, uncounted_min: int, outdoor: Outdoor) -> Day:
    return Day(day_of(day), energy_wh, uncounted_min, outdoor[day][0] if day in outdoor else None)


async def _estimate(
    conn: AsyncConnection, day: Untold, known: Sequence[Day], outdoor: Outdoor
) -> tuple[int | None, dict[str, Any] | None]:
    """Estimate by the first choice of the standard that can be had; (None, None) = by none."""
    missing = _day(day.day, None, day.uncounted_min, outdoor)
    told = {"source": SOURCE, "algorithm": ALGORITHM, "missing_min": day.uncounted_min}
    for name, first in (("after_repair", missing.day + 1), ("year_before", day_of(_year_before(day.day)))):
        compared = reference(known, first)
        found = estimated(missing, compared) if compared else None
        if found:
            days = [date_of(each) for each in found.reference_days]
            return found.wh, told | {
                "reference": name,
                "reference_days": [each.isoformat() for each in days],
                "reference_wh": found.reference_wh,
                "reference_degrees_centi_min": found.reference_degrees_centi_min,
                "degrees_centi_min": found.degrees_centi_min,
                "outdoor": _sources([day.day, *days], outdoor),
            }
    return await _by_building(conn, day, told)


async def _by_building(
    conn: AsyncConnection, day: Untold, told: dict[str, Any]
) -> tuple[int | None, dict[str, Any] | None]:
    if day.building_id is None:
        return None, None
    others = await meter_days.energies_of_building(conn, day.building_id, day.day, day.meter_id)
    wh = mean_of_others(day.uncounted_min, others)
    if wh is None:
        return None, None
    return wh, told | {"reference": "building_mean", "reference_meters": len(others), "reference_wh": sum(others)}


def _sources(days: Iterable[dt.date], outdoor: Outdoor) -> list[str]:
    return sorted({outdoor[day][1] for day in days})


def _year_before(day: dt.date) -> dt.date:
    """The same date; of 29 February the day before."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
