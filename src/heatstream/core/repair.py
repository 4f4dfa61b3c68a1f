"""抢修时限: the class of an accident by how long heat is away, and whether a limit is kept.

The class is told by 可恢复时间, which nobody knows at the start (A15); 6 h and 24 h exactly stand in two classes (A43).
Times are microseconds, so that nothing is rounded before it is compared.
"""

from enum import IntEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from heatstream.core.units import Micros


class AccidentClass(IntEnum):
    """事故等级. Kept and never renumbered."""

    ORDINARY = 1
    """一般"""
    LARGER = 2
    """较大"""
    MAJOR = 3
    """重大"""


class RepairState(IntEnum):
    """How a limit stands. Kept and never renumbered."""

    RUNNING = 1
    """Heat is away, within the limit."""
    WARNED = 2
    """Past what a range begins with, within what it ends with; heat may be back."""
    KEPT = 3
    """Heat came back within the limit."""
    BREACHED = 4
    """Heat came back too late, or is away past the limit."""


def classes(length_us: Micros, bounds_us: tuple[int, int], *, exact_is_higher: bool) -> NDArray[np.int8]:
    """Tell the class of accidents by how long heat is away.

    Parameters
    ----------
    length_us : any shape, int64 [µs]
        From the fault until heat is back, as estimated or as it was; not below 0.
    bounds_us : between 一般 and 较大, and between 较大 and 重大 [µs]
    exact_is_higher : a length exactly at a bound has the higher class (choice A43)

    Returns
    -------
    the same shape, int8, AccidentClass
    """
    side: Literal["left", "right"] = "right" if exact_is_higher else "left"
    above: NDArray[np.int64] = np.searchsorted(np.asarray(bounds_us), np.asarray(length_us, np.int64), side=side)
    return np.asarray(above + 1, np.int8)


def states(
    elapsed_us: Micros, restored: NDArray[np.bool_], breached_after_us: Micros, warned_after_us: Micros
) -> NDArray[np.int8]:
    """Tell how a repair limit stands; exactly the limit keeps it (以内 includes, Civil Code 1259).

    Parameters
    ----------
    elapsed_us : any shape, int64 [µs]
        From the fault until heat was back, or until now.
    restored : the same shape, bool
    breached_after_us, warned_after_us : broadcast to it, int64 [µs]
        Where a text gives no range, both are the same.

    Returns
    -------
    the same shape, int8, RepairState
    """
    elapsed = np.asarray(elapsed_us, np.int64)
    within = np.where(restored, np.int8(RepairState.KEPT), np.int8(RepairState.RUNNING))
    warned = np.where(elapsed > warned_after_us, np.int8(RepairState.WARNED), within)
    return np.where(elapsed > breached_after_us, np.int8(RepairState.BREACHED), warned).astype(np.int8)
