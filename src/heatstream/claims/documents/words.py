"""Values as a Chinese official paper writes them: money in figures and in 大写, dates, instants, hashes."""

import datetime as dt
from typing import Final

LOCAL: Final = dt.timezone(dt.timedelta(hours=8))

_CAPITALS: Final = "零壹贰叁肆伍陆柒捌玖"
_PLACES: Final = ("", "拾", "佰", "仟")
_GROUPS: Final = ("", "万", "亿")
_NUMERALS: Final = "〇一二三四五六七八九"
FEN_MOST: Final = 10**14 - 1
"""999,999,999,999.99 元: the last that 亿 can name."""


def capital_yuan(fen: int) -> str:
    """Write an amount in capitals, so that no stroke can change it.

    整 closes an amount of whole yuan alone. Zeros between two figures are one 零; one before 分 is written where there
    is no 角; none is written where there is no yuan.

    Parameters
    ----------
    fen : 0 to 99,999,999,999,999 [fen]

    Raises
    ------
    ValueError
        It is negative or above that.

    Source: 支付结算办法 附一, 正确填写票据和结算凭证的基本规定; where it allows both, 零 stands between 万 and 仟 and
    is left out between 元 and 角.
    """
    if not 0 <= fen <= FEN_MOST:
        raise ValueError(f"{fen} fen has no capitals; expected 0 to {FEN_MOST}")
    yuan, rest = divmod(fen, 100)
    if fen == 0:
        return "人民币零元整"
    return f"人民币{_whole(yuan)}{_parts(*divmod(rest, 10), after_yuan=yuan > 0)}"


def _whole(yuan: int) -> str:
    written = ""
    owed = False  # zeros passed since the last figure
    for place in reversed(range(12)):
        figure = yuan // 10**place % 10
        if figure:
            written += ("零" if owed and written else "") + _CAPITALS[figure] + _PLACES[place % 4]
        owed = figure == 0
        if place % 4 == 0 and yuan // 10**place % 10_000:
            written += _GROUPS[place // 4]
    return f"{written}元" if written else ""


def _parts(jiao: int, fen: int, *, after_yuan: bool) -> str:
    if jiao == fen == 0:
        return "整"
    if jiao == 0:
        return ("零" if after_yuan else "") + f"{_CAPITALS[fen]}分"
    return f"{_CAPITALS[jiao]}角" + (f"{_CAPITALS[fen]}分" if fen else "")


def figures(fen: int) -> str:
    """Write an amount in figures: 1,234.56."""
    return f"{fen // 100:,}.{fen % 100:02d}"


def yuan(fen: int) -> str:
    """Write an amount in figures with its unit: 1,234.56 元."""
    return f"{figures(fen)} 元"


def hundredths(whole: int) -> str:
    """Write hundredths of °C, m² or m as a decimal: 16.50."""
    units, rest = divmod(abs(whole), 100)
    return f"{'-' if whole < 0 else ''}{units}.{rest:02d}"


def day(value: dt.date) -> str:
    """Write a date: 2026年1月5日."""
    return f"{value.year}年{value.month}月{value.day}日"


def local_day(at: dt.datetime) -> dt.date:
    """Find the local day of an instant."""
    return at.astimezone(LOCAL).date()


def instant(at: dt.datetime) -> str:
    """Write an instant at UTC+08:00, with its seconds where it has any; a time limit may hang on them."""
    return f"{day(local_day(at))} {clock(at)}"


def clock(at: dt.datetime) -> str:
    """Write the time of day of an instant at UTC+08:00, with its seconds where it has any."""
    local = at.astimezone(LOCAL)
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def numeral_day(value: dt.date) -> str:
    """Write a date in Chinese numerals, as beside a seal: 二〇二六年一月五日."""
    year = "".join(_NUMERALS[int(figure)] for figure in f"{value.year:04d}")
    return f"{year}年{_below_hundred(value.month)}月{_below_hundred(value.day)}日"


def _below_hundred(number: int) -> str:
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{_NUMERALS[tens]}十"
    return head + (_NUMERALS[ones] if ones else "")


def hash_groups(digest: bytes) -> str:
    """Write a hash in groups of eight, to be compared by eye."""
    text = digest.hex()
    return " ".join(text[at : at + 8] for at in range(0, len(text), 8))


def short_hash(digest: bytes) -> str:
    """Write a hash's first twelve figures."""
    return digest.hex()[:12]


def archive_line(archive_no: str | None) -> str:
    """Write the left of a page's foot."""
    return f"档号：{archive_no or '＿＿＿＿＿＿'}"


def record_line(record: bytes | None) -> str:
    """Write the right of a page's foot."""
    return f"记录摘要：{short_hash(record)}" if record else "空白表"
