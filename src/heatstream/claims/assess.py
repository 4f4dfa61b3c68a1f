"""What a claim is made of and what it comes to now, read whole from the store; nothing is written here."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims import amount as amounts
from heatstream.claims import clocks, events
from heatstream.claims.amount import Amount
from heatstream.claims.clocks import Clock
from heatstream.claims.facts import Registered, company_measured_failing, facts
from heatstream.claims.law import InForce, claim_rules, of_id
from heatstream.claims.way import Recorded, Way, fold
from heatstream.core.calendar import day_of
from heatstream.core.claim_rules import ClaimRules
from heatstream.core.finding import Outcome
from heatstream.errors import BadInput, Refused
from heatstream.rules.holidays import FICTIONAL, DaysOff
from heatstream.rules.law import Law
from heatstream.store import claims
from heatstream.store.claims import Claim, Line
from heatstream.store.closings import closed_through
from heatstream.store.timescale import LOCAL

Days = tuple[dt.date, dt.date]
"""From the first day to the last."""


@dataclass(frozen=True, slots=True)
class Assessed:
    """A claim, where it stands, and what it comes to by the policy in force."""

    claim: Claim
    way: Way
    law: Law
    """In force on the day the claim was opened."""
    policy_id: int
    facts: dict[str, Any]
    amount: Amount
    clocks: tuple[Clock, ...]
    monitored: bool
    """A fixed point's series has found something in its season."""
    measured_failing: bool
    """A valid test of the company found a room below the standard."""
    names_band: bool
    """A presumed band is named by the officer."""


async def find(conn: AsyncConnection, code: str) -> Claim:
    """Read a claim.

    Raises
    ------
    BadInput
        There is none of this 案号.
    """
    found = await claims.by_code(conn, code)
    if found is None:
        raise BadInput(
            f"no claim {code!r}: `heatstream claims list` shows them", zh=f"没有案件“{code}”，应为退费案件列表中的案号"
        )
    return found


async def way_of(conn: AsyncConnection, claim: Claim) -> Way:
    """Read a claim's events to where it stands."""
    return way_from(await claims.lines(conn, claim.id))


def way_from(lines: Sequence[Line]) -> Way:
    """Fold a claim's events as they are kept."""
    return fold(
        Recorded(
            line.number, events.stored(line.kind, line.happened_at, dict(line.body)), line.officer, line.recorded_at
        )
        for line in lines
    )


async def assess(
    conn: AsyncConnection, claim: Claim, way: Way, law: InForce, days_off: DaysOff, *, through: dt.date | None = None
) -> Assessed:
    """Say what a claim comes to now.

    Parameters
    ----------
    law : the policy that it is computed by
    days_off : as the notices have them; a fictional place knows none, and keeps weekends alone
    through : as if no later day were closed; None = every closed day
    """
    opened = day_of(claim.opened_at.astimezone(LOCAL).date())
    of_claim = law.policy.law_on(opened)
    held = await _registered(conn, claim, through, await _settled_before(conn, claim, days_off))
    given = _rules(law, opened)
    rules = None if isinstance(given, Refused) else given
    told = facts(claim, way, law.policy, rules, held)
    kept = FICTIONAL if law.policy.watermark else days_off
    found_fen = [(each.day, each.computed_fen) for each in held.found]
    if isinstance(given, Refused):
        made = amounts.refused(told, given, found_fen)
    else:
        made = amounts.amount(told, given, found_fen)
    return Assessed(
        claim=claim,
        way=way,
        law=of_claim,
        policy_id=law.id,
        facts=told,
        amount=made,
        clocks=clocks.clocks(way, of_claim, kept, made.entitlement_fen),
        monitored=any(each.outcome != Outcome.UNMONITORED for each in held.found),
        measured_failing=company_measured_failing(told, law.policy.day_rules(opened)),
        names_band=rules is not None and rules.presumed_tier is None,
    )


def _rules(law: InForce, opened: int) -> ClaimRules | Refused:
    """Give the rules of a claim, or why the policy has none: no tiers were read, a choice is not made."""
    try:
        return claim_rules(law.policy.canonical, opened)
    except Refused as why:
        return why


async def _settled_before(conn: AsyncConnection, claim: Claim, days_off: DaysOff) -> list[Days]:
    """List the days that earlier claims of the household and season gave back, by a ruling or an accepted offer."""
    found: list[Days] = []
    for other in await claims.listed(conn, claims.before(claim)):
        found += await _given_back(conn, other, days_off)
    return found


async def _given_back(conn: AsyncConnection, other: Claim, days_off: DaysOff) -> list[Days]:
    way = await way_of(conn, other)
    if way.ruling is not None and way.ruling.outcome == "refund":
        issued = (await claims.rulings(conn, other.id))[-1]
        under = InForce(other.policy_id, await of_id(conn, other.policy_id))
        seen = await assess(conn, other, way, under, days_off, through=issued.closed_through)
        return [(day, day) for day in seen.amount.given_back()]
    offer = way.offered.event if way.offered and way.accepted and way.ruling is None else None
    return [(offer.day_from, offer.day_to)] if isinstance(offer, events.SelfRefundOffered) else []


async def _registered(conn: AsyncConnection, claim: Claim, through: dt.date | None, settled: list[Days]) -> Registered:
    first, last = claim.season_from, min(claim.season_to, through or claim.season_to)
    closed = await closed_through(conn)
    return Registered(
        terms=await claims.terms(conn, claim.household_id, _day(claim.opened_at)),
        stopped=await claims.stops(conn, claim.household_id, claim.season_from, claim.season_to),
        found=await claims.found_days(conn, claim.household_id, first, last),
        measured=await claims.measured_days(conn, claim.household_id, first, last),
        closed_through=closed and min(closed, through or closed),
        settled=settled,
    )


def _day(at: dt.datetime) -> dt.date:
    return at.astimezone(LOCAL).date()
