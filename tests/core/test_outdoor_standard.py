"""A standard by the weather: Beijing's model contract, 16 °C in buildings that are not renovated, in some cold."""

from dataclasses import replace

import numpy as np
import pytest

from heatstream.core.finding import Findings, Outcome, Reason, judge
from heatstream.core.grid import Grid
from heatstream.core.standard import DayRules, OutdoorVariant, Ratio, Statistic, Tier, law_standards
from heatstream.core.statistic import day_statistics
from tests.core.rules import RULES

BEIJING = replace(RULES, outdoor_variants=(OutdoorVariant(-900, -701, 1600),))
DEVIATING = replace(BEIJING, by_deviation=True, tiers=(Tier(3200, 3599, Ratio(2, 5)), Tier(None, 3199, Ratio(1))))
MILD, COLD, COLDER = -700, -701, -901


@pytest.mark.parametrize(
    ("outdoor", "renovated", "surveyed", "promised"),
    [
        (COLD, False, True, (1600, 1600)),
        (MILD, False, True, (1800, 1800)),
        (COLDER, False, True, (1800, 1800)),
        (COLD, True, True, (1800, 1800)),
        (COLD, True, False, (1600, 1800)),
        (MILD, True, False, (1800, 1800)),
        (None, False, True, (1600, 1800)),
        (None, True, True, (1800, 1800)),
        (None, False, False, (1600, 1800)),
    ],
)
def test_the_law_promises_by_the_weather_and_the_building(
    outdoor: int | None, renovated: bool, surveyed: bool, promised: tuple[int, int]
) -> None:
    least, most = law_standards(BEIJING, np.array([renovated]), np.array([surveyed]), outdoor)
    assert (int(least[0]), int(most[0])) == promised


def test_without_variants_the_weather_is_not_asked() -> None:
    least, most = law_standards(RULES, np.array([False]), np.array([False]), None)
    assert least.tolist() == most.tolist() == [1800]


def steady(temp_centi: int, rules: DayRules) -> Grid:
    slots = np.full((1, 30), temp_centi, np.int16)
    none = np.zeros(1, np.int32)
    return Grid(rules.day, 60, rules.windows, slots, np.ones(slots.shape, np.bool_), none, none)


def judged(temp_centi: int, rules: DayRules = BEIJING, least: int = 1600) -> Findings:
    statistics = day_statistics(steady(temp_centi, rules), limit_centi=1800, counted_min=rules.counted_min)
    return judge(
        statistics, np.zeros(1, np.int32), households=1, rules=rules, least_limit_centi=np.array([least], np.int16)
    )


@pytest.mark.parametrize(
    ("temp_centi", "outcome", "reason"),
    [
        (1800, Outcome.COMPLIANT, Reason.NONE),
        (1799, Outcome.UNDETERMINED, Reason.CONDITIONS),
        (1600, Outcome.UNDETERMINED, Reason.CONDITIONS),
        (1599, Outcome.FAILING, Reason.NONE),
    ],
)
def test_a_day_stands_where_every_standard_that_may_hold_says_the_same(
    temp_centi: int, outcome: Outcome, reason: Reason
) -> None:
    found = judged(temp_centi)
    assert (found.outcome[0], found.reason[0]) == (outcome, reason)


def test_a_day_that_fails_by_every_standard_but_by_unlike_tiers_stays_undetermined() -> None:
    assert judged(1590, DEVIATING).reason[0] == Reason.CONDITIONS


def test_time_below_one_standard_shows_no_failure_of_another() -> None:
    sustained = replace(BEIJING, statistic=Statistic.SUSTAINED_BELOW, sustained_min=60)
    assert judged(1000, sustained).reason[0] == Reason.CONDITIONS


def test_a_known_standard_is_judged_by_as_ever() -> None:
    assert judged(1799, least=1800).outcome[0] == Outcome.FAILING
