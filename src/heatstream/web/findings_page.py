"""判定: every finding that stands, by day, outcome and place."""

from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import Request
from nicegui import ui
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Outcome
from heatstream.errors import BadInput
from heatstream.store.read import city, places
from heatstream.store.read.words import OUTCOME_ZH, word
from heatstream.web import grids
from heatstream.web import words as languages
from heatstream.web.frame import attributed, box, card, frame, tag
from heatstream.web.parts import alert, note
from heatstream.web.rows import Asked
from heatstream.web.signed_in import Reading
from heatstream.web.words import Words

SLOTS = "p => p.data ? `${p.data.slots_valid}/${p.data.slots_expected}` : ''"


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


def _pick(name: str, label: str, options: Mapping[str, str], chosen: str | None, words: Words) -> None:
    with box("div", "hs-field"):
        its = tag("label", label)
        with attributed(ui.element("select"), name=name) as made:
            tag("option", words("全部", "all"), value="")
            for value, text in options.items():
                option = tag("option", text, value=value)
                if value == chosen:
                    option.props["selected"] = True
        attributed(its, for_=made.html_id)


def _typed(name: str, label: str, value: str | None, kind: str = "text") -> None:
    with box("div", "hs-field"):
        its = tag("label", label)
        made = attributed(ui.element("input"), name=name, type=kind, autocomplete="off", **{"^value": value or ""})
        attributed(its, for_=made.html_id)


def _filters(asked: Asked, named: Mapping[str, Mapping[str, str]], words: Words) -> None:
    """Ask for days, outcome and place by a plain form: what was asked stands in the address."""
    outcomes = {word(each): words(zh, word(each)) for each, zh in OUTCOME_ZH.items()}
    given = asked.query()
    with box("form", "hs-ask", method="get", action="/findings"):
        _typed("day_from", words("起日", "first day"), given.get("day_from"), "date")
        _typed("day_to", words("止日", "last day"), given.get("day_to"), "date")
        _pick("outcome", words("判定", "outcome"), outcomes, asked.outcome, words)
        kinds = {"residential": words("居民", "residential"), "other": words("非居民", "other")}
        _pick("kind", words("用户类别", "kind"), kinds, asked.kind, words)
        _pick("district", words("区县", "district"), named["district"], asked.district, words)
        _pick("company", words("供热企业", "company"), named["company"], asked.company, words)
        _pick("heat_station", words("换热站", "station"), named["heat_station"], asked.heat_station, words)
        _typed("building", words("楼栋代码", "building's code"), asked.building)
        _typed("household", words("户号", "household"), asked.household)
        tag("button", words("查询", "show"), "hs-act", type="submit")


def _table(asked: Asked, words: Words) -> None:
    query = urlencode(asked.query())
    place = [
        grids.link(words("户号", "household"), "household"),
        grids.column(words("地址", "address"), "address", 190),
        grids.column(words("供热企业", "company"), "company_name", 130),
    ]
    if asked.outcome == word(Outcome.UNMONITORED):
        columns = [*place, grids.column(words("区县", "district"), "district_name", 120)]
    else:
        day = grids.column(words("日期", "day"), "day", 116)
        columns = [day, place[0], *finding_columns(words), *place[1:]]
    title = words("判定", "findings")
    address, file = f"/rows/findings?{query}", f"/rows/findings.csv?{query}"
    grids.table("findings", address, columns, words, rows=14, title=title, file=file)


async def _named(conn: AsyncConnection) -> dict[str, dict[str, str]]:
    return {level: await places.named(conn, level) for level in ("district", "company", "heat_station")}


async def _wrong(conn: AsyncConnection, asked: Asked, words: Words) -> str:
    try:
        await places.check(conn, asked.place())
    except BadInput as error:
        return words.why(error)
    return ""


def add() -> None:
    """Add the page."""

    @ui.page("/findings", title="heatstream", dark=None)
    async def findings(request: Request, reader: Reading, asked: Asked) -> None:
        words = languages.of_request(request)
        async with reader.connection() as conn:
            named, watermarks = await _named(conn), await city.watermarks(conn)
            wrong = await _wrong(conn, asked, words)
        with frame(request, words("判定", "findings"), watermarks, reader.visitor):
            with card(words("条件", "filters")):
                _filters(asked, named, words)
                if wrong:
                    alert(wrong)
            if wrong:
                return
            with card(words("明细", "rows"), words("新日在前", "the newest day first")):
                _table(asked, words)
                note(
                    words(
                        "测算额仅由读数算出，不是应退热费，也不是裁定额。未监测的住户没有判定，按所选止日列出。",
                        "The computed amount comes from readings alone; it is neither an entitlement nor a ruling. "
                        "Homes that nothing measures have no finding; they are listed as of the last day asked for.",
                    )
                )
