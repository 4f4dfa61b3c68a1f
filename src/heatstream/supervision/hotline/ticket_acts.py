"""What officers do with tickets and work orders: match, set aside, split, merge, join to a claim or an incident."""

import datetime as dt
from typing import Any, Final, Literal, NamedTuple

from heatstream.claims import act as claim_act
from heatstream.claims import events as claim_events
from heatstream.claims.check import ROLES as CLAIM_ROLES
from heatstream.claims.check import Officer
from heatstream.claims.event_words import role, roles
from heatstream.errors import BadInput, Refused
from heatstream.rules.supervision.hotlines import TOPICS
from heatstream.store import claims, matters, tickets
from heatstream.store.matters import Matter
from heatstream.store.tickets import Ticket
from heatstream.store.timescale import LOCAL
from heatstream.supervision.act import Desk
from heatstream.supervision.hotline.matching import Candidate, Match
from heatstream.supervision.hotline.tickets import find, hotlines, mark_groups, place, places
from heatstream.supervision.hotline.work_orders import (
    NAME,
    Contacted,
    LinkedClaim,
    LinkedIncident,
    Merged,
    TicketJoined,
    TicketLeft,
    WorkOrder,
)
from heatstream.supervision.incident import incidents

MATCHERS: Final = frozenset({"hotline", "district", "city"})
"""Roles that say whom a ticket concerns."""
OVER: Final = frozenset({"closed", "withdrawn"})
"""Steps of a claim that goes on no more."""


class Unmatched(NamedTuple):
    """A ticket that concerns nobody yet, with what its address may mean."""

    ticket: Ticket
    why: str
    candidates: list[Candidate]


class Proposal(NamedTuple):
    """What an officer may want to do with a work order; nothing follows by itself."""

    work_order: str
    what: Literal["claim", "incident"]
    code: str | None
    """案号 of the open claim, or the incident's number; None = a claim to be opened."""


# --- whom a ticket concerns -------------------------------------------------------------------------------------------


async def unmatched(desk: Desk, *, limit: int, candidates: int) -> list[Unmatched]:
    """List tickets that wait for a person, the first call first, each with the likeliest homes and buildings."""
    waiting, among = await tickets.waiting(desk.conn, limit=limit), await places(desk)
    found = await among.match(each.address for each in waiting)
    return [
        Unmatched(each, found[each.address].why, await among.candidates(each.address, limit=candidates))
        for each in waiting
    ]


async def match(
    desk: Desk, line: str, ticket_no: str, *, household: str | None, building: str | None, by: str, why: str
) -> str:
    """Say whom a ticket concerns; tell the number of its work order.

    A ticket that was matched wrongly is matched anew: it leaves its work order, which goes on without it, or is merged
    into the new one where it was its only ticket.

    Raises
    ------
    BadInput
        There is no such ticket, home or building, or both are named, or neither.
    Refused
        The officer may not.
    """
    ticket = await _held(desk, line, ticket_no, by)
    if (household is None) == (building is None):
        raise BadInput(
            "match: seen household and building, or neither; expected one of them",
            zh="匹配：户号与楼栋均填或均未填，应只填其一",
        )
    spot = await tickets.spot(desk.conn, building, household)
    if spot is None:
        raise BadInput(
            f"match: seen {household or building!r}, expected a 户号 or a code of a 楼栋 of the registry",
            zh=f"匹配：所填为“{household or building}”，应为登记中的户号或楼栋代码",
        )
    found = Match(spot.household_id, spot.building_id, why)
    code = await _to_another(desk, ticket, found, by=by, why=why, alone=False)
    await tickets.change(desk.conn, ticket.id, set_aside_by=None, set_aside_why=None)
    await mark_groups(desk, spot.building_id)
    return code


async def set_aside(desk: Desk, line: str, ticket_no: str, *, by: str, why: str) -> None:
    """Say that a ticket is about no building of the registry.

    Raises
    ------
    BadInput
        There is no such ticket, or it has a work order.
    Refused
        The officer may not.
    """
    ticket = await _held(desk, line, ticket_no, by)
    if ticket.work_order is not None:
        raise BadInput(
            f"set-aside: ticket {line} {ticket_no} is in {ticket.work_order}; expected one without a work order",
            zh=f"搁置：来件 {line} {ticket_no} 已在工单 {ticket.work_order} 中，应为未入工单的来件",
        )
    await tickets.change(desk.conn, ticket.id, set_aside_by=by, set_aside_why=why)


