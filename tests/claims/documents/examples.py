"""Papers of a fictional claim, every field filled."""

import datetime as dt
from dataclasses import replace

from heatstream.claims.documents.papers import (
    Amounts,
    ApprovalSheet,
    Article,
    ChoicesMade,
    Chosen,
    CompanyParty,
    Copies,
    Exhibit,
    ExplainedDay,
    Explanation,
    HouseholdParty,
    Line,
    Margin,
    Opinion,
    Order,
    Paper,
    Payment,
    Reading,
    RoomTest,
    Ruling,
    SelfRefundVoucher,
    ServiceReceipt,
    Signer,
    Statement,
    Terms,
    VisitForm,
)

CST = dt.timezone(dt.timedelta(hours=8))
WATERMARK = "演示·非法律依据"


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 1, day, hour, minute, tzinfo=CST)


def _readings(*centi: int) -> tuple[Reading, ...]:
    return tuple(Reading(each, at(6, 16, 40 + 5 * number)) for number, each in enumerate(centi))


MARGIN = Margin(WATERMARK, "示供档2026-0001", bytes.fromhex("9f86d081884c7d65" * 4), dt.date(2026, 1, 28))
TERMS = Terms("供热企业", "居民热用户")
CHANGCHUN = Terms("供热经营企业", "居民热用户")
HOUSEHOLD = HouseholdParty("H-000123", "示例市示例区河畔街道松柏社区 12 号楼 3 单元 502 室", "欧阳䶮")
COMPANY = CompanyParty("示例市第一热力有限公司", "91220000MA0000000X")
AMOUNTS = Amounts(28_755, 26_358, 26_358)

