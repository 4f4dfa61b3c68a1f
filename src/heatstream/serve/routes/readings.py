"""Stored readings, day statistics, and who is below the standard now."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from heatstream.serve.access import Connection
from heatstream.serve.formats import Route
from heatstream.serve.paging import At, Page, PagedQuery
from heatstream.serve.problems import BadQuery, NotFound
from heatstream.serve.shapes import (
    Address,
    AsOf,
    Celsius,
    DayFilters,
    Digest,
    Instant,
    Moment,
    Now,
    PlaceFilters,
    Shape,
    celsius,
    centi,
    check_days,
)
from heatstream.store.read import as_of, days, flags, places, statistics
from heatstream.store.read import readings as stored

router = APIRouter(tags=["readings"], route_class=Route)

DEFAULT_PERIOD = dt.timedelta(days=1)


class Reading(Shape):
    """One stored measured value, as it came; it is never changed."""

    point: str = Field(description="监测点")
    observed_at: Instant = Field(description="the device's time")
    received_at: Instant = Field(description="ours")
    gateway_at: Instant | None = Field(description="when the gateway says it sent it")
    temp_c: Celsius = celsius("temp_centi", "the temperature, rounded toward minus infinity")
    temp_centi: int = centi("the same, exactly")
    other_centi: list[int] | None = Field(description="other values the same instant was given [0.01 °C]; null = none")
    decided: bool = Field(description="an officer has decided which value of the instant counts")
    flags: int = Field(description="bits of quality; 0 = nothing noted")
    batch_id: int = Field(description="the batch that stored it; batches are numbered in commit order")


class ReadingQuery(PagedQuery, AsOf):
    """Whose readings, and when: one point or one household."""

    point: str | None = Field(None, description="a device, with every installation it had")
    household: str | None = Field(None, description="户号, with all its points")
    from_: Moment | None = Field(
        None, alias="from", description="first instant, with its offset; without it a day before `to`"
    )
    to: Moment | None = Field(None, description="first instant not included; without it now")

    def period(self, now: dt.datetime) -> stored.Period:
        """Give the instants that are asked for."""
        end = self.to or now
        start = self.from_ or end - DEFAULT_PERIOD
        if start >= end:
            raise BadQuery(f"from: seen {start.isoformat()}, expected an instant before to ({end.isoformat()})")
        return stored.Period(start, end)


@router.get("/readings", responses={404: {"description": "no point is registered for it"}})
async def readings(conn: Connection, cursor: At, now: Now, query: Annotated[ReadingQuery, Query()]) -> Page[Reading]:
    """List the stored readings of one point or one household, by point and then by the device's time.

    An instant with `other_centi` that is not `decided` counts for neither verdict nor coverage. With `as_of` by the
    batches written until then.
    """
    instant = query.instant(now)
    if (query.point is None) == (query.household is None):
        raise BadQuery("point, household: expected one of the two")
    points = await stored.points_of(conn, device=query.point, household_code=query.household)
    if not points:
        raise NotFound(f"no point is registered for {query.point or query.household!r}")
    after = cursor.after(tuple[int, dt.datetime])
    through = stored.NEWEST if instant is None else await as_of.newest_batch(conn, instant)
    rows = await stored.listed(
        conn, points, query.period(now), after=after, limit=query.limit + 1, through_batch=through
    )
    return cursor.page(Reading, rows, query.limit, lambda row: (row.point_id, row.observed_at))


class Statistic(Shape):
    """What the readings of one point and day say, whatever the law.

    Without a prefix 00:00-24:00; `day_` 昼; `night_` 夜, labelled by the date it begins on.
    """

    point: str = Field(description="监测点")
    household: str = Field(description="户号")
    day: dt.date = Field(description="local day")
    algorithm: int = Field(description="frozen number of the way it was computed")
    slot_min: int = Field(description="length of a slot [min]")
    limit_c: Celsius = celsius("limit_centi", "the temperature it was held against")
    limit_centi: int = centi("the same, exactly")
    day_from_min: int = Field(description="昼 begins [minutes after local midnight]")
    day_to_min: int = Field(description="昼 ends, 夜 begins [minutes after local midnight]")
    readings: int = Field(description="readings of the day, those that do not count too")
    conflicts: int = Field(description="instants with two values and no decision")
    slots_expected: int = Field(description="slots of the day")
    slots_valid: int = Field(description="slots with a reading that counts")
    min_c: Celsius | None = celsius("min_centi", "lowest slot")
    min_centi: int | None = centi("lowest slot, exactly")
    sum_centi: int = centi("sum over the valid slots: divided by slots_valid it is the time-weighted mean")
    below_min: int = Field(description="minutes below the limit")
    longest_below_min: int = Field(description="longest time below in one piece [min]")
    day_slots_expected: int
    day_slots_valid: int
    day_min_c: Celsius | None = celsius("day_min_centi", "lowest slot of 昼")
    day_min_centi: int | None = centi("lowest slot of 昼, exactly")
    day_sum_centi: int = centi("sum over the valid slots of 昼")
    day_below_min: int = Field(description="minutes below in 昼")
    night_slots_expected: int
    night_slots_valid: int
    night_min_c: Celsius | None = celsius("night_min_centi", "lowest slot of 夜")
    night_min_centi: int | None = centi("lowest slot of 夜, exactly")
    night_sum_centi: int = centi("sum over the valid slots of 夜")
    night_below_min: int = Field(description="minutes below in 夜")
    hourly_lowest_c: Celsius | None = celsius("hourly_lowest_centi", "lowest hourly mean, floored")
    hourly_lowest_centi: int | None = centi("the same, exactly")
    hourly_mean_c: Celsius | None = celsius("hourly_mean_centi", "mean of the hourly means, floored")
    hourly_mean_centi: int | None = centi("the same, exactly")
    digest: Digest = Field(description="SHA-256 over the readings used, hexadecimal")
    through_batch: int = Field(description="batches up to this one were read")


class StatisticQuery(DayFilters):
    """Filters of day statistics."""

    point: str | None = Field(None, description="one device")


@router.get("/statistics")
async def day_statistics(
    conn: Connection, cursor: At, now: Now, query: Annotated[StatisticQuery, Query()]
) -> Page[Statistic]:
    """List day statistics by day and then by point; they are there whether or not a policy can judge the day."""
    check_days(query.day_from, query.day_to)
    await places.check(conn, query.place())
    span = await days.span(conn, query.day_from, query.day_to, now.date())
    if span is None:
        return Page(rows=[], next=None)
    page = query.page(span, cursor.after(tuple[dt.date, int]))
    rows = await statistics.listed(conn, page, query.place(), query.point)
    return cursor.page(Statistic, rows, query.limit, lambda row: (row.day, row.point_id))


class Flag(Shape):
    """A point that is below the standard now: since when, how cold."""

    point: str = Field(description="监测点")
    room_kind: str | None = Field(description="bedroom, living_room, kitchen, bathroom or other")
    household: str = Field(description="户号")
    address: Address
    building: str = Field(description="code of the 楼栋")
    district: str = Field(description="code of the 区县")
    heat_station: str = Field(description="code of the 换热站")
    company: str = Field(description="code of the 供热企业")
    limit_c: Celsius = celsius("limit_centi", "the standard")
    limit_centi: int = centi("the standard, exactly")
    temp_c: Celsius = celsius("temp_centi", "the newest reading")
    temp_centi: int = centi("the newest reading, exactly")
    lowest_c: Celsius = celsius("lowest_centi", "the lowest since")
    lowest_centi: int = centi("the lowest since, exactly")
    since: Instant = Field(description="the reading that raised the flag")
    stopped: bool = Field(description="the household has stopped its heat 报停 today")
    observed_at: Instant = Field(description="the newest reading")


class FlagQuery(PlaceFilters, PagedQuery):
    """Filters of flags."""


@router.get("/flags")
async def flagged(conn: Connection, cursor: At, query: Annotated[FlagQuery, Query()]) -> Page[Flag]:
    """List the points below the standard now, by the order their flags were raised in.

    A flag is a fact about readings, no finding: it says nothing of the day, the cause or the refund.
    """
    await places.check(conn, query.place())
    rows = await flags.listed(conn, query.place(), after=cursor.after_id(), limit=query.limit + 1)
    return cursor.page(Flag, rows, query.limit)