async def split(desk: Desk, line: str, ticket_no: str, *, by: str, why: str) -> str:
    """拆分: give a ticket a work order of its own; tell its number.

    Raises
    ------
    BadInput
        There is no such ticket, or its work order has no other.
    Refused
        The officer may not.
    """
    ticket = await _held(desk, line, ticket_no, by)
    if ticket.work_order is None or len(await _calls(desk, ticket.work_order)) == 1:
        raise BadInput(
            f"split: ticket {line} {ticket_no}: expected one of several tickets of a work order",
            zh=f"拆分：来件 {line} {ticket_no} 所在工单应有多个来件",
        )
    same = Match(ticket.household_id, ticket.building_id, ticket.match_why or why)
    return await _to_another(desk, ticket, same, by=by, why=why, alone=True)


async def merge(desk: Desk, code: str, into: str, *, by: str, why: str) -> None:
    """合并 a work order into another that is about the same home and topic.

    Raises
    ------
    BadInput
        One of them is not there or not open, or they are about different homes or topics.
    Refused
        The officer may not.
    """
    await tickets.hold(desk.conn)
    one, other = await _order(desk, code), await _order(desk, into)
    about = [(each.building_id, each.household_id, (await _state(desk, each)).topic) for each in (one, other)]
    if one.id == other.id or about[0] != about[1]:
        raise BadInput(
            f"merge: {code} and {into}: expected two work orders about one home and topic",
            zh=f"合并：{code} 与 {into} 应为同一户、同一诉求的两个工单",
        )
    for call in (await _state(desk, one)).calls:
        told = {"line": call.line, "ticket_no": call.ticket_no, "received_at": call.received_at}
        await desk.record(into, TicketJoined(at=desk.now(), why=why, **told), by=by)
    await desk.record(code, Merged(at=desk.now(), why=why, into=into), by=by)
    await tickets.move(desk.conn, one.id, other.id)


async def _to_another(desk: Desk, ticket: Ticket, found: Match, *, by: str, why: str, alone: bool) -> str:
    """Give a ticket the work order it belongs to, and let the one it had, if any, go on without it."""
    await place(desk, ticket, found, by=by, alone=alone)
    code = (await find(desk, ticket.line, ticket.ticket_no)).work_order
    if code is None:
        raise BadInput(
            f"ticket {ticket.line} {ticket.ticket_no}: expected a work order",
            zh=f"来件 {ticket.line} {ticket.ticket_no} 应有工单",
        )
    if ticket.work_order is not None and ticket.work_order != code:
        named = {"line": ticket.line, "ticket_no": ticket.ticket_no}
        last = len(await _calls(desk, ticket.work_order)) == 1
        left = (
            Merged(at=desk.now(), why=why, into=code)
            if last
            else TicketLeft(at=desk.now(), why=why, into=code, **named)
        )
        await desk.record(ticket.work_order, left, by=by)
    return code


async def _held(desk: Desk, line: str, ticket_no: str, by: str) -> Ticket:
    """Find a ticket that this officer may say something of, and let nobody else meanwhile."""
    await tickets.hold(desk.conn)
    _check_may(await desk.officer(by), desk.now())
    return await find(desk, line, ticket_no)


def _check_may(officer: Officer, now: dt.datetime) -> None:
    if officer.role not in MATCHERS:
        raise Refused(
            f"ticket: {officer.code} is {officer.role}; expected one of {', '.join(sorted(MATCHERS))}",
            zh=f"来件：{officer.code} 为{role(officer.role)}，应由{roles(MATCHERS)}办理",
        )
    if not officer.holds_on(now.astimezone(LOCAL).date()):
        raise Refused(
            f"ticket: the registration of {officer.code} does not hold today", zh=f"来件：{officer.code} 的登记今日无效"
        )


# --- what it goes on as -----------------------------------------------------------------------------------------------


async def join_claim(desk: Desk, office: claim_act.Desk, code: str, *, claim: str | None, by: str, why: str) -> str:
    """Let a refund claim of the household go on from a work order: the one named, or a new one; tell its 案号.

    Raises
    ------
    BadInput
        There is no such work order or claim, the claim is another home's, or one is open already.
    Refused
        The officer may not, or the law does not let a claim be opened.
    """
    found = await _order(desk, code)
    state = await _state(desk, found)
    if found.household_id is None or state.household is None:
        raise BadInput(
            f"join: {code} names a building alone; expected a work order of one household",
            zh=f"转退费案件：工单 {code} 只有楼栋，应为一户的工单",
        )
    known = {each.code for each in await claims.of_household(desk.conn, found.household_id)}
    if claim is not None and claim not in known:
        raise BadInput(
            f"join: claim: seen {claim!r}, expected one of household {state.household}",
            zh=f"转退费案件：案号为“{claim}”，应为热用户 {state.household} 的案件",
        )
    joined = claim or await office.open(await _opening(desk, state, why), by=by)
    if claim is None:
        await _tell_contact(desk, office, found, joined, by)
    await desk.record(code, LinkedClaim(at=desk.now(), why=why, claim=joined), by=by)
    return joined


