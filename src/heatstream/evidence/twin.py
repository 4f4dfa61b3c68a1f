"""The rules of heatstream in plain words and plain Python, for one household and one day.

Read it beside the law: temperatures are exact fractions of °C, instants are microseconds since 1970-01-01T00:00 UTC, a
local day begins at 16:00 UTC of the day before (UTC+08:00, no summer time). Nothing is fast and nothing is rounded but
the one amount at the end. The arrays of `heatstream.core` must say the same.
"""

from dataclasses import dataclass
from fractions import Fraction

MINUTE_US = 60_000_000
HOUR_MIN = 60
DAY_MIN = 1440

COMPLIANT, FAILING, UNDETERMINED, UNMONITORED = "合格", "不达标", "无法判定", "未监测"


@dataclass(frozen=True)
class Reading:
    at_us: int
    celsius: Fraction
    in_conflict: bool = False
    """Another value came for the same point and instant, and no officer has decided yet."""


@dataclass(frozen=True)
class Room:
    slot_min: int
    """The point samples every so many minutes; the day is cut into slots of that length."""
    readings: tuple[Reading, ...]
    area: int = 0
    """0.01 m²; 0 = not registered."""


@dataclass(frozen=True)
class Band:
    """A tier: from `lo` to `hi`, each end inside or not, of the temperature or of its distance below the standard."""

    lo: Fraction | None
    lo_inside: bool
    hi: Fraction | None
    hi_inside: bool
    ratio: Fraction

    def holds(self, x: Fraction) -> bool:
        above = self.lo is None or x > self.lo or (self.lo_inside and x == self.lo)
        below = self.hi is None or x < self.hi or (self.hi_inside and x == self.hi)
        return above and below


@dataclass(frozen=True)
class Law:
    standard: Fraction
    statistic: str
    """min | time_weighted_mean | mean_of_hourly | min_of_hourly | sustained_below"""
    sustained_min: int
    rooms: str
    """min_room | mean | area_weighted | each"""
    guard: Fraction
    """Added to a temperature before it is compared: above 0 in favour of the company, below 0 of the user."""
    completeness: Fraction
    gap_bounds: tuple[Fraction, Fraction] | None
    conditions_open: bool
    deviation: bool
    """The bands are of standard − temperature."""
    bands: tuple[Band, ...]
    overlap: str | None
    """highest_ratio | lowest_ratio | refer_to_authority"""
    day_from_min: int
    day_to_min: int
    season_us: tuple[int, int]
    denominator_s: int
    scope: str
    """whole_dwelling | failing_rooms_area"""
    rounding: str
    """half_up | half_even | floor"""
    rounded_at: str
    """day | total"""
    day_cap: Fraction
    season_cap: Fraction


def midnight_us(day: int) -> int:
    """The local midnight that begins a day (days since 1970-01-01)."""
    return (day * 24 - 8) * 60 * MINUTE_US


# --- one room, one day ------------------------------------------------------------------------------------------------


def in_season(law: Law, day: int, minute: int) -> bool:
    """Whether that minute of the day lies in the heating season."""
    start, end = law.season_us
    return start <= midnight_us(day) + minute * MINUTE_US < end


