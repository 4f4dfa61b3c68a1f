"""One household: where it lies, its curve, its findings and why each is what it is, its claims, and the evidence."""

import datetime as dt
import json
from typing import Final
from urllib.parse import quote

from fastapi import Request
from nicegui import ui

from heatstream.access.fields import SEES
from heatstream.access.permits import PAGES, may
from heatstream.core.finding import Change, Outcome
from heatstream.core.quality import Quality
from heatstream.store.read import city, readings, registry
from heatstream.store.read.rows import AnyRow
from heatstream.store.read.words import CHANGE_ZH, OUTCOME_ZH, ROOM_KIND_ZH, word
from heatstream.store.timescale import LOCAL
from heatstream.web import charts, grids, home_case, home_place, parts
from heatstream.web import words as languages
from heatstream.web.findings_page import finding_columns
from heatstream.web.frame import attributed, box, card, choice, frame, tag
from heatstream.web.signed_in import Reading
from heatstream.web.words import Words

HEAD: Final = '<link rel="stylesheet" href="/static/building.css"><script src="/static/household.js"></script>'
RANGES: Final = {"day": ("日", "day"), "week": ("周", "week"), "month": ("月", "month"), "season": ("采暖期", "season")}
FIRST_RANGE: Final = "week"
EVIDENCE: Final = "/rows/household/{code}/evidence"
_FLAGS: Final = {
    Quality.LATE: ("迟到", "late"),
    Quality.DEVICE_AHEAD: ("设备时钟超前", "device ahead"),
    Quality.GATEWAY_AHEAD: ("网关时钟超前", "gateway ahead"),
    Quality.OTHER_GATEWAY: ("经其他网关", "other gateway"),
    Quality.REPLAYED: ("重放", "replayed"),
}


def _said(words: Words) -> dict[str, object]:
    """Say what the page says in the browser."""
    return {
        "language": words.language,
        "rooms": {kind: words(zh, kind.replace("_", " ")) for kind, zh in ROOM_KIND_ZH.items()},
        "marks": grids.mark_names(words),
        "flags": {(bit.name or "").lower(): words(*told) for bit, told in _FLAGS.items()},
        "outcomes": {int(each): words(OUTCOME_ZH[each], word(each)) for each in Outcome},
        "changes": {int(each): words(CHANGE_ZH[each], word(each).replace("_", " ")) for each in Change},
        "standard": words("标准", "standard"),
        "night": words("夜", "night"),
        "excluded": words("经复核排除", "excluded by a review"),
        "noEvidence": words("验收前，不作证据", "before acceptance, no evidence"),
        "conflict": words("冲突：两个数值", "conflict: two values"),
        "flag": words("读数标志", "flag of a reading"),
        "open": words("待认定", "undecided"),
        "neither": words("均不计", "neither counts"),
        "decided": words("已认定", "decided"),
        "reading": words("读取中…", "loading…"),
        "away": words("暂时读不到数据，请重试。", "The data cannot be read now; try again."),
        "silent": words("这段时间没有读数。", "Nothing was measured in this time."),
        "span": words("{} 至 {}，北京时间（+08:00）", "{} to {}, at +08:00"),
        "none": words(
            "该日没有判定：尚未判定，或该户当日未监测。", "No finding of this day: it is not judged, or not monitored."
        ),
        "stands": words("现行", "stands"),
        "versions": words("判定的历次版本", "every version of the finding"),
        "noStatistics": words("该日没有统计。", "This day has no statistics."),
        "statistics": [
            words("测点", "point"),
            words("房间", "room"),
            words("读数", "readings"),
            words("有效时段", "valid slots"),
            words("最低 °C", "min °C"),
            words("昼最低 °C", "day min °C"),
            words("夜最低 °C", "night min °C"),
            words("低于标准 分钟", "min below"),
            words("最长连续 分钟", "longest, min"),
            words("冲突", "conflicts"),
            words("标准 °C", "standard °C"),
        ],
        "export": words("正在导出…", "exporting…"),
        "exported": words("已导出 {}，{} 字节，SHA-256 {}", "exported {}, {} bytes, SHA-256 {}"),
        "verifying": words("正在核验…", "verifying…"),
        "choose": words("请先导出证据包，或选择一个文件。", "Export a bundle first, or choose a file."),
        "refused": words("未能完成：{}", "It was refused: {}"),
        "same": words(
            "相同：重新计算的结果与证据包所载无出入。", "Same: what was computed again is what the bundle says."
        ),
        "different": words(
            "不同：重新计算的结果与证据包所载有出入，见下。", "Different: what was computed again differs, see below."
        ),
        "unreadable": words(
            "无法读取：这不是证据包，或已损坏。", "Unreadable: this is no evidence bundle, or it is damaged."
        ),
    }


