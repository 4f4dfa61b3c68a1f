"""An explanation says what was measured, by which article it was judged, and what is missing."""

import dataclasses
import datetime as dt
import json
from typing import Any

import pytest

from heatstream.core.finding import Outcome, Reason
from heatstream.core.marks import Kind
from heatstream.core.standard import Statistic
from heatstream.rules import policy
from heatstream.rules.explain import MARKS, Excluded, Found, LeftOut, Room, explain
from heatstream.rules.nearest import Nearest, Step, Turn
from heatstream.rules.pack import SHIPPED
from heatstream.rules.sentences import seen

CANONICAL = policy.load(SHIPPED / "demo-shili.choices.yaml").canonical
FAILING = Found(
    day=dt.date(2026, 1, 5),
    outcome=Outcome.FAILING,
    reason=Reason.NONE,
    statistic=Statistic.SUSTAINED_BELOW,
    value_centi=1700,
    limit_centi=1800,
    margin_centi=-100,
    slots_valid=144,
    slots_expected=144,
    tier=0,
    tier_at_least=False,
    computed_fen=300,
    entitlement_fen=None,
    ruled_fen=None,
    evidence=False,
)
ROOM = Room("P-1", "bedroom", 144, 0, 144, 144, 1700, 70, 60)


def texts(found: Found, *rooms: Room, **more: Any) -> tuple[str, str]:
    lines = explain(found, rooms, CANONICAL, **more)
    return "\n".join(line.zh for line in lines), "\n".join(line.en for line in lines)


def test_a_failing_day_names_its_value_its_article_and_its_band() -> None:
    zh, en = texts(FAILING, ROOM)
    assert "数值 17.00 ℃，标准 18.00 ℃（第2条），差 -1.00 K" in zh
    assert "档次：16 ℃（含）至18 ℃（不含），退费比例 30 %（第5条）" in zh
    assert "17.00 °C against 18.00 °C (article 2), margin -1.00 K" in en


def test_what_is_no_article_of_the_instrument_bears_its_title() -> None:
    tree = json.loads(CANONICAL)
    tree["packs"][0]["standard"]["article"] = "某通知 一"
    lines = explain(FAILING, [ROOM], json.dumps(tree))
    assert any("标准 18.00 ℃（某通知 一）" in line.zh for line in lines)


def test_a_computed_amount_is_never_called_owed() -> None:
    zh, en = texts(FAILING, ROOM)
    assert "测算额：3.00 元，仅由读数测算；应退热费与裁定额另行认定" in zh
    assert "3.00 CNY, from readings alone" in en


def test_a_room_tells_its_readings_and_what_was_left_out() -> None:
    zh, en = texts(FAILING, dataclasses.replace(ROOM, conflicts=2))
    assert "测点 P-1（卧室）：读数 144 条，其中 2 个时刻有两个数值、不计入，有效时段 144/144，最低 17.00 ℃" in zh
    assert "2 instants with two values left out" in en


def test_the_lowest_band_has_no_lower_end() -> None:
    zh, en = texts(dataclasses.replace(FAILING, tier=2), ROOM)
    assert "14 ℃（不含）之下，退费比例 100 %" in zh
    assert "below 14 °C (excluded), share 100 %" in en


def test_a_tier_of_partial_coverage_is_called_a_lower_bound() -> None:
    zh, _ = texts(dataclasses.replace(FAILING, tier_at_least=True, slots_valid=100), ROOM)
    assert "数据不全，为下限" in zh
    assert "44 个时段没有计入的读数" in zh


@pytest.mark.parametrize("reason", [each for each in Reason if each is not Reason.NONE])
def test_every_reason_is_said(reason: Reason) -> None:
    found = dataclasses.replace(FAILING, outcome=Outcome.UNDETERMINED, reason=reason, tier=None, computed_fen=None)
    assert "原因：" in texts(found, ROOM)[0]


def test_the_source_and_the_watermark_stand_at_the_end() -> None:
    zh, _ = texts(FAILING, ROOM)
    assert "依据：示例市供热退费示例规则 示例〔2015〕1号" in zh
    assert zh.endswith("演示·非法律依据")


def test_an_unmonitored_home_says_that_no_point_stood_there() -> None:
    found = dataclasses.replace(
        FAILING,
        outcome=Outcome.UNMONITORED,
        value_centi=None,
        tier=None,
        computed_fen=None,
        slots_valid=0,
        slots_expected=0,
    )
    assert "没有经验收的测点" in texts(found)[0]


