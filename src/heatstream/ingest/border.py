"""The border: what is unusable is refused here, with a reason that never changes its name, and kept whole.

The reasons, in the order in which the first that applies is given:

| reason | what |
| --- | --- |
| `undecodable` | the message, or one reading in it, cannot be read at all |
| `unknown_gateway` | the whole message: no such gateway may send on the day it came |
| `no_time_zone` `time_unreadable` `value_unreadable` | the reading's time or value |
| `too_far_ahead` | more than `ahead_s` after our clock |
| `too_old` | more than `past_days` before it came |
| `unknown_point` `unknown_meter` | no such device, or no installation of it at that instant |
| `out_of_range` | physically impossible: indoors −20 to 60 °C; for meters see `METER_RANGES` |
| `repeated_time_backlog` | `repeated_time_limit` readings of a point in a message have one time and differ |
| `store_refused` | the database would not take it; found by `ingest.write` |
| `quota` | never stored: the gateway's rejects of this hour are used up, the message is counted only |
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
import structlog
from numpy.typing import NDArray

from heatstream.core.calendar import date_of, local_days
from heatstream.core.quality import Quality
from heatstream.ingest.clock import ClockWatch, Suspicion
from heatstream.ingest.columns import (
    ABSENT_US,
    QUANTITIES,
    Codes,
    Columns,
    Decoded,
    Ints,
    Mask,
    MeterColumns,
    Received,
    Route,
    SmallInts,
)
from heatstream.ingest.registry import Devices, Registry, stands
from heatstream.settings import Ingest

INDOOR_LEAST_CENTI: Final = -2_000
INDOOR_MOST_CENTI: Final = 6_000
_UNLIMITED: Final = int(np.iinfo(np.int64).max) - 1
_INT32: Final = int(np.iinfo(np.int32).max)
METER_RANGES: Final = {
    "supply_centi": (0, 15_000),
    "return_centi": (0, 11_000),
    "flow_l_h": (0, _INT32),
    "power_w": (0, _UNLIMITED),
    "energy_wh": (0, _UNLIMITED),
    "volume_l": (0, _UNLIMITED),
    "supply_kpa": (0, 2_500),
    "return_kpa": (0, 2_500),
    "outdoor_centi": (-5_000, 4_500),
}
"""Of primary and secondary circuits alike; one quantity outside refuses the whole meter reading."""

HOLD_S: Final = 5.0
_KNOWN_SENDERS: Final = 100_000
_SECOND_US: Final = 1_000_000
_DAY_US: Final = 86_400 * _SECOND_US
_HOUR_US: Final = 3_600 * _SECOND_US
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

log = structlog.get_logger(__name__)


class Reason(IntEnum):
    """Why a message or a reading is refused; the first values are those of `columns.Fault`. The name is the code."""

    FINE = 0
    UNDECODABLE = 1
    NO_TIME_ZONE = 2
    TIME_UNREADABLE = 3
    VALUE_UNREADABLE = 4
    UNKNOWN_GATEWAY = 5
    UNKNOWN_POINT = 6
    UNKNOWN_METER = 7
    OUT_OF_RANGE = 8
    TOO_FAR_AHEAD = 9
    TOO_OLD = 10
    REPEATED_TIME_BACKLOG = 11
    STORE_REFUSED = 12

    @property
    def code(self) -> str:
        return self.name.lower()


class Refusal(NamedTuple):
    """Why a message as a whole is refused."""

    reason: Reason
    detail: str


class Sender(NamedTuple):
    """What the ledger counts by."""

    gateway: str
    """As sent, freed of what a text column cannot hold."""
    kind: str
    """indoor | meters | status, or unknown where no subscription takes the topic."""


@dataclass(slots=True)
class Rows:
    """What the border found about the readings of one kind; every array is (rows,) in the order of the columns."""

    id: SmallInts
    """point.id or meter.id; of no meaning where refused."""
    household: SmallInts
    limit_centi: NDArray[np.int16]
    """[0.01 °C] what the point is held against."""
    flags: NDArray[np.int16]
    """core.quality."""
    reason: Codes
    """Reason; FINE = usable."""
    detail: dict[int, str]
    """Row -> what was seen, what was expected; of refused rows."""
    order: Ints
    """Rows by id and instant, in order of arrival where both are equal; refused rows may stand among them."""

    def usable(self) -> Ints:
        """The usable rows, by id and instant."""
        order: Ints = self.order[self.reason[self.order] == Reason.FINE]
        return order

    def refuse(self, rows: Sequence[int], reason: Reason, detail: Callable[[int], str]) -> None:
        self.reason[list(rows)] = reason
        self.detail |= {row: detail(row) for row in rows}


@dataclass(slots=True)
class Checked:
    """A batch that has passed the border, with what it found."""

    received: Received
    decoded: Decoded
    sender: list[Sender]
    """Distinct ones."""
    sender_of: SmallInts
    """(messages,) place in `sender`."""
    gateway_known: Mask
    """(messages,)"""
    whole: dict[int, Refusal]
    """Message -> refused as a whole; its readings, if any could be read, are refused with it."""
    indoor: Rows
    meters: Rows
    reject_id: list[int] | None = None
    """(messages,) the rejects that are fed again; None = new from the broker."""

    def __len__(self) -> int:
        return len(self.received)


class Border:
    """Checks batches against the registry and the clock."""

    def __init__(
        self,
        registry: Registry,
        limits: Ingest,
        now_us: Callable[[], int],
        suspect: Callable[[Suspicion], Awaitable[None]] | None,
    ) -> None:
        """Make a border; without `suspect` our clock is not suspected: what is fed again came long ago."""
        self._registry = registry
        self._limits = limits
        self._now_us = now_us
        self._suspect = suspect
        self._senders = _SendersByTopic()
        self.holding = False
        """While most gateways seem ahead of our clock."""
        self._watch = ClockWatch(limits.ahead_s * _SECOND_US)

    async def check(self, received: Received, decoded: Decoded) -> Checked:
        """Check a batch; while most gateways seem ahead of our clock, wait and refuse nothing.

        Names that are not in memory are asked for in the database first.
        """
        await self._registry.fresh()
        senders = self._senders.of(received, decoded)
        names = {each.gateway for each in senders.distinct}
        await self._hold_while_suspect(received, decoded, names)
        places = self._place(decoded)
        if await self._ask_for_unknown(decoded, places, names):
            places = self._place(decoded)
        return self._judged(received, decoded, senders, places)

    # --- our own clock ---

    async def _hold_while_suspect(self, received: Received, decoded: Decoded, names: set[str]) -> None:
        suspect, held = self._suspect, False
        voters = {name for name in names if name in self._registry.gateways}
        while suspect and (suspicion := self._watch.suspicion(decoded, voters, self._now_us())):
            if not held:
                log.error("our clock is suspect: holding", gateways=suspicion.gateways, ahead=suspicion.ahead)
                await suspect(suspicion)
            held = self.holding = True
            await asyncio.sleep(HOLD_S)
        self.holding = False
        if held:
            np.maximum(received.received_us, self._now_us(), out=received.received_us)

    # --- names ---

    def _place(self, decoded: Decoded) -> "_Places":
        points, meters = self._registry.points, self._registry.meters
        return _Places(
            points.at(points.rows(decoded.indoor.point), decoded.indoor.at_us),
            meters.at(meters.rows(decoded.meters.meter), decoded.meters.at_us),
        )

    async def _ask_for_unknown(self, decoded: Decoded, places: "_Places", names: set[str]) -> bool:
        registry = self._registry
        gateways = registry.unasked(name for name in names if name and name not in registry.gateways)
        points = registry.unasked(_strangers(places.point, decoded.indoor.point, decoded.indoor))
        meters = registry.unasked(_strangers(places.meter, decoded.meters.meter, decoded.meters))
        if not (gateways or points or meters):
            return False
        await registry.ask(gateways, points, meters)
        return True

    # --- the checks ---

    def _judged(self, received: Received, decoded: Decoded, senders: "_Senders", places: "_Places") -> Checked:
        registered = self._registered(received, senders.distinct)
        gateway_id = registered[senders.of]
        known = gateway_id != 0
        whole = {i: Refusal(Reason.UNDECODABLE, detail) for i, detail in decoded.undecodable.items()}
        for i in np.flatnonzero(~known).tolist():
            if i not in whole:
                detail = f"gateway {decoded.gateway[i]!a}: not registered, or not for this day"
                whole[i] = Refusal(Reason.UNKNOWN_GATEWAY, detail)
        stranger = np.zeros(len(received), np.bool_)
        stranger[list(whole)] = True
        message = _Message(received.received_us, decoded.sent_at_us, stranger, gateway_id)
        return Checked(
            received=received,
            decoded=decoded,
            sender=senders.distinct,
            sender_of=senders.of,
            gateway_known=known,
            whole=whole,
            indoor=self._indoor(decoded.indoor, places.point, message),
            meters=self._meters(decoded.meters, places.meter, message),
        )

    def _registered(self, received: Received, senders: list[Sender]) -> SmallInts:
        """Find the id of each sender's gateway, 0 where none may send on the day of the batch's newest message."""
        day = date_of(int(local_days(received.received_us.max(initial=0))))
        known = self._registry.known
        return np.fromiter((known(each.gateway, day) for each in senders), np.int32, len(senders))

    def _indoor(self, columns: Columns, row: SmallInts, message: "_Message") -> Rows:
        rows = self._placed(self._registry.points, row, columns, message)
        self._refuse_by_time(columns, message, rows)
        _refuse(
            rows, ~stands(row), Reason.UNKNOWN_POINT, lambda i: _no_device("point", columns.point[i], columns.at_us[i])
        )
        odd = (columns.temp_centi < INDOOR_LEAST_CENTI) | (columns.temp_centi > INDOOR_MOST_CENTI)
        _refuse(rows, odd, Reason.OUT_OF_RANGE, lambda i: _out_of_range(int(columns.temp_centi[i])))
        rows.order = key_order(rows, columns.at_us)
        self._refuse_repeated_times(columns, rows)
        return rows

    def _meters(self, columns: MeterColumns, row: SmallInts, message: "_Message") -> Rows:
        rows = self._placed(self._registry.meters, row, columns, message)
        self._refuse_by_time(columns, message, rows)
        _refuse(
            rows, ~stands(row), Reason.UNKNOWN_METER, lambda i: _no_device("meter", columns.meter[i], columns.at_us[i])
        )
        for name in QUANTITIES:
            least, most = METER_RANGES[name]
            value = columns.quantity[name]
            odd = columns.valid[name] & ((value < least) | (value > most))
            _refuse(rows, odd, Reason.OUT_OF_RANGE, _quantity_out_of_range(name, value, least, most))
        rows.order = key_order(rows, columns.at_us)
        return rows

    def _placed(self, devices: Devices, row: SmallInts, columns: Columns | MeterColumns, message: "_Message") -> Rows:
        reason = columns.fault.astype(np.uint8)
        reason[message.stranger[columns.message]] = Reason.UNKNOWN_GATEWAY
        flags = self._flags(devices.gateway[row], columns, message)
        return Rows(
            id=devices.id[row],
            household=devices.household[row],
            limit_centi=devices.limit_centi[row],
            flags=flags,
            reason=reason,
            detail=dict(columns.detail),
            order=np.empty(0, np.int64),
        )

    def _flags(self, registered: SmallInts, columns: Columns | MeterColumns, message: "_Message") -> NDArray[np.int16]:
        received = message.received_us[columns.message]
        sent_at = message.sent_at_us[columns.message]
        came_by = message.gateway_id[columns.message]
        ahead_us = self._limits.ahead_s * _SECOND_US
        return np.asarray(
            (columns.at_us < received - self._limits.late_hours * _HOUR_US) * int(Quality.LATE)
            | (columns.at_us > received) * int(Quality.DEVICE_AHEAD)
            | (sent_at > received + ahead_us) * int(Quality.GATEWAY_AHEAD)
            | ((registered != 0) & (registered != came_by)) * int(Quality.OTHER_GATEWAY),
            np.int16,
        )

    def _refuse_by_time(self, columns: Columns | MeterColumns, message: "_Message", rows: Rows) -> None:
        received = message.received_us[columns.message]
        # A held batch and a reject fed again came long ago: what was ahead then need not be ahead now.
        latest = np.maximum(received, self._now_us()) + self._limits.ahead_s * _SECOND_US
        oldest = received - self._limits.past_days * _DAY_US
        at = columns.at_us

        def ahead(i: int) -> str:
            return f"at {instant(int(at[i]))}: expected at most {instant(int(latest[i]))}"

        def old(i: int) -> str:
            return f"at {instant(int(at[i]))}: expected at least {instant(int(oldest[i]))}"

        _refuse(rows, at > latest, Reason.TOO_FAR_AHEAD, ahead)
        _refuse(rows, (at < oldest) & (at != ABSENT_US), Reason.TOO_OLD, old)

    def _refuse_repeated_times(self, columns: Columns, rows: Rows) -> None:
        order, limit = rows.order, self._limits.repeated_time_limit
        starts = np.flatnonzero(first_of_key(rows.id[order], columns.at_us[order]))
        many = np.flatnonzero(np.diff(np.append(starts, len(order))) >= limit)
        for start, end in zip(starts[many].tolist(), np.append(starts, len(order))[many + 1].tolist(), strict=True):
            for group in _by_message(columns, order[start:end]):
                if len(group) >= limit and np.ptp(columns.temp_centi[group]):
                    rows.refuse(group, Reason.REPEATED_TIME_BACKLOG, _repeated_time(columns, group))


class _Senders(NamedTuple):
    """Who sent a batch."""

    distinct: list[Sender]
    of: SmallInts
    """(messages,) place in `distinct`."""


class _Places(NamedTuple):
    """Rows of the registry where the devices of each reading are installed."""

    point: SmallInts
    meter: SmallInts


@dataclass(slots=True)
class _Message:
    """What is known of each message."""

    received_us: Ints
    sent_at_us: Ints
    stranger: Mask
    """Refused as a whole."""
    gateway_id: SmallInts


def _strangers(row: SmallInts, names: Sequence[str], columns: Columns | MeterColumns) -> set[str]:
    """Name the devices that are unknown, or known and not installed at the instant of a reading."""
    odd = ~stands(row) & (columns.fault == Reason.FINE)
    return {names[i] for i in np.flatnonzero(odd).tolist()}


class _SendersByTopic:
    """Who sends under which topic; mostly the topic says it all, and a batch has many messages of a topic."""

    def __init__(self) -> None:
        self._known: dict[object, Sender] = {}

    def of(self, received: Received, decoded: Decoded) -> "_Senders":
        keys: Sequence[object] = received.topic
        first = _first_of_each(keys)
        if not all(_names_gateway(decoded.route[message]) for message in first.values()):
            keys = list(zip(received.topic, decoded.gateway, strict=True))
            first = _first_of_each(keys)
        senders = [self._known.get(key) or self._learn(key, decoded, message) for key, message in first.items()]
        # Two names that differ only in what no text column can hold are one sender.
        distinct = {sender: place for place, sender in enumerate(dict.fromkeys(senders))}
        place = dict(zip(first, map(distinct.__getitem__, senders), strict=True))
        return _Senders(list(distinct), np.fromiter(map(place.__getitem__, keys), np.int32, len(keys)))

    def _learn(self, key: object, decoded: Decoded, message: int) -> Sender:
        if len(self._known) >= _KNOWN_SENDERS:  # some loggers write the time into the topic
            self._known.clear()
        route = decoded.route[message]
        sender = Sender(printable(decoded.gateway[message]), route.way.kind.value if route else "unknown")
        self._known[key] = sender
        return sender


def _first_of_each(keys: Sequence[object]) -> dict[object, int]:
    return dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))


def _names_gateway(route: Route | None) -> bool:
    return route is not None and route.gateway is not None


def _refuse(rows: Rows, odd: Mask, reason: Reason, detail: Callable[[int], str]) -> None:
    found = np.flatnonzero(odd & (rows.reason == Reason.FINE))
    if len(found):
        rows.refuse(found.tolist(), reason, detail)


def key_order(rows: Rows, at_us: Ints) -> Ints:
    """Order the usable rows by id and instant; those with both equal stay as they came."""
    usable = np.flatnonzero(rows.reason == Reason.FINE)
    if not len(usable):
        return usable
    ids, at = rows.id[usable].astype(np.int64), at_us[usable]
    since = at - at.min()
    bits = int(since.max()).bit_length()
    if bits + int(ids.max()).bit_length() < 63:  # noqa: PLR2004  (one int64 sorts twice as fast as two keys)
        return usable[np.argsort((ids << bits) | since, kind="stable")]
    return usable[np.lexsort((at, ids))]


def first_of_key(ids: SmallInts, at_us: Ints) -> Mask:
    """Mark, in sorted rows, the first of each id and instant."""
    first = np.ones(len(ids), np.bool_)
    first[1:] = (ids[1:] != ids[:-1]) | (at_us[1:] != at_us[:-1])
    return first


def _by_message(columns: Columns, group: Ints) -> list[list[int]]:
    cuts = np.flatnonzero(np.diff(columns.message[group])) + 1
    return [part.tolist() for part in np.split(group, cuts)]


def _repeated_time(columns: Columns, group: list[int]) -> Callable[[int], str]:
    said = (
        f"at {instant(int(columns.at_us[group[0]]))}: {len(group)} readings of {columns.point[group[0]]!a} in one "
        "message carry this time with different values; expected each with its own"
    )
    return lambda _: said


def instant(us: int) -> str:
    """Write an instant for a person; far beyond the calendar as a number."""
    try:
        return (_EPOCH + dt.timedelta(microseconds=us)).isoformat()
    except OverflowError:
        return f"{us} µs since 1970-01-01"


def printable(text: str) -> str:
    """Free a text of what a text column cannot hold."""
    if text.isascii() and text.isprintable():
        return text
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


def _no_device(noun: str, name: str, at_us: int) -> str:
    return f"{noun} {name!a}: no such device, or not installed at {instant(int(at_us))}"


def _out_of_range(centi: int) -> str:
    return f"temp_c {centi / 100:.2f}: expected {INDOOR_LEAST_CENTI / 100:.2f} to {INDOOR_MOST_CENTI / 100:.2f}"


def _quantity_out_of_range(name: str, value: Ints, least: int, most: int) -> Callable[[int], str]:
    return lambda i: f"{name} {value[i]}: expected {least} to {most}"
