"""Tables: AG Grid, with rows that the browser fetches and fetches again."""

from typing import Any

from nicegui import ui

from heatstream.core.finding import Outcome
from heatstream.rules.explain import MARKS
from heatstream.store.read.words import OUTCOME_ZH, ROOM_KIND_ZH, word
from heatstream.web.frame import attributed, box, tag
from heatstream.web.words import Words

Column = dict[str, Any]
HUNDREDTHS = ("hs.degrees", "hs.yuan")

_LOCALE_EN = {"loadingOoo": "loading…", "noRowsToShow": "nothing here"}
_LOCALE_ZH = {
    "loadingOoo": "读取中…",
    "noRowsToShow": "暂无数据",
    "noMatchingRows": "没有符合条件的行",
    "filterOoo": "筛选…",
    "equals": "等于",
    "notEqual": "不等于",
    "blank": "为空",
    "notBlank": "不为空",
    "lessThan": "小于",
    "greaterThan": "大于",
    "lessThanOrEqual": "小于或等于",
    "greaterThanOrEqual": "大于或等于",
    "inRange": "介于",
    "inRangeStart": "从",
    "inRangeEnd": "到",
    "contains": "包含",
    "notContains": "不包含",
    "startsWith": "开头是",
    "endsWith": "结尾是",
    "empty": "请选择",
    "andCondition": "并且",
    "orCondition": "或者",
    "true": "是",
    "false": "否",
    "ariaColumn": "列",
    "ariaSortableColumn": "按回车键排序",
    "ariaMenuColumn": "按 Ctrl 加回车键筛选",
    "ariaFilterMenuOpen": "打开筛选",
    "ariaFilterValue": "筛选值",
    "ariaFilterFromValue": "从",
    "ariaFilterToValue": "到",
    "ariaFilteringOperator": "筛选方式",
}
"""What the table's own parts say; English is theirs but for two."""


def column(name: str, field: str, width: int = 96, **more: Any) -> Column:
    """A column of text."""
    return {"headerName": name[:1].upper() + name[1:], "field": field, "minWidth": width, "width": width, **more}


def figure(name: str, field: str, formatter: str = "hs.count", width: int = 96, **more: Any) -> Column:
    """A column of numbers, to the right; `formatter` is a function of page.js."""
    shown = {":valueFormatter": f"p => {formatter}(p.value)"}
    if formatter in HUNDREDTHS:  # filtered by what is read, not by how it is kept
        shown |= {":filterValueGetter": "hs.hundredths"}
    return column(name, field, width, type="rightAligned", **shown | more)


def link(name: str, field: str, width: int = 120) -> Column:
    """A column of household codes that lead to their page."""
    return leading(name, field, "/household/", width)


def leading(name: str, field: str, address: str, width: int = 120, **more: Any) -> Column:
    """A column of codes that lead to a page of theirs, at `address` and the code."""
    return column(name, field, width, **{":cellRenderer": f"p => hs.link(p.value, {address!r})"} | more)


def _literal(words: dict[Any, str]) -> str:
    """Write constants of ours as JavaScript: nothing that was ever sent to us comes here."""
    return "{" + ",".join(f"{str(key)!r}:{value!r}" for key, value in words.items()) + "}"


def worded(script: str) -> dict[str, Any]:
    """Show a stored value as a word, and find and filter it by the word as well."""
    return {
        ":valueFormatter": f"p => {script}",
        ":filterValueGetter": f"p => hs.worded(p, p => {script})",
        "filter": "agTextColumnFilter",
    }


def outcome(words: Words) -> Column:
    """A column of outcomes, in words and colour."""
    names = {int(each): words(OUTCOME_ZH[each], word(each)) for each in Outcome}
    renderer = {":cellRenderer": f"p => hs.outcome(p.value, {_literal(names)})"}
    return column(words("判定", "outcome"), "outcome", 104, **renderer, **worded(f"({_literal(names)})[p.value] || ''"))


def room_kind(words: Words) -> Column:
    """A column of kinds of rooms."""
    names = {kind: words(zh, kind.replace("_", " ")) for kind, zh in ROOM_KIND_ZH.items()}
    return column(words("房间", "room"), "room_kind", 88, **worded(f"({_literal(names)})[p.value] || ''"))


