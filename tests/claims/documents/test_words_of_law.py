import pytest

from heatstream.claims.documents import choice_words, law_words
from heatstream.rules import pack
from heatstream.rules.choices import Choices
from heatstream.rules.pack import Source, Words


def test_every_option_has_a_chinese_label_or_judges_nothing() -> None:
    assert set(Choices.model_fields) == set(choice_words.LABELS) | choice_words.NOT_JUDGING
    assert set(choice_words.LABELS) & choice_words.NOT_JUDGING == set()


@pytest.mark.parametrize("pack_id", pack.ids())
def test_a_paper_cites_nothing_that_nobody_read(pack_id: str) -> None:
    found = pack.find(pack_id)
    if any(source.conf in pack.ATTESTED for source in found.sources):
        quoted = {each.quotation for each in law_words.articles(found)} - {None}
        groups = [getattr(found, name) for name in pack.Pack.model_fields]
        held = {each.quote for each in groups if isinstance(each, pack.Group) and each.conf in pack.ATTESTED}
        assert quoted <= held


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
    held = pack.find("cn-37-linyi").model_copy(update={"sources": (source,), "standard": group})
    assert law_words.articles(held)[0].instrument == title


@pytest.mark.parametrize(
    ("article", "instrument", "number"),
    [
        ("5", "《临沂市供热条例》", "第五条"),
        ("25, 40", "《临沂市供热条例》", "第二十五条、第四十条"),
        ("山东省供热条例 21", "《山东省供热条例》", "第二十一条"),
        ("吉建议〔2024〕12号 一", "吉建议〔2024〕12号 一", None),
        ("10", "《临沂市供热条例》", "第十条"),
        ("105", "《临沂市供热条例》", "第一百零五条"),
        ("112", "《临沂市供热条例》", "第一百一十二条"),
        (None, "《临沂市供热条例》", None),
    ],
)
def test_an_article_is_cited_as_statutes_number_it(article: str | None, instrument: str, number: str | None) -> None:
    group = Words(value="x", conf="read", article=article, quote="文")
    linyi = pack.find("cn-37-linyi")
    held = linyi.model_copy(update={"sources": (Source(title="临沂市供热条例", conf="read"),), "standard": group})
    first = law_words.articles(held)[0]
    assert (first.instrument, first.article, first.quotation) == (instrument, number, "文")


def test_what_is_known_from_a_secondary_page_is_not_cited() -> None:
    linyi = pack.find("cn-37-linyi")
    hearsay = Words(value="x", conf="read2", article="1", quote="传闻")
    assert "传闻" not in {each.quotation for each in law_words.articles(linyi.model_copy(update={"standard": hearsay}))}


def test_the_remedy_begins_with_who_may_seek_it() -> None:
    assert law_words.remedy(pack.find("cn-37-linyi")).startswith("对本裁定有异议的，由供用热双方协商解决；")
    assert law_words.remedy(pack.find("demo-shili")) == "对裁定不服的，可以依法申请仲裁或者提起诉讼。"
