"""Whether claims are whole: the chain of each, and that its row says what its events say."""

from collections.abc import AsyncIterator, Iterator

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims import chain
from heatstream.claims.assess import find, way_from
from heatstream.claims.way import Way
from heatstream.store import claims
from heatstream.store.claims import Claim


async def faults(conn: AsyncConnection) -> AsyncIterator[str]:
    """Look at every claim; tell what is not as it was recorded."""
    for code in await claims.codes(conn):
        claim = await find(conn, code)
        lines = await claims.lines(conn, claim.id)
        broken = chain.broken_at(claim.code, claim.household, lines)
        if broken is not None:
            yield f"claim {code}: event {broken} is not what was recorded: its hash does not follow"
            continue
        for fault in _differences(claim, way_from(lines)):
            yield f"claim {code}: {fault}"


def _differences(claim: Claim, way: Way) -> Iterator[str]:
    """Tell where the row of a claim says otherwise than its events."""
    if not way.recorded:
        yield "no event; expected `opened`"
        return
    told = {
        "step": way.step.name.lower(),
        "opened_at": way.opened_at,
        "ruled_fen": way.ruling and way.ruling.fen,
        "paid_fen": way.paid_fen,
    }
    for name, value in told.items():
        if getattr(claim, name) != value:
            yield f"{name}: seen {getattr(claim, name)}, its events say {value}"
