"""Places where a test may kill this process, to see that nothing is lost there."""

import os
import signal
from collections.abc import Mapping
from typing import Final

from heatstream.errors import SettingsError

VARIABLE: Final = "HEATSTREAM_FAIL_POINT"
POINTS: Final = ("after_receive_before_write", "after_commit_before_ack", "after_ack")


class FailPoints:
    """Kill this very process, as `kill -9` would, the n-th time it reaches the place that the variable names."""

    def __init__(self, name: str = "", times: int = 1) -> None:
        self._name, self._left = name, times

    def reach(self, name: str) -> None:
        if name != self._name:
            return
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


def armed(environ: Mapping[str, str], *, allowed: bool) -> FailPoints:
    """Read `NAME` or `NAME:n-th time` from the variable.

    Raises
    ------
    SettingsError
        It is set where nobody allowed it, or names no place.
    """
    written = environ.get(VARIABLE)
    if written is None:
        return FailPoints()
    if not allowed:
        raise SettingsError(
            f"{VARIABLE} is set: it kills this process, and is taken only with --allow-fail-points, in tests"
        )
    name, _, times = written.partition(":")
    if name not in POINTS or not (times or "1").isdigit():
        raise SettingsError(
            f"{VARIABLE} is {written!r}, expected one of {', '.join(POINTS)}, with :n for the n-th time"
        )
    return FailPoints(name, int(times or "1"))
