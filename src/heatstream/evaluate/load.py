"""Load what some household-days of one date are judged by; nothing is computed here, and no connection kept."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.core.calendar import DAY_US, Windows
from heatstream.evidence.series import PointDays, point_days
from heatstream.store import household_days
from heatstream.store.copy import Rows
from heatstream.store.household_days import Household, Stored


@dataclass(frozen=True, slots=True)
class Loaded(PointDays):
    """Marked households of one date, each with its points and their readings in the span."""

    marks: Rows
    """household_id (rising), batch_id, reason, marked_at."""
    households: list[Household]
    """In the order of the marks."""
    outdoor_centi: int | None
    """Official outdoor mean of the day [0.01 °C]; None = not known."""
    stored: list[Stored]
    """Statistics that stand."""
    current: Sequence[Any]
    """Rows of `finding` that stand."""


async def load(engine: AsyncEngine, day: dt.date, marks: Rows, windows: Windows, through_batch: int) -> Loaded:
    """Read everything up to `through_batch` that these marks' household-days are judged by."""
    ids = marks["household_id"].tolist()
    async with engine.connect() as conn:
        households = await household_days.households(conn, day, ids)
        stored = await household_days.stored_statistics(conn, day, ids)
        # The statistic's points, too: where their readings are fewer than they were, the evidence is gone.
        also = {each.point_id for each in stored}
        measured = await point_days(conn, day, ids, windows.night_to_min, through_batch, also=also)
        return Loaded(
            **{field.name: getattr(measured, field.name) for field in fields(measured)},
            marks=marks,
            households=households,
            outdoor_centi=await household_days.outdoor_centi(conn, day),
            stored=stored,
            current=await household_days.current_findings(conn, day, ids),
        )


def bereft(loaded: Loaded, start_us: int) -> set[int]:
    """Name the households with fewer readings than a stored statistic was made from: somebody deleted them."""
    if not loaded.stored:
        return set()
    within = loaded.readings["point_id"][loaded.readings["observed_at"] < start_us + DAY_US]
    ids, counts = np.unique(within, return_counts=True)
    there = dict(zip(ids.tolist(), counts.tolist(), strict=True))
    return {each.household_id for each in loaded.stored if there.get(each.point_id, 0) < each.readings}
