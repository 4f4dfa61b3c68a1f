from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from heatstream.core.finding import Findings, Outcome, Reason, judge
from heatstream.core.standard import DayRules, Overlap, Ratio, Rooms, Statistic, Tier
from heatstream.evidence.twin import MINUTE_US, Reading, Room, midnight_us
from tests.core.rules import RULES
from tests.literal.arrays import judged, statistics_of

Spells = dict[tuple[int, int], str | None]


def room(celsius: str, spells: Spells | None = None, *, area: int = 0, conflict_at: int | None = None) -> Room:
    """A room of one temperature by the hour but for spells, {(from hour, to hour): temperature or None}."""
    temps: list[str | None] = [celsius] * 30
    for (begin, end), other in (spells or {}).items():
        temps[begin:end] = [other] * (end - begin)
    readings = [
        Reading(midnight_us(RULES.day) + hour * 60 * MINUTE_US, Fraction(temp), hour == conflict_at)
        for hour, temp in enumerate(temps)
        if temp is not None
    ]
    return Room(60, tuple(readings), area)


def found(*rooms: Room, rules: DayRules = RULES, stopped: bool = False) -> Findings:
    return judged([list(rooms)], rules, stopped=[stopped]).findings


def said(findings: Findings) -> tuple[Outcome, Reason]:
    return Outcome(findings.outcome[0]), Reason(findings.reason[0])


def test_exactly_the_standard_complies() -> None:
    assert said(found(room("18"))) == (Outcome.COMPLIANT, Reason.NONE)


def test_a_hundredth_below_fails() -> None:
    findings = found(room("20", {(3, 4): "17.99"}))
    assert said(findings) == (Outcome.FAILING, Reason.NONE)
    assert (findings.value_centi[0], findings.margin_centi[0], findings.tier[0]) == (1799, -1, 0)


def test_a_failure_shown_stands_at_any_coverage_and_its_tier_is_a_lower_bound() -> None:
    findings = found(room("17", {(1, 24): None}))
    assert said(findings) == (Outcome.FAILING, Reason.NONE)
    assert findings.tier_at_least[0]


def test_too_few_slots_leave_a_warm_day_undetermined() -> None:
    assert said(found(room("20", {(10, 13): None}))) == (Outcome.UNDETERMINED, Reason.COVERAGE)


def test_an_open_conflict_blocks_compliance() -> None:
    assert said(found(room("20", conflict_at=3))) == (Outcome.UNDETERMINED, Reason.CONFLICT)


def test_an_open_conflict_does_not_shield_a_failure() -> None:
    findings = found(room("17", conflict_at=3))
    assert said(findings) == (Outcome.FAILING, Reason.NONE)
    assert findings.tier_at_least[0]


def test_a_conflict_after_midnight_belongs_to_the_next_day() -> None:
    assert said(found(room("20", conflict_at=25))) == (Outcome.COMPLIANT, Reason.NONE)


def test_a_home_without_a_point_is_unmonitored() -> None:
    findings = judged([[], [room("20")]], RULES).findings
    assert findings.outcome.tolist() == [Outcome.UNMONITORED, Outcome.COMPLIANT]


def test_a_point_without_a_reading_is_undetermined() -> None:
    findings = found(room("20", {(0, 30): None}))
    assert said(findings) == (Outcome.UNDETERMINED, Reason.COVERAGE)
    assert not findings.valued[0]


def test_a_stopped_home_is_undetermined() -> None:
    assert said(found(room("10"), stopped=True)) == (Outcome.UNDETERMINED, Reason.STOPPED)


def test_nothing_is_decided_outside_the_season() -> None:
    findings = found(room("10"), rules=replace(RULES, counted_min=(0, 0)))
    assert said(findings) == (Outcome.UNDETERMINED, Reason.OUTSIDE_SEASON)
    assert findings.room_outcome.tolist() == [Outcome.UNDETERMINED]


MEAN = replace(RULES, statistic=Statistic.TIME_WEIGHTED_MEAN)


