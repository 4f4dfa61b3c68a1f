import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from heatstream.core.calendar import Windows, date_of, day_of
from heatstream.core.standard import ContractStandard, FeeScope, Ratio, Rooms, RoundedAt, Statistic, Tier
from heatstream.errors import BadInput, Refused
from heatstream.rules.choices import ChoicesFile
from heatstream.rules.pack import SHIPPED, find
from heatstream.rules.policy import Policy, load, made

DEMO = SHIPPED / "demo-shili.choices.yaml"
WINTER = day_of(date(2026, 1, 5))
WEIFANG: dict[str, Any] = {
    "daily_statistic": "min",
    "day_window": "06:00-22:00",
    "household_temperature": "min_room",
    "guard_band": "none",
    "min_completeness": "0.9",
    "conditions": "not_examined",
    "computed_amount": "leave",
}


def policy(*packs: str, **choices: Any) -> Policy:
    """Make a policy; a choice of None is not made."""
    file = {"schema": "heatstream.choices/1", "place": "试", "packs": packs, "made_by": "试", "made_on": "2025-01-01"}
    kept = {name: value for name, value in choices.items() if value is not None}
    return made(ChoicesFile.model_validate(file | {"choices": kept}), [find(pack) for pack in packs])


def weifang(**choices: Any) -> Policy:
    return policy("cn-37-weifang", **(WEIFANG | choices))


def test_the_demo_s_rules_are_what_its_files_say() -> None:
    rules = load(DEMO).day_rules(WINTER)
    assert (rules.standard_centi, rules.windows) == (1800, Windows(360, 1320))
    assert (rules.statistic, rules.sustained_min, rules.rooms) == (Statistic.SUSTAINED_BELOW, 60, Rooms.MIN_ROOM)
    assert rules.tiers == (
        Tier(3200, 3599, Ratio(3, 10)),
        Tier(2800, 3199, Ratio(3, 5)),
        Tier(None, 2799, Ratio(1)),
    )
    assert rules.contract_standard is ContractStandard.HIGHER
    assert rules.refund is not None
    assert (rules.refund.denominator_s, rules.refund.scope) == (169 * 86_400, FeeScope.WHOLE_DWELLING)
    assert rules.refund.rounded_at is RoundedAt.TOTAL


def test_the_demo_s_results_are_watermarked() -> None:
    assert load(DEMO).watermark == "演示·非法律依据"


def test_the_demo_computes_of_the_fee_due() -> None:
    assert load(DEMO).fee_column == "fee_due_fen"


def test_deviation_tiers_turn_into_temperatures() -> None:
    choices = WEIFANG | {
        "conditions": None,
        "household_temperature": None,
        "season_dates": "both_included",
        "contract_standard": "law",
    }
    rules = policy("cn-12-tianjin", **choices).day_rules(WINTER)
    assert rules.by_deviation
    assert rules.tiers == (
        Tier(3200, 3599, Ratio(1, 10)),
        Tier(2400, 3199, Ratio(1, 2)),
        Tier(None, 2399, Ratio(1)),
    )


def test_a_season_without_hours_holds_both_dates_whole_if_so_chosen() -> None:
    choices = WEIFANG | {"conditions": None, "household_temperature": None, "contract_standard": "law"}
    whole = policy("cn-12-tianjin", **choices, season_dates="both_included")
    without = policy("cn-12-tianjin", **choices, season_dates="end_excluded")
    last = day_of(date(2026, 3, 15))
    assert whole.day_rules(last).in_season
    assert not without.day_rules(last).in_season


def test_a_first_day_at_noon_counts_from_noon() -> None:
    rules = weifang().day_rules(day_of(date(2025, 11, 14)))
    assert (rules.counted_min, rules.season_s) == ((720, 1800), 43_200)


def test_a_summer_day_lies_outside() -> None:
    assert not weifang().day_rules(day_of(date(2026, 7, 1))).in_season


def test_the_hash_changes_with_a_choice() -> None:
    assert weifang().hash != weifang(min_completeness="0.8").hash


def test_the_hash_does_not_change_with_the_way_a_number_is_written() -> None:
    assert weifang(min_completeness="0.9").hash == weifang(min_completeness="0.900").hash


def test_the_canonical_form_has_no_float() -> None:
    def refuse(text: str) -> None:
        raise AssertionError(f"a float: {text}")

    json.loads(load(DEMO).canonical, parse_float=refuse)


def test_each_day_is_judged_by_the_pack_in_force_on_it() -> None:
    both = policy(
        "cn-23-heilongjiang-2011",
        "cn-23-heilongjiang-2021",
        **(WEIFANG | {"conditions": None}),
        season={"start": "10-20T00:00", "end": "04-20T24:00"},
        contract_standard="law",
        rooms=["bedroom", "living_room"],
        effective_from={"cn-23-heilongjiang-2011": "2011-10-20"},
    )
    changed = day_of(date(2021, 10, 29))
    assert [both.day_rules(day).standard_centi for day in (changed - 1, changed)] == [1800, 2000]


def test_a_day_before_every_pack_is_refused_with_those_there_are() -> None:
    with pytest.raises(Refused, match="no pack holds on 2000-01-01; there is cn-37-weifang from 2021-05-01 to now"):
        weifang().day_rules(day_of(date(2000, 1, 1)))


