"""The feed of changes: asked for again and again, or pushed. docs/feed.md tells how to follow it."""

import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from heatstream.access.scope import narrow
from heatstream.serve import feed, paging, stream
from heatstream.serve.access import PREFIX, Asking, Shown, Unnarrowed, introduced
from heatstream.serve.feed import ChangePage, CompleteThrough, Head, HeldBy, Lag, Noun
from heatstream.serve.paging import DEFAULT_ROWS, MOST_ROWS, NoParameters, Parameters
from heatstream.store.read import feed as stored

router = APIRouter(tags=["changes"])
streams = APIRouter(
    prefix=PREFIX, tags=["changes"], dependencies=[Depends(introduced), Depends(paging.check_parameters)]
)
"""Held open for hours: who asks is looked up at every look, and no transaction stays open between two."""

LAG_S, COMPLETE_S = 1.0, 5.0
"""Figures beside the rows are kept so long [s]: a thousand pages of a resync need not count a thousand times."""

EVENTS = "text/event-stream"
STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "events, until somebody ends it", "content": {EVENTS: {"schema": {"type": "string"}}}}
}
GONE: dict[int | str, dict[str, Any]] = {410: {"description": "the token is void: begin again, `detail` says how"}}


class Remembered:
    """Figures that may be some seconds old, by what they were asked for."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[float, Any]] = {}

    async def get(self, key: Hashable, seconds: float, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Give what was kept; one asks when it is too old, and meanwhile the others take it as it was."""
        ends, value = self._kept.get(key, (0.0, None))
        if ends >= time.monotonic():
            return value
        if key in self._kept:
            self._kept[key] = time.monotonic() + seconds, value
        found = await ask()
        self._kept[key] = time.monotonic() + seconds, found
        return found


class ChangeQuery(Parameters):
    """Which changes."""

    since: str | None = Field(
        None, max_length=100, description="`next` of the page before, or of /changes/head; without it all there is"
    )
    limit: int = Field(DEFAULT_ROWS, ge=1, le=MOST_ROWS, description="most rows of this page")
    noun: list[Noun] = Field([], description="only these, repeat the parameter; without it all that the key may read")


class StreamQuery(Parameters):
    """Which changes."""

    since: str | None = Field(
        None, max_length=100, description="as of /changes; `Last-Event-ID` stands above it; without both all there is"
    )
    noun: list[Noun] = Field([], description="only these, repeat the parameter; without it all that the key may read")


async def _lag(request: Request, conn: Unnarrowed) -> Lag:
    """Look what holds the feed up; before the rows are narrowed, for a reader is told of nobody's session."""
    found = await request.app.state.remembered.get("lag", LAG_S, lambda: stored.lag(conn))
    return Lag(
        seconds=found.seconds,
        waiting=found.waiting,
        held_by=[HeldBy.model_validate(each) for each in found.held_by],
        told=found.named,
    )


Held = Annotated[Lag, Depends(_lag)]


@router.get("/changes", response_model=ChangePage, responses=GONE)
async def changes(
    request: Request, conn: Unnarrowed, asking: Asking, lag: Held, query: Annotated[ChangeQuery, Query()]
) -> Response:
    """Give the changes after a token, oldest first; nothing is missed and nothing comes twice."""
    wanted = feed.wanted(asking, query.noun)
    await narrow(conn, asking.scope)
    stands = feed.as_seen(await stored.stands(conn), asking.scope)
    page = await feed.page(conn, stands, feed.place(stands, query.since), query.limit, wanted)
    key = ("complete", asking.scope.rows)
    complete = await request.app.state.remembered.get(key, COMPLETE_S, lambda: stored.complete(conn))
    request.state.rows = len(page.rows)
    told = {
        "rows": page.rows,
        "next": feed.token(stands.epoch, page.through),
        "more": page.through < stands.head,
        "complete_through": complete and CompleteThrough.model_validate(complete).model_dump(mode="json"),
        "lag": lag.model_dump(mode="json"),
    }
    return Response(msgspec.json.encode(told), media_type="application/json")


@router.get("/changes/head")
async def head(conn: Unnarrowed, asking: Asking, lag: Held, _: Annotated[NoParameters, Query()]) -> Head:
    """Give the token of now: take it, read the listings, then follow from it."""
    await narrow(conn, asking.scope)
    stands = feed.as_seen(await stored.stands(conn), asking.scope)
    feed.require_here(stands)
    return Head(next=feed.token(stands.epoch, stands.head), lag=lag)


@streams.get("/stream", response_class=StreamingResponse, responses=GONE | STREAM)
async def follow(
    request: Request,
    shown: Shown,
    query: Annotated[StreamQuery, Query()],
    last_event_id: Annotated[str | None, Header(max_length=100, description="id of the last event that came")] = None,
) -> StreamingResponse:
    """Push changes as server-sent events: `id` is the token, `data` a row of /changes; a problem ends the stream."""
    state = request.app.state
    source = stream.Source(state.engine, state.bell, shown, tuple(query.noun))
    since = last_event_id or query.since
    first = await source.look(since)
    state.bell.require_room(first.who)
    if since is None:
        since = feed.token(first.stand.epoch, 0)
    return StreamingResponse(stream.events(source, since, first), media_type=EVENTS)
