"""Tickets of the hotlines: those that wait for a person, and one with what was said and whom it may concern."""

from fastapi import Request
from nicegui import ui
from pydantic import model_validator

from heatstream.access.fields import SEES
from heatstream.claims.events import Part, Said, Text
from heatstream.errors import BadInput, FieldError, Refused
from heatstream.settings import Settings
from heatstream.store import tickets
from heatstream.store.read import city
from heatstream.store.tickets import Ticket
from heatstream.supervision.act import Desk
from heatstream.supervision.hotline import ticket_acts
from heatstream.supervision.hotline import tickets as hotline
from heatstream.supervision.hotline.matching import Candidate
from heatstream.web import grids, matter_columns, matter_rows, matter_words
from heatstream.web import words as languages
from heatstream.web.folds import fold
from heatstream.web.forms import form
from heatstream.web.frame import box, card, frame, tag
from heatstream.web.matter_acts import Because as SetAside
from heatstream.web.matter_acts import Recording, Tree, checked
from heatstream.web.parts import alert, empty, facts, link, note, table
from heatstream.web.signed_in import Reading
from heatstream.web.today_page import HEAD, local, watermarked
from heatstream.web.words import Words

TABLE, ADDRESS = "tickets", "/rows/tickets"
CANDIDATES = 8


class Matched(Part):
    """Whom a ticket concerns."""

    whom: Text | None = None
    """One of those that the address may mean: `household H1`, `building B1`."""
    household: Text | None = None
    building: Text | None = None
    why: Said

    @model_validator(mode="after")
    def _one(self) -> "Matched":
        if sum(each is not None for each in (self.whom, self.household, self.building)) != 1:
            raise FieldError(
                "whom: expected one of the candidates, or a 户号, or a building, and one of them alone",
                zh="应选定一个候选，或填写户号，或填写楼栋，三者只取其一",
            )
        return self

    @property
    def named(self) -> dict[str, str | None]:
        """Give household and building, one of which is named."""
        what, _, code = (self.whom or "").partition(" ")
        return {
            "household": code if what == "household" else self.household,
            "building": code if what == "building" else self.building,
        }


def _columns(words: Words) -> list[grids.Column]:
    number = "hsv.link('tickets', [p.data?.line, p.data?.ticket_no], p.data?.ticket_no)"
    return [
        matter_columns.at(words("来电", "received"), "received_at"),
        grids.column(words("热线", "line"), "line", 84),
        matter_columns.drawn(words("工单号", "ticket"), "ticket_no", number, 150),
        matter_columns.named(words("诉求", "topic"), "topic", matter_words.topics(words), 84),
        grids.column(words("类别", "category"), "category", 120),
        grids.link(words("户号", "household"), "household"),
        matter_columns.link(words("楼栋", "building"), "building", "buildings", 96),
        grids.column(words("区县", "district"), "district", 84),
        matter_columns.link(words("企业", "company"), "company", "companies", 84),
        grids.column(words("匹配", "matched by"), "matched_by", 96),
        matter_columns.link(words("工单", "work order"), "work_order", "matters", 160),
    ]


def _what(found: Ticket, role: str, words: Words) -> None:
    whose = {
        words("地址（热线所记）", "address as written"): found.address,
        words("来电人", "caller"): found.caller or "",
    }
    facts(
        {
            words("来电", "received"): local(found.received_at),
            words("诉求", "topic"): matter_words.topics(words)[found.topic],
            words("类别", "category"): found.category,
            **(whose if "address" in SEES[role] else {}),
            words("户号", "household"): found.household or "",
            words("楼栋", "building"): found.building or "",
            words("匹配依据", "matched by"): " · ".join(filter(None, [found.matched_by, found.match_why])),
        }
    )
    tag("p", found.content, "hs-sentence")
    if found.set_aside_by:
        note(f"{words('已搁置', 'set aside')} {found.set_aside_by}: {found.set_aside_why}")
    if found.work_order:
        with box("p", "hs-links"):
            link(f"{words('工单', 'work order')} {found.work_order}", f"/matters/{found.work_order}")


def _candidates(why: str, found: list[Candidate], words: Words) -> None:
    note(f"{words('软件所见', 'the software saw')}: {why}")
    names = (words("相似度", "alike"), words("户号或楼栋", "household or building"), words("登记地址", "address"))
    with table(names, "hs-candidates"):
        for each in found:
            with box("tr"):
                for cell in (str(each.score), each.household or each.building, each.address):
                    tag("td", cell)


