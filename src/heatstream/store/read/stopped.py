"""Who is without heat on a day by his own contract: 报停, or a contract that supplies nothing (实供)."""

import datetime as dt

from sqlalchemy import ColumnElement, func, or_, select

from heatstream.store.dated import holds_on
from heatstream.store.tables import contract, household, stop_period


def stopped_on(day: dt.date | ColumnElement[dt.date]) -> ColumnElement[bool]:
    """Say it of a household, as the evaluator does."""
    stops = select(1).where(stop_period.c.household_id == household.c.id, holds_on(stop_period, day))
    newest = (
        select(contract.c.supplied)
        .where(contract.c.household_id == household.c.id, holds_on(contract, day))
        .order_by(contract.c.valid_from.desc(), contract.c.id.desc())
        .limit(1)
    )
    supplied = func.coalesce(newest.correlate_except(contract).scalar_subquery(), True)
    return or_(stops.correlate_except(stop_period).exists(), ~supplied)
