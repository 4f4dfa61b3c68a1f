"""The inbox of claims, the visits of a day to print, and the opening of a claim."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import Request
from nicegui import ui
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.access import permits
from heatstream.access.fields import SEES, Kind
from heatstream.claims import law
from heatstream.claims.event_words import ROLES
from heatstream.claims.events import Opened
from heatstream.core.calendar import day_of
from heatstream.errors import Refused
from heatstream.store import claims
from heatstream.store.read import city
from heatstream.store.read.inbox import OVER
from heatstream.store.timescale import LOCAL
from heatstream.web import claim_forms, claim_rows, claim_words, grids
from heatstream.web import words as languages
from heatstream.web.claim_forms import MEASURES
from heatstream.web.claim_inbox import Waiting, booked, visit_by, visits
from heatstream.web.claim_record import Sheet
from heatstream.web.forms import Tree, form
from heatstream.web.frame import attributed, box, card, choice, frame, tag
from heatstream.web.parts import alert, empty, facts, link, note, table
from heatstream.web.shared import Reader
from heatstream.web.signed_in import Reading
from heatstream.web.words import Words

HEAD = '<link rel="stylesheet" href="/static/claims.css"><script src="/static/claims.js"></script>'
PATIENCE_S = 20
"""How long a page may take on a busy day: as long as a statement of the database may."""
VIEWS = (
    ("mine", "待我办理", "mine to do"),
    ("overdue", "已超时", "overdue"),
    ("open", "全部未办结", "all open"),
    ("over", "已办结、撤回", "closed or withdrawn"),
)


def _told(words: Words) -> dict[str, Any]:
    """Give the browser its words."""
    return {
        "steps": claim_words.steps(words),
        "clocks": claim_words.clocks(words),
        "kinds": claim_words.kinds(words),
        "roles": {role: words(*names) for role, names in ROLES.items()},
        "amounts": words("测算 / 应退 / 裁定（元）", "computed / entitlement / ruled (yuan)"),
        "none": words("没有这样的案件。", "There is no such claim."),
        **claim_words.left(words),
    }


def _columns(words: Words) -> list[grids.Column]:
    amounts = {
        "computed_fen": words("测算额（元）", "computed (yuan)"),
        "entitlement_fen": words("应退热费（元）", "entitlement (yuan)"),
        "ruled_fen": words("裁定额（元）", "ruled (yuan)"),
        "paid_fen": words("已付（元）", "paid (yuan)"),
    }
    in_words = {"filter": "agTextColumnFilter", ":filterValueGetter": "p => hsClaims.told(p.colDef.field, p.data)"}
    shown = {":valueFormatter": "p => hsClaims.told(p.colDef.field, p.data)", **in_words}
    return [
        grids.leading(words("案号", "claim"), "code", "/claims/", 180),
        grids.column(
            words("时限", "time limit"),
            "due_at",
            220,
            **{":cellRenderer": "p => hsClaims.limit(p.data)", ":comparator": "hsClaims.byLimit", **shown},
        ),
        grids.column(
            words("等待", "waits for"), "awaited", 260, **{":cellRenderer": "p => hsClaims.waits(p.data)"}, **shown
        ),
        grids.column(words("步骤", "step"), "step", 130, **shown),
        grids.link(words("户号", "household"), "household"),
        grids.column(words("地址", "address"), "address", 190),
        *(grids.figure(name, field, "hs.yuan", 132) for field, name in amounts.items()),
        grids.column(words("供热企业", "company"), "company", 140),
        grids.column(words("区县", "district"), "district", 96),
        grids.column(words("批量案号", "batch case"), "batch_case", 110),
        grids.column(words("立案", "opened"), "opened_at", 120, **shown),
    ]


def _views(counts: dict[str, int], chosen: str, words: Words) -> None:
    """Lead to the lists, each with how many it has of how many."""
    with box("div", "hs-choices hs-claims-views", role="group", aria_label=words("查看", "show")):
        for name, zh, en in VIEWS:
            script = f"hs.turn(event.currentTarget, 'claims', hsClaims.at('{name}'))"
            button = choice("", script, pressed=name == chosen)
            with attributed(button, data_view=name):
                tag("span", words(zh, en))
                of = f"/{counts['open']}" if name in {"mine", "overdue"} else ""
                tag("strong", f" {counts[name]}{of}", "hs-claims-count")


def _list(chosen: str, words: Words) -> None:
    title, address = words("退费案件", "claims"), f"/rows/claims?show={chosen}"
    with box("div", "hs-claims-table"):
        grid = grids.table("claims", address, _columns(words), words, rows=14, title=title, key="code")
    grid.options[":onFirstDataRendered"] = "p => hsClaims.running(p.api)"
    box("ol", "hs-stops hs-claims-list", aria_label=title, aria_live="polite")
    script = f"hsClaims.inbox('{chosen}', {json.dumps(_told(words), ensure_ascii=False)}); 0"
    ui.timer(0.1, lambda: ui.run_javascript(script), once=True)


def _row_of_visit(each: Waiting, sees: frozenset[Kind], words: Words) -> tuple[str, ...]:
    at, clock, opened = booked(each.way), visit_by(each), each.way.opened
    limit = f"{claim_words.clocks(words)[clock.name]} {_hour(clock.limit)}" if clock else ""
    applicant = opened.applicant if opened and "case" in sees else None
    return (
        _hour(at) if at else words("未约定", "none agreed"),
        limit,
        each.claim.household,
        each.address if "address" in sees else "",
        applicant or "",
        each.claim.company,
        each.claim.code,
    )


def _hour(at: dt.datetime | None) -> str:
    return f"{at.astimezone(LOCAL):%m-%d %H:%M}" if at else ""


def _visits(found: list[Waiting], sees: frozenset[Kind], words: Words) -> None:
    names = (
        *(words("约定时间", "agreed time"), words("时限", "limit"), words("户号", "household")),
        *(words("地址", "address"), words("申请人", "applicant"), words("供热企业", "company"), words("案号", "claim")),
        *(words("空白记录单", "blank form"), words("到达", "arrived"), words("测得 °C", "measured °C")),
    )
    with table(names, "hs-claims-visits"):
        for each in found:
            with box("tr"):
                for cell in _row_of_visit(each, sees, words):
                    tag("td", cell)
                with box("td"):
                    link("PDF", f"/rows/claims/{each.claim.code}/papers/visit-form?blank=true")
                tag("td", "")
                tag("td", "")


def _days(on: dt.date, role: str, words: Words) -> None:
    """Lead to the days beside it, and to the printer."""
    with box("div", "hs-choices hs-claims-days"):
        for text, days in ((words("前一天", "the day before"), -1), (words("后一天", "the day after"), 1)):
            day = on + dt.timedelta(days=days)
            tag("a", text, "hs-choice", href=f"/claims/visits?day={day}")
        choice(words("打印", "print"), "window.print()")
        form_of = f"/rows/claims/-/papers/visit-form?blank=true&by={MEASURES.get(role, 'authority')}"
        tag("a", words("空白记录单（任意住户）", "blank form for any home"), "hs-choice", href=form_of)


def add() -> None:
    """Add the pages; a claim's own comes after them, for it would take their addresses for codes."""
    _add_inbox()
    _add_visits()
    _add_opening()


