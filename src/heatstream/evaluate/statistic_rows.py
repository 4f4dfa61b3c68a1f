"""Rows of `day_statistic`, from readings."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Final, Self

import numpy as np

from heatstream.core.calendar import day_of, day_start_us
from heatstream.core.digest import point_day_digests
from heatstream.core.grid import lay
from heatstream.core.statistic import ALGORITHM, DayStatistics, day_statistics, joined
from heatstream.core.units import Centi, Count
from heatstream.evaluate.columns import Columns, constant, digests_as_bytes
from heatstream.evaluate.evidence import Series, rows_of, series
from heatstream.evaluate.load import Loaded
from heatstream.evaluate.registered import Places, Rooms
from heatstream.evaluate.yardstick import Yardstick
from heatstream.store.copy import Column
from heatstream.store.tables import day_statistic

WINDOWS: Final = ("", "day_", "night_")


@dataclass(frozen=True, slots=True)
class Measured:
    """What the points' days were like, a row a point."""

    rooms: Rooms
    statistics: DayStatistics
    digests: list[bytes]
    """Of the readings that count."""

    def take(self, rows: Places) -> Self:
        return type(self)(self.rooms.take(rows), self.statistics.take(rows), [self.digests[row] for row in rows])


def measure(loaded: Loaded, rooms: Rooms, limit_centi: Centi, yardstick: Yardstick) -> Measured:
    """Compute statistics and digest of every point."""
    day = day_of(loaded.day)
    found = series(loaded, day_start_us(day))
    kept = _compute(found.kept(~found.set_aside), rooms, limit_centi, day, yardstick)
    statistics = replace(kept, readings=kept.readings + _set_aside(found, len(rooms), day))
    counting = found.counting()
    devices = [each.device for each in loaded.points]
    digests = point_day_digests(devices, day, counting.row, counting.observed_us, counting.temp_centi)
    return Measured(rooms, statistics, digests)


def _compute(found: Series, rooms: Rooms, limit_centi: Centi, day: int, yardstick: Yardstick) -> DayStatistics:
    parts, places = [], []
    for slot_min, rows, part in _by_slot(found, rooms):
        grid = lay(
            part.row,
            part.observed_us,
            part.temp_centi,
            points=len(rows),
            day=day,
            slot_min=slot_min,
            windows=yardstick.windows,
            excluded=part.excluded,
        )
        parts.append(day_statistics(grid, limit_centi=limit_centi[rows], counted_min=yardstick.counted_min))
        places.append(rows)
    return parts[0] if len(parts) == 1 else joined(parts).take(np.argsort(np.concatenate(places)))


def _set_aside(found: Series, rooms: int, day: int) -> Count:
    """Count the readings of the statutory day that a reviewer excluded: they stay, and are told."""
    within = found.set_aside & (found.observed_us < day_start_us(day + 1))
    counts: Count = np.bincount(found.row[within], minlength=rooms).astype(np.int32)
    return counts


def _by_slot(found: Series, rooms: Rooms) -> Iterator[tuple[int, Places, Series]]:
    """Cut points and their readings by the length of their slots."""
    lengths = np.unique(rooms.slot_min)
    if len(lengths) <= 1:
        yield int(lengths[0]) if len(lengths) else 60, np.arange(len(rooms)), found
        return
    for slot_min in lengths.tolist():
        rows = np.flatnonzero(rooms.slot_min == slot_min)
        part = found.kept(rooms.slot_min[found.row] == slot_min)
        place = rows_of(rows.astype(np.int64), part.row.astype(np.int64))
        yield slot_min, rows, replace(part, row=place)


def columns(loaded: Loaded, measured: Measured, yardstick: Yardstick) -> Columns:
    """Name every column of the table."""
    rooms, statistics = measured.rooms, measured.statistics
    rows = len(rooms)
    stored = {each.name for each in fields(DayStatistics)} & set(day_statistic.c.keys())
    made = {name: Column(getattr(statistics, name)) for name in stored}
    for prefix in WINDOWS:
        stands = getattr(statistics, f"{prefix}slots_valid") > 0
        made[f"{prefix}min_centi"] = Column(getattr(statistics, f"{prefix}min_centi"), stands)
    made |= {
        "point_id": Column(rooms.point_id),
        "household_id": Column(loaded.marks["household_id"][rooms.household]),
        "day": constant(rows, day_of(loaded.day)),
        "algorithm": constant(rows, ALGORITHM),
        "day_from_min": constant(rows, yardstick.windows.day_from_min),
        "day_to_min": constant(rows, yardstick.windows.day_to_min),
        "hourly_lowest_centi": Column(statistics.hourly_lowest_centi, statistics.hours > 0),
        "hourly_mean_centi": Column(statistics.hourly_mean_centi, statistics.hours > 0),
        "digest": Column(digests_as_bytes(measured.digests)),
        "through_batch": constant(rows, loaded.through_batch),
    }
    return Columns(rooms.household, made)
