"""Every pack as shipped."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from heatstream.core.standard import tier_of
from heatstream.errors import BadInput
from heatstream.rules.capability import capabilities
from heatstream.rules.choices import Choices, ChoicesFile
from heatstream.rules.pack import SHIPPED, Group, Pack, Part, find, ids, load
from heatstream.rules.policy import MissingChoices, made, settled
from heatstream.rules.tiers import centi, tiers_of

EVERY_PACK = ids()
WITH_TIERS = [pack_id for pack_id in EVERY_PACK if find(pack_id).tiers]


def empty(*packs: str, choices: dict[str, object] | None = None) -> ChoicesFile:
    return ChoicesFile.model_validate(
        {
            "schema": "heatstream.choices/1",
            "place": "试",
            "packs": packs,
            "made_by": "试",
            "made_on": "2025-01-01",
            "choices": choices or {},
        }
    )


def test_the_demo_and_twenty_three_places_are_shipped() -> None:
    assert len(EVERY_PACK) == 24


@pytest.mark.parametrize("pack_id", EVERY_PACK)
def test_a_pack_with_no_choices_names_what_must_be_chosen(pack_id: str) -> None:
    with pytest.raises(MissingChoices) as refused:
        made(empty(pack_id), [find(pack_id)])
    options = {need.option for need in refused.value.needs}
    assert {"daily_statistic", "day_window", "guard_band", "min_completeness"} <= options
    assert all(f"{option} (" in str(refused.value) for option in options)


@pytest.mark.parametrize("pack_id", WITH_TIERS)
def test_tiers_leave_no_gap_below_the_standard_and_give_nothing_at_it(pack_id: str) -> None:
    pack = find(pack_id)
    assert pack.standard is not None
    standard = 2 * centi(pack.standard.min_c)
    _, found, _ = tier_of(np.arange(-6000, standard + 200), tiers_of(pack), None)
    assert found.tolist() == [half < standard for half in range(-6000, standard + 200)]


CLAIMED_TWICE = {"cn-37-binzhou": [14.0, 16.0], "cn-37-heze": [14.0, 16.0], "cn-21-shenyang-2009": [13.0]}


@pytest.mark.parametrize("pack_id", EVERY_PACK)
def test_three_texts_alone_claim_a_temperature_twice(pack_id: str) -> None:
    tiers = tiers_of(find(pack_id))
    twice = [
        centi / 100
        for centi in range(-3000, 3000)
        if sum((tier.least is None or tier.least <= 2 * centi) and 2 * centi <= tier.most for tier in tiers) > 1
    ]
    assert twice == CLAIMED_TWICE.get(pack_id, [])


def _groups(model: Part, where: str = "") -> Iterator[tuple[str, Group]]:
    """Find every group of values with where it stands."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        each = value.items() if isinstance(value, dict) else [(name, value)]
        for key, part in each:
            if isinstance(part, Group):
                yield f"{where}{key}", part


# Packs whose instrument's own text lies in a public repository.
OF_TEXTS = [pack_id for pack_id in EVERY_PACK if any(source.repo for source in find(pack_id).sources)]


@pytest.mark.parametrize("pack_id", [*OF_TEXTS, "cn-22-changchun", "demo-shili"])
def test_every_value_read_in_a_text_stands_with_its_article_and_its_words(pack_id: str) -> None:
    read = [(where, group) for where, group in _groups(find(pack_id)) if group.conf in ("read", "fictional")]
    assert read
    assert [where for where, group in read if not (group.article and group.quote)] == []


@pytest.mark.parametrize("pack_id", OF_TEXTS)
def test_every_article_that_a_value_names_was_read(pack_id: str) -> None:
    pack = find(pack_id)
    named = {
        int(number)
        for _, group in _groups(pack)
        if group.article and group.article[0].isdigit()
        for number in group.article.split(",")
    }
    assert named <= set(pack.sources[0].articles)


def test_the_demo_s_values_rest_on_every_article_of_its_invented_text() -> None:
    pack = find("demo-shili")
    assert {int(group.article or 0) for _, group in _groups(pack)} == set(range(1, 17))


@pytest.mark.parametrize("pack_id", EVERY_PACK)
def test_a_secondary_page_s_values_are_never_called_read(pack_id: str) -> None:
    pack = find(pack_id)
    if all(source.conf != "read" for source in pack.sources):
        assert {group.conf for _, group in _groups(pack)}.isdisjoint({"read"})


@pytest.mark.parametrize("pack_id", EVERY_PACK)
def test_what_a_text_settles_is_an_answer_that_its_option_has(pack_id: str) -> None:
    pack = find(pack_id)
    assert set(pack.settles) <= set(settled(pack, Choices()).made())


