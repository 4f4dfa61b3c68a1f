"""Which kinds of fields a role sees; docs/access.md tells it to people. A field that it does not see is null."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final, Literal

Kind = Literal["address", "money", "case"]
"""Where a home is; amounts of one home; what was said and written in its case."""

EVERY: Final[frozenset[Kind]] = frozenset({"address", "money", "case"})
SEES: Final[Mapping[str, frozenset[Kind]]] = {
    "household": EVERY,
    "hotline": frozenset({"address"}),
    "street": frozenset({"address"}),
    "third_party": frozenset({"address"}),
    "inspector": frozenset({"address", "case"}),
    "company": EVERY,
    "district": EVERY,
    "city": EVERY,
    "province": frozenset(),
    "auditor": frozenset({"money", "case"}),
}
"""By role. An auditor follows a case by 户号 and 案号; who measures or takes a call needs no amounts."""

_seen: ContextVar[frozenset[Kind]] = ContextVar("fields seen", default=frozenset())


def see_as(role: str) -> None:
    """Let what is written from here on in this task hold the fields of a role."""
    _seen.set(SEES[role])


def sees(kind: Kind) -> bool:
    """Tell whether a field of this kind may be written now; nothing may before `see_as`."""
    return kind in _seen.get()
