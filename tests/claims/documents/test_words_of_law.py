from typing import Any, Literal, get_args, get_origin

import pytest

from heatstream.claims.documents import choice_words, law_words
from heatstream.rules import pack
from heatstream.rules.choices import Choices
from heatstream.rules.pack import Source, Words


def test_every_option_has_a_chinese_label_or_judges_nothing() -> None:
    assert set(Choices.model_fields) == set(choice_words.LABELS) | choice_words.NOT_JUDGING
    assert set(choice_words.LABELS) & choice_words.NOT_JUDGING == set()


def _named(annotation: object) -> set[str]:
    """Find the named values that an option takes."""
    if get_origin(annotation) is Literal:
        return set(get_args(annotation))
    return {name for each in get_args(annotation) for name in _named(each)}


@pytest.mark.parametrize("option", sorted(choice_words.LABELS))
def test_every_named_value_of_an_option_has_chinese_words(option: str) -> None:
    named = _named(Choices.model_fields[option].annotation)
    assert named == set(choice_words.VALUES.get(option, {}))


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"start_inclusive": True}, "计入"),
        ({"daily_statistic": "min"}, "当日最低值"),
        ({"guard_band": {"band_c": "0.3", "direction": "favour_user"}}, "0.3 K，有利于用户"),
        ({"gap_bounds": {"low_c": "5", "high_c": "30"}}, "5 ℃ 至 30 ℃"),
        ({"season": {"start": "10-20T00:00", "end": "04-06T24:00"}}, "10-20T00:00 至次年 04-06T24:00"),
        ({"fee_denominator": {"fixed_days": 120}}, "120 天"),
        ({"outage": {"min_h": 24, "strictly": True}}, "超过 24 小时"),
        ({"outage": {"min_h": 24, "strictly": False}}, "24 小时以上"),
        ({"visit_hours": {"exclude_local": "10:00-14:00"}}, "10:00-14:00 内的测温不计入"),
        ({"effective_from": {"cn-22-changchun": "2020-02-01"}}, "cn-22-changchun 自 2020-02-01"),
        ({"rooms": ["bedroom", "living_room"]}, "卧室、起居室"),
        ({"min_completeness": "0.90"}, "0.90"),
    ],
)
def test_a_choice_in_words(choices: dict[str, Any], words: str) -> None:
    assert [each.value for each in choice_words.chosen(Choices.model_validate(choices))] == [words]


@pytest.mark.parametrize("pack_id", pack.ids())
def test_a_paper_cites_nothing_that_nobody_read(pack_id: str) -> None:
    found = pack.find(pack_id)
    groups = {name: group for name in pack.Pack.model_fields if isinstance(group := getattr(found, name), pack.Group)}
    read = [each.quote for each in (*groups.values(), *found.settles.values()) if each.conf in pack.ATTESTED]
    if read:
        assert {each.quotation for each in law_words.articles(found, groups)} <= {*read, None}


@pytest.mark.parametrize(
    ("source", "title"),
    [
        (
            Source(title="示例市供热退费示例规则", doc_no="示例〔2015〕1号", conf="read"),
            "《示例市供热退费示例规则》（示例〔2015〕1号）",
        ),
        (Source(title="滨州市供热条例 (2016)", conf="read"), "《滨州市供热条例》（2016）"),
        (Source(title="吉建议〔2024〕12号", conf="read"), "吉建议〔2024〕12号"),
    ],
)
def test_an_instrument_is_cited_by_its_title(source: Source, title: str) -> None:
    group = Words(value="x", conf="read", article="32", quote="文")
    held = pack.find("cn-37-linyi").model_copy(update={"sources": (source,), "standard": group, "settles": {}})
    assert law_words.articles(held, ["standard"])[0].instrument == title


@pytest.mark.parametrize(
    ("article", "instrument", "number"),
    [
        ("5", "《临沂市供热条例》", "第五条"),
        ("25, 40", "《临沂市供热条例》", "第二十五条、第四十条"),
        ("山东省供热条例 21", "《山东省供热条例》", "第二十一条"),
        ("吉建议〔2024〕12号 一", "《吉建议〔2024〕12号》", "第一部分"),
        ("临沂市供热条例 32", "《临沂市供热条例》", "第三十二条"),
        ("附则", "《临沂市供热条例》", "附则"),
        ("10", "《临沂市供热条例》", "第十条"),
        ("105", "《临沂市供热条例》", "第一百零五条"),
        ("112", "《临沂市供热条例》", "第一百一十二条"),
        (None, "《临沂市供热条例》", None),
    ],
)
def test_an_article_is_cited_as_statutes_number_it(article: str | None, instrument: str, number: str | None) -> None:
    group = Words(value="x", conf="read", article=article, quote="文")
    linyi = pack.find("cn-37-linyi")
    held = linyi.model_copy(
        update={"sources": (Source(title="临沂市供热条例", conf="read"),), "standard": group, "settles": {}}
    )
    first = law_words.articles(held, ["standard"])[0]
    assert (first.instrument, first.article, first.quotation) == (instrument, number, "文")


def test_what_is_known_from_a_secondary_page_is_not_cited() -> None:
    linyi = pack.find("cn-37-linyi")
    hearsay = Words(value="x", conf="read2", article="1", quote="传闻")
    assert law_words.articles(linyi.model_copy(update={"standard": hearsay, "settles": {}}), ["standard"]) == ()


def test_the_remedy_begins_with_who_may_seek_it() -> None:
    assert law_words.remedy(pack.find("cn-37-linyi")).startswith("对本裁定有异议的，由供用热双方协商解决；")
    assert law_words.remedy(pack.find("demo-shili")) == "对裁定不服的，可以依法申请仲裁或者提起诉讼。"


def test_words_that_stand_in_a_longer_quotation_of_the_article_are_not_quoted_again() -> None:
    longer, shorter = (Words(value="x", conf="read", article="6", quote=text) for text in ("甲乙丙", "乙"))
    held = pack.find("cn-37-linyi").model_copy(update={"standard": longer, "fee": shorter, "settles": {}})
    assert [each.quotation for each in law_words.articles(held, ["standard", "fee"])] == ["甲乙丙"]


def test_an_instrument_is_named_in_full_where_an_article_calls_it_by_its_number() -> None:
    changchun = law_words.articles(pack.find("cn-22-changchun"), ["ruling"])
    named = "《吉林省住房和城乡建设厅对吴亚军委员建议的答复》（吉建议〔2024〕12号）"
    assert {(each.instrument, each.article) for each in changchun} == {(named, "第一部分")}
