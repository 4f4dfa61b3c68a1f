import datetime as dt
from dataclasses import replace

import pytest

from heatstream.claims import events
from heatstream.claims.amount import Amount, refused
from heatstream.claims.clocks import Clock
from heatstream.claims.documents import amount_words, of_claim, of_ruling, of_visit, render
from heatstream.claims.documents.case import Case
from heatstream.claims.documents.papers import Amounts, Copies, ExplainedDay, Line, Order, Payment, Signer
from heatstream.core.claim_rules import Kind, Open
from heatstream.errors import BadInput, Refused
from heatstream.rules import pack
from heatstream.rules.choices import Choices
from heatstream.rules.law import Law

from .cases import BUNDLE, OFFER, PARAMETERS, PHOTO, REQUEST, SCAN, SERVED, SIGNED, TO_RULING, authority_visit, case
from .examples import at


def _without(group: str) -> Case:
    whole = case(TO_RULING)
    law = whole.law
    return replace(whole, law=Law(law.pack.model_copy(update={group: None}), law.choices, law.begins, law.ends))


def test_a_visit_is_printed_as_it_was_recorded() -> None:
    form = of_visit.visit_form(case(TO_RULING))
    assert (form.by, form.claim_no, form.organisation) == ("authority", "2026-TX-0001", "示例市示例区供热管理办公室")
    assert [(test.room, test.temp_centi) for test in form.rooms] == [("卧室（北卧室）", 1651), ("起居室", 1689)]
    assert form.refusals == ("供热企业拒签：对仪器有异议",)
    assert form.signers[0] == Signer("测温人员", "王立新", at(6, 17))
    assert form.scan_sha256 == bytes.fromhex(SCAN)
    assert form.margin.archive_no == "示供档2026-0001-1、示供档2026-0001-2"
    assert (form.channel, form.appointed_for) == ("12345，工单号 20260105-000871，室温不达标", at(6, 15, 30))


def test_the_newest_visit_is_printed_unless_another_is_asked_for() -> None:
    not_home = authority_visit(7, refusals=(events.Refusal(code="not_home", by="household"),))
    two = case([*TO_RULING[:5], ("D-0417", not_home)])
    assert (of_visit.visit_form(two).rooms, len(of_visit.visit_form(two, 5).rooms)) == ((), 2)
    assert of_visit.visit_form(two).refusals == ("居民不在家",)


def test_a_visit_that_was_not_recorded_is_refused() -> None:
    with pytest.raises(BadInput, match="2026-TX-0001: no visit to print: it has none"):
        of_visit.visit_form(case(REQUEST))
    with pytest.raises(BadInput, match="event 1 is none"):
        of_visit.visit_form(case(TO_RULING), 1)


def test_a_blank_form_holds_the_request_and_leaves_the_visit_to_be_written() -> None:
    form = of_visit.blank_form(case(REQUEST), "company", dt.date(2026, 1, 6))
    assert (form.household and form.household.name, form.requested_at) == ("欧阳䶮", at(5, 8, 12))
    assert (form.arrived_at, form.rooms, form.margin.record_sha256) == (None, (), None)
    assert (form.margin.dated, form.margin.watermark) == (dt.date(2026, 1, 6), "演示·非法律依据")


@pytest.mark.parametrize(
    ("by", "roles", "copies"),
    [
        ("company", ["测温人员", "居民"], ()),
        ("authority", ["测温人员", "居民"], (Copies("测温人员", 1), Copies("居民", 1), Copies("主管部门存档", 2))),
        ("third_party", ["检测人员", "居民", "供热企业"], ()),
    ],
)
def test_who_signs_a_blank_form_and_who_keeps_it(
    by: events.Measurer, roles: list[str], copies: tuple[Copies, ...]
) -> None:
    form = of_visit.blank_form(case(REQUEST), by, dt.date(2026, 1, 6))
    assert ([signer.role for signer in form.signers], form.copies) == (roles, copies)