async def _likely(desk: Desk, found: Ticket) -> tuple[str, list[Candidate]]:
    among = await hotline.places(desk)
    match = (await among.match([found.address]))[found.address]
    return match.why, await among.candidates(found.address, limit=CANDIDATES)


def _forms(found: Ticket, likely: list[Candidate], recording: Recording, words: Words) -> None:
    async def match(tree: Tree) -> None:
        async with recording.desk() as (desk, by):
            told: Matched = checked(Matched, tree, by)
            code = await ticket_acts.match(desk, found.line, found.ticket_no, **told.named, by=by, why=told.why)
        ui.navigate.to(f"/matters/{code}")

    async def set_aside(tree: Tree) -> None:
        async with recording.desk() as (desk, by):
            told: SetAside = checked(SetAside, tree, by)
            await ticket_acts.set_aside(desk, found.line, found.ticket_no, by=by, why=told.why)
        ui.navigate.to("/tickets")

    whom = {
        f"household {each.household}"
        if each.household
        else f"building {each.building}": f"{each.household or each.building} · {each.address}"
        for each in likely
    }
    with card(words("所指住户或楼栋", "whom it concerns"), words("由人指定，软件不猜", "a person says which")):
        title = words("指定", "say whom it concerns")
        choices = {"whom": whom} if whom else {}
        form(Matched, words, recording.once("match", match), choices=choices, button=title)
        if found.work_order is None:
            aside = words("搁置（不属于登记楼栋）", "set aside: about no building of the registry")
            fold(aside, lambda: form(SetAside, words, recording.once("aside", set_aside), button=aside))


def add(settings: Settings) -> None:
    """Add the pages."""

    @ui.page("/tickets", title="heatstream", dark=None)
    async def listed(request: Request, reader: Reading) -> None:
        words = languages.of_request(request)
        query = matter_columns.asked(request.query_params, ("which",))
        async with reader.connection() as conn:
            there = (await matter_rows.desk(conn, settings, reader.source.now)).ground
            watermarks = watermarked(there.rules, await city.watermarks(conn))
        with frame(request, words("热线来件", "tickets"), watermarks, reader.visitor):
            ui.add_head_html(HEAD)
            with card(words("来件", "tickets"), words("待匹配的，先到在前", "those that wait for a person first")):
                which = {"": words("待匹配", "unmatched"), "all": words("全部，新的在前", "all, the newest first")}
                with matter_columns.filters(TABLE, ADDRESS, words):
                    matter_columns.selection(words("来件", "tickets"), "which", which, query.get("which", ""))
                address = matter_columns.addressed(ADDRESS, query)
                grids.table(TABLE, address, _columns(words), words, rows=14, title=words("热线来件", "tickets"))
                with box("p", "hs-note hs-links"):
                    link(words("工单", "work orders"), "/matters?kind=work_order")

    @ui.page("/tickets/{line}/{ticket_no}", title="heatstream", dark=None)
    async def one(request: Request, line: str, ticket_no: str, reader: Reading) -> None:
        words = languages.of_request(request)
        why, likely, refused = "", list[Candidate](), ""
        async with reader.connection() as conn:
            desk = await matter_rows.desk(conn, settings, reader.source.now)
            watermarks = watermarked(desk.ground.rules, await city.watermarks(conn))
            found = await tickets.by_number(conn, line, ticket_no)
            if found is not None:
                try:
                    why, likely = await _likely(desk, found)
                except (BadInput, Refused) as error:
                    refused = words.why(error)
        with frame(request, f"{words('来件', 'ticket')} {line} {ticket_no}", watermarks, reader.visitor):
            ui.add_head_html(HEAD)
            if found is None:
                empty(words("没有您可见的这一来件。", "There is no such ticket that you may see."))
                return
            with card(words("来件内容", "what was said")):
                _what(found, reader.visitor.role, words)
            if reader.visitor.role not in ticket_acts.MATCHERS:
                return
            with card(words("地址可能所指", "what the address may mean")):
                if refused:
                    alert(refused)
                else:
                    _candidates(why, likely, words)
            _forms(found, likely, Recording(request, reader, settings), words)
