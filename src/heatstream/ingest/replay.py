"""`heatstream replay rejects`: what was refused is fed again, and what is usable now is stored and resolved.

Only the readings that are refused still are fed; the time at which they first came stays theirs. A message's sequence
is left out, for it was counted when it came.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any, Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.core.quality import Quality
from heatstream.errors import BadInput
from heatstream.ingest.border import Reason
from heatstream.ingest.columns import NO_SEQUENCE, Columns, Decoded, Mask, MeterColumns, Received
from heatstream.ingest.decode import Decoder
from heatstream.ingest.registry import micros
from heatstream.ingest.topics import Subscriptions
from heatstream.ingest.write import Writer, Written, clock_us
from heatstream.settings import Settings
from heatstream.store import migrate, rejects
from heatstream.store.pool import create_engine

PAGE: Final = 1000


async def main(found: Settings, *, reason: str | None = None) -> dict[str, int]:
    """Feed the open rejects again, all or those of one reason; count what became of them."""
    engine = create_engine(found.database_url(), size=2, application="heatstream-replay")
    try:
        async with engine.connect() as conn:
            await migrate.require_ready(conn)
        return await feed(engine, found, reason=reason)
    finally:
        await engine.dispose()


async def feed(
    engine: AsyncEngine, found: Settings, *, reason: str | None = None, now_us: Callable[[], int] = clock_us
) -> dict[str, int]:
    """Feed page by page; each page is a batch of its own under the writers' lock.

    Raises
    ------
    BadInput
        There is no such reason.
    """
    _require_known(reason)
    writer = await Writer.load(engine, found, name="replay", now_us=now_us)
    decoder = Decoder(Subscriptions(writer.city, found.ingest.subscriptions))
    counts: Counter[str] = Counter(messages=0, stored=0, repeated=0, conflicting=0, rejected=0, resolved=0)
    last = 0
    while page := await _page(engine, reason, last):
        written = await _feed_page(engine, writer, decoder, page)
        counts.update({name: getattr(written.totals, name) for name in counts if name != "resolved"})
        counts["resolved"] += written.resolved
        last = page[-1].id
    return dict(counts)


def _require_known(reason: str | None) -> None:
    known = [each.code for each in Reason if each is not Reason.FINE]
    if reason is not None and reason not in known:
        raise BadInput(f"reason {reason!r}: expected one of {', '.join(known)}")


async def _page(engine: AsyncEngine, reason: str | None, after: int) -> Sequence[Any]:
    async with engine.connect() as conn:
        return await rejects.unresolved(conn, reason=reason, after=after, limit=PAGE)


async def _feed_page(engine: AsyncEngine, writer: Writer, decoder: Decoder, page: Sequence[Any]) -> Written:
    ids = [row.id for row in page]
    async with engine.connect() as conn:
        refused = await rejects.open_positions(conn, ids)
    came_us = np.array([micros(row.first_received_at) for row in page], np.int64)
    received = Received([row.topic for row in page], [row.payload for row in page], came_us)
    decoded = decoder.decode(received)
    _leave_out_stored(decoded, ids, [row.reason for row in page], refused)
    checked = await writer.check(received, decoded)
    for rows in (checked.indoor, checked.meters):
        rows.flags |= np.int16(Quality.REPLAYED)
    checked.reject_id = ids
    return await writer.write(checked)


def _leave_out_stored(
    decoded: Decoded, ids: list[int], reasons: list[str | None], refused: set[tuple[int, int]]
) -> None:
    """Keep the readings that are refused still; of a message that could not be read, all of them."""
    unread = {place for place, reason in enumerate(reasons) if reason == Reason.UNDECODABLE.code}

    def wanted(columns: Columns | MeterColumns) -> Mask:
        pairs = zip(columns.message.tolist(), columns.position.tolist(), strict=True)
        return np.array([place in unread or (ids[place], position) in refused for place, position in pairs], np.bool_)

    decoded.indoor = _indoor(decoded.indoor, wanted(decoded.indoor))
    decoded.meters = _meters(decoded.meters, wanted(decoded.meters))
    decoded.sequence[:] = NO_SEQUENCE
    decoded.status.clear()


def _renumbered(texts: dict[int, str], keep: Mask) -> dict[int, str]:
    place = np.cumsum(keep) - 1
    return {int(place[row]): text for row, text in texts.items() if keep[row]}


def _indoor(columns: Columns, keep: Mask) -> Columns:
    return Columns(
        message=columns.message[keep],
        position=columns.position[keep],
        point=list(compress(columns.point, keep.tolist())),
        at_us=columns.at_us[keep],
        temp_centi=columns.temp_centi[keep],
        fault=columns.fault[keep],
        detail=_renumbered(columns.detail, keep),
    )


def _meters(columns: MeterColumns, keep: Mask) -> MeterColumns:
    return MeterColumns(
        message=columns.message[keep],
        position=columns.position[keep],
        meter=list(compress(columns.meter, keep.tolist())),
        at_us=columns.at_us[keep],
        quantity={name: numbers[keep] for name, numbers in columns.quantity.items()},
        valid={name: sent[keep] for name, sent in columns.valid.items()},
        fault_text=_renumbered(columns.fault_text, keep),
        fault=columns.fault[keep],
        detail=_renumbered(columns.detail, keep),
    )
