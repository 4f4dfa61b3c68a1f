"""诚信档案: everything of a company and season, each figure of its scorecard beside the rows that it is the sum of."""

import datetime as dt
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from fastapi import Request
from nicegui import ui

from heatstream.core.repair import RepairState
from heatstream.errors import Refused
from heatstream.rules.supervision.scorecard import MEASURES
from heatstream.settings import Settings
from heatstream.store.read import city, companies
from heatstream.store.timescale import LOCAL
from heatstream.supervision.company.company_shown import Whole
from heatstream.supervision.watch.scorecard import CategoryScore, Line, Scorecard
from heatstream.web import again, company_rows, grids, matter_columns, matter_rows, matter_words
from heatstream.web import words as languages
from heatstream.web.company_forms import CompanyForms
from heatstream.web.folds import fold
from heatstream.web.frame import box, card, frame, tag
from heatstream.web.matter_acts import Recording
from heatstream.web.matter_columns import literal
from heatstream.web.parts import alert, empty, facts, figure, figures, link, note, reading
from heatstream.web.publication_part import points, total, why
from heatstream.web.shared import Reader
from heatstream.web.signed_in import Reading
from heatstream.web.today_page import HEAD, watermarked
from heatstream.web.words import Words

REFRESH_S = 60
RULES = {"jilin_2012": ("2012 年时限", "limit of 2012"), "jilin_2024": ("2024 年时限", "limit of 2024")}
"""The two instruments with repair limits, side by side."""
FUELS = {"coal": ("煤", "coal"), "gas": ("气", "gas"), "oil": ("油", "oil"), "biomass": ("生物质", "biomass")}


def states(words: Words) -> dict[str, str]:
    """Name the states of a repair limit."""
    names = {
        RepairState.RUNNING: words("进行中", "running"),
        RepairState.WARNED: words("预警", "warned"),
        RepairState.KEPT: words("未超时", "kept"),
        RepairState.BREACHED: words("超时", "breached"),
    }
    return {state.name.lower(): name for state, name in names.items()}


# --- the head ---------------------------------------------------------------------------------------------------------


def _head(found: Whole, words: Words) -> None:
    of, season = found.company, found.season
    facts(
        {
            words("企业代码", "code"): of.code,
            words("经营许可证", "licence"): of.licence_no or "",
            words("许可证到期", "licence ends"): f"{of.licence_expires or ''}",
            words("采暖期", "season"): f"{season.begins} – {season.last}",
        }
    )
    incidents, days = found.incidents, len(found.declarations)
    reported = days - len(found.unreported)
    late = [each for each in found.orders if each.step == "overdue"]
    with figures():
        told = words(
            f"抢修时限：超时 {incidents.breached}，未超时 {incidents.kept}，进行中 {incidents.running}，"
            f"无时限 {incidents.no_limit}",
            f"limits: {incidents.breached} breached, {incidents.kept} kept, {incidents.running} running, "
            f"{incidents.no_limit} without",
        )
        figure(words("事件", "incidents"), f"{len(incidents.codes)}", told, href="#incidents")
        hours = f"{incidents.minutes // 60} h {incidents.minutes % 60} min"
        figure(words("事件时长", "time of incidents"), hours, words("各起相加", "added up"), href="#incidents")
        against = words(f"与事件不符 {len(found.contradicted)} 天", f"{len(found.contradicted)} contradicted")
        told = words(f"未报 {len(found.unreported)} 天 · {against}", f"{len(found.unreported)} missing · {against}")
        figure(words("零报告", "zero reports"), f"{reported}/{days}", told, href="#declarations")
        told = words(f"其中逾期 {len(late)}", f"{len(late)} overdue")
        figure(words("督办", "orders"), f"{len(found.orders)}", told, href="#acts")
        figure(words("公示", "publications"), f"{len(found.publications)}", "", href="#acts")


# --- the scorecard ----------------------------------------------------------------------------------------------------