RULING, ESCALATION = {"ruling": "nobody could read ruling"}, {"escalation": "nobody could read escalation"}
CLOCKS = {"clocks": "nobody could read visit.deadline_min"}
TIERS = dict.fromkeys(("amount", "entitlement"), "nobody could read its tiers (tiers: null)")
# What each pack cannot serve, and which null forbids it.
ABSENT: dict[str, dict[str, str]] = {
    "cn-11-beijing-contract": ESCALATION | RULING,
    "cn-12-tianjin": CLOCKS | ESCALATION | RULING,
    "cn-21-dalian": CLOCKS | ESCALATION | RULING,
    "cn-21-shenyang-2009": ESCALATION | RULING,
    "cn-22-changchun": TIERS,
    "cn-22-jilin": ESCALATION | RULING | {"amount": "it refunds by month, not by day"},
    "cn-23-heilongjiang-2011": ESCALATION | RULING,
    "cn-23-heilongjiang-2021": ESCALATION | RULING,
    "cn-37-binzhou": ESCALATION | RULING,
    "cn-37-heze": ESCALATION | RULING,
    "cn-37-jinan-2015": CLOCKS | ESCALATION | RULING,
    "cn-37-jining": CLOCKS | ESCALATION | RULING,
    "cn-37-linyi": ESCALATION | RULING,
    "cn-37-qingdao": ESCALATION | RULING,
    "cn-37-shandong": ESCALATION | RULING | TIERS,
    "cn-37-taian": ESCALATION | RULING,
    "cn-37-weifang": RULING,
    "cn-41-henan-trial": CLOCKS | ESCALATION | RULING,
    "cn-41-luoyang": ESCALATION | RULING,
    "cn-61-xian": CLOCKS | ESCALATION | RULING,
    "cn-62-lanzhou": CLOCKS | ESCALATION | RULING,
    "cn-63-qinghai": CLOCKS | ESCALATION | RULING | TIERS,
    "cn-65-urumqi": CLOCKS | ESCALATION | RULING | TIERS,
    "demo-shili": {},
}


@pytest.mark.parametrize("pack_id", EVERY_PACK)
def test_each_null_that_forbids_a_use_is_named(pack_id: str) -> None:
    absent = {each.name: each.why for each in capabilities(find(pack_id)) if each.state == "absent"}
    assert absent == ABSENT[pack_id]


def test_changchun_judges_and_rules_and_computes_no_amount() -> None:
    states = {capability.name: capability.state for capability in capabilities(find("cn-22-changchun"))}
    assert states == {
        "standard": "choices",
        "clocks": "ready",
        "escalation": "ready",
        "ruling": "ready",
        "amount": "absent",
        "entitlement": "absent",
        "supervision": "choices",
    }


def test_values_from_secondary_pages_serve_what_if_alone() -> None:
    marked = {capability.name: capability.what_if for capability in capabilities(find("cn-21-dalian"))}
    assert (marked["standard"], marked["amount"]) == (True, True)


def test_jilin_city_refunds_by_month_so_no_day_has_an_amount() -> None:
    amount = next(each for each in capabilities(find("cn-22-jilin")) if each.name == "amount")
    assert (amount.state, amount.why) == ("absent", "it refunds by month, not by day")


def test_the_demo_is_watermarked() -> None:
    assert find("demo-shili").watermark == "演示·非法律依据"


def test_numbers_are_exact_decimals() -> None:
    tiers = find("demo-shili").tiers
    assert tiers is not None
    assert tiers.bands[0].ratio == Decimal("0.30")


def _written(tmp_path: Path, change: str, to: str) -> Path:
    text = (SHIPPED / "cn-37-weifang.yaml").read_text(encoding="utf-8")
    assert change in text
    path = tmp_path / "cn-37-weifang.yaml"
    path.write_text(text.replace(change, to, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "to", "words"),
    [
        ("unit: day", "unit: week", "unit: seen 'week': Input should be 'day' or 'month'"),
        ("min_c: 18.0", "min_c: 18.005", "standard.min_c: seen Decimal('18.005')"),
        ("unit: day", "unit: day\nsurprise: 1", "surprise: seen 1: Extra inputs are not permitted"),
        ("unit: day", "unit: day\nunit: day", "the key 'unit' stands twice"),
        ("lo: 16.0, li: true", "lo: 16.0", "an end and whether it is inside stand together"),
        ('"11-14T12:00"', '"11-31T12:00"', "season.start: seen '11-31T12:00'"),
        ("conf: read", "conf: heard", "Input should be 'read', 'read2'"),
        ("schema:", "schema: [", "not YAML"),
        (
            "start: application_day",
            "start: day",
            "counting.start: seen 'day': Input should be 'application_day'",
        ),
        ("rule: company_cause", "rule: company", "liability.rule: seen 'company'"),
        ("to: district_authority", "to: district", "escalation.to: seen 'district'"),
        ("[not_measured_in_time, disputed]", "[late]", "escalation.when.0: seen 'late'"),
        ("per: time", "per: hour", "outage.per: seen 'hour'"),
        ('"season_end+2mo"', "two months", "refund_due.rule: seen 'two months'"),
        ("settles:", "settles:\n  counting_start: {value: test_day, conf: read}", "counting.start answers it too"),
    ],
)
def test_a_fault_says_where_what_was_seen_and_what_was_expected(
    tmp_path: Path, change: str, to: str, words: str
) -> None:
    path = _written(tmp_path, change, to)
    with pytest.raises(BadInput) as refused:
        load(path)
    assert str(path) in str(refused.value)
    assert words in str(refused.value)


