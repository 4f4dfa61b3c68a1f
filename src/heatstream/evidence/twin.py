"""The rules of heatstream in plain words and plain Python, for one household, one day, one claim; and their proof.

Read it beside the law. Temperatures are exact fractions of °C, shares exact fractions of the fee, instants whole
microseconds since 1970-01-01T00:00 UTC; a local day begins at 16:00 UTC of the day before (UTC+08:00, no summer time).
Nothing is fast, and nothing is rounded but the one amount at the end. The arrays of `heatstream.core` say the same.

It needs Python 3.11 or newer and nothing else, and may be taken out of heatstream:

    python3 -I -S twin.py verify BUNDLE.zip

checks an evidence bundle (docs/evidence.md) alone and ends with 0 = same, 1 = different or unreadable, 2 = wrong use.
docs/claims.md is the rule of claims; its sections are named where they are written out here.
"""

import hashlib
import json
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
HOUR_MIN = 60
DAY_MIN = 1440
DAY_S = 86_400
DAY_US = DAY_S * 1_000_000

COMPLIANT, FAILING, UNDETERMINED, UNMONITORED = "合格", "不达标", "无法判定", "未监测"
NUMBER = {COMPLIANT: 1, FAILING: 2, UNDETERMINED: 3, UNMONITORED: 4}

# Why a day is undetermined, or why a failing one has no tier; as findings store them.
NO_REASON, COVERAGE, CONFLICT, MEAN_UNDECIDED, STOPPED, OUTSIDE_SEASON, CONDITIONS, NO_TIERS, REFERRED, NO_AREA = range(
    10
)
STATISTICS = ("min", "time_weighted_mean", "mean_of_hourly", "min_of_hourly", "sustained_below", "percentile")
MEANS = ("time_weighted_mean", "mean_of_hourly")


class Unreadable(Exception):
    """A bundle or a policy that this file cannot read: what was seen, what was expected."""


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
class Variant:
    """Another standard, for buildings that are not renovated, in some weather (Beijing's model contract)."""

    outdoor: Band
    """Of the official outdoor daily mean; its ratio is not looked at."""
    standard: Fraction


@dataclass(frozen=True)
class Money:
    """How a share of the fee becomes fen."""

    denominator_s: int
    """The season's length that the fee is divided by, in seconds."""
    scope: str
    """whole_dwelling | failing_rooms_area"""
    rounding: str
    """half_up | half_even | floor"""
    rounded_at: str
    """day | total"""
    day_cap: Fraction
    season_cap: Fraction


@dataclass(frozen=True)
class Law:
    """One place's law and choices, as they stand on one day."""

    standard: Fraction
    contract_standard: str
    """law | contract | higher: what stands where a contract names a temperature."""
    statistic: str
    """One of STATISTICS."""
    sustained_min: int
    percent: int
    """Which percentile; 0 with another statistic."""
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
    money: Money | None
    """None = no amount is computed."""
    variants: tuple[Variant, ...] = ()
    """Other standards by the weather, the first that holds."""
    least_standard: Fraction | None = None
    """The lowest standard that may hold, where `standard` is the highest; None = it is known which holds."""


def for_contract(law: Law, agreed: Fraction | None) -> Law:
    """The law of a household whose contract may name a temperature of its own; bands of a deviation move along."""
    if agreed is None or law.contract_standard == "law":
        return law
    return replace(law, standard=agreed if law.contract_standard == "contract" else max(agreed, law.standard))


def midnight_us(day: int) -> int:
    """The local midnight that begins a day (days since 1970-01-01)."""
    return (day * 24 - 8) * HOUR_US


def for_weather(law: Law, renovated: bool | None, outdoor: Fraction | None) -> Law:
    """The law of a building in a day's weather; None = nobody said, and several standards may hold."""
    held = [each.standard for each in law.variants if outdoor is None or each.outdoor.holds(outdoor)]
    may_hold = {*held, law.standard} if outdoor is None else {held[0] if held else law.standard}
    if renovated is not False:
        may_hold = {law.standard} if renovated else {*may_hold, law.standard}
    return replace(law, standard=max(may_hold), least_standard=min(may_hold))


def for_home(law: Law, agreed: Fraction | None, renovated: bool | None, outdoor: Fraction | None) -> Law:
    """The law of one household on one day."""
    most = for_weather(law, renovated, outdoor)
    least = replace(most, standard=most.least_standard or most.standard)
    return replace(for_contract(most, agreed), least_standard=for_contract(least, agreed).standard)


def date_of(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=day)


def day_of(at_us: int) -> int:
    """The local day that holds an instant; midnight belongs to the day it begins."""
    return (at_us + 8 * HOUR_US) // DAY_US


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


def valid_in(room: Room, law: Law, day: int, name: str) -> list[Fraction]:
    """The temperatures of a window's slots that have one."""
    temps = series(room, day)
    return [temps[slot] for slot in window(law, day, name, room.slot_min) if slot in temps]


def minutes_below(room: Room, law: Law, day: int, name: str) -> int:
    return room.slot_min * sum(1 for celsius in valid_in(room, law, day, name) if celsius < law.standard)


def runs_below(room: Room, law: Law, day: int) -> list[int]:
    """Lengths in minutes, slot by slot, of the piece below the standard that ends there; a gap ends a piece."""
    temps, lengths, length = series(room, day), [], 0
    for slot in window(law, day, "whole", room.slot_min):
        length = length + room.slot_min if slot in temps and temps[slot] < law.standard else 0
        lengths.append(length)
    return lengths


def longest_below(room: Room, law: Law, day: int) -> int:
    return max(runs_below(room, law, day), default=0)


def below_at_start(room: Room, law: Law, day: int) -> int:
    """Minutes below from the first slot on, without a break."""
    runs = runs_below(room, law, day)
    return room.slot_min * next((place for place, length in enumerate(runs) if length == 0), len(runs))


def below_at_end(room: Room, law: Law, day: int) -> int:
    """Minutes below up to the last slot, without a break."""
    runs = runs_below(room, law, day)
    return runs[-1] if runs else 0


def hourly(room: Room, law: Law, day: int, *, only_full: bool = False) -> list[Fraction]:
    """The mean of each hour that has a valid slot, or of the hours with every slot valid."""
    temps, means = series(room, day), []
    slots = set(window(law, day, "whole", room.slot_min))
    per_hour = HOUR_MIN // room.slot_min
    for hour in range(24):
        here = [temps[s] for s in range(hour * per_hour, (hour + 1) * per_hour) if s in slots and s in temps]
        if here and (len(here) == per_hour or not only_full):
            means.append(mean(here))
    return means


def mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def has_conflict(room: Room, day: int) -> bool:
    return any(r.in_conflict and 0 <= r.at_us - midnight_us(day) < DAY_US for r in room.readings)


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
    slots = window(law, day, "whole", room.slot_min)
    valid = valid_in(room, law, day, "whole")
    value, at_most, at_least = _values(room, law, day)
    return Shown(
        _moved(value, law),
        _moved(at_most, law),
        _moved(at_least, law),
        sustained=law.statistic == "sustained_below" and longest_below(room, law, day) >= law.sustained_min,
        covered=bool(valid) and len(valid) >= law.completeness * len(slots),
        conflict=has_conflict(room, day),
    )


def _moved(value: Fraction | None, law: Law) -> Fraction | None:
    return None if value is None else value + law.guard


def _values(room: Room, law: Law, day: int) -> tuple[Fraction | None, Fraction | None, Fraction | None]:
    """The day's value, and what it is at most and at least whatever the gaps hold."""
    valid = valid_in(room, law, day, "whole")
    if not valid:
        return None, None, None
    if law.statistic in ("min", "sustained_below"):
        return min(valid), min(valid), None  # another reading could only be lower
    if law.statistic == "percentile":
        return _percentiles(valid, len(window(law, day, "whole", room.slot_min)), law.percent)
    if law.statistic == "min_of_hourly":
        return min(hourly(room, law, day)), min(hourly(room, law, day, only_full=True), default=None), None
    value = mean(valid) if law.statistic == "time_weighted_mean" else mean(hourly(room, law, day))
    if law.gap_bounds is None:
        return value, None, None
    slots = len(window(law, day, "whole", room.slot_min))
    low, high = ((sum(valid, Fraction(0)) + (slots - len(valid)) * bound) / slots for bound in law.gap_bounds)
    return value, high, low


