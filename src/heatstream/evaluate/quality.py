"""Make the quality marks of closed days, after they were judged: a group of buildings at a time, bounded in memory.

Marks change no finding. A day is looked at again when newer statistics of it stand; a mark that stands stays as it is.
"""

import asyncio
import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.core.calendar import MINUTE_US, day_of, day_start_us
from heatstream.core.marks import SLOT_MIN, SLOTS, BuildingsDay, Mark, Thresholds, marks_of
from heatstream.core.units import Centi, Mask
from heatstream.errors import SettingsError
from heatstream.evaluate import metrics
from heatstream.evidence.series import rows_of
from heatstream.settings import Evaluate
from heatstream.store import building_days, closings, quality
from heatstream.store.accepted import after, midnight
from heatstream.store.arrays import instants
from heatstream.store.building_days import Point
from heatstream.store.copy import Rows

LOOK_BACK_DAYS: Final = 31
"""So many closed days are looked through when the evaluator starts; later, those that were judged."""
GROUP_BUILDINGS: Final = 64


def thresholds_of(settings: Evaluate) -> Thresholds:
    """Read what the operator changed.

    Raises
    ------
    SettingsError
        A threshold is unknown or not above 0.
    """
    try:
        return Thresholds.of(settings.quality)
    except ValueError as error:
        raise SettingsError(f"[evaluate.quality]: {error}") from error


@dataclass(frozen=True, slots=True)
class Loaded:
    """What some buildings of one date are marked by."""

    day: dt.date
    points: list[Point]
    """By building."""
    readings: Rows
    """point_id, observed_at, received_at, temp_centi; in no order."""
    second_values: Rows
    """The same, of instants that have another value."""
    sums: Rows
    """point_id, day, sum_centi, slots_valid."""
    supplies: Rows
    """heat_station_id, observed_at, supply_centi."""


@dataclass(slots=True)
class _UnderWay:
    """A day whose marks are being made; newer statistics of it wait for its next turn."""

    day: dt.date
    buildings: list[int]
    through_batch: int
    """Of the newest statistic when its buildings were listed."""
    done: int = 0


