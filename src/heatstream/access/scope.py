"""With whose eyes a transaction reads: the one place where rows are narrowed."""

from dataclasses import asdict, dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.row_scope import READER, SEEN


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
    def rows(self) -> tuple[object, ...]:
        """Tell two scopes that see the same rows by the same value: all of it but who asks."""
        return (self.role, self.district, self.company, self.street, self.household)


async def narrow(conn: AsyncConnection, scope: Scope) -> None:
    """Let the connection see what `scope` sees, until its transaction ends."""
    told = {f"heatstream.{name}": "" if value is None else str(value) for name, value in asdict(scope).items()}
    # The role comes last: what came before it was set with the rights of the process.
    given = {**told, "search_path": f"{SEEN}, public", "role": READER}
    await conn.execute(select(*(func.set_config(name, value, True) for name, value in given.items())))
