import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import mqtt5
import pytest

from heatstream.embedded.broker import BrokerServer
from heatstream.errors import BrokerLost, SettingsError, TakenOver
from heatstream.ingest import broker as session
from heatstream.ingest.broker import Batch, Connection
from heatstream.settings import Broker, Ingest
from simulators.link import BrokerAddress, Link
from tests.conftest import OwnBroker
from tests.proxy import Proxy


class Station:
    """Names of one test's own on the shared broker, and what connects under them."""

    def __init__(self, server: BrokerServer, port: int | None = None) -> None:
        self.name = uuid.uuid4().hex[:12]
        self.filters = [f"t/{self.name}/#"]
        self.broker = Broker(host=server.host, port=port or server.port)
        self.ingest = Ingest(client_id=f"test-{self.name}", flush_ms=50, flush_messages=1000)
        self.address = BrokerAddress(server.host, server.port)

    def connect(self) -> contextlib.AbstractAsyncContextManager[Connection]:
        return session.connect(self.broker, self.ingest, self.filters)

    async def publish(self, *payloads: bytes) -> None:
        link = await Link.open(self.address, f"sender-{uuid.uuid4().hex[:8]}", lambda *_: None)
        for answer in [await link.post(f"t/{self.name}/x", each) for each in payloads]:
            await answer
        await link.close()


@pytest.fixture
async def station(broker: BrokerServer) -> AsyncIterator[Station]:
    station = Station(broker)
    async with station.connect():
        pass  # the session exists from now on
    yield station
    link = await Link.open(station.address, station.ingest.client_id, lambda *_: None)
    await link.close()


def numbers(first: int, last: int) -> list[bytes]:
    return [b"%d" % each for each in range(first, last)]


async def take(connection: Connection, messages: int) -> list[Batch]:
    """Take batches until they hold so many messages."""
    batches: list[Batch] = []
    async with asyncio.timeout(10):
        while sum(len(batch.received()) for batch in batches) < messages:
            batch = await connection.take()
            assert batch is not None
            batches.append(batch)
    return batches


def payloads(batches: list[Batch]) -> list[bytes]:
    return [payload for batch in batches for payload in batch.received().payload]


async def test_what_was_published_while_nobody_listened_is_delivered_in_order(station: Station) -> None:
    await station.publish(*numbers(0, 2500))
    async with station.connect() as connection:
        assert payloads(await take(connection, 2500)) == numbers(0, 2500)


async def test_a_resumed_session_says_so(station: Station) -> None:
    async with station.connect() as connection:
        assert connection.greeting.session_present


async def test_a_batch_is_ripe_when_it_is_full(station: Station) -> None:
    await station.publish(*numbers(0, 1500))
    station.ingest = station.ingest.model_copy(update={"flush_ms": 60_000})
    async with station.connect() as connection:
        assert [len(batch.packet_ids) for batch in await take(connection, 900)] == [1000]


async def test_a_batch_of_large_messages_is_cut_by_its_bytes(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "BATCH_BYTES", 10_000)
    await station.publish(*(b"x" * 3_000 for _ in range(10)))
    async with station.connect() as connection:
        sizes = [len(batch.received()) for batch in await take(connection, 10)]
    assert max(sizes) == 3
    assert sum(sizes) == 10


async def test_a_message_larger_than_a_batch_is_a_batch(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "BATCH_BYTES", 10)
    await station.publish(b"x" * 3_000)
    async with station.connect() as connection:
        assert payloads(await take(connection, 1)) == [b"x" * 3_000]


async def test_a_batch_is_ripe_when_its_oldest_message_has_waited(station: Station) -> None:
    async with station.connect() as connection:
        await station.publish(b"one")
        started = asyncio.get_running_loop().time()
        await take(connection, 1)
        assert asyncio.get_running_loop().time() - started < 1


async def test_closing_gives_what_is_there_and_then_nothing(station: Station) -> None:
    station.ingest = station.ingest.model_copy(update={"flush_ms": 60_000})
    await station.publish(*numbers(0, 10))
    async with station.connect() as connection:
        while len(connection.gathering) < 10:
            await asyncio.sleep(0.01)
        connection.gathering.close()
        last = await connection.take()
        assert last is not None
        assert last.received().payload == numbers(0, 10)
        assert await connection.take() is None


async def test_what_was_acknowledged_is_not_delivered_again(station: Station) -> None:
    await station.publish(*numbers(0, 100))
    async with station.connect() as connection:
        for batch in await take(connection, 100):
            await connection.acknowledge(batch)
    await station.publish(b"after")
    async with station.connect() as connection:
        assert payloads(await take(connection, 1)) == [b"after"]


async def test_what_was_not_acknowledged_is_delivered_again(station: Station) -> None:
    await station.publish(*numbers(0, 100))
    async with station.connect() as connection:
        await take(connection, 100)
    async with station.connect() as connection:
        assert payloads(await take(connection, 100)) == numbers(0, 100)


async def test_a_batch_of_an_earlier_connection_cannot_be_acknowledged_on_a_later_one(station: Station) -> None:
    await station.publish(*numbers(0, 100))
    async with station.connect() as first:
        batches = await take(first, 100)
    async with station.connect() as second:
        with pytest.raises(BrokerLost):
            await second.acknowledge(batches[0])
        assert payloads(await take(second, 100)) == numbers(0, 100)


