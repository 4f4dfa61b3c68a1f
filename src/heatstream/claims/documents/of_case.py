"""Make the papers of one claim from what was recorded in it. Pure: everything is handed in."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from heatstream.claims import events
from heatstream.claims import way as ways
from heatstream.claims.amount import Amount
from heatstream.claims.check import STEPS
from heatstream.claims.clocks import Clock
from heatstream.claims.documents import amount_words, choice_words, law_words, words
from heatstream.claims.documents.papers import (
    Amounts,
    ApprovalSheet,
    ChoicesMade,
    CompanyParty,
    Copies,
    Exhibit,
    Explanation,
    HouseholdParty,
    Line,
    Margin,
    Measurer,
    Opinion,
    Order,
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
from heatstream.claims.documents.rulings import TITLES
from heatstream.claims.way import Recorded, Way
from heatstream.errors import BadInput
from heatstream.rules import pack
from heatstream.rules.choices import ChoicesFile
from heatstream.rules.law import Law
from heatstream.store.read.papers import Signatory
from heatstream.store.read.words import ROOM_KIND_ZH

METHODS: Final = {
    "direct": "直接送达",
    "lien": "留置送达",
    "mail": "邮寄送达",
    "electronic": "电子送达",
    "announcement": "公告送达",
}
_REFUSALS: Final = {"refused_signature": "拒签", "not_home": "不在家", "refused_entry": "拒绝入户"}
_EVIDENCE: Final = frozenset(
    {
        "visit_recorded",
        "site_recorded",
        "operating_parameters_recorded",
        "handling_reported",
        "cause_determined",
        "exclusion_decided",
        "condition_recorded",
        "presumption_recorded",
        "outage_recorded",
    }
)
"""Events that a ruling lists as evidence."""
_VISITS: Final[dict[Measurer, str]] = {"company": "企业", "authority": "主管部门", "third_party": "第三方"}


@dataclass(frozen=True, slots=True)
class Case:
    """A claim as its papers need it."""

    claim_id: int
    """Its row."""
    claim_no: str
    """案号."""
    way: Way
    law: Law
    """In force on the day the claim was opened."""
    choices: ChoicesFile
    """As the office made them; what the pack settles is not among them."""
    policy_sha256: bytes
    watermark: str | None
    household_code: str
    address: str
    company: CompanyParty
    season: tuple[dt.date, dt.date]
    """First and last day."""
    standard_centi: int | None
    """The temperature promised to this household [0.01 °C]; None = nobody could read it."""
    computed_fen: int | None
    """测算额."""
    entitlement_fen: int | None
    """应退热费."""
    officers: Mapping[str, Signatory]
    """By 工号: everyone who recorded in the claim."""
    hashes: Mapping[int, bytes]
    """Of the events, by their numbers."""
    files: Mapping[bytes, str]
    """Names of the papers in the claim's file, by SHA-256."""
    rulings: Mapping[str, bytes]
    """SHA-256 of the rulings' own PDFs, by their names."""

    @property
    def household(self) -> HouseholdParty:
        applicant = self.way.opened.applicant if self.way.opened else None
        return HouseholdParty(self.household_code, self.address, applicant)

    @property
    def amounts(self) -> Amounts:
        ruled = self.way.ruling.fen if self.way.ruling else None
        return Amounts(self.computed_fen, self.entitlement_fen, ruled)

    def margin(self, number: int, at: dt.datetime, archive_no: str | None = None) -> Margin:
        """Mark a page by the event that it prints."""
        return Margin(self.watermark, archive_no, self.hashes[number], words.local_day(at))

    def party(self, which: events.Party) -> str:
        """Name a party by its term."""
        called = law_words.terms(self.law.pack)
        return called.household if which == "household" else called.company


# --- 入户测温记录单 ---------------------------------------------------------------------------------------------------


