"""What stands in matters, in words: kinds, steps, urgencies, kinds of events."""

from typing import Final

from heatstream.rules.supervision.hotlines import TOPICS
from heatstream.supervision.event_words import EVENTS, STEPS
from heatstream.supervision.incident.incident_kind import WHAT_ZH
from heatstream.supervision.shown import KINDS_ZH, URGENCY_ZH
from heatstream.web.words import Words

Pair = tuple[str, str]

_KINDS_EN: Final = {"work_order": "work order", "company_file": "company file"}
_URGENCY_EN: Final = {0: "closed", 1: "routine", 2: "soon", 3: "now"}
COLOURS: Final[tuple[Pair, ...]] = (("未定", "undetermined"), ("绿", "green"), ("黄", "yellow"), ("红", "red"))
"""By `core.hysteresis.Level`."""


def kinds(words: Words) -> dict[str, str]:
    """Name each kind of matter."""
    return {kind: words(zh, _KINDS_EN.get(kind, kind)) for kind, zh in KINDS_ZH.items()}


def urgencies(words: Words) -> dict[int, str]:
    """Name each urgency."""
    return {urgency: words(zh, _URGENCY_EN[urgency]) for urgency, zh in URGENCY_ZH.items()}


def steps(words: Words) -> dict[str, str]:
    """Name each step, whatever the kind of matter."""
    return {step: words(*names) for step, names in STEPS.items()}


def event(kind: str, name: str, words: Words) -> str:
    """Name a kind of event of a kind of matter."""
    return words(*EVENTS[kind][name])


def what(words: Words) -> dict[str, str]:
    """Name what an incident or a span is."""
    return {name: words(zh, name.replace("_", " ")) for name, zh in WHAT_ZH.items()}


def topics(words: Words) -> dict[str, str]:
    """Name what a ticket is about."""
    return {name: words(zh, name.replace("_", " ")) for name, zh in TOPICS.items()}


def colours(words: Words) -> dict[int, str]:
    """Name each colour of a warning."""
    return {level: words(*names) for level, names in enumerate(COLOURS)}


def lines(words: Words) -> dict[str, str]:
    """Name the lines of a station's chart."""
    return {
        "supply": words("供水", "supply"),
        "return": words("回水", "return"),
        "expected": words("曲线应供", "expected by the curve"),
        "outdoor": words("室外", "outdoor"),
    }
