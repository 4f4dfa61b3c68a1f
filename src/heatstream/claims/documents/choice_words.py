"""The options of a choices file in Chinese, as a ruling lists them."""

from collections.abc import Mapping
from functools import singledispatch
from typing import Any, Final

from heatstream.claims.documents.papers import Chosen
from heatstream.rules.choices import (
    Choices,
    ExcludedHours,
    FixedDays,
    GapBounds,
    GuardBand,
    OutageThreshold,
    Percentile,
    SeasonChoice,
    SustainedBelow,
)
from heatstream.store.read.words import ROOM_KIND_ZH

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
    "contract_refunds": "合同自定的退费办法",
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


_KINDS: Final = {
    "third_party": "第三方检测",
    "authority_visit": "主管部门测温",
    "company_visit": "企业测温",
    "fixed_point_series": "固定监测点数据",
    "presumption": "推定",
}
VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "season": {"pack": "按规则文本"},
    "season_dates": {"both_included": "首末日均计入", "end_excluded": "末日不计入"},
    "contract_standard": {"law": "以法定为准", "contract": "以合同为准", "higher": "取较高者"},
    "daily_statistic": {
        "min": "当日最低值",
        "time_weighted_mean": "时间加权平均值",
        "mean_of_hourly": "小时均值的平均值",
        "min_of_hourly": "最低小时均值",
    },
    "rooms": {"all": "未另定标准的全部房间", **ROOM_KIND_ZH},
    "household_temperature": {
        "min_room": "最低房间",
        "mean": "各房间平均",
        "area_weighted": "各房间按面积加权平均",
        "each": "各房间分别认定",
    },
    "guard_band": {"none": "不设"},
    "gap_bounds": {"none": "不设"},
    "conditions": {"not_examined": "不核查，仅供测算", "undetermined": "未核查的日期不予认定"},
    "overlap": {
        "highest_ratio": "取比例较高的一档",
        "lowest_ratio": "取比例较低的一档",
        "refer_to_authority": "由主管部门认定",
    },
    "computed_amount": {"compute": "测算", "leave": "不测算"},
    "fee_numerator": {"due": "应缴热费", "paid": "实缴热费"},
    "fee_denominator": {
        "statutory_season": "规则所定供热期",
        "actual_season": "实际供热期",
        "stated_days": "规则所载天数",
    },
    "fee_scope": {"whole_dwelling": "整套住宅", "failing_rooms_area": "不达标房间的面积"},
    "money_rounding": {"half_up": "四舍五入至分", "half_even": "四舍六入五成双至分", "floor": "舍去不足一分的部分"},
    "money_rounding_at": {"day": "每日", "total": "合计时一次"},
    "temperature_rounding": {"none": "不修约"},
    "time_source": {"device": "设备上报的时刻"},
    "fixed_point_scope": {"own_household": "仅其所在的一户"},
    "metered_fee": {"as_billed": "按表计收的热费", "base_fee": "基本热费", "without_base_fee": "扣除基本热费后的热费"},
    "precedence": _KINDS,
    "tests_same_day": {"last": "最后一次", "lowest": "最低一次"},
    "tier_between_tests": {
        "daily_series": "每日各依当日证据",
        "first_test": "首次不达标的测温",
        "lowest": "期间最低的测温",
    },
    "counting_start": {
        "application_day": "申请之日",
        "notice_day": "通知之日",
        "report_day": "报告之日",
        "application_time": "申请之时",
        "test_day": "首次测得不达标之日",
        "first_failing_day": "申请后首个不达标之日",
    },
    "period_ends": {"retest": "复测达标", "fixed_point": "固定监测点达标", "either": "两者以先到者为准"},
    "grace_exceeded": {"retroactive": "自始计算", "forgiven": "自期限届满之日起计算"},
    "continuity_by": {"series": "固定监测点数据", "tests": "两次测温", "either": "两者之一"},
    "alleged_exclusions": {"do_not_reduce": "未经证明不减少退费"},
    "outage": {"none": "停供不计退"},
    "outage_covers": {"whole": "全部停供时间", "excess": "超过起计时间的部分"},
    "outage_and_low": {"max": "取较高者", "sum": "相加，以单日上限为限"},
    "month_basis": {"calendar": "自然月", "season": "自供热期首日起每三十日"},
    "unpaid": {"deny": "不予退费", "offset": "抵扣", "hold": "暂缓"},
    "fixed_point_opens": {
        "yes": "可以",
        "after_handling": "处理后仍未改善的可以",
        "only_as_evidence": "只作证据",
        "no": "不可以",
    },
    "liability": {"company_cause": "供热企业原因", "not_user_cause": "非用户原因", "none": "不论原因"},
    "presumption_band": {
        "lowest_ratio": "比例最低的一档",
        "highest_ratio": "比例最高的一档",
        "officer_names_it": "由认定人员载明",
    },
    "refusals": {"officer_decides": "由工作人员查明双方情况后认定", "no_presumption": "不作不利于用户的推定"},
    "sla_clock": {"arrival": "到达", "measurement_start": "开始测温", "measurement_end": "结束测温"},
    "visit_hours": {"any": "不限"},
    "reopen": {"review_task": "启动复核，裁定不因此当然变更"},
    "contract_refunds": {"none_agreed": "合同均未另行约定"},
    "uncertified_device": {"counts_marked": "计入并注明", "not_evidence": "不作证据"},
}
"""The named values of each option."""


