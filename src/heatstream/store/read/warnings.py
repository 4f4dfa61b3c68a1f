"""Figures that warnings watch, by subject.

Every figure is a numerator and a denominator a subject. A subject that a figure does not name told nothing.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    ColumnElement,
    Executable,
    FromClause,
    Integer,
    Numeric,
    Select,
    and_,
    case,
    func,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.hysteresis import Level
from heatstream.store.accepted import stands_on
from heatstream.store.dated import holds_on
from heatstream.store.read import subjects
from heatstream.store.read.places import HOMES
from heatstream.store.read.rows import Rows, every
from heatstream.store.read.silence import Limits, is_silent
from heatstream.store.read.stopped import stopped_on
from heatstream.store.tables import (
    building,
    community,
    company,
    day_statistic,
    district,
    flag,
    heat_station,
    household,
    matter,
    meter,
    meter_day,
    point,
    reading,
    supervision_rules,
    ticket,
    warning_level,
)
from heatstream.store.timescale import LOCAL

COLD = ("temperature", "no_heat")
"""Topics of tickets that complain of the cold."""


class Told(NamedTuple):
    """A figure of one subject."""

    numerator: int
    denominator: int


Figures = Mapping[int, Told]


def _id(subject: str) -> ColumnElement[int]:
    return cast("ColumnElement[int]", subjects.TABLES[subject].c.id)


async def _figures(conn: AsyncConnection, query: Executable) -> Figures:
    return {row[0]: Told(int(row[1]), int(row[2])) for row in await conn.execute(query)}


def _heated_homes(day: dt.date) -> list[ColumnElement[bool]]:
    return [household.c.kind == "residential", holds_on(household, day), ~stopped_on(day)]


async def below_share(conn: AsyncConnection, subject: str, now: dt.datetime, within_min: int) -> Figures:
    """Count the homes with a point below the standard now, of those that told within so long [min].

    A home is a residential household with an accepted point and without 报停.
    """
    day, since = now.astimezone(LOCAL).date(), now - dt.timedelta(minutes=within_min)
    told = select(1).where(
        reading.c.point_id == point.c.id, reading.c.observed_at >= since, reading.c.observed_at <= now
    )
    cold = select(1).where(flag.c.point_id == point.c.id, flag.c.until.is_(None), flag.c.observed_at >= since)
    homes = (
        select(
            _id(subject).label("subject"),
            household.c.id,
            func.bool_or(cold.correlate(point).exists()).label("cold"),
        )
        .select_from(HOMES.join(point, point.c.household_id == household.c.id))
        .where(*_heated_homes(day), stands_on(day), told.correlate(point).exists())
        .group_by(_id(subject), household.c.id)
        .subquery("homes")
    )
    counts = (func.count().filter(homes.c.cold), func.count())
    return await _figures(conn, select(homes.c.subject, *counts).group_by(homes.c.subject))


async def lowest_mean(conn: AsyncConnection, subject: str, day: dt.date, least_valid_e4: int) -> Figures:
    """Give the lowest day mean of a point [0.01 °C, floored], of how many homes.

    Parameters
    ----------
    day : a closed day
    least_valid_e4 : a point counts from this share of valid slots on [0.0001]
    """
    counts = and_(
        day_statistic.c.day == day,
        day_statistic.c.slots_valid > 0,
        day_statistic.c.slots_valid.cast(Integer) * 10_000
        >= day_statistic.c.slots_expected.cast(Integer) * least_valid_e4,
    )
    mean = func.floor(day_statistic.c.sum_centi.cast(Numeric) / day_statistic.c.slots_valid)
    query = (
        select(_id(subject), func.min(mean), func.count(household.c.id.distinct()))
        .select_from(HOMES.join(day_statistic, day_statistic.c.household_id == household.c.id))
        .where(*_heated_homes(day), counts)
        .group_by(_id(subject))
    )
    return await _figures(conn, query)


_STATIONS: FromClause = heat_station.join(company, heat_station.c.company_id == company.c.id)


async def supply_deviation(conn: AsyncConnection, subject: str, day: dt.date) -> Figures:
    """Give the lowest deviation of a supply from its curve [0.01 K], of a day's means; of how many stations."""
    deviation = meter_day.c.supply_mean_centi - meter_day.c.expected_mean_centi
    placed = _STATIONS.join(meter, meter.c.heat_station_id == heat_station.c.id)
    query = (
        select(_id(subject), func.min(deviation), func.count(heat_station.c.id.distinct()))
        .select_from(placed.join(meter_day, meter_day.c.meter_id == meter.c.id))
        .where(meter_day.c.day == day, deviation.is_not(None))
        .group_by(_id(subject))
    )
    return await _figures(conn, query)


async def incidents_over_limit(conn: AsyncConnection, subject: str, now: dt.datetime) -> Figures:
    """Count the open incidents whose limit has passed, of how many stations."""
    day, own = now.astimezone(LOCAL).date(), matter.c[f"{subject}_id"]
    passed = and_(matter.c.kind == "incident", matter.c.closed_at.is_(None), matter.c.next_due_at < now)
    count = (
        select(func.count()).where(passed, own == _id(subject)).correlate(subjects.TABLES[subject]).scalar_subquery()
    )
    query = (
        select(_id(subject), count, func.count(heat_station.c.id.distinct()))
        .select_from(_STATIONS)
        .where(holds_on(heat_station, day))
        .group_by(_id(subject))
    )
    return await _figures(conn, query)


