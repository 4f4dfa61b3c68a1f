"""红黄绿: every subject that a rule watches; and 赛马, the companies by their points."""

from fastapi import Request
from nicegui import ui

from heatstream.core.hysteresis import Level
from heatstream.errors import Refused
from heatstream.settings import Settings
from heatstream.store.read import city
from heatstream.supervision.watch.scorecard import INTERNAL
from heatstream.supervision.watch.warning_kind import SUBJECTS_ZH
from heatstream.web import company_rows, grids, matter_columns, matter_rows, matter_words
from heatstream.web import words as languages
from heatstream.web.frame import card, frame, tag
from heatstream.web.grids import Column
from heatstream.web.parts import alert, note
from heatstream.web.signed_in import Reading
from heatstream.web.today_page import HEAD, watermarked, without_rules
from heatstream.web.words import Words

TABLE, ADDRESS = "warnings", "/rows/warnings"


def _subjects(words: Words) -> dict[str, str]:
    return {subject: words(zh, subject.replace("_", " ")) for subject, zh in SUBJECTS_ZH.items()}


def _columns(words: Words) -> list[Column]:
    watched = "hsv.watched(p.value, p.data?.figure)"
    return [
        matter_columns.coloured(words("颜色", "colour"), "level", words, 96),
        grids.column(words("预警", "warning"), "title", 170, flex=2),
        matter_columns.named(words("对象", "subject"), "subject", _subjects(words), 84),
        matter_columns.drawn(words("代码", "code"), "code", "hsv.subject(p.data)", 110),
        grids.column(words("名称", "name"), "name", 130),
        matter_columns.written(words("数值", "figure"), "value", watched, 96, type="rightAligned"),
        grids.figure(words("分母", "of"), "denominator", width=84),
        matter_columns.written(words("黄线", "yellow at"), "yellow", watched, 92, type="rightAligned"),
        matter_columns.written(words("红线", "red at"), "red", watched, 92, type="rightAligned"),
        matter_columns.written(words("距下一线", "to the next"), "distance", watched, 104, type="rightAligned"),
        matter_columns.at(words("自", "since"), "since"),
        matter_columns.link(words("事项", "matter"), "matter", "matters", 160),
    ]


def _filters(query: dict[str, str], words: Words) -> None:
    every = words("全部", "all")
    levels = {level.name.lower(): matter_words.colours(words)[level] for level in reversed(Level)}
    with matter_columns.filters(TABLE, ADDRESS, words):
        matter_columns.selection(words("颜色", "colour"), "colour", {"": every} | levels, query.get("colour", ""))
        matter_columns.selection(
            words("对象", "subject"), "subject", {"": every} | _subjects(words), query.get("subject", "")
        )


def _score_columns(words: Words) -> list[Column]:
    exact = "p.value ? `${p.value.numerator}/${p.value.denominator}` : ''"
    return [
        grids.figure(words("名次", "place"), "rank", width=72),
        matter_columns.link(words("企业", "company"), "company", "companies", 96),
        grids.column(words("名称", "name"), "name", 160),
        grids.figure(words("得分", "points"), "points_e2", "hs.degrees", 92),
        matter_columns.written(words("精确值", "exactly"), "points", exact, 170),
        matter_columns.written(
            words("未定的原因", "why undetermined"),
            words("undetermined_zh", "undetermined"),
            "(p.value || []).join('；')",
            300,
            flex=3,
        ),
    ]


def add(settings: Settings) -> None:
    """Add the pages."""

    @ui.page("/warnings", title="heatstream", dark=None)
    async def warnings(request: Request, reader: Reading) -> None:
        words = languages.of_request(request)
        query = matter_columns.asked(request.query_params, ("colour", "subject"))
        async with reader.connection() as conn:
            there = (await matter_rows.desk(conn, settings, reader.source.now)).ground
            watermarks = watermarked(there.rules, await city.watermarks(conn))
        with frame(request, words("预警", "warnings"), watermarks, reader.visitor):
            ui.add_head_html(HEAD)
            with card(words("红黄绿", "red, yellow, green"), words("最严重的在前", "the worst first")):
                if there.rules is None or there.rules.warnings is None:
                    without_rules(words)
                _filters(query, words)
                address = matter_columns.addressed(ADDRESS, query)
                grids.table(TABLE, address, _columns(words), words, rows=14, title=words("预警", "warnings"))
                note(
                    words(
                        "未定：监测户不足或最近一次无从得知，不等于绿。距下一线为负，表示已过线但未满最短时间。",
                        "Undetermined: too few homes told, or the last look told nothing; that is not green. "
                        "A negative distance is past the threshold, and not yet for the least time.",
                    )
                )

    @ui.page("/scores", title="heatstream", dark=None)
    async def scores(request: Request, reader: Reading) -> None:
        words = languages.of_request(request)
        async with reader.connection() as conn:
            there = (await matter_rows.desk(conn, settings, reader.source.now)).ground
            watermarks = watermarked(there.rules, await city.watermarks(conn))
        with frame(request, words("赛马", "ranking"), [*watermarks, words(*_INTERNAL)], reader.visitor):
            ui.add_head_html(HEAD)
            note_ = words("按精确得分排名，同分同名次", "by exact points; equals share a place")
            with card(words("各企业得分", "each company's points"), note_):
                found = await company_rows.ranked(request, reader)
                if isinstance(found, Refused):
                    alert(words.why(found))
                grids.table(
                    "scores",
                    "/rows/scores",
                    _score_columns(words),
                    words,
                    rows=12,
                    title=words("赛马", "ranking"),
                    key="company",
                )
                tag(
                    "p",
                    words(
                        "名次仅供内部使用；对外以“公示”为准。得分未定者不排名，点企业看每一项及其原因。",
                        "The places are for the authority alone; what is public is a publication. "
                        "Who is undetermined has no place: open the company for each indicator and why.",
                    ),
                    "hs-note",
                )


_INTERNAL = ("内部赛马，不作公示", INTERNAL.partition(" ")[2])
