"""A broker of our own: Mosquitto, or where there is none the one inside the wheel `iotcore`."""

import asyncio
import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from heatstream.embedded import child, debian
from heatstream.embedded.places import account_of_servers, make_folder
from heatstream.errors import BrokerError, HeatstreamError

Kind = Literal["mosquitto", "iotcore"]
Options = Mapping[str, str | int]

# What a broker of the loopback is told; `mosquitto.conf` at the top is the one for production, and says why.
LOOPBACK: dict[str, str | int] = {
    "allow_anonymous": "true",
    "persistence": "true",
    "autosave_interval": 5,
    "max_inflight_messages": 16_384,
    "max_queued_messages": 0,
    "max_queued_bytes": 1 << 30,
    "max_packet_size": 1 << 18,
    "persistent_client_expiration": "14d",
    "set_tcp_nodelay": "true",
    "sys_interval": 1,
    "log_dest": "stderr",
}
NO_REDELIVERY = (
    "this broker (iotcore) does not redeliver what was not acknowledged: a reading can be lost between broker and "
    "store. Good enough to look around; install Mosquitto (apt-get install mosquitto) for anything that counts"
)
IOTCORE = """id = 0

[router]
id = 0
max_connections = 10010
max_outgoing_packet_count = 16384
max_segment_size = 104857600
max_segment_count = 10

[v5.1]
name = "loopback"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 262144
max_inflight_count = 16384
dynamic_filters = true
"""


@dataclass(frozen=True)
class Choice:
    """Which broker this machine can have, and what must be said about it."""

    kind: Kind
    reason: str
    program: Path
    warning: str | None = None


def installed_mosquitto() -> Path | None:
    """Debian puts it where only root's PATH looks."""
    found = shutil.which(
        "mosquitto", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin{os.pathsep}/usr/local/sbin"
    )
    return Path(found) if found else None


def find_broker() -> Choice:
    """Prefer an installed Mosquitto, then one unpacked from Debian's packages, then iotcore; the second may fetch."""
    if program := installed_mosquitto():
        return Choice("mosquitto", f"Mosquitto installed here ({program})", program)
    try:
        program = debian.unpacked(debian.MOSQUITTO) / "usr/sbin/mosquitto"
    except HeatstreamError as error:
        return _iotcore(str(error))
    return Choice("mosquitto", "Mosquitto unpacked from Debian's packages", program)


def _iotcore(no_mosquitto: str) -> Choice:
    if importlib.util.find_spec("iotcore") is None:
        raise BrokerError(f"no Mosquitto ({no_mosquitto}) and no iotcore (pip install heatstream[embedded])")
    return Choice(
        "iotcore", f"iotcore from PyPI; no Mosquitto here: {no_mosquitto}", Path(sys.executable), NO_REDELIVERY
    )


def loopback_configuration(port: int, folder: Path, options: Options) -> str:
    """Anonymous access stands beside the loopback address, never without it."""
    lines = [f"listener {port} 127.0.0.1", f"persistence_location {folder}/"]
    lines += [f"{name} {setting}" for name, setting in (LOOPBACK | dict(options)).items()]
    return "\n".join(lines) + "\n"


class BrokerServer:
    """One broker on one folder; it can be stopped, killed and started again on the same port."""

    def __init__(self, choice: Choice, folder: Path, configuration: str, port: int) -> None:
        self.kind = choice.kind
        self.reason = choice.reason
        self.warning = choice.warning
        self.host = "127.0.0.1"
        self.port = port
        self.folder = folder
        self.log = folder.with_name(f"{folder.name}.log")
        self._program = choice.program
        self._configuration = configuration
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        if self._child is None:
            raise BrokerError(f"no broker runs on {self.folder}")
        return self._child.pid

    async def start(self, patience: float = 30) -> None:
        """Start, and wait until it takes connections.

        As root it is started as the servers' account: Mosquitto would change its account by itself, and with that lose
        the leash that ends it with us.
        """
        if not child.is_free(self.port):
            raise BrokerError(f"port {self.port} is taken: the broker on {self.folder} cannot have it")
        account = account_of_servers()
        make_folder(self.folder, account)
        written = self.folder / ("iotcore.toml" if self.kind == "iotcore" else "mosquitto.conf")
        written.write_text(self._configuration)
        self._child = child.start(
            self._command(written), log=self.log, account=account if self.kind == "mosquitto" else None
        )
        deadline = time.monotonic() + patience
        while not await _listens(self.port):
            if self._child.poll() is not None or time.monotonic() > deadline:
                await self.kill()
                raise BrokerError(
                    f"the broker on port {self.port} did not start; its log ends:\n{child.tail(self.log)}"
                )
            await asyncio.sleep(0.01)

    def _command(self, written: Path) -> list[str | Path]:
        if self.kind == "iotcore":
            # It calls every packet an error; only the highest level is quiet enough to be quick.
            return [self._program, "-m", "iotcore", "--config", written, "--log-level", "CRITICAL"]
        return [self._program, "-c", written]

    async def stop(self) -> None:
        """End in order: Mosquitto writes its queues to the disk."""
        if self._child is not None:
            await child.end(self._child, signal.SIGTERM)
            self._child = None

    async def kill(self) -> None:
        """`kill -9`: what was not saved yet is gone."""
        if self._child is not None:
            await child.end(self._child)
            self._child = None

    async def restart(self) -> None:
        await self.stop()
        await self.start()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


def prepare(folder: Path, *, port: int | None = None, options: Options | None = None) -> BrokerServer:
    """Have a broker ready for the loopback; it is not started. `options` stand above `LOOPBACK` (Mosquitto only)."""
    choice, folder, port = find_broker(), folder.absolute(), port or child.free_port()
    if choice.kind == "iotcore":
        return BrokerServer(choice, folder, IOTCORE.format(port=port), port)
    return BrokerServer(choice, folder, loopback_configuration(port, folder, options or {}), port)


@contextlib.asynccontextmanager
async def broker(
    folder: Path, *, port: int | None = None, options: Options | None = None
) -> AsyncIterator[BrokerServer]:
    """Run a broker as long as the block lasts, or this process lives."""
    server = await asyncio.to_thread(prepare, folder, port=port, options=options)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()
