"""The database's part of `heatstream doctor`: version and edition, settings, clock, disk, schema."""

import datetime as dt
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import asyncpg
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.errors import StoreError
from heatstream.ingest.diagnosis import Diagnosis, Verdict, diagnose
from heatstream.settings import Settings
from heatstream.store import migrate
from heatstream.store.pool import create_engine
from heatstream.store.row_scope import READER
from heatstream.store.tables import city, incident, point
from heatstream.store.timescale import Edition, edition

_CLOCK_OK_S: Final = 1.0
_CLOCK_UNSAFE_S: Final = 30.0
_DISK_OK: Final = 10 << 30
_DISK_UNSAFE: Final = 1 << 30
_RECENT: Final = dt.timedelta(days=7)
_OLD_S: Final = 60
STATISTICS: Final = "pg_read_all_stats"
"""What the feed's lag is told by."""
_TESTED: Final = 160_000
_USABLE: Final = 150_000


class _Wish(NamedTuple):
    """What a setting of the server should be."""

    setting: str
    good: Callable[[str], bool]
    expected: str
    why: str
    unsafe: Verdict


def _is_on(seen: str) -> bool:
    return seen == "on"


def _at_least(limit: int) -> Callable[[str], bool]:
    return lambda seen: int(seen) >= limit


_WISHES: Final = (
    _Wish("fsync", _is_on, "on", "a power cut would take acknowledged readings", Verdict.FAIL),
    _Wish("full_page_writes", _is_on, "on", "a power cut could tear pages", Verdict.FAIL),
    _Wish("synchronous_commit", lambda s: s != "off", "not off", "a crash takes what was acknowledged", Verdict.FAIL),
    _Wish("autovacuum", _is_on, "on", "statistics of new partitions go stale and plans go wrong", Verdict.FAIL),
    _Wish("wal_compression", lambda s: s != "off", "lz4", "whole pages fill the log after a checkpoint", Verdict.WARN),
    _Wish("checkpoint_timeout", _at_least(900), "900 s or more", "frequent checkpoints multiply the log", Verdict.WARN),
    _Wish("max_wal_size", _at_least(4096), "4096 MB or more", "checkpoints come before their time", Verdict.WARN),
    _Wish("jit", lambda s: s == "off", "off", "compiling costs more than these queries", Verdict.WARN),
    _Wish(
        "idle_in_transaction_session_timeout",
        lambda s: s != "0",
        "60 s or so",
        "one forgotten session holds up everybody",
        Verdict.WARN,
    ),
)


