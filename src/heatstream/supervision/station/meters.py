"""The pass over the meters: from stored readings to `meter_day` and `meter_mark`.

A pass looks at the days that new batches bear upon, and at those from the last one made up to the open day. It loads,
computes and writes runs of days of some meters at a time, bounded in memory; what did not change is not written.
"""

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.core.calendar import DAY_MIN, DAY_US, MINUTE_US, date_of, day_of, day_start_us, local_days
from heatstream.core.counter import ALGORITHM as COUNTER
from heatstream.core.counter import NEAR, Mark
from heatstream.core.metered import ALGORITHM, MeterDays, MetersDay, Thresholds, Told, day_of_meters
from heatstream.core.units import Exact, Mask
from heatstream.rules.supervision.detection import Detection
from heatstream.store import closings, meter_days
from heatstream.store.accepted import after, midnight
from heatstream.store.arrays import instants
from heatstream.store.copy import Rows
from heatstream.store.meter_days import COUNTERS, MADE, QUANTITIES, Installed, NewMark
from heatstream.store.timescale import LOCAL
from heatstream.supervision.station import estimates

Expected: TypeAlias = Callable[[AsyncConnection, dt.date, Rows], Awaitable[tuple[Exact, Mask]]]
"""Tells the supply temperature that the curve wants at each reading: (connection, local day, readings) -> (readings,)
int64 [0.01 °C] and whether there is a curve. Readings: meter_id, observed_at [µs], outdoor_centi, outdoor_known; by
meter and instant, with some of the days before and after."""

GROUP_METERS: Final = 256
GROUP_READINGS: Final = 400_000
"""So many readings are loaded at once, by the meters' intervals."""
GROUP_DAYS: Final = 62
FIRST_PASS_DAYS: Final = 400
"""The first pass makes days also of silent meters since the first reading, so far back at most."""
CONTEXT: Final = 2 * NEAR
"""Readings before and after that a verdict may need."""


class Passed(NamedTuple):
    """What a pass did."""

    through_batch: int
    """Readings through this batch are in the days."""
    days: int
    """Meter days it looked at."""
    meter_days: int
    """Rows of `meter_day` that are new or differ."""
    marks: int
    """Marks that are new, differ, or were withdrawn."""
    estimates: int
    """Estimates that are new, differ, or were taken away."""


class Stretch(NamedTuple):
    """Days of some meters that are made together."""

    meters: list[Installed]
    """By id."""
    first: int
    """Local day [days since 1970-01-01]."""
    last: int


class _Loaded(NamedTuple):
    """What a stretch is made of."""

    rows: Rows
    """By meter and instant, each instant once: see `meter_days.readings`."""
    days: list["_Part"]
    standing: Mapping[tuple[int, dt.date], tuple[Any, ...]]


class _Part(NamedTuple):
    """One day of a stretch."""

    day: int
    rows: NDArray[np.intp]
    """Places of its readings and those around it."""
    expected: Told
    """(rows,)"""


async def pass_over(
    engine: AsyncEngine, detection: Detection, now: dt.datetime, *, expected: Expected | None = None
) -> Passed:
    """Make the meter days that new readings bear upon, and those up to the open day.

    It takes connections and transactions of its own, a group of meters each, and may be stopped at any time: the next
    pass makes the same rows. Call it before the stations are looked at; two at once do no harm.

    Parameters
    ----------
    detection : section `detection` of the supervision rules
    now : instant with a zone; the open day is its local day
    expected : tells the curve's supply temperature at readings; None = `below_curve_min` and `expected_mean_centi` stay
        null
    """
    today = day_of(now.astimezone(LOCAL).date())
    async with engine.begin() as conn:
        through = await closings.newest_batch(conn)
        wanted = await _wanted(conn, through, today, detection.stuck_for_min)
        first = min((min(days) for days in wanted.values()), default=today)
        meters = await meter_days.installed(conn, date_of(first), date_of(today))
    looked = made = marks = 0
    for stretch in stretches(meters, wanted):
        loaded = await _load(engine, stretch, detection.stuck_for_min, expected)
        rows, found = await asyncio.to_thread(_computed, stretch, loaded, thresholds_of(detection), now)
        async with engine.begin() as conn:
            new = [row | {"through_batch": through} for row in rows if _differs(row, loaded.standing)]
            await meter_days.keep(conn, new)
            start, end = midnight(date_of(stretch.first)), midnight(date_of(stretch.last + 1))
            marks += await meter_days.keep_marks(conn, [each.id for each in stretch.meters], start, end, found)
        looked, made = looked + len(rows), made + len(new)
    async with engine.begin() as conn:
        await meter_days.passed(conn, through)
        estimated = await estimates.bring_up_to_date(conn, date_of(first), date_of(today - 1), detection.gap_from_min)
    return Passed(through, looked, made, marks, estimated)


