import dataclasses
import datetime as dt
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from heatstream.claims.documents import pdf, render, words
from heatstream.claims.documents.papers import Amounts, HouseholdParty, Order, Paper
from heatstream.errors import BadInput

from .examples import (
    APPROVAL,
    BLANK,
    HOUSEHOLD,
    MARGIN,
    NO_REFUND,
    PAPERS,
    RECEIPT,
    RULING,
    THIRD_PARTY,
    VISIT,
    VOUCHER,
    WATERMARK,
)

HOSTILE = (
    '#panic("x") #read("/etc/passwd") $a^2$ *b* _c_ `d` @e <f> ] } \\ // /* ~ "quoted" = + - '
    "<script>alert(1)</script> & &amp; {{ 7*7 }} %s ${x} '; drop table claim; --"
)
every_paper = pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS)


class _Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def _pictures(paper: Paper, dots_per_inch: int) -> list[bytes]:
    made = pdf.compiled(render.sheet_of(paper), format="png", ppi=dots_per_inch)
    return made if isinstance(made, list) else [made]


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _leaves(getattr(value, field.name), f"{path}.{field.name}")
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            yield from _leaves(each, f"{path}[{number}]")
    else:
        yield path, value


def _ways_to_write(value: object) -> list[str]:
    match value:
        case bytes():
            return [words.hash_groups(value), words.short_hash(value)]
        case dt.datetime():
            return [words.instant(value), words.clock(value)]
        case dt.date():
            return [words.day(value), words.numeral_day(value)]
        case int():
            return [words.yuan(value), words.hundredths(value), str(value)]
        case _:
            return [str(value)]


SHOWN_AS_WORDS = re.compile(r"\.(by|outcome|stable)$")
"""Printed as a title or as a signature, not as they stand."""
FOR_THE_FILE_ALONE = re.compile(r"margin\.dated$")
"""The date of the PDF itself; a ruling prints it beside the seal."""


@every_paper
def test_every_field_stands_on_its_paper(paper: Paper) -> None:
    text = _Page(render.html(paper)).text
    missing = [
        (path, value)
        for path, value in _leaves(paper, type(paper).__name__)
        if not (value is None or SHOWN_AS_WORDS.search(path) or FOR_THE_FILE_ALONE.search(path))
        and not any(written in text for written in _ways_to_write(value))
    ]
    assert missing == []


@every_paper
def test_the_same_paper_gives_the_same_bytes(paper: Paper) -> None:
    assert render.pdf(paper) == render.pdf(dataclasses.replace(paper))


@every_paper
def test_a_pdf_says_that_it_is_made_to_be_kept(paper: Paper) -> None:
    made = render.pdf(paper)
    assert made.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>" in made


def test_the_date_of_a_pdf_is_the_date_of_its_record() -> None:
    assert b"D:20260106" in render.pdf(VISIT)


@every_paper
def test_a_watermark_lies_across_every_page_where_there_is_one(paper: Paper) -> None:
    marked, plain = (replace(paper, margin=replace(paper.margin, watermark=text)) for text in (WATERMARK, None))
    pages = list(zip(_pictures(marked, 40), _pictures(plain, 40), strict=True))
    assert [with_it == without for with_it, without in pages] == [False] * len(pages)
    assert (WATERMARK in render.html(marked), WATERMARK in render.html(plain)) == (True, False)


def test_pages_carry_the_archive_number_and_the_hash_of_the_record() -> None:
    text = _Page(render.html(RULING)).text
    assert "档号：示供档2026-0001" in text
    assert "记录摘要：9f86d081884c" in text


@pytest.mark.parametrize(
    ("name", "seen"), [("王\U00020bb7", "U+20BB7"), ("أحمد", "U+0623"), ("\u202e王", "U+202E"), ("a\x00b", "U+0000")]
)
def test_a_name_that_the_fonts_cannot_print_is_refused_by_its_character(name: str, seen: str) -> None:
    paper = replace(RULING, household=HouseholdParty("H-1", "示例街1号", name))
    with pytest.raises(BadInput, match=re.escape(seen)) as refused:
        render.pdf(paper)
    assert repr(name[0]) in str(refused.value) or repr(name[1]) in str(refused.value)


def test_a_rare_name_that_the_fonts_hold_is_printed() -> None:
    assert render.pdf(replace(RULING, household=replace(HOUSEHOLD, name="䶮㛃𫖯𠅤𬭎镕")))


def test_html_takes_every_character() -> None:
    assert "王\U00020bb7" in render.html(replace(RULING, household=replace(HOUSEHOLD, name="王\U00020bb7")))


def _with_hostile_text(paper: Paper) -> Paper:
    """Put the text into every field of text."""

    def hostile(value: Any) -> Any:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = (field.name for field in dataclasses.fields(value) if field.name not in {"by", "outcome"})
            return replace(value, **{name: hostile(getattr(value, name)) for name in fields})
        if isinstance(value, tuple):
            return tuple(map(hostile, value))
        return HOSTILE if isinstance(value, str) else value

    made: Paper = hostile(paper)
    return made


