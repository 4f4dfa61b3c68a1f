"""Keeping matters as they stand now: limits pass without anybody's recording. Done by `jobs`, as often as one likes."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.claims.way import ITSELF
from heatstream.errors import HeatstreamError, StoreError
from heatstream.store import matters
from heatstream.store.matters import Matter
from heatstream.store.tables import matter
from heatstream.supervision.act import Desk
from heatstream.supervision.incident import incidents
from heatstream.supervision.incident.incident_kind import INCIDENT
from heatstream.supervision.incident.incident_state import Incident
from heatstream.supervision.incident.repairs import CLASS_NAMES, CLASSES_ZH, Passed, passed
from heatstream.supervision.matter import Ground

AT_ONCE: Final = 200
"""Matters of one transaction."""
A_PASS: Final = dt.timedelta(minutes=10)
TURNS: Final = dt.timedelta(days=1) // A_PASS


async def refresh(engine: AsyncEngine, ground: Ground, now: Callable[[], dt.datetime]) -> dict[str, int]:
    """Look at open matters, some hundreds a transaction: incidents, and those that may stand otherwise by now.

    Every other comes by turns, each once in a day of passes, for a rule that was changed moves limits that none ran of.

    Returns
    -------
    how many are `open`, and how many limits `escalated` now

    Raises
    ------
    StoreError
        Some could not be read, a line each; the others were looked at.
    """
    turn = int(now().timestamp()) // int(A_PASS.total_seconds()) % TURNS
    due = or_(matter.c.kind == INCIDENT.name, matters.stands_otherwise(now()), matter.c.id % TURNS == turn)
    async with engine.connect() as conn:
        count = await matters.count(conn, matters.is_open())
        found = await matters.ids(conn, matters.is_open(), due)
    this = _Pass(engine, ground, now)
    for first in range(0, len(found), AT_ONCE):
        await this.keep(found[first : first + AT_ONCE])
    escalated = [await this.escalate(code) for code in this.over]
    if this.faults:
        raise StoreError("\n".join(this.faults))
    return {"open": count, "escalated": sum(escalated)}


@dataclass(frozen=True)
class _Pass:
    """One pass under way."""

    engine: AsyncEngine
    ground: Ground
    now: Callable[[], dt.datetime]
    over: list[str] = field(default_factory=list)
    """Codes of incidents of which a limit has passed that is not recorded."""
    faults: list[str] = field(default_factory=list)

    async def keep(self, matter_ids: Sequence[int]) -> None:
        """Keep where these stand, in a transaction, and note the incidents whose limits have passed."""
        try:
            async with self.engine.begin() as conn:
                desk = Desk(conn, self.ground, self.now)
                found = await matters.listed(conn, matters.among(matter_ids))
                await desk.refresh(found)
                over = await _over(desk, [each for each in found if each.kind == INCIDENT.name])
        except HeatstreamError as error:
            await self._keep_others(matter_ids, error)
        else:
            self.over.extend(over)

    async def _keep_others(self, matter_ids: Sequence[int], error: HeatstreamError) -> None:
        """Look at each alone: one that cannot be read must not keep the limits of all others from being seen."""
        if len(matter_ids) > 1:
            for each in matter_ids:
                await self.keep([each])
            return
        async with self.engine.connect() as conn:
            self.faults.extend(
                f"{each.code}: {error}" for each in await matters.listed(conn, matters.among(matter_ids))
            )

    async def escalate(self, code: str) -> int:
        """Record each limit of an incident that has passed and is not recorded yet; tell how many there were."""
        try:
            async with self.engine.begin() as conn:
                return await _escalate(Desk(conn, self.ground, self.now), code)
        except HeatstreamError as error:
            self.faults.append(f"{code}: {error}")
            return 0


async def _over(desk: Desk, found: Sequence[Matter]) -> list[str]:
    states = await desk.states(found)
    return [each.code for each, state in zip(found, states, strict=True) if _due(desk, state)]


async def _escalate(desk: Desk, code: str) -> int:
    # Another pass may have recorded it until it was held.
    due = _due(desk, await desk.state(await desk.locked(code)))
    for each in due:
        await desk.record(code, _escalated(each, desk.now()), by=ITSELF)
    return len(due)


def _due(desk: Desk, state: Incident) -> list[Passed]:
    if state.closed_at is not None or not state.certain:
        return []
    known = {each.accident_class for each in state.passed}
    return [each for each in passed(state, desk.ground, desk.now()) if CLASS_NAMES[each.accident_class] not in known]


def _escalated(limit: Passed, now: dt.datetime) -> incidents.Escalated:
    of = limit.accident_class
    why = f"{CLASSES_ZH[of]}事故抢修时限已过，仍未恢复供热 the limit of the class it stands in has passed"
    return incidents.Escalated(at=now, why=why, accident_class=CLASS_NAMES[of], limit=limit.limit, rules=limit.rules)
