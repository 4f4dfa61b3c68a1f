"""Set a sheet as PDF/A-2b: the same sheet gives the same bytes."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typst

from heatstream.claims.documents import fonts, words
from heatstream.claims.documents.sheet import Sheet
from heatstream.errors import HeatstreamError

_TEMPLATE: Final = (Path(__file__).parent / "paper.typ").read_bytes()
_STANDARD: Final = "a-2b"


def of_sheet(sheet: Sheet) -> bytes:
    """Set a sheet.

    Raises
    ------
    BadInput
        A text holds a character that the fonts cannot print.
    HeatstreamError
        The typesetter failed or warned: a fault of ours, not of the sheet.
    """
    made: bytes = compiled(sheet, format="pdf", pdf_standards=_STANDARD)
    return made


def compiled(sheet: Sheet, **options: Any) -> Any:
    """Set a sheet in a form of the typesetter's; see `of_sheet`."""
    tree = _tree(sheet)
    fonts.refuse_unprintable(_texts(tree))
    try:
        made, warnings = typst.compile_with_warnings(
            _TEMPLATE,
            sys_inputs={"sheet": json.dumps(tree, ensure_ascii=False)},
            font_paths=[str(fonts.FOLDER)],
            ignore_system_fonts=True,
            **options,
        )
    except typst.TypstError as error:
        raise HeatstreamError(
            f"{sheet.title}: the typesetter failed: {error}; expected a paper",
            zh=f"{sheet.title}：排版失败：{error}；应能生成文书",
        ) from error
    if warnings:
        raise HeatstreamError(
            f"{sheet.title}: the typesetter warned: {warnings[0].message}; expected no warning",
            zh=f"{sheet.title}：排版有告警：{warnings[0].message}；应无告警",
        )
    return made


def _tree(sheet: Sheet) -> dict[str, Any]:
    margin = sheet.margin
    return {
        "form": sheet.form,
        "issuer": sheet.issuer,
        "title": sheet.title,
        "number": sheet.number,
        "watermark": margin.watermark,
        "archive": words.archive_line(margin.archive_no),
        "record": words.record_line(margin.record_sha256),
        "dated": [margin.dated.year, margin.dated.month, margin.dated.day],
        "blocks": [{"kind": type(block).__name__.lower(), **dataclasses.asdict(block)} for block in sheet.blocks],
    }


def _texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for each in tree.values():
            yield from _texts(each)
    elif isinstance(tree, list | tuple):
        for each in tree:
            yield from _texts(each)
