"""What comes after: open claims are computed anew, and a ruled claim that would come to something else gets a 复核.

The ruling stands: late data never supersedes it by itself (office 19). Each claim has a transaction of its own.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.claims.act import Desk
from heatstream.claims.assess import Assessed, find, way_of
from heatstream.claims.events import ReviewOpened
from heatstream.claims.way import Ruling, Way
from heatstream.core.finding import Change
from heatstream.errors import HeatstreamError
from heatstream.rules.holidays import DaysOff
from heatstream.store import claims, runs
from heatstream.store.claims import Claim

BECAUSE: Final = {
    Change.LATE_READINGS: "late_data",
    Change.CONFLICT_DECIDED: "conflict_decided",
    Change.QUALITY_REVIEWED: "quality_reviewed",
    Change.REGISTRY: "registry",
    Change.POLICY: "policy",
}


async def refresh(engine: AsyncEngine, days_off: DaysOff, now: Callable[[], dt.datetime]) -> Counter[str]:
    """Compute every open claim anew, and look at every ruled one; tell how many of each, and how many reviews opened.

    Before anything was judged under a policy there is nothing to compute by.

    Raises
    ------
    HeatstreamError
        Some claim could not be computed; every such one is a line, and the others are done.
    """
    counts: Counter[str] = Counter()
    failed: list[str] = []
    async with engine.connect() as conn:
        if await runs.last_policy(conn) is None:
            return counts
        every = await claims.codes(conn)
    for code in every:
        try:
            async with engine.begin() as conn:
                counts += await look_at(Desk(conn, days_off, now), code)
        except HeatstreamError as error:
            failed.append(f"claim {code}: {error}")
    if failed:
        raise HeatstreamError("\n".join(failed))
    return counts


async def look_at(desk: Desk, code: str) -> Counter[str]:
    """Compute one claim anew, or review it if it is ruled."""
    await claims.locked(desk.conn, code)
    claim = await find(desk.conn, code)
    way = await way_of(desk.conn, claim)
    if way.ruling is not None:
        return Counter(ruled=1, reviews=int(await _review(desk, claim, way, way.ruling)))
    if way.closed or way.withdrawn:
        return Counter()
    await desk.recompute(code)
    return Counter(open=1)


async def _review(desk: Desk, claim: Claim, way: Way, ruling: Ruling) -> bool:
    """Open a 复核 where the claim would come to something else today, once for each other amount."""
    issued = (await claims.rulings(desk.conn, claim.id))[-1]
    seen = await desk.assess(claim, way, through=issued.closed_through)
    now = {"computed_fen": seen.amount.computed_fen, "entitlement_fen": seen.amount.entitlement_fen}
    before = {"computed_fen": claim.computed_fen, "entitlement_fen": claim.entitlement_fen}
    told = [
        {name: task.detail.get(name) for name in now}
        for task in await claims.tasks(desk.conn, claim.id)
        if task.event_number > ruling.number
    ]
    if now == before or now in told:
        return False
    because, days = await _because(desk.conn, claim, seen, ruling)
    event = ReviewOpened(
        at=desk.now(),
        why="复核: what the claim would come to has changed since it was ruled",
        because=because,
        found=_found(claim, seen, days),
        **now,
    )
    await desk.review(claim.code, event)
    return True


async def _because(conn: AsyncConnection, claim: Claim, seen: Assessed, ruling: Ruling) -> tuple[str, list[dt.date]]:
    """Say what came after the ruling, and which days it touched."""
    first, last = claim.season_from, claim.season_to
    changed = await claims.changes_since(conn, claim.household_id, first, last, ruling.issued_at)
    days = [day for day, _ in changed]
    if seen.policy_id != claim.policy_id:
        return "policy", days
    return next((BECAUSE[Change(change)] for _, change in changed if change in BECAUSE), "registry"), days


def _found(claim: Claim, seen: Assessed, days: list[dt.date]) -> str:
    def fen(amount: int | None) -> str:
        return "undetermined" if amount is None else f"{amount} fen"

    told = (
        f"测算额 {fen(claim.computed_fen)} → {fen(seen.amount.computed_fen)}; "
        f"应退热费 {fen(claim.entitlement_fen)} → {fen(seen.amount.entitlement_fen)}"
    )
    return f"{told}; findings changed on {', '.join(map(str, days))}" if days else told