def _percentiles(valid: list[Fraction], slots: int, percent: int) -> tuple[Fraction, Fraction | None, None]:
    """The slot at the nearest rank: the lowest with so many per cent of them at or below it.

    More readings could only lower the slot at the rank that all slots of the day have.
    """
    rising = sorted(valid)
    rank, whole = (max(1, -(-many * percent // 100)) for many in (len(valid), slots))
    return rising[rank - 1], rising[whole - 1] if whole <= len(valid) else None, None


# --- one verdict ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    outcome: str
    value: Fraction | None
    """The value that decided, moved by the guard band."""
    at_least: bool = False
    """Failing, and what is missing could only make it colder."""
    reason: int = NO_REASON


def verdict(shown: Shown, law: Law) -> Verdict:
    """By the highest standard that may hold; undetermined where the lowest would say otherwise of a failing day."""
    decided = verdict_by(shown, law)
    if decided.outcome != FAILING or law.least_standard in (None, law.standard):
        return decided
    least = replace(law, standard=law.least_standard or law.standard)
    other = verdict_by(shown, least)
    same = other.outcome == FAILING and tier(other.value, least) == tier(decided.value, law)
    if same and law.statistic != "sustained_below":  # time below was counted against the highest alone
        return decided
    return Verdict(UNDETERMINED, decided.value, reason=CONDITIONS)


def verdict_by(shown: Shown, law: Law) -> Verdict:
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
    return _not_failing(shown, measured, law)


def _failing(value: Fraction | None, partial: bool, law: Law) -> Verdict:
    if law.conditions_open:
        return Verdict(UNDETERMINED, value, reason=CONDITIONS)
    return Verdict(FAILING, value, partial, _why_no_tier(value, law))


def _why_no_tier(value: Fraction | None, law: Law) -> int:
    claims = tiers_that_claim(value, law)
    if len(claims) > 1 and law.overlap == "refer_to_authority":
        return REFERRED
    return NO_REASON if claims else NO_TIERS


def _not_failing(shown: Shown, measured: Fraction | None, law: Law) -> Verdict:
    if not shown.conflict and measured is not None:
        return Verdict(COMPLIANT, measured)
    if not shown.conflict and shown.at_least is not None and shown.at_least >= law.standard:
        return Verdict(COMPLIANT, shown.at_least)
    if shown.conflict and shown.covered:
        return Verdict(UNDETERMINED, shown.value, reason=CONFLICT)
    return Verdict(UNDETERMINED, shown.value, reason=MEAN_UNDECIDED if law.statistic in MEANS else COVERAGE)


def together(rooms: list[Room], law: Law, day: int) -> Shown:
    """The rooms' values to one of the dwelling: their mean, or their mean weighted by area."""
    each = [shown_by(room, law, day) for room in rooms]
    weights = [room.area if law.rooms == "area_weighted" else 1 for room in rooms]
    return Shown(
        _combined([s.value for s in each], weights),
        _combined([s.at_most for s in each], weights),
        _combined([s.at_least for s in each], weights),
        sustained=False,
        covered=all(s.covered for s in each),
        conflict=any(s.conflict for s in each),
    )


def _combined(values: list[Fraction | None], weights: list[int]) -> Fraction | None:
    known = [value for value in values if value is not None]
    if len(known) < len(values) or not all(weights):
        return None
    return sum((value * weight for value, weight in zip(known, weights, strict=True)), Fraction(0)) / sum(weights)


def tiers_that_claim(value: Fraction | None, law: Law) -> list[int]:
    """The places of the bands that hold a temperature; two where the text overlaps."""
    if value is None:
        return []
    x = law.standard - value if law.deviation else value
    return [place for place, band in enumerate(law.bands) if band.holds(x)]


def tier(value: Fraction | None, law: Law) -> int | None:
    """The place of the tier that holds; None where none does, or two do and the choice is to refer it."""
    claims = tiers_that_claim(value, law)
    if len(claims) > 1 and law.overlap == "refer_to_authority":
        return None
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
    reason: int = NO_REASON
    decided_by: int | None = None
    """Place of the room that decided; None = the rooms together, or nothing."""


def judge(rooms: list[Room], law: Law, day: int, *, stopped: bool = False) -> Finding:
    """The finding of one household-day."""
    if not rooms:
        return Finding(UNMONITORED)
    each = tuple(verdict(shown_by(room, law, day), law) for room in rooms)
    whole = worst(each, law) if law.rooms in ("min_room", "each") else _of_all(rooms, law, day)
    whole = replace(whole, value=None if whole.value is None else whole.value - law.guard, rooms=each)
    if seconds_in_season(law, day) == 0:
        return replace(_undecided(whole, OUTSIDE_SEASON), value=None, decided_by=None)
    return _undecided(whole, STOPPED) if stopped else whole


def _undecided(found: Finding, reason: int) -> Finding:
    return replace(found, outcome=UNDETERMINED, tier=None, at_least=False, reason=reason)


def _of_all(rooms: list[Room], law: Law, day: int) -> Finding:
    found = _alone(verdict(together(rooms, law, day), law), law)
    unweighed = law.rooms == "area_weighted" and not all(room.area for room in rooms)
    return replace(found, reason=NO_AREA) if unweighed else found


def _alone(decided: Verdict, law: Law) -> Finding:
    held = tier(decided.value, law) if decided.outcome == FAILING else None
    at_least = decided.at_least and held is not None
    return Finding(decided.outcome, decided.value, held, at_least, reason=decided.reason)


def worst(each: tuple[Verdict, ...], law: Law) -> Finding:
    """The coldest failing room decides; without one, a room that cannot be judged leaves the dwelling undetermined."""
    failing = [room for room in each if room.outcome == FAILING]
    undetermined = [room for room in each if room.outcome == UNDETERMINED]
    place = _coldest(each, FAILING if failing else None)
    coldest = each[place or 0]
    if not failing:
        outcome = UNDETERMINED if undetermined else COMPLIANT
        reason = max((room.reason for room in undetermined), default=NO_REASON)
        return Finding(outcome, coldest.value, reason=reason, decided_by=place)
    alone = _alone(coldest, law)
    if law.rooms == "each":
        untiered = max(room.reason for room in failing)
        alone = replace(alone, tier=None if untiered else alone.tier, reason=untiered)
    at_least = alone.tier is not None and (any(room.at_least for room in failing) or bool(undetermined))
    return replace(alone, at_least=at_least, decided_by=place)


def _coldest(each: tuple[Verdict, ...], outcome: str | None) -> int | None:
    """The first of the coldest rooms of an outcome; values within one hundredth of a degree count as equal."""
    valued = {
        place: whole_hundredths(room.value)
        for place, room in enumerate(each)
        if room.value is not None and outcome in (None, room.outcome)
    }
    return min(valued, key=lambda place: valued[place], default=None)


def whole_hundredths(celsius: Fraction) -> tuple[int, bool]:
    """The hundredths below a temperature, and whether it lies above them: 17.995 is (1799, True)."""
    below = celsius * 100 // 1
    return below, celsius * 100 > below


# --- 测算额 -----------------------------------------------------------------------------------------------------------


def seconds_in_season(law: Law, day: int) -> int:
    start, end = law.season_us
    midnight = midnight_us(day)
    return max(0, min(end, midnight + DAY_US) - max(start, midnight)) // 1_000_000


def share(found: Finding, rooms: list[Room], law: Law, day: int, billed_area: int = 0) -> Fraction | None:
    """The share of the season's fee that this day gives back by the tiers; None = it cannot be said."""
    if law.money is None or found.outcome not in (COMPLIANT, FAILING):
        return None
    ratio = share_of_day(
        found, [room.area for room in rooms], law, law.money, billed_area=billed_area, cap=law.money.day_cap
    )
    return None if ratio is None else ratio * Fraction(seconds_in_season(law, day), law.money.denominator_s)


def share_of_day(
    found: Finding, areas: list[int], law: Law, money: Money, *, billed_area: int, cap: Fraction
) -> Fraction | None:
    """The share of the day's own fee; 0 where it is compliant, None where it cannot be said."""
    if found.outcome == COMPLIANT:
        return Fraction(0)
    if found.tier is None:
        return None
    ratio = min(law.bands[found.tier].ratio, cap)
    if money.scope == "whole_dwelling":
        return ratio
    failing = [(area, room) for area, room in zip(areas, found.rooms, strict=True) if room.outcome == FAILING]
    if law.rooms == "each":
        held = [(area, tier(room.value, law)) for area, room in failing]
        return weighed([(area, min(law.bands[t].ratio, cap)) for area, t in held if t is not None], billed_area)
    return weighed([(area, ratio) for area, _ in failing], billed_area)


def weighed(rooms: list[tuple[int, Fraction]], billed_area: int) -> Fraction | None:
    """Failing rooms' shares weighed by area over the billed area; never more than the whole bill."""
    paid = [(area, ratio) for area, ratio in rooms if ratio > 0]
    if billed_area <= 0 or any(area <= 0 for area, _ in paid):
        return None
    whole = max(billed_area, sum(area for area, _ in paid))
    return sum((ratio * area for area, ratio in paid), Fraction(0)) / whole


def whole_fen(exact: Fraction, money: Money) -> int:
    floor = exact.numerator // exact.denominator
    if money.rounding == "floor" or exact == floor:
        return floor
    if exact - floor == Fraction(1, 2) and money.rounding == "half_even":
        return floor + floor % 2
    return floor + (exact - floor >= Fraction(1, 2))


def season_fen(shares: Iterable[Fraction | None], fee_fen: int, money: Money) -> int:
    """The season's sum, of the shares that are known."""
    return rounded_sum([fee_fen * each for each in shares if each is not None], fee_fen, money)


def rounded_sum(parts: list[Fraction], fee_fen: int, money: Money) -> int:
    """Exact amounts to fen: rounded once, a day or the total, and never above the season's cap."""
    if money.rounded_at == "day":
        total = sum(whole_fen(each, money) for each in parts)
    else:
        total = whole_fen(sum(parts, Fraction(0)), money)
    cap = fee_fen * money.season_cap
    return min(total, cap.numerator // cap.denominator)


# --- the law of claims: docs/claims.md --------------------------------------------------------------------------------

TESTS = ("third_party", "authority_visit", "company_visit")
SERIES, PRESUMPTION = "fixed_point_series", "presumption"
CONDITIONS_OF_THE_RIGHT = (
    "ENTITLING_LAW",
    "OPENING",
    "EVIDENCE",
    "CAUSE",
    "CONDITIONS",
    "FEE",
    "RESIDENT",
    "PERIOD",
    "CONFLICT",
)


@dataclass(frozen=True)
class OutageLaw:
    min_h: int
    strictly: bool
    cumulative_days: int | None
    ratio: Fraction
    base_fee_only: bool
    """Of a metered household the share is of 基本热费 alone."""
    excess: bool
    """Only what lies beyond the threshold gives back."""
    added: bool
    """With a low temperature on the same day: the sum up to the cap; else the higher."""
    liability: str


@dataclass(frozen=True)
class ClaimLaw:
    """The law and the choices of one claim, by the pack in force on the day it was opened."""

    law: Law
    """Tests are judged by it."""
    bands_on: Mapping[int, tuple[Band, ...]]
    """Season's day -> bands of the pack in force on it: the series is judged by them."""
    precedence: tuple[str, ...]
    """Kinds of evidence that are accepted, the strongest first."""
    tests_same_day: str
    """last | lowest"""
    tier_between_tests: str
    """daily_series | first_test | lowest"""
    counting_start: str
    start_inclusive: bool
    period_ends: str
    """retest | fixed_point | either"""
    end_inclusive: bool
    grace_h: int | None
    forgiven: bool
    """Grace that has passed is not paid back."""
    row_h: int | None
    """Failing so long in a row is needed."""
    row_by: str
    """series | tests | either"""
    break_after_min: int
    exclude_first_days: int
    exclude_last_days: int
    has_conditions: bool
    outage: OutageLaw | None
    month_basis: str | None
    """calendar | season; None = days are counted."""
    month_tests: int
    fee_numerator: str
    """due | paid"""
    net_of_base_fee: bool
    metered_fee: str
    """as_billed | base_fee | without_base_fee"""
    liability: str
    """company_cause | not_user_cause | none"""
    source_pays_through_company: bool
    unpaid: str
    """deny | offset | hold"""
    fixed_point_opens: str
    """yes | after_handling | only_as_evidence | no"""
    entitling: bool
    """Every value it rests on is read or attested."""

    @property
    def money(self) -> Money:
        if self.law.money is None:
            raise Unreadable("a claim's policy that computes no amount; expected the choices of money")
        return self.law.money


@dataclass(frozen=True)
class TestedRoom:
    celsius: Fraction
    area: int
    """0.01 m²; 0 = not registered."""


@dataclass(frozen=True)
class Test:
    at_us: int
    kind: str
    valid: bool
    rooms: tuple[TestedRoom, ...]


@dataclass(frozen=True)
class SeriesRoom:
    fails: bool
    tier: int | None
    area: int


@dataclass(frozen=True)
class SeriesDay:
    """What the household's fixed points show of a day; the conditions of the standard taken as met."""

    outcome: str
    conflict: bool
    tier: int | None
    complete: bool
    """Every slot has a reading that counts."""
    below_at_start_min: int
    below_at_end_min: int
    longest_below_min: int
    tier_at_least: bool = False
    """What is missing could only make it colder."""
    rooms: tuple[SeriesRoom, ...] = ()


@dataclass(frozen=True)
class Presumption:
    day: int
    fails: bool
    tier: int | None


@dataclass(frozen=True)
class Exclusion:
    first_day: int
    last_day: int
    state: str
    """alleged | proved | rejected"""


@dataclass(frozen=True)
class Outage:
    start_us: int
    end_us: int | None
    """None = it still runs."""
    cause: str | None


@dataclass(frozen=True)
class Facts:
    """What persons recorded of one claim (section 1)."""

    opened_us: int
    way: str
    season_us: tuple[int, int]
    closed_through: int | None
    """The newest closed day."""
    tests: tuple[Test, ...] = ()
    handled_us: int | None = None
    cause: str | None = None
    exclusions: tuple[Exclusion, ...] = ()
    conditions: Mapping[int, bool] = field(default_factory=dict)
    """Day -> met or not; a day that is not there is unknown."""
    presumptions: tuple[Presumption, ...] = ()
    outages: tuple[Outage, ...] = ()
    series: Mapping[int, SeriesDay] = field(default_factory=dict)
    resident: bool = True
    metered: bool = False
    fee_due_fen: int | None = None
    fee_paid_fen: int | None = None
    base_fee_fen: int | None = None
    billed_area: int = 0
    standard: Fraction | None = None
    """The contract's own."""
    stopped: frozenset[int] = frozenset()
    """报停 days."""

    @property
    def request_day(self) -> int:
        return day_of(self.opened_us)

    @property
    def first_day(self) -> int:
        return day_of(self.season_us[0])

    @property
    def last_day(self) -> int:
        return day_of(self.season_us[1] - 1)

    @property
    def days(self) -> range:
        return range(self.first_day, self.last_day + 1)

    @property
    def season_closed(self) -> bool:
        return self.closed_through is not None and self.closed_through >= self.last_day


# --- section 2: the evidence of a day ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Evidence:
    """One thing that stands on a day: a test, the series, a presumption."""

    day: int
    at_us: int
    kind: str
    fails: bool
    share: Fraction | None
    """Of the day's fee; 0 where it passes, None where it cannot be said."""
    celsius: Fraction | None = None
    """Of a test: its lowest room, moved by the guard band."""

    @property
    def makes_up_a_period(self) -> bool:
        """A test, and a presumption of failing, which stands in for one."""
        return self.kind in TESTS or (self.kind == PRESUMPTION and self.fails)

    def is_after(self, other: "Evidence") -> bool:
        return (self.day, self.at_us) > (other.day, other.at_us)


def evidence(law: ClaimLaw, facts: Facts) -> list[Evidence]:
    """What stands on each day from the request to the season's end, one after the other."""
    found: list[Evidence] = []
    for day in facts.days:
        if day >= facts.request_day:
            by_kind = (of_kind(kind, day, law, facts) for kind in law.precedence)
            found += next((of_day for of_day in by_kind if of_day), [])
    return found


def of_kind(kind: str, day: int, law: ClaimLaw, facts: Facts) -> list[Evidence]:
    """What one kind of evidence decides of a day, in order of time; nothing where it does not."""
    if kind == SERIES:
        return of_series(day, law, facts)
    if kind == PRESUMPTION:
        return of_presumption(day, law, facts)
    start_us, end_us = max(midnight_us(day), facts.season_us[0]), min(midnight_us(day + 1), facts.season_us[1])
    valid = [test for test in facts.tests if test.valid and test.kind == kind and start_us <= test.at_us < end_us]
    return sorted((of_test(test, law, facts) for test in valid), key=lambda each: each.at_us)


def of_test(test: Test, law: ClaimLaw, facts: Facts) -> Evidence:
    """A test by the claim's pack: its lowest room, or each room by itself where failing rooms' areas are paid."""
    by_room = law.money.scope == "failing_rooms_area"
    pack = replace(law.law, rooms="each" if by_room else "min_room")
    each = tuple(tested(room, pack) for room in test.rooms)
    found = replace(worst(each, pack), rooms=each)
    areas = [room.area for room in test.rooms]
    ratio = share_of_day(found, areas, pack, law.money, billed_area=facts.billed_area, cap=NO_CAP)
    return Evidence(day_of(test.at_us), test.at_us, test.kind, found.outcome == FAILING, ratio, found.value)


NO_CAP = Fraction(2)


def tested(room: TestedRoom, law: Law) -> Verdict:
    value = room.celsius + law.guard
    if value >= law.standard:
        return Verdict(COMPLIANT, value)
    return Verdict(FAILING, value, reason=_why_no_tier(value, law))


def of_series(day: int, law: ClaimLaw, facts: Facts) -> list[Evidence]:
    seen = facts.series.get(day)
    if seen is None or seen.outcome not in (COMPLIANT, FAILING):
        return []
    fails = seen.outcome == FAILING
    ratio = share_of_series(seen, law.bands_on[day], law, facts) if fails else Fraction(0)
    return [Evidence(day, midnight_us(day), SERIES, fails, ratio)]


def share_of_series(seen: SeriesDay, bands: tuple[Band, ...], law: ClaimLaw, facts: Facts) -> Fraction | None:
    """The share of a failing day of the series, by the bands of the pack in force on that day."""
    if seen.tier is None:
        return None
    if law.money.scope == "whole_dwelling":
        return bands[seen.tier].ratio
    failing = [room for room in seen.rooms if room.fails]
    held = [(room.area, bands[room.tier].ratio) for room in failing if room.tier is not None]
    return weighed(held, facts.billed_area) if failing and len(held) == len(failing) else None


def of_presumption(day: int, law: ClaimLaw, facts: Facts) -> list[Evidence]:
    """The last one recorded of a day: failing is shown at its end (24:00), compliant from 00:00."""
    seen = [each for each in facts.presumptions if each.day == day]
    if not seen:
        return []
    last = seen[-1]
    if not last.fails:
        return [Evidence(day, midnight_us(day), PRESUMPTION, fails=False, share=Fraction(0))]
    ratio = None if last.tier is None else law.law.bands[last.tier].ratio
    return [Evidence(day, midnight_us(day + 1), PRESUMPTION, fails=True, share=ratio)]


def decided(found: list[Evidence], law: ClaimLaw) -> dict[int, Evidence]:
    """The one evidence of each day: of several tests the last, or the lowest."""
    days: dict[int, list[Evidence]] = {}
    for each in found:
        days.setdefault(each.day, []).append(each)
    return {day: last_of(here) if law.tests_same_day == "last" else coldest_of(here) for day, here in days.items()}


def coldest_of(found: list[Evidence]) -> Evidence:
    """Of several tests of a day that of the lowest temperature, the first of those."""
    return min(found, key=lambda each: (each.celsius is not None, each.celsius or Fraction(0), each.at_us))


def last_of(found: list[Evidence]) -> Evidence:
    """The last; of those at one instant the lowest."""
    return coldest_of([each for each in found if each.at_us == max(each.at_us for each in found)])


def lowest_of(found: list[Evidence]) -> Evidence:
    """The lowest of a period: lower where its share is higher, lowest where its share cannot be said."""
    return max(found, key=lambda each: (each.share is None, each.share or Fraction(0)))


def first_of(found: list[Evidence]) -> Evidence:
    """The first; of those at one instant the lowest."""
    return lowest_of([each for each in found if (each.day, each.at_us) == (found[0].day, found[0].at_us)])


# --- section 3: the period --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Period:
    first: int | None
    """First counted day; None = no day counts."""
    last: int
    """Last counted day."""
    closed: bool
    ended_on: int
    """The day that ends it, whether it counts or not; the season's last while it runs."""

    @property
    def days(self) -> range:
        return range(0) if self.first is None else range(self.first, self.last + 1)


def begins(found: list[Evidence], law: ClaimLaw, facts: Facts) -> int | None:
    """The day that the begin names."""
    if law.counting_start == "test_day":
        return next((each.day for each in found if each.fails and each.makes_up_a_period), None)
    if law.counting_start == "first_failing_day":
        return next((day for day, each in decided(found, law).items() if each.fails), None)
    return facts.request_day


def first_failing(found: list[Evidence]) -> Evidence | None:
    return next((each for each in found if each.fails), None)


def passing_after_failing(found: list[Evidence]) -> list[Evidence]:
    failed = first_failing(found)
    return [each for each in found if failed is not None and not each.fails and each.is_after(failed)]


def passing_day(begin: int | None, found: list[Evidence], law: ClaimLaw, facts: Facts) -> int | None:
    """The first day that ends the period by what it shows (A42)."""
    ends = []
    if law.period_ends in ("retest", "either"):
        passing = passing_after_failing(found) if first_failing(found) else found
        ends += [each.day for each in passing if each.kind in TESTS][:1]
    if law.period_ends in ("fixed_point", "either") and SERIES in law.precedence and begin is not None:
        warm = (day for day in facts.days if day > begin and seen_compliant(facts.series.get(day)))
        ends += list(warm)[:1]
    return min(ends, default=None)


def seen_compliant(seen: SeriesDay | None) -> bool:
    return seen is not None and seen.outcome == COMPLIANT


def period(found: list[Evidence], law: ClaimLaw, facts: Facts) -> Period:
    begin = begins(found, law, facts)
    ends = passing_day(begin, found, law, facts)
    if ends is not None:
        whole = Period(begin, ends if law.end_inclusive else ends - 1, closed=True, ended_on=ends)
    else:
        newest = facts.first_day - 1 if facts.closed_through is None else min(facts.closed_through, facts.last_day)
        whole = Period(begin, newest, closed=facts.season_closed, ended_on=facts.last_day)
    return with_row(with_grace(from_first_day(whole, law), found, law, facts), found, law, facts)


def from_first_day(whole: Period, law: ClaimLaw) -> Period:
    if whole.first is None or law.start_inclusive or law.counting_start == "application_time":
        return whole
    return replace(whole, first=whole.first + 1)


def with_grace(whole: Period, found: list[Evidence], law: ClaimLaw, facts: Facts) -> Period:
    """Mended within the time to mend, nothing counts; once it has passed, it is paid back or forgiven (A10)."""
    if law.grace_h is None:
        return whole
    limit_us = facts.opened_us + law.grace_h * HOUR_US
    mended = next((each for each in passing_after_failing(found) if each.at_us <= limit_us), None)
    if mended is not None:
        return replace(whole, first=None, closed=True, ended_on=min(whole.ended_on, mended.day))
    if law.forgiven and whole.first is not None:
        return replace(whole, first=max(whole.first, day_of(limit_us)))
    return whole


def with_row(whole: Period, found: list[Evidence], law: ClaimLaw, facts: Facts) -> Period:
    """Where the pack asks for failing so long in a row, nothing counts before it is shown (A11)."""
    if law.row_h is None:
        return whole
    needed_min = law.row_h * HOUR_MIN
    by_series = law.row_by in ("series", "either") and row_of_series(whole, law, facts) >= needed_min
    by_tests = law.row_by in ("tests", "either") and row_of_tests(whole, found, facts) >= law.row_h * HOUR_US
    return whole if by_series or by_tests else replace(whole, first=None)


def row_of_series(whole: Period, law: ClaimLaw, facts: Facts) -> Fraction:
    """The longest time below in one piece after the request, joined over midnight, in minutes."""
    longest = carried = Fraction(0)
    if SERIES not in law.precedence:
        return longest
    for day in range(max(facts.request_day, facts.first_day), whole.ended_on + 1):
        pieces = pieces_below(day, law, facts)
        longest = max(longest, carried + pieces.at_start, pieces.longest)
        carried = carried + pieces.at_start if pieces.whole else pieces.at_end
        longest = max(longest, carried)
    return longest


@dataclass(frozen=True)
class Pieces:
    at_start: Fraction
    longest: Fraction
    at_end: Fraction
    whole: bool


def pieces_below(day: int, law: ClaimLaw, facts: Facts) -> Pieces:
    """A day's time below in minutes: from 00:00 on, up to 24:00, and whether that is all of it; from the request on."""
    seen = facts.series.get(day)
    if seen is None:
        return Pieces(Fraction(0), Fraction(0), Fraction(0), whole=False)
    length = Fraction(season_us_of(day, facts), MINUTE_US)
    recovered = length - seen.below_at_start_min - seen.below_at_end_min
    whole = recovered <= 0 or (seen.complete and recovered < law.break_after_min)
    start, end = (length, length) if whole else (Fraction(seen.below_at_start_min), Fraction(seen.below_at_end_min))
    before = Fraction(facts.opened_us - max(midnight_us(day), facts.season_us[0]), MINUTE_US)
    if before <= 0:
        return Pieces(start, Fraction(seen.longest_below_min), end, whole)
    rest = max(Fraction(0), length - before)
    return Pieces(max(Fraction(0), start - before), Fraction(0), min(end, rest), whole)


def season_us_of(day: int, facts: Facts) -> int:
    start, end = facts.season_us
    return max(0, min(end, midnight_us(day + 1)) - max(start, midnight_us(day)))


def row_of_tests(whole: Period, found: list[Evidence], facts: Facts) -> int:
    """The longest time between two failing tests without anything passing between them, in µs."""
    longest, since = 0, None
    for each in found:
        if each.day > whole.ended_on or each.at_us <= facts.opened_us:
            continue
        if not each.fails:
            since = None
        elif each.makes_up_a_period:
            since = each.at_us if since is None else since
            longest = max(longest, each.at_us - since)
    return longest


def left_out(day: int, law: ClaimLaw, facts: Facts, *, alleged_too: bool) -> bool:
    """Days that give nothing back whatever they show; the conditions of the standard apart."""
    states = ("proved", "alleged") if alleged_too else ("proved",)
    return (
        day < facts.first_day + law.exclude_first_days
        or day > facts.last_day - law.exclude_last_days
        or day in facts.stopped
        or any(each.state in states and each.first_day <= day <= each.last_day for each in facts.exclusions)
    )


# --- section 4: the share of a day ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Low:
    """What low temperature makes of a claim's days."""

    days: tuple[int, ...]
    """The period's days in the season, left out or not."""
    closed: bool
    failing: Mapping[int, Fraction | None]
    """Day that fails -> its share of the day's fee, None where it cannot be said."""
    untold: AbstractSet[int]
    """Days that fail, or may, and nothing tells by which temperature."""
    own: Mapping[int, Evidence]
    """Day from the request to the end -> its own evidence."""
    unknown: AbstractSet[int] = frozenset()
    """Days of a month with too few tests."""


def low_temperature(law: ClaimLaw, facts: Facts) -> Low:
    found = evidence(law, facts)
    if law.month_basis is not None:
        return by_month(found, law, facts)
    whole = period(found, law, facts)
    days = tuple(day for day in whole.days if day in facts.days)
    own = {day: each for day, each in decided(found, law).items() if day <= whole.ended_on}
    if law.tier_between_tests == "daily_series":
        failing = {day: own[day].share for day in days if day in own and own[day].fails}
        return Low(days, whole.closed, failing, untold=frozenset(), own=own)
    tests = [each for each in found if each.fails and each.makes_up_a_period and each.day <= whole.ended_on]
    if not tests:
        untold = {day for day in days if day in own and own[day].fails}
        return Low(days, whole.closed, {}, untold=untold, own=own)
    stands = first_of(tests) if law.tier_between_tests == "first_test" else lowest_of(tests)
    return Low(days, whole.closed, dict.fromkeys(days, stands.share), untold=frozenset(), own=own)


def by_month(found: list[Evidence], law: ClaimLaw, facts: Facts) -> Low:
    """The mean of a month's tests decides the month (A35)."""
    months: dict[int, list[Fraction]] = {}
    for each in found:
        if each.celsius is not None:
            months.setdefault(month_of(each.day, law, facts), []).append(each.celsius)
    days = tuple(day for day in facts.days if month_of(day, law, facts) in months)
    means = {month: mean(tests) for month, tests in months.items() if len(tests) >= law.month_tests}
    cold = {month: celsius for month, celsius in means.items() if celsius < law.law.standard}
    failing = {day: share_of_month(cold[month], law) for day in days if (month := month_of(day, law, facts)) in cold}
    unknown = {day for day in days if month_of(day, law, facts) not in means}
    over = bool(days) and facts.closed_through is not None and facts.closed_through >= days[-1]
    untold: AbstractSet[int] = frozenset() if cold else unknown
    return Low(days, over or facts.season_closed, failing, untold, own=decided(found, law), unknown=unknown)


def month_of(day: int, law: ClaimLaw, facts: Facts) -> int:
    """Number a day's month: of the calendar, or 30 days each from the season's first day."""
    if law.month_basis == "season":
        return (day - facts.first_day) // 30
    local = date_of(day)
    return local.year * 12 + local.month


def share_of_month(celsius: Fraction, law: ClaimLaw) -> Fraction | None:
    held = tier(celsius, law.law)
    return None if held is None else law.law.bands[held].ratio


Span = tuple[int, int]
"""From an instant to another, the second outside."""


def outage_shares(law: ClaimLaw, facts: Facts) -> dict[int, Fraction]:
    """Each day's share for the time without heat."""
    if law.outage is None:
        return {}
    covered = joined(covered_by_outages(law.outage, law, facts))
    lasted = {day: sum(overlap(span, midnight_us(day), midnight_us(day + 1)) for span in covered) for day in facts.days}
    return {day: law.outage.ratio * Fraction(us, season_us_of(day, facts)) for day, us in lasted.items() if us > 0}


def overlap(span: Span, start_us: int, end_us: int) -> int:
    return max(0, min(span[1], end_us) - max(span[0], start_us))


def joined(spans: Iterable[Span]) -> list[Span]:
    """What spans cover together, once."""
    whole: list[Span] = []
    for start, end in sorted(spans):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        elif start < end:
            whole.append((start, end))
    return whole


def covered_by_outages(outage: OutageLaw, law: ClaimLaw, facts: Facts) -> list[Span]:
    """The time that gives back: of outages long enough, and of all once they are enough together (A18)."""
    spans = [within_season(each, facts) for each in facts.outages if obliges(each.cause, outage.liability, law)]
    spans = [(start, end) for start, end in spans if start < end]
    threshold_us = outage.min_h * HOUR_US
    long = [span for span in spans if lasts(span, threshold_us, strictly=outage.strictly)]
    if outage.excess:
        long = [(start + threshold_us, end) for start, end in long]
    return long + together_long(joined(spans), outage)


def within_season(outage: Outage, facts: Facts) -> Span:
    """What of an outage lies in the season; one that still runs lasts to the end of the newest closed day."""
    newest_us = outage.start_us if facts.closed_through is None else midnight_us(facts.closed_through + 1)
    end_us = newest_us if outage.end_us is None else outage.end_us
    return max(outage.start_us, facts.season_us[0]), min(end_us, facts.season_us[1])


def lasts(span: Span, threshold_us: int, *, strictly: bool) -> bool:
    length = span[1] - span[0]
    return length > threshold_us or (length == threshold_us and not strictly)


def together_long(spans: list[Span], outage: OutageLaw) -> list[Span]:
    """All outages once they passed so many days together, or what lies beyond these days."""
    if outage.cumulative_days is None:
        return []
    left_us = outage.cumulative_days * DAY_US
    if sum(end - start for start, end in spans) <= left_us:
        return []
    if not outage.excess:
        return spans
    beyond = []
    for start, end in spans:
        beyond.append((min(end, start + left_us), end))
        left_us = max(0, left_us - (end - start))
    return beyond


def obliges(cause: str | None, liability: str, law: ClaimLaw) -> bool:
    """Whether a cause obliges the company to give back (A40); a cause that nobody recorded does not."""
    if liability == "none":
        return True
    if liability == "not_user_cause":
        return cause not in (None, "user")
    return cause == "company" or (cause == "heat_source" and law.source_pays_through_company)


# --- section 5: the amount --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counted:
    """The days that count, and what they give back."""

    days: tuple[int, ...]
    """Of the period; outages give back by themselves."""
    waiting_for_conditions: tuple[int, ...]
    """Days that would give something back if their conditions were met."""
    low: Mapping[int, Fraction]
    """Day -> its share for low temperature."""
    without_heat: Mapping[int, Fraction]
    """Day -> its share for outages."""

    @property
    def giving_back(self) -> list[int]:
        return sorted(self.low.keys() | self.without_heat.keys())


def is_for_outages_alone(law: ClaimLaw, facts: Facts) -> bool:
    """Whether what was cold was of another's cause, and an outage gives back by its own."""
    without_heat = any(not left_out(day, law, facts, alleged_too=False) for day in outage_shares(law, facts))
    return without_heat and facts.cause is not None and not obliges(facts.cause, law.liability, law)


def counted(low: Low, law: ClaimLaw, facts: Facts, *, alleged_too: bool = False) -> Counted:
    out = {day for day in facts.days if left_out(day, law, facts, alleged_too=alleged_too)}
    conditions = {day: facts.conditions.get(day) if law.has_conditions else True for day in low.days}
    kept = [day for day in low.days if day not in out and conditions[day] is not False]
    if is_for_outages_alone(law, facts):
        kept = []
    unknown = [day for day in kept if conditions[day] is None]
    waiting = tuple(day for day in unknown if low.failing.get(day, Fraction(0)) != 0)
    days = tuple(day for day in kept if day not in waiting)
    outages = {day: ratio for day, ratio in outage_shares(law, facts).items() if day not in out}
    lows = {day: low.failing[day] or Fraction(0) for day in days if day in low.failing}
    return Counted(days, waiting, lows, outages)


@dataclass(frozen=True)
class Fees:
    """What shares are taken of [fen]; None = not registered."""

    low: int | None
    without_heat: int | None


def fees(law: ClaimLaw, facts: Facts) -> Fees:
    """The fee of a low temperature, and of an outage where the pack takes another of metered households (A21)."""
    if facts.fee_due_fen is None or facts.fee_paid_fen is None:
        return Fees(None, None)
    low = fee(law, facts)
    base_only = law.outage is not None and law.outage.base_fee_only and facts.metered
    return Fees(low, facts.base_fee_fen if base_only else low)


def fee(law: ClaimLaw, facts: Facts) -> int | None:
    billed = facts.fee_due_fen if law.fee_numerator == "due" else facts.fee_paid_fen
    if facts.metered and law.metered_fee == "base_fee":
        return facts.base_fee_fen
    net = law.metered_fee == "without_base_fee" if facts.metered else law.net_of_base_fee
    if not net:
        return billed
    return None if billed is None or facts.base_fee_fen is None else max(0, billed - facts.base_fee_fen)


def claim_fen(counts: Counted, of: Fees, law: ClaimLaw, facts: Facts) -> int | None:
    """The amount in fen; None where a fee that it is taken of is not registered."""
    if of.low is None or of.without_heat is None:
        return None
    larger = max(of.low, of.without_heat)
    parts = []
    for day in counts.giving_back:
        low = of.low * counts.low.get(day, Fraction(0))
        without_heat = of.without_heat * counts.without_heat.get(day, Fraction(0))
        whole_day = Fraction(season_us_of(day, facts), 1_000_000 * law.money.denominator_s)
        parts.append(whole_day * of_both(low, without_heat, larger, law))
    return rounded_sum(parts, larger, law.money)


def of_both(low: Fraction, without_heat: Fraction, larger_fee: int, law: ClaimLaw) -> Fraction:
    """What a day with a low temperature, an outage, or both gives back (A19), at most the day's cap (A37)."""
    added = law.outage is not None and law.outage.added
    return min(low + without_heat if added else max(low, without_heat), larger_fee * law.money.day_cap)


def is_lower_bound(low: Low, counts: Counted, law: ClaimLaw, facts: Facts) -> bool:
    """Whether more might be owed once more is known."""
    unsaid = any(day in low.failing and low.failing[day] is None for day in counts.days)
    return unsaid or bool(counts.waiting_for_conditions) or any(is_partial(day, low, law, facts) for day in counts.days)


def is_partial(day: int, low: Low, law: ClaimLaw, facts: Facts) -> bool:
    """Whether nothing decides a day of the period, or only the least of what its series shows."""
    if law.month_basis is not None:
        return day in low.unknown
    if law.tier_between_tests != "daily_series" or day not in low.days:
        return False
    own = low.own.get(day)
    return own is None or (own.fails and own.kind == SERIES and facts.series[day].tier_at_least)


# --- section 6: the right ---------------------------------------------------------------------------------------------

MET, NOT_MET, OPEN = "met", "not_met", "undetermined"


@dataclass(frozen=True)
class Claimed:
    """What one claim comes to."""

    denied: tuple[str, ...]
    """Conditions of the right that are not met."""
    open: tuple[str, ...]
    """Conditions that are undetermined."""
    days: tuple[int, ...]
    """Days of low temperature that count."""
    waiting: tuple[int, ...]
    """Days that would give something back if their conditions were met."""
    fen: int | None
    """The amount by section 5; None = the fee is not registered."""
    fen_if_alleged_proved: int | None
    """The same, were all proved that is alleged (A23)."""
    lower_bound: bool

    @property
    def right(self) -> str:
        if self.denied:
            return NOT_MET
        return OPEN if self.open else MET

    @property
    def entitlement_fen(self) -> int | None:
        """应退热费; None = undetermined."""
        return {MET: self.fen, NOT_MET: 0, OPEN: None}[self.right]


def claim(law: ClaimLaw, facts: Facts) -> Claimed:
    """The right and the amount of one claim."""
    law = replace(law, law=for_contract(law.law, facts.standard))
    low = low_temperature(law, facts)
    counts = counted(low, law, facts)
    if_proved = counted(low, law, facts, alleged_too=True)
    of = fees(law, facts)
    said = {
        "ENTITLING_LAW": MET if law.entitling else OPEN,
        "OPENING": opening(low, law, facts),
        "EVIDENCE": evidence_of_the_right(low, counts, law, facts),
        "CAUSE": cause(low, counts, law, facts),
        "CONDITIONS": OPEN if counts.waiting_for_conditions else MET,
        "FEE": fee_condition(of, law, facts),
        "RESIDENT": MET if facts.resident else OPEN,
        "PERIOD": MET if low.closed else OPEN,
        "CONFLICT": OPEN if waiting_for_officer(counts, law, facts) else MET,
    }
    return Claimed(
        denied=tuple(name for name in CONDITIONS_OF_THE_RIGHT if said[name] == NOT_MET),
        open=tuple(name for name in CONDITIONS_OF_THE_RIGHT if said[name] == OPEN),
        days=counts.days,
        waiting=counts.waiting_for_conditions,
        fen=claim_fen(counts, of, law, facts),
        fen_if_alleged_proved=claim_fen(if_proved, of, law, facts),
        lower_bound=is_lower_bound(low, counts, law, facts),
    )


def opening(low: Low, law: ClaimLaw, facts: Facts) -> str:
    """A12: whether a fixed point may open a claim."""
    if facts.way != "fixed_point" or law.fixed_point_opens == "yes":
        return MET
    if law.fixed_point_opens != "after_handling":
        return NOT_MET
    if facts.handled_us is None:
        return OPEN
    if any(each.fails for day, each in low.own.items() if day > day_of(facts.handled_us)):
        return MET
    return NOT_MET if low.closed else OPEN


def evidence_of_the_right(low: Low, counts: Counted, law: ClaimLaw, facts: Facts) -> str:
    failing = [day for day in counts.days if day in low.failing]
    if low.untold & set(counts.days) or any(low.failing[day] is None for day in failing):
        return OPEN
    if failing or counts.without_heat:
        return MET
    waiting = bool(counts.waiting_for_conditions) or waiting_for_officer(counts, law, facts)
    return NOT_MET if low.closed and not waiting else OPEN


def waiting_for_officer(counts: Counted, law: ClaimLaw, facts: Facts) -> bool:
    """Whether a day's series has an instant with two values, and no kind before it stands."""
    if SERIES not in law.precedence:
        return False
    before = law.precedence[: law.precedence.index(SERIES)]
    return any(
        day in facts.series
        and facts.series[day].conflict
        and not (day >= facts.request_day and any(of_kind(kind, day, law, facts) for kind in before))
        for day in (*counts.days, *counts.waiting_for_conditions)
    )


def cause(low: Low, counts: Counted, law: ClaimLaw, facts: Facts) -> str:
    """A40: whose cause it was that it was cold; an outage was asked for its own."""
    was_cold = any(day in low.failing for day in (*counts.days, *counts.waiting_for_conditions))
    if obliges(facts.cause, law.liability, law) or (counts.without_heat and not was_cold):
        return MET
    return OPEN if facts.cause is None else NOT_MET


def fee_condition(of: Fees, law: ClaimLaw, facts: Facts) -> str:
    """A22: arrears."""
    if of.low is None or of.without_heat is None:
        return OPEN
    if law.unpaid == "offset":
        return MET
    if facts.fee_due_fen is None or facts.fee_paid_fen is None:
        return OPEN
    if facts.fee_paid_fen >= facts.fee_due_fen:
        return MET
    return NOT_MET if law.unpaid == "deny" else OPEN


# --- the law, out of a policy's canonical text ------------------------------------------------------------------------

Json = Mapping[str, Any]
POLICY_FORM = "heatstream.policy/1"
ATTESTED = ("read", "operator_attested")
ALL_ROOMS = ("bedroom", "living_room", "kitchen", "bathroom", "other")


@dataclass(frozen=True)
class InForce:
    """One pack of a policy, in force on some day, and what the operator chose."""

    pack: Json
    chosen: Json
    decisions: tuple[Json, ...]

    def answer(self, option: str, *read: str) -> Any:
        """What the text says in its own place, else what it settles, else what the operator chose; None = nothing."""
        told = self.told(*read) if read else None
        if told is None and option in self.pack.get("settles", {}):
            told = self.pack["settles"][option]["value"]
        return self.chosen.get(option) if told is None else told

    def told(self, *path: str) -> Any:
        """A value of the pack's text; None = nobody could read it."""
        value: Any = self.pack
        for name in path:
            value = None if value is None else value.get(name)
        return value

    def needed(self, option: str, *read: str) -> Any:
        answer = self.answer(option, *read)
        if answer is None:
            raise Unreadable(f"policy, {self.pack['id']}: {option} is neither read nor chosen")
        return answer

    def one_of(self, option: str, *known: str) -> str:
        return among(self.needed(option), f"{self.pack['id']}: {option}", *known)


def among(value: Any, where: str, *known: str) -> str:
    """Refuse a form of rule that is not written out in this file."""
    if value not in known:
        raise Unreadable(f"policy, {where}: seen {value!r}, expected one of {', '.join(known)}")
    return str(value)


def policy_of(canonical: str) -> Json:
    policy: Json = json.loads(canonical)
    among(policy.get("form"), "form", POLICY_FORM)
    return policy


def in_force(policy: Json, day: int) -> InForce:
    """The pack of a policy that is in force on a local day."""
    file, local = policy["choices"], date_of(day).isoformat()
    chosen = file.get("choices", {})
    for pack in policy["packs"]:
        begins = pack.get("effective_from") or chosen.get("effective_from", {}).get(pack["id"])
        if begins is not None and begins <= local < pack.get("effective_to", "9999"):
            return InForce(pack, chosen, tuple(file.get("season_decisions", ())))
    raise Unreadable(f"policy: no pack is in force on {local}")


def law_of(canonical: str, day: int) -> Law:
    """The law of one local day, by the pack in force on it."""
    here = in_force(policy_of(canonical), day)
    season = season_of(here, day) or season_starting(here, date_of(day).year)
    return day_law(
        here, season, conditions_open=here.answer("conditions") == "undetermined", money=computed(here, season)
    )


def computed(here: InForce, season: Span) -> Money | None:
    """How 测算额 is computed, where the operator has it computed and the pack refunds by day."""
    by_day = here.told("tiers") is not None and here.told("unit") == "day"
    return money_of(here, season) if by_day and here.answer("computed_amount") == "compute" else None


def day_law(here: InForce, season: Span, *, conditions_open: bool, money: Money | None) -> Law:
    begin, end = here.needed("day_window").split("-")
    statistic, sustained_min, percent = statistic_of(here)
    return Law(
        standard=Fraction(here.told("standard", "min_c")),
        contract_standard=here.one_of("contract_standard", "law", "contract", "higher"),
        statistic=statistic,
        sustained_min=sustained_min,
        percent=percent,
        rooms=here.one_of("household_temperature", "min_room", "mean", "area_weighted", "each"),
        guard=guard_of(here),
        completeness=Fraction(here.needed("min_completeness")),
        gap_bounds=gap_bounds_of(here) if statistic in MEANS else None,
        conditions_open=conditions_open and bool(here.told("standard", "conditions")),
        deviation=here.told("tiers", "basis") == "deviation",
        bands=bands_of(here),
        overlap=here.answer("overlap"),
        day_from_min=minute_of(begin),
        day_to_min=minute_of(end),
        season_us=season,
        money=money,
        variants=variants_of(here),
    )


def statistic_of(here: InForce) -> tuple[str, int, int]:
    """The statistic, the minutes of a time below and the per cent of a percentile."""
    daily = here.needed("daily_statistic")
    if isinstance(daily, dict) and daily.keys() == {"sustained_below_min"}:
        return "sustained_below", int(daily["sustained_below_min"]), 0
    if isinstance(daily, dict) and daily.keys() == {"percentile"}:
        return "percentile", 0, int(daily["percentile"])
    return among(daily, "daily_statistic", *STATISTICS[:4]), 0, 0


def guard_of(here: InForce) -> Fraction:
    band = here.needed("guard_band")
    if band == "none":
        return Fraction(0)
    favours = among(band["direction"], "guard_band", "favour_company", "favour_user")
    return Fraction(band["band_c"]) * (1 if favours == "favour_company" else -1)


def gap_bounds_of(here: InForce) -> tuple[Fraction, Fraction] | None:
    bounds = here.needed("gap_bounds")
    return None if bounds == "none" else (Fraction(bounds["low_c"]), Fraction(bounds["high_c"]))


def bands_of(here: InForce) -> tuple[Band, ...]:
    return tuple(band_of(each, Fraction(each["ratio"])) for each in here.told("tiers", "bands") or ())


def band_of(told: Json, ratio: Fraction) -> Band:
    return Band(
        None if "lo" not in told else Fraction(told["lo"]),
        told.get("li", False),
        None if "hi" not in told else Fraction(told["hi"]),
        told.get("hi_i", False),
        ratio,
    )


def variants_of(here: InForce) -> tuple[Variant, ...]:
    """Other standards by the weather; where conditions are not examined, the weather is not looked at."""
    told = here.told("standard", "variants") if here.answer("conditions") == "undetermined" else None
    return tuple(
        Variant(band_of(each["outdoor_daily_mean"], Fraction(0)), Fraction(each["min_c"])) for each in told or ()
    )


def judged_rooms(here: InForce) -> tuple[str, ...]:
    """The kinds of rooms that the standard holds for."""
    told = here.answer("rooms", "standard", "rooms")
    others = here.told("standard", "other_rooms") or {}
    return tuple(told) if told not in (None, "all") else tuple(room for room in ALL_ROOMS if room not in others)


# --- seasons and money of a policy ------------------------------------------------------------------------------------


def minute_of(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:5])


def local_us(day: str, clock: str) -> int:
    """A local date and time of day as an instant."""
    return midnight_us(number_of(day)) + minute_of(clock) * MINUTE_US


def number_of(day: str) -> int:
    return (date.fromisoformat(day) - date(1970, 1, 1)).days


def statutory_season(here: InForce, year: int) -> Span:
    """The season that begins in a year, by the text or the choice alone."""
    told = here.told("season") if uses_season_of_text(here) else here.needed("season")
    last = "00:00" if here.answer("season_dates") == "end_excluded" else "24:00"
    ends_in = year if told["end"][:5] > told["start"][:5] else year + 1
    return (
        local_us(f"{year}-{told['start'][:5]}", told["start"][6:] or "00:00"),
        local_us(f"{ends_in}-{told['end'][:5]}", told["end"][6:] or last),
    )


def uses_season_of_text(here: InForce) -> bool:
    """Whether the season is the text's own: one that was read for a part of the place only must be chosen."""
    read = here.told("season")
    return read is not None and ("place" not in read or here.answer("season") == "pack")


def season_starting(here: InForce, year: int) -> Span:
    """The same, as a dated decision moved it (A20)."""
    start, end = statutory_season(here, year)
    for decision in here.decisions:
        if decision["season"] == year:
            start = local_us(*decision["start"].split("T")) if "start" in decision else start
            end = local_us(*decision["end"].split("T")) if "end" in decision else end
    return start, end


def season_of(here: InForce, day: int) -> Span | None:
    """The season that touches a local day; None = none does."""
    year = date_of(day).year
    seasons = (season_starting(here, starting) for starting in (year - 1, year))
    return next((each for each in seasons if each[0] < midnight_us(day + 1) and midnight_us(day) < each[1]), None)


def season_until(here: InForce, day: int) -> Span:
    """The season that touches a local day, else the one that ended last before it."""
    year = date_of(day).year
    seasons = (season_starting(here, starting) for starting in (year, year - 1, year - 2))
    return next(each for each in seasons if day_of(each[0]) <= day)


def money_of(here: InForce, season: Span) -> Money:
    return Money(
        denominator_s=denominator_s(here, season),
        scope=here.one_of("fee_scope", "whole_dwelling", "failing_rooms_area"),
        rounding=here.one_of("money_rounding", "half_up", "half_even", "floor"),
        rounded_at=here.one_of("money_rounding_at", "day", "total"),
        day_cap=Fraction(here.needed("max_ratio_per_day")),
        season_cap=Fraction(here.needed("max_ratio_per_season")),
    )


def denominator_s(here: InForce, season: Span) -> int:
    """采暖期天数 in seconds (A20)."""
    chosen = here.needed("fee_denominator")
    if isinstance(chosen, dict) and chosen.keys() == {"fixed_days"}:
        return int(chosen["fixed_days"]) * DAY_S
    if chosen == "stated_days":
        return int(here.told("season", "stated_days")) * DAY_S
    if among(chosen, "fee_denominator", "statutory_season", "actual_season") == "statutory_season":
        first = date_of(day_of(season[0])).year
        season = next(
            statutory_season(here, year) for year in (first, first - 1) if season_starting(here, year) == season
        )
    return (season[1] - season[0]) // 1_000_000


# --- a claim's law of a policy ----------------------------------------------------------------------------------------


def claim_law_of(canonical: str, opened_day: int) -> ClaimLaw:
    """The law of a claim, by the pack in force on the day it was opened."""
    policy = policy_of(canonical)
    here = in_force(policy, opened_day)
    if here.told("tiers_by_contract") is not None:
        here.one_of("contract_refunds", "none_agreed")
    season = season_until(here, opened_day)
    days = range(day_of(season[0]), day_of(season[1] - 1) + 1)
    held = {day: in_force(policy, day) for day in days}
    return ClaimLaw(
        law=day_law(here, season, conditions_open=False, money=money_of(here, season)),
        bands_on={day: bands_of(each) for day, each in held.items()},
        precedence=accepted(here),
        tests_same_day=here.one_of("tests_same_day", "last", "lowest"),
        tier_between_tests=here.one_of("tier_between_tests", "daily_series", "first_test", "lowest"),
        counting_start=counting_start(here),
        start_inclusive=here.answer("start_inclusive") is not False,
        period_ends=period_ends(here),
        end_inclusive=here.needed("end_inclusive"),
        grace_h=here.told("counting", "grace_h"),
        forgiven=is_forgiven(here),
        row_h=here.told("counting", "must_fail_continuously_h"),
        row_by=row_by(here),
        break_after_min=here.answer("break_after_min") or 0,
        exclude_first_days=here.told("counting", "exclude_first_days") or 0,
        exclude_last_days=here.told("counting", "exclude_last_days") or 0,
        has_conditions=here.answer("conditions") == "undetermined" and bool(here.told("standard", "conditions")),
        outage=outage_law(here),
        month_basis=here.one_of("month_basis", "calendar", "season") if here.told("unit") == "month" else None,
        month_tests=here.answer("min_visits", "statistic", "n") or 1,
        fee_numerator=here.one_of("fee_numerator", "due", "paid"),
        net_of_base_fee=bool(here.told("fee", "net_of_base_fee")),
        metered_fee=metered_fee(here),
        liability=liability_of(here),
        source_pays_through_company=here.told("liability", "heat_source_fault") == "company_pays_then_recovers",
        unpaid=here.one_of("unpaid", "deny", "offset", "hold"),
        fixed_point_opens=fixed_point_opens(here),
        entitling=all(entitles(each) for each in (here, *held.values())),
    )


def accepted(here: InForce) -> tuple[str, ...]:
    """The operator's order, less what the pack's text does not accept (A29)."""
    named = here.told("evidence_accepted", "kinds")
    known = (*TESTS, SERIES, PRESUMPTION)
    order = [among(kind, "precedence", *known) for kind in here.needed("precedence")]
    return tuple(kind for kind in order if named is None or kind in named)


def counting_start(here: InForce) -> str:
    told = here.needed("counting_start", "counting", "start")
    days = ("application_day", "notice_day", "report_day", "application_time", "test_day", "first_failing_day")
    return among(told, "counting_start", *days)


def period_ends(here: InForce) -> str:
    if here.told("counting", "end") == "passing_retest_day":
        return "retest"
    return here.one_of("period_ends", "retest", "fixed_point", "either")


def is_forgiven(here: InForce) -> bool:
    if here.told("counting", "grace_h") is None:
        return False
    return here.one_of("grace_exceeded", "retroactive", "forgiven") == "forgiven"


def row_by(here: InForce) -> str:
    if here.told("counting", "must_fail_continuously_h") is None:
        return "either"
    return here.one_of("continuity_by", "series", "tests", "either")


def liability_of(here: InForce, *, told: Any = None) -> str:
    told = told or here.needed("liability", "liability", "rule")
    return among(told, "liability", "company_cause", "not_user_cause", "none")


def metered_fee(here: InForce) -> str:
    if here.told("metered", "same_ratio_on") is not None:
        return "as_billed"
    return here.one_of("metered_fee", "as_billed", "base_fee", "without_base_fee")


def fixed_point_opens(here: InForce) -> str:
    if here.told("fixed_point", "refund_if") is not None:
        return "after_handling"
    return here.one_of("fixed_point_opens", "yes", "after_handling", "only_as_evidence", "no")


def outage_law(here: InForce) -> OutageLaw | None:
    """The pack's rule of outages (A18); None where it gives no share, or no length and the operator chose none."""
    told = here.told("outage") or {}
    chosen = here.answer("outage")
    ratio = told.get("ratio") or here.told("unheated_day_ratio", "value")
    length = told if "min_h" in told else chosen
    if ratio is None or length in (None, "none"):
        return None
    return OutageLaw(
        min_h=int(length["min_h"]),
        strictly=bool(length.get("strictly")),
        cumulative_days=told.get("or_cumulative_days"),
        ratio=Fraction(ratio),
        base_fee_only=told.get("metered") == "base_fee_only",
        excess=here.one_of("outage_covers", "whole", "excess") == "excess",
        added=here.one_of("outage_and_low", "max", "sum") == "sum",
        liability=liability_of(here, told=told.get("cause")),
    )


def refund_day(canonical: str, opened_day: int) -> date | None:
    """The last day to pay by the text (section 7), before days off move it; None = the text names none."""
    here = in_force(policy_of(canonical), opened_day)
    last = date_of(day_of(season_until(here, opened_day)[1] - 1))
    rule, not_after = here.told("refund_due", "rule"), here.told("refund_due", "not_after")
    if not_after is not None:
        return date.fromisoformat(f"{last.year}-{not_after}")
    return None if rule is None else months_after(last, int(rule.removeprefix("season_end+").removesuffix("mo")))


def months_after(day: date, months: int) -> date:
    """The same day of the month so many months later, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    next_month = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), next_month - timedelta(days=1))


RESTS_ON = (
    *("standard", "tiers", "statistic", "fee", "counting", "liability", "evidence_accepted", "presumption"),
    *("outage", "unheated_day_ratio", "metered"),
)


def entitles(here: InForce) -> bool:
    """Whether every value that a claim rests on is read or attested (office 4), and conditions are examined."""
    return is_attested(here, *RESTS_ON) and examines(here)


def is_attested(here: InForce, *names: str) -> bool:
    """Whether these values, the season of the text and what it settles are known well enough."""
    names = (*names, "season") if uses_season_of_text(here) else names
    groups = [here.pack[name] for name in names if name in here.pack] + list(here.pack.get("settles", {}).values())
    known = ATTESTED if "watermark" not in here.pack else (*ATTESTED, "fictional")
    return all(group["conf"] in known for group in groups)


def examines(here: InForce) -> bool:
    under_conditions = here.told("standard", "conditions") or here.told("standard", "variants")
    return not under_conditions or here.answer("conditions") != "not_examined"


# --- a claim's facts, out of their JSON (section 8) -------------------------------------------------------------------

FACTS_FORM = "heatstream.claim-facts/1"
OUTCOME_OF = {
    "compliant": COMPLIANT,
    "failing": FAILING,
    "undetermined": UNDETERMINED,
    "unmonitored": UNMONITORED,
}


def micros(instant: str) -> int:
    """An instant written by RFC 3339, in µs."""
    return (datetime.fromisoformat(instant) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def celsius_of(centi: int) -> Fraction:
    return Fraction(centi, 100)


def facts_of(told: Json) -> Facts:
    among(told.get("schema"), "facts: schema", FACTS_FORM)
    season = micros(told["season"]["start"]), micros(told["season"]["end"])
    standing, closed = told["standing"], told["closed_through"]
    agreed = standing["standard_centi"]
    return Facts(
        opened_us=micros(told["opening"]["at"]),
        way=told["opening"]["way"],
        season_us=season,
        closed_through=None if closed is None else number_of(closed),
        tests=tuple(test_of(each) for each in told["tests"]),
        handled_us=None if told["handled_at"] is None else micros(told["handled_at"]),
        cause=None if told["cause"] is None else told["cause"]["of"],
        exclusions=tuple(exclusion_of(each, season) for each in told["exclusions"]),
        conditions={number_of(each["day"]): each["met"] for each in told["conditions"]},
        presumptions=tuple(
            Presumption(number_of(each["day"]), each["outcome"] == "failing", each["tier"])
            for each in told["presumptions"]
        ),
        outages=tuple(outage_of(each) for each in told["outages"]),
        series={number_of(each["day"]): series_day_of(each) for each in told["series"]},
        resident=standing["resident"],
        metered=standing["metered"],
        fee_due_fen=standing["fee_due_fen"],
        fee_paid_fen=standing["fee_paid_fen"],
        base_fee_fen=standing["base_fee_fen"],
        billed_area=standing["billed_area_centi_m2"] or 0,
        standard=None if agreed is None else celsius_of(agreed),
        stopped=frozenset(day for each in standing["stopped"] for day in days_of(each["from"], each["to"], season)),
    )


def days_of(first: str, last: str | None, season: Span) -> range:
    """Days of a range, both ends inside; one without an end lasts to the season's."""
    return range(number_of(first), (day_of(season[1] - 1) if last is None else number_of(last)) + 1)


def test_of(told: Json) -> Test:
    rooms = tuple(
        TestedRoom(celsius_of(each["temp_centi"]) / each["of"], each["area_centi_m2"] or 0) for each in told["rooms"]
    )
    return Test(micros(told["at"]), told["kind"], told["valid"], rooms)


def exclusion_of(told: Json, season: Span) -> Exclusion:
    days = days_of(told["from"], told["to"], season)
    return Exclusion(days.start, days.stop - 1, told["state"])


def outage_of(told: Json) -> Outage:
    return Outage(micros(told["start"]), None if told["end"] is None else micros(told["end"]), told["cause"])


def series_day_of(told: Json) -> SeriesDay:
    return SeriesDay(
        outcome=OUTCOME_OF[told["outcome"]],
        conflict=told["conflict"],
        tier=told["tier"],
        complete=told["complete"],
        below_at_start_min=told["below_at_start_min"],
        below_at_end_min=told["below_at_end_min"],
        longest_below_min=told["longest_below_min"],
        tier_at_least=told["tier_at_least"],
        rooms=tuple(
            SeriesRoom(each["outcome"] == "failing", each["tier"], each["area_centi_m2"] or 0) for each in told["rooms"]
        ),
    )


# --- Ed25519, verification alone: RFC 8032, 5.1.7 ---------------------------------------------------------------------

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int]
"""x and y of −x² + y² = 1 + d x² y² over the field of p."""
NEUTRAL: Point = (0, 1)
KEY_BYTES = 32


def recovered_x(y: int, *, odd: bool) -> int | None:
    """The x of a point with this y and this parity; None = there is none (5.1.3)."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P != 0 or (x == 0 and odd):
        return None
    return P - x if x % 2 != odd else x


def point_of(encoded: bytes) -> Point | None:
    """A point out of 32 bytes: y, and the parity of x in the highest bit."""
    number = int.from_bytes(encoded, "little")
    y = number % 2**255
    x = recovered_x(y, odd=number >= 2**255) if y < P else None
    return None if x is None else (x, y)


def added(one: Point, other: Point) -> Point:
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + product, P - 2, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, P - 2, P)
    return x % P, y % P


def times(number: int, point: Point) -> Point:
    found = NEUTRAL
    while number > 0:
        if number % 2:
            found = added(found, point)
        point, number = added(point, point), number // 2
    return found


def base_point() -> Point:
    y = 4 * pow(5, P - 2, P) % P
    return recovered_x(y, odd=False) or 0, y


def ed25519_holds(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature of 64 bytes is this key's over the message."""
    if (len(public_key), len(signature)) != (KEY_BYTES, 2 * KEY_BYTES):
        return False
    key, r = point_of(public_key), point_of(signature[:KEY_BYTES])
    s = int.from_bytes(signature[KEY_BYTES:], "little")
    if key is None or r is None or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:KEY_BYTES] + public_key + message).digest(), "little") % Q
    return times(s, base_point()) == added(r, times(h, key))


