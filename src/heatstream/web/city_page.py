"""The city today."""

import datetime as dt

from fastapi import Request
from nicegui import ui

from heatstream.core.finding import Outcome
from heatstream.store.read.city import Tally
from heatstream.store.read.words import OUTCOME_ZH, word, yuan
from heatstream.web import charts, figures, grids
from heatstream.web import words as languages
from heatstream.web.figures import Health, Today
from heatstream.web.frame import card, choice, frame, tag
from heatstream.web.signed_in import Reading
from heatstream.web.words import Words

REFRESH_S = 20
MINUTE_S = 60
SLOTS = "p => p.data ? `${p.data.slots_valid}/${p.data.slots_expected}` : ''"


def share(part: int, whole: int, of: str) -> str:
    """Write a share with both its numbers."""
    return f"{part}/{whole} {of}" + (f" · {100 * part / whole:.1f}\N{NO-BREAK SPACE}%" if whole else "")


def _figure(name: str, value: str, note: str, colour: str = "") -> None:
    with ui.element("div").classes(f"hs-figure {colour}"):
        tag("div", name, "hs-figure-name")
        tag("div", value, "hs-figure-value")
        tag("div", note, "hs-figure-note")


def _outcomes(tally: Tally) -> dict[Outcome, int]:
    return {
        Outcome.FAILING: tally.failing,
        Outcome.COMPLIANT: tally.compliant,
        Outcome.UNDETERMINED: tally.undetermined,
        Outcome.UNMONITORED: tally.unmonitored,
    }


def _figures(tally: Tally, words: Words) -> None:
    for outcome, homes in _outcomes(tally).items():
        monitored = outcome is not Outcome.UNMONITORED
        of = words("监测户", "monitored homes") if monitored else words("全部住户", "all homes")
        note = share(homes, tally.monitored if monitored else tally.homes, of)
        _figure(words(OUTCOME_ZH[outcome], word(outcome)), f"{homes:,}", note, f"hs-c{outcome}")
    note = share(tally.below_now, tally.monitored, words("监测户", "monitored homes"))
    _figure(words("此刻低于标准", "below standard now"), f"{tally.below_now:,}", note)
    _figure(
        words("测算额（元）", "computed (yuan)"), yuan(tally.computed_fen), words("仅由读数算出", "from readings alone")
    )


def _share_bar(tally: Tally) -> None:
    with ui.element("div").classes("hs-share").props("aria-hidden=true"):
        for outcome, homes in _outcomes(tally).items():
            if homes:
                ui.element("div").classes(f"hs-c{outcome}").style(f"flex: {homes} 0 2px")


def _day(today: Today, words: Words) -> None:
    tally = today.tally
    title = f" · {today.day}" if today.day else ""
    note = words(
        f"全部住户 {tally.homes:,} 户 · 监测户 {tally.monitored:,} 户 · 监测点 {tally.points:,} 个",
        f"{tally.homes:,} homes · {tally.monitored:,} monitored · {tally.points:,} points",
    )
    with card(words("最近一个已判定日", "The last closed day") + title, note):
        if today.day is None:
            tag("p", words("还没有已判定的日子。", "No day is closed yet."), "hs-note")
            return
        with ui.element("div").classes("hs-figures"):
            _figures(tally, words)
        _share_bar(tally)
        if tally.waiting:
            tag("p", words(f"另有 {tally.waiting} 户待判定。", f"{tally.waiting} homes wait to be judged."), "hs-note")


def _below_now(words: Words) -> None:
    with card(words("此刻低于标准", "below standard now"), words("读数的事实，不是判定", "a fact, not a finding")):
        columns = [
            grids.link(words("户号", "household"), "household"),
            grids.figure(words("现在 °C", "now °C"), "temp_centi", "hs.degrees", 88),
            grids.figure(words("最低 °C", "lowest °C"), "lowest_centi", "hs.degrees", 88),
            grids.stopped(words),
            grids.column(words("自", "since"), "since", 116, **{":valueFormatter": "p => hs.local(p.value)"}),
            grids.room_kind(words),
            grids.column(words("地址", "address"), "address", 170),
        ]
        grids.table("flags", "/rows/flags", columns, words, rows=7)


def _places(words: Words) -> None:
    levels = {
        "district": words("区县", "district"),
        "company": words("供热企业", "company"),
        "heat_station": words("换热站", "station"),
        "building": words("楼栋", "building"),
    }
    with card(words("分区域", "by place"), words("最近一个已判定日", "the last closed day")):
        with ui.element("div").classes("hs-choices").style("margin-bottom: 10px; flex-wrap: wrap"):
            for level, name in levels.items():
                script = f"hs.turn(event.currentTarget, 'places', '/rows/places/{level}')"
                choice(name, script, pressed=level == "district")
        columns = [
            grids.column(words("名称", "name"), "name", 150),
            grids.column(words("代码", "code"), "code", 80),
            grids.figure(words("不达标", "failing"), "failing"),
            grids.figure(words("合格", "compliant"), "compliant"),
            grids.figure(words("无法判定", "undetermined"), "undetermined", width=116),
            grids.figure(words("未监测", "unmonitored"), "unmonitored"),
            grids.figure(words("监测户", "monitored"), "monitored"),
            grids.figure(words("全部住户", "all homes"), "homes"),
            grids.figure(words("此刻低于标准", "below now"), "below_now", width=124),
            grids.figure(words("判定值最低 °C", "lowest °C"), "lowest_centi", "hs.degrees", 124),
            grids.figure(words("测算额（元）", "computed (yuan)"), "computed_fen", "hs.yuan", 148),
        ]
        grids.table("places", "/rows/places/district", columns, words, rows=6)


