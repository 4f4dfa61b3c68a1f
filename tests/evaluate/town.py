"""A small town for the evaluator: a registry of few homes, and readings as a writer would store them."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.core.finding import Change
from heatstream.evaluate.run import Evaluator
from heatstream.rules.pack import SHIPPED
from heatstream.settings import Evaluate
from heatstream.store import tables
from heatstream.store.closings import closed_through
from heatstream.store.locks import hold_writers
from heatstream.store.marks import mark_registry_changed
from heatstream.store.tables import day_dirty, finding, finding_current, reading
from heatstream.store.timescale import LOCAL, ensure_partitions

DAY = dt.date(2026, 1, 5)
NEXT = dt.date(2026, 1, 6)
LONG_AGO = dt.date(2020, 1, 1)
FEE_FEN = 169 * 1000
"""Ten yuan for each of the season's 169 days."""
CHOICES = SHIPPED / "demo-shili.choices.yaml"
SLOTS = 144


def at(day: dt.date, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), LOCAL) + dt.timedelta(minutes=minute)


def settings(**values: Any) -> Evaluate:
    return Evaluate(**{"choices_file": CHOICES, "chunk_households": 2, **values})


def evaluator(engine: AsyncEngine, now: dt.datetime | None = None, **values: Any) -> Evaluator:
    """An evaluator whose clock stands at noon of the day after the next, unless told otherwise."""
    clock = now or at(DAY + dt.timedelta(days=2), 12 * 60)
    return Evaluator(engine, settings(**values), now=lambda: clock)


async def _add(conn: AsyncConnection, table: str, **values: Any) -> int:
    there = tables.metadata.tables[table]
    dated = {"valid_from": LONG_AGO} if "valid_from" in there.c and "valid_from" not in values else {}
    return int((await conn.execute(insert(there).values(**dated, **values).returning(there.c.id))).scalar_one())


