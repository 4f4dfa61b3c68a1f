"""What the papers of a claim state of persons and places, and the papers that were kept."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.tables import claim_file, company, household, officer


class Signatory(NamedTuple):
    """An officer, as registered."""

    name: str
    organisation: str
    """单位"""


async def by_code(conn: AsyncConnection, codes: Collection[str]) -> dict[str, Signatory]:
    """Read the officers with these 工号."""
    query = select(officer.c.code, officer.c.name, officer.c.organisation).where(officer.c.code.in_(codes))
    return {code: Signatory(name, organisation) for code, name, organisation in await conn.execute(query)}


async def address_of(conn: AsyncConnection, household_id: int) -> str:
    """Read a household's 标准地址."""
    return str(await conn.scalar(select(household.c.address).where(household.c.id == household_id)))


async def credit_code_of(conn: AsyncConnection, company_id: int) -> str | None:
    """Read a company's 统一社会信用代码."""
    code: str | None = await conn.scalar(select(company.c.credit_code).where(company.c.id == company_id))
    return code


async def content(conn: AsyncConnection, claim_id: int, sha256: bytes) -> bytes:
    """Read a paper that is in a claim's file."""
    own = (claim_file.c.claim_id == claim_id) & (claim_file.c.sha256 == sha256)
    return bytes((await conn.execute(select(claim_file.c.content).where(own))).scalar_one())
