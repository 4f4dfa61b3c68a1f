"""楼栋: every building, and one building's façade by floor and stair through a day and a night."""

import datetime as dt
import json
from itertools import pairwise
from typing import Final, NamedTuple
from urllib.parse import quote

from fastapi import Request
from nicegui import ui

from heatstream.store.read import buildings, city
from heatstream.store.read.rows import AnyRow
from heatstream.store.timescale import LOCAL
from heatstream.web import grids, parts
from heatstream.web import words as languages
from heatstream.web.frame import box, card, frame, tag
from heatstream.web.signed_in import Reading
from heatstream.web.words import Words

HEAD: Final = '<link rel="stylesheet" href="/static/building.css"><script src="/static/building.js"></script>'
SCALE: Final = (14, 16, 18, 20, 22, 24)
"""Where the colours of a façade change [°C]; a home's own standard is marked besides."""


class Place(NamedTuple):
    """How a home may lie, as the façade marks it."""

    name: str
    sign: str
    zh: str
    en: str


PLACES: Final = (
    Place("edge", "边", "边：侧面仅一户相邻", "edge 边: one neighbour beside it"),
    Place("top", "顶", "顶：最高一层", "top 顶: on the last floor"),
    Place("bottom", "底", "底：最低一层", "bottom 底: on the first floor"),
    Place("surrounded", "悬", "悬空：相邻各户均停热", "surrounded 悬空: every neighbour is without heat"),
)


def _said(words: Words) -> dict[str, object]:
    """Say what the façade says in the browser; what it reads there goes in as text."""
    return {
        "scale": SCALE,
        "places": {place.name: [place.sign, words(place.zh, place.en)] for place in PLACES},
        "stair": words("{}单元", "stair {}"),
        "floor": words("{}层", "floor {}"),
        "noStair": words("单元未登记", "stair not registered"),
        "elsewhere": words("登记无单元或楼层的住户", "homes without stair or floor in the registry"),
        "below": words("低于标准", "below standard"),
        "standard": words("标准", "standard"),
        "gap": words("无读数", "no reading"),
        "conflict": words("两个数值，待认定", "two values, undecided"),
        "excluded": words("读数经复核排除", "excluded by a review"),
        "stopped": words("报停", "stopped"),
        "unmonitored": words("未监测", "unmonitored"),
        "other": words("非居民", "not residential"),
        "day": words("昼", "day"),
        "night": words("夜", "night"),
        "slot": words("时刻", "time of day"),
        "date": words("日期", "day"),
        "before": words("前一日", "the day before"),
        "after": words("后一日", "the day after"),
        "play": words("播放", "play"),
        "pause": words("暂停", "pause"),
        "reading": words("读取中…", "loading…"),
        "away": words("暂时读不到数据，稍后自动重试。", "The data cannot be read now; it is tried again by itself."),
        "empty": words("当日没有登记的住户。", "No home is registered on this day."),
        "silent": words("当日没有读数。", "Nothing was measured on this day."),
        "sum": words(
            "低于标准 {below} 户 · 有读数 {read} 户 · 监测户 {monitored} 户 · 在册 {homes} 户",
            "{below} below standard · {read} with a reading · {monitored} monitored · {homes} registered",
        ),
        "lowest": words("最低 {}", "lowest {}"),
    }


def _search(words: Words) -> None:
    label = words("按户号或地址查找住户", "find a home by 户号 or address")
    said = {
        "none": words("没有找到。", "Nothing found."),
        "many": words("仅列出前 {} 户，请输入更多。", "The first {} only; type on."),
        "away": words("暂时读不到数据，请重试。", "The data cannot be read now; try again."),
        "short": words("至少两个字符", "two characters or more"),
    }
    with card(words("查找住户", "find a home")):
        with box("form", "hs-search", role="search"):
            tag("label", label, for_="hs-search-text")
            box("input", "hs-input", id="hs-search-text", type="search", maxlength="60", autocomplete="off")
            tag("button", words("查找", "find"), "hs-choice", type="submit", disabled="")  # until the script is there
        box("div", "hs-found", id="hs-found", role="status")
    _run(f"hsBuilding.search({json.dumps(said)})")


def _run(script: str) -> None:
    """Run it once the page stands in the browser."""
    ui.timer(0.1, lambda: ui.run_javascript(f"{script}; 0"), once=True)


