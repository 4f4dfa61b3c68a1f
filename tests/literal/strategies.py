"""Laws and homes to try, with temperatures crowded around the thresholds."""

from dataclasses import dataclass
from fractions import Fraction

from hypothesis import strategies as st

from heatstream.evidence.twin import DAY_MIN, MINUTE_US, Band, Law, Money, Reading, Room, midnight_us
from heatstream.rules import pack as packs
from heatstream.rules.pack import find, ids
from heatstream.rules.tiers import tiers_of, tiers_overlap
from tests.literal.arrays import day_number, season_of

SEASON = ("11-14T12:00", "03-15T12:00")
FIRST, LAST, MIDDLE = day_number("2025-11-14"), day_number("2026-03-15"), day_number("2026-01-05")
OUTSIDE = day_number("2026-05-01")


@dataclass(frozen=True)
class Text:
    """What a shipped pack's text says of temperatures."""

    standard: Fraction
    deviation: bool
    bands: tuple[Band, ...]
    overlaps: bool


def _text(pack_id: str) -> Text:
    pack = find(pack_id)
    assert pack.standard is not None
    bands = tuple(_band(each) for each in pack.tiers.bands) if pack.tiers else ()
    by_deviation = pack.tiers is not None and pack.tiers.basis == "deviation"
    return Text(Fraction(pack.standard.min_c), by_deviation, bands, tiers_overlap(tiers_of(pack)))


def _band(told: packs.Band) -> Band:
    lo, hi = (None if end is None else Fraction(end) for end in (told.lo, told.hi))
    return Band(lo, bool(told.li), hi, bool(told.hi_i), Fraction(told.ratio))


TEXTS = [_text(each) for each in ids() if find(each).standard is not None]


def edges(law: Law) -> list[int]:
    """Hundredths at the standard and at every bound of the law's bands, moved by its guard band, and one beside."""
    ends = {end for band in law.bands for end in (band.lo, band.hi) if end is not None}
    bounds = {law.standard, law.standard - 1, *(law.standard - end if law.deviation else end for end in ends)}
    moved = {bound - guard for bound in bounds for guard in (0, law.guard)}
    beside = [int(bound * 100) + step for bound in sorted(moved) for step in (-1, 0, 1)]
    return [*beside, -101, 2600]


MEANS = ("time_weighted_mean", "mean_of_hourly")


@st.composite
def laws(draw: st.DrawFn) -> Law:
    statistic = draw(st.sampled_from(["min", *MEANS, "min_of_hourly", "sustained_below", "percentile"]))
    sustained = statistic == "sustained_below"
    rooms = draw(st.sampled_from(["min_room", "each"] if sustained else ["min_room", "each", "mean", "area_weighted"]))
    text = draw(st.sampled_from(TEXTS))
    overlaps = st.sampled_from(["highest_ratio", "lowest_ratio", "refer_to_authority"])
    bounds = st.sampled_from(
        [None, (Fraction(-20), Fraction(40)), (Fraction(15), Fraction(20)), (Fraction(1790, 100), Fraction(1810, 100))]
    )
    return Law(
        standard=text.standard,
        contract_standard="law",
        statistic=statistic,
        sustained_min=draw(st.sampled_from([30, 60, 90, 1440])) if sustained else 0,
        percent=draw(st.sampled_from([1, 5, 10, 50, 99])) if statistic == "percentile" else 0,
        rooms=rooms,
        guard=Fraction(0)
        if sustained
        else draw(
            st.sampled_from([Fraction(0), Fraction(3, 10), Fraction(-3, 10), Fraction(1, 100), Fraction(-1, 100)])
        ),
        completeness=draw(st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(9, 10), Fraction(1)])),
        gap_bounds=draw(bounds) if statistic in MEANS else None,
        conditions_open=draw(st.sampled_from([False, False, False, True])),
        deviation=text.deviation,
        bands=text.bands,
        overlap=draw(overlaps) if text.overlaps else None,
        day_from_min=draw(st.sampled_from([0, 360, 420])),
        day_to_min=draw(st.sampled_from([1200, 1320, 1440])),
        season_us=season_of(SEASON, 2025),
        money=draw(amounts(apart=rooms in ("min_room", "each"))) if text.bands else None,
    )


@st.composite
def amounts(draw: st.DrawFn, *, apart: bool) -> Money:
    return Money(
        denominator_s=draw(st.sampled_from([120, 121])) * 86400,
        scope=draw(st.sampled_from(["whole_dwelling", "failing_rooms_area"])) if apart else "whole_dwelling",
        rounding=draw(st.sampled_from(["half_up", "half_even", "floor"])),
        rounded_at=draw(st.sampled_from(["day", "total"])),
        day_cap=draw(st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(1, 4)])),
        season_cap=draw(st.sampled_from([Fraction(1), Fraction(1, 2)])),
    )


days = st.sampled_from([MIDDLE, MIDDLE, MIDDLE, FIRST, LAST, OUTSIDE])


@st.composite
def rooms(draw: st.DrawFn, law: Law, day: int) -> Room:
    """A room that keeps one temperature but for a few spells: colder, warmer, silent or in conflict."""
    slot_min = draw(st.sampled_from([60, 60, 30, 30, 20, 15, 10, 5]))
    slots = (DAY_MIN + law.day_from_min) // slot_min
    temps_to_try = st.sampled_from(edges(law))
    temps: list[int | None] = [draw(temps_to_try)] * slots
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, slots - 1))
        length = draw(st.sampled_from([1, 2, 60 // slot_min, slots // 8 + 1, slots]))
        temps[start : start + length] = [draw(st.none() | temps_to_try)] * len(temps[start : start + length])
    clashing = draw(st.none() | st.integers(0, slots - 1))
    again = draw(st.none() | st.integers(0, slots - 1))
    readings = [
        Reading(midnight_us(day) + slot * slot_min * MINUTE_US, Fraction(centi, 100), slot == clashing)
        for slot, centi in enumerate(temps)
        if centi is not None
    ]
    if again is not None:
        second = midnight_us(day) + again * slot_min * MINUTE_US + 1
        readings.append(Reading(second, Fraction(draw(temps_to_try), 100)))
    return Room(slot_min, tuple(readings), draw(st.sampled_from([0, 1000, 1533, 2411])))


@st.composite
def homes(draw: st.DrawFn, law: Law, day: int) -> list[list[Room]]:
    return draw(st.lists(st.lists(rooms(law, day), max_size=3), min_size=1, max_size=3).filter(any))