def test_a_mean_of_exactly_the_standard_complies() -> None:
    assert said(found(room("17", {(0, 12): "19"}), rules=MEAN)) == (Outcome.COMPLIANT, Reason.NONE)


def test_a_mean_without_coverage_is_undetermined() -> None:
    findings = found(room("17", {(0, 12): None}), rules=MEAN)
    assert said(findings) == (Outcome.UNDETERMINED, Reason.MEAN_UNDECIDED)
    assert findings.value_centi[0] == 1700


def test_bounds_of_the_gaps_may_decide_a_mean() -> None:
    rules = replace(MEAN, gap_bounds_centi=(500, 1850))
    findings = found(room("17", {(0, 12): None}), rules=rules)
    assert said(findings) == (Outcome.FAILING, Reason.NONE)
    assert (findings.value_centi[0], findings.tier_at_least[0]) == (1775, True)


def test_a_strict_bound_holds_between_two_hundredths() -> None:
    """15.99 or 16.00 by turns has the mean 15.995, in no band that begins at 16."""
    findings = found(room("16", {(0, 12): "15.99"}), rules=MEAN)
    assert (findings.value_centi[0], findings.tier[0]) == (1599, 1)


def test_an_hour_with_every_slot_proves_a_cold_hour_without_coverage() -> None:
    rules = replace(RULES, statistic=Statistic.MIN_OF_HOURLY)
    assert said(found(room("17", {(1, 24): None}), rules=rules)) == (Outcome.FAILING, Reason.NONE)


SUSTAINED = replace(RULES, statistic=Statistic.SUSTAINED_BELOW, sustained_min=120)


@pytest.mark.parametrize(("hours", "outcome"), [(1, Outcome.COMPLIANT), (2, Outcome.FAILING)])
def test_a_time_below_fails_from_its_length_on(hours: int, outcome: Outcome) -> None:
    assert found(room("20", {(3, 3 + hours): "17"}), rules=SUSTAINED).outcome[0] == outcome


def test_a_gap_breaks_a_time_below() -> None:
    assert (
        found(room("20", {(3, 4): "17", (4, 5): None, (5, 6): "17"}), rules=SUSTAINED).outcome[0] == Outcome.COMPLIANT
    )


def test_the_coldest_room_stands_for_the_dwelling() -> None:
    findings = found(room("20"), room("17"), room("19"))
    assert said(findings) == (Outcome.FAILING, Reason.NONE)
    assert (findings.decided_by[0], findings.one_room[0], findings.value_centi[0]) == (1, True, 1700)


def test_a_room_that_cannot_be_judged_leaves_a_warm_dwelling_undetermined() -> None:
    assert said(found(room("20"), room("20", {(0, 12): None}))) == (Outcome.UNDETERMINED, Reason.COVERAGE)


def test_a_room_without_coverage_makes_the_tier_a_lower_bound() -> None:
    assert found(room("17"), room("20", {(0, 12): None})).tier_at_least[0]


def test_the_mean_of_rooms_is_exact() -> None:
    rules = replace(MEAN, rooms=Rooms.MEAN)
    assert found(room("17.99"), room("18.01"), rules=rules).outcome[0] == Outcome.COMPLIANT
    assert found(room("17.99"), room("18.01"), room("17.99"), rules=rules).outcome[0] == Outcome.FAILING


def test_rooms_are_weighted_by_their_area() -> None:
    rules = replace(RULES, rooms=Rooms.AREA_WEIGHTED)
    assert found(room("17", area=1000), room("19", area=1000), rules=rules).outcome[0] == Outcome.COMPLIANT
    assert found(room("17", area=1001), room("19", area=1000), rules=rules).outcome[0] == Outcome.FAILING


def test_a_missing_area_leaves_a_weighted_dwelling_undetermined() -> None:
    rules = replace(RULES, rooms=Rooms.AREA_WEIGHTED)
    assert said(found(room("17"), room("19", area=1000), rules=rules)) == (Outcome.UNDETERMINED, Reason.NO_AREA)


