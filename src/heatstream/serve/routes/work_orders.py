"""The hotlines: tickets without what callers said, work orders, 群体投诉, and figures with their denominators."""

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BeforeValidator, Field

from heatstream.rules.supervision.hotlines import Topic
from heatstream.serve.access import Connection, scope
from heatstream.serve.formats import Route
from heatstream.serve.paging import At, NoParameters, Page, PagedQuery, Parameters
from heatstream.serve.problems import NotFound
from heatstream.serve.shapes import Day, Instant, Moment, Now, PlaceFilters, Shape, check_days
from heatstream.store import tickets
from heatstream.store.read import places, work_orders
from heatstream.store.read.days import Span
from heatstream.store.tickets import EXACT, WAITING
from heatstream.supervision import ground
from heatstream.supervision.hotline.tickets import hotlines

router = APIRouter(tags=["work orders"], route_class=Route)


def _by_whom(officer: object) -> object:
    return officer if officer in {None, EXACT} else "officer"


# --- tickets ----------------------------------------------------------------------------------------------------------


class Ticket(Shape):
    """A ticket of a hotline, without address, content and caller: `/tickets/{line}/{ticket_no}` has them."""

    line: str = Field(description="96118, 12345, 12319 …")
    ticket_no: str = Field(description="工单号 of that line")
    received_at: Instant = Field(description="when the line took the call")
    category: str = Field(description="诉求类别, as the line names it")
    topic: Topic = Field(description="what it is about")
    household: str | None = Field(description="户号; null = a building alone, or matched to nobody")
    building: str | None = Field(description="code of the 楼栋; null = matched to nobody")
    district: str | None = Field(description="code of the 区县")
    company: str | None = Field(description="code of the 供热企业 that heats the building")
    heat_station: str | None = Field(description="code of the 换热站")
    matched_by: Annotated[Literal["exact", "officer"] | None, BeforeValidator(_by_whom)] = Field(
        description="its address named one home or building, or an officer said which; null = matched to nobody"
    )
    set_aside: bool = Field(description="an officer said that it is about no building of the registry")
    work_order: str | None = Field(description="number of its work order")


class TicketQuery(PlaceFilters, PagedQuery):
    """Filters of tickets; a place leaves out what is matched to nobody."""

    line: str | None = Field(None, description="only this line's")
    topic: Topic | None = Field(None, description="only those about this")
    received_from: Moment | None = Field(None, description="received at this instant or later")
    received_to: Moment | None = Field(None, description="received before this instant")
    unmatched: bool = Field(default=False, description="only those that wait for a person to say whom they concern")
    work_order: str | None = Field(None, description="only those of the work order with this number")


@router.get("/tickets")
async def listed(conn: Connection, cursor: At, query: Annotated[TicketQuery, Query()]) -> Page[Ticket]:
    """List the hotlines' tickets in the order they were imported in, without address, content and caller."""
    place = query.place()
    await places.check(conn, place)
    asked = work_orders.received_in(query.received_from, query.received_to)
    asked += [work_orders.on_line(query.line)] if query.line else []
    asked += [work_orders.about(query.topic)] if query.topic else []
    asked += [WAITING] if query.unmatched else []
    asked += [work_orders.in_work_order(query.work_order)] if query.work_order else []
    rows = await work_orders.tickets(conn, place, *asked, after=cursor.after_id(), limit=query.limit + 1)
    return cursor.page(Ticket, rows, query.limit)


class Version(Shape):
    """What the line sent at one time."""

    number: int = Field(description="from 1; the ticket shows the newest")
    imported_at: Instant
    imported_by: str = Field(description="who imported it")
    source: str = Field(description="file and line it came in")
    raw: dict[str, Any] = Field(description="the row as it came")


class WholeTicket(Shape):
    """A ticket with what was said."""

    line: str = Field(description="96118, 12345, 12319 …")
    ticket_no: str = Field(description="工单号 of that line")
    received_at: Instant = Field(description="when the line took the call")
    category: str = Field(description="诉求类别, as the line names it")
    topic: Topic = Field(description="what it is about")
    address: str = Field(description="as the line wrote it")
    content: str = Field(description="what was said")
    caller: str | None = Field(description="who called, as far as the line passes it on")
    household: str | None = Field(description="户号")
    building: str | None = Field(description="code of the 楼栋")
    matched_by: str | None = Field(description="`exact`, or 工号 of who said which home it is")
    match_why: str | None = Field(description="by which way it was matched")
    set_aside_by: str | None = Field(description="工号 of who said that it is about no building of the registry")
    set_aside_why: str | None = Field(description="why")
    work_order: str | None = Field(description="number of its work order")
    versions: list[Version] = Field(description="every version the line sent, the oldest first")


