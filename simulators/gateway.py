"""The gateway side of the contract, as a reference: number, keep, send, and send again until it is receipted.

A message is done when its receipt says that it is stored, not when the broker has acknowledged it: a broker can lose
what it acknowledged. So whatever stands above the receipt is sent again, same bytes, after every reconnect and
whenever the receipt has not moved for `resend_after_s`.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Self

import mqtt5

from simulators import clocks, wire
from simulators.errors import LinkError, ReceiptAheadError
from simulators.link import BrokerAddress, Link
from simulators.outbox import Memory, Message, Noise, Outbox

SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.1, 5.0

Clock = Callable[[], int]


def wall_clock_us() -> int:
    return time.time_ns() // 1000


class Gateway:
    """One gateway with a connection of its own.

    `async with Gateway(...)` goes online and stays so, through broken connections, until it is left; `go_offline` and
    `go_online` in between are power cuts of its uplink. `send_indoor` and `send_meters` number and keep a message at
    any time, online or not.
    """

    def __init__(
        self,
        name: str,
        city: str,
        broker_url: str,
        *,
        memory: Memory | None = None,
        receipts: bool = True,
        window: int = 256,
        resend_after_s: float = 60.0,
        clock: Clock = wall_clock_us,
    ) -> None:
        """Make a gateway that is offline.

        Parameters
        ----------
        receipts : without them a message counts as done when the broker has acknowledged it
        window : messages on the way at once
        resend_after_s : everything above the receipt is sent again when it has not moved for so long [s]
        clock : what it stamps as `sent_at` [µs]
        """
        self.name, self.city = name, city
        self._address = BrokerAddress.parse(broker_url)
        self._outbox = Outbox(memory or Memory(), name)
        self._receipts, self._window = receipts, window
        self._resend_after_s, self._clock = resend_after_s, clock
        self._noise = deque(self._outbox.noise())
        self._noise_kept = len(self._noise)
        self._acknowledged: set[int] = set()
        self._cursor = self._outbox.receipt
        self._moved_at = time.monotonic()
        self._wait_s = SHORTEST_WAIT_S
        self._changed = asyncio.Event()
        self._work = asyncio.Event()
        self._staying: asyncio.Task[None] | None = None
        self._ahead = 0
        self._gone_ahead = asyncio.Event()
        self.sent = 0
        """messages handed to the broker, every copy counted"""
        self.connections = 0
        self.trouble = ""
        """why the last connection ended"""

    async def __aenter__(self) -> Self:
        self.go_online()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.go_offline()

    @property
    def last(self) -> int:
        """The newest sequence given out; 0 = none yet."""
        return self._outbox.last

    @property
    def receipt(self) -> int:
        return self._outbox.receipt

    @property
    def unreceipted(self) -> int:
        return self._outbox.unreceipted

    def go_online(self) -> None:
        if self._staying is None:
            self._staying = asyncio.create_task(self._stay_online(), name=f"gateway {self.name}")
            self._staying.add_done_callback(lambda _: self._changed.set())

    async def go_offline(self) -> None:
        """Cut the connection; what is kept stays kept."""
        staying, self._staying = self._staying, None
        if staying is not None:
            staying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await staying

    def send_indoor(self, readings: Sequence[wire.Reading], *, shape: str = "envelope") -> int:
        """Number and keep one message of room temperatures; give its sequence."""
        sequence = self.last + 1
        payload = wire.indoor(shape, self.name, sequence, self._now_text(), readings)
        self.keep([Message(self.name, sequence, wire.topic(self.city, self.name, "indoor"), payload)])
        return sequence

    def send_meters(self, readings: Sequence[wire.Reading]) -> int:
        sequence = self.last + 1
        payload = wire.meters(self.name, sequence, self._now_text(), readings)
        self.keep([Message(self.name, sequence, wire.topic(self.city, self.name, "meters"), payload)])
        return sequence

    def send_noise(self, topic: str, payload: bytes) -> None:
        """Send what carries no sequence; it is kept until the broker acknowledges it, since no receipt names it."""
        self._noise.append(self._outbox.keep_noise(topic, payload))
        self._noise_kept += 1
        self._work.set()

    def keep(self, messages: Sequence[Message]) -> None:
        """Keep messages that are numbered already."""
        if not self.unreceipted:
            self._moved_at = time.monotonic()
        self._outbox.keep(list(messages))
        self._work.set()

    async def adopt_counter(self) -> None:
        """Without a memory, go on above the receipt that the broker retains: no sequence is given out twice."""
        if self.last or not self._receipts:
            return
        heard: list[int] = []
        link = await Link.open(
            self._address, f"gateway-{self.name}", lambda _, payload: heard.extend(_sequences(payload))
        )
        await link.subscribe(wire.topic(self.city, self.name, "receipt"))
        # the broker answers in order: with this acknowledgement the retained receipt has come, if there is one
        await link.publish(self._status_topic, wire.last_will(self.name), retain=True)
        await link.close()
        self._outbox.adopt(max(heard, default=0))
        self._cursor = self._outbox.receipt

    async def settled(self, *, at_most: int = 0) -> None:
        """Return when no more than `at_most` messages still want their receipt, and no noise its acknowledgement."""
        while self.unreceipted > at_most or (at_most == 0 and self._noise_kept):
            self._changed.clear()
            if self._staying is not None and self._staying.done():
                self._staying.result()
            await self._changed.wait()

    async def _stay_online(self) -> None:
        while True:
            try:
                await self._one_connection()
            except LinkError as error:
                self.trouble = str(error)
            await asyncio.sleep(self._wait_s)
            self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S)

    async def _one_connection(self) -> None:
        """Send until the connection ends, which is no error of ours: the next one sends what is left."""
        link = await Link.open(
            self._address, f"gateway-{self.name}", self._hear, window=self._window, will=self._last_will()
        )
        try:
            await self._introduce(link)
            work = (self._send_all(link), self._watch(), self._refuse_ahead(), link.closed())
            await _first_of([asyncio.create_task(one) for one in work])
        finally:
            await link.drop()

    async def _introduce(self, link: Link) -> None:
        if self._receipts:
            await link.subscribe(wire.topic(self.city, self.name, "receipt"))
        await link.publish(self._status_topic, wire.status(self.name, self._now_text()), retain=True)
        self._wait_s = SHORTEST_WAIT_S
        self.connections += 1
        self._rewind()

    def _now_text(self) -> str:
        return clocks.instant_text(self._clock())

    @property
    def _status_topic(self) -> str:
        return wire.topic(self.city, self.name, "status")

    def _last_will(self) -> mqtt5.Will:
        will = wire.last_will(self.name)
        return mqtt5.Will(self._status_topic, payload=will, qos=mqtt5.QoS.AT_LEAST_ONCE, retain=True)

    def _rewind(self) -> None:
        """Begin again above the receipt."""
        self._cursor = self._outbox.receipt
        self._moved_at = time.monotonic()
        self._work.set()

    async def _send_all(self, link: Link) -> None:
        while True:
            self._work.clear()
            await self._send_noise(link)
            self._cursor = max(self._cursor, self._outbox.receipt)
            messages = self._outbox.after(self._cursor)
            for message in messages:
                if message.sequence != self._cursor + 1:
                    break  # rewound meanwhile
                self._cursor = message.sequence
                await self._send(link, message)
            if not messages and not self._noise:
                await self._work.wait()

    async def _send(self, link: Link, message: Message) -> None:
        if message.sequence <= self._outbox.receipt:
            return
        for _ in range(message.copies):
            answer = await link.post(message.topic, message.payload)
            self.sent += 1
        answer.add_done_callback(partial(self._broker_answered, message))

    async def _send_noise(self, link: Link) -> None:
        while self._noise:
            noise = self._noise[0]
            answer = await link.post(noise.topic, noise.payload)
            self._noise.popleft()
            self.sent += 1
            answer.add_done_callback(partial(self._broker_answered_noise, noise))

    def _broker_answered(self, message: Message, answer: asyncio.Future[None]) -> None:
        """Without receipts, release what is acknowledged without a gap below it."""
        if answer.cancelled() or answer.exception() is not None or self._receipts:
            return
        self._acknowledged.add(message.sequence)
        through = self._outbox.receipt
        while through + 1 in self._acknowledged:
            through += 1
            self._acknowledged.remove(through)
        self._release(through)

    def _broker_answered_noise(self, noise: Noise, answer: asyncio.Future[None]) -> None:
        if answer.cancelled() or answer.exception() is not None:
            self._noise.append(noise)
            self._work.set()
            return
        self._outbox.release_noise(noise)
        self._noise_kept -= 1
        self._changed.set()

    def _hear(self, _topic: str, payload: bytes) -> None:
        for sequence in _sequences(payload):
            if sequence <= self._outbox.last:
                self._release(sequence)
            else:
                self._ahead = sequence
                self._gone_ahead.set()

    async def _refuse_ahead(self) -> None:
        """A receipt for what was never sent here ends the gateway: whatever it sent next would count as stored."""
        await self._gone_ahead.wait()
        raise ReceiptAheadError(self.name, self._ahead, self._outbox.last)

    def _release(self, through: int) -> None:
        if through > self._outbox.receipt:
            self._outbox.release(through)
            self._moved_at = time.monotonic()
            self._changed.set()

    async def _watch(self) -> None:
        """Send again what stands above a receipt that does not move."""
        while True:
            waited_s = time.monotonic() - self._moved_at
            await asyncio.sleep(max(self._resend_after_s - waited_s, 0.01))
            if time.monotonic() - self._moved_at >= self._resend_after_s:
                self._rewind()


def _sequences(receipt: bytes) -> list[int]:
    """A receipt that cannot be read releases nothing."""
    with contextlib.suppress(ValueError):
        return [wire.receipt_sequence(receipt)]
    return []


async def _first_of(tasks: list[asyncio.Task[None]]) -> None:
    """Wait for the first to end, end the others, and raise what it raised."""
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
