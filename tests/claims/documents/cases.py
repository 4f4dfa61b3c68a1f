"""A claim of 示例市 from its request to the service of its ruling, as events, and the case its papers are made from."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from functools import cache

from heatstream.claims import events, way
from heatstream.claims.documents.case import Case
from heatstream.claims.documents.papers import CompanyParty
from heatstream.claims.events import Event
from heatstream.claims.way import Recorded
from heatstream.core.calendar import day_of
from heatstream.rules import pack, policy
from heatstream.rules.choices import ChoicesFile
from heatstream.rules.policy import Policy
from heatstream.store.read.papers import Signatory

from .examples import at

OFFICERS = {
    "I-0031": Signatory("赵敏", "示例市第一热力有限公司"),
    "D-0417": Signatory("王立新", "示例市示例区供热管理办公室"),
    "D-0302": Signatory("刘晨", "示例市示例区供热管理办公室"),
    "D-0001": Signatory("孙宏", "示例市示例区供热管理办公室"),
}
SCAN, PARAMETERS, PHOTO, BUNDLE, SIGNED = (
    hashlib.sha256(name).hexdigest() for name in (b"scan", b"parameters", b"photo", b"bundle", b"signed")
)


def room(kind: events.RoomKind, name: str | None, *centi: int, day: int, hour: int) -> events.RoomTest:
    return events.RoomTest(
        kind=kind,
        name=name,
        area_centi_m2=1480 if name else None,
        position="room_center",
        height_cm=100,
        closed_min=62,
        readings=tuple(
            events.StableReading(centi=each, at=at(day, hour, 30 + 5 * number)) for number, each in enumerate(centi)
        ),
        stable=True,
        temp_centi=centi[-1],
    )


def authority_visit(
    day: int, *rooms: events.RoomTest, refusals: tuple[events.Refusal, ...] = ()
) -> events.VisitRecorded:
    return events.VisitRecorded(
        at=at(day, 17),
        why="依申请组织测温",
        by="authority",
        arrived_at=at(day, 15, 24),
        started_at=at(day, 16, 26) if rooms else None,
        ended_at=at(day, 16, 58) if rooms else None,
        people=(
            events.Person(name="王立新", role="tester", signed=True),
            events.Person(name="欧阳䶮", role="household", signed=True),
            events.Person(name="赵敏", role="company", signed=False),
        ),
        instrument_no="ZDR-20-0417",
        certificate_no="RG2025-118830",
        certificate_until=dt.date(2026, 9, 30),
        rooms=rooms,
        refusals=refusals,
        copies=events.Copies(inspector=1, household=1, archived=2),
        archive_nos=("示供档2026-0001-1", "示供档2026-0001-2"),
        scan_sha256=SCAN,
        files=(PHOTO,),
    )


REQUEST: Sequence[tuple[str, Event]] = (
    (
        "D-0417",
        events.Opened(
            at=at(5, 8, 12),
            why="热线转来",
            household="H-000123",
            way="hotline",
            applicant="欧阳䶮",
            channel="12345",
            ticket_no="20260105-000871",
            category="室温不达标",
            temperature_complaint=True,
        ),
    ),
    ("I-0031", events.Contacted(at=at(5, 8, 30), why="电话联系", by_means="电话")),
    (
        "I-0031",
        events.AppointmentMade(
            at=at(5, 8, 31), why="用户要求", appointment_at=at(6, 15, 30), agreed_by="欧阳䶮", evidence="通话录音"
        ),
    ),
)
OFFER: Sequence[tuple[str, Event]] = (
    (
        "I-0031",
        events.SelfRefundOffered(
            at=at(12, 9), why="企业提出", fen=20_005, day_from=dt.date(2026, 1, 5), day_to=dt.date(2026, 1, 18)
        ),
    ),
    ("I-0031", events.SelfRefundAccepted(at=at(13, 9), why="用户接受", by_name="欧阳䶮")),
    (
        "I-0031",
        events.PaymentMade(
            at=at(14, 9),
            why="转账",
            fen=20_005,
            paid_on=dt.date(2026, 1, 14),
            voucher_no="TF-2026-00031",
            payee="欧阳䶮（尾号 0417）",
        ),
    ),
)
TO_RULING: Sequence[tuple[str, Event]] = (
    *REQUEST,
    ("D-0417", events.AuthorityApplied(at=at(6, 9), why="企业未自行退费", asks="请求裁定退还室温不达标期间的热费。")),
    (
        "D-0417",
        authority_visit(
            6,
            room("bedroom", "北卧室", 1650, 1652, 1651, day=6, hour=16),
            room("living_room", None, 1688, 1690, 1689, day=6, hour=16),
            refusals=(events.Refusal(code="refused_signature", by="company", reason="对仪器有异议"),),
        ),
    ),
    (
        "I-0031",
        events.OperatingParametersRecorded(
            at=at(7, 9),
            why="调取",
            source="换热站日志",
            heat_station="S-01",
            begins=at(1, 0),
            ends=at(6, 0),
            digest=PARAMETERS,
            shows="二次网供水温度偏低",
        ),
    ),
    (
        "D-0417",
        events.CauseDetermined(
            at=at(22, 9), why="认定", cause="company", by="authority", names=("王立新",), analysis="阀门故障", on=(5, 6)
        ),
    ),
    ("D-0417", events.StatementGiven(at=at(21, 10), why="听取", by="household", text="北卧室一直偏冷。")),
    ("D-0417", events.StatementGiven(at=at(21, 14), why="听取", by="company", text="阀门已更换。")),
    (
        "D-0417",
        events.RulingDrafted(
            at=at(23, 9),
            why="事实清楚，建议退费。",
            outcome="refund",
            ruled_fen=26_358,
            facts=("2026年1月6日测得北卧室16.51 ℃。", "阀门于2026年1月18日更换。"),
            reasoning=("系供热企业原因，依照第六条应当退还。",),
            bundle_sha256=BUNDLE,
        ),
    ),
    ("D-0302", events.RulingReviewed(at=at(26, 10), why="复核", agrees=True, opinion="同意承办意见。")),
    (
        "D-0001",
        events.RulingApproved(at=at(28, 11), why="审批", agrees=True, opinion="同意。", doc_no="示供裁〔2026〕1号"),
    ),
)
SERVED: Sequence[tuple[str, Event]] = (
    *TO_RULING,
    (
        "D-0417",
        events.RulingServed(
            at=at(29, 15, 10),
            why="送达",
            recipient="household",
            address="示例市示例区松柏社区 12 号楼",
            method="lien",
            refusal="不认可退费天数",
            witness="松柏社区 周海",
            receipt_sha256=SIGNED,
        ),
    ),
)


@cache
def demo() -> Policy:
    return policy.load(pack.SHIPPED / "demo-shili.choices.yaml")


def case(told: Sequence[tuple[str, Event]]) -> Case:
    """Make the case that these events come to."""
    recorded = [Recorded(number, event, officer, event.at) for number, (officer, event) in enumerate(told, 1)]
    return Case(
        claim_id=1,
        claim_no="2026-TX-0001",
        way=way.fold(recorded),
        law=demo().law_on(day_of(dt.date(2026, 1, 5))),
        choices=ChoicesFile.model_validate(json.loads(demo().canonical)["choices"]),
        policy_sha256=demo().hash,
        watermark=demo().watermark,
        household_code="H-000123",
        address="示例市示例区河畔街道松柏社区 12 号楼 3 单元 502 室",
        company=CompanyParty("示例市第一热力有限公司", "91220000MA0000000X"),
        season=(dt.date(2025, 10, 20), dt.date(2026, 4, 6)),
        standard_centi=1800,
        computed_fen=28_755,
        entitlement_fen=26_358,
        officers=OFFICERS,
        hashes={each.number: hashlib.sha256(bytes([each.number])).digest() for each in recorded},
        files={bytes.fromhex(PHOTO): "窗框照片.jpg"},
        rulings={"退费裁定书 示供裁〔2026〕1号.pdf": b"\1" * 32},
    )
