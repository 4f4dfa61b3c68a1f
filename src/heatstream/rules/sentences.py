"""What would alter an outcome, in sentences: how much would have to be otherwise, and which other choice turns it."""

from collections.abc import Iterator
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
        f"选项变化（不是建议）：{option} {turn.option} 若为 {turn.value}{beyond.zh}，当日即为{then.zh}",
        f"Another choice (no advice): {turn.option}: {turn.value}{beyond.en} would make the day {then.en}",
    )
