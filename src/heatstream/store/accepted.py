"""Which installations are evidence: those accepted (验收) that stood on the day."""

import datetime as dt

from sqlalchemy import TIMESTAMP, ColumnElement, and_, cast, func, literal, or_, type_coerce

from heatstream.store.tables import Instant, point
from heatstream.store.timescale import LOCAL

FOREVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)


def midnight(day: dt.date) -> dt.datetime:
    """The instant a local day begins."""
    return dt.datetime.combine(day, dt.time(), LOCAL)


def after(day: dt.date, days: int = 1) -> dt.date:
    return day + dt.timedelta(days=days)


def stood_between(first: dt.date, last: dt.date) -> ColumnElement[bool]:
    """Say of an installation whether any instant of these days is evidence."""
    return and_(
        point.c.accepted_on <= last,
        point.c.valid_from < midnight(after(last)),
        or_(point.c.valid_to.is_(None), point.c.valid_to > midnight(first)),
    )


def stands_on(day: dt.date) -> ColumnElement[bool]:
    """Say of an installation whether any instant of the day is evidence."""
    return stood_between(day, day)


def evidence_from() -> ColumnElement[dt.datetime]:
    """First instant of an accepted installation that is evidence."""
    accepted = func.timezone(literal(dt.timedelta(hours=8)), cast(point.c.accepted_on, TIMESTAMP()))
    return type_coerce(func.greatest(point.c.valid_from, accepted), Instant)


def evidence_to() -> ColumnElement[dt.datetime]:
    """First instant after it."""
    return type_coerce(func.coalesce(point.c.valid_to, FOREVER), Instant)
