"""Tickets from the file of a line to the work order they belong to. What is doubtful waits for a person."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from heatstream.claims.way import ITSELF
from heatstream.core.crowds import crowds
from heatstream.errors import BadInput
from heatstream.rules.supervision.file import required
from heatstream.rules.supervision.hotlines import Hotlines
from heatstream.store import matters, tickets
from heatstream.store.tickets import EXACT, OpenOrder, Ticket, Version
from heatstream.store.timescale import LOCAL
from heatstream.supervision.act import Desk
from heatstream.supervision.matching import Match, Places
from heatstream.supervision.matter import Ground
from heatstream.supervision.ticket_file import Row
from heatstream.supervision.work_orders import NAME, GroupComplaint, Opened, TicketChanged, TicketJoined

A_GROUP_S: Final = 24 * 3600
"""群体投诉 is told by building and 24 h."""


def hotlines(ground: Ground) -> Hotlines:
    """Give the operator's rules of the hotlines.

    Raises
    ------
    Refused
        There are none.
    """
    return required(required(ground.rules, "hotlines").hotlines, "hotlines")


async def find(desk: Desk, line: str, ticket_no: str) -> Ticket:
    """Find a ticket.

    Raises
    ------
    BadInput
        There is none.
    """
    found = await tickets.by_number(desk.conn, line, ticket_no)
    if found is None:
        raise BadInput(f"ticket: seen {line} {ticket_no}, expected line and 工单号 of one that was imported")
    return found


async def places(desk: Desk) -> Places:
    """Read the registry as addresses name it, today."""
    return await Places.read(desk.conn, hotlines(desk.ground), desk.now().astimezone(LOCAL).date())


@dataclass
class Taken:
    """What became of the rows of a file."""

    counts: Counter[str] = field(default_factory=Counter)
    """Rows: new, same, changed, earlier. Tickets: exact, unmatched, opened, joined. Groups found."""
    told: list[str] = field(default_factory=list)
    """What a person must know: tickets that came again with other words."""


async def take(desk: Desk, rows: Sequence[Row], *, by: str) -> Taken:
    """Take the tickets of a file in, match them exactly, and give each that is matched its work order.

    A ticket that came before with the same words is the same. With other words its row takes them, every version is
    kept, and its work order tells of it. A version that was replaced already changes nothing.

    Raises
    ------
    Refused
        There are no rules of the hotlines.
    """
    await tickets.hold(desk.conn)
    known = await tickets.known(desk.conn, {row.key for row in rows})
    past = await tickets.versions(desk.conn, [each.id for each in known.values()])
    intake = _Intake(desk, by, known, past)
    for row in rows:
        await intake.take(row)
    await intake.match(await places(desk))
    return intake.taken


@dataclass
class _Intake:
    """One import under way."""

    desk: Desk
    by: str
    known: dict[tuple[str, str], Ticket]
    past: dict[int, list[Version]]
    taken: Taken = field(default_factory=Taken)
    waiting: dict[tuple[str, str], None] = field(default_factory=dict)
    """Tickets to be matched, each once."""

    async def take(self, row: Row) -> None:
        """Take one row in."""
        ticket = self.known.get(row.key)
        if ticket is None:
            self.taken.counts["new"] += 1
            await self._keep(row, await tickets.add(self.desk.conn, **row.told), 1)
            return
        numbers = {version.sha256: version.number for version in self.past[ticket.id]}
        newest = len(numbers)
        if numbers.get(row.sha256) == newest:
            self.taken.counts["same"] += 1
        elif row.sha256 in numbers:
            self.taken.counts["earlier"] += 1
            self._tell(row, f"seen version {numbers[row.sha256]}, which version {newest} replaced; nothing is changed")
        else:
            await self._change(row, ticket, newest)

    async def _change(self, row: Row, ticket: Ticket, newest: int) -> None:
        self.taken.counts["changed"] += 1
        before = self.past[ticket.id][-1].raw
        columns = sorted(name for name in {*before, *row.raw} if before.get(name) != row.raw.get(name))
        self._tell(row, f"seen other words in {', '.join(columns)}; kept as version {newest + 1}")
        await tickets.change(self.desk.conn, ticket.id, **row.told)
        await self._keep(row, ticket.id, newest + 1)
        if ticket.work_order is not None:
            names = {"line": ticket.line, "ticket_no": ticket.ticket_no, "columns": columns}
            event = TicketChanged(at=self.desk.now(), why=f"sent again ({row.source})", **names)
            await self.desk.record(ticket.work_order, event, by=ITSELF)

    async def _keep(self, row: Row, ticket_id: int, number: int) -> None:
        """Keep the row as it came, and look at its ticket anew."""
        kept = {"imported_by": self.by, "source": row.source, "sha256": row.sha256, "raw": row.raw}
        await tickets.add_version(self.desk.conn, ticket_id, number, **kept)
        version = Version(number, self.desk.now(), self.by, row.source, row.sha256, row.raw)
        self.past.setdefault(ticket_id, []).append(version)
        ticket = await find(self.desk, *row.key)
        self.known[row.key] = ticket
        if ticket.building_id is None and ticket.set_aside_by is None:
            self.waiting[row.key] = None

    def _tell(self, row: Row, text: str) -> None:
        line, ticket_no = row.key
        self.taken.told.append(f"{row.source}: ticket {line} {ticket_no}: {text}")

    async def match(self, among: Places) -> None:
        """Match what waits, the first call first, and give each its work order."""
        waiting = sorted((self.known[key] for key in self.waiting), key=lambda each: (each.received_at, each.id))
        found = await among.match(each.address for each in waiting)
        buildings = set()
        for ticket in waiting:
            match = found[ticket.address]
            self.taken.counts["exact" if match.building_id else "unmatched"] += 1
            if match.building_id is not None:
                self.taken.counts[await place(self.desk, ticket, match, by=ITSELF)] += 1
                buildings.add(match.building_id)
        grew = [await mark_groups(self.desk, building_id) for building_id in sorted(buildings)]
        self.taken.counts += Counter(groups=sum(grew))


# --- its work order ---------------------------------------------------------------------------------------------------


async def place(desk: Desk, ticket: Ticket, match: Match, *, by: str, alone: bool = False) -> str:
    """Say whom a ticket concerns, and give it its work order: one that is open about the same thing, or a new one.

    Parameters
    ----------
    by : 工号 of who says it, or `heatstream` where its address was exact
    alone : a person has said that it is about something else: a new one in any case

    Returns
    -------
    joined or opened
    """
    matched = {"household_id": match.household_id, "building_id": match.building_id, "match_why": match.why}
    await tickets.change(desk.conn, ticket.id, **matched, matched_by=EXACT if by == ITSELF else by)
    placed = await find(desk, ticket.line, ticket.ticket_no)
    same = None if alone else await _same_thing(desk, placed)
    code = await (_open(desk, placed, by) if same is None else _join(desk, placed, same.code, by))
    order = await matters.by_code(desk.conn, code)
    await tickets.change(desk.conn, ticket.id, matter_id=order.id if order else None)
    return "opened" if same is None else "joined"


async def _same_thing(desk: Desk, ticket: Ticket) -> OpenOrder | None:
    """Find the open work order about the same home and topic whose calls lie nearest, within the operator's time."""
    if ticket.building_id is None:
        return None
    within = dt.timedelta(hours=hotlines(desk.ground).same_within_hours)
    orders = await tickets.open_orders(desk.conn, ticket.building_id, ticket.household_id, ticket.topic)
    apart = [(min(abs(at - ticket.received_at) for at in each.received), -place) for place, each in enumerate(orders)]
    near = min((each for each in apart if each[0] <= within), default=None)
    return None if near is None else orders[-near[1]]