# --- digests and the tree they are sealed under -----------------------------------------------------------------------

POINT_DAY = b"heatstream-point-day/1\x00"


def point_day_digest(device: str, day: int, rows: list[tuple[int, int]]) -> bytes:
    """SHA-256 of a point's day: device, day, and (µs, hundredths of °C) by rising instant."""
    code = device.encode()
    parts = [POINT_DAY, len(code).to_bytes(2, "big"), code]
    parts += [day.to_bytes(4, "big", signed=True), len(rows).to_bytes(4, "big", signed=True)]
    for at_us, centi in rows:
        parts += [at_us.to_bytes(8, "big", signed=True), centi.to_bytes(2, "big", signed=True)]
    return hashlib.sha256(b"".join(parts)).digest()


def finding_digest(digests: Iterable[bytes]) -> bytes:
    return hashlib.sha256(b"".join(digests)).digest()


def leaf_of(digest: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + digest).digest()


def node_of(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: list[bytes]) -> bytes:
    """Of n leaves the largest power of two below n stands left (RFC 6962, 2.1)."""
    if len(leaves) == 1:
        return leaves[0]
    left = 1
    while left * 2 < len(leaves):
        left *= 2
    return node_of(root_of(leaves[:left]), root_of(leaves[left:]))


def root_by_path(digest: bytes, index: int, leaves: int, path: list[bytes]) -> bytes | None:
    """The root that a path leads to (RFC 9162, 2.1.3.2); None = it is no path in a tree of so many leaves."""
    place, last, found = index, leaves - 1, leaf_of(digest)
    for sibling in path:
        if last == 0:
            return None
        if place % 2 or place == last:
            found = node_of(sibling, found)
            while place and not place % 2:
                place, last = place // 2, last // 2
        else:
            found = node_of(found, sibling)
        place, last = place // 2, last // 2
    return found if last == 0 and 0 <= index < leaves else None


