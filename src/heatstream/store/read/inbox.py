"""What a list of claims needs besides their rows, for all of them at once."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Outcome
from heatstream.store.claims import Claim, Line
from heatstream.store.marks import DAY
from heatstream.store.tables import claim, claim_event, finding, finding_current, household

OVER = ("closed", "withdrawn")


class Counts(NamedTuple):
    """Claims in sight."""

    open: int
    over: int


def still_open() -> ColumnElement[bool]:
    """Say of a claim that it is neither closed nor withdrawn."""
    return claim.c.step.not_in(OVER)


async def counts(conn: AsyncConnection) -> Counts:
    """Count the claims."""
    still = func.count().filter(still_open())
    found, whole = (await conn.execute(select(still, func.count()).select_from(claim))).one()
    return Counts(found, whole - found)


async def ids(conn: AsyncConnection, condition: ColumnElement[bool], limit: int) -> list[int]:
    """List the first claims by their time limits, those without any last."""
    query = select(claim.c.id).where(condition).order_by(claim.c.next_due_at.nulls_last(), claim.c.id.desc())
    return list(await conn.scalars(query.limit(limit)))


def among(found: Sequence[int]) -> ColumnElement[bool]:
    """Say of a claim that it is one of these."""
    return claim.c.id.in_(found)


async def events(conn: AsyncConnection, found: Collection[int]) -> dict[int, int]:
    """Count the events of claims, by the id of the claim."""
    query = select(claim_event.c.claim_id, func.max(claim_event.c.number)).where(claim_event.c.claim_id.in_(found))
    return {row[0]: row[1] for row in await conn.execute(query.group_by(claim_event.c.claim_id))}


async def lines(conn: AsyncConnection, found: Collection[int]) -> dict[int, list[Line]]:
    """Read the events of claims, by the id of the claim and their numbers."""
    columns = [claim_event.c[name] for name in Line._fields]
    query = (
        select(claim_event.c.claim_id, *columns)
        .where(claim_event.c.claim_id.in_(found))
        .order_by(claim_event.c.claim_id, claim_event.c.number)
    )
    told: dict[int, list[Line]] = defaultdict(list)
    for claim_id, *values in await conn.execute(query):
        told[claim_id].append(Line(*values))
    return told


async def addresses(conn: AsyncConnection, found: Sequence[Claim]) -> dict[int, str]:
    """Read the addresses of claims' homes, by the id of the household."""
    homes = {each.household_id for each in found}
    query = select(household.c.id, household.c.address).where(household.c.id.in_(homes))
    return {row.id: row.address for row in await conn.execute(query)}


async def monitored(conn: AsyncConnection, found: Sequence[Claim]) -> set[int]:
    """Give the ids of the claims for whose homes a fixed point's series has found something in their season."""
    if not found:
        return set()
    query = (
        select(claim.c.id)
        .join(finding_current, finding_current.c.household_id == claim.c.household_id)
        .join(
            finding,
            (finding.c.id == finding_current.c.finding_id) & (finding.c.period_from == finding_current.c.period_from),
        )
        .where(
            claim.c.id.in_([each.id for each in found]),
            finding_current.c.period_kind == DAY,
            finding_current.c.period_from.between(claim.c.season_from, claim.c.season_to),
            finding.c.outcome != int(Outcome.UNMONITORED),
        )
    )
    return set(await conn.scalars(query.distinct()))
