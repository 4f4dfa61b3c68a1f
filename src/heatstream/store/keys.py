"""API keys of machines: shown once, kept as a hash, found by their first characters."""

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from sqlalchemy import Row, Text, bindparam, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.errors import BadInput
from heatstream.store.tables import api_key, company, district, metadata

MARK = "hs"
# `admin` may do whatever any other scope may.
SCOPES = ("read", "rejects", "claims", "admin")
ROLES = ("hotline", "company", "district", "city", "province", "auditor")
"""Whose eyes a machine may see with."""
NEEDS = {"company": "company", "district": "district"}
TAKES = {**NEEDS, "hotline": "district"}


@dataclass(frozen=True)
class ApiKey:
    """A key as it is listed: never the key itself."""

    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: dt.datetime
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None
    role: str
    district_id: int | None
    company_id: int | None


class Listed(NamedTuple):
    """A key, and the code of its 区县 or 供热企业."""

    key: ApiKey
    place: str | None


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _prefix(key: str) -> str | None:
    """Find the part of a key that finds its row; None where the text is no key of ours."""
    mark, _, rest = key.partition("_")
    name, _, secret = rest.partition("_")
    return f"{mark}_{name}" if mark == MARK and name and secret else None


def _check(name: str, scopes: tuple[str, ...], days: int | None) -> None:
    if not name.strip():
        raise BadInput("a key needs the name of whoever uses it; seen an empty one")
    if not scopes or (unknown := sorted(set(scopes) - set(SCOPES))):
        seen = ", ".join(unknown) if scopes else "none"
        raise BadInput(f"scope: seen {seen}, expected one or more of {', '.join(SCOPES)}")
    if days is not None and days < 1:
        raise BadInput(f"days: seen {days}, expected 1 or more")


async def create(
    conn: AsyncConnection,
    name: str,
    *,
    scopes: tuple[str, ...] = ("read",),
    days: int | None = None,
    role: str = "city",
    district_code: str | None = None,
    company_code: str | None = None,
) -> str:
    """Make a key and return it: the only time it can be read.

    Raises
    ------
    BadInput
        The name is blank, a scope or the role is unknown, or the role lacks its 区县 or 供热企业.
    """
    _check(name, scopes, days)
    place = await _place(conn, role, district_code, company_code)
    prefix = f"{MARK}_{secrets.token_hex(6)}"
    key = f"{prefix}_{secrets.token_urlsafe(32)}"
    expires = None if days is None else func.now() + dt.timedelta(days=days)
    row: dict[str, Any] = {"name": name, "prefix": prefix, "hash": _hash(key), "scopes": sorted(set(scopes))}
    row |= {"expires_at": expires, "role": role, **place}
    await conn.execute(insert(api_key).values(row))
    return key


async def _place(
    conn: AsyncConnection, role: str, district_code: str | None, company_code: str | None
) -> dict[str, Any]:
    if role not in ROLES:
        raise BadInput(f"role: seen {role!r}, expected one of {', '.join(ROLES)}")
    needed, given = NEEDS.get(role), {"district": district_code, "company": company_code}
    if needed and given[needed] is None:
        raise BadInput(f"role {role}: seen no {needed}, expected --{needed} with the code of its {needed}")
    if foreign := [f"{name} {code!r}" for name, code in given.items() if code is not None and name != TAKES.get(role)]:
        takes = f"its {TAKES[role]} alone" if role in TAKES else "neither, for it sees the whole city"
        raise BadInput(f"role {role}: seen {' and '.join(foreign)}, expected {takes}")
    return {f"{name}_id": code and await _place_id(conn, name, code) for name, code in given.items()}


async def _place_id(conn: AsyncConnection, name: str, code: str) -> int:
    table = metadata.tables[name]
    today = func.date(func.timezone(literal(dt.timedelta(hours=8)), func.now()))
    holds = table.c.valid_to.is_(None) | (table.c.valid_to >= today)
    found: int | None = await conn.scalar(select(table.c.id).where(table.c.code == code, holds))
    if found is None:
        raise BadInput(f"{name}: seen {code!r}, expected the code of a {name} that is registered today")
    return found


async def listed(conn: AsyncConnection) -> list[Listed]:
    """Every key ever made, oldest first."""
    place = func.coalesce(district.c.code, company.c.code).label("place")
    joined = api_key.outerjoin(district, api_key.c.district_id == district.c.id)
    query = select(api_key, place).select_from(joined.outerjoin(company, api_key.c.company_id == company.c.id))
    return [Listed(_listed(row), row.place) for row in await conn.execute(query.order_by(api_key.c.id))]


def _listed(row: Row[Any]) -> ApiKey:
    columns = {each.name: getattr(row, each.name) for each in fields(ApiKey)}
    return ApiKey(**columns | {"scopes": tuple(row.scopes)})


async def revoke(conn: AsyncConnection, prefix: str) -> None:
    """End a key at once; one that has ended stays as it is."""
    found = await conn.scalar(select(api_key.c.id).where(api_key.c.prefix == prefix))
    if found is None:
        raise BadInput(f"no key begins with {prefix!r}; `heatstream keys list` shows those there are")
    ended = func.coalesce(api_key.c.revoked_at, func.now())
    await conn.execute(update(api_key).where(api_key.c.id == found).values(revoked_at=ended))


_NAMED = func.api_key_named(bindparam("prefix", type_=Text)).table_valued(*api_key.c).render_derived(name="named")
_USABLE = select(_NAMED).where(
    _NAMED.c.revoked_at.is_(None), _NAMED.c.expires_at.is_(None) | (_NAMED.c.expires_at > func.now())
)


async def usable(conn: AsyncConnection, key: str) -> ApiKey | None:
    """Find the key that was shown; None where it is unknown, revoked or past its end."""
    prefix = _prefix(key)
    if prefix is None or not prefix.isascii():
        return None
    row = (await conn.execute(_USABLE, {"prefix": prefix})).one_or_none()
    if row is None or not hmac.compare_digest(row.hash, _hash(key)):
        return None
    return _listed(row)
