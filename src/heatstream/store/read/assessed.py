"""What an assessment of a 报停 application reads: the application, whose home it is, what its neighbours were like."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Numeric, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.read.days import Span
from heatstream.store.read.places import HOMES
from heatstream.store.tables import building, community, day_statistic, heat_station, household, stop_period


class Stop(NamedTuple):
    """A 报停 application."""

    code: str
    household_id: int
    household: str
    first_day: dt.date


class Warmth(NamedTuple):
    """What a home was like on some days."""

    days: int
    mean_centi: int
    lowest_centi: int


async def stop_of(conn: AsyncConnection, code: str) -> Stop | None:
    """Read an application."""
    query = (
        select(stop_period.c.code, household.c.id, household.c.code, stop_period.c.valid_from)
        .join(household, household.c.id == stop_period.c.household_id)
        .where(stop_period.c.code == code)
    )
    row = (await conn.execute(query)).one_or_none()
    return None if row is None else Stop(*row)


async def place_of(conn: AsyncConnection, code: str) -> Mapping[str, int] | None:
    """Find whose a household is, as a matter names it."""
    named = {
        "household_id": household.c.id,
        "building_id": building.c.id,
        "heat_station_id": heat_station.c.id,
        "company_id": heat_station.c.company_id,
        "district_id": community.c.district_id,
    }
    row = (await conn.execute(select(*named.values()).select_from(HOMES).where(household.c.code == code))).one_or_none()
    return None if row is None else dict(zip(named, row, strict=True))


async def warmth(conn: AsyncConnection, ids: Sequence[int], days: Span) -> Mapping[int, Warmth]:
    """Read the mean over every valid slot of some days, floored, and the lowest reading; none where none was valid."""
    valid = func.sum(day_statistic.c.slots_valid)
    mean = func.floor(cast(func.sum(day_statistic.c.sum_centi), Numeric) / valid)
    query = (
        select(
            day_statistic.c.household_id,
            func.count(day_statistic.c.day.distinct()),
            mean,
            func.min(day_statistic.c.min_centi),
        )
        .where(
            day_statistic.c.household_id.in_(ids),
            day_statistic.c.day.between(days.first, days.last),
            day_statistic.c.slots_valid > 0,
        )
        .group_by(day_statistic.c.household_id)
    )
    return {row[0]: Warmth(row[1], int(row[2]), row[3]) for row in await conn.execute(query)}