def visit_form(case: Case, number: int | None = None) -> VisitForm:
    """Print a visit that was recorded: the one of that event, else the newest.

    Raises
    ------
    BadInput
        There is no such visit.
    """
    recorded = next((each for each in reversed(case.way.visits) if number in {None, each.number}), None)
    if recorded is None or not isinstance(recorded.event, events.VisitRecorded):
        seen = f"event {number} is none" if number else "it has none"
        raise BadInput(f"claim {case.claim_no}: no visit to print: {seen}; expected one recorded, or the blank form")
    visit = recorded.event
    return replace(
        _form(case, visit.by),
        margin=case.margin(recorded.number, visit.at, "、".join(visit.archive_nos) or None),
        organisation=_measured_by(case, recorded, visit.by),
        arrived_at=visit.arrived_at,
        started_at=visit.started_at,
        ended_at=visit.ended_at,
        instrument_no=visit.instrument_no,
        certificate_no=visit.certificate_no,
        certificate_until=visit.certificate_until,
        rooms=tuple(map(_room, visit.rooms)),
        refusals=tuple(_refusal(case, each) for each in visit.refusals),
        signers=tuple(_signer(case, each, visit.at) for each in visit.people),
        copies=_copies(law_words.terms(case.law.pack), visit.copies),
        archive_nos=visit.archive_nos,
        test_fee_fen=visit.test_fee_fen,
        test_fee_by=case.party(visit.test_fee_advanced_by) if visit.test_fee_advanced_by else None,
        scan_sha256=bytes.fromhex(visit.scan_sha256) if visit.scan_sha256 else None,
        note=visit.why,
    )


def blank_form(case: Case, by: Measurer, on: dt.date) -> VisitForm:
    """Print a form to take to the door: what is known of the request stands in it, the visit is empty."""
    return replace(_form(case, by), margin=Margin(case.watermark, None, None, on))


def _form(case: Case, by: Measurer) -> VisitForm:
    """Lay out what is known before anybody has come to the door."""
    way = case.way
    return replace(
        empty_form(case.law, case.watermark, by, words.local_day(way.opened_at)),
        organisation=case.company.name if by == "company" else None,
        claim_no=case.claim_no,
        household=case.household,
        company=case.company,
        requested_at=way.opened_at,
        channel=_channel(way),
        contacted_at=way.contacted_at,
        appointed_for=way.appointment.appointment_at if way.appointment else None,
        standard_centi=case.standard_centi,
    )


def empty_form(law: Law, watermark: str | None, by: Measurer, on: dt.date) -> VisitForm:
    """Print a form for a home that is not known yet."""
    called = law_words.terms(law.pack)
    made = law.pack.escalation.copies if law.pack.escalation and by == "authority" else None
    return VisitForm(
        margin=Margin(watermark, None, None, on),
        terms=called,
        by=by,
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
        standard_centi=None,
        requirements=law_words.requirements(law.pack, law.choices.measurement_standard_id),
        rooms=(),
        refusals=(),
        signers=_to_sign(called, by),
        copies=_copies(called, made),
        archive_nos=(),
        test_fee_fen=None,
        test_fee_by=None,
        scan_sha256=None,
        note=None,
    )


def _measured_by(case: Case, recorded: Recorded, by: Measurer) -> str | None:
    return case.company.name if by == "company" else case.officers[recorded.officer].organisation


def _channel(way: Way) -> str | None:
    opened = way.opened
    if opened is None:
        return None
    told = (opened.channel, opened.ticket_no and f"工单号 {opened.ticket_no}", opened.category)
    return "，".join(each for each in told if each) or None


def _room(test: events.RoomTest) -> RoomTest:
    kind = ROOM_KIND_ZH[test.kind]
    return RoomTest(
        room=f"{kind}（{test.name}）" if test.name else kind,
        area_centi_m2=test.area_centi_m2,
        position=law_words.POSITIONS[test.position],
        height_cm=test.height_cm,
        closed_min=test.closed_min,
        readings=tuple(Reading(each.centi, each.at) for each in test.readings),
        stable=test.stable,
        temp_centi=test.temp_centi,
    )


def _refusal(case: Case, refusal: events.Refusal) -> str:
    reason = f"：{refusal.reason}" if refusal.reason else ""
    return f"{case.party(refusal.by)}{_REFUSALS[refusal.code]}{reason}"


