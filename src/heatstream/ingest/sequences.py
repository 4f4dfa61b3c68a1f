"""A gateway's sequence: what came, what is contiguous, what is missing, and whether it began anew."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.ingest.border import Checked, printable
from heatstream.ingest.columns import ABSENT_US, NO_SEQUENCE, Ints, Mask
from heatstream.ingest.ledger import Fates
from heatstream.store import ledger, progress
from heatstream.store.arrays import instants
from heatstream.store.installations import Gateway
from heatstream.store.ledger import Moves
from heatstream.store.progress import GatewayStatus, Progress, Runs
from heatstream.store.stage import Fate

MINUTE_US: Final = 60_000_000
HOUR_US: Final = 60 * MINUTE_US
SAVE_US: Final = 5_000_000
"""`gateway_progress` is at most so far behind where many gateways move [µs]."""

FEW: Final = 256
"""So many gateways are brought up to date with each batch."""

NOBODY: Final = -1
ROOM: Final = 1024

_SPELT: Final = re.compile(rb'"sequence"\s*:\s*(\d{1,18})(?!\d)')
_MOST: Final = int(np.iinfo(np.int64).max) - 1


def begun(first_sequence: int) -> Progress:
    """A gateway of which nothing came yet."""
    return Progress(first_sequence - 1, first_sequence - 1)


def advanced(progress: Progress, came: Sequence[int]) -> Progress:
    """Take sequences that came, rising."""
    contiguous, highest, beyond = progress
    if not beyond and came[0] == contiguous + 1 and came[-1] - came[0] == len(came) - 1:
        return Progress(came[-1], max(highest, came[-1]))
    runs = _merged(sorted([*beyond, *_runs(came)]))
    return _settled(contiguous, max(highest, came[-1]), runs)


def _runs(came: Sequence[int]) -> list[tuple[int, int]]:
    return [(each, each + 1) for each in came]


def _merged(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in runs:
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged


def _settled(contiguous: int, highest: int, runs: list[tuple[int, int]]) -> Progress:
    beyond = []
    for start, end in runs:
        if start <= contiguous + 1:
            contiguous = max(contiguous, end - 1)
        else:
            beyond.append((start, end))
    return Progress(contiguous, highest, tuple(beyond))


def has(progress: Progress, sequence: int) -> bool:
    """Tell whether a sequence came before."""
    return sequence <= progress.contiguous or any(start <= sequence < end for start, end in progress.beyond)


def missing(progress: Progress) -> int:
    """Count the sequences below the highest that never came."""
    return progress.highest - progress.contiguous - sum(end - start for start, end in progress.beyond)


def _sequences(checked: Checked) -> Ints:
    """Find the sequence of each message; that of an undecodable one is looked for in its bytes.

    Such a message is kept as a reject, and a receipt that could never pass it would have its gateway send it for ever.
    """
    sequence = checked.decoded.sequence.copy()
    for message in checked.decoded.undecodable:
        if sequence[message] == NO_SEQUENCE:
            spelt = _SPELT.search(checked.received.payload[message])
            sequence[message] = int(spelt[1]) if spelt else NO_SEQUENCE
    return sequence


@dataclass(slots=True)
class Moved:
    """What a batch changes; arrays are (gateways,), a gateway stands there once."""

    of_sender: Ints
    """(senders,) the place of each; NOBODY where it is not registered."""
    place: Ints
    contiguous: Ints
    highest: Ints
    beyond: dict[int, Runs] = field(default_factory=dict)
    """By place; of the gateways that have or had gaps."""
    due: set[int] = field(default_factory=set)
    """Places of which `gateway_progress` is behind."""
    saved: bool = False
    """It was brought up to date with this batch."""
    told: dict[str, int] = field(default_factory=dict)
    """Gateways of which it was told that they count anew, and when [µs]."""

    def progress(self) -> Iterator[tuple[int, Progress]]:
        for place, contiguous, highest in zip(
            self.place.tolist(), self.contiguous.tolist(), self.highest.tolist(), strict=True
        ):
            yield place, Progress(contiguous, highest, self.beyond.get(place, ()))


class Sequences:
    """Every gateway's progress in memory: arrays by a place of its own, and the runs of the few that have gaps."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._place: dict[str, int] = {}
        self._name: list[str] = []
        self._contiguous = np.zeros(ROOM, np.int64)
        self._highest = np.zeros(ROOM, np.int64)
        self._beyond: dict[int, Runs] = {}
        self._due: set[int] = set()
        self._saved_us = now_us()
        self._seen: dict[int, int] = {}
        self._told: dict[str, int] = {}

    async def load(self, conn: AsyncConnection) -> None:
        for name, each in (await progress.load(conn)).items():
            self._add(name, each)
        self._due = {self._place[name] for name in await progress.behind(conn)}

    def _add(self, name: str, each: Progress) -> int:
        place = self._place[name] = len(self._name)
        self._name.append(name)
        if place >= len(self._contiguous):
            more = np.zeros(len(self._contiguous), np.int64)
            self._contiguous, self._highest = np.append(self._contiguous, more), np.append(self._highest, more)
        self._contiguous[place], self._highest[place] = each.contiguous, each.highest
        if each.beyond:
            self._beyond[place] = each.beyond
        return place

    def _get(self, place: int) -> Progress:
        return Progress(int(self._contiguous[place]), int(self._highest[place]), self._beyond.get(place, ()))

    def receipts(self) -> dict[str, int]:
        """Tell how far every gateway has come that ever sent a sequence."""
        contiguous, came = self._contiguous.tolist(), self._highest > 0
        return {name: contiguous[place] for place, name in enumerate(self._name) if came[place]}

    def receipts_of(self, moved: Moved) -> dict[str, int]:
        """Tell how far the gateways of a batch have come."""
        pairs = zip(moved.place.tolist(), moved.contiguous.tolist(), strict=True)
        return {self._name[place]: contiguous for place, contiguous in pairs}

    # --- a batch ---

    async def write(
        self, conn: AsyncConnection, checked: Checked, fates: Fates, kept: Mask, gateways: Mapping[str, Gateway]
    ) -> Moved:
        """Find how far the gateways of a batch have come; the ledger keeps it, `commit` remembers it.

        Parameters
        ----------
        kept : (messages,) stored, or kept as a reject; a receipt may pass no other
        """
        of_sender = self._places(checked, gateways)
        place = of_sender[checked.sender_of]
        moved = self._moved(checked, kept, of_sender, place)
        moved.told = await self._tell_of_those_back(conn, checked, fates, place)
        return moved

    def _places(self, checked: Checked, gateways: Mapping[str, Gateway]) -> Ints:
        known = np.zeros(len(checked.sender), np.bool_)
        known[checked.sender_of[checked.gateway_known]] = True
        pairs = zip(checked.sender, known.tolist(), strict=True)
        found = (self._placed(each.gateway, gateways) if registered else NOBODY for each, registered in pairs)
        return np.fromiter(found, np.int64, len(checked.sender))

    def _placed(self, name: str, gateways: Mapping[str, Gateway]) -> int:
        place = self._place.get(name)
        return self._add(name, begun(gateways[name].first_sequence)) if place is None else place

    def _moved(self, checked: Checked, kept: Mask, of_sender: Ints, place: Ints) -> Moved:
        sequence = _sequences(checked)
        counted = np.flatnonzero(kept & (place != NOBODY) & (sequence > NO_SEQUENCE) & (sequence < _MOST))
        gateway, came = _distinct_pairs(place[counted], sequence[counted])
        starts = np.flatnonzero(np.diff(gateway, prepend=NOBODY))
        ends = np.append(starts[1:], len(gateway))[: len(starts)]
        owner, first, last = gateway[starts], came[starts], came[ends - 1]
        contiguous = self._contiguous[owner]
        plain = (last <= contiguous) | ((first <= contiguous + 1) & (last - first == ends - starts - 1))
        plain &= ~np.isin(owner, np.fromiter(self._beyond, np.int64))
        moved = Moved(of_sender, owner, np.maximum(last, contiguous), np.maximum(last, self._highest[owner]))
        for i in np.flatnonzero(~plain).tolist():
            each = advanced(self._get(int(owner[i])), came[starts[i] : ends[i]].tolist())
            moved.contiguous[i], moved.highest[i], moved.beyond[int(owner[i])] = each
        return moved

    async def _tell_of_those_back(
        self, conn: AsyncConnection, checked: Checked, fates: Fates, place: Ints
    ) -> dict[str, int]:
        """Raise an incident, once an hour, for a gateway whose sequence came before and now carries new readings."""
        told: dict[str, int] = {}
        now, sequence = self._now_us(), checked.decoded.sequence
        before = (place != NOBODY) & (sequence > NO_SEQUENCE) & (sequence <= self._highest[place])
        for message in np.flatnonzero(before & _new(checked, fates)).tolist():
            name = self._name[place[message]]
            if name in told or now - self._told.get(name, 0) < HOUR_US:
                continue
            known, seen = self._get(int(place[message])), int(sequence[message])
            if has(known, seen):
                told[name] = now
                detail = {"seen": seen, "contiguous": known.contiguous, "highest": known.highest}
                await ledger.record_incident(conn, "sequence_went_back", name, detail)
        return told

    # --- what others read ---

    async def save(self, conn: AsyncConnection, checked: Checked, moved: Moved, batch_id: int) -> None:
        """Bring `gateway_progress` up to date where little has changed, or where it was not for a while."""
        now = self._now_us()
        heard = np.unique(moved.of_sender[moved.of_sender != NOBODY]).tolist()
        unseen = [place for place in heard if now - self._seen.get(place, 0) >= MINUTE_US]
        status = self._statuses(checked, moved.of_sender)
        moved.due = {*self._due, *moved.place.tolist(), *unseen, *status}
        if status or len(moved.due) <= FEW or now - self._saved_us >= SAVE_US:
            await self._save(conn, moved.due, dict(moved.progress()), batch_id)
            if status:
                await progress.save_status(conn, list(status.values()))
            moved.saved = True

    async def _save(self, conn: AsyncConnection, due: set[int], newer: dict[int, Progress], batch_id: int) -> None:
        [now] = instants(np.array([self._now_us()]))
        each = [(self._name[place], newer.get(place) or self._get(place)) for place in due]
        if each:
            await progress.save(conn, each, now, batch_id)

    def _statuses(self, checked: Checked, of_sender: Ints) -> dict[int, GatewayStatus]:
        newest: dict[int, GatewayStatus] = {}
        for status in checked.decoded.status:
            place = int(of_sender[checked.sender_of[status.message]])
            if place != NOBODY:
                [at] = instants(np.array([self._now_us() if status.at_us == ABSENT_US else status.at_us]))
                newest[place] = GatewayStatus(self._name[place], printable(status.state), at)
        return newest

    async def catch_up(self, conn: AsyncConnection, batch_id: int) -> None:
        """Bring `gateway_progress` up to date while nothing comes."""
        await self._save(conn, self._due, {}, batch_id)

    @property
    def behind(self) -> bool:
        return bool(self._due)

    def caught_up(self) -> None:
        self._due, self._saved_us = set(), self._now_us()

    def moves(self, moved: Moved) -> Moves:
        """Lay out what moved beside the ledger's rows, a row a sender."""
        far = dict(moved.progress())
        each = [far.get(place) for place in moved.of_sender.tolist()]
        return Moves(
            [one and one.contiguous for one in each],
            [one and one.highest for one in each],
            [one and one.beyond for one in each],
        )

    def commit(self, moved: Moved) -> None:
        self._contiguous[moved.place], self._highest[moved.place] = moved.contiguous, moved.highest
        for place, runs in moved.beyond.items():
            self._beyond[place] = runs
            if not runs:
                del self._beyond[place]
        self._due = moved.due
        if moved.saved:
            self._seen.update(dict.fromkeys(moved.due, self._now_us()))
            self.caught_up()
        self._told |= moved.told


def _distinct_pairs(place: Ints, sequence: Ints) -> tuple[Ints, Ints]:
    """Sort by place and sequence; a repeated message stands once."""
    order = np.lexsort((sequence, place))
    place, sequence = place[order], sequence[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (place[1:] != place[:-1]) | (sequence[1:] != sequence[:-1])
    return place[new], sequence[new]


def _new(checked: Checked, fates: Fates) -> Mask:
    """Mark the messages of which something was stored and nothing stood already."""
    became = np.zeros((len(checked), len(Fate)), np.bool_)
    became[checked.decoded.indoor.message, fates.indoor] = True
    became[checked.decoded.meters.message, fates.meters] = True
    new: Mask = (became[:, Fate.STORED] | became[:, Fate.CONFLICTING]) & ~became[:, Fate.REPEATED]
    return new
