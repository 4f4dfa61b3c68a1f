"""Colours do not flap, do not change between their thresholds, and are not cleared by silence."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from heatstream.core.hysteresis import Level, Watch, look, shown

LEAST = 60
ENTER, LEAVE = (10, 20), (5, 15)
"""Yellow and red of a figure whose more is worse."""

_spells = st.lists(
    st.tuples(st.integers(1, 45), st.sampled_from([None, 0, 5, 6, 9, 10, 14, 15, 16, 19, 20, 25]), st.integers(1, 5)),
    min_size=1,
    max_size=15,
)
figures = _spells.map(lambda spells: [(after, figure) for after, figure, looks in spells for _ in range(looks)])
"""Minutes since the look before, and the figure; None = it told nothing. It stays for some looks: colours change."""


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


def literally(looks: list[tuple[int, int | None]]) -> list[Level]:
    """Say the same as the docstring does, look by look, from the whole history each time."""
    at: list[int] = []
    for after, _ in looks:
        at.append((at[-1] if at else 0) + after)
    levels: list[Level] = []
    for place, (_, figure) in enumerate(looks):
        before = levels[-1] if levels else Level.UNDETERMINED
        changed = next((at[p] for p in range(place - 1, -1, -1) if levels[p] != (levels[p - 1] if p else 0)), None)
        free = before == Level.UNDETERMINED or (changed is not None and changed <= at[place] - LEAST)
        if figure is None or not free:
            levels.append(before)
            continue
        on = sum(
            _back(at, looks, place, leave) is False if before >= colour else _past(at, looks, place, enter)
            for colour, enter, leave in zip((Level.YELLOW, Level.RED), ENTER, LEAVE, strict=True)
        )
        waits = before == Level.UNDETERMINED and figure >= ENTER[0] and not on
        levels.append(Level.UNDETERMINED if waits else Level(Level.GREEN + on))
    return levels


def _past(at: list[int], looks: list[tuple[int, int | None]], place: int, enter: int) -> bool:
    """Every look that told was past the threshold, the first of them so long ago."""
    first = None
    for p in range(place, -1, -1):
        figure = looks[p][1]
        if figure is not None and figure < enter:
            break
        first = at[p] if figure is not None else first
    return first is not None and first <= at[place] - LEAST


def _back(at: list[int], looks: list[tuple[int, int | None]], place: int, leave: int) -> bool:
    """Every look told, and was back past the threshold, the first of them so long ago."""
    first = None
    for p in range(place, -1, -1):
        figure = looks[p][1]
        if figure is None or figure > leave:
            break
        first = at[p]
    return first is not None and first <= at[place] - LEAST


@settings(max_examples=100, deadline=None)
@given(figures)
def test_the_arrays_say_what_the_words_say(looks: list[tuple[int, int | None]]) -> None:
    assert colours(*looks) == literally(looks)


@settings(max_examples=100, deadline=None)
@given(figures)
def test_no_colour_changes_sooner_than_the_least_time_after_the_change_before(
    looks: list[tuple[int, int | None]],
) -> None:
    seen = watched(looks)
    changes = [
        now for (now, _, level, _), (_, _, before, _) in zip(seen[1:], seen, strict=False) if level != before != 0
    ]
    assert all(later - earlier >= LEAST for earlier, later in pairwise(changes))


@settings(max_examples=100, deadline=None)
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


@settings(max_examples=100, deadline=None)
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