def _line(line: Line, rows: str, words: Words) -> None:
    with box("div", "hs-score-line"):
        tag("span", f"{line.title} · {words('权重', 'weight')} {line.weight}")
        if line.figure is not None:
            its, meaning = line.figure, MEASURES[line.figure.measure]
            query = urlencode({"measure": its.measure, **({"stratum": its.stratum} if its.stratum else {})})
            button = tag("button", f"{its.numerator}/{its.denominator}", "hs-choice", type="button")
            button.props["title"] = words(
                f"{its.title}：{meaning.numerator_zh}／{meaning.denominator_zh}。看每一行",
                f"{its.numerator_is} of {its.denominator_is}: show the rows",
            )
            script = (
                f"hs.point('figure', {literal(rows + '&' + query)}); hsv.headed('figure-of', {literal(line.title)})"
            )
            button.on("click", js_handler=f"() => {{ {script} }}")
        elif line.hand is not None:
            given = f"{line.hand.score_e2 / 100:.2f}/{line.hand.of_e2 / 100:.2f}"
            link(f"{given} · {line.hand.officer}", f"/matters/{line.hand.matter}")
        tag("span", points(line.points, words), "hs-score-points")
        if line.undetermined:
            tag("span", why(line, words), "hs-note")


def _category(each: CategoryScore, rows: str, words: Words) -> None:
    name = words(each.name, each.category.replace("_", " "))
    tag("h3", f"{name} · {words('权重', 'weight')} {each.weight} · {points(each.points, words)}")
    with box("div", "hs-score"):
        for line in each.lines:
            _line(line, rows, words)


def _first(card_: Scorecard) -> Line | None:
    measured = (line for each in card_.categories for line in each.lines if line.figure is not None)
    return next(measured, None)


def _scorecard(found: Scorecard | Refused, code: str, visitor: str, words: Words) -> None:
    if isinstance(found, Refused):
        alert(words.why(found))
        return
    rows = f"/rows/scorecards/{code}?season={found.season_year}"
    told = words(f"截至 {found.through}，考核规则 {found.version}", f"through {found.through}, rules {found.version}")
    figure(words("总分", "points"), total(found, words), told)
    for each in found.categories:
        _category(each, rows, words)
    first = _first(found)
    if first is None or first.figure is None:
        return
    tag("h3", first.title, id="figure-of", aria_live="polite")
    note(
        words(
            "各行相加即为该数字。" + ("此处只列辖区内的行。" if visitor == "district" else ""),
            "All rows add up to the figure. " + ("Those of your district are shown." if visitor == "district" else ""),
        )
    )
    columns = [
        grids.column(words("对象", "subject"), "subject", 140),
        grids.column(words("日期", "day"), "day", 110),
        grids.figure(words("分子", "numerator"), "numerator"),
        grids.figure(words("分母", "denominator"), "denominator"),
    ]
    its = {"measure": first.figure.measure, **({"stratum": first.figure.stratum} if first.figure.stratum else {})}
    title = words("数字的各行", "rows of the figure")
    grids.table("figure", f"{rows}&{urlencode(its)}", columns, words, rows=6, title=title)


# --- its parts --------------------------------------------------------------------------------------------------------


def _incidents(address: str, words: Words) -> None:
    limits = [
        matter_columns.drawn(
            words(*name),
            f"{rule}_limit",
            f"hsv.limit(p.value, p.data?.{rule}_state, {literal(states(words))})",
            210,
            f"hsv.word(p.data?.{rule}_state, {literal(states(words))})",
        )
        for rule, name in RULES.items()
    ]
    columns = [
        matter_columns.link(words("事件", "incident"), "code", "matters", 170),
        matter_columns.named(words("类别", "what"), "what", matter_words.what(words), 96),
        matter_columns.link(words("换热站", "station"), "heat_station", "stations", 96),
        matter_columns.at(words("开始", "begins"), "begins"),
        matter_columns.at(words("结束", "ends"), "ends"),
        matter_columns.written(words("时长", "time"), "minutes", "hsv.hours(p.value)", 110),
        *limits,
        matter_columns.named(words("步骤", "step"), "step", matter_words.steps(words), 110),
    ]
    title = words("事件与抢修时限", "incidents and their limits")
    with card(title, words("两套时限并列", "both rules side by side")):
        box("span", id="incidents")
        grids.table("incidents", address.format("incidents"), columns, words, rows=8, title=title, key="code")
        note(
            words(
                "时限按实际时长所属的事故等级；一套规则未规定该等级的，为“—”。",
                "By the class that the time it took puts it in; “—” where a rule says nothing of that class.",
            )
        )


def _acts(address: str, words: Words) -> None:
    title = words("督办与公示", "orders and publications")
    with card(title):
        box("span", id="acts")
        columns = [each for each in matter_columns.matters(words) if each["field"] not in {"company", "heat_station"}]
        grids.table("acts", address.format("matters"), columns, words, rows=6, title=title, key="code")