@pytest.mark.parametrize(("guard", "outcome"), [(20, Outcome.COMPLIANT), (19, Outcome.FAILING), (-20, Outcome.FAILING)])
def test_the_guard_band_moves_a_value_before_it_is_compared(guard: int, outcome: Outcome) -> None:
    findings = found(room("17.80"), rules=replace(RULES, guard_centi=guard))
    assert findings.outcome[0] == outcome
    assert (findings.value_centi[0], findings.margin_centi[0]) == (1780, -20 + guard)


def test_a_band_in_favour_of_the_user_fails_a_reading_within_it() -> None:
    assert found(room("18.29"), rules=replace(RULES, guard_centi=-30)).outcome[0] == Outcome.FAILING


def test_conditions_nobody_examined_leave_a_failing_day_undetermined() -> None:
    rules = replace(RULES, conditions_open=True)
    assert said(found(room("17"), rules=rules)) == (Outcome.UNDETERMINED, Reason.CONDITIONS)
    assert said(found(room("18"), rules=rules)) == (Outcome.COMPLIANT, Reason.NONE)


def test_a_pack_without_tiers_still_judges_the_standard() -> None:
    findings = found(room("17"), rules=replace(RULES, tiers=()))
    assert said(findings) == (Outcome.FAILING, Reason.NO_TIERS)
    assert not findings.tiered[0]


def test_an_overlap_can_be_referred_to_the_authority() -> None:
    tiers = (Tier(3200, 3599, Ratio(3, 10)), Tier(2800, 3200, Ratio(1, 2)))
    rules = replace(RULES, tiers=tiers, overlap=Overlap.REFER_TO_AUTHORITY)
    assert said(found(room("16"), rules=rules)) == (Outcome.FAILING, Reason.REFERRED)


def test_a_contract_s_standard_moves_tiers_of_deviation_along() -> None:
    """20 °C promised: 17.5 is 2.5 K below, in the second band of 2 and 4 K."""
    tiers = (Tier(3200, 3599, Ratio(4, 10)), Tier(None, 3199, Ratio(6, 10)))
    rules = replace(RULES, tiers=tiers, by_deviation=True)
    statistics = statistics_of([room("17.5")], replace(rules, standard_centi=2000))
    findings = judge(statistics, np.zeros(1, np.int32), households=1, rules=rules)
    assert (findings.outcome[0], findings.tier[0], findings.limit_centi[0]) == (Outcome.FAILING, 1, 2000)


def test_day_and_night_are_told_apart() -> None:
    findings = found(room("20", {(7, 8): "17", (23, 25): "16"}))
    assert (findings.day_min_centi[0], findings.night_min_centi[0]) == (1700, 1600)
    assert (findings.below_min[0], findings.day_below_min[0], findings.night_below_min[0]) == (120, 60, 120)


def test_coverage_is_that_of_the_room_with_the_least() -> None:
    findings = found(room("20"), room("17", {(0, 20): None}))
    assert (findings.slots_valid[0], findings.slots_expected[0]) == (4, 24)


def test_rooms_must_be_sorted_by_household() -> None:
    statistics = statistics_of([room("20"), room("20")], RULES)
    with pytest.raises(ValueError, match="not sorted by household"):
        judge(statistics, np.array([1, 0], np.int32), households=2, rules=RULES)


def test_a_household_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 0 to 0"):
        judge(statistics_of([room("20")], RULES), np.array([1], np.int32), households=1, rules=RULES)


def test_statistics_of_other_rooms_are_refused() -> None:
    with pytest.raises(ValueError, match="expected as many"):
        judge(statistics_of([room("20")], RULES), np.array([0, 0], np.int32), households=1, rules=RULES)


def test_rooms_of_one_home_share_one_standard() -> None:
    statistics = statistics_of([room("20"), room("20")], RULES)
    statistics.limit_centi[0] = 1600
    with pytest.raises(ValueError, match="unlike limits"):
        judge(statistics, np.array([0, 0], np.int32), households=1, rules=RULES)


def test_a_time_below_has_no_mean_over_rooms() -> None:
    with pytest.raises(ValueError, match="no mean over rooms"):
        found(room("20"), rules=replace(SUSTAINED, rooms=Rooms.MEAN))
