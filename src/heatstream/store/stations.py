"""What heat stations are looked at by: meters laid on slots, their places in the registry, and their homes.

Slots have ten minutes. A slot holds the mean of its readings; where a meter is read less often, a reading stands for
the meter's interval. A station with several meters is the sum of them, and tells only while all of them do.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    DOUBLE_PRECISION,
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    Interval,
    Select,
    SmallInteger,
    Subquery,
    Text,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.calendar import DAY_MIN, DAY_US, MINUTE_US, local_days
from heatstream.core.curve import NO_CURVE, Curve
from heatstream.core.units import Count, Exact, Mask
from heatstream.store.copy import Column, Rows, copy_in, copy_out_all
from heatstream.store.dated import holds_on
from heatstream.store.read.stopped import stopped_on
from heatstream.store.tables import (
    Instant,
    building,
    contract,
    day_statistic,
    heat_station,
    heating_schedule,
    household,
    maintenance,
    meter,
    meter_reading,
    outdoor_day,
    point,
    reading,
    registry_change,
    station_day,
    stop_period,
    weather_curve,
    weather_curve_point,
)

SLOT_MIN: Final = 10
SLOT_US: Final = SLOT_MIN * MINUTE_US
HOUR_US: Final = 60 * MINUTE_US
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """Whole slots of ten minutes, [begin, end)."""

    begin_us: int
    slots: int

    @property
    def begin(self) -> dt.datetime:
        return _instant(self.begin_us)

    @property
    def end(self) -> dt.datetime:
        return _instant(self.begin_us + self.slots * SLOT_US)

    def place(self, instant_us: Any) -> Any:
        """Find the slot that an instant lies in; not within the window if the instant is not."""
        return (instant_us - self.begin_us) // SLOT_US

    def days(self) -> NDArray[np.int32]:
        """(slots,) local day of each slot."""
        return local_days(self.begin_us + np.arange(self.slots, dtype=np.int64) * SLOT_US)


def _instant(micros: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=micros)


def _micros(instant: dt.datetime) -> int:
    return (instant - _EPOCH) // dt.timedelta(microseconds=1)


def _ids(values: Sequence[int]) -> BindParameter[Sequence[int]]:
    return bindparam(None, list(values), ARRAY(Integer))


# --- who there is -----------------------------------------------------------------------------------------------------


class Station(NamedTuple):
    """A heat station."""

    id: int
    code: str
    heat_source_id: int


async def listed(conn: AsyncConnection, *, metered: bool) -> list[Station]:
    """List the stations by id; those alone that have, or had, a meter, or all."""
    with_meter = select(1).where(meter.c.heat_station_id == heat_station.c.id)
    query = select(heat_station.c.id, heat_station.c.code, heat_station.c.heat_source_id).order_by(heat_station.c.id)
    return [Station(*row) for row in await conn.execute(query.where(with_meter.exists()) if metered else query)]


async def touched(conn: AsyncConnection, after_batch: int) -> dict[int, dt.datetime]:
    """Tell from when on stations have meter readings of later batches than one; their sources' count for them."""
    later = (
        select(meter_reading.c.meter_id, func.min(meter_reading.c.observed_at).label("at"))
        .where(meter_reading.c.batch_id > after_batch)
        .group_by(meter_reading.c.meter_id)
        .cte("later")
    )
    told = meter.join(later, later.c.meter_id == meter.c.id)
    of_stations = select(meter.c.heat_station_id, later.c.at).select_from(told).where(meter.c.heat_station_id > 0)
    of_sources = select(heat_station.c.id, later.c.at).select_from(
        told.join(heat_station, heat_station.c.heat_source_id == meter.c.heat_source_id)
    )
    found: dict[int, dt.datetime] = {}
    for station_id, at in await conn.execute(union_all(of_stations, of_sources)):
        found[station_id] = min(at, found.get(station_id, at))
    return found


async def counted_days(conn: AsyncConnection, after_batch: int) -> set[dt.date]:
    """Tell the days with statistics of homes of later batches than one."""
    query = select(day_statistic.c.day).where(day_statistic.c.through_batch > after_batch).distinct()
    return set(await conn.scalars(query))


