"""Heat stations under supervision: what they give now, their days, their supply against the curve, and spans."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Path, Query
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.calendar import Season, day_of
from heatstream.serve.access import Connection
from heatstream.serve.formats import Route
from heatstream.serve.paging import At, Page, PagedQuery, Parameters
from heatstream.serve.problems import BadQuery, NotFound
from heatstream.serve.shapes import Celsius, Day, Digest, Instant, Moment, Now, Shape, celsius, centi, check_days
from heatstream.store.arrays import instants
from heatstream.store.read import places
from heatstream.store.read import stations as stored
from heatstream.store.read.places import Place
from heatstream.store.read.rows import AnyRow
from heatstream.store.stations import SLOT_US, Station
from heatstream.store.timescale import LOCAL
from heatstream.supervision.ground import law_on
from heatstream.supervision.station.supply_series import DAY_SLOTS, SupplySeries, read

router = APIRouter(tags=["supervision"], route_class=Route)

MOST_DAYS = 31
SpanKind = Literal["late_start", "early_stop", "interruption", "low_running"]


class Told(Shape):
    """What a station's meters told in ten minutes: means; several meters are added up."""

    at: Instant = Field(description="the ten minutes begin")
    supply_c: Celsius | None = celsius("supply_centi", "供水温度")
    supply_centi: int | None = centi("the same, exactly")
    return_centi: int | None = centi("回水温度")
    flow_l_h: int | None = Field(description="流量 [l/h]")
    power_w: int | None = Field(description="热功率 [W]")
    outdoor_centi: int | None = centi("outdoor: by the station, else its source, else the official mean of the day")
    expected_centi: int | None = centi(
        "supply that the filed curve expects; null = no curve, or no outdoor temperature"
    )
    due: bool | None = Field(description="heat was due: season, schedule, announced stops; null = no law is in force")


class GoingOn(Shape):
    """A span that stands and goes on."""

    kind: SpanKind
    begins: Instant
    matter: str | None = Field(description="code of its incident")


class StationNow(Shape):
    """A heat station and what it gives now."""

    station: str = Field(description="code of the 换热站")
    station_name: str
    heat_source: str = Field(description="code of the 热源")
    company: str = Field(description="code of the 供热企业")
    due: bool | None = Field(description="heat is due now; null = no law is in force, so nobody knows")
    last: Told | None = Field(description="the last ten minutes that its meters told of, within a day; null = none")
    going_on: list[GoingOn] = Field(description="spans that stand and go on")


class StationQuery(PagedQuery):
    """Filters of stations."""

    company: str | None = Field(None, description="code of a 供热企业")
    heat_source: str | None = Field(None, description="code of a 热源")


class StationDay(Shape):
    """A closed day of a station, of its meters and of its homes."""

    day: dt.date
    due_min: int = Field(description="heat was due [min]")
    known_min: int = Field(description="of those: the meter told [min]")
    without_min: int = Field(description="of those: without heat [min]")
    low_min: int = Field(description="of those: supply below the curve less tolerance [min]")
    homes: int = Field(description="residential households supplied, without those 报停")
    monitored: int = Field(description="of those: with a statistic of the day")
    below: int = Field(description="of the monitored: with minutes below the standard")
    lowest_centi: int | None = centi("lowest of the homes")
    mean_centi: int | None = centi("mean of the homes' means, floored")
    algorithm: int = Field(description="core.supply: frozen id")
    rules_hash: Digest = Field(description="SHA-256 of the rules of supervision it was made by")
    watermark: str | None = Field(description="must stand wherever this is shown")


class DaysQuery(PagedQuery):
    """Which days, both ends included."""

    day_from: Day | None = Field(None, description="first day")
    day_to: Day | None = Field(None, description="last day")


class SupplyQuery(Parameters):
    """Which period: at most 31 days."""

    from_: Moment | None = Field(None, alias="from", description="first instant; without it a day before `to`")
    to: Moment | None = Field(None, description="first instant not included; without it now")


class Supply(Shape):
    """A station's supply against its curve."""

    station: str
    rows: list[Told] = Field(description="every ten minutes of the period; null where the meters told nothing")


class Span(Shape):
    """A late start, an early stop, an interruption or low running, as meters and homes show it."""

    span: int = Field(validation_alias="id")
    station: str
    company: str
    kind: SpanKind
    begins: Instant
    known_at: Instant = Field(description="when the readings by which it was known were in")
    ends: Instant | None = Field(description="first instant after it; null = it goes on")
    matter: str | None = Field(description="code of its incident")
    evidence: dict[str, Any] = Field(description="of the supply, of the homes, and the limits they were held to")
    algorithm: int = Field(description="core.supply: frozen id")
    made_at: Instant = Field(description="when it was first seen")
    withdrawn_at: Instant | None = Field(description="later data showed otherwise; null = it stands")
    rules_hash: Digest
    watermark: str | None


class SpanQuery(PagedQuery):
    """Filters of spans."""

    station: str | None = Field(None, description="code of a 换热站")
    company: str | None = Field(None, description="code of a 供热企业")
    kind: SpanKind | None = Field(None, description="late_start, early_stop, interruption or low_running")
    from_: Moment | None = Field(None, alias="from", description="those that reach beyond this instant")
    to: Moment | None = Field(None, description="those that begin before this instant")
    going_on: bool | None = Field(None, description="true: without an end; false: with one")
    withdrawn: bool = Field(False, description="true: those withdrawn, instead of those that stand")


