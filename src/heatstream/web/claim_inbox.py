"""What lies on whose desk: claims with the time limit that comes next, and what they wait for; no page, no browser."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims import check, clocks, events, law
from heatstream.claims.assess import way_from
from heatstream.claims.awaited import DISTRICT, MEASURERS, Awaited, awaited
from heatstream.claims.check import Circumstances, Home, Officer
from heatstream.claims.clocks import Clock
from heatstream.claims.way import Way
from heatstream.core.calendar import day_of
from heatstream.rules.holidays import FICTIONAL, DaysOff
from heatstream.rules.policy import Policy
from heatstream.store import claims
from heatstream.store.claims import Claim
from heatstream.store.read import inbox
from heatstream.store.timescale import LOCAL

MOST_KNOWN: Final = 5000
"""Ways that are kept: some 20 kB each."""
TO_VISIT: Final = frozenset({"arrival", "measure", "authority_visit"})
"""Time limits of coming to the door."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A claim, and what it waits for."""

    claim: Claim
    way: Way
    address: str
    running: tuple[Clock, ...]
    """The time limits of what is still waited for, the one that ends first before the others; passed ones, too."""
    awaited: tuple[Awaited, ...]
    around: Circumstances

    @property
    def clock(self) -> Clock | None:
        """The time limit that ends first."""
        return next(iter(self.running), None)

    def is_overdue(self, now: dt.datetime) -> bool:
        """Say whether the limit has passed."""
        return self.clock is not None and self.clock.limit is not None and now > self.clock.limit

    def of(self, officer: Officer) -> tuple[str, ...]:
        """Give the kinds of what is awaited that lie on this officer's desk, and that this officer may record now."""
        on_desk = [each.kind for each in self.awaited if officer.role in each.roles]
        turns = check.turns(self.way, officer, self.around) if on_desk else {}
        return tuple(kind for kind in on_desk if turns[kind] is None)


class Ways:
    """Ways of claims as they were folded last: events are only ever added, so their number tells whether some came.

    Without it a list of a thousand claims takes a second of a core, each time.
    """

    def __init__(self) -> None:
        self._known: dict[int, Way] = {}

    async def of(self, conn: AsyncConnection, found: Sequence[Claim]) -> dict[int, Way]:
        """Give the ways of claims, by their ids."""
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        there = await inbox.events(conn, [each.id for each in found])
        new = [claim for claim, events in there.items() if not self._is_known(claim, events)]
        told = await inbox.lines(conn, new)
        self._known |= {claim: way_from(told[claim]) for claim in new}
        return {claim: self._known[claim] for claim in there}

    def _is_known(self, claim: int, events: int) -> bool:
        known = self._known.get(claim)
        return known is not None and known.next_number == events + 1


@dataclass(frozen=True, slots=True)
class By:
    """What claims are told by."""

    ways: Ways
    days_off: DaysOff
    """As the notices have them."""
    now: dt.datetime


async def read(conn: AsyncConnection, which: ColumnElement[bool], limit: int, by: By) -> list[Waiting]:
    """Read claims, those whose time limit ends first before the others."""
    order = {claim_id: place for place, claim_id in enumerate(await inbox.ids(conn, which, limit))}
    found = sorted(await claims.listed(conn, inbox.among(list(order))), key=lambda each: order[each.id])
    if not found:
        return []
    office = _Office((await law.in_force(conn)).policy, by.days_off, by.now)
    ways, addresses = await by.ways.of(conn, found), await inbox.addresses(conn, found)
    monitored = await inbox.monitored(conn, [each for each in found if _hangs_on_a_series(ways[each.id])])
    return [
        office.waiting(each, ways[each.id], addresses[each.household_id], monitored=each.id in monitored)
        for each in found
    ]


def _hangs_on_a_series(way: Way) -> bool:
    """Say whether a ruling is to be drafted without a visit of the authority: then a fixed point must have measured."""
    drafts = any(each.kind == "ruling_drafted" for each in awaited(way))
    return drafts and not any(each.by == "authority" for each in way.visited)


@dataclass(frozen=True, slots=True)
class _Office:
    """What claims are told by."""

    policy: Policy
    days_off: DaysOff
    now: dt.datetime

    def waiting(self, claim: Claim, way: Way, address: str, *, monitored: bool) -> Waiting:
        """Tell what a claim waits for."""
        under = self.policy.law_on(day_of(claim.opened_at.astimezone(LOCAL).date()))
        days_off = FICTIONAL if self.policy.watermark else self.days_off
        made = clocks.clocks(way, under, days_off, claim.entitlement_fen)
        around = Circumstances(
            home=Home(claim.household, claim.district_id, claim.district, claim.company_id, claim.company),
            pack=under.pack,
            season=(claim.season_from, claim.season_to),
            now=self.now,
            measured_late=clocks.measured_late(made, self.now),
            monitored=monitored,
        )
        return Waiting(claim, way, address, _running(made), awaited(way), around)


def _running(made: Sequence[Clock]) -> tuple[Clock, ...]:
    return tuple(sorted((each for each in made if each.runs), key=lambda each: each.limit or each.start))


def row(each: Waiting, officer: Officer | None) -> dict[str, Any]:
    """Tell a claim of the list to the browser."""
    claim, clock = each.claim, each.clock
    limit = clock.limit if clock else None
    return {
        **{name: getattr(claim, name) for name in ("code", "household", "district", "company", "step", "batch_case")},
        **{name: getattr(claim, name) for name in ("computed_fen", "entitlement_fen", "ruled_fen", "paid_fen")},
        "address": each.address,
        "opened_at": claim.opened_at.isoformat(),
        "clock": clock and clock.name,
        "due_at": limit and limit.isoformat(),
        "awaited": [{"kind": waits.kind, "roles": sorted(waits.roles)} for waits in each.awaited],
        "mine": list(each.of(officer)) if officer else [],
    }


def visit_by(each: Waiting) -> Clock | None:
    """Give the time limit of the visit, where one runs."""
    return next((clock for clock in each.running if clock.name in TO_VISIT), None)


def booked(way: Way) -> dt.datetime | None:
    """Give the time that was last booked or agreed on for a visit; None = none was."""
    times = (_time_of(each.event) for each in reversed(way.recorded))
    return next((at for at in times if at is not None), None)


def _time_of(event: events.Event) -> dt.datetime | None:
    match event:
        case events.AppointmentMade(appointment_at=at):
            return at
        case events.Contacted(visit_booked_for=at):
            return at
        case _:
            return None


def visits(found: Sequence[Waiting], role: str, day: dt.date) -> list[Waiting]:
    """Pick the homes to measure on a day: of this role's desk, of any where it measures none; none of a later day.

    Ordered by when each is to be there, those without any time last.
    """
    due = [each for each in found if _is_to_measure(each, role)]
    times = {each.claim.id: booked(each.way) for each in due}
    today = [each for each in due if (at := times[each.claim.id]) is None or at.astimezone(LOCAL).date() <= day]
    last = dt.datetime.max.replace(tzinfo=dt.UTC)
    return sorted(today, key=lambda each: times[each.claim.id] or _limit(each) or last)


def _limit(each: Waiting) -> dt.datetime | None:
    clock = visit_by(each)
    return clock.limit if clock else None


def _is_to_measure(each: Waiting, role: str) -> bool:
    on = [waits.roles for waits in each.awaited if waits.kind == "visit_recorded"]
    measures = role in MEASURERS | DISTRICT
    return any(role in roles or not measures for roles in on)
