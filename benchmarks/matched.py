"""What was found, held against what is known.

A found time is a true one's where both are of one station and one kind, one begins within `begin_within_min` of the
other, and they share at least half of the time that either takes; minutes count in which heat is owed. Each is matched
once, the pair that shares most first. Whatever is left of the found ones is false, a second piece of one outage too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

MINUTE_US = 60_000_000
SHARED = 0.5

Minutes = Callable[[int, int, int], int]
"""How long something is owed in (station, from, to) [min]."""


class Case(NamedTuple):
    """One time of one station, true or found."""

    station: int
    begin_us: int
    end_us: int


class Pair(NamedTuple):
    true: int
    found: int


@dataclass(slots=True)
class Score:
    """Of one kind."""

    true: int = 0
    found: int = 0
    matched: int = 0
    delays_min: list[int] = field(default_factory=list)
    """from the true begin to when it was known"""
    on_lawful: int = 0
    """false ones in what is lawful"""

    @property
    def precision(self) -> float | None:
        return self.matched / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        return self.matched / self.true if self.true else None

    def add(self, other: "Score") -> None:
        self.true += other.true
        self.found += other.found
        self.matched += other.matched
        self.delays_min += other.delays_min
        self.on_lawful += other.on_lawful


def match(true: Sequence[Case], found: Sequence[Case], owed_min: Minutes, begin_within_min: int) -> list[Pair]:
    """Pair true and found times, each once."""
    candidates = []
    for one, other in product(range(len(true)), range(len(found))):
        if true[one].station != found[other].station:
            continue
        begins = sorted((true[one].begin_us, found[other].begin_us))
        if owed_min(true[one].station, *begins) <= begin_within_min:
            candidates.append((_shared(true[one], found[other], owed_min), Pair(one, other)))
    pairs: list[Pair] = []
    for share, pair in sorted(candidates, key=lambda each: -each[0]):
        if share >= SHARED and not any(pair.true == each.true or pair.found == each.found for each in pairs):
            pairs.append(pair)
    return pairs


def _shared(true: Case, found: Case, owed_min: Minutes) -> float:
    """Of the time that either takes, the share that both take."""
    both = owed_min(true.station, max(true.begin_us, found.begin_us), min(true.end_us, found.end_us))
    either = sum(owed_min(*each) for each in (true, found)) - both
    return both / either if either else 0.0


def meets(case: Case, others: Sequence[Case]) -> bool:
    """Say whether it has an instant with any of the others."""
    return any(
        case.station == other.station and case.begin_us < other.end_us and other.begin_us < case.end_us
        for other in others
    )