@every_paper
def test_markup_in_a_text_stays_text(paper: Paper) -> None:
    tame, hostile = _Page(render.html(paper)), _Page(render.html(_with_hostile_text(paper)))
    assert (set(hostile.tags), hostile.attributes) == (set(tame.tags), tame.attributes)
    assert HOSTILE in hostile.text
    assert render.pdf(_with_hostile_text(paper)).startswith(b"%PDF-1.7")


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext")
def test_markup_in_a_text_stands_in_the_pdf_as_it_was_given(tmp_path: Path) -> None:
    file = tmp_path / "ruling.pdf"
    file.write_bytes(render.pdf(replace(RULING, facts=(HOSTILE,))))
    text = subprocess.run(["pdftotext", file, "-"], capture_output=True, check=True, text=True).stdout
    assert _without_breaks(HOSTILE) in _without_breaks(text)


def _without_breaks(text: str) -> str:
    """Leave out what the typesetter and the reader put at the end of lines."""
    return "".join(text.split()).replace("-", "").replace("\u200b", "")


@every_paper
def test_a_page_asks_for_nothing_from_outside_and_runs_nothing(paper: Paper) -> None:
    page = render.html(paper)
    assert re.findall(r"<script|<link|<img|<iframe|src=|href=|url\(|https?:|@import|javascript:| on\w+=", page) == []
    assert "default-src 'none'" in page


@every_paper
def test_a_page_can_be_read_aloud(paper: Paper) -> None:
    page = _Page(render.html(paper))
    assert {"html", "title", "main", "h1", "footer"} <= set(page.tags)
    assert page.tags.count("caption") == page.tags.count("table")
    assert '<html lang="zh-CN">' in render.html(paper)


def test_a_served_ruling_names_none_of_the_three_who_made_it_and_the_approval_sheet_all() -> None:
    names = ("王立新", "刘晨", "孙宏")
    served, filed = (_Page(render.html(paper)).text for paper in (RULING, APPROVAL))
    assert [name in served for name in names] == [False] * 3
    assert [name in filed for name in names] == [True] * 3


def test_a_refund_ruling_says_who_pays_whom_how_much_until_when() -> None:
    assert (
        "供热企业示例市第一热力有限公司应当于2026年2月27日前（含当日）向居民热用户（户号 H-000123）"
        "退还热费 263.58 元（大写：人民币贰佰陆拾叁元伍角捌分），其中此前已付 200.05 元，尚应付 63.53 元。"
    ) in _Page(render.html(RULING)).text


def test_a_no_refund_ruling_speaks_the_words_of_its_place() -> None:
    text = _Page(render.html(NO_REFUND)).text
    assert "对居民热用户（户号 2201040007）不予退费。" in text
    assert ("供热经营企业" in text, "供热企业" in text, "不退费裁定书" in text) == (True, False, True)


@pytest.mark.parametrize("paper", [RULING, APPROVAL, VOUCHER], ids=["ruling", "approval", "voucher"])
def test_the_three_amounts_stand_apart_and_an_unknown_one_is_not_a_number(paper: Any) -> None:
    text = _Page(render.html(replace(paper, amounts=Amounts(0, None, None)))).text
    assert [text.count(name) >= 1 for name in ("测算额", "应退热费", "裁定额")] == [True] * 3
    assert ("0.00 元" in text, "人民币零元整" in text, "未确定" in text, "未裁定" in text) == (True,) * 4


def test_a_blank_form_has_lines_to_write_on_and_says_that_it_is_blank() -> None:
    text = _Page(render.html(BLANK)).text
    assert "空白表" in text
    assert "□ 拒签" in text
    assert "None" not in text
    assert "未记录" not in text


def test_a_filled_form_says_what_nobody_recorded() -> None:
    assert "未记录" in _Page(render.html(replace(VISIT, contacted_at=None))).text


def test_who_has_not_signed_has_a_line_to_sign_on() -> None:
    text = _Page(render.html(VISIT)).text
    assert (text.count("已签，见扫描件"), text.count("　　　年　　月　　日")) == (2, 1)


def test_readings_stand_with_their_times_and_whether_they_were_stable() -> None:
    unstable = replace(VISIT, rooms=tuple(replace(each, stable=False) for each in VISIT.rooms))
    stable, not_stable = render.html(VISIT), render.html(unstable)
    assert "<td>16.50\n16:40</td>" in stable
    assert [page.count("<td>否</td>") for page in (stable, not_stable)] == [0, 2]


def test_a_third_partys_form_says_what_it_cost_and_who_advanced_it() -> None:
    assert "200.00 元，由居民热用户预付" in _Page(render.html(THIRD_PARTY)).text


def test_a_receipt_before_serving_is_a_form() -> None:
    unserved = replace(RECEIPT, method=None, served_at=None, received_by=None, refusal=None, witness=None)
    text = _Page(render.html(unserved)).text
    assert "□ 直接送达" in text
    assert "None" not in text


def test_a_long_ruling_goes_over_pages() -> None:
    assert len(_pictures(replace(RULING, facts=RULING.facts * 40), 20)) > len(_pictures(RULING, 20))


def test_a_ruling_of_another_day_has_another_pdf() -> None:
    other = replace(RULING, margin=replace(MARGIN, dated=dt.date(2026, 1, 29)))
    assert render.pdf(other) != render.pdf(RULING)


def test_a_time_limit_in_days_runs_from_service() -> None:
    text = _Page(render.html(replace(RULING, order=Order(26_358, 0, 15)))).text
    assert "供热企业示例市第一热力有限公司应当自本裁定书送达之日起 15 日内向居民热用户" in text
