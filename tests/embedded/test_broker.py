import asyncio
import subprocess
import sys
import uuid
from pathlib import Path

import aiomqtt
import pytest

from heatstream.embedded import debian
from heatstream.embedded.broker import (
    IOTCORE,
    BrokerServer,
    Choice,
    _iotcore,
    broker,
    find_broker,
    loopback_configuration,
)
from heatstream.embedded.child import free_port
from heatstream.errors import BrokerError
from tests.embedded.test_postgres import _gone

RUN_AND_SLEEP = """
import asyncio, sys
from pathlib import Path
from heatstream.embedded.broker import broker
async def main():
    async with broker(Path(sys.argv[1])) as server:
        print(server.pid, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""
MORE_THAN_THE_DEFAULT = 1500


@pytest.fixture
def folder(scratch: Path) -> Path:
    return scratch / f"broker-{uuid.uuid4().hex[:8]}"


def _subscriber(server: BrokerServer, name: str = "subscriber") -> aiomqtt.Client:
    return aiomqtt.Client(
        hostname=server.host,
        port=server.port,
        identifier=name,
        session_expiry_interval=3600,
        receive_max=16_384,
        keep_alive=30,
    )


async def _publish(server: BrokerServer, count: int) -> None:
    async with aiomqtt.Client(hostname=server.host, port=server.port, clean_start=True, keep_alive=30) as client:
        for n in range(count):
            await client.publish("a", str(n).encode(), qos=aiomqtt.QoS.AT_LEAST_ONCE, packet_id=next(client.packet_ids))


async def _subscribe(server: BrokerServer) -> None:
    async with _subscriber(server) as client:
        await client.subscribe("a", max_qos=aiomqtt.QoS.AT_LEAST_ONCE)


async def _received(server: BrokerServer, count: int) -> list[int]:
    """Take so many messages without acknowledging one."""
    async with _subscriber(server) as client, asyncio.timeout(10):
        messages = client.messages()
        return [int((await anext(messages)).payload) for _ in range(count)]


async def test_a_killed_parent_takes_its_broker_along(folder: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", RUN_AND_SLEEP, folder], stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        pid = int(await asyncio.to_thread(parent.stdout.readline))
        parent.kill()
    assert await _gone(pid)


async def test_an_ended_block_leaves_no_broker(folder: Path) -> None:
    async with broker(folder) as server:
        pid = server.pid
    assert await _gone(pid, 0)


async def test_more_is_queued_than_mosquittos_default(own_broker) -> None:
    server = await own_broker()
    await _subscribe(server)
    await _publish(server, MORE_THAN_THE_DEFAULT)
    assert await _received(server, MORE_THAN_THE_DEFAULT) == list(range(MORE_THAN_THE_DEFAULT))


async def test_what_was_not_acknowledged_is_delivered_again(own_broker) -> None:
    server = await own_broker()
    await _subscribe(server)
    await _publish(server, 30)
    assert await _received(server, 30) == await _received(server, 30)


async def test_the_queue_survives_an_orderly_restart(own_broker) -> None:
    server = await own_broker()
    await _subscribe(server)
    await _publish(server, 30)
    await server.restart()
    assert await _received(server, 30) == list(range(30))


async def test_options_stand_above_the_usual_ones(own_broker) -> None:
    server = await own_broker(max_queued_messages=10, max_inflight_messages=1)
    await _subscribe(server)
    await _publish(server, 30)
    async with _subscriber(server) as client:
        assert (await client.connected()).receive_max == 1


async def test_a_configuration_that_mosquitto_refuses_is_an_error_with_its_words(folder: Path) -> None:
    with pytest.raises(BrokerError, match="no_such_option"):
        async with broker(folder, options={"no_such_option": 1}):
            pass


def test_anonymous_access_is_for_the_loopback_alone() -> None:
    listeners = [line for line in loopback_configuration(1883, Path("/x"), {}).splitlines() if "listener" in line]
    assert listeners == ["listener 1883 127.0.0.1"]


def test_the_fall_back_warns_that_it_does_not_redeliver() -> None:
    assert "does not redeliver" in str(_iotcore("none installed").warning)


async def test_the_fall_back_carries_a_message(folder: Path) -> None:
    port = free_port()
    server = BrokerServer(_iotcore("none installed"), folder, IOTCORE.format(port=port), port)
    await server.start()
    try:
        async with _subscriber(server) as client:
            await client.subscribe("a", max_qos=aiomqtt.QoS.AT_LEAST_ONCE)
            await _publish(server, 3)
            messages = client.messages()
            async with asyncio.timeout(5):
                assert [(await anext(messages)).payload for _ in range(3)] == [b"0", b"1", b"2"]
    finally:
        await server.stop()


@pytest.mark.skipif(bool(debian.lacking()), reason=f"{debian.lacking()}")
async def test_a_mosquitto_unpacked_from_debians_packages_works_without_being_installed(folder: Path) -> None:
    program = debian.unpacked(debian.MOSQUITTO) / "usr/sbin/mosquitto"
    port = free_port()
    choice = Choice("mosquitto", "unpacked", program)
    server = BrokerServer(choice, folder, loopback_configuration(port, folder, {}), port)
    await server.start()
    await _subscribe(server)
    await _publish(server, 3)
    assert await _received(server, 3) == [0, 1, 2]
    await server.stop()


def test_an_installed_mosquitto_is_preferred() -> None:
    assert find_broker().kind == "mosquitto"
