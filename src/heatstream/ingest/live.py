"""Below the standard now: the flag of each point's newest reading, kept in the transaction that stores it."""

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.ingest.columns import Mask
from heatstream.store import flags
from heatstream.store.flags import Newest


class Live:
    """Which points' flags stand, in memory, by point id."""

    def __init__(self) -> None:
        self._raised = np.zeros(0, np.bool_)

    async def load(self, conn: AsyncConnection) -> None:
        ids = np.array(await flags.raised(conn), np.int64)
        self._grow(int(ids.max(initial=-1)) + 1)
        self._raised[:] = False
        self._raised[ids] = True

    def _grow(self, size: int) -> None:
        if size > len(self._raised):
            self._raised = np.append(self._raised, np.zeros(size - len(self._raised), np.bool_))

    async def write(self, conn: AsyncConnection, newest: Newest) -> None:
        """Raise, keep and end flags by each point's newest reading; `commit` then remembers it."""
        self._grow(int(newest.point_id.max(initial=-1)) + 1)
        below = newest.temp_centi < newest.limit_centi
        ended = self._raised[newest.point_id] & ~below
        if below.any():
            await flags.keep(conn, _taken(newest, below))
        if ended.any():
            await flags.lower(conn, _taken(newest, ended))

    def commit(self, newest: Newest) -> None:
        self._raised[newest.point_id] = newest.temp_centi < newest.limit_centi


def _taken(newest: Newest, mask: Mask) -> Newest:
    point_id, observed_us, temp_centi, limit_centi = newest
    return Newest(point_id[mask], observed_us[mask], temp_centi[mask], limit_centi[mask])
