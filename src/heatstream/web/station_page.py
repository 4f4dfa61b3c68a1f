"""A heat station: its supply against the curve, its days, what was seen of it; and a heat source with its stations."""

from fastapi import Request
from nicegui import ui

from heatstream.access.principal import Principal
from heatstream.settings import Settings
from heatstream.store.read import city, stations
from heatstream.store.read.rows import AnyRow
from heatstream.store.timescale import LOCAL
from heatstream.supervision import act
from heatstream.supervision.incident.incident_kind import INCIDENT
from heatstream.supervision.incident.incidents import Reported
from heatstream.web import charts, grids, matter_columns, matter_rows, matter_words
from heatstream.web import words as languages
from heatstream.web.company_page import fuel_columns, station_columns
from heatstream.web.folds import fold
from heatstream.web.forms import form
from heatstream.web.frame import attributed, box, card, frame, tag
from heatstream.web.matter_acts import Recording, Tree
from heatstream.web.matter_columns import literal
from heatstream.web.matter_forms import written
from heatstream.web.parts import empty, facts, link, note
from heatstream.web.shared import Reader
from heatstream.web.signed_in import Reading
from heatstream.web.today_page import HEAD, local, watermarked
from heatstream.web.words import Words

SOURCES = {
    "chp": ("热电厂", "CHP"),
    "boiler": ("锅炉房", "boiler house"),
    "heat_pump": ("热泵", "heat pump"),
    "industrial": ("工业余热", "industrial heat"),
    "other": ("其他", "other"),
}
WEEKDAYS = ("一二三四五六日", "MTWTFSS")


def _supply(code: str, words: Words) -> None:
    shaded = words("底色为低温、中断等时段", "shaded: what was seen")
    with card(words("供水温度与运行曲线", "supply against the curve"), shaded):
        with box("form", "hs-filters"), box("label"):
            tag("span", words("日期（空为最近 24 小时）", "day (empty: the last 24 h)"))
            day = attributed(ui.element("input"), type="date", name="day")
        chart = charts.drawn(charts.supply(words), words("供水温度与运行曲线", "supply against the curve"), words)
        address, names = literal(f"/rows/stations/{code}/supply"), literal(matter_words.lines(words))
        draw = f"hsv.supply(getElement({chart.id}).chart, getHtmlElement({day.id}), {address}, {names}); 0"
        ui.timer(0.2, lambda: ui.run_javascript(draw), once=True)


def _spans(code: str, words: Words) -> None:
    columns = [
        matter_columns.named(words("类别", "what"), "kind", matter_words.what(words), 96),
        matter_columns.at(words("开始", "begins"), "begins"),
        matter_columns.at(words("结束", "ends"), "ends"),
        grids.column(words("两侧所见", "what both sides showed"), "evidence", 320, flex=4, tooltipField="evidence"),
        matter_columns.link(words("事项", "matter"), "matter", "matters", 160),
    ]
    title = words("异常时段", "spans")
    with card(title, words("热表与住户两侧的证据", "evidence of meter and homes")):
        grids.table("spans", f"/rows/stations/{code}/spans", columns, words, rows=6, title=title)


def _days(code: str, words: Words) -> None:
    minutes = {
        "due_min": words("应供", "due"),
        "known_min": words("热表有数", "meter told"),
        "without_min": words("无热", "without heat"),
        "low_min": words("低于曲线", "below the curve"),
    }
    columns = [
        grids.column(words("日期", "day"), "day", 110),
        *(
            matter_columns.written(name, field, "hsv.hours(p.value)", 112, type="rightAligned")
            for field, name in minutes.items()
        ),
        grids.figure(words("住户", "homes"), "homes"),
        grids.figure(words("监测户", "monitored"), "monitored"),
        matter_columns.written(
            words("低于标准/监测户", "below/monitored"),
            "below",
            "hsv.ofAll(p.value, p.data?.monitored)",
            128,
            type="rightAligned",
        ),
        grids.figure(words("最低 °C", "lowest °C"), "lowest_centi", "hs.degrees"),
        grids.figure(words("日均 °C", "mean °C"), "mean_centi", "hs.degrees"),
    ]
    title = words("逐日", "days")
    with card(title, words("已结束的日子，新的在前", "closed days, the newest first")):
        grids.table("days", f"/rows/stations/{code}/days", columns, words, rows=8, title=title)
        note(
            words(
                "不含报停户；低于标准：当日有读数低于标准，是读数的事实，不是判定。",
                "Without homes whose heat is stopped. Below: for some minutes of the day, a fact and not a finding.",
            )
        )


