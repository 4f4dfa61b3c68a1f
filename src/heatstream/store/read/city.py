"""The city as a whole: outcomes of a day with their denominators, by place, and over the season.

A home is a residential household. A home without a finding counts from the registry: with an accepted point it waits
to be judged, without one it is 未监测.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Outcome
from heatstream.store import tables
from heatstream.store.accepted import stands_on
from heatstream.store.read.days import Span
from heatstream.store.read.findings import DAY
from heatstream.store.read.places import EVERYWHERE, HOMES, Place, among, monitored, stopped_now, within
from heatstream.store.read.rows import AnyRow, Rows, every
from heatstream.store.tables import finding, finding_current, flag, household, point, policy

DECIDED = (Outcome.COMPLIANT, Outcome.FAILING)

_CURRENT_DAY = finding_current.join(
    finding,
    and_(finding.c.id == finding_current.c.finding_id, finding.c.period_from == finding_current.c.period_from),
)
_TALLY = (
    func.count().label("homes"),
    func.min(finding.c.value_centi).filter(finding.c.outcome.in_(DECIDED)).label("lowest_centi"),
    func.coalesce(func.sum(finding.c.computed_fen), 0).label("computed_fen"),
)


@dataclass
class Tally:
    """Homes of one place on one day; `homes` is all of them, and the outcomes and `waiting` add up to it."""

    code: str = ""
    name: str = ""
    homes: int = 0
    compliant: int = 0
    failing: int = 0
    undetermined: int = 0
    waiting: int = 0
    points: int = 0
    below_now: int = 0
    computed_fen: int = 0
    lowest_centi: int | None = None

    @property
    def monitored(self) -> int:
        """Homes with an accepted point on the day."""
        return self.compliant + self.failing + self.undetermined + self.waiting

    @property
    def unmonitored(self) -> int:
        """未监测."""
        return self.homes - self.monitored

    def add(self, row: AnyRow) -> None:
        """Add the homes of one outcome."""
        if row.outcome == Outcome.COMPLIANT:
            self.compliant += row.homes
        elif row.outcome == Outcome.FAILING:
            self.failing += row.homes
        elif row.outcome == Outcome.UNDETERMINED:
            self.undetermined += row.homes
        self.computed_fen += int(row.computed_fen)
        found = [value for value in (self.lowest_centi, row.lowest_centi) if value is not None]
        self.lowest_centi = min(found, default=None)


def _lives_there(day: dt.date) -> list[ColumnElement[bool]]:
    ends = or_(household.c.valid_to.is_(None), household.c.valid_to >= day)
    return [household.c.kind == "residential", household.c.valid_from <= day, ends]


def _is_judged(day: dt.date) -> ColumnElement[bool]:
    return (
        select(1)
        .where(
            finding_current.c.household_id == household.c.id,
            finding_current.c.period_kind == DAY,
            finding_current.c.period_from == day,
        )
        .correlate(household)
        .exists()
    )


@dataclass(frozen=True)
class _Level:
    """What to group by: no columns for the city as one."""

    columns: tuple[ColumnElement[Any], ...] = ()
    conditions: list[ColumnElement[bool]] = field(default_factory=list)

    def select(self, *figures: ColumnElement[Any]) -> Select[Any]:
        return select(*self.columns, *figures).where(*self.conditions).group_by(*self.columns)


def _homes(level: _Level, day: dt.date) -> Select[Any]:
    return level.select(func.count().label("homes")).select_from(HOMES).where(*_lives_there(day))


def _points(level: _Level, day: dt.date) -> Select[Any]:
    placed = HOMES.join(point, point.c.household_id == household.c.id)
    figures = (
        func.count().label("points"),
        func.count(household.c.id.distinct()).filter(~_is_judged(day)).label("waiting"),
    )
    return level.select(*figures).select_from(placed).where(*_lives_there(day), stands_on(day))


def _outcomes(level: _Level, day: dt.date) -> Select[Any]:
    judged = HOMES.join(_CURRENT_DAY, finding_current.c.household_id == household.c.id)
    query = level.select(finding.c.outcome, *_TALLY).select_from(judged).group_by(finding.c.outcome)
    return query.where(
        *_lives_there(day),
        finding_current.c.period_kind == DAY,
        finding_current.c.period_from == day,
        finding.c.period_from == day,
    )


def _below_now(level: _Level) -> Select[Any]:
    flagged = flag.join(point, flag.c.point_id == point.c.id)
    placed = HOMES.join(flagged, point.c.household_id == household.c.id)
    figure = func.count(household.c.id.distinct()).label("below_now")
    return level.select(figure).select_from(placed).where(flag.c.until.is_(None), ~stopped_now())


async def tally(conn: AsyncConnection, day: dt.date, place: Place = EVERYWHERE) -> Tally:
    """Count the homes of one place on one day."""
    level, found = _Level(conditions=within(place)), Tally()
    found.homes = await conn.scalar(_homes(level, day)) or 0
    for row in await conn.execute(_points(level, day)):
        found.points, found.waiting = row.points, row.waiting
    for row in await conn.execute(_outcomes(level, day)):
        found.add(row)
    found.below_now = await conn.scalar(_below_now(level)) or 0
    return found


async def tallies(conn: AsyncConnection, day: dt.date, level_name: str, place: Place = EVERYWHERE) -> list[Tally]:
    """Count the homes of one day by district, company, heat_station or building."""
    table = tables.metadata.tables[level_name]
    level = _Level((table.c.code, table.c.name), within(place))
    homes = await conn.execute(_homes(level, day))
    found = {row.code: Tally(row.code, row.name, homes=row.homes) for row in homes}
    for row in await conn.execute(_points(level, day)):
        found[row.code].points, found[row.code].waiting = row.points, row.waiting
    for row in await conn.execute(_outcomes(level, day)):
        found[row.code].add(row)
    for row in await conn.execute(_below_now(level)):
        found.setdefault(row.code, Tally(row.code, row.name)).below_now = row.below_now
    return sorted(found.values(), key=lambda one: one.code)


async def trend(conn: AsyncConnection, days: Span, place: Place = EVERYWHERE) -> Rows:
    """Count homes by day and outcome, with the lowest deciding value."""
    query = (
        select(finding.c.period_from.label("day"), finding.c.outcome, *_TALLY)
        .select_from(_CURRENT_DAY)
        .where(
            finding_current.c.period_kind == DAY,
            finding_current.c.period_from.between(days.first, days.last),
            finding.c.period_from.between(days.first, days.last),
            *among(finding_current.c.household_id, await monitored(conn, place)),
        )
        .group_by(finding.c.period_from, finding.c.outcome)
        .order_by(finding.c.period_from, finding.c.outcome)
    )
    return await every(conn, query)


async def watermarks(conn: AsyncConnection) -> list[str]:
    """What must stand on whatever was judged by the policies in use."""
    query = select(policy.c.watermark).where(policy.c.watermark.is_not(None)).distinct().order_by(policy.c.watermark)
    return list(await conn.scalars(query))
