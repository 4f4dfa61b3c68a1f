"""An explanation says what was measured, by which article it was judged, and what is missing."""

import dataclasses
import datetime as dt
import json

import pytest

from heatstream.core.finding import Outcome, Reason
from heatstream.core.standard import Statistic
from heatstream.rules import policy
from heatstream.rules.explain import Found, Room, explain
from heatstream.rules.pack import SHIPPED

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
    evidence=False,
)
ROOM = Room("P-1", "bedroom", 144, 0, 144, 144, 1700, 70, 60)


def texts(found: Found, *rooms: Room) -> tuple[str, str]:
    lines = explain(found, rooms, CANONICAL)
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
    assert "缺少 44 个时段的读数" in zh


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
