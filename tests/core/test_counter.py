"""What is counted between readings of a counter, and what is said of the rest."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatstream.core.counter import HEAT, HOUR_US, NEAR, VOLUME, Kind, Mark, Quantity, Series, Spans, spans_of

TIMES = 4
KW = 1000


class Counted(NamedTuple):
    """What came of one meter's readings."""

    spans: Spans
    marks: list[Mark]

    @property
    def total(self) -> int:
        return int(self.spans.counted.sum())

    @property
    def kinds(self) -> list[Kind]:
        return [mark.kind for mark in self.marks]


def series(
    values: list[int], hours: list[float] | None = None, rate: int | None = 20 * KW, litres: list[int] | None = None
) -> Series:
    """One meter's readings, an hour apart where not told; it tells one power all the time, or none."""
    rows = len(values)
    at = np.rint(np.array(hours or range(rows), np.float64) * HOUR_US).astype(np.int64)
    return Series(
        meter=np.zeros(rows, np.int32),
        at_us=at,
        value=np.array(values, np.int64),
        rate=np.full(rows, rate or 0, np.int64),
        rate_known=np.full(rows, rate is not None),
        bound=np.array(litres or [0] * rows, np.int64) * 175,
        bound_known=np.full(rows, litres is not None),
        gap_min=np.full(rows, 60, np.int32),
    )


def count(values: list[int], *args: object, quantity: Quantity = HEAT, **options: object) -> Counted:
    return Counted(*spans_of(series(values, *args, **options), quantity, TIMES))  # type: ignore[arg-type]


def rising(count: int, start: int = 1_000_000, step: int = 20 * KW) -> list[int]:
    return [start + step * each for each in range(count)]


def test_a_counter_that_rises_is_counted_as_it_rises() -> None:
    seen = count(rising(10))
    assert (seen.total, seen.marks) == (180_000, [])


def test_a_counter_that_stands_gives_nothing_and_says_nothing() -> None:
    seen = count([5_000_000] * 8)
    assert (seen.total, seen.marks) == (0, [])


def test_a_reset_counts_what_it_shows_now() -> None:
    seen = count([*rising(5), 3_000, 23_000, 43_000])
    assert seen.kinds == [Kind.RESET]
    assert seen.total == 80_000 + 3_000 + 40_000
    assert seen.marks[0].evidence | {"able": 0} == {
        "counter": "energy_wh",
        "before": 1_080_000,
        "after": 3_000,
        "shown": -1_077_000,
        "counted": 3_000,
        "able": 0,
        "odd": [],
    }


def test_a_swap_counts_nothing_and_leaves_the_time_open() -> None:
    seen = count([*rising(5, 90_000_000), *rising(5, 45_000_000)])
    assert (seen.kinds, seen.total) == ([Kind.SWAP], 80_000 + 80_000)
    assert seen.spans.whole.tolist() == [True] * 4 + [False] + [True] * 4


def test_a_used_meter_put_in_after_a_long_silence_is_no_reset() -> None:
    hours = [*map(float, range(5)), *(100.0 + each for each in range(5))]
    assert count([*rising(5, 90_000_000), *rising(5, 45_000_000)], hours).kinds == [Kind.SWAP]


@pytest.mark.parametrize("end", [10**9, 10**10, 277_777_778], ids=["a million kWh", "ten thousand MWh", "1000 GJ"])
def test_the_end_of_the_digits_is_counted_across(end: int) -> None:
    values = [end - 30_000, end - 10_000, 10_000, 30_000]
    seen = count(values)
    assert (seen.kinds, seen.total) == ([Kind.ROLLOVER], 60_000)


def test_a_counter_of_litres_turns_at_powers_of_ten() -> None:
    seen = count([99_999_500, 99_999_900, 300, 700], rate=400, quantity=VOLUME)
    assert (seen.kinds, seen.total) == ([Kind.ROLLOVER], 1_200)


@pytest.mark.parametrize("odd", [[1_060_000], [0], [0, 0, 7]])
def test_a_reading_that_falls_and_comes_back_counts_nothing(odd: list[int]) -> None:
    values = [*rising(5), *odd, *rising(5 + len(odd) + 3)[5 + len(odd) :]]
    seen = count(values)
    assert (seen.kinds, seen.total) == ([Kind.FALL], values[-1] - values[0])
    assert seen.marks[0].evidence["odd"] == odd