def test_two_packs_of_one_day_are_refused() -> None:
    with pytest.raises(BadInput, match="both hold on"):
        policy("cn-37-weifang", "cn-37-taian", **WEIFANG, season={"start": "11-15T00:00", "end": "03-15T24:00"})


def test_an_unread_date_of_force_must_be_chosen() -> None:
    choices = WEIFANG | {"conditions": None, "contract_standard": "law"}
    with pytest.raises(Refused, match=r"effective_from .A33., for cn-21-dalian"):
        policy("cn-21-dalian", **choices)
    held = policy("cn-21-dalian", **choices, effective_from={"cn-21-dalian": "2018-11-15"})
    assert held.laws[0].begins == date(2018, 11, 15)


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"contract_standard": "law"}, "cn-37-weifang settles it as 'contract'"),
        ({"overlap": "highest_ratio"}, "choice overlap: .* leave nothing open there"),
        ({"month_basis": "calendar"}, "choice month_basis: .* leave nothing open there"),
        ({"season": "pack"}, "choice season: .* leave nothing open there"),
        (
            {"daily_statistic": {"sustained_below_min": 60}, "household_temperature": "mean"},
            "time below has no mean over rooms",
        ),
        (
            {
                "daily_statistic": {"sustained_below_min": 60},
                "guard_band": {"band_c": "0.3", "direction": "favour_user"},
            },
            "counted against the standard itself",
        ),
    ],
)
def test_a_choice_that_contradicts_is_refused(choices: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        weifang(**choices)


AMOUNTS = {
    "computed_amount": "compute",
    "fee_numerator": "paid",
    "fee_denominator": "statutory_season",
    "fee_scope": "whole_dwelling",
    "money_rounding": "half_up",
    "money_rounding_at": "day",
    "max_ratio_per_day": 1,
    "max_ratio_per_season": 1,
}


def test_an_amount_asks_for_its_own_choices() -> None:
    with pytest.raises(Refused) as refused:
        weifang(computed_amount="compute")
    assert all(option in str(refused.value) for option in AMOUNTS if option != "computed_amount")


def test_an_amount_that_is_chosen_is_computed_of_the_fee_chosen() -> None:
    chosen = weifang(**AMOUNTS)
    assert (chosen.fee_column, chosen.day_rules(WINTER).refund is None) == ("fee_paid_fen", False)


def test_an_amount_that_is_left_is_not_computed() -> None:
    assert (weifang().fee_column, weifang().day_rules(WINTER).refund) == (None, None)


def test_a_fixed_number_of_days_divides_the_fee() -> None:
    refund = weifang(**AMOUNTS | {"fee_denominator": {"fixed_days": 120}}).day_rules(WINTER).refund
    assert refund is not None
    assert refund.denominator_s == 120 * 86_400


def test_stated_days_that_nobody_stated_are_refused() -> None:
    with pytest.raises(BadInput, match="states no days"):
        weifang(**AMOUNTS | {"fee_denominator": "stated_days"})


def test_rooms_judged_together_have_no_failing_area() -> None:
    with pytest.raises(BadInput, match="no failing room"):
        weifang(**AMOUNTS | {"fee_scope": "failing_rooms_area", "household_temperature": "mean"})


def test_conditions_nobody_examined_make_a_finding_what_if() -> None:
    assert weifang().grade(WINTER) == 2
    assert weifang(conditions="undetermined").grade(WINTER) == 1


def test_values_of_a_secondary_page_make_a_finding_what_if() -> None:
    dalian = policy(
        "cn-21-dalian",
        **(WEIFANG | {"conditions": None}),
        contract_standard="law",
        effective_from={"cn-21-dalian": "2023-11-16"},
    )
    assert dalian.grade(WINTER) == 2


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "choices.yaml"
    path.write_text(text, encoding="utf-8")
    return path


HEAD = "schema: heatstream.choices/1\nplace: 试\npacks: [cn-37-weifang]\nmade_by: 试\nmade_on: 2025-01-01\nchoices:\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("  dayly_statistic: min", "choices.dayly_statistic: seen 'min'"),
        ("  daily_statistic: median", "choices.daily_statistic"),
        ("  daily_statistic: {percentile: 100}", "choices.daily_statistic"),
        ('  day_window: "06:30-22:00"', "whole hours"),
        ("  day_window: noon", "expected a window like 06:00-22:00"),
        ("  min_completeness: 1.1", "choices.min_completeness"),
        ("  guard_band: {band_c: 0.3}", "direction"),
        ("  gap_bounds: {low_c: 20, high_c: 10}", "low_c must lie below high_c"),
        ('  season: {start: "11-15", end: "03-15"}', "a season is bounded by instants"),
    ],
)
def test_a_choice_there_is_not_is_refused_with_its_place(tmp_path: Path, line: str, words: str) -> None:
    path = _file(tmp_path, HEAD + line + "\n")
    with pytest.raises(BadInput) as refused:
        load(path)
    assert str(path) in str(refused.value)
    assert words in str(refused.value)


def test_a_choices_file_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not there"):
        load(tmp_path / "none.yaml")


def test_days_and_dates_are_each_other_s_inverse() -> None:
    assert date_of(WINTER) == date(2026, 1, 5)
