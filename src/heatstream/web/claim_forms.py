"""What somebody may record in a claim now: what the page knows of it, and what may be chosen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from heatstream.access.principal import Principal
from heatstream.claims import check, events
from heatstream.claims.act import Desk
from heatstream.claims.assess import Assessed, find, way_from
from heatstream.claims.check import Circumstances, Officer
from heatstream.claims.event_words import CHOICES
from heatstream.claims.way import BY_AUTHORITY, Recorded
from heatstream.errors import HeatstreamError
from heatstream.rules.pack import Band, Pack
from heatstream.store import claims
from heatstream.store.claims import File, Line
from heatstream.store.timescale import LOCAL
from heatstream.web import claim_words
from heatstream.web.words import Words

MODELS: Final = dict(zip(events.KINDS, events.MODELS, strict=True))
PAPER_OF: Final = {"visit_recorded": "scan", "ruling_served": "receipt", "payment_made": "receipt"}
"""Kinds of papers that forms add; others are `other`."""
SPEAKS_FOR: Final = {"household": "household", "company": "company"}
"""Roles that speak for one party alone."""
MEASURES: Final = {"company": "company", "inspector": "company", "third_party": "third_party"}
"""Whose visits roles record; a district records its own and those of a third party."""

Choices = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Look:
    """A claim as somebody sees it, and what they may record."""

    seen: Assessed
    lines: list[Line]
    files: list[File]
    around: Circumstances
    officer: Officer | None
    turns: Mapping[str, HeatstreamError | None]
    """Why a kind of event cannot be recorded now; None = it can."""

    @property
    def ready(self) -> list[str]:
        """The kinds that may be recorded now."""
        return [kind for kind, why in self.turns.items() if why is None]


async def look(desk: Desk, code: str, visitor: Principal) -> Look:
    """Read a claim for somebody.

    Raises
    ------
    BadInput
        There is none of this 案号 in their sight.
    """
    found = await find(desk.conn, code)
    lines = await claims.lines(desk.conn, found.id)
    seen = await desk.assess(found, way_from(lines))
    around = await desk.around(found, seen)
    officer = await desk.officer(visitor.officer) if visitor.officer else None
    turns = check.turns(seen.way, officer, around) if officer else {}
    turns.pop("opened", None)  # it is opened; another claim has a page of its own
    return Look(seen, lines, await claims.files(desk.conn, found.id), around, officer, turns)


# --- what is known, and what may be chosen ----------------------------------------------------------------------------


def fixed(kind: str, role: str) -> dict[str, Any]:
    """Say what the page knows of an event that a role records."""
    match kind:
        case "visit_recorded" if role in MEASURES:
            return {"by": MEASURES[role]}
        case "statement_given" | "self_refund_refused" | "cause_contested" if role in SPEAKS_FOR:
            return {"by": SPEAKS_FOR[role]}
        case "review_opened":
            return {"because": "officer"}
        case _:
            return {}


def given(kind: str, seen: Assessed) -> dict[str, Any]:
    """Say what stands in a form at first: what the claim comes to."""
    way = seen.way
    match kind:
        case "ruling_drafted" if seen.amount.entitlement_fen is not None:
            return {"ruled_fen": seen.amount.entitlement_fen}
        case "payment_made" if way.owed_fen is not None and way.owed_fen > way.paid_fen:
            return {"fen": way.owed_fen - way.paid_fen}
        case _:
            return {}


def choices(kind: str, it: Look, words: Words) -> Choices:
    """Say what may be chosen in a form: what is recorded, what was attached, what the pack knows."""
    made = _CHOICES.get(kind)
    return made(it, words) if made else {}


def _of_escalation(it: Look, words: Words) -> Choices:
    asked = it.around.pack.escalation
    return {**_cited(it, words), "trigger": _named(asked.when if asked else (), words)}


def _of_draft(it: Look, words: Words) -> Choices:
    ruling = it.around.pack.ruling
    outcomes = _named(ruling.outcomes if ruling else (), words)
    return {"outcome": outcomes, "bundle_sha256": papers(it.files, "bundle")}


def _cited(it: Look, words: Words) -> Choices:
    return {"on": _numbers(it.seen.way.recorded, words)}


def _named(values: Sequence[str], words: Words) -> dict[str, str]:
    return {value: words(*CHOICES[value]) for value in values}


def _numbers(recorded: Sequence[Recorded], words: Words) -> dict[str, str]:
    return {str(each.number): event_title(each, words) for each in recorded}


def event_title(each: Recorded, words: Words) -> str:
    """Name an event by its number, kind and time."""
    at = each.event.at.astimezone(LOCAL)
    return f"#{each.number} {claim_words.kind(each.event.kind, words)} {at:%m-%d %H:%M}"


def _of_kind(it: Look, kind: str, words: Words) -> dict[str, str]:
    return _numbers([each for each in it.seen.way.recorded if each.event.kind == kind], words)


def _exclusions(it: Look, words: Words) -> Choices:
    del words  # the text's own
    found = it.around.pack.exclusions
    return {"code": {each.code: each.words or each.code for each in (found.reasons if found else ())}}


def _presumed(it: Look, words: Words) -> Choices:
    pack = it.around.pack
    presumption, bands = pack.presumption, pack.tiers.bands if pack.tiers else ()
    lapses = (*presumption.compliant_when, *presumption.failing_when) if presumption else ()
    return {
        **_cited(it, words),
        "lapse": _named(lapses, words),
        "tier": {str(place): _band(each) for place, each in enumerate(bands)},
    }


def _band(each: Band) -> str:
    low, high = (f"{end}" if end is not None else "" for end in (each.lo, each.hi))
    return f"{low} – {high} °C · {each.ratio * 100:.0f} %"


def papers(kept: Sequence[File], *kinds: str) -> dict[str, str]:
    """Name papers by their SHA-256."""
    return {each.sha256.hex(): each.name for each in kept if not kinds or each.kind in kinds}


def ways(pack: Pack, role: str, words: Words) -> dict[str, str]:
    """Say by which ways a role may open a claim; a batch case opens many at once."""
    by_text = pack.opening.ways if pack.opening else ("application", "complaint", "hotline")
    named = [way for way in by_text if way not in BY_AUTHORITY]
    own = ["officer", "fixed_point"] if role == "district" else []
    return _named((*named, *own), words)


def _of_visit(it: Look, words: Words) -> Choices:
    role = it.officer.role if it.officer else ""
    return {} if role in MEASURES else {"by": _named(("authority", "third_party"), words)}


_CHOICES: Final[Mapping[str, Callable[[Look, Words], Choices]]] = {
    "visit_recorded": _of_visit,
    "escalated": _of_escalation,
    "cause_determined": _cited,
    "presumption_recorded": _presumed,
    "cause_contested": lambda it, words: {"against": _of_kind(it, "cause_determined", words)},
    "exclusion_alleged": _exclusions,
    "exclusion_decided": lambda it, words: {"allegation": _of_kind(it, "exclusion_alleged", words)},
    "review_closed": lambda it, words: {"review": _of_kind(it, "review_opened", words)},
    "ruling_drafted": _of_draft,
}
"""What may be chosen, by the kind of the event."""