async def days_told(conn: AsyncConnection, first: dt.date, last: dt.date) -> set[dt.date]:
    """Tell the days that have rows of `station_day`."""
    query = select(station_day.c.day).where(station_day.c.day.between(first, last)).distinct()
    return set(await conn.scalars(query))


FILED: Final = ("weather_curve", "heating_schedule", "maintenance")


async def filed_since(conn: AsyncConnection, after_change: int) -> tuple[int, dt.date | None]:
    """Tell the registry's newest change, and the first day that later changes of curves, schedules and stops touch."""
    newest = int(await conn.scalar(select(func.coalesce(func.max(registry_change.c.id), 0))) or 0)
    c = registry_change.c
    begins = func.coalesce(c.after["begins"].astext, c.after["valid_from"].astext)
    began = func.coalesce(c.before["begins"].astext, c.before["valid_from"].astext)
    dated = select(func.least(begins, began)).where(c.id > after_change, c.noun.in_(FILED))
    of_points = (
        select(cast(weather_curve.c.valid_from, Text))
        .join(registry_change, c.after["weather_curve_id"].astext == cast(weather_curve.c.id, Text))
        .where(c.id > after_change, c.noun == "weather_curve_point")
    )
    found = [dt.date.fromisoformat(str(each)[:10]) for each in await conn.scalars(union_all(dated, of_points)) if each]
    return newest, min(found, default=None)


# --- what meters told -------------------------------------------------------------------------------------------------


class Meter(NamedTuple):
    """One installation at a station, or at a source."""

    id: int
    heat_station_id: int | None
    heat_source_id: int | None
    interval_min: int
    valid_from: dt.datetime
    valid_to: dt.datetime | None


async def _meters(conn: AsyncConnection, stations: Sequence[Station], window: Window) -> list[Meter]:
    columns = [meter.c[name] for name in Meter._fields]
    query = (
        select(*columns)
        .where(
            or_(
                meter.c.heat_station_id == func.any(_ids([each.id for each in stations])),
                meter.c.heat_source_id == func.any(_ids(sorted({each.heat_source_id for each in stations}))),
            ),
            meter.c.valid_from < window.end,
            or_(meter.c.valid_to.is_(None), meter.c.valid_to > window.begin),
        )
        .order_by(meter.c.id)
    )
    return [Meter(*row) for row in await conn.execute(query)]


def slot_means(meter_ids: Sequence[int], window: Window) -> Select[Any]:
    """Average what meters told in each slot: structured rows for `copy_out`.

    Readings with supply and return, and with power or flow; the one of the two that is missing follows from the other
    at 1.163 Wh/(l·K).
    """
    c = meter_reading.c
    whole = and_(
        c.supply_centi.is_not(None), c.return_centi.is_not(None), or_(c.power_w.is_not(None), c.flow_l_h.is_not(None))
    )
    drop = cast(c.supply_centi - c.return_centi, BigInteger)
    flow = func.coalesce(c.flow_l_h, case((drop > 0, c.power_w * 100_000 / (1163 * drop)), else_=0))
    power = func.coalesce(c.power_w, cast(c.flow_l_h, BigInteger) * drop * 1163 / 100_000)
    slot = _bin(c.observed_at, SLOT_MIN, window)
    return (
        select(
            c.meter_id,
            slot.label("slot"),
            cast(func.count().filter(whole), Integer).label("readings"),
            _mean(c.supply_centi, whole).label("supply_centi"),
            _mean(c.return_centi, whole).label("return_centi"),
            _mean(flow, whole).label("flow_l_h"),
            _mean(power, whole).label("power_w"),
            cast(func.count(c.outdoor_centi), Integer).label("outdoors"),
            _mean(c.outdoor_centi, c.outdoor_centi.is_not(None)).label("outdoor_centi"),
        )
        .where(c.meter_id == func.any(_ids(meter_ids)), c.observed_at >= window.begin, c.observed_at < window.end)
        .group_by(c.meter_id, slot)
    )


