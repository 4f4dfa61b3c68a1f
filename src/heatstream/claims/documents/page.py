"""Write a sheet as one page of HTML: no script, nothing from outside, every text escaped."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Final

from heatstream.claims.documents import words
from heatstream.claims.documents.sheet import Block, Cell, Heading, Note, PageBreak, Paragraph, Seal, Sheet, Table

_STYLE: Final = (Path(__file__).parent / "paper.css").read_text(encoding="utf-8")
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def of_sheet(sheet: Sheet) -> str:
    """Write a sheet as a whole document."""
    return "\n".join(_document(sheet)) + "\n"


def _document(sheet: Sheet) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(sheet.title)}</title>\n<style>\n{_STYLE}</style>\n</head>"
    yield f'<body class="{sheet.form}">'
    yield from _watermark(sheet.margin.watermark)
    yield "<main>"
    yield from _top(sheet)
    yield from map(_block, sheet.blocks)
    yield "</main>"
    yield from _foot(sheet)
    yield "</body>\n</html>"


def _watermark(text: str | None) -> Iterator[str]:
    if text is not None:
        yield f'<div class="watermark" aria-hidden="true"><span>{escape(text)}</span></div>'
        yield f'<p class="warning" role="note">{escape(text)}</p>'


def _top(sheet: Sheet) -> Iterator[str]:
    yield "<header>"
    if sheet.issuer is not None:
        yield _tag("p", sheet.issuer, "issuer")
    yield _tag("h1", sheet.title)
    if sheet.number is not None:
        yield _tag("p", sheet.number, "number")
    yield "</header>"


def _foot(sheet: Sheet) -> Iterator[str]:
    margin = sheet.margin
    yield f"<footer>{_tag('span', words.archive_line(margin.archive_no))}"
    yield f"{_tag('span', words.record_line(margin.record_sha256))}</footer>"


def _tag(name: str, text: str, style: str = "") -> str:
    return f"<{name}{f' class={style!r}' if style else ''}>{escape(text)}</{name}>"


def _block(block: Block) -> str:
    match block:
        case Heading(text):
            return _tag("h2", text)
        case Paragraph(text, indented):
            return _tag("p", text, "indented" if indented else "")
        case Note(text):
            return _tag("p", text, "note")
        case Seal(office, date):
            room = _tag("p", "（印章）", "seal-room")
            return f'<div class="seal">{_tag("p", office)}{room}{_tag("p", date)}</div>'
        case PageBreak():
            return '<hr class="page-break">'
        case Table():
            return "\n".join(_table(block))


def _table(table: Table) -> Iterator[str]:
    columns = "".join(f'<col style="width: {100 * width // sum(table.widths)}%">' for width in table.widths)
    yield f"<table>\n{_tag('caption', table.caption)}<colgroup>{columns}</colgroup>"
    for row in table.rows:
        scope = "col" if all(cell.head for cell in row) else "row"
        yield f"<tr>{''.join(_cell(cell, scope) for cell in row)}</tr>"
    yield "</table>"


def _cell(cell: Cell, scope: str) -> str:
    span = f' colspan="{cell.span}"' if cell.span > 1 else ""
    room = f' style="height: {cell.room_mm + 8}mm"' if cell.room_mm else ""
    if cell.head:
        return f'<th scope="{scope}"{span}{room}>{escape(cell.text)}</th>'
    return f"<td{span}{room}>{escape(cell.text)}</td>"
