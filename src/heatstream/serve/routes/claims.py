"""Claims: where each stands, its time limits, its three amounts, and every event."""

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field, SerializerFunctionWrapHandler, model_serializer
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.access import fields
from heatstream.claims import assess, law, shown
from heatstream.claims.way import Way
from heatstream.errors import BadInput
from heatstream.rules import holidays
from heatstream.serve.access import Connection, scope
from heatstream.serve.formats import Route
from heatstream.serve.paging import At, Page, PagedQuery
from heatstream.serve.problems import NotFound
from heatstream.serve.shapes import Amounts, AsOf, Digest, Instant, Moment, Money, Now, PlaceFilters, Said, Shape
from heatstream.store import claims
from heatstream.store.claims import Claim as Row
from heatstream.store.claims import Issued, Task
from heatstream.store.read import places
from heatstream.store.timescale import LOCAL

router = APIRouter(tags=["claims"], route_class=Route, dependencies=[Depends(scope("claims"))])


class Claim(Shape):
    """Where a claim stands. 测算额 is computed from readings; 应退热费 and 裁定额 are other amounts."""

    claim: str = Field(validation_alias="code", description="案号")
    household: str = Field(description="户号")
    district: str = Field(description="区县")
    company: str = Field(description="供热企业 that heats the building")
    season_from: dt.date = Field(description="first day of its season")
    season_to: dt.date = Field(description="last day of its season")
    step: str = Field(description="opened, measured, offered, accepted, applied, retested, drafted, reviewed, ruled …")
    opened_at: Instant = Field(description="the request")
    opened_way: str = Field(description="application, complaint, hotline, fixed_point, officer or batch")
    batch_case: str | None = Field(description="批量退费: the case that opened it")
    next_due_at: Instant | None = Field(description="the earliest time limit that is waited for, passed or not")
    computed_fen: Money = Field(description="测算额 of its days [fen]: from readings alone")
    entitlement_fen: Money = Field(description="应退热费 [fen]; null = undetermined")
    ruled_fen: Money = Field(description="裁定额 [fen]; null = not ruled")
    paid_fen: Money = Field(description="paid so far [fen]")
    pay_by: dt.date | None = Field(description="履行期限; null = none runs")


class ClaimQuery(PlaceFilters, PagedQuery, AsOf):
    """Filters of claims; with `as_of` they are of the claims as they stood then."""

    step: str | None = Field(None, description="only those at this step")
    batch_case: str | None = Field(None, description="only those that this case opened")
    due_before: Moment | None = Field(None, description="only those with a time limit that ends by then, or has passed")
    overdue: bool = Field(default=False, description="only rulings unpaid past 履行期限")


@router.get("/claims")
async def listed(conn: Connection, cursor: At, query: Annotated[ClaimQuery, Query()], now: Now) -> Page[Claim]:
    """List claims by the order they were opened in; needs the scope `claims`."""
    place = query.place()
    await places.check(conn, place)
    instant = query.instant(now)
    rows = claims.NOW if instant is None else claims.at(instant)
    asked = places.within(place)
    asked += [claims.at_step(query.step, rows)] if query.step else []
    asked += [claims.of_case(query.batch_case, rows)] if query.batch_case else []
    asked += [claims.due_by(query.due_before, rows)] if query.due_before else []
    asked += [claims.unpaid_since((instant or now).astimezone(LOCAL).date(), rows)] if query.overdue else []
    found = await claims.listed(conn, *asked, after=cursor.after_id(), limit=query.limit + 1, rows=rows)
    return cursor.page(Claim, found, query.limit)


class Clock(Shape):
    """A time limit."""

    name: Literal["contact", "arrival", "measure", "authority_visit", "perform", "refund_due"] = Field(
        description="联系, 上门, 测温, 主管部门测温, 履行, 退费"
    )
    state: Literal["running", "kept", "breached", "waived", "unknown"] = Field(description="how it stands now")
    start: str = Field(description="it began")
    limit: str | None = Field(description="the last instant within; null = it cannot be said")
    end: str | None = Field(description="when what it waits for came; null = not yet")
    refusal: str | None = Field(description="why the limit cannot be said")


