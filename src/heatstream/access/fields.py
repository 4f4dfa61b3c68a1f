"""Which kinds of fields a role sees; docs/access.md tells it to people. A field that it does not see is null."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final, Literal

Kind = Literal["address", "money", "case", "making"]
"""Where a home is; amounts of one home; what was said and written in its case; how a ruling was made, and by whom."""

A_PARTY: Final[frozenset[Kind]] = frozenset({"address", "money", "case"})
EVERY: Final[frozenset[Kind]] = A_PARTY | {"making"}
MAKING: Final = frozenset({"ruling_drafted", "ruling_reviewed", "ruling_approved"})
"""Events of a claim that parties learn of when the ruling is served, and not by whom."""
SEES: Final[Mapping[str, frozenset[Kind]]] = {
    "household": A_PARTY,
    "hotline": frozenset({"address"}),
    "street": frozenset({"address"}),
    "third_party": frozenset({"address"}),
    "inspector": frozenset({"address", "case"}),
    "company": A_PARTY,
    "district": EVERY,
    "city": EVERY,
    "province": frozenset(),
    "auditor": frozenset({"money", "case", "making"}),
}
"""By role. An auditor follows a case by 户号 and 案号; who measures or takes a call needs no amounts."""

WORKS_ON: Final[Mapping[str, frozenset[str]]] = {"hotline": frozenset({"work_order"})}
"""Kinds of matter that a role reads whole, although cases are not for it: it tells callers what became of them."""

_seen: ContextVar[frozenset[Kind]] = ContextVar("fields seen", default=frozenset())


def see_as(role: str) -> None:
    """Let what is written from here on in this task hold the fields of a role."""
    _seen.set(SEES[role])


def reads(role: str, matter: str) -> bool:
    """Tell whether a role reads what was said and written in a matter of this kind, or only what happened when."""
    return "case" in SEES[role] or matter in WORKS_ON.get(role, frozenset())


def sees(kind: Kind) -> bool:
    """Tell whether a field of this kind may be written now; nothing may before `see_as`."""
    return kind in _seen.get()
