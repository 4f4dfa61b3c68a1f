"""A policy: one place's packs and the operator's choices, hashed; and the rules of each day as plain numbers.

Nothing is ever chosen by itself. A choice that the law leaves open and nobody made raises `MissingChoices`.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from heatstream.core.calendar import date_of
from heatstream.core.claim_rules import ClaimRules
from heatstream.core.standard import DayRules
from heatstream.errors import BadInput, Refused
from heatstream.rules import supplement
from heatstream.rules.choices import Choices, ChoicesFile, GuardBand, SeasonDecision, SustainedBelow
from heatstream.rules.choices import load as load_choices
from heatstream.rules.claim_policy import claim_rules, rests_on
from heatstream.rules.law import Law, required
from heatstream.rules.needs import FOR_A_CLAIM, Need, claims_are_absent, is_asked, needs
from heatstream.rules.pack import SHIPPED, Pack, faults, find
from heatstream.rules.supplement import Supplement
from heatstream.rules.tiers import refuse_reversed

FORM = "heatstream.policy/1"
EVIDENCE: Literal[1] = 1
WHAT_IF: Literal[2] = 2
Grade = Literal[1, 2]


class MissingChoices(Refused):
    """Choices that the law leaves open and the operator has not made; the text names each, its values, its place.

    Attributes
    ----------
    needs : the choices that are missing
    """

    def __init__(self, place: str, missing: list[Need]) -> None:
        lines = "\n".join(map(str, missing))
        zh_lines = "\n".join(need.zh for need in missing)
        super().__init__(
            f"{place}: these choices must be made, none has a default:\n{lines}",
            zh=f"{place}：以下选项必须选定，均无默认值：\n{zh_lines}",
        )
        self.needs = missing


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
        computing = [law for law in self.laws if law.choices.computed_amount == "compute"]
        chosen = {law.choices.fee_numerator for law in computing} - {None}
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
        zh_known = "、".join(f"{law.pack.id}（{law.begins} 至 {law.ends or '今'}）" for law in self.laws)
        raise Refused(
            f"{self.place}: no pack holds on {local}; there is {known}",
            zh=f"{self.place}：{local} 没有施行的规则包，现有 {zh_known}",
        )

    def day_rules(self, day: int) -> DayRules:
        """Give the rules of one local day by the pack in force on it."""
        return self.law_on(day).day_rules(day)

    def claim_rules(self, opened_day: int) -> ClaimRules:
        """Give the rules of a claim opened on a local day: docs/claims.md in whole numbers.

        Its season is the one the day lies in, else the one that ended last before it; its law is the pack in force on
        the day, and each day of the season has the rules of the pack in force on that day.

        Raises
        ------
        MissingChoices
            What a claim needs and nobody chose; every such option is named at once.
        Refused
            The pack has nothing to judge a claim by, and which null it is; no pack holds on some day of the season.
        """
        law = self.law_on(opened_day)
        absent = claims_are_absent(law.pack)
        if absent is not None:
            raise Refused(
                f"{self.place}: {law.pack.id} judges no claim: {absent.en}",
                zh=f"{self.place}：不能依 {law.pack.id} 判定退费案件：{absent.zh}",
            )
        missing = needs(law.pack, law.choices, *FOR_A_CLAIM)
        if missing:
            raise MissingChoices(self.place, missing)
        season = law.season_until(opened_day)
        span = range(season.first_day, season.last_day + 1)
        laws = [law, *(each for each in self.laws if any(each.holds_on(date_of(day)) for day in span))]
        return claim_rules(
            law,
            season,
            tuple(self._day_of_claim(day) for day in span),
            entitling=all(map(_entitles, laws)),
        )

    def _day_of_claim(self, day: int) -> DayRules:
        """Give a day's rules in a claim, where conditions are examined by themselves."""
        return replace(self.day_rules(day), conditions_open=False)

    def grade(self, day: int) -> Grade:
        """Say what a finding of that day may serve: 1 evidence, 2 what-if only."""
        law = self.law_on(day)
        season = law.pack.season if law.uses_pack_season() else None
        attested = law.attested((law.pack.standard, season, law.pack.tiers))
        return EVIDENCE if attested and law.choices.conditions != "not_examined" else WHAT_IF


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
    added = tuple(supplement.load(choices.parent / name) for name in file.supplements)
    return made(file, [find(pack_id, folders(packs_dir)) for pack_id in file.packs], added)


