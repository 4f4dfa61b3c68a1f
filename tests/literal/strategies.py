"""Laws and homes to try, with temperatures crowded around the thresholds."""

from fractions import Fraction

from hypothesis import strategies as st

from heatstream.evidence.twin import DAY_MIN, MINUTE_US, Band, Law, Money, Reading, Room, midnight_us
from tests.literal.arrays import day_number, season_of

SEASON = ("11-14T12:00", "03-15T12:00")
FIRST, LAST, MIDDLE = day_number("2025-11-14"), day_number("2026-03-15"), day_number("2026-01-05")
OUTSIDE = day_number("2026-05-01")


def band(lo: str | None, li: bool, hi: str | None, hi_i: bool, ratio: str) -> Band:
    return Band(None if lo is None else Fraction(lo), li, None if hi is None else Fraction(hi), hi_i, Fraction(ratio))


ABSOLUTE = {
    "weifang": (band("16", True, "18", False, "0.5"), band(None, False, "16", False, "1")),
    "jilin": (
        band("16", True, "18", False, "0.3"),
        band("14", True, "16", False, "0.6"),
        band(None, False, "14", False, "1"),
    ),
    "unreadable": (),
}
OVERLAPPING = (
    band("16", True, "18", False, "0.3"),
    band("14", True, "16", True, "0.5"),
    band(None, False, "14", True, "1"),
)
DEVIATING = {
    "tianjin": (
        band("0", False, "2", True, "0.1"),
        band("2", False, "6", True, "0.5"),
        band("6", False, None, False, "1"),
    ),
    "beijing": (
        band("0", False, "2", False, "0.4"),
        band("2", True, "4", False, "0.6"),
        band("4", True, None, False, "1"),
    ),
}
EDGES = [1799, 1800, 1801, 1770, 1830, 1599, 1600, 1601, 1399, 1400, 1401, 1500, 1900, 2100, -100]
MEANS = ("time_weighted_mean", "mean_of_hourly")


@st.composite
def laws(draw: st.DrawFn) -> Law:
    statistic = draw(st.sampled_from(["min", *MEANS, "min_of_hourly", "sustained_below", "percentile"]))
    sustained = statistic == "sustained_below"
    rooms = draw(st.sampled_from(["min_room", "each"] if sustained else ["min_room", "each", "mean", "area_weighted"]))
    bands, deviation, overlap = draw(
        st.one_of(
            st.sampled_from([(bands, False, None) for bands in ABSOLUTE.values()]),
            st.sampled_from([(bands, True, None) for bands in DEVIATING.values()]),
            st.sampled_from(["highest_ratio", "lowest_ratio", "refer_to_authority"]).map(
                lambda choice: (OVERLAPPING, False, choice)
            ),
        )
    )
    bounds = st.sampled_from(
        [None, (Fraction(-20), Fraction(40)), (Fraction(15), Fraction(20)), (Fraction(1790, 100), Fraction(1810, 100))]
    )
    return Law(
        standard=Fraction(18),
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
        deviation=deviation,
        bands=bands,
        overlap=overlap,
        day_from_min=draw(st.sampled_from([0, 360, 420])),
        day_to_min=draw(st.sampled_from([1200, 1320, 1440])),
        season_us=season_of(SEASON, 2025),
        money=draw(amounts(apart=rooms in ("min_room", "each"))) if bands else None,
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
def rooms(draw: st.DrawFn, day: int, tail_min: int) -> Room:
    """A room that keeps one temperature but for a few spells: colder, warmer, silent or in conflict."""
    slot_min = draw(st.sampled_from([60, 60, 30, 30, 20, 15, 10, 5]))
    slots = (DAY_MIN + tail_min) // slot_min
    temps: list[int | None] = [draw(st.sampled_from(EDGES))] * slots
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, slots - 1))
        length = draw(st.sampled_from([1, 2, 60 // slot_min, slots // 8 + 1, slots]))
        temps[start : start + length] = [draw(st.none() | st.sampled_from(EDGES))] * len(temps[start : start + length])
    clashing = draw(st.none() | st.integers(0, slots - 1))
    again = draw(st.none() | st.integers(0, slots - 1))
    readings = [
        Reading(midnight_us(day) + slot * slot_min * MINUTE_US, Fraction(centi, 100), slot == clashing)
        for slot, centi in enumerate(temps)
        if centi is not None
    ]
    if again is not None:
        second = midnight_us(day) + again * slot_min * MINUTE_US + 1
        readings.append(Reading(second, Fraction(draw(st.sampled_from(EDGES)), 100)))
    return Room(slot_min, tuple(readings), draw(st.sampled_from([0, 1000, 1533, 2411])))


@st.composite
def homes(draw: st.DrawFn, day: int, tail_min: int) -> list[list[Room]]:
    return draw(st.lists(st.lists(rooms(day, tail_min), max_size=3), min_size=1, max_size=3).filter(any))