async def _opening(desk: Desk, state: WorkOrder, why: str) -> claim_events.Opened:
    """Write the event that opens a claim by a work order's first call."""
    if state.topic != "temperature":
        raise BadInput(
            f"join: the work order is about {state.topic}; expected one about temperature to open a claim by",
            zh=f"转退费案件：该工单的诉求为{TOPICS[state.topic]}，据以立案的应为室温",
        )
    first = state.calls[0]
    ticket = await find(desk, first.line, first.ticket_no)
    told: dict[str, Any] = {"channel": first.line, "ticket_no": first.ticket_no, "category": ticket.category}
    return claim_events.Opened(
        at=first.received_at,
        why=why,
        household=state.household or "",
        way="hotline",
        temperature_complaint=True,
        **told,
    )


async def _tell_contact(desk: Desk, office: claim_act.Desk, found: Matter, claim: str, by: str) -> None:
    """Record in a new claim that its household was reached, as the work order tells, where this officer may."""
    contacts = [each.event for each in await desk.history(found) if isinstance(each.event, Contacted)]
    if contacts and (await desk.officer(by)).role in CLAIM_ROLES["contacted"]:
        first = min(contacts, key=lambda each: each.at)
        told = claim_events.Contacted(at=first.at, why=f"as work order {found.code} tells", by_means=first.by_means)
        await office.record(claim, told, by=by)


async def join_incident(desk: Desk, code: str, incident: str, *, by: str, why: str) -> None:
    """Say that an incident brought a work order about; both tell of it.

    Raises
    ------
    BadInput
        There is no such work order, or the incident is not one of its station or heat source, or was over before its
        calls, or began long after them.
    Refused
        The officer may not.
    """
    found = await _order(desk, code)
    other = await matters.by_code(desk.conn, incident)
    station = other is not None and other.heat_station_id in {found.heat_station_id, None}
    if other is None or other.kind != "incident" or not station or other.heat_source_id != found.heat_source_id:
        raise BadInput(
            f"join: incident: seen {incident!r}, expected an incident of the building's station or heat source",
            zh=f"关联事件：事件编号为“{incident}”，应为该楼栋所属换热站或热源的事件",
        )
    if incident not in await _standing(desk, found, await _state(desk, found)):
        hours = hotlines(desk.ground).same_within_hours
        raise BadInput(
            f"join: incident: {incident} was over before the calls of {code} or began more than {hours} h after them; "
            "expected one that stood then, as `tickets proposals` does",
            zh=f"关联事件：{incident} 在工单 {code} 的来电之前已结束，或在来电 {hours} 小时之后才开始；"
            "应为来电时正在发生的事件",
        )
    await desk.record(code, LinkedIncident(at=desk.now(), why=why, incident=incident), by=by)
    await desk.record(incident, incidents.Linked(at=desk.now(), why=why, matter=code), by=by)


async def proposals(desk: Desk) -> list[Proposal]:
    """Propose claims for open temperature work orders of known homes, and incidents for those without heat."""
    return [
        each for order in await matters.listed(desk.conn, *tickets.OPEN_ORDERS) for each in await proposed(desk, order)
    ]


async def proposed(desk: Desk, order: Matter) -> list[Proposal]:
    """Propose what one work order may go on as."""
    state = WorkOrder.model_validate(order.state)
    if state.topic == "temperature" and order.household_id is not None and state.claim is None:
        found = await claims.of_household(desk.conn, order.household_id)
        return [Proposal(order.code, "claim", next((each.code for each in found if each.step not in OVER), None))]
    if state.topic == "no_heat" and state.incident is None:
        return [Proposal(order.code, "incident", each) for each in await _standing(desk, order, state)]
    return []


async def _standing(desk: Desk, order: Matter, state: WorkOrder) -> list[str]:
    """List incidents of a work order's station or source that stood at its calls, or began soon after them."""
    if not (order.heat_station_id and order.heat_source_id):
        return []
    # An outage is often written down after its first calls.
    within = dt.timedelta(hours=hotlines(desk.ground).same_within_hours)
    calls = [each.received_at for each in state.calls]
    return await tickets.standing_incidents(
        desk.conn, order.heat_station_id, order.heat_source_id, min(calls), max(calls) + within
    )


async def _order(desk: Desk, code: str) -> Matter:
    found = await matters.locked(desk.conn, code)
    if found is None or found.kind != NAME:
        raise BadInput(f"work order: seen {code!r}, expected the number of one", zh=f"没有工单“{code}”，应为工单编号")
    return found


async def _state(desk: Desk, found: Matter) -> WorkOrder:
    state: WorkOrder = await desk.state(found)
    return state


async def _calls(desk: Desk, code: str) -> list[Any]:
    return list((await _state(desk, await _order(desk, code))).calls)
