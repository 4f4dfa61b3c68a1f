"""`rules check`, `show`, `diff`, `explain` and `schema`, over the files that people write."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from heatstream.errors import BadInput
from heatstream.rules import exact_yaml, holidays
from heatstream.rules.check import check
from heatstream.rules.choices import Choices
from heatstream.rules.diff import differences, tree
from heatstream.rules.needs import ASKED
from heatstream.rules.options import explained
from heatstream.rules.pack import SHIPPED, ids
from heatstream.rules.policy import MissingChoices, load
from heatstream.rules.schema import MADE, published, written
from heatstream.rules.show import shown
from heatstream.rules.supervision import law

from .test_supplement import tree as supplement_tree

DEMO = SHIPPED / "demo-shili.choices.yaml"
SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.mark.parametrize("name", MADE)
def test_the_published_schema_is_what_the_models_say(name: str) -> None:
    assert (SCHEMAS / f"{name}.json").read_text(encoding="utf-8") == written(name) + "\n"


@pytest.mark.parametrize("name", MADE)
def test_a_published_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(published(name))


def as_json(value: Any) -> Any:
    """Turn exact YAML into values of JSON: decimals and dates as the schema has them."""
    return json.loads(
        json.dumps(value, default=lambda each: each.isoformat() if isinstance(each, date) else float(each))
    )


@pytest.mark.parametrize("pack_id", ids())
def test_every_shipped_pack_fits_the_published_schema(pack_id: str) -> None:
    pack = as_json(exact_yaml.read(SHIPPED / f"{pack_id}.yaml"))
    assert [error.message for error in Draft202012Validator(published("pack")).iter_errors(pack)] == []


def test_the_demo_s_choices_and_a_supplement_fit_the_published_schemas() -> None:
    choices, supplement = as_json(exact_yaml.read(DEMO)), as_json(supplement_tree())
    assert [error.message for error in Draft202012Validator(published("choices")).iter_errors(choices)] == []
    assert [error.message for error in Draft202012Validator(published("supplement")).iter_errors(supplement)] == []


def test_a_supplement_with_a_value_there_is_not_does_not_fit() -> None:
    other = as_json(supplement_tree(values={"place": "长春"}))
    assert list(Draft202012Validator(published("supplement")).iter_errors(other))


def test_a_schema_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadInput, match="expected one of pack, choices, supplement, holidays, supervision"):
        published("packs")


def test_a_pack_is_told_by_its_schema() -> None:
    lines = check(SHIPPED / "cn-22-changchun.yaml", None)
    assert lines[0] == "pack cn-22-changchun: 长春市"
    assert "  entitlement: absent: nobody could read its tiers (tiers: null)" in lines


def test_choices_are_told_with_their_policy_and_what_they_serve() -> None:
    lines = check(DEMO, None)
    assert lines[0] == f"示例市: policy {load(DEMO).hash.hex()[:16]} 演示·非法律依据"
    assert lines[2:] == [
        f"  {name}: ready"
        for name in ("standard", "clocks", "escalation", "ruling", "amount", "entitlement", "supervision")
    ]


def test_choices_that_judge_days_alone_are_whole_and_name_what_a_claim_would_need(tmp_path: Path) -> None:
    file = exact_yaml.read(DEMO)
    del file["choices"]["unpaid"]
    path = tmp_path / "choices.yaml"
    path.write_text(yaml.safe_dump(as_json(file), allow_unicode=True), encoding="utf-8")
    assert "  entitlement: to be chosen: unpaid" in check(path, None)


def test_choices_that_leave_a_day_open_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "choices.yaml"
    path.write_text(DEMO.read_text(encoding="utf-8").replace("  guard_band: none\n", ""), encoding="utf-8")
    with pytest.raises(MissingChoices, match="guard_band"):
        check(path, None)


def test_a_supplement_is_laid_over_its_pack(tmp_path: Path) -> None:
    path = tmp_path / "supplement.yaml"
    path.write_text(yaml.safe_dump(supplement_tree(), allow_unicode=True), encoding="utf-8")
    lines = check(path, None)
    assert lines[0] == "supplement to cn-22-changchun: tiers, unit"
    assert not any(line.startswith("  entitlement: absent") for line in lines)


def test_a_notice_of_holidays_is_told_by_its_year() -> None:
    path = next(holidays.SHIPPED.glob("*.yaml"))
    assert check(path, None)[0].startswith(f"holidays of {path.stem}: ")


def test_rules_of_supervision_are_told_with_their_sections_and_those_that_are_absent(tmp_path: Path) -> None:
    demo = Path(law.__file__).with_name("demo-shili.yaml")
    lines = check(demo, None)
    assert lines[0].startswith("supervision of 示例市: version 演示-1, ")
    assert lines[0].endswith(" 演示·非法律依据")
    assert "  detection: there" in lines
    bare = tmp_path / "rules.yaml"
    bare.write_text(demo.read_text(encoding="utf-8").split("warnings:")[0], encoding="utf-8")
    assert "  warnings: absent: what needs it refuses" in check(bare, None)


def test_the_demo_s_rules_of_supervision_fit_the_published_schema() -> None:
    demo = as_json(exact_yaml.read(Path(law.__file__).with_name("demo-shili.yaml")))
    assert [error.message for error in Draft202012Validator(published("supervision")).iter_errors(demo)] == []


def test_a_file_of_no_schema_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "choices.yaml"
    path.write_text("# first\nschema: heatstream.choice/1\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"choices.yaml: line 2: schema: seen 'heatstream.choice/1', expected one of"):
        check(path, None)


def test_a_fault_of_choices_names_file_line_and_field(tmp_path: Path) -> None:
    path = tmp_path / "choices.yaml"
    text = DEMO.read_text(encoding="utf-8")
    path.write_text(text.replace("unpaid: hold", "unpaid: perhaps"), encoding="utf-8")
    line = next(n for n, each in enumerate(text.splitlines(), 1) if "unpaid: hold" in each)
    with pytest.raises(BadInput, match=f"choices.yaml: line {line}: choices.unpaid: seen 'perhaps'"):
        check(path, None)


def test_a_pack_is_shown_by_a_part_of_its_place_and_by_the_day_it_holds() -> None:
    both = [line for line in shown("黑龙江", None) if line.startswith("cn-")]
    later = [line for line in shown("黑龙江", date(2022, 1, 1)) if line.startswith("cn-")]
    assert [line.split(" ")[0] for line in both] == ["cn-23-heilongjiang-2011", "cn-23-heilongjiang-2021"]
    assert [line.split(" ")[0] for line in later] == ["cn-23-heilongjiang-2021"]


def test_a_pack_is_shown_with_its_values_their_articles_and_what_is_open() -> None:
    text = "\n".join(shown("cn-22-changchun", None))
    assert "  visit (read, article 吉建议〔2024〕12号 一): deadline_min 30" in text
    assert "  clocks: ready" in text
    assert "daily_statistic (A1), for cn-22-changchun: 昼夜不得低于" in text


def test_a_place_there_is_not_is_refused() -> None:
    with pytest.raises(BadInput, match="no pack of '火星'"):
        list(shown("火星", None))


def test_a_pack_that_holds_no_longer_is_refused_with_the_day() -> None:
    with pytest.raises(BadInput, match="that holds on 2020-01-01"):
        list(shown("沈阳", date(2020, 1, 1)))


def test_two_packs_are_compared_value_by_value_with_their_articles() -> None:
    weifang, linyi = tree("cn-37-weifang"), tree("cn-37-linyi")
    texts = [str(each) for each in differences(weifang, linyi)]
    assert "tiers.bands.0.ratio (article 37; article 32): 0.5 → 0.2" in texts
    assert differences(weifang, weifang) == []


def test_choices_are_compared_by_option_with_its_question(tmp_path: Path) -> None:
    other = tmp_path / "choices.yaml"
    text = DEMO.read_text(encoding="utf-8")
    other.write_text(
        text.replace("unpaid: hold", "unpaid: deny").replace("money_rounding: half_up", "money_rounding: floor")
    )
    assert [str(each) for each in differences(tree(str(DEMO)), tree(str(other)))] == [
        "choices.choices.money_rounding (A7): half_up → floor",
        "choices.choices.unpaid (A22): hold → deny",
    ]


def test_a_policy_as_it_was_kept_is_compared_with_the_file_of_today(tmp_path: Path) -> None:
    kept = tmp_path / "policy.json"
    kept.write_text(load(DEMO).canonical, encoding="utf-8")
    assert differences(tree(str(kept)), tree(str(DEMO))) == []


def test_an_option_is_explained_with_the_packs_that_leave_it_open_and_those_that_answer() -> None:
    chinese, lines = zip(*explained("fixed_point_opens"), strict=True)
    assert lines[0] == "fixed_point_opens (A12), asked for by: claims"
    assert lines[3] == "建议 suggestion, applied by nothing: only_as_evidence"
    assert "cn-37-weifang" in lines[4]
    assert any(
        line.startswith("answered by cn-22-jilin: below_standard_and_not_improved_after_handling") for line in lines
    )
    assert (chinese[0], chinese[3]) == (
        "fixed_point_opens（A12），用于：退费案件",
        "建议，不会自动采用：only_as_evidence（只作证据）",
    )
    assert any(line.startswith("cn-22-jilin 已载明：below_standard_and_not_improved") for line in chinese)


@pytest.mark.parametrize("option", Choices.model_fields)
def test_something_asks_for_every_option(option: str) -> None:
    assert any(option in asked for asked in ASKED.values())


def test_an_option_there_is_not_is_refused_with_what_is_close() -> None:
    with pytest.raises(BadInput, match="expected one of unpaid"):
        explained("unpayd")
