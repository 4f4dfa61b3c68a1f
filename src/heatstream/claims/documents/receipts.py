"""送达回证, 企业自行退费凭证 and 判定说明 as sheets."""

from typing import Final

from heatstream.claims.documents import words
from heatstream.claims.documents.papers import Explanation, Payment, SelfRefundVoucher, ServiceReceipt
from heatstream.claims.documents.rulings import amounts_table, company, household
from heatstream.claims.documents.sheet import Block, Cell, Note, Paragraph, Sheet, Table

_TO_SIGN_MM: Final = 12
_INSTANT_TO_WRITE: Final = "　　　年　　月　　日　　时　　分"
_METHODS_TO_TICK: Final = "□ 直接送达　□ 留置送达　□ 邮寄送达　□ 电子送达　□ 公告送达"


def receipt(paper: ServiceReceipt) -> Sheet:
    """Lay out the receipt of one party."""
    pairs = (
        ("送达文书", f"{paper.document}　{paper.doc_no}", 0),
        ("文书 SHA-256", words.hash_groups(paper.document_sha256) if paper.document_sha256 else "", 0),
        ("受送达人", paper.recipient, 0),
        ("送达地址", paper.address or "", _TO_SIGN_MM),
        ("送达方式", paper.method or _METHODS_TO_TICK, 0),
        ("送达时间", words.instant(paper.served_at) if paper.served_at else _INSTANT_TO_WRITE, 0),
        ("受送达人签名或盖章", paper.received_by or "", _TO_SIGN_MM),
        ("拒收事由", paper.refusal or "", _TO_SIGN_MM),
        ("见证人", paper.witness or "", _TO_SIGN_MM),
        ("送达人", "", _TO_SIGN_MM),
        (
            "扫描件 SHA-256",
            words.hash_groups(paper.scan_sha256) if paper.scan_sha256 else "签字后扫描，由系统登记",
            0,
        ),
    )
    return Sheet(
        form="form",
        issuer=paper.authority,
        title="送达回证",
        number=f"案号：{paper.claim_no}",
        margin=paper.margin,
        blocks=(
            Table("送达", (6, 20), tuple((Cell(a, head=True), Cell(b, room_mm=room)) for a, b, room in pairs)),
            Note("受送达人拒绝签收的，送达人记明拒收事由和日期，由见证人签名。本回证一份存档。"),
        ),
    )


def voucher(paper: SelfRefundVoucher) -> Sheet:
    """Lay out what a company gives back by itself."""
    first, last = paper.period
    accepted = paper.accepted_at and f"{paper.accepted_by}　{words.instant(paper.accepted_at)}"
    pairs = (
        (paper.terms.household, household(paper.household), 0),
        (paper.terms.company, company(paper.company), 0),
        ("退费期间", f"{words.day(first)}至{words.day(last)}", 0),
        ("自行退费金额", f"{words.yuan(paper.offered_fen)}（{words.capital_yuan(paper.offered_fen)}）", 0),
        ("提出时间", words.instant(paper.offered_at), 0),
        (f"{paper.terms.household}接受", accepted or "签字：　　　　　　　　　　　　　日期：", _TO_SIGN_MM),
        (f"{paper.terms.company}盖章", "", _TO_SIGN_MM),
    )
    return Sheet(
        form="form",
        issuer=paper.company.name,
        title="企业自行退费凭证",
        number=f"案号：{paper.claim_no}",
        margin=paper.margin,
        blocks=(
            Table("退费", (6, 20), tuple((Cell(a, head=True), Cell(b, room_mm=room)) for a, b, room in pairs)),
            Table("付款", (5, 6, 8, 7), (_PAYMENT_HEAD, *map(_payment, paper.payments or (None,)))),
            amounts_table(paper.amounts),
            Note("自行退费由企业提出、用户接受，不是主管部门的裁定。测算额与应退热费以打印时的记录为准。"),
        ),
    )


_PAYMENT_HEAD: Final = tuple(Cell(text, head=True) for text in ("付款日期", "金额", "凭证号", "收款人"))


def _payment(payment: Payment | None) -> tuple[Cell, ...]:
    if payment is None:
        return tuple(Cell("", room_mm=_TO_SIGN_MM) for _ in _PAYMENT_HEAD)
    texts = (words.day(payment.paid_on), words.yuan(payment.fen), payment.voucher_no, payment.payee)
    return tuple(map(Cell, texts))


def explanation(paper: Explanation) -> Sheet:
    """Lay out why a claim comes to what it does."""
    lines: list[Block] = [
        block for line in paper.lines for block in (Paragraph(line.zh, indented=False), Note(line.en))
    ]
    head = tuple(Cell(text, head=True) for text in ("日期", "结论", "证据", "比例", "不计的原因"))
    days = tuple(
        tuple(map(Cell, (words.day(each.day), each.outcome, each.evidence, each.share, each.why_not)))
        for each in paper.days
    )
    return Sheet(
        form="form",
        issuer=None,
        title="判定说明",
        number=f"案号：{paper.claim_no}　截至 {words.instant(paper.as_of)}",
        margin=paper.margin,
        blocks=(
            Paragraph(household(paper.household), indented=False),
            amounts_table(paper.amounts),
            *lines,
            *((Table("逐日说明", (7, 4, 6, 4, 6), (head, *days)),) if days else ()),
            Note(f"规则与选项 SHA-256：{words.hash_groups(paper.policy_sha256)}"),
        ),
    )