# --- what was checked, in two languages -------------------------------------------------------------------------------


@dataclass
class Report:
    """What was recomputed, what differs, and what this file does not check."""

    same: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)

    @contextmanager
    def section(self, line: str) -> Iterator[None]:
        """Tell this line of what is checked within, where nothing in it differs."""
        before = len(self.different)
        yield
        if len(self.different) == before:
            self.same.append(line)

    def compare(self, where: str, stored: Any, recomputed: Any) -> None:
        if stored != recomputed:
            self.differs(where, stored, recomputed)

    def differs(self, where: str, stored: Any, recomputed: Any) -> None:
        self.different.append(f"{where}: 存 stored {shown(stored)}, 算 recomputed {shown(recomputed)}")

    def lines(self) -> Iterator[str]:
        yield from (f"  一致 same       {line}" for line in self.same)
        yield from (f"  算出 computed   {line}" for line in self.found)
        yield from (f"  未验 unchecked  {line}" for line in self.unchecked)
        yield from (f"  不同 different  {line}" for line in self.different)
        if self.different:
            yield f"结论：{len(self.different)} 处不同。 Different in {len(self.different)} places."
        else:
            yield "结论：一致。 Same."


def shown(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False)


# --- a bundle: docs/evidence.md ---------------------------------------------------------------------------------------


