"""A week of the town in which something happened of everything that reports tell: 2026-01-05 to 11, worked out by hand.

| home | what was recorded of its claim |
| --- | --- |
| H1 | measured within 30 minutes; 50.00 yuan offered and accepted, 20.00 paid on the ninth |
| H2 | nobody home at 09:00, measured at 10:00: late |
| H4 | ruled on the ninth to be given 123.45 yuan; nothing paid |
| H5 | opened on the eleventh at 23:50, nothing yet |

| incident | where | what stands |
| --- | --- | --- |
| INC-1 | X1 | the meter shows none from 08:00 to 14:30 of the fifth; verified, the company's cause |
| INC-2 | S1: X1 and X2 | reported from 10:00 to 12:00 of the fifth |
| INC-3 | X2 | a candidate of the sixth, 08:00 to 09:00 |
| INC-4 | X3 | reported from 20:00 of the eleventh on, and goes on |
| INC-5 | X2 | of the seventh; dismissed |
"""

import datetime as dt
import hashlib
from typing import Any

from sqlalchemy import insert, update

from heatstream.claims.act import Desk as ClaimDesk
from heatstream.claims.assess import find
from heatstream.core.finding import Change, Outcome, Statistic
from heatstream.rules import holidays
from heatstream.store import claims, supervision_rules
from heatstream.store import tables as t
from heatstream.store.read.days import Span
from heatstream.supervision.hotline import ticket_file, tickets
from heatstream.supervision.hotline import work_orders as orders
from tests.claims.rig import given, opened, visit

from . import told, watched
from .companies import DEMO, declared, handled_by, record, report
from .lines import told as ticket
from .lines import write
from .town import Office, ids, time

WEEK = Span(dt.date(2026, 1, 5), dt.date(2026, 1, 11))
AFTER = time(12, day=12)
OFFERED_FEN, PAID_FEN, RULED_FEN, COMPUTED_FEN = 5000, 2000, 12_345, 617


async def build(office: Office, folder: Any) -> None:
    """Let the week happen; its last day is closed."""
    assert DEMO.hotlines is not None
    await handled_by(office, hotlines=DEMO.hotlines.model_copy(update={"aliases": {}}))
    office.now = AFTER
    async with office.engine.begin() as conn:
        for home, outcomes in {"H1": (2, 2, 1), "H2": (1, 3), "H6": (2,)}.items():
            await watched.point(conn, home)
            for day, outcome in enumerate(outcomes):
                await watched.found(conn, home, WEEK.first + dt.timedelta(days=day), Outcome(outcome))
        judged = {"statistic": int(Statistic.MIN), "change": int(Change.CLOSED), "limit_centi": 1800}
        await conn.execute(update(t.finding).values(grade=1, **judged))
        failed = t.finding.c.outcome == int(Outcome.FAILING)
        await conn.execute(update(t.finding).where(failed).values(computed_fen=COMPUTED_FEN))
        await watched.close(conn, WEEK.last)
    await _claims(office)
    await _incidents(office)
    await _tickets(office, folder)
    for day in (9, 10, 11):
        await record(office, report(dt.date(2026, 1, day), at=office.now, stock_kg=1_650_000))
    await record(office, report(dt.date(2026, 1, 11), at=office.now, source="S9"), company="CO1")
    for day in (5, 11):
        await record(office, declared(dt.date(2026, 1, day), at=office.now))


# --- claims -----------------------------------------------------------------------------------------------------------


async def _record(office: Office, home: str, event: Any, by: str) -> None:
    async with office.engine.begin() as conn:
        desk = ClaimDesk(conn, holidays.load(), lambda: office.now)
        there = await claims.by_code(conn, f"C-{home}")
        await (desk.record(f"C-{home}", event, by=by) if there else desk.open(event, by=by, code=f"C-{home}"))


async def _claims(office: Office) -> None:
    for home, at in (("H1", time(8)), ("H2", time(8)), ("H4", time(8, day=6)), ("H5", time(23, 50, day=11))):
        await _record(office, home, opened(at, household=home), "HOT")
    await _record(office, "H1", visit(time(8, 20)), "INS")
    nobody = {"by": "company", "arrived_at": time(9), "people": [{"name": "测温员", "role": "tester", "signed": True}]}
    refusal = [{"code": "not_home", "by": "household"}]
    await _record(office, "H2", given("visit_recorded", time(9, 5), refusals=refusal, **nobody), "INS")
    await _record(office, "H2", visit(time(10)), "INS")
    await _offered(office)
    await _ruled(office)


