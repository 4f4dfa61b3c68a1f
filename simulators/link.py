"""One MQTT 5 connection of a gateway, on the packets of `mqtt5` over an asyncio stream.

Not aiomqtt, for three reasons: a client of it holds a 16 MiB buffer, too much for a town of gateways in one process;
it connects with a blocking call; and a simulator that shares no client code with ingest is a second opinion on it.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

import mqtt5

from simulators.errors import LinkError, RefusedError, SimulatorError

PORT, PORT_TLS = 1883, 8883
KEEP_ALIVE_S = 30
RECEIVE_MAX = 1024
CONNECT_TIMEOUT_S = 10.0
READ_BYTES = 65_536
FAILURE_CODE = 128

MOST_IDENTIFIERS = 65_535

Listener = Callable[[str, bytes], None]


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    host: str
    port: int
    username: str | None = None
    password: str | None = None
    tls: bool = False

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read `mqtt://[user:password@]host[:port]`, or `mqtts://` for TLS."""
        parts = urlsplit(url)
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise SimulatorError(f"broker {url!r}: expected mqtt://[user:password@]host[:port] or mqtts://…")
        tls = parts.scheme == "mqtts"
        return cls(
            host=parts.hostname,
            port=parts.port or (PORT_TLS if tls else PORT),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            tls=tls,
        )

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


async def open_stream(address: BrokerAddress) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    context = ssl.create_default_context() if address.tls else None
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            return await asyncio.open_connection(address.host, address.port, ssl=context)
    except (OSError, TimeoutError) as error:
        raise LinkError(f"no connection to the broker at {address}: {str(error) or 'no answer in time'}") from error