def exactly(content: bytes, where: str) -> Any:
    """Read JSON that has no fraction and names nothing twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        tree = dict(pairs)
        if len(tree) < len(pairs):
            raise Unreadable(f"{where}: a name stands twice")
        return tree

    def refuse(number: str) -> None:
        raise Unreadable(f"{where}: seen {number}, expected whole numbers")

    try:
        return json.loads(content.decode(), object_pairs_hook=once, parse_float=refuse, parse_constant=refuse)
    except ValueError as error:
        raise Unreadable(f"{where}: expected JSON in UTF-8 ({error})") from error


@dataclass(frozen=True)
class Bundle:
    files: Mapping[str, bytes]

    @classmethod
    def read(cls, path: str) -> "Bundle":
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
                files = {name: archive.read(name) for name in names}
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise Unreadable(f"{path}: expected an evidence bundle, a ZIP archive ({error})") from error
        if len(files) < len(names):
            raise Unreadable(f"{path}: a file stands twice in the archive")
        return cls(files)

    def tree(self, name: str, form: str) -> Json:
        if name not in self.files:
            raise Unreadable(f"{name}: not in the bundle")
        tree: Json = exactly(self.files[name], name)
        among(tree.get("form"), f"{name}: form", form)
        return tree

    def policy(self, digest: str) -> str:
        """The canonical text of a policy, by its hash."""
        name = f"policy/{digest}.json"
        if name not in self.files:
            raise Unreadable(f"{name}: not in the bundle")
        return self.files[name].decode()


@dataclass(frozen=True)
class Installation:
    """One point, with its readings as the rules let them count."""

    key: str
    device: str
    slot_min: int
    room_kind: str | None
    area: int
    from_us: int | None
    """First instant that is evidence; None = it was never accepted."""
    to_us: int | None
    readings: tuple[Reading, ...]
    """Those that count, and those in conflict."""
    set_aside_us: tuple[int, ...]
    """Instants that a reviewer excluded: told, and counting for nothing."""

    def stands_on(self, day: int) -> bool:
        if self.from_us is None or self.from_us >= midnight_us(day + 1):
            return False
        return self.to_us is None or self.to_us > midnight_us(day)

    def room(self, day: int, night_to_min: int) -> Room:
        start, end = midnight_us(day), midnight_us(day) + night_to_min * MINUTE_US
        return Room(self.slot_min, tuple(r for r in self.readings if start <= r.at_us < end), self.area)

    def digest(self, day: int) -> bytes:
        rows = [
            (r.at_us, int(r.celsius * 100))
            for r in self.readings
            if not r.in_conflict and midnight_us(day) <= r.at_us < midnight_us(day + 1)
        ]
        return point_day_digest(self.device, day, rows)


CSV_HEADER = "observed_us,temp_centi,received_us,gateway_us,flags,batch"


def installations(bundle: Bundle) -> list[Installation]:
    registry = bundle.tree("registry.json", "heatstream-registry/1")
    rooms = {room["code"]: room for room in registry["rooms"]}
    return [installation(point, rooms.get(point["room"]), bundle) for point in registry["points"]]


def installation(point: Json, room: Json | None, bundle: Bundle) -> Installation:
    accepted_us = None if point["accepted_on"] is None else midnight_us(number_of(point["accepted_on"]))
    from_us = None if accepted_us is None else max(accepted_us, micros(point["valid_from"]))
    to_us = None if point["valid_to"] is None else micros(point["valid_to"])
    stored = [
        (at_us, centi)
        for at_us, centi in stored_readings(point, bundle)
        if from_us is not None and from_us <= at_us and (to_us is None or at_us < to_us)
    ]
    decided, aside = decisions(point["key"], bundle), exclusions_of_marks(point["key"], bundle)
    is_aside = {at_us: any(first <= at_us <= last for first, last in aside) for at_us, _ in stored}
    return Installation(
        key=point["key"],
        device=point["device"],
        slot_min=point["interval_min"],
        room_kind=None if room is None else room["kind"],
        area=0 if room is None else room["area_centi_m2"] or 0,
        from_us=from_us,
        to_us=to_us,
        readings=tuple(
            reading_of(at_us, centi, decided)
            for at_us, centi in stored
            if not is_aside[at_us] and not (at_us in decided and decided[at_us] == NEITHER)
        ),
        set_aside_us=tuple(at_us for at_us, _ in stored if is_aside[at_us] and decided.get(at_us) != NEITHER),
    )


def stored_readings(point: Json, bundle: Bundle) -> list[tuple[int, int]]:
    """Instant and hundredths of each reading of a point; rising, each instant once."""
    name = point["readings"]
    if name is None:
        return []
    header, *lines = bundle.files[name].decode().splitlines()
    among(header, f"{name}: header", CSV_HEADER)
    rows = [(int(line.split(",")[0]), int(line.split(",")[1])) for line in lines]
    if any(later[0] <= earlier[0] for earlier, later in pairwise(rows)):
        raise Unreadable(f"{name}: expected rising instants, each once")
    return rows


OPEN_CONFLICT, NEITHER = "open", "neither"


def decisions(key: str, bundle: Bundle) -> dict[int, int | str]:
    """Instants with two values -> the value that an officer decided on last, NEITHER, or OPEN_CONFLICT."""
    found: dict[int, int | str] = {}
    for instant in bundle.tree("conflicts.json", "heatstream-conflicts/1")["instants"]:
        if instant["point"] == key:
            last = instant["decisions"][-1]["temp_centi"] if instant["decisions"] else OPEN_CONFLICT
            found[micros(instant["observed_at"])] = NEITHER if last is None else last
    return found


def reading_of(at_us: int, centi: int, decided: Mapping[int, int | str]) -> Reading:
    value = decided.get(at_us, centi)
    return (
        Reading(at_us, celsius_of(centi), in_conflict=True)
        if isinstance(value, str)
        else Reading(at_us, celsius_of(value))
    )


def exclusions_of_marks(key: str, bundle: Bundle) -> list[Span]:
    """First and last instant of what a reviewer excluded, both inside."""
    marks = bundle.tree("quality.json", "heatstream-quality/1")["marks"]
    excluded = [each for each in marks if each["point"] == key and each["reviews"] and each["reviews"][-1]["excludes"]]
    return [(micros(each["begins"]), micros(each["ends"])) for each in excluded]


# --- verifying: the list, the signature, the seals --------------------------------------------------------------------


def verify(bundle: Bundle) -> Report:
    """Check everything that a bundle holds; each thing that differs is told."""
    report = Report()
    manifest = bundle.tree("manifest.json", "heatstream-bundle/1")
    verify_files(manifest, bundle, report)
    verify_signature(bundle, report)
    points = installations(bundle)
    verify_statistics(points, bundle, report)
    verify_seals(points, manifest, bundle, report)
    verify_findings(points, bundle, report)
    verify_claims(points, manifest, bundle, report)
    return report


def verify_files(manifest: Json, bundle: Bundle, report: Report) -> None:
    listed = {each["name"]: each for each in manifest["files"]}
    with report.section(f"清单：{len(listed)} 个文件的 SHA-256。 Manifest: SHA-256 of {len(listed)} files."):
        for name, each in listed.items():
            content = bundle.files.get(name)
            digest = None if content is None else hashlib.sha256(content).hexdigest()
            report.compare(f"清单 manifest, {name} SHA-256", each["sha256"], digest)
            report.compare(f"清单 manifest, {name} bytes", each["bytes"], None if content is None else len(content))
        others = sorted(bundle.files.keys() - listed.keys() - {"manifest.json", "signature.json"})
        report.compare("清单 manifest, 未列入的文件 files not listed", [], others)
        for name in bundle.files:
            if name.startswith("policy/"):
                digest = hashlib.sha256(bundle.files[name]).hexdigest()
                report.compare(f"规则 {name}", name[len("policy/") : -len(".json")], digest)


def verify_signature(bundle: Bundle, report: Report) -> None:
    if "signature.json" not in bundle.files:
        report.unchecked.append("签名：无。 Signature: none.")
        return
    told = bundle.tree("signature.json", "heatstream-signature/1")
    if told["algorithm"] != "ed25519":
        report.unchecked.append(f"签名：{told['algorithm']}，请用其他工具验证。 Signature: check it with another tool.")
        return
    holds = ed25519_holds(
        bytes.fromhex(told["public_key"]), bundle.files["manifest.json"], bytes.fromhex(told["signature"])
    )
    if holds:
        whose = f"{told['signer']}, {told['public_key']}"
        report.same.append(f"签名：属于此公钥。 Signature: by this key, which must be known otherwise: {whose}")
    else:
        report.differs("签名 signature", told["signature"], "不属于此公钥 not by this key")


def verify_seals(points: list[Installation], manifest: Json, bundle: Bundle, report: Report) -> None:
    """Every proof leads to its root, and the newest of each point and day bears the readings as they stand."""
    roots = {each["id"]: each for each in bundle.tree("roots.json", "heatstream-roots/1")["roots"]}
    leaves = bundle.tree("proofs.json", "heatstream-proofs/1")["leaves"]
    newest = {(each["point"], each["day"]): each for each in sorted(leaves, key=lambda each: each["root"])}
    by_key, left_out = {point.key: point for point in points}, out_of_reach(bundle)
    with report.section(f"固定：{len(leaves)} 个证明通到根。 Seals: {len(leaves)} proofs lead to their roots."):
        for each in leaves:
            root, found = roots[each["root"]], walked(each, roots[each["root"]]["leaves"])
            report.compare(f"固定 root {root['id']}, {each['point']} {each['day']}", root["root"], found)
        for (key, day), each in newest.items():
            if day not in left_out:
                report.compare(f"固定 seal, {key} {day}", each["digest"], by_key[key].digest(number_of(day)).hex())
    tell_what_is_not_sealed(points, newest.keys(), manifest, report)
    tell_time_stamps(roots.values(), report)


def walked(leaf: Json, leaves: int) -> str | None:
    """The root that a proof of the bundle leads to."""
    path = [bytes.fromhex(sibling) for sibling in leaf["path"]]
    found = root_by_path(bytes.fromhex(leaf["digest"]), leaf["index"], leaves, path)
    return None if found is None else found.hex()


def tell_what_is_not_sealed(
    points: list[Installation], sealed: Iterable[tuple[str, str]], manifest: Json, report: Report
) -> None:
    known = set(sealed)
    for point in points:
        days = [day for day in days_between(manifest["from"], manifest["to"]) if point.stands_on(number_of(day))]
        missing = [day for day in days if (point.key, day) not in known]
        if missing:
            report.unchecked.append(f"未固定 not sealed: {point.key}: {', '.join(missing)}")


def days_between(first: str, last: str) -> list[str]:
    return [date_of(day).isoformat() for day in range(number_of(first), number_of(last) + 1)]


def tell_time_stamps(roots: Iterable[Json], report: Report) -> None:
    """Time stamps are checked by another tool; how is told."""
    for root in roots:
        if root["time_stamp"] is None:
            report.unchecked.append(f"时间戳：根 {root['id']} 无。 Time stamp of root {root['id']}: none.")
            continue
        imprint = hashlib.sha256(bytes.fromhex(root["root"])).hexdigest()
        command = f"openssl ts -verify -token_in -in token.der -digest {imprint} -CAfile ca.pem"
        taken_out = f"时间戳：根 {root['id']}，存为 token.der。 Time stamp of root {root['id']}, taken out as token.der"
        report.unchecked.append(f"{taken_out}: {command}")


# --- verifying: statistics and findings -------------------------------------------------------------------------------

ALWAYS = (-(2**62), 2**62)


def measuring_law(standard: Fraction, season: Span, day_from_min: int, day_to_min: int) -> Law:
    """As much of a law as statistics need: a standard, a season, the windows."""
    return Law(
        standard=standard,
        contract_standard="law",
        statistic="min",
        sustained_min=0,
        percent=0,
        rooms="each",
        guard=Fraction(0),
        completeness=Fraction(1),
        gap_bounds=None,
        conditions_open=False,
        deviation=False,
        bands=(),
        overlap=None,
        day_from_min=day_from_min,
        day_to_min=day_to_min,
        season_us=season,
        money=None,
    )


def current_findings(bundle: Bundle) -> dict[str, Json]:
    """The findings of days that stand, by day; days that the readings here cannot be held against are left out."""
    told, left_out = bundle.tree("findings.json", "heatstream-findings/1"), out_of_reach(bundle)
    days = [each for each in told["findings"] if each["current"] and each["period_kind"] == 1]
    return {each["period_from"]: each for each in days if each["period_from"] not in left_out}


def out_of_reach(bundle: Bundle) -> set[str]:
    """Days of which more is known that is not judged yet, or readings are deleted: stored and here differ by right."""
    return waiting_days(bundle) | {each["day"] for each in deleted(bundle)}


def waiting_days(bundle: Bundle) -> set[str]:
    return set(bundle.tree("findings.json", "heatstream-findings/1")["waiting"])


def deleted(bundle: Bundle) -> list[Json]:
    found: list[Json] = bundle.tree("statistics.json", "heatstream-statistics/1")["deleted"]
    return found


def verify_statistics(points: list[Installation], bundle: Bundle, report: Report) -> None:
    told = bundle.tree("statistics.json", "heatstream-statistics/1")
    left_out = out_of_reach(bundle)
    rows = [row for row in told["days"] if row["day"] not in left_out]
    findings, by_key = current_findings(bundle), {point.key: point for point in points}
    with report.section(f"统计值：{len(rows)} 点日由读数重算。 Statistics: {len(rows)} point-days, from the readings."):
        for row in rows:
            where = f"{row['point']} {row['day']}"
            if row["algorithm"] != 1:
                raise Unreadable(f"statistics.json, {where}: algorithm {row['algorithm']}, expected 1")
            found = findings.get(row["day"])
            season = counted_season(bundle.policy(found["policy"]), number_of(row["day"])) if found else ALWAYS
            for name, value in statistic(by_key[row["point"]], row, season).items():
                report.compare(f"统计值 statistic, {where}, {name}", row[name], value)
    tell_out_of_reach(bundle, report)


def tell_out_of_reach(bundle: Bundle, report: Report) -> None:
    if waiting := waiting_days(bundle):
        report.unchecked.append(f"待重新评定 waiting to be judged again: {', '.join(sorted(waiting))}")
    if gone := [f"{each['point']} {each['day']}" for each in deleted(bundle)]:
        report.unchecked.append(f"读数已按期删除 readings deleted after their time: {', '.join(gone)}")


def counted_season(canonical: str, day: int) -> Span:
    """What of a day's readings count: those in the season; all where the day is outside of it."""
    law = law_of(canonical, day)
    return law.season_us if seconds_in_season(law, day) else ALWAYS