VISIT = VisitForm(
    margin=replace(MARGIN, dated=dt.date(2026, 1, 6)),
    terms=TERMS,
    by="authority",
    organisation="示例市示例区供热管理办公室",
    claim_no="2026-TX-0001",
    household=HOUSEHOLD,
    company=COMPANY,
    requested_at=at(5, 8, 12),
    channel="热线 12345，工单号 20260105-000871",
    contacted_at=at(5, 8, 30),
    appointed_for=at(6, 15, 30),
    arrived_at=at(6, 15, 24),
    started_at=at(6, 16, 26),
    ended_at=at(6, 16, 58),
    instrument_no="ZDR-20-0417",
    certificate_no="RG2025-118830",
    certificate_until=dt.date(2026, 9, 30),
    standard_centi=1800,
    requirements=("关闭门窗 60 分钟", "仪器置于房间中央", "离地 1.00 m", "人员距仪器 1.0 m", "10:00—14:00 不测温"),
    rooms=(
        RoomTest(
            "卧室（北卧室）", 1480, "房间中央", 100, 62, _readings(1650, 1652, 1651), stable=True, temp_centi=1651
        ),
        RoomTest("起居室", None, "房间中央", 100, 62, _readings(1688, 1689, 1690), stable=True, temp_centi=1689),
    ),
    refusals=("供热企业拒签：对仪器有异议",),
    signers=(
        Signer("测温人员", "王立新", at(6, 17)),
        Signer("居民热用户", "欧阳䶮", at(6, 17)),
        Signer("供热企业", "赵敏", None),
    ),
    copies=(Copies("测温人员", 1), Copies("居民热用户", 1), Copies("区主管部门存档", 2)),
    archive_nos=("示供档2026-0001-1", "示供档2026-0001-2"),
    test_fee_fen=None,
    test_fee_by=None,
    scan_sha256=bytes.fromhex("0b822cd15d6c15b0" * 4),
    note="北卧室窗框有缝，已拍照。",
)
RULING = Ruling(
    margin=MARGIN,
    terms=TERMS,
    authority="示例市示例区供热管理办公室",
    outcome="refund",
    doc_no="示供裁〔2026〕1号",
    claim_no="2026-TX-0001",
    household=HOUSEHOLD,
    company=COMPANY,
    request="居民热用户于2026年1月5日 08:12提出申请，请求退还室温不达标期间的热费；"
    "供热企业未自行退费，居民热用户于2026年1月20日 09:05向本机关申请裁定。",
    season=(dt.date(2025, 10, 20), dt.date(2026, 4, 6)),
    statements=(
        Statement("居民热用户", "入住以来北卧室一直偏冷，报修三次未改善。", at(21, 10)),
        Statement("供热企业", "该楼立管在1月5日前后因阀门故障流量不足，1月18日更换。", at(21, 14, 30)),
    ),
    facts=(
        "2026年1月6日16时58分，本机关入户测温，北卧室室温16.51 ℃，低于18.00 ℃；证书有效，三次读数稳定。",
        "2026年1月18日更换阀门，2026年1月19日复测，各房间均不低于18.00 ℃。",
    ),
    exhibits=(
        Exhibit("入户测温记录单（2026年1月6日）", bytes.fromhex("0b822cd15d6c15b0" * 4)),
        Exhibit("责任认定（2026年1月22日）", None),
    ),
    bundle_sha256=bytes.fromhex("d15d6c15b0f00a08" * 4),
    articles=(
        Article(
            "《示例市供热退费示例规则》（示例〔2015〕1号）", "第二条", "居民热用户卧室、起居室的室温昼夜不得低于18℃。"
        ),
        Article("《示例市供热退费示例规则》（示例〔2015〕1号）", "第六条", None),
    ),
    amounts=AMOUNTS,
    reasoning=(
        "室温不达标系供热企业设施故障所致，居民热用户无过错，依照第六条，供热企业应当退还相应热费。",
        "退费天数自申请之日起至复测达标之前一日止，计14日，按第五条第一档30%计算。",
    ),
    policy_sha256=bytes.fromhex("884c7d659a2feaa0" * 4),
    choices=ChoicesMade(
        "示例市供热办 王某",
        dt.date(2025, 10, 1),
        (Chosen("金额的进位", "四舍五入至分", "money_rounding"), Chosen("达标之日是否计入", "不计入", "end_inclusive")),
    ),
    order=Order(26_358, 20_005, dt.date(2026, 2, 27)),
    remedy="对本裁定不服的，可以依法申请仲裁或者提起诉讼。",
)
NO_REFUND = replace(
    RULING,
    margin=replace(MARGIN, watermark=None, archive_no="长供档2026-0107"),
    terms=CHANGCHUN,
    authority="长春市朝阳区住房和城乡建设局",
    outcome="no_refund",
    doc_no="朝供裁〔2026〕7号",
    claim_no="2026-CY-0107",
    household=HouseholdParty("2201040007", "长春市朝阳区前进大街100号3栋2单元401室", None),
    company=CompanyParty("长春某某供热有限责任公司", None),
    request="居民热用户于2026年1月5日 08:12提出申请，请求退还室温不达标期间的热费。",
    statements=(),
    facts=(
        "2026年1月6日，本机关入户测温，各房间室温均不低于18.00 ℃。",
        "固定监测点自2026年1月5日至2026年1月20日的数据未见低于18.00 ℃的时段。",
    ),
    articles=(
        Article(
            "《吉林省住房和城乡建设厅关于政协提案的答复》（吉建议〔2024〕12号）",
            None,
            "居民热用户室内（卧室、起居室（厅））空气温度昼夜不得低于18℃",
        ),
    ),
    amounts=Amounts(None, None, 0),
    reasoning=("测温记录与固定监测点数据均不能证明室温低于标准。",),
    order=None,
)
APPROVAL = ApprovalSheet(
    margin=MARGIN,
    terms=TERMS,
    authority=RULING.authority,
    outcome="refund",
    doc_no=RULING.doc_no,
    claim_no=RULING.claim_no,
    household=HOUSEHOLD,
    company=COMPANY,
    amounts=AMOUNTS,
    bundle_sha256=RULING.bundle_sha256,
    drafted=Opinion("D-0417 王立新", "事实清楚，证据充分，建议退费。", at(23, 9)),
    reviewed=Opinion("D-0302 刘晨", "同意承办意见。", at(26, 10)),
    approved=Opinion("D-0001 孙宏", "同意。", at(28, 11)),
)
RECEIPT = ServiceReceipt(
    margin=MARGIN,
    authority=RULING.authority,
    document="退费裁定书",
    doc_no=RULING.doc_no,
    document_sha256=bytes.fromhex("6c15b0f00a08d15d" * 4),
    claim_no=RULING.claim_no,
    recipient="居民热用户（户号 H-000123）",
    address="示例市示例区河畔街道松柏社区 12 号楼 3 单元 502 室",
    method="留置送达",
    served_at=at(29, 15, 10),
    received_by="欧阳䶮",
    refusal="不认可退费天数",
    witness="松柏社区 周海",
    scan_sha256=bytes.fromhex("15b0f00a08d15d6c" * 4),
)
VOUCHER = SelfRefundVoucher(
    margin=MARGIN,
    terms=TERMS,
    claim_no="2026-TX-0001",
    household=HOUSEHOLD,
    company=COMPANY,
    period=(dt.date(2026, 1, 5), dt.date(2026, 1, 18)),
    offered_fen=20_005,
    offered_at=at(15, 9),
    accepted_by="欧阳䶮",
    accepted_at=at(16, 9),
    payments=(Payment(20_005, dt.date(2026, 1, 20), "TF-2026-00031", "欧阳䶮（尾号 0417）"),),
    amounts=Amounts(28_755, 26_358, None),
)
EXPLANATION = Explanation(
    margin=MARGIN,
    claim_no="2026-TX-0001",
    as_of=at(28, 12),
    household=HOUSEHOLD,
    lines=(
        Line("各项条件均已符合，应退热费成立。", "Every condition is met: the entitlement stands."),
        Line("测温时限，止于2026年1月6日 15:30：已遵守。", "measure, until 2026-01-06 15:30:00: kept."),
    ),
    days=(
        ExplainedDay(dt.date(2026, 1, 5), "不达标", "固定监测点", "30%", ""),
        ExplainedDay(dt.date(2026, 1, 19), "合格", "主管部门测温", "0", "达标之日不计入"),
    ),
    amounts=AMOUNTS,
    policy_sha256=RULING.policy_sha256,
)
BLANK = replace(
    VISIT,
    margin=Margin(None, None, None, dt.date(2026, 1, 5)),
    by="company",
    organisation=None,
    claim_no=None,
    household=None,
    company=None,
    requested_at=None,
    channel=None,
    contacted_at=None,
    appointed_for=None,
    arrived_at=None,
    started_at=None,
    ended_at=None,
    instrument_no=None,
    certificate_no=None,
    certificate_until=None,
    rooms=(),
    refusals=(),
    signers=(Signer("测温人员", None, None), Signer("居民热用户", None, None)),
    copies=(Copies("测温人员", 1), Copies("居民热用户", 1)),
    archive_nos=(),
    scan_sha256=None,
    note=None,
)
THIRD_PARTY = replace(
    VISIT,
    by="third_party",
    organisation="示例市计量测试院",
    signers=(
        Signer("检测人员", "何工", at(6, 17)),
        Signer("居民热用户", "欧阳䶮", at(6, 17)),
        Signer("供热企业", "赵敏", at(6, 17)),
    ),
    test_fee_fen=20_000,
    test_fee_by="居民热用户",
)
PAPERS: dict[str, Paper] = {
    "visit": VISIT,
    "blank": BLANK,
    "third_party": THIRD_PARTY,
    "ruling": RULING,
    "no_refund": NO_REFUND,
    "approval": APPROVAL,
    "receipt": RECEIPT,
    "voucher": VOUCHER,
    "explanation": EXPLANATION,
}
