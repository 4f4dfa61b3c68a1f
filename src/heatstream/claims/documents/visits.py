"""入户测温记录单 as a sheet: filled from a record, or empty to be written on at the door."""

import datetime as dt
from typing import Final

from heatstream.claims.documents import words
from heatstream.claims.documents.papers import RoomTest, Signer, VisitForm
from heatstream.claims.documents.rulings import company as in_full
from heatstream.claims.documents.sheet import Block, Cell, Note, Sheet, Table

_VARIANT: Final = {"company": "企业测温", "authority": "主管部门测温", "third_party": "第三方检测"}
_TITLE: Final = "入户测温记录单"
_EMPTY_ROOMS: Final = 4
_TO_WRITE_MM: Final = 3
_TO_SIGN_MM: Final = 6
_ROOM_HEADS: Final = (
    "房间",
    "面积\nm²",
    "位置",
    "高度\nm",
    "门窗关闭\n分钟",
    "读数一\n℃",
    "读数二\n℃",
    "读数三\n℃",
    "读数\n稳定",
    "室温\n℃",
)
_DATE_TO_WRITE: Final = "　　　年　　月　　日"
_INSTANT_TO_WRITE: Final = "　　 年　 月　 日　 时　 分"
_FACT_ALONE: Final = "本单只记载测量的事实；室温是否达标、应否退费，依规则另行判定。经双方签字的纸质原件扫描件为准。"


def sheet(form: VisitForm) -> Sheet:
    """Lay out a record of a visit."""
    return Sheet(
        form="form",
        issuer=form.organisation,
        title=f"{_TITLE}（{_VARIANT[form.by]}）",
        number=f"案号：{form.claim_no or '＿' * 12}",
        margin=form.margin,
        blocks=tuple(_blocks(form)),
    )


def _blocks(form: VisitForm) -> list[Block]:
    return [
        _request(form),
        Table(
            "测温记录",
            (5, 3, 4, 3, 4, 4, 4, 4, 3, 3),
            (tuple(Cell(head, head=True) for head in _ROOM_HEADS), *_rooms(form)),
        ),
        Table("签字", (4, 6, 7, 7), (_SIGNERS_HEAD, *(_signer(form, each) for each in form.signers))),
        Table(
            "其他", (4, 20), tuple(_pair(*each, room_mm=_TO_WRITE_MM if _blank(form) else 0) for each in _rest(form))
        ),
        *(Note(f"测温要求：{'；'.join(form.requirements)}。") for _ in form.requirements[:1]),
        Note(_FACT_ALONE),
    ]


_SIGNERS_HEAD: Final = tuple(Cell(head, head=True) for head in ("身份", "姓名", "签字", "日期"))


def _pair(name: str, value: str, *, span: int = 1, room_mm: int = 0) -> tuple[Cell, Cell]:
    return Cell(name, head=True), Cell(value, span=span, room_mm=room_mm)


def _request(form: VisitForm) -> Table:
    household, company = form.household, form.company
    pairs = (
        (form.terms.household, _or_empty(form, household.name if household else None)),
        ("户号", _or_empty(form, household.code if household else None)),
        (form.terms.company, _or_empty(form, in_full(company) if company else None)),
        ("室温标准", _or_empty(form, form.standard_centi and f"不低于 {words.hundredths(form.standard_centi)} ℃")),
        ("申请时间", _at(form, form.requested_at)),
        ("申请渠道", _or_empty(form, form.channel)),
        ("联系时间", _at(form, form.contacted_at)),
        ("另有约定", _at(form, form.appointed_for)),
        ("到达时间", _at(form, form.arrived_at)),
        ("仪器编号", _or_empty(form, form.instrument_no)),
        ("测温开始", _at(form, form.started_at)),
        ("证书编号", _or_empty(form, form.certificate_no)),
        ("测温结束", _at(form, form.ended_at)),
        ("证书有效至", _on(form, form.certificate_until)),
    )
    room_mm = _TO_WRITE_MM if _blank(form) else 0
    rows = tuple(
        (*_pair(*left, room_mm=room_mm), *_pair(*right, room_mm=room_mm))
        for left, right in zip(pairs[::2], pairs[1::2], strict=True)
    )
    address = _pair("地址", _or_empty(form, household.address if household else None), span=3, room_mm=room_mm)
    return Table("申请与到访", (4, 8, 4, 8), (rows[0], address, *rows[1:]))


def _rooms(form: VisitForm) -> list[tuple[Cell, ...]]:
    if not form.rooms:
        return (
            [tuple(Cell("", room_mm=_TO_WRITE_MM) for _ in _ROOM_HEADS) for _ in range(_EMPTY_ROOMS)]
            if _blank(form)
            else []
        )
    return [tuple(Cell(text) for text in _room(each)) for each in form.rooms]


def _room(test: RoomTest) -> tuple[str, ...]:
    return (
        test.room,
        "未登记" if test.area_centi_m2 is None else words.hundredths(test.area_centi_m2),
        test.position,
        words.hundredths(test.height_cm),
        str(test.closed_min),
        *(f"{words.hundredths(each.centi)}\n{words.clock(each.at)}" for each in test.readings),
        "是" if test.stable else "否",
        words.hundredths(test.temp_centi),
    )


def _signer(form: VisitForm, signer: Signer) -> tuple[Cell, ...]:
    signed = "已签，见扫描件" if form.scan_sha256 else "已签"
    return (
        Cell(signer.role, head=True, room_mm=_TO_SIGN_MM),
        Cell(signer.name or ""),
        Cell(signed if signer.signed_at else ""),
        Cell(words.instant(signer.signed_at) if signer.signed_at else _DATE_TO_WRITE),
    )


def _rest(form: VisitForm) -> list[tuple[str, str]]:
    copies = "、".join(f"{each.holder} {each.count} 份" for each in form.copies)
    return [
        ("拒签等情形", _refusals(form)),
        ("份数", _or_empty(form, copies)),
        ("存档档号", _or_empty(form, "、".join(form.archive_nos))),
        *((("检测费", _test_fee(form)),) if form.by == "third_party" else ()),
        ("扫描件 SHA-256", words.hash_groups(form.scan_sha256) if form.scan_sha256 else "签字后扫描，由系统登记"),
        ("备注", form.note or ""),
    ]


def _test_fee(form: VisitForm) -> str:
    if form.test_fee_fen is None:
        return _or_empty(form, None)
    return f"{words.yuan(form.test_fee_fen)}，由{form.test_fee_by or '＿' * 6}预付"


def _refusals(form: VisitForm) -> str:
    if form.refusals:
        return "；".join(form.refusals)
    if not _blank(form):
        return "无"
    return f"□ 拒签　□ 不在家　□ 拒绝入户　　（□ {form.terms.household}　□ {form.terms.company}）　理由："


def _blank(form: VisitForm) -> bool:
    return form.margin.record_sha256 is None


def _or_empty(form: VisitForm, value: str | int | None) -> str:
    return str(value) if value else "" if _blank(form) else "未记录"


def _at(form: VisitForm, at: dt.datetime | None) -> str:
    return words.instant(at) if at else _INSTANT_TO_WRITE if _blank(form) else "未记录"


def _on(form: VisitForm, day: dt.date | None) -> str:
    return words.day(day) if day else _DATE_TO_WRITE if _blank(form) else "未记录"
