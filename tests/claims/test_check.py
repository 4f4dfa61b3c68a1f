"""Who may record what next: each refusal names the step, the person and what was expected."""

import dataclasses
import datetime as dt
from typing import Any

import pytest

from heatstream.claims.check import ROLES, Circumstances, Home, Officer, check, may_come_next
from heatstream.claims.event_words import STEPS
from heatstream.claims.events import KINDS, Event
from heatstream.claims.way import ITSELF, Recorded, Way, fold
from heatstream.errors import BadInput, Refused
from heatstream.rules.pack import Pack, find

from .rig import NOW, OFFICERS, drafted, given, opened, room, time, visit

PACK = find("demo-shili")
BUNDLE = "cd" * 32
AROUND = Circumstances(
    home=Home("H1", 1, "区", 1, "热力公司"),
    pack=PACK,
    season=(dt.date(2025, 10, 20), dt.date(2026, 4, 6)),
    now=NOW,
    files=frozenset({BUNDLE}),
    bundles=frozenset({BUNDLE}),
    entitlement_fen=300,
)
CAUSE = {"cause": "company", "by": "authority", "names": ["王某"], "analysis": "失调", "on": [1]}
OFFER = {"fen": 200, "day_from": "2026-01-05", "day_to": "2026-01-06"}
PAID = {"fen": 300, "paid_on": "2026-01-15", "voucher_no": "退-1", "payee": "户主"}
SERVED = {"recipient": "household", "method": "direct", "received_by": "本人"}
AGREED = {"agrees": True, "opinion": "同意"}
ALLEGED = {"code": "user_blocked_radiator", "day_from": "2026-01-05", "evidence": "照片"}
PRESUMED = {"day": "2026-01-05", "no_good_reason": True, "no_other_agreement": True, "on": [1], "grounds": "查阅"}

OPENED = [(opened(), "HOT")]
MEASURED = [*OPENED, (visit(time(8, 20)), "INS")]
APPLIED = [
    *MEASURED,
    (given("self_refund_refused", time(9, day=7), by="company"), "CO"),
    (given("authority_applied", time(10, day=7), asks="退费"), "H1"),
]
RETESTED = [*APPLIED, (visit(time(15, day=11), 2000, by="authority"), "D1")]
HEARD = [
    *RETESTED,
    (given("statement_given", time(9, day=12), by="household", text="冷"), "H1"),
    (given("statement_given", time(9, day=12), by="company", text="已修"), "CO"),
]
DRAFTED = [*HEARD, (drafted(time(9, day=13), BUNDLE), "D1")]
REVIEWED = [*DRAFTED, (given("ruling_reviewed", time(10, day=13), **AGREED), "D2")]
RULED = [*REVIEWED, (given("ruling_approved", time(11, day=13), doc_no="1号", **AGREED), "D3")]
OFFERED = [*MEASURED, (given("self_refund_offered", time(9, day=6), **OFFER), "CO")]
SERVED_TO_BOTH = [
    *RULED,
    *(
        (given("ruling_served", time(14, day=13), **{**SERVED, "recipient": to}), "D1")
        for to in ("household", "company")
    ),
]
ACCEPTED = [*OFFERED, (given("self_refund_accepted", time(10, day=6), by_name="户主"), "H1")]


def officer(code: str) -> Officer:
    name, role = OFFICERS[code]
    placed = {
        "district_id": 1 if role in {"district", "street"} else None,
        "company_id": 1 if role in {"inspector", "company"} else None,
    }
    return Officer(code, name, role, **placed, valid_from=dt.date(2020, 1, 1), valid_to=None)


def way(told: list[tuple[Event, str]]) -> Way:
    return fold(Recorded(number, event, by, event.at) for number, (event, by) in enumerate(told, start=1))


def pack(**changed: Any) -> Pack:
    return PACK.model_copy(update=changed)


def said(told: list[tuple[Event, str]], event: Event, by: Officer, around: Circumstances = AROUND) -> str:
    """Tell the kind of error and its message; empty where the event is recorded."""
    try:
        check(way(told), event, by, around)
    except (BadInput, Refused) as error:
        return f"{type(error).__name__}: {error}"
    return ""


