"""Points and gateways that have fallen silent, and meters that stand still."""

import datetime as dt
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.accepted import midnight, stands_on
from heatstream.store.dated import holds_on
from heatstream.store.read import subjects
from heatstream.store.tables import (
    building,
    community,
    gateway,
    gateway_progress,
    heat_source,
    heat_station,
    household,
    meter,
    meter_mark,
    meter_reading,
    point,
    reading,
)
from heatstream.store.timescale import LOCAL

AN_HOUR_MOST = 60
"""No point samples less often [min]."""


class Limits(NamedTuple):
    """From when on silence is too long."""

    point_min: int
    """After the last reading [min]."""
    plus_interval: bool
    """A point may be silent for one of its own sampling intervals more."""
    gateway_min: int
    """After the last message [min]."""
    source: str
    """Who says so."""


class Silent(NamedTuple):
    """An accepted point that has fallen silent."""

    device: str
    household: str
    gateway_id: int | None
    building_id: int
    building: str
    company_id: int
    district_id: int
    last_at: dt.datetime | None
    """Its last reading; None = it never sent one."""


class SilentGateway(NamedTuple):
    """A gateway that has fallen silent."""

    id: int
    code: str
    company_id: int | None
    last_at: dt.datetime | None
    """Its last message; None = it never sent one."""
    points: int
    """Accepted points that report by it."""


class Stuck(NamedTuple):
    """A meter whose values stood, and still stand."""

    meter_id: int
    device: str
    company_id: int
    heat_source_id: int | None
    heat_station_id: int | None
    begins: dt.datetime
    ends: dt.datetime


def is_silent(now: dt.datetime, limits: Limits) -> ColumnElement[bool]:
    """Say of a point whether it sent no reading for longer than the limit, and has stood for as long."""
    interval = point.c.interval_min if limits.plus_interval else literal(0)
    since = literal(now) - func.make_interval(0, 0, 0, 0, 0, limits.point_min + interval)
    # The bound without a column lets a hypertable leave out every older chunk.
    bound = now - dt.timedelta(minutes=limits.point_min + (AN_HOUR_MOST if limits.plus_interval else 0))
    told = select(1).where(
        reading.c.point_id == point.c.id, reading.c.observed_at >= bound, reading.c.observed_at >= since
    )
    return and_(point.c.valid_from < since, ~told.correlate(point).exists())


async def points(conn: AsyncConnection, now: dt.datetime, limits: Limits) -> list[Silent]:
    """List the silent points, by their building."""
    newest = (
        select(reading.c.observed_at)
        .where(reading.c.point_id == point.c.id)
        .order_by(reading.c.observed_at.desc())
        .limit(1)
        .lateral("newest")
    )
    placed = (
        point.join(household, point.c.household_id == household.c.id)
        .join(building, household.c.building_id == building.c.id)
        .join(heat_station, building.c.heat_station_id == heat_station.c.id)
        .join(community, building.c.community_id == community.c.id)
        .outerjoin(newest, true())
    )
    query = (
        select(
            point.c.device,
            household.c.code,
            point.c.gateway_id,
            building.c.id,
            building.c.code,
            heat_station.c.company_id,
            community.c.district_id,
            newest.c.observed_at,
        )
        .select_from(placed)
        .where(stands_on(_day(now)), is_silent(now, limits))
        .order_by(building.c.id, point.c.device)
    )
    return [Silent(*row) for row in await conn.execute(query)]


async def gateways(conn: AsyncConnection, now: dt.datetime, limits: Limits) -> list[SilentGateway]:
    """List the silent gateways that points report by; one whose company nobody named is its points' company's."""
    day, since = _day(now), now - dt.timedelta(minutes=limits.gateway_min)
    placed = (
        gateway.join(point, point.c.gateway_id == gateway.c.id)
        .join(household, point.c.household_id == household.c.id)
        .join(building, household.c.building_id == building.c.id)
        .join(heat_station, building.c.heat_station_id == heat_station.c.id)
        .outerjoin(gateway_progress, gateway_progress.c.gateway == gateway.c.code)
    )
    query = (
        select(
            gateway.c.id,
            gateway.c.code,
            func.coalesce(gateway.c.company_id, _the_only(heat_station.c.company_id)),
            gateway_progress.c.last_received_at,
            func.count(),
        )
        .select_from(placed)
        .where(stands_on(day), holds_on(gateway, day), point.c.valid_from < since)
        .where(or_(gateway_progress.c.last_received_at.is_(None), gateway_progress.c.last_received_at < since))
        .group_by(gateway.c.id, gateway.c.code, gateway.c.company_id, gateway_progress.c.last_received_at)
        .order_by(gateway.c.id)
    )
    return [SilentGateway(*row) for row in await conn.execute(query)]


