"""Pages by key, never by number: `next` holds the key of the last row, and belongs to one query alone."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from heatstream.serve.problems import MOST_SEEN, BadCursor, BadQuery

Shape = TypeVar("Shape", bound=BaseModel)
Key = TypeVar("Key")

MOST_ROWS = 10_000
DEFAULT_ROWS = 100
_DIGITS = re.compile("[0-9]{1,9}")
# Parameters that may stand several times.
REPEATABLE = frozenset({"outcome", "noun"})


class Parameters(BaseModel):
    """Query parameters; one that is not known is refused, for a misspelt filter must not return everything."""

    model_config = ConfigDict(extra="forbid")


class NoParameters(Parameters):
    """An address without any."""


class PagedQuery(Parameters):
    """A page of a listing."""

    limit: int = Field(DEFAULT_ROWS, ge=1, le=MOST_ROWS, description="most rows of this page")
    next: str | None = Field(
        None,
        max_length=400,
        description="`next` of the page before; without it the first page",
        json_schema_extra={"pattern": "^[A-Za-z0-9_=-]*$"},
    )


class Page(BaseModel, Generic[Shape]):
    """A page of a listing; ask again with `next` until it is null."""

    rows: list[Shape] = Field(description="the rows, in the order of the listing")
    next: str | None = Field(description="give it as `next` for the page after; null on the last page")


class _Mark(msgspec.Struct, array_like=True):
    """What a cursor holds."""

    query: str
    key: list[Any]


def check_parameters(request: Request) -> None:
    """Refuse a parameter that stands twice, for one of the two would be dropped in silence; and a NUL anywhere."""
    asked = request.query_params.multi_items()
    names = [name for name, _ in asked if name not in REPEATABLE]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise BadQuery(f"seen {', '.join(repeated)} more than once, expected each parameter once")
    if unreadable := sorted({name for name, value in asked if "\0" in value}):
        raise BadQuery(f"{', '.join(unreadable)}: seen a NUL character, which no text of the store holds")


def _fingerprint(request: Request) -> str:
    asked = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in ("next", "limit"))
    told = msgspec.json.encode([request.url.path, asked])
    return hashlib.sha256(told).hexdigest()[:16]


def by_id(row: Any) -> Sequence[int]:
    """Give the key of listings that are ordered by id."""
    return (row.id,)


class Cursor:
    """The place in a listing that a request begins at, and how to write the next."""

    def __init__(self, request: Request) -> None:
        self._query = _fingerprint(request)
        self._text = request.query_params.get("next")

    def after(self, shape: type[Key]) -> Key | None:
        """Read the key of the last row the client saw; None on the first page.

        Raises
        ------
        BadCursor
            It was not written by `page`, or for another query.
        """
        if self._text is None:
            return None
        try:
            mark = msgspec.json.decode(base64.urlsafe_b64decode(self._text), type=_Mark)
            key = msgspec.convert(mark.key, shape)
        except (binascii.Error, ValueError) as error:
            raise BadCursor("next: not what a page gave; take it whole, or begin again without it") from error
        if mark.query != self._query:
            raise BadCursor("next: given by another query; keep every other parameter but limit as it was")
        return key

    def write(self, key: Sequence[Any]) -> str:
        """Write the key of a page's last row."""
        mark = msgspec.json.encode(_Mark(self._query, list(key)))
        return base64.urlsafe_b64encode(mark).decode()

    def after_id(self) -> int:
        """Read the id of the last row the client saw; 0 on the first page."""
        seen = self.after(tuple[int])
        return seen[0] if seen else 0

    def page(
        self, shape: type[Shape], rows: Sequence[Any], limit: int, key: Callable[[Any], Sequence[Any]] = by_id
    ) -> Page[Shape]:
        """Make a page of `limit` rows out of one more than that, if there is one more."""
        following = self.write(key(rows[limit - 1])) if len(rows) > limit else None
        return Page(rows=[shape.model_validate(row) for row in rows[:limit]], next=following)


At = Annotated[Cursor, Depends(Cursor)]


def check_limit(request: Request) -> None:
    """Hold the page against the most that this server was set to give."""
    most, asked = request.app.state.settings.serve.page_limit, request.query_params.get("limit")
    # By its digits: "+900" and "900.0" would be read as 900 further on, and ten thousand digits not at all.
    if asked is not None and not (_DIGITS.fullmatch(asked) and int(asked) <= most):
        raise BadQuery(f"limit: seen {asked[:MOST_SEEN]}, expected at most {most} (HEATSTREAM_SERVE_PAGE_LIMIT)")
