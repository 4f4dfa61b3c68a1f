"""Say why a finding is what it is: what counted, what it was held against, by which article, and what would alter it.

A sentence a line, in Chinese and in English, from stored facts, the policy's canonical text and the nearest change that
`rules.nearest` found. 测算额 is never called owed, and another choice is never called advice.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Self

from heatstream.core.finding import Outcome, Reason
from heatstream.core.marks import Kind
from heatstream.core.standard import Statistic
from heatstream.rules.nearest import Nearest
from heatstream.rules.sentences import OUTCOMES, Line, changes, decimal


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Readings of a point's day that count for nothing."""

    reviewed: int
    """A reviewer excluded them."""
    neither: int
    """An officer decided that neither of two values counts."""
    no_evidence: int
    """Measured before the point's acceptance (验收) or outside its installation."""
    outside_season: int


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
    left_out: LeftOut | None = None
    """Which readings count for nothing, beside the conflicts; None = the readings are no longer there to be counted."""


@dataclass(frozen=True, slots=True)
class Excluded:
    """What a reviewer excluded of a point's day."""

    device: str
    kind: Kind
    begins: dt.datetime
    ends: dt.datetime
    readings: int
    mark_id: int
    officer: str
    """工号."""
    reason: str


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
    entitlement_fen: int | None
    ruled_fen: int | None
    evidence: bool
    """False = what-if only: some value of the pack was neither read nor attested."""


