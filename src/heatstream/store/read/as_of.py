"""What the store held at an instant: batches written by then, findings of runs begun by then, events recorded by then.

What retention or an erasure has deleted is gone for every instant; the registry is read as it is now.
"""

import datetime as dt

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.tables import batch, finding, run


async def newest_batch(conn: AsyncConnection, instant: dt.datetime) -> int:
    """The last batch that was committed by then; 0 before the first.

    Ids rise in commit order, but a batch bears the time its transaction began, perhaps before it had the writers' lock.
    So neither may it be later than the newest written by then, nor one that follows what was written afterwards.
    """
    before = select(batch.c.id).where(batch.c.written_at <= instant).order_by(batch.c.written_at.desc()).limit(1)
    after = select(batch.c.id - 1).where(batch.c.written_at > instant).order_by(batch.c.written_at).limit(1)
    newest = func.least(func.coalesce(before.scalar_subquery(), 0), after.scalar_subquery())
    return int(await conn.scalar(select(newest)) or 0)


async def newest_run(conn: AsyncConnection, instant: dt.datetime) -> int:
    """The last run that had begun by then; 0 before the first."""
    return int(await conn.scalar(select(func.max(run.c.id)).where(run.c.started_at <= instant)) or 0)


def stands(through_run: int, day: dt.date | None = None) -> ColumnElement[bool]:
    """Say of a finding that it was the newest of its household and period when the runs up to this one had judged.

    Looked up for each, never joined: a page of a hundred looks at a hundred households, wherever it begins.

    Parameters
    ----------
    day : the one day that every finding is of, where there is one: so no other piece of the table is thought of
    """
    of_its = finding.alias("of_its")
    newest = select(func.max(of_its.c.id)).where(
        of_its.c.household_id == finding.c.household_id,
        of_its.c.period_kind == finding.c.period_kind,
        of_its.c.period_from == (finding.c.period_from if day is None else day),
        of_its.c.run_id <= through_run,
    )
    return finding.c.id == newest.correlate(finding).scalar_subquery()


def made(through_run: int) -> ColumnElement[bool]:
    """Say of a finding that it was made by then."""
    return finding.c.run_id <= through_run
