"""A real Mosquitto that can be killed, and a recorder that receives everything and gives receipts as ingest would."""

import asyncio
import contextlib
import json
import shutil
import signal
import socket
import subprocess
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiomqtt
import pytest
from mqtt5 import PublishPacket, QoS

CITY = "testcity"
Recording = Callable[..., AbstractAsyncContextManager["Recorder"]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Mosquitto:
    """One broker on one port; a restart comes back on the same port with nothing remembered."""

    folder: Path
    port: int = field(default_factory=free_port)
    running: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
            "max_inflight_messages 16384\nmax_queued_messages 1000000\n"
        )
        self.running = subprocess.Popen(
            [program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._wait_until_open()

    def _wait_until_open(self) -> None:
        give_up = time.monotonic() + 10
        while time.monotonic() < give_up:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=0.2):
                return
            time.sleep(0.02)
        raise TimeoutError(f"mosquitto did not open port {self.port}")

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.running is not None:
            self.running.send_signal(how)
            self.running.wait(10)
            self.running = None


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    if shutil.which("mosquitto") is None and not Path("/usr/sbin/mosquitto").exists():
        pytest.skip("Mosquitto is not installed")
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.end()


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
async def record(broker: Mosquitto, *, receipts: bool) -> AsyncIterator[Recorder]:
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
def recording(mosquitto: Mosquitto) -> Recording:
    """Start a recorder: `async with recording(receipts=True) as recorder`."""
    return partial(record, mosquitto)


@pytest.fixture
def city() -> str:
    return CITY
