"""Columns of supervision's tables, and the filters that stand over them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from nicegui import ui

from heatstream.web import grids, matter_words
from heatstream.web.frame import attributed, box, tag
from heatstream.web.grids import Column
from heatstream.web.words import Words


def literal(value: Any) -> str:
    """Write constants of ours as JavaScript: nothing that was ever sent to us comes here."""
    return json.dumps(value, ensure_ascii=False)


def drawn(name: str, field: str, renderer: str, width: int = 96, text: str = "p.value", **more: Any) -> Column:
    """A column whose cells JavaScript draws; `text` is what is found, filtered and saved of one."""
    drawing = {":cellRenderer": f"p => {renderer}", **grids.worded(text)}
    return grids.column(name, field, width, cellDataType=False, **drawing | more)


def written(name: str, field: str, formatter: str, width: int = 96, **more: Any) -> Column:
    """A column whose values JavaScript writes."""
    return grids.column(name, field, width, cellDataType=False, **grids.worded(formatter) | more)


def link(name: str, field: str, page: str, width: int = 120, shown: str = "") -> Column:
    """A column of codes that lead to their page; `shown` names the field that is written instead of the code."""
    text = f"p.data?.{shown}" if shown else "p.value"
    return drawn(name, field, f"hsv.link({literal(page)}, p.value, {text})", width, text)


def named(name: str, field: str, names: Mapping[Any, str], width: int = 96) -> Column:
    """A column of stored words, in the visitor's."""
    return written(name, field, f"hsv.word(p.value, {literal(names)})", width)


def at(name: str, field: str, width: int = 140) -> Column:
    """A column of instants."""
    return written(name, field, "hsv.at(p.value)", width)


def coloured(name: str, field: str, words: Words, width: int = 96) -> Column:
    """A column of colours 红黄绿."""
    names = literal(matter_words.colours(words))
    return drawn(name, field, f"hsv.level(p.value, {names})", width, f"hsv.word(p.value, {names})")


def matters(words: Words) -> list[Column]:
    """Give the columns of a list of matters."""
    over = {"over": words("超时", "over")}
    return [
        link(words("事项", "matter"), "code", "matters", 150),
        named(words("缓急", "urgency"), "urgency", matter_words.urgencies(words), 80),
        drawn(words("下一时限", "next limit"), "due_at", f"hsv.due(p.data, {literal(over)})", 176, "hsv.at(p.value)"),
        named(words("类别", "kind"), "kind", matter_words.kinds(words), 92),
        grids.column(words("内容", "what"), "headline", 260, flex=3, tooltipField="headline"),
        named(words("步骤", "step"), "step", matter_words.steps(words), 104),
        link(words("企业", "company"), "company", "companies", 84),
        grids.column(words("区县", "district"), "district", 80),
        link(words("换热站", "station"), "heat_station", "stations", 84),
        at(words("发生", "opened"), "opened_at"),
    ]


def selection(name: str, field: str, options: Mapping[str, str], chosen: str) -> None:
    """A filter of which one is picked."""
    with box("label"):
        tag("span", name)
        with attributed(ui.element("select"), name=field):
            for value, text in options.items():
                option = tag("option", text, value=value)
                if value == chosen:
                    option.props["selected"] = True


def typed(name: str, field: str, given: str, kind: str = "text") -> None:
    """A filter that is typed."""
    with box("label"):
        tag("span", name)
        attributed(ui.element("input"), name=field, type=kind, size="10", **{"^value": given})


def filters(table: str, address: str, words: Words) -> ui.element:
    """Where a table's filters stand; they live in the page's address."""
    form = box("form", "hs-filters", role="search", aria_label=words("筛选", "filter"))
    script = f"hsv.filtered(event.currentTarget, {literal(table)}, {literal(address)})"
    return form.on("change", js_handler=f"event => {script}").on(
        "submit", js_handler=f"event => {{ event.preventDefault(); {script} }}"
    )


def asked(query: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """Take the filters that an address gives."""
    return {name: query[name] for name in names if query.get(name)}


def addressed(address: str, query: Mapping[str, str]) -> str:
    """Give the rows' address with its filters."""
    return f"{address}?{urlencode(query)}" if query else address