def folders(packs_dir: Path | None) -> tuple[Path, ...]:
    """List where packs are looked for: the operator's own first."""
    return (SHIPPED,) if packs_dir is None else (packs_dir, SHIPPED)


def made(file: ChoicesFile, packs: list[Pack], supplements: tuple[Supplement, ...] = ()) -> Policy:
    """Make a policy of a choices file, its packs and what the operator added; `load` tells what is raised."""
    packs = _with_supplements(packs, supplements)
    chosen = [settled(pack, file.choices) for pack in packs]
    missing = [need for pack, each in zip(packs, chosen, strict=True) for need in needs(pack, each, "days", "amount")]
    for pack in packs:
        if pack.standard is None:
            raise Refused(
                f"pack {pack.id}: nobody could read a standard, so there is nothing to judge by",
                zh=f"规则包 {pack.id}：尚未查到室温标准，无从判定",
            )
        refuse_reversed(pack)
    if missing:
        raise MissingChoices(file.place, missing)
    _refuse_idle(file, packs, chosen)
    laws = tuple(_law(pack, each, file.season_decisions) for pack, each in zip(packs, chosen, strict=True))
    for law in laws:
        _refuse_contradictions(law)
        _refuse_backwards(law)
    _refuse_two_at_once(laws)
    return Policy(file.place, laws, canonical(file, packs))


def _with_supplements(packs: list[Pack], supplements: tuple[Supplement, ...]) -> list[Pack]:
    for added in supplements:
        if added.pack not in {pack.id for pack in packs}:
            raise BadInput(f"supplement {added.title}: adds to {added.pack}, which the choices file does not name")
        # What an earlier supplement split is split again where it holds; the rest stays.
        packs = [part for pack in packs for part in ([pack] if pack.id != added.pack else _laid(pack, added))]
    return packs


def _laid(pack: Pack, added: Supplement) -> list[Pack]:
    over = pack.effective_to is not None and pack.effective_to <= added.effective_from
    return [pack] if over else supplement.overlaid(pack, added)


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
    open_here = {name for name in Choices.model_fields if is_asked(pack, joined, name)}
    return joined.model_copy(update=dict.fromkeys(by_hand.keys() - open_here - by_text.keys()))


def _law(pack: Pack, chosen: Choices, decisions: tuple[SeasonDecision, ...]) -> Law:
    begins = pack.effective_from or required(chosen.effective_from)[pack.id]
    return Law(pack, chosen, begins, pack.effective_to, decisions)


def _refuse_idle(file: ChoicesFile, packs: list[Pack], chosen: list[Choices]) -> None:
    """Refuse a choice where no pack leaves anything open: whoever made it expects it to matter."""
    for name in file.choices.made():
        if not any(is_asked(pack, each, name) for pack, each in zip(packs, chosen, strict=True)):
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


def _refuse_backwards(law: Law) -> None:
    for decided in law.decisions:
        try:
            law.season_starting(decided.season)
        except ValueError as error:
            raise BadInput(f"season_decisions: {decided.doc_no}, season of {decided.season}: {error}") from error


def _refuse_two_at_once(laws: tuple[Law, ...]) -> None:
    for earlier in laws:
        for later in laws:
            if earlier is not later and earlier.begins <= later.begins and earlier.holds_on(later.begins):
                raise BadInput(f"packs {earlier.pack.id} and {later.pack.id} both hold on {later.begins}")


def _entitles(law: Law) -> bool:
    return law.attested(rests_on(law.pack, law.choices)) and law.choices.conditions != "not_examined"


def canonical(file: ChoicesFile, packs: list[Pack]) -> str:
    """Write packs and choices as JSON with sorted keys, decimals as their shortest text, no float and no `null`.

    The packs stand with what supplements added to them: the values, and as a source each its scan's SHA-256 and who
    entered and checked it.
    """
    tree = {"form": FORM, "choices": plain(file), "packs": [plain(pack) for pack in packs]}
    return json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def plain(value: Any) -> Any:
    """Write a model as values of JSON, without what is not there."""
    if isinstance(value, BaseModel):
        value = value.model_dump(by_alias=True, exclude_none=True)
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, date) else value
