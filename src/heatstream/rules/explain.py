"""Say why a finding is what it is: what was measured, what it was held against, by which article, and what is missing.

A sentence a line, in Chinese and in English, from stored facts and the policy's canonical text alone; nothing is judged
anew. 测算额 is never called owed.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple, Self

from heatstream.core.finding import Outcome, Reason
from heatstream.core.standard import Statistic


class Line(NamedTuple):
    """One sentence."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Room:
    """What the statistic of one point says of the day."""

    device: str
    kind: str | None
    """bedroom, living_room, kitchen, bathroom, other; None = no room is registered."""
    readings: int
    """Between 00:00 and 24:00, excluded ones too."""
    conflicts: int
    slots_valid: int
    slots_expected: int
    min_centi: int | None
    below_min: int
    longest_below_min: int


@dataclass(frozen=True, slots=True)
class Found:
    """The finding, as stored."""

    day: dt.date
    outcome: Outcome
    reason: Reason
    statistic: Statistic
    value_centi: int | None
    limit_centi: int | None
    margin_centi: int | None
    slots_valid: int
    slots_expected: int
    tier: int | None
    tier_at_least: bool
    computed_fen: int | None
    evidence: bool
    """False = what-if only: some value of the pack was neither read nor attested."""


_OUTCOMES: Final = {
    Outcome.COMPLIANT: ("合格", "compliant"),
    Outcome.FAILING: ("不达标", "failing"),
    Outcome.UNDETERMINED: ("无法判定", "undetermined"),
    Outcome.UNMONITORED: ("未监测", "unmonitored"),
}
_STATISTICS: Final = {
    Statistic.MIN: ("当日最低值", "the lowest slot of the day"),
    Statistic.TIME_WEIGHTED_MEAN: ("当日时间加权平均值", "the day's time-weighted mean"),
    Statistic.MEAN_OF_HOURLY: ("小时均值的平均值", "the mean of the hours' means"),
    Statistic.MIN_OF_HOURLY: ("最低小时均值", "the lowest of the hours' means"),
    Statistic.SUSTAINED_BELOW: ("连续低于标准的时长", "the time below the standard in one piece"),
}
_MISSING: Final = {
    Reason.COVERAGE: (
        "有效时段不足以认定合格，读数亦未证明不达标",
        "too few valid slots to find compliance, and no failure is shown",
    ),
    Reason.CONFLICT: ("有时刻存在两个数值，须由工作人员认定", "an instant has two values; an officer must decide"),
    Reason.MEAN_UNDECIDED: ("缺失时段可能改变均值的结论", "the missing slots could turn the mean either way"),
    Reason.STOPPED: ("该户当日报停", "the household had stopped its heat"),
    Reason.OUTSIDE_SEASON: ("不在供热期内", "the day lies outside the heating season"),
    Reason.CONDITIONS: ("标准所附条件未经核查", "nobody examined the conditions of the standard"),
    Reason.NO_TIERS: ("规则包没有可读的退费档次", "the pack has no readable tier for this temperature"),
    Reason.REFERRED: ("两个档次同时适用，转主管部门认定", "two tiers claim this temperature; the authority decides"),
    Reason.NO_AREA: ("房间面积未登记", "a room's area is not registered"),
}
_ROOMS: Final = {
    "bedroom": "卧室",
    "living_room": "起居室",
    "kitchen": "厨房",
    "bathroom": "卫生间",
    "other": "其他房间",
}


def explain(found: Found, rooms: Sequence[Room], canonical: str) -> list[Line]:
    """Explain one finding.

    Parameters
    ----------
    found : the finding
    rooms : the statistics of its day, a point each
    canonical : the policy's canonical text, as stored with it
    """
    law = _Law.of(canonical, found.day)
    return [
        _result(found),
        *map(_room, rooms),
        *_decided(found, law),
        *_tier(found, law),
        *_amount(found),
        *_missing(found),
        *law.sources(),
        *_standing(found, law),
    ]


@dataclass(frozen=True, slots=True)
class _Law:
    """The pack in force on a day."""

    pack: Mapping[str, Any]

    @classmethod
    def of(cls, canonical: str, day: dt.date) -> Self:
        packs = json.loads(canonical)["packs"]
        text = day.isoformat()
        holding = [each for each in packs if each.get("effective_from", "") <= text < each.get("effective_to", "9999")]
        return cls((holding or packs)[-1])

    def article(self, group: str) -> Line:
        """Name the article of a part of the pack."""
        found = (self.pack.get(group) or {}).get("article")
        if found is None:
            return Line("", "")
        # What is no article of the pack's own instrument bears its title: 山东省供热条例 21.
        own = found.replace(",", "").replace(" ", "").isdecimal()
        return Line(f"（第{found}条）", f" (article {found})") if own else Line(f"（{found}）", f" ({found})")

    def band(self, tier: int) -> Line:
        tiers = self.pack["tiers"]
        return _band(tiers["bands"][tier], deviation=tiers["basis"] == "deviation")

    def sources(self) -> Iterator[Line]:
        for source in self.pack.get("sources", []):
            name = " ".join(filter(None, (source.get("title"), source.get("doc_no")))) or source.get("url", "")
            yield Line(f"依据：{name}", f"Source: {name} (known as: {source['conf']})")
        checked = self.pack.get("in_force_checked_on")
        if checked is None:
            yield Line("该规则是否现行有效：尚未核查", "Whether the rule is in force has not been checked")
        else:
            yield Line(f"规则现行有效核查日期：{checked}", f"The rule was checked to be in force on {checked}")


