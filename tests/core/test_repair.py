"""The class of an accident and whether its limit is kept, to the microsecond."""

import numpy as np
import pytest

from heatstream.core.repair import AccidentClass, RepairState, classes, states

HOUR = 3_600_000_000
BOUNDS = (6 * HOUR, 24 * HOUR)
ORDINARY, LARGER, MAJOR = AccidentClass


@pytest.mark.parametrize(
    ("length", "lower", "higher"),
    [
        (0, ORDINARY, ORDINARY),
        (6 * HOUR - 1, ORDINARY, ORDINARY),
        (6 * HOUR, ORDINARY, LARGER),
        (6 * HOUR + 1, LARGER, LARGER),
        (24 * HOUR - 1, LARGER, LARGER),
        (24 * HOUR, LARGER, MAJOR),
        (24 * HOUR + 1, MAJOR, MAJOR),
    ],
)
def test_exactly_six_and_twenty_four_hours_stand_in_the_chosen_class(length: int, lower: int, higher: int) -> None:
    lengths = np.array([length])
    assert classes(lengths, BOUNDS, exact_is_higher=False).tolist() == [lower]
    assert classes(lengths, BOUNDS, exact_is_higher=True).tolist() == [higher]


def test_a_longer_stop_is_never_in_a_lower_class() -> None:
    lengths = np.sort(np.random.default_rng(1).integers(0, 30 * HOUR, 200))
    for exact in (False, True):
        assert (np.diff(classes(lengths, BOUNDS, exact_is_higher=exact)) >= 0).all()


@pytest.mark.parametrize(
    ("hours", "after", "away", "back"),
    [
        (48, 0, RepairState.RUNNING, RepairState.KEPT),
        (48, 1, RepairState.WARNED, RepairState.WARNED),
        (72, 0, RepairState.WARNED, RepairState.WARNED),
        (72, 1, RepairState.BREACHED, RepairState.BREACHED),
    ],
)
def test_of_a_range_the_begin_warns_and_the_end_breaches_and_exactly_is_within(
    hours: int, after: int, away: RepairState, back: RepairState
) -> None:
    elapsed, limit, warning = (np.array([each]) for each in (hours * HOUR + after, 72 * HOUR, 48 * HOUR))
    assert states(elapsed, np.array([False]), limit, warning).tolist() == [away]
    assert states(elapsed, np.array([True]), limit, warning).tolist() == [back]


def test_a_limit_without_a_range_warns_of_nothing() -> None:
    limit = np.array(6 * HOUR)
    elapsed = np.array([6 * HOUR, 6 * HOUR + 1])
    assert states(elapsed, np.array([False, False]), limit, limit).tolist() == [
        RepairState.RUNNING,
        RepairState.BREACHED,
    ]