def test_a_form_says_how_the_pack_wants_it_measured() -> None:
    asked = of_visit.blank_form(case(REQUEST), "company", dt.date(2026, 1, 6)).requirements
    assert {"依据 DB22/T 429-2005", "测温前关闭门窗 60 分钟", "仪器置于房间中央", "10:00—14:00 不测温"} <= set(asked)


def test_a_ruling_says_what_was_recorded_and_by_which_law() -> None:
    ruling = of_ruling.ruling(case(TO_RULING))
    assert (ruling.doc_no, ruling.authority) == ("示供裁〔2026〕1号", "示例市示例区供热管理办公室")
    assert ruling.margin.dated == dt.date(2026, 1, 28)
    assert ruling.request == (
        "居民于2026年1月5日 08:12通过热线提出诉求（12345，工单号 20260105-000871，室温不达标）。"
        "居民于2026年1月6日 09:00申请裁定：请求裁定退还室温不达标期间的热费。"
    )
    assert [(each.party, each.text) for each in ruling.statements] == [
        ("居民", "北卧室一直偏冷。"),
        ("供热企业", "阀门已更换。"),
    ]
    assert (ruling.amounts.computed_fen, ruling.amounts.entitlement_fen, ruling.amounts.ruled_fen) == (
        28_755,
        26_358,
        26_358,
    )
    assert ruling.order == Order(26_358, 0, 15)
    assert ruling.bundle_sha256 == bytes.fromhex(BUNDLE)
    assert ruling.remedy == "对裁定不服的，可以依法申请仲裁或者提起诉讼。"


def test_a_ruling_lists_its_evidence_with_the_hash_of_each_paper() -> None:
    exhibits = of_ruling.ruling(case(TO_RULING)).exhibits
    assert [(each.name, each.sha256 and each.sha256.hex()) for each in exhibits] == [
        ("主管部门入户测温记录单（2026年1月6日，记录第 5 号）", SCAN),
        ("窗框照片.jpg（记录第 5 号附件）", PHOTO),
        ("供热参数（2026年1月7日，记录第 6 号）", PARAMETERS),
        ("责任认定（2026年1月22日，记录第 7 号）", None),
    ]


def test_a_ruling_quotes_each_article_as_the_pack_holds_it() -> None:
    articles = of_ruling.ruling(case(TO_RULING)).articles
    assert {each.instrument for each in articles} == {"《示例市供热退费示例规则》（示例〔2015〕1号）"}
    assert list(dict.fromkeys(each.article for each in articles)) == [
        "第二条",
        "第四条",
        "第五条",
        "第六条",
        "第七条",
        "第十五条",
    ]
    assert all(each.quotation for each in articles)


def test_a_ruling_tells_every_choice_that_it_rests_on() -> None:
    made = of_ruling.ruling(case(TO_RULING)).choices
    chosen = {each.option: (each.question, each.value) for each in made.chosen}
    assert (made.by, made.on) == ("the demo", dt.date(2015, 10, 20))
    assert chosen["daily_statistic"] == ("连续数据如何成为当日室温", "连续低于标准 60 分钟即为不达标")
    assert chosen["end_inclusive"] == ("达标之日是否计入", "不计入")
    assert chosen["precedence"][1].startswith("第三方检测、主管部门测温、企业测温")
    assert {"retention", "contract_standard"} & set(chosen) == set()


def test_a_ruling_is_of_the_whole_refund_and_says_what_was_paid_before() -> None:
    paid = case([*REQUEST, *OFFER, *TO_RULING[3:]])
    assert of_ruling.ruling(paid).order == Order(26_358, 20_005, 15)


def test_where_the_pack_sets_no_time_limit_the_ruling_does() -> None:
    whole = case(TO_RULING)
    law = whole.law
    silent = law.pack.model_copy(update={"ruling": law.pack.ruling.model_copy(update={"perform_days": None})})
    whole = replace(whole, law=Law(silent, law.choices, law.begins, law.ends))
    with pytest.raises(BadInput, match="履行期限: neither the pack nor the draft sets it"):
        of_ruling.ruling(whole)
    draft = whole.way.ruling.draft.model_copy(update={"perform_by": dt.date(2026, 2, 27)})
    stands = replace(whole.way.ruling, draft=draft)
    ruled = replace(whole, way=replace(whole.way, ruling=stands))
    assert of_ruling.ruling(ruled).order == Order(26_358, 0, dt.date(2026, 2, 27))


