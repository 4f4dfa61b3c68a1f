"""One matter: where it stands, its limits under every rule, what was recorded, and the supply that it is about."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from fastapi import Request
from nicegui import ui

from heatstream.errors import BadInput
from heatstream.settings import Settings
from heatstream.store.read import city
from heatstream.store.timescale import LOCAL
from heatstream.supervision import shown
from heatstream.supervision.incident.incident_shown import Seen
from heatstream.supervision.incident.incident_shown import sentences as of_incident
from heatstream.supervision.shown import Shown
from heatstream.web import charts, matter_rows, today_page
from heatstream.web import words as languages
from heatstream.web.frame import card, frame, tag
from heatstream.web.shared import Reader
from heatstream.web.signed_in import Reading
from heatstream.web.words import Words


def _local(at: dt.datetime | None) -> str:
    return f"{at.astimezone(LOCAL):%Y-%m-%d %H:%M}" if at else ""


def _facts(seen: Shown, words: Words) -> None:
    found = seen.matter
    told = {
        words("类别", "kind"): today_page.kinds(words)[found.kind],
        words("缓急", "urgency"): today_page.urgencies(words)[found.urgency],
        words("步骤", "step"): found.step,
        words("区县", "district"): found.district,
        words("供热企业", "company"): found.company,
        words("热源", "heat source"): found.heat_source,
        words("换热站", "station"): found.heat_station,
        words("楼栋", "building"): found.building_name,
        words("发生", "opened"): _local(found.opened_at),
        words("下一时限", "next limit"): _local(found.next_due_at),
        words("办结", "closed"): _local(found.closed_at),
    }
    with ui.element("div").classes("hs-facts"):
        for name, value in told.items():
            if value:
                with ui.element("div"):
                    tag("div", name, "hs-fact-name")
                    tag("div", value, "hs-fact-value")


def _incident(seen: Seen, words: Words) -> None:
    note = words("两套抢修时限并列", "both repair rules side by side")
    with card(words("期间、时限与户数", "period, limits, homes"), note):
        for line in of_incident(seen):
            tag("p", line, "hs-sentence")


def _supply(words: Words) -> None:
    names = {
        "supply": words("供水", "supply"),
        "return": words("回水", "return"),
        "expected": words("曲线应供", "expected by the curve"),
        "outdoor": words("室外", "outdoor"),
    }
    note = words("底色为本事项的期间", "shaded: the period of this matter")
    with card(words("供水温度与运行曲线", "supply against the curve"), note):
        chart = ui.echart(charts.supply(words)).classes("hs-chart")
        draw = f"hs.supply(getElement({chart.id}).chart, './supply', {names!r}); 0"
        ui.timer(0.2, lambda: ui.run_javascript(draw), once=True)


def _rows(seen: Shown) -> Iterator[tuple[str, ...]]:
    for line in seen.lines:
        yield str(line.number), _local(line.happened_at), line.kind, line.officer, str(line.body["why"])


def _table(headings: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> None:
    with ui.element("div").classes("hs-scroll"), ui.element("table").classes("hs-table"):
        with ui.element("thead"), ui.element("tr"):
            for heading in headings:
                tag("th", heading).props("scope=col")
        with ui.element("tbody"):
            for row in rows:
                with ui.element("tr"):
                    for cell in row:
                        tag("td", cell)


def _events(seen: Shown, words: Words) -> None:
    names = ("#", words("时间", "at"), words("记录", "event"), words("记录人", "officer"), words("说明", "why"))
    with card(words("案卷", "what was recorded"), words("只增不改，逐条哈希", "only added, hashed one over the other")):
        _table(names, _rows(seen))
        coming = " · ".join(f"{name} ({', '.join(roles)})" for name, roles in seen.coming.items())
        if coming:
            tag("p", f"{words('可接续', 'may come next')}: {coming}", "hs-note")
        for each in seen.files:
            tag("p", f"{words('附件', 'paper')} {each.name} · {each.sha256.hex()}", "hs-note hs-sentence")


def add(settings: Settings) -> None:
    """Add the page."""

    async def look(reader: Reader, code: str) -> tuple[Shown | None, list[str]]:
        async with reader.connection() as conn:
            desk = await matter_rows.desk(conn, settings, reader.source.now)
            watermarks = today_page.watermarked(desk.ground.rules, await city.watermarks(conn))
            try:
                return await shown.look(desk, code), watermarks
            except BadInput:
                return None, watermarks

    @ui.page("/matters/{code}", title="heatstream", dark=None)
    async def matter(request: Request, code: str, reader: Reading) -> Any:
        words = languages.of_request(request)
        seen, watermarks = await look(reader, code)
        with frame(request, words("事项", "matter") + f" {code}", watermarks, reader.visitor):
            if seen is None:
                tag("p", words(f"没有事项 {code}。", f"There is no matter {code}."))
                return
            with card(f"{seen.matter.code} · {seen.matter.headline}"):
                _facts(seen, words)
            if seen.incident is not None:
                _incident(seen.incident, words)
                if seen.matter.heat_station is not None:
                    _supply(words)
            _events(seen, words)
