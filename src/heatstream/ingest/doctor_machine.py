"""This machine's part of `heatstream doctor`: client libraries, memory budget, the clock's discipline, the choices."""

import ctypes
import os
import sys
from collections.abc import Iterator
from importlib.metadata import version

from heatstream.errors import BadInput, Refused
from heatstream.ingest.diagnosis import Diagnosis, Verdict, diagnose
from heatstream.rules import policy
from heatstream.settings import Evaluate, Settings

_PINNED = {"aiomqtt": "3.0.0a1", "mqtt5": "0.6.0"}
_STA_UNSYNC = 0x0040
_TIMEX_BYTES = 208
_TIMEX_STATUS_AT = 40
_BUDGET_SHARE = 0.25


def look_at_machine(found: Settings) -> Iterator[Diagnosis]:
    """Check what needs no connection."""
    yield from _libraries()
    yield _budget(found.ingest.receive_max * found.ingest.max_packet_bytes)
    yield _clock_discipline(_unsynchronised())
    if found.evaluate.choices_file is not None:
        yield _day_window(found.evaluate)


def _libraries() -> Iterator[Diagnosis]:
    for name, pinned in _PINNED.items():
        seen = version(name)
        mend = "install by requirements.lock: ingest relies on what exactly this release does"
        yield diagnose(f"library {name}", seen, pinned, mend, safe=seen == pinned)


def _budget(budget: int) -> Diagnosis:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return diagnose(
        "memory of messages in flight",
        f"up to {budget >> 20} MiB of {memory >> 20} MiB",
        "at most a quarter of this machine's memory",
        "lower HEATSTREAM_INGEST_MAX_PACKET_BYTES or HEATSTREAM_INGEST_RECEIVE_MAX",
        safe=budget <= memory * _BUDGET_SHARE,
        unsafe=Verdict.WARN,
    )


def _unsynchronised() -> bool | None:
    """Ask the kernel whether its clock is disciplined; None where it does not tell."""
    if sys.platform != "linux":
        return None
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    if ctypes.CDLL(None).adjtimex(timex) < 0:
        return None
    status = int.from_bytes(timex.raw[_TIMEX_STATUS_AT : _TIMEX_STATUS_AT + 4], sys.byteorder)
    return bool(status & _STA_UNSYNC)


def _clock_discipline(unsynchronised: bool | None) -> Diagnosis:
    seen = {None: "the kernel does not tell", True: "not synchronised", False: "synchronised"}[unsynchronised]
    mend = "run chrony or systemd-timesyncd; in a container, on its host"
    return diagnose(
        "clock of this machine", seen, "synchronised", mend, safe=unsynchronised is False, unsafe=Verdict.WARN
    )


def _day_window(found: Evaluate) -> Diagnosis:
    """Compare where 昼 begins: late readings are marked by the settings' window, judged by the policy's."""
    chosen = _chosen_windows(found)
    return diagnose(
        "day window of settings and choices",
        f"settings {found.day_window}, choices {chosen}",
        "the same",
        "set HEATSTREAM_EVALUATE_DAY_WINDOW to the choices' day_window: a late reading marks nights by it",
        safe=chosen == found.day_window,
    )


def _chosen_windows(found: Evaluate) -> str:
    assert found.choices_file is not None  # noqa: S101  (the caller looked)
    try:
        laws = policy.load(found.choices_file, found.packs_dir).laws
    except (BadInput, Refused) as error:
        return f"cannot be read: {error}"
    return ", ".join(sorted({str(law.choices.day_window) for law in laws}))