@router.get(
    "/tickets/{line}/{ticket_no}",
    dependencies=[Depends(scope("claims"))],
    responses={404: {"description": "no ticket has this number on this line"}},
)
async def whole(
    conn: Connection,
    line: Annotated[str, Path(description="96118, 12345, 12319 …", max_length=100)],
    ticket_no: Annotated[str, Path(description="工单号 of that line", max_length=200)],
    _: Annotated[NoParameters, Query()],
) -> WholeTicket:
    """Give one ticket whole, with who called and what was said; needs the scope `claims`."""
    found = await tickets.by_number(conn, line, ticket_no)
    if found is None:
        raise NotFound(f"ticket: seen {line} {ticket_no}, expected line and 工单号 of one that was imported")
    versions = (await tickets.versions(conn, [found.id]))[found.id]
    return WholeTicket.model_validate({**found._asdict(), "versions": versions})


# --- work orders ------------------------------------------------------------------------------------------------------


class WorkOrder(Shape):
    """Where a work order stands."""

    work_order: str = Field(validation_alias="code", description="its number")
    topic: Topic = Field(description="what it is about")
    household: str | None = Field(description="户号; null = a building alone")
    building: str = Field(description="code of the 楼栋")
    district: str = Field(description="code of the 区县")
    company: str = Field(description="code of the 供热企业")
    heat_station: str = Field(description="code of the 换热站")
    step: str = Field(
        description="opened, assigned, contacted, visit_booked, visited, handled, called_back, satisfied, reopened, "
        "closed or merged"
    )
    urgency: int = Field(description="0 closed, 1 routine, 2 soon, 3 now")
    tickets: int = Field(description="how many it has")
    opened_at: Instant = Field(description="when the call that opened it was taken")
    next_due_at: Instant | None = Field(description="the earliest limit that is waited for, passed or not")
    handle_by: Instant | None = Field(description="办结时限; null = none is known")
    handled_at: Instant | None = Field(description="办结 that stands; null = none")
    satisfied: bool | None = Field(description="the last answer in the call back; null = none")
    reopened: int = Field(description="how often the caller was not satisfied")
    in_group: bool = Field(description="it is one of a 群体投诉")
    claim: str | None = Field(description="案号 of the claim that goes on from it")
    incident: str | None = Field(description="number of the incident that brought it about")
    merged_into: str | None = Field(description="number of the work order that took its tickets")
    closed_at: Instant | None


class OrderQuery(PlaceFilters, PagedQuery):
    """Filters of work orders."""

    topic: Topic | None = Field(None, description="only those about this")
    step: str | None = Field(None, description="only those at this step")
    open: bool = Field(default=False, description="only those that are not closed")


@router.get("/work-orders")
async def orders(conn: Connection, cursor: At, query: Annotated[OrderQuery, Query()]) -> Page[WorkOrder]:
    """List work orders in the order they were opened in."""
    place = query.place()
    await places.check(conn, place)
    asked = [work_orders.order_about(query.topic)] if query.topic else []
    asked += [work_orders.order_at(query.step)] if query.step else []
    asked += [work_orders.order_open()] if query.open else []
    rows = await work_orders.orders(conn, place, *asked, after=cursor.after_id(), limit=query.limit + 1)
    return cursor.page(WorkOrder, rows, query.limit)


class Period(Parameters):
    """Local days (UTC+08:00), both ends included."""

    day_from: Day = Field(description="first day")
    day_to: Day = Field(description="last day")

    def span(self) -> Span:
        """Give the days."""
        check_days(self.day_from, self.day_to)
        return Span(self.day_from, self.day_to)


class FiguresQuery(Period):
    """Whose figures."""

    by: Literal["all", "company", "district", "line", "topic"] = Field("all", description="what they are told apart by")


