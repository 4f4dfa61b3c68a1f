"""What matters are handled by here and now: the operator's rules, and the law of the newest policy."""

import datetime as dt

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims.law import in_force
from heatstream.core.calendar import day_of
from heatstream.errors import Refused
from heatstream.rules import holidays
from heatstream.rules.law import Law
from heatstream.rules.supervision import file
from heatstream.settings import Settings
from heatstream.store.timescale import LOCAL
from heatstream.supervision.matter import Ground


async def read(conn: AsyncConnection, found: Settings, now: dt.datetime) -> Ground:
    """Gather it; a rules file that is not named and a law that nothing was judged by yet are unknown.

    Raises
    ------
    BadInput
        The rules file cannot be read.
    """
    path = found.supervision.rules_file
    law = await law_on(conn, now)
    return Ground(
        rules=None if path is None else file.load(path),
        choices=None if law is None else law.choices,
        days_off=holidays.load(found.evaluate.packs_dir),
        law=law,
    )


async def law_on(conn: AsyncConnection, now: dt.datetime) -> Law | None:
    """Give the law in force, or None where there is none yet."""
    try:
        return (await in_force(conn)).policy.law_on(day_of(now.astimezone(LOCAL).date()))
    except Refused:
        return None
