"""What the claims of a season come to: four amounts that are never added to each other."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.tables import claim


@dataclass(frozen=True)
class Amounts:
    """Sums [fen], each with the number of claims that have it.

    Attributes
    ----------
    computed : 测算额, of claims with one
    entitlement : 应退热费; claims whose conditions are undecided have none
    ruled : 裁定额
    paid : of claims with a payment
    """

    claims: int = 0
    computed: tuple[int, int] = (0, 0)
    entitlement: tuple[int, int] = (0, 0)
    ruled: tuple[int, int] = (0, 0)
    paid: tuple[int, int] = (0, 0)


async def of_season(conn: AsyncConnection, day: dt.date) -> Amounts:
    """Sum the claims of the season that a day is in, without those withdrawn."""
    paid = func.nullif(claim.c.paid_fen, 0)
    columns = (claim.c.computed_fen, claim.c.entitlement_fen, claim.c.ruled_fen, paid)
    sums = (cast(func.coalesce(func.sum(column), 0), BigInteger) for column in columns)
    counts = (func.count(column) for column in columns)
    query = select(func.count(), *sums, *counts).where(
        claim.c.season_from <= day, claim.c.season_to >= day, claim.c.step != "withdrawn"
    )
    claims, *found = (await conn.execute(query)).one()
    return Amounts(claims, *zip(found[:4], found[4:], strict=True))
