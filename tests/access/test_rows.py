"""The database narrows by itself: whatever is asked, by whatever way, and whoever had the connection before."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.access.scope import Scope, narrow
from heatstream.store import row_scope
from heatstream.store import tables as t
from heatstream.store.pool import create_engine
from heatstream.store.tables import BY_TIME
from tests.serve import town
from tests.serve.conftest import database_url

__all__ = ["database_url"]

CITY = Scope("city", "account:city")
FOREIGN_EXPORT = (
    "insert into export (code, who, scope, noun, parameters, media_type, state) "
    "values ('x', 'account:other', '{}', 'findings', '{}', 'text/csv', 'waiting')"
)
CLOSED = {"api_key", "account", "session", "ledger_page"}
"""Tables that a reader reads nothing of."""


@pytest.fixture
async def one(database_url: str) -> AsyncIterator[AsyncEngine]:
    """A pool of one connection: whoever asks takes over what the one before left."""
    engine = create_engine(database_url, size=1)
    yield engine
    await engine.dispose()


async def scope_of(engine: AsyncEngine, role: str, **codes: str) -> Scope:
    tables = {"company": t.company, "district": t.district, "household": t.household}
    async with engine.connect() as conn:
        ids = {
            name: await conn.scalar(select(tables[name].c.id).where(tables[name].c.code == code))
            for name, code in codes.items()
        }
    return Scope(role, f"account:{role}", **ids)


async def homes(conn: AsyncConnection) -> list[str]:
    return sorted(await conn.scalars(text("select code from household")))


async def seen(engine: AsyncEngine, scope: Scope) -> list[str]:
    async with engine.connect() as conn:
        await narrow(conn, scope)
        return await homes(conn)


async def as_reader(conn: AsyncConnection) -> None:
    await conn.execute(text(f"set local role {row_scope.READER}"))


@pytest.mark.every_edition
async def test_every_table_says_who_may_read_it() -> None:
    told = [*row_scope.POLICIES, *row_scope.VIEWS, *row_scope.OPEN, *CLOSED]
    assert sorted(told) == sorted({*t.metadata.tables, "alembic_version", "ledger"})


async def test_each_role_sees_its_own_homes(one: AsyncEngine) -> None:
    found = {
        role: await seen(one, await scope_of(one, role, **codes))
        for role, codes in {
            "city": {},
            "auditor": {},
            "aggregates": {},
            "company": {"company": "E1"},
            "inspector": {"company": "E2"},
            "district": {"district": "D2"},
            "household": {"household": "H1"},
            "province": {},
            "third_party": {"district": "D1"},
        }.items()
    }
    whole, east, west = ["H1", "H2", "H3", "H4", "S1"], ["H1", "H2"], ["H3", "H4", "S1"]
    assert found == {
        "city": whole,
        "auditor": whole,
        "aggregates": whole,
        "company": east,
        "inspector": west,
        "district": west,
        "household": ["H1"],
        "province": [],
        "third_party": [],
    }


async def test_a_connection_that_goes_from_hand_to_hand_leaks_nothing(one: AsyncEngine) -> None:
    company = await scope_of(one, "company", company="E1")
    home = await scope_of(one, "household", household="H3")
    assert [len(await seen(one, each)) for each in (CITY, company, home, company, CITY)] == [5, 2, 1, 2, 5]
    async with one.connect() as conn:
        await as_reader(conn)
        assert await homes(conn) == []


async def test_the_context_ends_with_the_transaction(one: AsyncEngine) -> None:
    async with one.connect() as conn:
        before = await conn.scalar(text("select current_user"))
        await narrow(conn, CITY)
        await conn.rollback()
        told = await conn.execute(
            text("select current_user, seen_as('role'), current_setting('search_path') = '\"$user\", public'")
        )
        assert tuple(told.one()) == (before, None, True)


async def test_narrowing_again_in_one_transaction_forgets_what_was_before(one: AsyncEngine) -> None:
    home = await scope_of(one, "household", household="H3")
    async with one.connect() as conn:
        await narrow(conn, CITY)
        await narrow(conn, home)
        assert await homes(conn) == ["H3"]


async def test_a_failed_statement_and_a_savepoint_keep_the_context(one: AsyncEngine) -> None:
    company = await scope_of(one, "company", company="E1")
    async with one.connect() as conn:
        await narrow(conn, company)
        with pytest.raises(DBAPIError):
            async with conn.begin_nested():
                await conn.execute(text("select 1 / 0"))
        assert await homes(conn) == ["H1", "H2"]
    assert len(await seen(one, CITY)) == 5


async def test_a_statement_that_is_cancelled_leaves_a_clean_connection(one: AsyncEngine) -> None:
    async with one.connect() as conn:
        await narrow(conn, CITY)
        await conn.execute(text("set local statement_timeout = '20ms'"))
        with pytest.raises(DBAPIError, match="statement timeout"):
            await conn.execute(text("select pg_sleep(5)"))
    async with one.connect() as conn:
        await as_reader(conn)
        assert await homes(conn) == []


@pytest.mark.every_edition
async def test_tables_that_are_cut_along_time_are_reached_by_their_views_alone(one: AsyncEngine) -> None:
    company = await scope_of(one, "company", company="E2")
    async with one.connect() as conn:
        pieces = list(
            await conn.scalars(
                text(
                    "select inhrelid::regclass::text from pg_inherits join pg_class c on c.oid = inhparent "
                    "where c.relname = any(:names)"
                ),
                {"names": [table.name for table in BY_TIME]},
            )
        )
        assert pieces
        await narrow(conn, company)
        for name in [*(f"public.{table.name}" for table in BY_TIME), *pieces]:
            with pytest.raises(DBAPIError, match="permission denied"):
                async with conn.begin_nested():
                    await conn.execute(text(f"select 1 from {name} limit 1"))
        west = {await conn.scalar(text("select id from household where code = 'H3'"))}
        for view in ("finding", "finding_current", "day_statistic"):
            assert set(await conn.scalars(text(f"select household_id from {view}"))) == west
        assert list(await conn.scalars(text("select 1 from reading"))) == []


@pytest.mark.every_edition
async def test_copying_out_is_narrowed_as_well(one: AsyncEngine) -> None:
    home = await scope_of(one, "household", household="H1")
    async with one.connect() as conn:
        await narrow(conn, home)
        raw = (await conn.get_raw_connection()).driver_connection
        lines: list[bytes] = []

        async def keep(piece: bytes) -> None:
            lines.append(piece)

        await raw.copy_from_query(
            "select distinct code from household h join finding f on f.household_id = h.id", output=keep
        )
        assert b"".join(lines) == b"H1\n"


@pytest.mark.parametrize(
    "statement",
    [
        "update household set address = 'x'",
        "delete from access_log",
        "insert into district (code, name) values ('x', 'x')",
        "select * from api_key",
        "select * from account",
        "select * from session",
        "create table mine (id integer)",
        "alter table household disable row level security",
        FOREIGN_EXPORT,
    ],
)
async def test_a_reader_writes_and_reads_nothing_else(one: AsyncEngine, statement: str) -> None:
    async with one.connect() as conn:
        await narrow(conn, CITY)
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner|row-level security"):
            await conn.execute(text(statement))


async def test_without_a_context_every_function_gives_nothing(one: AsyncEngine) -> None:
    async with one.connect() as conn:
        await as_reader(conn)
        kinds = ("buildings", "homes", "roofs", "households", "points", "stations", "sources", "companies", "meters")
        found = [await conn.scalar(text(f"select seen_{kind}()::text")) for kind in kinds]
        assert found == ["{}"] * len(kinds)
        assert await conn.scalar(text("select count(*) from seen_gateways()")) == 0
        tables = [name for name in row_scope.POLICIES if name not in {"officer", "legal_hold"}]
        counted = [await conn.scalar(text(f"select count(*) from {name}")) for name in tables]
        assert dict(zip(tables, counted, strict=True)) == dict.fromkeys(tables, 0)


async def test_a_building_goes_over_to_another_company_with_its_homes(one: AsyncEngine) -> None:
    company = await scope_of(one, "company", company="E2")
    async with one.begin() as conn:
        await conn.execute(
            text("update building set heat_station_id = (select id from heat_station where code = 'T2')")
        )
    assert await seen(one, company) == ["H1", "H2", "H3", "H4", "S1"]


async def test_a_third_party_sees_a_home_while_its_claim_is_open(one: AsyncEngine) -> None:
    tester = await scope_of(one, "third_party", district="D1")
    async with one.begin() as conn:
        made = {"code": "C", "opened_at": town.NOW, "opened_way": "officer", "step": "opened"}
        home = await conn.scalar(text("select id from household where code = 'H2'"))
        law = await conn.scalar(text("select id from policy"))
        season = {"season_from": town.DAYS[0], "season_to": town.DAYS[-1]}
        await conn.execute(t.claim.insert().values(made | season | {"household_id": home, "policy_id": law}))
    assert await seen(one, tester) == ["H2"]
    async with one.begin() as conn:
        await conn.execute(text("update claim set step = 'closed'"))
    assert await seen(one, tester) == []
