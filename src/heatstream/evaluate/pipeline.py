"""Load, judge and save at once: while NumPy judges one group, the next is read and the one before is written.

No connection is held while NumPy works, and NumPy works in a thread. Each queue holds one group, so memory is bounded.
"""

import asyncio
import datetime as dt
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.evaluate import metrics
from heatstream.evaluate.judge import Judged, judge
from heatstream.evaluate.load import Loaded, load
from heatstream.evaluate.rulebook import Rulebook
from heatstream.evaluate.save import save
from heatstream.store import marks
from heatstream.store.copy import Rows
from heatstream.store.tables import day_statistic, finding, finding_current
from heatstream.store.timescale import ensure_partitions

GROUP_CHUNKS: Final = 4
"""Chunks loaded at once: a day's readings lie in the order they came, so every load reads through most of the day."""


class Group(NamedTuple):
    """Marked households of one date."""

    day: dt.date
    marks: Rows


@dataclass(frozen=True)
class Work:
    """What one run judges, and how."""

    engine: AsyncEngine
    rulebook: Rulebook
    run_id: int
    policy_id: int | None
    through_batch: int
    days: list[dt.date]
    """With marks that are ripe."""
    settled: dt.datetime | None
    """Late household-days marked after it wait for the next run; None = none waits."""
    chunk_households: int
    stop: asyncio.Event

    async def groups(self) -> AsyncIterator[Group]:
        """Cut the marks that are ripe into groups, day by day; end early when told to stop."""
        for day in self.days:
            async with self.engine.begin() as conn:
                ripe = await marks.of_day(conn, day, self.through_batch, self.settled)
                if len(ripe):
                    await make_room(conn, day)
            step = self.chunk_households * GROUP_CHUNKS
            for first in range(0, len(ripe), step):
                if self.stop.is_set():
                    return
                yield Group(day, ripe[first : first + step])


async def make_room(conn: AsyncConnection, day: dt.date) -> None:
    """Make the partitions that a day's results go into."""
    for table in (day_statistic, finding, finding_current):
        await ensure_partitions(conn, table, day, day)


@contextmanager
def _timed(stage: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    metrics.SECONDS.labels(stage).observe(time.monotonic() - start)


async def judge_all(work: Work) -> Counter[str]:
    """Judge every ripe mark; tell what was judged."""
    loaded: asyncio.Queue[Loaded | None] = asyncio.Queue(1)
    judged: asyncio.Queue[Judged | None] = asyncio.Queue(1)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_load(work, loaded), name="load")
        tasks.create_task(_judge(work, loaded, judged), name="judge")
        saving = tasks.create_task(_save(work, judged), name="save")
    return saving.result()


async def _load(work: Work, out: asyncio.Queue[Loaded | None]) -> None:
    async for day, ripe in work.groups():
        with _timed("load"):
            windows = work.rulebook.of(day).windows
            found = await load(work.engine, day, ripe, windows, work.through_batch)
        await out.put(found)
    await out.put(None)


async def _judge(work: Work, given: asyncio.Queue[Loaded | None], out: asyncio.Queue[Judged | None]) -> None:
    while (found := await given.get()) is not None:
        with _timed("judge"):
            made = await asyncio.to_thread(judge, found, work.rulebook.of(found.day))
        del found
        await out.put(made)
    await out.put(None)


async def _save(work: Work, given: asyncio.Queue[Judged | None]) -> Counter[str]:
    counts: Counter[str] = Counter()
    while (made := await given.get()) is not None:
        with _timed("save"):
            saved = await save(
                work.engine,
                made,
                run_id=work.run_id,
                policy_id=work.policy_id,
                chunk_households=work.chunk_households,
            )
        _tell(saved)
        counts += saved
        del made
    return counts


def _tell(saved: Counter[str]) -> None:
    metrics.JUDGED.inc(saved["judged"])
    metrics.UNCHANGED.inc(saved["unchanged"])
    metrics.READINGS_DELETED.inc(saved["readings_deleted"])
    for outcome in ("compliant", "failing", "undetermined", "unmonitored"):
        metrics.FINDINGS.labels(outcome).inc(saved[outcome])
