"""The MQTT session with the broker, so that nothing is acknowledged before it is stored.

Each rule here was a loss in a trial (docs/decisions/0002-mqtt-client.md):

- One new client a connection, never the client's own reconnect: packet ids belong to the connection that delivered
  them, and acknowledging an old id on a new session acknowledges another message.
- Wait for the consumer *and* for the client's background task: a reset can end the second and leave the first waiting.
- The receive maximum is explicit and below 65,535: at 65,535 the client omits it and ids are used twice.
- The flush timer stands beside the iterator: a timeout around it swallows a message each time it strikes.
- The iterator of a living connection is never cancelled, for the same reason.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterable

import aiomqtt
import numpy as np
from mqtt5 import ConnAckPacket, PublishPacket, PubRelPacket, QoS, RetainHandling

from heatstream import settings
from heatstream.errors import BrokerLost, SettingsError, TakenOver
from heatstream.ingest.columns import Received

KEEP_ALIVE_S = 10
"""The client pings after so long without sending; a connection silent for twice this time is dead."""

BATCH_BYTES = 4 << 20
"""Decoded and laid out for the database, a batch takes several times its bytes, and there are three on their way."""

CONNECT_S = 5
CLOSE_S = 3
HEADROOM_BYTES = 64
"""A packet can grow on its way: 3.1.1 has no properties, 5 has their length. Beyond our limit it is dropped unseen."""

DROPPED_TOPIC = "$SYS/broker/publish/messages/dropped"
_TAKEN_OVER = "SESSION_TAKEN_OVER"
REFUSALS = (aiomqtt.ConnectError, aiomqtt.NegativeAckError, aiomqtt.ProtocolError, OSError, TimeoutError)


class Ear(logging.Logger):
    """Hears what the client tells nobody but its logger: why the broker hung up, and what the client threw away.

    The texts are those of the pinned release; `tests/ingest/test_broker.py` holds them against it.
    """

    def __init__(self) -> None:
        super().__init__("aiomqtt", logging.CRITICAL)
        self.heard = True
        self.thrown_away = 0
        self.reason = ""

    def debug(self, msg: object, *_args: object, **_options: object) -> None:
        self.heard = True
        if msg == "Dropping QoS=0 PUBLISH":
            self.thrown_away += 1

    def warning(self, msg: object, *args: object, **_options: object) -> None:
        if str(msg).startswith("Received DisconnectPacket"):
            self.reason = str(args[0])

    def exception(self, msg: object, *_args: object, **_options: object) -> None:
        self.reason = self.reason or str(msg)


class Batch:
    """Messages in the order of their delivery, and the one connection that may acknowledge them."""

    __slots__ = ("_payloads", "_topics", "connection", "packet_ids", "received_ns", "redelivered")

    def __init__(self, connection: "Connection", packets: list[PublishPacket], received_ns: list[int]) -> None:
        self.connection = connection
        self.received_ns = received_ns
        self._topics = [each.topic for each in packets]
        self._payloads = [each.payload for each in packets]
        self.packet_ids = [identifier for each in packets if (identifier := each.packet_id) is not None]
        self.redelivered = [each.duplicate for each in packets].count(True)

    def __len__(self) -> int:
        return len(self._topics)

    @property
    def qos0(self) -> int:
        """Messages that need no acknowledgement, and of which nobody redelivers a lost one."""
        return len(self) - len(self.packet_ids)

    def received(self) -> Received:
        """Lay out the messages of gateways; what the broker tells of itself is left aside."""
        received = Received(self._topics, self._payloads, np.array(self.received_ns) // 1000)
        return _without(received, DROPPED_TOPIC) if DROPPED_TOPIC in self._topics else received

    def dropped(self) -> int | None:
        """Tell the broker's own count of messages it dropped, where this batch holds one."""
        if DROPPED_TOPIC not in self._topics:
            return None
        told = [self._payloads[i] for i, topic in enumerate(self._topics) if topic == DROPPED_TOPIC]
        return int(told[-1]) if told[-1].isdigit() else None


def _without(received: Received, aside: str) -> Received:
    kept = [i for i, topic in enumerate(received.topic) if topic != aside]
    topics, payloads = [received.topic[i] for i in kept], [received.payload[i] for i in kept]
    return Received(topics, payloads, received.received_us[kept])


