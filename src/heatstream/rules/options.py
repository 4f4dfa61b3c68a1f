"""What one option asks, where the law leaves it open, and for which places."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from heatstream.errors import BadInput
from heatstream.rules import pack
from heatstream.rules.choices import Choices
from heatstream.rules.needs import ASKED, is_asked
from heatstream.rules.pack import ANSWERED_IN, Group, Pack
from heatstream.rules.policy import folders, settled


def explained(option: str, packs_dir: Path | None = None) -> list[str]:
    """Explain an option, a line each; the 建议 is marked and applied by nothing.

    Raises
    ------
    BadInput
        There is no such option.
    """
    field = Choices.model_fields.get(option)
    if field is None or not isinstance(field.json_schema_extra, dict):
        close = get_close_matches(option, Choices.model_fields, 3, 0.5) or sorted(Choices.model_fields)
        raise BadInput(
            f"option {option!r}: there is none; expected one of {', '.join(close)}",
            zh=f"没有选项“{option}”，应为以下之一：{'、'.join(close)}",
        )
    there = folders(packs_dir)
    asking = [use for use, asked in ASKED.items() if option in asked]
    advice = field.json_schema_extra.get("advice")
    return [
        f"{option} ({field.json_schema_extra['question']}), asked for by: {', '.join(asking)}",
        f"law: {field.json_schema_extra['law']}",
        f"values: {field.description}",
        *([f"建议 suggestion, applied by nothing: {advice}"] if advice else []),
        *_places(option, [pack.find(each, there) for each in pack.ids(there)]),
    ]


def _places(option: str, packs: list[Pack]) -> Iterator[str]:
    answers = {each.id: answer for each in packs if (answer := _answer(option, each))}
    leave_open = [
        each.id for each in packs if each.id not in answers and is_asked(each, settled(each, Choices()), option)
    ]
    yield f"open in: {', '.join(leave_open) or 'no pack by itself; another choice may ask for it'}"
    yield from (f"answered by {pack_id}: {answer}" for pack_id, answer in answers.items())


def _answer(option: str, of: Pack) -> str | None:
    if option in of.settles:
        told = of.settles[option]
        return f"{told.value} ({_stands(told.article, told.conf)})"
    name, field = ANSWERED_IN.get(option, ("", ""))
    group: Group | None = getattr(of, name, None)
    value = getattr(group, field, None)
    return f"{value} ({_stands(group.article, group.conf)})" if group and value is not None else None


def _stands(article: str | None, conf: str) -> str:
    return f"article {article}, {conf}" if article else conf