def _add_inbox() -> None:
    @ui.page("/claims", title="heatstream", dark=None, response_timeout=PATIENCE_S)
    async def inbox(request: Request, reader: Reading) -> None:
        words = languages.of_request(request)
        found = await claim_rows.lists(request, reader)
        chosen = "mine" if found.mine else "open"
        async with reader.connection() as conn:
            watermarks = await city.watermarks(conn)
        with frame(request, words("退费案件", "refund claims"), watermarks, reader.visitor):
            ui.add_head_html(HEAD)
            with card(words("案件", "claims"), words("时限在前者居先", "the next limit first")):
                if not found.counts["open"] and not found.counts["over"]:
                    empty(words("还没有案件。案件由用户申请、投诉或热线来电立案。", "No claim was opened yet."))
                else:
                    _views(found.counts, chosen, words)
                    _list(chosen, words)
                    if found.counts["open"] > claim_rows.MOST:
                        most = f"{claim_rows.MOST:,}"
                        note(words(f"表中为时限最前的 {most} 件。", f"The table has the {most} with the next limits."))
                with box("p", "hs-note hs-claims-ways"):
                    if permits.may(reader.visitor, "/claims/open", permits.PAGES):
                        link(words("立案", "open a claim"), "/claims/open")
                    if permits.may(reader.visitor, "/claims/visits", permits.PAGES):
                        link(words("今日入户测温单（打印）", "the day's visits, to print"), "/claims/visits")


