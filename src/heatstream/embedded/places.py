"""Who runs the servers, and the folders that this account can reach."""

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from heatstream.errors import SettingsError


@dataclass(frozen=True)
class Account:
    """An account of this machine."""

    name: str
    uid: int
    gid: int


def account_of_servers() -> Account | None:
    """As root: `postgres`, else `nobody`, for PostgreSQL refuses root. None: ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise SettingsError("running as root, and neither the account postgres nor nobody exists to run PostgreSQL")


def _may_enter(folder: Path, account: Account) -> bool:
    stat = folder.stat()
    shift = 6 if stat.st_uid == account.uid else 3 if stat.st_gid == account.gid else 0
    return bool(stat.st_mode >> shift & 1)


def reachable(path: Path, account: Account | None) -> bool:
    """Whether the account may walk down to `path`, as far as that exists."""
    folders = [path, *path.parents] if path.is_dir() else path.parents
    return account is None or all(_may_enter(folder, account) for folder in folders if folder.exists())


def reachable_or(path: Path, elsewhere: Path) -> Path:
    """Take `path` where the servers' account can reach it, else a folder of the same meaning below `elsewhere`.

    A checkout in root's home is the usual case: no other account may enter it.
    """
    path = path.absolute()
    if reachable(path, account_of_servers()):
        return path
    return elsewhere / hashlib.sha256(bytes(path)).hexdigest()[:12]


def data_folder(path: Path) -> Path:
    return reachable_or(path, Path("/var/lib/heatstream"))


def cache_folder() -> Path:
    """Where unpacked programs and their packages are kept: `HEATSTREAM_CACHE`, else `.cache` here."""
    return reachable_or(Path(os.environ.get("HEATSTREAM_CACHE") or ".cache"), Path("/var/cache/heatstream"))


def make_folder(path: Path, account: Account | None = None) -> Path:
    """Make a folder whose parents can be walked whatever the umask; it belongs to `account`."""
    for folder in [*reversed(path.parents), path]:
        if not folder.exists():
            folder.mkdir()
            folder.chmod(0o755)
    if account:
        os.chown(path, account.uid, account.gid)
    return path


def remove_folder(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=not path.exists())


@contextlib.contextmanager
def alone(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the folder's lock; without `wait`, BlockingIOError where another process holds it."""
    with (make_folder(folder) / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