def statistic(point: Installation, row: Json, season: Span) -> dict[str, Any]:
    """The columns of one point-day's statistic, from its readings."""
    day = number_of(row["day"])
    law = measuring_law(celsius_of(row["limit_centi"]), season, row["day_from_min"], row["day_to_min"])
    room = point.room(day, DAY_MIN + law.day_from_min)
    within = [r for r in room.readings if r.at_us < midnight_us(day + 1)]
    aside = [at_us for at_us in point.set_aside_us if midnight_us(day) <= at_us < midnight_us(day + 1)]
    hours = hourly(room, law, day)
    columns = {
        "slot_min": point.slot_min,
        "readings": len(within) + len(aside),
        "conflicts": sum(r.in_conflict for r in within),
        "longest_below_min": longest_below(room, law, day),
        "below_at_start_min": below_at_start(room, law, day),
        "below_at_end_min": below_at_end(room, law, day),
        "hourly_lowest_centi": hundredths_below(min(hours, default=None)),
        "hourly_mean_centi": hundredths_below(mean(hours) if hours else None),
        "digest": point.digest(day).hex(),
    }
    for prefix, name in (("", "whole"), ("day_", "day"), ("night_", "night")):
        columns |= {f"{prefix}{column}": value for column, value in window_columns(room, law, day, name).items()}
    return columns


