"""Whether matters are whole: the chain of each, and that its row says what its events say."""

from collections.abc import AsyncIterator

from pydantic import ValidationError

from heatstream.claims import chain
from heatstream.errors import HeatstreamError
from heatstream.store import matters
from heatstream.supervision.act import Desk, before_first


async def faults(desk: Desk) -> AsyncIterator[str]:
    """Look at every matter; tell what is not as it was recorded."""
    for code in await matters.codes(desk.conn):
        fault = await _fault(desk, code)
        if fault is not None:
            yield f"matter {code}: {fault}"


async def _fault(desk: Desk, code: str) -> str | None:
    found = await matters.by_code(desk.conn, code)
    if found is None:
        return "gone while it was looked at"
    lines = await matters.lines(desk.conn, found.id)
    broken = chain.first_break(before_first(code, found.kind), lines)
    if broken is not None:
        return f"event {broken} is not what was recorded: its hash does not follow"
    try:
        state = await desk.state(found)
        kept = type(state).model_validate(found.state)
    except (HeatstreamError, ValidationError) as error:
        return str(error)
    differing = [name for name in type(state).model_fields if getattr(kept, name) != getattr(state, name)]
    return f"its row says otherwise than its events: {', '.join(differing)}" if differing else None