def thresholds_of(detection: Detection) -> Thresholds:
    """Take what a meter's day is held against."""
    return Thresholds(**{name: getattr(detection, name) for name in Thresholds.__dataclass_fields__})


# --- which days -------------------------------------------------------------------------------------------------------


async def _wanted(conn: AsyncConnection, through: int, today: int, stuck_for_min: int) -> dict[int, set[int]]:
    """Tell the days of each meter that must be looked at, none after today."""
    days: defaultdict[int, set[int]] = defaultdict(set)
    touched = await meter_days.touched(conn, await meter_days.through_batch(conn), through, NEAR + 2)
    begin = local_days(touched["first"])
    end = np.minimum(local_days(touched["last"] + stuck_for_min * MINUTE_US), today)
    for meter, one, other in zip(touched["meter_id"].tolist(), begin.tolist(), end.tolist(), strict=True):
        days[meter].update(range(one, other + 1))
    newest = await meter_days.newest_day(conn)
    first = max(min((min(those) for those in days.values() if those), default=today), today - FIRST_PASS_DAYS)
    since = min(day_of(newest) if newest else first, today)
    for each in await meter_days.installed(conn, date_of(since), date_of(today)):
        days[each.id].update(range(since, today + 1))
    return {meter: those for meter, those in days.items() if those}


