"""What detection finds of a scenario is what is known of it, whatever the seed; as arrays, without a database."""

from collections import defaultdict
from pathlib import Path

import pytest

import simulators
from benchmarks import detection, drawn
from benchmarks.matched import Case, Pair, Score, match
from benchmarks.watched import watch
from simulators.scenario import load_scenario

SUPERVISION = Path(simulators.__file__).parent / "scenarios" / "supervision.yaml"


@pytest.fixture(scope="module")
def drawn_scores() -> dict[str, Score]:
    """Two winters of 40 days, of a dozen stations each, with every kind of fault among them."""
    total: defaultdict[str, Score] = defaultdict(Score)
    for seed in (9, 31):
        for kind, score in detection.judge(watch(drawn.season(seed, 12, 40))).items():
            total[kind].add(score)
    return total


@pytest.mark.parametrize("kind", ["late_start", "early_stop", "interruption", "low_running"])
def test_faults_that_are_drawn_are_found_and_little_else(drawn_scores: dict[str, Score], kind: str) -> None:
    score = drawn_scores[kind]
    assert score.true >= 3
    assert (score.recall or 0) >= 0.95
    assert (score.precision or 0) >= 0.9


def test_stops_that_are_lawful_are_left_alone(drawn_scores: dict[str, Score]) -> None:
    assert sum(score.on_lawful for score in drawn_scores.values()) == 0


def test_the_supervision_scenario_is_found_as_it_is_known() -> None:
    scores = detection.judge(watch(load_scenario(SUPERVISION)))
    assert {kind: (score.true, score.found, score.matched) for kind, score in scores.items() if score.found} == {
        "late_start": (1, 1, 1),
        "interruption": (3, 3, 3),
        "early_stop": (1, 1, 1),
        "low_running": (3, 3, 3),
        "meter_stuck": (1, 1, 1),
        "meter_swapped": (1, 1, 1),
        "meter_silent": (0, 1, 0),  # three readings in a row that dropped out: a gap it is
    }


# --- what counts as found ---------------------------------------------------------------------------------------------

MINUTE_US = 60_000_000


def case(begin_min: int, end_min: int, station: int = 0) -> Case:
    return Case(station, begin_min * MINUTE_US, end_min * MINUTE_US)


def pairs(true: list[Case], found: list[Case]) -> list[Pair]:
    return match(true, found, lambda _, begin, end: max(end - begin, 0) // MINUTE_US, 120)


@pytest.mark.parametrize(
    ("found", "counts"),
    [
        (case(0, 600), True),
        (case(120, 600), True),
        (case(121, 600), False),
        (case(0, 300), True),
        (case(0, 299), False),
        (case(0, 1200), True),
        (case(0, 1201), False),
        (case(0, 600, station=1), False),
    ],
)
def test_a_found_time_begins_within_two_hours_and_shares_half(found: Case, counts: bool) -> None:
    assert (pairs([case(0, 600)], [found]) == [Pair(0, 0)]) is counts


def test_a_true_time_is_found_once() -> None:
    assert pairs([case(0, 600)], [case(0, 400), case(0, 500)]) == [Pair(0, 1)]
