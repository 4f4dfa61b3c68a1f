"""What stands on each paper, as plain values; nothing here asks a database, a clock or a rule.

`None` is what nobody recorded: a form prints an empty line for it, a ruling says 未确定. Instants carry their zone and
are printed as UTC+08:00. The three amounts stay three: 测算额, 应退热费, 裁定额.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["refund", "no_refund"]
Measurer = Literal["company", "authority", "third_party"]


@dataclass(frozen=True, slots=True)
class Margin:
    """What stands around the text of every page."""

    watermark: str | None
    """Across each page where the policy has one: 演示·非法律依据."""
    archive_no: str | None
    """档号 of the district's file."""
    record_sha256: bytes | None
    """Hash of the claim's event that this paper prints; None = a blank form."""
    dated: dt.date
    """The event's local day, or the day a blank form is printed for: it keeps the bytes of the PDF the same."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How the place's own law calls the parties."""

    company: str
    """热经营企业, 供热经营企业, 供热单位, …"""
    household: str
    """居民热用户, 居民用户, …"""


@dataclass(frozen=True, slots=True)
class HouseholdParty:
    """The user of heat."""

    code: str
    """户号."""
    address: str
    name: str | None
    """Whoever applied for it; the registry holds no names."""


@dataclass(frozen=True, slots=True)
class CompanyParty:
    """Who heats."""

    name: str
    credit_code: str | None
    """统一社会信用代码."""


# --- 入户测温记录单 --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reading:
    """One of the readings of a test, as the display showed it."""

    centi: int
    """[0.01 °C]"""
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class RoomTest:
    """The test of one room."""

    room: str
    """卧室 etc., with its name where there are several."""
    area_centi_m2: int | None
    position: str
    """Where the instrument stood."""
    height_cm: int
    """Of the instrument above the floor [cm]."""
    closed_min: int
    """Doors and windows were closed so long before [min]."""
    readings: tuple[Reading, ...]
    stable: bool
    """The tester found them stable."""
    temp_centi: int
    """The room's temperature as the record states it [0.01 °C]."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody who is to sign, or has signed."""

    role: str
    """测温人员, 居民热用户, …"""
    name: str | None
    signed_at: dt.datetime | None
    """On the paper whose scan is the original; None = not signed."""


@dataclass(frozen=True, slots=True)
class Copies:
    """Who keeps how many of a record."""

    holder: str
    count: int


@dataclass(frozen=True, slots=True)
class VisitForm:
    """入户测温记录单, of whoever measured; what is None is a line to write on."""

    margin: Margin
    terms: Terms
    by: Measurer
    organisation: str | None
    """测温单位: who measures."""
    claim_no: str | None
    """案号."""
    household: HouseholdParty | None
    company: CompanyParty | None
    requested_at: dt.datetime | None
    channel: str | None
    """By which way the request came, with the hotline's 工单号."""
    contacted_at: dt.datetime | None
    appointed_for: dt.datetime | None
    """另有约定: the time agreed on."""
    arrived_at: dt.datetime | None
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    instrument_no: str | None
    certificate_no: str | None
    """检定 or 校准 certificate."""
    certificate_until: dt.date | None
    standard_centi: int | None
    """The temperature promised [0.01 °C]."""
    requirements: tuple[str, ...]
    """How the pack says to measure, a sentence each."""
    rooms: tuple[RoomTest, ...]
    """Empty = rows to write in."""
    refusals: tuple[str, ...]
    """拒签, 不在家, 拒绝入户, by whom, with the reason."""
    signers: tuple[Signer, ...]
    copies: tuple[Copies, ...]
    archive_nos: tuple[str, ...]
    """档号 of the copies in the district's archive."""
    test_fee_fen: int | None
    """检测费 of a third party [fen]."""
    test_fee_by: str | None
    """Who advanced it."""
    scan_sha256: bytes | None
    """Of the scan of the signed paper, which is the original; None = not scanned yet."""
    note: str | None


# --- 裁定书 ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One piece of evidence that a ruling rests on."""

    name: str
    sha256: bytes | None
    """Of its scan or file; None = a record in the claim's own log alone."""


@dataclass(frozen=True, slots=True)
class Article:
    """An article that is applied."""

    instrument: str
    """Title of the instrument with its 文号."""
    article: str | None
    """第N条; None = the source does not number it."""
    quotation: str | None
    """Its words; None = the pack holds none."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the office chose where the law leaves a question open."""

    question: str
    value: str
    option: str
    """Its name in the choices file."""