class Figures(Shape):
    """What the tickets of a period came to: tickets are counted each, work orders once, at their first ticket."""

    key: str | None = Field(description="code of the company or district, line or topic; null = all, or nobody's")
    tickets: int = Field(description="received in the period")
    unmatched: int = Field(description="of the tickets: nobody has said yet whom they concern")
    set_aside: int = Field(description="of the tickets: about no building of the registry")
    contact_in_time: int = Field(description="of the matched tickets: contact within 联系时限")
    contact_late: int = Field(description="contact after it, or none though it has passed")
    contact_waiting: int = Field(description="none yet, and it runs")
    contact_unknown: int = Field(description="no limit is known")
    work_orders: int = Field(description="begun by a ticket of the period")
    handled: int = Field(description="of the work orders: 办结 stands")
    handled_in_time: int = Field(description="of those: within 办结时限")
    handled_late: int = Field(description="of those: after it")
    handled_unknown: int = Field(description="of those: no limit is known")
    open: int = Field(description="of the work orders: 办结 does not stand")
    open_over_limit: int = Field(description="of those: 办结时限 has passed")
    open_unknown: int = Field(description="of those: no limit is known")
    called_back: int = Field(description="of the work orders: 回访 after the 办结 that stands")
    reached: int = Field(description="of those: somebody answered")
    satisfied: int = Field(description="of the work orders: the last answer was 满意")
    dissatisfied: int = Field(description="of the work orders: the last answer was 不满意")
    reopened: int = Field(description="of the work orders: opened again at least once")
    in_groups: int = Field(description="of the work orders: in a 群体投诉")
    area_centi_m2: int | None = Field(
        description="收费面积, else 建筑面积, supplied on the last day [0.01 m²]; null = of lines and topics"
    )
    homes_without_area: int | None = Field(description="supplied users of heat whose area the registry does not tell")


class FiguresOfPeriod(Shape):
    """Figures of a period."""

    day_from: dt.date
    day_to: dt.date
    as_of: Instant = Field(description="limits that passed before it are late")
    rows: list[Figures]


@router.get("/work-orders/figures")
async def figures(conn: Connection, query: Annotated[FiguresQuery, Query()], now: Now) -> FiguresOfPeriod:
    """Count tickets and work orders of a period.

    Complaints per 10,000 m² are `tickets` × 1,000,000 / `area_centi_m2`.
    """
    span = query.span()
    found = {row.key: row for row in await work_orders.figures(conn, span, by=query.by, now=now)}
    areas: dict[str | None, work_orders.Area] = {}
    if query.by in {"all", "company", "district"}:
        areas = await work_orders.supplied_area(conn, span.last, by=query.by)
    keys = sorted({*found, *areas}, key=lambda key: (key is None, key or ""))
    told = [_told(found.get(key) or work_orders.nothing(key), areas.get(key)) for key in keys]
    return FiguresOfPeriod(day_from=span.first, day_to=span.last, as_of=now, rows=told)


def _told(row: work_orders.Figures, area: work_orders.Area | None) -> Figures:
    of_area = {name: getattr(area, name, None) for name in ("area_centi_m2", "homes_without_area")}
    return Figures.model_validate({**row._asdict(), **of_area})


class Group(Shape):
    """群体投诉: homes of one building that complained within 24 h."""

    building: str = Field(description="code of the 楼栋")
    company: str = Field(description="code of the 供热企业")
    district: str = Field(description="code of the 区县")
    begins: Instant = Field(description="its first call")
    ends: Instant = Field(description="the first call of its last work order")
    households: int = Field(description="how many")
    work_orders: list[str] = Field(description="their numbers")
    topics: dict[str, int] = Field(description="work orders by topic")


class Groups(Shape):
    """群体投诉 that began in a period."""

    least_households: int = Field(description="so many households make one, by the operator's rules")
    rows: list[Group]


@router.get("/work-orders/groups", responses={409: {"description": "there are no rules of the hotlines"}})
async def groups(conn: Connection, query: Annotated[Period, Query()], now: Now, request: Request) -> Groups:
    """List 群体投诉 that began in a period: so many households of one building within 24 h."""
    least = hotlines(await ground.read(conn, request.app.state.settings, now)).group_households
    found = await work_orders.groups(conn, query.span(), least=least)
    return Groups(least_households=least, rows=[Group.model_validate(each._asdict()) for each in found])
