"""Which questions a pack leaves open, given what is chosen already."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from heatstream.rules.choices import Choices
from heatstream.rules.pack import Pack
from heatstream.rules.tiers import tiers_of, tiers_overlap

MEANS = ("time_weighted_mean", "mean_of_hourly")


@dataclass(frozen=True, slots=True)
class Need:
    """A choice that must be made."""

    pack_id: str
    option: str
    question: str
    law: str
    values: str

    def __str__(self) -> str:
        return f"  {self.option} ({self.question}), for {self.pack_id}: {self.law}; expected {self.values}"


def amount_is_absent(pack: Pack) -> str | None:
    """Say why no 测算额 can be computed by a pack, whatever is chosen; None = it can."""
    if pack.tiers is None:
        return "nobody could read its tiers"
    if pack.unit != "day":
        return f"it refunds by {pack.unit or 'a period nobody could read'}, not by day"
    if pack.fee is not None and pack.fee.net_of_base_fee:
        return "it takes the base heat fee off first, which the registry does not hold"
    return None


def season_is_wider(pack: Pack) -> bool:
    """Say whether the season that was read holds for a part of the pack's place only."""
    return pack.season is not None and pack.season.place is not None


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


ASKED: Mapping[str, Callable[[Pack, Choices], bool]] = {
    "effective_from": lambda pack, _: pack.effective_from is None,
    "season": lambda pack, _: pack.season is None or season_is_wider(pack),
    "season_dates": _season_has_no_hours,
    "contract_standard": _always,
    "daily_statistic": _always,
    "day_window": _always,
    "household_temperature": _always,
    "guard_band": _always,
    "min_completeness": _always,
    "gap_bounds": lambda _, chosen: chosen.daily_statistic in MEANS,
    "conditions": _has_conditions,
    "overlap": lambda pack, _: tiers_overlap(tiers_of(pack)),
    "computed_amount": lambda pack, _: amount_is_absent(pack) is None,
    "fee_numerator": _computes,
    "fee_denominator": _computes,
    "fee_scope": _computes,
    "money_rounding": _computes,
    "money_rounding_at": _computes,
    "max_ratio_per_day": _computes,
    "max_ratio_per_season": _computes,
}


def needs(pack: Pack, chosen: Choices) -> list[Need]:
    """List the choices a pack still needs; `chosen` holds what its text settles too."""
    return [
        _need(pack, option)
        for option, asked in ASKED.items()
        if asked(pack, chosen) and not _made(pack, chosen, option)
    ]


def _made(pack: Pack, chosen: Choices, option: str) -> bool:
    if option == "effective_from":
        return pack.id in (chosen.effective_from or {})
    return getattr(chosen, option) is not None


def _need(pack: Pack, option: str) -> Need:
    field = Choices.model_fields[option]
    told = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    return Need(pack.id, option, str(told["question"]), str(told["law"]), str(field.description))