# --- the way as it should go ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [RULED, ACCEPTED], ids=["to a ruling", "to an accepted self-refund"])
def test_each_step_of_the_way_may_follow_the_one_before(steps: list[tuple[Event, str]]) -> None:
    assert [said(steps[:number], event, officer(by)) for number, (event, by) in enumerate(steps)] == [""] * len(steps)


# --- out of order, or against what is recorded ------------------------------------------------------------------------

WRONG: dict[str, tuple[list[tuple[Event, str]], Event, str, str]] = {
    "a visit before the request": (
        OPENED,
        visit(time(7)),
        "INS",
        "BadInput: 入户测温 by 测温员 (inspector): at: seen 2026-01-05T07:30:00+08:00, expected not before the",
    ),
    "an event of tomorrow": (
        OPENED,
        given("contacted", NOW + dt.timedelta(days=1), by_means="电话"),
        "CO",
        "BadInput: 联系 by 客服 (company): at: seen 2026-01-21T12:00:00+08:00, expected not after now",
    ),
    "a second opening": (
        OPENED,
        opened(),
        "HOT",
        "BadInput: 受理 by 接线员 (hotline): expected `opened` first, and once",
    ),
    "anything before the opening": (
        [],
        given("closed", time(9)),
        "D1",
        "BadInput: 办结 by 王某 (district): expected `op",
    ),
    "a paper that was not attached": (
        OPENED,
        given("contacted", time(8, 9), by_means="电话", files=["ef" * 32]),
        "CO",
        f"BadInput: 联系 by 客服 (company): files: {'ef' * 32} not attached",
    ),
    "a visit that nobody signed": (
        OPENED,
        visit(time(8, 20), people=[{"name": "测温员", "role": "tester", "signed": True}]),
        "INS",
        "BadInput: 入户测温 by 测温员 (inspector): people: the household has not signed; expected its signature",
    ),
    "复测 that nobody asked for": (
        MEASURED,
        visit(time(15, day=11), by="authority"),
        "D1",
        "BadInput: 入户测温 by 王某 (district): the authority measures after `escalated`, `authority_applied`",
    ),
    "复测 with one archived copy": (
        APPLIED,
        visit(time(15, day=11), by="authority", copies={"inspector": 1, "household": 1, "archived": 1}),
        "D1",
        "BadInput: 入户测温 by 王某 (district): copies.archived: seen 1, expected 2",
    ),
    "two archived copies and one 档号": (
        APPLIED,
        visit(time(15, day=11), by="authority", archive_nos=["档1"]),
        "D1",
        "BadInput: 入户测温 by 王某 (district): archive_nos: seen 1 档号, expected one for each of 2 archived copies",
    ),
    "an escalation that nothing shows": (
        OPENED,
        given("escalated", time(9), trigger="not_measured_in_time"),
        "HOT",
        "BadInput: 转主管部门测温 by 接线员 (hotline): trigger not_measured_in_time: nothing recorded shows it",
    ),
    "a cause that cites an event there is not": (
        OPENED,
        given("cause_determined", time(9), **{**CAUSE, "on": [9]}),
        "D1",
        "BadInput: 责任认定 by 王某 (district): cites event 9, the claim has 1",
    ),
    "an objection before there is a cause": (
        OPENED,
        given("cause_contested", time(9), by="company", against=1, grounds="不服"),
        "CO",
        "BadInput: 责任异议 by 客服 (company): no cause is determined; expected `cause_determined` first",
    ),
    "a decision before there is an allegation": (
        OPENED,
        given("exclusion_decided", time(9), allegation=1, proved=True, grounds="查实"),
        "D1",
        "BadInput: 免责认定 by 王某 (district): no exclusion is alleged; expected `exclusion_alleged` first",
    ),
    "closing a review before there is one": (
        RULED,
        given("review_closed", time(9, day=15), review=3, outcome="ruling_stands", grounds="x"),
        "D1",
        "BadInput: 复核结论 by 王某 (district): no 复核 is open; expected `review_opened` first",
    ),
    "serving once more what both have": (
        SERVED_TO_BOTH,
        given("ruling_served", time(15, day=13), **SERVED),
        "D1",
        "BadInput: 送达 by 王某 (district): both parties were served already",
    ),
    "an objection to what determines no cause": (
        [*OPENED, (given("cause_determined", time(9), **CAUSE), "D1")],
        given("cause_contested", time(9), by="company", against=1, grounds="不服"),
        "CO",
        "BadInput: 责任异议 by 客服 (company): event 1 determines no cause",
    ),
    "a decision on what nobody alleged": (
        [*OPENED, (given("exclusion_alleged", time(9), **ALLEGED), "CO")],
        given("exclusion_decided", time(9), allegation=1, proved=True, grounds="查实"),
        "D1",
        "BadInput: 免责认定 by 王某 (district): event 1 alleges no exclusion",
    ),
    "an exclusion outside the season": (
        OPENED,
        given("exclusion_alleged", time(9), **{**ALLEGED, "day_from": "2025-09-01"}),
        "CO",
        "BadInput: 免责主张 by 客服 (company): day 2025-09-01: expected within the season 2025-10-20 to 2026-04-06",
    ),
    "a self-refund before any measurement": (
        OPENED,
        given("self_refund_offered", time(9), **OFFER),
        "CO",
        "BadInput: 自行退费 by 客服 (company): expected 测温 first",
    ),
    "accepting what was not offered": (
        MEASURED,
        given("self_refund_accepted", time(9), by_name="户主"),
        "H1",
        "BadInput: 接受退费 by 户主 (household): nothing is offered; expected `self_refund_offered` first",
    ),
    "accepting twice": (
        ACCEPTED,
        given("self_refund_accepted", time(11, day=6), by_name="户主"),
        "H1",
        "BadInput: 接受退费 by 户主 (household): the offer was accepted already",
    ),
    "the authority before the company": (
        OPENED,
        given("authority_applied", time(9), asks="退费"),
        "H1",
        "BadInput: 申请裁定 by 户主 (household): the order is 测温, then 企业自行退费, and only if not 申请区主管部门",
    ),
    "applying twice": (
        APPLIED,
        given("authority_applied", time(9, day=8), asks="退费"),
        "H1",
        "BadInput: 申请裁定 by 户主 (household): applied already",
    ),
    "a ruling nobody applied for": (
        MEASURED,
        drafted(time(9, day=13), BUNDLE),
        "D1",
        "BadInput: 承办 by 王某 (district): expected `authority_applied` first",
    ),
    "a ruling without 复测 or a series": (
        APPLIED,
        drafted(time(9, day=13), BUNDLE),
        "D1",
        "BadInput: 承办 by 王某 (district): expected 复测 first: the authority's visit, or a fixed point's series",
    ),
    "a ruling without 陈述": (
        RETESTED,
        drafted(time(9, day=13), BUNDLE),
        "D1",
        "BadInput: 承办 by 王某 (district): 陈述 is missing of: company, household",
    ),
    "a ruling without a bundle": (
        HEARD,
        drafted(time(9, day=13), "ab" * 32),
        "D1",
        f"BadInput: 承办 by 王某 (district): bundle_sha256 {'ab' * 32}: no evidence bundle of the claim",
    ),
    "another amount without a reason": (
        HEARD,
        drafted(time(9, day=13), BUNDLE, ruled_fen=301),
        "D1",
        "BadInput: 承办 by 王某 (district): ruled_fen: seen 301, 应退热费 is 300 fen; expected other_amount_because",
    ),
    "a 履行期限 where the pack has one": (
        HEARD,
        drafted(time(9, day=13), BUNDLE, perform_by="2026-02-10"),
        "D1",
        "BadInput: 承办 by 王某 (district): perform_by: the pack says 15 days after service; expected none",
    ),
    "复核 of nothing": (
        HEARD,
        given("ruling_reviewed", time(10, day=13), **AGREED),
        "D2",
        "BadInput: 复核 by 李某 (district): nothing is drafted; expected `ruling_drafted` first",
    ),
    "审批 without 复核": (
        DRAFTED,
        given("ruling_approved", time(11, day=13), doc_no="1号", **AGREED),
        "D3",
        "BadInput: 审批 by 张某 (district): the draft is not reviewed; expected 承办, then 复核, then 审批",
    ),
    "a second ruling": (
        RULED,
        drafted(time(9, day=14), BUNDLE),
        "D1",
        "BadInput: 承办 by 王某 (district): ruling 1号 stands; expected none, or 撤销 of it first",
    ),
    "送达 of nothing": (
        HEARD,
        given("ruling_served", time(9, day=14), **SERVED),
        "D1",
        "BadInput: 送达 by 王某 (district): no ruling stands; expected 审批 first",
    ),
    "送达 before the ruling": (
        RULED,
        given("ruling_served", time(9, day=13), **SERVED),
        "D1",
        "BadInput: 送达 by 王某 (district): at: seen 2026-01-13T09:00:00+08:00, expected not before it was issued",
    ),
    "送达 twice": (
        [*RULED, (given("ruling_served", time(14, day=13), **SERVED), "D1")],
        given("ruling_served", time(15, day=13), **SERVED),
        "D1",
        "BadInput: 送达 by 王某 (district): the household was served already",
    ),
    "a payment of nothing owed": (
        MEASURED,
        given("payment_made", time(9, day=15), **PAID),
        "CO",
        "BadInput: 履行 by 客服 (company): nothing is to be paid; expected a ruling, or a self-refund accepted",
    ),
    "more than was ruled": (
        RULED,
        given("payment_made", time(9, day=15), **{**PAID, "fen": 301}),
        "CO",
        "BadInput: 履行 by 客服 (company): fen: seen 301, together 301 paid of 300; expected more_because",
    ),
    "more than was ruled, in two parts": (
        [*RULED, (given("payment_made", time(9, day=15), **PAID), "CO")],
        given("payment_made", time(9, day=16), **{**PAID, "fen": 1}),
        "CO",
        "BadInput: 履行 by 客服 (company): fen: seen 1, together 301 paid of 300; expected more_because",
    ),
    "a payment of tomorrow": (
        RULED,
        given("payment_made", time(9, day=15), **{**PAID, "paid_on": "2026-01-21"}),
        "CO",
        "BadInput: 履行 by 客服 (company): paid_on: seen 2026-01-21, expected from 2026-01-05 to 2026-01-20",
    ),
    "撤销 of nothing": (
        HEARD,
        given("ruling_revoked", time(9, day=14), by="市政府", decision_no="复议1号"),
        "D1",
        "BadInput: 撤销裁定 by 王某 (district): no ruling stands",
    ),
    "closing what is unpaid": (
        RULED,
        given("closed", time(9, day=15)),
        "D1",
        "BadInput: 办结 by 王某 (district): 0 fen are paid of 300",
    ),
    "closing what was applied for and not ruled": (
        HEARD,
        given("closed", time(9, day=15)),
        "D1",
        "BadInput: 办结 by 王某 (district): applied for and not ruled; expected 裁定 or 撤回",
    ),
    "withdrawing what is ruled": (
        RULED,
        given("withdrawn", time(9, day=15), by_name="户主"),
        "H1",
        "BadInput: 撤回 by 户主 (household): ruling 1号 stands; expected none",
    ),
    "anything after 撤回": (
        [*OPENED, (given("withdrawn", time(9), by_name="户主"), "H1")],
        given("contacted", time(10), by_means="电话"),
        "CO",
        "BadInput: 联系 by 客服 (company): the claim was withdrawn",
    ),
    "closing a review there is not": (
        [*RULED, (given("review_opened", time(9, day=14), because="officer", found="x"), "D1")],
        given("review_closed", time(9, day=15), review=3, outcome="ruling_stands", grounds="x"),
        "D1",
        "BadInput: 复核结论 by 王某 (district): event 3 opened no 复核 that is open",
    ),
}


