"""With whose eyes a transaction reads: the one place where rows are narrowed."""

from dataclasses import astuple, dataclass, fields
from typing import Final

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.row_scope import READER, SEEN

EVERYTHING: Final = frozenset({"city", "auditor", "aggregates"})
"""Roles that see every row."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The rows that somebody sees: `store.row_scope` says which, by role.

    Attributes
    ----------
    role : of `store.tables.ROLES`, or "aggregates": every row, for an answer that shows none of them alone
    who : key:prefix or account:login
    """

    role: str
    who: str
    district: int | None = None
    company: int | None = None
    street: str | None = None
    household: int | None = None

    @property
    def sees_everything(self) -> bool:
        """Tell whether every row is seen, as `store.row_scope` has it."""
        return self.role in EVERYTHING or (self.role == "hotline" and self.district is None)

    @property
    def rows(self) -> tuple[object, ...]:
        """Tell two scopes that see the same rows by the same value: all of it but who asks."""
        return (self.role, self.district, self.company, self.street, self.household)


_GIVEN = (*(f"heatstream.{each.name}" for each in fields(Scope)), "search_path", "role")
"""The role comes last: what comes before it is set with the rights of the process."""
# Made once, for it begins every request; a bind takes its name apart, so the settings are numbered.
_SET = select(*(func.set_config(name, bindparam(f"given_{place}"), True) for place, name in enumerate(_GIVEN)))


async def narrow(conn: AsyncConnection, scope: Scope) -> None:
    """Let the connection see what `scope` sees, until its transaction ends."""
    told = ["" if value is None else str(value) for value in astuple(scope)]
    given = (*told, f"{SEEN}, public", READER)
    await conn.execute(_SET, {f"given_{place}": value for place, value in enumerate(given)})