async def _open(desk: Desk, ticket: Ticket, by: str) -> str:
    spot = await tickets.spot(desk.conn, ticket.building, ticket.household)
    if spot is None or ticket.matched_by is None:
        raise BadInput(f"ticket {ticket.line} {ticket.ticket_no}: expected a home or building of the registry")
    event = Opened(
        at=ticket.received_at,
        why=f"ticket {ticket.line} {ticket.ticket_no}: {ticket.match_why}",
        line=ticket.line,
        ticket_no=ticket.ticket_no,
        category=ticket.category,
        topic=ticket.topic,
        building=spot.building,
        household=spot.household,
        company=spot.company,
        matched_by=ticket.matched_by,
    )
    return await desk.open(NAME, event, by=by)


async def _join(desk: Desk, ticket: Ticket, code: str, by: str) -> str:
    event = TicketJoined(
        at=desk.now(),
        why=f"the same home and topic: {ticket.match_why}",
        line=ticket.line,
        ticket_no=ticket.ticket_no,
        received_at=ticket.received_at,
    )
    await desk.record(code, event, by=by)
    return code


async def mark_groups(desk: Desk, building_id: int) -> int:
    """Mark the work orders of each 群体投诉 of a building; tell how many groups are new or grew."""
    least = hotlines(desk.ground).group_households
    orders = await tickets.orders_of_building(desk.conn, building_id)
    calls = [(int(each.received[0].timestamp()), each.household_id or 0) for each in orders]
    grew = 0
    for members in crowds(calls, within_s=A_GROUP_S, least=least):
        codes = tuple(orders[each].code for each in members)
        households = len({orders[each].household_id for each in members})
        why = f"{households} households of one building within 24 h; {least} make a group"
        event = GroupComplaint(at=desk.now(), why=why, households=households, work_orders=codes)
        unmarked = [orders[each].code for each in members if not orders[each].group]
        for code in unmarked:
            await desk.record(code, event, by=ITSELF)
        grew += bool(unmarked)
    return grew
