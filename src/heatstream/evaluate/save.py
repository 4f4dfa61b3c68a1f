"""Save what was judged, a chunk a transaction; only marks that still stand as they were read are judged by it."""

from collections import Counter

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.core.finding import Outcome
from heatstream.core.units import Mask
from heatstream.evaluate.columns import Columns, constant
from heatstream.evaluate.judge import Judged
from heatstream.store import findings, marks, statistics


async def save(
    engine: AsyncEngine, judged: Judged, *, run_id: int, policy_id: int | None, chunk_households: int
) -> Counter[str]:
    """Save in chunks; tell what was judged."""
    counts: Counter[str] = Counter()
    total = len(judged.loaded.marks)
    for first in range(0, total, chunk_households):
        async with engine.begin() as conn:
            counts += await _save_chunk(conn, judged, slice(first, first + chunk_households), run_id, policy_id)
    return counts


async def _save_chunk(
    conn: AsyncConnection, judged: Judged, chunk: slice, run_id: int, policy_id: int | None
) -> Counter[str]:
    loaded = judged.loaded
    mine = await marks.take(conn, loaded.day, loaded.marks[chunk])
    taken = np.isin(loaded.marks["household_id"], mine)
    await _save_statistics(conn, judged, taken)
    found = judged.findings.of(taken)
    if len(found):
        made = {"run_id": constant(len(found), run_id), "policy_id": constant(len(found), policy_id or 0)}
        await findings.append(conn, loaded.day, {**found.columns, **made})
    return _counted(found, judged, taken, chunk)


async def _save_statistics(conn: AsyncConnection, judged: Judged, taken: Mask) -> None:
    made = judged.statistics.of(taken)
    replaced = set(judged.loaded.marks["household_id"][taken & ~judged.deleted].tolist())
    old = sorted({each.household_id for each in judged.loaded.stored} & replaced)
    if len(made) or old:
        await statistics.replace(conn, judged.loaded.day, old, made.columns)


def _counted(found: Columns, judged: Judged, taken: Mask, chunk: slice) -> Counter[str]:
    counts = Counter(
        judged=int(taken.sum()),
        passed_over=len(judged.loaded.marks[chunk]) - int(taken.sum()),
        readings_deleted=int((taken & judged.deleted).sum()),
        unchanged=int((taken & judged.unchanged).sum()),
        findings=len(found),
    )
    if len(found):
        outcomes = np.asarray(found.columns["outcome"].values)
        counts += Counter({each.name.lower(): int((outcomes == each).sum()) for each in Outcome})
    return counts
