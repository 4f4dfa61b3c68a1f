"""Close days: from then on whoever writes a reading of them marks its household-day."""

import datetime as dt

from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.evaluate.rulebook import Rulebook
from heatstream.store import closings, marks, policies, runs
from heatstream.store.accepted import after, midnight
from heatstream.store.locks import hold_writers
from heatstream.store.timescale import LOCAL


def last_closable(now: dt.datetime, rulebook: Rulebook, close_after_min: int) -> dt.date:
    """Find the last day whose 夜 ended at least `close_after_min` ago."""
    day = now.astimezone(LOCAL).date()
    while midnight(day) + dt.timedelta(minutes=rulebook.of(day).windows.night_to_min + close_after_min) > now:
        day = after(day, -1)
    return day


async def close_days(engine: AsyncEngine, rulebook: Rulebook, last: dt.date) -> list[dt.date]:
    """Close every open day up to `last`, each in a transaction of its own; tell which were closed.

    The very first closing begins with the first day that has a reading.
    """
    async with engine.connect() as conn:
        through = await closings.closed_through(conn)
        first = after(through) if through else await closings.first_day_read(conn)
    closed = []
    while first is not None and first <= last:
        if await _close(engine, first, season_start=rulebook.season_of(first)):
            closed.append(first)
        first = after(first)
    return closed


async def _close(engine: AsyncEngine, day: dt.date, *, season_start: dt.date | None) -> bool:
    async with engine.begin() as conn:
        # Under the writers' lock: a reading committed before it is seen by the first judgement, one after it marks.
        await hold_writers(conn)
        through = await closings.closed_through(conn)
        if through is not None and through >= day:
            return False
        await closings.close(conn, day)
        await marks.mark_closed_day(conn, day, await closings.newest_batch(conn), season_start=season_start)
        return True


async def keep_policy(engine: AsyncEngine, rulebook: Rulebook) -> tuple[int | None, bool]:
    """Keep the policy; tell its id, and whether the last run had another one."""
    policy = rulebook.policy
    if policy is None:
        return None, False
    async with engine.begin() as conn:
        policy_id = await policies.keep(conn, policy.hash, policy.place, policy.watermark, policy.canonical)
        return policy_id, await runs.last_policy(conn) != policy_id


async def mark_season(engine: AsyncEngine, rulebook: Rulebook) -> int:
    """Mark every closed household-day of the season, because the policy is another one.

    The season is the new policy's, and before it the days that an older policy took for days of the season.
    """
    async with engine.connect() as conn:
        last = await closings.closed_through(conn)
        if last is None:
            return 0
        day = rulebook.last_season_start(last) or after(last)
        while await marks.judged(conn, after(day, -1)):
            day = after(day, -1)
    marked = 0
    while day <= last:
        async with engine.begin() as conn:
            marked += await marks.mark_policy_changed(conn, day, await closings.newest_batch(conn))
        day = after(day)
    return marked