def _bin(at: ColumnElement[dt.datetime], minutes: int, window: Window) -> ColumnElement[dt.datetime]:
    """Cut instants to whole pieces of so many minutes from the window's begin on."""
    width = literal(dt.timedelta(minutes=minutes), Interval)
    return func.date_bin(width, at, literal(window.begin, Instant), type_=Instant)


def _mean(value: ColumnElement[Any], mask: ColumnElement[bool]) -> ColumnElement[int]:
    """Average whole numbers exactly: their sums stay below 2^53."""
    total = func.sum(cast(value, DOUBLE_PRECISION)).filter(mask)
    return cast(func.coalesce(func.round(total / func.count().filter(mask)), 0), BigInteger)


@dataclass(frozen=True, slots=True)
class Told:
    """What the meters of some stations told, (stations, slots) each; as `core.supply.StationSeries` holds it."""

    supply_centi: Count
    return_centi: Count
    flow_l_h: Count
    power_w: Exact
    valid: Mask
    outdoor_centi: Count
    outdoor_known: Mask
    interval_min: Count
    """(stations,)"""
    metered: Mask
    """(stations,): a meter is installed in some slot."""


async def told(conn: AsyncConnection, stations: Sequence[Station], window: Window) -> Told:
    """Read what the meters of these stations told in a window."""
    meters = await _meters(conn, stations, window)
    rows = await copy_out_all(conn, slot_means([each.id for each in meters], window))
    official = await _official_means(conn, window)
    return laid(stations, meters, rows, official, window)


async def _official_means(conn: AsyncConnection, window: Window) -> Mapping[int, int]:
    """Official outdoor means of the window's local days, by day [0.01 °C]."""
    days = window.days()
    first, last = (np.datetime64(int(day), "D").item() for day in (days[0], days[-1]))
    query = select(outdoor_day.c.day, outdoor_day.c.mean_centi).where(outdoor_day.c.day.between(first, last))
    return {(row[0] - _EPOCH.date()).days: row[1] for row in await conn.execute(query)}


