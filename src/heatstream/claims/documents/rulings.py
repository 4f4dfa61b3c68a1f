"""退费裁定书, 不退费裁定书 and the 审批表 of the file as sheets."""

import datetime as dt
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from heatstream.claims.documents import words
from heatstream.claims.documents.papers import (
    Amounts,
    ApprovalSheet,
    Article,
    CompanyParty,
    HouseholdParty,
    Opinion,
    Order,
    Outcome,
    Ruling,
)
from heatstream.claims.documents.sheet import Block, Cell, Heading, PageBreak, Paragraph, Seal, Sheet, Table

TITLES: Final[dict[Outcome, str]] = {"refund": "退费裁定书", "no_refund": "不退费裁定书"}
_TO_SIGN_MM: Final = 18
_ORDINALS: Final = "一二三四五六七八九"
_MEANING: Final = {
    "测算额": "由读数与规则测算，不是应退金额",
    "应退热费": "申请、责任与证据均符合规则的金额",
    "裁定额": "主管部门裁定的金额",
}


def sheet(ruling: Ruling) -> Sheet:
    """Lay out a ruling as it is served."""
    return Sheet(
        form="letter",
        issuer=ruling.authority,
        title=TITLES[ruling.outcome],
        number=ruling.doc_no,
        margin=ruling.margin,
        blocks=(
            *_parties(ruling),
            *_sections(ruling),
            Seal(ruling.authority, words.numeral_day(ruling.margin.dated)),
            *_annex(ruling),
        ),
    )


def _parties(ruling: Ruling) -> list[Block]:
    first, last = ruling.season
    return [
        Paragraph(f"{ruling.terms.household}：{household(ruling.household)}。"),
        Paragraph(f"{ruling.terms.company}：{company(ruling.company)}。"),
        Paragraph(f"案号：{ruling.claim_no}。供热期：{words.day(first)}至{words.day(last)}。"),
    ]


def _sections(ruling: Ruling) -> list[Block]:
    sections: list[tuple[str, list[Block]]] = [
        ("请求", _paragraphs(ruling.request)),
        ("双方陈述", _paragraphs(*_statements(ruling))),
        ("查明的事实", _paragraphs(*ruling.facts)),
        ("证据", _evidence(ruling)),
        ("三项金额", [amounts_table(ruling.amounts)]),
        ("适用的规定", _paragraphs(*_law(ruling.articles))),
        ("理由", _paragraphs(*ruling.reasoning)),
        ("裁定", _paragraphs(f"依照上述规定，裁定如下：{_decision(ruling)}")),
        ("救济途径", _paragraphs(ruling.remedy)),
    ]
    return [
        block
        for ordinal, (title, blocks) in zip(_ORDINALS, sections, strict=True)
        for block in (Heading(f"{ordinal}、{title}"), *blocks)
    ]


def _paragraphs(*texts: str) -> list[Block]:
    return [Paragraph(text) for text in texts]


def household(party: HouseholdParty) -> str:
    """Name a household: by its number and address, and by the applicant where there is one."""
    return "，".join((*(each for each in (party.name,) if each), f"户号 {party.code}", f"地址：{party.address}"))


def company(party: CompanyParty) -> str:
    """Name a company."""
    return party.name + (f"，统一社会信用代码 {party.credit_code}" if party.credit_code else "")


def _statements(ruling: Ruling) -> list[str]:
    return [f"{each.party}于{words.instant(each.at)}陈述：{each.text}" for each in ruling.statements] or [
        "无陈述记录。"
    ]


def _evidence(ruling: Ruling) -> list[Block]:
    head = tuple(Cell(text, head=True) for text in ("序号", "证据", "SHA-256"))
    rows = tuple(
        (Cell(str(number)), Cell(each.name), Cell(words.hash_groups(each.sha256) if each.sha256 else "案件记录"))
        for number, each in enumerate(ruling.exhibits, 1)
    )
    bundle = (Cell("证据包", head=True, span=2), Cell(words.hash_groups(ruling.bundle_sha256)))
    policy = (Cell("规则与选项", head=True, span=2), Cell(words.hash_groups(ruling.policy_sha256)))
    return [
        Paragraph("本裁定依据下列证据。证据包含本户读数、规则与判定，可脱离本系统独立复算核验。"),
        Table("证据", (2, 10, 14), (head, *rows, bundle, policy)),
    ]


