"""What a place's pack says, what it serves, and what it leaves open: lines for a person."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from heatstream.errors import BadInput
from heatstream.rules import pack
from heatstream.rules.capability import capabilities
from heatstream.rules.check import told
from heatstream.rules.choices import Choices
from heatstream.rules.diff import leaves
from heatstream.rules.needs import ASKED, needs
from heatstream.rules.pack import Pack
from heatstream.rules.policy import folders, plain, settled

# Told by themselves.
HEAD = {"schema", "id", "place", "timezone", "sources", "watermark", "effective_from", "effective_to", "effective_note"}


def shown(place_or_id: str, on: date | None, packs_dir: Path | None = None) -> Iterator[str]:
    """Show the packs of an id or of a place, with `on` only those that may hold on that day.

    Raises
    ------
    BadInput
        There is none.
    """
    there = folders(packs_dir)
    packs = [pack.find(pack_id, there) for pack_id in pack.ids(there)]
    of_place = [each for each in packs if place_or_id == each.id] or [
        each for each in packs if place_or_id in each.place
    ]
    found = [each for each in of_place if on is None or _may_hold(each, on)]
    if not found:
        day = f" that holds on {on}" if on and of_place else ""
        raise BadInput(f"no pack of {place_or_id!r}{day}; expected an id or a place of `heatstream rules list`")
    for each in found:
        yield from _lines(each)


def _may_hold(of: Pack, day: date) -> bool:
    begun = of.effective_from is None or of.effective_from <= day
    return begun and (of.effective_to is None or day < of.effective_to)


def _lines(of: Pack) -> Iterator[str]:
    yield " · ".join(filter(None, (of.id, of.place, of.watermark)))
    begins = of.effective_from or "a day nobody could read"
    yield f"holds from {begins} to {of.effective_to or 'now'}{_after(of.effective_note)}"
    yield f"in force: {of.in_force_checked_on or 'nobody checked it'}"
    for source in of.sources:
        yield f"source ({source.conf}): {' '.join(filter(None, (source.title, source.doc_no, source.url)))}"
    yield "serves:"
    yield from map(told, capabilities(of))
    yield "says:"
    yield from _values(of)
    yield "leaves open:"
    yield from (str(need) for need in needs(of, settled(of, Choices()), *ASKED))


class Told(NamedTuple):
    """What one group of a pack says, and how that is known."""

    group: str
    """A group of the pack, or settles.OPTION."""
    fields: dict[str, str]
    """Its values by their places within it; one that is the group itself has no name."""
    conf: str | None
    article: str | None
    quote: str | None
    note: str | None


def groups(of: Pack) -> Iterator[Told]:
    """List what a pack says, group by group; its head and what it leaves empty are left out."""
    values = ((where, leaf.value) for where, leaf in leaves(plain(of)) if _told(where, leaf.value))
    for group, each in groupby(values, lambda pair: _group(pair[0])):
        fields = {where[len(group) + 1 :]: value for where, value in each}
        known = [fields.pop(name, None) for name in ("conf", "article", "quote", "note")]
        yield Told(group, fields, *known)


def _values(of: Pack) -> Iterator[str]:
    """Write a group a line, its article and words first."""
    for each in groups(of):
        known = ", ".join(filter(None, (each.conf, each.article and f"article {each.article}")))
        told_of = ", ".join(f"{name} {value}".strip() for name, value in each.fields.items())
        quote = each.quote and f"“{each.quote}”"
        yield f"  {each.group}{f' ({known})' if known else ''}: {told_of}{_after(quote)}{_after(each.note)}"


def _told(where: str, value: str) -> bool:
    return where.partition(".")[0] not in HEAD and value != "[]"


def _group(where: str) -> str:
    parts = where.split(".")
    return ".".join(parts[:2]) if parts[0] == "settles" else parts[0]


def _after(text: str | None) -> str:
    return f"; {text}" if text else ""