def test_an_odd_high_reading_is_passed_over_and_what_comes_back_is_counted() -> None:
    values = [*rising(5), 900_000_000, *rising(9)[6:]]
    seen = count(values)
    assert (seen.kinds, seen.total) == ([Kind.JUMP], 160_000)
    assert seen.spans.whole.all()


def test_a_rise_that_stays_counts_nothing() -> None:
    seen = count([*rising(5), *rising(5, 500_000_000)])
    assert (seen.kinds, seen.total) == ([Kind.JUMP], 160_000)
    assert (~seen.spans.whole).tolist() == [False] * 4 + [True] + [False] * 4
    assert (seen.marks[0].begins_us, seen.marks[0].ends_us) == (4 * HOUR_US, 5 * HOUR_US)


def test_the_power_told_near_by_says_what_a_meter_can_give() -> None:
    values = [*rising(5), *rising(5, 1_080_000 + 150_000)]
    assert count(values, rate=40 * KW).marks == []
    assert count(values, rate=20 * KW).kinds == [Kind.JUMP]


def test_where_no_power_is_told_the_counter_itself_says_it() -> None:
    assert count(rising(10), rate=None).marks == []
    assert count([*rising(5), *rising(5, 500_000_000)], rate=None).kinds == [Kind.JUMP]


