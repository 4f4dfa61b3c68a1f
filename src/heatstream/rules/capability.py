"""What a pack can be used for: a status for each capability, computed from what is there, never declared."""

from dataclasses import dataclass
from typing import Literal, get_args

from heatstream.rules.choices import Choices
from heatstream.rules.needs import amount_is_absent, needs
from heatstream.rules.pack import ATTESTED, Group, Pack

Name = Literal["standard", "clocks", "escalation", "ruling", "amount"]
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
    what_if: bool
    """Rests on values that nobody read in the instrument: what-if only, never an entitlement."""


def capabilities(pack: Pack, chosen: Choices | None = None) -> tuple[Capability, ...]:
    """Tell what a pack can be used for, given what is chosen already."""
    chosen = chosen or Choices()
    return (
        _standard(pack, chosen),
        _of_group("clocks", pack.visit if pack.visit and pack.visit.deadline_min else None, "visit.deadline_min"),
        _of_group("escalation", pack.escalation, "escalation"),
        _of_group("ruling", pack.ruling, "ruling"),
        _amount(pack, chosen),
    )


def _of_group(name: Name, group: Group | None, where: str) -> Capability:
    if group is None:
        return Capability(name, "absent", f"nobody could read {where}", what_if=False)
    return Capability(name, "ready", "", what_if=group.conf not in ATTESTED)


def _standard(pack: Pack, chosen: Choices) -> Capability:
    if pack.standard is None:
        return _of_group("standard", None, "standard")
    return _asking(
        "standard", [need.option for need in needs(pack, chosen, "days")], _rests_on_hearsay(pack.standard, pack.season)
    )


def _amount(pack: Pack, chosen: Choices) -> Capability:
    absent = amount_is_absent(pack)
    if absent or pack.standard is None:
        return Capability("amount", "absent", absent or "nobody could read standard", what_if=False)
    computing = chosen.model_copy(update={"computed_amount": "compute"})
    options = [need.option for need in needs(pack, computing, "days", "amount")]
    if chosen.computed_amount is None:
        options.append("computed_amount")
    return _asking("amount", options, _rests_on_hearsay(pack.standard, pack.season, pack.tiers, *pack.settles.values()))


def _asking(name: Name, options: list[str], what_if: bool) -> Capability:
    return Capability(name, "choices" if options else "ready", ", ".join(options), what_if)


def _rests_on_hearsay(*groups: Group | None) -> bool:
    return any(group is not None and group.conf not in ATTESTED for group in groups)
