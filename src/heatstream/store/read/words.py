"""The stored numbers of a finding as words: Chinese for people, stable English ones for machines."""

from enum import IntEnum

from heatstream.core.finding import Change, Outcome, Reason
from heatstream.core.standard import Statistic

OUTCOME_ZH = {
    Outcome.COMPLIANT: "合格",
    Outcome.FAILING: "不达标",
    Outcome.UNDETERMINED: "无法判定",
    Outcome.UNMONITORED: "未监测",
}
REASON_ZH = {
    Reason.NONE: "",
    Reason.COVERAGE: "有效数据不足",
    Reason.CONFLICT: "同一时刻有两个数值，待认定",
    Reason.MEAN_UNDECIDED: "数据缺失，均值无法判定",
    Reason.STOPPED: "报停",
    Reason.OUTSIDE_SEASON: "不在供热期",
    Reason.CONDITIONS: "标准所附条件未经核查",
    Reason.NO_TIERS: "无对应档次",
    Reason.REFERRED: "档次重叠，转主管部门认定",
    Reason.NO_AREA: "房间面积未登记",
}
CHANGE_ZH = {
    Change.CLOSED: "日终判定",
    Change.LATE_READINGS: "迟到数据",
    Change.CONFLICT_DECIDED: "冲突已认定",
    Change.REGISTRY: "登记变更",
    Change.POLICY: "规则变更",
    Change.QUALITY_REVIEWED: "读数质量复核",
}
STATISTIC_ZH = {
    Statistic.MIN: "最低值",
    Statistic.TIME_WEIGHTED_MEAN: "时间加权平均值",
    Statistic.MEAN_OF_HOURLY: "小时均值的平均值",
    Statistic.MIN_OF_HOURLY: "最低小时均值",
    Statistic.SUSTAINED_BELOW: "连续低于标准的最低值",
    Statistic.PERCENTILE: "百分位值",
}
ROOM_KIND_ZH = {
    "bedroom": "卧室",
    "living_room": "起居室",
    "kitchen": "厨房",
    "bathroom": "卫生间",
    "other": "其他",
}


def word(member: IntEnum) -> str:
    """Give the English word of a stored number."""
    return member.name.lower()


def reason_word(stored: int) -> str:
    """Give the English word of a stored reason."""
    return word(Reason(stored))


def yuan(fen: int | None) -> str:
    """Write fen as yuan."""
    return "—" if fen is None else f"{fen // 100}.{fen % 100:02d}"
