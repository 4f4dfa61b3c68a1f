"""A claim's people and a cold home: the evaluator's town, judged, with officers of each role."""

import dataclasses
import datetime as dt
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.claims import events
from heatstream.claims.act import Desk
from heatstream.claims.assess import Assessed, find, way_of
from heatstream.claims.events import Event
from heatstream.claims.way import Way
from heatstream.rules import holidays
from heatstream.store import claims
from heatstream.store.claims import Claim
from heatstream.store.tables import district, officer
from tests.evaluate.town import Town, at, evaluator, whole_day

FEE_FEN = 169_000
"""Ten yuan for each of the season's 169 days."""
LAST = dt.date(2026, 1, 12)
"""The last day that is closed."""
NOW = at(dt.date(2026, 1, 20), 12 * 60)

DAYS_OFF = holidays.load()

OFFICERS = {
    "H1": ("户主", "household"),
    "HOT": ("接线员", "hotline"),
    "STR": ("街道", "street"),
    "T3": ("检测员", "third_party"),
    "INS": ("测温员", "inspector"),
    "CO": ("客服", "company"),
    "D1": ("王某", "district"),
    "D2": ("李某", "district"),
    "D3": ("张某", "district"),
    "CITY": ("市局", "city"),
    "AUD": ("审计", "auditor"),
}


def time(hour: int, minute: int = 0, day: int = 5) -> dt.datetime:
    """An instant of January 2026."""
    return at(dt.date(2026, 1, day), hour * 60 + minute)


def given(kind: str, instant: dt.datetime, **told: Any) -> Event:
    """An event as a person gives it."""
    return events.read({"kind": kind, "at": instant, "why": "测试", **told}, "测试")


def opened(instant: dt.datetime | None = None, **told: Any) -> Any:
    values = {"household": "H1", "way": "application", "temperature_complaint": True, **told}
    return given("opened", instant or time(8), **values)


def room(instant: dt.datetime, centi: int = 1650, **told: Any) -> dict[str, Any]:
    """The test of a bedroom, as the fictional law asks."""
    minutes = [instant + dt.timedelta(minutes=n) for n in range(3)]
    return {
        "kind": "bedroom",
        "area_centi_m2": 1500,
        "position": "room_center",
        "height_cm": 100,
        "closed_min": 60,
        "readings": [{"centi": centi, "at": each} for each in minutes],
        "stable": True,
        "temp_centi": centi,
        **told,
    }


def visit(instant: dt.datetime, centi: int = 1650, *, by: str = "company", **told: Any) -> Event:
    """A visit that measured one room, signed by both."""
    tester = {"company": "tester", "authority": "authority", "third_party": "third_party"}[by]
    copies = {"copies": {"inspector": 1, "household": 1, "archived": 2}, "archive_nos": ["档1", "档2"]}
    values = {
        "by": by,
        "arrived_at": instant,
        "started_at": instant + dt.timedelta(minutes=5),
        "ended_at": instant + dt.timedelta(minutes=20),
        "people": [
            {"name": "测温员", "role": tester, "signed": True},
            {"name": "户主", "role": "household", "signed": True},
        ],
        "instrument_no": "T-1",
        "certificate_no": "检-1",
        "certificate_until": "2026-12-31",
        "rooms": [room(instant + dt.timedelta(minutes=10), centi)],
        "scan_sha256": "ab" * 32,
        **(copies if by == "authority" else {}),
        **told,
    }
    return given("visit_recorded", instant + dt.timedelta(minutes=30), **values)


def drafted(instant: dt.datetime, bundle: str, **told: Any) -> Event:
    values = {
        "outcome": "refund",
        "ruled_fen": 300,
        "facts": ["室温低于18℃"],
        "reasoning": ["依第五条"],
        "bundle_sha256": bundle,
        **told,
    }
    return given("ruling_drafted", instant, **values)


