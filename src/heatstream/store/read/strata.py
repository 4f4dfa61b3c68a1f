"""What strata are told from: where homes lie, who is without heat and when, and how days were found."""

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Date, Integer, SmallInteger, and_, bindparam, case, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Outcome
from heatstream.core.strata import NOT_TOLD, Side
from heatstream.store.copy import Rows, copy_out_all
from heatstream.store.dated import held_between
from heatstream.store.read.days import Span
from heatstream.store.read.findings import DAY
from heatstream.store.read.places import HOMES, Place, among, monitored, within
from heatstream.store.tables import building, contract, finding, finding_current, household, neighbour, stop_period

STILL = dt.date(2200, 1, 1)
"""Stands for the last day of what holds still."""
JUDGED = (Outcome.COMPLIANT, Outcome.FAILING, Outcome.UNDETERMINED)


async def homes(conn: AsyncConnection, place: Place, days: Span) -> Rows:
    """Read the households, of any kind, of a place's buildings in some days.

    Returns
    -------
    structured rows, by id: id, residential, floor, floors, stair, stairs, open_ground; NOT_TOLD where it is not told
    """
    told = {
        "floor": household.c.floor,
        "floors": building.c.floors,
        "stair": household.c.stair,
        "stairs": building.c.stairs,
        "open_ground": cast(building.c.open_ground_floor, Integer),
    }
    query = (
        select(
            household.c.id,
            (household.c.kind == "residential").label("residential"),
            *(cast(func.coalesce(column, NOT_TOLD), SmallInteger).label(name) for name, column in told.items()),
        )
        .select_from(HOMES)
        .where(held_between(household, days.first, days.last), *within(place))
        .order_by(household.c.id)
    )
    await conn.execute(select(1))  # a COPY may not be the first statement of its transaction
    return await copy_out_all(conn, query)


async def neighbours(conn: AsyncConnection, ids: Sequence[int], days: Span) -> Rows:
    """Read the pairs of neighbours that some households are in; a neighbour may live in a building of another place.

    Returns
    -------
    structured rows: household_id, neighbour_id, side (core.strata.Side)
    """
    side = case(*((neighbour.c.side == each.name.lower(), int(each)) for each in Side))
    wanted = _among(ids)
    query = select(neighbour.c.household_id, neighbour.c.neighbour_id, cast(side, SmallInteger).label("side")).where(
        held_between(neighbour, days.first, days.last),
        neighbour.c.household_id.in_(wanted) | neighbour.c.neighbour_id.in_(wanted),
    )
    return await copy_out_all(conn, query)


async def stops(conn: AsyncConnection, ids: Sequence[int], days: Span) -> Rows:
    """Read from when to when some households are without heat by 报停 or by a contract that supplies nothing.

    Returns
    -------
    structured rows: household_id, first, last [days since 1970-01-01, local]
    """
    wanted = _among(ids)
    following = func.lead(contract.c.valid_from).over(
        partition_by=contract.c.household_id, order_by=(contract.c.valid_from, contract.c.id)
    )
    # A later contract stands in the place of an earlier one, as the evaluator reads them.
    contracts = (
        select(
            contract.c.household_id,
            contract.c.supplied,
            contract.c.valid_from,
            func.least(contract.c.valid_to, following - 1).label("valid_to"),
        )
        .where(contract.c.household_id.in_(wanted))
        .subquery("contracts")
    )
    by_contract, by_stop = (
        select(
            table.c.household_id,
            table.c.valid_from.label("first"),
            cast(func.coalesce(table.c.valid_to, STILL), Date).label("last"),
        ).where(held_between(table, days.first, days.last))
        for table in (contracts, stop_period)
    )
    stopped = by_stop.where(stop_period.c.household_id.in_(wanted)).union_all(by_contract.where(~contracts.c.supplied))
    return await copy_out_all(conn, select(stopped.subquery("stopped")))


async def found(conn: AsyncConnection, place: Place, days: Span) -> Rows:
    """Read how the days of a place's households were found.

    Returns
    -------
    structured rows: household_id, day [days since 1970-01-01, local], outcome
    """
    current = finding_current.join(
        finding,
        and_(finding.c.id == finding_current.c.finding_id, finding.c.period_from == finding_current.c.period_from),
    )
    query = (
        select(finding.c.household_id, finding.c.period_from.label("day"), finding.c.outcome)
        .select_from(current)
        .where(
            *among(finding_current.c.household_id, await monitored(conn, place)),
            finding_current.c.period_kind == DAY,
            finding_current.c.period_from.between(days.first, days.last),
            finding.c.period_from.between(days.first, days.last),
            finding.c.outcome.in_([int(each) for each in JUDGED]),
        )
    )
    return await copy_out_all(conn, query)


async def codes(conn: AsyncConnection, ids: Sequence[int]) -> Mapping[int, str]:
    """Name households by id."""
    query = select(household.c.id, household.c.code).where(household.c.id.in_(_among(ids)))
    return {row.id: row.code for row in await conn.execute(query)}


def _among(ids: Sequence[int]) -> ColumnElement[int]:
    """Take ids as one parameter."""
    column: ColumnElement[int] = select(func.unnest(bindparam(None, list(ids), ARRAY(Integer)))).scalar_subquery()
    return column
