"""Matters under supervision: the morning's list, every matter, and each one whole."""

import datetime as dt
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from heatstream.access import fields
from heatstream.errors import BadInput
from heatstream.serve.access import Asking, Connection
from heatstream.serve.formats import Route
from heatstream.serve.handled import HandledBy
from heatstream.serve.paging import MOST_ROWS, At, Page, PagedQuery, Parameters
from heatstream.serve.problems import NotFound
from heatstream.serve.shapes import AsOf, Digest, Instant, Now, Shape
from heatstream.store import matters
from heatstream.store.read import places
from heatstream.store.read.places import Place
from heatstream.supervision import shown, today
from heatstream.supervision.act import Desk

router = APIRouter(tags=["matters"], route_class=Route)

STOPS = 200
"""Rows of the morning's list, unless it is asked for more."""

Kind = Literal["incident", "task", "order", "publication", "warning", "work_order", "assessment", "company_file"]
WITHHELD: Final = frozenset({"work_order", "assessment", "publication"})
"""Kinds whose events hold what residents said, how warm homes are, or an unapproved draft: for scope `claims`."""


class Matter(Shape):
    """Where a matter (事项) stands, and whom it concerns."""

    matter: str = Field(validation_alias="code", description="its number")
    kind: Kind
    headline: str = Field(description="what it is about, in a line")
    step: str = Field(description="where it stands, in the words of its kind")
    urgency: int = Field(description="0 closed, 1 routine, 2 soon, 3 now")
    district: str | None = Field(description="code of the 区县")
    company: str | None = Field(description="code of the 供热企业")
    heat_source: str | None = Field(description="code of the 热源")
    heat_station: str | None = Field(description="code of the 换热站")
    building: str | None = Field(description="code of the 楼栋")
    gateway: str | None = Field(description="code of the gateway")
    opened_at: Instant
    next_due_at: Instant | None = Field(description="the next time limit that runs; null = none")
    closed_at: Instant | None = Field(description="null = open")


class Event(Shape):
    """What was recorded in a matter."""

    number: int = Field(description="from 1, without a gap")
    kind: str = Field(description="docs/supervision.md tells each")
    at: Instant = Field(validation_alias="happened_at", description="when it happened, as told")
    recorded_at: Instant
    officer: str = Field(description="工号 of who recorded it; `heatstream` = the software")
    body: dict[str, Any] | None = Field(
        description="its fields; null = of a work order, assessment or publication, without scope `claims`; for a "
        "hotline, of whatever is no work order"
    )
    hash: Digest = Field(description="SHA-256 over it and the hash before it, hexadecimal")


class Paper(Shape):
    """A paper that was attached."""

    name: str
    media_type: str
    sha256: Digest
    added_at: Instant
    officer: str


class Whole(Shape):
    """A matter with everything that was recorded."""

    matter: Matter
    incident: dict[str, Any] | None = Field(
        description="of an incident: its period, repair limits under every rule, notice, homes; null = another kind, "
        "or as_of"
    )
    events: list[Event]
    papers: list[Paper]
    coming: dict[str, list[str]] = Field(description="events that may come next, and the roles that may record each")


class Stop(Shape):
    """One line of the morning's list: where to go, and why."""

    where: str = Field(description="building, else station, source, company, district")
    why: str = Field(description="what it is about, in a line, as it stands now")
    evidence: str | None = Field(description="what meter and homes showed of an incident; null = neither showed it")
    households: int | None = Field(description="homes that an incident touches, without 报停; null = no incident")
    urgency: int = Field(description="1 routine, 2 soon, 3 now")
    step: str
    next_due_at: Instant | None = Field(description="the next time limit that runs; null = none")
    matter: Matter = Field(description="as it was last kept")


class Morning(Shape):
    """The morning's list, as far as it was asked for."""

    total: int = Field(description="how many lines there are in all")
    rows: list[Stop] = Field(description="the first of them, at most `limit`")


class Filters(Parameters):
    """Whose matters."""

    kind: Kind | None = Field(None, description="only of this kind")
    company: str | None = Field(None, description="code of a 供热企业")
    district: str | None = Field(None, description="code of a 区县")
    heat_station: str | None = Field(None, description="code of a 换热站")

    def conditions(self) -> list[Any]:
        """Say which matters are asked for."""
        asked = today.conditions(
            kind=self.kind,
            company_code=self.company,
            district_code=self.district,
            station_code=self.heat_station,
        )
        return list(asked)

    def place(self) -> Place:
        """Give the part of the city that is asked for."""
        return Place(company=self.company, district=self.district, heat_station=self.heat_station)


class MorningQuery(Filters):
    """Filters of the morning's list, and how much of it."""

    limit: int = Field(STOPS, ge=1, le=MOST_ROWS, description="most rows, the most urgent first")


class MatterQuery(Filters, PagedQuery):
    """Filters of matters."""

    open: bool = Field(default=False, description="only those that are not closed")


@router.get("/matters")
async def listed(conn: Connection, cursor: At, query: Annotated[MatterQuery, Query()]) -> Page[Matter]:
    """List matters in the order they were opened in."""
    await places.check(conn, query.place())
    asked = [*query.conditions(), *([matters.is_open()] if query.open else [])]
    rows = await matters.paged(conn, *asked, after=cursor.after_id(), limit=query.limit + 1)
    return cursor.page(Matter, rows, query.limit)


@router.get("/matters/{code}", responses={404: {"description": "no matter has this number"}})
async def whole(
    conn: Connection,
    code: Annotated[str, Path(description="its number", max_length=200)],
    *,
    query: Annotated[AsOf, Query()],
    handled_by: HandledBy,
    now: Now,
    asking: Asking,
) -> Whole:
    """Give one matter whole, as it stands now; what work orders, assessments and publications hold with scope `claims`.

    With `as_of` by the events recorded until then, folded by the rules of today.
    """
    desk, instant = _desk(conn, handled_by, now), query.instant(now)
    try:
        seen = await (shown.look(desk, code) if instant is None else shown.look_back(desk, code, instant))
    except BadInput as error:
        raise NotFound(str(error)) from error
    lines = [Event.model_validate(line) for line in seen.lines]
    kind = seen.matter.kind
    hidden = not fields.reads(asking.role, kind) or (kind in WITHHELD and not asking.allows("claims"))
    return Whole(
        matter=Matter.model_validate(seen.matter),
        incident=shown.tree(seen).get("incident"),
        events=[each.model_copy(update={"body": None}) for each in lines] if hidden else lines,
        papers=[Paper.model_validate(each) for each in seen.files],
        coming={name: list(roles) for name, roles in seen.coming.items()},
    )


@router.get("/today")
async def morning(
    request: Request, conn: Connection, query: Annotated[MorningQuery, Query()], handled_by: HandledBy, now: Now
) -> Morning:
    """Say where to go and why: open matters as they stand now, the most urgent first, then by their next limit."""
    await places.check(conn, query.place())
    limit = min(query.limit, request.app.state.settings.serve.page_limit)
    found = await today.places(_desk(conn, handled_by, now), *query.conditions(), limit=limit)
    return Morning(total=found.total, rows=[_stop(each) for each in found.places])


def _stop(each: today.Place) -> Stop:
    return Stop(
        where=each.where,
        why=each.standing.headline,
        evidence=each.evidence or None,
        households=each.households,
        urgency=each.standing.urgency,
        step=each.standing.step,
        next_due_at=each.standing.next_due_at,
        matter=Matter.model_validate(each.matter),
    )


def _desk(conn: Connection, handled_by: HandledBy, now: dt.datetime) -> Desk:
    return Desk(conn, handled_by, lambda: now)