def amounts_table(amounts: Amounts) -> Table:
    """Lay out the three amounts apart, in figures and in capitals."""
    head = tuple(Cell(text, head=True) for text in ("项目", "金额", "大写", "说明"))
    values = (amounts.computed_fen, amounts.entitlement_fen, amounts.ruled_fen)
    rows = tuple(
        (Cell(name, head=True), *_written(fen, "未裁定" if name == "裁定额" else "未确定"), Cell(meaning))
        for (name, meaning), fen in zip(_MEANING.items(), values, strict=True)
    )
    return Table("三项金额", (4, 5, 9, 8), (head, *rows))


def _annex(ruling: Ruling) -> list[Block]:
    made = ruling.choices
    head = tuple(Cell(text, head=True) for text in ("规则未作规定的事项", "选定", "选项"))
    rows = tuple((Cell(each.question), Cell(each.value), Cell(each.option)) for each in made.chosen)
    return [
        PageBreak(),
        Heading("附：规则未作规定的事项及其选定"),
        Paragraph(f"下列事项规则未作规定，由{made.by}于{words.day(made.on)}选定，对所有案件同样适用。"),
        Table("选定", (9, 9, 9), (head, *rows)),
    ]


def _written(fen: int | None, without: str) -> tuple[Cell, Cell]:
    if fen is None:
        return Cell(without), Cell(without)
    return Cell(words.yuan(fen)), Cell(words.capital_yuan(fen))


def _law(articles: tuple[Article, ...]) -> Iterator[str]:
    """Name each instrument once, and under it each article once with all that is quoted of it."""
    for instrument, cited in groupby(articles, key=lambda each: each.instrument):
        yield f"{instrument}："
        for article, quoted in groupby(cited, key=lambda each: each.article):
            quotations = "；".join(f"“{each.quotation}”" for each in quoted if each.quotation)
            yield f"{article or ''}{quotations or '。'}"


def _decision(ruling: Ruling) -> str:
    user = f"{ruling.terms.household}（户号 {ruling.household.code}）"
    if ruling.order is None:
        return f"对{user}不予退费。"
    fen, within = ruling.order.fen, ruling.order.within
    until = (
        f"于{words.day(within)}前（含当日）" if isinstance(within, dt.date) else f"自本裁定书送达之日起 {within} 日内"
    )
    return (
        f"{ruling.terms.company}{ruling.company.name}应当{until}向{user}退还热费 {words.yuan(fen)}"
        f"（大写：{words.capital_yuan(fen)}）{_paid_before(ruling.order)}。"
    )


def _paid_before(order: Order) -> str:
    if order.paid_fen == 0:
        return ""
    rest = max(order.fen - order.paid_fen, 0)
    return f"，其中此前已付 {words.yuan(order.paid_fen)}，尚应付 {words.yuan(rest)}"


def approval(paper: ApprovalSheet) -> Sheet:
    """Lay out the sheet of the file that three people sign."""
    facts = (
        ("文书", f"{TITLES[paper.outcome]}　{paper.doc_no}"),
        (paper.terms.household, household(paper.household)),
        (paper.terms.company, company(paper.company)),
        ("证据包 SHA-256", words.hash_groups(paper.bundle_sha256)),
    )
    opinions = (("承办", paper.drafted), ("复核", paper.reviewed), ("审批", paper.approved))
    return Sheet(
        form="form",
        issuer=paper.authority,
        title="裁定审批表",
        number=f"案号：{paper.claim_no}",
        margin=paper.margin,
        blocks=(
            Table("案件", (4, 22), tuple((Cell(name, head=True), Cell(text)) for name, text in facts)),
            amounts_table(paper.amounts),
            Table("审批", (3, 11, 7, 5), (_OPINION_HEAD, *(_opinion(*each) for each in opinions))),
        ),
    )


_OPINION_HEAD: Final = tuple(Cell(text, head=True) for text in ("环节", "意见", "姓名、时间", "签字"))


def _opinion(step: str, opinion: Opinion) -> tuple[Cell, ...]:
    return (
        Cell(step, head=True, room_mm=_TO_SIGN_MM),
        Cell(opinion.opinion),
        Cell(f"{opinion.officer}\n{words.instant(opinion.at)}"),
        Cell(""),
    )
