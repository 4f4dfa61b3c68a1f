"""Tickets from the file of a line to the work order they belong to. What is doubtful waits for a person."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Final

from heatstream.claims.way import ITSELF
from heatstream.core.crowds import crowds
from heatstream.errors import BadInput
from heatstream.rules.supervision.file import required
from heatstream.rules.supervision.hotlines import Hotlines
from heatstream.store import tickets
from heatstream.store.tickets import EXACT, OpenOrder, Spot, Ticket, Version
from heatstream.store.timescale import LOCAL
from heatstream.supervision.act import Desk
from heatstream.supervision.hotline.matching import Match, Places
from heatstream.supervision.hotline.ticket_file import Row
from heatstream.supervision.hotline.work_orders import NAME, GroupComplaint, Opened, TicketChanged, TicketJoined
from heatstream.supervision.matter import Ground

AT_ONCE: Final = 100
"""Rows of one transaction: whoever opens a matter waits for no more."""
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
        raise BadInput(
            f"ticket: seen {line} {ticket_no}, expected line and 工单号 of one that was imported",
            zh=f"没有来件 {line} {ticket_no}，应为已导入来件的热线和工单号",
        )
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
    groups: set[str] = field(default_factory=set)
    """Numbers of the first work orders of the groups that are new or grew."""


async def take(
    desk: Callable[[], AbstractAsyncContextManager[Desk]], rows: Sequence[Row], *, by: str, at_once: int = AT_ONCE
) -> Taken:
    """Take the tickets of a file in, match them exactly, and give each that is matched its work order.

    A ticket that came before with the same words is the same. With other words its row takes them, every version is
    kept, and its work order tells of it. A version that was replaced already changes nothing.

    Some are taken at a time, so that nobody who opens a matter waits for a whole file. Where it breaks off, those
    before are taken, and the file is imported again: they are the same then.

    Parameters
    ----------
    desk : a desk and a transaction for some of them
    at_once : how many

    Raises
    ------
    Refused
        There are no rules of the hotlines.
    """
    taken = Taken()
    for some in _blocks(rows, at_once):
        async with desk() as at:
            await _take(at, some, taken, by)
    return taken


def _blocks(rows: Sequence[Row], at_once: int) -> Iterator[Sequence[Row]]:
    """Cut a file into parts, the first call first; what it says of one ticket keeps its order."""
    received = {row.key: row.told["received_at"] for row in rows}
    ordered = sorted(rows, key=lambda row: received[row.key])
    return (ordered[first : first + at_once] for first in range(0, len(ordered), at_once))


async def _take(desk: Desk, rows: Sequence[Row], taken: Taken, by: str) -> None:
    await tickets.hold(desk.conn)
    known = await tickets.known(desk.conn, {row.key for row in rows})
    past = await tickets.versions(desk.conn, [each.id for each in known.values()])
    intake = _Intake(desk, by, known, past, taken)
    for row in await intake.add(rows):
        await intake.compare(row)
    await intake.match(await places(desk))


@dataclass
class _Intake:
    """Some rows of an import under way."""

    desk: Desk
    by: str
    known: dict[tuple[str, str], Ticket]
    past: dict[int, list[Version]]
    taken: Taken
    waiting: dict[tuple[str, str], None] = field(default_factory=dict)
    """Tickets to be matched, each once."""

    async def add(self, rows: Sequence[Row]) -> list[Row]:
        """Add the tickets that are new, each by its first row; give the other rows."""
        new: dict[tuple[str, str], Row] = {}
        others = [row for row in rows if row.key in self.known or new.setdefault(row.key, row) is not row]
        ids = await tickets.add(self.desk.conn, [row.told for row in new.values()])
        kept = [
            {"ticket_id": ticket_id, "number": 1, **self._version(row)}
            for ticket_id, row in zip(ids, new.values(), strict=True)
        ]
        await tickets.add_versions(self.desk.conn, kept)
        self.known |= await tickets.known(self.desk.conn, new)
        for key, row in new.items():
            self._note(row, self.known[key], 1)
        self.taken.counts += Counter(new=len(new))
        return others

    async def compare(self, row: Row) -> None:
        """Take a row of a ticket that is there."""
        ticket = self.known[row.key]
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
        version = {"ticket_id": ticket.id, "number": newest + 1, **self._version(row)}
        await tickets.add_versions(self.desk.conn, [version])
        self._note(row, await find(self.desk, *row.key), newest + 1)
        if ticket.work_order is not None:
            names = {"line": ticket.line, "ticket_no": ticket.ticket_no, "columns": columns}
            event = TicketChanged(at=self.desk.now(), why=f"sent again ({row.source})", **names)
            await self.desk.record(ticket.work_order, event, by=ITSELF)

    def _version(self, row: Row) -> dict[str, Any]:
        return {"imported_by": self.by, "source": row.source, "sha256": row.sha256, "raw": row.raw}

    def _note(self, row: Row, ticket: Ticket, number: int) -> None:
        """Know a ticket as it was kept, and look at it anew."""
        version = Version(number, self.desk.now(), self.by, row.source, row.sha256, row.raw)
        self.past.setdefault(ticket.id, []).append(version)
        self.known[row.key] = ticket
        if ticket.building_id is None and ticket.set_aside_by is None:
            self.waiting[row.key] = None

    def _tell(self, row: Row, text: str) -> None:
        line, ticket_no = row.key
        self.taken.told.append(f"{row.source}: ticket {line} {ticket_no}: {text}")

    async def match(self, among: Places) -> None:
        """Match what waits, the first call first, and give each its work order."""
        counts = self.taken.counts
        waiting = sorted((self.known[key] for key in self.waiting), key=lambda each: (each.received_at, each.id))
        found = await among.match(each.address for each in waiting)
        exact = [each for each in waiting if found[each.address].building_id is not None]
        counts += Counter(exact=len(exact), unmatched=len(waiting) - len(exact))
        placing = await _Placing.of(self.desk, [found[each.address] for each in exact])
        for ticket in exact:
            counts[await placing.place(ticket, found[ticket.address], by=ITSELF)] += 1
        await placing.keep()
        for building_id in sorted({each.building_id for each in placing.spots.values()}):
            self.taken.groups |= await mark_groups(self.desk, building_id)
        if self.taken.groups:
            counts["groups"] = len(self.taken.groups)


# --- its work order ---------------------------------------------------------------------------------------------------


async def place(desk: Desk, ticket: Ticket, match: Match, *, by: str, alone: bool = False) -> None:
    """Say whom a ticket concerns, and give it its work order: one that is open about the same thing, or a new one.

    Parameters
    ----------
    by : 工号 of who says it
    alone : a person has said that it is about something else: a new one in any case
    """
    placing = await _Placing.of(desk, [match])
    await placing.place(ticket, match, by=by, alone=alone)
    await placing.keep()


@dataclass
class _Placing:
    """Tickets on their way to their work orders."""

    desk: Desk
    within: dt.timedelta
    """Calls about one thing lie at most so far apart: the operator's time."""
    spots: Mapping[tuple[int, int | None], Spot]
    orders: dict[tuple[int, int | None, str], list[OpenOrder]]
    """Open work orders about a home, or a building alone, and a topic; the oldest first."""
    given: list[dict[str, Any]] = field(default_factory=list)
    """What is to be kept of the tickets."""

    @classmethod
    async def of(cls, desk: Desk, matches: Sequence[Match]) -> "_Placing":
        """Look up where these lie and what is open there."""
        within = dt.timedelta(hours=hotlines(desk.ground).same_within_hours)
        homes = {each.household_id for each in matches if each.household_id is not None}
        buildings = {each.building_id for each in matches if each.building_id is not None}
        alone = {each.building_id for each in matches if each.building_id is not None and each.household_id is None}
        orders: dict[tuple[int, int | None, str], list[OpenOrder]] = {}
        for each in await tickets.open_orders(desk.conn, buildings):
            orders.setdefault((each.building_id, each.household_id, each.topic), []).append(each)
        return cls(desk, within, await tickets.spots(desk.conn, homes, alone), orders)

    async def place(self, ticket: Ticket, match: Match, *, by: str, alone: bool = False) -> str:
        """Let a ticket join a work order, or open one; tell which: joined or opened."""
        spot = None if match.building_id is None else self.spots.get((match.building_id, match.household_id))
        if spot is None:
            raise BadInput(
                f"ticket {ticket.line} {ticket.ticket_no}: expected a home or building of the registry",
                zh=f"来件 {ticket.line} {ticket.ticket_no} 应对应登记中的热用户或楼栋",
            )
        matched: dict[str, Any] = {"household_id": spot.household_id, "building_id": spot.building_id}
        matched |= {"match_why": match.why, "matched_by": EXACT if by == ITSELF else by}
        placed = ticket._replace(**matched)
        orders = self.orders.setdefault((spot.building_id, spot.household_id, ticket.topic), [])
        same = None if alone else self._nearest(orders, ticket.received_at)
        if same is None:
            code = await _open(self.desk, placed, spot, by)
            orders.append(
                OpenOrder(code, spot.building_id, spot.household_id, ticket.topic, (ticket.received_at,), group=False)
            )
        else:
            code = orders[same].code
            await _join(self.desk, placed, code, by)
            received = tuple(sorted((*orders[same].received, ticket.received_at)))
            orders[same] = orders[same]._replace(received=received)
        self.given.append({"ticket_id": ticket.id, "work_order": code, **matched})
        return "opened" if same is None else "joined"

    def _nearest(self, orders: Sequence[OpenOrder], received_at: dt.datetime) -> int | None:
        """Find the work order whose calls lie nearest, within the operator's time; of two alike the newer."""
        apart = [(min(abs(at - received_at) for at in each.received), -place) for place, each in enumerate(orders)]
        near = min((each for each in apart if each[0] <= self.within), default=None)
        return None if near is None else -near[1]

    async def keep(self) -> None:
        """Keep whom the tickets concern, and their work orders."""
        await tickets.give(self.desk.conn, self.given)


