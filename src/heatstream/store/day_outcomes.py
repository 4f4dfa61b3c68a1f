"""How many users of heat of a building had which outcome on a day: `finding_current`, counted once and kept with it.

The season of a large city is millions of findings, and a page that shows its course must not count them.
"""

import datetime as dt
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, delete, func, insert, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Outcome
from heatstream.store.marks import DAY
from heatstream.store.tables import day_outcome, finding, finding_current, household

DECIDED = (Outcome.COMPLIANT, Outcome.FAILING)
_STANDS = and_(
    finding.c.id == finding_current.c.finding_id,
    finding.c.period_from == finding_current.c.period_from,
    finding.c.household_id == finding_current.c.household_id,
)

# Whoever counts a day holds it, so that each sees what the one before it changed in the same building. Whoever moves
# homes holds them all, so that nobody counts meanwhile by where they lived.
_HOLD_DAY = text(
    "select pg_advisory_xact_lock_shared(hashtext('heatstream.day_outcomes')), "
    "pg_advisory_xact_lock(hashtext('heatstream.day_outcomes'), :day)"
)
_HOLD_DAYS = text("select pg_advisory_xact_lock(hashtext('heatstream.day_outcomes'))")


def _counted(day: dt.date, within: ColumnElement[bool]) -> Select[Any]:
    figures = (
        func.count(),
        func.min(finding.c.value_centi).filter(finding.c.outcome.in_(DECIDED)),
        func.coalesce(func.sum(finding.c.computed_fen), 0),
    )
    stands = finding_current.join(finding, _STANDS)
    return (
        select(literal(day), household.c.building_id, finding.c.outcome, *figures)
        .select_from(household.join(stands, finding_current.c.household_id == household.c.id))
        .where(
            within,
            finding_current.c.period_kind == DAY,
            finding_current.c.period_from == day,
            finding.c.period_from == day,
        )
        .group_by(household.c.building_id, finding.c.outcome)
    )


async def count(conn: AsyncConnection, day: dt.date, households: NDArray[np.int32]) -> None:
    """Count one day anew in the buildings of some households, in the transaction that changed their findings."""
    await conn.execute(_HOLD_DAY, {"day": day.toordinal()})
    homes = bindparam(None, households.tolist(), ARRAY(Integer))
    buildings = select(household.c.building_id).where(household.c.id == func.any(homes))
    await conn.execute(delete(day_outcome).where(day_outcome.c.day == day, day_outcome.c.building_id.in_(buildings)))
    counted = _counted(day, household.c.building_id.in_(buildings))
    await conn.execute(insert(day_outcome).from_select(list(day_outcome.c), counted))


async def recount(conn: AsyncConnection, buildings: Collection[int]) -> None:
    """Count every day anew in some buildings, in the transaction that moved homes between them.

    Called last: who counts a day waits for this transaction with marks in hand, so it may ask for none afterwards.
    """
    await conn.execute(_HOLD_DAYS)
    those = bindparam(None, list(buildings), ARRAY(Integer))
    gone = delete(day_outcome).where(day_outcome.c.building_id == func.any(those)).returning(day_outcome.c.day)
    # A day at a time: over many, the planner takes the joins for rarer than they are, and reads the whole season.
    for day in sorted(set(await conn.scalars(gone))):
        counted = _counted(day, household.c.building_id == func.any(those))
        await conn.execute(insert(day_outcome).from_select(list(day_outcome.c), counted))
