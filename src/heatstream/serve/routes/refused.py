"""What was refused at the border, and incidents of the ingest."""

import base64
from collections import defaultdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BeforeValidator, Field

from heatstream.serve.access import Connection, scope
from heatstream.serve.formats import Route
from heatstream.serve.paging import At, Page, PagedQuery
from heatstream.serve.shapes import Digest, Instant, Shape
from heatstream.store.read import rejects as refused

router = APIRouter(tags=["ingest"], route_class=Route)


def _base64(payload: object) -> object:
    return base64.b64encode(payload).decode() if isinstance(payload, bytes) else payload


class RejectedReading(Shape):
    """A refused reading of a message."""

    position: int = Field(description="place in its message, from 0")
    reason: str = Field(description="stable reason code")
    detail: str | None = Field(description="what was seen, what was expected")
    point: str | None = Field(description="device as sent")
    at: str | None = Field(description="time as sent")
    value: str | None = Field(description="value as sent")
    resolved_at: Instant | None = Field(description="when a replay could store it; null = still refused")


class Reject(Shape):
    """A message that was refused, whole or in part, kept as it came."""

    id: int
    topic: str
    gateway: str | None = Field(description="as the topic names it")
    reason: str | None = Field(description="why the whole message is unusable; null = only some of its readings are")
    detail: str | None = Field(description="what was seen, what was expected, where")
    readings: int = Field(description="refused readings in it; 0 = the message cannot be read")
    seen: int = Field(description="how often it came")
    first_received_at: Instant
    last_received_at: Instant
    resolved_at: Instant | None = Field(description="when a replay left nothing of it refused")
    batch_id: int
    payload_sha256: Digest = Field(description="SHA-256 of the payload, hexadecimal")
    payload_base64: Annotated[str, BeforeValidator(_base64)] = Field(
        validation_alias="payload", description="the message, base64"
    )
    rejected_readings: list[RejectedReading] = Field([], description="its refused readings")


class RejectQuery(PagedQuery):
    """Filters of rejects."""

    reason: str | None = Field(None, description="reason code of the message or of one of its readings")
    gateway: str | None = Field(None, description="gateway as the topic names it")
    resolved: bool = Field(default=False, description="with those that a replay has resolved")


@router.get("/rejects", dependencies=[Depends(scope("rejects"))])
async def rejects(conn: Connection, cursor: At, query: Annotated[RejectQuery, Query()]) -> Page[Reject]:
    """List refused messages by the order they came in, payload and all; needs the scope `rejects`."""
    rows = await refused.listed(
        conn,
        reason=query.reason,
        gateway=query.gateway,
        unresolved=not query.resolved,
        after=cursor.after_id(),
        limit=query.limit + 1,
    )
    page = cursor.page(Reject, rows, query.limit)
    by_reject: dict[int, list[RejectedReading]] = defaultdict(list)
    for row in await refused.readings_of(conn, [reject.id for reject in page.rows]):
        by_reject[row.reject_id].append(RejectedReading.model_validate(row))
    for reject in page.rows:
        reject.rejected_readings = by_reject[reject.id]
    return page


class Incident(Shape):
    """Something that happened to the ingest, beyond single messages."""

    id: int
    at: Instant
    kind: str = Field(description="session_lost, clock_suspect, broker_dropped, sequence_went_back, qos0 …")
    gateway: str | None
    detail: dict[str, Any]


class IncidentQuery(PagedQuery):
    """Filters of incidents."""

    kind: str | None = Field(None, description="one kind")


@router.get("/incidents")
async def incidents(conn: Connection, cursor: At, query: Annotated[IncidentQuery, Query()]) -> Page[Incident]:
    """List incidents of the ingest by the order they happened in."""
    rows = await refused.incidents(conn, kind=query.kind, after=cursor.after_id(), limit=query.limit + 1)
    return cursor.page(Incident, rows, query.limit)
