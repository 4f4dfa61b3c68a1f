"""A home's claims with their three amounts, its visits, rulings and reviews."""

import datetime as dt
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.access.fields import Kind
from heatstream.claims import events
from heatstream.claims.events import VisitRecorded
from heatstream.claims.shown import WHERE
from heatstream.claims.way import Step
from heatstream.store import claims
from heatstream.store.claims import Claim, Issued, Task
from heatstream.store.read.words import ROOM_KIND_ZH, yuan
from heatstream.store.timescale import LOCAL
from heatstream.web import parts
from heatstream.web.frame import box, card, tag
from heatstream.web.words import Words

BY: Final = {
    "company": ("供热企业", "company"),
    "authority": ("主管部门（复测）", "authority"),
    "third_party": ("第三方", "third party"),
}
REFUSALS: Final = {
    "refused_signature": ("拒签", "refused to sign"),
    "not_home": ("不在家", "not at home"),
    "refused_entry": ("拒绝入户", "refused entry"),
}
RULED: Final = {"refund": ("退费", "refund"), "no_refund": ("不退费", "no refund")}


class Case(NamedTuple):
    """One claim, and what was measured and decided in it."""

    claim: Claim
    visits: Sequence[VisitRecorded]
    rulings: Sequence[Issued]
    reviews: Sequence[Task]


async def read(conn: AsyncConnection, household_id: int) -> list[Case]:
    """Read a home's claims, the newest first."""
    return [await _case(conn, claim) for claim in reversed(await claims.of_household(conn, household_id))]


async def _case(conn: AsyncConnection, claim: Claim) -> Case:
    lines = await claims.lines(conn, claim.id)
    stored = (events.stored(line.kind, line.happened_at, dict(line.body)) for line in lines)
    return Case(
        claim,
        [event for event in stored if isinstance(event, VisitRecorded)],
        await claims.rulings(conn, claim.id),
        await claims.tasks(conn, claim.id),
    )


# --- shown ------------------------------------------------------------------------------------------------------------


def card_of(cases: Sequence[Case], sees: AbstractSet[Kind], words: Words) -> None:
    """Show them; three amounts stay apart in every word."""
    note = words("测算额、应退热费、裁定额三者不同", "computed, entitlement and ruled are three amounts")
    with card(words("退费案件", "claims"), note):
        if not cases:
            parts.empty(words("该户没有退费案件。", "This home has no claim."))
            return
        _claims(cases, sees, words)
        visits = [(case.claim, visit) for case in cases for visit in case.visits]
        if visits and "case" in sees:
            _visits(visits, words)
        rulings = [(case.claim, ruling) for case in cases for ruling in case.rulings]
        if rulings:
            _rulings(rulings, sees, words)
        reviews = [(case.claim, task) for case in cases for task in case.reviews]
        if reviews:
            _reviews(reviews, words)


def _claims(cases: Sequence[Case], sees: AbstractSet[Kind], words: Words) -> None:
    heads = [words("案号", "claim"), words("步骤", "step"), words("受理", "opened"), words("下一时限", "next limit")]
    if "money" in sees:
        heads += [
            words("测算额", "computed"),
            words("应退热费", "entitlement"),
            words("裁定额", "ruled"),
            words("已付", "paid"),
        ]
    rows = [
        [_link(each.claim), _step(each.claim.step, words), _local(each.claim.opened_at), _local(each.claim.next_due_at)]
        + (_amounts(each.claim, words) if "money" in sees else [])
        for each in cases
    ]
    _table(heads, rows)


def _amounts(claim: Claim, words: Words) -> list["Cell"]:
    return [_yuan(each, words) for each in (claim.computed_fen, claim.entitlement_fen, claim.ruled_fen, claim.paid_fen)]


def _yuan(fen: int | None, words: Words) -> str:
    return words("未确定", "undetermined") if fen is None else words(f"{yuan(fen)} 元", f"{yuan(fen)} yuan")


def _visits(visits: Iterable[tuple[Claim, VisitRecorded]], words: Words) -> None:
    tag("h3", words("入户测温", "visits"))
    heads = [
        words("时间", "at"),
        words("案号", "claim"),
        words("测温方", "by"),
        words("各房间", "rooms"),
        words("签字", "signed"),
    ]
    _table(heads, [[_local(visit.at), _link(claim), *_measured(visit, words)] for claim, visit in visits])


def _measured(visit: VisitRecorded, words: Words) -> list["Cell"]:
    rooms = [f"{_room(room.kind, room.name, words)} {room.temp_centi / 100:.2f} °C" for room in visit.rooms]
    refusals = [words(*REFUSALS[each.code]) for each in visit.refusals]
    signed = [each.name for each in visit.people if each.signed]
    return [words(*BY[visit.by]), " · ".join([*rooms, *refusals]), " · ".join(signed)]


def _room(kind: str, name: str | None, words: Words) -> str:
    return name or words(ROOM_KIND_ZH[kind], kind.replace("_", " "))


def _rulings(rulings: Iterable[tuple[Claim, Issued]], sees: AbstractSet[Kind], words: Words) -> None:
    tag("h3", words("退费裁定", "rulings"))
    heads = [words("文号", "number"), words("案号", "claim"), words("结果", "outcome"), words("裁定额", "ruled")]
    heads += [words("签发", "issued"), words("送达", "served"), words("撤销", "revoked")]
    _table(
        heads,
        [
            [
                each.doc_no,
                _link(claim),
                words(*RULED.get(each.outcome, (each.outcome, each.outcome))),
                _yuan(each.ruled_fen, words) if "money" in sees else "",
                *map(_local, (each.issued_at, each.served_at, each.revoked_at)),
            ]
            for claim, each in rulings
        ],
    )


def _reviews(reviews: Iterable[tuple[Claim, Task]], words: Words) -> None:
    tag("h3", words("复核任务", "reviews"))
    heads = [words("提起", "opened"), words("案号", "claim"), words("事由", "because"), words("结果", "outcome")]
    still = words("待办", "open")
    _table(
        heads,
        [
            [_local(each.opened_at), _link(claim), str(each.detail.get("found") or each.kind), each.outcome or still]
            for claim, each in reviews
        ],
    )


class Link(NamedTuple):
    """A cell that leads to a page."""

    text: str
    href: str


Cell = str | Link


def _link(claim: Claim) -> Cell:
    return Link(claim.code, f"/claims/{quote(claim.code)}")


def _step(step: str, words: Words) -> str:
    return words(WHERE[Step[step.upper()]], step)


def _local(at: dt.datetime | None) -> str:
    return f"{at.astimezone(LOCAL):%Y-%m-%d %H:%M}" if at else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    with parts.table(heads):
        for row in rows:
            with box("tr"):
                for cell in row:
                    _cell(cell)


def _cell(cell: Cell) -> None:
    if isinstance(cell, str):
        tag("td", cell)
    else:
        with box("td"):
            parts.link(cell.text, cell.href)