async def _open(desk: Desk, ticket: Ticket, spot: Spot, by: str) -> str:
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


async def _join(desk: Desk, ticket: Ticket, code: str, by: str) -> None:
    event = TicketJoined(
        at=desk.now(),
        why=f"the same home and topic: {ticket.match_why}",
        line=ticket.line,
        ticket_no=ticket.ticket_no,
        received_at=ticket.received_at,
    )
    await desk.record(code, event, by=by)


async def mark_groups(desk: Desk, building_id: int) -> set[str]:
    """Mark the work orders of each 群体投诉 of a building; tell the first of each group that is new or grew."""
    least = hotlines(desk.ground).group_households
    orders = await tickets.orders_of_building(desk.conn, building_id)
    calls = [(int(each.received[0].timestamp()), each.household_id or 0) for each in orders]
    grew = set()
    for members in crowds(calls, within_s=A_GROUP_S, least=least):
        group = [orders[each] for each in members]
        households, first = len({each.household_id for each in group}), min(group, key=lambda each: each.received[0])
        why = f"{households} households of one building within 24 h; {least} make a group"
        event = GroupComplaint(
            at=desk.now(), why=why, households=households, work_orders=len(group), first_work_order=first.code
        )
        unmarked = [each.code for each in group if not each.group]
        for code in unmarked:
            await desk.record(code, event, by=ITSELF)
        if unmarked:
            grew.add(first.code)
    return grew
