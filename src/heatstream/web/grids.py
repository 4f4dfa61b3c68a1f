"""Tables: AG Grid, with rows that the browser fetches and fetches again."""

from typing import Any

from nicegui import ui

from heatstream.core.finding import Outcome
from heatstream.rules.explain import MARKS
from heatstream.store.read.words import OUTCOME_ZH, ROOM_KIND_ZH, word
from heatstream.web.words import Words

Column = dict[str, Any]

_OVERLAY_ZH = {"loadingOoo": "读取中…", "noRowsToShow": "暂无数据"}
_OVERLAY_EN = {"loadingOoo": "loading…", "noRowsToShow": "nothing here"}


def column(name: str, field: str, width: int = 96, **more: Any) -> Column:
    """A column of text."""
    return {"headerName": name[:1].upper() + name[1:], "field": field, "minWidth": width, "width": width, **more}


def figure(name: str, field: str, formatter: str = "hs.count", width: int = 96, **more: Any) -> Column:
    """A column of numbers, to the right; `formatter` is a function of page.js."""
    return column(name, field, width, type="rightAligned", **{":valueFormatter": f"p => {formatter}(p.value)"} | more)


def link(name: str, field: str, width: int = 120) -> Column:
    """A column of household codes that lead to their page."""
    return column(name, field, width, **{":cellRenderer": "p => hs.homeLink(p.value)"})


def _literal(words: dict[Any, str]) -> str:
    """Write constants of ours as JavaScript: nothing that was ever sent to us comes here."""
    return "{" + ",".join(f"{str(key)!r}:{value!r}" for key, value in words.items()) + "}"


def outcome(words: Words) -> Column:
    """A column of outcomes, in words and colour."""
    names = {int(each): words(OUTCOME_ZH[each], word(each)) for each in Outcome}
    renderer = f"p => hs.outcome(p.value, {_literal(names)})"
    return column(words("判定", "outcome"), "outcome", 104, **{":cellRenderer": renderer})


def room_kind(words: Words) -> Column:
    """A column of kinds of rooms."""
    names = {kind: words(zh, kind.replace("_", " ")) for kind, zh in ROOM_KIND_ZH.items()}
    formatter = f"p => ({_literal(names)})[p.value] || ''"
    return column(words("房间", "room"), "room_kind", 88, **{":valueFormatter": formatter})


def stopped(words: Words) -> Column:
    """A column that marks households without heat by their own wish."""
    formatter = f"p => p.value ? {words('报停', 'stopped')!r} : ''"
    return column(words("报停", "stopped"), "stopped", 72, cellDataType=False, **{":valueFormatter": formatter})


def mark_names(words: Words) -> dict[str, str]:
    """Name each kind of quality mark."""
    return {kind.name.lower(): words(*name) for kind, name in MARKS.items()}


def mark_kind(words: Words) -> Column:
    """A column of kinds of quality marks."""
    formatter = f"p => ({_literal(mark_names(words))})[p.value] || p.value"
    return column(words("标记", "mark"), "kind", 130, **{":valueFormatter": formatter})


def mark_review(words: Words) -> Column:
    """A column that tells what a reviewer said of a mark."""
    said = {
        "open": words("未复核", "not reviewed"),
        "excluded": words("已排除", "excluded by"),
        "kept": words("保留", "kept by"),
    }
    formatter = f"p => hs.review(p.data, {_literal(said)})"
    return column(
        words("复核", "review"), "excludes", 180, flex=2, cellDataType=False, **{":valueFormatter": formatter}
    )


def table(name: str, address: str, columns: list[Column], words: Words, *, rows: int = 8) -> ui.aggrid:
    """A table of at most `rows` rows' height; `name` and `address` are ours, never a visitor's."""
    options = {
        "columnDefs": columns,
        "defaultColDef": {"sortable": True, "resizable": True, "suppressMovable": True, "flex": 1},
        "rowData": [],
        "localeText": _OVERLAY_EN if words.language == "en" else _OVERLAY_ZH,
        "suppressCellFocus": True,
        "enableCellTextSelection": True,
    }
    grid = ui.aggrid(options, auto_size_columns=False).classes("hs-grid")
    grid.options[":onGridReady"] = f"p => hs.ready({name!r}, p.api, {address!r}, 'c{grid.id}', {rows})"
    return grid