def _signer(case: Case, person: events.Person, at: dt.datetime) -> Signer:
    roles = {
        "tester": "测温人员",
        "company": case.party("company"),
        "authority": "主管部门",
        "third_party": "检测机构",
        "household": case.party("household"),
        "witness": "见证人",
    }
    return Signer(roles[person.role], person.name, at if person.signed else None)


def _to_sign(called: Terms, by: Measurer) -> tuple[Signer, ...]:
    roles = {
        "company": ("测温人员", called.household),
        "authority": ("测温人员", called.household),
        "third_party": ("检测人员", called.household, called.company),
    }[by]
    return tuple(Signer(role, None, None) for role in roles)


def _copies(called: Terms, copies: events.Copies | pack.Copies | None) -> tuple[Copies, ...]:
    if copies is None:
        return ()
    holders = (("测温人员", copies.inspector), (called.household, copies.household), ("主管部门存档", copies.archived))
    return tuple(Copies(holder, count) for holder, count in holders if count)


# --- 裁定 -------------------------------------------------------------------------------------------------------------


def ruling(case: Case) -> Ruling:
    """Print the standing ruling as it is served.

    Raises
    ------
    BadInput
        No ruling stands.
    Refused
        The pack has no words for the parties or for the remedy.
    """
    stands = _standing(case)
    draft = stands.draft
    return Ruling(
        margin=case.margin(stands.number, stands.issued_at),
        terms=law_words.terms(case.law.pack),
        authority=case.officers[stands.approved_by].organisation,
        outcome=stands.outcome,
        doc_no=stands.doc_no,
        claim_no=case.claim_no,
        household=case.household,
        company=case.company,
        request=_request(case),
        season=case.season,
        statements=tuple(_statements(case)),
        facts=draft.facts,
        exhibits=tuple(_exhibits(case, stands.number)),
        bundle_sha256=bytes.fromhex(draft.bundle_sha256),
        articles=law_words.articles(case.law.pack, _groups(case, stands)),
        amounts=case.amounts,
        reasoning=(*draft.reasoning, *((draft.other_amount_because,) if draft.other_amount_because else ())),
        choices=ChoicesMade(case.choices.made_by, case.choices.made_on, choice_words.chosen(case.choices.choices)),
        policy_sha256=case.policy_sha256,
        order=_order(case, draft),
        remedy=law_words.remedy(case.law.pack),
    )


def _order(case: Case, draft: events.RulingDrafted) -> Order | None:
    if draft.outcome == "no_refund":
        return None
    by_law = case.law.pack.ruling.perform_days if case.law.pack.ruling else None
    within = by_law or draft.perform_by
    if within is None:
        raise BadInput(
            f"claim {case.claim_no}: 履行期限: neither the pack nor the draft sets it; expected one of the two"
        )
    return Order(draft.ruled_fen, within)


def _groups(case: Case, stands: ways.Ruling) -> tuple[str, ...]:
    """Name the groups of the pack that this ruling rests on, in the order of the judgement."""
    recorded = {each.event.kind for each in case.way.recorded[: stands.number]}
    return (
        "standard",
        *(("tiers", "tiers_by_contract", "statistic", "fee", "counting") if stands.outcome == "refund" else ()),
        "liability",
        "evidence_accepted",
        *(("presumption",) if "presumption_recorded" in recorded else ()),
        *(("exclusions",) if "exclusion_decided" in recorded else ()),
        *(("outage",) if "outage_recorded" in recorded else ()),
        "ruling",
        *(("refund_due",) if stands.outcome == "refund" else ()),
    )


def ruling_name(case: Case) -> str:
    """Name the file of the standing ruling."""
    stands = _standing(case)
    return f"{TITLES[stands.outcome]} {stands.doc_no}.pdf"


def approval_sheet(case: Case) -> ApprovalSheet:
    """Print the sheet of the file: who drafted, reviewed and approved the standing ruling, and what each said."""
    stands = _standing(case)
    drafted, reviewed, approved = _three(case, stands)
    return ApprovalSheet(
        margin=case.margin(stands.number, stands.issued_at),
        terms=law_words.terms(case.law.pack),
        authority=case.officers[stands.approved_by].organisation,
        outcome=stands.outcome,
        doc_no=stands.doc_no,
        claim_no=case.claim_no,
        household=case.household,
        company=case.company,
        amounts=case.amounts,
        bundle_sha256=bytes.fromhex(stands.draft.bundle_sha256),
        drafted=drafted,
        reviewed=reviewed,
        approved=approved,
    )


