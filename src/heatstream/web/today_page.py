"""巡查: where to go this morning, and why."""

from fastapi import Request
from nicegui import ui

from heatstream.rules.supervision.file import SupervisionRules
from heatstream.settings import Settings
from heatstream.store.read import city
from heatstream.supervision.shown import KINDS_ZH, URGENCY_ZH
from heatstream.web import matter_rows
from heatstream.web import words as languages
from heatstream.web.frame import card, frame, tag
from heatstream.web.signed_in import Reading
from heatstream.web.words import Words

URGENCY_EN = {0: "closed", 1: "routine", 2: "soon", 3: "now"}


def kinds(words: Words) -> dict[str, str]:
    """Name each kind of matter."""
    return {kind: words(zh, kind.replace("_", " ")) for kind, zh in KINDS_ZH.items()}


def urgencies(words: Words) -> dict[int, str]:
    """Name each urgency."""
    return {urgency: words(zh, URGENCY_EN[urgency]) for urgency, zh in URGENCY_ZH.items()}


def watermarked(rules: SupervisionRules | None, others: list[str]) -> list[str]:
    """Join the watermarks of policies with that of the rules of supervision, each once."""
    return list(dict.fromkeys([*others, *([rules.watermark] if rules and rules.watermark else [])]))


def _list(words: Words) -> None:
    told = {
        "kinds": kinds(words),
        "urgencies": urgencies(words),
        "households": words("户", "homes"),
        "left": words("剩余", "left"),
        "over": words("已超时", "over by"),
        "none": words("没有未办结的事项。", "Nothing is open."),
        "more": words("另有 {} 项", "{} more"),
        "away": words("暂时读不到数据，稍后自动重试。", "The data cannot be read now; it is tried again by itself."),
    }
    # The browser fills it: rows in the page would stay in the server's memory, once a visitor.
    stops = ui.element("ol").classes("hs-stops").props(f"aria-live=polite aria-label='{words('巡查', 'today')}'")
    with stops, ui.element("li").classes("hs-note"):
        tag("span", words("读取中…", "loading…"))
    ui.timer(0.1, lambda: ui.run_javascript(f"hs.stops('c{stops.id}', '/rows/today', {told!r}); 0"), once=True)


def add(settings: Settings) -> None:
    """Add the page."""

    @ui.page("/today", title="heatstream", dark=None)
    async def today(request: Request, reader: Reading) -> None:
        words = languages.of_request(request)
        async with reader.connection() as conn:
            there = (await matter_rows.desk(conn, settings, reader.source.now)).ground
            others = await city.watermarks(conn)
        watermarks = watermarked(there.rules, others)
        with frame(request, words("今日巡查", "today"), watermarks, reader.visitor):
            note = words("去哪里、为什么；先急后缓", "where to go and why; the most urgent first")
            with card(words("今日巡查", "today"), note):
                if there.rules is None:
                    tag(
                        "p",
                        words(
                            "未设置监管规则文件（HEATSTREAM_SUPERVISION_RULES_FILE），预警与评分不可用。",
                            "No HEATSTREAM_SUPERVISION_RULES_FILE is set: there are no warnings and no scores.",
                        ),
                        "hs-note",
                    )
                _list(words)