@pytest.mark.parametrize(("told", "event", "by", "message"), WRONG.values(), ids=WRONG)
def test_what_contradicts_the_way_is_bad_input(
    told: list[tuple[Event, str]], event: Event, by: str, message: str
) -> None:
    assert said(told, event, officer(by)).startswith(message)


# --- against the law --------------------------------------------------------------------------------------------------

FORBIDDEN: dict[str, tuple[list[tuple[Event, str]], Event, Officer, Pack, str]] = {
    "a 街道 that would prove": (
        OPENED,
        visit(time(8, 20)),
        officer("STR"),
        PACK,
        "Refused: 入户测温 by 街道 (street): role street may not record visit_recorded; expected company, district",
    ),
    "a city that would rule": (
        HEARD,
        drafted(time(9, day=13), BUNDLE),
        officer("CITY"),
        PACK,
        "Refused: 承办 by 市局 (city): role city may not record ruling_drafted; expected district",
    ),
    "an auditor that would record": (
        OPENED,
        given("contacted", time(9), by_means="电话"),
        officer("AUD"),
        PACK,
        "Refused: 联系 by 审计 (auditor): role auditor may not record contacted",
    ),
    "another district": (
        HEARD,
        drafted(time(9, day=13), BUNDLE),
        dataclasses.replace(officer("D1"), district_id=2),
        PACK,
        "Refused: 承办 by 王某 (district): the home is in 区, outside this officer's district",
    ),
    "another company's inspector": (
        OPENED,
        visit(time(8, 20)),
        dataclasses.replace(officer("INS"), company_id=2),
        PACK,
        "Refused: 入户测温 by 测温员 (inspector): the home is heated by 热力公司, and this is another company's",
    ),
    "another household": (
        MEASURED,
        given("withdrawn", time(9), by_name="别人"),
        dataclasses.replace(officer("H1"), code="H2"),
        PACK,
        "Refused: 撤回 by 户主 (household): a household acts in its own claims; H2 is not H1",
    ),
    "an officer who held office only before": (
        HEARD,
        drafted(time(9, day=13), BUNDLE),
        dataclasses.replace(officer("D1"), valid_to=dt.date(2025, 12, 31)),
        PACK,
        "Refused: 承办 by 王某 (district): holds the office from 2020-01-01 to 2025-12-31, not on 2026-01-13",
    ),
    "a company that speaks for the household": (
        HEARD,
        given("statement_given", time(9, day=12), by="household", text="满意"),
        officer("CO"),
        PACK,
        "Refused: 陈述 by 客服 (company): company does not speak for the household",
    ),
    "the drafter who reviews": (
        DRAFTED,
        given("ruling_reviewed", time(10, day=13), **AGREED),
        officer("D1"),
        PACK,
        "Refused: 复核 by 王某 (district): the ruling was drafted by the same person; 承办, 复核 and 审批",
    ),
    "the reviewer who approves": (
        REVIEWED,
        given("ruling_approved", time(11, day=13), doc_no="1号", **AGREED),
        officer("D2"),
        PACK,
        "Refused: 审批 by 李某 (district): the ruling was reviewed by the same person",
    ),
    "a ruling where the pack has none": (
        HEARD,
        drafted(time(9, day=13), BUNDLE),
        officer("D1"),
        pack(ruling=None),
        "Refused: 承办 by 王某 (district): pack demo-shili has no ruling: nobody could read who rules",
    ),
    "an outcome the pack does not have": (
        HEARD,
        drafted(time(9, day=13), BUNDLE, outcome="no_refund", ruled_fen=0),
        officer("D1"),
        pack(ruling=PACK.ruling and PACK.ruling.model_copy(update={"outcomes": ("refund",)})),
        "Refused: 承办 by 王某 (district): outcome no_refund: pack demo-shili has refund",
    ),
    "a hotline that opens by the authority's own watch": (
        [],
        opened(way="officer"),
        officer("HOT"),
        PACK,
        "Refused: 受理 by 接线员 (hotline): way officer: the district alone opens by its own watch, not hotline",
    ),
    "a way of opening that the text does not name": (
        [],
        opened(way="officer"),
        officer("D1"),
        pack(opening=PACK.opening and PACK.opening.model_copy(update={"ways": ("application",)})),
        "Refused: 受理 by 王某 (district): way officer: pack demo-shili opens by application",
    ),
    "an escalation the pack does not have": (
        OPENED,
        given("escalated", time(9), trigger="disputed"),
        officer("HOT"),
        pack(escalation=None),
        "Refused: 转主管部门测温 by 接线员 (hotline): pack demo-shili has no escalation",
    ),
    "an exclusion the pack does not have": (
        OPENED,
        given("exclusion_alleged", time(9), **{**ALLEGED, "code": "poor_envelope"}),
        officer("CO"),
        PACK,
        "Refused: 免责主张 by 客服 (company): code poor_envelope: pack demo-shili knows ",
    ),
    "a presumption where there was a good reason": (
        OPENED,
        given("presumption_recorded", time(9), lapse="company_refused", **{**PRESUMED, "no_good_reason": False}),
        officer("D1"),
        PACK,
        "Refused: 推定 by 王某 (district): presumes nothing: expected that there was no 正当理由 and no 另有约定",
    ),
    "a presumption the pack does not have": (
        OPENED,
        given("presumption_recorded", time(9), lapse="company_kept_no_record", **PRESUMED),
        officer("D1"),
        pack(presumption=PACK.presumption and PACK.presumption.model_copy(update={"failing_when": ()})),
        "Refused: 推定 by 王某 (district): lapse company_kept_no_record: pack demo-shili presumes on ",
    ),
    "conditions that the standard does not have": (
        OPENED,
        given("condition_recorded", time(9), day_from="2026-01-05", day_to="2026-01-05", met=True, grounds="x"),
        officer("D1"),
        PACK.model_copy(update={"standard": PACK.standard and PACK.standard.model_copy(update={"conditions": ()})}),
        "Refused: 法定条件 by 王某 (district): pack demo-shili: its standard holds under no conditions",
    ),
    "a company that closes what was applied for": (
        HEARD,
        given("closed", time(9, day=15)),
        officer("CO"),
        PACK,
        "Refused: 办结 by 客服 (company): the district closes what was applied for",
    ),
}


