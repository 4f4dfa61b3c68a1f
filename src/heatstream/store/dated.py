"""Rows of the registry that hold for some days."""

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, and_, or_


def holds_on(table: Any, day: dt.date | ColumnElement[dt.date]) -> ColumnElement[bool]:
    """Say of a dated row whether it holds on a day; the last day is included."""
    return and_(table.c.valid_from <= day, or_(table.c.valid_to.is_(None), table.c.valid_to >= day))


def held_between(table: Any, first: dt.date, last: dt.date) -> ColumnElement[bool]:
    """Say of a dated row whether it holds on any of some days, both inside."""
    return and_(table.c.valid_from <= last, or_(table.c.valid_to.is_(None), table.c.valid_to >= first))