def fuel_columns(words: Words) -> list[grids.Column]:
    """Give the columns of fuel."""
    colours = {"red": words("红", "red"), "yellow": words("黄", "yellow"), "green": words("绿", "green")}
    return [
        matter_columns.link(words("热源", "source"), "source", "sources", 110, shown="name"),
        matter_columns.named(words("燃料", "fuel"), "fuel", {name: words(*each) for name, each in FUELS.items()}, 76),
        grids.column(words("报送", "goes to"), "recipient", 76),
        grids.column(words("最近日报", "newest report"), "reported_on", 110),
        matter_columns.written(words("储量（吨）", "stock (t)"), "stock_kg", "hsv.tonnes(p.value)", 104),
        matter_columns.written(words("下限（吨）", "floor (t)"), "floor_kg", "hsv.tonnes(p.value)", 104),
        grids.column(words("下限依据", "floor by"), "floor_rule", 180),
        matter_columns.written(words("储量/下限", "of the floor"), "share_e4", "hsv.shareE4(p.value)", 100),
        matter_columns.written(words("可用（天）", "days left"), "days_e1", "hsv.tenths(p.value)", 92),
        matter_columns.named(words("颜色", "colour"), "colour", colours, 72),
        grids.column(words("未知之处", "what is unknown"), "unknown", 260, flex=3, tooltipField="unknown"),
    ]


def _fuel(address: str, words: Words, held: Callable[[], object]) -> None:
    title = words("燃料", "fuel")
    with card(title):
        grids.table("fuel", address.format("fuel"), fuel_columns(words), words, rows=5, title=title)
        held()
        note(
            words(
                "两条下限（吉政办发〔2012〕52号 三（七））：锅炉采暖期前不低于采暖期用煤总量的一半；"
                "热电厂采暖期内不低于 15 天用量。",
                "Two floors: boilers before the season, half of its need; CHP plants within it, 15 days of use.",
            )
        )


def _held(found: Whole, words: Words) -> None:
    for each in found.held:
        share = words("未知", "unknown") if each.share is None else f"{int(each.share * 1000) / 10:.1f} %"
        why = each.unknown.get("share") or each.unknown.get("colour", "")
        told = f"{found.fuel_day} {words('合并考核', 'held together')} {', '.join(each.sources)}: {share}"
        tag("p", f"{told} {why}", "hs-note hs-sentence")


def _declarations(address: str, words: Words) -> None:
    zero = [words("零", "zero"), words("有事件", "incidents")]
    told, names = "p.value === '已报'", [words("已报", "reported"), words("未报", "not reported")]
    text = f"{told} ? {literal(names[0])} : {literal(names[1])}"
    against = " · " + words("与零报告不符", "contradicts")
    columns = [
        grids.column(words("日期", "day"), "day", 110),
        matter_columns.drawn(words("状态", "state"), "state", f"hsv.yes({told}, {literal(names)})", 96, text),
        matter_columns.written(
            words("申报", "declares"),
            "zero",
            f"p.value === null ? '—' : p.value ? {literal(zero[0])} : {literal(zero[1])}",
            96,
        ),
        grids.column(words("签字", "signed by"), "signature", 110),
        matter_columns.written(
            words("当日事件", "incidents of the day"),
            "incidents",
            f"(p.value || []).join(', ') + (p.data?.contradicted ? {literal(against)} : '')",
            260,
            flex=3,
        ),
        matter_columns.at(words("记录于", "recorded"), "recorded_at"),
    ]
    title = words("零报告", "zero reports")
    with card(title, words("企业签字，软件不代报", "signed by the company alone")):
        box("span", id="declarations")
        grids.table("declarations", address.format("declarations"), columns, words, rows=7, title=title, key="day")


def station_columns(words: Words) -> list[grids.Column]:
    """Give the columns of stations."""
    due = [words("应供", "due"), words("不应供", "not due")]
    return [
        matter_columns.link(words("换热站", "station"), "station", "stations", 140, shown="station_name"),
        matter_columns.link(words("热源", "source"), "heat_source", "sources", 96),
        matter_columns.written(
            words("此刻", "now"), "due", f"p.value === null ? '—' : {literal(due)}[p.value ? 0 : 1]", 84
        ),
        grids.figure(words("供水 °C", "supply °C"), "supply_centi", "hs.degrees"),
        grids.figure(words("曲线 °C", "curve °C"), "expected_centi", "hs.degrees"),
        grids.figure(words("偏差 K", "deviation K"), "deviation_centi", "hs.degrees"),
        grids.figure(words("回水 °C", "return °C"), "return_centi", "hs.degrees"),
        matter_columns.at(words("读数", "read at"), "at"),
        matter_columns.named(words("正在发生", "going on"), "span", matter_words.what(words), 104),
        matter_columns.link(words("事项", "matter"), "matter", "matters", 160),
    ]


