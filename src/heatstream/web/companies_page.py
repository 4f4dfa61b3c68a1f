"""The companies side by side: their homes, incidents, limits, colours, points, 零报告 and fuel."""

from fastapi import Request
from nicegui import ui

from heatstream.access.permits import PAGES, may
from heatstream.settings import Settings
from heatstream.store.read import city
from heatstream.web import grids, matter_columns, matter_rows
from heatstream.web import words as languages
from heatstream.web.frame import card, frame
from heatstream.web.grids import Column
from heatstream.web.matter_columns import literal
from heatstream.web.parts import note
from heatstream.web.signed_in import Reading
from heatstream.web.today_page import HEAD, watermarked, ways, without_rules
from heatstream.web.words import Words


def _declared(words: Words) -> Column:
    """已报 or 未报 of today; a zero that an incident contradicts says so."""
    names = [words("已报", "reported"), words("未报", "not reported")]
    against = words("已报，与事件不符", "reported, contradicted")
    renderer = f"p.data?.contradicted ? hsv.yes(false, ['', {literal(against)}]) : hsv.yes(p.value, {literal(names)})"
    text = f"p.data?.contradicted ? {literal(against)} : p.value ? {literal(names[0])} : {literal(names[1])}"
    return matter_columns.drawn(words("今日零报告", "zero report today"), "declared", renderer, 120, text)


def _columns(words: Words, *, ranked: bool) -> list[Column]:
    fuel = words("{} 处未知", "{} unknown")
    days = f"hsv.lasts(p.data, {literal(fuel)})"
    place = [grids.figure(words("名次", "place"), "rank", width=72)] if ranked else []
    failing = "hsv.ofAll(p.value, p.data?.monitored)"
    return [
        matter_columns.link(words("企业", "company"), "code", "companies", 200, shown="name"),
        matter_columns.coloured(words("预警", "colour"), "colour", words, 80),
        grids.figure(words("已超时限", "overdue limits"), "overdue", width=96),
        _declared(words),
        grids.figure(words("未办结事件", "open incidents"), "incidents", width=104),
        matter_columns.written(
            words("不达标/监测户", "failing/monitored"), "failing", failing, 124, type="rightAligned"
        ),
        grids.figure(words("此刻低于标准", "below now"), "below_now", width=118),
        grids.figure(words("监测户", "monitored"), "monitored", width=84),
        grids.figure(words("全部住户", "all homes"), "homes", width=96),
        grids.figure(words("得分", "points"), "points_e2", "hs.degrees", 80),
        *place,
        matter_columns.written(words("燃料可用（天）", "fuel left (days)"), "fuel_days_e1", days, 140),
        matter_columns.written(words("储煤/下限", "coal/floor"), "fuel_share_e4", "hsv.shareE4(p.value)", 104),
    ]


def add(settings: Settings) -> None:
    """Add the page."""

    @ui.page("/companies", title="heatstream", dark=None)
    async def companies(request: Request, reader: Reading) -> None:
        words = languages.of_request(request)
        async with reader.connection() as conn:
            there = (await matter_rows.desk(conn, settings, reader.source.now)).ground
            watermarks = watermarked(there.rules, await city.watermarks(conn))
        ranked = may(reader.visitor, "/scores", PAGES)
        with frame(request, words("供热企业", "heating companies"), watermarks, reader.visitor):
            ui.add_head_html(HEAD)
            with card(
                words("各企业今日", "each company today"), words("住户为最近一个已判定日", "homes: the last closed day")
            ):
                if there.rules is None:
                    without_rules(words)
                grids.table("companies", "/rows/companies", _columns(words, ranked=ranked), words, rows=14, key="code")
                note(
                    words(
                        "零报告由企业签字，软件不代报；得分未定、燃料未知均不等于零。",
                        "A zero report is signed by the company, never made by the software. Unknown is no zero.",
                    )
                )
                ways(reader.visitor, words)
