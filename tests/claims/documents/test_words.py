import datetime as dt

import pytest

from heatstream.claims.documents import words

CST = dt.timezone(dt.timedelta(hours=8))


@pytest.mark.parametrize(
    ("fen", "capitals"),
    [
        # The examples of 支付结算办法 附一 (second form where it gives two).
        (140_950, "人民币壹仟肆佰零玖元伍角"),
        (600_714, "人民币陆仟零柒元壹角肆分"),
        (168_032, "人民币壹仟陆佰捌拾元叁角贰分"),
        (10_700_053, "人民币壹拾万零柒仟元伍角叁分"),
        (1_640_902, "人民币壹万陆仟肆佰零玖元零贰分"),
        (32_504, "人民币叁佰贰拾伍元零肆分"),
        # Edges.
        (0, "人民币零元整"),
        (1, "人民币壹分"),
        (10, "人民币壹角"),
        (11, "人民币壹角壹分"),
        (99, "人民币玖角玖分"),
        (100, "人民币壹元整"),
        (101, "人民币壹元零壹分"),
        (110, "人民币壹元壹角"),
        (1_000, "人民币壹拾元整"),
        (1_005, "人民币壹拾元零伍分"),
        (12_345, "人民币壹佰贰拾叁元肆角伍分"),
        (100_000, "人民币壹仟元整"),
        (100_100, "人民币壹仟零壹元整"),
        (101_000, "人民币壹仟零壹拾元整"),
        (1_000_000, "人民币壹万元整"),
        (1_000_100, "人民币壹万零壹元整"),
        (1_010_000, "人民币壹万零壹佰元整"),
        (1_100_000, "人民币壹万壹仟元整"),
        (10_000_000, "人民币壹拾万元整"),
        (100_010_000, "人民币壹佰万零壹佰元整"),
        (100_000_000_00, "人民币壹亿元整"),
        (100_000_001_00, "人民币壹亿零壹元整"),
        (100_010_000_00, "人民币壹亿零壹万元整"),
        (100_010_001_05, "人民币壹亿零壹万零壹元零伍分"),
        (110_000_000_00, "人民币壹亿壹仟万元整"),
        (1_001_000_000_00, "人民币壹拾亿零壹佰万元整"),
        (999_999_999_999_99, "人民币玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
    ],
)
def test_an_amount_in_capitals(fen: int, capitals: str) -> None:
    assert words.capital_yuan(fen) == capitals


@pytest.mark.parametrize("fen", [-1, 10**14])
def test_an_amount_without_capitals_is_refused(fen: int) -> None:
    with pytest.raises(ValueError, match="expected 0 to 99999999999999"):
        words.capital_yuan(fen)


def _read(capitals: str) -> int:
    """Read capitals back, by another way than they were written."""
    value = group = figure = 0
    for sign in capitals.removeprefix("人民币").removesuffix("整"):
        if sign in "零壹贰叁肆伍陆柒捌玖":
            figure = "零壹贰叁肆伍陆柒捌玖".index(sign)
        elif sign in "拾佰仟":
            group, figure = group + figure * 10 ** ("拾佰仟".index(sign) + 1), 0
        elif sign in "万亿元":
            value, group, figure = value + (group + figure) * {"万": 10**6, "亿": 10**10, "元": 100}[sign], 0, 0
        else:
            value, figure = value + figure * {"角": 10, "分": 1}[sign], 0
    return value


def test_capitals_read_back_are_the_amount() -> None:
    amounts = [*range(20_000), *(a * 10**b + c for a in (1, 9, 101, 20_003) for b in range(9) for c in (0, 1, 10, 500))]
    assert [_read(words.capital_yuan(fen)) for fen in amounts] == amounts


def test_no_capitals_have_two_zeros_in_a_row() -> None:
    assert not [fen for fen in range(0, 10**9, 99_999) if "零零" in words.capital_yuan(fen)]


@pytest.mark.parametrize(
    ("fen", "figures"),
    [(0, "0.00 元"), (5, "0.05 元"), (123_456_789, "1,234,567.89 元")],
)
def test_an_amount_in_figures(fen: int, figures: str) -> None:
    assert words.yuan(fen) == figures


@pytest.mark.parametrize(
    ("centi", "text"), [(1650, "16.50"), (1799, "17.99"), (5, "0.05"), (-5, "-0.05"), (-1205, "-12.05")]
)
def test_a_temperature_is_written_exactly(centi: int, text: str) -> None:
    assert words.hundredths(centi) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.date(2026, 1, 5), "二〇二六年一月五日"),
        (dt.date(2025, 10, 20), "二〇二五年十月二十日"),
        (dt.date(2030, 12, 31), "二〇三〇年十二月三十一日"),
        (dt.date(2000, 11, 10), "二〇〇〇年十一月十日"),
    ],
)
def test_a_date_in_numerals(value: dt.date, text: str) -> None:
    assert words.numeral_day(value) == text


def test_an_instant_is_told_in_local_time_and_keeps_its_seconds() -> None:
    at = dt.datetime(2026, 1, 5, 16, 30, tzinfo=dt.UTC)
    assert [words.instant(at), words.instant(at.replace(second=1))] == ["2026年1月6日 00:30", "2026年1月6日 00:30:01"]
    assert words.local_day(at) == dt.date(2026, 1, 6)