def test_a_coarse_counter_does_not_jump_when_its_digit_turns() -> None:
    gigajoules = [277_778 * (hour // 14) + 1_000_000_000 for hour in range(60)]
    minutes = [each / 60 for each in range(240)]
    assert count(gigajoules).marks == []
    assert count([1_000_000 * (each // 100) for each in range(240)], minutes, rate=418 * KW).marks == []


def test_what_a_stuck_display_shows_when_it_comes_loose_is_counted_if_the_volume_can_have_carried_it() -> None:
    stuck, loose = [1_000_000] * (NEAR + 10), rising(5, 1_000_000 + 4_000_000)
    litres = [0] * (NEAR + 10)
    assert count([*stuck, *loose], litres=[*litres, *rising(5, 100_000, 500)]).marks == []
    seen = count([*stuck, *loose], litres=[*litres, *rising(5, 500, 500)])
    assert (seen.kinds, seen.total) == ([Kind.JUMP], 80_000)


def test_an_odd_reading_after_a_stand_or_a_gap_is_passed_over_too() -> None:
    stood = count([*[1_000_000] * (NEAR + 10), 900_000_000, *[1_000_000] * 5])
    assert (stood.kinds, stood.total) == ([Kind.JUMP], 0)
    hours = [0.0, 1.0, 100.0, 101.0, 102.0]
    after_gap = count([1_000_000, 1_020_000, 90_000_000, 3_020_000, 3_040_000], hours)
    assert (after_gap.kinds, after_gap.total) == ([Kind.JUMP], 2_040_000)


def test_after_a_gap_the_volume_says_what_can_have_been_given() -> None:
    hours, values = [0.0, 1.0, 100.0, 101.0], [1_000_000, 1_020_000, 31_000_000, 31_020_000]
    assert count(values, hours, litres=[0, 500, 1_000_000, 1_000_500]).marks == []
    assert count(values, hours, litres=[0, 500, 150_000, 150_500]).kinds == [Kind.JUMP]


def test_after_a_gap_of_a_meter_without_volume_only_the_impossible_is_a_jump() -> None:
    hours = [0.0, 1.0, 100.0, 101.0]
    assert count([1_000_000, 1_020_000, 31_000_000, 31_020_000], hours).marks == []
    assert count([1_000_000, 1_020_000, 10**12, 10**12 + 1], hours).kinds == [Kind.JUMP]


def test_meters_are_counted_each_by_itself() -> None:
    one, other = series([100, 200, 300]), series([9_000_000, 9_000_500])
    both = Series(
        np.concatenate([one.meter, other.meter + 1]),
        *(
            np.concatenate([getattr(one, name), getattr(other, name)])
            for name in ("at_us", "value", "rate", "rate_known", "bound", "bound_known", "gap_min")
        ),
    )
    spans, marks = spans_of(both, HEAT, TIMES)
    assert (spans.meter.tolist(), spans.counted.tolist(), marks) == ([0, 0, 1], [100, 100, 500], [])


def test_readings_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="not sorted"):
        series([1, 2], [1.0, 1.0])


def test_a_meter_with_one_reading_has_no_span() -> None:
    assert len(count([5]).spans.counted) == len(count([]).spans.counted) == 0


# --- the laws ---------------------------------------------------------------------------------------------------------

steps = st.integers(0, 60_000)
minutes = st.integers(1, 600)
strange = st.one_of(st.integers(0, 5_000), st.integers(0, 2 * 10**9), st.integers(10**9 - 50_000, 10**9 - 1))


@st.composite
def readings(draw: st.DrawFn) -> Series:
    """A counter that mostly rises, with odd values, restarts and gaps."""
    value, at, values, hours = draw(strange), 0, [], []
    for _ in range(draw(st.integers(2, 40))):
        at += draw(st.one_of(st.just(10), st.just(60), minutes))
        kind = draw(st.integers(0, 9))
        value = draw(strange) if kind == 0 else value + draw(steps)
        values.append(draw(strange) if kind == 1 else value)
        hours.append(at / 60)
    return series(values, hours, rate=draw(st.sampled_from([None, 0, 15 * KW])))


@given(readings())
@settings(max_examples=100, deadline=None)
def test_what_is_counted_is_the_last_less_the_first_but_for_what_marks_say(given_series: Series) -> None:
    spans, marks = spans_of(given_series, HEAT, TIMES)
    left_out = sum(mark.evidence["counted"] - mark.evidence["shown"] for mark in marks)
    assert spans.counted.sum() == given_series.value[-1] - given_series.value[0] + left_out
    assert (spans.counted >= 0).all()
    assert [*spans.begins_us.tolist(), given_series.at_us[-1]] == [given_series.at_us[0], *spans.ends_us.tolist()]
    odd = sum(len(mark.evidence["odd"]) for mark in marks)
    assert len(spans.counted) == len(given_series.value) - 1 - odd


@given(readings(), st.lists(st.integers(-1, 500 * 60), max_size=6))
@settings(max_examples=100, deadline=None)
def test_shares_of_neighbouring_days_add_up_to_the_whole(given_series: Series, cuts: list[int]) -> None:
    spans, _ = spans_of(given_series, HEAT, TIMES)
    far = 10**15
    edges = [-far, *sorted(each * 60_000_000 + 7 for each in cuts), far]
    shares = [spans.share(begin, end) for begin, end in pairwise(edges)]
    assert (np.sum(shares, axis=0) == spans.counted).all()
    assert all((share >= 0).all() for share in shares)


@pytest.mark.parametrize(
    "event",
    [[], [900_000_000], [3_100_000, 0, 0], [2_999_000]],
    ids=["none", "an odd one", "several", "a step back"],
)
@pytest.mark.parametrize("after", [3_060_000, 0, 700_000_000, 1_500_000], ids=["on", "reset", "jump", "swap"])
def test_a_verdict_needs_only_the_readings_near_it(event: list[int], after: int) -> None:
    values = [*rising(100), *event, *rising(100, after)]
    whole = spans_of(series(values), HEAT, TIMES)
    first, last = 100 - 2 * NEAR, 100 + len(event) + 2 * NEAR
    part = spans_of(series(values[first:last], [float(each) for each in range(first, last)]), HEAT, TIMES)
    assert part[1] == whole[1]
    inside = (whole[0].begins_us >= first * HOUR_US) & (whole[0].ends_us < last * HOUR_US)
    assert part[0].counted.tolist() == whole[0].counted[inside].tolist()


def test_a_difference_across_midnight_is_split_by_time_and_the_remainder_carried() -> None:
    spans = count([0, 10], [23.75, 24.25 + 1 / 4]).spans
    assert [int(spans.share(0, 24 * HOUR_US)[0]), int(spans.share(24 * HOUR_US, 48 * HOUR_US)[0])] == [3, 7]


def test_a_silence_of_many_days_is_split_over_all_of_them() -> None:
    spans = count([0, 1_000], [12.0, 12.0 + 24 * 7]).spans
    days = [int(spans.share(day * 24 * HOUR_US, (day + 1) * 24 * HOUR_US)[0]) for day in range(8)]
    assert (sum(days), min(days[1:-1]), max(days[1:-1])) == (1_000, 142, 143)
