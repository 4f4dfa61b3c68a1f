"""The city as a whole: outcomes of a day with their denominators, by place, and over the season.

A home is a residential household. A home without a finding counts from the registry: with an accepted point it waits
to be judged, without one it is 未监测.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Outcome
from heatstream.store import tables
from heatstream.store.accepted import stands_on
from heatstream.store.day_outcomes import DECIDED
from heatstream.store.read import as_of
from heatstream.store.read.days import Span
from heatstream.store.read.findings import DAY
from heatstream.store.read.places import ADDRESS, EVERYWHERE, HOMES, Place, stopped_now, within
from heatstream.store.read.rows import AnyRow, Rows, every
from heatstream.store.tables import day_outcome, finding, finding_current, flag, household, point, policy

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


def _judged(day: dt.date, through_run: int | None) -> Select[Any]:
    """Select the households that have a finding of a day."""
    if through_run is not None:
        return select(finding.c.household_id).where(*_of_day(day), as_of.made(through_run)).distinct()
    of_day = (finding_current.c.period_kind == DAY, finding_current.c.period_from == day)
    return select(finding_current.c.household_id).where(*of_day)


@dataclass(frozen=True)
class _Level:
    """What to group by: no columns for the city as one."""

    columns: tuple[ColumnElement[Any], ...] = ()
    conditions: list[ColumnElement[bool]] = field(default_factory=list)

    def select(self, *figures: ColumnElement[Any]) -> Select[Any]:
        return select(*self.columns, *figures).where(*self.conditions).group_by(*self.columns)


def _homes(level: _Level, day: dt.date) -> Select[Any]:
    return level.select(func.count().label("homes")).select_from(HOMES).where(*_lives_there(day))


def _of_day(day: dt.date) -> tuple[ColumnElement[bool], ...]:
    return (finding.c.period_kind == DAY, finding.c.period_from == day)


def _points(level: _Level, day: dt.date, through_run: int | None = None) -> Select[Any]:
    judged = _judged(day, through_run).subquery("judged")
    placed = HOMES.join(point, point.c.household_id == household.c.id)
    placed = placed.outerjoin(judged, judged.c.household_id == household.c.id)
    figures = (
        func.count().label("points"),
        func.count(household.c.id.distinct()).filter(judged.c.household_id.is_(None)).label("waiting"),
    )
    return level.select(*figures).select_from(placed).where(*_lives_there(day), stands_on(day))


def _outcomes(level: _Level, day: dt.date, through_run: int | None = None) -> Select[Any]:
    query = (
        level.select(finding.c.outcome, *_TALLY).group_by(finding.c.outcome).where(*_lives_there(day), *_of_day(day))
    )
    if through_run is not None:
        judged = HOMES.join(finding, finding.c.household_id == household.c.id)
        return query.select_from(judged).where(as_of.made(through_run), as_of.stands(through_run, day))
    judged = HOMES.join(_CURRENT_DAY, finding_current.c.household_id == household.c.id)
    current = (finding_current.c.period_kind == DAY, finding_current.c.period_from == day)
    return query.select_from(judged).where(*current)


def _below_now(level: _Level) -> Select[Any]:
    flagged = flag.join(point, flag.c.point_id == point.c.id)
    placed = HOMES.join(flagged, point.c.household_id == household.c.id)
    figure = func.count(household.c.id.distinct()).label("below_now")
    return level.select(figure).select_from(placed).where(flag.c.until.is_(None), ~stopped_now())


async def tally(
    conn: AsyncConnection, day: dt.date, place: Place = EVERYWHERE, *, through_run: int | None = None
) -> Tally:
    """Count the homes of one place on one day.

    Parameters
    ----------
    through_run : as it stood when the runs up to this one had judged; None = now
    """
    level, found = _Level(conditions=within(place)), Tally()
    found.homes = await conn.scalar(_homes(level, day)) or 0
    for row in await conn.execute(_points(level, day, through_run)):
        found.points, found.waiting = row.points, row.waiting
    for row in await conn.execute(_outcomes(level, day, through_run)):
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


async def trend(conn: AsyncConnection, days: Span) -> Rows:
    """Count users of heat by day and outcome, with the lowest deciding value."""
    query = (
        select(
            day_outcome.c.day,
            day_outcome.c.outcome,
            func.sum(day_outcome.c.homes).label("homes"),
            func.min(day_outcome.c.lowest_centi).label("lowest_centi"),
            cast(func.sum(day_outcome.c.computed_fen), BigInteger).label("computed_fen"),
        )
        .where(day_outcome.c.day.between(days.first, days.last))
        .group_by(day_outcome.c.day, day_outcome.c.outcome)
        .order_by(day_outcome.c.day, day_outcome.c.outcome)
    )
    return await every(conn, query)


async def watermarks(conn: AsyncConnection, at: dt.datetime | None = None) -> list[str]:
    """What must stand on whatever was judged by the policies in use, now or at an instant."""
    query = select(policy.c.watermark).where(policy.c.watermark.is_not(None)).distinct().order_by(policy.c.watermark)
    return list(await conn.scalars(query if at is None else query.where(policy.c.first_used_at <= at)))


async def unmonitored(conn: AsyncConnection, day: dt.date, place: Place, *, after: int, limit: int) -> Rows:
    """List the homes of one day that nothing measures, as `tally` counts them, in the order they were registered in."""
    has_point = select(1).where(point.c.household_id == household.c.id, stands_on(day)).correlate(household).exists()
    query = (
        select(household.c.id, *ADDRESS)
        .select_from(HOMES)
        .where(
            household.c.id > after,
            *within(place),
            *_lives_there(day),
            ~has_point,
            household.c.id.not_in(_judged(day, None)),
        )
        .order_by(household.c.id)
        .limit(limit)
    )
    return await every(conn, query)
