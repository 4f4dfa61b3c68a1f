"""What was refused, kept whole: evidence, and to be fed again once its cause is mended.

A message is one row, however often it comes: (topic, SHA-256 of the payload), with `seen`; each of its refused readings
is a row of `reject_reading`. Where the message is refused as a whole, `reason` says why; `readings` is 0 where it
cannot be read.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    LargeBinary,
    Row,
    Select,
    Text,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.arrays import rows_of
from heatstream.store.tables import Instant, reject, reject_reading

STATEMENT_BYTES = 4 << 20


class Line(NamedTuple):
    """One refused reading of a message."""

    position: int
    reason: str
    detail: str
    device: str
    at: str
    value: str


class Refused(NamedTuple):
    """One refused message, once however often the batch held it."""

    topic: str
    payload: bytes
    sha256: bytes
    gateway: str
    reason: str | None
    detail: str | None
    readings: int
    seen: int
    first_received_at: dt.datetime
    last_received_at: dt.datetime
    lines: tuple[Line, ...]

    @property
    def key(self) -> tuple[str, bytes]:
        return self.topic, self.sha256


async def see_again(conn: AsyncConnection, refused: Sequence[Refused]) -> dict[tuple[str, bytes], int]:
    """Count the messages that are kept already; tell their ids."""
    came = rows_of(
        "came",
        topic=(Text, [one.topic for one in refused]),
        sha256=(LargeBinary, [one.sha256 for one in refused]),
        seen=(BigInteger, [one.seen for one in refused]),
        readings=(Integer, [one.readings for one in refused]),
        last=(Instant, [one.last_received_at for one in refused]),
    )
    its_own = (
        select(reject.c.id)
        .where(reject.c.topic == came.c.topic, reject.c.payload_sha256 == came.c.sha256)
        .limit(1)  # changes nothing, and makes it a look-up whatever the planner believes
        .lateral()
    )
    kept = select(its_own.c.id, came.c.seen, came.c.readings, came.c.last).select_from(came.join(its_own, true()))
    came_again = kept.subquery()
    again = (
        update(reject)
        .values(
            seen=reject.c.seen + came_again.c.seen,
            last_received_at=func.greatest(reject.c.last_received_at, came_again.c.last),
            readings=func.greatest(reject.c.readings, came_again.c.readings),
            resolved_at=None,
        )
        .where(reject.c.id == came_again.c.id)
        .returning(reject.c.topic, reject.c.payload_sha256, reject.c.id)
    )
    return {(row[0], row[1]): row[2] for row in await conn.execute(again)}


async def add(conn: AsyncConnection, refused: Sequence[Refused], batch_id: int) -> dict[tuple[str, bytes], int]:
    """Keep messages that are not kept yet; tell their ids."""
    ids: dict[tuple[str, bytes], int] = {}
    for some in _portions(refused):
        new = insert(reject).returning(reject.c.topic, reject.c.payload_sha256, reject.c.id)
        rows = await conn.execute(new.from_select(_NAMES, _new_rows(some, batch_id)))
        ids |= {(row[0], row[1]): row[2] for row in rows}
    return ids


_NAMES = (
    "topic",
    "payload",
    "payload_sha256",
    "gateway",
    "reason",
    "detail",
    "readings",
    "seen",
    "first_received_at",
    "last_received_at",
    "batch_id",
)


def _new_rows(refused: Sequence[Refused], batch_id: int) -> Select[Any]:
    came = rows_of(
        "came",
        topic=(Text, [one.topic for one in refused]),
        payload=(LargeBinary, [one.payload for one in refused]),
        sha256=(LargeBinary, [one.sha256 for one in refused]),
        gateway=(Text, [one.gateway for one in refused]),
        reason=(Text, [one.reason for one in refused]),
        detail=(Text, [one.detail for one in refused]),
        readings=(Integer, [one.readings for one in refused]),
        seen=(BigInteger, [one.seen for one in refused]),
        first=(Instant, [one.first_received_at for one in refused]),
        last=(Instant, [one.last_received_at for one in refused]),
    )
    return select(*came.c, literal(batch_id, BigInteger))


def _portions(refused: Sequence[Refused]) -> Iterator[list[Refused]]:
    """Cut into statements of bounded size."""
    portion: list[Refused] = []
    size = 0
    for one in refused:
        portion.append(one)
        size += len(one.payload)
        if size >= STATEMENT_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


async def add_lines(conn: AsyncConnection, lines: Sequence[tuple[int, Line]]) -> None:
    """Keep the refused readings of messages; one that was resolved and is refused again is open again."""
    if not lines:
        return
    came = rows_of(
        "came",
        reject_id=(BigInteger, [reject_id for reject_id, _ in lines]),
        position=(Integer, [line.position for _, line in lines]),
        reason=(Text, [line.reason for _, line in lines]),
        detail=(Text, [line.detail for _, line in lines]),
        point=(Text, [line.device for _, line in lines]),
        at=(Text, [line.at for _, line in lines]),
        value=(Text, [line.value for _, line in lines]),
    )
    names = ["reject_id", "position", "reason", "detail", "point", "at", "value"]
    upsert = insert(reject_reading).from_select(names, select(*came.c))
    changed: dict[str, Any] = {name: upsert.excluded[name] for name in ("reason", "detail")}
    await conn.execute(
        upsert.on_conflict_do_update(index_elements=["reject_id", "position"], set_=changed | {"resolved_at": None})
    )


async def kept_since(conn: AsyncConnection, since: dt.datetime) -> dict[str, int]:
    """Count the messages first kept since, by gateway."""
    query = select(reject.c.gateway, func.count()).where(reject.c.first_received_at >= since).group_by(reject.c.gateway)
    return {row[0]: row[1] for row in await conn.execute(query)}


# --- fed again --------------------------------------------------------------------------------------------------------


def _open(reason: str | None) -> list[ColumnElement[bool]]:
    if reason is None:
        return [reject.c.resolved_at.is_(None)]
    of_a_reading = exists().where(
        reject_reading.c.reject_id == reject.c.id,
        reject_reading.c.resolved_at.is_(None),
        reject_reading.c.reason == reason,
    )
    return [reject.c.resolved_at.is_(None), or_(reject.c.reason == reason, of_a_reading)]


async def unresolved(
    conn: AsyncConnection, *, reason: str | None, after: int, limit: int
) -> Sequence[Row[int, str, bytes, dt.datetime, str | None]]:
    """Read messages that are still refused, wholly or in part, by the order they came in."""
    query = (
        select(reject.c.id, reject.c.topic, reject.c.payload, reject.c.first_received_at, reject.c.reason)
        .where(reject.c.id > after, *_open(reason))
        .order_by(reject.c.id)
        .limit(limit)
    )
    return (await conn.execute(query)).all()


async def open_positions(conn: AsyncConnection, ids: Sequence[int]) -> set[tuple[int, int]]:
    """Name the readings of these messages that are refused by themselves: message, position."""
    query = select(reject_reading.c.reject_id, reject_reading.c.position).where(
        reject_reading.c.reject_id == func.any(_ids(ids)), reject_reading.c.resolved_at.is_(None)
    )
    return {(row[0], row[1]) for row in await conn.execute(query)}


class Outcome(NamedTuple):
    """What a second feeding made of a message."""

    reason: str | None
    """Still refused as a whole, and why."""
    detail: str | None
    lines: tuple[Line, ...]
    """Still refused readings."""


async def settle(conn: AsyncConnection, outcomes: Mapping[int, Outcome]) -> int:
    """Write down what a second feeding made of messages; count those of which nothing is refused any more."""
    ids = list(outcomes)
    now = func.now()
    await conn.execute(
        update(reject_reading)
        .values(resolved_at=now)
        .where(reject_reading.c.reject_id == func.any(_ids(ids)), reject_reading.c.resolved_at.is_(None))
    )
    await add_lines(conn, [(id_, line) for id_, outcome in outcomes.items() for line in outcome.lines])
    whole = rows_of(
        "came",
        id=(BigInteger, ids),
        reason=(Text, [outcome.reason for outcome in outcomes.values()]),
        detail=(Text, [outcome.detail for outcome in outcomes.values()]),
    )
    await conn.execute(
        update(reject).values(reason=whole.c.reason, detail=whole.c.detail).where(reject.c.id == whole.c.id)
    )
    done = [id_ for id_, outcome in outcomes.items() if outcome.reason is None and not outcome.lines]
    await conn.execute(update(reject).values(resolved_at=now).where(reject.c.id == func.any(_ids(done))))
    return len(done)


def _ids(ids: Sequence[int]) -> Any:
    return bindparam(None, list(ids), ARRAY(BigInteger))


# --- read again -------------------------------------------------------------------------------------------------------


class Waiting(NamedTuple):
    """What is refused and not resolved, by reason."""

    reason: str
    messages: int
    """Messages refused as a whole for it."""
    readings: int
    """Readings refused for it."""


async def waiting(conn: AsyncConnection) -> list[Waiting]:
    """Count what is refused and not resolved."""
    none = literal(0, Integer)
    whole = select(reject.c.reason, literal(1, Integer).label("message"), none.label("reading")).where(
        reject.c.resolved_at.is_(None), reject.c.reason.is_not(None)
    )
    single = select(reject_reading.c.reason, none, literal(1, Integer)).where(reject_reading.c.resolved_at.is_(None))
    each = union_all(whole, single).subquery()
    query = select(each.c.reason, func.sum(each.c.message), func.sum(each.c.reading)).group_by(each.c.reason)
    return [Waiting(*row) for row in await conn.execute(query.order_by(each.c.reason))]
