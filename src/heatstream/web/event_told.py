"""What an event of a claim says, field by field, in the words of its form."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from heatstream.claims.event_words import CHOICES, FIELDS, UNITS
from heatstream.claims.events import Event
from heatstream.store.timescale import LOCAL
from heatstream.web.words import Words

HUNDREDTHS: Final = ("centi_m2", "centi", "fen")
BESIDE: Final = {"kind", "at", "why", "files"}
"""Fields that have a place of their own."""
CITED: Final = frozenset({"on", "against", "allegation", "review"})
"""Fields that cite events by their numbers."""


class Told(NamedTuple):
    """A field in words."""

    name: str
    value: str


def told(event: Event, words: Words, papers: Mapping[str, str]) -> list[Told]:
    """Tell what an event says, in the order of its form.

    Parameters
    ----------
    papers : names of the claim's papers by SHA-256
    """
    body = event.model_dump(mode="json", exclude=BESIDE, exclude_none=True)
    return list(_all(event.kind, body, _Teller(words, papers)))


class _Teller(NamedTuple):
    words: Words
    papers: Mapping[str, str]

    def name(self, within: str, name: str) -> str:
        return self.words(*(FIELDS.get(f"{within}.{name}") or FIELDS[name]))

    def value(self, name: str, value: Any) -> str:
        """Write one value, with its unit."""
        if isinstance(value, bool):
            return self.words("是", "yes") if value else self.words("否", "no")
        if isinstance(value, int):
            return self.number(name, value)
        text = str(value)
        if name.endswith("sha256") or name == "digest":
            return f"{self.papers.get(text, self.words('未附', 'not attached'))} · {text}"
        if name in {"at", "begins", "ends"} or name.endswith(("_at", "_for")):
            return f"{dt.datetime.fromisoformat(text).astimezone(LOCAL):%Y-%m-%d %H:%M}"
        return self.words(*CHOICES[text]) if text in CHOICES else text

    def number(self, name: str, value: int) -> str:
        """Write a whole number, hundredths as a decimal."""
        unit = next((each for each in (*HUNDREDTHS, "min", "cm") if f"_{name}".endswith(f"_{each}")), "")
        written = f"{'-' * (value < 0)}{abs(value) // 100}.{abs(value) % 100:02d}" if unit in HUNDREDTHS else str(value)
        return f"{written} {self.words(*UNITS[unit])}" if unit else written


def _all(within: str, tree: Mapping[str, Any], teller: _Teller) -> Iterator[Told]:
    for name, value in tree.items():
        yield from _one(within, name, value, teller)


def _one(within: str, name: str, value: Any, teller: _Teller) -> Iterator[Told]:
    label = teller.name(within, name)
    if isinstance(value, Mapping):
        yield Told(label, _inside(name, value, teller))
    elif not isinstance(value, list):
        yield Told(label, f"#{value}" if name in CITED else teller.value(name, value))
    elif value and isinstance(value[0], Mapping):
        several = len(value) > 1
        for number, each in enumerate(value, start=1):
            yield Told(f"{label} {number}" if several else label, _inside(name, each, teller))
    elif value:
        yield Told(label, "\n".join(f"#{each}" if name in CITED else teller.value(name, each) for each in value))


def _inside(name: str, part: Mapping[str, Any], teller: _Teller) -> str:
    """Write a part of an event in a line; readings as their values."""
    if name == "readings":
        return f"{teller.value('centi', part['centi'])} ({teller.value('at', part['at'])[11:]})"
    return " · ".join(f"{each.name} {each.value}" for each in _all(name, part, teller))