async def look_at_database(found: Settings) -> list[Diagnosis]:
    """Check the city's database; one diagnosis where it cannot be reached."""
    engine = create_engine(found.database_url(), size=1, application="heatstream-doctor")
    try:
        async with engine.connect() as conn:
            return [each async for each in _examine(conn, found)]
    except (OSError, TimeoutError, DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        seen = str(getattr(error, "orig", None) or error) or type(error).__name__
        return [Diagnosis("database", Verdict.FAIL, seen, "a connection", "start it; check HEATSTREAM_DATABASE_URL")]
    finally:
        await engine.dispose()


async def _examine(conn: AsyncConnection, found: Settings) -> AsyncIterator[Diagnosis]:
    yield await _clock(conn)
    version = int(await conn.scalar(text("show server_version_num")) or 0)
    yield _version(version)
    for each in [*_settings(await _current(conn)), *await _hazards(conn, version), await _disk(conn)]:
        yield each
    yield await _old_transactions(conn)
    login = await _login(conn)
    yield _rights(login)
    schema = await _schema(conn)
    yield schema
    if schema.verdict is Verdict.OK:
        yield await _city(conn, found.city)
    if schema.verdict is Verdict.OK and not login.reads_alone:
        yield await _registry(conn)
        yield await _incidents(conn)


# --- the server ---


async def _clock(conn: AsyncConnection) -> Diagnosis:
    before = dt.datetime.now(dt.UTC)
    theirs: dt.datetime = (await conn.execute(select(func.clock_timestamp()))).scalar_one()
    ours = before + (dt.datetime.now(dt.UTC) - before) / 2
    apart = abs((theirs - ours).total_seconds())
    return diagnose(
        "clocks of database and ingest",
        f"{apart:.3f} s apart",
        f"{_CLOCK_OK_S:.0f} s or less",
        "run NTP on both",
        safe=apart <= _CLOCK_OK_S,
        unsafe=Verdict.FAIL if apart > _CLOCK_UNSAFE_S else Verdict.WARN,
    )


def _version(version: int) -> Diagnosis:
    return diagnose(
        "PostgreSQL version",
        f"{version // 10_000}.{version % 10_000}",
        "16 or newer",
        "upgrade PostgreSQL; this release is tested on 17 and 18",
        safe=version >= _TESTED,
        unsafe=Verdict.WARN if version >= _USABLE else Verdict.FAIL,
    )


async def _current(conn: AsyncConnection) -> dict[str, str]:
    names = [wish.setting for wish in _WISHES]
    rows = await conn.execute(text("select name, setting from pg_settings where name = any(:names)"), {"names": names})
    return {row.name: row.setting for row in rows}


def _settings(current: Mapping[str, str]) -> Iterator[Diagnosis]:
    for wish in _WISHES:
        seen = current.get(wish.setting, "unknown to this server")
        mend = f"{wish.setting} in postgresql.conf: {wish.why}"
        yield diagnose(wish.setting, seen, wish.expected, mend, safe=wish.good(seen), unsafe=wish.unsafe)


async def _disk(conn: AsyncConnection) -> Diagnosis:
    expected, mend = f"{_DISK_OK >> 30} GiB or more", "make room, or set HEATSTREAM_JOBS_RETENTION_DAYS"
    free = await _free_bytes(conn)
    if free is None:
        return Diagnosis("disk of the database", Verdict.WARN, "cannot be seen from here", expected, "watch it there")
    return diagnose(
        "disk of the database",
        f"{free / (1 << 30):.1f} GiB free",
        expected,
        mend,
        safe=free >= _DISK_OK,
        unsafe=Verdict.FAIL if free < _DISK_UNSAFE else Verdict.WARN,
    )


async def _free_bytes(conn: AsyncConnection) -> int | None:
    """Look at the data directory where the server is on this machine and tells where it is."""
    local = await conn.scalar(text("select inet_server_addr() is null or inet_server_addr() = inet_client_addr()"))
    folder = await conn.scalar(text("select setting from pg_settings where name = 'data_directory'"))
    return _free_in(Path(folder)) if local and folder else None


def _free_in(folder: Path) -> int | None:
    return shutil.disk_usage(folder).free if folder.exists() else None


async def _old_transactions(conn: AsyncConnection) -> Diagnosis:
    rows = await conn.execute(
        text(
            "select pid || ' (' || coalesce(application_name, '') || ')' from pg_stat_activity "
            "where xact_start < clock_timestamp() - make_interval(secs => :old) and pid <> pg_backend_pid() "
            "and backend_type = 'client backend'"
        ),
        {"old": _OLD_S},
    )
    old = [str(who) for (who,) in rows]
    return diagnose(
        "transactions open for long",
        ", ".join(old) or "none",
        f"none older than {_OLD_S} s",
        "end them: they hold back vacuum and the change feed",
        safe=not old,
        unsafe=Verdict.WARN,
    )


# --- hazards of TimescaleDB releases ---


async def _hazards(conn: AsyncConnection, version: int) -> list[Diagnosis]:
    kind = await edition(conn)
    if not kind.hypertables:
        return [Diagnosis("TimescaleDB", Verdict.OK, "not there: native partitions", "any edition, or none", "")]
    seen = str(await conn.scalar(text("select extversion from pg_extension where extname = 'timescaledb'")))
    release = tuple(map(int, re.findall(r"\d+", seen)[:3]))
    return [
        _lost_rows(seen, release, kind),
        _failed_jobs(seen, release, version),
        await _policies(conn),
    ]


def _lost_rows(seen: str, release: tuple[int, ...], kind: Edition) -> Diagnosis:
    hit = kind is Edition.COMMUNITY and (2, 17, 0) <= release < (2, 18, 0)
    return diagnose(
        "TimescaleDB release",
        f"{seen}, {kind} edition",
        "not 2.17 with columnstore",
        "upgrade: 2.17.2 loses rows of ON CONFLICT DO NOTHING in compressed chunks (timescaledb#7672)",
        safe=not hit,
    )


def _failed_jobs(seen: str, release: tuple[int, ...], version: int) -> Diagnosis:
    hit = release[:2] in {(2, 28), (2, 29)} and version in {150_020, 170_012}
    return diagnose(
        "TimescaleDB job status",
        f"{seen} on PostgreSQL {version // 10_000}.{version % 10_000}",
        "another pair than 2.28/2.29 with 15.20/17.12",
        "do not read a job marked failed as undone: this pair marks every job so, although it committed",
        safe=not hit,
        unsafe=Verdict.WARN,
    )


async def _policies(conn: AsyncConnection) -> Diagnosis:
    rows = await conn.execute(
        text(
            "select proc_name || ' on ' || coalesce(hypertable_name, '?') from timescaledb_information.jobs "
            "where hypertable_schema = current_schema() or proc_name like '%continuous_aggregate%'"
        )
    )
    policies = [str(policy) for (policy,) in rows]
    return diagnose(
        "TimescaleDB policies",
        ", ".join(policies) or "none",
        "none: heatstream jobs compresses and retains, outside the window of late readings",
        "remove them; compression inside that window and retention under a legal hold lose readings",
        safe=not policies,
    )


# --- our own tables ---


class _Login(NamedTuple):
    """What the login that we connected as may do."""

    name: str
    passes_rows: bool
    owns: int
    of_reader: bool
    others: list[str]

    @property
    def reads_alone(self) -> bool:
        return self.of_reader and not self.passes_rows and not self.owns


async def _login(conn: AsyncConnection) -> _Login:
    query = """select r.rolname, r.rolsuper or r.rolbypassrls,
        (select count(*) from pg_class c where c.relowner = r.oid),
        coalesce(array_agg(g.rolname::text) filter (where g.oid is not null), '{}')
        from pg_roles r left join pg_auth_members m on m.member = r.oid left join pg_roles g on g.oid = m.roleid
        where r.rolname = current_user group by r.oid, r.rolname, r.rolsuper, r.rolbypassrls"""
    name, passes, owns, groups = (await conn.execute(text(query))).one()
    others = sorted(set(groups) - {READER, STATISTICS})
    return _Login(name, passes, owns, READER in groups or passes, others)


def _rights(login: _Login) -> Diagnosis:
    """Hold the login against one of the two that there are: the owner's, and the API's."""
    if login.reads_alone:
        seen = f"{login.name}, a member of {', '.join([READER, *login.others])}"
        mend = f"revoke {', '.join(login.others)} from {login.name}"
        return diagnose("login of the API", seen, f"a member of {READER} alone", mend, safe=not login.others)
    may = "may" if login.passes_rows else "may not"
    return diagnose(
        "login of the owner",
        f"{login.name} {may} write past row-level security",
        "BYPASSRLS: ingest and evaluate write tables with row-level security",
        f"alter role {login.name} bypassrls; deploy/logins.sql makes both logins",
        safe=login.passes_rows,
    )


async def _schema(conn: AsyncConnection) -> Diagnosis:
    try:
        await migrate.require_current(conn)
    except StoreError as error:
        return Diagnosis("schema", Verdict.FAIL, str(error), "this release's", "heatstream migrate")
    return Diagnosis("schema", Verdict.OK, "this release's", "this release's", "")


async def _city(conn: AsyncConnection, ours: str | None) -> Diagnosis:
    theirs: str | None = await conn.scalar(select(city.c.code))
    return diagnose(
        "city",
        f"database {theirs}, settings {ours}",
        "one city, the same in both",
        "import the registry's city.csv; set HEATSTREAM_CITY to its code",
        safe=theirs is not None and ours in {None, theirs},
    )


async def _registry(conn: AsyncConnection) -> Diagnosis:
    points = await conn.scalar(select(func.count()).select_from(point)) or 0
    mend = "heatstream registry import: readings of unknown points are rejected"
    return diagnose("registered points", points, "some", mend, safe=points > 0, unsafe=Verdict.WARN)


async def _incidents(conn: AsyncConnection) -> Diagnosis:
    query = select(incident.c.kind, func.count()).where(incident.c.at > func.now() - _RECENT).group_by(incident.c.kind)
    counts = {row[0]: row[1] for row in await conn.execute(query)}
    return diagnose(
        "incidents of the last 7 days",
        ", ".join(f"{kind} {count}" for kind, count in counts.items()) or "none",
        "none",
        "read docs/operations.md on them; heatstream ingest status lists the sequences that are missing",
        safe=not counts,
        unsafe=Verdict.WARN,
    )