def test_a_fault_names_its_line(tmp_path: Path) -> None:
    path = _written(tmp_path, "start: application_day", "start: day")
    lines = path.read_text(encoding="utf-8").splitlines()
    with pytest.raises(BadInput, match=f": line {lines.index('  start: day') + 1}: counting.start: "):
        load(path)


def test_a_pack_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadInput, match=r"no pack 'cn-00-nowhere' .* demo-shili"):
        find("cn-00-nowhere")


def test_a_pack_in_another_s_file_is_refused(tmp_path: Path) -> None:
    _written(tmp_path, "id: cn-37-weifang", "id: cn-37-other")
    with pytest.raises(BadInput, match="expected 'cn-37-weifang', the name of the file"):
        find("cn-37-weifang", (tmp_path,))


def test_an_operator_s_pack_goes_before_the_shipped_one(tmp_path: Path) -> None:
    _written(tmp_path, "closed_min: 120", "closed_min: 90")
    pack = find("cn-37-weifang", (tmp_path, SHIPPED))
    assert pack.measurement is not None
    assert pack.measurement.closed_min == 90


@pytest.mark.parametrize(
    ("change", "to", "words"),
    [
        ("lo: null, hi: 16.0, hi_i: false", "lo: null, hi: 15.0, hi_i: false", "no band holds 15.00 ≤ T < 16.00"),
        ("lo: 16.0, li: true", "lo: 16.0, li: false", "no band holds 16.00 ≤ T ≤ 16.00"),
        ("hi: 18.0, hi_i: false", "hi: 17.99, hi_i: true", "no band holds 17.99 < T < 18.00"),
        ("min_c: 18.0", "min_c: 19.0", "no band holds 18.00 ≤ T < 19.00"),
        ("lo: null, hi: 16.0", "lo: 5.0, li: true, hi: 16.0", "no band holds T < 5.00"),
    ],
)
def test_a_gap_below_the_standard_is_refused_with_its_temperatures(
    tmp_path: Path, change: str, to: str, words: str
) -> None:
    path = _written(tmp_path, change, to)
    with pytest.raises(BadInput, match=r"cn-37-weifang.yaml: line \d+: tiers: seen .*" + re.escape(words)):
        load(path)


def test_a_gap_between_deviations_is_refused_too() -> None:
    tree = find("cn-12-tianjin").model_dump(by_alias=True)
    tree["tiers"]["bands"][1]["lo"] = Decimal("2.5")
    with pytest.raises(ValueError, match=r"no band holds 2.00 < d ≤ 2.50"):
        Pack.model_validate(tree)


def test_a_gap_that_the_text_has_is_kept_where_the_pack_says_why(tmp_path: Path) -> None:
    path = _written(tmp_path, "basis: absolute", "basis: absolute\n  gap_note: the text says nothing of it")
    text = path.read_text(encoding="utf-8").replace("lo: null, hi: 16.0", "lo: null, hi: 15.0")
    path.write_text(text, encoding="utf-8")
    tiers = load(path).tiers
    assert tiers is not None
    assert tiers.gap_note == "the text says nothing of it"


def test_bands_that_overlap_are_found_as_a_choice_to_be_made(tmp_path: Path) -> None:
    _written(tmp_path, "lo: null, hi: 16.0, hi_i: false", "lo: null, hi: 16.0, hi_i: true")
    with pytest.raises(MissingChoices, match=r"overlap .A5., for cn-37-weifang"):
        made(empty("cn-37-weifang"), [find("cn-37-weifang", (tmp_path,))])


def test_a_fictional_pack_without_a_watermark_is_refused() -> None:
    tree = find("demo-shili").model_dump(by_alias=True) | {"watermark": None}
    with pytest.raises(ValueError, match="needs a watermark"):
        Pack.model_validate(tree)


def test_dates_of_a_pack_run_forward() -> None:
    tree = find("cn-21-shenyang-2009").model_dump(by_alias=True) | {"effective_to": date(2000, 1, 1)}
    with pytest.raises(ValueError, match="must come after"):
        Pack.model_validate(tree)