@dataclasses.dataclass
class Office:
    """Where the tests record: each event in a transaction of its own."""

    engine: AsyncEngine
    town: Town
    now: dt.datetime = NOW
    database: str = ""
    """Where it is, for the command line."""

    @classmethod
    async def found(
        cls, engine: AsyncEngine, choices: Path | None = None, *, through: dt.date = LAST, **terms: Any
    ) -> "Office":
        """One home that was cold from the fifth to the tenth, warm after it; judged through the twelfth."""
        town = await Town.found(engine)
        await town.home("H1", **{"fee_fen": FEE_FEN, "fee_paid_fen": FEE_FEN, "billed_area_centi_m2": 10000, **terms})
        await town.point("P1", "H1", room_kind="bedroom")
        days = [(day, 1650 if 5 <= day <= 10 else 2000) for day in range(5, LAST.day + 1)]
        await town.write({"P1": [each for day, centi in days for each in _one_day(centi, dt.date(2026, 1, day))]})
        office = cls(engine, town)
        await office.register()
        await office.judge(through, **({"choices_file": choices} if choices else {}))
        return office

    async def judge(self, through: dt.date = LAST, **settings: Any) -> None:
        await evaluator(self.engine, self.now, **settings).once(settle=False, through=through)

    async def register(self) -> None:
        async with self.engine.begin() as conn:
            here = await conn.scalar(select(district.c.id))
            rows = [
                {
                    "code": code,
                    "name": name,
                    "organisation": role,
                    "role": role,
                    "district_id": here if role in {"district", "street"} else None,
                    "company_id": self.town.company if role in {"inspector", "company"} else None,
                    "valid_from": dt.date(2020, 1, 1),
                }
                for code, (name, role) in OFFICERS.items()
            ]
            await conn.execute(insert(officer), rows)

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[Desk]:
        async with self.engine.begin() as conn:
            yield Desk(conn, DAYS_OFF, lambda: self.now)

    async def open(self, event: Any | None = None, *, by: str = "HOT") -> str:
        async with self.desk() as desk:
            return await desk.open(event or opened(), by=by, code="C-1" if event is None else None)

    async def record(self, event: Event, by: str, code: str = "C-1") -> int:
        async with self.desk() as desk:
            return (await desk.record(code, event, by=by)).number

    async def attach(self, content: bytes = b"bundle", *, kind: str = "bundle", code: str = "C-1") -> str:
        """Attach a paper; tell its SHA-256."""
        digest = hashlib.sha256(content)
        async with self.engine.begin() as conn:
            claim = await find(conn, code)
            await claims.attach(
                conn,
                claim.id,
                kind=kind,
                name="f",
                media_type="application/octet-stream",
                sha256=digest.digest(),
                content=content,
                by="D1",
            )
        return digest.hexdigest()

    async def claim(self, code: str = "C-1") -> Claim:
        async with self.engine.connect() as conn:
            return await find(conn, code)

    async def assessed(self, code: str = "C-1") -> Assessed:
        async with self.desk() as desk:
            return await desk.assess(await find(desk.conn, code), await way_of(desk.conn, await find(desk.conn, code)))

    async def way(self, code: str = "C-1") -> Way:
        async with self.engine.connect() as conn:
            return await way_of(conn, await find(conn, code))

    # --- the way, step by step ----------------------------------------------------------------------------------------

    async def measured(self) -> None:
        """Opened, measured by the company at 16.5 °C, and its cause determined."""
        await self.open()
        await self.record(given("contacted", time(8, 10), by_means="电话"), "CO")
        await self.record(visit(time(8, 20)), "INS")
        cause = {"cause": "company", "by": "authority", "names": ["王某"], "analysis": "管网失调", "on": [3]}
        await self.record(given("cause_determined", time(9, day=6), **cause), "D1")

    async def applied(self) -> None:
        """The company offers nothing, the household applies, and the authority measures 20 °C on the eleventh."""
        await self.measured()
        await self.record(given("self_refund_refused", time(9, day=7), by="company"), "CO")
        await self.record(given("authority_applied", time(10, day=7), asks="退费"), "H1")
        await self.record(visit(time(15, day=11), 2000, by="authority"), "D1")

    async def heard(self) -> str:
        """Both parties gave their statement, and a bundle is attached; tell its SHA-256."""
        await self.applied()
        await self.record(given("statement_given", time(9, day=12), by="household", text="冷"), "H1")
        await self.record(given("statement_given", time(9, day=12), by="company", text="已修"), "CO")
        return await self.attach()

    async def ruled(self, **told: Any) -> None:
        """A ruling of what the claim comes to, by three people."""
        bundle = await self.heard()
        entitled = (await self.claim()).entitlement_fen
        await self.record(drafted(time(9, day=13), bundle, **{"ruled_fen": entitled, **told}), "D1")
        await self.record(given("ruling_reviewed", time(10, day=13), agrees=True, opinion="同意"), "D2")
        approved = {"agrees": True, "opinion": "同意", "doc_no": "区供裁〔2026〕1号"}
        await self.record(given("ruling_approved", time(11, day=13), **approved), "D3")

    async def served(self, **told: Any) -> None:
        await self.ruled(**told)
        for party in ("household", "company"):
            served = {"recipient": party, "method": "direct", "received_by": "本人"}
            await self.record(given("ruling_served", time(14, day=13), **served), "D1")


def _one_day(centi: int, day: dt.date) -> list[Any]:
    return [(instant, value) for instant, value in whole_day(centi, day) if instant < at(day + dt.timedelta(days=1))]


async def lines(conn: AsyncConnection, code: str = "C-1") -> list[claims.Line]:
    return await claims.lines(conn, (await find(conn, code)).id)
