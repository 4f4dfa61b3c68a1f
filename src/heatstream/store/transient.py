"""Which failures of the database pass by themselves."""

from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError

CLASSES: Final = frozenset({"08", "25", "40", "53", "55", "57", "58"})
"""SQLSTATE classes that pass: connection, read-only, rollback, resources, not in state, intervention, system."""


def is_transient(error: BaseException) -> bool:
    """Tell whether the same work can succeed later, with the rows and the code as they are."""
    if isinstance(error, BaseExceptionGroup):
        return all(map(is_transient, error.exceptions))
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.connection_invalidated or is_transient(error.orig)
    state = getattr(error, "sqlstate", None) or ""
    lost = OSError | TimeoutError | InterfaceError | asyncpg.InterfaceError
    return state[:2] in CLASSES or isinstance(error, lost)
