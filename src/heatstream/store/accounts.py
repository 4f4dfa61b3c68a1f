"""People who sign in, and their sessions, as kept. A person is an officer of the registry, and sees while it holds."""

import datetime as dt
from typing import Any, NamedTuple

from sqlalchemy import Date, Select, cast, delete, func, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.tables import account, officer, session

EAST = dt.timedelta(hours=8)


class Account(NamedTuple):
    """An account, with what guards it."""

    id: int
    login: str
    password_hash: str
    must_change: bool
    failures: int
    locked_until: dt.datetime | None
    disabled_at: dt.datetime | None


class Person(NamedTuple):
    """Somebody who signed in, as registered today."""

    account_id: int
    login: str
    must_change: bool
    officer: str
    """工号"""
    name: str
    organisation: str
    role: str
    district_id: int | None
    company_id: int | None
    street_office: str | None
    household_id: int | None


class Listed(NamedTuple):
    """An account as it is listed; the registry says whose it is, in which role, from when and until when."""

    login: str
    officer: str
    """工号"""
    name: str
    organisation: str
    role: str
    valid_from: dt.date
    valid_to: dt.date | None
    created_at: dt.datetime
    created_by: str
    signed_in_at: dt.datetime | None
    locked_until: dt.datetime | None
    disabled_at: dt.datetime | None


def _holds_today() -> Any:
    today = cast(func.timezone(literal(EAST), func.now()), Date)
    return (officer.c.valid_from <= today) & or_(officer.c.valid_to.is_(None), officer.c.valid_to >= today)


async def by_login(conn: AsyncConnection, login: str, *, lock: bool = False) -> Account | None:
    """Find an account; `lock` holds its row, so that wrong passwords are counted one after the other."""
    query = select(*(account.c[name] for name in Account._fields)).where(account.c.login == login)
    row = (await conn.execute(query.with_for_update() if lock else query)).one_or_none()
    return Account._make(row) if row else None


async def officer_id(conn: AsyncConnection, code: str) -> int | None:
    """Find an officer of the registry by 工号."""
    found: int | None = await conn.scalar(select(officer.c.id).where(officer.c.code == code))
    return found


async def add(conn: AsyncConnection, **values: Any) -> None:
    """Add an account."""
    await conn.execute(insert(account).values(**values))


async def change(conn: AsyncConnection, account_id: int, **values: Any) -> None:
    """Change what guards an account."""
    await conn.execute(update(account).where(account.c.id == account_id).values(**values))


async def set_password(conn: AsyncConnection, account_id: int, password_hash: str, *, must_change: bool) -> None:
    """Set a password; a lock and every session end with the one before."""
    values = {"password_hash": password_hash, "must_change": must_change, "changed_at": func.now()}
    await change(conn, account_id, failures=0, locked_until=None, **values)
    await end(conn, account_id=account_id)


async def listed(conn: AsyncConnection) -> list[Listed]:
    """List every account ever made, oldest first."""
    query = (
        select(
            account.c.login,
            officer.c.code.label("officer"),
            *(officer.c[name] for name in ("name", "organisation", "role", "valid_from", "valid_to")),
            *(account.c[name] for name in ("created_at", "created_by", "signed_in_at", "locked_until", "disabled_at")),
        )
        .join_from(account, officer)
        .order_by(account.c.id)
    )
    return [Listed._make(row) for row in await conn.execute(query)]


def _people() -> Select[Any]:
    columns = (
        account.c.id.label("account_id"),
        account.c.login,
        account.c.must_change,
        officer.c.code.label("officer"),
        officer.c.name,
        officer.c.organisation,
        officer.c.role,
        officer.c.district_id,
        officer.c.company_id,
        officer.c.street_office,
        officer.c.household_id,
    )
    return select(*columns).join_from(account, officer).where(account.c.disabled_at.is_(None), _holds_today())


async def person(conn: AsyncConnection, account_id: int) -> Person | None:
    """Find the person of an account; None where it is disabled or the registration does not hold today."""
    row = (await conn.execute(_people().where(account.c.id == account_id))).one_or_none()
    return Person._make(row) if row else None


async def begin(conn: AsyncConnection, account_id: int, token_sha256: bytes, lasts: dt.timedelta, address: str) -> None:
    """Begin a session."""
    values = {"account_id": account_id, "token_sha256": token_sha256, "address": address}
    await conn.execute(insert(session).values(values | {"ends_at": func.now() + lasts}))


def _lasting(idle: dt.timedelta) -> tuple[Any, ...]:
    return (session.c.ended_at.is_(None), session.c.ends_at > func.now(), session.c.used_at > func.now() - idle)


async def of_session(conn: AsyncConnection, token_sha256: bytes, idle: dt.timedelta) -> Person | None:
    """Find who holds a session that lasts: not ended, not past its end, used within `idle`."""
    query = _people().join(session, session.c.account_id == account.c.id)
    row = (await conn.execute(query.where(session.c.token_sha256 == token_sha256, *_lasting(idle)))).one_or_none()
    return Person._make(row) if row else None


async def touch(conn: AsyncConnection, token_sha256: bytes) -> None:
    """Keep that a session is in use; once a minute is enough."""
    old = session.c.used_at < func.now() - dt.timedelta(minutes=1)
    await conn.execute(update(session).where(session.c.token_sha256 == token_sha256, old).values(used_at=func.now()))


async def forget_sessions(conn: AsyncConnection) -> int:
    """Delete sessions that were over a month ago; tell how many."""
    over = func.coalesce(session.c.ended_at, session.c.ends_at) < func.now() - dt.timedelta(days=30)
    return (await conn.execute(delete(session).where(over))).rowcount


async def end(conn: AsyncConnection, *, token_sha256: bytes | None = None, account_id: int | None = None) -> None:
    """End one session, or all of an account."""
    one = session.c.token_sha256 == token_sha256 if token_sha256 is not None else session.c.account_id == account_id
    await conn.execute(update(session).where(one, session.c.ended_at.is_(None)).values(ended_at=func.now()))
