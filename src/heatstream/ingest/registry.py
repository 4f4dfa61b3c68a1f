"""The registry as ingest holds it in memory: one dictionary look-up a reading, the rest on arrays."""

import asyncio
import contextlib
import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import repeat
from typing import Any, Final

import numpy as np
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.core.calendar import date_of, local_days
from heatstream.ingest.columns import Ints, Mask, SmallInts
from heatstream.store import installations
from heatstream.store.installations import FOREVER_US, Gateway, Portion
from heatstream.store.registry import CHANNEL

NOWHERE: Final = 0
ASK_AGAIN_US: Final = 30_000_000
"""A name that the database did not know is asked for again after so long [µs]."""

REMEMBERED: Final = 100_000
"""So many unknown names are remembered; beyond, they are asked for with every batch."""

RECONNECT_S: Final = 1.0
BEAT_S: Final = 20.0
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)

log = structlog.get_logger(__name__)


def micros(instant: dt.datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


class Devices:
    """Installations by device and instant; later rows of a device replace what was known of it.

    Row NOWHERE stands for no installation: it begins at the end of time.
    """

    def __init__(self) -> None:
        self._first: dict[str, int] = {}
        self._several = False
        self._follows = np.array([NOWHERE], np.int32)
        self.id = np.array([0], np.int32)
        self.household = np.array([0], np.int32)
        self.gateway = np.array([0], np.int32)
        self.limit_centi = np.array([0], np.int16)
        self._from_us = np.array([FOREVER_US])
        self._to_us = np.array([FOREVER_US])

    def __len__(self) -> int:
        return len(self._first)

    def replace(self, devices: Iterable[str], portions: Iterable[Portion]) -> None:
        """Take what was found of these devices for all there is of them."""
        for device in devices:
            self._first.pop(device, None)
        for portion in portions:
            self.add(portion)

    def add(self, portion: Portion) -> None:
        """Take installations; those of one device come by rising time."""
        if not portion:
            return
        start = len(self.id)
        devices, *numbers = zip(*portion, strict=True)
        self._follows = _appended(self._follows, repeat(NOWHERE, len(devices)))
        for row, device in enumerate(devices, start):
            if self._first.setdefault(device, row) != row:
                self._follows[self._last(device)] = row
                self._several = True
        arrays = (self.id, self.household, self.gateway, self.limit_centi, self._from_us, self._to_us)
        columns = (_appended(array, values) for array, values in zip(arrays, numbers, strict=True))
        self.id, self.household, self.gateway, self.limit_centi, self._from_us, self._to_us = columns

    def _last(self, device: str) -> int:
        row = self._first[device]
        while self._follows[row] != NOWHERE:
            row = int(self._follows[row])
        return row

    def rows(self, devices: Sequence[str]) -> SmallInts:
        """Find each device's first row; NOWHERE for an unknown one."""
        return np.fromiter(map(self._first.get, devices, repeat(NOWHERE)), np.int32, len(devices))

    def at(self, rows: SmallInts, at_us: Ints) -> SmallInts:
        """Move from each device's first row to the one that stands at the instant; NOWHERE where none does."""
        while self._several:
            follows = self._follows[rows]
            moves = (follows != NOWHERE) & (self._from_us[follows] <= at_us)
            if not moves.any():
                break
            rows = np.where(moves, follows, rows)
        found = (self._from_us[rows] <= at_us) & (at_us < self._to_us[rows])
        return np.where(found, rows, np.int32(NOWHERE))


def _appended(array: Any, values: Iterable[int]) -> Any:
    return np.append(array, np.fromiter(values, array.dtype))


class Registry:
    """Gateways, points and meters; loaded whole at the start and whenever an import says so.

    A name that is not here is asked for once in the database before its readings are refused.
    """

    def __init__(self, engine: AsyncEngine, standard_centi: int, now_us: Callable[[], int]) -> None:
        self._engine = engine
        self._standard_centi = standard_centi
        self._now_us = now_us
        self._asked: dict[str, int] = {}
        self._stale = True
        self._day: dt.date | None = None
        self._changes = 0
        self.gateways: dict[str, Gateway] = {}
        self.points = Devices()
        self.meters = Devices()

    def today(self) -> dt.date:
        return date_of(int(local_days(np.array(self._now_us()))))

    async def fresh(self) -> None:
        """Load it where it was never loaded, was changed, or is of another day: contracts are dated."""
        if self._stale or self._day != self.today():
            self._stale = False
            try:
                await self._load()
            except BaseException:
                self._stale = True
                raise

    async def _load(self) -> None:
        day, points, meters = self.today(), Devices(), Devices()
        async with self._engine.connect() as conn:
            changes = await installations.changes(conn)
            gateways = await installations.gateways(conn)
            async for portion in installations.points(conn, standard_centi=self._standard_centi, day=day):
                points.add(portion)
            async for portion in installations.meters(conn):
                meters.add(portion)
        self.gateways = {gateway.code: gateway for gateway in gateways}
        self.points, self.meters, self._day = points, meters, day
        self._changes = changes
        self._asked.clear()
        log.info("registry loaded", gateways=len(gateways), points=len(points), meters=len(meters))

    def unasked(self, names: Iterable[str]) -> set[str]:
        """Leave out the names that were asked for a moment ago."""
        now = self._now_us()
        return {name for name in names if now - self._asked.get(name, -ASK_AGAIN_US) >= ASK_AGAIN_US}

    async def ask(
        self, gateways: Collection[str] = (), points: Collection[str] = (), meters: Collection[str] = ()
    ) -> None:
        """Look names up in the database and take what is found."""
        async with self._engine.connect() as conn:
            found = await installations.gateways(conn, gateways) if gateways else []
            self.gateways |= {gateway.code: gateway for gateway in found}
            await self._ask_points(conn, points)
            await self._ask_meters(conn, meters)
        self._remember({*gateways, *points, *meters})

    async def _ask_points(self, conn: AsyncConnection, devices: Collection[str]) -> None:
        if devices:
            day, standard = self._day or self.today(), self._standard_centi
            found = installations.points(conn, standard_centi=standard, day=day, devices=devices)
            self.points.replace(devices, [portion async for portion in found])

    async def _ask_meters(self, conn: AsyncConnection, devices: Collection[str]) -> None:
        if devices:
            self.meters.replace(devices, [portion async for portion in installations.meters(conn, devices)])

    def _remember(self, names: set[str]) -> None:
        now = self._now_us()
        if len(self._asked) > REMEMBERED:
            self._asked = {name: at for name, at in self._asked.items() if now - at < ASK_AGAIN_US}
        if len(self._asked) <= REMEMBERED:
            self._asked.update(dict.fromkeys(names, now))

    def known(self, code: str, day: dt.date) -> int:
        """Find the id of a gateway that may send on a day; 0 where none of this name may."""
        gateway = self.gateways.get(code)
        if gateway is None or gateway.valid_from > day or (gateway.valid_to is not None and gateway.valid_to < day):
            return 0
        return gateway.id

    async def follow(self) -> None:
        """Listen for registry imports, for ever; what was missed while the connection was away is loaded anew."""
        while True:
            with contextlib.suppress(Exception):  # whatever ends the connection, a new one is made
                await self._listen()
            await asyncio.sleep(RECONNECT_S)

    async def _listen(self) -> None:
        async with self._engine.connect() as plain:
            conn = await plain.execution_options(isolation_level="AUTOCOMMIT")
            raw: Any = (await conn.get_raw_connection()).driver_connection
            try:
                await raw.add_listener(CHANNEL, self._changed)
                if await installations.changes(conn) != self._changes:
                    self._stale = True
                while True:
                    await asyncio.sleep(BEAT_S)
                    await raw.execute("select 1")
            finally:
                await conn.invalidate()

    def _changed(self, *_told: object) -> None:
        self._stale = True


def stands(rows: SmallInts) -> Mask:
    found: Mask = rows != NOWHERE
    return found
