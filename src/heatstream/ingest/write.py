"""From a checked batch to committed rows, in one transaction: what came is stored, conflicting or rejected, all of it.

The rows above each point's highest stored instant cannot stand yet and go straight into the table by COPY, sorted by
its key; the others go through a stage. The highest instants, the flags, the sequences and the quotas are held in memory
and change after the commit only: a batch that failed, or of which nobody knows whether it did, is simply written again.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import asyncpg
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream import settings
from heatstream.core.calendar import date_of, local_days
from heatstream.core.finding import Change
from heatstream.errors import StoreError
from heatstream.ingest import ledger as tallies
from heatstream.ingest import metrics, refusals, shelve
from heatstream.ingest.border import Border, Checked, Reason
from heatstream.ingest.clock import Suspicion
from heatstream.ingest.columns import Decoded, Ints, Received
from heatstream.ingest.highest import Highest
from heatstream.ingest.ledger import Fates, Totals
from heatstream.ingest.live import Live
from heatstream.ingest.registry import Registry
from heatstream.ingest.sequences import Moved, Sequences
from heatstream.ingest.shelve import Pile
from heatstream.store import late, ledger, rejects, timescale
from heatstream.store.arrays import instants
from heatstream.store.flags import Newest
from heatstream.store.ledger import Moves, OpenBatch
from heatstream.store.locks import hold_writers
from heatstream.store.meters import METERS
from heatstream.store.readings import READINGS
from heatstream.store.stage import Fate
from heatstream.store.tables import city

UNIQUE_VIOLATION: Final = "23505"
ROW_REFUSED: Final = frozenset({"22", "23"})
"""SQLSTATE classes that name a row, not the server: value out of range, constraint violated."""

INGEST: Final = "ingest"
CATCH_UP_S: Final = 5.0


def clock_us() -> int:
    return time.time_ns() // 1000


def sqlstate(error: BaseException) -> str:
    """Find the server's code, "" where the error is not the server's."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return sqlstate(error.orig)
    return str(getattr(error, "sqlstate", None) or "")


def refused_row(error: Exception) -> str | None:
    """Tell what the server said about a row; None where the error is not about one."""
    if sqlstate(error)[:2] not in ROW_REFUSED:
        return None
    return f"the database refused it: {sqlstate(error)} {str(getattr(error, 'orig', error)).splitlines()[0]}"


class Written(NamedTuple):
    """A batch that is durable."""

    batch_id: int
    totals: Totals
    receipts: dict[str, int]
    """Gateway -> every sequence up to this one is stored or kept as a reject; of the gateways that were heard."""
    resolved: int = 0
    """Rejects fed again of which nothing is refused any more."""


@dataclass(slots=True)
class _Pending:
    """What memory learns once the batch is committed."""

    live: Newest | None
    highest: tuple[NDArray[np.int32], Ints]
    moved: Moved | None
    kept: refusals.Kept