def window(law: Law, day: int, name: str, slot_min: int) -> list[int]:
    """The slots of a window that lie in the season: the statutory day, 昼, or 夜 labelled by the day it begins on."""
    first, last = {
        "whole": (0, DAY_MIN),
        "day": (law.day_from_min, law.day_to_min),
        "night": (law.day_to_min, DAY_MIN + law.day_from_min),
    }[name]
    return [slot for slot in range(first // slot_min, last // slot_min) if in_season(law, day, slot * slot_min)]


def series(room: Room, day: int) -> dict[int, Fraction]:
    """The lowest temperature of each slot that has a reading that counts."""
    lowest: dict[int, Fraction] = {}
    for reading in room.readings:
        slot = (reading.at_us - midnight_us(day)) // (room.slot_min * MINUTE_US)
        if not reading.in_conflict:
            lowest[slot] = min(lowest.get(slot, reading.celsius), reading.celsius)
    return lowest


def minutes_below(room: Room, law: Law, day: int, name: str) -> int:
    temps = series(room, day)
    slots = window(law, day, name, room.slot_min)
    return room.slot_min * sum(1 for slot in slots if slot in temps and temps[slot] < law.standard)


def runs_below(room: Room, law: Law, day: int) -> list[int]:
    """Lengths in minutes, slot by slot, of the piece below the standard that ends there; a gap ends a piece."""
    temps, lengths, length = series(room, day), [], 0
    for slot in window(law, day, "whole", room.slot_min):
        length = length + room.slot_min if slot in temps and temps[slot] < law.standard else 0
        lengths.append(length)
    return lengths


def longest_below(room: Room, law: Law, day: int) -> int:
    return max(runs_below(room, law, day), default=0)


def hourly(room: Room, law: Law, day: int, *, only_full: bool = False) -> list[Fraction]:
    """The mean of each hour that has a valid slot, or of the hours with every slot valid."""
    temps, means = series(room, day), []
    slots = set(window(law, day, "whole", room.slot_min))
    per_hour = HOUR_MIN // room.slot_min
    for hour in range(24):
        here = [temps[s] for s in range(hour * per_hour, (hour + 1) * per_hour) if s in slots and s in temps]
        if here and (len(here) == per_hour or not only_full):
            means.append(sum(here, Fraction(0)) / len(here))
    return means


def mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


@dataclass(frozen=True)
class Shown:
    """What a room's (or dwelling's) readings show of the day's value, moved by the guard band. None = nothing."""

    value: Fraction | None
    """From the readings there are."""
    at_most: Fraction | None
    """The true value is not above it, whatever happened in the gaps."""
    at_least: Fraction | None
    sustained: bool
    covered: bool
    conflict: bool


def shown_by(room: Room, law: Law, day: int) -> Shown:
    temps = series(room, day)
    slots = window(law, day, "whole", room.slot_min)
    valid = [temps[slot] for slot in slots if slot in temps]
    gaps = len(slots) - len(valid)
    value = at_most = at_least = None
    if valid and law.statistic in ("min", "sustained_below"):
        value = at_most = min(valid)  # another reading could only be lower
    elif valid and law.statistic == "min_of_hourly":
        value = min(hourly(room, law, day))
        at_most = min(hourly(room, law, day, only_full=True), default=None)
    elif valid:
        value = mean(valid) if law.statistic == "time_weighted_mean" else mean(hourly(room, law, day))
        if law.gap_bounds:
            low, high = law.gap_bounds
            at_least, at_most = (sum(valid, gaps * bound) / len(slots) for bound in (low, high))
    moved = [None if x is None else x + law.guard for x in (value, at_most, at_least)]
    return Shown(
        *moved,
        sustained=law.statistic == "sustained_below" and longest_below(room, law, day) >= law.sustained_min,
        covered=bool(valid) and len(valid) >= law.completeness * len(slots),
        conflict=any(r.in_conflict and 0 <= r.at_us - midnight_us(day) < DAY_MIN * MINUTE_US for r in room.readings),
    )


# --- one verdict ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    outcome: str
    value: Fraction | None
    """The value that decided, moved by the guard band."""
    at_least: bool = False
    """Failing, and what is missing could only make it colder."""


def verdict(shown: Shown, law: Law) -> Verdict:
    """Coverage is needed to find 合格, not to prove failure; an open conflict blocks 合格."""
    measured = shown.value if shown.covered else None
    partial = not shown.covered or shown.conflict
    if law.statistic == "sustained_below":
        if shown.sustained:
            return _failing(shown.value, partial, law)
    elif measured is not None and measured < law.standard:
        return _failing(measured, partial, law)
    elif shown.at_most is not None and shown.at_most < law.standard:
        return _failing(shown.at_most, partial, law)
    if not shown.conflict and measured is not None:
        return Verdict(COMPLIANT, measured)
    if not shown.conflict and shown.at_least is not None and shown.at_least >= law.standard:
        return Verdict(COMPLIANT, shown.at_least)
    return Verdict(UNDETERMINED, shown.value)


def _failing(value: Fraction | None, partial: bool, law: Law) -> Verdict:
    return Verdict(UNDETERMINED, value) if law.conditions_open else Verdict(FAILING, value, at_least=partial)


def together(rooms: list[Room], law: Law, day: int) -> Shown:
    """The rooms' values to one of the dwelling: their mean, or their mean weighted by area."""
    each = [shown_by(room, law, day) for room in rooms]
    weights = [room.area if law.rooms == "area_weighted" else 1 for room in rooms]

    def combined(values: list[Fraction | None]) -> Fraction | None:
        if any(value is None for value in values) or not all(weights):
            return None
        return sum((v * w for v, w in zip(values, weights, strict=True)), Fraction(0)) / sum(weights)

    return Shown(
        combined([s.value for s in each]),
        combined([s.at_most for s in each]),
        combined([s.at_least for s in each]),
        sustained=False,
        covered=all(s.covered for s in each),
        conflict=any(s.conflict for s in each),
    )


def tier(value: Fraction, law: Law) -> int | str | None:
    """The place of the tier that holds, "referred" where two do and the choice is to refer it, None where none does."""
    x = law.standard - value if law.deviation else value
    claims = [place for place, band in enumerate(law.bands) if band.holds(x)]
    if len(claims) > 1 and law.overlap == "refer_to_authority":
        return "referred"
    pick = min if law.overlap == "lowest_ratio" else max
    return pick(claims, key=lambda place: law.bands[place].ratio, default=None)


@dataclass(frozen=True)
class Finding:
    outcome: str
    value: Fraction | None = None
    """As measured: the guard band taken off again."""
    tier: int | None = None
    at_least: bool = False
    rooms: tuple[Verdict, ...] = ()


def judge(rooms: list[Room], law: Law, day: int, *, stopped: bool = False) -> Finding:
    """The finding of one household-day."""
    if not rooms:
        return Finding(UNMONITORED)
    each = tuple(verdict(shown_by(room, law, day), law) for room in rooms)
    if law.rooms in ("min_room", "each"):
        whole = _worst(each, law)
    else:
        whole = _one(verdict(together(rooms, law, day), law), law)
    value = None if whole.value is None else whole.value - law.guard
    outside = not any(in_season(law, day, minute) for minute in range(DAY_MIN))
    if stopped or outside:
        return Finding(UNDETERMINED, value, rooms=each)
    return Finding(whole.outcome, value, whole.tier, whole.at_least and whole.tier is not None, each)


def _one(decided: Verdict, law: Law) -> Finding:
    held = tier(decided.value, law) if decided.outcome == FAILING else None
    return Finding(decided.outcome, decided.value, None if held == "referred" else held, decided.at_least)


def _worst(each: tuple[Verdict, ...], law: Law) -> Finding:
    """The coldest failing room decides; without one, a room that cannot be judged leaves the dwelling undetermined."""
    failing = [room for room in each if room.outcome == FAILING]
    undetermined = [room for room in each if room.outcome == UNDETERMINED]
    valued = [room for room in failing or each if room.value is not None]
    coldest = min(valued, key=lambda room: room.value, default=None)
    value = None if coldest is None else coldest.value
    if not failing:
        return Finding(UNDETERMINED if undetermined else COMPLIANT, value)
    held = [_one(room, law).tier for room in failing]
    place = _one(coldest, law).tier
    if law.rooms == "each" and None in held:
        place = None
    return Finding(FAILING, value, place, any(room.at_least for room in failing) or bool(undetermined))


# --- 测算额 -----------------------------------------------------------------------------------------------------------


def seconds_in_season(law: Law, day: int) -> int:
    start, end = law.season_us
    midnight = midnight_us(day)
    return max(0, min(end, midnight + DAY_MIN * MINUTE_US) - max(start, midnight)) // 1_000_000


def share(found: Finding, rooms: list[Room], law: Law, day: int, billed_area: int = 0) -> Fraction | None:
    """The share of the season's fee that this day gives back by the tiers; None = it cannot be said."""
    part = Fraction(seconds_in_season(law, day), law.denominator_s)
    if found.outcome == COMPLIANT:
        return Fraction(0)
    if found.outcome != FAILING or found.tier is None:
        return None
    ratio = min(law.bands[found.tier].ratio, law.day_cap)
    if law.scope == "whole_dwelling":
        return part * ratio
    failing = [(room, seen) for room, seen in zip(rooms, found.rooms, strict=True) if seen.outcome == FAILING]
    if law.rooms == "each":
        ratios = [min(law.bands[_one(seen, law).tier].ratio, law.day_cap) for _, seen in failing]
    else:
        ratios = [ratio] * len(failing)
    paid = [(room, r) for (room, _), r in zip(failing, ratios, strict=True) if r > 0]
    if billed_area <= 0 or any(room.area <= 0 for room, _ in paid):
        return None
    whole = max(billed_area, sum(room.area for room, _ in paid))
    return part * sum((r * room.area for room, r in paid), Fraction(0)) / whole


def whole_fen(exact: Fraction, law: Law) -> int:
    floor = exact.numerator // exact.denominator
    if law.rounding == "floor" or exact == floor:
        return floor
    if exact - floor == Fraction(1, 2) and law.rounding == "half_even":
        return floor + floor % 2
    return floor + (exact - floor >= Fraction(1, 2))


def season_fen(shares: list[Fraction | None], fee_fen: int, law: Law) -> int:
    """The season's 测算额: rounded once, a day or the total, and never above the season's cap."""
    known = [fee_fen * each for each in shares if each is not None]
    if law.rounded_at == "day":
        total = sum(whole_fen(each, law) for each in known)
    else:
        total = whole_fen(sum(known, Fraction(0)), law)
    cap = fee_fen * law.season_cap
    return min(total, cap.numerator // cap.denominator)
