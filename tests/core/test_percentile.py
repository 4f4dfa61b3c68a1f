"""The percentile of a day's slots, by the nearest rank."""

from dataclasses import replace

import numpy as np
import pytest

from heatstream.core.finding import Outcome, Reason, judge
from heatstream.core.grid import Grid
from heatstream.core.standard import Statistic
from heatstream.core.statistic import day_statistics, ranks
from tests.core.rules import RULES

FIFTH = replace(RULES, statistic=Statistic.PERCENTILE, percent=5)
SLOTS = 144


def day_of(cold: int, missing: int = 0) -> Grid:
    """A day of 18.00 °C, of which some slots are at 17.00 and some are missing."""
    temp, valid = np.full((1, 180), 1800, np.int16), np.ones((1, 180), np.bool_)
    temp[0, :cold] = 1700
    valid[0, SLOTS - missing : SLOTS] = False
    none = np.zeros(1, np.int32)
    return Grid(RULES.day, 10, RULES.windows, temp, valid, none, none)


def outcome(cold: int, missing: int = 0) -> tuple[Outcome, Reason]:
    statistics = day_statistics(
        day_of(cold, missing), limit_centi=1800, counted_min=FIFTH.counted_min, percent=FIFTH.percent
    )
    found = judge(statistics, np.zeros(1, np.int32), households=1, rules=FIFTH)
    return Outcome(found.outcome[0]), Reason(found.reason[0])


@pytest.mark.parametrize(
    ("slots", "percent", "rank"), [(144, 5, 8), (100, 5, 5), (101, 5, 6), (1, 1, 1), (144, 99, 143), (0, 50, 1)]
)
def test_the_rank_is_the_first_that_holds_so_many_per_cent(slots: int, percent: int, rank: int) -> None:
    assert ranks(np.array([slots]), percent)[0] == rank


@pytest.mark.parametrize(("cold", "failing"), [(7, False), (8, True)])
def test_so_many_per_cent_of_cold_slots_fail_a_day(cold: int, failing: bool) -> None:
    assert outcome(cold)[0] == (Outcome.FAILING if failing else Outcome.COMPLIANT)


def test_without_coverage_the_rank_of_all_slots_proves_a_failure() -> None:
    assert outcome(8, missing=100) == (Outcome.FAILING, Reason.NONE)


def test_without_coverage_fewer_cold_slots_prove_nothing() -> None:
    assert outcome(7, missing=100) == (Outcome.UNDETERMINED, Reason.COVERAGE)


def test_a_day_without_a_slot_has_no_percentile() -> None:
    assert outcome(0, missing=SLOTS) == (Outcome.UNDETERMINED, Reason.COVERAGE)


def test_outside_the_season_no_slot_is_ranked() -> None:
    said = day_statistics(day_of(8), limit_centi=1800, counted_min=(0, 0), percent=5)
    assert said.percentile_centi.tolist() == [0]