class Gathering:
    """What was received and not yet taken: ripe when full, or when its oldest message has waited long enough."""

    def __init__(self, connection: "Connection", full: int, flush_s: float) -> None:
        self._connection = connection
        self._full = full
        self._flush_s = flush_s
        self._packets: list[PublishPacket] = []
        self._received_ns: list[int] = []
        self._ripe = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._packets)

    async def fill(self, messages: AsyncIterator[PublishPacket | PubRelPacket]) -> None:
        """Gather until the connection ends. Every message passes here: nothing is looked up that need not be."""
        packets, received_ns, full, now = self._packets, self._received_ns, self._full, time.time_ns
        async for packet in messages:
            if isinstance(packet, PublishPacket):
                packets.append(packet)
                received_ns.append(now())
                gathered = len(packets)
                if gathered == 1:
                    self._ripen_in(self._flush_s)
                if gathered == full:
                    self._ripe.set()

    async def take(self) -> Batch | None:
        """Wait for a ripe batch; None after `close` when nothing is left."""
        await self._ripe.wait()
        batch = self._cut()
        if self._timer:
            self._timer.cancel()
        if not self._closed:
            self._wait_again()
        return batch if len(batch) else None

    def close(self) -> None:
        """Take nothing more; what is there is ripe. The broker keeps the rest, for nobody acknowledges it."""
        self._packets, self._received_ns = self._packets.copy(), self._received_ns.copy()
        self._closed = True
        self._ripe.set()

    def _cut(self) -> Batch:
        first = slice(0, self._fitting())
        batch = Batch(self._connection, self._packets[first], self._received_ns[first])
        del self._packets[first], self._received_ns[first]
        return batch

    def _fitting(self) -> int:
        """Count the messages that make one batch: no more than are full, and no more bytes than a few megabytes."""
        bytes_up_to = np.cumsum([len(each.payload) for each in self._packets[: self._full]])
        return max(1, int(np.searchsorted(bytes_up_to, BATCH_BYTES, side="right")))

    def _wait_again(self) -> None:
        if len(self._packets) >= self._full:
            return
        self._ripe.clear()
        if self._packets:
            age_s = (time.time_ns() - self._received_ns[0]) / 1e9
            self._ripen_in(max(0.0, self._flush_s - age_s))

    def _ripen_in(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._ripe.set)


class Connection:
    """One connection. When it is lost, all it delivered and nobody acknowledged comes again on the next."""

    def __init__(self, client: aiomqtt.Client, ear: Ear, ingest: settings.Ingest) -> None:
        self._client = client
        self._ear = ear
        self._consumer: asyncio.Task[None] | None = None
        self.gathering = Gathering(self, ingest.flush_messages, ingest.flush_ms / 1000)
        self._taken = 0
        self.greeting = ConnAckPacket()

    @property
    def unacknowledged(self) -> int:
        """Messages on their way to the store; the window bounds them."""
        return self._taken + len(self.gathering)

    async def take(self) -> Batch | None:
        """Wait for the next batch; None after `gathering.close` when nothing is left."""
        batch = await self.gathering.take()
        self._taken += len(batch.packet_ids) if batch else 0
        return batch

    def thrown_away(self) -> int:
        """Count the messages of QoS 0 that the client dropped, unseen by us, since this was last asked."""
        count, self._ear.thrown_away = self._ear.thrown_away, 0
        return count

    async def open(self, filters: Iterable[str], *, counts: bool = True) -> None:
        """Connect, start to receive, subscribe. Receiving comes first: a resumed session begins with its backlog."""
        async with asyncio.timeout(CONNECT_S):
            await self._client.__aenter__()
        self.greeting = await self._client.connected()
        # The client's own socket waits to fill packets (Nagle): a receipt would wait for the broker's delayed answer.
        self._writer().get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._consumer = asyncio.create_task(self.gathering.fill(self._client.messages()), name="consume")
        async with asyncio.timeout(CONNECT_S):
            await self._subscribe(filters)
            if counts:
                await self._watch_drops()

    async def _subscribe(self, filters: Iterable[str]) -> None:
        for pattern in filters:
            await self._client.subscribe(
                pattern, max_qos=QoS.AT_LEAST_ONCE, retain_handling=RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS
            )

    async def _watch_drops(self) -> None:
        """A broker may keep its own counts to itself; one that hangs up at the question needs `counts` off."""
        with contextlib.suppress(aiomqtt.NegativeAckError):
            await self._client.subscribe(DROPPED_TOPIC, max_qos=QoS.AT_LEAST_ONCE)

    async def lost(self) -> None:
        """Wait until the connection ends, by whichever way; never returns.

        Raises
        ------
        TakenOver
            Another client came under our name.
        BrokerLost
            Any other end; connect again.
        """
        assert self._consumer is not None  # noqa: S101  (open() came first)
        watchdog = asyncio.create_task(self._silent(), name="watchdog")
        ends: set[asyncio.Task[None]] = {self._consumer, self._client._tasks, watchdog}  # noqa: SLF001
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            watchdog.cancel()
        raised = [repr(each.exception()) for each in done if not each.cancelled() and each.exception()]
        raise self.end("; ".join(raised) or f"silent for {2 * KEEP_ALIVE_S} s")

    async def _silent(self) -> None:
        while self._ear.heard:
            self._ear.heard = False
            await asyncio.sleep(2 * KEEP_ALIVE_S)

    def end(self, seen: str) -> TakenOver | BrokerLost:
        """Say why it ended: what the broker said comes before what we saw."""
        if self._ear.reason == _TAKEN_OVER:
            return TakenOver("another client took over our session: two ingests must not share a client id")
        return BrokerLost(self._ear.reason or seen)

    async def acknowledge(self, batch: Batch) -> None:
        """Tell the broker that these are stored: one write for all, each alone costs half the speed."""
        if batch.connection is not self:
            raise BrokerLost("the batch came over a connection that is gone; the broker sends it again")
        ids = batch.packet_ids
        writer = self._writer()
        writer.write(_pubacks(ids))
        self._taken -= len(ids)
        try:
            await writer.drain()
        except OSError as error:
            raise BrokerLost(str(error)) from error

    async def publish(self, topic: str, payload: bytes) -> None:
        """Publish for the broker to retain."""
        try:
            await self._client.publish(topic, payload, retain=True)
        except REFUSALS as error:
            raise BrokerLost(str(error)) from error

    def _writer(self) -> asyncio.StreamWriter:
        return self._client._writer  # noqa: SLF001

    async def close(self, *, politely: bool) -> None:
        """End the connection; the broker keeps the session. Impolitely where the peer may no longer listen."""
        if not politely and hasattr(self._client, "_writer"):
            self._writer().transport.abort()
        with contextlib.suppress(*REFUSALS, ExceptionGroup):
            async with asyncio.timeout(CLOSE_S):
                await self._client.__aexit__(None, None, None)
        if hasattr(self._client, "_writer"):
            self._writer().transport.abort()
        if self._consumer:
            self._consumer.cancel()  # the connection is dead: nothing it holds will be acknowledged
            await asyncio.gather(self._consumer, return_exceptions=True)