def window_columns(room: Room, law: Law, day: int, name: str) -> dict[str, Any]:
    valid = valid_in(room, law, day, name)
    return {
        "slots_expected": len(window(law, day, name, room.slot_min)),
        "slots_valid": len(valid),
        "min_centi": hundredths_below(min(valid, default=None)),
        "sum_centi": int(sum(valid, Fraction(0)) * 100),
        "below_min": minutes_below(room, law, day, name),
    }


def hundredths_below(celsius: Fraction | None) -> int | None:
    return None if celsius is None else whole_hundredths(celsius)[0]


@dataclass(frozen=True)
class Home:
    """A household as it is registered on a day."""

    resident: bool
    contract: Json
    """The contract that holds; empty = none."""
    stopped: bool

    @property
    def agreed(self) -> Fraction | None:
        centi = self.contract.get("standard_centi")
        return None if centi is None else celsius_of(centi)


def holds_on(dated: Json, day: str) -> bool:
    return bool(dated["valid_from"] <= day and (dated["valid_to"] is None or day <= dated["valid_to"]))


def home_on(day: str, bundle: Bundle) -> Home:
    registry = bundle.tree("registry.json", "heatstream-registry/1")
    contracts = [each for each in registry["contracts"] if holds_on(each, day)]
    contract = contracts[-1] if contracts else {}
    stopped = any(holds_on(each, day) for each in registry["stop_periods"]) or not contract.get("supplied", True)
    return Home(registry["household"]["kind"] == "residential", contract, stopped)