def _add_visits() -> None:
    @ui.page("/claims/visits", title="heatstream", dark=None, response_timeout=PATIENCE_S)
    async def day_of_visits(request: Request, reader: Reading, day: dt.date | None = None) -> None:
        words = languages.of_request(request)
        on = day or reader.source.now().astimezone(LOCAL).date()
        found = await _to_visit(request, reader, on)
        async with reader.connection() as conn:
            watermarks = await city.watermarks(conn)
        with frame(request, f"{words('入户测温单', 'visits')} {on}", watermarks, reader.visitor):
            ui.add_head_html(HEAD)
            said = words(
                f"{len(found)} 户；约定在此日之后的不列", f"{len(found)} homes; those agreed for later are not here"
            )
            with card(words("待测温的住户", "homes to measure"), said):
                _days(on, reader.visitor.role, words)
                if not found:
                    empty(words("这一天没有待测温的住户。", "Nobody is to be measured on this day."))
                    return
                _visits(found, SEES[reader.visitor.role], words)


def _add_opening() -> None:
    @ui.page("/claims/open", title="heatstream", dark=None, response_timeout=PATIENCE_S)
    async def opening(request: Request, reader: Reading, household: str | None = None) -> None:
        words = languages.of_request(request)
        # A household's 工号 is its 户号.
        home = reader.visitor.officer if reader.visitor.role == "household" else household
        async with reader.connection() as conn:
            watermarks = await city.watermarks(conn)
            possible = await _possible(conn, home, reader, words)
        with frame(request, words("立案", "open a claim"), watermarks, reader.visitor):
            ui.add_head_html(HEAD)
            with card(
                words("退费申请与投诉", "the request"), words("发生时间即申请时间，时限由此起算", "limits run from it")
            ):
                if possible.why_not:
                    alert(possible.why_not)
                elif possible.open_already:
                    empty(words("该户已有未办结的案件：", "A claim of this home is open:"))
                    link(possible.open_already, f"/claims/{possible.open_already}")
                else:
                    _opening_form(request, home, possible.ways, words)


@dataclass(frozen=True, slots=True)
class _Possible:
    """Whether a claim can be opened, and by which ways."""

    ways: dict[str, str]
    open_already: str | None = None
    """案号"""
    why_not: str | None = None


async def _possible(conn: AsyncConnection, code: str | None, reader: Reader, words: Words) -> _Possible:
    try:
        policy = (await law.in_force(conn)).policy
        pack = policy.law_on(day_of(reader.source.now().astimezone(LOCAL).date())).pack
    except Refused as why:
        return _Possible({}, why_not=words.why(why))
    ways = claim_forms.ways(pack, reader.visitor.role, words)
    if code is None:
        return _Possible(ways)
    home = await claims.home(conn, code)
    if home is None:
        return _Possible(
            {}, why_not=words(f"登记中没有户号 {code}，或不在您的范围内。", f"There is no home {code} in your sight.")
        )
    earlier = await claims.of_household(conn, home.id)
    still = next((each.code for each in earlier if each.step not in OVER), None)
    return _Possible(ways, open_already=still)


def _opening_form(request: Request, household: str | None, ways: dict[str, str], words: Words) -> None:
    sheet = Sheet.of(request)

    async def record(tree: Tree) -> None:
        ui.navigate.to(f"/claims/{quote(await sheet.open(tree), safe='')}")

    fixed = {"household": household} if household else {}
    if household:
        facts({words("户号", "household"): household})
    form(
        Opened,
        words,
        record,
        fixed={**fixed, "batch_case": None, "files": ()},
        choices={"way": ways},
        button=words("立案", "open"),
    )


async def _to_visit(request: Request, reader: Reader, day: dt.date) -> list[Waiting]:
    return visits(await claim_rows.waiting(request, reader, "open"), reader.visitor.role, day)
