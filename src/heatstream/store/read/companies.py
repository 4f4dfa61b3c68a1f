"""Companies: what they reported, declared, were ordered, and what was published about them.

Read from the events themselves, so that what a page or a report shows is what was recorded. Of two reports of one day,
source and fuel the later stands, and of two declarations of one day; the earlier ones stay in the matter.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, Table, and_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import JSONPATH, distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.errors import BadInput
from heatstream.store.read.rows import AnyRow, every
from heatstream.store.tables import company, district, fuel_plan, heat_source, matter, matter_event
from heatstream.store.timescale import LOCAL


class Company(NamedTuple):
    """A company of the registry."""

    id: int
    code: str
    name: str
    licence_no: str | None
    licence_expires: dt.date | None


class Source(NamedTuple):
    """A heat source of the registry, and whose it is."""

    code: str
    name: str
    kind: str
    company: str
    valid_from: dt.date
    valid_to: dt.date | None

    def holds_on(self, day: dt.date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class FuelReport(NamedTuple):
    """A fuel report that stands, and where it is recorded."""

    company: str
    matter: str
    number: int
    recorded_at: dt.datetime
    officer: str
    source: str
    fuel: str
    day: dt.date
    stock_kg: int
    received_kg: int
    used_kg: int
    method: str


class Declared(NamedTuple):
    """What stands of a company's declarations of one day, and where it is recorded."""

    company: str
    matter: str
    number: int
    recorded_at: dt.datetime
    officer: str
    day: dt.date
    zero: bool
    signature: str
    statement: str
    incidents: Sequence[Mapping[str, Any]]


class Incident(NamedTuple):
    """A company's incident as it is kept."""

    code: str
    company: str
    headline: str
    state: Mapping[str, Any]


class Orders(NamedTuple):
    """Orders of one company in a period."""

    company: str
    issued: int
    overdue: int
    """责令整改 whose deadline lies before the last day, and that by its end nobody had reported or found done."""
    closed: int


class Published(NamedTuple):
    """A version that was published, with its content as it was published."""

    id: int
    publication: str
    number: int
    """Of the event that holds it."""
    content: Mapping[str, Any]
    state: Mapping[str, Any]
    """Of the publication."""


# --- the registry -----------------------------------------------------------------------------------------------------


def _holds_on(table: Table, day: dt.date) -> ColumnElement[bool]:
    return and_(table.c.valid_from <= day, or_(table.c.valid_to.is_(None), table.c.valid_to >= day))


async def id_of(conn: AsyncConnection, code: str) -> int:
    """Give a company's id.

    Raises
    ------
    BadInput
        The registry holds no such company.
    """
    return await _id_of(conn, company, code)


async def district_id_of(conn: AsyncConnection, code: str) -> int:
    """Give a district's id; BadInput as for a company."""
    return await _id_of(conn, district, code)


async def _id_of(conn: AsyncConnection, table: Table, code: str) -> int:
    found = await conn.scalar(select(table.c.id).where(table.c.code == code))
    if found is None:
        raise BadInput(
            f"{table.name}: seen {code!r}, expected a code of the registry ({table.name}.csv)",
            zh=f"代码为“{code}”，应为登记中的代码（{table.name}.csv）",
        )
    return int(found)


_COMPANY = select(*(company.c[name] for name in Company._fields)).order_by(company.c.code)


async def of_code(conn: AsyncConnection, code: str) -> Company:
    """Give a company; BadInput where the registry holds none of this code."""
    return Company(*(await conn.execute(_COMPANY.where(company.c.id == await id_of(conn, code)))).one())


async def name_of(conn: AsyncConnection, code: str) -> str | None:
    """Give a company's name; None where the registry holds none of this code."""
    found: str | None = await conn.scalar(select(company.c.name).where(company.c.code == code))
    return found


async def on_day(conn: AsyncConnection, day: dt.date) -> list[Company]:
    """List the companies of a day."""
    return [Company(*row) for row in await every(conn, _COMPANY.where(_holds_on(company, day)))]


async def sources(conn: AsyncConnection) -> list[Source]:
    """List every heat source there ever was."""
    query = (
        select(
            heat_source.c.code,
            heat_source.c.name,
            heat_source.c.kind,
            company.c.code,
            heat_source.c.valid_from,
            heat_source.c.valid_to,
        )
        .join(company, company.c.id == heat_source.c.company_id)
        .order_by(heat_source.c.code)
    )
    return [Source(*row) for row in await every(conn, query)]


async def season_needs_kg(conn: AsyncConnection) -> dict[tuple[int, str, str], int]:
    """Give 采暖期用煤总量 by season, source and fuel, as filed [kg]."""
    query = select(fuel_plan.c.season_year, heat_source.c.code, fuel_plan.c.fuel, fuel_plan.c.season_need_kg).join(
        heat_source, heat_source.c.id == fuel_plan.c.heat_source_id
    )
    return {(year, source, fuel): need for year, source, fuel, need in await every(conn, query)}


# --- the company's file -----------------------------------------------------------------------------------------------


async def file_of(conn: AsyncConnection, company_id: int, season_year: int) -> str | None:
    """Give the number of a company's file of a season; None where it has none."""
    query = select(matter.c.code).where(
        matter.c.kind == "company_file",
        matter.c.company_id == company_id,
        matter.c.state["season_year"].as_integer() == season_year,
    )
    found: str | None = await conn.scalar(query)
    return found


