"""Freeze the readings of failing or contested household-days before retention deletes them.

What is frozen is every reading of the home's points from 00:00 to the end of the day's 夜, as it was stored
(`evidence.stored`): an export takes it in the place of what was deleted, and the digest is the same. Instants with two
values and what officers said of the readings are never deleted.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.evidence.stored import Stored, frozen, joined, thawed
from heatstream.store import retention
from heatstream.store.accepted import after, midnight
from heatstream.store.retention import Unfrozen

HOMES_AT_ONCE: Final = 1000


async def freeze_before(conn: AsyncConnection, before: dt.date) -> int:
    """Freeze what must outlast the readings of the days before `before`; count the household-days.

    Days under a legal hold are left: their readings stay.
    """
    count = 0
    for day in await retention.days_stored(conn, before):
        if not await retention.held(conn, day):
            count += await _freeze_day(conn, day)
    return count


async def _freeze_day(conn: AsyncConnection, day: dt.date) -> int:
    homes = await retention.unfrozen(conn, day)
    end = midnight(after(day)) + dt.timedelta(minutes=await retention.night_end_min(conn, day))
    for first in range(0, len(homes), HOMES_AT_ONCE):
        await _freeze(conn, day, end, homes[first : first + HOMES_AT_ONCE])
    return len(homes)


async def _freeze(conn: AsyncConnection, day: dt.date, end: dt.datetime, homes: Sequence[Unfrozen]) -> None:
    """Add what is stored now to what was frozen before: of that, some may be deleted already."""
    households = [home.household_id for home in homes]
    before = await retention.frozen_of(conn, households, day)
    stored: dict[int, list[Stored]] = defaultdict(list)
    for household_id, *row in await retention.readings_of_homes(conn, households, midnight(day), end):
        stored[household_id].append(Stored.of(row))
    rows = [
        _row(home, day, frozen(joined(thawed(before.get(home.household_id, b"")), stored[home.household_id])))
        for home in homes
    ]
    await retention.freeze(conn, rows)


def _row(home: Unfrozen, day: dt.date, content: bytes) -> dict[str, Any]:
    digest = sha256(content).digest()
    return {**home._asdict(), "day": day, "bundle_sha256": digest, "content": content}
