"""巡查: where to go this morning, and why."""

import datetime as dt
import json
from typing import Any

from fastapi import Request
from nicegui import ui

from heatstream.access.permits import PAGES, may
from heatstream.access.principal import Principal
from heatstream.rules.supervision.file import SupervisionRules
from heatstream.settings import Settings
from heatstream.store.read import city
from heatstream.store.timescale import LOCAL
from heatstream.web import matter_rows, matter_words
from heatstream.web import words as languages
from heatstream.web.frame import box, card, frame, tag
from heatstream.web.parts import link, note
from heatstream.web.signed_in import Reading
from heatstream.web.words import Words

HEAD = '<link rel="stylesheet" href="/static/supervision.css"><script src="/static/supervision.js"></script>'


def local(at: dt.datetime | None) -> str:
    """Write an instant for people; empty where there is none."""
    return f"{at.astimezone(LOCAL):%Y-%m-%d %H:%M}" if at else ""


def watermarked(rules: SupervisionRules | None, others: list[str]) -> list[str]:
    """Join the watermarks of policies with that of the rules of supervision, each once."""
    return list(dict.fromkeys([*others, *([rules.watermark] if rules and rules.watermark else [])]))


def without_rules(words: Words) -> None:
    """Say what is missing where no rules of supervision are set."""
    note(
        words(
            "未设置监管规则文件（HEATSTREAM_SUPERVISION_RULES_FILE），预警与评分不可用。",
            "No HEATSTREAM_SUPERVISION_RULES_FILE is set: there are no warnings and no scores.",
        )
    )


def told(words: Words) -> dict[str, Any]:
    """Give the browser the words of a list of matters."""
    return {
        "kinds": matter_words.kinds(words),
        "urgencies": matter_words.urgencies(words),
        "households": words("户", "homes"),
        "left": words("剩余", "left"),
        "over": words("已超时", "over by"),
        "none": words("没有未办结的事项。", "Nothing is open."),
        "more": words("另有 {} 项", "{} more"),
        "away": words("暂时读不到数据，稍后自动重试。", "The data cannot be read now; it is tried again by itself."),
    }


def _list(words: Words) -> None:
    # The browser fills it: rows in the page would stay in the server's memory, once a visitor.
    name = words("巡查", "today")
    with box("ol", "hs-stops", aria_live="polite", aria_label=name) as stops, box("li", "hs-note"):
        tag("span", words("读取中…", "loading…"))
    fill = f"hs.stops('{stops.html_id}', '/rows/today', {json.dumps(told(words), ensure_ascii=False)}); 0"
    ui.timer(0.1, lambda: ui.run_javascript(fill), once=True)


def ways(visitor: Principal, words: Words) -> None:
    """Lead on to what has no place of its own among the pages, as far as the visitor may go."""
    pages = {
        "/matters": words("全部事项", "all matters"),
        "/tickets": words("热线来件", "tickets of the hotlines"),
        "/reports": words("报表与零报告", "reports and declarations"),
        "/scores": words("赛马（内部）", "ranking (internal)"),
    }
    with box("p", "hs-note hs-links"):
        for address, name in pages.items():
            if may(visitor, address, PAGES):
                link(name, address)


def add(settings: Settings) -> None:
    """Add the page."""

    @ui.page("/today", title="heatstream", dark=None)
    async def today(request: Request, reader: Reading) -> None:
        words = languages.of_request(request)
        async with reader.connection() as conn:
            there = (await matter_rows.desk(conn, settings, reader.source.now)).ground
            others = await city.watermarks(conn)
        with frame(request, words("今日巡查", "today"), watermarked(there.rules, others), reader.visitor):
            ui.add_head_html(HEAD)
            with card(words("去哪里、为什么", "where to go and why"), words("先急后缓", "the most urgent first")):
                if there.rules is None:
                    without_rules(words)
                _list(words)
                ways(reader.visitor, words)
