"""What one option asks, where the law leaves it open, and for which places."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from heatstream.errors import BadInput
from heatstream.rules import pack
from heatstream.rules.choices import Choices, Option
from heatstream.rules.needs import ASKED, Use, is_asked
from heatstream.rules.pack import ANSWERED_IN, KNOWN, Conf, Group, Pack
from heatstream.rules.policy import folders, settled
from heatstream.rules.sentences import Line

USES: Final[Mapping[Use, str]] = {
    "days": "逐日判定",
    "amount": "测算额",
    "claims": "退费案件",
    "clocks": "时限",
    "supervision": "监管",
}
"""What asks, in Chinese."""


def explained(option: str, packs_dir: Path | None = None) -> list[Line]:
    """Explain an option, a line each; the 建议 is marked and applied by nothing.

    Raises
    ------
    BadInput
        There is no such option.
    """
    if option not in Choices.model_fields:
        close = get_close_matches(option, Choices.model_fields, 3, 0.5) or sorted(Choices.model_fields)
        raise BadInput(
            f"option {option!r}: there is none; expected one of {', '.join(close)}",
            zh=f"没有选项“{option}”，应为以下之一：{'、'.join(close)}",
        )
    there = folders(packs_dir)
    asks, asking = Option.of(option), [use for use, asked in ASKED.items() if option in asked]
    zh, en = asks.zh, asks.en
    advice = Line(f"建议，不会自动采用：{zh.advice}", f"建议 suggestion, applied by nothing: {en.advice}")
    return [
        Line(
            f"{option}（{asks.question}），用于：{'、'.join(USES[use] for use in asking)}",
            f"{option} ({asks.question}), asked for by: {', '.join(asking)}",
        ),
        Line(f"法律何处留白：{zh.law}", f"law: {en.law}"),
        Line(f"可选：{zh.values}", f"values: {en.values}"),
        *([advice] if en.advice else []),
        *_places(option, [pack.find(each, there) for each in pack.ids(there)]),
    ]


def _places(option: str, packs: list[Pack]) -> Iterator[Line]:
    answers = {each.id: answer for each in packs if (answer := _answer(option, each))}
    leave_open = [
        each.id for each in packs if each.id not in answers and is_asked(each, settled(each, Choices()), option)
    ]
    yield Line(
        f"留待选择的规则包：{'、'.join(leave_open) or '没有一个自身留白；其他选择可能引出此问'}",
        f"open in: {', '.join(leave_open) or 'no pack by itself; another choice may ask for it'}",
    )
    for pack_id, answer in answers.items():
        yield Line(f"{pack_id} 已载明：{answer.zh}", f"answered by {pack_id}: {answer.en}")


def _answer(option: str, of: Pack) -> Line | None:
    if option in of.settles:
        told = of.settles[option]
        return _stands(told.value, told.article, told.conf)
    name, field = ANSWERED_IN.get(option, ("", ""))
    group: Group | None = getattr(of, name, None)
    value = getattr(group, field, None)
    return _stands(value, group.article, group.conf) if group and value is not None else None


def _stands(value: object, article: str | None, conf: Conf) -> Line:
    zh, en = (f"第{article}条，", f"article {article}, ") if article else ("", "")
    return Line(f"{value}（{zh}{KNOWN[conf][0]}）", f"{value} ({en}{conf})")
