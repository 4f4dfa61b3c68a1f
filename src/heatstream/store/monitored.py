"""The homes that had a fixed point in a span of days, and whose they are."""

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.accepted import stood_between
from heatstream.store.copy import Rows, copy_out_all
from heatstream.store.tables import building, community, heat_station, household, point


async def homes(conn: AsyncConnection, first: dt.date, last: dt.date) -> Rows:
    """Read the households with an accepted installation between two days, both included.

    Returns
    -------
    structured rows, by household: household_id, district_id, company_id
    """
    stood = select(point.c.household_id).where(stood_between(first, last))
    query = (
        select(household.c.id.label("household_id"), community.c.district_id, heat_station.c.company_id)
        .select_from(
            household.join(building, household.c.building_id == building.c.id)
            .join(community, building.c.community_id == community.c.id)
            .join(heat_station, building.c.heat_station_id == heat_station.c.id)
        )
        .where(household.c.id.in_(stood))
        .order_by(household.c.id)
    )
    await conn.execute(select(1))  # a COPY may not be the first statement of its transaction
    return await copy_out_all(conn, query)


async def names(conn: AsyncConnection, table: Table) -> Mapping[int, str]:
    """Name the companies or districts of the city, by id."""
    rows = await conn.execute(select(table.c.id, table.c.code, table.c.name))
    return {each.id: each.name or each.code for each in rows}
