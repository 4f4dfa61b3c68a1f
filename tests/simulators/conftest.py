"""A real Mosquitto that can be killed, and a recorder that receives everything and gives receipts as ingest would."""

import asyncio
import contextlib
import json
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial

import aiomqtt
import pytest
from mqtt5 import PublishPacket, QoS

from heatstream.embedded.broker import BrokerServer
from tests.conftest import OwnBroker

CITY = "testcity"
Recording = Callable[..., AbstractAsyncContextManager["Recorder"]]


@pytest.fixture
async def mosquitto(own_broker: OwnBroker) -> BrokerServer:
    """A broker of the test's own, which forgets everything when it is killed."""
    return await own_broker(persistence="false")


@dataclass
class Recorder:
    """Receives everything of a city by another client than the simulators', and receipts it where asked to."""

    port: int
    receipts: bool
    received: list[tuple[str, bytes]] = field(default_factory=list)
    sequences: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        async with aiomqtt.Client(
            hostname="127.0.0.1", port=self.port, identifier="recorder", receive_max=16_384, clean_start=True
        ) as client:
            # aiomqtt leaves Nagle's algorithm on: without this each receipt waits 40 ms for the broker's delayed ACK
            client._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await client.subscribe(f"heat/v1/{CITY}/+/indoor", max_qos=QoS.AT_LEAST_ONCE)
            await client.subscribe(f"heat/v1/{CITY}/+/meters", max_qos=QoS.AT_LEAST_ONCE)
            self.arrived.set()
            async for packet in client.messages():
                assert isinstance(packet, PublishPacket)
                assert packet.packet_id is not None
                await self._take(client, packet)
                await client.puback(packet.packet_id)

    async def _take(self, client: aiomqtt.Client, packet: PublishPacket) -> None:
        self.received.append((packet.topic, bytes(packet.payload)))
        self.arrived.set()
        gateway = packet.topic.split("/")[3]
        with contextlib.suppress(ValueError, KeyError):
            self.sequences[gateway].add(json.loads(packet.payload)["sequence"])
        if self.receipts:
            await self._receipt(client, gateway)

    async def _receipt(self, client: aiomqtt.Client, gateway: str) -> None:
        payload = json.dumps({"gateway": gateway, "sequence": self.contiguous(gateway), "at": "2026-01-05T08:00:00Z"})
        await client.publish(
            f"heat/v1/{CITY}/{gateway}/receipt",
            payload.encode(),
            qos=QoS.AT_LEAST_ONCE,
            packet_id=next(client.packet_ids),
            retain=True,
        )

    async def more(self) -> None:
        """Wait for the next message."""
        self.arrived.clear()
        await asyncio.wait_for(self.arrived.wait(), 10)

    def contiguous(self, gateway: str) -> int:
        sequence = 0
        while sequence + 1 in self.sequences[gateway]:
            sequence += 1
        return sequence


@contextlib.asynccontextmanager
async def record(broker: BrokerServer, *, receipts: bool) -> AsyncIterator[Recorder]:
    recorder = Recorder(broker.port, receipts)
    listening = asyncio.create_task(recorder.listen())
    await recorder.arrived.wait()
    try:
        yield recorder
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening


@pytest.fixture
def recording(mosquitto: BrokerServer) -> Recording:
    """Start a recorder: `async with recording(receipts=True) as recorder`."""
    return partial(record, mosquitto)


@pytest.fixture
def city() -> str:
    return CITY
