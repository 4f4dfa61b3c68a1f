"""`mosquitto.conf` and `deploy/mosquitto.acl` as they ship, on a real Mosquitto; only paths and port are the test's."""

import asyncio
import contextlib
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiomqtt
import pytest

from heatstream.embedded import child
from heatstream.embedded.broker import BrokerServer, find_broker
from heatstream.embedded.places import account_of_servers, make_folder

ROOT = Path(__file__).parents[2]
USERS = ("heatstream-ingest", "gw-0001", "gw-0002")


def _certificate(folder: Path) -> None:
    """A certificate that is its own authority."""
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", folder / "server.key", "-out", folder / "server.crt"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files],
        check=True,
        capture_output=True,
    )
    shutil.copy(folder / "server.crt", folder / "ca.crt")
    (folder / "server.key").chmod(0o644)


def _passwords(folder: Path) -> None:
    path = folder / "passwords"
    path.touch()
    tool = shutil.which("mosquitto_passwd") or find_broker().program.parents[1] / "bin/mosquitto_passwd"
    for user in USERS:
        subprocess.run([tool, "-b", path, user, f"secret of {user}"], check=True, capture_output=True)
    path.chmod(0o644)


@pytest.fixture(scope="module")
def etc(scratch: Path) -> Iterator[Path]:
    """What an administrator puts into /etc/mosquitto."""
    folder = make_folder(scratch / "etc-mosquitto")
    make_folder(folder / "certs")
    _certificate(folder / "certs")
    _passwords(folder)
    shutil.copy(ROOT / "deploy/mosquitto.acl", folder / "acl")
    return folder


@pytest.fixture
async def production(scratch: Path, etc: Path) -> AsyncIterator[BrokerServer]:
    folder, port = make_folder(scratch / "production-broker", account_of_servers()), child.free_port()
    ours = (ROOT / "mosquitto.conf").read_text().replace("/etc/mosquitto", str(etc))
    ours = ours.replace("/var/lib/mosquitto", str(folder)).replace("listener 8883", f"listener {port} 127.0.0.1")
    server = BrokerServer(find_broker(), folder, ours.replace("sys_interval 10", "sys_interval 1"), port)
    await server.start()
    yield server
    await server.stop()


@contextlib.asynccontextmanager
async def _client(
    server: BrokerServer, etc: Path, user: str | None, password: str | None = None
) -> AsyncIterator[aiomqtt.Client]:
    client = aiomqtt.Client(
        hostname="127.0.0.1",
        port=server.port,
        ssl_context=ssl.create_default_context(cafile=etc / "certs/ca.crt"),
        username=user,
        password=(password or f"secret of {user}").encode() if user else None,
        clean_start=True,
        keep_alive=30,
        receive_max=100,
    )
    await client.__aenter__()
    yield client
    # Mosquitto hangs up on who publishes where he may not, and the client cannot say goodbye on a closed TLS transport.
    with contextlib.suppress(AttributeError):
        await client.__aexit__(None, None, None)


async def _publish(client: aiomqtt.Client, topic: str, payload: bytes = b"{}") -> None:
    await client.publish(topic, payload, qos=aiomqtt.QoS.AT_LEAST_ONCE, packet_id=next(client.packet_ids))


async def _subscribe(client: aiomqtt.Client, topic: str) -> None:
    await client.subscribe(topic, max_qos=aiomqtt.QoS.AT_LEAST_ONCE)


async def _next(client: aiomqtt.Client) -> tuple[str, bytes]:
    async with asyncio.timeout(5):
        packet = await anext(client.messages())
        return packet.topic, bytes(packet.payload or b"")


@pytest.mark.parametrize("kind", ["indoor", "meters", "status"])
async def test_a_gateway_writes_under_its_own_name(production: BrokerServer, etc: Path, kind: str) -> None:
    async with _client(production, etc, "heatstream-ingest") as ingest, _client(production, etc, "gw-0001") as gateway:
        await _subscribe(ingest, f"heat/v1/+/+/{kind}")
        await _publish(gateway, f"heat/v1/demo/gw-0001/{kind}", b"mine")
        assert await _next(ingest) == (f"heat/v1/demo/gw-0001/{kind}", b"mine")


@pytest.mark.parametrize(
    "topic", ["heat/v1/demo/gw-0002/indoor", "heat/v1/demo/gw-0001/receipt", "heat/v1/demo/gw-0001/indoor/x", "other"]
)
async def test_a_gateway_cannot_write_anywhere_else(production: BrokerServer, etc: Path, topic: str) -> None:
    async with _client(production, etc, "gw-0001") as gateway:
        with pytest.raises(aiomqtt.NegativeAckError, match="NOT_AUTHORIZED"):
            await _publish(gateway, topic)


async def test_what_a_gateway_writes_under_anothers_name_reaches_nobody(production: BrokerServer, etc: Path) -> None:
    async with _client(production, etc, "heatstream-ingest") as ingest:
        await _subscribe(ingest, "heat/v1/+/+/indoor")
        async with _client(production, etc, "gw-0001") as forger:
            with pytest.raises(aiomqtt.NegativeAckError):
                await _publish(forger, "heat/v1/demo/gw-0002/indoor", b"forged")
        async with _client(production, etc, "gw-0001") as gateway:
            await _publish(gateway, "heat/v1/demo/gw-0001/indoor", b"mine")
        assert await _next(ingest) == ("heat/v1/demo/gw-0001/indoor", b"mine")


async def test_a_gateway_reads_its_own_receipt_only(production: BrokerServer, etc: Path) -> None:
    async with _client(production, etc, "heatstream-ingest") as ingest, _client(production, etc, "gw-0001") as gateway:
        await _subscribe(gateway, "heat/v1/demo/gw-0001/receipt")
        await _subscribe(gateway, "heat/v1/#")
        await _publish(ingest, "heat/v1/demo/gw-0002/receipt", b"another's")
        await _publish(ingest, "heat/v1/demo/gw-0001/receipt", b"mine")
        assert await _next(gateway) == ("heat/v1/demo/gw-0001/receipt", b"mine")


async def test_ingest_reads_what_the_broker_dropped(production: BrokerServer, etc: Path) -> None:
    async with _client(production, etc, "heatstream-ingest") as ingest:
        await _subscribe(ingest, "$SYS/broker/publish/messages/dropped")
        assert await _next(ingest) == ("$SYS/broker/publish/messages/dropped", b"0")


@pytest.mark.parametrize(("user", "password"), [(None, None), ("gw-0001", "guessed"), ("stranger", "any")])
async def test_nobody_comes_in_without_a_password(
    production: BrokerServer, etc: Path, user: str | None, password: str | None
) -> None:
    with pytest.raises(aiomqtt.NegativeAckError, match="NOT_AUTHORIZED"):
        async with _client(production, etc, user, password):
            pass


async def test_the_listener_speaks_tls_only(production: BrokerServer) -> None:
    with pytest.raises((aiomqtt.ProtocolError, aiomqtt.ConnectError, OSError)):
        async with aiomqtt.Client(hostname="127.0.0.1", port=production.port, username="gw-0001", password=b"x"):
            pass


async def test_the_broker_announces_the_window_that_ingest_needs(production: BrokerServer, etc: Path) -> None:
    async with _client(production, etc, "heatstream-ingest") as ingest:
        assert (await ingest.connected()).receive_max == 16_384
