"""The ruling of a claim, its draft, its 审批表 and its 送达回证. Pure: everything is handed in."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from heatstream.claims import events
from heatstream.claims import way as ways
from heatstream.claims.documents import choice_words, law_words, words
from heatstream.claims.documents.case import Case, channel, standing
from heatstream.claims.documents.papers import (
    ApprovalSheet,
    ChoicesMade,
    Exhibit,
    Measurer,
    Opinion,
    Order,
    Ruling,
    ServiceReceipt,
    Statement,
)
from heatstream.claims.documents.rulings import TITLES
from heatstream.claims.event_words import STEPS
from heatstream.claims.way import Recorded
from heatstream.errors import BadInput

_METHODS: Final = {
    "direct": "直接送达",
    "lien": "留置送达",
    "mail": "邮寄送达",
    "electronic": "电子送达",
    "announcement": "公告送达",
}
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


def ruling(case: Case) -> Ruling:
    """Print the standing ruling as it is served.

    Raises
    ------
    BadInput
        No ruling stands.
    Refused
        The pack has no words for the parties or for the remedy.
    """
    stands = standing(case)
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
        order=_order(case, stands),
        remedy=law_words.remedy(case.law.pack),
    )


def _order(case: Case, stands: ways.Ruling) -> Order | None:
    draft = stands.draft
    if draft.outcome == "no_refund":
        return None
    by_law = case.law.pack.ruling.perform_days if case.law.pack.ruling else None
    within = by_law or draft.perform_by
    if within is None:
        raise BadInput(
            f"claim {case.claim_no}: 履行期限: neither the pack nor the draft sets it; expected one of the two",
            zh=f"案件 {case.claim_no}：规则包和拟稿均未定履行期限，应由其一定明",
        )
    earlier = (each.event for each in case.way.recorded[: stands.number])
    paid = sum(event.fen for event in earlier if isinstance(event, events.PaymentMade))
    return Order(draft.ruled_fen, paid, within)


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
    stands = standing(case)
    return f"{TITLES[stands.outcome]} {stands.doc_no}.pdf"


def approval_sheet(case: Case) -> ApprovalSheet:
    """Print the sheet of the file: who drafted, reviewed and approved the standing ruling, and what each said."""
    stands = standing(case)
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
        raise BadInput(
            f"claim {case.claim_no}: no draft of a ruling waits; expected `ruling_drafted` first",
            zh=f"案件 {case.claim_no}：没有待复核的裁定拟稿，应先承办",
        )
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
    told = channel(way)
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


def receipt(case: Case, party: events.Party) -> ServiceReceipt:
    """Print a party's receipt of the standing ruling: as it was served, else to be signed."""
    stands = standing(case)
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
        method=_METHODS[event.method] if event else None,
        served_at=event.at if event else None,
        received_by=event.received_by if event else None,
        refusal=event.refusal if event else None,
        witness=event.witness if event else None,
        scan_sha256=bytes.fromhex(event.receipt_sha256) if event and event.receipt_sha256 else None,
    )


def _is_served(recorded: Recorded, party: events.Party) -> bool:
    return isinstance(recorded.event, events.RulingServed) and recorded.event.recipient == party
