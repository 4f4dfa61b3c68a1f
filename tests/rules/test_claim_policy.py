"""From a pack and the choices to the rules of a claim."""

from datetime import date
from typing import Any

import pytest

from heatstream.core.calendar import DAY_S, date_of, day_of, day_start_us
from heatstream.core.claim_rules import (
    Begin,
    Continuity,
    ContinuityBy,
    Covers,
    Ends,
    FeeNumerator,
    FixedPointOpens,
    Grace,
    GraceExceeded,
    Kind,
    Liability,
    MeteredFee,
    MonthBasis,
    MonthRules,
    OutageRules,
    Unpaid,
)
from heatstream.core.standard import FeeScope, OutdoorVariant, Overlap, Ratio, Rooms
from heatstream.errors import BadInput, Refused
from heatstream.rules.choices import Choices, ChoicesFile
from heatstream.rules.needs import FOR_A_CLAIM, needs
from heatstream.rules.pack import SHIPPED, Pack, find, ids
from heatstream.rules.policy import MissingChoices, Policy, load, made, settled

WINTER = day_of(date(2026, 1, 5))
# A value of each option that some place needs.
ANSWERS: dict[str, Any] = {
    "season": {"start": "11-15T00:00", "end": "03-15T24:00"},
    "season_dates": "both_included",
    "contract_standard": "law",
    "daily_statistic": "min",
    "day_window": "06:00-22:00",
    "rooms": ["bedroom", "living_room"],
    "household_temperature": "min_room",
    "guard_band": "none",
    "min_completeness": "0.9",
    "conditions": "undetermined",
    "overlap": "highest_ratio",
    "computed_amount": "leave",
    "fee_numerator": "paid",
    "fee_denominator": "statutory_season",
    "fee_scope": "whole_dwelling",
    "money_rounding": "half_up",
    "money_rounding_at": "total",
    "max_ratio_per_day": 2,
    "max_ratio_per_season": 1,
    "temperature_rounding": "none",
    "time_source": "device",
    "fixed_point_scope": "own_household",
    "metered_fee": "base_fee",
    "precedence": ["authority_visit", "company_visit", "fixed_point_series"],
    "tests_same_day": "lowest",
    "tier_between_tests": "lowest",
    "counting_start": "first_failing_day",
    "start_inclusive": True,
    "period_ends": "either",
    "end_inclusive": False,
    "grace_exceeded": "forgiven",
    "continuity_by": "either",
    "break_after_min": 60,
    "alleged_exclusions": "do_not_reduce",
    "outage": {"min_h": 8, "strictly": True},
    "outage_covers": "excess",
    "outage_and_low": "sum",
    "month_basis": "season",
    "min_visits": 2,
    "unpaid": "offset",
    "fixed_point_opens": "only_as_evidence",
    "liability": "not_user_cause",
    "presumption_band": "lowest_ratio",
    "refusals": "officer_decides",
    "sla_clock": "arrival",
    "visit_hours": {"exclude_local": "10:00-14:00"},
    "reopen": "review_task",
    "uncertified_device": "counts_marked",
    "measurement_standard_id": "DB22/T 429-2005",
    "contract_refunds": "none_agreed",
    "retention": {"readings_days": "keep", "evidence_years": 5, "metering_years": 6},
}


def answered(pack: Pack, **changed: Any) -> dict[str, Any]:
    """Answer whatever a pack asks, until nothing is open; `changed` answers otherwise, or not at all if None."""
    chosen: dict[str, Any] = {}
    while True:
        asked = needs(pack, settled(pack, Choices.model_validate(chosen)), "amount", *FOR_A_CLAIM)
        new = {need.option: _answer(pack, need.option, changed) for need in asked} | {}
        new = {option: value for option, value in new.items() if value is not None and option not in chosen}
        if not new:
            return chosen
        chosen |= new


def _answer(pack: Pack, option: str, changed: dict[str, Any]) -> Any:
    if option in changed:
        return changed[option]
    if option == "effective_from":
        return {
            pack.id: pack.effective_to.replace(year=pack.effective_to.year - 2) if pack.effective_to else "2018-01-01"
        }
    return ANSWERS[option]


def policy(pack_id: str, **changed: Any) -> Policy:
    pack = find(pack_id)
    file = {
        "schema": "heatstream.choices/1",
        "place": "试",
        "packs": [pack_id],
        "made_by": "试",
        "made_on": "2025-01-01",
    }
    decisions = changed.pop("season_decisions", ())
    chosen = {"choices": answered(pack, **changed), "season_decisions": decisions}
    return made(ChoicesFile.model_validate(file | chosen), [pack])


def opened(pack: Pack) -> int:
    """Give a winter day on which the pack holds."""
    return WINTER if pack.effective_to is None else day_of(date(pack.effective_to.year - 1, 1, 5))


NOBODY_READ = {
    "cn-22-changchun": "nobody could read its tiers (tiers: null)",
    "cn-37-shandong": "nobody could read its tiers (tiers: null)",
    "cn-63-qinghai": "nobody could read its tiers (tiers: null)",
    "cn-65-urumqi": "nobody could read its tiers (tiers: null)",
}


