"""A town under supervision, small enough to count by hand, and the people who record in its matters.

| station | source, company | building, district | homes |
| --- | --- | --- | --- |
| X1 东站 | S1 热电厂 (chp), 甲公司 CO1 | B1, B2 in D1 | B1: H1, H2, H3 (报停 from 2025-11-01); B2: H4, the shop N1 |
| X2 西站 | S1 热电厂 (chp), 甲公司 CO1 | B3 in D2 | H5 |
| X3 南站 | S2 锅炉房 (boiler), 乙公司 CO2 | B4 in D2 | H6 |

Every residential home owes 1690 yuan, ten yuan for each of the season's 169 days; the shop owes 3380. The law is the
demo's, 示例市; its season is 2025-10-20T00:00 to 2026-04-06T24:00.
"""

import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.rules import holidays, policy
from heatstream.rules.pack import SHIPPED
from heatstream.store import policies, runs
from heatstream.store import tables as t
from heatstream.store.matters import Matter, by_code
from heatstream.store.timescale import LOCAL
from heatstream.supervision import ground
from heatstream.supervision.act import Desk
from heatstream.supervision.matter import Ground
from heatstream.supervision.told import Event

SINCE = dt.date(2020, 1, 1)
FEE_FEN = 169_000
NOW = dt.datetime(2026, 1, 20, 12, tzinfo=LOCAL)
"""What the office's clock shows unless a test sets it."""

STATIONS = {"X1": ("东站", "S1", "CO1"), "X2": ("西站", "S1", "CO1"), "X3": ("南站", "S2", "CO2")}
BUILDINGS = {"B1": ("D1", "X1"), "B2": ("D1", "X1"), "B3": ("D2", "X2"), "B4": ("D2", "X3")}
HOMES = {"H1": "B1", "H2": "B1", "H3": "B1", "H4": "B2", "N1": "B2", "H5": "B3", "H6": "B4"}
OFFICERS: Mapping[str, tuple[str, str | None, str | None]] = {
    "HOT": ("hotline", None, None),
    "STR": ("street", "D1", None),
    "INS": ("inspector", None, "CO1"),
    "CO": ("company", None, "CO1"),
    "CO2": ("company", None, "CO2"),
    "D1": ("district", "D1", None),
    "D1B": ("district", "D1", None),
    "D1C": ("district", "D1", None),
    "D2": ("district", "D2", None),
    "CITY": ("city", None, None),
    "CITYB": ("city", None, None),
    "PRO": ("province", None, None),
    "AUD": ("auditor", None, None),
}
"""工号: role, district, company."""


def time(hour: int, minute: int = 0, *, day: int = 5, month: int = 1, year: int = 2026) -> dt.datetime:
    """A local instant, of 2026-01-05 unless told otherwise."""
    return dt.datetime(year, month, day, hour, minute, tzinfo=LOCAL)


async def _add(conn: AsyncConnection, table: Any, **values: Any) -> int:
    dated = {"valid_from": SINCE} if "valid_from" in table.c and "valid_from" not in values else {}
    return int((await conn.execute(insert(table).values(**dated, **values).returning(table.c.id))).scalar_one())


async def ids(conn: AsyncConnection, table: Any) -> dict[str, int]:
    """Ids of a registry table by code."""
    return {row.code: row.id for row in await conn.execute(select(table.c.code, table.c.id))}


async def build(conn: AsyncConnection) -> None:
    """Register everybody, and let the demo's policy be in force."""
    await _register(conn)
    for code, (role, district, company) in OFFICERS.items():
        places = {
            "district_id": district and (await ids(conn, t.district))[district],
            "company_id": company and (await ids(conn, t.company))[company],
        }
        await _add(conn, t.officer, code=code, name=f"{code}某", organisation=role, role=role, **places)
    law = policy.load(SHIPPED / "demo-shili.choices.yaml")
    kept = await policies.keep(conn, law.hash, law.place, law.watermark, law.canonical)
    await runs.begin(conn, kept, "test", 0)


async def _register(conn: AsyncConnection) -> None:
    await _add(conn, t.city, code="shili", name="示例市")
    district = {code: await _add(conn, t.district, code=code, name=f"{code}区") for code in ("D1", "D2")}
    company = {
        code: await _add(conn, t.company, code=code, name=name) for code, name in (("CO1", "甲公司"), ("CO2", "乙公司"))
    }
    community = {
        code: await _add(conn, t.community, code=f"C{code}", name=f"{code}小区", district_id=number)
        for code, number in district.items()
    }
    source = {
        code: await _add(conn, t.heat_source, code=code, name=name, kind=kind, company_id=company[by])
        for code, name, kind, by in (("S1", "热电厂", "chp", "CO1"), ("S2", "锅炉房", "boiler", "CO2"))
    }
    station = {
        code: await _add(conn, t.heat_station, code=code, name=name, heat_source_id=source[of], company_id=company[by])
        for code, (name, of, by) in STATIONS.items()
    }
    building = {
        code: await _add(
            conn,
            t.building,
            code=code,
            name=f"{code}楼",
            community_id=community[where],
            heat_station_id=station[by],
        )
        for code, (where, by) in BUILDINGS.items()
    }
    for code, where in HOMES.items():
        kind = "residential" if code.startswith("H") else "other"
        home = await _add(
            conn, t.household, code=code, building_id=building[where], kind=kind, address=f"{where}-{code}"
        )
        fee = FEE_FEN if kind == "residential" else 2 * FEE_FEN
        by = company[STATIONS[BUILDINGS[where][1]][2]]
        terms = {"fee_due_fen": fee, "fee_paid_fen": fee, "billed_area_centi_m2": 10_000}
        await _add(conn, t.contract, code=code, household_id=home, company_id=by, **terms)
        if code == "H3":
            await _add(conn, t.stop_period, code="报停-1", household_id=home, valid_from=dt.date(2025, 11, 1))


@dataclasses.dataclass
class Office:
    """Where the tests record: each act in a transaction of its own, by a clock that a test may set."""

    engine: AsyncEngine
    url: str
    """Of its database, for the command line."""
    now: dt.datetime = NOW
    given: Ground | None = None
    """What matters are handled by; without it, the demo's law and no rules of the operator."""

    async def ground(self, conn: AsyncConnection) -> Ground:
        if self.given is not None:
            return self.given
        law = await ground.law_on(conn, self.now)
        assert law is not None
        return Ground(rules=None, choices=law.choices, days_off=holidays.load(), law=law)

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[Desk]:
        async with self.engine.begin() as conn:
            yield Desk(conn, await self.ground(conn), lambda: self.now)

    async def open(self, kind: str, event: Event, *, by: str, code: str | None = None) -> str:
        async with self.desk() as desk:
            return await desk.open(kind, event, by=by, code=code)

    async def record(self, code: str, event: Event, *, by: str) -> int:
        async with self.desk() as desk:
            return (await desk.record(code, event, by=by)).number

    async def matter(self, code: str) -> Matter:
        async with self.engine.connect() as conn:
            found = await by_code(conn, code)
            assert found is not None, code
            return found

    async def state(self, code: str) -> Any:
        async with self.desk() as desk:
            found = await by_code(desk.conn, code)
            assert found is not None, code
            return await desk.state(found)
