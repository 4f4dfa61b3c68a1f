"""What would alter an outcome, in sentences: how much would have to be otherwise, and which other choice turns it."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from heatstream.core.finding import Outcome
from heatstream.rules.nearest import Nearest, Step, Turn


class Line(NamedTuple):
    """One sentence."""

    zh: str
    en: str


OUTCOMES: Final = {
    Outcome.COMPLIANT: Line("合格", "compliant"),
    Outcome.FAILING: Line("不达标", "failing"),
    Outcome.UNDETERMINED: Line("无法判定", "undetermined"),
    Outcome.UNMONITORED: Line("未监测", "unmonitored"),
}
_OPTIONS: Final = {
    "daily_statistic": "日统计方式",
    "household_temperature": "多房间取值",
    "guard_band": "容差",
    "min_completeness": "最低完整率",
    "conditions": "标准所附条件",
}
_VALUES: Final = (
    ("time_weighted_mean", "时间加权平均值"),
    ("mean_of_hourly", "小时均值的平均值"),
    ("min_of_hourly", "最低小时均值"),
    ("min_room", "最冷房间"),
    ("area_weighted", "按面积加权平均"),
    ("not_examined", "不核查"),
    ("undetermined", "未核查即无法判定"),
    ("sustained_below_min: ", "连续低于标准的分钟数 "),
    ("band_c: ", ""),
    (", direction: favour_company", " K、有利于供热企业"),
    (", direction: favour_user", " K、有利于用户"),
    ("mean", "各房间平均"),
    ("each", "各房间分别判定"),
    ("none", "不设"),
    ("min", "当日最低值"),
)
"""What a choices file's value says in Chinese; the longer words first."""
_BEYOND: Final = {None: Line("", ""), "more": Line("或更大", " or more"), "less": Line("或更小", " or less")}


def decimal(hundredths: int) -> str:
    """Write hundredths as a decimal: degrees from hundredths of one, yuan from fen."""
    sign = "-" if hundredths < 0 else ""
    return f"{sign}{abs(hundredths) // 100}.{abs(hundredths) % 100:02}"


def changes(change: Nearest, outcome: Outcome) -> Iterator[Line]:
    """Tell the nearest changes; each alters the outcome, and one unit less does not."""
    now = OUTCOMES[outcome]
    for zh, en, step in _measured(change):
        then = OUTCOMES[step.outcome]
        yield Line(
            f"最近的变化：{zh}，当日即为{then.zh}；少一个单位仍为{now.zh}",
            f"Nearest change: {en}, and the day would be {then.en}; one unit less leaves it {now.en}",
        )
    yield from map(_turn, change.turns)


def _measured(change: Nearest) -> Iterator[tuple[str, str, Step]]:
    if step := change.warmer_centi:
        yield f"全部读数升高 {decimal(step.by)} K", f"every reading warmer by {decimal(step.by)} K", step
    if step := change.fewer_below_min:
        yield f"低于标准的时间中有 {step.by} 分钟达到标准", f"{step.by} of the minutes below at the standard", step
    if step := change.colder_centi:
        yield f"全部读数降低 {decimal(step.by)} K", f"every reading colder by {decimal(step.by)} K", step
    if step := change.more_below_min:
        yield f"再有 {step.by} 分钟低于标准", f"{step.by} more minutes below the standard", step
    if step := change.more_slots:
        yield f"再有 {step.by} 个有效时段（数值恰为标准）", f"{step.by} more valid slots, each at the standard", step


def _turn(turn: Turn) -> Line:
    option, beyond, then = _OPTIONS[turn.option], _BEYOND[turn.beyond], OUTCOMES[turn.outcome]
    return Line(
        f"选项变化（不是建议）：{option}若为{_chinese(turn.value)}{beyond.zh}（{turn.option}: {turn.value}），"
        f"当日即为{then.zh}",
        f"Another choice (no advice): {turn.option}: {turn.value}{beyond.en} would make the day {then.en}",
    )


def _chinese(value: str) -> str:
    for code, zh in _VALUES:
        if code in value:
            value = value.replace(code, zh)
    return value


_SEEN: Final = {
    "amplitude_centi": Line("日较差", "daily swing"),
    "apart_centi": Line("与楼栋相差", "apart from the building"),
    "days": Line("天数", "days"),
    "drop_centi": Line("骤降", "drop"),
    "jump_centi": Line("跳变", "jump"),
    "jumps": Line("次数", "jumps"),
    "lag_s": Line("时差", "lag"),
    "lasted_min": Line("持续", "lasted"),
    "lasted_s": Line("持续", "lasted"),
    "most_ahead_s": Line("最多超前", "most ahead"),
    "moved_centi": Line("漂移", "moved"),
    "neighbours_amplitude_centi": Line("邻户日较差", "neighbours' swing"),
    "neighbours_moved_centi": Line("邻户变化", "neighbours moved"),
    "neighbours_rise_centi": Line("邻户升高", "neighbours rose"),
    "other_point": Line("另一测点", "other point"),
    "others": Line("比较的测点数", "points compared with"),
    "readings": Line("读数", "readings"),
    "recovered_after_min": Line("恢复用时", "recovered after"),
    "rise_centi": Line("升高", "rise"),
    "supply_moved_centi": Line("供水温度变化", "supply moved"),
    "temp_centi": Line("数值", "value"),
}
_UNITS: Final = {"_min": Line("分钟", "min"), "_s": Line("秒", "s")}


def seen(evidence: Mapping[str, object]) -> Line:
    """Tell what a quality mark saw."""
    told = [_one_seen(name, evidence[name]) for name in sorted(evidence)]
    return Line("，".join(each.zh for each in told), ", ".join(each.en for each in told))


def _one_seen(name: str, value: object) -> Line:
    word, text = _SEEN[name], str(value)
    if name.endswith("_centi") and isinstance(value, int):
        text = f"{decimal(value)} {'°C' if name == 'temp_centi' else 'K'}"
    unit = next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), None)
    return Line(*(f"{each} {text}{f' {of}' if of else ''}" for each, of in zip(word, unit or ("", ""), strict=True)))
