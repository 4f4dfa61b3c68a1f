"""Colours do not flap, do not change between their thresholds, and are not cleared by silence."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from heatstream.core.hysteresis import Level, Watch, look, shown

LEAST = 60
ENTER, LEAVE = (10, 20), (5, 15)
"""Yellow and red of a figure whose more is worse."""

figures = st.lists(st.tuples(st.integers(1, 45), st.none() | st.integers(0, 30)), min_size=1, max_size=60)
"""Minutes since the look before, and the figure; None = it told nothing."""


def watched(looks: list[tuple[int, int | None]], least: int = LEAST) -> list[tuple[int, int | None, Level, Level]]:
    """Look at one subject; list when, the figure, its level and the colour shown."""
    watch, now, seen = Watch.new(1), 0, []
    for after, figure in looks:
        now += after
        known = np.array([figure is not None])
        value = figure or 0
        enters = np.array([[value >= each] for each in ENTER])
        leaves = np.array([[value <= each] for each in LEAVE])
        watch = look(watch, now, enters=enters, leaves=leaves, known=known, least_us=least)
        seen.append((now, figure, Level(watch.level[0]), Level(shown(watch, known)[0])))
    return seen


def colours(*looks: tuple[int, int | None]) -> list[Level]:
    return [level for _, _, level, _ in watched(list(looks))]


@settings(max_examples=200)
@given(figures)
def test_no_colour_changes_sooner_than_the_least_time_after_the_change_before(
    looks: list[tuple[int, int | None]],
) -> None:
    seen = watched(looks)
    changes = [
        now for (now, _, level, _), (_, _, before, _) in zip(seen[1:], seen, strict=False) if level != before != 0
    ]
    assert all(later - earlier >= LEAST for earlier, later in pairwise(changes))


@settings(max_examples=200)
@given(figures)
def test_a_colour_changes_only_to_one_that_every_look_of_the_least_time_called_for(
    looks: list[tuple[int, int | None]],
) -> None:
    seen = watched(looks)
    for place in range(1, len(seen)):
        now, _, level, _ = seen[place]
        before = seen[place - 1][2]
        if before in (level, Level.UNDETERMINED):
            continue
        lately = [figure for at, figure, _, _ in seen[: place + 1] if at >= now - LEAST]
        if level > before:
            assert all(figure >= ENTER[level - Level.YELLOW] for figure in lately if figure is not None)
        else:
            assert all(figure is not None and figure <= LEAVE[level - Level.GREEN] for figure in lately)


@settings(max_examples=100)
@given(st.sampled_from([(1, 6, 9), (12, 6, 9), (25, 16, 19)]), st.data())
def test_between_the_thresholds_a_colour_stays(case: tuple[int, int, int], drawn: st.DataObject) -> None:
    settled, least, most = case
    between = drawn.draw(st.lists(st.integers(least, most), min_size=1, max_size=30))
    levels = colours(*[(40, settled)] * 4, *((40, figure) for figure in between))
    assert set(levels[4:]) == {levels[3]}


def test_a_figure_past_red_for_the_least_time_goes_from_green_to_red_at_once() -> None:
    assert colours((0, 0), (30, 25), (30, 25), (30, 25)) == [Level.GREEN, Level.GREEN, Level.GREEN, Level.RED]


def test_one_look_back_between_the_thresholds_starts_the_waiting_anew() -> None:
    assert colours((0, 0), (30, 12), (30, 7), (30, 12), (30, 12))[-1] == Level.GREEN


def test_a_first_look_past_a_threshold_is_not_green_while_it_waits() -> None:
    assert colours((0, 12), (30, 12), (30, 12)) == [Level.UNDETERMINED, Level.UNDETERMINED, Level.YELLOW]


def test_a_warning_is_not_cleared_by_looks_that_tell_nothing() -> None:
    silent = [(30, None)] * 6
    assert colours((0, 12), (60, 12), *silent)[-1] == Level.YELLOW
    assert colours((0, 12), (60, 12), (60, 0), *silent, (30, 0))[-1] == Level.YELLOW


def test_green_that_told_nothing_is_shown_as_undetermined() -> None:
    seen = watched([(0, 0), (30, None)])
    assert [each[3] for each in seen] == [Level.GREEN, Level.UNDETERMINED]


def test_a_warning_that_told_nothing_is_still_shown() -> None:
    assert watched([(0, 12), (60, 12), (30, None)])[-1][3] == Level.YELLOW


def test_subjects_do_not_touch_each_other() -> None:
    watch = Watch.new(2)
    for now in (0, 60):
        watch = look(
            watch,
            now,
            enters=np.array([[True, False], [False, False]]),
            leaves=np.array([[False, True], [True, True]]),
            known=np.array([True, True]),
            least_us=LEAST,
        )
    assert watch.level.tolist() == [Level.YELLOW, Level.GREEN]