def chosen(choices: Choices) -> tuple[Chosen, ...]:
    """List what was chosen and bears on a claim, in the order in which the options are declared."""
    values = ((name, getattr(choices, name)) for name in Choices.model_fields)
    return tuple(
        Chosen(LABELS[name], _written(value, VALUES.get(name, {})), name)
        for name, value in values
        if value is not None and name not in NOT_JUDGING
    )


@singledispatch
def _written(value: Any, named: Mapping[str, str]) -> str:
    return named.get(str(value), str(value))


@_written.register
def _(value: bool, named: Mapping[str, str]) -> str:
    del named
    return "计入" if value else "不计入"


@_written.register(tuple)
def _(value: tuple[Any, ...], named: Mapping[str, str]) -> str:
    return "、".join(_written(each, named) for each in value)


@_written.register(dict)
def _(value: Mapping[str, Any], named: Mapping[str, str]) -> str:
    del named
    return "，".join(f"{pack_id} 自 {day}" for pack_id, day in value.items())


@_written.register
def _(value: SustainedBelow, named: Mapping[str, str]) -> str:
    del named
    return f"连续低于标准 {value.sustained_below_min} 分钟即为不达标"


@_written.register
def _(value: Percentile, named: Mapping[str, str]) -> str:
    del named
    return f"当日有效时段温度自低至高的第 {value.percentile} 百分位值"


@_written.register
def _(value: GuardBand, named: Mapping[str, str]) -> str:
    del named
    return f"{value.band_c} K，有利于{'用户' if value.direction == 'favour_user' else '企业'}"


@_written.register
def _(value: GapBounds, named: Mapping[str, str]) -> str:
    del named
    return f"{value.low_c} ℃ 至 {value.high_c} ℃"


@_written.register
def _(value: SeasonChoice, named: Mapping[str, str]) -> str:
    del named
    return f"{value.start} 至次年 {value.end}"


@_written.register
def _(value: FixedDays, named: Mapping[str, str]) -> str:
    del named
    return f"{value.fixed_days} 天"


@_written.register
def _(value: OutageThreshold, named: Mapping[str, str]) -> str:
    del named
    return f"超过 {value.min_h} 小时" if value.strictly else f"{value.min_h} 小时以上"


@_written.register
def _(value: ExcludedHours, named: Mapping[str, str]) -> str:
    del named
    return f"{value.exclude_local} 内的测温不计入"