@pytest.mark.parametrize(("told", "event", "by", "law", "message"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_what_the_law_forbids_is_refused(
    told: list[tuple[Event, str]], event: Event, by: Officer, law: Pack, message: str
) -> None:
    assert said(told, event, by, dataclasses.replace(AROUND, pack=law)).startswith(message)


# --- what is allowed all the same -------------------------------------------------------------------------------------


def test_another_amount_than_the_entitlement_may_be_ruled_with_a_reason() -> None:
    event = drafted(time(9, day=13), BUNDLE, ruled_fen=500, other_amount_because="另计停供")
    assert said(HEARD, event, officer("D1")) == ""


def test_an_undetermined_entitlement_blocks_no_ruling() -> None:
    around = dataclasses.replace(AROUND, entitlement_fen=None)
    assert said(HEARD, drafted(time(9, day=13), BUNDLE, outcome="no_refund", ruled_fen=0), officer("D1"), around) == ""


def test_a_fixed_points_series_stands_for_the_retest() -> None:
    heard = [each for each in HEARD if getattr(each[0], "by", None) != "authority"]
    around = dataclasses.replace(AROUND, monitored=True)
    assert said(heard, drafted(time(9, day=13), BUNDLE), officer("D1"), around) == ""


def test_a_refused_signature_is_recorded_in_its_place() -> None:
    refused = visit(
        time(8, 20),
        people=[{"name": "测温员", "role": "tester", "signed": True}],
        refusals=[{"code": "refused_signature", "by": "household", "reason": "不同意"}],
    )
    assert said(OPENED, refused, officer("INS")) == ""


def test_a_breached_limit_lets_the_authority_be_called() -> None:
    late = dataclasses.replace(AROUND, measured_late=True)
    event = given("escalated", time(9), trigger="not_measured_in_time")
    assert said(OPENED, event, officer("HOT"), late) == ""


def test_a_failing_test_of_the_company_lets_the_authority_be_called() -> None:
    event = given("escalated", time(9), trigger="measured_failing")
    found = [dataclasses.replace(AROUND, measured_failing=failing) for failing in (True, False)]
    assert [said(MEASURED, event, officer("HOT"), around) for around in found] == [
        "",
        "BadInput: 转主管部门测温 by 接线员 (hotline): trigger measured_failing: nothing recorded shows it",
    ]


def test_a_company_that_does_not_sign_lets_the_authority_be_called() -> None:
    unsigned = visit(
        time(8, 20),
        people=[
            {"name": "测温员", "role": "tester", "signed": False},
            {"name": "户主", "role": "household", "signed": True},
        ],
        refusals=[{"code": "refused_signature", "by": "company"}],
    )
    event = given("escalated", time(9), trigger="company_did_not_sign")
    assert [said([*OPENED, (each, "INS")], event, officer("HOT")) for each in (unsigned, visit(time(8, 20)))] == [
        "",
        "BadInput: 转主管部门测温 by 接线员 (hotline): trigger company_did_not_sign: nothing recorded shows it",
    ]


def test_a_revoked_ruling_makes_room_for_another() -> None:
    revoked = [*RULED, (given("ruling_revoked", time(9, day=14), by="市政府", decision_no="复议1号"), "D1")]
    assert said(revoked, drafted(time(9, day=15), BUNDLE), officer("D2")) == ""


def test_a_draft_that_was_sent_back_is_drafted_anew() -> None:
    back = [*DRAFTED, (given("ruling_reviewed", time(10, day=13), agrees=False, opinion="重算"), "D2")]
    assert said(back, drafted(time(12, day=13), BUNDLE), officer("D2")) == ""


def test_the_software_opens_reviews() -> None:
    event = given("review_opened", time(9, day=15), because="late_data", found="x")
    itself = Officer(ITSELF, ITSELF, ITSELF, None, None, dt.date.min, None)
    assert (said(RULED, event, itself), said(RULED, event, officer("D1"))) == (
        "",
        "BadInput: 复核任务 by 王某 (district): because: seen late_data, expected officer: the rest is found",
    )


@pytest.mark.parametrize("told", [ACCEPTED, SERVED_TO_BOTH], ids=["self-refund", "ruling"])
def test_what_was_recorded_was_told_to_come_next(told: list[tuple[Event, str]]) -> None:
    for count, (event, by) in enumerate(told):
        assert officer(by).role in may_come_next(way(told[:count]), AROUND)[event.kind]


def test_nothing_is_told_to_come_next_that_the_way_is_not_ready_for() -> None:
    assert set(may_come_next(way([]), AROUND)) == {"opened"}
    opened_only, reviewed, ruled = (set(may_come_next(way(told), AROUND)) for told in (OPENED, REVIEWED, RULED))
    assert opened_only.isdisjoint({"opened", "authority_applied", "ruling_drafted", "payment_made", "review_opened"})
    assert ("ruling_approved" in reviewed, "ruling_reviewed" in reviewed) == (True, False)
    assert ruled >= {"ruling_served", "payment_made", "ruling_revoked", "review_opened"}
    assert ruled.isdisjoint({"ruling_drafted", "ruling_approved", "self_refund_offered", "withdrawn", "closed"})


def test_an_ended_claim_has_little_or_nothing_to_come() -> None:
    paid = [*SERVED_TO_BOTH, (given("payment_made", time(10, day=15), **PAID), "CO")]
    closed = [*paid, (given("closed", time(11, day=15)), "D1")]
    withdrawn = [*OPENED, (given("withdrawn", time(9), by_name="户主"), "H1")]
    assert may_come_next(way(closed), AROUND) == {
        "ruling_revoked": ("district",),
        "review_opened": ("city", "district"),
    }
    assert may_come_next(way(withdrawn), AROUND) == {}


def test_the_company_does_not_close_what_was_applied_for() -> None:
    paid = [*SERVED_TO_BOTH, (given("payment_made", time(10, day=15), **PAID), "CO")]
    assert may_come_next(way(paid), AROUND)["closed"] == ("district",)


def test_every_kind_has_its_roles_and_its_name() -> None:
    assert (set(ROLES), set(STEPS)) == (set(KINDS), set(KINDS))


# --- what an event itself refuses -------------------------------------------------------------------------------------

MALFORMED: dict[str, tuple[dict[str, Any], str]] = {
    "a visit that ends before it starts": (
        {"ended_at": time(8, 10)},
        "ended_at: seen 2026-01-05T08:10:00+08:00, expected not before started_at 2026-01-05T08:25:00+08:00",
    ),
    "an area of zero": (
        {"rooms": [room(time(8, 30), area_centi_m2=0)]},
        "rooms.0.area_centi_m2: seen 0: Input should be greater than 0",
    ),
    "a temperature that no reading shows": (
        {"rooms": [room(time(8, 30), temp_centi=1800)]},
        "rooms.0: temp_centi: seen 1800, expected within its readings [1650, 1650, 1650]",
    ),
    "two readings": (
        {"rooms": [{**room(time(8, 30)), "readings": room(time(8, 30))["readings"][:2]}]},
        "rooms.0.readings.2: missing",
    ),
    "readings outside the visit": ({"rooms": [room(time(9, 30))]}, "rooms.0.readings: expected between started_at and"),
    "no rooms and no reason": ({"rooms": []}, "rooms: seen none, expected the rooms tested, or a refusal not_home"),
    "an unknown field": ({"colour": "red"}, "colour: seen 'red': Extra inputs are not permitted"),
    "a bare number for an instant": ({"arrived_at": 1767571200}, "arrived_at: expected a date like 2026-01-05"),
}


@pytest.mark.parametrize(("changed", "message"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_visit_is_told_with_its_field(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput) as caught:
        visit(time(8, 20), **changed)
    assert str(caught.value).startswith(f"测试: visit_recorded: {message}")
