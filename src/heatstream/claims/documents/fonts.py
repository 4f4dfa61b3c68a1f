"""Which characters the fonts can print: a missing one would be an empty box on a ruling, without a warning."""

import struct
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from pylopdf_fonts_zh_cn import sans_path, serif_path

from heatstream.errors import BadInput

FOLDER: Final = Path(serif_path()).parent
_SEGMENTED: Final = 12
_UNSEEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})


@cache
def printable() -> frozenset[str]:
    """Collect the characters that both fonts hold and that can be seen."""
    both = _characters(Path(serif_path())) & _characters(Path(sans_path()))
    return frozenset(sign for sign in map(chr, both) if unicodedata.category(sign) not in _UNSEEN) | {"\n"}


def refuse_unprintable(texts: Iterable[str]) -> None:
    """Refuse what would print as an empty box, or not at all.

    Raises
    ------
    BadInput
        Naming the first such character, its number and the text it stands in.
    """
    for text in texts:
        for place, sign in enumerate(text):
            if sign not in printable():
                around = text[max(place - 10, 0) : place + 11]
                raise BadInput(
                    f"{around!r}: seen {sign!r} (U+{ord(sign):04X}), which the fonts of the papers do not hold; "
                    "expected a character of theirs: write it otherwise, as the household register does",
                    zh=f"“{around}”：所用文书字体没有“{sign}”（U+{ord(sign):04X}），应换用字体所有的字，与户口登记一致",
                )


def _characters(path: Path) -> set[int]:
    """Read the code points of a font from its segmented coverage (OpenType, cmap format 12)."""
    font = path.read_bytes()
    start = _table(font, b"cmap")
    (tables,) = struct.unpack_from(">H", font, start + 2)
    offsets = (start + struct.unpack_from(">HHI", font, start + 4 + 8 * each)[2] for each in range(tables))
    segmented = next(at for at in offsets if struct.unpack_from(">H", font, at)[0] == _SEGMENTED)
    (groups,) = struct.unpack_from(">I", font, segmented + 12)
    bounds = struct.iter_unpack(">III", font[segmented + 16 : segmented + 16 + 12 * groups])
    return {code for first, last, _ in bounds for code in range(first, last + 1)}


def _table(font: bytes, tag: bytes) -> int:
    (tables,) = struct.unpack_from(">H", font, 4)
    records = (struct.unpack_from(">4sIII", font, 12 + 16 * each) for each in range(tables))
    return int(next(offset for name, _, offset, _ in records if name == tag))