@pytest.mark.parametrize("group", ["terms", "remedy"])
def test_a_ruling_whose_words_nobody_read_is_refused(group: str) -> None:
    with pytest.raises(Refused, match=f"pack demo-shili: {group}: null"):
        of_ruling.ruling(_without(group))


def test_without_a_ruling_there_is_none_to_print() -> None:
    for paper in (of_ruling.ruling, of_ruling.approval_sheet):
        with pytest.raises(BadInput, match="no ruling stands"):
            paper(case(REQUEST))


def test_a_revoked_ruling_is_not_printed_as_if_it_stood() -> None:
    revoked = events.RulingRevoked(at=at(30, 9), why="复议", by="市政府", decision_no="示府复〔2026〕3号")
    with pytest.raises(BadInput, match="no ruling stands"):
        of_ruling.ruling(case([*SERVED, ("D-0001", revoked)]))


def test_a_draft_is_printed_marked_as_one_and_without_a_number() -> None:
    waiting = case(TO_RULING[:-2])
    paper = of_ruling.draft(waiting)
    assert (paper.doc_no, paper.margin.watermark) == ("（文号待定）", "送审稿　演示·非法律依据")
    assert (paper.amounts.ruled_fen, paper.margin.record_sha256) == (26_358, waiting.hashes[10])
    assert of_ruling.draft(replace(waiting, watermark=None)).margin.watermark == "送审稿"


def test_without_a_draft_there_is_none_to_print() -> None:
    for told in (REQUEST, TO_RULING):
        with pytest.raises(BadInput, match="no draft of a ruling waits"):
            of_ruling.draft(case(told))


def test_the_approval_sheet_names_three_people_with_what_each_said() -> None:
    sheet = of_ruling.approval_sheet(case(TO_RULING))
    assert [(each.officer, each.opinion) for each in (sheet.drafted, sheet.reviewed, sheet.approved)] == [
        ("王立新（D-0417）", "事实清楚，建议退费。"),
        ("刘晨（D-0302）", "同意承办意见。"),
        ("孙宏（D-0001）", "同意。"),
    ]


def test_a_receipt_is_a_form_until_the_party_is_served() -> None:
    served, unserved = (of_ruling.receipt(case(SERVED), party) for party in ("household", "company"))
    assert (served.method, served.refusal, served.served_at) == ("留置送达", "不认可退费天数", at(29, 15, 10))
    assert served.scan_sha256 == bytes.fromhex(SIGNED)
    assert (unserved.method, unserved.served_at, unserved.recipient) == (None, None, "供热企业　示例市第一热力有限公司")
    assert served.document_sha256 == b"\1" * 32


def test_a_voucher_shows_offer_acceptance_and_payment() -> None:
    voucher = of_claim.voucher(case([*REQUEST, *OFFER]))
    assert (voucher.offered_fen, voucher.accepted_by, voucher.accepted_at) == (20_005, "欧阳䶮", at(13, 9))
    assert voucher.payments == (Payment(20_005, dt.date(2026, 1, 14), "TF-2026-00031", "欧阳䶮（尾号 0417）"),)
    assert voucher.amounts.ruled_fen is None


def test_what_cannot_be_computed_says_why_in_both_languages() -> None:
    facts = {"opening": {"at": at(5, 8).isoformat()}}
    lines = amount_words.lines(refused(facts, Refused("no choice is made", zh="选项未选定"), ()))
    assert Line("不能计算：选项未选定", "Nothing can be computed: no choice is made") in list(lines)


def test_without_an_offer_there_is_no_voucher() -> None:
    with pytest.raises(BadInput, match="no self-refund is offered"):
        of_claim.voucher(case(REQUEST))


