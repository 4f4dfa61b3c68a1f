"""Spans of stations as kept: a span that goes on keeps its row; later data moves its bounds, or withdraws it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Integer, bindparam, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upserting
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.tables import heat_station, matter, station_pass, station_span


class SpanRow(NamedTuple):
    """A span that stands."""

    id: int
    heat_station_id: int
    station: str
    kind: str
    begins: dt.datetime
    known_at: dt.datetime
    ends: dt.datetime | None
    evidence: Mapping[str, Any]
    matter: str | None
    """Code of the incident that holds it."""


class Seen(NamedTuple):
    """A span as it was found now."""

    heat_station_id: int
    kind: str
    begins: dt.datetime
    known_at: dt.datetime
    ends: dt.datetime | None
    evidence: Mapping[str, Any]

    def overlap(self, other: "SpanRow | Seen") -> dt.timedelta:
        """How long both are; below 0 = apart."""
        far = dt.datetime.max.replace(tzinfo=dt.UTC)
        return min(self.ends or far, other.ends or far) - max(self.begins, other.begins)

    def reaches(self, instant: dt.datetime) -> bool:
        return self.ends is None or self.ends > instant

    def replaces(self, row: SpanRow) -> bool:
        """Say whether it stands in the time of a row of its station."""
        return self.heat_station_id == row.heat_station_id and self.overlap(row) > dt.timedelta()


class Reconciled(NamedTuple):
    """What must become of the rows."""

    new: list[Seen]
    kept: list[tuple[SpanRow, Seen]]
    withdrawn: list[SpanRow]


def reconcile(standing: Sequence[SpanRow], seen: Sequence[Seen], settled: dt.datetime) -> Reconciled:
    """Put each row beside the span of its station and kind that shares most time with it; each span has one row.

    Parameters
    ----------
    standing : rows that reach beyond `settled`
    seen : what was found in a window that begins before it
    settled : what ended before it was found by an earlier pass, which saw more of it; only what stands in the place of
        a row that is withdrawn is taken
    """
    left, kept, withdrawn = list(seen), [], []
    for row in sorted(standing, key=lambda each: each.begins):
        same = [each for each in left if each.heat_station_id == row.heat_station_id and each.kind == row.kind]
        best = max(same, key=lambda each: each.overlap(row), default=None)
        if best is None or best.overlap(row) <= dt.timedelta():
            withdrawn.append(row)
        else:
            left.remove(best)
            kept.append((row, best))
    new = [each for each in left if each.reaches(settled) or any(each.replaces(row) for row in withdrawn)]
    return Reconciled(new, kept, withdrawn)


_COLUMNS = (
    station_span.c.id,
    station_span.c.heat_station_id,
    heat_station.c.code.label("station"),
    station_span.c.kind,
    station_span.c.begins,
    station_span.c.known_at,
    station_span.c.ends,
    station_span.c.evidence,
    matter.c.code.label("matter"),
)
_PLACED = station_span.join(heat_station, heat_station.c.id == station_span.c.heat_station_id).outerjoin(
    matter, matter.c.id == station_span.c.matter_id
)


async def of_matters(conn: AsyncConnection, matter_ids: Sequence[int]) -> dict[str, list[SpanRow]]:
    """List the spans that stand in matters, by the matter's code, each by begin."""
    among = func.any(bindparam(None, list(matter_ids), ARRAY(Integer)))
    query = select(*_COLUMNS).select_from(_PLACED).where(station_span.c.withdrawn_at.is_(None))
    query = query.where(station_span.c.matter_id == among).order_by(station_span.c.begins, station_span.c.id)
    found: dict[str, list[SpanRow]] = {}
    for row in await conn.execute(query):
        found.setdefault(row.matter, []).append(SpanRow._make(row))
    return found


async def standing(conn: AsyncConnection, station_ids: Sequence[int], after: dt.datetime) -> list[SpanRow]:
    """Hold the spans of stations that stand and reach beyond an instant, until the transaction ends; by begin."""
    query = (
        select(*_COLUMNS)
        .select_from(_PLACED)
        .where(
            station_span.c.heat_station_id == func.any(bindparam(None, list(station_ids), ARRAY(Integer))),
            station_span.c.withdrawn_at.is_(None),
            or_(station_span.c.ends.is_(None), station_span.c.ends > after),
        )
        .order_by(station_span.c.begins, station_span.c.id)
        .with_for_update(of=station_span)
    )
    return [SpanRow._make(row) for row in await conn.execute(query)]


async def add(conn: AsyncConnection, span: Seen, **by: int) -> int:
    """Add a span, with the algorithm, the rules and the batch it was found by; tell its id."""
    row = insert(station_span).values(**span._asdict(), **by).returning(station_span.c.id)
    return int((await conn.execute(row)).scalar_one())


async def change(conn: AsyncConnection, span_id: int, **values: Any) -> None:
    """Keep what became of a span."""
    await conn.execute(update(station_span).where(station_span.c.id == span_id).values(**values))


async def opened(conn: AsyncConnection, span_id: int, matter_code: str) -> None:
    """Keep which matter a span opened."""
    found = select(matter.c.id).where(matter.c.code == matter_code).scalar_subquery()
    await change(conn, span_id, matter_id=found)


class PassRow(NamedTuple):
    """How far the stations were looked at."""

    through_batch: int
    through_change: int
    supervision_rules_id: int
    passed_at: dt.datetime


async def last_pass(conn: AsyncConnection) -> PassRow | None:
    """None before the first."""
    row = (await conn.execute(select(*[station_pass.c[name] for name in PassRow._fields]))).one_or_none()
    return PassRow(*row) if row else None


async def passed(conn: AsyncConnection, now: PassRow) -> None:
    """Keep how far they were looked at."""
    row = upserting(station_pass).values(**now._asdict())
    await conn.execute(row.on_conflict_do_update(index_elements=["id"], set_=now._asdict()))
