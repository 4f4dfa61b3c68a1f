"""Is it the gateways that run ahead, or is it our own clock that lags?"""

from typing import Final, NamedTuple

import numpy as np

from heatstream.ingest.columns import ABSENT_US, Decoded, Ints

FORGET_US: Final = 900_000_000
"""What a gateway showed counts for so long [µs]."""

LEAST_GATEWAYS: Final = 3
"""Fewer cannot outvote our clock."""


class Suspicion(NamedTuple):
    """Most gateways seem ahead of us."""

    gateways: int
    ahead: int
    median_ahead_us: int


class ClockWatch:
    """Remembers which gateways were heard, and whose newest message was ahead as a whole.

    A gateway seems ahead when every instant of its newest message is: one fast sensor is not a fast gateway.
    """

    def __init__(self, ahead_us: int) -> None:
        self._ahead_us = ahead_us
        self._heard: dict[str, int] = {}
        self._ahead: dict[str, int] = {}

    def suspicion(self, decoded: Decoded, voters: set[str], now_us: int) -> Suspicion | None:
        """Hear a batch of these registered gateways; say so when most of the last quarter of an hour are ahead."""
        self._heard.update(dict.fromkeys(voters, now_us))
        ahead = self._ahead_in(decoded, now_us)
        self._ahead = {name: lead for name, lead in self._ahead.items() if name not in voters}
        self._ahead |= {name: lead for name, lead in ahead.items() if name in voters}
        return self._vote(now_us) if self._ahead else None

    def _vote(self, now_us: int) -> Suspicion | None:
        self._heard = {name: at for name, at in self._heard.items() if now_us - at < FORGET_US}
        self._ahead = {name: lead for name, lead in self._ahead.items() if name in self._heard}
        heard, ahead = len(self._heard), len(self._ahead)
        if heard < LEAST_GATEWAYS or 2 * ahead <= heard:
            return None
        return Suspicion(heard, ahead, sorted(self._ahead.values())[ahead // 2])

    def _ahead_in(self, decoded: Decoded, now_us: int) -> dict[str, int]:
        limit = now_us + self._ahead_us
        if max(int(columns.at_us.max(initial=ABSENT_US)) for columns in (decoded.indoor, decoded.meters)) <= limit:
            return {}
        earliest = _earliest(decoded)
        newest = {decoded.gateway[i]: int(earliest[i]) for i in np.flatnonzero(earliest != ABSENT_US).tolist()}
        return {name: at - now_us for name, at in newest.items() if at > limit}


def _earliest(decoded: Decoded) -> Ints:
    """Find the earliest instant that each message gives; ABSENT_US where it gives none."""
    none = np.iinfo(np.int64).max
    earliest = np.full(len(decoded.gateway), none, np.int64)
    for columns in (decoded.indoor, decoded.meters):
        given = columns.at_us != ABSENT_US
        np.minimum.at(earliest, columns.message[given], columns.at_us[given])
    return np.where(earliest == none, ABSENT_US, earliest)
