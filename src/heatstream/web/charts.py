"""Drawings. Their greys stand on white and on black, for ECharts does not follow the page into the dark."""

from typing import Any

from nicegui import ui

from heatstream.core.finding import Outcome
from heatstream.web.figures import Trend
from heatstream.web.frame import attributed, box, tag
from heatstream.web.words import Words

INK, LINE = "#878e99", "rgba(128,136,150,0.25)"
COLOUR = {
    Outcome.COMPLIANT: "#3f9b6c",
    Outcome.FAILING: "#d64550",
    Outcome.UNDETERMINED: "#e0a02c",
    Outcome.UNMONITORED: "#98a2b0",
}
LOWEST, OUTDOOR, STANDARD = "#b0478c", "#3c82c4", "#d64550"

Options = dict[str, Any]


def _value_axis(name: str, grid: int, *, scale: bool) -> Options:
    return {
        "type": "value",
        "gridIndex": grid,
        "name": name,
        "scale": scale,
        "minInterval": 1,
        "nameTextStyle": {"color": INK, "align": "left"},
        "axisLabel": {"color": INK},
        "splitLine": {"lineStyle": {"color": LINE}},
    }


def _day_axis(days: list[str], grid: int, *, labelled: bool) -> Options:
    return {
        "type": "category",
        "gridIndex": grid,
        "data": days,
        "axisLabel": {"show": labelled, "color": INK, "hideOverlap": True},
        "axisTick": {"show": False},
        "axisLine": {"lineStyle": {"color": LINE}},
    }


def _degrees(values: list[int | None]) -> list[float | None]:
    return [None if value is None else value / 100 for value in values]


def _outdoor_axis(name: str) -> Options:
    """On the right: a cold spell must not flatten what happens indoors."""
    axis = _value_axis(name, 1, scale=True)
    return {
        **axis,
        "position": "right",
        "nameTextStyle": {"color": INK, "align": "right"},
        "splitLine": {"show": False},
    }


def _line(name: str, values: list[int | None], colour: str, axis: int) -> Options:
    return {
        "name": name,
        "type": "line",
        "xAxisIndex": 1,
        "yAxisIndex": axis,
        "data": _degrees(values),
        "showSymbol": False,
        "itemStyle": {"color": colour},
        "lineStyle": {"color": colour, "width": 2},
    }


def _bar(name: str, counts: list[int], outcome: Outcome) -> Options:
    return {"name": name, "type": "bar", "stack": "homes", "data": counts, "itemStyle": {"color": COLOUR[outcome]}}


def trend(figures: Trend, words: Words) -> Options:
    """Draw homes by outcome above, temperatures below, day by day."""
    days = [f"{day:%m-%d}" for day in figures.days]
    counts = {outcome: figures.counts.get(outcome, []) for outcome in Outcome}
    lines = [_line(words("判定值最低", "lowest deciding value"), figures.lowest_centi, LOWEST, 1)]
    if any(value is not None for value in figures.outdoor_centi):
        lines.append(_line(words("室外日均", "outdoor daily mean"), figures.outdoor_centi, OUTDOOR, 2))
    return {
        "animation": False,
        "textStyle": {"fontFamily": "inherit"},
        "tooltip": {"trigger": "axis", "confine": True},
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "legend": {"type": "scroll", "bottom": 0, "textStyle": {"color": INK}},
        "grid": [
            {"left": 40, "right": 40, "top": 30, "height": 110},
            {"left": 40, "right": 40, "top": 185, "height": 115},
        ],
        "xAxis": [_day_axis(days, 0, labelled=False), _day_axis(days, 1, labelled=True)],
        "yAxis": [
            _value_axis(words("户", "homes"), 0, scale=False),
            _value_axis(words("室内 °C", "indoor °C"), 1, scale=True),
            _outdoor_axis(words("室外 °C", "outdoor °C")),
        ],
        "series": [
            _bar(words("不达标", "failing"), counts[Outcome.FAILING], Outcome.FAILING),
            _bar(words("无法判定", "undetermined"), counts[Outcome.UNDETERMINED], Outcome.UNDETERMINED),
            *lines,
        ],
    }


def curve() -> Options:
    """Draw the frame of a household's curve; the browser puts the lines in.

    Its instants are moved by eight hours and told as if they were UTC: so the axis is local to the homes, whatever the
    zone of the browser.
    """
    return {
        "animation": False,
        "useUTC": True,
        "textStyle": {"fontFamily": "inherit"},
        "tooltip": {"trigger": "axis", "confine": True, ":valueFormatter": "value => hs.fixed(value) + ' °C'"},
        "legend": {"type": "scroll", "bottom": 0, "textStyle": {"color": INK}},
        "grid": {"left": 44, "right": 14, "top": 30, "bottom": 56},
        "xAxis": {
            "type": "time",
            "axisLabel": {"color": INK, "hideOverlap": True},
            "axisLine": {"lineStyle": {"color": LINE}},
        },
        "yAxis": {**_value_axis("°C", 0, scale=True), "minInterval": 0.5},
        "series": [],
    }


def supply(words: Words) -> Options:
    """Draw the frame of a station's supply; the browser puts the lines in."""
    return {
        "animation": False,
        "textStyle": {"fontFamily": "inherit"},
        "tooltip": {"trigger": "axis", "confine": True, ":valueFormatter": "value => hs.fixed(value) + ' °C'"},
        "legend": {"type": "scroll", "bottom": 0, "textStyle": {"color": INK}},
        "grid": {"left": 44, "right": 14, "top": 30, "bottom": 56},
        "xAxis": {
            "type": "time",
            "axisLabel": {"color": INK, "hideOverlap": True, ":formatter": "value => hs.local(new Date(value))"},
            "axisLine": {"lineStyle": {"color": LINE}},
        },
        "yAxis": {**_value_axis("°C", 0, scale=True), "name": words("水温 °C", "water °C")},
        "series": [],
    }


def drawn(options: Options, title: str, words: Words) -> ui.echart:
    """Put a chart into a page, and beneath it the same numbers as a table, made when somebody opens it.

    Parameters
    ----------
    title : what it shows, for who cannot see it
    """
    chart = attributed(ui.echart(options).classes("hs-chart"), role="img", aria_label=title)
    with box("details", "hs-numbers") as numbers:
        tag("summary", words("数据表", "as a table"))
    numbers.on("toggle", js_handler=f"event => hs.spell(event.target, getElement({chart.id}).chart)")
    return chart
