"""What a pack can be used for: a status for each capability, computed from what is there, never declared."""

from dataclasses import dataclass
from typing import Literal, get_args

from heatstream.rules.choices import Choices
from heatstream.rules.claim_policy import rests_on
from heatstream.rules.needs import FOR_A_CLAIM, Need, amount_is_absent, claims_are_absent, needs
from heatstream.rules.pack import ATTESTED, Group, Pack
from heatstream.rules.policy import settled

Name = Literal["standard", "clocks", "escalation", "ruling", "amount", "entitlement", "supervision"]
NAMES: tuple[Name, ...] = get_args(Name)
State = Literal["ready", "choices", "absent"]


@dataclass(frozen=True, slots=True)
class Capability:
    """One use of a pack."""

    name: Name
    state: State
    """ready | choices: the operator must choose first | absent: nobody could read what it needs."""
    why: str
    """What is absent, or the options to choose; empty when ready."""
    zh: str
    """The same in Chinese."""
    what_if: bool
    """Rests on values that nobody read in the instrument: what-if only, never an entitlement."""


def capabilities(pack: Pack, chosen: Choices | None = None) -> tuple[Capability, ...]:
    """Tell what a pack can be used for, given what is chosen already; what its text settles counts as chosen."""
    chosen = settled(pack, chosen or Choices())
    return (
        _standard(pack, chosen),
        _clocks(pack, chosen),
        _of_group("escalation", pack.escalation, "escalation"),
        _of_group("ruling", pack.ruling, "ruling"),
        _amount(pack, chosen),
        _entitlement(pack, chosen),
        _asking("supervision", needs(pack, chosen, "supervision"), what_if=False),
    )


def _of_group(name: Name, group: Group | None, where: str) -> Capability:
    if group is None:
        return Capability(name, "absent", f"nobody could read {where}", f"尚未查到 {where}", what_if=False)
    return Capability(name, "ready", "", "", what_if=group.conf not in ATTESTED)


def _standard(pack: Pack, chosen: Choices) -> Capability:
    if pack.standard is None:
        return _of_group("standard", None, "standard")
    return _asking("standard", needs(pack, chosen, "days"), _rests_on_hearsay(pack, pack.standard, pack.season))


def _clocks(pack: Pack, chosen: Choices) -> Capability:
    if pack.visit is None or pack.visit.deadline_min is None:
        return _of_group("clocks", None, "visit.deadline_min")
    return _asking("clocks", needs(pack, chosen, "clocks"), what_if=pack.visit.conf not in ATTESTED)


def _amount(pack: Pack, chosen: Choices) -> Capability:
    absent = amount_is_absent(pack)
    if absent is not None:
        return Capability("amount", "absent", absent.en, absent.zh, what_if=False)
    computing = chosen.model_copy(update={"computed_amount": "compute"})
    missing = needs(pack, computing, "days", "amount")
    if chosen.computed_amount is None:
        missing += [need for need in needs(pack, chosen, "days") if need.option == "computed_amount"]
    return _asking("amount", missing, _rests_on_hearsay(pack, pack.standard, pack.season, pack.tiers))


def _entitlement(pack: Pack, chosen: Choices) -> Capability:
    absent = claims_are_absent(pack)
    if absent is not None:
        return Capability("entitlement", "absent", absent.en, absent.zh, what_if=False)
    missing = needs(pack, chosen, *FOR_A_CLAIM)
    return _asking("entitlement", missing, _rests_on_hearsay(pack, *rests_on(pack, chosen)))


def _asking(name: Name, missing: list[Need], what_if: bool) -> Capability:
    options = [need.option for need in missing]
    return Capability(name, "choices" if missing else "ready", ", ".join(options), "、".join(options), what_if)


def _rests_on_hearsay(pack: Pack, *groups: Group | None) -> bool:
    return any(group is not None and group.conf not in ATTESTED for group in (*groups, *pack.settles.values()))