def finding_columns(words: Words) -> list[grids.Column]:
    """Give the columns of findings."""
    return [
        grids.outcome(words),
        grids.figure(words("判定值 °C", "value °C"), "value_centi", "hs.degrees"),
        grids.figure(words("差值 °C", "margin °C"), "margin_centi", "hs.degrees"),
        grids.figure(words("昼最低 °C", "day min °C"), "day_value_centi", "hs.degrees"),
        grids.figure(words("夜最低 °C", "night min °C"), "night_value_centi", "hs.degrees", 104),
        grids.figure(words("低于标准 分钟", "min below"), "below_min", width=124),
        grids.figure(words("有效时段", "valid slots"), "slots_valid", "hs.count", 104, **{":valueFormatter": SLOTS}),
        grids.figure(words("测算额（元）", "computed (yuan)"), "computed_fen", "hs.yuan", 148),
    ]


def _findings(words: Words) -> None:
    kinds = {
        "failing": words("不达标", "failing"),
        "undetermined": words("无法判定", "undetermined"),
        "all": words("全部", "all"),
    }
    with card(words("最新判定", "newest findings"), words("最近 300 条", "the last 300")):
        with ui.element("div").classes("hs-choices").style("margin-bottom: 10px"):
            for kind, name in kinds.items():
                script = f"hs.turn(event.currentTarget, 'findings', '/rows/findings/{kind}')"
                choice(name, script, pressed=kind == "failing")
        columns = [
            grids.column(words("日期", "day"), "day", 110),
            grids.link(words("户号", "household"), "household"),
            *finding_columns(words),
            grids.column(words("地址", "address"), "address", 170),
        ]
        grids.table("findings", "/rows/findings/failing", columns, words, rows=9)
        told = words(
            "测算额仅由读数算出，不是应退热费，也不是裁定额。",
            "The computed amount comes from readings alone; it is neither an entitlement nor a ruling.",
        )
        tag("p", told, "hs-note")


def _ago(at: dt.datetime | None, now: dt.datetime, words: Words) -> str:
    if at is None:
        return words("从未", "never")
    seconds = max(0, int((now - at).total_seconds()))
    if seconds < 2 * MINUTE_S:
        return words(f"{seconds} 秒", f"{seconds} s")
    return words(f"{seconds // MINUTE_S} 分钟", f"{seconds // MINUTE_S} min")


def _health_figures(health: Health, now: dt.datetime, words: Words) -> None:
    rows = health.conservation
    readings, stored = sum(row.readings for row in rows), sum(row.stored for row in rows)
    missing = sum(row.missing for row in health.gateways)
    refused = sum(row.refused for row in health.refused)
    reasons = " · ".join(f"{row.reason} {row.refused}" for row in health.refused[:2])
    _figure(
        words("距最近入库", "since last stored"), _ago(health.newest_batch, now, words), words("全市", "whole city")
    )
    _figure(
        words("近一小时读数", "readings, last hour"), f"{readings:,}", words(f"入库 {stored:,}", f"{stored:,} stored")
    )
    _figure(words("网关", "gateways"), f"{len(health.gateways):,}", words("见下表", "see below"))
    _figure(words("缺失报文", "missing messages"), f"{missing:,}", words("按序号", "by sequence"))
    _figure(words("未解决拒收", "open rejects"), f"{refused:,}", reasons)
    _figure(words("待重判户日", "waiting days"), f"{health.waiting:,}", words("评估积压", "evaluator backlog"))


def _gateways(words: Words) -> None:
    columns = [
        grids.column(words("网关", "gateway"), "gateway", 110),
        grids.column(
            words("最近报文", "last message"), "last_received_at", 124, **{":valueFormatter": "p => hs.local(p.value)"}
        ),
        grids.figure(words("缺失报文", "missing"), "missing"),
        grids.figure(words("读数", "readings"), "readings"),
        grids.figure(words("= 入库", "= stored"), "stored"),
        grids.figure(words("+ 重复", "+ repeated"), "repeated"),
        grids.figure(words("+ 冲突", "+ conflicting"), "conflicting", width=110),
        grids.figure(words("+ 拒收", "+ rejected"), "rejected"),
        grids.figure(words("其中迟到", "of them late"), "late"),
        grids.figure(words("无法解码报文", "undecodable"), "undecodable", width=124),
    ]
    grids.table("gateways", "/rows/gateways", columns, words, rows=6)


def add() -> None:
    """Add the page."""

    @ui.page("/", title="heatstream", dark=None)
    async def city(request: Request, reader: Reading) -> None:
        words = languages.of_request(request)
        now = await figures.today(reader)
        title = f"{now.city_name} · " if now.city_name else ""
        with frame(request, title + words("供热室温监管", "room temperatures"), now.watermarks, reader.visitor):

            @ui.refreshable
            async def day() -> None:
                _day(await figures.today(reader), words)

            @ui.refreshable
            async def health() -> None:
                with ui.element("div").classes("hs-figures").style("margin-bottom: 12px"):
                    _health_figures(await figures.health(reader), dt.datetime.now(dt.UTC), words)

            await day()
            with ui.element("div").classes("hs-two"):
                with card(words("本季走势", "the season"), words("每日户数与温度", "homes and temperatures by day")):
                    chart = ui.echart(charts.trend(await figures.trend(reader), words)).classes("hs-chart")
                _below_now(words)
            _places(words)
            _findings(words)
            with card(
                words("采集与评估", "ingest and evaluation"), words("近一小时守恒", "conservation of the last hour")
            ):
                await health()
                _gateways(words)

            async def refresh() -> None:
                await day.refresh()
                await health.refresh()
                chart.options.update(charts.trend(await figures.trend(reader), words))
                chart.update()

            ui.timer(REFRESH_S, refresh)