@dataclasses.dataclass
class Town:
    engine: AsyncEngine
    building: int
    company: int
    homes: dict[str, int] = dataclasses.field(default_factory=dict)
    points: dict[str, int] = dataclasses.field(default_factory=dict)

    @classmethod
    async def found(cls, engine: AsyncEngine) -> "Town":
        async with engine.begin() as conn:
            await _add(conn, "city", code="T", name="示例市")
            district = await _add(conn, "district", code="D", name="区")
            community = await _add(conn, "community", code="C", name="小区", district_id=district)
            company = await _add(conn, "company", code="H", name="热力公司")
            source = await _add(conn, "heat_source", code="S", name="热源", company_id=company, kind="chp")
            station = await _add(conn, "heat_station", code="X", name="站", company_id=company, heat_source_id=source)
            building = await _add(
                conn, "building", code="B", name="楼", community_id=community, heat_station_id=station
            )
        return cls(engine, building, company)

    async def home(self, code: str, *, kind: str = "residential", fee_fen: int | None = FEE_FEN, **terms: Any) -> int:
        async with self.engine.begin() as conn:
            home = await _add(conn, "household", code=code, building_id=self.building, kind=kind, address=code)
            if fee_fen is not None:
                await _add(
                    conn,
                    "contract",
                    code=code,
                    household_id=home,
                    company_id=self.company,
                    fee_due_fen=fee_fen,
                    **terms,
                )
        self.homes[code] = home
        return home

    async def point(self, device: str, home: str, *, room_kind: str | None = None, **values: Any) -> int:
        async with self.engine.begin() as conn:
            room = None
            if room_kind:
                room = await _add(conn, "room", code=device, household_id=self.homes[home], kind=room_kind)
            given = {"interval_min": 10, "accepted_on": LONG_AGO, "valid_from": at(LONG_AGO), **values}
            self.points[device] = await _add(
                conn, "point", device=device, household_id=self.homes[home], room_id=room, **given
            )
        return self.points[device]

    async def monitored(self, *codes: str) -> None:
        """Add homes with one point each, of the same name."""
        for code in codes:
            await self.home(code)
            await self.point(code, code)

    async def write(self, readings: Mapping[str, Iterable[tuple[dt.datetime, int]]]) -> int:
        """Store readings as every writer does: one batch under the writers' lock, marks where the day is closed."""
        rows = [
            {"point_id": self.points[device], "observed_at": instant, "temp_centi": centi, "received_at": instant}
            for device, series in readings.items()
            for instant, centi in series
        ]
        days = {row["observed_at"].astimezone(LOCAL).date() for row in rows}
        async with self.engine.begin() as conn:
            await ensure_partitions(conn, reading, min(days), max(days))
            batch = await self._batch(conn)
            await conn.execute(insert(reading), [{**row, "batch_id": batch} for row in rows])
            await self._mark(conn, {row["point_id"] for row in rows}, days, batch, Change.LATE_READINGS)
        return batch

    async def conflict(self, device: str, instant: dt.datetime, centi: int) -> None:
        """Store a second value for an instant that has one."""
        async with self.engine.begin() as conn:
            batch = await self._batch(conn)
            row = {"point_id": self.points[device], "observed_at": instant, "temp_centi": centi}
            await conn.execute(insert(tables.reading_conflict).values(**row, received_at=instant, batch_id=batch))
            await self._mark(conn, {self.points[device]}, {instant.date()}, batch, Change.LATE_READINGS)

    async def decide(self, device: str, instant: dt.datetime, centi: int | None) -> None:
        async with self.engine.begin() as conn:
            batch = await self._batch(conn)
            row = {"point_id": self.points[device], "observed_at": instant, "temp_centi": centi}
            await conn.execute(
                insert(tables.conflict_decision).values(**row, officer="王", reason="复核", batch_id=batch)
            )
            await self._mark(conn, {self.points[device]}, {instant.date()}, batch, Change.CONFLICT_DECIDED)

    async def _batch(self, conn: AsyncConnection) -> int:
        await hold_writers(conn)
        row = insert(tables.batch).values(writer="import").returning(tables.batch.c.id)
        return int((await conn.execute(row)).scalar_one())

    async def _mark(self, conn: AsyncConnection, points: set[int], days: set[dt.date], batch: int, why: Change) -> None:
        closed = await closed_through(conn)
        owners = await conn.scalars(select(tables.point.c.household_id).where(tables.point.c.id.in_(points)).distinct())
        rows = [
            {"household_id": owner, "day": day, "batch_id": batch, "reason": int(why)}
            for owner in owners
            for day in days
            if closed and day <= closed
        ]
        if rows:
            mark = upsert(day_dirty).values(rows)
            await conn.execute(
                mark.on_conflict_do_update(
                    index_elements=["household_id", "day"],
                    set_={"batch_id": batch, "marked_at": func.clock_timestamp()},
                )
            )

    async def change(self, table: str, code_column: str, code: str, **values: Any) -> None:
        """Change the registry, and have the town judged again."""
        there = tables.metadata.tables[table]
        async with self.engine.begin() as conn:
            await conn.execute(there.update().where(there.c[code_column] == code).values(**values))
            await mark_registry_changed(conn, list(self.homes.values()))

    # --- what came of it ----------------------------------------------------------------------------------------------

    async def rows(self, query: Any) -> list[Any]:
        async with self.engine.connect() as conn:
            return list((await conn.execute(query)).all())

    async def findings(self, home: str | None = None, day: dt.date | None = DAY) -> list[Any]:
        """Every finding ever made, oldest first."""
        query = select(finding).order_by(finding.c.id)
        if home:
            query = query.where(finding.c.household_id == self.homes[home])
        if day:
            query = query.where(finding.c.period_from == day)
        return await self.rows(query)

    async def current(self, home: str, day: dt.date = DAY) -> Any:
        query = (
            select(finding)
            .join(
                finding_current,
                (finding.c.id == finding_current.c.finding_id)
                & (finding.c.period_from == finding_current.c.period_from),
            )
            .where(finding_current.c.household_id == self.homes[home], finding_current.c.period_from == day)
        )
        [row] = await self.rows(query)
        return row

    async def statistics(self, device: str, day: dt.date = DAY) -> Any:
        there = tables.day_statistic
        query = select(there).where(there.c.point_id == self.points[device], there.c.day == day)
        [row] = await self.rows(query)
        return row

    async def marks(self) -> int:
        return len(await self.rows(select(day_dirty)))


def whole_day(centi: int = 2000, day: dt.date = DAY, *, but: Mapping[int, int] | None = None) -> list[Any]:
    """A reading every ten minutes from 00:00 to the end of the 夜; `but` names other values by minute."""
    other = but or {}
    return [(at(day, minute), other.get(minute, centi)) for minute in range(0, 30 * 60, 10)]


def folder_of_choices(folder: Path, **changed: str) -> Path:
    """The demo's choices with some of them made otherwise."""
    text = CHOICES.read_text(encoding="utf-8")
    for name, value in changed.items():
        lines = [f"  {name}: {value}" if line.startswith(f"  {name}:") else line for line in text.splitlines()]
        text = "\n".join(lines)
    path = folder / "choices.yaml"
    path.write_text(text, encoding="utf-8")
    return path
