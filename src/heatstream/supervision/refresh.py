"""Keeping matters as they stand now: limits pass without anybody's recording. Done by `jobs`, as often as one likes."""

import datetime as dt
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.claims.way import ITSELF
from heatstream.errors import HeatstreamError, StoreError
from heatstream.store import matters
from heatstream.store.matters import Matter
from heatstream.supervision import incidents
from heatstream.supervision.act import Desk
from heatstream.supervision.incident_kind import INCIDENT
from heatstream.supervision.incident_state import Incident
from heatstream.supervision.matter import Ground
from heatstream.supervision.repairs import CLASS_NAMES, CLASSES_ZH, Passed, passed


async def refresh(engine: AsyncEngine, ground: Ground, now: Callable[[], dt.datetime]) -> dict[str, int]:
    """Look at every open matter, each in a transaction of its own, so that nobody who records waits for all.

    Returns
    -------
    how many are `open`, and how many limits `escalated` now

    Raises
    ------
    StoreError
        Some could not be read, a line each; the others were looked at.
    """
    async with engine.connect() as conn:
        codes = await matters.open_codes(conn)
    escalated, faults = 0, []
    for code in codes:
        try:
            async with engine.begin() as conn:
                escalated += await _look_at(Desk(conn, ground, now), code)
        except HeatstreamError as error:
            # One that cannot be read must not keep the limits of all others from being seen.
            faults.append(f"{code}: {error}")
    if faults:
        raise StoreError("\n".join(faults))
    return {"open": len(codes), "escalated": escalated}


async def _look_at(desk: Desk, code: str) -> int:
    found = await matters.locked(desk.conn, code)
    escalated = await _escalate(desk, found) if found is not None and found.kind == INCIDENT.name else 0
    await desk.refresh(code)
    return escalated


async def _escalate(desk: Desk, found: Matter) -> int:
    """Record each limit of an incident that has passed and is not recorded yet; tell how many there were."""
    state: Incident = await desk.state(found)
    if state.closed_at is not None or not state.certain:
        return 0
    known = {each.accident_class for each in state.passed}
    due = [each for each in passed(state, desk.ground, desk.now()) if CLASS_NAMES[each.accident_class] not in known]
    for each in due:
        await desk.record(found.code, _escalated(each, desk.now()), by=ITSELF)
    return len(due)


def _escalated(limit: Passed, now: dt.datetime) -> incidents.Escalated:
    of = limit.accident_class
    why = f"{CLASSES_ZH[of]}事故抢修时限已过，仍未恢复供热 the limit of the class it stands in has passed"
    return incidents.Escalated(at=now, why=why, accident_class=CLASS_NAMES[of], limit=limit.limit, rules=limit.rules)
