"""A policy: one place's packs and the operator's choices, hashed; and the rules of each day as plain numbers.

Nothing is ever chosen by itself. A choice that the law leaves open and nobody made raises `MissingChoices`.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from heatstream.core.calendar import DAY_MIN, DAY_S, AnnualSeason, Season, date_of
from heatstream.core.standard import (
    ContractStandard,
    DayRules,
    FeeScope,
    Overlap,
    RefundRules,
    Rooms,
    RoundedAt,
    Rounding,
    Statistic,
)
from heatstream.errors import BadInput, Refused
from heatstream.rules.choices import (
    Choices,
    ChoicesFile,
    FixedDays,
    GapBounds,
    GuardBand,
    SeasonChoice,
    SustainedBelow,
    windows,
)
from heatstream.rules.choices import load as load_choices
from heatstream.rules.needs import ASKED, Need, amount_is_absent, needs
from heatstream.rules.pack import ATTESTED, SHIPPED, Conf, Pack, faults, find
from heatstream.rules.tiers import centi, ratio, refuse_reversed, tiers_of, tiers_overlap

FORM = "heatstream.policy/1"
EVIDENCE: Literal[1] = 1
WHAT_IF: Literal[2] = 2
Grade = Literal[1, 2]
Chosen = TypeVar("Chosen")


class MissingChoices(Refused):
    """Choices that the law leaves open and the operator has not made; the text names each, its values, its place.

    Attributes
    ----------
    needs : the choices that are missing
    """

    def __init__(self, place: str, missing: list[Need]) -> None:
        lines = "\n".join(map(str, missing))
        super().__init__(f"{place}: these choices must be made, none has a default:\n{lines}")
        self.needs = missing


@dataclass(frozen=True, slots=True)
class Law:
    """One pack and everything chosen or settled for it."""

    pack: Pack
    choices: Choices
    begins: date
    """First day it holds."""
    ends: date | None
    """First day it holds no longer."""

    def holds_on(self, day: date) -> bool:
        return self.begins <= day and (self.ends is None or day < self.ends)


@dataclass(frozen=True, slots=True)
class Policy:
    """Packs and choices of one place."""

    place: str
    laws: tuple[Law, ...]
    canonical: str
    """Packs and choices as JSON with sorted keys and no float."""

    @property
    def hash(self) -> bytes:
        """SHA-256 of `canonical`."""
        return hashlib.sha256(self.canonical.encode()).digest()

    @property
    def watermark(self) -> str | None:
        """Stands on every result, e.g. 演示·非法律依据."""
        return next((law.pack.watermark for law in self.laws if law.pack.watermark), None)

    @property
    def fee_column(self) -> str | None:
        """The contract's fee that 测算额 is computed of; None where no amount is computed."""
        chosen = {law.choices.fee_numerator for law in self.laws} - {None}
        return f"fee_{chosen.pop()}_fen" if chosen else None

    def law_on(self, day: int) -> Law:
        """Find the pack in force on a local day.

        Raises
        ------
        Refused
            No pack of the policy holds on it.
        """
        local = date_of(day)
        for law in self.laws:
            if law.holds_on(local):
                return law
        known = ", ".join(f"{law.pack.id} from {law.begins} to {law.ends or 'now'}" for law in self.laws)
        raise Refused(f"{self.place}: no pack holds on {local}; there is {known}")

    def day_rules(self, day: int) -> DayRules:
        """Give the rules of one local day by the pack in force on it."""
        return _day_rules(self.law_on(day), day)

    def grade(self, day: int) -> Grade:
        """Say what a finding of that day may serve: 1 evidence, 2 what-if only."""
        law = self.law_on(day)
        attested = all(conf in ATTESTED for conf in _confs(law))
        return EVIDENCE if attested and law.choices.conditions != "not_examined" else WHAT_IF

    def why_no_amount(self, day: int) -> str | None:
        """Say why no 测算额 is computed on that day; None = it is."""
        law = self.law_on(day)
        return amount_is_absent(law.pack) or (
            None if law.choices.computed_amount == "compute" else "the operator chose to leave it"
        )


def _confs(law: Law) -> set[Conf]:
    pack = law.pack
    groups = [pack.standard, pack.season if law.choices.season in {None, "pack"} else None, pack.tiers]
    return {group.conf for group in (*groups, *pack.settles.values()) if group is not None}


# --- the rules of a day -----------------------------------------------------------------------------------------------


