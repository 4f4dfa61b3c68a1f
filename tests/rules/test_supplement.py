"""本地规则补录: an operator adds what nobody could read, and cannot say otherwise than what was read."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from heatstream.core.calendar import day_of
from heatstream.core.standard import Ratio
from heatstream.errors import BadInput
from heatstream.rules import policy
from heatstream.rules.pack import find
from heatstream.rules.supplement import Supplement, load, overlaid

BANDS = [
    {"lo": 16, "li": True, "hi": 18, "hi_i": False, "ratio": "0.3"},
    {"lo": None, "hi": 16, "hi_i": False, "ratio": 1},
]
TIERS = {"conf": "operator_attested", "article": "9", "quote": "室温…", "basis": "absolute", "bands": BANDS}
UNIT = {"conf": "operator_attested", "article": "9", "quote": "按日退还", "value": "day"}


def tree(**changed: Any) -> dict[str, Any]:
    """Write a supplement for Changchun, whose tiers nobody could read."""
    return {
        "schema": "heatstream.supplement/1",
        "pack": "cn-22-changchun",
        "title": "试行通知",
        "doc_no": "长城乡联规〔2020〕2号",
        "scan": {"file": "notice.pdf", "sha256": hashlib.sha256(b"scan").hexdigest()},
        "entered_by": "王某",
        "entered_on": date(2025, 9, 1),
        "checked_by": "李某",
        "checked_on": date(2025, 9, 2),
        "effective_from": date(2020, 2, 1),
        "values": {"tiers": TIERS, "unit": UNIT},
    } | changed


def written(folder: Path, **changed: Any) -> Path:
    path = folder / "supplement.yaml"
    path.write_text(yaml.safe_dump(tree(**changed), allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


CHOICES = """schema: heatstream.choices/1
place: 长春市
packs: [cn-22-changchun]
made_by: 试
made_on: 2025-10-01
supplements: [supplement.yaml]
choices:
  contract_standard: law
  daily_statistic: min
  day_window: "06:00-22:00"
  household_temperature: min_room
  guard_band: none
  min_completeness: 0.9
  computed_amount: compute
  fee_numerator: due
  fee_denominator: statutory_season
  fee_scope: whole_dwelling
  money_rounding: half_up
  money_rounding_at: total
  max_ratio_per_day: 1
  max_ratio_per_season: 1
"""


def test_what_was_added_is_judged_by_and_is_evidence(tmp_path: Path) -> None:
    written(tmp_path)
    choices = tmp_path / "choices.yaml"
    choices.write_text(CHOICES, encoding="utf-8")
    found = policy.load(choices)
    winter = day_of(date(2026, 1, 5))
    assert [tier.ratio for tier in found.day_rules(winter).tiers] == [Ratio(3, 10), Ratio(1)]
    assert found.laws[0].pack.tiers is not None
    assert found.laws[0].pack.tiers.conf == "operator_attested"


def test_the_policy_s_hash_covers_the_scan_and_the_people(tmp_path: Path) -> None:
    choices = tmp_path / "choices.yaml"
    choices.write_text(CHOICES, encoding="utf-8")
    hashes = set()
    for changed in ({}, {"checked_by": "赵某"}, {"scan": {"file": "notice.pdf", "sha256": "0" * 64}}):
        written(tmp_path, **changed)
        hashes.add(policy.load(choices).hash)
    assert len(hashes) == 3


def test_a_scan_beside_it_must_be_the_one_named(tmp_path: Path) -> None:
    path = written(tmp_path)
    (tmp_path / "notice.pdf").write_bytes(b"scan")
    assert load(path).pack == "cn-22-changchun"
    (tmp_path / "notice.pdf").write_bytes(b"another")
    with pytest.raises(BadInput, match=r"supplement.yaml: line 7: scan.sha256: .*notice.pdf has .*, expected"):
        load(path)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"checked_by": " 王某"}, "expected another person than entered_by"),
        ({"checked_on": date(2025, 8, 1)}, "expected no day before entered_on"),
        ({"values": {"tiers": TIERS | {"conf": "read"}}}, "tiers: expected conf: operator_attested"),
        ({"values": {"tiers": TIERS | {"quote": ""}}}, "tiers: expected an article and a quote"),
        ({"values": {"tiers": {**TIERS, "basis": "both"}}}, "values.tiers.basis: seen 'both'"),
        ({"values": {"place": "长春"}}, "place: no value of the law"),
        ({"values": {"surprise": TIERS}}, "values.surprise"),
        ({"scan": {"file": "notice.pdf", "sha256": "12"}}, "scan.sha256: seen '12'"),
    ],
)
def test_a_fault_is_told_with_its_file_and_field(tmp_path: Path, changed: dict[str, Any], words: str) -> None:
    path = written(tmp_path, **changed)
    with pytest.raises(BadInput) as refused:
        load(path)
    assert f"{path}: line " in str(refused.value)
    assert words in str(refused.value)


def made(**changed: Any) -> Supplement:
    return Supplement.model_validate(tree(**changed))


STANDARD = {"conf": "operator_attested", "article": "4", "quote": "不得低于", "min_c": 18}


def test_a_read_value_is_not_overridden_and_both_are_named() -> None:
    standard = STANDARD | {"min_c": 20}
    with pytest.raises(BadInput, match=r"standard.min_c: seen 20.*, but the pack's reader read 18"):
        overlaid(find("cn-22-changchun"), made(values={"standard": standard}))


def test_a_read_value_may_be_restated() -> None:
    pack = find("cn-22-changchun")
    assert overlaid(pack, made(values={"standard": STANDARD}))[0].standard == pack.standard


def test_a_field_nobody_read_is_filled_in_a_read_group() -> None:
    visit = {"conf": "operator_attested", "article": "6", "quote": "测温时间", "exclude_local": ["10:00", "14:00"]}
    pack = overlaid(find("cn-22-changchun"), made(values={"visit": visit}))[0]
    assert pack.visit is not None
    assert (pack.visit.deadline_min, pack.visit.exclude_local) == (30, ("10:00", "14:00"))
    assert pack.visit.conf == "operator_attested"


def test_a_group_from_a_secondary_page_is_replaced_whole() -> None:
    season = {"conf": "operator_attested", "article": "2", "quote": "供热期", "start": "10-25", "end": "04-10"}
    pack = overlaid(find("cn-22-changchun"), made(values={"season": season}))[0]
    assert pack.season is not None
    assert (pack.season.start, pack.season.stated_days) == ("10-25", None)


def test_values_of_a_later_day_leave_the_days_before_as_they_were() -> None:
    before, after = overlaid(find("cn-22-changchun"), made(effective_from=date(2024, 10, 1)))
    assert (before.tiers, before.effective_to) == (None, date(2024, 10, 1))
    assert (after.tiers is not None, after.effective_from) == (True, date(2024, 10, 1))


def test_a_supplement_of_another_pack_is_refused() -> None:
    with pytest.raises(BadInput, match="adds to cn-22-changchun, not to cn-37-weifang"):
        overlaid(find("cn-37-weifang"), made())


def test_a_supplement_that_no_pack_of_the_place_takes_is_refused(tmp_path: Path) -> None:
    written(tmp_path, pack="cn-22-jilin")
    (tmp_path / "choices.yaml").write_text(CHOICES, encoding="utf-8")
    with pytest.raises(BadInput, match="which the choices file does not name"):
        policy.load(tmp_path / "choices.yaml")
