"""Reports of supervision: those that were made, their figures, and their workbooks."""

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field

from heatstream.rules.supervision.reports import Kind
from heatstream.serve.access import Connection, scope
from heatstream.serve.formats import Route
from heatstream.serve.paging import At, NoParameters, Page, PagedQuery
from heatstream.serve.problems import NotFound
from heatstream.serve.shapes import Day, Digest, Instant, Shape, check_days
from heatstream.store import reports
from heatstream.supervision.reporting.report_figures import Figures

router = APIRouter(tags=["reports"], route_class=Route)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Number = Annotated[int, Path(description="number of the report", ge=1, le=2**31 - 1)]
_NONE: dict[int | str, dict[str, Any]] = {404: {"description": "no report has this number"}}


class Made(Shape):
    """A report that was made; `/reports/{report}` has its figures."""

    report: int = Field(validation_alias="id", description="its number")
    kind: Kind
    period_from: dt.date
    period_to: dt.date = Field(description="last day")
    version: int = Field(description="from 1, among the reports of the same kind and days; every one is kept")
    made_at: Instant
    made_by: str = Field(description="heatstream = on schedule, else who asked for it")
    title: str
    workbook_sha256: Digest


class ReportQuery(PagedQuery):
    """Filters of reports."""

    kind: Kind | None = Field(None, description="daily, weekly or half_monthly")
    day_from: Day | None = Field(None, description="only those with a day from here on")
    day_to: Day | None = Field(None, description="only those with a day up to here")


@router.get("/reports")
async def listed(conn: Connection, cursor: At, query: Annotated[ReportQuery, Query()]) -> Page[Made]:
    """List the reports in the order they were made in, every version."""
    check_days(query.day_from, query.day_to)
    asked = reports.touching(query.day_from, query.day_to)
    asked += [reports.of_kind(query.kind)] if query.kind else []
    rows = await reports.listed(conn, *asked, after=cursor.after_id(), limit=query.limit + 1)
    return cursor.page(Made, rows, query.limit)


@router.get("/reports/{report}", responses=_NONE, dependencies=[Depends(scope("claims"))])
async def figures(conn: Connection, report: Number, _: Annotated[NoParameters, Query()]) -> Figures:
    """Give a report's figures as they were made; needs the scope `claims`, for what is unpaid names homes."""
    found = await reports.figures(conn, report)
    if found is None:
        raise _none(report)
    return Figures.model_validate(found)


@router.get(
    "/reports/{report}/workbook",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}, "description": "the workbook"}, **_NONE},
    dependencies=[Depends(scope("claims"))],
)
async def workbook(conn: Connection, report: Number, _: Annotated[NoParameters, Query()]) -> Response:
    """Give a report's workbook (XLSX) as it was made; needs the scope `claims`."""
    found = await reports.workbook(conn, report)
    if found is None:
        raise _none(report)
    name = f'attachment; filename="heatstream-report-{report}.xlsx"'
    return Response(found, media_type=XLSX, headers={"Content-Disposition": name})


def _none(number: int) -> NotFound:
    return NotFound(f"report: seen {number}, expected one that /api/v1/reports lists")