async def test_acknowledging_on_a_dead_connection_is_refused(station: Station) -> None:
    await station.publish(b"one")
    async with station.connect() as connection:
        batches = await take(connection, 1)
    with pytest.raises(BrokerLost):
        await connection.acknowledge(batches[0])


async def test_the_window_bounds_what_is_unacknowledged(station: Station) -> None:
    station.ingest = station.ingest.model_copy(update={"receive_max": 100, "flush_messages": 5000})
    await station.publish(*numbers(0, 1000))
    async with station.connect() as connection:
        await take(connection, 90)
        await asyncio.sleep(0.2)
        assert connection.unacknowledged == 100


async def test_a_session_that_the_broker_says_is_taken_over_is_an_error(station: Station, broker: BrokerServer) -> None:
    async with Proxy(broker.host, broker.port) as proxy:
        station.broker = Broker(host="127.0.0.1", port=proxy.port)
        async with station.connect() as connection, asyncio.timeout(5):
            proxy.say(mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER).write())
            assert isinstance(await _outcome(connection), TakenOver)


async def test_another_client_under_our_name_ends_the_connection(station: Station) -> None:
    """Mosquitto before 2.0.15 does not say why."""
    async with station.connect() as connection, asyncio.timeout(5), asyncio.TaskGroup() as group:
        lost = group.create_task(_outcome(connection))
        link = await Link.open(station.address, station.ingest.client_id, lambda *_: None)
    await link.close()
    assert isinstance(lost.result(), BrokerLost | TakenOver)


async def _outcome(connection: Connection) -> BaseException | None:
    return (await asyncio.gather(connection.lost(), return_exceptions=True))[0]


async def test_a_message_of_qos_0_that_arrives_is_counted(station: Station) -> None:
    async with station.connect() as connection:
        await publish_qos0(station, 1)
        batches = await take(connection, 1)
        assert sum(batch.qos0 for batch in batches) == 1


async def publish_qos0(station: Station, messages: int) -> None:
    reader, writer = await asyncio.open_connection(station.broker.host, station.broker.port)
    writer.write(mqtt5.ConnectPacket(f"qos0-{uuid.uuid4().hex[:8]}").write())
    await reader.read(100)
    writer.write(b"".join(mqtt5.PublishPacket(f"t/{station.name}/q", b"%d" % i).write() for i in range(messages)))
    writer.write(mqtt5.DisconnectPacket().write())
    await writer.drain()
    await reader.read()
    writer.close()
    await writer.wait_closed()


async def test_messages_of_qos_0_that_the_client_throws_away_are_counted(station: Station) -> None:
    async with station.connect() as connection:
        await publish_qos0(station, 500)
        batches = await take(connection, 1)
        await asyncio.sleep(0.2)
        came = sum(batch.qos0 for batch in batches) + len(connection.gathering)
        assert came + connection.thrown_away() == 500


async def test_the_broker_tells_how_many_messages_it_dropped(own_broker: OwnBroker) -> None:
    """Of a broker of the test's own: a count that does not change is forgotten after a minute."""
    async with Station(await own_broker()).connect() as connection:
        async with asyncio.timeout(5):
            batch = await connection.take()
        assert batch is not None
        assert batch.dropped() is not None
        assert len(batch.received()) == 0


@pytest.mark.parametrize(
    "broker", [Broker(password_file=Path("/nowhere/password")), Broker(tls=True, ca_file=Path("/nowhere/ca.crt"))]
)
async def test_a_file_that_is_not_there_is_a_wrong_setting(broker: Broker) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        async with session.connect(broker, Ingest(), ["t/#"]):
            pass


async def test_a_silent_port_is_a_lost_broker() -> None:
    with pytest.raises(BrokerLost, match=r"127\.0\.0\.1:1"):
        async with session.connect(Broker(port=1), Ingest(), ["t/#"]):
            pass


async def test_a_proxy_that_accepts_and_closes_is_a_lost_broker(broker: BrokerServer) -> None:
    async with Proxy(broker.host, broker.port) as proxy:
        proxy.turn("hang_up")
        with pytest.raises(BrokerLost):
            async with Station(broker, proxy.port).connect():
                pass


@pytest.mark.parametrize("messages", [0, 20_000])
async def test_a_reset_ends_the_connection_at_once(station: Station, broker: BrokerServer, messages: int) -> None:
    await station.publish(*numbers(0, messages))
    async with Proxy(broker.host, broker.port) as proxy:
        station.broker = Broker(host="127.0.0.1", port=proxy.port)
        with contextlib.suppress(BrokerLost):
            async with station.connect() as connection:
                asyncio.get_running_loop().call_later(0.05, proxy.reset)
                async with asyncio.timeout(5):
                    await connection.lost()


async def test_a_path_that_stalls_is_given_up(
    station: Station, broker: BrokerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "KEEP_ALIVE_S", 1)
    await station.publish(*numbers(0, 5000))
    async with Proxy(broker.host, broker.port) as proxy:
        station.broker = Broker(host="127.0.0.1", port=proxy.port)
        async with station.connect() as connection:
            await take(connection, 100)
            proxy.turn("stall")
            async with asyncio.timeout(5):
                outcome = await _outcome(connection)
    assert isinstance(outcome, BrokerLost)


def test_many_acknowledgements_are_spelt_as_the_library_spells_one() -> None:
    ids = [1, 255, 256, 65_534]
    assert session._pubacks(ids) == b"".join(mqtt5.PubAckPacket(each).write() for each in ids)
