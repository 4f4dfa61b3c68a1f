"""A policy: one place's packs and the operator's choices, hashed; and the rules of each day as plain numbers.

Nothing is ever chosen by itself. A choice that the law leaves open and nobody made raises `MissingChoices`.
"""

from dataclasses import dataclass
from pathlib import Path

from heatstream.core.standard import DayRules
from heatstream.errors import Refused


class MissingChoices(Refused):
    """Choices that the law leaves open and the operator has not made; the text names each, its values, its place."""


@dataclass(frozen=True)
class Policy:
    """Packs and choices of one place."""

    place: str
    watermark: str | None
    canonical: str
    hash: bytes

    def day_rules(self, day: int) -> DayRules:
        """Give the rules of one local day by the pack in force on it."""
        raise NotImplementedError


def load(choices: Path, packs_dir: Path | None = None) -> Policy:
    """Read a choices file and the packs it names, from `packs_dir` or those shipped."""
    raise NotImplementedError
