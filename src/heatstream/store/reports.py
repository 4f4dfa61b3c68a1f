"""Reports as they were made: figures and workbook, only added. Made again of the same days, it is a new version."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.read.days import Span
from heatstream.store.tables import report


class Kept(NamedTuple):
    """A report without its figures and its workbook."""

    id: int
    kind: str
    period_from: dt.date
    period_to: dt.date
    version: int
    """From 1, among those of the same kind and days."""
    made_at: dt.datetime
    made_by: str
    """`ON_SCHEDULE`, or who asked for it."""
    title: str
    workbook_sha256: bytes


ON_SCHEDULE: Final = "heatstream"
_MADE_BY: Final[ColumnElement[str]] = report.c.figures["made_by"].astext


async def hold(conn: AsyncConnection) -> None:
    """Keep everybody else from making a report until this transaction ends."""
    await conn.execute(select(func.pg_advisory_xact_lock(func.hashtext("heatstream.reports"))))


async def add(
    conn: AsyncConnection, kind: str, days: Span, *, made_at: dt.datetime, figures: Mapping[str, Any], workbook: bytes
) -> int:
    """Keep a report; give its id."""
    row = insert(report).values(
        kind=kind,
        period_from=days.first,
        period_to=days.last,
        made_at=made_at,
        figures=dict(figures),
        workbook=workbook,
        workbook_sha256=hashlib.sha256(workbook).digest(),
    )
    return int((await conn.execute(row.returning(report.c.id))).scalar_one())


async def listed(
    conn: AsyncConnection, *conditions: ColumnElement[bool], after: int = 0, limit: int | None = None
) -> list[Kept]:
    """List reports in the order they were made in, every version."""
    columns = (
        report.c.id,
        report.c.kind,
        report.c.period_from,
        report.c.period_to,
        report.c.figures["version"].as_integer(),
        report.c.made_at,
        _MADE_BY,
        report.c.figures["title"].astext,
        report.c.workbook_sha256,
    )
    query = select(*columns).where(report.c.id > after, *conditions)
    return [Kept(*row) for row in await conn.execute(query.order_by(report.c.id).limit(limit))]


def of_kind(kind: str) -> ColumnElement[bool]:
    return report.c.kind == kind


def touching(first: dt.date | None, last: dt.date | None) -> list[ColumnElement[bool]]:
    """Reports that have a day among some days, both inside."""
    since = [] if first is None else [report.c.period_to >= first]
    return since + ([] if last is None else [report.c.period_from <= last])


def of_id(report_id: int) -> ColumnElement[bool]:
    return report.c.id == report_id


async def figures(conn: AsyncConnection, report_id: int) -> Mapping[str, Any] | None:
    """Give what a report's tables show; None where there is none."""
    found: Mapping[str, Any] | None = await conn.scalar(select(report.c.figures).where(report.c.id == report_id))
    return found


async def workbook(conn: AsyncConnection, report_id: int) -> bytes | None:
    """Give a report's XLSX; None where there is none."""
    found: bytes | None = await conn.scalar(select(report.c.workbook).where(report.c.id == report_id))
    return found


async def versions(conn: AsyncConnection, kind: str, days: Span) -> int:
    """Count the reports of a kind and of the very same days."""
    same = (report.c.kind == kind, report.c.period_from == days.first, report.c.period_to == days.last)
    return int(await conn.scalar(select(func.count()).select_from(report).where(*same)) or 0)


async def last_on_schedule(conn: AsyncConnection, kind: str) -> dt.date | None:
    """Give the last day of the newest report that was made on schedule; None = none was."""
    found: dt.date | None = await conn.scalar(
        select(func.max(report.c.period_to)).where(report.c.kind == kind, _MADE_BY == ON_SCHEDULE)
    )
    return found
