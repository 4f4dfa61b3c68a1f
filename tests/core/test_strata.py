"""Where a home lies is told by its floor, its stair or its neighbours, or is not known; 悬空 by who is cold around."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatstream.core.strata import NOT_TOLD, Homes, Neighbours, Side, Stratum, strata, surroundings

ABOVE, BELOW, BESIDE = Side
NOBODY = Neighbours.of(np.array([], np.intp), np.array([], np.intp), np.array([], np.int8))


def homes(*rows: tuple[int, int, int, int, int]) -> Homes:
    """Homes of (floor, floors, stair, stairs, open ground)."""
    return Homes(*(np.array(column, np.int16) for column in zip(*rows, strict=True)))


def pairs(*rows: tuple[int, int, Side]) -> Neighbours:
    """Pairs of (home, its neighbour, where that is)."""
    home, other, side = zip(*rows, strict=True)
    return Neighbours.of(np.array(home, np.intp), np.array(other, np.intp), np.array(side, np.int8))


def said(stratum: Stratum, home: int = 0) -> bool | None:
    return bool(stratum.holds[home]) if stratum.known[home] else None


@pytest.mark.parametrize(
    ("floor", "floors", "open_ground", "top", "bottom"),
    [
        (6, 6, 0, True, False),
        (7, 6, 0, True, False),
        (5, 6, 0, False, False),
        (1, 6, 0, False, True),
        (1, 1, 0, True, True),
        (1, 6, NOT_TOLD, False, True),
        (2, 6, 1, False, True),
        (2, 6, 0, False, False),
        (2, 6, NOT_TOLD, False, None),
        (6, NOT_TOLD, 0, None, False),
        (NOT_TOLD, 6, 0, None, None),
    ],
)
def test_floors_tell_top_and_bottom_or_nobody_knows(
    floor: int, floors: int, open_ground: int, top: bool | None, bottom: bool | None
) -> None:
    found = strata(homes((floor, floors, NOT_TOLD, NOT_TOLD, open_ground)), NOBODY)
    assert (said(found.top), said(found.bottom)) == (top, bottom)


@pytest.mark.parametrize(("stair", "stairs", "edge"), [(2, 3, False), (1, 3, None), (3, 3, None), (NOT_TOLD, 3, None)])
def test_an_inner_stair_has_no_edge_and_an_outer_one_does_not_tell(stair: int, stairs: int, edge: bool | None) -> None:
    assert said(strata(homes((3, 6, stair, stairs, 0)), NOBODY).edge) is edge


def test_neighbours_tell_where_floors_do_not() -> None:
    """0 over 1, and 1 between 2 and 3."""
    unknown = (NOT_TOLD,) * 5
    found = strata(homes(unknown, unknown, unknown, unknown), pairs((0, 1, BELOW), (1, 2, BESIDE), (1, 3, BESIDE)))
    assert [said(found.top, home) for home in range(4)] == [True, False, None, None]
    assert [said(found.bottom, home) for home in range(4)] == [False, True, None, None]
    assert [said(found.edge, home) for home in range(4)] == [None, False, True, True]


def test_middle_is_only_who_is_known_to_be_none_of_the_three() -> None:
    assert said(strata(homes((3, 6, 2, 3, 0)), NOBODY).middle) is True
    assert said(strata(homes((3, 6, 1, 3, 0)), NOBODY).middle) is None
    assert said(strata(homes((6, 6, 1, 3, 0)), NOBODY).middle) is False


def test_a_pair_told_from_one_home_holds_for_the_other_too() -> None:
    told = pairs((0, 1, ABOVE))
    assert list(zip(told.home.tolist(), told.other.tolist(), told.side.tolist(), strict=True)) == [
        (0, 1, ABOVE),
        (1, 0, BELOW),
    ]
    twice = pairs((0, 1, ABOVE), (1, 0, BELOW))
    assert twice.counted(2).tolist() == told.counted(2).tolist() == [[1, 0, 0], [0, 1, 0]]


def test_a_home_is_surrounded_when_its_last_neighbour_stops() -> None:
    around = pairs((0, 1, ABOVE), (0, 2, BELOW), (0, 3, BESIDE))
    one_left = surroundings(around, np.array([False, True, True, False]))
    nobody_left = surroundings(around, np.array([False, True, True, True]))
    assert one_left.surrounded.tolist() == [False, False, False, False]
    assert nobody_left.surrounded.tolist() == [True, False, False, False]
    assert nobody_left.stopped[0].tolist() == nobody_left.neighbours[0].tolist() == [1, 1, 1]
    assert one_left.stopped[0].tolist() == [1, 1, 0]


def test_who_has_no_registered_neighbour_or_no_heat_is_not_surrounded() -> None:
    assert not surroundings(pairs((0, 1, BESIDE)), np.array([True, True, False])).surrounded.any()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_one_more_home_without_heat_never_frees_a_neighbour(drawn: st.DataObject) -> None:
    count = 6
    rows = drawn.draw(
        st.lists(
            st.tuples(st.integers(0, count - 1), st.integers(0, count - 1), st.sampled_from(list(Side))).filter(
                lambda row: row[0] != row[1]
            ),
            min_size=1,
            max_size=12,
        )
    )
    around, stopped = pairs(*rows), np.array(drawn.draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    one = drawn.draw(st.integers(0, count - 1))
    more = stopped.copy()
    more[one] = True
    before, after = surroundings(around, stopped).surrounded, surroundings(around, more).surrounded
    others = np.arange(count) != one
    assert not (before & ~after)[others].any()
