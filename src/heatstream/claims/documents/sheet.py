"""A paper as blocks of text, before it is a PDF or a page: both are set from the same sheet, so they say the same."""

from dataclasses import dataclass
from typing import Literal

from heatstream.claims.documents.papers import Margin


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str
    indented: bool = True
    """Begins two characters in."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    text: str
    head: bool = False
    """Names what stands beside or below it."""
    span: int = 1
    """Columns that it takes."""
    room_mm: int = 0
    """Height left free to write or to sign in [mm]."""


@dataclass(frozen=True, slots=True)
class Table:
    """Ruled cells; a table of less than a page is not broken."""

    caption: str
    """What it holds; read aloud, not printed."""
    widths: tuple[int, ...]
    """Shares of the line."""
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Note:
    """Small print."""

    text: str


@dataclass(frozen=True, slots=True)
class Seal:
    """The office's name, room for its seal, the date."""

    office: str
    date: str


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins a page of its own."""


Block = Heading | Paragraph | Table | Note | Seal | PageBreak


@dataclass(frozen=True, slots=True)
class Sheet:
    """One paper, ready to be set."""

    form: Literal["letter", "form"]
    """letter: large type, wide margins, as an official letter | form: tables that fill a page."""
    issuer: str | None
    """Above the title."""
    title: str
    number: str | None
    """文号 or 案号, below the title."""
    margin: Margin
    blocks: tuple[Block, ...]