def stretches(meters: Iterable[Installed], wanted: Mapping[int, set[int]]) -> Iterator[Stretch]:
    """Put meters with the same runs of days together, the oldest days of a meter first."""
    alike: defaultdict[tuple[int, int], list[Installed]] = defaultdict(list)
    for meter in meters:
        for run in _runs(wanted.get(meter.id, set())):
            alike[run].append(meter)
    for (first, last), those in sorted(alike.items(), key=lambda each: each[0]):
        for place in range(0, len(those), GROUP_METERS):
            group = those[place : place + GROUP_METERS]
            readings = sum(-(-DAY_MIN // max(each.interval_min, 1)) for each in group)
            length = min(max(GROUP_READINGS // readings, 1), GROUP_DAYS)
            for begin in range(first, last + 1, length):
                yield Stretch(group, begin, min(begin + length - 1, last))


def _runs(days: set[int]) -> Iterator[tuple[int, int]]:
    """Give first and last of each run of days."""
    for _, run in groupby(enumerate(sorted(days)), key=lambda each: each[1] - each[0]):
        those = [day for _, day in run]
        yield those[0], those[-1]


# --- load -------------------------------------------------------------------------------------------------------------


async def _load(engine: AsyncEngine, stretch: Stretch, back_min: int, expected: Expected | None) -> _Loaded:
    first, last = date_of(stretch.first), date_of(stretch.last)
    ids = [each.id for each in stretch.meters]
    async with engine.begin() as conn:
        rows = await _readings(conn, ids, midnight(first) - dt.timedelta(minutes=back_min), midnight(after(last)))
        rows = rows[np.lexsort((rows["observed_at"], rows["meter_id"]))]
        new = np.ones(len(rows), np.bool_)
        new[1:] = (rows["meter_id"][1:] != rows["meter_id"][:-1]) | (
            rows["observed_at"][1:] != rows["observed_at"][:-1]
        )
        rows = rows[new]
        parts = [await _part(conn, rows, day, back_min, expected) for day in range(stretch.first, stretch.last + 1)]
        return _Loaded(rows, parts, await meter_days.standing(conn, ids, first, last))


async def _readings(conn: AsyncConnection, ids: Sequence[int], start: dt.datetime, end: dt.datetime) -> Rows:
    """Read what meters told, and what they told before and after; some readings more than once."""
    within = await meter_days.readings(conn, ids, start, end)
    found = [within, await meter_days.readings_beside(conn, ids, start, end, near=CONTEXT)]
    for name in COUNTERS:
        counts = np.unique(within["meter_id"][told(within, name)]).tolist()
        before = await meter_days.that_counted(conn, ids, start.astimezone(LOCAL).date(), name)
        counting = sorted({*counts, *before})
        if counting:
            found.append(await meter_days.readings_beside(conn, counting, start, end, near=CONTEXT, counter=name))
    return np.concatenate(found)


def told(rows: Rows, name: str) -> Mask:
    """Say which readings have a quantity."""
    known: Mask = rows["known"] >> QUANTITIES.index(name) & 1 > 0
    return known


async def _part(conn: AsyncConnection, rows: Rows, day: int, back_min: int, expected: Expected | None) -> _Part:
    start, end = day_start_us(day) - back_min * MINUTE_US, day_start_us(day) + DAY_US
    places = np.flatnonzero(around(rows, start, end))
    if expected is None:
        return _Part(day, places, Told.nothing(len(places)))
    mine = rows[places]
    asked = np.empty(
        len(mine), [("meter_id", "i4"), ("observed_at", "i8"), ("outdoor_centi", "i4"), ("outdoor_known", "?")]
    )
    for name in ("meter_id", "observed_at", "outdoor_centi"):
        asked[name] = mine[name]
    asked["outdoor_known"] = told(mine, "outdoor_centi")
    return _Part(day, places, Told(*await expected(conn, date_of(day), asked)))


def around(rows: Rows, start_us: int, end_us: int) -> Mask:
    """Choose the readings in [start, end), and CONTEXT readings before and after of those that told each counter.

    Parameters
    ----------
    rows : by meter and instant
    """
    chosen = np.zeros(len(rows), np.bool_)
    for some in (np.ones(len(rows), np.bool_), *(told(rows, name) for name in COUNTERS)):
        places = np.flatnonzero(some)
        meter, at = rows["meter_id"][places], rows["observed_at"][places]
        _, first = np.unique(meter, return_index=True)
        ends = np.append(first, len(places))[1:]
        for begin, end in zip(first.tolist(), ends.tolist(), strict=True):
            low, high = (np.searchsorted(at[begin:end], [start_us, end_us]) + begin).tolist()
            chosen[places[max(low - CONTEXT, begin) : min(high + CONTEXT, end)]] = True
    return chosen


# --- compute ----------------------------------------------------------------------------------------------------------


def _computed(
    stretch: Stretch, loaded: _Loaded, thresholds: Thresholds, now: dt.datetime
) -> tuple[list[dict[str, Any]], list[NewMark]]:
    """Make every day of a stretch: NumPy alone, no clock, no database."""
    rows: list[dict[str, Any]] = []
    marks: list[NewMark] = []
    for part in loaded.days:
        given = arranged(stretch.meters, loaded.rows[part.rows], part.day, part.expected, now)
        made = day_of_meters(given, thresholds)
        rows += _rows(stretch.meters, given, made)
        marks += [_mark(mark, stretch.meters) for mark in made.marks]
    return rows, marks


def arranged(meters: Sequence[Installed], rows: Rows, day: int, expected: Told, now: dt.datetime) -> MetersDay:
    """Bring what was loaded into the order the core wants.

    Parameters
    ----------
    meters : by id
    rows : of these meters, by meter and instant
    """
    start, end = day_start_us(day), day_start_us(day) + DAY_US
    begins = np.array([_micros(each.valid_from) for each in meters], np.int64)
    ends = np.array([_micros(each.valid_to) if each.valid_to else end for each in meters], np.int64)
    from_us = np.clip(begins, start, end)
    values = {name: Told(rows[name].astype(np.int64), told(rows, name)) for name in QUANTITIES}
    return MetersDay(
        day=day,
        from_us=from_us,
        to_us=np.maximum(np.clip(ends, start, min(end, max(_micros(now), start))), from_us),
        interval_min=np.array([max(each.interval_min, 1) for each in meters], np.int32),
        meter=np.searchsorted([each.id for each in meters], rows["meter_id"]).astype(np.int32),
        at_us=rows["observed_at"],
        expected_centi=expected,
        **values,
    )


def _micros(at: dt.datetime) -> int:
    return (at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def _rows(meters: Sequence[Installed], given: MetersDay, made: MeterDays) -> Iterator[dict[str, Any]]:
    """Give the rows of the meters that stood on the day."""
    columns = {name: _plain(getattr(made, name)) for name in MADE if name != "algorithm"}
    stood = (given.to_us > given.from_us).tolist()
    for place, meter in enumerate(meters):
        if stood[place]:
            key = {"meter_id": meter.id, "day": date_of(given.day), "algorithm": ALGORITHM}
            yield key | {name: values[place] for name, values in columns.items()}


def _plain(column: Exact | Told) -> list[int | None]:
    if isinstance(column, Told):
        return [
            value if known else None
            for value, known in zip(*map(np.ndarray.tolist, (column.value, column.known)), strict=True)
        ]
    found: list[int | None] = column.tolist()
    return found


def _mark(mark: Mark, meters: Sequence[Installed]) -> NewMark:
    begins, ends = instants(np.array([mark.begins_us, mark.ends_us]))
    return NewMark(meters[mark.meter].id, mark.kind.name.lower(), begins, ends, COUNTER, mark.evidence)


def _differs(row: Mapping[str, Any], standing: Mapping[tuple[int, dt.date], tuple[Any, ...]]) -> bool:
    return standing.get((row["meter_id"], row["day"])) != tuple(row[name] for name in MADE)