_NOT_AGAIN: Final = Line(
    "最近的变化：现存的读数与登记不能重现该判定，故不列",
    "Nearest change: none is told, for what is stored now does not give this finding again",
)
_STATISTICS: Final = {
    Statistic.MIN: ("当日最低值", "the lowest slot of the day"),
    Statistic.TIME_WEIGHTED_MEAN: ("当日时间加权平均值", "the day's time-weighted mean"),
    Statistic.MEAN_OF_HOURLY: ("小时均值的平均值", "the mean of the hours' means"),
    Statistic.MIN_OF_HOURLY: ("最低小时均值", "the lowest of the hours' means"),
    Statistic.SUSTAINED_BELOW: ("连续低于标准的时长", "the time below the standard in one piece"),
    Statistic.PERCENTILE: ("所选百分位的时段温度", "the slot at the chosen percentile"),
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
MARKS: Final = {
    Kind.FROZEN: Line("数值不变", "frozen value"),
    Kind.JUMP: Line("数值突变", "jump"),
    Kind.OPENED_WINDOW: Line("疑似开窗", "opened window"),
    Kind.HEATER: Line("疑似自备热源或靠近散热器", "heater or radiator"),
    Kind.SUN: Line("疑似日晒", "sun"),
    Kind.DRIFT: Line("相对楼栋漂移", "drift against the building"),
    Kind.CLONED: Line("与另一测点数据雷同", "the same series as another point's"),
    Kind.CLOCK_AHEAD: Line("设备时钟超前", "clock ahead"),
    Kind.EQUAL_TIMES: Line("多个数值同一时刻", "burst with one time"),
}
"""What a mark is called."""
_ROOMS: Final = {
    "bedroom": "卧室",
    "living_room": "起居室",
    "kitchen": "厨房",
    "bathroom": "卫生间",
    "other": "其他房间",
}


def explain(
    found: Found,
    rooms: Sequence[Room],
    canonical: str,
    *,
    excluded: Sequence[Excluded] = (),
    change: Nearest | None = None,
    with_amounts: bool = True,
) -> list[Line]:
    """Explain one finding.

    Parameters
    ----------
    found : the finding
    rooms : the statistics of its day, a point each
    canonical : the policy's canonical text, as stored with it
    excluded : what reviewers excluded of its day
    change : the nearest change; None = the finding cannot be made anew from what is stored now
    with_amounts : whoever reads it may know the amounts of a home
    """
    law = _Law.of(canonical, found.day)
    return [
        _result(found),
        *map(_room, rooms),
        *map(_excluded, excluded),
        *_decided(found, law),
        *_tier(found, law),
        *(_amounts(found) if with_amounts else ()),
        *_missing(found),
        *(changes(change, found.outcome) if change else [_NOT_AGAIN]),
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

    def quote(self, group: str) -> Iterator[Line]:
        """Give the words of the instrument, where the pack has them."""
        if words := (self.pack.get(group) or {}).get("quote"):
            yield Line(f"原文：“{words}”", f"In its words: “{words}”")

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


def _result(found: Found) -> Line:
    zh, en = OUTCOMES[found.outcome]
    return Line(f"{found.day}：{zh}", f"{found.day}: {en}")


def _room(room: Room) -> Line:
    zh, en = _ROOMS.get(room.kind or "", "未登记房间"), (room.kind or "no room registered").replace("_", " ")
    slots = f"{room.slots_valid}/{room.slots_expected}"
    lowest = None if room.min_centi is None else decimal(room.min_centi)
    left_out = _left_out(room.left_out)
    return Line(
        f"测点 {room.device}（{zh}）：读数 {room.readings} 条"
        + (f"，其中 {room.conflicts} 个时刻有两个数值、不计入" if room.conflicts else "")
        + left_out.zh
        + f"，有效时段 {slots}"
        + (f"，最低 {lowest} ℃" if lowest else "")
        + (f"，低于标准 {room.below_min} 分钟，最长连续 {room.longest_below_min} 分钟" if room.below_min else ""),
        f"Point {room.device} ({en}): {room.readings} readings"
        + (f", {room.conflicts} instants with two values left out" if room.conflicts else "")
        + left_out.en
        + f", {slots} slots valid"
        + (f", lowest {lowest} °C" if lowest else "")
        + (f", below for {room.below_min} min, {room.longest_below_min} min in one piece" if room.below_min else ""),
    )


def _left_out(left_out: LeftOut | None) -> Line:
    if left_out is None:
        return Line("", "")
    told = (
        (left_out.reviewed, "经复核排除 {} 条", "{} excluded by a reviewer"),
        (left_out.outside_season, "供热期外 {} 条、不计入", "{} outside the season, left out"),
        (left_out.neither, "另有 {} 个时刻两值均不计", "{} more where neither of two values counts"),
        (left_out.no_evidence, "另有 {} 条在验收前或安装期外、不作证据", "{} more before acceptance or installation"),
    )
    zh = "".join(f"，{words.format(count)}" for count, words, _ in told if count)
    return Line(zh, "".join(f", {words.format(count)}" for count, _, words in told if count))


def _excluded(each: Excluded) -> Line:
    kind, span = MARKS[each.kind], f"{each.begins:%H:%M}–{each.ends:%H:%M}"
    return Line(
        f"复核：{each.officer} 排除测点 {each.device} {span} 的 {each.readings} 条读数"
        f"（{kind.zh}，标记 {each.mark_id}）：{each.reason}；读数原样保存",
        f"Review: {each.officer} excluded {each.readings} readings of point {each.device}, {span} "
        f"({kind.en}, mark {each.mark_id}): {each.reason}; they are kept as they were sent",
    )


def _decided(found: Found, law: _Law) -> Iterator[Line]:
    if found.value_centi is None or found.limit_centi is None or found.margin_centi is None:
        return
    zh, en = _STATISTICS[found.statistic]
    value, limit, margin = (decimal(each) for each in (found.value_centi, found.limit_centi, found.margin_centi))
    article = law.article("standard")
    yield Line(
        f"判定方式：{zh}；数值 {value} ℃，标准 {limit} ℃{article.zh}，差 {margin} K；恰为标准即合格",
        f"Decided by {en}: {value} °C against {limit} °C{article.en}, margin {margin} K; exactly the standard complies",
    )
    yield from law.quote("standard")


def _tier(found: Found, law: _Law) -> Iterator[Line]:
    if found.tier is None:
        return
    band, article = law.band(found.tier), law.article("tiers")
    least = (
        Line("，数据不全，为下限", "; a lower bound, for coverage was partial") if found.tier_at_least else Line("", "")
    )
    yield Line(f"档次：{band.zh}{article.zh}{least.zh}", f"Tier: {band.en}{article.en}{least.en}")
    yield from law.quote("tiers")


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


def _amounts(found: Found) -> Iterator[Line]:
    """Tell the three amounts, each for itself."""
    if found.computed_fen is not None:
        yuan = decimal(found.computed_fen)
        yield Line(
            f"测算额：{yuan} 元，仅由读数测算；应退热费与裁定额另行认定",
            f"Computed amount: {yuan} CNY, from readings alone; what is owed and what is ruled are decided elsewhere",
        )
    elif found.outcome is Outcome.FAILING:
        yield Line("测算额：未计算", "Computed amount: none")
    if found.entitlement_fen is not None:
        owed = decimal(found.entitlement_fen)
        yield Line(f"应退热费：{owed} 元", f"Entitlement: {owed} CNY")
    if found.ruled_fen is not None:
        ruled = decimal(found.ruled_fen)
        yield Line(f"裁定额：{ruled} 元", f"Ruled amount: {ruled} CNY")


def _missing(found: Found) -> Iterator[Line]:
    if found.reason is not Reason.NONE:
        zh, en = _MISSING[found.reason]
        yield Line(f"原因：{zh}", f"Reason: {en}")
    if found.outcome is Outcome.UNMONITORED:
        yield Line("当日没有经验收的测点", "No accepted point stood in this household on that day")
    lacking = found.slots_expected - found.slots_valid
    if lacking > 0:
        yield Line(f"{lacking} 个时段没有计入的读数", f"{lacking} slots have no reading that counts")


def _standing(found: Found, law: _Law) -> Iterator[Line]:
    if not found.evidence:
        yield Line(
            "规则包部分数值未经阅读原文或录入核实，仅供测算",
            "Some value of the pack was neither read nor attested: what-if only",
        )
    if watermark := law.pack.get("watermark"):
        yield Line(watermark, watermark)
