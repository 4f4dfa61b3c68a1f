"""Where a home lies, who is around it, and what its contract says."""

import datetime as dt
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple
from urllib.parse import quote

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.access.fields import SEES, Kind
from heatstream.access.permits import PAGES, may
from heatstream.access.principal import Principal
from heatstream.core.calendar import day_of
from heatstream.core.strata import Side, surroundings
from heatstream.store import claims
from heatstream.store.claims import Terms
from heatstream.store.household_days import households
from heatstream.store.read import strata as named
from heatstream.store.read.days import Span
from heatstream.store.read.places import Place
from heatstream.store.read.rows import AnyRow
from heatstream.store.read.words import yuan
from heatstream.supervision.homes import strata
from heatstream.web import parts
from heatstream.web.frame import box, card, tag
from heatstream.web.words import Words

SIDES: Final = {Side.ABOVE: ("上", "above"), Side.BELOW: ("下", "below"), Side.BESIDE: ("侧", "beside")}
OUTER: Final = ("edge", "top", "bottom")
STRATA: Final = {"edge": ("边", "edge"), "top": ("顶", "top"), "bottom": ("底", "bottom"), "middle": ("中间", "middle")}


class Neighbour(NamedTuple):
    """A home beside, above or below."""

    side: Side
    code: str
    stopped: bool


class Around(NamedTuple):
    """How a home lies among the others on a day."""

    strata: tuple[str, ...]
    known: bool
    """The registry tells of every stratum."""
    surrounded: bool | None
    """None = not every neighbour is seen, or none is registered."""
    neighbours: tuple[Neighbour, ...]


class Lies(NamedTuple):
    """Where a home lies on a day, and on which terms."""

    day: dt.date
    stopped: bool
    """It is without heat by 报停 or by its contract."""
    around: Around | None
    """None = who asks sees no other home."""
    terms: Terms


async def read(conn: AsyncConnection, home: AnyRow, day: dt.date, visitor: Principal) -> Lies:
    """Read it as whoever asks may see it; a household is told nothing of its neighbours."""
    [registered] = await households(conn, day, [home.id])
    around = None if visitor.role == "household" else await _around(conn, home, day)
    return Lies(day, registered.stopped, around, await claims.terms(conn, home.id, day))


async def _around(conn: AsyncConnection, home: AnyRow, day: dt.date) -> Around:
    there = await strata.registered(conn, Place(household=home.household), Span(day, day))
    me, stopped = int(np.searchsorted(there.ids, home.id)), there.stopped(day_of(day))
    mine = there.neighbours.home == me
    others, sides = there.neighbours.other[mine], there.neighbours.side[mine].tolist()
    codes = await named.codes(conn, there.ids[others].tolist())
    seen = [
        Neighbour(Side(side), codes[home_id], bool(cold))
        for home_id, side, cold in zip(there.ids[others].tolist(), sides, stopped[others], strict=True)
        if home_id in codes
    ]
    every_one = 0 < len(seen) == len(others)
    return Around(
        strata=tuple(name for name in STRATA if getattr(there.lies, name).holds[me]),
        known=all(getattr(there.lies, name).known[me] for name in OUTER),
        surrounded=bool(surroundings(there.neighbours, stopped).surrounded[me]) if every_one else None,
        neighbours=tuple(sorted(seen)),
    )


# --- shown ------------------------------------------------------------------------------------------------------------


def card_of(home: AnyRow, lies: Lies, visitor: Principal, words: Words) -> None:
    """Show it."""
    sees = SEES[visitor.role]
    with card(words("登记", "registry"), words(f"{lies.day} 的情况", f"as of {lies.day}")):
        parts.facts(_registered(home, sees, words) | _terms(lies, sees, words) | _around_told(lies.around, words))
        with box("p", "hs-ways"):
            if may(visitor, "/buildings/{code}", PAGES):
                parts.link(
                    words("在楼栋立面中查看", "in its building"), f"/buildings/{quote(home.building)}?day={lies.day}"
                )
        if lies.around is not None:
            _neighbours(lies.around, words)


def _registered(home: AnyRow, sees: AbstractSet[Kind], words: Words) -> dict[str, str]:
    told = {
        words("楼栋", "building"): f"{home.community_name} {home.building_name}",
        words("区县", "district"): home.district_name,
        words("换热站", "station"): home.heat_station_name,
        words("供热企业", "company"): home.company_name,
        words("用户类别", "kind"): words("居民", "residential")
        if home.kind == "residential"
        else words("非居民", "other"),
        words("监测点", "points"): str(home.points) if home.points else words("未监测", "unmonitored"),
    }
    return ({words("地址", "address"): home.address} if "address" in sees else {}) | told


def _terms(lies: Lies, sees: AbstractSet[Kind], words: Words) -> dict[str, str]:
    terms = lies.terms
    law = words("依法定标准", "the law's")
    told = {
        words("供热", "heat"): words("报停", "stopped") if lies.stopped else words("正常", "supplied"),
        words("合同室温", "contract's standard"): law
        if terms.standard_centi is None
        else f"{terms.standard_centi / 100:.2f} °C",
    }
    if "money" in sees:
        told[words("应缴热费（元）", "fee due (yuan)")] = yuan(terms.fee_due_fen)
        told[words("实缴热费（元）", "fee paid (yuan)")] = yuan(terms.fee_paid_fen)
    return told


def _around_told(around: Around | None, words: Words) -> dict[str, str]:
    if around is None:
        return {}
    lies = " · ".join(words(*STRATA[name]) for name in around.strata)
    unknown = words("登记不全", "the registry does not tell all")
    yes_no = {None: words("无法确定", "cannot be said"), True: words("是", "yes"), False: words("否", "no")}
    return {
        words("位置", "position"): lies if around.known else " · ".join(filter(None, (lies, unknown))),
        words("悬空（四邻均停热）", "surrounded 悬空"): yes_no[around.surrounded],
    }


def _neighbours(around: Around, words: Words) -> None:
    tag("h3", words("相邻住户", "neighbours"), "hs-note")
    if not around.neighbours:
        parts.empty(words("登记中没有相邻住户。", "The registry names no neighbour."))
        return
    with box("ul", "hs-neighbours"):
        for each in around.neighbours:
            with box("li"):
                tag("span", words(*SIDES[each.side]), "hs-note")
                parts.link(each.code, f"/household/{quote(each.code)}")
                if each.stopped:
                    tag("span", words("报停", "stopped"), "hs-outcome")
