"""Rows of ingest that the browser fetches by itself: gateways, what was refused, instants with two values."""

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store import conflicts
from heatstream.store.read import gateways, progress, rejects
from heatstream.store.timescale import LOCAL
from heatstream.web.shared import Reader
from heatstream.web.signed_in import Reading

router = APIRouter(prefix="/rows/ingest", include_in_schema=False)

SILENT = dt.timedelta(minutes=30)
"""A gateway that sent nothing for so long is shown as offline; what a company owes for it, supervision says."""
MOST = 500
DAY = dt.timedelta(days=1)

Row = dict[str, Any]


def state(row: Any, now: dt.datetime) -> str:
    """Tell how a gateway stands: never heard, offline by its own last word, silent, or online."""
    if row.last_received_at is None and row.status_at is None:
        return "never"
    if row.status and row.status.get("state") == "offline":
        return "offline"
    heard = max(at for at in (row.last_received_at, row.status_at) if at is not None)
    return "online" if now - heard <= SILENT else "silent"


async def of_gateways(reader: Reader) -> list[Row]:
    """Read the gateways that the visitor may see, with the conservation of their last day."""
    now = dt.datetime.now(LOCAL)

    async def load(conn: AsyncConnection) -> list[Row]:
        return [
            {
                "gateway": row.gateway,
                "company": row.company,
                "state": state(row, now),
                "last_received_at": row.last_received_at and row.last_received_at.isoformat(),
                "missing": row.missing or 0,
                "lost": row.readings - row.stored - row.repeated - row.conflicting - row.rejected,
            }
            | {name: getattr(row, name) for name in progress.COUNTS}
            for row in await gateways.listed(conn, now - DAY)
        ]

    return await reader.shared("gateways of the day", load)


@router.get("/gateways")
async def rows_gateways(reader: Reading) -> list[Row]:
    """Give every gateway, those never heard too."""
    return await of_gateways(reader)


@router.get("/reasons")
async def rows_reasons(reader: Reading) -> list[Row]:
    """Give how many messages and readings wait for their cause to be mended, by reason."""
    async with reader.connection() as conn:
        return [{"reason": row.reason, "refused": row.refused} for row in await rejects.unresolved_by_reason(conn)]


@router.get("/rejects")
async def rows_rejects(reader: Reading, reason: Annotated[str | None, Query(max_length=40)] = None) -> list[Row]:
    """Give the oldest messages that were refused and wait, without their payload: the API has it."""
    async with reader.connection() as conn:
        rows = await rejects.listed(conn, reason=reason, limit=MOST)
        lines = await rejects.readings_of(conn, [row.id for row in rows])
    first: dict[int, Any] = {}
    for line in lines:
        first.setdefault(line.reject_id, line)
    return [
        {
            "id": row.id,
            "gateway": row.gateway,
            "reason": row.reason or (row.id in first and first[row.id].reason) or "",
            "detail": row.detail or (row.id in first and first[row.id].detail) or "",
            "readings": row.readings,
            "seen": row.seen,
            "last_received_at": row.last_received_at.isoformat(),
        }
        for row in rows
    ]


def _said(detail: Row) -> str:
    return ", ".join(f"{name} {value}" for name, value in detail.items())


@router.get("/incidents")
async def rows_incidents(reader: Reading) -> list[Row]:
    """Give what happened to the ingest beyond single messages, the newest first."""
    async with reader.connection() as conn:
        found = await rejects.incidents(conn, limit=10_000)
    return [
        {"at": row.at.isoformat(), "kind": row.kind, "gateway": row.gateway, "detail": _said(row.detail)}
        for row in reversed(found[-MOST:])
    ]


@router.get("/conflicts")
async def rows_conflicts(reader: Reading) -> list[Row]:
    """Give the instants with two values that nobody has decided, the oldest first."""
    async with reader.connection() as conn:
        found = await conflicts.undecided(conn, limit=MOST)
    return [
        {
            "point": each.device,
            "at": each.observed_at.isoformat(),
            "stored_centi": each.stored_centi,
            "other_centi": ", ".join(f"{centi / 100:.2f}" for centi in each.other_centi),
        }
        for each in found
    ]