def draft(case: Case) -> Ruling:
    """Print the draft that waits for 复核 and 审批, marked as one on every page.

    Raises
    ------
    BadInput
        No draft waits.
    Refused
        The pack has no words for the parties or for the remedy.
    """
    drafted = case.way.draft
    if drafted is None or not isinstance(drafted.event, events.RulingDrafted):
        raise BadInput(f"claim {case.claim_no}: no draft of a ruling waits; expected `ruling_drafted` first")
    as_if_issued = ways.Ruling(
        draft=drafted.event,
        drafted_by=drafted.officer,
        reviewed_by="",
        approved_by=drafted.officer,
        doc_no="（文号待定）",
        issued_at=drafted.event.at,
        number=drafted.number,
    )
    marks = "　".join(each for each in ("送审稿", case.watermark) if each)
    return ruling(replace(case, way=replace(case.way, ruling=as_if_issued), watermark=marks))


def _standing(case: Case) -> ways.Ruling:
    if case.way.ruling is None:
        raise BadInput(f"claim {case.claim_no}: no ruling stands; expected one drafted, reviewed and approved first")
    return case.way.ruling


def _three(case: Case, stands: ways.Ruling) -> tuple[Opinion, Opinion, Opinion]:
    """Find the last draft, review and approval up to the ruling's own event."""
    last: dict[str, Opinion] = {}
    for each in case.way.recorded[: stands.number]:
        match each.event:
            case events.RulingDrafted() as draft:
                last["drafted"] = _opinion(case, each, draft.why)
            case events.RulingReviewed() as review:
                last["reviewed"] = _opinion(case, each, review.opinion)
            case events.RulingApproved() as approval:
                last["approved"] = _opinion(case, each, approval.opinion)
    return last["drafted"], last["reviewed"], last["approved"]


def _opinion(case: Case, recorded: Recorded, said: str) -> Opinion:
    return Opinion(f"{case.officers[recorded.officer].name}（{recorded.officer}）", said, recorded.event.at)


def _request(case: Case) -> str:
    way, user = case.way, case.party("household")
    at = words.instant(way.opened_at)
    opened = way.opened
    began = {
        "application": f"{user}于{at}提出申请",
        "complaint": f"{user}于{at}提出投诉",
        "hotline": f"{user}于{at}通过热线提出诉求",
        "fixed_point": f"固定监测点数据低于标准，本案于{at}立案",
        "officer": f"主管部门于{at}依职权立案",
        "batch": f"本案于{at}作为批量退费案件{opened.batch_case if opened else ''}立案",
    }[opened.way if opened else "officer"]
    told = _channel(way)
    applied = way.applied
    asked = (
        f"{user}于{words.instant(applied.event.at)}申请裁定：{applied.event.asks.removesuffix('。')}。"
        if applied and isinstance(applied.event, events.AuthorityApplied)
        else ""
    )
    return f"{began}{f'（{told}）' if told else ''}。{asked}"


def _statements(case: Case) -> Iterator[Statement]:
    for each in case.way.statements:
        if isinstance(each.event, events.StatementGiven):
            yield Statement(case.party(each.event.by), each.event.text, each.event.at)


def _exhibits(case: Case, before: int) -> Iterator[Exhibit]:
    """List the evidence recorded before the ruling, and the papers that it rests on, each once."""
    named: set[bytes] = set()
    for each in case.way.recorded[: before - 1]:
        if each.event.kind in _EVIDENCE:
            original = _original(each.event)
            named |= {original} if original else set()
            yield Exhibit(
                f"{_called(each)}（{words.day(words.local_day(each.event.at))}，记录第 {each.number} 号）", original
            )
        for sha256 in map(bytes.fromhex, each.event.files):
            if sha256 not in named:
                named.add(sha256)
                yield Exhibit(f"{case.files[sha256]}（记录第 {each.number} 号附件）", sha256)