@pytest.mark.parametrize("pack_id", [each for each in ids() if each not in NOBODY_READ])
def test_a_pack_with_every_choice_made_gives_the_rules_of_a_claim(pack_id: str) -> None:
    day = opened(find(pack_id))
    rules = policy(pack_id).claim_rules(day)
    assert rules.pack_id == pack_id
    assert rules.season_us[0] <= day_start_us(day) < rules.season_us[1]
    assert [each.day for each in rules.days] == list(range(rules.days[0].day, rules.days[-1].day + 1))


@pytest.mark.parametrize(("pack_id", "null"), NOBODY_READ.items())
def test_a_pack_without_bands_refuses_and_names_the_null(pack_id: str, null: str) -> None:
    with pytest.raises(Refused, match=null.replace("(", r"\(").replace(")", r"\)")) as refused:
        policy(pack_id).claim_rules(opened(find(pack_id)))
    assert refused.value.zh.endswith("尚未查到其档次（tiers: null）")


@pytest.mark.parametrize("option", ["unpaid", "precedence", "end_inclusive", "sla_clock", "money_rounding"])
def test_what_a_claim_needs_and_nobody_chose_is_named_and_days_are_judged_all_the_same(option: str) -> None:
    open_there = policy("cn-37-weifang", **{option: None})
    assert open_there.day_rules(WINTER).in_season
    with pytest.raises(MissingChoices, match=f"  {option} ") as refused:
        open_there.claim_rules(WINTER)
    assert f"以下选项必须选定，均无默认值：\n  {option}（" in refused.value.zh


def test_the_demo_s_claims_are_what_its_files_say() -> None:
    rules = load(SHIPPED / "demo-shili.choices.yaml").claim_rules(WINTER)
    assert len(rules.days) == 169
    assert (rules.begin, rules.begin_inclusive, rules.ends, rules.end_inclusive) == (
        Begin.REQUEST_DAY,
        True,
        Ends.RETEST,
        False,
    )
    assert rules.grace == Grace(24, GraceExceeded.RETROACTIVE)
    assert (rules.liability, rules.source_pays_through_company) == (Liability.COMPANY_CAUSE, True)
    assert (rules.unpaid, rules.fixed_point_opens) == (Unpaid.HOLD, FixedPointOpens.AFTER_HANDLING)
    assert (rules.numerator, rules.metered_fee, rules.net_of_base_fee) == (
        FeeNumerator.DUE,
        MeteredFee.AS_BILLED,
        False,
    )
    assert rules.presumed_tier == 2
    assert rules.entitling


def test_a_kind_that_the_text_does_not_accept_is_left_out() -> None:
    accepted = find("demo-shili").evidence_accepted
    assert accepted is not None
    pack = find("demo-shili").model_copy(
        update={"evidence_accepted": accepted.model_copy(update={"kinds": ("company_visit", "fixed_point_series")})}
    )
    file = load(SHIPPED / "demo-shili.choices.yaml").laws[0].choices.made()
    chosen = {name: value for name, value in file.items() if name not in pack.settles}
    tree = {
        "schema": "heatstream.choices/1",
        "place": "试",
        "packs": [pack.id],
        "made_by": "试",
        "made_on": "2025-01-01",
    }
    rules = made(ChoicesFile.model_validate(tree | {"choices": chosen}), [pack]).claim_rules(WINTER)
    assert rules.precedence == (Kind.COMPANY_VISIT, Kind.FIXED_POINT_SERIES)


def test_values_from_a_secondary_page_entitle_to_nothing() -> None:
    assert not policy("cn-21-dalian").claim_rules(WINTER).entitling
    assert policy("cn-37-weifang").claim_rules(WINTER).entitling


def test_conditions_that_nobody_examines_entitle_to_nothing() -> None:
    rules = policy("cn-37-weifang", conditions="not_examined").claim_rules(WINTER)
    assert (rules.has_conditions, rules.entitling) == (False, False)


def test_a_claim_s_days_wait_for_a_record_of_conditions_by_themselves() -> None:
    found = policy("cn-37-weifang")
    rules = found.claim_rules(WINTER)
    assert rules.has_conditions
    assert found.day_rules(WINTER).conditions_open
    assert not any(day.conditions_open for day in rules.days)


def test_luoyang_asks_for_48_hours_in_a_row() -> None:
    rules = policy("cn-41-luoyang").claim_rules(WINTER)
    assert rules.continuity == Continuity(48, ContinuityBy.EITHER, 60)
    assert rules.metered_fee is MeteredFee.AS_BILLED
    assert rules.outage == OutageRules(12, False, None, Ratio(1), Covers.WHOLE, Liability.NONE, False)


def test_henan_leaves_out_the_first_and_the_last_five_days() -> None:
    rules = policy("cn-41-henan-trial").claim_rules(WINTER)
    assert (rules.exclude_first_days, rules.exclude_last_days) == (5, 5)


