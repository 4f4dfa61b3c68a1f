"""Rows of `day_statistic`, from readings."""

from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np

from heatstream.core.calendar import day_of, day_start_us
from heatstream.core.digest import point_day_digests
from heatstream.core.statistic import ALGORITHM, DayStatistics, day_statistics, joined
from heatstream.core.units import Centi
from heatstream.evaluate.columns import Columns, constant, digests_as_bytes
from heatstream.evaluate.load import Loaded
from heatstream.evaluate.registered import Places, Rooms
from heatstream.evaluate.yardstick import Yardstick
from heatstream.evidence.series import Series, grids, series
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
    statistics = statistics_of(found, rooms, limit_centi, day, yardstick)
    counting = found.counting()
    devices = [each.device for each in loaded.points]
    digests = point_day_digests(devices, day, counting.row, counting.observed_us, counting.temp_centi)
    return Measured(rooms, statistics, digests)


def statistics_of(found: Series, rooms: Rooms, limit_centi: Centi, day: int, yardstick: Yardstick) -> DayStatistics:
    """Compute the statistics of every point; `limit_centi` is each point's."""
    parts, places = [], []
    for rows, grid in grids(found, rooms.slot_min, day, yardstick.windows):
        parts.append(
            day_statistics(
                grid,
                limit_centi=limit_centi[rows],
                counted_min=yardstick.counted_min,
                percent=yardstick.rules.percent if yardstick.rules else 0,
            )
        )
        places.append(rows)
    return parts[0] if len(parts) == 1 else joined(parts).take(np.argsort(np.concatenate(places)))


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
