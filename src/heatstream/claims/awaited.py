"""What a claim waits for, and on whose desk that lies: the next steps of its way, for lists of what to do. Pure.

Much more may be recorded at any time (`check.turns`); this is what leads the claim on.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from heatstream.claims.way import Ruling, Way

COMPANY: Final = frozenset({"company"})
MEASURERS: Final = frozenset({"company", "inspector"})
DISTRICT: Final = frozenset({"district"})
HOUSEHOLD: Final = frozenset({"household"})


class Awaited(NamedTuple):
    """One kind of event that is waited for."""

    kind: str
    roles: frozenset[str]
    """On whose desk it lies; others may be allowed to record it."""


def awaited(way: Way) -> tuple[Awaited, ...]:
    """Say what a claim waits for now, the most urgent first; nothing once it is over and no 复核 is open."""
    over = way.closed or way.withdrawn
    return (*_beside(way), *(() if over else _next(way)))


def _beside(way: Way) -> Iterator[Awaited]:
    """What waits beside the way."""
    if way.reviews:
        yield Awaited("review_closed", DISTRICT)
    if not way.closed and not way.withdrawn and any(each.proved is None for each in way.allegations.values()):
        yield Awaited("exclusion_decided", DISTRICT)


def _next(way: Way) -> Iterator[Awaited]:
    if way.ruling is not None:
        yield from _after_ruling(way, way.ruling)
    elif way.performed:
        yield Awaited("closed", DISTRICT if way.applied else COMPANY)
    elif way.applied or way.draft or (way.refused and way.opened_by_authority):
        yield from _before_ruling(way)
    else:
        yield from _between_the_parties(way)


def _between_the_parties(way: Way) -> Iterator[Awaited]:
    """测温, then 企业自行退费, then the application."""
    if _authority_is_to_measure(way):
        yield Awaited("visit_recorded", DISTRICT)
    if not way.measured and not way.opened_by_authority:
        if way.opened and way.opened.temperature_complaint and way.contacted_at is None and not way.visits:
            yield Awaited("contacted", MEASURERS)
        yield Awaited("visit_recorded", MEASURERS)
    elif way.accepted:
        yield Awaited("payment_made", COMPANY)
    elif way.offered:
        yield Awaited("self_refund_accepted", HOUSEHOLD)
    elif way.refused:
        yield Awaited("authority_applied", HOUSEHOLD)
    else:
        yield Awaited("self_refund_offered", COMPANY)


def _authority_is_to_measure(way: Way) -> bool:
    called = way.escalated or way.applied or way.inspection_asked
    return bool(called) and not any(each.by == "authority" for each in way.visited)


def _before_ruling(way: Way) -> Iterator[Awaited]:
    """复测, the cause and both 陈述; then 承办, 复核, 审批."""
    if way.review:
        yield Awaited("ruling_approved", DISTRICT)
    elif way.draft:
        yield Awaited("ruling_reviewed", DISTRICT)
    else:
        missing = [*_missing(way)]
        yield from missing or [Awaited("ruling_drafted", DISTRICT)]


def _missing(way: Way) -> Iterator[Awaited]:
    if _authority_is_to_measure(way):
        yield Awaited("visit_recorded", DISTRICT)
    if way.cause is None:
        yield Awaited("cause_determined", DISTRICT)
    unheard = {"household", "company"} - way.heard
    if unheard:
        yield Awaited("statement_given", DISTRICT | unheard)


def _after_ruling(way: Way, ruling: Ruling) -> Iterator[Awaited]:
    """送达, 履行, 办结."""
    if not ruling.served_to_both:
        yield Awaited("ruling_served", DISTRICT)
    if ruling.outcome == "refund" and not way.performed:
        yield Awaited("payment_made", COMPANY)
    elif ruling.served_to_both and not way.reviews:
        yield Awaited("closed", DISTRICT)
