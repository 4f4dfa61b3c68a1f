"""Arrays as rows of a query: one parameter a column, whatever the number of rows."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import TableValuedAlias, bindparam, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine


def rows_of(name: str, **columns: tuple[type[TypeEngine[Any]] | TypeEngine[Any], Sequence[Any]]) -> TableValuedAlias:
    """Make a table of arrays of one length: `rows_of("sent", id=(Integer, [1, 2]), at=(Instant, [...]))`."""
    arrays = [bindparam(None, list(values), ARRAY(kind)) for kind, values in columns.values()]
    return func.unnest(*arrays).table_valued(*columns).render_derived(name)


def instants(micros: NDArray[np.int64]) -> list[dt.datetime]:
    """Turn µs since 1970-01-01T00:00Z into what asyncpg takes for a timestamptz."""
    return [naive.replace(tzinfo=dt.UTC) for naive in micros.astype("datetime64[us]").tolist()]


def dates(days: NDArray[np.int32]) -> list[dt.date]:
    """Turn days since 1970-01-01 into dates."""
    found: list[dt.date] = days.astype("datetime64[D]").tolist()
    return found
