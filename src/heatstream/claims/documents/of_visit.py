"""入户测温记录单 of a claim. Pure: everything is handed in."""

import datetime as dt
from dataclasses import replace
from typing import Final

from heatstream.claims import events
from heatstream.claims.documents import law_words, words
from heatstream.claims.documents.case import Case, channel
from heatstream.claims.documents.papers import (
    Copies,
    Margin,
    Measurer,
    Reading,
    RoomTest,
    Signer,
    Terms,
    VisitForm,
)
from heatstream.claims.way import Recorded
from heatstream.errors import BadInput
from heatstream.rules import pack
from heatstream.rules.law import Law
from heatstream.store.read.words import ROOM_KIND_ZH

_REFUSALS: Final = {"refused_signature": "拒签", "not_home": "不在家", "refused_entry": "拒绝入户"}


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
        zh_seen = f"第 {number} 号记录不是入户测温" if number else "本案无入户测温"
        raise BadInput(
            f"claim {case.claim_no}: no visit to print: {seen}; expected one recorded, or the blank form",
            zh=f"案件 {case.claim_no}：没有可打印的测温单：{zh_seen}；应先记录入户测温，或打印空白表",
        )
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
        channel=channel(way),
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