async def complaints(conn: AsyncConnection, subject: str, now: dt.datetime, within_min: int) -> Figures:
    """Count the homes that complained of the cold within so long [min], of how many homes.

    A ticket that names no household counts by itself; one that was matched to no building is nobody's yet.
    """
    day, since = now.astimezone(LOCAL).date(), now - dt.timedelta(minutes=within_min)
    placed = (
        ticket.join(building, building.c.id == ticket.c.building_id)
        .join(community, community.c.id == building.c.community_id)
        .join(district, district.c.id == community.c.district_id)
        .join(heat_station, heat_station.c.id == building.c.heat_station_id)
        .join(company, company.c.id == heat_station.c.company_id)
    )
    who = func.coalesce(ticket.c.household_id, -ticket.c.id)
    came = (
        select(_id(subject).label("subject"), func.count(who.distinct()).label("complained"))
        .select_from(placed)
        .where(ticket.c.topic.in_(COLD), ticket.c.received_at > since, ticket.c.received_at <= now)
        .group_by(_id(subject))
        .subquery("came")
    )
    homes = (
        select(_id(subject).label("subject"), func.count().label("homes"))
        .select_from(HOMES)
        .where(household.c.kind == "residential", holds_on(household, day))
        .group_by(_id(subject))
        .subquery("homes")
    )
    counted = homes.outerjoin(came, came.c.subject == homes.c.subject)
    complained = func.coalesce(came.c.complained, 0)
    return await _figures(conn, select(homes.c.subject, complained, homes.c.homes).select_from(counted))


async def silent_share(conn: AsyncConnection, subject: str, now: dt.datetime, limits: Limits) -> Figures:
    """Count the silent points, of those accepted that stand."""
    query = (
        select(_id(subject), func.count().filter(is_silent(now, limits)), func.count())
        .select_from(HOMES.join(point, point.c.household_id == household.c.id))
        .where(stands_on(now.astimezone(LOCAL).date()))
        .group_by(_id(subject))
    )
    return await _figures(conn, query)


def _is(subject: str) -> ColumnElement[bool]:
    return and_(warning_level.c.subject == subject, warning_level.c.subject_id == _id(subject))


_OF_SUBJECT = (
    warning_level.join(supervision_rules, supervision_rules.c.id == warning_level.c.supervision_rules_id)
    .outerjoin(matter, matter.c.id == warning_level.c.matter_id)
    .outerjoin(building, _is("building"))
    .outerjoin(heat_station, _is("heat_station"))
    .outerjoin(company, _is("company"))
    .outerjoin(district, _is("district"))
)


def _shown() -> ColumnElement[int]:
    """Give the colour to show, as `core.hysteresis.shown` does."""
    unseen_green = and_(~warning_level.c.known, warning_level.c.level == int(Level.GREEN))
    return case((unseen_green, int(Level.UNDETERMINED)), else_=warning_level.c.level)


_PARTS = (building, heat_station, company, district)
_KEY = (warning_level.c.rule, warning_level.c.subject, warning_level.c.subject_id)


def _levels(*, rule: str | None, subject: str | None, level: int | None) -> Select[Any]:
    kept = warning_level.c
    asked = [] if rule is None else [kept.rule == rule]
    asked += [] if subject is None else [kept.subject == subject]
    asked += [] if level is None else [_shown() == level]
    return (
        select(
            *_KEY,
            func.coalesce(*(table.c.code for table in _PARTS)).label("code"),
            func.coalesce(*(table.c.name for table in _PARTS)).label("name"),
            _shown().label("level"),
            kept.since,
            kept.looked_at,
            kept.known,
            kept.numerator,
            kept.denominator,
            matter.c.code.label("matter"),
            supervision_rules.c.version,
            supervision_rules.c.hash.label("rules_hash"),
            supervision_rules.c.watermark,
        )
        .select_from(_OF_SUBJECT)
        .where(*asked)
    )


async def levels(
    conn: AsyncConnection,
    *,
    rule: str | None = None,
    subject: str | None = None,
    level: int | None = None,
    after: tuple[str, str, int] | None = None,
    limit: int,
) -> Rows:
    """List what each rule last saw of each subject, by rule, kind of subject and id.

    Returns
    -------
    rows: rule, subject, subject_id, code, name, level (as shown), since, looked_at, known, numerator, denominator,
    matter, version, rules_hash, watermark
    """
    query = _levels(rule=rule, subject=subject, level=level).order_by(*_KEY).limit(limit)
    return await every(conn, query if after is None else query.where(tuple_(*_KEY) > tuple_(*after)))


async def worst(conn: AsyncConnection, *, subject: str | None = None, level: int | None = None, limit: int) -> Rows:
    """List the same, the worst first and of them the longest; those that nobody can tell come last."""
    query = _levels(rule=None, subject=subject, level=level)
    return await every(conn, query.order_by(_shown().desc(), warning_level.c.since.nulls_last(), *_KEY).limit(limit))


async def by_colour(conn: AsyncConnection) -> Mapping[Level, int]:
    """Count what the rules watch by the colour it shows, each rule and subject once."""
    seen = select(_shown().label("level")).subquery("seen")
    query = select(seen.c.level, func.count().label("watched")).group_by(seen.c.level)
    return {Level(row.level): row.watched for row in await conn.execute(query)}
