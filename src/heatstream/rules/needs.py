"""Which questions a pack leaves open, given what is chosen already, and what asks them.

Judging days asks little; a claim asks for more, and only where somebody wants one; supervision asks for what blocks
nothing else. No question is asked where the pack's text answers it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from heatstream.rules.choices import Choices, Option
from heatstream.rules.pack import Pack
from heatstream.rules.sentences import Line
from heatstream.rules.tiers import tiers_of, tiers_overlap

MEANS = ("time_weighted_mean", "mean_of_hourly")
Use = Literal["days", "amount", "claims", "clocks", "supervision"]
Asks = Callable[[Pack, Choices], bool]


@dataclass(frozen=True, slots=True)
class Need:
    """A choice that must be made."""

    pack_id: str
    option: str

    def __str__(self) -> str:
        asks = Option.of(self.option)
        return f"  {self.option} ({asks.question}), for {self.pack_id}: {asks.en.law}; expected {asks.en.values}"

    @property
    def zh(self) -> str:
        """The same in Chinese."""
        asks = Option.of(self.option)
        return f"  {self.option}（{asks.question}），{self.pack_id}：{asks.zh.law}；应为{asks.zh.values}"


def amount_is_absent(pack: Pack) -> Line | None:
    """Say why no 测算额 can be computed by a pack, whatever is chosen; None = it can."""
    if pack.unit == "month":
        return Line("按月退费，不按日退费", "it refunds by month, not by day")
    return claims_are_absent(pack)


def claims_are_absent(pack: Pack) -> Line | None:
    """Say which null keeps a pack from any entitlement, whatever is chosen; None = none does."""
    if pack.standard is None:
        return Line("尚未查到其室温标准（standard: null）", "nobody could read its standard (standard: null)")
    if pack.tiers is None:
        return Line("尚未查到其档次（tiers: null）", "nobody could read its tiers (tiers: null)")
    if pack.unit is None:
        return Line(
            "尚未查到其按日还是按月退费（unit: null）",
            "nobody could read whether it refunds by day or by month (unit: null)",
        )
    return None


def season_is_wider(pack: Pack) -> bool:
    """Say whether the season that was read holds for a part of the pack's place only."""
    return pack.season is not None and pack.season.place is not None


def outage_ratio(pack: Pack) -> Decimal | None:
    """Give the text's share for a time without heat; without one no outage is computed."""
    if pack.outage is not None and pack.outage.ratio is not None:
        return pack.outage.ratio
    return pack.unheated_day_ratio.value if pack.unheated_day_ratio else None


def outage_threshold_is_read(pack: Pack) -> bool:
    """Say whether the text gives the length from which an outage counts."""
    return pack.outage is not None and pack.outage.min_h is not None


def _uses_pack_season(pack: Pack, chosen: Choices) -> bool:
    return chosen.season == "pack" or (chosen.season is None and not season_is_wider(pack))


def _season_has_no_hours(pack: Pack, chosen: Choices) -> bool:
    if pack.season is None or not _uses_pack_season(pack, chosen):
        return False
    return "T" not in pack.season.start or "T" not in pack.season.end


def _has_conditions(pack: Pack, _: Choices) -> bool:
    return pack.standard is not None and bool(pack.standard.conditions or pack.standard.variants)


def _always(_: Pack, __: Choices) -> bool:
    return True


def _computes(pack: Pack, chosen: Choices) -> bool:
    return chosen.computed_amount == "compute" and amount_is_absent(pack) is None


def _begins_by_choice(pack: Pack, _: Choices) -> bool:
    return pack.counting is None or pack.counting.start is None


def _begins_with_a_day(pack: Pack, chosen: Choices) -> bool:
    begins = chosen.counting_start if _begins_by_choice(pack, chosen) else pack.counting and pack.counting.start
    return begins != "application_time"


def _must_fail_in_a_row(pack: Pack, _: Choices) -> bool:
    return pack.counting is not None and pack.counting.must_fail_continuously_h is not None


def _computes_outages(pack: Pack, chosen: Choices) -> bool:
    return outage_ratio(pack) is not None and (outage_threshold_is_read(pack) or chosen.outage not in {None, "none"})


def _by_month(pack: Pack, _: Choices) -> bool:
    return pack.unit == "month"


def _presumes_without_band(pack: Pack, _: Choices) -> bool:
    return pack.presumption is not None and bool(pack.presumption.failing_when) and pack.presumption.below_c is None


def _presumes_against_users(pack: Pack, _: Choices) -> bool:
    return pack.presumption is not None and bool(pack.presumption.compliant_when)


