"""What a claim comes to, sentence by sentence of docs/claims.md."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from heatstream.core.claim_facts import ClaimFacts
from heatstream.core.claim_rules import (
    Begin,
    Cause,
    ClaimRules,
    Continuity,
    ContinuityBy,
    Covers,
    Ends,
    FixedPointOpens,
    Grace,
    GraceExceeded,
    Kind,
    Liability,
    MonthBasis,
    MonthRules,
    Open,
    Opened,
    OutageRules,
    SameDay,
    Tiering,
    Unpaid,
)
from heatstream.core.claim_rules import BothOnOneDay as Both
from heatstream.core.entitlement import Entitled, Right, entitle
from heatstream.core.refund import INT64_SAFE
from heatstream.core.standard import FeeScope, Ratio, RoundedAt, Rounding, Tier
from tests.core.claims import (
    CLAIM_RULES,
    DAYS,
    FEE,
    FIRST,
    Test,
    at,
    facts,
    failing_rooms,
    marked,
    measured,
    outages,
    presumptions,
    series,
)

WHOLE_DAY_H = OutageRules(24, False, None, Ratio(1), Covers.WHOLE, Liability.COMPANY_CAUSE, False)
COLD = "F" * DAYS


def said(given: ClaimFacts, **changed: Any) -> Entitled:
    return entitle(given, replace(CLAIM_RULES, **changed))


def fen(given: ClaimFacts, **changed: Any) -> int:
    return int(said(given, **changed).fen[0])


def counted(given: ClaimFacts, **changed: Any) -> list[int]:
    return np.flatnonzero(said(given, **changed).counted[0]).tolist()


def conditions(given: ClaimFacts, **changed: Any) -> tuple[Open, Open]:
    found = said(given, **changed)
    return Open(int(found.open[0])), Open(int(found.denied[0]))


# --- the evidence of a day --------------------------------------------------------------------------------------------


def test_each_failing_day_gives_its_tier_s_share_from_the_request_on() -> None:
    assert fen(facts(series=series("FFFFF" + "FfC?."))) == 50 + 100


def test_the_first_kind_of_the_precedence_stands() -> None:
    warm = measured(Test(at(6, 700), 1900, Kind.AUTHORITY_VISIT), Test(at(6, 800), 1500))
    assert fen(facts(series=series(COLD), tests=warm), ends=Ends.FIXED_POINT) == 34 * 50


def test_a_kind_that_is_not_accepted_is_not_looked_at() -> None:
    by_series = replace(CLAIM_RULES, precedence=(Kind.FIXED_POINT_SERIES,))
    found = entitle(facts(series=series(COLD), tests=measured(Test(at(6, 700), 1900))), by_series)
    assert found.fen[0] == 35 * 50


@pytest.mark.parametrize(("same_day", "given"), [(SameDay.LAST, 0), (SameDay.LOWEST, 50)])
def test_of_several_tests_on_a_day_the_rules_say_which_stands(same_day: SameDay, given: int) -> None:
    both = measured(Test(at(6, 700), 1700), Test(at(6, 800), 1900))
    assert fen(facts(tests=both), same_day=same_day, end_inclusive=True) == given


def test_exactly_the_standard_complies() -> None:
    kept = facts(tests=measured(Test(at(6, 700), 1800)))
    assert conditions(kept)[1] == Open.EVIDENCE


def test_the_guard_band_moves_a_test() -> None:
    assert fen(facts(tests=measured(Test(at(6, 700), 1810))), guard_centi=-30) == 50


def test_a_deviation_is_counted_from_the_household_s_standard() -> None:
    one_below = facts(tests=measured(Test(at(6, 700), 1900)), standard_centi=np.array([2000], np.int32))
    tiers = (Tier(3400, 3599, Ratio(1, 4)), Tier(None, 3399, Ratio(1)))
    assert fen(one_below, tiers=tiers, by_deviation=True) == 25


def test_evidence_before_the_day_of_the_request_is_not_looked_at() -> None:
    assert fen(facts(tests=measured(Test(at(4, 700), 1500)), series=series("FFFFF"))) == 0


def test_an_unknown_day_gives_nothing_and_makes_the_amount_a_lower_bound() -> None:
    found = said(facts(series=series("....." + "F" + "C" * 34)))
    unknown = said(facts(series=series("....." + "F" + "?" + "C" * 33)))
    assert (found.at_least[0], unknown.at_least[0], unknown.fen[0]) == (False, True, 50)


def test_the_first_test_stands_for_every_day_of_the_period() -> None:
    mended = measured(Test(at(6, 700), 1700), Test(at(8, 700), 1500), Test(at(10, 700), 1850))
    assert fen(facts(tests=mended), tiering=Tiering.FIRST_TEST) == 5 * 50


def test_the_lowest_test_stands_for_every_day_of_the_period() -> None:
    mended = measured(Test(at(6, 700), 1700), Test(at(8, 700), 1500), Test(at(10, 700), 1850))
    assert fen(facts(tests=mended), tiering=Tiering.LOWEST) == 5 * 100


def test_a_presumed_band_goes_before_a_test_of_a_lower_share() -> None:
    presumed = facts(tests=measured(Test(at(6, 700), 1700), Test(at(10, 700), 1850)), presumptions=presumptions((8, 1)))
    assert fen(presumed, tiering=Tiering.LOWEST) == 5 * 100


def test_without_a_failing_test_the_period_has_no_temperature() -> None:
    assert conditions(facts(series=series(COLD)), tiering=Tiering.LOWEST) == (Open.EVIDENCE, Open(0))


def test_a_presumption_of_compliance_stands_for_its_day_alone() -> None:
    presumed = facts(series=series("....." + "F" * 2), presumptions=presumptions((7, None)))
    assert fen(presumed) == 100


# --- the period -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begin", "inclusive", "first"),
    [
        (Begin.REQUEST_DAY, True, 5),
        (Begin.REQUEST_DAY, False, 6),
        (Begin.REQUEST_INSTANT, True, 5),
        (Begin.TEST_DAY, True, 8),
        (Begin.TEST_DAY, False, 9),
        (Begin.FIRST_FAILING_DAY, True, 7),
    ],
)
def test_counting_begins_as_the_rules_say(begin: Begin, inclusive: bool, first: int) -> None:
    given = facts(tests=measured(Test(at(8, 700), 1700)), series=series("....." + "CCFF"))
    assert counted(given, begin=begin, begin_inclusive=inclusive)[0] == first


@pytest.mark.parametrize(("inclusive", "last"), [(True, 9), (False, 8)])
def test_the_first_passing_test_after_a_failing_one_ends_the_period(inclusive: bool, last: int) -> None:
    mended = facts(tests=measured(Test(at(5, 700), 1850), Test(at(6, 700), 1700), Test(at(9, 700), 1850)))
    found = said(mended, end_inclusive=inclusive)
    assert (np.flatnonzero(found.counted[0])[-1], found.end_day[0], found.closed[0]) == (last, FIRST + 9, True)


def test_where_nothing_failed_the_first_passing_test_ends_the_period() -> None:
    assert said(facts(tests=measured(Test(at(6, 700), 1850)))).end_day[0] == FIRST + 6


def test_the_series_ends_the_period_on_its_first_compliant_day_after_the_begin() -> None:
    assert counted(facts(series=series("....." + "CFFC")), ends=Ends.FIXED_POINT) == [5, 6, 7]


def test_either_ends_it_whichever_comes_first() -> None:
    given = facts(series=series("....." + "FFFC"), tests=measured(Test(at(7, 700), 1850)))
    assert said(given, ends=Ends.EITHER).end_day[0] == FIRST + 7


def test_the_season_s_last_day_ends_every_period_and_counts() -> None:
    found = said(facts(series=series(COLD)))
    assert (found.counted[0, -1], found.closed[0], found.end_day[0]) == (True, True, FIRST + DAYS - 1)


def test_without_an_end_the_period_runs_to_the_newest_closed_day_and_stays_open() -> None:
    running = facts(series=series("....." + "FFF"), through_day=np.array([FIRST + 7], np.int32))
    assert (counted(running), conditions(running)[0]) == ([5, 6, 7], Open.PERIOD)


def test_whoever_asks_before_the_season_begins_with_it() -> None:
    assert counted(facts(series=series("FF"), request_us=np.array([at(-3)])))[0] == 0


@pytest.mark.parametrize(("minute", "first"), [(600, None), (601, 5)])
def test_mended_within_the_grace_gives_nothing_back(minute: int, first: int | None) -> None:
    mended = facts(tests=measured(Test(at(5, 700), 1700), Test(at(6, minute), 1850)))
    days = counted(mended, grace=Grace(24, GraceExceeded.RETROACTIVE), end_inclusive=True)
    assert (days[0] if days else None) == first


def test_what_is_mended_within_the_grace_is_closed_and_denied() -> None:
    mended = facts(
        tests=measured(Test(at(5, 700), 1700), Test(at(6), 1850)), through_day=np.array([FIRST + 6], np.int32)
    )
    assert conditions(mended, grace=Grace(24, GraceExceeded.FORGIVEN)) == (Open(0), Open.EVIDENCE)


def test_a_day_that_the_series_finds_compliant_mends_at_its_midnight() -> None:
    mended = facts(series=series("....." + "FC"))
    assert counted(mended, grace=Grace(14, GraceExceeded.RETROACTIVE)) == []
    assert counted(mended, grace=Grace(13, GraceExceeded.RETROACTIVE))[0] == 5


def test_forgiven_hours_move_the_first_day_and_not_the_end() -> None:
    late = facts(tests=measured(Test(at(5, 700), 1700), Test(at(9, 700), 1850)))
    assert counted(late, grace=Grace(48, GraceExceeded.FORGIVEN)) == [7, 8]


def test_left_out_days_give_nothing_back() -> None:
    given = facts(series=series(COLD), excluded_proved=marked(7), stopped=marked(8))
    days = counted(given, exclude_last_days=5)
    assert days == [5, 6, *range(9, DAYS - 5)]


def test_what_is_alleged_reduces_only_the_second_amount() -> None:
    found = said(facts(series=series("....." + "FFFF"), excluded_alleged=marked(6, 7)))
    assert (found.fen[0], found.fen_if_alleged_proved[0], found.right[0]) == (200, 100, Right.ENTITLED)


def test_a_failing_day_of_unknown_conditions_is_counted_apart() -> None:
    condition = np.ones((1, DAYS), np.int8)
    condition[0, 6], condition[0, 7] = 0, 2
    found = said(facts(series=series("....." + "FFFC"), condition=condition), has_conditions=True)
    assert (found.fen[0], found.open[0], np.flatnonzero(found.apart[0]).tolist()) == (50, Open.CONDITIONS, [6])


def test_a_compliant_day_of_unknown_conditions_waits_for_nothing() -> None:
    assert not said(facts(series=series("....." + "C" * 35)), has_conditions=True).apart.any()


# --- in a row ---------------------------------------------------------------------------------------------------------


def below(start: dict[int, int], end: dict[int, int], complete: tuple[int, ...] = ()) -> Any:
    def laid(minutes: dict[int, int]) -> Any:
        row = np.zeros((1, DAYS), np.int32)
        for day, value in minutes.items():
            row[0, day] = value
        return row

    longest = {day: max(start.get(day, 0), end.get(day, 0)) for day in start | end}
    return series(
        COLD,
        below_at_start_min=laid(start),
        below_at_end_min=laid(end),
        longest_below_min=laid(longest),
        complete=marked(*complete),
    )


FORTY_EIGHT = Continuity(48, ContinuityBy.SERIES, 0)


@pytest.mark.parametrize(("until", "days"), [(600, 35), (599, 0)])
def test_forty_eight_hours_count_from_the_request_over_midnights(until: int, days: int) -> None:
    given = facts(series=below({5: 1440, 6: 1440, 7: until}, {5: 1440, 6: 1440}))
    assert len(counted(given, continuity=FORTY_EIGHT)) == days


def test_time_below_before_the_request_does_not_count() -> None:
    given = facts(series=below({4: 1440, 5: 1440, 6: 600}, {3: 1440, 4: 1440, 5: 1440}))
    assert counted(given, continuity=FORTY_EIGHT) == []


@pytest.mark.parametrize(("recovery", "complete", "days"), [(59, (6,), 35), (60, (6,), 0), (59, (), 0)])
def test_a_short_recovery_breaks_nothing_where_every_slot_was_measured(
    recovery: int, complete: tuple[int, ...], days: int
) -> None:
    given = facts(series=below({5: 1440, 6: 700, 7: 1440}, {5: 1440, 6: 740 - recovery}, complete))
    assert len(counted(given, continuity=Continuity(48, ContinuityBy.SERIES, 60))) == days


@pytest.mark.parametrize(("hours", "days"), [(48, 35), (49, 0)])
def test_two_failing_tests_show_the_time_between_them(hours: int, days: int) -> None:
    given = facts(tests=measured(Test(at(6, 600), 1700), Test(at(8, 600), 1700)))
    assert len(counted(given, continuity=Continuity(hours, ContinuityBy.TESTS, 0))) == days


def test_a_compliant_day_between_two_failing_tests_breaks_the_row() -> None:
    given = facts(tests=measured(Test(at(6, 600), 1700), Test(at(8, 600), 1700)), series=series("......." + "C"))
    assert counted(given, continuity=Continuity(48, ContinuityBy.EITHER, 0)) == []


# --- outages, rooms, months -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hours", "strictly", "given"), [(24, False, 100), (24, True, 0), (23, False, 0)])
def test_an_outage_counts_from_its_least_length_on(hours: int, strictly: bool, given: int) -> None:
    law = replace(WHOLE_DAY_H, strictly=strictly)
    assert fen(facts(outages=outages((at(20), at(20) + hours * 3_600_000_000))), outage=law) == given


def test_part_of_a_day_gives_its_part() -> None:
    assert fen(facts(outages=outages((at(20, 720), at(21, 1080)))), outage=WHOLE_DAY_H) == 50 + 75


def test_the_excess_is_what_comes_after_the_threshold() -> None:
    law = replace(WHOLE_DAY_H, covers=Covers.EXCESS)
    assert fen(facts(outages=outages((at(20), at(21, 360)))), outage=law) == 25


def test_outages_that_together_pass_their_days_count_each() -> None:
    law = replace(WHOLE_DAY_H, min_h=1000, cumulative_days=1)
    twelve_h = [(at(day), at(day, 720)) for day in (10, 20)]
    assert fen(facts(outages=outages(*twelve_h)), outage=law) == 0
    assert fen(facts(outages=outages(*twelve_h, (at(30), at(30, 72)))), outage=law) == 105
    assert fen(facts(outages=outages(*twelve_h, (at(30), at(30, 72)))), outage=replace(law, covers=Covers.EXCESS)) == 5


def test_what_two_outages_cover_together_counts_once() -> None:
    assert fen(facts(outages=outages((at(20), at(22)), (at(21), at(23)))), outage=WHOLE_DAY_H) == 300


def test_an_outage_that_still_runs_lasts_to_the_end_of_the_newest_closed_day() -> None:
    running = replace(outages((at(20), at(20))), running=np.array([True]))
    given = facts(outages=running, through_day=np.array([FIRST + 21], np.int32))
    assert fen(given, outage=WHOLE_DAY_H) == 200


@pytest.mark.parametrize(
    ("cause", "liability", "given"),
    [
        (Cause.COMPANY, Liability.COMPANY_CAUSE, 100),
        (Cause.HEAT_SOURCE, Liability.COMPANY_CAUSE, 0),
        (Cause.HEAT_SOURCE, Liability.NOT_USER_CAUSE, 100),
        (Cause.UNKNOWN, Liability.NOT_USER_CAUSE, 0),
        (Cause.UNKNOWN, Liability.NONE, 100),
    ],
)
def test_an_outage_gives_back_where_its_cause_obliges(cause: Cause, liability: Liability, given: int) -> None:
    stopped = facts(outages=outages((at(20), at(21)), cause=cause))
    assert fen(stopped, outage=replace(WHOLE_DAY_H, liability=liability)) == given


@pytest.mark.parametrize(("both", "cap", "given"), [(Both.MAX, 2, 100), (Both.SUM, 2, 150), (Both.SUM, 1, 100)])
def test_outage_and_cold_on_one_day_join_as_the_rules_say(both: Both, cap: int, given: int) -> None:
    joined = facts(outages=outages((at(6), at(7))), series=series("......" + "F"))
    refund = replace(CLAIM_RULES.refund, day_cap=Ratio(cap))
    assert fen(joined, outage=WHOLE_DAY_H, both=both, refund=refund) == given


def test_a_metered_household_s_outage_is_a_share_of_the_base_fee() -> None:
    metered = facts(
        outages=outages((at(20), at(21))), series=series("....." + "F"), outage_fee_fen=np.array([FEE // 4])
    )
    assert fen(metered, outage=WHOLE_DAY_H) == 50 + 25


def test_an_outage_to_the_microsecond_stays_exact() -> None:
    day_and_a_third_us = 86_400_000_000 + 28_800_000_001
    stopped = facts(outages=outages((at(20), at(20) + day_and_a_third_us)), fee_fen=np.array([INT64_SAFE // 5]))
    stopped = replace(stopped, outage_fee_fen=stopped.fee_fen)
    exact = (INT64_SAFE // 5) * day_and_a_third_us // (DAYS * 86_400_000_000)
    floor = replace(CLAIM_RULES.refund, rounding=Rounding.FLOOR)
    assert fen(stopped, outage=WHOLE_DAY_H, refund=floor) == exact


@pytest.mark.parametrize("rounded_at", RoundedAt)
def test_unlike_fees_and_microseconds_leave_int64_and_stay_exact(rounded_at: RoundedAt) -> None:
    fee, season_us, first_us, second_us = 10**13, DAYS * 86_400_000_000, 86_340_000_000, 60_000_001
    metered = facts(
        outages=outages((at(20, 1), at(21) + second_us)), outage_fee_fen=np.array([fee]), fee_fen=np.array([0])
    )
    refund = replace(CLAIM_RULES.refund, rounding=Rounding.FLOOR, rounded_at=rounded_at)
    by_day = fee * first_us // season_us + fee * second_us // season_us
    exact = fee * (first_us + second_us) // season_us if rounded_at is RoundedAt.TOTAL else by_day
    assert fen(metered, outage=WHOLE_DAY_H, refund=refund) == exact


def by_rooms(**changed: Any) -> ClaimRules:
    return replace(CLAIM_RULES, scope=FeeScope.FAILING_ROOMS_AREA, **changed)


def test_failing_rooms_are_weighed_by_their_area_over_the_billed_area() -> None:
    of_rooms = Test(at(6, 700), 1500, rooms=((1500, 2000), (1700, 1000), (1900, 3000)))
    found = entitle(facts(tests=measured(of_rooms)), by_rooms())
    assert found.fen[0] == 20 + 5


def test_the_series_weighs_its_failing_rooms_alike() -> None:
    cold = series("....." + "F", failing_rooms=failing_rooms((5, 1, 2000), (5, 0, 1000)))
    assert entitle(facts(series=cold), by_rooms()).fen[0] == 20 + 5


def test_a_failing_room_without_a_tier_leaves_the_evidence_open() -> None:
    cold = series("....." + "FC", failing_rooms=failing_rooms((5, 1, 2000), (5, None, 1000)))
    found = entitle(facts(series=cold), by_rooms())
    assert (found.open[0], found.fen[0]) == (Open.EVIDENCE, 0)


def test_a_failing_room_without_a_registered_area_leaves_the_evidence_open() -> None:
    cold = series("....." + "FC", failing_rooms=failing_rooms((5, 1, 0)))
    found = entitle(facts(series=cold), by_rooms())
    assert (found.open[0], found.fen[0], found.at_least[0]) == (Open.EVIDENCE, 0, True)


MONTHS = MonthRules(MonthBasis.SEASON, 3)


def test_a_month_is_judged_on_the_mean_of_its_tests() -> None:
    three = measured(Test(at(6, 700), 1900), Test(at(7, 700), 1800), Test(at(20, 700), 1699))
    assert fen(facts(tests=three), month=MONTHS) == 30 * 50


def test_a_mean_of_exactly_the_standard_complies() -> None:
    three = measured(Test(at(6, 700), 1900), Test(at(7, 700), 1800), Test(at(20, 700), 1700))
    assert conditions(facts(tests=three), month=MONTHS) == (Open(0), Open.EVIDENCE)


def test_a_month_with_too_few_tests_is_undetermined() -> None:
    two = facts(tests=measured(Test(at(6, 700), 1500), Test(at(7, 700), 1500)))
    found = said(two, month=MONTHS)
    assert (found.open[0], found.denied[0], found.at_least[0]) == (Open.EVIDENCE, 0, True)


def test_a_month_is_closed_with_its_last_day() -> None:
    three = measured(*(Test(at(day, 700), 1500) for day in (6, 7, 8)))
    for through, open_ in ((28, Open.PERIOD), (29, Open(0))):
        given = facts(tests=three, through_day=np.array([FIRST + through], np.int32))
        assert conditions(given, month=MONTHS)[0] == open_


# --- the amount and the right -----------------------------------------------------------------------------------------


def test_the_season_s_cap_holds() -> None:
    refund = replace(CLAIM_RULES.refund, season_cap=Ratio(1, 10))
    assert fen(facts(series=series(COLD)), refund=refund) == FEE // 10


def test_each_day_is_rounded_where_the_rules_say_so() -> None:
    cents = facts(series=series("....." + "FFF"), fee_fen=np.array([DAYS]))
    by_day = replace(CLAIM_RULES.refund, rounded_at=RoundedAt.DAY)
    assert (fen(cents), fen(cents, refund=by_day)) == (2, 3)


FAILED = facts(series=series("....." + "F" + "C" * 34))


def changed(**values: Any) -> ClaimFacts:
    return replace(FAILED, **{name: np.array([value]) for name, value in values.items()})


@pytest.mark.parametrize(
    ("given", "rules", "open_", "denied"),
    [
        (FAILED, {}, Open(0), Open(0)),
        (FAILED, {"entitling": False}, Open.ENTITLING_LAW, Open(0)),
        (changed(cause=Cause.UNKNOWN), {}, Open.CAUSE, Open(0)),
        (changed(cause=Cause.USER), {}, Open(0), Open.CAUSE),
        (changed(cause=Cause.HEAT_SOURCE), {}, Open(0), Open.CAUSE),
        (changed(cause=Cause.HEAT_SOURCE), {"source_pays_through_company": True}, Open(0), Open(0)),
        (changed(cause=Cause.THIRD_PARTY), {"liability": Liability.NOT_USER_CAUSE}, Open(0), Open(0)),
        (changed(cause=Cause.UNKNOWN), {"liability": Liability.NONE}, Open(0), Open(0)),
        (changed(paid=False), {}, Open.FEE, Open(0)),
        (changed(paid=False), {"unpaid": Unpaid.DENY}, Open(0), Open.FEE),
        (changed(paid=False), {"unpaid": Unpaid.OFFSET}, Open(0), Open(0)),
        (changed(fee_registered=False), {"unpaid": Unpaid.OFFSET}, Open.FEE, Open(0)),
        (changed(residential=False), {}, Open.RESIDENT, Open(0)),
        (changed(opened=Opened.FIXED_POINT), {"fixed_point_opens": FixedPointOpens.NO}, Open(0), Open.OPENING),
        (
            changed(opened=Opened.FIXED_POINT),
            {"fixed_point_opens": FixedPointOpens.ONLY_AS_EVIDENCE},
            Open(0),
            Open.OPENING,
        ),
        (changed(opened=Opened.FIXED_POINT), {"fixed_point_opens": FixedPointOpens.YES}, Open(0), Open(0)),
        (
            changed(opened=Opened.FIXED_POINT),
            {"fixed_point_opens": FixedPointOpens.AFTER_HANDLING},
            Open.OPENING,
            Open(0),
        ),
        (
            changed(opened=Opened.FIXED_POINT, handled=True, handled_us=at(4)),
            {"fixed_point_opens": FixedPointOpens.AFTER_HANDLING},
            Open(0),
            Open(0),
        ),
        (
            changed(opened=Opened.FIXED_POINT, handled=True, handled_us=at(5)),
            {"fixed_point_opens": FixedPointOpens.AFTER_HANDLING},
            Open(0),
            Open.OPENING,
        ),
        (facts(series=series("....." + "C" * 35)), {}, Open(0), Open.EVIDENCE),
        (facts(series=series("....." + "F" + "C" * 34, conflict=marked(6))), {}, Open.CONFLICT, Open(0)),
    ],
)
def test_each_condition_of_the_right_is_met_open_or_denied(
    given: ClaimFacts, rules: dict[str, Any], open_: Open, denied: Open
) -> None:
    assert conditions(given, **rules) == (open_, denied)


def test_a_conflict_behind_a_test_waits_for_nobody() -> None:
    visited = facts(series=series("....." + "F" * 35, conflict=marked(6)), tests=measured(Test(at(6, 700), 1700)))
    assert conditions(visited)[0] == Open(0)


@pytest.mark.parametrize(
    ("given", "right", "owed"),
    [
        (FAILED, Right.ENTITLED, 50),
        (changed(cause=Cause.USER), Right.NOT_ENTITLED, 0),
        (changed(cause=Cause.UNKNOWN), Right.UNDETERMINED, 0),
    ],
)
def test_what_is_owed_stands_where_every_condition_is_met_alone(given: ClaimFacts, right: Right, owed: int) -> None:
    found = said(given)
    assert (found.right[0], found.owed_fen()[0], found.fen[0]) == (right, owed, 50)


# --- facts that do not belong together --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said_of_it"),
    [
        (facts(presumptions=presumptions((6, 0), (6, 1))), "two presumptions"),
        (facts(presumptions=presumptions((6, 7))), "tier 7"),
        (facts(outages=outages((at(6), at(6)))), "ends before it starts"),
        (facts(stopped=np.zeros((1, 3), np.bool_)), "expected \\(1, 40\\)"),
        (facts(fee_fen=np.array([-1])), "below 0 fen"),
        (facts(tests=replace(measured(Test(at(6), 1700)), claim=np.array([1], np.int32))), "claims 1 to 1"),
    ],
)
def test_facts_that_do_not_belong_together_are_refused(given: ClaimFacts, said_of_it: str) -> None:
    with pytest.raises(ValueError, match=said_of_it):
        entitle(given, CLAIM_RULES)


def test_a_month_of_rooms_is_refused() -> None:
    with pytest.raises(ValueError, match="weighs rooms"):
        entitle(facts(), by_rooms(month=MONTHS))