def _day_rules(law: Law, day: int) -> DayRules:
    pack, chosen = law.pack, law.choices
    window = windows(_required(chosen.day_window))
    annual = _annual_season(law)
    season = annual.of(day)
    statistic, sustained_min = _statistic(chosen)
    tiers = tiers_of(pack)
    return DayRules(
        day=day,
        pack_id=pack.id,
        standard_centi=centi(_required(pack.standard).min_c),
        contract_standard=ContractStandard[_required(chosen.contract_standard).upper()],
        windows=window,
        counted_min=season.part_of(day, window.night_to_min) if season else (0, 0),
        season_s=season.seconds_of(day) if season else 0,
        statistic=statistic,
        sustained_min=sustained_min,
        rooms=Rooms[_required(chosen.household_temperature).upper()],
        guard_centi=_guard_centi(chosen),
        completeness_e4=int(_required(chosen.min_completeness) * 10_000),
        gap_bounds_centi=_gap_bounds(chosen),
        conditions_open=chosen.conditions == "undetermined",
        tiers=tiers,
        by_deviation=pack.tiers is not None and pack.tiers.basis == "deviation",
        overlap=Overlap[_required(chosen.overlap).upper()] if tiers_overlap(tiers) else None,
        refund=_refund(law, season or annual.starting(date_of(day).year)),
    )


def _required(value: Chosen | None) -> Chosen:
    """Take a choice that `needs` has made sure of."""
    if value is None:
        raise AssertionError("a choice is missing that `needs` should have named")
    return value


def _annual_season(law: Law) -> AnnualSeason:
    chosen = law.choices.season
    season = chosen if isinstance(chosen, SeasonChoice) else _required(law.pack.season)
    return AnnualSeason(_bound(season.start, 0), _bound(season.end, _last_minute(law.choices)))


def _last_minute(chosen: Choices) -> int:
    return 0 if chosen.season_dates == "end_excluded" else DAY_MIN


def _bound(text: str, minute: int) -> tuple[int, int, int]:
    """Read MM-DD or MM-DDTHH:MM as month, day and minute."""
    if len(text) > len("MM-DD"):
        minute = int(text[6:8]) * 60 + int(text[9:11])
    return int(text[:2]), int(text[3:5]), minute


def _statistic(chosen: Choices) -> tuple[Statistic, int]:
    daily = chosen.daily_statistic
    if isinstance(daily, SustainedBelow):
        return Statistic.SUSTAINED_BELOW, daily.sustained_below_min
    return Statistic[_required(daily).upper()], 0


def _guard_centi(chosen: Choices) -> int:
    band = chosen.guard_band
    if not isinstance(band, GuardBand):
        return 0
    return centi(band.band_c) if band.direction == "favour_company" else -centi(band.band_c)


def _gap_bounds(chosen: Choices) -> tuple[int, int] | None:
    bounds = chosen.gap_bounds
    return (centi(bounds.low_c), centi(bounds.high_c)) if isinstance(bounds, GapBounds) else None


def _refund(law: Law, season: Season) -> RefundRules | None:
    chosen = law.choices
    if chosen.computed_amount != "compute" or amount_is_absent(law.pack):
        return None
    return RefundRules(
        denominator_s=_denominator_s(law, season),
        scope=FeeScope[_required(chosen.fee_scope).upper()],
        rounding=Rounding[_required(chosen.money_rounding).upper()],
        rounded_at=RoundedAt[_required(chosen.money_rounding_at).upper()],
        day_cap=ratio(_required(chosen.max_ratio_per_day)),
        season_cap=ratio(_required(chosen.max_ratio_per_season)),
    )


def _denominator_s(law: Law, season: Season) -> int:
    chosen = law.choices.fee_denominator
    if isinstance(chosen, FixedDays):
        return chosen.fixed_days * DAY_S
    if chosen == "stated_days":
        return _required(_required(law.pack.season).stated_days) * DAY_S
    return season.seconds


# --- loading ----------------------------------------------------------------------------------------------------------


def load(choices: Path, packs_dir: Path | None = None) -> Policy:
    """Read a choices file and the packs it names, from `packs_dir` first, then those shipped.

    Raises
    ------
    BadInput
        A file is not there, is not YAML, names an unknown option or value, or chooses where nothing is open.
    MissingChoices
        The law leaves something open that nobody chose; every such choice is named at once.
    """
    file = load_choices(choices)
    folders = (SHIPPED,) if packs_dir is None else (packs_dir, SHIPPED)
    return made(file, [find(pack_id, folders) for pack_id in file.packs])


