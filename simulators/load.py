"""Saturate a broker from one process.

Packets are made ahead as rows of a byte matrix and written many at a time: MQTT 3.1.1, QoS 1, one connection, one
window. No client library comes near: one call, one future and one `drain` a message cost more than the broker's whole
work on it. 3.1.1, because its PUBACK is always 4 bytes, so that acknowledgements are counted without being parsed.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulators import clocks
from simulators.errors import LinkError, RefusedError, SimulatorError
from simulators.link import BrokerAddress, open_stream
from simulators.registry import gateway_names, point_names

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

CHUNK = 4096
TICK_S = 0.01
KEEP_ALIVE_S = 600
MOST_WINDOW = 60_000
ACK_BYTES = 4
CONNACK_BYTES = 4
SEQUENCE_WIDTH = 9
BAD_CENTI = 99_990
"""What a bad reading says: 999.9, beyond any physical range."""


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """Which messages: rounds over all points, `points / gateways` a gateway; each is of one gateway and instant."""

    city: str
    points: int
    gateways: int
    messages: int
    readings_per_message: int = 1
    shape: Literal["single", "envelope", "columnar"] = "single"
    start_us: int = 0
    """instant of the first round [µs]; each round is one step later"""
    step_s: int = 600
    stamped_now: bool = False
    """take the wall clock when a message is made as its readings' instant, in whole ms"""
    seed: int = 1
    repeat_share: float = 0.0
    """messages sent a second time, same bytes"""
    coldest_centi: int = 1600
    """values lie between this and 24 °C, evenly"""
    bad_share: float = 0.0
    """readings of 999.9 °C"""
    first_sequence: int = 1

    def __post_init__(self) -> None:
        if self.points % self.gateways or self.points_a_gateway % self.readings_per_message:
            raise SimulatorError(
                f"load: {self.points} points at {self.gateways} gateways, {self.readings_per_message} a message: "
                "expected the same number of points at each gateway, in whole messages"
            )
        if self.shape == "single" and self.readings_per_message != 1:
            raise SimulatorError("load: shape single holds one reading a message: choose envelope or columnar")

    @property
    def points_a_gateway(self) -> int:
        return self.points // self.gateways

    @property
    def messages_a_gateway(self) -> int:
        """In one round."""
        return self.points_a_gateway // self.readings_per_message


@dataclass(frozen=True, slots=True)
class LoadResult:
    messages: int
    """acknowledged by the broker, repeats counted"""
    repeats: int
    readings: int
    """distinct"""
    bad: int
    seconds: float

    @property
    def messages_per_s(self) -> float:
        return self.messages / self.seconds

    @property
    def readings_per_s(self) -> float:
        return self.readings / self.seconds


@dataclass(frozen=True, slots=True)
class _Rows:
    """Some messages of the plan, one place a message; (messages, readings) where a reading has its own."""

    gateway: Ints
    sequence: Ints
    at_us: Ints
    point: Ints
    centi: Ints