def _seasons(found: Whole, code: str, today: dt.date, words: Words) -> None:
    later = [found.season.year + 1] if found.season.last < today else []
    with box("p", "hs-note hs-links"):
        for year in (found.season.year - 1, *later):
            link(words(f"{year}–{year + 1} 采暖期", f"season {year}–{year + 1}"), f"/companies/{code}?season={year}")
        if found.file:
            link(words("档案全部记录", "everything recorded"), f"/matters/{found.file}")


# --- the page ---------------------------------------------------------------------------------------------------------


def _season(asked: str | None) -> int | None:
    return int(asked) if asked and re.fullmatch("2[01][0-9]{2}", asked) else None


@dataclass(frozen=True)
class _Page:
    """The page of a company: what takes longer to read is put in once the visitor has the rest."""

    request: Request
    reader: Reader
    settings: Settings
    code: str
    season: int | None
    words: Words

    async def file(self) -> Whole | Refused:
        """Read the company's file; the reason where no season is known."""
        try:
            return await company_rows.file(self.reader, self.settings, self.code, self.season)
        except Refused as error:
            return error

    async def head(self) -> None:
        """Show what the file comes to."""
        found = await self.file()
        if isinstance(found, Refused):
            alert(self.words.why(found))
            return
        _head(found, self.words)
        _seasons(found, self.code, self.reader.source.now().astimezone(LOCAL).date(), self.words)

    async def scorecard(self) -> None:
        """Show the six categories."""
        found = await company_rows.scored(self.reader, self.settings, self.code, self.season)
        _scorecard(found, self.code, self.reader.visitor.role, self.words)

    async def held(self) -> None:
        """Show what is held against a floor together."""
        found = await self.file()
        if isinstance(found, Whole):
            _held(found, self.words)

    async def forms(self) -> None:
        """Offer what the visitor may record."""
        found = await self.file()
        if isinstance(found, Refused):
            return
        async with self.reader.connection() as conn:
            desk = await matter_rows.desk(conn, self.settings, self.reader.source.now)
            recording = Recording(self.request, self.reader, self.settings)
            forms = await CompanyForms.of(desk, found, recording, self.reader.visitor, self.words)
        if forms.offered:
            with card(self.words("可记录", "what you may record")):
                for each in forms.offered:
                    fold(forms.title(each), partial(forms.fill, each))

    def later(self, fill: Callable[[], Awaitable[None]]) -> ui.element:
        """Put something in once the visitor has the page."""
        holder = box("div", "hs-later")
        with holder:
            reading(self.words)

        async def filled() -> None:
            with holder:
                holder.clear()
                await fill()

        ui.timer(0.1, filled, once=True)
        return holder

    def show(self) -> None:
        """Show all of it."""
        words, query = self.words, f"?season={self.season}" if self.season else ""
        address = f"/rows/companies/{self.code}/{{}}{query}"
        with card(words("诚信档案", "the company's file")):
            head = self.later(self.head)
        with card(words("六类考核", "the six categories"), words("数字点开即为各行", "a figure opens its rows")):
            self.later(self.scorecard)
        _incidents(address, words)
        _acts(address, words)
        _fuel(address, words, partial(self.later, self.held))
        _declarations(address, words)
        title, stations = words("换热站", "stations"), f"/rows/companies/{self.code}/stations"
        with card(title, words("此刻所供", "what they give now")):
            grids.table("stations", stations, station_columns(words), words, rows=8, title=title, key="station")
        self.later(self.forms)

        async def anew() -> None:
            head.clear()
            with head:
                await self.head()

        again.every(REFRESH_S, self.request, self.reader, anew)


def add(settings: Settings) -> None:
    """Add the page."""

    @ui.page("/companies/{code}", title="heatstream", dark=None)
    async def company(request: Request, code: str, reader: Reading, season: str | None = None) -> None:
        words = languages.of_request(request)
        async with reader.connection() as conn:
            there = (await matter_rows.desk(conn, settings, reader.source.now)).ground
            watermarks = watermarked(there.rules, await city.watermarks(conn))
            name = await companies.name_of(conn, code)
        with frame(request, name or code, watermarks, reader.visitor):
            ui.add_head_html(HEAD)
            if name is None:
                empty(words(f"没有您可见的企业 {code}。", f"There is no company {code} that you may see."))
                return
            _Page(request, reader, settings, code, _season(season), words).show()
