"""Colours of a watched figure: thresholds to enter and to leave, and a least time, so that no colour flaps.

Red, yellow and green are named in 吉建议〔2024〕12号 and defined nowhere (A39): every threshold is the operator's.
"""

from enum import IntEnum
from typing import NamedTuple, Self

import numpy as np

from heatstream.core.units import Mask, Micros, Small

THRESHOLDS = 2
"""Yellow and red, in this order along the first axis."""
NEVER_US = 2**62
"""Stands for an instant where there is none: later than any."""


class Level(IntEnum):
    """A colour as kept; never renumbered."""

    UNDETERMINED = 0
    GREEN = 1
    YELLOW = 2
    RED = 3


class Watch(NamedTuple):
    """What is remembered of each subject from one look to the next."""

    level: Small
    """(subjects,) its colour; UNDETERMINED until a first look told something. It outlives looks that tell nothing."""
    since_us: Micros
    """(subjects,) when it took this colour; NEVER_US = it has none yet."""
    past_us: Micros
    """(THRESHOLDS, subjects) since when every look that told had it past the threshold to enter; NEVER_US = is not."""
    back_us: Micros
    """(THRESHOLDS, subjects) since when every look told it back past the threshold to leave; NEVER_US = is not."""

    @classmethod
    def new(cls, subjects: int) -> Self:
        """Watch subjects that nobody has looked at."""
        return cls(
            np.full(subjects, Level.UNDETERMINED, np.int8),
            np.full(subjects, NEVER_US, np.int64),
            np.full((THRESHOLDS, subjects), NEVER_US, np.int64),
            np.full((THRESHOLDS, subjects), NEVER_US, np.int64),
        )


def look(watch: Watch, now_us: int, *, enters: Mask, leaves: Mask, known: Mask, least_us: int) -> Watch:
    """Take one look at every subject.

    A colour changes only when every look of the last `least_us` was past a threshold, and not sooner than `least_us`
    after the change before; between the threshold to leave and the one to enter it stays. A look that tells nothing
    changes no colour, and the time to clear begins anew after it: nobody is cleared by falling silent. The first
    green alone needs no waiting.

    Parameters
    ----------
    now_us : later than the look before [µs since 1970-01-01T00:00Z]
    enters, leaves : (THRESHOLDS, subjects)
        The figure is at or past the threshold to enter; at or back past the one to leave. What stands where `known`
        is false is not looked at. Who enters red enters yellow, who leaves yellow leaves red.
    known : (subjects,)
    least_us : [µs]

    Returns
    -------
    the same subjects
    """
    past_us = np.where(known, _since(watch.past_us, now_us, enters), watch.past_us)
    back_us = _since(watch.back_us, now_us, known & leaves)
    stands = watch.level >= np.array([[Level.YELLOW], [Level.RED]])
    calls = np.where(stands, ~_held(back_us, now_us, least_us), _held(past_us, now_us, least_us))
    first = watch.level == Level.UNDETERMINED
    waits = first & enters[0] & ~calls[0]
    wanted = np.where(waits, Level.UNDETERMINED, Level.GREEN + np.count_nonzero(calls, axis=0))
    level = np.where(known & (first | _held(watch.since_us, now_us, least_us)), wanted, watch.level).astype(np.int8)
    return Watch(level, np.where(level != watch.level, now_us, watch.since_us), past_us, back_us)


def _since(before_us: Micros, now_us: int, holds: Mask) -> Micros:
    """Carry on since when something holds."""
    return np.where(holds, np.minimum(before_us, now_us), NEVER_US)


def _held(since_us: Micros, now_us: int, least_us: int) -> Mask:
    return since_us <= now_us - least_us


def shown(watch: Watch, known: Mask) -> Small:
    """Give the colours to show: green only where the last look told it.

    Parameters
    ----------
    known : (subjects,) of the last look

    Returns
    -------
    (subjects,) Level
    """
    return np.where(~known & (watch.level == Level.GREEN), Level.UNDETERMINED, watch.level).astype(np.int8)