def test_a_temperature_below_zero_keeps_its_sign() -> None:
    assert "数值 -0.50 ℃" in texts(dataclasses.replace(FAILING, value_centi=-50, margin_centi=-1850), ROOM)[0]


def test_the_instrument_is_quoted_where_the_pack_has_its_words() -> None:
    zh, en = texts(FAILING, ROOM)
    assert "原文：“卧室、起居室温度昼夜不得低于18℃；合同约定更高的，从其约定。”" in zh
    assert "In its words: “低于18℃、高于或者等于16℃的，退还当日热费的30%" in en


def test_the_three_amounts_stand_apart() -> None:
    zh, en = texts(dataclasses.replace(FAILING, entitlement_fen=250, ruled_fen=0), ROOM)
    assert "测算额：3.00 元，仅由读数测算" in zh
    assert "应退热费：2.50 元\n裁定额：0.00 元" in zh
    assert "Entitlement: 2.50 CNY\nRuled amount: 0.00 CNY" in en


def test_readings_that_count_for_nothing_are_told_with_their_reason() -> None:
    zh, en = texts(FAILING, dataclasses.replace(ROOM, left_out=LeftOut(8, 1, 3, 0)))
    assert "读数 144 条，经复核排除 8 条，另有 1 个时刻两值均不计，另有 3 条在验收前或安装期外、不作证据，有效" in zh
    assert "144 readings, 8 excluded by a reviewer, 1 more where neither of two values counts, 3 more before" in en


def test_a_reviewer_s_exclusion_tells_who_what_and_why() -> None:
    begins = dt.datetime(2026, 1, 5, 10, tzinfo=dt.UTC)
    each = Excluded("P-1", Kind.OPENED_WINDOW, begins, begins + dt.timedelta(minutes=70), 8, 12, "d1", "现场见窗开")
    zh, en = texts(FAILING, ROOM, excluded=[each])
    assert "复核：d1 排除测点 P-1 10:00–11:10 的 8 条读数（疑似开窗，标记 12）：现场见窗开；读数原样保存" in zh
    assert "Review: d1 excluded 8 readings of point P-1, 10:00–11:10 (opened window, mark 12): 现场见窗开" in en


CHANGE = Nearest(
    warmer_centi=Step(40, Outcome.COMPLIANT),
    fewer_below_min=Step(10, Outcome.UNDETERMINED),
    turns=(Turn("daily_statistic", "sustained_below_min: 71", "more", Outcome.COMPLIANT),),
)


def test_the_nearest_change_tells_how_much_and_what_it_would_be_then() -> None:
    zh, en = texts(FAILING, ROOM, change=CHANGE)
    assert "最近的变化：全部读数升高 0.40 K，当日即为合格；少一个单位仍为不达标" in zh
    assert "最近的变化：低于标准的时间中有 10 分钟达到标准，当日即为无法判定" in zh
    assert "every reading warmer by 0.40 K, and the day would be compliant; one unit less leaves it failing" in en


def test_another_choice_is_called_no_advice() -> None:
    zh, en = texts(FAILING, ROOM, change=CHANGE)
    assert (
        "选项变化（不是建议）：日统计方式若为连续低于标准的分钟数 71或更大"
        "（daily_statistic: sustained_below_min: 71），当日即为合格"
    ) in zh
    assert "Another choice (no advice): daily_statistic: sustained_below_min: 71 or more would make the day" in en


def test_where_the_day_cannot_be_made_anew_that_is_said() -> None:
    assert "现存的读数与登记不能重现该判定" in texts(FAILING, ROOM)[0]
    assert "最近的变化" not in texts(FAILING, ROOM, change=Nearest())[0]


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_mark_has_a_name(kind: Kind) -> None:
    assert MARKS[kind].zh
    assert MARKS[kind].en


def test_what_a_mark_saw_is_told_with_its_units() -> None:
    told = seen({"drop_centi": 203, "recovered_after_min": 40, "others": 3, "temp_centi": -50, "other_point": "P-2"})
    assert told.zh == "骤降 2.03 K，另一测点 P-2，比较的测点数 3，恢复用时 40 分钟，数值 -0.50 °C"
    assert told.en == "drop 2.03 K, other point P-2, points compared with 3, recovered after 40 min, value -0.50 °C"
