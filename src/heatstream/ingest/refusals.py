"""From what the border refused to what the store keeps of it, within each gateway's quota."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.ingest.border import Checked, Reason, Rows, instant, printable
from heatstream.ingest.columns import ABSENT_US, Columns, Mask, MeterColumns
from heatstream.store import rejects
from heatstream.store.arrays import instants
from heatstream.store.rejects import Line, Outcome, Refused

HOUR_US: Final = 3_600_000_000
STRANGERS: Final = ""
"""Gateways that are not registered share one quota: a new name every time must not fill the disk."""

Key = tuple[str, bytes]


class Quota:
    """How many refused messages of each gateway were kept in this hour; more are counted, not kept.

    A message over quota is not lost to a gateway that keeps to the contract: its sequence is not counted as come, so no
    receipt passes it, and the gateway sends it again.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._hour = 0
        self._kept: Counter[str] = Counter()

    def begin(self, hour: int, kept: Mapping[str, int], registered: Collection[str] = ()) -> None:
        """Begin an hour of which so many messages of each gateway are kept already."""
        self._hour, self._kept = hour, Counter()
        for gateway, messages in kept.items():
            self._kept[gateway if gateway in registered else STRANGERS] += messages

    def left(self, gateway: str, now_us: int) -> int:
        if now_us // HOUR_US != self._hour:
            self.begin(now_us // HOUR_US, {})
        return max(0, self._most - self._kept[gateway])

    def commit(self, kept: Counter[str]) -> None:
        self._kept += kept


class Kept(NamedTuple):
    """What a batch added to the rejects."""

    over_quota: Mask
    """(messages,) refused and not kept."""
    new: Counter[str]
    """By quota: messages kept for the first time."""


# --- what was refused -------------------------------------------------------------------------------------------------


def _line(columns: Columns | MeterColumns, rows: Rows, row: int) -> Line:
    reason, at_us = Reason(int(rows.reason[row])), int(columns.at_us[row])
    if isinstance(columns, Columns):
        device, value = columns.point[row], f"{columns.temp_centi[row] / 100:.2f}"
    else:
        device, value = columns.meter[row], ""
    return Line(
        position=int(columns.position[row]),
        reason=reason.code,
        detail=printable(rows.detail.get(row, "")),
        device=printable(device),
        at="" if at_us == ABSENT_US else instant(at_us),
        value=value if reason > Reason.VALUE_UNREADABLE else "",
    )


def _lines(checked: Checked) -> dict[int, list[Line]]:
    """Write down the refused readings of each message, one by one also where the message is refused as a whole."""
    found: dict[int, list[Line]] = defaultdict(list)
    for columns, rows in ((checked.decoded.indoor, checked.indoor), (checked.decoded.meters, checked.meters)):
        for row in np.flatnonzero(rows.reason != Reason.FINE).tolist():
            found[int(columns.message[row])].append(_line(columns, rows, row))
    return found


def _refused(checked: Checked) -> tuple[dict[Key, Refused], dict[int, Key]]:
    """Name every refused message once, and tell which messages of the batch it was."""
    lines = _lines(checked)
    places = sorted(checked.whole.keys() | lines.keys())
    received = instants(checked.received.received_us[places])
    by_key: dict[Key, Refused] = {}
    key_of: dict[int, Key] = {}
    for place, at in zip(places, received, strict=True):
        refusal, payload = checked.whole.get(place), checked.received.payload[place]
        one = Refused(
            topic=printable(checked.received.topic[place]),
            payload=payload,
            sha256=hashlib.sha256(payload).digest(),
            gateway=checked.sender[checked.sender_of[place]].gateway,
            reason=refusal and refusal.reason.code,
            detail=refusal and printable(refusal.detail),
            readings=len(lines[place]),
            seen=1,
            first_received_at=at,
            last_received_at=at,
            lines=tuple(lines[place]),
        )
        key_of[place] = one.key
        before = by_key.get(one.key)
        by_key[one.key] = one if before is None else before._replace(seen=before.seen + 1, last_received_at=at)
    return by_key, key_of


# --- kept -------------------------------------------------------------------------------------------------------------


def nothing_kept(checked: Checked) -> Kept:
    return Kept(np.zeros(len(checked), np.bool_), Counter())


async def keep(conn: AsyncConnection, checked: Checked, batch_id: int, quota: Quota, now_us: int) -> Kept:
    """Keep what was refused: count what is kept already, add the rest as far as the quotas go."""
    by_key, key_of = _refused(checked)
    if not by_key:
        return nothing_kept(checked)
    ids = await rejects.see_again(conn, list(by_key.values()))
    new, kept = _within_quota([one for key, one in by_key.items() if key not in ids], checked, quota, now_us)
    ids |= await rejects.add(conn, new, batch_id)
    lines = [(ids[key], line) for key, one in by_key.items() if key in ids for line in one.lines]
    await rejects.add_lines(conn, lines)
    over_quota = np.zeros(len(checked), np.bool_)
    over_quota[[place for place, key in key_of.items() if key not in ids]] = True
    return Kept(over_quota, kept)


def _within_quota(
    refused: list[Refused], checked: Checked, quota: Quota, now_us: int
) -> tuple[list[Refused], Counter[str]]:
    registered = {each.gateway for each, known in zip(checked.sender, _known(checked), strict=True) if known}
    kept: Counter[str] = Counter()
    new = []
    for one in refused:
        bucket = one.gateway if one.gateway in registered else STRANGERS
        if kept[bucket] < quota.left(bucket, now_us):
            kept[bucket] += 1
            new.append(one)
    return new, kept


def _known(checked: Checked) -> list[bool]:
    known = np.zeros(len(checked.sender), np.bool_)
    known[checked.sender_of[checked.gateway_known]] = True
    found: list[bool] = known.tolist()
    return found


# --- fed again --------------------------------------------------------------------------------------------------------


async def settle(conn: AsyncConnection, checked: Checked, reject_id: list[int]) -> int:
    """Write down what became of rejects that were fed again; count those that are resolved."""
    lines = _lines(checked)
    outcomes = {}
    for place, id_ in enumerate(reject_id):
        refusal = checked.whole.get(place)
        outcomes[id_] = Outcome(
            refusal and refusal.reason.code,
            refusal and printable(refusal.detail),
            tuple(lines[place]),
        )
    return await rejects.settle(conn, outcomes)
