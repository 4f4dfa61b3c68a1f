"""Whether matters are whole: the chain of each, and that its row says what its events say.

A row that an earlier release wrote may lack fields that this one folds, or hold others. That is no fault: events are
what counts, and lists and pages are served from the row. What both hold must be the same.
"""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from heatstream.claims import chain
from heatstream.errors import HeatstreamError
from heatstream.store import matters
from heatstream.store.matters import Matter
from heatstream.supervision.act import Desk, before_first
from heatstream.supervision.kinds import kind_of


class Looked(NamedTuple):
    """What was seen of a matter."""

    fault: str | None
    """Not as it was recorded."""
    earlier: bool = False
    """Its row has another shape: an earlier release wrote it."""


async def looked(desk: Desk) -> AsyncIterator[Looked]:
    """Look at every matter."""
    for code in await matters.codes(desk.conn):
        found = await _look(desk, code)
        yield found._replace(fault=found.fault and f"matter {code}: {found.fault}")


async def faults(desk: Desk) -> AsyncIterator[str]:
    """Look at every matter; tell what is not as it was recorded."""
    async for each in looked(desk):
        if each.fault is not None:
            yield each.fault


async def _look(desk: Desk, code: str) -> Looked:
    found = await matters.by_code(desk.conn, code)
    if found is None:
        return Looked("gone while it was looked at")
    lines = await matters.lines(desk.conn, found.id)
    broken = chain.first_break(before_first(code, found.kind), lines)
    if broken is not None:
        return Looked(f"event {broken} is not what was recorded: its hash does not follow")
    try:
        state = await desk.state(found)
    except HeatstreamError as error:
        return Looked(str(error))
    return _compared(desk, found, state)


def _compared(desk: Desk, found: Matter, state: Any) -> Looked:
    folded = {
        **state.model_dump(mode="json"),
        "closed_at": kind_of(found.kind).standing(state, desk.ground, desk.now()).closed_at,
    }
    kept = {**found.state, "closed_at": found.closed_at}
    differing = [name for name in folded if name in kept and not _agree(kept[name], folded[name])]
    fault = f"its row says otherwise than its events: {', '.join(differing)}" if differing else None
    return Looked(fault, earlier=not differing and _names(kept) != _names(folded))


def _agree(kept: Any, folded: Any) -> bool:
    """Compare what both hold, at every depth."""
    if isinstance(kept, dict) and isinstance(folded, dict):
        return all(_agree(kept[name], folded[name]) for name in kept.keys() & folded.keys())
    if isinstance(kept, list) and isinstance(folded, list):
        return len(kept) == len(folded) and all(map(_agree, kept, folded))
    if isinstance(kept, str) and isinstance(folded, str):
        return _instant(kept) == _instant(folded)
    return bool(kept == folded)


def _instant(text: str) -> dt.datetime | str:
    """Read an instant, for the same one may be written in two zones; other text stays as it is."""
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if at.tzinfo is None else at


def _names(tree: Any) -> Any:
    """Give the shape of a tree: names of fields, at every depth."""
    if isinstance(tree, dict):
        return {name: _names(each) for name, each in tree.items()}
    return [_names(each) for each in tree] if isinstance(tree, list) else None
