"""A gateway's sequence: what came, what is contiguous, what is missing, and whether it began anew."""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.ingest.border import Checked
from heatstream.ingest.columns import ABSENT_US, NO_SEQUENCE, Ints, Mask
from heatstream.ingest.ledger import Fates
from heatstream.store import ledger, progress
from heatstream.store.arrays import instants
from heatstream.store.installations import Gateway
from heatstream.store.progress import GatewayStatus, Progress
from heatstream.store.stage import Fate

MINUTE_US: Final = 60_000_000
HOUR_US: Final = 60 * MINUTE_US

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


class Came(NamedTuple):
    """The sequences of one gateway in a batch, rising; a repeated message is there twice."""

    gateway: str
    sequences: list[int]
    messages: list[int]
    """The message that carried each."""


def by_gateway(checked: Checked, kept: Mask) -> Iterator[Came]:
    """Group the kept messages of registered gateways that carry a sequence."""
    sequence = _sequences(checked)
    counted = np.flatnonzero(kept & checked.gateway_known & (sequence > NO_SEQUENCE) & (sequence < _MOST))
    names: dict[str, int] = {}
    place = np.array([names.setdefault(each.gateway, len(names)) for each in checked.sender], np.int64)
    of = place[checked.sender_of[counted]]
    order = np.lexsort((sequence[counted], of))
    gateways = list(names)
    cuts = np.flatnonzero(np.diff(of[order])) + 1
    starts = [0, *cuts.tolist(), len(order)]
    sequences, messages, owner = sequence[counted][order].tolist(), counted[order].tolist(), of[order].tolist()
    for start, end in pairwise(starts):
        if start < end:
            yield Came(gateways[owner[start]], sequences[start:end], messages[start:end])


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


def went_back(known: Progress, came: Came, new: Mask) -> list[int]:
    """Name the sequences that came before and now carry new readings: the gateway may have begun to count anew.

    Parameters
    ----------
    new : (messages,) something of the message was stored, and nothing of it stood already
    """
    if came.sequences[0] > known.contiguous and not known.beyond:
        return []
    pairs = zip(came.sequences, came.messages, strict=True)
    return [sequence for sequence, message in pairs if new[message] and has(known, sequence)]


class Sequences:
    """Every gateway's progress in memory; written with the batch that moves it."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._progress: dict[str, Progress] = {}
        self._silent: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._telling: dict[str, int] = {}

    async def load(self, conn: AsyncConnection) -> None:
        self._progress = await progress.load(conn)

    def receipts(self) -> dict[str, int]:
        return {gateway: each.contiguous for gateway, each in self._progress.items() if each.highest > 0}

    async def write(
        self,
        conn: AsyncConnection,
        checked: Checked,
        fates: Fates,
        kept: Mask,
        gateways: Mapping[str, Gateway],
    ) -> dict[str, Progress]:
        """Write how far the gateways of a batch have come; `commit` then remembers it.

        Parameters
        ----------
        kept : (messages,) stored, or kept as a reject; a receipt may pass no other
        """
        before = {name: self._progress.get(name) or begun(gateways[name].first_sequence) for name in _heard(checked)}
        moved: dict[str, Progress] = {}
        self._telling = {}
        new = _new(checked, fates)
        for came in by_gateway(checked, kept):
            known = before[came.gateway]
            moved[came.gateway] = advanced(known, came.sequences)
            if back := went_back(known, came, new):
                await self._tell(conn, came.gateway, back[0], known)
        silent = self._silent_ones(before, moved)
        now = self._now()
        if moved or silent:
            await progress.save(conn, moved | silent, now)
        if told := self._statuses(checked, before | moved, now):
            await progress.save_status(conn, told, now)
        return moved

    def commit(self, moved: dict[str, Progress]) -> None:
        self._progress |= moved
        self._told |= self._telling

    def _now(self) -> dt.datetime:
        [now] = instants(np.array([self._now_us()]))
        return now

    def _silent_ones(self, before: dict[str, Progress], moved: dict[str, Progress]) -> dict[str, Progress]:
        """Name the gateways that send no sequences, each once a minute, so that it is seen when they were heard."""
        now = self._now_us()
        due = [name for name in before if name not in moved and now - self._silent.get(name, 0) >= MINUTE_US]
        self._silent.update(dict.fromkeys(due, now))
        return {name: before[name] for name in due}

    async def _tell(self, conn: AsyncConnection, gateway: str, sequence: int, known: Progress) -> None:
        now = self._now_us()
        if now - self._told.get(gateway, 0) < HOUR_US:
            return
        self._telling[gateway] = now
        detail = {"seen": sequence, "contiguous": known.contiguous, "highest": known.highest}
        await ledger.record_incident(conn, "sequence_went_back", gateway, detail)

    def _statuses(self, checked: Checked, known: dict[str, Progress], now: dt.datetime) -> list[GatewayStatus]:
        newest: dict[str, GatewayStatus] = {}
        for status in checked.decoded.status:
            gateway = checked.sender[checked.sender_of[status.message]].gateway
            if gateway in known:
                at = now if status.at_us == ABSENT_US else instants(np.array([status.at_us]))[0]
                newest[gateway] = GatewayStatus(gateway, {"state": status.state}, at, known[gateway])
        return list(newest.values())


def _heard(checked: Checked) -> list[str]:
    places = np.unique(checked.sender_of[checked.gateway_known]).tolist()
    return list(dict.fromkeys(checked.sender[place].gateway for place in places))


def _new(checked: Checked, fates: Fates) -> Mask:
    """Mark the messages of which something was stored and nothing stood already."""
    became = np.zeros((len(checked), len(Fate)), np.bool_)
    became[checked.decoded.indoor.message, fates.indoor] = True
    became[checked.decoded.meters.message, fates.meters] = True
    new: Mask = (became[:, Fate.STORED] | became[:, Fate.CONFLICTING]) & ~became[:, Fate.REPEATED]
    return new
