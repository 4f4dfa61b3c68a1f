"""From what was loaded to rows for the store: NumPy alone, no clock, no database."""

from dataclasses import dataclass

import numpy as np

from heatstream.core.calendar import day_of, day_start_us
from heatstream.core.units import Mask
from heatstream.evaluate import finding_rows, statistic_rows
from heatstream.evaluate.columns import Columns, constant
from heatstream.evaluate.load import Loaded, bereft
from heatstream.evaluate.registered import Homes, Rooms
from heatstream.evaluate.statistic_rows import Measured
from heatstream.evaluate.yardstick import Yardstick


@dataclass(frozen=True, slots=True)
class Judged:
    """What is to be saved of some marked households of one date."""

    loaded: Loaded
    statistics: Columns
    findings: Columns
    """Only those that differ from what stands."""
    deleted: Mask
    """(marks,) readings were deleted since the last statistic: what stands, stays."""
    unchanged: Mask
    """(marks,) the finding is equal to what stands."""


def judge(loaded: Loaded, yardstick: Yardstick) -> Judged:
    """Compute the statistics of every point, and the finding of every household where there are rules."""
    kept = ~np.isin(loaded.marks["household_id"], list(bereft(loaded, day_start_us(day_of(loaded.day)))))
    homes, rooms = Homes.of(loaded, yardstick), Rooms.of(loaded)
    measured = statistic_rows.measure(loaded, rooms, homes.standard_centi[rooms.household], yardstick)
    findings = _findings(loaded, homes, measured, yardstick).of(kept)
    new = finding_rows.changed(findings, loaded)
    unchanged = np.zeros(len(kept), np.bool_)
    unchanged[findings.household[~new]] = True
    rows = statistic_rows.columns(loaded, measured, yardstick).of(kept)
    return Judged(loaded, rows, findings.where(new), ~kept, unchanged)


def _findings(loaded: Loaded, homes: Homes, measured: Measured, yardstick: Yardstick) -> Columns:
    if yardstick.rules is None:
        return Columns(np.zeros(0, np.int32), {})
    counting = measured.take(measured.rooms.counting(yardstick.room_kinds))
    found = finding_rows.columns(loaded, homes, counting, yardstick.rules)
    graded = Columns(found.household, {**found.columns, "grade": constant(len(found), yardstick.grade)})
    return graded.where(finding_rows.wanted(graded, yardstick.rules))