def _list(words: Words) -> None:
    link = {":cellRenderer": "p => hsBuilding.link(p.data.code, p.value)"}
    text = {"filter": "agTextColumnFilter"}
    columns = [
        grids.column(words("楼栋", "building"), "name", 110, **link, **text),
        grids.column(words("小区", "community"), "community", 130, **text),
        grids.column(words("区县", "district"), "district", 100, **text),
        grids.column(words("换热站", "station"), "station_name", 110, **text),
        grids.column(words("供热企业", "company"), "company_name", 130, **text),
        grids.figure(words("不达标", "failing"), "failing", sort="desc", sortIndex=0),
        grids.figure(words("无法判定", "undetermined"), "undetermined", width=112),
        grids.figure(words("此刻低于标准", "below now"), "below_now", width=124),
        grids.figure(words("判定值最低 °C", "lowest °C"), "lowest_centi", "hs.degrees", 124),
        grids.figure(words("监测户", "monitored"), "monitored"),
        grids.figure(words("居民户", "homes"), "homes"),
    ]
    note = words(
        "判定为最近一个已判定日；列名旁可筛选", "findings of the last closed day; filter beside a column's name"
    )
    with card(words("全部楼栋", "every building"), note):
        grids.table("buildings", "/rows/buildings", columns, words, rows=14)


def _facts(found: AnyRow, words: Words) -> None:
    yes_no = {None: "", True: words("是", "yes"), False: words("否", "no")}
    parts.facts(
        {
            words("楼栋代码", "code"): found.code,
            words("小区", "community"): found.community,
            words("街道", "street office"): found.street_office or "",
            words("区县", "district"): found.district,
            words("换热站", "station"): found.station_name,
            words("供热企业", "company"): found.company_name,
            words("层数", "storeys"): _number(found.floors),
            words("单元数", "stairs"): _number(found.stairs),
            words("建成年份", "completed"): _number(found.built_year),
            words("节能改造", "renovated"): yes_no[found.renovated],
            words("底层架空", "open ground floor"): yes_no[found.open_ground_floor],
        }
    )
    with box("p", "hs-ways"):
        parts.link(words("换热站供热", "the station's supply"), f"/stations/{quote(found.station)}")
        parts.link(words("企业", "the company"), f"/companies/{quote(found.company)}")


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _legend(words: Words) -> None:
    """Tell the scale by words and numbers: colours alone tell nothing to some, and nothing in print."""
    with box("ul", "hs-legend", aria_label=words("图例", "legend")):
        for place, text in enumerate(_bands(words)):
            _key(f"hs-cell hs-t{place}", "", text)
        _key("hs-cell hs-below", "▼", words("低于该户的标准", "below the home's standard"))
        _key("hs-cell hs-gap", "—", words("该时段没有读数", "no reading in this slot"))
        _key("hs-cell hs-stopped", "", words("报停", "stopped"))
        _key("hs-cell hs-unmonitored", "", words("未监测", "unmonitored"))
        for each in PLACES:
            _key("hs-sign", each.sign, words(each.zh, each.en))


def _key(classes: str, sign: str, text: str) -> None:
    with box("li"):
        tag("span", sign, classes, aria_hidden="true")
        tag("span", text)


def _bands(words: Words) -> list[str]:
    edges = [f"{low}.00–{high - 1}.99 °C" for low, high in pairwise(SCALE)]
    return [
        words(f"不满 {SCALE[0]}.00 °C", f"under {SCALE[0]}.00 °C"),
        *edges,
        words(f"{SCALE[-1]}.00 °C 及以上", f"{SCALE[-1]}.00 °C and over"),
    ]


def _facade(code: str, day: dt.date, words: Words) -> None:
    note = words(
        "每户取各房间中最冷的入库读数，不插值；没有读数就是空缺",
        "each home's coldest stored reading, nothing interpolated; without a reading it is a gap",
    )
    with card(words("立面", "façade"), note):
        box("div", "hs-facade", id="hs-facade")
        _legend(words)
    asked = json.dumps({"code": code, "day": day.isoformat()})
    _run(f"hsBuilding.facade({asked}, {json.dumps(_said(words))})")


def add() -> None:
    """Add the pages."""

    @ui.page("/buildings", title="heatstream", dark=None)
    async def every(request: Request, reader: Reading) -> None:
        async with reader.connection() as conn:
            watermarks = await city.watermarks(conn)
        title = languages.of_request(request)("楼栋", "buildings")
        with frame(request, title, watermarks, reader.visitor) as words:
            ui.add_head_html(HEAD)
            _search(words)
            _list(words)

    @ui.page("/buildings/{code}", title="heatstream", dark=None)
    async def one(request: Request, code: str, reader: Reading, day: dt.date | None = None) -> None:
        async with reader.connection() as conn:
            watermarks = await city.watermarks(conn)
            found = await buildings.by_code(conn, code)
            newest = await buildings.newest(conn, found.id) if found else None
        words = languages.of_request(request)
        title = f"{found.community} {found.name}" if found else words("楼栋", "buildings")
        with frame(request, title, watermarks, reader.visitor):
            if found is None:
                parts.empty(words(f"登记中没有楼栋 {code}。", f"The registry has no building {code}."))
                return
            ui.add_head_html(HEAD)
            last = (newest or dt.datetime.now(LOCAL)).astimezone(LOCAL).date()
            _facade(code, day or last, words)
            with card(words("登记", "registry")):
                _facts(found, words)