def weather(day: str, bundle: Bundle) -> tuple[bool | None, Fraction | None]:
    """Whether the building is renovated, and the day's official outdoor mean; None = not known."""
    renovated = bundle.tree("registry.json", "heatstream-registry/1")["building"]["renovated"]
    told = bundle.tree("outdoor.json", "heatstream-outdoor/1")["days"]
    return renovated, next((celsius_of(each["mean_centi"]) for each in told if each["day"] == day), None)


def verify_findings(points: list[Installation], bundle: Bundle, report: Report) -> None:
    findings = current_findings(bundle)
    many = len(findings)
    with report.section(f"判定：{many} 日由读数与规则重算。 Findings: {many} days, from readings and rules."):
        for day, stored in findings.items():
            for name, value in finding_columns(day, points, bundle.policy(stored["policy"]), bundle).items():
                report.compare(f"判定 finding, {day}, {name}", stored[name], value)


def finding_columns(day: str, points: list[Installation], canonical: str, bundle: Bundle) -> dict[str, Any]:
    """The columns of one household-day's finding, judged again."""
    number, home = number_of(day), home_on(day, bundle)
    here = in_force(policy_of(canonical), number)
    law = for_home(law_of(canonical, number), home.agreed, *weather(day, bundle))
    rooms, counting = counting_rooms(number, points, law, canonical)
    found = judge(rooms, law, number, stopped=home.stopped)
    by_law = law if home.resident else replace(law, bands=(), money=None)
    held = found.tier if home.resident else None
    return {
        "outcome": NUMBER[found.outcome],
        "reason": found.reason,
        "point": None if found.decided_by is None else counting[found.decided_by].key,
        "statistic": STATISTICS.index(law.statistic) + 1,
        "value_centi": hundredths_below(found.value),
        "limit_centi": int(law.standard * 100),
        "margin_centi": None if found.value is None else hundredths_below(found.value + law.guard - law.standard),
        "tier": held,
        "tier_at_least": found.at_least and home.resident,
        "ratio_e4": None if held is None else int(law.bands[held].ratio * 10_000),
        "computed_fen": computed_fen(found, rooms, by_law, number, home=home, here=here),
        "grade": 1 if is_attested(here, "standard", "tiers") and examines(here) else 2,
        "digest": finding_digest(point.digest(number) for point in counting).hex(),
        **measured_columns(rooms, law, number),
    }


def computed_fen(found: Finding, rooms: list[Room], law: Law, day: int, *, home: Home, here: InForce) -> int | None:
    """The day's 测算额 to show; None where none can be said."""
    if law.money is None or seconds_in_season(law, day) == 0:
        return None
    fee_fen = home.contract.get(f"fee_{here.needed('fee_numerator')}_fen")
    if here.told("fee", "net_of_base_fee") and fee_fen is not None:
        base = home.contract["base_fee_fen"]
        fee_fen = None if base is None else max(0, fee_fen - base)
    part = share(found, rooms, law, day, home.contract.get("billed_area_centi_m2") or 0)
    return None if fee_fen is None or part is None else whole_fen(fee_fen * part, law.money)


def measured_columns(rooms: list[Room], law: Law, day: int) -> dict[str, Any]:
    """What a finding tells of its rooms' statistics: the barest coverage, the lowest by day and by night."""
    if seconds_in_season(law, day) == 0:
        law = replace(law, season_us=ALWAYS)
    coverage = [(len(valid_in(r, law, day, "whole")), len(window(law, day, "whole", r.slot_min))) for r in rooms]
    valid, expected = min(coverage, key=lambda each: each[0] * 1_000_000 // max(each[1], 1), default=(0, 0))
    lowest = {name: [t for room in rooms for t in valid_in(room, law, day, name)] for name in ("day", "night")}
    return {
        "slots_valid": valid,
        "slots_expected": expected,
        "below_min": max((minutes_below(room, law, day, "whole") for room in rooms), default=0),
        "day_value_centi": hundredths_below(min(lowest["day"], default=None)),
        "night_value_centi": hundredths_below(min(lowest["night"], default=None)),
    }


# --- verifying: claims ------------------------------------------------------------------------------------------------


CLAIM_EVENT = "heatstream-claim-event/1"


def chained(household: str, told: Json) -> Iterator[tuple[Json, str]]:
    """Each event of a claim with the hash that it must bear over the one before it."""
    genesis = {"form": CLAIM_EVENT, "claim": told["code"], "household": household}
    before = hashlib.sha256(as_hashed(genesis)).digest()
    for event in told["events"]:
        hashed = {name: event[name] for name in ("number", "kind", "officer", "body")}
        hashed |= {name: in_utc(event[name]) for name in ("happened_at", "recorded_at")}
        yield event, hashlib.sha256(before + as_hashed(hashed)).hexdigest()
        before = bytes.fromhex(event["hash"])


def as_hashed(tree: Json) -> bytes:
    return json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def in_utc(instant: str) -> str:
    return datetime.fromisoformat(instant).astimezone(UTC).isoformat(timespec="microseconds")


def verify_claims(points: list[Installation], manifest: Json, bundle: Bundle, report: Report) -> None:
    for told in bundle.tree("claims.json", "heatstream-claims/1")["claims"]:
        where = f"退费案 claim {told['code']}"
        with report.section(f"{where}: {len(told['events'])} 个事件的链。 Chain of {len(told['events'])} events."):
            verify_events(where, manifest["household"], told, report)
        with report.section(f"{where}: 事实与事件、档案、读数相符。 Facts fit the events, the registry, the readings."):
            facts = facts_of(told["facts"])
            report.compare(f"{where}, 申请时间 opened_at", micros(told["opened_at"]), facts.opened_us)
            verify_told(where, told, report)
            verify_standing(where, told, facts, bundle, report)
            verify_series(where, told["facts"], points, bundle, report)
        verify_amount(where, told, facts, bundle, report)


def verify_amount(where: str, told: Json, facts: Facts, bundle: Bundle, report: Report) -> None:
    """What the claim comes to; a policy that leaves something open that a claim needs computes nothing."""
    try:
        law = claim_law_of(bundle.policy(told["facts"]["policy"]), facts.request_day)
    except Unreadable as why:
        report.compare(f"{where}, 应退热费 entitlement_fen", told["entitlement_fen"], None)
        report.unchecked.append(f"{where}: 不能计算 nothing can be computed: {why}")
        return
    found = claim(law, facts)
    report.compare(f"{where}, 应退热费 entitlement_fen", told["entitlement_fen"], found.entitlement_fen)
    report.found.append(f"{where}: {in_words(found)}")
    last = refund_day(bundle.policy(told["facts"]["policy"]), facts.request_day)
    if found.entitlement_fen and last is not None:
        report.found.append(
            f"{where}: 最迟退费日 {last}，遇休息日顺延。 To be paid by {last}, or the next working day."
        )


def verify_events(where: str, household: str, told: Json, report: Report) -> None:
    for place, (event, digest) in enumerate(chained(household, told), start=1):
        report.compare(f"{where}, 事件 event, number", event["number"], place)
        if event.get("erased"):
            report.unchecked.append(
                f"{where}: 事件 {place} 中涉及个人的文字已依法删除，哈希为删除前所留。 "
                f"Words about persons were erased from event {place}; its hash is of what stood there."
            )
        else:
            report.compare(f"{where}, 事件 event {place}, hash", event["hash"], digest)


MEASURED_BY = {"company": "company_visit", "authority": "authority_visit", "third_party": "third_party"}


def verify_told(where: str, told: Json, report: Report) -> None:
    """Tests and cause in the facts are those that their events tell."""
    events = {event["number"]: event for event in told["events"]}
    for test in told["facts"]["tests"]:
        event = events[test["event"]]
        report.compare(
            f"{where}, 测温 test of event {test['event']}, kind", test["kind"], MEASURED_BY[event["body"]["by"]]
        )
        stands = [(room["kind"], room["temp_centi"]) for room in event["body"]["rooms"]]
        for room in test["rooms"]:
            # A joint value of several measurements is a room of no kind: the measurements stand beside it.
            if room["kind"] is not None and (room["kind"], Fraction(room["temp_centi"], room["of"])) not in stands:
                report.differs(
                    f"{where}, 测温 test of event {test['event']}, room", [room["kind"], room["temp_centi"]], stands
                )
    cause = told["facts"]["cause"]
    if cause is not None:
        report.compare(f"{where}, 责任 cause", cause["of"], events[cause["event"]]["body"]["cause"])


def verify_standing(where: str, told: Json, facts: Facts, bundle: Bundle, report: Report) -> None:
    """The contract in the facts is the registry's of the day of the opening."""
    home = home_on(date_of(facts.request_day).isoformat(), bundle)
    for name in ("fee_due_fen", "fee_paid_fen", "base_fee_fen", "billed_area_centi_m2", "standard_centi"):
        report.compare(f"{where}, {name}", told["facts"]["standing"][name], home.contract.get(name))
    report.compare(f"{where}, resident", facts.resident, home.resident)
    report.compare(f"{where}, metered", facts.metered, home.contract.get("metered", False))


def verify_series(where: str, told: Json, points: list[Installation], bundle: Bundle, report: Report) -> None:
    """The series in the facts is what the readings give, on the days that this bundle holds."""
    held = current_findings(bundle)
    outside = [each["day"] for each in told["series"] if each["day"] not in held]
    for each in told["series"]:
        if each["day"] in held:
            found = series_columns(each["day"], points, bundle.policy(told["policy"]), bundle)
            for name, value in found.items():
                report.compare(f"{where}, 监测点 series, {each['day']}, {name}", each[name], value)
    if outside:
        days = f"{outside[0]} … {outside[-1]} ({len(outside)})"
        report.unchecked.append(f"{where}: 读数不在本证据包内的日子 days whose readings are not in this bundle: {days}")


def series_columns(day: str, points: list[Installation], canonical: str, bundle: Bundle) -> dict[str, Any]:
    """A day of a claim's series, judged again with the conditions of the standard taken as met."""
    number, home = number_of(day), home_on(day, bundle)
    law = for_home(law_of(canonical, number), home.agreed, *weather(day, bundle))
    law = replace(law, conditions_open=False)
    rooms, _ = counting_rooms(number, points, law, canonical)
    found = judge(rooms, law, number, stopped=home.stopped)
    pick = max if law.rooms in ("min_room", "each") else min
    slots = [
        (len(valid_in(room, law, number, "whole")), len(window(law, number, "whole", room.slot_min))) for room in rooms
    ]
    return {
        "outcome": next(name for name, outcome in OUTCOME_OF.items() if outcome == found.outcome),
        "conflict": any(has_conflict(room, number) for room in rooms),
        "value_centi": hundredths_below(found.value),
        "tier": found.tier if home.resident else None,
        "tier_at_least": found.at_least and home.resident,
        "complete": bool(rooms) and all(valid == expected for valid, expected in slots),
        "below_at_start_min": pick((below_at_start(room, law, number) for room in rooms), default=0),
        "below_at_end_min": pick((below_at_end(room, law, number) for room in rooms), default=0),
        "longest_below_min": pick((longest_below(room, law, number) for room in rooms), default=0),
    }


def counting_rooms(
    day: int, points: list[Installation], law: Law, canonical: str
) -> tuple[list[Room], list[Installation]]:
    """The rooms that a day is judged by, each with its point: accepted, standing, and promised a temperature."""
    kinds = (None, *judged_rooms(in_force(policy_of(canonical), day)))
    counting = [point for point in points if point.stands_on(day) and point.room_kind in kinds]
    return [point.room(day, DAY_MIN + law.day_from_min) for point in counting], counting


def in_words(found: Claimed) -> str:
    """What a claim comes to, for a person."""
    if found.right == MET:
        return f"应退热费 {yuan(found.fen)}。 Entitlement {yuan(found.fen)}."
    names = ", ".join(found.denied or found.open)
    if found.right == NOT_MET:
        return f"应退热费 0 元，未满足：{names}。 Entitlement 0, not met: {names}."
    return f"应退热费未定，待定：{names}。 Entitlement undetermined, open: {names}."


def yuan(fen: int | None) -> str:
    return "–" if fen is None else f"{fen // 100}.{fen % 100:02} 元 CNY"


# --- the command ------------------------------------------------------------------------------------------------------

USAGE = "用法 usage: python3 -I -S twin.py verify BUNDLE.zip"


def main(arguments: list[str]) -> int:
    """0 = same, 1 = different or unreadable, 2 = wrong use."""
    match arguments:
        case ["verify", path]:
            return verify_file(path)
        case _:
            sys.stderr.write(f"{USAGE}\n")
            return 2


def verify_file(path: str) -> int:
    try:
        bundle = Bundle.read(path)
        manifest = bundle.tree("manifest.json", "heatstream-bundle/1")
        report = verify(bundle)
    except Unreadable as error:
        sys.stdout.write(f"无法读取 unreadable: {error}\n")
        return 1
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        sys.stdout.write(f"无法读取 unreadable: {type(error).__name__}: {error}\n")
        return 1
    sys.stdout.writelines(f"{line}\n" for line in (*heading(manifest), *report.lines()))
    return 1 if report.different else 0


def heading(manifest: Json) -> list[str]:
    days = f"{manifest['from']} … {manifest['to']}"
    first = f"证据包 evidence bundle: 户号 household {manifest['household']}, {days}"
    return [first, *([manifest["watermark"]] if manifest["watermark"] else [])]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
