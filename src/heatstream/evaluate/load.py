"""Load what some household-days of one date are judged by; nothing is computed here, and no connection kept."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.core.calendar import Windows
from heatstream.store import household_days, quality
from heatstream.store.accepted import midnight
from heatstream.store.copy import Rows
from heatstream.store.household_days import Household, Point, Stored
from heatstream.store.quality import Exclusion


@dataclass(frozen=True, slots=True)
class Loaded:
    """Marked households of one date, each with its points and their readings in the span."""

    day: dt.date
    span: tuple[dt.datetime, dt.datetime]
    """From 00:00 to the end of its 夜."""
    through_batch: int
    marks: Rows
    """household_id (rising), batch_id, reason, marked_at."""
    households: list[Household]
    """In the order of the marks."""
    points: list[Point]
    """By household, then by device."""
    readings: Rows
    """point_id, observed_at, temp_centi; in no order."""
    conflicts: Sequence[Any]
    """(point_id, observed_at, decided, temp_centi) of the instants with two values."""
    exclusions: list[Exclusion]
    """What reviewers excluded."""
    stored: list[Stored]
    """Statistics that stand."""
    current: Sequence[Any]
    """Rows of `finding` that stand."""


async def load(engine: AsyncEngine, day: dt.date, marks: Rows, windows: Windows, through_batch: int) -> Loaded:
    """Read everything up to `through_batch` that these marks' household-days are judged by."""
    ids = marks["household_id"].tolist()
    start, end = midnight(day), midnight(day) + dt.timedelta(minutes=windows.night_to_min)
    async with engine.connect() as conn:
        households = await household_days.households(conn, day, ids)
        points = await household_days.points(conn, day, ids)
        stored = await household_days.stored_statistics(conn, day, ids)
        # The statistic's points, too: where their readings are fewer than they were, the evidence is gone.
        point_ids = sorted({each.id for each in points} | {each.point_id for each in stored})
        return Loaded(
            day=day,
            span=(start, end),
            through_batch=through_batch,
            marks=marks,
            households=households,
            points=points,
            readings=await household_days.readings(conn, point_ids, start, end, through_batch),
            conflicts=await household_days.conflicts(conn, point_ids, start, end, through_batch),
            exclusions=await quality.exclusions(conn, point_ids, start, end, through_batch),
            stored=stored,
            current=await household_days.current_findings(conn, day, ids),
        )
