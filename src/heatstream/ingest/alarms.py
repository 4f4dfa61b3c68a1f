"""What the broker does that can lose messages, told as incidents: at once, and then at most once a minute a kind."""

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.ingest import gauges
from heatstream.store import ledger
from heatstream.store.tables import batch, incident

SESSION_LOST = "session_lost"
BROKER_DROPPED = "broker_dropped"
QOS0 = "qos0"
AGAIN_S = 60.0


async def _has_ingested(conn: AsyncConnection) -> bool:
    """Tell whether an ingest ever wrote to this database, and so had a session to lose."""
    return await conn.scalar(select(batch.c.id).where(batch.c.writer == "ingest").limit(1)) is not None


async def _dropped_before(conn: AsyncConnection) -> int:
    """The broker's count of dropped messages when it was last told."""
    newest = select(incident.c.detail).where(incident.c.kind == BROKER_DROPPED).order_by(incident.c.id.desc()).limit(1)
    detail = await conn.scalar(newest)
    return int(detail["dropped"]) if detail else 0


class Alarms:
    """Incidents that are not written yet. Counts of one kind add up until its minute is over."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._had_session = False
        self._dropped: int | None = None
        self._due: dict[str, dict[str, Any]] = {}
        self._told: dict[str, float] = {}

    async def recall(self, conn: AsyncConnection) -> None:
        """Take up where an earlier process left."""
        self._had_session = self._had_session or await _has_ingested(conn)
        if self._dropped is None:
            self._dropped = await _dropped_before(conn)

    def connected(self, *, session_present: bool) -> None:
        if self._had_session and not session_present:
            gauges.SESSIONS_LOST.inc()
            self._due[SESSION_LOST] = {
                "expected": "our session, with what came while we were away",
                "seen": "a new one",
            }
        self._had_session = True

    def qos0(self, messages: int) -> None:
        if messages:
            gauges.QOS0.inc(messages)
            self._due.setdefault(QOS0, {"messages": 0})["messages"] += messages

    def broker_dropped(self, dropped: int) -> None:
        """Take the broker's own count. It begins at 0 when the broker starts; a lower one than before is all new."""
        gauges.DROPPED.set(dropped)
        before = self._dropped or 0
        new = dropped - before if dropped >= before else dropped
        if new:
            earlier = self._due.get(BROKER_DROPPED, {"messages": 0})["messages"]
            self._due[BROKER_DROPPED] = {"dropped": dropped, "messages": earlier + new}
        self._dropped = dropped

    def ripe(self) -> list[str]:
        now = self._clock()
        return [kind for kind in self._due if now - self._told.get(kind, -AGAIN_S) >= AGAIN_S]

    async def tell(self, engine: AsyncEngine) -> None:
        """Write the incidents whose minute is over; they stay due where the database is away."""
        kinds = self.ripe()
        if not kinds:
            return
        async with engine.begin() as conn:
            for kind in kinds:
                await ledger.record_incident(conn, kind, None, self._due[kind])
        for kind in kinds:
            self._told[kind] = self._clock()
            del self._due[kind]
