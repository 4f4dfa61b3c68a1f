"""Files of rules are read as they are written: exact decimals, plain words, no key twice, faults with their lines."""

from decimal import Decimal
from pathlib import Path

import pytest

from heatstream.errors import BadInput
from heatstream.rules.exact_yaml import Lines, read


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_decimal_is_its_own_characters(tmp_path: Path) -> None:
    assert read(written(tmp_path, "ratio: 0.10")) == {"ratio": Decimal("0.10")}


@pytest.mark.parametrize(("text", "value"), [("yes", "yes"), ("no", "no"), ("true", True), ("false", False)])
def test_yes_and_no_are_words_for_options_bear_them(tmp_path: Path, text: str, value: object) -> None:
    assert read(written(tmp_path, f"fixed_point_opens: {text}")) == {"fixed_point_opens": value}


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="the key 'unit' stands twice"):
        read(written(tmp_path, "unit: day\nunit: month"))


@pytest.mark.parametrize(
    ("where", "line"),
    [(("standard", "min_c"), 3), (("bands", 1, "hi"), 6), (("standard", "hours"), 2), ((), 1)],
)
def test_a_value_s_line_is_told_or_that_of_what_should_hold_it(
    tmp_path: Path, where: tuple[int | str, ...], line: int
) -> None:
    text = "unit: day\nstandard:\n  min_c: 18\nbands:\n  - {lo: 16, hi: 18}\n  - {lo: null, hi: 16}\n"
    assert Lines(written(tmp_path, text)).of(where) == f" line {line}:"
