"""API keys of machines: shown once, kept as a hash, found by their first characters."""

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.errors import BadInput
from heatstream.store.tables import api_key

MARK = "hs"
# `admin` may do whatever any other scope may.
SCOPES = ("read", "rejects", "claims", "admin")


@dataclass(frozen=True)
class ApiKey:
    """A key as it is listed: never the key itself."""

    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: dt.datetime
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None

    def allows(self, scope: str) -> bool:
        """Tell whether the key may do what `scope` names."""
        return scope in self.scopes or "admin" in self.scopes


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
    conn: AsyncConnection, name: str, *, scopes: tuple[str, ...] = ("read",), days: int | None = None
) -> str:
    """Make a key and return it: the only time it can be read."""
    _check(name, scopes, days)
    prefix = f"{MARK}_{secrets.token_hex(6)}"
    key = f"{prefix}_{secrets.token_urlsafe(32)}"
    expires = None if days is None else func.now() + dt.timedelta(days=days)
    row = {"name": name, "prefix": prefix, "hash": _hash(key), "scopes": sorted(set(scopes)), "expires_at": expires}
    await conn.execute(insert(api_key).values(row))
    return key


async def listed(conn: AsyncConnection) -> list[ApiKey]:
    """Every key ever made, oldest first."""
    rows = await conn.execute(select(api_key).order_by(api_key.c.id))
    return [_listed(row) for row in rows]


def _listed(row: Row[Any]) -> ApiKey:
    return ApiKey(row.name, row.prefix, tuple(row.scopes), row.created_at, row.expires_at, row.revoked_at)


async def revoke(conn: AsyncConnection, prefix: str) -> None:
    """End a key at once; one that has ended stays as it is."""
    found = await conn.scalar(select(api_key.c.id).where(api_key.c.prefix == prefix))
    if found is None:
        raise BadInput(f"no key begins with {prefix!r}; `heatstream keys list` shows those there are")
    ended = func.coalesce(api_key.c.revoked_at, func.now())
    await conn.execute(update(api_key).where(api_key.c.id == found).values(revoked_at=ended))


async def usable(conn: AsyncConnection, key: str) -> ApiKey | None:
    """Find the key that was shown; None where it is unknown, revoked or past its end."""
    prefix = _prefix(key)
    if prefix is None or not prefix.isascii():
        return None
    lasting = api_key.c.expires_at.is_(None) | (api_key.c.expires_at > func.now())
    query = select(api_key).where(api_key.c.prefix == prefix, api_key.c.revoked_at.is_(None), lasting)
    row = (await conn.execute(query)).one_or_none()
    if row is None or not hmac.compare_digest(row.hash, _hash(key)):
        return None
    return _listed(row)
