"""Stretches of slots in which something holds, found with patience: it begins and ends by several slots, not by one.

Slots that tell nothing are passed over: they neither carry a stretch on nor end it.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from heatstream.core.units import Mask

OPEN: Final = -1
"""Stands for the end of a stretch that goes on, and for the begin of one from before."""

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stretches:
    """By row, then by begin."""

    row: Places
    first: Places
    """The first slot that spoke for it; OPEN = it began before the first slot."""
    known: Places
    """The slot by which it was known; OPEN = before the first slot."""
    end: Places
    """The first slot of those that ended it; OPEN = it goes on."""


def stretches(
    weight: NDArray[Any], against: Mask, need: NDArray[Any], *, end_after: int, reset_after: int, holds: Mask
) -> Stretches:
    """Find where enough slots speak for something, until enough speak against it.

    Parameters
    ----------
    weight : (rows, slots) whole numbers: how much a slot speaks for it; 0 = not at all
    against : (rows, slots) bool, never where a weight is
    need : (rows, 1): so much weight begins a stretch
    end_after : so many slots against it, and none for it among them, end a stretch
    reset_after : so many of them make the weight before them count for nothing
    holds : (rows,) bool: a stretch was open before the first slot
    """
    slot = np.arange(weight.shape[1])
    speaks = weight > 0
    run = run_lengths(against, speaks)
    total = np.cumsum(weight, axis=1, dtype=np.int64)
    gathered = _since(total, against & (run >= reset_after))
    begins, ends = speaks & (gathered >= need), against & (run >= end_after)
    last = np.maximum.accumulate(np.where(begins | ends, slot, OPEN), axis=1)
    held = np.where(last >= 0, np.take_along_axis(begins, np.maximum(last, 0), axis=1), holds[:, None])
    before = np.concatenate([holds[:, None], held[:, :-1]], axis=1)
    return _paired(
        holds,
        np.nonzero(held & ~before),
        np.nonzero(before & ~held),
        _latest(slot, speaks & (gathered == weight)),
        _latest(slot, run == 1),
    )


def run_lengths(mask: Mask, broken_by: Mask) -> NDArray[np.int64]:
    """Count, in each slot of a mask, those of it since the last slot that breaks the run; 0 elsewhere."""
    run: NDArray[np.int64] = _since(np.cumsum(mask, axis=1), broken_by) * mask
    return run


def _since(total: NDArray[np.int64], restart: Mask) -> NDArray[np.int64]:
    """Count on from the last restart; `total` never falls."""
    since: NDArray[np.int64] = total - np.maximum.accumulate(np.where(restart, total, 0), axis=1)
    return since


def _latest(slot: NDArray[np.int64], mask: Mask) -> Places:
    return np.maximum.accumulate(np.where(mask, slot, OPEN), axis=1)


def _paired(
    holds: Mask, begun: tuple[Places, ...], ended: tuple[Places, ...], first: Places, first_against: Places
) -> Stretches:
    """Put each begin and the end after it beside each other: within a row they take turns."""
    before = np.flatnonzero(holds)
    nothing = np.full(before.size, OPEN, np.int64)
    row = np.concatenate([before, begun[0]])
    known = np.concatenate([nothing, begun[1]])
    start = np.concatenate([nothing, first[begun]])
    order = np.lexsort((known, row))
    row, known, start = row[order], known[order], start[order]
    width = first.shape[1] + 1
    place = np.searchsorted(ended[0] * width + ended[1], row * width + known)
    there = place < ended[0].size
    there[there] = ended[0][place[there]] == row[there]
    end = np.full(row.size, OPEN, np.int64)
    end[there] = first_against[ended][place[there]]
    return Stretches(row, start, known, end)


def rolling(function: np.ufunc, values: NDArray[Any], width: int) -> NDArray[Any]:
    """Reduce each slot and those before it, `width` together, along the last axis; fewer at the begin."""
    out, span = values.copy(), 1
    while span < min(width, values.shape[-1]):
        step = min(span, width - span)
        out[..., step:] = function(out[..., step:], out[..., :-step].copy())
        span += step
    return out