class Writer:
    """The one that writes: holds in memory what makes a batch cheap, and nothing that a batch could lose."""

    def __init__(self, engine: AsyncEngine, found: settings.Settings, name: str, now_us: Callable[[], int]) -> None:
        self._engine = engine
        self._name = name
        self._now_us = now_us
        self._day_from_min = settings.window_minutes(found.evaluate.day_window)[0]
        self._registry = Registry(engine, found.evaluate.standard_centi, now_us)
        self._border = Border(self._registry, found.ingest, now_us, self._suspect if name == INGEST else None)
        self._quota = refusals.Quota(found.ingest.reject_quota)
        self._highest = Highest()
        self._live = Live()
        self._sequences = Sequences(now_us)
        self._partitions = Partitions()
        self._writing = asyncio.Lock()
        self._last_batch = 0
        self.city = ""

    @classmethod
    async def load(
        cls,
        engine: AsyncEngine,
        found: settings.Settings,
        *,
        name: str = INGEST,
        now_us: Callable[[], int] = clock_us,
    ) -> "Writer":
        """Take up where the last writer left; the caller sees to it that there is one ingest a database.

        Parameters
        ----------
        name : what the batches are signed with: ingest, replay or import
        now_us : our clock [µs since 1970-01-01T00:00Z]
        """
        writer = cls(engine, found, name, now_us)
        await writer._recall(found.city)
        return writer

    async def _recall(self, expected_city: str | None) -> None:
        await self._registry.fresh()
        async with self._engine.connect() as conn:
            self.city = await _city(conn, expected_city)
            await self._partitions.load(conn)
            await self._sequences.load(conn)
            await self._live.load(conn)
            await self._highest.load(conn)
            await self._recall_quota(conn)

    async def _recall_quota(self, conn: AsyncConnection) -> None:
        hour = self._now_us() // refusals.HOUR_US
        [since] = instants(np.array([hour * refusals.HOUR_US]))
        self._quota.begin(hour, await rejects.kept_since(conn, since), self._registry.gateways)

    def receipts(self) -> dict[str, int]:
        """Tell how far the sequence of every gateway has come that ever sent one."""
        return self._sequences.receipts()

    @property
    def holding(self) -> bool:
        """Nothing is checked while our own clock is suspect."""
        return self._border.holding

    async def follow(self) -> None:
        """Follow the registry's imports, and bring up to date what waits for a batch that does not come; for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._registry.follow(), name="registry")
            tasks.create_task(self._catch_up(), name="catch up")

    async def _catch_up(self) -> None:
        while True:
            await asyncio.sleep(CATCH_UP_S)
            async with self._writing:
                if self._sequences.behind:
                    with contextlib.suppress(DBAPIError, asyncpg.PostgresError, OSError):  # the next batch does it too
                        async with self._engine.begin() as conn:
                            await hold_writers(conn)
                            await self._sequences.catch_up(conn, self._last_batch)
                        self._sequences.caught_up()

    async def check(self, received: Received, decoded: Decoded) -> Checked:
        """Check a batch at the border; waits while our own clock is suspect."""
        return await self._border.check(received, decoded)

    async def _suspect(self, suspicion: Suspicion) -> None:
        metrics.CLOCK_SUSPECT.inc()
        async with self._engine.begin() as conn:
            await ledger.record_incident(conn, "clock_suspect", None, suspicion._asdict())

    # --- a batch ---

    async def write(self, checked: Checked) -> Written:
        """Store a batch whole.

        Raises
        ------
        asyncpg.PostgresError, sqlalchemy.exc.DBAPIError, OSError
            Nothing is stored, or nobody knows; write the same batch again once the database is back.
        """
        if not len(checked):
            return Written(0, Totals(), {})
        started = time.perf_counter()
        async with self._writing:
            await self._highest.know(self._engine, checked.indoor.id[checked.indoor.usable()])
            written = await self._insist(checked)
        metrics.BATCH_S.observe(time.perf_counter() - started)
        metrics.count(written.totals, tallies.refused_by_reason(checked))
        return written

    async def _insist(self, checked: Checked) -> Written:
        """Write, by the slow way where the quick one is not open, and without the rows that the database refuses."""
        straight, searched = True, False
        while True:
            try:
                await self._partitions.ensure(self._engine, checked)
                return await self._write(checked, straight=straight)
            except (DBAPIError, asyncpg.PostgresError) as error:
                if sqlstate(error) == UNIQUE_VIOLATION and straight:
                    metrics.STAGED.inc()
                    straight = False
                elif refused_row(error) is None or searched:
                    raise
                else:
                    searched = not await self._refuse_culprits(checked)

    async def _refuse_culprits(self, checked: Checked) -> bool:
        """Refuse the rows that the database does not take; tell whether there are any."""
        metrics.BISECTED.inc()
        self._partitions.forget()
        await self._partitions.ensure(self._engine, checked)
        found = False
        for pile in (shelve.indoor(checked), shelve.meters(checked)):
            async with self._engine.connect() as conn:
                said = await shelve.culprits(conn, pile, refused_row)
                await conn.rollback()
            pile.rows.refuse(list(said), Reason.STORE_REFUSED, said.__getitem__)
            found = found or bool(said)
        return found

    async def _write(self, checked: Checked, *, straight: bool) -> Written:
        indoor, meters = shelve.indoor(checked), shelve.meters(checked)
        async with self._engine.begin() as conn:
            batch = await ledger.open_batch(conn, self._name)
            await shelve.store(conn, indoor, batch.id, self._highest.above if straight else shelve.nothing_is_new)
            await shelve.store(conn, meters, batch.id, shelve.nothing_is_new)
            kept, resolved = await self._keep_refused(conn, checked, batch)
            fates = Fates(indoor.fate, meters.fate)
            pending = await self._follow_up(conn, checked, indoor, fates=fates, batch=batch, kept=kept)
            entries = tallies.tally(checked, fates, kept.over_quota)
            await ledger.append(conn, batch.id, entries, self._moves(pending, len(entries.gateway)))
        self._commit(pending, batch.id)
        receipts = self._sequences.receipts_of(pending.moved) if pending.moved else {}
        return Written(batch.id, tallies.totals(entries), receipts, resolved)

    def _moves(self, pending: _Pending, rows: int) -> Moves:
        still = [None] * rows
        return self._sequences.moves(pending.moved) if pending.moved else Moves(still, still, still)

    async def _keep_refused(
        self, conn: AsyncConnection, checked: Checked, batch: OpenBatch
    ) -> tuple[refusals.Kept, int]:
        if checked.reject_id is None:
            return await refusals.keep(conn, checked, batch.id, self._quota, self._now_us()), 0
        return refusals.nothing_kept(checked), await refusals.settle(conn, checked, checked.reject_id)

    async def _follow_up(
        self,
        conn: AsyncConnection,
        checked: Checked,
        indoor: Pile,
        *,
        fates: Fates,
        batch: OpenBatch,
        kept: refusals.Kept,
    ) -> _Pending:
        """Do what stored readings bring about, in their transaction."""
        if batch.closed_through is not None:
            await self._mark_late(conn, indoor, batch.id, batch.closed_through)
        highest = _last_of_each(indoor)
        if checked.reject_id is not None:  # it is no news, and its sequences were counted when it came
            return _Pending(None, highest, None, kept)
        live = self._newest(indoor)
        await self._live.write(conn, live)
        moved = await self._sequences.write(conn, checked, fates, ~kept.over_quota, self._registry.gateways)
        await self._sequences.save(conn, checked, moved, batch.id)
        return _Pending(live, highest, moved, kept)

    async def _mark_late(self, conn: AsyncConnection, pile: Pile, batch_id: int, closed_through: int) -> None:
        changed = np.flatnonzero((pile.fate == Fate.STORED) | (pile.fate == Fate.CONFLICTING))
        household, day = late.touched(
            pile.rows.household[changed], pile.at_us[changed], self._day_from_min, closed_through
        )
        await late.mark(conn, household, day, batch_id, Change.LATE_READINGS)

    def _newest(self, pile: Pile) -> Newest:
        """Find the newest reading of each point whose newest was stored just now."""
        order = pile.usable()
        order = order[pile.fate[order] == Fate.STORED]
        order = order[self._highest.above(pile.rows.id[order], pile.at_us[order])]
        last = order[_is_last(pile.rows.id[order])]
        return Newest(pile.rows.id[last], pile.at_us[last], pile.value[last], pile.rows.limit_centi[last])

    def _commit(self, pending: _Pending, batch_id: int) -> None:
        self._last_batch = batch_id
        if pending.live is not None:
            self._live.commit(pending.live)
        self._highest.commit(*pending.highest)
        if pending.moved is not None:
            self._sequences.commit(pending.moved)
        self._quota.commit(pending.kept.new)


class Partitions:
    """Which local days have their partitions, so that a batch asks once a day and not once a batch."""

    def __init__(self) -> None:
        self._needed = True
        self._there: dict[str, set[int]] = {}

    async def load(self, conn: AsyncConnection) -> None:
        self._needed = not (await timescale.edition(conn)).hypertables

    def forget(self) -> None:
        self._there.clear()

    async def ensure(self, engine: AsyncEngine, checked: Checked) -> None:
        """Make what a batch needs, each day in a transaction of its own, before the batch's."""
        if not self._needed:
            return
        for shelf, rows, at_us in (
            (READINGS, checked.indoor, checked.decoded.indoor.at_us),
            (METERS, checked.meters, checked.decoded.meters.at_us),
        ):
            there = self._there.setdefault(shelf.table.name, set())
            for day in sorted(set(np.unique(local_days(at_us[rows.usable()])).tolist()) - there):
                async with engine.begin() as conn:
                    await timescale.ensure_partitions(conn, shelf.table, date_of(day), date_of(day))
                there.add(day)


def _is_last(ids: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Mark, in sorted rows, the last of each id."""
    last = np.ones(len(ids), np.bool_)
    last[:-1] = ids[1:] != ids[:-1]
    return last


def _last_of_each(pile: Pile) -> tuple[NDArray[np.int32], Ints]:
    order = pile.usable()
    last = order[_is_last(pile.rows.id[order])]
    return pile.rows.id[last], pile.at_us[last]


async def _city(conn: AsyncConnection, expected: str | None) -> str:
    """Name the database's city.

    Raises
    ------
    StoreError
        It holds another city than the settings name, or neither names one.
    """
    found: str | None = await conn.scalar(select(city.c.code))
    if found is None and expected is None:
        raise StoreError("the registry names no city: import it, or set HEATSTREAM_CITY")
    if found is not None and expected not in {None, found}:
        raise StoreError(f"the database holds the city {found!r}, the settings say {expected!r}: one city a database")
    return found or str(expected)
