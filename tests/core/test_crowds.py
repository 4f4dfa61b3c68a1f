"""群体投诉: different homes within the time, no more and no fewer."""

from heatstream.core.crowds import crowds

DAY = 86_400


def test_so_many_households_within_the_time_are_a_group() -> None:
    assert crowds([(0, 1), (100, 2), (DAY, 3)], within_s=DAY, least=3) == [[0, 1, 2]]
    assert crowds([(0, 1), (100, 2), (DAY + 1, 3)], within_s=DAY, least=3) == []


def test_one_household_that_calls_often_is_no_group() -> None:
    assert crowds([(0, 1), (10, 1), (20, 1), (30, 2)], within_s=DAY, least=3) == []


def test_a_group_goes_on_as_long_as_a_span_of_it_does() -> None:
    calls = [(hour * 3600, hour) for hour in (30, 0, 12, 40)]
    assert crowds(calls, within_s=DAY, least=2) == [[1, 2, 0, 3]]


def test_groups_far_apart_are_two() -> None:
    calls = [(0, 1), (1, 2), (3 * DAY, 1), (3 * DAY + 1, 2)]
    assert crowds(calls, within_s=DAY, least=2) == [[0, 1], [2, 3]]