def _rows(plan: LoadPlan, first: int, count: int, chunk: int) -> _Rows:
    number = first + np.arange(count)
    a_round = plan.gateways * plan.messages_a_gateway
    turn, place = number // a_round, number % a_round
    rng = np.random.default_rng([plan.seed, chunk])
    point = place[:, None] * plan.readings_per_message + np.arange(plan.readings_per_message)
    centi = rng.integers(plan.coldest_centi, 2400, point.shape)
    bad = rng.random(point.shape) < plan.bad_share
    at_us = plan.start_us + turn * plan.step_s * clocks.SECOND_US
    return _Rows(
        gateway=place // plan.messages_a_gateway,
        sequence=plan.first_sequence + turn * plan.messages_a_gateway + place % plan.messages_a_gateway,
        at_us=np.full(count, time.time_ns() // 1_000_000 * 1000) if plan.stamped_now else at_us,
        point=point,
        centi=np.where(bad, BAD_CENTI, centi),
    )


_Sent = tuple[_Rows, NDArray[np.bool_]]


class _Template:
    """One packet of fixed width, and where its changing parts stand."""

    def __init__(self, plan: LoadPlan) -> None:
        self._gateway = _lettered(gateway_names(plan.gateways))
        self._point = _lettered(point_names(plan.points))
        self._plan = plan
        gateway, point = "g" * self._gateway.shape[1], "p" * self._point.shape[1]
        at = "a" * len("2026-01-05T08:00:00.000+08:00" if plan.stamped_now else "2026-01-05T08:00:00+08:00")
        topic = f"heat/v1/{plan.city}/{gateway}/indoor".encode()
        payload = _payload(plan, gateway, point, at).encode()
        body = len(topic).to_bytes(2, "big") + topic + b"\0\0" + payload
        packet = b"\x32" + _varint(len(body)) + body
        self._row = np.frombuffer(packet, np.uint8)
        self.identifier = len(packet) - len(payload) - 2
        self._gateways = _places(packet, gateway)
        self._points = _places(packet, point)
        self._instants = _places(packet, at)
        self._values = _places(packet, "vvvvv")
        self._sequence = _places(packet, "s" * SEQUENCE_WIDTH)

    def packets(self, rows: _Rows) -> Bytes:
        """Write messages into rows of bytes, (messages, packet length)."""
        packets = np.tile(self._row, (rows.gateway.size, 1))
        _put(packets, self._gateways, self._gateway[rows.gateway])
        _put(packets, self._sequence, _number_text(rows.sequence))
        _put(packets, self._instants, _instants_text(rows.at_us, self._plan.stamped_now))
        for reading, (point, value) in enumerate(zip(self._points, self._values, strict=True)):
            _put(packets, [point], self._point[rows.point[:, reading]])
            _put(packets, [value], _centi_text(rows.centi[:, reading]))
        return packets


def _payload(plan: LoadPlan, gateway: str, point: str, at: str) -> str:
    sequence = "s" * SEQUENCE_WIDTH
    count = plan.readings_per_message
    if plan.shape == "single":
        return f'{{"point":"{point}","at":"{at}","temp_c":vvvvv,"sequence":{sequence}}}'
    head = f'{{"gateway":"{gateway}","sequence":{sequence},"sent_at":"{at}"'
    if plan.shape == "columnar":
        points, values = ",".join([f'"{point}"'] * count), ",".join(["vvvvv"] * count)
        return f'{head},"points":[{points}],"at":"{at}","temp_c":[{values}]}}'
    readings = ",".join([f'{{"point":"{point}","at":"{at}","temp_c":vvvvv}}'] * count)
    return f'{head},"readings":[{readings}]}}'


def _varint(length: int) -> bytes:
    encoded = bytearray()
    while True:
        length, digit = divmod(length, 128)
        encoded.append(digit | (0x80 if length else 0))
        if not length:
            return bytes(encoded)


def _places(packet: bytes, mark: str) -> list[slice]:
    places, start = [], packet.find(mark.encode())
    while start >= 0:
        places.append(slice(start, start + len(mark)))
        start = packet.find(mark.encode(), start + len(mark))
    return places


def _put(packets: Bytes, places: list[slice], letters: Bytes) -> None:
    for place in places:
        packets[:, place] = letters


def _lettered(texts: list[str]) -> Bytes:
    return np.array(texts, dtype=np.bytes_).view(np.uint8).reshape(len(texts), -1)


def _instants_text(at_us: Ints, with_ms: bool) -> Bytes:
    local = (at_us + clocks.TOWN_OFFSET_US).astype("datetime64[us]")
    text = np.datetime_as_string(local, unit="ms" if with_ms else "s").astype("S23" if with_ms else "S19")
    letters = text.view(np.uint8).reshape(at_us.size, -1)
    zone = np.frombuffer(b"+08:00", np.uint8)
    return np.hstack([letters, np.broadcast_to(zone, (at_us.size, zone.size))])


def _digits(numbers: Ints, width: int) -> Bytes:
    powers = 10 ** np.arange(width - 1, -1, -1)
    return (numbers[:, None] // powers % 10 + ord("0")).astype(np.uint8)


def _number_text(numbers: Ints) -> Bytes:
    """Right-aligned with spaces: JSON allows those, and no leading zeros."""
    digits = _digits(numbers, SEQUENCE_WIDTH)
    leading = np.cumsum(digits != ord("0"), axis=1) == 0
    leading[:, -1] = False
    return np.where(leading, np.uint8(ord(" ")), digits)


def _centi_text(centi: Ints) -> Bytes:
    """18.42, and 999.9 for the bad ones: five letters both."""
    digits = _digits(np.where(centi == BAD_CENTI, 9999, centi), 4)
    text = np.insert(digits, 2, ord("."), axis=1)
    text[centi == BAD_CENTI] = np.frombuffer(b"999.9", np.uint8)
    return text


class _Pump:
    """The connection: writes packets, counts acknowledgements, keeps the window."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, window: int) -> None:
        self._reader, self._writer, self._window = reader, writer, min(window, MOST_WINDOW)
        self.sent = self.acknowledged = 0
        self._progress = asyncio.Event()
        self._identifier = 0
        self._ended: str | None = None

    async def count(self) -> None:
        """Count acknowledgements until the connection ends."""
        left = 0
        while received := await self._reader.read(2**18):
            self.acknowledged += (left + len(received)) // ACK_BYTES
            left = (left + len(received)) % ACK_BYTES
            self._progress.set()
        self._ended = "the broker closed the connection"
        self._progress.set()

    async def write(self, packets: Bytes, identifier_at: int) -> None:
        numbers = (self._identifier + np.arange(len(packets))) % MOST_WINDOW + 1
        self._identifier = int(numbers[-1])
        packets[:, identifier_at] = numbers >> 8
        packets[:, identifier_at + 1] = numbers & 0xFF
        for start in range(0, len(packets), 512):
            burst = packets[start : start + 512]
            await self._until(self.sent + len(burst) - self._window)
            self._writer.write(burst.tobytes())
            self.sent += len(burst)
            await self._writer.drain()

    def close(self) -> None:
        self._writer.close()

    async def drained(self) -> None:
        await self._until(self.sent)

    async def _until(self, acknowledged: int) -> None:
        while self.acknowledged < acknowledged:
            self._progress.clear()
            if self._ended is not None:
                raise LinkError(f"load: {self._ended} after {self.acknowledged} of {self.sent} messages acknowledged")
            await self._progress.wait()


async def _connect(broker_url: str, window: int) -> _Pump:
    address = BrokerAddress.parse(broker_url)
    reader, writer = await open_stream(address)
    writer.write(_connect_packet(address))
    answer = await reader.readexactly(CONNACK_BYTES)
    if answer[:2] != b"\x20\x02" or answer[3] != 0:
        raise RefusedError(f"the broker at {address} refuses the load connection: {answer.hex()}")
    writer.transport.set_write_buffer_limits(high=2**20)
    return _Pump(reader, writer, window)


def _connect_packet(address: BrokerAddress) -> bytes:
    texts = [f"load-{time.time_ns():x}", *(text for text in (address.username, address.password) if text is not None)]
    flags = 0x02 | (0x80 if address.username is not None else 0) | (0x40 if address.password is not None else 0)
    fields = b"".join(len(text.encode()).to_bytes(2, "big") + text.encode() for text in texts)
    body = b"\x00\x04MQTT\x04" + bytes([flags]) + KEEP_ALIVE_S.to_bytes(2, "big") + fields
    return b"\x10" + _varint(len(body)) + body


async def load(
    broker_url: str,
    plan: LoadPlan,
    *,
    truth: Path | None = None,
    rate: float | None = None,
    window: int = 16_384,
) -> LoadResult:
    """Publish a plan and return when the broker has acknowledged the last message.

    Parameters
    ----------
    truth : an .npz file of what was sent: `gateway`, `sequence`, `at_us` and `repeated` (messages,), `point` and
        `centi` (messages, readings); gateway 0 is `gw-0001`, point 0 is `P-000001`, centi 99990 was sent as 999.9
    rate : messages a second; absent = as many as the broker takes
    window : messages on the way at once
    """
    template = _Template(plan)
    pump = await _connect(broker_url, window)
    counting = asyncio.create_task(pump.count())
    sent: list[_Sent] = []
    began = time.perf_counter()
    try:
        async for rows in _paced(plan, rate):
            repeated = await _publish(pump, template, plan, rows)
            sent.append((rows, repeated))
        await pump.drained()
    finally:
        pump.close()
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)
    seconds = time.perf_counter() - began
    if truth is not None:
        _write_truth(truth, sent)
    return _result(sent, pump, seconds)


async def _paced(plan: LoadPlan, rate: float | None) -> AsyncIterator[_Rows]:
    """Give the plan's messages chunk by chunk, each chunk when it is due."""
    size = CHUNK if rate is None else max(1, round(rate * TICK_S))
    began = time.perf_counter()
    for chunk, first in enumerate(range(0, plan.messages, size)):
        if rate is not None:
            await asyncio.sleep(max(0.0, began + first / rate - time.perf_counter()))
        yield _rows(plan, first, min(size, plan.messages - first), chunk)


async def _publish(pump: _Pump, template: _Template, plan: LoadPlan, rows: _Rows) -> NDArray[np.bool_]:
    """Send a chunk, then its repeats; tell which were repeated."""
    packets = template.packets(rows)
    rng = np.random.default_rng([plan.seed, int(rows.sequence[0]), int(rows.gateway[0])])
    repeated = rng.random(len(packets)) < plan.repeat_share
    await pump.write(packets, template.identifier)
    if repeated.any():
        await pump.write(packets[repeated], template.identifier)
    return repeated


def _write_truth(path: Path, sent: list[_Sent]) -> None:
    columns = {
        name: np.concatenate([getattr(rows, name) for rows, _ in sent])
        for name in ("gateway", "sequence", "at_us", "point", "centi")
    }
    np.savez(path, allow_pickle=False, **columns, repeated=np.concatenate([repeated for _, repeated in sent]))


def _result(sent: list[_Sent], pump: _Pump, seconds: float) -> LoadResult:
    return LoadResult(
        messages=pump.acknowledged,
        repeats=sum(int(repeated.sum()) for _, repeated in sent),
        readings=sum(rows.centi.size for rows, _ in sent),
        bad=sum(int((rows.centi == BAD_CENTI).sum()) for rows, _ in sent),
        seconds=seconds,
    )
