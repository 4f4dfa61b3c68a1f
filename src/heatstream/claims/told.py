"""A claim as its evidence bundle tells it."""

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims import law
from heatstream.claims.assess import assess, find, way_of
from heatstream.claims.law import InForce
from heatstream.evidence.bundle import Told
from heatstream.rules import holidays


async def told(conn: AsyncConnection, code: str) -> Told:
    """Tell a claim's facts as they are now, and what it comes to by the policy it stands under.

    Once it is ruled, its amounts are those of the ruling's day: facts that came later show as a difference.
    """
    claim = await find(conn, code)
    way = await way_of(conn, claim)
    under = InForce(claim.policy_id, await law.of_id(conn, claim.policy_id))
    # Its clocks are not told, so it does not matter which days were days off.
    seen = await assess(conn, claim, way, under, holidays.FICTIONAL)
    stands = claim if way.ruling is not None else seen.amount
    return Told(seen.facts, stands.computed_fen, stands.entitlement_fen)
