"""Findings: those that stand, and those that stood before them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import BigInteger, Select, Subquery, Table, and_, bindparam, func, not_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.read import as_of
from heatstream.store.read.days import DayPage, Span, one_page, ordered
from heatstream.store.read.places import ADDRESS, EVERYWHERE, HOMES, Place, among, monitored, not_residents
from heatstream.store.read.rows import AnyRow, Rows, every
from heatstream.store.tables import finding, finding_current, household, point, policy, run

DAY = 1  # period_kind
UserKind = Literal["residential", "other"]


@dataclass(frozen=True)
class Which:
    """What to list; `history` adds the findings that later ones superseded.

    Attributes
    ----------
    through_run : as it stood when the runs up to this one had judged; None = now
    """

    place: Place = EVERYWHERE
    outcomes: tuple[int, ...] = ()
    kind: UserKind | None = None
    history: bool = False
    through_run: int | None = None

    @property
    def cut(self) -> Table:
        """Name the table whose days are read, one after the other."""
        return finding if self.history or self.through_run is not None else finding_current

    @property
    def key(self) -> tuple[str, ...]:
        """Name what orders the findings of a day.

        A finding that supersedes another takes its place: its own id must not move it past a reader.
        """
        return ("household_id", "id") if self.history else ("household_id",)


_CURRENT = and_(
    finding_current.c.household_id == finding.c.household_id,
    finding_current.c.period_kind == finding.c.period_kind,
    finding_current.c.period_from == finding.c.period_from,
    finding_current.c.finding_id == finding.c.id,
)


def _standing(which: Which) -> Select[Any]:
    columns = (*finding.columns, finding_current.c.finding_id.is_not(None).label("current"))
    if which.history:
        return select(*columns).select_from(finding.outerjoin(finding_current, _CURRENT))
    return select(*columns).select_from(finding_current.join(finding, _CURRENT))


def _that_stood(which: Which, through_run: int) -> Select[Any]:
    stood = as_of.stands(through_run)
    query = select(*finding.columns, stood.label("current")).where(as_of.made(through_run))
    return query if which.history else query.where(stood)


def _day_findings(which: Which, homes: list[int] | None, span: Span) -> Select[Any]:
    query = _standing(which) if which.through_run is None else _that_stood(which, which.through_run)
    # Of both tables: the planner takes over an equality from one to the other, but no list and no bounds.
    query = query.where(*among(which.cut.c.household_id, homes), *among(finding.c.household_id, homes))
    query = query.where(finding.c.period_from.between(span.first, span.last))
    if which.outcomes:
        query = query.where(finding.c.outcome.in_(which.outcomes))
    return query.where(finding.c.period_kind == DAY)


def _named(page: Subquery) -> Select[Any]:
    """Add the names that a finding is read with."""
    homes = HOMES.join(page, page.c.household_id == household.c.id)
    judged = homes.join(policy, page.c.policy_id == policy.c.id).join(run, page.c.run_id == run.c.id)
    return select(
        page,
        *ADDRESS,
        point.c.device.label("point"),
        policy.c.hash.label("policy_hash"),
        policy.c.watermark,
        run.c.code_version,
        run.c.through_batch,
    ).select_from(judged.outerjoin(point, page.c.point_id == point.c.id))


async def listed(conn: AsyncConnection, which: Which, page: DayPage) -> Rows:
    """Household-days by day and `which.key`."""
    key = tuple(which.cut.c[name] for name in which.key)
    homes = await monitored(conn, which.place)
    rows = _day_findings(which, homes, page.span)
    if which.kind is not None:
        others = and_(*among(which.cut.c.household_id, await not_residents(conn)))
        rows = rows.where(others if which.kind == "other" else not_(others))
    found = one_page(rows, which.cut.c.period_from, key, page, homes)
    query = ordered(_named(found), found, which.key, newest_first=page.newest_first)
    return await every(conn, query)


async def by_id(conn: AsyncConnection, finding_id: int) -> AnyRow | None:
    """One finding, of whatever period and age."""
    # Its day is looked up by itself: joined by id alone, every day's piece would be planned and looked through twice.
    day = await conn.scalar(select(finding.c.period_from).where(finding.c.id == finding_id))
    found = [] if day is None else await by_ids(conn, day, [finding_id])
    return found[0] if found else None


async def by_ids(conn: AsyncConnection, day: dt.date, ids: Sequence[int]) -> Rows:
    """Read some findings of one day."""
    wanted = bindparam(None, list(ids), ARRAY(BigInteger))
    current = finding_current.c.finding_id.is_not(None).label("current")
    some = select(*finding.columns, current).select_from(finding.outerjoin(finding_current, _CURRENT))
    found = some.where(finding.c.id == func.any(wanted), finding.c.period_from == day).subquery("page")
    return await every(conn, _named(found))


async def versions(conn: AsyncConnection, household_id: int, period_kind: int, period_from: dt.date) -> Rows:
    """Every finding of one household and period, oldest first."""
    same = (
        finding.c.household_id == household_id,
        finding.c.period_kind == period_kind,
        finding.c.period_from == period_from,
    )
    query = select(finding.c.id, finding.c.outcome, finding.c.change, finding.c.computed_fen, run.c.started_at)
    joined = query.join_from(finding, run, finding.c.run_id == run.c.id)
    return await every(conn, joined.where(*same).order_by(finding.c.id))


async def newest_limit(conn: AsyncConnection, household_id: int) -> int | None:
    """The standard [0.01 °C] that a household was last held against."""
    held = (finding.c.household_id == household_id, finding.c.limit_centi.is_not(None))
    query = select(finding.c.limit_centi).where(*held).order_by(finding.c.period_from.desc(), finding.c.id.desc())
    found: int | None = await conn.scalar(query.limit(1))
    return found
