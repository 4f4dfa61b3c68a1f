"""Reports that were made, as rows, and their workbooks."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Response

from heatstream.store import reports
from heatstream.web.matter_rows import Row, iso
from heatstream.web.signed_in import Reading

router = APIRouter(prefix="/rows", include_in_schema=False)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/reports")
async def listed(reader: Reading) -> list[Row]:
    """Give every report and version, the newest first."""
    async with reader.connection() as conn:
        found = await reports.listed(conn)
    return [
        {
            "report": each.id,
            "kind": each.kind,
            "period_from": iso(each.period_from),
            "period_to": iso(each.period_to),
            "version": each.version,
            "title": each.title,
            "made_at": iso(each.made_at),
            "made_by": each.made_by,
            "sha256": each.workbook_sha256.hex(),
        }
        for each in reversed(found)
    ]


@router.get("/reports/{report}/workbook")
async def workbook(reader: Reading, report: Annotated[int, Path(ge=1, le=2**31 - 1)]) -> Response:
    """Give a report's workbook (XLSX) as it was made."""
    async with reader.connection() as conn:
        found = await reports.workbook(conn, report)
    if found is None:
        raise HTTPException(404, f"no report {report}")
    name = f'attachment; filename="heatstream-report-{report}.xlsx"'
    return Response(found, media_type=XLSX, headers={"Content-Disposition": name})
