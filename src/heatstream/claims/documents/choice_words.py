"""The options of a choices file in Chinese, as a ruling lists them."""

from typing import Any, Final

from pydantic import BaseModel

from heatstream.claims.documents.papers import Chosen
from heatstream.rules.choices import Choices

LABELS: Final = {
    "effective_from": "规则生效之日",
    "season": "供热期",
    "season_dates": "供热期首末日是否计入",
    "contract_standard": "合同约定室温与法定室温的关系",
    "daily_statistic": "连续数据如何成为当日室温",
    "day_window": "昼、夜的划分",
    "rooms": "适用室温标准的房间",
    "household_temperature": "多个房间如何成为一户的室温",
    "guard_band": "仪器允差的处理",
    "min_completeness": "认定合格所需的数据完整率",
    "gap_bounds": "缺失数据的界限",
    "conditions": "室温标准所附条件的核查",
    "overlap": "两档同时适用时的处理",
    "computed_amount": "是否测算金额",
    "fee_numerator": "热费总额的口径",
    "fee_denominator": "采暖期天数的口径",
    "fee_scope": "退费所及的面积",
    "money_rounding": "金额的进位",
    "money_rounding_at": "进位的时点",
    "max_ratio_per_day": "单日退费上限（热费的倍数）",
    "max_ratio_per_season": "全期退费上限（热费的倍数）",
    "temperature_rounding": "室温数值的修约",
    "time_source": "读数时间的来源",
    "fixed_point_scope": "固定监测点代表的范围",
    "metered_fee": "计量用户的热费口径",
    "precedence": "各类证据的先后",
    "tests_same_day": "同日多次测温以何次为准",
    "tier_between_tests": "两次测温之间适用的温度",
    "counting_start": "计退的起算",
    "start_inclusive": "起算之日是否计入",
    "period_ends": "计退的终止",
    "end_inclusive": "达标之日是否计入",
    "grace_exceeded": "逾期未修复的计算",
    "continuity_by": "连续不达标的认定方式",
    "break_after_min": "短时恢复多久视为中断（分钟）",
    "alleged_exclusions": "仅被主张的免责事由",
    "outage": "停供多久起计",
    "outage_covers": "停供计退的部分",
    "outage_and_low": "同日停供与低温的计算",
    "month_basis": "当月的口径",
    "min_visits": "一月至少测温次数",
    "unpaid": "欠费的处理",
    "fixed_point_opens": "固定监测点能否立案",
    "liability": "何人原因方予退费",
    "presumption_band": "推定不达标所适用的档次",
    "refusals": "用户不在家或拒绝的处理",
    "sla_clock": "测温时限止于何时",
    "visit_hours": "测温的时段",
    "reopen": "裁定后新证据的处理",
    "uncertified_device": "未检定设备的数据",
    "measurement_standard_id": "测温所依标准",
}
NOT_JUDGING: Final = frozenset(
    {
        "retention",
        "repair_limits",
        "repair_class",
        "exact_class_bounds",
        "penalty_base",
        "low_temp_running",
        "warning_thresholds",
    }
)
"""Supervision and storage: no claim is judged by them."""


def chosen(choices: Choices) -> tuple[Chosen, ...]:
    """List what was chosen and bears on a claim, in the order of the choices file's options."""
    values = ((name, getattr(choices, name)) for name in type(choices).model_fields)
    return tuple(
        Chosen(f"{LABELS[name]}（{name}）", _written(value))
        for name, value in values
        if value is not None and name not in NOT_JUDGING
    )


def _written(value: Any) -> str:
    if isinstance(value, BaseModel):
        value = value.model_dump()
    if isinstance(value, dict):
        return "，".join(f"{name}: {_written(each)}" for name, each in value.items())
    if isinstance(value, tuple):
        return " > ".join(map(_written, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