def _celsius(centi: int) -> str:
    sign = "-" if centi < 0 else ""
    return f"{sign}{abs(centi) // 100}.{abs(centi) % 100:02}"


def _result(found: Found) -> Line:
    zh, en = _OUTCOMES[found.outcome]
    return Line(f"{found.day}：{zh}", f"{found.day}: {en}")


def _room(room: Room) -> Line:
    zh, en = _ROOMS.get(room.kind or "", "未登记房间"), (room.kind or "no room registered").replace("_", " ")
    slots = f"{room.slots_valid}/{room.slots_expected}"
    lowest = None if room.min_centi is None else _celsius(room.min_centi)
    return Line(
        f"测点 {room.device}（{zh}）：读数 {room.readings} 条"
        + (f"，其中 {room.conflicts} 个时刻有两个数值、不计入" if room.conflicts else "")
        + f"，有效时段 {slots}"
        + (f"，最低 {lowest} ℃" if lowest else "")
        + (f"，低于标准 {room.below_min} 分钟，最长连续 {room.longest_below_min} 分钟" if room.below_min else ""),
        f"Point {room.device} ({en}): {room.readings} readings"
        + (f", {room.conflicts} instants with two values left out" if room.conflicts else "")
        + f", {slots} slots valid"
        + (f", lowest {lowest} °C" if lowest else "")
        + (f", below for {room.below_min} min, {room.longest_below_min} min in one piece" if room.below_min else ""),
    )


def _decided(found: Found, law: _Law) -> Iterator[Line]:
    if found.value_centi is None or found.limit_centi is None or found.margin_centi is None:
        return
    zh, en = _STATISTICS[found.statistic]
    value, limit, margin = (_celsius(each) for each in (found.value_centi, found.limit_centi, found.margin_centi))
    article = law.article("standard")
    yield Line(
        f"判定方式：{zh}；数值 {value} ℃，标准 {limit} ℃{article.zh}，差 {margin} K；恰为标准即合格",
        f"Decided by {en}: {value} °C against {limit} °C{article.en}, margin {margin} K; exactly the standard complies",
    )


def _tier(found: Found, law: _Law) -> Iterator[Line]:
    if found.tier is None:
        return
    band, article = law.band(found.tier), law.article("tiers")
    least = (
        Line("，数据不全，为下限", "; a lower bound, for coverage was partial") if found.tier_at_least else Line("", "")
    )
    yield Line(f"档次：{band.zh}{article.zh}{least.zh}", f"Tier: {band.en}{article.en}{least.en}")


def _band(band: Mapping[str, Any], *, deviation: bool) -> Line:
    """Write a band with its ends; 以上 and 以下 would include theirs, so what is not inside is said."""
    ends = [(band.get("lo"), band.get("li")), (band.get("hi"), band.get("hi_i"))]
    zh = [f"{end} ℃（{'含' if inside else '不含'}）" for end, inside in ends if end is not None]
    en = [f"{end} °C ({'included' if inside else 'excluded'})" for end, inside in ends if end is not None]
    percent = f"{(Decimal(band['ratio']) * 100).normalize():f} %"
    what = Line("低于标准 ", "below the standard by ") if deviation else Line("", "")
    if len(zh) == 1:
        below = band.get("lo") is None
        zh, en = [f"{zh[0]}{'之下' if below else '之上'}"], [f"{'below' if below else 'from'} {en[0]}"]
    return Line(f"{what.zh}{'至'.join(zh)}，退费比例 {percent}", f"{what.en}{' to '.join(en)}, share {percent}")


def _amount(found: Found) -> Iterator[Line]:
    if found.computed_fen is None:
        if found.outcome is Outcome.FAILING:
            yield Line("测算额：未计算", "Computed amount: none")
        return
    yuan = f"{found.computed_fen // 100}.{found.computed_fen % 100:02}"
    yield Line(
        f"测算额：{yuan} 元，仅由读数测算；应退热费与裁定额另行认定",
        f"Computed amount: {yuan} CNY, from readings alone; what is owed and what is ruled are decided elsewhere",
    )


def _missing(found: Found) -> Iterator[Line]:
    if found.reason is not Reason.NONE:
        zh, en = _MISSING[found.reason]
        yield Line(f"原因：{zh}", f"Reason: {en}")
    if found.outcome is Outcome.UNMONITORED:
        yield Line("当日没有经验收的测点", "No accepted point stood in this household on that day")
    lacking = found.slots_expected - found.slots_valid
    if lacking > 0:
        yield Line(f"缺少 {lacking} 个时段的读数", f"Readings are missing in {lacking} slots")


def _standing(found: Found, law: _Law) -> Iterator[Line]:
    if not found.evidence:
        yield Line(
            "规则包部分数值未经阅读原文或录入核实，仅供测算",
            "Some value of the pack was neither read nor attested: what-if only",
        )
    if watermark := law.pack.get("watermark"):
        yield Line(watermark, watermark)