def _hours_are_free(pack: Pack, _: Choices) -> bool:
    return pack.visit is None or (pack.visit.exclude_local is None and pack.visit.window_local is None)


def _has_visit_limit(pack: Pack, _: Choices) -> bool:
    return pack.visit is not None and pack.visit.deadline_min is not None


MONEY = (
    "fee_numerator",
    "fee_denominator",
    "fee_scope",
    "money_rounding",
    "money_rounding_at",
    "max_ratio_per_day",
    "max_ratio_per_season",
)

ASKED: Mapping[Use, Mapping[str, Asks]] = {
    "days": {
        "effective_from": lambda pack, _: pack.effective_from is None,
        "season": lambda pack, _: pack.season is None or season_is_wider(pack),
        "season_dates": _season_has_no_hours,
        "contract_standard": _always,
        "daily_statistic": _always,
        "day_window": _always,
        "rooms": lambda pack, _: pack.standard is not None and pack.standard.rooms is None,
        "household_temperature": _always,
        "guard_band": _always,
        "min_completeness": _always,
        "gap_bounds": lambda _, chosen: chosen.daily_statistic in MEANS,
        "conditions": _has_conditions,
        "overlap": lambda pack, _: tiers_overlap(tiers_of(pack)),
        "computed_amount": lambda pack, _: amount_is_absent(pack) is None,
    },
    "amount": dict.fromkeys(MONEY, _computes),
    "claims": dict.fromkeys(MONEY, _always)
    | {
        "temperature_rounding": _always,
        "time_source": _always,
        "fixed_point_scope": _always,
        "metered_fee": lambda pack, _: pack.metered is None or pack.metered.same_ratio_on is None,
        "precedence": _always,
        "tests_same_day": _always,
        "tier_between_tests": _always,
        "counting_start": _begins_by_choice,
        "start_inclusive": _begins_with_a_day,
        "period_ends": lambda pack, _: pack.counting is None or pack.counting.end != "passing_retest_day",
        "end_inclusive": _always,
        "grace_exceeded": lambda pack, _: pack.counting is not None and pack.counting.grace_h is not None,
        "continuity_by": _must_fail_in_a_row,
        "break_after_min": _must_fail_in_a_row,
        "alleged_exclusions": _always,
        "outage": lambda pack, _: outage_ratio(pack) is not None and not outage_threshold_is_read(pack),
        "outage_covers": _computes_outages,
        "outage_and_low": _computes_outages,
        "month_basis": _by_month,
        "min_visits": lambda pack, _: pack.unit == "month" and (pack.statistic is None or pack.statistic.n is None),
        "unpaid": _always,
        "fixed_point_opens": lambda pack, _: pack.fixed_point is None or pack.fixed_point.refund_if is None,
        "liability": lambda pack, _: pack.liability is None or pack.liability.rule is None,
        "presumption_band": _presumes_without_band,
        "refusals": _presumes_against_users,
        "visit_hours": _hours_are_free,
        "reopen": _always,
        "uncertified_device": _always,
        "measurement_standard_id": _always,
        "retention": _always,
        "contract_refunds": lambda pack, _: pack.tiers_by_contract is not None,
    },
    "clocks": {"sla_clock": _has_visit_limit},
    "supervision": dict.fromkeys(
        (
            "repair_limits",
            "repair_class",
            "exact_class_bounds",
            "penalty_base",
            "low_temp_running",
            "warning_thresholds",
        ),
        _always,
    ),
}
FOR_A_CLAIM: tuple[Use, ...] = ("days", "claims", "clocks")


def is_asked(pack: Pack, chosen: Choices, option: str) -> bool:
    """Say whether anything asks for an option; a choice that nothing asks for is refused."""
    return any(option in _open(pack, chosen, use) for use in ASKED)


def needs(pack: Pack, chosen: Choices, *uses: Use) -> list[Need]:
    """List the choices a pack still needs for some uses; `chosen` holds what its text settles too."""
    asked = dict.fromkeys(option for use in uses for option in _open(pack, chosen, use))
    return [Need(pack.id, option) for option in asked if not _made(pack, chosen, option)]


def _open(pack: Pack, chosen: Choices, use: Use) -> list[str]:
    if use == "claims" and claims_are_absent(pack) is not None:
        return []
    return [option for option, asked in ASKED[use].items() if asked(pack, chosen)]


def _made(pack: Pack, chosen: Choices, option: str) -> bool:
    if option == "effective_from":
        return pack.id in (chosen.effective_from or {})
    return getattr(chosen, option) is not None