def stopped(words: Words) -> Column:
    """A column that marks households without heat by their own wish."""
    shown = worded(f"p.value ? {words('报停', 'stopped')!r} : ''")
    return column(words("报停", "stopped"), "stopped", 72, cellDataType=False, **shown)


def mark_names(words: Words) -> dict[str, str]:
    """Name each kind of quality mark."""
    return {kind.name.lower(): words(*name) for kind, name in MARKS.items()}


def mark_kind(words: Words) -> Column:
    """A column of kinds of quality marks."""
    return column(words("标记", "mark"), "kind", 130, **worded(f"({_literal(mark_names(words))})[p.value] || p.value"))


def mark_review(words: Words) -> Column:
    """A column that tells what a reviewer said of a mark."""
    said = {
        "open": words("未复核", "not reviewed"),
        "excluded": words("已排除", "excluded by"),
        "kept": words("保留", "kept by"),
    }
    shown = worded(f"hs.review(p.data, {_literal(said)})")
    return column(words("复核", "review"), "excludes", 180, flex=2, cellDataType=False, **shown)


def _tools(name: str, title: str, file: str, words: Words) -> None:
    """Put above a table what narrows it, how many rows it has, and what takes them away as a file."""
    with box("div", "hs-tools"):
        find = attributed(ui.element("input"), type="search", id=f"hs-find-{name}", autocomplete="off")
        asks = words("在表中查找", "find in the table")
        attributed(find, placeholder=asks, aria_label=f"{asks}：{title}" if title else asks)
        find.on("input", js_handler=f"event => hs.find({name!r}, event.target.value)")
        tag("span", "", "hs-note hs-tally", role="status", id=f"hs-tally-{name}")
        more = tag("button", words("载入更多", "load more"), "hs-choice hs-more", type="button", id=f"hs-more-{name}")
        more.on("click", js_handler=f"() => hs.more({name!r})")
        export = words("导出 CSV", "export CSV")
        if file:
            tag("a", export, "hs-choice", href=file, download="")
        else:
            save = tag("button", export, "hs-choice", type="button")
            save.on("click", js_handler=f"() => hs.save({name!r})")


def table(
    name: str,
    address: str,
    columns: list[Column],
    words: Words,
    *,
    rows: int = 8,
    title: str = "",
    key: str = "",
    file: str = "",
    tools: bool = True,
) -> ui.aggrid:
    """A table of at most `rows` rows' height; `name` and `address` are ours, never a visitor's.

    Its rows are fetched by the browser, and again while the page is open: a list, or `{"rows": [...], "next": ...}`,
    which goes on at `&after=NEXT`. Every column sorts and filters; what is shown can be saved with all its rows. From
    the keyboard: arrows walk, Enter opens what a cell leads to.

    Parameters
    ----------
    title : what it lists, for who cannot see it
    key : field that tells rows apart, so that a row keeps its place and focus when it is fetched again
    file : address of all rows as CSV, of a table that is fetched page by page
    tools : with a search, a count and the export above it
    """
    if tools:
        _tools(name, title, file, words)
    options = {
        "columnDefs": columns,
        "defaultColDef": {
            "sortable": True,
            "filter": True,
            "resizable": True,
            "suppressMovable": True,
            "flex": 1,
            ":getQuickFilterText": "hs.shown",
        },
        "rowData": [],
        "loading": True,
        "localeText": _LOCALE_EN if words.language == "en" else _LOCALE_ZH,
        "enableCellTextSelection": True,
        "ensureDomOrder": True,
        ":onCellKeyDown": "p => hs.open(p)",
        ":onModelUpdated": f"() => hs.tally({name!r})",
    }
    if key:
        options[":getRowId"] = f"p => String(p.data[{key!r}])"
    with box("div", "hs-table-of", role="group", aria_label=title or words("表", "table")):
        grid = ui.aggrid(options, auto_size_columns=False).classes("hs-grid")
    grid.options[":onGridReady"] = f"p => hs.ready({name!r}, p.api, {address!r}, 'c{grid.id}', {rows})"
    return grid