async def _offered(office: Office) -> None:
    days = {"day_from": "2026-01-05", "day_to": "2026-01-06"}
    await _record(office, "H1", given("self_refund_offered", time(9, day=7), fen=OFFERED_FEN, **days), "CO")
    await _record(office, "H1", given("self_refund_accepted", time(9, day=8), by_name="户主"), "CO")
    paid = {"fen": PAID_FEN, "paid_on": "2026-01-09", "voucher_no": "凭1", "payee": "户主"}
    await _record(office, "H1", given("payment_made", time(9, day=10), **paid), "CO")


async def _ruled(office: Office) -> None:
    await _record(office, "H4", visit(time(8, 20, day=6)), "INS")
    await _record(office, "H4", given("self_refund_refused", time(9, day=6), by="company"), "CO")
    await _record(office, "H4", given("authority_applied", time(10, day=6), asks="退费"), "D1")
    await _record(office, "H4", visit(time(15, day=7), by="authority"), "D1")
    for party in ("household", "company"):
        await _record(office, "H4", given("statement_given", time(9, day=8), by=party, text="-"), "D1")
    bundle = hashlib.sha256(b"bundle")
    async with office.engine.begin() as conn:
        paper = {"kind": "bundle", "name": "f", "media_type": "application/octet-stream", "content": b"bundle"}
        await claims.attach(conn, (await find(conn, "C-H4")).id, sha256=bundle.digest(), by="D1", **paper)
    draft = {"outcome": "refund", "ruled_fen": RULED_FEN, "other_amount_because": "现场核定", "facts": ["冷"]}
    cited = {"reasoning": ["依法"], "bundle_sha256": bundle.hexdigest()}
    await _record(office, "H4", given("ruling_drafted", time(9, day=9), **draft, **cited), "D1")
    await _record(office, "H4", given("ruling_reviewed", time(10, day=9), agrees=True, opinion="同意"), "D1B")
    approved = {"agrees": True, "opinion": "同意", "doc_no": "区供裁〔2026〕1号"}
    await _record(office, "H4", given("ruling_approved", time(11, day=9), **approved), "D1C")


# --- incidents and tickets --------------------------------------------------------------------------------------------


async def _incidents(office: Office) -> None:
    for number, station, begins, hours, certain in (
        (1, "X1", time(8), 6.5, True),
        (2, "X2", time(8, day=6), 1, False),
    ):
        async with office.engine.begin() as conn:
            span = {
                **watched.zeros(t.station_span),
                "heat_station_id": (await ids(conn, t.heat_station))[station],
                "kind": "interruption",
                "begins": begins,
                "known_at": begins + dt.timedelta(minutes=30),
                "ends": begins + dt.timedelta(hours=hours),
                "supervision_rules_id": await supervision_rules.keep(conn, DEMO),
                "evidence": {},
            }
            await conn.execute(insert(t.station_span).values(span))
        code = "INC-1" if number == 1 else "INC-3"
        seen = told.seen(begins=begins, station=station, span=number, certain=certain)
        await office.open("incident", seen, by="heatstream", code=code)
        await office.record(code, told.ended(begins + dt.timedelta(hours=hours), span=number), by="heatstream")
    await office.record("INC-1", told.verified(time(9, day=6), time(8), time(14, 30)), by="D1")
    await office.open("incident", told.reported(time(10), station=None, source="S1"), by="CO", code="INC-2")
    await office.record("INC-2", told.restored(time(12)), by="CO")
    await office.open("incident", told.reported(time(20, day=11), station="X3"), by="CO2", code="INC-4")
    await office.open("incident", told.reported(time(8, day=7), station="X2"), by="CO", code="INC-5")
    await office.record("INC-5", told.dismissed(time(9, day=7)), by="D2")


async def _tickets(office: Office, folder: Any) -> None:
    file = write(
        folder,
        ticket(1, address="H1", at=time(8)),
        ticket(2, address="H5", at=time(8, day=6)),
        ticket(3, address="何处", at=time(8, day=7)),
        ticket(4, address="H1", at=time(8, day=12)),
    )
    async with office.desk() as desk:
        read = ticket_file.read(file, tickets.hotlines(desk.ground), desk.now())
    await tickets.take(office.desk, read, by="测试")
    async with office.desk() as desk:
        first = (await tickets.find(desk, "12345", "T1")).work_order
    assert first is not None
    await office.record(first, orders.Contacted(at=time(8, 10), why="-", by_means="电话"), by="CO")
    await office.record(first, orders.Handled(at=time(12), why="-", done="调网"), by="CO")
    await office.record(first, orders.CalledBack(at=time(13), why="-", reached=True), by="HOT")
    await office.record(first, orders.Satisfied(at=time(13), why="-"), by="HOT")
