"""What pydantic finds wrong with an event, or with what a form gave, told in English and in Chinese."""

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from heatstream.claims.documents.words import hundredths
from heatstream.claims.event_words import FIELDS, HUNDREDTHS, choices, unit
from heatstream.errors import BadInput, FieldError

Path = tuple[str | int, ...]

SHA256: Final = r"^[0-9a-f]{64}$"
NOT_BLANK: Final = r"\S"
_PATTERNS: Final[Mapping[str, str]] = {SHA256: "应为 SHA-256，即 64 位小写十六进制数字", NOT_BLANK: "不得为空白"}
_DAY: Final = "应为日期，例如 2026-01-05"
_INSTANT: Final = "应为时间，例如 2026-01-05T08:00:00+08:00"
_EXPECTED: Final[Mapping[str, str]] = {
    "bool_type": "应为是或否",
    "date_from_datetime_inexact": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_type": _DAY,
    "datetime_from_date_parsing": _INSTANT,
    "datetime_type": _INSTANT,
    "dict_type": "应为若干具名的项",
    "extra_forbidden": "没有这一项",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "应不小于 {ge}",
    "int_from_float": "应为整数",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "less_than_equal": "应不大于 {le}",
    "literal_error": "应为以下之一：{expected}",
    "model_type": "应为若干具名的项",
    "string_pattern_mismatch": "{pattern}",
    "string_too_long": "最多 {max_length} 个字符",
    "string_too_short": "至少 {min_length} 个字符",
    "string_type": "应为文字",
    "timezone_aware": "应写明时区，例如 2026-01-05T08:00:00+08:00",
    "too_long": "最多 {max_length} 项，所填 {actual_length} 项",
    "tuple_type": "应为若干项",
}
"""By the fault's type: what the fields of events, and the filters of addresses, can raise."""
_NOTHING: Final = "必填"
_EMPTY: Final[Mapping[str, str]] = {"missing": _NOTHING, "too_short": "至少要有一项"}
"""Where nothing was given, so that nothing was seen."""


def named(found: Any) -> tuple[Path, str]:
    """Tell the field that a fault is about, and what it says; a type names by itself which of its fields it means."""
    path, said = tuple(found["loc"]), found["msg"].removeprefix("Value error, ")
    if found["type"] == "value_error" and (its := re.match(r"([a-z][a-z0-9_.]*): ", said)):
        within = tuple(int(each) if each.isdecimal() else each for each in its[1].split("."))
        return (*path, *within), said.removeprefix(its[0])
    return path, said


def zh(found: Any) -> str:
    """Say in Chinese what is wrong, without the field; what nobody worded is told as pydantic says it."""
    context = found.get("ctx", {})
    if isinstance(context.get("error"), FieldError):
        return str(context["error"].zh)
    if found["type"] in _EMPTY or found["input"] == "":
        return _EMPTY.get(found["type"], _NOTHING)
    name = next((each for each in reversed(found["loc"]) if isinstance(each, str)), "")
    values = {key: _value(name, key, value) for key, value in context.items()}
    worded = _EXPECTED.get(found["type"])
    expected = worded.format(**values) if worded else found["msg"]
    return f"所填为“{_written(name, found['input'])}”，{expected}"


def _value(name: str, key: str, value: Any) -> str:
    if key == "pattern":
        return _PATTERNS.get(value, f"应符合格式 {value}")
    if key == "expected":
        return choices(re.findall(r"'([^']*)'", value))
    return str(value) if key.endswith("_length") else _written(name, value)


def _written(name: str, value: Any) -> str:
    """Write a value as the form writes it."""
    is_decimal = isinstance(value, int) and not isinstance(value, bool) and unit(name) in HUNDREDTHS
    return hundredths(value) if is_decimal else str(value)


def unfit(where: str, kind: str, error: ValidationError, *, zh_title: str) -> BadInput:
    """Gather every fault of an event of a kind, a line each.

    Parameters
    ----------
    where : who gives it and in what, for the message
    zh_title : the same, and what the event is called, in Chinese
    """
    every = error.errors(include_url=False)
    lines = [_line(where, kind, each) for each in every]
    return BadInput("\n".join(lines), zh="\n".join(f"{zh_title}：{_line_zh(kind, each)}" for each in every))


def _line(where: str, kind: str, found: Any) -> str:
    path = ".".join(str(each) for each in found["loc"] if each != kind)
    said = found["msg"].removeprefix("Value error, ")
    if found["type"] == "value_error":
        return f"{where}: {kind}: {path + ': ' if path else ''}{said}"
    if found["type"] == "missing":
        return f"{where}: {kind}: {path}: missing"
    return f"{where}: {kind}: {path}: seen {found['input']!r}: {said}"


def _line_zh(kind: str, found: Any) -> str:
    at = [each for each in named(found)[0] if each != kind]
    return "：".join([*_labels(kind, at), zh(found)])


def _labels(kind: str, at: list[str | int]) -> list[str]:
    """Name each step of the way to a field; places in a list count from 1."""
    within, labels = kind, []
    for each in at:
        if isinstance(each, int):
            labels.append(f"第 {each + 1} 项")
        else:
            labels.append((FIELDS.get(f"{within}.{each}") or FIELDS.get(each) or (each,))[0])
            within = each
    return labels
