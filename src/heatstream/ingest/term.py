"""The time in which this process is the one writer: connections come and go, batches flow from them to the store.

While one batch is written, the next is decoded and checked and a third is gathered; the broker's window bounds them.
A batch whose connection is gone is dropped, for the broker sends it again on the next.
"""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.errors import BrokerLost
from heatstream.ingest import broker, gauges
from heatstream.ingest.alarms import Alarms
from heatstream.ingest.border import Checked
from heatstream.ingest.columns import Decoded, Received
from heatstream.ingest.decode import Decoder
from heatstream.ingest.failpoint import FailPoints
from heatstream.ingest.receipts import Receipts
from heatstream.ingest.topics import Subscriptions
from heatstream.ingest.waiting import doubling, pause, until_first
from heatstream.ingest.write import Writer, Written
from heatstream.probes import Health
from heatstream.settings import Settings
from heatstream.store.transient import is_transient

TICK_S = 1.0
T = TypeVar("T")

log = structlog.get_logger(__name__)


class Term:
    def __init__(
        self,
        found: Settings,
        engine: AsyncEngine,
        writer: Writer,
        *,
        alarms: Alarms,
        health: Health,
        points: FailPoints,
    ) -> None:
        self._found = found
        self._engine = engine
        self._writer = writer
        self._alarms = alarms
        self._health = health
        self._points = points
        self._receipts = Receipts(writer.city)
        self._subscriptions = Subscriptions(writer.city, found.ingest.subscriptions)
        self._decoder = Decoder(self._subscriptions)
        self._checked: asyncio.Queue[tuple[broker.Batch, Checked]] = asyncio.Queue(1)
        self._connection: broker.Connection | None = None
        self._waits = doubling()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`, then write and acknowledge what was received, and end."""
        await until_first(self._connections(stop), self._write_all(), self._writer.follow(), self._tick())

    # --- connections ---

    async def _connections(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self._one_connection(stop)
            except BrokerLost as lost:
                self._leave(lost)
            # What a dead connection delivered refers to itself in circles: a window full of messages, 64 MiB of 4 KiB
            # each, that would wait for the collector while the next connection fills its own.
            gc.collect()
            await pause(stop, next(self._waits))

    async def _one_connection(self, stop: asyncio.Event) -> None:
        async with broker.connect(self._found.broker, self._found.ingest, self._subscriptions.filters()) as connection:
            self._waits = doubling()
            self._greet(connection)
            await until_first(connection.lost(), self._drain(connection, stop))

    def _greet(self, connection: broker.Connection) -> None:
        self._connection = connection
        self._health.well("broker")
        gauges.CONNECTED.set(1)
        gauges.CONNECTIONS.inc()
        self._alarms.connected(session_present=connection.greeting.session_present)
        self._receipts.owe(self._writer.receipts())  # the broker may have lost those it retained
        log.info("connected to the broker", session_present=connection.greeting.session_present)

    def _leave(self, lost: BrokerLost) -> None:
        self._connection = None
        self._health.ill("broker", str(lost))
        gauges.CONNECTED.set(0)
        log.warning("broker lost", reason=str(lost))

    async def _drain(self, connection: broker.Connection, stop: asyncio.Event) -> None:
        """Check batches until `stop`; then wait until what was received is written and acknowledged."""
        closing = asyncio.create_task(_close_at(stop, connection.gathering), name="close")
        try:
            while batch := await connection.take():
                self._look(batch)
                await self._pass_on(batch)
            await self._checked.join()
            await self._receipts.publish(connection)
        finally:
            closing.cancel()

    # --- one batch ---

    def _look(self, batch: broker.Batch) -> None:
        """See what the batch says of the broker, whatever its messages hold."""
        if (dropped := batch.dropped()) is not None:
            self._alarms.broker_dropped(dropped)
        self._alarms.qos0(batch.qos0)
        if redelivered := batch.redelivered:
            gauges.REDELIVERED.inc(redelivered)
            log.info("the broker sends again", reason="not acknowledged before", messages=redelivered)

    async def _pass_on(self, batch: broker.Batch) -> None:
        received = batch.received()
        if not len(received):
            await batch.connection.acknowledge(batch)  # the broker's own counts, and nothing to store
            return
        decoded = decoded_whatever_comes(self._decoder, received)
        checked = await self._patiently(batch, "registry", lambda: self._writer.check(received, decoded))
        if checked:
            await self._checked.put((batch, checked))

    async def _write_all(self) -> None:
        while True:
            batch, checked = await self._checked.get()
            await self._write(batch, checked)
            self._checked.task_done()

    async def _write(self, batch: broker.Batch, checked: Checked) -> None:
        self._points.reach("after_receive_before_write")
        written = await self._patiently(batch, "database", lambda: self._writer.write(checked))
        if written:
            await self._written(batch, written)

    async def _patiently(self, batch: broker.Batch, part: str, act: Callable[[], Awaitable[T]]) -> T | None:
        """Try until it succeeds; None when the connection is gone meanwhile, and the batch comes again."""
        waits = doubling()
        while batch.connection is self._connection:
            try:
                done = await act()
            except Exception as error:
                if not is_transient(error):
                    raise
                self._fail(part, error)
                await asyncio.sleep(next(waits))
            else:
                self._health.well(part)
                return done
        return None

    def _fail(self, part: str, error: Exception) -> None:
        self._health.ill(part, str(error))
        gauges.RETRIES.inc()
        log.warning("the batch is not written yet", part=part, reason=type(error).__name__, seen=str(error))

    async def _written(self, batch: broker.Batch, written: Written) -> None:
        self._points.reach("after_commit_before_ack")
        gauges.LAG_S.observe(time.time() - batch.received_ns[0] / 1e9)
        self._receipts.owe(written.receipts)
        try:
            await batch.connection.acknowledge(batch)
            log.debug("acknowledged", messages=len(batch))
        except BrokerLost as lost:
            log.info("stored, but not acknowledged: it comes again", reason=str(lost))
        self._points.reach("after_ack")

    # --- once a second ---

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._look_at_clock()
            await self._publish_receipts()
            await self._tell_alarms()

    def _look_at_clock(self) -> None:
        if self._writer.holding:
            self._health.ill("clock", "most gateways seem ahead of ours: holding, nothing is refused or acknowledged")
        else:
            self._health.well("clock")

    async def _publish_receipts(self) -> None:
        if self._connection is None:
            return
        gauges.UNACKNOWLEDGED.set(self._connection.unacknowledged)
        self._alarms.qos0(self._connection.thrown_away())
        try:
            gauges.RECEIPTS.inc(await self._receipts.publish(self._connection))
        except BrokerLost as lost:
            log.info("receipts wait for the next connection", reason=str(lost))

    async def _tell_alarms(self) -> None:
        try:
            await self._alarms.tell(self._engine)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("incidents are not written yet", reason=type(error).__name__)


def decoded_whatever_comes(decoder: Decoder, received: Received) -> Decoded:
    """Decode a batch; a message on which a decoder fails, which is a fault of ours, must not stop all others for ever.

    Such a message counts as undecodable and is kept whole, until a mended release replays it.
    """
    try:
        return decoder.decode(received)
    except Exception:
        log.exception("a decoder failed", reason="a fault of this release")
    readable = [payload if _decodes(decoder, received, i) else b"" for i, payload in enumerate(received.payload)]
    return decoder.decode(Received(received.topic, readable, received.received_us))


def _decodes(decoder: Decoder, received: Received, i: int) -> bool:
    one = slice(i, i + 1)
    try:
        decoder.decode(Received(received.topic[one], received.payload[one], received.received_us[one]))
    except Exception as error:  # noqa: BLE001  (whatever it is, the message is kept)
        log.warning("kept as undecodable", reason=type(error).__name__, topic=received.topic[i], seen=str(error))
        return False
    return True


async def _close_at(stop: asyncio.Event, gathering: broker.Gathering) -> None:
    await stop.wait()
    gathering.close()