def laid(
    stations: Sequence[Station], meters: Sequence[Meter], rows: Rows, official: Mapping[int, int], window: Window
) -> Told:
    """Lay slot means on (stations, slots)."""
    shape = (len(stations), window.slots)
    place = _places(stations, meters)
    row, slot = place[rows["meter_id"]], window.place(rows["slot"])
    mine = (row >= 0) & (rows["readings"] > 0)
    at = (row[mine], slot[mine])
    count, total = np.zeros(shape, np.int32), np.zeros((4, *shape), np.int64)
    np.add.at(count, at, 1)
    for sums, name in zip(total, ("supply_centi", "return_centi", "flow_l_h", "power_w"), strict=True):
        np.add.at(sums, at, rows[name][mine])
    installed = _installed(stations, meters, window)
    told_all = (count > 0) & (count >= installed)
    interval = _intervals(stations, meters)
    held, valid = _held(told_all, interval)
    supply, back, flow, power = (np.take_along_axis(each, held, axis=1) for each in total)
    meters_told = np.maximum(np.take_along_axis(count, held, axis=1), 1)
    outdoor, known = _outdoor(stations, meters, rows, official, window)
    return Told(
        supply_centi=(supply // meters_told).astype(np.int32),
        return_centi=(back // meters_told).astype(np.int32),
        flow_l_h=np.minimum(flow, np.iinfo(np.int32).max).astype(np.int32),
        power_w=power,
        valid=valid,
        outdoor_centi=outdoor,
        outdoor_known=known,
        interval_min=interval,
        metered=installed.max(axis=1, initial=0) > 0,
    )


def _places(stations: Sequence[Station], meters: Sequence[Meter]) -> NDArray[np.int64]:
    """Row of the station of each meter id; -1 = of none of these."""
    row_of = {each.id: row for row, each in enumerate(stations)}
    place = np.full(max((each.id for each in meters), default=0) + 1, -1, np.int64)
    for each in meters:
        if each.heat_station_id is not None:
            place[each.id] = row_of.get(each.heat_station_id, -1)
    return place


def _installed(stations: Sequence[Station], meters: Sequence[Meter], window: Window) -> Count:
    """So many meters are installed at each station throughout each slot."""
    row_of = {each.id: row for row, each in enumerate(stations)}
    installed = np.zeros((len(stations), window.slots), np.int32)
    for each in meters:
        row = row_of.get(each.heat_station_id or 0, -1)
        if row >= 0:
            begin = -(-(_micros(each.valid_from) - window.begin_us) // SLOT_US)
            end = window.slots if each.valid_to is None else window.place(_micros(each.valid_to))
            installed[row, max(begin, 0) : max(end, 0)] += 1
    return installed


def _intervals(stations: Sequence[Station], meters: Sequence[Meter]) -> Count:
    longest = {each.id: SLOT_MIN for each in stations}
    for each in meters:
        if each.heat_station_id in longest:
            longest[each.heat_station_id] = max(longest[each.heat_station_id], each.interval_min)
    return np.array(list(longest.values()), np.int32)


def _held(told_all: Mask, interval_min: Count) -> tuple[NDArray[np.int64], Mask]:
    """Slot whose values stand in each slot, and whether there is one: a reading stands for its meter's interval."""
    slot = np.arange(told_all.shape[1])
    last = np.maximum.accumulate(np.where(told_all, slot, -1), axis=1)
    valid = (last >= 0) & (slot - last < np.maximum(interval_min // SLOT_MIN, 1)[:, None])
    return np.maximum(last, 0), valid


def _outdoor(
    stations: Sequence[Station], meters: Sequence[Meter], rows: Rows, official: Mapping[int, int], window: Window
) -> tuple[Count, Mask]:
    """The outdoor temperature by the station's own meter, else its source's, else the official mean of the day."""
    days = window.days()
    centi = np.tile(np.array([official.get(int(day), 0) for day in days], np.int32), (len(stations), 1))
    known = np.tile(np.isin(days, list(official)), (len(stations), 1))
    by_source = {each.id: each.heat_source_id or 0 for each in meters}
    by_station = {each.id: each.heat_station_id or 0 for each in meters}
    for place_of, mine in (
        (by_source, [each.heat_source_id for each in stations]),
        (by_station, [each.id for each in stations]),
    ):
        told_centi, told_known = _outdoor_at(place_of, mine, rows, window)
        centi, known = np.where(told_known, told_centi, centi), known | told_known
    return centi, known


def _outdoor_at(place_of: Mapping[int, int], places: Sequence[int], rows: Rows, window: Window) -> tuple[Count, Mask]:
    """Lay what meters told of the weather on (places, slots); `place_of` tells where each meter is, 0 = elsewhere."""
    codes, row_of = np.unique(np.array(places, np.int64), return_inverse=True)
    centi, known = np.zeros((len(codes), window.slots), np.int32), np.zeros((len(codes), window.slots), np.bool_)
    told_here = rows[rows["outdoors"] > 0]
    place = np.array([place_of[each] for each in told_here["meter_id"].tolist()], np.int64)
    here = np.isin(place, codes)
    at = (np.searchsorted(codes, place[here]), window.place(told_here["slot"][here]))
    centi[at], known[at] = told_here["outdoor_centi"][here], True
    return centi[row_of], known[row_of]


# --- what the registry says of them -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filed:
    """Curves, schedules and announced stops, laid on slots."""

    curves: tuple[Curve, ...]
    curve: NDArray[np.int64]
    """(stations, slots) place in `curves`; NO_CURVE = none."""
    scheduled: Mask
    """(stations, slots): within the filed schedule; true without one."""
    announced: Mask
    """(stations, slots): within an announced stop."""


async def filed(conn: AsyncConnection, stations: Sequence[Station], window: Window) -> Filed:
    """Read what is filed and announced of stations and their sources."""
    curves, curve = await _curves(conn, stations, window)
    return Filed(curves, curve, await _scheduled(conn, stations, window), await _announced(conn, stations, window))


def _holding(row: Any, days: NDArray[np.int32]) -> Mask:
    holds: Mask = days >= (row.valid_from - _EPOCH.date()).days
    return holds if row.valid_to is None else holds & (days <= (row.valid_to - _EPOCH.date()).days)


async def _filed_curves(conn: AsyncConnection) -> list[tuple[Any, Curve]]:
    """Every curve with its row; those of sources first, the older before the newer: who comes later, holds."""
    points: dict[int, list[tuple[int, int]]] = {}
    c = weather_curve_point.c
    for row in await conn.execute(select(weather_curve_point).order_by(c.weather_curve_id, c.outdoor_centi)):
        points.setdefault(row.weather_curve_id, []).append((row.outdoor_centi, row.supply_centi))
    order = (weather_curve.c.heat_station_id.is_not(None), weather_curve.c.valid_from, weather_curve.c.id)
    rows = await conn.execute(select(weather_curve).order_by(*order))
    return [(row, Curve(*np.array(points[row.id], np.int32).T)) for row in rows if row.id in points]


async def _curves(
    conn: AsyncConnection, stations: Sequence[Station], window: Window
) -> tuple[tuple[Curve, ...], NDArray[np.int64]]:
    """The curve of the source holds where the station has none of its own; of two that hold, the later one."""
    laid_curve = np.full((len(stations), window.slots), NO_CURVE, np.int64)
    filed_curves = await _filed_curves(conn)
    for number, (row, _) in enumerate(filed_curves):
        mine = [place for place, each in enumerate(stations) if _is_of(row, each)]
        if mine:
            laid_curve[np.ix_(np.array(mine), np.flatnonzero(_holding(row, window.days())))] = number
    return tuple(curve for _, curve in filed_curves), laid_curve


async def curves_of_meters(
    conn: AsyncConnection, meter_ids: Sequence[int], day: dt.date
) -> list[tuple[Curve, list[int]]]:
    """Tell the curves that hold on a day, each with the meters it holds for: a station's own, else its source's."""
    query = (
        select(
            meter.c.id, meter.c.heat_station_id, func.coalesce(meter.c.heat_source_id, heat_station.c.heat_source_id)
        )
        .select_from(meter.outerjoin(heat_station, heat_station.c.id == meter.c.heat_station_id))
        .where(meter.c.id == func.any(_ids(meter_ids)))
    )
    meters = [(row[0], Station(row[1] or 0, "", row[2] or 0)) for row in await conn.execute(query)]
    holding: dict[int, int] = {}
    curves = await _filed_curves(conn)
    for number, (row, _) in enumerate(curves):
        if _holding(row, np.array([(day - _EPOCH.date()).days], np.int32))[0]:
            holding |= {meter_id: number for meter_id, where in meters if _is_of(row, where)}
    found: dict[int, list[int]] = {}
    for meter_id, number in holding.items():
        found.setdefault(number, []).append(meter_id)
    return [(curves[number][1], meter_ids_) for number, meter_ids_ in found.items()]


def _is_of(row: Any, station: Station) -> bool:
    return bool(station.id == row.heat_station_id or station.heat_source_id == row.heat_source_id)


async def _scheduled(conn: AsyncConnection, stations: Sequence[Station], window: Window) -> Mask:
    """A schedule lists its windows of heat, and counts from the day it is filed."""
    row_of = {each.id: row for row, each in enumerate(stations)}
    days, minute = window.days(), _minutes(window)
    weekday = (days + 3) % 7 + 1  # 1970-01-01 was a Thursday
    has_one, heats = (np.zeros((len(stations), window.slots), np.bool_) for _ in range(2))
    query = select(heating_schedule).where(heating_schedule.c.heat_station_id == func.any(_ids(list(row_of))))
    for each in await conn.execute(query):
        row = row_of[each.heat_station_id]
        holds = _holding(each, days) & (days >= (each.filed_on - _EPOCH.date()).days)
        has_one[row] |= holds
        on_these = np.isin(weekday, [int(digit) for digit in each.weekdays])
        heats[row] |= holds & on_these & (minute >= each.from_min) & (minute + SLOT_MIN <= each.to_min)
    return heats | ~has_one


def _minutes(window: Window) -> NDArray[np.int64]:
    """(slots,) local minute of the day that each slot begins in."""
    begins = window.begin_us + np.arange(window.slots, dtype=np.int64) * SLOT_US
    return (begins + 8 * HOUR_US) % DAY_US // MINUTE_US % DAY_MIN


async def _announced(conn: AsyncConnection, stations: Sequence[Station], window: Window) -> Mask:
    """A stop counts from when users were told of it, if that was after its begin; slots it touches are within it."""
    announced = np.zeros((len(stations), window.slots), np.bool_)
    query = select(maintenance).where(maintenance.c.begins < window.end, maintenance.c.ends > window.begin)
    for each in await conn.execute(query):
        begin = int(window.place(_micros(max(each.begins, each.announced_at))))
        end = -int(-(_micros(each.ends) - window.begin_us) // SLOT_US)
        mine = [number for number, station in enumerate(stations) if _is_of(each, station)]
        announced[mine, max(begin, 0) : max(end, 0)] = True
    return announced


@dataclass(frozen=True, slots=True)
class Supplied:
    """What stations supply on a day, (stations,) each."""

    station_id: Count
    area_centi_m2: Exact
    """收费面积, else 建筑面积, of what is supplied; 0 = the registry does not tell."""
    homes: Count
    """Residential households, without those 报停."""

    def of(self, station_ids: Sequence[int]) -> "Supplied":
        """Take these stations, in their order; one that supplies nothing has 0."""
        ids = np.array(station_ids, np.int32)
        _, place, here = np.intersect1d(ids, self.station_id, return_indices=True)
        area, homes = np.zeros(ids.shape, np.int64), np.zeros(ids.shape, np.int32)
        area[place], homes[place] = self.area_centi_m2[here], self.homes[here]
        return Supplied(ids, area, homes)


def _agreed(day: dt.date) -> Subquery:
    """The contract of each household that holds on a day; of two, the later one."""
    area = func.coalesce(contract.c.billed_area_centi_m2, contract.c.building_area_centi_m2)
    return (
        select(contract.c.household_id, contract.c.supplied, area.label("area"))
        .where(holds_on(contract, day))
        .order_by(contract.c.household_id, contract.c.valid_from.desc(), contract.c.id.desc())
        .ext(distinct_on(contract.c.household_id))
        .subquery("agreed")
    )


def _without(day: dt.date) -> ColumnElement[bool]:
    """Say of a household that it is supplied nothing on a day: as `store.read.stopped` says it, for all at once.

    By `exists` and not by `in`, which would be looked through for each of a city's homes once it is too large to hash.
    """
    agreed = _agreed(day)
    them = union_all(
        select(stop_period.c.household_id).where(holds_on(stop_period, day)),
        select(agreed.c.household_id).where(~agreed.c.supplied),
    ).subquery("without")
    return select(1).select_from(them).where(them.c.household_id == household.c.id).correlate(household).exists()


async def supplied(conn: AsyncConnection, day: dt.date) -> Supplied:
    """Add up what the registry says of the households of every station; those 报停 are supplied nothing."""
    agreed = _agreed(day)
    query = (
        select(
            building.c.heat_station_id,
            cast(func.coalesce(func.sum(agreed.c.area), 0), BigInteger).label("area_centi_m2"),
            cast(func.count().filter(household.c.kind == "residential"), Integer).label("homes"),
        )
        .select_from(
            household.join(building, building.c.id == household.c.building_id).outerjoin(
                agreed, agreed.c.household_id == household.c.id
            )
        )
        .where(holds_on(household, day), ~_without(day))
        .group_by(building.c.heat_station_id)
    )
    rows = np.array([tuple(row) for row in await conn.execute(query)], np.int64).reshape(-1, 3)
    return Supplied(rows[:, 0].astype(np.int32), rows[:, 1], rows[:, 2].astype(np.int32))


# --- what their homes told --------------------------------------------------------------------------------------------


async def indoor(
    conn: AsyncConnection, station_ids: Sequence[int], window: Window, *, least_points: int
) -> tuple[Count, Mask]:
    """Average the homes of stations by the hour; an hour's mean stands once the hour is over, for an hour.

    Each point counts by what it moved from hour to hour, so that one that falls silent moves nothing. Points of homes
    报停 on the window's last day are left out.

    Returns
    -------
    (stations, slots) int32 [0.01 °C], and whether `least_points` or more stand behind it
    """
    rows = await copy_out_all(conn, _hourly(station_ids, window))
    return indoor_laid(station_ids, rows, window, least_points=least_points)


def indoor_laid(station_ids: Sequence[int], rows: Rows, window: Window, *, least_points: int) -> tuple[Count, Mask]:
    """Lay hourly means of points on (stations, slots)."""
    hours = -(-window.slots * SLOT_MIN // 60)
    station_row = {each: row for row, each in enumerate(station_ids)}
    points, point_row = np.unique(rows["point_id"], return_inverse=True)
    station = np.zeros(len(points), np.int64)
    station[point_row] = [station_row[each] for each in rows["heat_station_id"].tolist()]
    at = (point_row, (rows["hour"] - window.begin_us) // HOUR_US)
    value, told_then = np.zeros((len(points), hours), np.int64), np.zeros((len(points), hours), np.bool_)
    value[at], told_then[at] = rows["mean_centi"], True
    level = _station_levels(value, told_then, station, len(station_ids))
    count = np.zeros((len(station_ids), hours), np.int32)
    np.add.at(count, station, told_then)
    return _stands_after(level, window), _stands_after(count, window) >= least_points


def _hourly(station_ids: Sequence[int], window: Window) -> Select[Any]:
    """Hourly means of the points of homes: structured rows for `copy_out`."""
    last_day = np.datetime64(int(window.days()[-1]), "D").item()
    hour = _bin(reading.c.observed_at, 60, window)
    return (
        select(
            building.c.heat_station_id,
            reading.c.point_id,
            hour.label("hour"),
            cast(func.sum(reading.c.temp_centi) / func.count(), Integer).label("mean_centi"),
        )
        .select_from(
            building.join(household, household.c.building_id == building.c.id)
            .join(point, point.c.household_id == household.c.id)
            .join(reading, reading.c.point_id == point.c.id)
        )
        .where(
            building.c.heat_station_id == func.any(_ids(station_ids)),
            household.c.kind == "residential",
            ~stopped_on(last_day),
            reading.c.observed_at >= window.begin,
            reading.c.observed_at < window.end,
        )
        .group_by(building.c.heat_station_id, reading.c.point_id, hour)
    )


def _station_levels(value: Exact, told: Mask, station: NDArray[np.int64], stations: int) -> Count:
    """Follow each station from hour to hour by the mean of what its points moved: (points, hours) to (stations, hours).

    A point moves from when it last told, within NEAR_HOURS; while others told in the hour before, one that did not says
    nothing of this one.
    """
    hour = np.arange(value.shape[1])
    last = np.maximum.accumulate(np.where(told, hour, -NEAR_HOURS - 1), axis=1)
    before = np.concatenate([np.full((len(value), 1), -NEAR_HOURS - 1), last[:, :-1]], axis=1)
    since = hour - before
    moved = np.where(told & (since <= NEAR_HOURS), value - np.take_along_axis(value, np.maximum(before, 0), axis=1), 0)
    at_once, late = told & (since == 1), told & (since > 1) & (since <= NEAR_HOURS)
    counts = np.zeros((stations, value.shape[1]), np.int64)
    np.add.at(counts, station, at_once)
    use = at_once | (late & (counts[station] == 0))
    total, count = np.zeros(counts.shape, np.int64), np.zeros(counts.shape, np.int64)
    np.add.at(total, station, np.where(use, moved, 0))
    np.add.at(count, station, use)
    start = np.bincount(station, weights=value[np.arange(len(value)), told.argmax(axis=1)], minlength=stations)
    base = start.astype(np.int64) // np.maximum(np.bincount(station, minlength=stations), 1)
    steps = total * _FINE // np.maximum(count, 1)
    return (base[:, None] + np.cumsum(steps, axis=1) // _FINE).astype(np.int32)


NEAR_HOURS: Final = 6
_FINE: Final = 10_000
"""Steps are added up in fine parts of 0.01 K, so that flooring each moves nothing."""


def _stands_after(hourly: Count, window: Window) -> Count:
    """Lay hours on slots: an hour's value from its last slot on, until the next hour's."""
    of_slot = (np.arange(window.slots) + 1) * SLOT_MIN // 60 - 1
    return np.where(of_slot >= 0, hourly[:, np.maximum(of_slot, 0)], 0)


# --- a day of theirs --------------------------------------------------------------------------------------------------


FAR: Final = np.iinfo(np.int16).max
"""Stands for a temperature that no home told."""


def homes_query(station_ids: Sequence[int], day: dt.date) -> Select[Any]:
    """Count the homes of stations with a statistic of a day: structured rows for `copy_out`, a row a station.

    A home with several points is below if one of them is; its mean is the mean of theirs.
    """
    told_hours = day_statistic.c.hourly_mean_centi.is_not(None)
    homes = (
        select(
            building.c.heat_station_id,
            func.bool_or(day_statistic.c.below_min > 0).label("below"),
            func.min(day_statistic.c.min_centi).label("lowest"),
            (func.sum(cast(day_statistic.c.hourly_mean_centi, Integer)) / func.count().filter(told_hours)).label(
                "mean"
            ),
        )
        .select_from(
            day_statistic.join(household, household.c.id == day_statistic.c.household_id).join(
                building, building.c.id == household.c.building_id
            )
        )
        .where(
            day_statistic.c.day == day,
            day_statistic.c.slots_valid > 0,
            household.c.kind == "residential",
            holds_on(household, day),
            building.c.heat_station_id == func.any(_ids(station_ids)),
            ~_without(day),
        )
        .group_by(building.c.heat_station_id, day_statistic.c.household_id)
        .subquery("homes")
    )
    mean = cast(func.sum(homes.c.mean), DOUBLE_PRECISION) / func.count(homes.c.mean)
    return select(
        homes.c.heat_station_id,
        cast(func.count(), Integer).label("monitored"),
        cast(func.count().filter(homes.c.below), Integer).label("below"),
        cast(func.coalesce(func.min(homes.c.lowest), FAR), SmallInteger).label("lowest_centi"),
        cast(func.coalesce(func.floor(mean), FAR), SmallInteger).label("mean_centi"),
    ).group_by(homes.c.heat_station_id)


async def homes_of_day(conn: AsyncConnection, station_ids: Sequence[int], day: dt.date) -> dict[str, Column]:
    """Read them as columns of `station_day`, a place a station."""
    rows = await copy_out_all(conn, homes_query(station_ids, day))
    row_of = {each: row for row, each in enumerate(station_ids)}
    place = np.array([row_of[each] for each in rows["heat_station_id"].tolist()], np.int64)
    found = {}
    for name, nothing in (("monitored", 0), ("below", 0), ("lowest_centi", FAR), ("mean_centi", FAR)):
        values = np.full(len(station_ids), nothing, np.int32)
        values[place] = rows[name]
        found[name] = Column(values, None if nothing == 0 else values != FAR)
    return {"heat_station_id": Column(np.array(station_ids, np.int32))} | found


async def keep_day(
    conn: AsyncConnection, day: dt.date, station_ids: Sequence[int], columns: Mapping[str, Column]
) -> None:
    """Put the rows of a day in the place of what these stations have."""
    mine = station_day.c.heat_station_id == func.any(_ids(station_ids))
    await conn.execute(delete(station_day).where(station_day.c.day == day, mine))
    same_day = Column(np.full(len(station_ids), (day - _EPOCH.date()).days, np.int32))
    await copy_in(conn, station_day, {**columns, "day": same_day})