def _schedule(code: str, words: Words) -> None:
    days = [words(*names) for names in zip(*WEEKDAYS, strict=True)]
    week = f"[...(p.value || '')].map(each => ({literal(days)})[each - 1]).join(' ')"
    columns = [
        grids.column(words("备案号", "filing"), "code", 110),
        matter_columns.written(words("星期", "days"), "weekdays", week, 140),
        matter_columns.written(words("供热自", "from"), "from_min", "hsv.clock(p.value)", 84),
        matter_columns.written(words("至", "to"), "to_min", "hsv.clock(p.value)", 84),
        grids.column(words("备案日期", "filed on"), "filed_on", 110),
        grids.column(words("备案机关", "filed with"), "filed_with", 130),
        grids.column(words("有效自", "holds from"), "valid_from", 110),
        grids.column(words("有效至", "holds to"), "valid_to", 110),
    ]
    title = words("间歇供热备案", "filed schedule")
    with card(title, words("无备案即全天应供", "without one, heat is due all day")):
        grids.table("schedule", f"/rows/stations/{code}/schedule", columns, words, rows=5, title=title)


def _stops(code: str, words: Words) -> None:
    told = {
        "kept": words("按时告知", "told in time"),
        "breached": words("告知过晚", "told too late"),
        "running": words("进行中", "running"),
        "not_asked": words("不要求", "not asked for"),
        "unknown": words("无规则可依", "no rule"),
    }
    columns = [
        grids.column(words("公告号", "announcement"), "maintenance", 110),
        matter_columns.at(words("开始", "begins"), "begins"),
        matter_columns.at(words("结束", "ends"), "ends"),
        matter_columns.at(words("告知", "announced"), "announced_at"),
        grids.column(words("方式", "how"), "announced_by", 110),
        matter_columns.named(words("是否按时", "in time"), "notice", told, 110),
    ]
    title = words("检修停热公告", "announced stops")
    with card(title, words("前 30 天至后 60 天", "30 days back, 60 ahead")):
        grids.table("stops", f"/rows/stations/{code}/stops", columns, words, rows=4, title=title)


def _homes(code: str, words: Words) -> None:
    columns = [
        grids.link(words("户号", "household"), "household"),
        matter_columns.link(words("楼栋", "building"), "building", "buildings", 110, shown="building_name"),
        grids.figure(words("现在 °C", "now °C"), "temp_centi", "hs.degrees"),
        grids.figure(words("最低 °C", "lowest °C"), "lowest_centi", "hs.degrees"),
        grids.stopped(words),
        matter_columns.at(words("自", "since"), "since"),
        grids.column(words("地址", "address"), "address", 170, flex=2),
    ]
    with card(
        words("此刻低于标准的住户", "homes below the standard now"),
        words("读数的事实，不是判定", "a fact, not a finding"),
    ):
        grids.table("homes", f"/rows/stations/{code}/homes", columns, words, rows=7)


def _report(place: dict[str, str], recording: Recording, visitor: Principal, words: Words) -> None:
    """Let whoever may report an incident here."""
    if visitor.role not in INCIDENT.who["reported"] or visitor.officer is None:
        return

    async def record(tree: Tree) -> None:
        async with recording.desk() as (desk, by):
            code = await desk.open(INCIDENT.name, act.told(INCIDENT.name, tree, by, "reported"), by=by)
        ui.navigate.to(f"/matters/{code}")

    def fill() -> None:
        now = written(recording.reader.source.now())
        form(
            Reported,
            words,
            recording.once("reported", record),
            fixed={"station": place.get("station"), "source": place.get("source")},
            given={"at": now, "begins": now},
            button=matter_words.event(INCIDENT.name, "reported", words),
        )

    with card(words("可记录", "what you may record")):
        fold(matter_words.event(INCIDENT.name, "reported", words), fill)


