"""The gateway side of the contract: nothing is forgotten before it is receipted."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from simulators import link
from simulators.errors import ReceiptAheadError, SimulatorError
from simulators.gateway import Gateway
from simulators.outbox import Memory, Message, Outbox
from simulators.wire import Reading
from tests.proxy import Proxy

DEADLINE_S = 20


def send(gateway: Gateway, count: int) -> None:
    for place in range(count):
        gateway.send_indoor([Reading("P-000001", f"2026-01-05T08:00:{place:02d}+08:00", "18.42")])


async def within_deadline(gateway: Gateway) -> None:
    await asyncio.wait_for(gateway.settled(), DEADLINE_S)


async def test_everything_is_receipted_once_sent(mosquitto: Any, recording: Any, city: str) -> None:
    async with recording(receipts=True) as recorder, Gateway("gw-0001", city, mosquitto.url) as gateway:
        send(gateway, 50)
        await within_deadline(gateway)
    assert recorder.contiguous("gw-0001") == 50


async def test_what_is_sent_while_offline_comes_when_online(mosquitto: Any, recording: Any, city: str) -> None:
    gateway = Gateway("gw-0001", city, mosquitto.url)
    send(gateway, 30)
    async with recording(receipts=True) as recorder:
        async with gateway:
            await within_deadline(gateway)
        assert len(recorder.received) == 30


async def test_without_a_receipt_a_gateway_keeps_what_the_broker_acknowledged(
    mosquitto: Any, recording: Any, city: str
) -> None:
    async with recording(receipts=False) as recorder, Gateway("gw-0001", city, mosquitto.url) as gateway:
        send(gateway, 10)
        while len(recorder.received) < 10:
            await asyncio.sleep(0.01)
        assert gateway.unreceipted == 10


async def test_a_killed_broker_that_forgot_everything_loses_nothing(mosquitto: Any, recording: Any, city: str) -> None:
    async with Gateway("gw-0001", city, mosquitto.url, resend_after_s=60) as gateway:
        send(gateway, 40)
        while gateway.sent < 40:
            await asyncio.sleep(0.01)
        await mosquitto.kill()
        await mosquitto.start()
        async with recording(receipts=True) as recorder:
            await within_deadline(gateway)
        assert recorder.sequences["gw-0001"] == set(range(1, 41))
        assert gateway.connections == 2


async def test_what_is_sent_again_is_the_same_bytes(mosquitto: Any, recording: Any, city: str) -> None:
    async with recording(receipts=False) as recorder, Gateway("gw-0001", city, mosquitto.url) as gateway:
        send(gateway, 5)
        while len(recorder.received) < 5:
            await asyncio.sleep(0.01)
        await gateway.go_offline()
        gateway.go_online()
        while len(recorder.received) < 10:
            await asyncio.sleep(0.01)
    assert recorder.received[5:] == recorder.received[:5]


async def test_after_a_reconnect_only_what_stands_above_the_receipt_is_sent(
    mosquitto: Any, recording: Any, city: str
) -> None:
    async with Gateway("gw-0001", city, mosquitto.url) as gateway:
        async with recording(receipts=True):
            send(gateway, 10)
            await within_deadline(gateway)
        send(gateway, 3)
        await gateway.go_offline()
        async with recording(receipts=True) as recorder:
            recorder.sequences["gw-0001"] |= set(range(1, 11))
            gateway.go_online()
            await within_deadline(gateway)
    assert sorted(json.loads(payload)["sequence"] for _, payload in recorder.received) == [11, 12, 13]


async def test_a_receipt_that_does_not_move_has_everything_sent_again(
    mosquitto: Any, recording: Any, city: str
) -> None:
    async with recording(receipts=False) as recorder:
        async with Gateway("gw-0001", city, mosquitto.url, resend_after_s=0.2) as gateway:
            send(gateway, 4)
            while len(recorder.received) < 8:
                await asyncio.sleep(0.01)
    assert recorder.received[4:8] == recorder.received[:4]


async def test_a_restarted_gateway_goes_on_with_its_memory(
    mosquitto: Any, recording: Any, city: str, tmp_path: Path
) -> None:
    first = Memory(tmp_path / "flash.sqlite")
    send(Gateway("gw-0001", city, mosquitto.url, memory=first), 7)
    first.close()
    memory = Memory(tmp_path / "flash.sqlite")
    async with recording(receipts=True) as recorder:
        async with Gateway("gw-0001", city, mosquitto.url, memory=memory) as gateway:
            assert gateway.send_indoor([Reading("P-000001", "2026-01-05T09:00:00+08:00", "18.42")]) == 8
            await within_deadline(gateway)
    memory.close()
    assert recorder.sequences["gw-0001"] == set(range(1, 9))


async def test_a_gateway_without_memory_counts_on_above_its_receipt(mosquitto: Any, recording: Any, city: str) -> None:
    async with recording(receipts=True):
        async with Gateway("gw-0001", city, mosquitto.url) as gateway:
            send(gateway, 5)
            await within_deadline(gateway)
        again = Gateway("gw-0001", city, mosquitto.url)
        await again.adopt_counter()
        async with again:
            assert again.send_indoor([Reading("P-000001", "2026-01-05T09:00:00+08:00", "18.42")]) == 6
            await within_deadline(again)


async def test_a_receipt_for_what_was_never_sent_stops_the_gateway(mosquitto: Any, recording: Any, city: str) -> None:
    async with recording(receipts=True):
        async with Gateway("gw-0001", city, mosquitto.url) as gateway:
            send(gateway, 5)
            await within_deadline(gateway)
    forgetful = Gateway("gw-0001", city, mosquitto.url)
    send(forgetful, 1)
    forgetful.go_online()
    with pytest.raises(ReceiptAheadError, match="the receipt says 5 is stored, but 1 is the last"):
        await within_deadline(forgetful)


async def test_noise_is_kept_until_the_broker_acknowledges_it(mosquitto: Any, recording: Any, city: str) -> None:
    await mosquitto.stop()
    gateway = Gateway("gw-0001", city, mosquitto.url)
    gateway.send_noise(f"heat/v1/{city}/gw-0001/indoor", b"{")
    async with gateway:
        await asyncio.sleep(0.2)
        await mosquitto.start()
        async with recording(receipts=False):
            await within_deadline(gateway)
    assert gateway.sent == 1


async def test_a_stalled_path_is_given_up_and_tried_again(
    mosquitto: Any, recording: Any, city: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "KEEP_ALIVE_S", 1)
    async with recording(receipts=True), Proxy("127.0.0.1", mosquitto.port) as path:
        async with Gateway("gw-0001", city, f"mqtt://127.0.0.1:{path.port}") as gateway:
            send(gateway, 5)
            await within_deadline(gateway)
            path.turn("stall")
            send(gateway, 55)
            while not gateway.trouble:
                await asyncio.sleep(0.01)
            why = gateway.trouble
            path.turn("pass")
            await within_deadline(gateway)
    assert why.endswith("nothing came for 0.5 s")


async def test_a_reset_connection_loses_nothing(mosquitto: Any, recording: Any, city: str) -> None:
    async with recording(receipts=True) as recorder, Proxy("127.0.0.1", mosquitto.port) as path:
        async with Gateway("gw-0001", city, f"mqtt://127.0.0.1:{path.port}") as gateway:
            for _ in range(5):
                send(gateway, 50)
                await asyncio.sleep(0.02)
                path.reset()
            await within_deadline(gateway)
        assert recorder.contiguous("gw-0001") == 250


async def test_a_restarted_gateway_still_has_its_noise(mosquitto: Any, recording: Any, city: str) -> None:
    memory = Memory()
    topic = f"heat/v1/{city}/gw-0001/indoor"
    Gateway("gw-0001", city, mosquitto.url, memory=memory).send_noise(topic, b"{")
    async with recording(receipts=False) as recorder:
        async with Gateway("gw-0001", city, mosquitto.url, memory=memory) as gateway:
            await within_deadline(gateway)
        while not recorder.received:
            await recorder.more()
    assert recorder.received == [(topic, b"{")]
    memory.close()


async def test_its_status_is_retained_and_its_last_will_says_offline(mosquitto: Any, city: str) -> None:
    async with Gateway("gw-0001", city, mosquitto.url) as gateway:
        while not gateway.connections:
            await asyncio.sleep(0.01)
        assert (await retained_status(mosquitto.port, city))["state"] == "online"
    assert (await retained_status(mosquitto.port, city))["state"] == "offline"


async def retained_status(port: int, city: str) -> dict[str, str]:
    async with aiomqtt.Client(hostname="127.0.0.1", port=port, clean_start=True) as client:
        await client.subscribe(f"heat/v1/{city}/gw-0001/status", max_qos=aiomqtt.QoS.AT_LEAST_ONCE)
        async for packet in client.messages():
            return json.loads(packet.payload)
    raise AssertionError


def test_an_outbox_takes_no_gap() -> None:
    memory = Memory()
    with pytest.raises(ValueError, match="expected sequences"):
        Outbox(memory, "gw-0001").keep([Message("gw-0001", 2, "t", b"")])
    memory.close()


def test_a_receipt_that_goes_back_forgets_nothing_more() -> None:
    memory = Memory()
    outbox = Outbox(memory, "gw-0001")
    outbox.keep([Message("gw-0001", sequence, "t", b"") for sequence in range(1, 6)])
    outbox.release(3)
    outbox.release(1)
    assert (outbox.receipt, [message.sequence for message in outbox.after(0)]) == (3, [4, 5])
    memory.close()


@pytest.mark.parametrize("url", ["127.0.0.1:1883", "http://127.0.0.1", "mqtt://"])
def test_a_wrong_broker_address_is_told(url: str) -> None:
    with pytest.raises(SimulatorError, match="expected mqtt://"):
        Gateway("gw-0001", "town", url)
