"""Bring a database to this release's schema; one city a database."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Table, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex, CreateTable, SetColumnComment

import heatstream
from heatstream.errors import StoreError
from heatstream.store import row_scope
from heatstream.store.pool import create_engine
from heatstream.store.tables import FUNCTIONS, VIEWS, add_only_statements, metadata
from heatstream.store.timescale import cut_along_time

_PACKAGE = Path(heatstream.__file__).parent


def _scripts() -> Path:
    """The migrations stand inside an installed package, and at the top level of a checkout."""
    packaged = _PACKAGE / "migrations"
    return packaged if packaged.is_dir() else _PACKAGE.parents[1] / "migrations"


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_scripts()))
    config.attributes["connection"] = connection
    return config


async def upgrade(url: str, revision: str = "head") -> None:
    """Run the migrations up to `revision`, alone: a second `migrate` waits for the first."""
    engine = create_engine(url, size=1, application="heatstream-migrate")
    try:
        async with engine.connect() as conn:
            await conn.run_sync(lambda sync: command.upgrade(_config(sync), revision))
            await conn.commit()
    finally:
        await engine.dispose()


async def revision(conn: AsyncConnection) -> str | None:
    """The revision this database stands at; None when it was never migrated."""
    if not await conn.run_sync(lambda sync: inspect(sync).has_table("alembic_version")):
        return None
    found: str | None = await conn.scalar(text("select version_num from alembic_version"))
    return found


async def require_current(conn: AsyncConnection) -> None:
    """Refuse to work on a database of another release."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415  (slow to import, and only needed once a start)

    head = ScriptDirectory(str(_scripts())).get_current_head()
    found = await revision(conn)
    if found != head:
        raise StoreError(
            f"the database stands at revision {found}, this release needs {head}: run `heatstream migrate`"
        )


async def require_ready(conn: AsyncConnection) -> None:
    """Refuse to work on a database of another release, or on a part of its rows.

    Raises
    ------
    StoreError
        Row-level security narrows what this user reads: whatever was counted or judged would be of the rest alone.
    """
    await require_current(conn)
    narrowed, user = (await conn.execute(text("select row_security_active('household'), current_user"))).one()
    if narrowed:
        raise StoreError(
            f"the database user {user} sees a part of the rows: row-level security is on for it; expected one with "
            f"BYPASSRLS, see docs/access.md: alter role {user} bypassrls"
        )


async def create_declared(conn: AsyncConnection, *, hypertables: bool) -> None:
    """Build what the metadata declares, without any migration: the other side of the equality test."""
    for statement in FUNCTIONS:
        await conn.execute(text(statement))
    for table in metadata.sorted_tables:
        await _create(conn, table, hypertable="by_time" in table.info and hypertables)
    # Every database was migrated, and what a reader may read holds its revision.
    await conn.execute(text("create table if not exists alembic_version (version_num varchar(32) primary key)"))
    for statement in (*VIEWS, *row_scope.statements()):
        await conn.execute(text(statement))


async def _create(conn: AsyncConnection, table: Table, *, hypertable: bool) -> None:
    by_time = "by_time" in table.info
    if by_time and not hypertable:
        table = table.to_metadata(type(metadata)(naming_convention=metadata.naming_convention))
        table.dialect_options["postgresql"]["partition_by"] = f"RANGE ({table.info['by_time']})"
    await conn.execute(CreateTable(table))
    for index in sorted(table.indexes, key=lambda each: str(each.name)):
        await conn.execute(CreateIndex(index))
    for column in table.columns:
        if column.comment:
            await conn.execute(SetColumnComment(column))
    cut = cut_along_time(table, hypertable=hypertable) if by_time else ()
    for statement in (*cut, *(add_only_statements(table) if "add_only" in table.info else ())):
        await conn.execute(text(statement))
