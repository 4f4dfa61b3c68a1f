"""People of the tests: officers of each role, with an account and a session."""

import datetime as dt

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.access import people
from heatstream.access.principal import Principal, of_person
from heatstream.store import accounts
from heatstream.store.pool import create_engine
from heatstream.store.tables import company, district, household, officer

PASSWORD = "seven cold rooms in a row"
PLACES = {"district": district, "company": company, "household": household}


async def officer_of(conn: AsyncConnection, role: str, *, street: str | None = None, **codes: str) -> str:
    """Register an officer of a role; `district="D1"`, `company="C1"`, `household="H1"` say of what. Tell the 工号."""
    code = "-".join(["t", role, *codes.values(), *([street] if street else [])])
    there = await conn.scalar(select(officer.c.id).where(officer.c.code == code))
    if there is None:
        row = {"code": code, "name": f"某{role}", "organisation": "某单位", "role": role, "street_office": street}
        for name, place in codes.items():
            table = PLACES[name]
            row[f"{name}_id"] = await conn.scalar(select(table.c.id).where(table.c.code == place))
            assert row[f"{name}_id"] is not None, f"no {name} {place}"
        await conn.execute(insert(officer).values(row | {"valid_from": dt.date(2020, 1, 1)}))
    return code


async def token_of(engine: AsyncEngine, role: str = "city", *, street: str | None = None, **codes: str) -> str:
    """Register an officer, make an account, sign in; give the session's token."""
    async with engine.begin() as conn:
        code = await officer_of(conn, role, street=street, **codes)
        if await accounts.by_login(conn, code) is None:  # tests share towns
            await people.create(conn, code, code, by="tests", password=PASSWORD)
        return await people.sign_in(conn, code, PASSWORD, now=dt.datetime.now(dt.UTC))


async def visitor_of(engine: AsyncEngine, role: str = "city", *, street: str | None = None, **codes: str) -> Principal:
    """Give the principal of somebody who signed in."""
    token = await token_of(engine, role, street=street, **codes)
    async with engine.begin() as conn:
        person = await people.holder(conn, token)
    assert person is not None
    return of_person(person)


async def token_at(url: str, role: str = "city", *, street: str | None = None, **codes: str) -> str:
    """`token_of`, on a database by its address."""
    engine = create_engine(url, size=1)
    try:
        return await token_of(engine, role, street=street, **codes)
    finally:
        await engine.dispose()


async def visitor_at(url: str, role: str = "city", *, street: str | None = None, **codes: str) -> Principal:
    """`visitor_of`, on a database by its address."""
    engine = create_engine(url, size=1)
    try:
        return await visitor_of(engine, role, street=street, **codes)
    finally:
        await engine.dispose()
