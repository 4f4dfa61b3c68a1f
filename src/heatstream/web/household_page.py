"""One household: its curve, its findings, and why each is what it is."""

from typing import Any

from fastapi import Request
from nicegui import events, ui

from heatstream.claims import explained
from heatstream.core.finding import Outcome
from heatstream.rules.sentences import changes
from heatstream.store.read import city, findings, registry, statistics
from heatstream.store.read.rows import AnyRow
from heatstream.store.read.words import ROOM_KIND_ZH
from heatstream.web import charts, grids
from heatstream.web import words as languages
from heatstream.web.city_page import finding_columns
from heatstream.web.frame import card, choice, frame, tag
from heatstream.web.shared import Reader
from heatstream.web.signed_in import Reading
from heatstream.web.words import Words

RANGES, FIRST_RANGE = (1, 7, 30), 7
"""Days that the curve can show."""


def _facts(home: AnyRow, words: Words) -> None:
    told = {
        words("地址", "address"): home.address,
        words("楼栋", "building"): f"{home.community_name} {home.building_name}",
        words("区县", "district"): home.district_name,
        words("换热站", "station"): home.heat_station_name,
        words("供热企业", "company"): home.company_name,
        words("监测点", "points"): str(home.points) if home.points else words("未监测", "unmonitored"),
    }
    with ui.element("div").classes("hs-facts"):
        for name, value in told.items():
            with ui.element("div"):
                tag("div", name, "hs-fact-name")
                tag("div", value, "hs-fact-value")


def _curve(standard_centi: int, words: Words) -> None:
    names = {kind: words(zh, kind.replace("_", " ")) for kind, zh in ROOM_KIND_ZH.items()}
    kinds = grids.mark_names(words)
    note = words("虚线为标准；底色为质量标记", "dashed: the standard; shaded: quality marks")
    with card(words("室温曲线", "room temperatures"), note):
        buttons = ui.element("div").classes("hs-choices")
        chart = ui.echart(charts.curve(standard_centi, words)).classes("hs-chart")

        def draw(days: int) -> str:
            return f"hs.curve(getElement({chart.id}).chart, './curve?days={days}', {names!r}, {kinds!r})"

        with buttons:
            for days in RANGES:
                script = f"hs.press(event.currentTarget); {draw(days)}"
                choice(words(f"{days} 天", f"{days} d"), script, pressed=days == FIRST_RANGE)
        ui.timer(0.2, lambda: ui.run_javascript(f"{draw(FIRST_RANGE)}; 0"), once=True)


async def _explanation(reader: Reader, finding_id: int, words: Words) -> None:
    async with reader.connection() as conn:
        finding = await findings.by_id(conn, finding_id)
        if finding is None:
            return
        rooms = await statistics.of_household(conn, finding.household_id, finding.period_from)
        told = await explained.of_finding(conn, finding, rooms)
    nearest = set(changes(told.change, Outcome(finding.outcome))) if told.change else set()
    for sentence in told.lines:
        # Some free Chinese fonts draw U+2103 as a blank.
        text = words(sentence.zh, sentence.en).replace("℃", "°C")
        tag("p", text, "hs-sentence hs-nearest" if sentence in nearest else "hs-sentence")


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


def _findings(reader: Reader, words: Words) -> None:
    columns = [grids.column(words("日期", "day"), "day", 110), *finding_columns(words)]
    with card(words("逐日判定", "findings by day"), words("点一行看依据", "click a row for its reasons")):
        grid = grids.table("findings", "./findings", columns, words, rows=9)
        with ui.element("div").props("aria-live=polite").style("margin-top: 12px") as reasons:
            tag("p", words("尚未选择。", "None chosen."), "hs-note")

    async def explain(event: events.GenericEventArguments) -> None:
        chosen: Any = event.args.get("data") or {}
        if isinstance(chosen.get("id"), int):
            reasons.clear()
            with reasons:
                await _explanation(reader, chosen["id"], words)

    grid.on("rowClicked", explain, ["data"])


def add(standard_centi: int) -> None:
    """Add the page; `standard_centi` is drawn where no finding says another."""

    @ui.page("/household/{code}", title="heatstream", dark=None)
    async def household(request: Request, code: str, reader: Reading) -> None:
        words = languages.of_request(request)
        async with reader.connection() as conn:
            home = await registry.household_by_code(conn, code)
            watermarks = await city.watermarks(conn)
            limit = await findings.newest_limit(conn, home.id) if home else None
        with frame(request, words("户", "home") + f" {code}", watermarks, reader.visitor):
            if home is None:
                tag("p", words(f"登记中没有户号 {code}。", f"The registry has no household {code}."))
                return
            with card(f"{words('户', 'household')} {home.household}"):
                _facts(home, words)
            if home.points:
                _curve(limit or standard_centi, words)
            _findings(reader, words)
            if home.points:
                _marks(words)
