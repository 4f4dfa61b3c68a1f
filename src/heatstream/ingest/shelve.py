"""Readings of one kind on their way into their table: what is new, what stands already, what contradicts."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.errors import StoreError
from heatstream.ingest.border import Checked, Reason, Rows, first_of_key, printable
from heatstream.ingest.columns import QUANTITIES, Codes, Ints, Mask, MeterColumns, SmallInts
from heatstream.store import copy, stage
from heatstream.store.copy import Column
from heatstream.store.meters import METERS
from heatstream.store.readings import READINGS
from heatstream.store.stage import Fate, Shelf

PLAUSIBLE_US: Final = (0, 7_258_118_400_000_000)
"""A gateway's `sent_at` outside of [1970, 2200) is no time."""

Table = dict[str, Column]


@dataclass(slots=True)
class Pile:
    """All readings of one kind in a batch; arrays are (rows,) in the order of the decoder's columns."""

    shelf: Shelf
    rows: Rows
    message: SmallInts
    at_us: Ints
    value: Ints | SmallInts
    """Equal where two readings say the same."""
    columns: Callable[[Ints], Table]
    """Rows -> the table's columns but for the batch."""
    apart: Callable[[Ints], Table]
    """Rows -> what the conflict table has besides."""
    fate: Codes

    def usable(self) -> Ints:
        return self.rows.usable()


def indoor(checked: Checked) -> Pile:
    columns, rows = checked.decoded.indoor, checked.indoor

    def table(index: Ints) -> Table:
        return _common(checked, rows, columns.message[index], index) | {
            "point_id": Column(rows.id[index]),
            "observed_at": Column(columns.at_us[index]),
            "temp_centi": Column(columns.temp_centi[index]),
        }

    fate = _fate(rows)
    return Pile(READINGS, rows, columns.message, columns.at_us, columns.temp_centi, table, lambda _: {}, fate)


def meters(checked: Checked) -> Pile:
    columns, rows = checked.decoded.meters, checked.meters
    digest, value = _digests(columns, rows.usable())

    def table(index: Ints) -> Table:
        faults = [printable(columns.fault_text.get(row, "")) for row in index.tolist()]
        quantities = {name: Column(columns.quantity[name][index], columns.valid[name][index]) for name in QUANTITIES}
        return (
            _common(checked, rows, columns.message[index], index)
            | quantities
            | {
                "meter_id": Column(rows.id[index]),
                "observed_at": Column(columns.at_us[index]),
                "fault": Column(faults, np.array([bool(fault) for fault in faults], np.bool_)),
            }
        )

    def apart(index: Ints) -> Table:
        return {"digest": Column(digest[index])}

    return Pile(METERS, rows, columns.message, columns.at_us, value, table, apart, _fate(rows))


def _fate(rows: Rows) -> Codes:
    return np.where(rows.reason == Reason.FINE, np.uint8(Fate.NONE), np.uint8(Fate.REJECTED))


def _common(checked: Checked, rows: Rows, message: SmallInts, index: Ints) -> Table:
    sent_at = checked.decoded.sent_at_us[message]
    plausible = (sent_at >= PLAUSIBLE_US[0]) & (sent_at < PLAUSIBLE_US[1])
    return {
        "received_at": Column(checked.received.received_us[message]),
        "gateway_at": Column(np.where(plausible, sent_at, 0), plausible),
        "flags": Column(rows.flags[index]),
    }


def _digests(columns: MeterColumns, usable: Ints) -> tuple[NDArray[np.uint8], Ints]:
    """Digest what each meter reading says: its quantities, which of them were sent, its fault report."""
    digest, value = np.zeros((len(columns), 32), np.uint8), np.zeros(len(columns), np.int64)
    if not len(usable):
        return digest, value
    sent = np.stack([columns.valid[name][usable] for name in QUANTITIES], axis=1)
    said = np.stack([columns.quantity[name][usable] for name in QUANTITIES], axis=1)
    matrix = np.concatenate([np.where(sent, said, 0), sent], axis=1).astype(">i8")
    codes: dict[bytes, int] = {}
    for row, numbers in zip(usable.tolist(), matrix, strict=True):
        found = hashlib.sha256(numbers.tobytes() + columns.fault_text.get(row, "").encode()).digest()
        digest[row] = np.frombuffer(found, np.uint8)
        value[row] = codes.setdefault(found, len(codes))
    return digest, value


class _Sorted(NamedTuple):
    """What to do with the usable rows; each is row numbers."""

    new: Ints
    """Above everything stored, each key once: straight into the table."""
    staged: Ints
    first: Mask
    """(staged,) may be inserted; the others are second values of their key."""


