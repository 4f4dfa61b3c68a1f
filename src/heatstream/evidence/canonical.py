"""One form of JSON for what is signed, and the archive that holds it: the same state gives the same bytes.

docs/evidence.md tells both.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any, Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

LOCAL: Final = dt.timezone(dt.timedelta(hours=8))
LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time an archive can give its entries."""
REGULAR_0644: Final = 0o100644 << 16
UNIX: Final = 3


def canonical(tree: object) -> bytes:
    """Write a tree with sorted keys, no space and no fraction.

    Raises
    ------
    TypeError
        A value has no form here; a float above all.
    """
    return json.dumps(_plain(tree), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case dt.datetime():
            return value.astimezone(LOCAL).isoformat()
        case dt.date():
            return value.isoformat()
        case bytes():
            return value.hex()
        case Mapping():
            return {str(name): _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case _:
            raise TypeError(f"{value!r} has no form in evidence")


def exact(text: str) -> Any:
    """Read JSON that a program recorded; a number with a fraction stays the text it is."""
    return json.loads(text, parse_float=str)


def archive(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Put files into a ZIP, stored as they are, in their order."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_STORED) as zipped:
        for name, content in files:
            entry = ZipInfo(name, LONG_AGO)
            entry.create_system, entry.external_attr = UNIX, REGULAR_0644
            zipped.writestr(entry, content)
    return out.getvalue()