def _pubacks(ids: list[int]) -> bytes:
    """Spell many PUBACKs of success: type 4, two bytes to follow, the packet id (MQTT 5, 3.4)."""
    packets = np.empty(len(ids), [("head", ">u2"), ("id", ">u2")])
    packets["head"], packets["id"] = 0x4002, ids
    return packets.tobytes()


def _credentials(broker: settings.Broker) -> tuple[str | None, ssl.SSLContext | None]:
    """Read the files that the settings name.

    Raises
    ------
    SettingsError
        One is not there or of no use: no waiting mends that.
    """
    try:
        tls = ssl.create_default_context(cafile=broker.ca_file) if broker.tls else None
        return broker.secret(), tls
    except OSError as error:
        raise SettingsError(f"the broker's password_file or ca_file cannot be read: {error}") from error


def create_client(
    broker: settings.Broker, ingest: settings.Ingest, ear: logging.Logger | None = None, *, keep_s: int | None = None
) -> aiomqtt.Client:
    """Make the client of one connection; the broker keeps its session for `keep_s`, or as the settings say."""
    secret, tls = _credentials(broker)
    return aiomqtt.Client(
        hostname=broker.host,
        port=broker.port,
        identifier=ingest.client_id,
        logger=ear,
        ssl_context=tls,
        username=broker.user,
        password=secret.encode() if secret is not None else None,
        clean_start=False,
        session_expiry_interval=ingest.session_days * 86_400 if keep_s is None else keep_s,
        reconnect=False,
        keep_alive=KEEP_ALIVE_S,
        receive_max=ingest.receive_max,
        max_packet_size=ingest.max_packet_bytes + HEADROOM_BYTES,
    )


async def knock(host: str, port: int) -> None:
    """See whether the broker listens. The client's own connect blocks the loop, for minutes where a host is silent."""
    async with asyncio.timeout(CONNECT_S):
        _, writer = await asyncio.open_connection(host, port)
    writer.transport.abort()


@contextlib.asynccontextmanager
async def connect(
    broker: settings.Broker, ingest: settings.Ingest, filters: Iterable[str]
) -> AsyncIterator[Connection]:
    """Hold one connection to the broker.

    Raises
    ------
    BrokerLost
        It does not listen, refuses us, or went away before the block began.
    TakenOver
        Another client came under our name meanwhile.
    """
    ear = Ear()
    connection = Connection(create_client(broker, ingest, ear), ear, ingest)
    politely = False
    try:
        try:
            await knock(broker.host, broker.port)
            await connection.open(filters, counts=broker.counts)
        except REFUSALS as error:
            raise connection.end(f"{broker.host}:{broker.port}: {str(error) or type(error).__name__}") from error
        yield connection
        politely = True
    finally:
        await connection.close(politely=politely)