def test_jilin_city_judges_a_month_by_three_tests_and_gives_double_for_outages() -> None:
    rules = policy("cn-22-jilin").claim_rules(WINTER)
    assert rules.month == MonthRules(MonthBasis.SEASON, 3)
    assert rules.outage is not None
    assert (rules.outage.min_h, rules.outage.ratio) == (48, Ratio(2))
    assert rules.fixed_point_opens is FixedPointOpens.AFTER_HANDLING


def test_xi_an_takes_the_base_fee_off_first() -> None:
    rules = policy("cn-61-xian").claim_rules(WINTER)
    assert rules.net_of_base_fee


def test_beijing_s_rooms_are_refunded_by_their_own_area_and_judged_by_the_weather() -> None:
    rules = policy("cn-11-beijing-contract").claim_rules(WINTER)
    assert (rules.scope, rules.days[0].rooms) == (FeeScope.FAILING_ROOMS_AREA, Rooms.EACH)
    assert rules.days[0].outdoor_variants == (OutdoorVariant(-900, -701, 1600),)


def test_heze_s_overlap_and_cumulative_outage_stand_in_a_claim() -> None:
    rules = policy("cn-37-heze").claim_rules(WINTER)
    assert rules.overlap is Overlap.HIGHEST_RATIO
    assert rules.outage is not None
    assert (rules.outage.strictly, rules.outage.cumulative_days) == (True, 7)


def test_a_presumption_without_a_band_has_the_one_that_was_chosen() -> None:
    assert policy("cn-37-binzhou").claim_rules(WINTER).presumed_tier == 0
    assert policy("cn-37-binzhou", presumption_band="highest_ratio").claim_rules(WINTER).presumed_tier == 2
    assert policy("cn-37-binzhou", presumption_band="officer_names_it").claim_rules(WINTER).presumed_tier is None


def test_linyi_presumes_its_lowest_band() -> None:
    assert policy("cn-37-linyi").claim_rules(WINTER).presumed_tier == 2


def test_a_contract_s_own_rule_of_refunds_that_goes_first_must_be_spoken_of() -> None:
    with pytest.raises(MissingChoices, match="contract_refunds"):
        policy("cn-37-binzhou", contract_refunds=None).claim_rules(WINTER)
    assert policy("cn-37-weifang").laws[0].choices.contract_refunds is None


def test_without_a_share_in_the_text_no_outage_is_computed() -> None:
    assert policy("cn-37-jinan-2015").claim_rules(WINTER).outage is None


def test_a_claim_after_the_season_is_of_the_one_that_ended() -> None:
    rules = policy("cn-37-weifang").claim_rules(day_of(date(2026, 5, 1)))
    assert date_of(rules.days[0].day) == date(2025, 11, 14)


DECISION = {
    "season": 2025,
    "start": "2025-11-08T00:00",
    "end": "2026-03-20T24:00",
    "doc_no": "潍政字〔2025〕1号",
    "source": "市政府网站",
    "decided_on": "2025-11-05",
}


def test_a_decision_moves_its_own_season_and_no_other() -> None:
    moved, plain = policy("cn-37-weifang", season_decisions=[DECISION]), policy("cn-37-weifang")
    early = day_of(date(2025, 11, 8))
    assert (moved.day_rules(early).season_s, plain.day_rules(early).season_s) == (DAY_S, 0)
    assert moved.day_rules(day_of(date(2026, 3, 20))).in_season
    assert not moved.day_rules(day_of(date(2024, 11, 8))).in_season
    assert moved.hash != plain.hash


def test_an_extended_season_divides_the_fee_by_statute_or_by_what_it_was() -> None:
    statutory = policy("cn-37-weifang", season_decisions=[DECISION]).claim_rules(WINTER)
    actual = policy("cn-37-weifang", season_decisions=[DECISION], fee_denominator="actual_season").claim_rules(WINTER)
    assert statutory.refund.denominator_s == 121 * DAY_S
    assert actual.refund.denominator_s == 133 * DAY_S
    assert actual.season_us == statutory.season_us


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"start": None, "end": None}, "expected a start, an end, or both"),
        ({"start": "2024-11-08T00:00"}, "expected an instant of the season that begins in 2025"),
        ({"end": "2026-03-20"}, "expected YYYY-MM-DDTHH:MM"),
    ],
)
def test_a_decision_that_moves_nothing_or_another_season_is_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        policy("cn-37-weifang", season_decisions=[DECISION | changed])


def test_a_season_decided_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="one decision a season"):
        policy("cn-37-weifang", season_decisions=[DECISION, DECISION])


def test_a_season_that_would_end_before_it_starts_is_refused() -> None:
    backwards = DECISION | {"start": None, "end": "2025-11-10T00:00"}
    with pytest.raises(BadInput, match="season_decisions"):
        policy("cn-37-weifang", season_decisions=[backwards])


def test_rooms_with_their_own_temperature_are_not_judged_by_the_standard_of_the_others() -> None:
    law = policy("cn-37-qingdao", rooms="all").laws[0]
    assert "kitchen" not in (law.rooms() or ())
