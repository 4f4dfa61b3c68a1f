"""A span that goes on keeps its row; what later data shows otherwise is withdrawn, and what it shows instead is new."""

import datetime as dt
from typing import Any

from heatstream.store.spans import Seen, SpanRow, reconcile

NOON = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)
SETTLED = NOON - dt.timedelta(hours=100)


def at(hour: float) -> dt.datetime:
    return NOON + dt.timedelta(hours=hour)


def row(number: int, begins: float, ends: float | None, **told: Any) -> SpanRow:
    values = {"heat_station_id": 1, "station": "X1", "kind": "interruption", "matter": None, **told}
    return SpanRow(
        id=number,
        begins=at(begins),
        known_at=at(begins),
        ends=None if ends is None else at(ends),
        evidence={},
        **values,
    )


def seen(begins: float, ends: float | None, **told: Any) -> Seen:
    values = {"heat_station_id": 1, "kind": "interruption", **told}
    return Seen(begins=at(begins), known_at=at(begins), ends=None if ends is None else at(ends), evidence={}, **values)


def test_a_span_that_goes_on_keeps_its_row() -> None:
    assert reconcile([row(1, 0, None)], [seen(0, 5)], SETTLED).kept == [(row(1, 0, None), seen(0, 5))]


def test_two_spans_that_turn_out_to_be_one_keep_the_row_of_the_first() -> None:
    found = reconcile([row(1, 0, 3), row(2, 5, 6)], [seen(0, 6)], SETTLED)
    assert ([pair[0].id for pair in found.kept], [each.id for each in found.withdrawn]) == ([1], [2])


def test_a_span_that_turns_out_to_be_two_keeps_the_row_where_most_of_it_was() -> None:
    found = reconcile([row(1, 0, 10)], [seen(0, 2), seen(4, 10)], SETTLED)
    assert (found.kept[0][1], found.new) == (seen(4, 10), [seen(0, 2)])


def test_spans_of_another_kind_or_station_or_time_are_no_match() -> None:
    for other in (seen(0, 5, kind="early_stop"), seen(0, 5, heat_station_id=2), seen(6, 9), seen(5, 9)):
        found = reconcile([row(1, 0, 5)], [other], SETTLED)
        assert ([each.id for each in found.withdrawn], found.new) == ([1], [other])


def test_what_ended_before_the_settled_time_is_new_only_in_the_place_of_a_withdrawn_row() -> None:
    late = at(20)
    assert reconcile([], [seen(0, 5)], late).new == []
    assert reconcile([], [seen(0, None)], late).new == [seen(0, None)]
    instead = seen(0, 10, kind="early_stop")
    assert reconcile([row(1, 0, None)], [instead], late).new == [instead]
