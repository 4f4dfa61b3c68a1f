"""Judge household-days: from the rooms' statistics and the day's rules to 合格, 不达标, 无法判定 or 未监测."""

from dataclasses import dataclass
from enum import IntEnum

from heatstream.core.standard import DayRules
from heatstream.core.statistic import DayStatistics
from heatstream.core.units import Centi, Count, Mask, Small


class Outcome(IntEnum):
    """Stored; never renumbered."""

    COMPLIANT = 1
    """合格"""
    FAILING = 2
    """不达标"""
    UNDETERMINED = 3
    """无法判定"""
    UNMONITORED = 4
    """未监测"""


class Reason(IntEnum):
    """Why a household-day is undetermined, or why a failing one has no tier. Stored; never renumbered."""

    NONE = 0
    COVERAGE = 1
    """Too few slots to find 合格, and no failure shown."""
    CONFLICT = 2
    """An instant with two values waits for an officer; it blocks 合格."""
    MEAN_UNDECIDED = 3
    """Too few slots for a mean, and the bounds of the gaps do not decide it."""
    STOPPED = 4
    """报停: the household has stopped its heat on that day."""
    OUTSIDE_SEASON = 5
    CONDITIONS = 6
    """The standard has conditions that nobody examined."""
    NO_TIERS = 7
    """Failing; nobody could read the pack's tiers, or none holds this temperature."""
    REFERRED = 8
    """Failing; two tiers claim this temperature, and the choice is to refer it to the authority."""
    NO_AREA = 9
    """Rooms weighted by area, and a room's area is not registered."""


class Change(IntEnum):
    """Why a household-day was judged, again or at all. Stored; never renumbered."""

    CLOSED = 1
    """The day was closed."""
    LATE_READINGS = 2
    CONFLICT_DECIDED = 3
    REGISTRY = 4
    POLICY = 5


@dataclass(frozen=True, slots=True)
class Findings:
    """Arrays (households,), and those named `room_` (rooms,), in the order of the rows judged."""

    outcome: Small
    """Outcome."""
    reason: Small
    """Reason."""
    valued: Mask
    """A temperature decided: `value_centi` and `margin_centi` stand."""
    value_centi: Centi
    """The deciding value as measured, floored [0.01 °C]."""
    margin_centi: Centi
    """Value, moved by the guard band, minus the standard, floored [0.01 K]."""
    decided_by: Count
    """Row of the room that decided, where `one_room` is true; not looked at elsewhere."""
    one_room: Mask
    """One room decided, not the rooms together."""
    tiered: Mask
    """`tier` stands."""
    tier: Small
    """Place in the rules' tiers, from 0; with rooms judged each for itself: the one with the highest ratio."""
    tier_at_least: Mask
    """The tier is a lower bound: coverage was partial or a conflict is open, and more readings could only lower it."""
    slots_valid: Count
    """Of the room with the least coverage."""
    slots_expected: Count
    """Of the same room."""
    conflicts: Count
    """Over all rooms."""
    below_min: Count
    """Most minutes below the standard of any room, 00:00-24:00; then 昼 and 夜."""
    day_below_min: Count
    night_below_min: Count
    day_valued: Mask
    """`day_min_centi` stands."""
    day_min_centi: Centi
    """Lowest slot of any room in 昼."""
    night_valued: Mask
    night_min_centi: Centi
    """Lowest slot of any room in 夜."""
    room_outcome: Small
    """(rooms,) Outcome of each room by itself."""
    room_tiered: Mask
    room_tier: Small


def judge(
    statistics: DayStatistics,
    household: Count,
    *,
    households: int,
    rules: DayRules,
    area: Count | None = None,
    stopped: Mask | None = None,
) -> Findings:
    """Judge one day of many households.

    Parameters
    ----------
    statistics : (rooms,), computed with `limit_centi=rules.standard_centi`, `counted_min=rules.counted_min`; one row a
        point, and a point stands for its room
    household : (rooms,) int32, 0 <= household < households, never falling; a household without a row is 未监测
    households : how many findings
    rules : of the day
    area : (rooms,) int32 [0.01 m²], 0 = not registered; needed by AREA_WEIGHTED and by FAILING_ROOMS_AREA
    stopped : (households,) bool, 报停 on that day

    Returns
    -------
    Findings

    Raises
    ------
    ValueError
        `household` falls or is out of range; the statistics were held against another limit.

    Source: 不得低于 (Civil Code 1259: exactly the standard complies). Coverage is needed to find 合格, not to prove
    failure; a conflict blocks 合格; losing a reading never turns 无法判定 into 合格.
    """
    raise NotImplementedError
