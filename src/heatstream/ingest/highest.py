"""Each point's highest stored instant: what is above it cannot stand yet.

A value too high only costs time (the row goes through the stage); one too low, because another writer was quicker, is
caught by the table's key.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.ingest.columns import Ints, Mask
from heatstream.store import readings

NOTHING_US: Final = int(np.iinfo(np.int64).min)
ROOM: Final = 1024


class Highest:
    """By point id, in memory."""

    def __init__(self) -> None:
        self._at_us = np.zeros(0, np.int64)
        self._known = np.zeros(0, np.bool_)

    def _grow(self, size: int) -> None:
        if size > len(self._known):
            more = size - len(self._known) + ROOM
            self._at_us = np.append(self._at_us, np.full(more, NOTHING_US))
            self._known = np.append(self._known, np.zeros(more, np.bool_))

    async def load(self, conn: AsyncConnection) -> None:
        """Read it for every point."""
        last = await readings.last_point(conn)
        rows = await readings.highest(conn)
        self._grow(last + 1)
        self._at_us[rows["id"]] = rows["observed_at"]
        self._known[: last + 1] = True

    async def know(self, engine: AsyncEngine, points: NDArray[np.int32]) -> None:
        """Read it for those of these points that are new here."""
        self._grow(int(points.max(initial=-1)) + 1)
        if self._known[points].all():
            return
        new = np.unique(points[~self._known[points]])
        async with engine.connect() as conn:
            rows = await readings.highest(conn, new.tolist())
        self._at_us[rows["id"]] = rows["observed_at"]
        self._known[new] = True

    def above(self, points: NDArray[np.int32], at_us: Ints) -> Mask:
        """Tell which readings are above what is stored of their point."""
        found: Mask = at_us > self._at_us[points]
        return found

    def commit(self, points: NDArray[np.int32], at_us: Ints) -> None:
        """Remember stored instants; a point stands here once."""
        self._at_us[points] = np.maximum(self._at_us[points], at_us)