def made(file: ChoicesFile, packs: list[Pack]) -> Policy:
    """Make a policy of a choices file and its packs; `load` tells what is raised."""
    chosen = [settled(pack, file.choices) for pack in packs]
    missing = [need for pack, each in zip(packs, chosen, strict=True) for need in needs(pack, each)]
    for pack in packs:
        if pack.standard is None:
            raise Refused(f"pack {pack.id}: nobody could read a standard, so there is nothing to judge by")
        refuse_reversed(pack)
    if missing:
        raise MissingChoices(file.place, missing)
    _refuse_idle(file, packs, chosen)
    laws = tuple(_law(pack, each) for pack, each in zip(packs, chosen, strict=True))
    for law in laws:
        _refuse_contradictions(law)
    _refuse_two_at_once(laws)
    return Policy(file.place, laws, canonical(file, packs))


def settled(pack: Pack, chosen: Choices) -> Choices:
    """Join what a pack's own text settles with what the operator chose.

    Raises
    ------
    BadInput
        The operator chose otherwise than the text, or the pack settles an unknown option.
    """
    try:
        by_text = Choices.model_validate({name: value.value for name, value in pack.settles.items()}).made()
    except ValidationError as error:
        raise BadInput(faults(Path(f"{pack.id}.yaml: settles"), error)) from error
    by_hand = chosen.made()
    for name in by_text.keys() & by_hand.keys():
        if by_text[name] != by_hand[name]:
            raise BadInput(
                f"choice {name}: seen {by_hand[name]!r}, but {pack.id} settles it as {by_text[name]!r}"
                f" ({pack.settles[name].article or pack.settles[name].conf})"
            )
    joined = Choices.model_validate(by_text | by_hand)
    open_here = {name for name, asked in ASKED.items() if asked(pack, joined)}
    return joined.model_copy(update=dict.fromkeys(by_hand.keys() - open_here - by_text.keys()))


def _law(pack: Pack, chosen: Choices) -> Law:
    begins = pack.effective_from or _required(chosen.effective_from)[pack.id]
    return Law(pack, chosen, begins, pack.effective_to)


def _refuse_idle(file: ChoicesFile, packs: list[Pack], chosen: list[Choices]) -> None:
    """Refuse a choice where no pack leaves anything open: whoever made it expects it to matter."""
    for name in file.choices.made():
        if not any(ASKED[name](pack, each) for pack, each in zip(packs, chosen, strict=True)):
            raise BadInput(f"choice {name}: {', '.join(file.packs)} and the other choices leave nothing open there")


def _refuse_contradictions(law: Law) -> None:
    chosen = law.choices
    sustained = isinstance(chosen.daily_statistic, SustainedBelow)
    together = chosen.household_temperature in {"mean", "area_weighted"}
    if sustained and together:
        raise BadInput("choice household_temperature: time below has no mean over rooms; expected min_room or each")
    if sustained and isinstance(chosen.guard_band, GuardBand):
        raise BadInput("choice guard_band: time below is counted against the standard itself; expected none")
    if together and chosen.fee_scope == "failing_rooms_area":
        raise BadInput("choice fee_scope: rooms judged together have no failing room; expected whole_dwelling")
    if chosen.fee_denominator == "stated_days" and not (law.pack.season and law.pack.season.stated_days):
        raise BadInput(f"choice fee_denominator: {law.pack.id} states no days; expected another value")
    if chosen.season == "pack" and law.pack.season is None:
        raise BadInput(f"choice season: {law.pack.id} has none; expected start and end")


def _refuse_two_at_once(laws: tuple[Law, ...]) -> None:
    for earlier in laws:
        for later in laws:
            if earlier is not later and earlier.begins <= later.begins and earlier.holds_on(later.begins):
                raise BadInput(f"packs {earlier.pack.id} and {later.pack.id} both hold on {later.begins}")


def canonical(file: ChoicesFile, packs: list[Pack]) -> str:
    """Write packs and choices as JSON with sorted keys, decimals as their shortest text, no float and no `null`."""
    tree = {"form": FORM, "choices": _plain(file), "packs": [_plain(pack) for pack in packs]}
    return json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        value = value.model_dump(by_alias=True, exclude_none=True)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, date) else value
