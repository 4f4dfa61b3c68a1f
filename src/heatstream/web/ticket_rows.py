"""Rows of the hotlines' tickets that the browser fetches by itself, without what callers said."""

from typing import Annotated

from fastapi import APIRouter, Query

from heatstream.store.read import work_orders
from heatstream.store.read.places import EVERYWHERE
from heatstream.store.tickets import WAITING
from heatstream.web.matter_rows import PAGE, After, Row, iso, paged
from heatstream.web.signed_in import Reading

router = APIRouter(prefix="/rows", include_in_schema=False)

_TICKET = (
    *("line", "ticket_no", "category", "topic", "household", "building", "district", "company", "matched_by"),
    *("set_aside", "work_order"),
)


@router.get("/tickets")
async def listed(
    reader: Reading, which: Annotated[str, Query(pattern="^(unmatched|all)$")] = "unmatched", after: After = 0
) -> Row:
    """Give the tickets that wait for a person, those imported first before the others; or all, the newest first."""
    waiting = which == "unmatched"
    async with reader.connection() as conn:
        asked = [WAITING] if waiting else []
        rows = await work_orders.tickets(conn, EVERYWHERE, *asked, newest_first=not waiting, limit=after + PAGE + 1)
    told = [
        {**{name: getattr(each, name) for name in _TICKET}, "received_at": iso(each.received_at)}
        for each in rows[after:]
    ]
    return paged(told, after)