def _sort_out(pile: Pile, straight: Callable[[NDArray[np.int32], Ints], Mask]) -> _Sorted:
    """Give repeats within the batch their fate; sort the rest into new rows and those that may stand."""
    order = pile.usable()
    ids, at, value = pile.rows.id[order], pile.at_us[order], pile.value[order]
    first = first_of_key(ids, at)
    if first.all():
        above = straight(ids, at)
        return _Sorted(order[above], order[~above], np.ones(len(order) - int(above.sum()), np.bool_))
    leader = np.flatnonzero(first)[np.cumsum(first) - 1]
    second = _distinct(order, leader, value, ~first & (value != value[leader]))
    pile.fate[order[~first & ~second]] = Fate.REPEATED
    above = straight(ids, at)
    staged = (first & ~above) | second
    return _Sorted(order[first & above], order[staged], first[staged])


def _distinct(order: Ints, leader: Ints, value: Ints | SmallInts, other: Mask) -> Mask:
    """Of the values that differ from their key's first, mark each distinct one once."""
    seen: set[tuple[int, int]] = set()
    once = np.zeros(len(order), np.bool_)
    for place in np.flatnonzero(other).tolist():
        said = (int(leader[place]), int(value[place]))
        once[place] = said not in seen
        seen.add(said)
    return once


def nothing_is_new(ids: NDArray[np.int32], _at_us: Ints) -> Mask:
    """Send every row through the stage."""
    return np.zeros(len(ids), np.bool_)


async def store(
    conn: AsyncConnection, pile: Pile, batch_id: int, straight: Callable[[NDArray[np.int32], Ints], Mask]
) -> None:
    """Store the usable rows of a pile and give each its fate.

    Parameters
    ----------
    straight : ids and instants -> which cannot stand in the table
    """
    found = _sort_out(pile, straight)
    await copy.copy_in(conn, pile.shelf.table, pile.columns(found.new) | _batch(batch_id, found.new))
    pile.fate[found.new] = Fate.STORED
    if len(found.staged):
        await _store_staged(conn, pile, batch_id, found.staged, found.first)
    if (pile.fate == Fate.NONE).any():
        raise StoreError(f"{int((pile.fate == Fate.NONE).sum())} rows of {pile.shelf.table.name} have no fate")


def _batch(batch_id: int, index: Ints) -> Table:
    return {"batch_id": Column(np.full(len(index), batch_id))}


async def _stage(conn: AsyncConnection, pile: Pile, batch_id: int, rows: Ints, first: Mask) -> None:
    marks = {"ord": Column(np.arange(len(rows))), "first": Column(first)}
    await stage.put(conn, pile.shelf, marks | pile.columns(rows) | _batch(batch_id, rows) | pile.apart(rows))


async def _store_staged(conn: AsyncConnection, pile: Pile, batch_id: int, rows: Ints, first: Mask) -> None:
    await _stage(conn, pile, batch_id, rows, first)
    at = pile.at_us[rows]
    place, fate = await stage.settle(conn, pile.shelf, batch_id, (int(at.min()), int(at.max())))
    pile.fate[rows[place]] = fate
    conflicting = rows[place[fate == Fate.CONFLICTING]]
    columns = pile.columns(conflicting) | _batch(batch_id, conflicting) | pile.apart(conflicting)
    await copy.copy_in(conn, pile.shelf.conflict, columns)


async def culprits(conn: AsyncConnection, pile: Pile, refused: Callable[[Exception], str | None]) -> dict[int, str]:
    """Find the rows that the database refuses, by halves; the caller rolls its transaction back.

    Parameters
    ----------
    refused : tells of an error what the server said about a row; None where the error is not about a row

    Returns
    -------
    row -> what the server said; with it every row of the batch that says the same
    """
    await conn.execute(select(1))
    order = pile.usable()
    found: dict[int, str] = {}
    waiting = [order] if len(order) else []
    while waiting:
        rows = waiting.pop()
        said = await _refusal(conn, pile, rows, refused)
        if said is not None and len(rows) == 1:
            found[int(rows[0])] = said
        elif said is not None:
            waiting += np.array_split(rows, 2)
    return found


async def _refusal(
    conn: AsyncConnection, pile: Pile, rows: Ints, refused: Callable[[Exception], str | None]
) -> str | None:
    savepoint = await conn.begin_nested()
    try:
        await _stage(conn, pile, 0, rows, np.ones(len(rows), np.bool_))
        await stage.insert_missing(conn, pile.shelf)
    except Exception as error:
        said = refused(error)
        if said is None:
            raise
        return said
    else:
        return None
    finally:
        await savepoint.rollback()