def test_an_explanation_carries_amounts_days_and_time_limits_as_they_stand() -> None:
    whole = case(TO_RULING)
    amount = Amount(
        right="undetermined",
        entitlement_fen=None,
        computed_fen=28_755,
        if_alleged_proved_fen=0,
        counts_to_fen=26_358,
        at_least=True,
        open=("CAUSE",),
        denied=("FEE",),
        period=(dt.date(2026, 1, 5), None),
        days=(
            {
                "day": "2026-01-05",
                "counted": True,
                "why_not": None,
                "evidence": "company_visit",
                "outcome": "failing",
                "share": [1, 3],
                "outage_s": 5400,
            },
            {
                "day": "2026-01-06",
                "counted": False,
                "why_not": "stopped",
                "evidence": None,
                "outcome": None,
                "share": None,
                "outage_s": 0,
            },
        ),
        refusal=None,
    )
    clock = Clock("measure", at(5, 8), at(5, 8, 30), at(5, 8, 20))
    paper = of_claim.explanation(whole, amount, [clock], [Line("若…", "if …")], at(28, 12))
    assert paper.margin.record_sha256 == whole.hashes[len(TO_RULING)]
    assert (paper.amounts.computed_fen, paper.amounts.entitlement_fen) == (28_755, None)
    assert [line.zh for line in paper.lines] == [
        "应退热费未确定。",
        "不符合：热费的缴纳。",
        "尚未确定：责任认定。",
        "计退期间自2026年1月5日起，尚未终止。",
        "计退各日与停供合计至少 263.58 元；条件未全部符合前，不是应退热费。",
        "若被主张的免责事由全部成立，则为 0.00 元。",
        "若…",
        "测温时限，止于2026年1月5日 08:30：已遵守。",
    ]
    assert paper.days == (
        ExplainedDay(dt.date(2026, 1, 5), "不达标", "企业测温，停供 1 小时 30 分", "1/3", ""),
        ExplainedDay(dt.date(2026, 1, 6), "未认定", "无", "0", "报停"),
    )


def test_every_condition_of_the_right_and_every_reason_of_a_day_has_words() -> None:
    assert set(amount_words.CONDITIONS) == {each.name for each in Open}
    assert set(amount_words.EVIDENCE) == {each.name.lower() for each in Kind}


def test_the_papers_of_a_case_can_be_set() -> None:
    whole = case(SERVED)
    papers = (of_visit.visit_form(whole), of_ruling.ruling(whole), of_ruling.receipt(whole, "company"))
    assert [render.pdf(paper)[:5] for paper in papers] == [b"%PDF-"] * 3


def test_changchun_rules_no_refund_in_its_own_words_and_guesses_no_amount() -> None:
    draft = events.RulingDrafted(
        at=at(23, 9),
        why="不能证明室温低于标准。",
        outcome="no_refund",
        ruled_fen=0,
        facts=("各房间室温均不低于18.00 ℃。",),
        reasoning=("测温记录与固定监测点数据均不能证明室温低于标准。",),
        bundle_sha256=BUNDLE,
    )
    changchun = Law(pack.find("cn-22-changchun"), Choices(), dt.date(2020, 2, 1), None)
    told = [(officer, draft if event.kind == "ruling_drafted" else event) for officer, event in TO_RULING]
    whole = replace(
        case(told), law=changchun, watermark=None, computed_fen=None, entitlement_fen=None, standard_centi=1800
    )
    ruling = of_ruling.ruling(whole)
    assert (ruling.outcome, ruling.order) == ("no_refund", None)
    assert (ruling.terms.company, ruling.terms.household) == ("供热经营企业", "居民热用户")
    assert ruling.remedy == "对本裁定有异议的，可申请仲裁或者提起诉讼。"
    assert ruling.amounts == Amounts(None, None, 0)
    page = render.html(ruling)
    assert ("供热企业" in page, "演示" in page, "None" in page) == (False, False, False)
