"""The city today."""

import datetime as dt
from collections.abc import Iterable

from fastapi import Request
from nicegui import ui

from heatstream.web import charts, city_figures, figures, grids
from heatstream.web import words as languages
from heatstream.web.city_figures import Figure
from heatstream.web.figures import Today
from heatstream.web.first_view import first_view
from heatstream.web.frame import box, card, choice, frame
from heatstream.web.parts import empty, figure, note
from heatstream.web.plain import THEME
from heatstream.web.signed_in import Reading
from heatstream.web.words import Words

LEVELS = {
    "district": ("区县", "district"),
    "company": ("供热企业", "company"),
    "heat_station": ("换热站", "station"),
    "building": ("楼栋", "building"),
}


def _figures(told: Iterable[Figure]) -> None:
    with box("div", "hs-figures"):
        for each in told:
            figure(each.name, each.value, each.said, href=each.href, colour=each.colour, key=each.key)


def _share_bar(today: Today) -> None:
    with box("div", "hs-share", aria_hidden="true"):
        for outcome, homes in city_figures.outcomes(today.tally).items():
            box("div", f"hs-c{outcome}", data_share=outcome.name.lower()).style(f"flex: {homes} 0 0")


def _day(today: Today, words: Words) -> None:
    with card(*city_figures.heading(today, words), data_heading="day"):
        if today.day is None:
            empty(words("还没有已判定的日子。", "No day is closed yet."))
            return
        _figures(city_figures.of_day(today, words))
        _share_bar(today)
        if today.tally.waiting:
            waiting = today.tally.waiting
            note(words(f"另有 {waiting} 户待判定。", f"{waiting} homes wait to be judged."))


def _below_now(words: Words) -> None:
    title = words("此刻低于标准", "below standard now")
    with card(title, words("读数的事实，不是判定", "a fact, not a finding"), id="hs-below"):
        columns = [
            grids.link(words("户号", "household"), "household"),
            grids.figure(words("现在 °C", "now °C"), "temp_centi", "hs.degrees", 88),
            grids.figure(words("最低 °C", "lowest °C"), "lowest_centi", "hs.degrees", 88),
            grids.stopped(words),
            grids.column(words("自", "since"), "since", 116, **{":valueFormatter": "p => hs.local(p.value)"}),
            grids.room_kind(words),
            grids.column(words("地址", "address"), "address", 170),
        ]
        grids.table("flags", "/rows/flags", columns, words, rows=6, title=title, key="point")
        note(
            words(
                "每个测点一行；报停住户列出，但不计入户数。",
                "A row a point; homes whose heat is stopped are listed, and not counted.",
            )
        )


def _places(words: Words) -> None:
    title = words("分区域", "by place")
    with card(title, words("最近一个已判定日；点数字看明细", "the last closed day; a figure opens its rows")):
        with box("div", "hs-choices hs-above", role="group", aria_label=title):
            for level, name in LEVELS.items():
                script = f"hs.turn(event.currentTarget, 'places', '/rows/places/{level}')"
                choice(words(*name), script, pressed=level == "district")
        columns = [
            grids.column(
                words("名称", "name"), "name", 150, **{":cellRenderer": "p => hs.anchor(p.value, p.data.opens)"}
            ),
            grids.column(words("代码", "code"), "code", 96),
            *(
                grids.figure(words(*name), field, width=width, **{":cellRenderer": f"p => hs.rows(p, {field!r})"})
                for field, name, width in (
                    ("failing", ("不达标", "failing"), 96),
                    ("compliant", ("合格", "compliant"), 96),
                    ("undetermined", ("无法判定", "undetermined"), 116),
                    ("unmonitored", ("未监测", "unmonitored"), 116),
                )
            ),
            grids.figure(words("监测户", "monitored"), "monitored"),
            grids.figure(words("全部住户", "all homes"), "homes"),
            grids.figure(words("此刻低于标准", "below now"), "below_now", width=124),
            grids.figure(words("判定值最低 °C", "lowest °C"), "lowest_centi", "hs.degrees", 124),
            grids.figure(words("测算额（元）", "computed (yuan)"), "computed_fen", "hs.yuan", 148),
        ]
        grids.table("places", "/rows/places/district", columns, words, rows=6, title=title, key="code")


def add() -> None:
    """Add the page."""

    @ui.page("/", title="heatstream", dark=None)
    async def city(request: Request, reader: Reading) -> None:
        words = languages.of_request(request)
        now, season, health = await figures.all_of_it(reader)
        title = words("供热室温监管", "room temperatures")
        heading = f"{now.city_name} · {title}" if now.city_name else title
        ui.add_body_html(first_view(heading, now, words, request.cookies.get(THEME)))
        with frame(request, heading, now.watermarks, reader.visitor):
            _day(now, words)
            with box("div", "hs-halves"):
                with card(
                    words("本季金额", "the season's amounts"), words("各为一事，不可相加", "never added to each other")
                ):
                    _figures(city_figures.of_season(now, season, words))
                with card(words("红黄绿预警", "warnings by colour"), words("按监管规则", "by the operator's rules")):
                    _figures(city_figures.of_warnings(now, words))
            with box("div", "hs-two"):
                told = words(
                    "每日户数（含非居民）与温度", "users of heat, other than residents too, and temperatures by day"
                )
                with card(words("本季走势", "the season"), told):
                    chart = charts.drawn(
                        charts.trend(season, words), words("本季走势", "the season") + "：" + told, words
                    )
                _below_now(words)
            _places(words)
            with card(words("采集与评估", "ingest and evaluation"), words("近一小时", "the last hour")):
                _figures(city_figures.of_ingest(health, dt.datetime.now(dt.UTC), words))
            ui.add_body_html(f"<script>hs.city('/rows/city', '/rows/city/trend', {chart.id})</script>")