class Marker:
    """Makes marks of the days it is told, as far as there is time; what is left goes on where it stopped."""

    def __init__(
        self,
        engine: AsyncEngine,
        thresholds: Thresholds,
        stop: asyncio.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine, self._thresholds, self._stop, self._clock = engine, thresholds, stop, clock
        self._days: set[dt.date] = set()
        self._under_way: _UnderWay | None = None
        self._started = False

    def add(self, days: Iterable[dt.date]) -> None:
        """Have these days looked at, where newer statistics stand."""
        self._days.update(days)

    def give_up(self) -> None:
        """Leave the day whose marks were being made."""
        self._under_way = None

    async def work(self, within_s: float = float("inf")) -> Counter[str]:
        """Make marks, the oldest day first, until nothing is left, told to stop, or the time is over."""
        until, made = self._clock() + within_s, Counter[str]()
        if not self._started:
            self.add(await self._stale_days())
            self._started = True
        while (self._under_way or self._days) and self._clock() < until and not self._stop.is_set():
            if self._under_way is None:
                self._under_way = await self._begin(min(self._days))
            made += await self._go_on(self._under_way)
        for kind, count in made.items():
            metrics.MARKS.labels(kind).inc(count)
        return made

    async def _stale_days(self) -> list[dt.date]:
        async with self._engine.connect() as conn:
            closed = await closings.closed_through(conn)
            return await building_days.stale_days(conn, after(closed, -LOOK_BACK_DAYS), closed) if closed else []

    async def _begin(self, day: dt.date) -> _UnderWay:
        self._days.discard(day)
        async with self._engine.connect() as conn:
            return _UnderWay(day, *await building_days.stale_buildings(conn, day))

    async def _go_on(self, now: _UnderWay) -> Counter[str]:
        """Mark the next group of buildings; after the last, keep that the day was looked at."""
        group = now.buildings[now.done : now.done + GROUP_BUILDINGS]
        made = await self._work_group(now.day, group) if group else Counter[str]()
        now.done += len(group)
        if now.done == len(now.buildings):
            async with self._engine.begin() as conn:
                await quality.passed(conn, now.day, now.through_batch)
            self._under_way = None
        return made

    async def _work_group(self, day: dt.date, buildings: list[int]) -> Counter[str]:
        loaded = await load(self._engine, day, buildings, self._thresholds.drift_days)
        found = await asyncio.to_thread(new_marks, loaded, self._thresholds)
        async with self._engine.begin() as conn:
            return Counter(await quality.append(conn, found))


async def load(engine: AsyncEngine, day: dt.date, buildings: list[int], drift_days: int) -> Loaded:
    """Read everything that these buildings' day is marked by."""
    start, end = midnight(day), midnight(after(day))
    async with engine.begin() as conn:
        points = await building_days.points(conn, day, buildings)
        ids = [each.id for each in points]
        stations = sorted({each.heat_station_id for each in points})
        return Loaded(
            day=day,
            points=points,
            readings=await building_days.readings(conn, ids, start, end),
            second_values=await building_days.second_values(conn, ids, start, end),
            sums=await building_days.daily_sums(conn, ids, after(day, 1 - drift_days), day),
            supplies=await building_days.supplies(conn, stations, start, end),
        )


def new_marks(loaded: Loaded, thresholds: Thresholds) -> list[quality.NewMark]:
    """Make the rows of a group: NumPy alone, no clock, no database."""
    found = marks_of(arranged(loaded, thresholds.drift_days), thresholds)
    return [_row(mark, loaded.points) for mark in found]


def _row(mark: Mark, points: list[Point]) -> quality.NewMark:
    seen: dict[str, Any] = dict(mark.seen)
    if "other_point" in seen:
        seen["other_point"] = points[seen["other_point"]].device
    begins, ends = instants(np.array([mark.begins_us, mark.ends_us]))
    return quality.NewMark(
        point_id=points[mark.point].id,
        kind=mark.rule.kind.name.lower(),
        begins=begins,
        ends=ends,
        algorithm=int(mark.rule),
        evidence={"seen": seen, "thresholds": mark.thresholds},
    )


# --- into arrays ------------------------------------------------------------------------------------------------------


def arranged(loaded: Loaded, drift_days: int) -> BuildingsDay:
    """Bring what was loaded into the order the core wants."""
    day, points = day_of(loaded.day), loaded.points
    ids = np.array([each.id for each in points], np.int64)
    _, building = np.unique(np.array([each.building_id for each in points], np.int64), return_inverse=True)
    stored = np.concatenate([loaded.readings, loaded.second_values])
    second = np.arange(len(stored)) >= len(loaded.readings)
    row = rows_of(ids, stored["point_id"].astype(np.int64))
    order = np.lexsort((second, stored["observed_at"], row))
    mean_centi, mean_known = _means(loaded, ids, day, drift_days)
    supply_centi, supply_known = _supplies(loaded, building, day)
    return BuildingsDay(
        day=day,
        building=building.astype(np.int32),
        interval_min=np.array([each.interval_min for each in points], np.int32),
        south=np.array([each.south for each in points], np.bool_),
        point=row[order],
        observed_us=stored["observed_at"][order],
        received_us=stored["received_at"][order],
        temp_centi=stored["temp_centi"][order],
        second=second[order],
        mean_centi=mean_centi,
        mean_known=mean_known,
        supply_centi=supply_centi,
        supply_known=supply_known,
    )


def _means(loaded: Loaded, ids: NDArray[np.int64], day: int, days: int) -> tuple[Centi, Mask]:
    """Lay daily means, floored, on (points, days)."""
    mean, known = np.zeros((len(ids), days), np.int16), np.zeros((len(ids), days), np.bool_)
    row = rows_of(ids, loaded.sums["point_id"].astype(np.int64))
    column = loaded.sums["day"] - (day - days + 1)
    mean[row, column] = loaded.sums["sum_centi"] // loaded.sums["slots_valid"]
    known[row, column] = True
    return mean, known


def _supplies(loaded: Loaded, building: NDArray[np.intp], day: int) -> tuple[Centi, Mask]:
    """Lay each building's supply temperature on (buildings, SLOTS): the lowest of a slot, held until the next."""
    stations = np.zeros(int(building.max(initial=-1)) + 1, np.int64)
    stations[building] = [each.heat_station_id for each in loaded.points]
    centi, known = np.zeros((len(stations), SLOTS), np.int16), np.zeros((len(stations), SLOTS), np.bool_)
    slot = (loaded.supplies["observed_at"] - day_start_us(day)) // (SLOT_MIN * MINUTE_US)
    for station, rows in _by_station(loaded.supplies):
        mine = np.flatnonzero(stations == station)
        lowest = np.full(SLOTS, np.iinfo(np.int16).max, np.int64)
        np.minimum.at(lowest, slot[rows], loaded.supplies["supply_centi"][rows])
        measured = lowest < np.iinfo(np.int16).max
        centi[mine], known[mine] = _held_hour(lowest, measured)
    return centi, known


def _by_station(supplies: Rows) -> Iterator[tuple[int, NDArray[np.intp]]]:
    for station in np.unique(supplies["heat_station_id"]).tolist():
        yield station, np.flatnonzero(supplies["heat_station_id"] == station)


def _held_hour(values: NDArray[np.int64], measured: Mask) -> tuple[Centi, Mask]:
    """Hold a meter's value for up to an hour: meters are read less often than rooms."""
    last = np.maximum.accumulate(np.where(measured, np.arange(SLOTS), -1))
    known = (last >= 0) & (np.arange(SLOTS) - last < 60 // SLOT_MIN)
    return np.where(known, values[last], 0).astype(np.int16), known