def _curve(home: AnyRow, day: dt.date, words: Words) -> None:
    note = words(
        "虚线为标准，深色带为夜，浅色底为质量标记；断开处没有读数",
        "dashed: the standard; dark bands: nights; shaded: quality marks; nothing was measured where a line is broken",
    )
    with card(words("室温曲线", "room temperatures"), note):
        with box("div", "hs-facade-top"):
            with box("div", "hs-facade-day"):
                tag("button", "‹", "hs-choice", type="button", id="hs-before", aria_label=words("往前", "earlier"))
                box(
                    "input",
                    "hs-input",
                    id="hs-day",
                    type="date",
                    aria_label=words("日期", "day"),
                    value=day.isoformat(),
                )
                tag("button", "›", "hs-choice", type="button", id="hs-after", aria_label=words("往后", "later"))
            with box("div", "hs-choices", role="group", aria_label=words("范围", "range")):
                for name, pair in RANGES.items():
                    script = f"hs.press(event.currentTarget); hsHome.range('{name}')"
                    choice(words(*pair), script, pressed=name == FIRST_RANGE)
        chart = charts.drawn(charts.curve(), words("室温曲线", "room temperatures"), words)
        attributed(chart, aria_describedby="hs-curve-said")
        tag("p", words("读取中…", "loading…"), "hs-note", id="hs-curve-said", role="status")
    told = {"code": home.household, "day": day.isoformat(), "range": FIRST_RANGE, "chart": f"c{chart.id}"}
    script = f"hsHome.start({json.dumps(told)}, {json.dumps(_said(words))}, id => getElement({chart.id}).chart); 0"
    ui.timer(0.1, lambda: ui.run_javascript(script), once=True)


def _findings(words: Words) -> None:
    day = {":cellRenderer": "p => hsHome.dayButton(p.value)"}
    columns = [grids.column(words("日期", "day"), "day", 124, **day), *finding_columns(words)]
    with card(words("逐日判定", "findings by day"), words("点日期看依据", "press a day for its reasons")):
        grids.table("findings", "./findings", columns, words, rows=9)
        with box("div", "hs-reasons", aria_live="polite"):
            tag("h3", "", id="hs-reasons-day")
            box("div", id="hs-reasons")
            tag("h3", words("当日统计，逐测点", "statistics of the day by point"))
            box(
                "div",
                "hs-scroll",
                id="hs-statistics",
                tabindex="0",
                role="region",
                aria_label=words("当日统计", "statistics"),
            )


def _marks(words: Words) -> None:
    note = words(
        "标记本身不影响判定；经复核排除的读数才不计入", "no mark judges; only what a reviewer excludes does not count"
    )
    columns = [
        grids.mark_kind(words),
        grids.column(words("监测点", "point"), "device", 110),
        grids.column(words("起止", "from, to"), "begins", 170, **{":valueFormatter": "p => hs.span(p.data)"}),
        grids.column(words("所见", "seen"), f"seen_{words.language}", 240, flex=3),
        grids.mark_review(words),
    ]
    with card(words("质量标记", "quality marks"), note):
        grids.table("marks", "./marks", columns, words, rows=6)


def _evidence(day: dt.date, words: Words) -> None:
    note = words(
        "该户的读数、登记、规则、判定、案件与校验路径，装在一个文件里",
        "the home's readings, registry, rules, findings, claims and proofs in one file",
    )
    # The buttons wait for the script: before it, a form would only load the page again.
    with card(words("证据包", "evidence"), note):
        with box("form", "hs-search", id="hs-export"):
            for name, label in (("first", words("从", "from")), ("last", words("至", "to"))):
                with box("label", "hs-field"):
                    tag("span", label)
                    box("input", "hs-input", id=f"hs-{name}", type="date", required="", value=day.isoformat())
            tag("button", words("导出", "export"), "hs-choice", type="submit", disabled="")
        with box("form", "hs-search", id="hs-verify"):
            with box("label", "hs-field"):
                tag("span", words("或核验一个文件", "or verify a file"))
                box("input", "hs-input", id="hs-file", type="file", accept=".zip,application/zip")
            tag("button", words("核验", "verify"), "hs-choice", type="submit", disabled="")
        box("div", "hs-verdict", id="hs-verdict", role="status")


def add() -> None:
    """Add the page."""

    @ui.page("/household/{code}", title="heatstream", dark=None)
    async def household(request: Request, code: str, reader: Reading, day: dt.date | None = None) -> None:
        words, sees = languages.of_request(request), SEES[reader.visitor.role]
        today = dt.datetime.now(LOCAL).date()
        async with reader.connection() as conn:
            home = await registry.household_by_code(conn, code)
            watermarks = await city.watermarks(conn)
            if home is not None:
                newest = await readings.newest(conn, await readings.points_of(conn, device=None, household_code=code))
                chosen = day or (newest.astimezone(LOCAL).date() if newest else today)
                place = await home_place.read(conn, home, chosen, reader.visitor)
                case = await home_case.read(conn, home.id)
        title = words(f"户 {code}", f"household {code}")
        with frame(request, title, watermarks, reader.visitor):
            if home is None:
                parts.empty(words(f"登记中没有户号 {code}。", f"The registry has no household {code}."))
                return
            ui.add_head_html(HEAD)
            home_place.card_of(home, place, reader.visitor, words)
            _curve(home, chosen, words)
            _findings(words)
            if home.points:
                _marks(words)
            home_case.card_of(case, sees, words)
            if may(reader.visitor, "/claims/open", PAGES):
                parts.link(words("为此户立案", "open a claim"), f"/claims/open?household={quote(code, safe='')}")
            if may(reader.visitor, EVIDENCE, PAGES):
                _evidence(chosen, words)
