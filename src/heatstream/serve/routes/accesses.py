"""Who asked what: the access log, for who supervises the city and who audits it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from heatstream.serve.access import Connection
from heatstream.serve.formats import Route
from heatstream.serve.paging import At, Page, PagedQuery
from heatstream.serve.shapes import Day, Instant, Shape, check_days
from heatstream.store import access_log

router = APIRouter(tags=["access"], route_class=Route)


class Access(Shape):
    """One request, as it was answered."""

    id: int
    at: Instant = Field(description="when its answer began")
    request: str = Field(description="X-Request-Id, as given or made")
    process: Literal["serve", "web"] = Field(description="the API or the page")
    who: str = Field(description="key:prefix, account:login or nobody")
    role: str | None = Field(description="with whose eyes; null = nobody")
    method: str
    route: str = Field(description="pattern of the address")
    target: str = Field(description="path and query as asked")
    household: str | None = Field(description="户号 that it named; null = none")
    status: int = Field(description="HTTP status")
    rows: int | None = Field(description="rows of the answer; null = no listing")
    took_ms: int = Field(description="until the answer began [ms]")
    address: str | None = Field(description="of the client")


class AccessQuery(PagedQuery):
    """Filters of the access log."""

    who: str | None = Field(None, max_length=200, description="only this key or account")
    household: str | None = Field(None, max_length=200, description="only requests that name this 户号")
    day_from: Day | None = Field(None, description="first local day")
    day_to: Day | None = Field(None, description="last local day")


@router.get("/access-log")
async def listed(conn: Connection, cursor: At, query: Annotated[AccessQuery, Query()]) -> Page[Access]:
    """List who asked what, in the order it was logged in; this request will be in it, too."""
    check_days(query.day_from, query.day_to)
    asked = access_log.between(query.day_from, query.day_to)
    asked += [access_log.by(query.who)] if query.who else []
    asked += [access_log.of_household(query.household)] if query.household else []
    rows = await access_log.listed(conn, *asked, after=cursor.after_id(), limit=query.limit + 1)
    return cursor.page(Access, rows, query.limit)
