"""Signing in: passwords by Argon2id, sessions by a random token whose hash is kept, and a pause after wrong ones.

Whoever calls commits also when a password is refused: wrong ones are counted.
"""

import asyncio
import datetime as dt
import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.errors import BadInput, HeatstreamError
from heatstream.store import accounts
from heatstream.store.accounts import Person

LASTS: Final = dt.timedelta(hours=12)
"""A session's longest life: a working day."""
IDLE: Final = dt.timedelta(minutes=60)
"""A session that is not used ends."""
FAILURES: Final = 5
PAUSE: Final = dt.timedelta(minutes=15)
"""So many wrong passwords in a row lock an account for so long."""
SHORTEST, LONGEST = 12, 200

_hasher = PasswordHasher()
# Each takes 64 MiB and a core for some 50 ms: two at once, however many ask, and never on the event loop.
_hashing = ThreadPoolExecutor(2, thread_name_prefix="password")
# Held against when nobody has the login, so that an answer takes the same time.
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


class SignInRefused(HeatstreamError):
    """Login and password do not fit, or the account is locked, disabled, or its officer's registration is over.

    One message for all of them: whoever tries must not learn which accounts there are.
    """

    def __init__(self) -> None:
        super().__init__(
            "refused: login or password is wrong, or the account is disabled, not registered today, or locked: "
            f"for {PAUSE // dt.timedelta(minutes=1)} minutes after {FAILURES} wrong passwords",
            zh="登录失败：登录名或口令有误，或账号已停用、今日未登记，或已锁定："
            f"口令错误 {FAILURES} 次后锁定 {PAUSE // dt.timedelta(minutes=1)} 分钟",
        )


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _check(password: str, login: str) -> None:
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInput(
            f"password: seen {len(password)} characters, expected {SHORTEST} to {LONGEST}",
            zh=f"口令有 {len(password)} 个字符，应为 {SHORTEST} 至 {LONGEST} 个",
        )
    if login.casefold() in password.casefold():
        raise BadInput("password: it holds the login, expected one that does not", zh="口令含有登录名，应不含登录名")


async def create(conn: AsyncConnection, login: str, officer: str, *, by: str, password: str | None = None) -> str:
    """Make an account of an officer; give its password: without one a random one, which must be changed at once.

    Raises
    ------
    BadInput
        The login is blank or taken, the officer is not registered or has an account, the password is too short.
    """
    if not login.strip() or login != login.strip():
        raise BadInput(f"login: seen {login!r}, expected a name without blanks around it")
    if await accounts.by_login(conn, login) is not None:
        raise BadInput(f"login: seen {login!r}, which is taken; `heatstream accounts list` shows those there are")
    officer_id = await accounts.officer_id(conn, officer)
    if officer_id is None:
        raise BadInput(f"officer: seen {officer!r}, expected a 工号 of the registry")
    if any(each.officer == officer for each in await accounts.listed(conn)):
        raise BadInput(f"officer: {officer!r} has an account already, expected one without")
    given = password or secrets.token_urlsafe(12)
    _check(given, login)
    made = {"login": login, "officer_id": officer_id, "password_hash": await _hash(given), "created_by": by}
    await accounts.add(conn, **made, must_change=password is None)
    return given


async def sign_in(conn: AsyncConnection, login: str, password: str, *, now: dt.datetime, address: str = "") -> str:
    """Begin a session; give its token.

    Raises
    ------
    SignInRefused
        Wrong, locked, disabled, or the officer's registration does not hold today.
    """
    found = await _proven(conn, login, password, now)
    if _hasher.check_needs_rehash(found.password_hash):
        await accounts.change(conn, found.id, password_hash=await _hash(password))
    await accounts.change(conn, found.id, signed_in_at=now)
    token = secrets.token_urlsafe(32)
    await accounts.begin(conn, found.id, _sha256(token), LASTS, address)
    return token


async def _proven(conn: AsyncConnection, login: str, password: str, now: dt.datetime) -> accounts.Account:
    """Find the account that login and password are of; it takes as long whatever is wrong."""
    found = await accounts.by_login(conn, login, lock=True)
    fits = await _fits(found.password_hash if found else _NOBODY, password)
    if found is None or (found.locked_until is not None and found.locked_until > now):
        raise SignInRefused
    if not fits:
        await _count_failure(conn, found, now)
        raise SignInRefused
    if await accounts.person(conn, found.id) is None:
        raise SignInRefused
    await accounts.change(conn, found.id, failures=0, locked_until=None)
    return found


async def _hash(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_hashing, _hasher.hash, password)


async def _fits(hashed: str, password: str) -> bool:
    try:
        return await asyncio.get_running_loop().run_in_executor(_hashing, _hasher.verify, hashed, password)
    except VerificationError:
        return False


async def _count_failure(conn: AsyncConnection, found: accounts.Account, now: dt.datetime) -> None:
    failures = found.failures + 1
    locked = now + PAUSE if failures >= FAILURES else None
    await accounts.change(conn, found.id, failures=0 if locked else failures, locked_until=locked)


async def change_password(conn: AsyncConnection, login: str, old: str, new: str, *, now: dt.datetime) -> None:
    """Change a password, and end every session of the account.

    Raises
    ------
    SignInRefused
        As of `sign_in`, by the old one.
    BadInput
        The new one is too short, or the old one.
    """
    found = await _proven(conn, login, old, now)
    _check(new, login)
    if new == old:
        raise BadInput("password: seen the old one, expected another", zh="新口令与旧口令相同，应另设口令")
    await accounts.set_password(conn, found.id, await _hash(new), must_change=False)


async def reset(conn: AsyncConnection, login: str) -> str:
    """Give an account a new random password, which must be changed at once; its sessions end, a lock with them."""
    found = await _there(conn, login)
    given = secrets.token_urlsafe(12)
    await accounts.set_password(conn, found.id, await _hash(given), must_change=True)
    return given


async def disable(conn: AsyncConnection, login: str, *, now: dt.datetime) -> None:
    """End an account at once, with its sessions."""
    found = await _there(conn, login)
    await accounts.change(conn, found.id, disabled_at=found.disabled_at or now)
    await accounts.end(conn, account_id=found.id)


async def _there(conn: AsyncConnection, login: str) -> accounts.Account:
    found = await accounts.by_login(conn, login, lock=True)
    if found is None:
        raise BadInput(f"no account {login!r}; `heatstream accounts list` shows those there are")
    return found


async def holder(conn: AsyncConnection, token: str) -> Person | None:
    """Tell who holds a session; None where it is unknown or over."""
    return await accounts.of_session(conn, _sha256(token), IDLE)


async def used(conn: AsyncConnection, token: str) -> None:
    """Keep that a session is in use."""
    await accounts.touch(conn, _sha256(token))


async def sign_out(conn: AsyncConnection, token: str) -> None:
    """End a session."""
    await accounts.end(conn, token_sha256=_sha256(token))