def _called(recorded: Recorded) -> str:
    event = recorded.event
    if isinstance(event, events.VisitRecorded):
        return f"{_VISITS[event.by]}入户测温记录单"
    return STEPS[event.kind]


def _original(event: events.Event) -> bytes | None:
    match event:
        case events.VisitRecorded(scan_sha256=str(told)):
            return bytes.fromhex(told)
        case events.OperatingParametersRecorded(digest=told):
            return bytes.fromhex(told)
        case _:
            return None


# --- 送达, 自行退费, 说明 ---------------------------------------------------------------------------------------------


def receipt(case: Case, party: events.Party) -> ServiceReceipt:
    """Print a party's receipt of the standing ruling: as it was served, else to be signed."""
    stands = _standing(case)
    served = next((each for each in reversed(case.way.recorded[stands.number :]) if _is_served(each, party)), None)
    event = served.event if served and isinstance(served.event, events.RulingServed) else None
    named = case.household_code if party == "household" else case.company.name
    return ServiceReceipt(
        margin=case.margin(served.number, served.event.at) if served else case.margin(stands.number, stands.issued_at),
        authority=case.officers[stands.approved_by].organisation,
        document=TITLES[stands.outcome],
        doc_no=stands.doc_no,
        document_sha256=case.rulings.get(ruling_name(case)),
        claim_no=case.claim_no,
        recipient=f"{case.party(party)}　{named}",
        address=event.address if event else case.address if party == "household" else None,
        method=METHODS[event.method] if event else None,
        served_at=event.at if event else None,
        received_by=event.received_by if event else None,
        refusal=event.refusal if event else None,
        witness=event.witness if event else None,
        scan_sha256=bytes.fromhex(event.receipt_sha256) if event and event.receipt_sha256 else None,
    )


def _is_served(recorded: Recorded, party: events.Party) -> bool:
    return isinstance(recorded.event, events.RulingServed) and recorded.event.recipient == party


def voucher(case: Case) -> SelfRefundVoucher:
    """Print what the company gives back by itself.

    Raises
    ------
    BadInput
        It offered nothing.
    """
    offered, accepted = case.way.offered, case.way.accepted
    if offered is None or not isinstance(offered.event, events.SelfRefundOffered):
        raise BadInput(f"claim {case.claim_no}: no self-refund is offered; expected `self_refund_offered` first")
    newest = accepted or offered
    return SelfRefundVoucher(
        margin=case.margin(newest.number, newest.event.at),
        terms=law_words.terms(case.law.pack),
        claim_no=case.claim_no,
        household=case.household,
        company=case.company,
        period=(offered.event.day_from, offered.event.day_to),
        offered_fen=offered.event.fen,
        offered_at=offered.event.at,
        accepted_by=accepted.event.by_name
        if accepted and isinstance(accepted.event, events.SelfRefundAccepted)
        else None,
        accepted_at=accepted.event.at if accepted else None,
        payments=tuple(_payments(case, offered.number)),
        amounts=case.amounts,
    )


def _payments(case: Case, since: int) -> Iterator[Payment]:
    until = case.way.ruling.number if case.way.ruling else None
    for each in case.way.recorded[since:until]:
        if isinstance(each.event, events.PaymentMade):
            paid = each.event
            yield Payment(paid.fen, paid.paid_on, paid.voucher_no, paid.payee)


def explanation(
    case: Case, amount: Amount, limits: Iterable[Clock], changes: Iterable[Line], now: dt.datetime
) -> Explanation:
    """Print why the claim comes to what it does as it stands now, and what would alter it."""
    newest = case.way.recorded[-1]
    return Explanation(
        margin=Margin(case.watermark, None, case.hashes[newest.number], words.local_day(now)),
        claim_no=case.claim_no,
        as_of=now,
        household=case.household,
        lines=(*amount_words.lines(amount), *changes, *(amount_words.limit(each, now) for each in limits)),
        days=tuple(map(amount_words.day, amount.days)),
        amounts=Amounts(amount.computed_fen, amount.entitlement_fen, case.amounts.ruled_fen),
        policy_sha256=case.policy_sha256,
    )