class Link:
    """An open connection. Whoever waits on it gets `LinkError` when it ends, for whatever reason."""

    def __init__(self, address: BrokerAddress, listener: Listener, window: int) -> None:
        self._address, self._listener = address, listener
        self._window = asyncio.Semaphore(window)
        self._most = window
        self._pending: dict[int, asyncio.Future[None]] = {}
        self._next_id = 0
        self._heard = True
        self._left_over = b""
        self._why = "still open"
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def open(
        cls,
        address: BrokerAddress,
        client_id: str,
        listener: Listener,
        *,
        window: int = 256,
        will: mqtt5.Will | None = None,
    ) -> Self:
        """Connect with a clean session: a gateway's memory is its own outbox, not the broker's."""
        link = cls(address, listener, window)
        link._reader, link._writer = await open_stream(address)
        try:
            await link._greet(client_id, will)
        except BaseException:
            link._writer.close()
            raise
        link._tasks = [asyncio.create_task(link._receive()), asyncio.create_task(link._keep_alive())]
        return link

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish with QoS 1 and return when the broker has acknowledged."""
        await (await self.post(topic, payload, retain=retain))

    async def post(self, topic: str, payload: bytes, *, retain: bool = False) -> asyncio.Future[None]:
        """Publish with QoS 1 as soon as the window allows; what is returned waits for the acknowledgement."""
        await self._window.acquire()
        packet_id, answer = self._expect()
        answer.add_done_callback(lambda _: self._window.release())
        await self._send(
            mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, retain=retain, packet_id=packet_id)
        )
        return answer

    async def subscribe(self, pattern: str) -> None:
        packet_id, answer = self._expect()
        subscription = mqtt5.Subscription(pattern, max_qos=mqtt5.QoS.AT_LEAST_ONCE)
        await self._send(mqtt5.SubscribePacket(packet_id, [subscription]))
        await answer

    async def closed(self) -> None:
        """Wait for the end, and raise `LinkError` that says why."""
        await asyncio.shield(self._closed)
        raise self._ended()

    async def close(self) -> None:
        """Say goodbye and wait until everything of this connection has ended."""
        with contextlib.suppress(LinkError):
            await self._send(mqtt5.DisconnectPacket())
        await self.drop()

    async def drop(self) -> None:
        """End without a word, as a power cut does."""
        self._end("closed here")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()

    async def _greet(self, client_id: str, will: mqtt5.Will | None) -> None:
        password = self._address.password.encode() if self._address.password is not None else None
        self._writer.write(
            mqtt5.ConnectPacket(
                client_id,
                username=self._address.username,
                password=password,
                clean_start=True,
                keep_alive=KEEP_ALIVE_S,
                receive_max=RECEIVE_MAX,
                will=will,
            ).write()
        )
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                answer, rest = await self._first_packet()
        except (OSError, TimeoutError) as error:
            raise LinkError(
                f"the broker at {self._address} did not answer: {str(error) or 'no answer in time'}"
            ) from error
        if not isinstance(answer, mqtt5.ConnAckPacket) or int(answer.reason_code) >= FAILURE_CODE:
            raise RefusedError(f"the broker at {self._address} refuses {client_id}: {answer}")
        self._window = asyncio.Semaphore(min(self._most, answer.receive_max))
        self._left_over = rest

    async def _first_packet(self) -> tuple[mqtt5.Packet, bytes]:
        received = b""
        while True:
            received += await self._more()
            with contextlib.suppress(IndexError):
                packet, size = mqtt5.read(memoryview(received))
                return packet, received[size:]

    async def _more(self) -> bytes:
        received = await self._reader.read(READ_BYTES)
        if not received:
            raise LinkError("the broker closed it")
        self._heard = True
        return received

    def _expect(self) -> tuple[int, asyncio.Future[None]]:
        """Take a free packet identifier and a place for its answer."""
        self._raise_if_closed()
        self._next_id = next(candidate for candidate in _identifiers(self._next_id) if candidate not in self._pending)
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending[self._next_id] = answer
        return self._next_id, answer

    async def _send(self, packet: mqtt5.Packet) -> None:
        self._raise_if_closed()
        self._writer.write(packet.write())
        try:
            await self._writer.drain()
        except OSError as error:
            self._end(str(error))
            raise self._ended() from error

    async def _receive(self) -> None:
        received = self._left_over
        try:
            while True:
                received = received[self._take_packets(received) :] + await self._more()
        except (OSError, LinkError, ValueError) as error:
            self._end(str(error))

    def _take_packets(self, received: bytes) -> int:
        view, taken = memoryview(received), 0
        with contextlib.suppress(IndexError):
            while True:
                packet, size = mqtt5.read(view[taken:])
                taken += size
                self._take(packet)
        return taken

    def _take(self, packet: mqtt5.Packet) -> None:
        match packet:
            case mqtt5.PubAckPacket():
                self._answer(packet.packet_id, int(packet.reason_code))
            case mqtt5.SubAckPacket():
                self._answer(packet.packet_id, int(packet.reason_codes[0]))
            case mqtt5.PublishPacket():
                self._take_message(packet)
            case mqtt5.DisconnectPacket():
                self._end(f"the broker disconnects: {packet.reason_code.name}")
            case _:
                pass

    def _take_message(self, packet: mqtt5.PublishPacket) -> None:
        self._listener(packet.topic, bytes(packet.payload))
        if packet.packet_id is not None:
            self._writer.write(mqtt5.PubAckPacket(packet.packet_id).write())

    def _answer(self, packet_id: int, code: int) -> None:
        answer = self._pending.pop(packet_id, None)
        if answer is None or answer.done():
            return
        if code < FAILURE_CODE:
            answer.set_result(None)
        else:
            answer.set_exception(RefusedError(f"the broker at {self._address} answers with reason code {code}"))

    async def _keep_alive(self) -> None:
        """Ping, and end a connection on which nothing came since the last ping: a stalled path looks open for ever."""
        while self._heard and not self._closed.done():
            self._heard = False
            self._writer.write(mqtt5.PingReqPacket().write())  # no drain: on a stalled path it would wait for ever
            await asyncio.sleep(KEEP_ALIVE_S / 2)
        self._end(f"nothing came for {KEEP_ALIVE_S / 2:g} s")

    def _end(self, why: str) -> None:
        if self._closed.done():
            return
        self._why = why
        self._closed.set_result(None)
        self._writer.transport.abort()  # a close would wait until a stalled path has taken the rest
        for answer in self._pending.values():
            _fail(answer, self._ended())

    def _raise_if_closed(self) -> None:
        if self._closed.done():
            raise self._ended()

    def _ended(self) -> LinkError:
        return LinkError(f"the connection to the broker at {self._address} has ended: {self._why}")


def _identifiers(last: int) -> Iterator[int]:
    return (candidate % MOST_IDENTIFIERS + 1 for candidate in range(last, last + MOST_IDENTIFIERS))


def _fail(answer: asyncio.Future[None], error: LinkError) -> None:
    if not answer.done():
        answer.set_exception(error)
        answer.exception()  # looked at here: whoever still waits gets it, and no one else need
