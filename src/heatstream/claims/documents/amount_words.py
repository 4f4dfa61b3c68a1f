"""What a claim comes to, in sentences: the right and its conditions, the period, each day, each time limit."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Final

from heatstream.claims import clocks
from heatstream.claims.amount import Amount
from heatstream.claims.clocks import Clock
from heatstream.claims.documents import words
from heatstream.claims.documents.papers import ExplainedDay, Line

_RIGHTS: Final = {
    "entitled": Line("各项条件均已符合，应退热费成立。", "Every condition is met: the entitlement stands."),
    "not_entitled": Line("有条件不符合，应退热费为零。", "A condition is not met: the entitlement is zero."),
    "undetermined": Line("应退热费未确定。", "The entitlement is undetermined."),
}
CONDITIONS: Final = {
    "ENTITLING_LAW": Line("规则的取值须为本人查阅文本或经复核补录", "the law's values are read or attested"),
    "OPENING": Line("立案的方式", "the way it was opened"),
    "EVIDENCE": Line("不达标或停供的证据", "evidence of a failing day or an outage"),
    "CAUSE": Line("责任认定", "whose cause it was"),
    "CONDITIONS": Line("室温标准所附的法定条件", "the standard's statutory conditions"),
    "FEE": Line("热费的缴纳", "the fee is paid"),
    "RESIDENT": Line("居民用户", "the household is residential"),
    "PERIOD": Line("计退期间已终止", "the period has ended"),
    "CONFLICT": Line("冲突读数的认定", "two values of one instant are decided"),
}
EVIDENCE: Final = {
    "third_party": "第三方检测",
    "authority_visit": "主管部门测温",
    "company_visit": "企业测温",
    "fixed_point_series": "固定监测点",
    "presumption": "推定",
}
_OUTCOMES: Final = {"compliant": "合格", "failing": "不达标"}
WHY_NOT: Final = {
    "no_period": "计退期间未开始",
    "before_the_period": "起算之前",
    "first_or_last_days": "供热期首末日除外",
    "exclusion_proved": "免责事由成立",
    "stopped": "报停",
    "condition_not_met": "法定条件不具备",
    "condition_unknown": "法定条件未核查",
    "ends_the_period": "达标之日不计入",
    "compliant": "合格",
    "conflict": "冲突读数待认定",
    "unknown": "无证据",
    "outside_the_period": "期间之外",
}
_STATES: Final = {
    "running": Line("进行中", "running"),
    "kept": Line("已遵守", "kept"),
    "breached": Line("已逾期", "breached"),
    "waived": Line("另有约定", "waived by agreement"),
    "unknown": Line("无法确定", "cannot be said"),
}


def lines(amount: Amount) -> Iterator[Line]:
    """Say what a claim comes to and what stands in the way."""
    yield _RIGHTS[amount.right]
    for name in amount.denied:
        met = CONDITIONS[name]
        yield Line(f"不符合：{met.zh}。", f"Not met: {met.en}.")
    for name in amount.open:
        met = CONDITIONS[name]
        yield Line(f"尚未确定：{met.zh}。", f"Still open: {met.en}.")
    if amount.refusal is not None:
        yield Line(f"不能计算：{amount.refusal.zh}", f"Nothing can be computed: {amount.refusal}")
    yield from _period(*amount.period)
    yield from _counted(amount)


def _period(begin: dt.date | None, end: dt.date | None) -> Iterator[Line]:
    if begin is not None:
        until = Line(f"至{words.day(end)}止", f"to {end}") if end else Line("，尚未终止", "on, not ended yet")
        yield Line(f"计退期间自{words.day(begin)}起{until.zh}。", f"The period runs from {begin} {until.en}.")


def _counted(amount: Amount) -> Iterator[Line]:
    fen, alleged = amount.counts_to_fen, amount.if_alleged_proved_fen
    if fen is not None:
        least = Line("至少", "at least ") if amount.at_least else Line("", "")
        yield Line(
            f"计退各日与停供合计{least.zh} {words.yuan(fen)}；条件未全部符合前，不是应退热费。",
            f"Counted days and outages come to {least.en}{words.figures(fen)} CNY; not owed before all is met.",
        )
    if alleged is not None and alleged != fen:
        yield Line(
            f"若被主张的免责事由全部成立，则为 {words.yuan(alleged)}。",
            f"If all that is alleged were proved, {words.figures(alleged)} CNY.",
        )


def day(told: Mapping[str, Any]) -> ExplainedDay:
    """Write a day as a row."""
    return ExplainedDay(
        day=dt.date.fromisoformat(told["day"]),
        outcome=_OUTCOMES.get(told["outcome"], "未认定"),
        evidence="，".join((*_kind(told), *_outage(told))) or "无",
        share=_share(told["share"]) if told["counted"] else "0",
        why_not=WHY_NOT[told["why_not"]] if told["why_not"] else "",
    )


def _kind(told: Mapping[str, Any]) -> Iterator[str]:
    if told["evidence"]:
        yield EVIDENCE[told["evidence"]]


def _outage(told: Mapping[str, Any]) -> Iterator[str]:
    if told["outage_s"]:
        hours, seconds = divmod(told["outage_s"], 3600)
        yield f"停供 {hours} 小时 {seconds // 60} 分"


def _share(share: list[int] | None) -> str:
    """Write a share of the day's fee: as a percentage where that is exact."""
    if share is None:
        return "未确定"
    numerator, denominator = share
    percent, rest = divmod(100 * numerator, denominator)
    return f"{numerator}/{denominator}" if rest else f"{percent}%"


def limit(clock: Clock, now: dt.datetime) -> Line:
    """Say how a time limit stands."""
    name, state = clocks.NAMES[clock.name], _STATES[clock.state(now)]
    until = f"，止于{words.instant(clock.limit)}" if clock.limit else ""
    at = f", until {clock.limit.astimezone(words.LOCAL):%Y-%m-%d %H:%M:%S}" if clock.limit else ""
    return Line(f"{name}{until}：{state.zh}。", f"{clock.name}{at}: {state.en}.")
