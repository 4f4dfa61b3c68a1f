"""What an event says is told in the words of its form, with units, and nothing that nobody said."""

from heatstream.web.event_told import told
from heatstream.web.words import Words
from tests.claims.rig import drafted, given, time, visit

BUNDLE = "cd" * 32


def test_a_visit_is_told_in_the_order_of_its_form() -> None:
    said = told(visit(time(8), 1650), Words(), {})
    assert [each.name for each in said] == [
        *("由谁", "到达时间", "测温开始", "测温结束", "参加人员 1", "参加人员 2", "仪器编号"),
        *("检定证书编号", "证书有效期至", "所测房间", "签字记录单扫描件"),
    ]
    by_name = dict(said)
    assert by_name["参加人员 1"] == "姓名 测温员 · 身份 测温人员 · 是否签字 是"
    assert "面积 15.00 m²" in by_name["所测房间"]
    assert "稳定读数 2 16.50 °C (08:11)" in by_name["所测房间"]
    assert by_name["签字记录单扫描件"] == f"未附 · {'ab' * 32}"


def test_a_draft_names_its_bundle_and_its_amount() -> None:
    said = dict(told(drafted(time(9), BUNDLE, ruled_fen=479), Words("en"), {BUNDLE: "b.zip"}))
    assert (said["ruled amount"], said["evidence bundle"]) == ("4.79 yuan", f"b.zip · {BUNDLE}")


def test_events_are_cited_by_their_numbers() -> None:
    cause = {"cause": "company", "by": "authority", "names": ["甲", "乙"], "analysis": "失调", "on": [3, 7]}
    said = dict(told(given("cause_determined", time(9), **cause), Words(), {}))
    assert (said["认定人员"], said["所依据的记录"]) == ("甲\n乙", "#3\n#7")