_FILED = matter_event.join(matter, matter.c.id == matter_event.c.matter_id).join(
    company, company.c.id == matter.c.company_id
)
_RECORDED = (
    company.c.code,
    matter.c.code,
    matter_event.c.number,
    matter_event.c.recorded_at,
    matter_event.c.officer,
    matter_event.c.body,
)


def _told(name: str) -> ColumnElement[str]:
    said: ColumnElement[str] = matter_event.c.body[name].astext
    return said


def _of_days(first: dt.date, last: dt.date) -> ColumnElement[bool]:
    return _told("day").between(first.isoformat(), last.isoformat())


async def fuel_reports(conn: AsyncConnection, first: dt.date, last: dt.date) -> list[FuelReport]:
    """List the reports that stand of some days, both inside: by company, source and fuel, the oldest day first."""
    key = (company.c.code, _told("source"), _told("fuel"), _told("day"))
    query = (
        select(*_RECORDED)
        .select_from(_FILED)
        .where(matter_event.c.kind == "fuel_reported", _of_days(first, last))
        .ext(distinct_on(*key))
        .order_by(*key, matter_event.c.matter_id.desc(), matter_event.c.number.desc())
    )
    return [_fuel_report(row) for row in await every(conn, query)]


def _fuel_report(row: AnyRow) -> FuelReport:
    *recorded, body = row
    told = [body[name] for name in ("stock_kg", "received_kg", "used_kg", "method")]
    return FuelReport._make([*recorded, body["source"], body["fuel"], dt.date.fromisoformat(body["day"]), *told])


async def declared(conn: AsyncConnection, first: dt.date, last: dt.date) -> list[Declared]:
    """List what stands of the declarations of some days, both inside: by company, the oldest day first."""
    key = (company.c.code, _told("day"))
    query = (
        select(*_RECORDED)
        .select_from(_FILED)
        .where(matter_event.c.kind == "declared", _of_days(first, last))
        .ext(distinct_on(*key))
        .order_by(*key, matter_event.c.matter_id.desc(), matter_event.c.number.desc())
    )
    return [_declared(row) for row in await every(conn, query)]


def _declared(row: AnyRow) -> Declared:
    *recorded, body = row
    told = [body[name] for name in ("zero", "signature", "statement")]
    return Declared._make([*recorded, dt.date.fromisoformat(body["day"]), *told, body.get("incidents", ())])


async def incidents(conn: AsyncConnection, since: dt.datetime, company_id: int | None = None) -> list[Incident]:
    """List the incidents of companies that were not closed before an instant, the oldest first."""
    asked = [] if company_id is None else [matter.c.company_id == company_id]
    query = (
        select(matter.c.code, company.c.code, matter.c.headline, matter.c.state)
        .join(company, company.c.id == matter.c.company_id)
        .where(matter.c.kind == "incident", or_(matter.c.closed_at.is_(None), matter.c.closed_at >= since), *asked)
        .order_by(matter.c.opened_at, matter.c.id)
    )
    return [Incident(*row) for row in await every(conn, query)]


# --- orders and publications ------------------------------------------------------------------------------------------


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), LOCAL)


def _state_instant(name: str) -> ColumnElement[dt.datetime]:
    return cast(matter.c.state[name].astext, matter.c.opened_at.type)


async def orders(conn: AsyncConnection, first: dt.date, last: dt.date) -> list[Orders]:
    """Count the orders of each company that has any: issued and closed within the days, overdue at their end."""
    begins, ends = _midnight(first), _midnight(last + dt.timedelta(days=1))
    done = func.least(_state_instant("done_at"), _state_instant("mended_at"), matter.c.closed_at)
    late = and_(
        matter.c.opened_at < ends,
        cast(matter.c.state["deadline"].astext, Date) < last,
        or_(done.is_(None), done >= ends),
    )
    counted = (
        func.count().filter(matter.c.opened_at >= begins, matter.c.opened_at < ends),
        func.count().filter(late),
        func.count().filter(matter.c.closed_at >= begins, matter.c.closed_at < ends),
    )
    query = (
        select(company.c.code, *counted)
        .select_from(matter.join(company, company.c.id == matter.c.company_id))
        .where(matter.c.kind == "order")
        .group_by(company.c.code)
        .order_by(company.c.code)
    )
    return [Orders(*row) for row in await every(conn, query)]


_WAS_PUBLISHED = func.jsonb_path_exists(
    matter.c.state,
    cast("$.versions[*] ? (@.event == $number && @.published_at != null)", JSONPATH),
    func.jsonb_build_object("number", matter_event.c.number),
)


def naming(code: str) -> ColumnElement[bool]:
    """Publications that name a company."""
    return matter.c.state["companies"].contains([code])


def of_publication(code: str) -> ColumnElement[bool]:
    """Versions of one publication."""
    return matter.c.code == code


async def published(
    conn: AsyncConnection, *conditions: ColumnElement[bool], after: int = 0, limit: int | None = None
) -> list[Published]:
    """List versions that were published, in the order they were drafted in; `id` is the key of a page.

    The content is the event's own, hashed with it; what came of the version later stands in the publication's state.
    """
    query = (
        select(matter_event.c.id, matter.c.code, matter_event.c.number, matter_event.c.body["content"], matter.c.state)
        .select_from(matter_event.join(matter, matter.c.id == matter_event.c.matter_id))
        .where(matter.c.kind == "publication", matter_event.c.id > after, _WAS_PUBLISHED, *conditions)
        .order_by(matter_event.c.id)
        .limit(limit)
    )
    return [Published(*row) for row in await every(conn, query)]
