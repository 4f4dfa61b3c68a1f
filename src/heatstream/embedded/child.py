"""Child processes that leave nobody behind: they end when we do, and when we are killed."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from heatstream.embedded.places import Account

LEASH = Path(__file__).with_name("leash.py")
# Below the range from which the kernel takes ports for outgoing connections: a server that is started again on its port
# must find it free.
PORTS = range(20_000, 32_000)


def free_port() -> int:
    """Find a loopback port that nobody listens on."""
    for _ in range(1000):
        port = PORTS[secrets.randbelow(len(PORTS))]
        if is_free(port):
            return port
    raise OSError(f"no free port on 127.0.0.1 from {PORTS.start} to {PORTS.stop - 1}")


def is_free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            trial.bind(("127.0.0.1", port))
            return True
    return False


def start(
    command: Sequence[str | Path],
    *,
    log: Path,
    on_orphaned: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, tied to the calling thread.

    The kernel sends `on_orphaned` when the *thread* ends that started it, so call this from the main thread, never from
    a worker of a pool. Ctrl-C at the terminal does not reach the child: whoever started it ends it in order.
    """
    who = [f"{account.uid}:{account.gid}"] if account else []
    leash = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), str(int(on_orphaned)), *who, "--"]
    with log.open("ab") as out:
        return subprocess.Popen(
            [*leash, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            process_group=0,
        )


async def ended(child: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait until the child has ended, at most so long."""
    deadline = time.monotonic() + seconds
    while child.poll() is None and time.monotonic() < deadline:  # noqa: ASYNC110  (nothing of ours ends it)
        await asyncio.sleep(0.01)
    return child.poll() is not None


async def end(child: subprocess.Popen[bytes], *signals: signal.Signals, patience: float = 30) -> None:
    """Send one signal after another until the child has ended; the last resort is SIGKILL."""
    for each in (*signals, signal.SIGKILL):
        if child.poll() is not None:
            return
        child.send_signal(each)
        await ended(child, patience)


def tail(log: Path, lines: int = 20) -> str:
    """Last lines of a log, for an error that says why."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""