def _buildings(found: AnyRow, rows: list[AnyRow], words: Words) -> None:
    with box("p", "hs-note hs-links"):
        link(f"{words('企业', 'company')} {found.company}", f"/companies/{found.company}")
        link(f"{words('热源', 'source')} {found.heat_source}", f"/sources/{found.heat_source}")
        link(words("事项", "matters"), f"/matters?station={found.station}&open=all")
        for each in rows:
            link(each.name, f"/buildings/{each.code}")


async def _watermarks(reader: Reader, settings: Settings) -> list[str]:
    async with reader.connection() as conn:
        there = (await matter_rows.desk(conn, settings, reader.source.now)).ground
        return watermarked(there.rules, await city.watermarks(conn))


def add(settings: Settings) -> None:
    """Add the pages."""

    @ui.page("/stations/{code}", title="heatstream", dark=None)
    async def station(request: Request, code: str, reader: Reading) -> None:
        words, today = languages.of_request(request), reader.source.now().astimezone(LOCAL).date()
        async with reader.connection() as conn:
            found = await stations.by_code(conn, code)
            buildings = list(await stations.buildings(conn, found.id, today)) if found else []
            going_on = await stations.going_on(conn, [found.id]) if found else []
        title = f"{found.station_name} {code}" if found else code
        with frame(request, title, await _watermarks(reader, settings), reader.visitor):
            ui.add_head_html(HEAD)
            if found is None:
                empty(words(f"没有您可见的换热站 {code}。", f"There is no station {code} that you may see."))
                return
            with card(words("换热站", "heat station")):
                for each in going_on:
                    told = f"{matter_words.what(words)[each.kind]} · {words('自', 'since')} {local(each.begins)}"
                    tag("p", told, "hs-sentence hs-bad")
                _buildings(found, buildings, words)
            _supply(code, words)
            _homes(code, words)
            _spans(code, words)
            _days(code, words)
            _schedule(code, words)
            _stops(code, words)
            _report({"station": code}, Recording(request, reader, settings), reader.visitor, words)

    @ui.page("/sources/{code}", title="heatstream", dark=None)
    async def source(request: Request, code: str, reader: Reading) -> None:
        words = languages.of_request(request)
        async with reader.connection() as conn:
            found = await stations.source(conn, code)
        title = f"{found.name} {code}" if found else code
        with frame(request, title, await _watermarks(reader, settings), reader.visitor):
            ui.add_head_html(HEAD)
            if found is None:
                empty(words(f"没有您可见的热源 {code}。", f"There is no heat source {code} that you may see."))
                return
            with card(words("热源", "heat source")):
                facts(
                    {
                        words("类别", "kind"): words(*SOURCES.get(found.kind, (found.kind, found.kind))),
                        words("企业", "company"): found.company_name,
                        words("登记自", "registered from"): str(found.valid_from),
                    }
                )
                with box("p", "hs-note hs-links"):
                    link(f"{words('企业', 'company')} {found.company}", f"/companies/{found.company}")
            title = words("燃料", "fuel")
            with card(title, words("今日", "today")):
                grids.table("fuel", f"/rows/sources/{code}/fuel", fuel_columns(words), words, rows=4, title=title)
            title = words("换热站", "stations")
            with card(title, words("此刻所供", "what they give now")):
                grids.table(
                    "stations", f"/rows/sources/{code}/stations", station_columns(words), words, rows=12, title=title
                )
                note(words("偏差为供水减曲线应供。", "The deviation is supply less what its curve expects."))
            _report({"source": code}, Recording(request, reader, settings), reader.visitor, words)
