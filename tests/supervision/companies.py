"""Events of companies as they are told, with what most tests do not care about filled in."""

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

from heatstream.rules.supervision import file
from heatstream.supervision.company import company_acts, company_file, orders, publications
from heatstream.supervision.matter import Ground

from .town import NOW, Office, time

DEMO_FILE = Path(file.__file__).parent / "demo-shili.yaml"
DEMO = file.load(DEMO_FILE)
LAST_DAY = dt.date(2026, 1, 19)
"""The day before the office's today."""
OVER = time(9, day=10, month=4)
"""After the season's end, 2026-04-06T24:00."""
CARD = {"CO1": {"total_e2": 8_130, "名次": 1}, "算法": ["演示-1", None, True]}


async def handled_by(office: Office, **rules: Any) -> None:
    """Give the office the demo's rules, with some of their sections made otherwise."""
    async with office.engine.connect() as conn:
        plain = await office.ground(conn)
    office.given = dataclasses.replace(plain, rules=DEMO.model_copy(update=rules))


async def ground(office: Office) -> Ground:
    async with office.engine.connect() as conn:
        return await office.ground(conn)


def report(day: dt.date = LAST_DAY, **told: Any) -> company_file.FuelReported:
    values = {
        "at": NOW,
        "why": "日报",
        "source": "S1",
        "fuel": "coal",
        "day": day,
        "stock_kg": 1_600_000,
        "received_kg": 100_000,
        "used_kg": 100_000,
        "method": "weighed",
        **told,
    }
    return company_file.FuelReported.model_validate(values)


def declared(day: dt.date = LAST_DAY, **told: Any) -> company_file.Declared:
    values = {
        "at": NOW,
        "why": "零报告",
        "day": day,
        "zero": True,
        "statement": "本日运行安全，无事故。",
        "signature": "CO某",
        **told,
    }
    return company_file.Declared.model_validate(values)


async def record(office: Office, event: Any, by: str = "CO", company: str = "CO1", day: dt.date | None = None) -> str:
    """Record in the company's file of the season of a day; give its number."""
    async with office.desk() as desk:
        return await company_acts.record_of_day(desk, company, day or event.day, event, by=by)


def ordered(**told: Any) -> orders.OrderIssued:
    values = {
        "at": time(9, day=8),
        "why": "停热未报",
        "company": "CO1",
        "doc_no": "区供责〔2026〕1号",
        "grounds": "换热站东站停热 30 小时",
        "must_do": ("更换循环泵",),
        "deadline": dt.date(2026, 1, 15),
        "reinspect_by": dt.date(2026, 1, 18),
        **told,
    }
    return orders.OrderIssued.model_validate(values)


def reinspected(at: dt.datetime, *, passed: bool) -> orders.Reinspected:
    return orders.Reinspected(at=at, why="复查", passed=passed, found="看了", inspectors=("王某",))


def drafted(**told: Any) -> publications.PublicationDrafted:
    values = {
        "at": OVER,
        "why": "年度考核",
        "subject": "scorecard",
        "title": "2025-2026 采暖期考核结果",
        "season_year": 2025,
        "companies": ("CO1",),
        "content": CARD,
        **told,
    }
    return publications.PublicationDrafted.model_validate(values)


def notified(at: dt.datetime = OVER, company: str = "CO1", **told: Any) -> publications.CompanyNotified:
    values = {"objections_until": (at + dt.timedelta(days=9)).date(), **told}
    return publications.CompanyNotified(at=at, why="告知", company=company, how="电子邮件", **values)


def reviewed(at: dt.datetime, *, agrees: bool = True) -> publications.PublicationReviewed:
    return publications.PublicationReviewed(at=at, why="复核", agrees=agrees, opinion="看过")


def approved(at: dt.datetime, doc_no: str | None = "市供公〔2026〕1号") -> publications.PublicationApproved:
    return publications.PublicationApproved(at=at, why="审批", agrees=doc_no is not None, opinion="看过", doc_no=doc_no)


def published(at: dt.datetime) -> publications.Published:
    return publications.Published(at=at, why="公示", where="市城管局网站")