class Event(Shape):
    """What a person recorded."""

    number: int = Field(description="from 1, without a gap")
    kind: str = Field(description="docs/procedure.md tells each")
    at: Instant = Field(validation_alias="happened_at", description="when it happened, as told")
    recorded_at: Instant = Field(description="when it was recorded")
    officer: str | None = Field(description="工号 of who recorded it; null of the making of a ruling for its parties")
    body: Said = Field(description="its fields; null for roles that see no cases, or not how a ruling was made")
    hash: Digest = Field(description="SHA-256 over it and the hash before it, hexadecimal")

    @model_serializer(mode="wrap")
    def _withhold(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        hidden = self.kind in fields.MAKING and not fields.sees("making")
        shown_: dict[str, Any] = written(self)
        return shown_ | ({"officer": None, "body": None} if hidden else {})


class Ruling(Shape):
    """裁定 as issued."""

    doc_no: str = Field(description="文号")
    outcome: Literal["refund", "no_refund"] = Field(description="退费 or 不退费")
    ruled_fen: Money = Field(description="裁定额 [fen]")
    issued_at: Instant
    served_at: Instant | None = Field(description="送达 to both parties")
    revoked_at: Instant | None = Field(description="撤销; null = it stands")


class Review(Shape):
    """复核 that something after a ruling asked for."""

    event: int = Field(validation_alias="event_number", description="number of the event that opened it")
    kind: str = Field(description="late_data, conflict_decided, quality_reviewed, registry, policy or officer")
    opened_at: Instant
    closed_at: Instant | None = Field(description="null = open")
    outcome: str | None = Field(description="ruling_stands or ruling_to_be_revoked; null = open")


class Whole(Shape):
    """A claim with everything that was recorded, and what it comes to now."""

    claim: Claim
    amount: Amounts = Field(
        description="what it comes to now: right, amounts [fen], open and denied conditions; null with as_of"
    )
    clocks: list[Clock] | None = Field(description="its time limits that have begun; null with as_of")
    events: list[Event] = Field(description="its events, by their numbers")
    rulings: list[Ruling] = Field(description="its rulings, the oldest first")
    reviews: list[Review] = Field(description="its reviews, the oldest first")


@router.get("/claims/{claim}", responses={404: {"description": "no claim has this 案号"}})
async def whole(
    conn: Connection,
    claim: Annotated[str, Path(description="案号", max_length=200)],
    query: Annotated[AsOf, Query()],
    now: Now,
    request: Request,
) -> Whole:
    """Give one claim whole; needs the scope `claims`. Once it is ruled, the row keeps the amounts of that day.

    With `as_of` by the events recorded until then; what it comes to is computed from what stands now alone.
    """
    instant = query.instant(now)
    if instant is not None:
        return await _as_it_stood(conn, claim, instant)
    found = await _found(conn, claim)
    request.state.household = found.household  # for the access log
    lines = await claims.lines(conn, found.id)
    in_force = await law.in_force(conn)
    days_off = holidays.load(request.app.state.settings.evaluate.packs_dir)
    seen = await assess.assess(conn, found, assess.way_from(lines), in_force, days_off)
    told = shown.tree(seen, lines, [], now)
    return Whole(
        claim=Claim.model_validate(found),
        amount=told["amount"],
        clocks=[Clock.model_validate(each) for each in told["clocks"]],
        events=[Event.model_validate(line) for line in lines],
        rulings=[Ruling.model_validate(each) for each in await claims.rulings(conn, found.id)],
        reviews=[Review.model_validate(each) for each in await claims.tasks(conn, found.id)],
    )


async def _as_it_stood(conn: AsyncConnection, code: str, instant: dt.datetime) -> Whole:
    found = await claims.by_code(conn, code, claims.at(instant))
    if found is None:
        raise NotFound(f"claim: seen {code!r}, expected one that was there at {instant.isoformat()}")
    lines = [line for line in await claims.lines(conn, found.id) if line.recorded_at <= instant]
    stood = assess.way_from(lines)
    issued = [each for each in await claims.rulings(conn, found.id) if each.doc_no in stood.rulings]
    opened = [task for task in await claims.tasks(conn, found.id) if task.event_number <= len(lines)]
    return Whole(
        claim=Claim.model_validate(found),
        amount=None,
        clocks=None,
        events=[Event.model_validate(line) for line in lines],
        rulings=[Ruling.model_validate(_ruling(stood, each)) for each in issued],
        reviews=[Review.model_validate(_review(stood, each)) for each in opened],
    )


def _ruling(stood: Way, issued: Issued) -> Issued:
    """Leave out of a ruling what came after."""
    seen = stood.rulings[issued.doc_no]
    revoked = issued.revoked_at if seen in stood.revoked else None
    return issued._replace(served_at=issued.served_at if seen.served_to_both else None, revoked_at=revoked)


def _review(stood: Way, task: Task) -> Task:
    """Leave out of a review what came after."""
    return task._replace(closed_at=None, outcome=None) if task.event_number in stood.reviews else task


async def _found(conn: AsyncConnection, code: str) -> Row:
    try:
        return await assess.find(conn, code)
    except BadInput as error:
        raise NotFound(str(error)) from error