@dataclass(frozen=True, slots=True)
class ChoicesMade:
    """The choices that a judgement rests on, and who made them."""

    by: str
    on: dt.date
    chosen: tuple[Chosen, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """陈述: what a party said."""

    party: str
    text: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Amounts:
    """The three amounts [fen]; None = undetermined, or not ruled."""

    computed_fen: int | None
    """测算额."""
    entitlement_fen: int | None
    """应退热费."""
    ruled_fen: int | None
    """裁定额."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a ruling obliges the company to."""

    fen: int
    """裁定额: the whole refund, what was paid before included."""
    paid_fen: int
    """Paid before the ruling."""
    within: dt.date | int
    """履行期限: the last day, or days after it was served."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """退费裁定书 or 不退费裁定书, as served: without the names of who drafted, reviewed and approved it."""

    margin: Margin
    terms: Terms
    authority: str
    """The office whose seal it bears."""
    outcome: Outcome
    doc_no: str
    """文号."""
    claim_no: str
    household: HouseholdParty
    company: CompanyParty
    request: str
    """What was asked for, when, by which way."""
    season: tuple[dt.date, dt.date]
    """First and last day."""
    statements: tuple[Statement, ...]
    facts: tuple[str, ...]
    """What was found, a paragraph each."""
    exhibits: tuple[Exhibit, ...]
    bundle_sha256: bytes
    """Of the evidence bundle that it cites."""
    articles: tuple[Article, ...]
    amounts: Amounts
    reasoning: tuple[str, ...]
    """Why, a paragraph each."""
    choices: ChoicesMade
    policy_sha256: bytes
    """Of the rule pack with the operator's choices."""
    order: Order | None
    """What is to be paid; None with no_refund."""
    remedy: str
    """What either party may do against it, in the words of the pack."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one of the three said, and signed."""

    officer: str
    opinion: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class ApprovalSheet:
    """裁定审批表: for the file, never served. 承办, 复核, 审批 are three people."""

    margin: Margin
    terms: Terms
    authority: str
    outcome: Outcome
    doc_no: str
    claim_no: str
    household: HouseholdParty
    company: CompanyParty
    amounts: Amounts
    bundle_sha256: bytes
    drafted: Opinion
    reviewed: Opinion
    approved: Opinion


# --- 送达, 自行退费, 说明 --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ServiceReceipt:
    """送达回证 of one party; what is None is a line to write on."""

    margin: Margin
    authority: str
    document: str
    """退费裁定书 or 不退费裁定书."""
    doc_no: str
    document_sha256: bytes | None
    """Of the PDF that is served; None = it is not filed yet."""
    claim_no: str
    recipient: str
    """受送达人."""
    address: str | None
    method: str | None
    """直接送达, 留置送达, 邮寄送达, …"""
    served_at: dt.datetime | None
    received_by: str | None
    """Who signed for it."""
    refusal: str | None
    """拒收事由."""
    witness: str | None
    """见证人."""
    scan_sha256: bytes | None
    """Of the scan of the signed receipt."""


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that was paid."""

    fen: int
    paid_on: dt.date
    voucher_no: str
    payee: str


@dataclass(frozen=True, slots=True)
class SelfRefundVoucher:
    """企业自行退费凭证: what the company gives back by itself, before any ruling."""

    margin: Margin
    terms: Terms
    claim_no: str
    household: HouseholdParty
    company: CompanyParty
    period: tuple[dt.date, dt.date]
    """First and last day that it is for."""
    offered_fen: int
    offered_at: dt.datetime
    accepted_by: str | None
    """None = the household has not accepted; a line to sign on."""
    accepted_at: dt.datetime | None
    payments: tuple[Payment, ...]
    """Empty = lines to write on."""
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of an explanation."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class ExplainedDay:
    """What a day of the claim gives back, and by what."""

    day: dt.date
    outcome: str
    """合格, 不达标, or that nothing decides it."""
    evidence: str
    """Kind of evidence that decides it."""
    share: str
    """Of the day's fee."""
    why_not: str
    """Why it counts for nothing; empty = it counts."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """判定说明 of a claim."""

    margin: Margin
    claim_no: str
    as_of: dt.datetime
    household: HouseholdParty
    lines: tuple[Line, ...]
    days: tuple[ExplainedDay, ...]
    amounts: Amounts
    policy_sha256: bytes


Paper = VisitForm | Ruling | ApprovalSheet | ServiceReceipt | SelfRefundVoucher | Explanation