async def _season(conn: AsyncConnection, now: dt.datetime) -> Season | None:
    law = await law_on(conn, now)
    return None if law is None else law.season_until(day_of(now.astimezone(LOCAL).date()))


def _slot_before(at: dt.datetime) -> int:
    """Find the begin of the ten minutes that an instant lies in [µs]."""
    return int(at.timestamp() * 1_000_000) // SLOT_US * SLOT_US


def _told(series: SupplySeries, row: int, slot: int) -> dict[str, Any]:
    told, expected = series.told, series.expected
    there = bool(told.valid[row, slot])
    measured = {name: int(getattr(told, name)[row, slot]) if there else None for name in _MEASURED}
    outdoor = int(told.outdoor_centi[row, slot]) if told.outdoor_known[row, slot] else None
    wanted = int(expected.supply_centi[row, slot]) if expected.has_curve[row, slot] else None
    due = None if series.due is None else bool(series.due[row, slot])
    at = instants(np.array([series.at_us(slot)]))[0]
    return {"at": at, **measured, "outdoor_centi": outdoor, "expected_centi": wanted, "due": due}


_MEASURED = ("supply_centi", "return_centi", "flow_l_h", "power_w")


def _last(series: SupplySeries, row: int) -> dict[str, Any] | None:
    told = np.flatnonzero(series.told.valid[row])
    return _told(series, row, int(told[-1])) if told.size else None


def _group(rows: Sequence[AnyRow]) -> list[Station]:
    return [Station(row.id, row.station, row.heat_source_id) for row in rows]


@router.get("/stations")
async def stations(conn: Connection, cursor: At, now: Now, query: Annotated[StationQuery, Query()]) -> Page[StationNow]:
    """List heat stations with what they give now, what is expected of them, and the spans that go on."""
    await places.check(conn, Place(company=query.company))
    rows = await stored.listed(
        conn,
        company_code=query.company,
        source_code=query.heat_source,
        after=cursor.after_id(),
        limit=query.limit + 1,
    )
    group = _group(rows)
    series = await read(conn, group, _slot_before(now), 1, await _season(conn, now))
    open_: dict[int, list[AnyRow]] = {}
    for span in await stored.going_on(conn, [each.id for each in group]):
        open_.setdefault(span.heat_station_id, []).append(span)
    told = [
        {
            **{name: getattr(row, name) for name in stored.NAMED},
            "due": None if series.due is None else bool(series.due[place, -1]),
            "last": _last(series, place),
            "going_on": open_.get(row.id, []),
        }
        for place, row in enumerate(rows)
    ]
    return cursor.page(StationNow, told, query.limit, lambda each: (each["id"],))


Code = Annotated[str, Path(description="code of the 换热站", max_length=200)]


async def _station(conn: AsyncConnection, code: str) -> AnyRow:
    found = await stored.by_code(conn, code)
    if found is None:
        raise NotFound(f"station: seen {code!r}, expected a code of the registry (heat_station.csv)")
    return found


@router.get("/stations/{code}/days", responses={404: {"description": "no such station"}})
async def station_days(
    conn: Connection, cursor: At, code: Code, query: Annotated[DaysQuery, Query()]
) -> Page[StationDay]:
    """List the closed days of a station, the oldest first."""
    check_days(query.day_from, query.day_to)
    found, seen = await _station(conn, code), cursor.after(tuple[dt.date])
    rows = await stored.days(
        conn,
        found.id,
        first=query.day_from,
        last=query.day_to,
        after=seen[0] if seen else None,
        limit=query.limit + 1,
    )
    return cursor.page(StationDay, rows, query.limit, lambda each: (each.day,))


@router.get("/stations/{code}/supply", responses={404: {"description": "no such station"}})
async def station_supply(conn: Connection, now: Now, code: Code, query: Annotated[SupplyQuery, Query()]) -> Supply:
    """Give a station's supply against its curve, every ten minutes of a period."""
    found, end = await _station(conn, code), query.to or now
    begin = query.from_ or end - dt.timedelta(days=1)
    begin_us, slots = _slot_before(begin), -((_slot_before(begin) - int(end.timestamp() * 1_000_000)) // SLOT_US)
    if not 0 < slots <= MOST_DAYS * DAY_SLOTS:
        raise BadQuery(f"from, to: seen {begin.isoformat()} to {end.isoformat()}, expected up to {MOST_DAYS} days")
    series = await read(conn, _group([found]), begin_us, slots, await _season(conn, end))
    rows = [_told(series, 0, slot) for slot in range(DAY_SLOTS, DAY_SLOTS + slots)]
    return Supply(station=code, rows=[Told.model_validate(each) for each in rows])


@router.get("/spans")
async def spans(conn: Connection, cursor: At, query: Annotated[SpanQuery, Query()]) -> Page[Span]:
    """List what was seen of stations, in the order it was seen in."""
    await places.check(conn, Place(company=query.company, heat_station=query.station))
    wanted = stored.Wanted(
        station=query.station,
        company=query.company,
        kind=query.kind,
        start=query.from_,
        end=query.to,
        going_on=query.going_on,
        withdrawn=query.withdrawn,
    )
    rows = await stored.spans(conn, wanted, after=cursor.after_id(), limit=query.limit + 1)
    return cursor.page(Span, rows, query.limit)
