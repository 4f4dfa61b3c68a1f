"""Every matter, to be narrowed down, sorted and kept."""

from fastapi import Request
from nicegui import ui

from heatstream.settings import Settings
from heatstream.store.read import city
from heatstream.web import grids, matter_columns, matter_rows, matter_words
from heatstream.web import words as languages
from heatstream.web.frame import card, frame
from heatstream.web.signed_in import Reading
from heatstream.web.today_page import HEAD, watermarked
from heatstream.web.words import Words

TABLE, ADDRESS = "matters", "/rows/matters"
FILTERS = ("kind", "open", "company", "district", "station")


def _filters(query: dict[str, str], words: Words) -> None:
    states = {
        "": words("未办结", "open"),
        "overdue": words("已超时", "overdue"),
        "closed": words("已办结", "closed"),
        "all": words("全部", "all"),
    }
    with matter_columns.filters(TABLE, ADDRESS, words):
        every = {"": words("全部类别", "every kind"), **matter_words.kinds(words)}
        matter_columns.selection(words("类别", "kind"), "kind", every, query.get("kind", ""))
        matter_columns.selection(words("状态", "state"), "open", states, query.get("open", ""))
        matter_columns.typed(words("企业代码", "company"), "company", query.get("company", ""))
        matter_columns.typed(words("区县代码", "district"), "district", query.get("district", ""))
        matter_columns.typed(words("换热站代码", "station"), "station", query.get("station", ""))


def add(settings: Settings) -> None:
    """Add the page."""

    @ui.page("/matters", title="heatstream", dark=None)
    async def matters(request: Request, reader: Reading) -> None:
        words = languages.of_request(request)
        query = matter_columns.asked(request.query_params, FILTERS)
        async with reader.connection() as conn:
            there = (await matter_rows.desk(conn, settings, reader.source.now)).ground
            watermarks = watermarked(there.rules, await city.watermarks(conn))
        with frame(request, words("事项", "matters"), watermarks, reader.visitor):
            ui.add_head_html(HEAD)
            note = words("先急后缓，再按时限", "the most urgent first, then by the next limit")
            with card(words("全部事项", "all matters"), note):
                _filters(query, words)
                address = matter_columns.addressed(ADDRESS, query)
                title = words("事项", "matters")
                grids.table(TABLE, address, matter_columns.matters(words), words, rows=14, title=title, key="code")
