"""Heat meters under supervision: what their counters gave each day, and what is marked of them."""

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.serve.access import Connection
from heatstream.serve.formats import Route
from heatstream.serve.paging import At, Page, PagedQuery
from heatstream.serve.problems import NotFound
from heatstream.serve.shapes import Celsius, Day, Instant, Moment, Shape, celsius, centi, check_days
from heatstream.store.read import meters as stored

router = APIRouter(tags=["supervision"], route_class=Route)

MarkKind = Literal["reset", "swap", "rollover", "fall", "jump", "gap", "stuck", "power_mismatch"]
Device = Annotated[str, Path(description="热量表: a device of the registry", max_length=200)]
NO_METER: dict[int | str, dict[str, Any]] = {404: {"description": "no such meter"}}


class OfMeter(Shape):
    """One installation of a device."""

    meter: str = Field(description="热量表: the device")
    installed_at: Instant = Field(description="its installation; another begins counters of its own")
    heat_source: str | None = Field(description="code of the 热源 it stands at")
    station: str | None = Field(description="or of the 换热站")
    household: str | None = Field(description="or 户号")


class MeterDay(OfMeter):
    """A local day of a meter; null = not known. An open day stands as far as it was told."""

    day: dt.date
    energy_wh: int | None = Field(description="heat by the counter: the differences that are the day's [Wh]")
    volume_l: int | None = Field(description="volume by the counter [l]")
    flow_energy_wh: int | None = Field(
        description="flow × ΔT × heat content of water, over the time both are told [Wh]"
    )
    power_energy_wh: int | None = Field(description="power over the time it is told [Wh]")
    estimated_wh: int | None = Field(
        description="of the time that the counter does not tell, by CJJ/T 223-2014 5.3; no part of energy_wh [Wh]"
    )
    estimate: dict[str, Any] | None = Field(description="what the estimate rests on; null = none was made")
    readings: int = Field(description="readings of the day")
    slots_expected: int = Field(description="slots of the meter's interval, up to now")
    slots_valid: int = Field(description="of those: with a reading")
    gap_min: int = Field(description="time in gaps without a reading [min]")
    uncounted_min: int = Field(description="time that the heat counter does not tell [min]")
    heating_min: int = Field(description="time with heat [min]")
    below_curve_min: int | None = Field(description="supply below the curve less tolerance [min]; null = no curve")
    supply_mean_c: Celsius | None = celsius("supply_mean_centi", "mean of the supply by time")
    supply_mean_centi: int | None = centi("the same, exactly")
    return_mean_centi: int | None = centi("mean of the return by time")
    expected_mean_centi: int | None = centi("mean of what the curve expects of the same readings")
    outdoor_mean_centi: int | None = centi("mean of the outdoor temperature as the meter tells it")
    algorithm: int = Field(description="core.metered: frozen id")
    through_batch: int = Field(description="batches up to this one were read when it last changed")


class MeterMark(OfMeter):
    """What was seen in a meter's readings that a person should know."""

    mark: int = Field(validation_alias="id")
    kind: MarkKind
    begins: Instant = Field(description="the last reading before it")
    ends: Instant = Field(description="the first reading after it")
    evidence: dict[str, Any] = Field(description="what was seen, and what it was held against")
    algorithm: int = Field(description="core.counter: frozen id")
    made_at: Instant = Field(description="when it was first seen")
    withdrawn_at: Instant | None = Field(description="later readings showed otherwise; null = it stands")


class MeterDaysQuery(PagedQuery):
    """Which days, both ends included."""

    day_from: Day | None = Field(None, description="first day")
    day_to: Day | None = Field(None, description="last day")


class MeterMarksQuery(PagedQuery):
    """Filters of marks."""

    kind: MarkKind | None = Field(None, description="reset, swap, rollover, fall, jump, gap, stuck or power_mismatch")
    from_: Moment | None = Field(None, alias="from", description="those that end at this instant or later")
    to: Moment | None = Field(None, description="those that begin before this instant")
    withdrawn: bool = Field(False, description="true: those withdrawn, instead of those that stand")


async def _installations(conn: AsyncConnection, device: str) -> list[int]:
    found = await stored.installations(conn, device)
    if not found:
        raise NotFound(f"meter: seen {device!r}, expected a device of the registry (meter.csv)")
    return found


@router.get("/meters/{device}/days", responses=NO_METER)
async def meter_days(
    conn: Connection, cursor: At, device: Device, query: Annotated[MeterDaysQuery, Query()]
) -> Page[MeterDay]:
    """List the days of a meter, the oldest first; of every installation that the device had.

    What the counter told and what is estimated stand beside each other and are never added up here.
    """
    check_days(query.day_from, query.day_to)
    found = await _installations(conn, device)
    rows = await stored.days(
        conn,
        found,
        first=query.day_from,
        last=query.day_to,
        after=cursor.after(tuple[dt.date, int]),
        limit=query.limit + 1,
    )
    return cursor.page(MeterDay, rows, query.limit, lambda each: (each.day, each.meter_id))


@router.get("/meters/{device}/marks", responses=NO_METER)
async def meter_marks(
    conn: Connection, cursor: At, device: Device, query: Annotated[MeterMarksQuery, Query()]
) -> Page[MeterMark]:
    """List what is marked of a meter, by its begin: counters that fall, turn or jump, gaps, values that stand."""
    found = await _installations(conn, device)
    wanted = stored.Wanted(query.kind, query.from_, query.to, query.withdrawn)
    seen = cursor.after(tuple[dt.datetime, int])
    rows = await stored.marks(conn, found, wanted, after=seen, limit=query.limit + 1)
    return cursor.page(MeterMark, rows, query.limit, lambda each: (each.begins, each.id))