async def stuck_meters(conn: AsyncConnection, now: dt.datetime, moved_for_min: int) -> list[Stuck]:
    """List the meters of sources and stations whose newest stuck mark still stands.

    Parameters
    ----------
    moved_for_min : a meter that told values for so long after a mark's end has moved again [min]
    """
    day = _day(now)
    newest = (
        select(
            meter_mark.c.meter_id,
            func.max(meter_mark.c.begins).label("begins"),
            func.max(meter_mark.c.ends).label("ends"),
        )
        .where(meter_mark.c.kind == "stuck", meter_mark.c.withdrawn_at.is_(None), meter_mark.c.ends <= now)
        .group_by(meter_mark.c.meter_id)
        .subquery("newest")
    )
    moved = select(1).where(
        meter_reading.c.meter_id == newest.c.meter_id,
        meter_reading.c.observed_at > newest.c.ends + dt.timedelta(minutes=moved_for_min),
    )
    placed = (
        newest.join(meter, meter.c.id == newest.c.meter_id)
        .outerjoin(heat_station, heat_station.c.id == meter.c.heat_station_id)
        .outerjoin(heat_source, heat_source.c.id == meter.c.heat_source_id)
    )
    query = (
        select(
            meter.c.id,
            meter.c.device,
            func.coalesce(heat_station.c.company_id, heat_source.c.company_id),
            meter.c.heat_source_id,
            meter.c.heat_station_id,
            newest.c.begins,
            newest.c.ends,
        )
        .select_from(placed)
        .where(meter.c.household_id.is_(None), or_(meter.c.valid_to.is_(None), meter.c.valid_to > midnight(day)))
        .where(~moved.correlate(newest).exists())
        .order_by(meter.c.id)
    )
    return [Stuck(*row) for row in await conn.execute(query)]


async def place_of(conn: AsyncConnection, subject: str, code: str, at: dt.datetime) -> dict[str, int | None] | None:
    """Find whose a gateway, a building or a meter is, as a matter names it; None where the registry has none."""
    if subject == "building":
        found = await subjects.place_of(conn, "building", code)
        return None if found is None else dict(found)
    return await (_place_of_gateway(conn, code, at) if subject == "gateway" else _place_of_meter(conn, code, at))


async def _place_of_gateway(conn: AsyncConnection, code: str, at: dt.datetime) -> dict[str, int | None] | None:
    points = (
        point.join(household, point.c.household_id == household.c.id)
        .join(building, household.c.building_id == building.c.id)
        .join(heat_station, building.c.heat_station_id == heat_station.c.id)
        .join(community, building.c.community_id == community.c.id)
    )
    query = (
        select(
            gateway.c.id,
            func.coalesce(gateway.c.company_id, _the_only(heat_station.c.company_id)),
            _the_only(community.c.district_id),
        )
        .select_from(gateway.outerjoin(points, and_(point.c.gateway_id == gateway.c.id, stands_on(_day(at)))))
        .where(gateway.c.code == code)
        .group_by(gateway.c.id, gateway.c.company_id)
    )
    row = (await conn.execute(query)).one_or_none()
    return None if row is None else dict(zip(("gateway_id", "company_id", "district_id"), row, strict=True))


async def _place_of_meter(conn: AsyncConnection, device: str, at: dt.datetime) -> dict[str, int | None] | None:
    placed = meter.outerjoin(heat_station, heat_station.c.id == meter.c.heat_station_id).outerjoin(
        heat_source, heat_source.c.id == func.coalesce(meter.c.heat_source_id, heat_station.c.heat_source_id)
    )
    query = (
        select(func.coalesce(heat_station.c.company_id, heat_source.c.company_id), heat_source.c.id, heat_station.c.id)
        .select_from(placed)
        .where(meter.c.device == device, meter.c.valid_from <= at)
        .order_by(meter.c.valid_from.desc())
        .limit(1)
    )
    row = (await conn.execute(query)).one_or_none()
    return None if row is None else dict(zip(("company_id", "heat_source_id", "heat_station_id"), row, strict=True))


def _the_only(column: ColumnElement[int]) -> ColumnElement[int | None]:
    """Give what all rows have, or nothing where they differ."""
    return case((func.min(column) == func.max(column), func.min(column)))


def _day(at: dt.datetime) -> dt.date:
    return at.astimezone(LOCAL).date()
