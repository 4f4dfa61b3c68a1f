"""Households and points as registered."""

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from heatstream.serve.access import Connection
from heatstream.serve.formats import Route
from heatstream.serve.paging import At, Page, PagedQuery
from heatstream.serve.shapes import Address, Door, Instant, PlaceFilters, Shape, Storey
from heatstream.store.read import places, registry

router = APIRouter(tags=["registry"], route_class=Route)


class Household(Shape):
    """A home, or another user of heat, and where it is."""

    household: str = Field(description="户号")
    kind: Literal["residential", "other"] = Field(description="residential 居民 or other 非居民")
    address: Address
    stair: Storey = Field(description="单元; null for roles that see no addresses")
    floor: Storey = Field(description="楼层; null for roles that see no addresses")
    door: Door = Field(description="房号; null for roles that see no addresses")
    building: str = Field(description="code of the 楼栋")
    building_name: str
    community: str = Field(description="code of the 小区")
    community_name: str
    district: str = Field(description="code of the 区县")
    district_name: str
    heat_station: str = Field(description="code of the 换热站")
    heat_station_name: str
    company: str = Field(description="code of the 供热企业 that runs the station")
    company_name: str
    points: int = Field(description="points installed now; 0 = 未监测")
    valid_from: dt.date = Field(description="first day it holds")
    valid_to: dt.date | None = Field(description="last day it holds; null = still")


class HouseholdQuery(PlaceFilters, PagedQuery):
    """Filters of households."""

    monitored: bool | None = Field(None, description="true: with a point now; false: without")


class Point(Shape):
    """An installation of a fixed monitoring point 居民热用户室内空气温度固定监测点."""

    point: str = Field(validation_alias="device", description="监测点, as the gateway names it")
    household: str = Field(description="户号")
    room: str | None = Field(description="code of the room")
    room_kind: str | None = Field(description="bedroom, living_room, kitchen, bathroom or other")
    gateway: str | None = Field(description="code of the gateway")
    interval_min: int = Field(description="nominal sampling interval, and the slot of its day grid [min]")
    accepted_on: dt.date | None = Field(description="验收; readings before it are no evidence")
    filed_on: dt.date | None = Field(description="备案")
    certificate_expires: dt.date | None = Field(description="检定证书 holds until")
    valid_from: Instant = Field(description="first instant of this installation")
    valid_to: Instant | None = Field(description="first instant after it; null = still installed")


class PointQuery(PlaceFilters, PagedQuery):
    """Filters of points."""

    point: str | None = Field(None, description="one device, with every installation it had")


@router.get("/households")
async def households(conn: Connection, cursor: At, query: Annotated[HouseholdQuery, Query()]) -> Page[Household]:
    """List households by the order they were registered in; with `monitored=false` those that are 未监测."""
    await places.check(conn, query.place())
    rows = await registry.households(
        conn, query.place(), monitored=query.monitored, after=cursor.after_id(), limit=query.limit + 1
    )
    return cursor.page(Household, rows, query.limit)


@router.get("/points")
async def points(conn: Connection, cursor: At, query: Annotated[PointQuery, Query()]) -> Page[Point]:
    """List the installations of monitoring points by the order they were registered in."""
    await places.check(conn, query.place())
    rows = await registry.points(
        conn, query.place(), device=query.point, after=cursor.after_id(), limit=query.limit + 1
    )
    return cursor.page(Point, rows, query.limit)
